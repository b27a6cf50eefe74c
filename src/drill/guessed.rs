//! A map for those who come again and again: they remember where they found what they look for, and look
//! there first. So a packet of a flow that is known costs no search.

use std::hash::{BuildHasher, Hash};

use indexmap::IndexMap;

/// Values by key. A place that somebody remembers is a guess: a wrong one costs a search, and is put right.
#[derive(Debug)]
pub(super) struct Guessed<K, V, S>(IndexMap<K, V, S>);

impl<K, V, S: Default> Default for Guessed<K, V, S> {
    fn default() -> Self {
        Self(IndexMap::default())
    }
}

impl<K: Hash + Eq, V, S: BuildHasher> Guessed<K, V, S> {
    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.0.get(key)
    }

    #[inline]
    pub(super) fn find(&mut self, key: &K, place: &mut u32) -> Option<&mut V> {
        if !self.is_at(key, *place) {
            *place = number(self.0.get_index_of(key)?);
        }
        self.0.get_index_mut(index(*place)).map(|(_, it)| it)
    }

    /// Puts in what is not there yet.
    pub(super) fn insert(&mut self, key: K, value: V, place: &mut u32) {
        *place = number(self.0.insert_full(key, value).0);
    }

    /// What is at a place.
    #[inline]
    pub(super) fn at(&self, place: u32) -> Option<(&K, &V)> {
        self.0.get_index(index(place))
    }

    #[inline]
    fn is_at(&self, key: &K, place: u32) -> bool {
        self.at(place).is_some_and(|(it, _)| it == key)
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (&K, &mut V)> {
        self.0.iter_mut()
    }

    pub(super) fn retain(&mut self, stays: impl Fn(&K, &V) -> bool) {
        self.0.retain(|key, value| stays(key, value));
    }

    /// Takes everything out, in the order in which it was put in; the room stays.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = (K, V)> {
        self.0.drain(..)
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

fn index(place: u32) -> usize {
    usize::try_from(place).unwrap_or(usize::MAX)
}

fn number(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::hash::RandomState;

    use super::*;

    #[test]
    fn wrong_guesses_are_put_right() {
        let mut map = Guessed::<&str, u8, RandomState>::default();
        let (mut one, mut two) = (9, 9);
        assert_eq!(map.find(&"one", &mut one), None);
        map.insert("one", 1, &mut one);
        map.insert("two", 2, &mut two);
        let mut guess = two;
        assert_eq!(map.find(&"one", &mut guess), Some(&mut 1));
        assert_eq!(guess, one);
        map.retain(|key, _| *key == "two");
        assert_eq!(map.find(&"one", &mut one), None);
        assert_eq!(map.find(&"two", &mut two), Some(&mut 2));
        assert_eq!(map.at(two), Some((&"two", &2)));
    }
}
