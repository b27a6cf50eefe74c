//! How often, and after which pause, a call is sent again.

use std::time::Duration;

use chrono::TimeDelta;

use crate::operation::{CallErrorKind, StepId};
use crate::plan::Class;

/// No call is sent again later than this after the first: emptying what was opened is tried for about as
/// long, whether AWS refuses at once or does not answer at all.
pub(super) const ENOUGH: TimeDelta = TimeDelta::minutes(10);

/// How patient a step is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// Attempts at the most.
    pub(super) attempts: u32,
    /// The longest pause between two.
    longest: Duration,
}

impl Patience {
    /// Of the calls of a step. Emptying what was opened is tried for about ten minutes.
    pub(super) fn of(class: Class) -> Self {
        match class {
            Class::Must => Self {
                attempts: 8,
                longest: Duration::from_secs(8),
            },
            Class::Should | Class::OnceSafe(_) => Self {
                attempts: 4,
                longest: Duration::from_secs(4),
            },
            Class::AlwaysOnceSent(_) => Self {
                attempts: 120,
                longest: Duration::from_secs(5),
            },
        }
    }

    /// One look.
    pub(super) const ONCE: Self = Self {
        attempts: 1,
        longest: Duration::ZERO,
    };

    /// Of asking how far a command is.
    pub(super) const COMMAND: Self = Self {
        attempts: u32::MAX,
        longest: Duration::from_secs(5),
    };

    /// Of reading a change back: about 6 s.
    pub(super) const READ_BACK: Self = Self {
        attempts: 6,
        longest: Duration::from_secs(2),
    };

    /// Of an instance that stops or starts, with its memory to be written: about 5 min.
    pub(super) const POWER: Self = Self {
        attempts: 64,
        longest: Duration::from_secs(5),
    };

    /// Of the last look at everything: about 25 s.
    pub(super) const VERIFY: Self = Self {
        attempts: 10,
        longest: Duration::from_secs(4),
    };

    /// The pause after a failed attempt, counted from 1: doubling from 250 ms, and different from step
    /// to step, so that parallel steps don't ask in chorus.
    pub(super) fn pause(self, attempt: u32, step: StepId) -> Duration {
        let doubled = Duration::from_millis(250) * 2_u32.pow(attempt.saturating_sub(1).min(10));
        let jitter = Duration::from_millis(u64::from(step.0) * 37 % 150);
        doubled.min(self.longest) + jitter
    }
}

/// Whether a call that failed so may be sent again.
pub(super) fn worth_retrying(kind: CallErrorKind) -> bool {
    match kind {
        CallErrorKind::Throttled
        | CallErrorKind::NotFound
        | CallErrorKind::NotSent
        | CallErrorKind::Unanswered => true,
        CallErrorKind::Denied | CallErrorKind::Refused => false,
    }
}
