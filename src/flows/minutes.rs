//! Bytes per minute, for the last hour that a series has seen.
//!
//! Sparse and packed, because most edges speak in few minutes and there are many edges. What it holds
//! does not depend on the order in which windows arrive.

use std::ops::Range;

use chrono::{DateTime, TimeDelta, Utc};

/// How far a series reaches back from its newest minute, in minutes.
pub(super) const KEPT: i64 = 60;

/// Bytes by minute since the epoch, oldest first, spanning less than [`KEPT`] minutes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Minutes {
    newest: i64,
    spoken: Vec<Spoken>,
}

/// A minute and its bytes in one word: at 58 bits the bytes of a minute are cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Spoken(u64);

impl Spoken {
    /// 64 minutes are told apart, which is more than [`KEPT`].
    const BITS: u32 = 6;

    fn new(minute: i64, bytes: u64) -> Self {
        let slot = minute.rem_euclid(1 << Self::BITS).unsigned_abs();
        Self(bytes.min(u64::MAX >> Self::BITS) << Self::BITS | slot)
    }

    /// The minute that it stands for: the last one up to `newest` with its slot.
    fn minute(self, newest: i64) -> i64 {
        let slot = (self.0 & ((1 << Self::BITS) - 1)).cast_signed();
        newest - (newest - slot).rem_euclid(1 << Self::BITS)
    }

    fn bytes(self) -> u64 {
        self.0 >> Self::BITS
    }
}

impl Minutes {
    /// Spreads the bytes of a window evenly over the minutes that it touches; the last one takes
    /// what does not divide.
    pub(super) fn add(&mut self, start: DateTime<Utc>, end: DateTime<Utc>, bytes: u64) {
        let first = minute_of(start.min(end));
        let inside = end.checked_sub_signed(TimeDelta::seconds(1)).unwrap_or(end);
        let last = minute_of(inside).max(first);
        let count = (last - first).unsigned_abs() + 1;
        let share = bytes / count;
        for minute in first.max(last - KEPT + 1)..last {
            self.add_minute(minute, share);
        }
        self.add_minute(last, share + bytes % count);
    }

    /// Bytes of one minute.
    pub(super) fn at(&self, minute: i64) -> u64 {
        let entry = self.place(minute).ok().and_then(|at| self.spoken.get(at));
        entry.map_or(0, |spoken| spoken.bytes())
    }

    /// The minutes of a range that have bytes, newest first.
    pub(super) fn spoken(&self, range: Range<i64>) -> impl Iterator<Item = i64> {
        let newest_first = self.spoken.iter().rev().map(|it| it.minute(self.newest));
        newest_first
            .skip_while(move |minute| *minute >= range.end)
            .take_while(move |minute| *minute >= range.start)
    }

    fn add_minute(&mut self, minute: i64, bytes: u64) {
        if bytes == 0 {
            return;
        }
        if self.spoken.is_empty() {
            self.newest = minute;
            self.spoken.reserve_exact(1);
        }
        if minute > self.newest {
            self.forget_before(minute - KEPT + 1);
            self.newest = minute;
        }
        if minute <= self.newest - KEPT {
            return;
        }
        match self.place(minute) {
            Ok(place) => {
                if let Some(spoken) = self.spoken.get_mut(place) {
                    *spoken = Spoken::new(minute, spoken.bytes().saturating_add(bytes));
                }
            }
            Err(place) => self.spoken.insert(place, Spoken::new(minute, bytes)),
        }
    }

    fn place(&self, minute: i64) -> Result<usize, usize> {
        self.spoken
            .binary_search_by_key(&minute, |spoken| spoken.minute(self.newest))
    }

    fn forget_before(&mut self, oldest: i64) {
        let newest = self.newest;
        let forgotten = self
            .spoken
            .partition_point(|spoken| spoken.minute(newest) < oldest);
        self.spoken.drain(..forgotten);
    }
}

/// The minute since the epoch that a moment lies in.
pub(super) fn minute_of(moment: DateTime<Utc>) -> i64 {
    moment.timestamp().div_euclid(60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn a_window_is_spread_over_the_minutes_that_it_touches() {
        for (start, end, spread) in [
            (0, 60, vec![(0, 100)]),
            (30, 90, vec![(0, 50), (1, 50)]),
            (0, 180, vec![(0, 33), (1, 33), (2, 34)]),
            (60, 60, vec![(1, 100)]),
            (90, 30, vec![(0, 100)]),
        ] {
            let mut minutes = Minutes::default();
            minutes.add(at(start), at(end), 100);
            let spoken = minutes.spoken.iter();
            let series: Vec<_> = spoken
                .map(|it| (it.minute(minutes.newest), it.bytes()))
                .collect();
            assert_eq!(series, spread, "{start} to {end}");
        }
    }

    #[test]
    fn only_the_newest_hour_is_kept_and_order_does_not_matter() {
        let windows = [(0, 60), (7200, 7260), (3600, 3660), (7140, 7200), (0, 7200)];
        let series = |order: &mut dyn Iterator<Item = &(i64, i64)>| {
            let mut minutes = Minutes::default();
            order.for_each(|(start, end)| minutes.add(at(*start), at(*end), 1200));
            minutes
        };
        let forward = series(&mut windows.iter());
        assert_eq!(forward, series(&mut windows.iter().rev()));
        assert_eq!(forward.at(60), 0, "an hour before the newest minute");
        assert_eq!(forward.at(61), 10);
        assert_eq!(forward.at(119), 1210);
        assert_eq!(forward.at(120), 1200);
        assert!(forward.spoken.len() <= 60);
    }
}
