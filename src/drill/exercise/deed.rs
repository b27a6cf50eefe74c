//! What players and facilitator do to the world: all that a recording has to hold, because everything else
//! follows from the scenario and its seed.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::super::score::Told;
use crate::operation::Operation;
use crate::sources::{CallOutcome, Pace};

/// Something that was done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Deed {
    /// When, in the world's time.
    pub at: DateTime<Utc>,
    /// What.
    pub what: Act,
}

/// What can be done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Act {
    /// The players made a changing call.
    Call {
        /// The operation, bound.
        operation: Box<Operation>,
        /// What became of it.
        outcome: CallOutcome,
    },
    /// The players answered a message.
    Answer {
        /// Its number.
        id: u32,
        /// What they said.
        text: String,
    },
    /// Somebody wrote something down.
    Note {
        /// Who.
        who: String,
        /// What.
        text: String,
    },
    /// Somebody changed the pace.
    Pace(Pace),
    /// The facilitator fired an inject.
    Fire {
        /// Its name.
        inject: String,
    },
    /// The facilitator wrote to the players.
    Message {
        /// In whose name.
        from: String,
        /// What.
        text: String,
        /// Whether it wants an answer.
        asks: bool,
    },
    /// The exercise ended.
    End {
        /// What ended it.
        by: String,
        /// What is known of the players' deeds from elsewhere than the world.
        told: Told,
    },
}

/// Whether a call reached the world: one that was throttled or lost on its way did not.
pub(super) fn reached(outcome: &CallOutcome) -> bool {
    match outcome {
        CallOutcome::Made | CallOutcome::Refused { .. } => true,
        CallOutcome::Failed { made, .. } => *made,
        CallOutcome::Throttled => false,
    }
}
