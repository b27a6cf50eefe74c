//! When which finding appears.

use chrono::{DateTime, TimeDelta, Utc};

use crate::model::Finding;

/// A finding that waits for its moment.
#[derive(Debug, Clone)]
pub(in crate::drill) struct Scheduled {
    /// From the start of the drill.
    pub(in crate::drill) at: TimeDelta,
    /// How long before that its activity was first seen.
    pub(in crate::drill) lag: TimeDelta,
    /// The finding; its times are put in when it appears.
    pub(in crate::drill) finding: Finding,
}

impl Scheduled {
    /// The finding, if it has appeared by `now` in a drill that began at `start`.
    pub(in crate::drill) fn appeared(
        &self,
        start: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Option<Finding> {
        let updated = start + self.at;
        (updated <= now).then(|| Finding {
            created: updated - self.lag,
            updated,
            ..self.finding.clone()
        })
    }
}
