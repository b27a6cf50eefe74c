//! What happens in a run. Events are journalled before anybody sees them, and none is ever lost.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::proof::{Proof, Verifying};
use crate::operation::{CallError, Operation, State, StepId};
use crate::plan::{Foretold, Plan};

/// Something that happened in a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunEvent {
    /// Its number, from 0, without gaps.
    pub n: u32,
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub kind: RunEventKind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunEventKind {
    /// The run started. Carries the whole plan: all steps can be shown at once.
    Started {
        /// The case.
        case: String,
        /// The run's id, unique in the case.
        run: String,
        /// The identity that makes the changes.
        caller: String,
        /// The plan.
        plan: Plan,
        /// What was forecast of it; absent: nobody did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        foretold: Option<Foretold>,
    },
    /// A step started.
    Begun {
        /// The step.
        step: StepId,
    },
    /// The state of the step's object before anything was sent.
    Captured {
        /// The step.
        step: StepId,
        /// The state.
        before: State,
    },
    /// The call is about to be sent: from here on the change may have been made.
    Intend {
        /// The step.
        step: StepId,
        /// Counted from 1.
        attempt: u32,
        /// With everything bound.
        operation: Operation,
    },
    /// The call was answered.
    Answered {
        /// The step.
        step: StepId,
        /// The id of what it made.
        made: Option<String>,
    },
    /// A line of evidence that a call read, or that a command in a guest printed. Each comes once, in order.
    Output {
        /// The step.
        step: StepId,
        /// The line, made printable.
        line: String,
    },
    /// The call failed and will be sent again.
    Retrying {
        /// The step.
        step: StepId,
        /// The attempt that failed.
        attempt: u32,
        /// Why.
        error: CallError,
        /// The wait before the next attempt, in milliseconds.
        wait_ms: u64,
    },
    /// A step ended.
    Ended {
        /// The step.
        step: StepId,
        /// How.
        outcome: StepOutcome,
    },
    /// The analyst, or a signal, asked to stop.
    StopRequested,
    /// A run whose process died, or that could not close what it had opened, was taken up again. Steps
    /// that had not ended stand where they stood before they began.
    Resumed {
        /// The identity that makes the changes from here on.
        caller: String,
        /// How.
        how: Resume,
    },
    /// The run ended.
    Finished {
        /// How.
        outcome: RunOutcome,
    },
    /// The flow logs are read from now on, to see whether the changes hold. Comes after the run's end.
    Verifying(Verifying),
    /// What the flow logs say. Comes after the run's end, and nothing comes after it.
    Proof {
        /// The verdict.
        proof: Proof,
    },
}

/// How a run is taken up again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resume {
    /// Every step that has not ended is done, unless a step has failed.
    Continue,
    /// Only what was opened is closed, and what was denied for a while is lifted.
    Close,
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepOutcome {
    /// Made, and read back.
    Done {
        /// What was made or seen.
        message: String,
    },
    /// Made but not seen yet, or a `should` step that failed.
    Warned {
        /// What to know.
        message: String,
    },
    /// Nothing to do.
    Skipped {
        /// Why.
        why: String,
    },
    /// Not made, or not known to be.
    Failed {
        /// Why.
        error: String,
    },
    /// Never started.
    NotRun {
        /// The step that failed; absent when the run was stopped.
        because: Option<StepId>,
    },
}

impl StepOutcome {
    /// Whether steps that wait for this one may start.
    pub fn is_good(&self) -> bool {
        matches!(
            self,
            Self::Done { .. } | Self::Warned { .. } | Self::Skipped { .. }
        )
    }
}

/// How a run ended. It says what was done to AWS, never that the instance is contained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunOutcome {
    /// Every step is done and read back.
    Done,
    /// Every step is done; some warned.
    DoneWithWarnings,
    /// A step failed. What had been opened was emptied, unless a step says otherwise.
    Failed,
    /// It was stopped. What had been opened was emptied.
    Stopped,
    /// It could not empty what it had opened: the instance is open to the world.
    LeftOpen,
}

impl RunOutcome {
    /// The words on screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "Done",
            Self::DoneWithWarnings => "Done, with warnings",
            Self::Failed => "Failed",
            Self::Stopped => "Stopped",
            Self::LeftOpen => "FAILED: LEFT OPEN",
        }
    }
}
