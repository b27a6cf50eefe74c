//! How old each source is, and whether it is well.

use chrono::{DateTime, TimeDelta, Utc};

use crate::sources::{Outcome, SourceError, SourceErrorKind};

/// One feed's age and state.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FeedHealth {
    /// When it was last read to the end.
    pub read_at: Option<DateTime<Utc>>,
    /// A request is under way.
    pub reading: bool,
    /// Why the last request failed.
    pub error: Option<SourceError>,
}

/// A feed's state in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FeedState {
    /// Read, and no more than a few minutes ago.
    Fresh,
    /// Read, but a while ago.
    Stale,
    /// Never asked.
    Waiting,
    /// Being read for the first time.
    Loading,
    /// The dump that is shown does not hold it.
    Absent,
    /// Too many calls.
    Throttled,
    /// A permission is missing.
    Denied,
    /// It failed otherwise.
    Failed,
}

/// After this, what was read is old.
const STALE: TimeDelta = TimeDelta::minutes(10);

impl FeedHealth {
    /// Takes in the end of a request.
    pub(super) fn finish(&mut self, outcome: Outcome, at: DateTime<Utc>) {
        self.reading = false;
        match outcome {
            Outcome::Complete => {
                self.read_at = Some(at);
                self.error = None;
            }
            Outcome::Failed(error) => self.error = Some(error),
        }
    }

    /// The state in one word.
    pub fn state(&self, now: DateTime<Utc>) -> FeedState {
        match (&self.error, self.read_at) {
            (Some(error), _) => match error.kind {
                SourceErrorKind::Denied(_) => FeedState::Denied,
                SourceErrorKind::Throttled => FeedState::Throttled,
                SourceErrorKind::Absent => FeedState::Absent,
                _ => FeedState::Failed,
            },
            (None, Some(at)) if now - at > STALE => FeedState::Stale,
            (None, Some(_)) => FeedState::Fresh,
            (None, None) if self.reading => FeedState::Loading,
            (None, None) => FeedState::Waiting,
        }
    }

    /// Its age in words; empty while it was never read.
    pub fn age(&self, now: DateTime<Utc>) -> String {
        self.read_at.map(|at| age(now - at)).unwrap_or_default()
    }
}

/// A span of time in one short word: `0s`, `45s`, `12m`, `3h`, `2d`. Seconds go in steps of 5, so that a
/// screen at rest is not redrawn every second.
pub fn age(span: TimeDelta) -> String {
    let seconds = span.num_seconds().max(0);
    match seconds {
        0..60 => format!("{}s", seconds / 5 * 5),
        60..3600 => format!("{}m", seconds / 60),
        3600..172_800 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}
