//! When which finding appears.

use chrono::{DateTime, TimeDelta, Utc};

use crate::model::Finding;

/// A finding that waits for its moment.
#[derive(Debug, Clone)]
pub(in crate::drill) struct Scheduled {
    /// From the start of the drill; absent: it is raised by name.
    pub(in crate::drill) at: Option<TimeDelta>,
    /// How long before that its activity was first seen.
    pub(in crate::drill) lag: TimeDelta,
    /// The conversation that it is about; it appears only if that got something through before.
    pub(in crate::drill) of: Option<String>,
    /// The finding; its times are put in when it appears.
    pub(in crate::drill) finding: Finding,
}

impl Scheduled {
    /// The finding as it appears at a moment.
    pub(in crate::drill) fn raised(&self, updated: DateTime<Utc>) -> Finding {
        Finding {
            created: updated - self.lag,
            updated,
            ..self.finding.clone()
        }
    }
}
