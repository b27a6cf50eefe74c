//! What to know before a plan is confirmed, beyond what it does to the suspect: whether it cuts the
//! analyst's own way in, the console's way to AWS or its credentials; objects that must not be touched;
//! another run on the same suspect; what the platform does to it; room that may not be there.
//!
//! Pure: guards warn or refuse, and the caller decides what an override is.

mod objects;
mod own;
mod path;
mod role;
mod room;
#[cfg(test)]
mod tests;

pub use own::OwnPath;

use super::course::stages;
use super::step::Plan;
use crate::analysis::{Course, Network};
use crate::model::{Estate, Finding};

/// The tag that keeps an object from being changed, unless its value is `false`.
pub const PROTECT_TAG: &str = "firedoor:protect";

/// The tag that a run puts on its suspect while it works.
pub const LOCK_TAG: &str = "firedoor:lock";

/// The tag that says since when a suspect stands open to the world.
pub const OPEN_TAG: &str = "firedoor:open-since";

/// Something to know before a plan is confirmed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Guard {
    /// How bad it is.
    pub severity: Severity,
    /// What it is about: an override names one of these.
    pub kind: GuardKind,
    /// What is wrong, on which id, and what to do about it.
    pub words: String,
}

/// How bad it is; the worst one comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The plan may not be run.
    Refuse,
    /// The analyst must see it before confirming.
    Danger,
    /// Good to know.
    Note,
}

impl Severity {
    /// The word on screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::Refuse => "refused",
            Self::Danger => "DANGER",
            Self::Note => "note",
        }
    }
}

/// What a guard is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GuardKind {
    /// The analyst's SSH session.
    Session,
    /// The host that the console runs on.
    Host,
    /// The console's way to the API of AWS.
    Api,
    /// The console's own credentials.
    Credentials,
    /// A suspect that stands open.
    LeftOpen,
    /// Another run on the suspect.
    Locked,
    /// An object that is not to be changed: the override is `--ignore-protect`.
    Protected,
    /// A finding that is a sample.
    Sample,
    /// Auto Scaling and load balancers.
    Platform,
    /// A quota.
    Quota,
    /// Something that was not read, or can't be tried.
    Unknown,
}

impl GuardKind {
    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Host => "host",
            Self::Api => "api",
            Self::Credentials => "credentials",
            Self::LeftOpen => "left-open",
            Self::Locked => "locked",
            Self::Protected => "protected",
            Self::Sample => "sample",
            Self::Platform => "platform",
            Self::Quota => "quota",
            Self::Unknown => "unknown",
        }
    }
}

impl Guard {
    fn refuse(kind: GuardKind, words: impl Into<String>) -> Self {
        Self::new(Severity::Refuse, kind, words)
    }

    fn danger(kind: GuardKind, words: impl Into<String>) -> Self {
        Self::new(Severity::Danger, kind, words)
    }

    fn note(kind: GuardKind, words: impl Into<String>) -> Self {
        Self::new(Severity::Note, kind, words)
    }

    fn new(severity: Severity, kind: GuardKind, words: impl Into<String>) -> Self {
        Self {
            severity,
            kind,
            words: words.into(),
        }
    }
}

/// What stands against a plan, the worst first. Empty: nothing.
pub fn guards(estate: &Estate, plan: &Plan, own: &OwnPath) -> Vec<Guard> {
    let mut found = objects::guards(estate, plan, own);
    found.extend(role::guards(estate, plan, own));
    found.extend(room::guards(estate, plan));
    let network = Network::new(estate);
    match stages(plan, &network) {
        Ok(stages) => {
            let course = Course {
                before: &network,
                stages: &stages,
            };
            found.extend(path::guards(course, plan, own));
        }
        Err(error) => found.push(Guard::danger(
            GuardKind::Unknown,
            format!("Whether it cuts your own way in can't be said: {error}."),
        )),
    }
    found.sort();
    found.dedup();
    found
}

/// What stands against acting on a finding.
pub fn guard_sample(finding: &Finding) -> Option<Guard> {
    finding.sample.then(|| {
        Guard::refuse(
            GuardKind::Sample,
            format!(
                "Finding {} is a sample: the instance that it names does not exist.",
                finding.id
            ),
        )
    })
}
