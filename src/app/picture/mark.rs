//! The letter of a cell.

use crate::analysis::Counts;

/// What an action does to an interface. Ordered by how much it hurts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// It is the suspect's.
    Suspect,
    /// It loses flows now.
    Cut,
    /// It loses flows later: they expire.
    Expires,
    /// Flows of it go on one way.
    OneWay,
    /// Flows of it are blocked for a while.
    Blocked,
    /// What becomes of its flows is unknown, or there is no forecast.
    Unknown,
    /// The change reaches it, and no known flow of it is hurt.
    Reached,
    /// Not touched.
    Untouched,
}

impl Mark {
    /// All, the worst first.
    pub const ALL: [Self; 8] = [
        Self::Suspect,
        Self::Cut,
        Self::Expires,
        Self::OneWay,
        Self::Blocked,
        Self::Unknown,
        Self::Reached,
        Self::Untouched,
    ];

    /// The mark of an interface that is not the suspect's, after what its flows lose.
    pub(in crate::app) fn of(lost: Option<&Counts>, reached: bool) -> Self {
        match lost {
            Some(it) if it.cut > 0 => Self::Cut,
            Some(it) if it.expiring > 0 => Self::Expires,
            Some(it) if it.one_way > 0 => Self::OneWay,
            Some(it) if it.resuming > 0 => Self::Blocked,
            Some(it) if it.unknown > 0 => Self::Unknown,
            _ if reached => Self::Reached,
            _ => Self::Untouched,
        }
    }

    /// The letter of its cell.
    pub fn letter(self) -> char {
        match self {
            Self::Suspect => 'S',
            Self::Cut => 'C',
            Self::Expires => 'e',
            Self::OneWay => '1',
            Self::Blocked => 'b',
            Self::Unknown => '?',
            Self::Reached => 'r',
            Self::Untouched => '.',
        }
    }

    /// What the letter means.
    pub fn words(self) -> &'static str {
        match self {
            Self::Suspect => "suspect",
            Self::Cut => "cut now",
            Self::Expires => "cut later",
            Self::OneWay => "one way",
            Self::Blocked => "blocked a while",
            Self::Unknown => "unknown",
            Self::Reached => "reached, no known flow hurt",
            Self::Untouched => "not touched",
        }
    }

    /// Whether it is known to lose something.
    pub fn is_hit(self) -> bool {
        matches!(
            self,
            Self::Cut | Self::Expires | Self::OneWay | Self::Blocked
        )
    }
}

/// How many have which mark.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Marks([usize; Mark::ALL.len()]);

impl Marks {
    pub(super) fn add(&mut self, mark: Mark) {
        if let Some(count) = self.0.get_mut(mark as usize) {
            *count += 1;
        }
    }

    /// How many have this one.
    pub fn get(&self, mark: Mark) -> usize {
        self.0.get(mark as usize).copied().unwrap_or_default()
    }

    /// Those that occur, the worst first.
    pub fn present(&self) -> impl Iterator<Item = (Mark, usize)> {
        let all = Mark::ALL.into_iter().map(|mark| (mark, self.get(mark)));
        all.filter(|(_, count)| *count > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mark_has_a_letter_of_its_own_and_its_place() {
        for (index, mark) in Mark::ALL.into_iter().enumerate() {
            assert_eq!(mark as usize, index);
            let same = Mark::ALL
                .into_iter()
                .filter(|it| it.letter() == mark.letter());
            assert_eq!(same.count(), 1, "{mark:?}");
        }
    }

    #[test]
    fn the_worst_that_happens_to_any_flow_decides() {
        let none = Counts::default();
        let lost = |cut, expiring, resuming, one_way, unknown| Counts {
            cut,
            expiring,
            resuming,
            one_way,
            unknown,
            ..none
        };
        for (lost, reached, mark) in [
            (Some(lost(1, 1, 1, 1, 1)), true, Mark::Cut),
            (Some(lost(0, 1, 1, 1, 1)), true, Mark::Expires),
            (Some(lost(0, 0, 1, 1, 1)), false, Mark::OneWay),
            (Some(lost(0, 0, 1, 0, 1)), false, Mark::Blocked),
            (Some(lost(0, 0, 0, 0, 1)), true, Mark::Unknown),
            (None, true, Mark::Reached),
            (None, false, Mark::Untouched),
        ] {
            assert_eq!(Mark::of(lost.as_ref(), reached), mark);
        }
    }
}
