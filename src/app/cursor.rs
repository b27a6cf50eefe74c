//! A selection that stays on its item when the list around it changes.

/// A cursor over a list whose items have keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor<K> {
    key: Option<K>,
    /// Where the item was when it was last seen: the fallback if it disappears.
    index: usize,
}

impl<K> Default for Cursor<K> {
    fn default() -> Self {
        Self {
            key: None,
            index: 0,
        }
    }
}

impl<K: Clone + PartialEq> Cursor<K> {
    /// The selected item's index among `keys`; `None` in an empty list.
    pub fn resolve(&self, keys: &[K]) -> Option<usize> {
        let found = self.key.as_ref().and_then(|key| {
            let is_there = keys.get(self.index) == Some(key);
            let search = || keys.iter().position(|it| it == key);
            is_there.then_some(self.index).or_else(search)
        });
        found.or_else(|| keys.len().checked_sub(1).map(|last| self.index.min(last)))
    }

    /// The selected item.
    pub fn selected<'k>(&self, keys: &'k [K]) -> Option<&'k K> {
        self.resolve(keys).and_then(|index| keys.get(index))
    }

    /// Remembers where the selected item is now, so that a long list is not searched for it again.
    pub(super) fn settle(&mut self, keys: &[K]) {
        if let Some(index) = self.resolve(keys)
            && keys.get(index) == self.key.as_ref()
        {
            self.index = index;
        }
    }

    /// Moves by `by` items, within the list.
    pub fn step(&mut self, keys: &[K], by: isize) {
        let Some(at) = self.resolve(keys) else { return };
        let last = keys.len().saturating_sub(1);
        self.put(keys, at.saturating_add_signed(by).min(last));
    }

    /// Moves to an index.
    pub fn put(&mut self, keys: &[K], index: usize) {
        self.key = keys.get(index).cloned();
        self.index = index;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stays_on_its_item_and_falls_back_to_its_place() {
        let mut cursor = Cursor::default();
        assert_eq!(cursor.resolve(&[] as &[char]), None);
        assert_eq!(cursor.resolve(&['a', 'b']), Some(0));
        cursor.step(&['a', 'b', 'c'], 1);
        assert_eq!(
            cursor.selected(&['x', 'a', 'b', 'c']),
            Some(&'b'),
            "items arrived above"
        );
        assert_eq!(
            cursor.selected(&['a', 'c']),
            Some(&'c'),
            "the item is gone: the same place"
        );
        assert_eq!(cursor.selected(&['a']), Some(&'a'));
        cursor.settle(&['x', 'y', 'b']);
        assert_eq!(
            cursor.selected(&['x', 'y', 'z']),
            Some(&'z'),
            "its place moved with it"
        );
        cursor.settle(&['x']);
        assert_eq!(cursor.resolve(&['x', 'y', 'z']), Some(2), "it is not there");
        cursor.step(&['a', 'b', 'c'], -9);
        assert_eq!(cursor.selected(&['a', 'b', 'c']), Some(&'a'));
        cursor.step(&['a', 'b', 'c'], isize::MAX);
        assert_eq!(cursor.selected(&['a', 'b', 'c']), Some(&'c'));
    }
}
