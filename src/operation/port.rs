//! The write port: what executes operations. Implemented by the AWS adapter and the drill world.

use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};

use super::{Operation, State};

/// Executes operations. Building one is what `--allow-changes` decides: a read-only session has none.
pub trait Actuator: Send + Sync {
    /// Reads the state of the object that a bound operation is about.
    ///
    /// Of a creating operation it is the object of that name or tags, so that a repeated run finds
    /// what the first one made.
    fn observe<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Result<State, CallError>>;

    /// Sends a bound operation: one attempt, without retries of its own. Dropping the future does
    /// not take the change back; callers never drop it.
    fn execute<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Result<Answer, CallError>>;
}

/// What a successful call answered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The id of what was made.
    pub made: Option<String>,
    /// Evidence that the call read, line by line, made printable: a console's output.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub output: Vec<String>,
}

impl Answer {
    /// The answer of a call that made this.
    pub fn made(id: impl Into<String>) -> Self {
        Self {
            made: Some(id.into()),
            output: Vec::new(),
        }
    }
}

/// Asks whether changes would be allowed, without making them: it sends nothing but calls with
/// `DryRun`. A read-only session has one too.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/CommonParameters.html>
pub trait Probe: Send + Sync {
    /// Asks about one bound operation.
    fn probe<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Probed>;
}

/// What a probe found out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Probed {
    /// The caller may make the change. Quotas and the like are not tried.
    Allowed,
    /// The caller lacks a permission.
    Denied {
        /// AWS's words, made printable.
        message: String,
    },
    /// AWS would refuse it for another reason.
    Refused {
        /// AWS's code.
        code: String,
        /// AWS's words, made printable.
        message: String,
    },
    /// It can't be asked: the call has no `DryRun`, or its object does not exist yet.
    NotCheckable {
        /// Why.
        why: String,
    },
    /// The question failed.
    Failed {
        /// Why.
        message: String,
    },
}

/// Why a call failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{api}: {code}: {message}")]
pub struct CallError {
    /// What kind of failure, which decides what happens next.
    pub kind: CallErrorKind,
    /// The API, as IAM names it: `ec2:CreateSecurityGroup`.
    pub api: String,
    /// AWS's error code, or a word for what went wrong on the way.
    pub code: String,
    /// AWS's message, made printable.
    pub message: String,
}

/// What a failure means for a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CallErrorKind {
    /// Too many calls: try again later. Nothing was changed.
    Throttled,
    /// AWS does not know the object (yet): try again for a while.
    /// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/query-api-troubleshooting.html#eventual-consistency>
    NotFound,
    /// The caller lacks the permission.
    Denied,
    /// AWS refuses this change.
    Refused,
    /// The call was not sent: no endpoint, no credentials.
    NotSent,
    /// Sent, and no answer came: the change may have been made. Only reading back can tell.
    Unanswered,
}
