//! Which events were counted already, so that a page read twice counts once.
//!
//! Bounded: at the limit the ids of the oldest minutes are forgotten first, for they are the least
//! likely to be read again.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Utc};

use super::minutes::minute_of;

/// Ids of events, by the minute of their record.
#[derive(Debug, Clone)]
pub(super) struct SeenEvents {
    minutes: BTreeMap<i64, HashSet<u64>>,
    count: usize,
    limit: usize,
}

impl SeenEvents {
    /// Remembers `limit` ids at the most.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            minutes: BTreeMap::new(),
            count: 0,
            limit,
        }
    }

    /// Whether this event was not seen before. The same event must always come with the same time.
    pub(super) fn is_new(&mut self, event: u64, time: DateTime<Utc>) -> bool {
        let minute = self.minutes.entry(minute_of(time)).or_default();
        if !minute.insert(event) {
            return false;
        }
        self.count += 1;
        while self.count > self.limit
            && let Some((_, forgotten)) = self.minutes.pop_first()
        {
            self.count -= forgotten.len();
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_new_once_and_the_oldest_minutes_are_forgotten_first() {
        let at = |minute: i64| DateTime::from_timestamp(minute * 60, 0).unwrap();
        let mut seen = SeenEvents::new(3);
        for (event, minute, new) in [
            (1, 5, true),
            (1, 5, false),
            (2, 6, true),
            (3, 7, true),
            (2, 6, false),
            (4, 7, true), // the fourth id: minute 5 is forgotten
            (2, 6, false),
            (1, 5, true), // older than all the rest, over the limit: not remembered
            (1, 5, true),
            (3, 7, false),
        ] {
            assert_eq!(seen.is_new(event, at(minute)), new, "{event} {minute}");
            assert!(seen.count <= 3);
        }
    }
}
