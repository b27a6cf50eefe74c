//! Bytes per minute, for the last hour that a series has seen.
//!
//! Sparse, because most edges speak in few minutes. What it holds does not depend on the order in
//! which windows arrive.

use chrono::{DateTime, TimeDelta, Utc};

/// How far a series reaches back from its newest minute, in minutes.
pub(super) const KEPT: i64 = 60;

/// Bytes by minute since the epoch, oldest first, spanning less than [`KEPT`] minutes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Minutes(Vec<(i64, u64)>);

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
        self.forget_old();
    }

    /// Bytes of one minute.
    pub(super) fn at(&self, minute: i64) -> u64 {
        let place = self.0.binary_search_by_key(&minute, |(minute, _)| *minute);
        let entry = place.ok().and_then(|place| self.0.get(place));
        entry.map_or(0, |(_, bytes)| *bytes)
    }

    fn add_minute(&mut self, minute: i64, bytes: u64) {
        if bytes == 0 {
            return;
        }
        match self.0.binary_search_by_key(&minute, |(minute, _)| *minute) {
            Ok(place) => {
                if let Some((_, sum)) = self.0.get_mut(place) {
                    *sum = sum.saturating_add(bytes);
                }
            }
            Err(place) => self.0.insert(place, (minute, bytes)),
        }
    }

    fn forget_old(&mut self) {
        let oldest = self.0.last().map_or(0, |(newest, _)| newest - KEPT + 1);
        let forgotten = self.0.partition_point(|(minute, _)| *minute < oldest);
        self.0.drain(..forgotten);
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
            assert_eq!(minutes.0, spread, "{start} to {end}");
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
        assert!(forward.0.len() <= 60);
    }
}
