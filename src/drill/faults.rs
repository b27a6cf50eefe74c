//! Calls that go wrong because they are told to.

use crate::operation::{CallError, CallErrorKind, Operation, State};

/// A failure to come: the next `calls` calls of `api` fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The API as IAM names it. Reading an object's state counts as the first call that only reads among
    /// those that [`Facts::iam`](crate::operation::Facts) lists.
    pub api: String,
    /// How many calls fail.
    pub calls: u32,
    /// How they fail.
    pub kind: CallErrorKind,
    /// The change is made nevertheless: what [`CallErrorKind::Unanswered`] may hide.
    pub made: bool,
}

/// A change that shows late: the next call of `api` succeeds, but for a number of looks its object is
/// as it was, and what it made is unknown to other calls.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/query-api-troubleshooting.html#eventual-consistency>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delay {
    /// The API as IAM names it.
    pub api: String,
    /// How many looks, and calls that name what was made, are in vain.
    pub looks: u32,
}

/// Everything that is to go wrong.
#[derive(Debug, Default)]
pub(super) struct Faults {
    failures: Vec<Fault>,
    delays: Vec<Delay>,
    veils: Vec<Veil>,
}

/// A change that does not show yet.
#[derive(Debug)]
struct Veil {
    operation: Operation,
    before: Option<State>,
    made: Option<String>,
    looks: u32,
}

/// What a veil shows of an operation's object.
pub(super) enum Shown {
    /// What it was before.
    Before(State),
    /// Nothing.
    Unknown,
}

impl Faults {
    pub(super) fn fail(&mut self, fault: Fault) {
        self.failures.push(fault);
    }

    pub(super) fn delay(&mut self, delay: Delay) {
        self.delays.push(delay);
    }

    /// Forgets all that has not gone wrong yet.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Uses up one call of the first fault of an API.
    pub(super) fn next(&mut self, api: &str) -> Option<Fault> {
        let mut faults = self.failures.iter_mut();
        let fault = faults.find(|it| it.api == api && it.calls > 0)?;
        fault.calls -= 1;
        let fault = fault.clone();
        self.failures.retain(|it| it.calls > 0);
        Some(fault)
    }

    /// A change was made: hides it if it is to show late.
    pub(super) fn changed(
        &mut self,
        operation: &Operation,
        before: Option<State>,
        made: Option<&str>,
    ) {
        let api = operation.facts().api;
        if let Some(at) = self.delays.iter().position(|it| it.api == api) {
            let Delay { looks, .. } = self.delays.remove(at);
            self.veils.push(Veil {
                operation: operation.clone(),
                before,
                made: made.map(str::to_owned),
                looks,
            });
        }
    }

    /// What is hidden of an operation's object; uses up one look.
    pub(super) fn look(&mut self, operation: &Operation) -> Option<Shown> {
        let veil = self.veils.iter_mut().find(|it| it.covers(operation))?;
        veil.looks = veil.looks.saturating_sub(1);
        let shown = match (&veil.before, veil.operation == *operation) {
            (Some(before), true) => Shown::Before(before.clone()),
            _ => Shown::Unknown,
        };
        self.veils.retain(|it| it.looks > 0);
        Some(shown)
    }

    /// Whether a call names something that is not known yet; uses up one look.
    pub(super) fn names_unknown(&mut self, operation: &Operation) -> bool {
        let unknown = self.veils.iter().any(|it| it.names(operation));
        unknown && self.look(operation).is_some()
    }
}

impl Veil {
    fn covers(&self, operation: &Operation) -> bool {
        self.operation == *operation || self.names(operation)
    }

    /// Whether an operation names what was made.
    fn names(&self, operation: &Operation) -> bool {
        let Some(made) = &self.made else {
            return false;
        };
        let written = serde_json::to_string(operation).unwrap_or_default();
        written.contains(&format!("\"{made}\""))
    }
}

/// The error of a call that was told to fail.
pub(super) fn failed(api: &str, kind: CallErrorKind) -> CallError {
    let code = match kind {
        CallErrorKind::Throttled => "RequestLimitExceeded",
        CallErrorKind::NotFound => "NotFound",
        CallErrorKind::Denied => "UnauthorizedOperation",
        CallErrorKind::Refused => "OperationNotPermitted",
        CallErrorKind::NotSent => "NotSent",
        CallErrorKind::Unanswered => "NoAnswer",
    };
    CallError {
        kind,
        api: api.to_owned(),
        code: code.to_owned(),
        message: "the drill made this call fail".to_owned(),
    }
}
