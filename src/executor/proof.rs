//! Whether what a run changed holds: what the flow logs show after it.
//!
//! A [`Verifier`] reads the flow logs that cover the suspect's interfaces until they prove or disprove the plan's
//! [`Claim`](crate::plan::Claim), or until there is nothing to wait for any longer. Nothing here changes the account, and nothing is
//! guessed: what the logs can't tell is `Unknown`, with the reason.
//!
//! A record counts against a claim if it starts after the change was in force. AWS dates the first packet of a
//! record up to 60 s late, and a window that was open at the change holds packets of before; the latter never
//! count, the former are pointed out.
//! <https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html>

mod attend;
mod judge;
mod logs;
#[cfg(test)]
mod tests;
mod verifier;

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::event::{RunOutcome, StepOutcome};
use super::run_view::{RunView, StepStatus};
use crate::model::{Direction, EniId, Protocol};
use crate::plan::{Claim, changes_traffic};

pub use attend::Verification;
pub(super) use attend::Verifications;
pub use verifier::{Left, Verifier};

/// How long after the change the logs must be complete for a proof.
const COMPLETE: TimeDelta = TimeDelta::minutes(3);

/// Edges of a leak that are named at the most.
const NAMED: usize = 20;

/// How late AWS may date the first packet of a record.
const LATE: TimeDelta = TimeDelta::seconds(60);

/// What the flow logs say of what a run claims.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proof {
    /// The logs are complete, and show nothing that the claim forbids.
    Proven {
        /// They are complete up to this moment.
        until: DateTime<Utc>,
    },
    /// The logs show traffic that should be no more.
    Leaking {
        /// The most telling of it, by bytes: [`NAMED`] edges at the most.
        edges: Vec<Leak>,
        /// Edges besides.
        more: usize,
    },
    /// The logs do not tell.
    Unknown {
        /// Why.
        why: String,
    },
    /// There is nothing that flow logs could show.
    NotApplicable {
        /// Why.
        why: String,
    },
}

/// Traffic that should be no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leak {
    /// The suspect's interface.
    pub eni: EniId,
    /// The other side.
    pub peer: IpAddr,
    /// The service port; 0 where the protocol has none.
    pub port: u16,
    /// IANA protocol number.
    pub protocol: u8,
    /// Ingress: opened towards the suspect. Egress: opened by it.
    pub direction: Direction,
    /// Bytes, both ways, since the change.
    pub bytes: u64,
    /// The last record of it starts then.
    pub last: DateTime<Utc>,
    /// It is dated so soon after the change that its packets may be of before.
    pub early: bool,
}

impl Leak {
    /// The edge in a line.
    pub fn words(&self) -> String {
        let protocol = Protocol::Number(self.protocol);
        let (peer, port, eni, bytes) = (self.peer, self.port, &self.eni, self.bytes);
        let way = match self.direction {
            Direction::Ingress => format!("{peer} to port {port} of {eni}"),
            Direction::Egress => format!("{eni} to {peer} port {port}"),
        };
        let early = if self.early {
            ", dated within 60 s of the change: it may be of before"
        } else {
            ""
        };
        format!("{protocol} {way}, {bytes} bytes{early}")
    }
}

impl Proof {
    /// The verdict in a line. Never more than the flow logs say.
    pub fn words(&self) -> String {
        match self {
            Self::Proven { until } => format!(
                "Proven in the flow logs, complete up to {} UTC",
                until.format("%H:%M:%S")
            ),
            Self::Leaking { edges, more } => {
                let count = edges.len() + more;
                let plural = if count == 1 { "" } else { "s" };
                let first = edges.first().map(|it| format!(": {}", it.words()));
                format!("LEAKING: {count} edge{plural}{}", first.unwrap_or_default())
            }
            Self::Unknown { why } => format!("Unknown: {why}"),
            Self::NotApplicable { why } => format!("No proof: {why}"),
        }
    }
}

/// A verification under way: what is to be proved, since when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verifying {
    /// What the plan claims.
    pub claim: Claim,
    /// Since when the change is in force: its last step about the suspect's traffic had ended.
    pub since: DateTime<Utc>,
}

/// What there is to prove once a run has ended: from when on, or why there is nothing.
///
/// # Errors
/// The proof that needs no flow log.
pub(super) fn to_prove(view: &RunView, claim: &Claim) -> Result<Verifying, Proof> {
    let not = |why: &str| Err(Proof::NotApplicable { why: why.into() });
    let Some((_, outcome)) = view.ended else {
        return not("the run has not ended");
    };
    if outcome == RunOutcome::LeftOpen {
        return not("the run left the instance open");
    }
    if let Claim::Nothing { why } = claim {
        return not(why);
    }
    match in_force(view) {
        Some(since) => Ok(Verifying {
            claim: claim.clone(),
            since,
        }),
        None => not("the run made no change that traffic meets"),
    }
}

/// When the last step about the suspect's traffic ended, if there was one that was made, or may have been.
fn in_force(view: &RunView) -> Option<DateTime<Utc>> {
    let ended = |bears: fn(&crate::operation::Operation) -> bool| {
        let steps = view.plan.steps.iter();
        let of = steps.filter(move |it| it.operation().is_some_and(bears));
        of.filter_map(|step| view.steps.get(&step.id))
            .filter(|it| match &it.status {
                StepStatus::Ended(StepOutcome::NotRun { .. }) => false,
                StepStatus::Ended(outcome) => outcome.is_good() || it.attempts > 0,
                _ => false,
            })
            .filter_map(|it| it.ended)
            .max()
    };
    ended(changes_traffic)?;
    // What empties a group bears on traffic only because the suspect is in it.
    ended(|it| {
        changes_traffic(it) || matches!(it, crate::operation::Operation::RevokeAllRules { .. })
    })
}

impl RunView {
    /// How the run stands, and what the flow logs say of it: one line.
    pub fn verdict_words(&self) -> String {
        let Some((_, outcome)) = self.ended else {
            return "under way".to_string();
        };
        let proof = match (&self.proof, &self.verifying) {
            (Some(proof), _) => proof.words(),
            (None, Some(verifying)) => format!(
                "Verifying since {} UTC: flow logs come minutes late",
                verifying.since.format("%H:%M:%S")
            ),
            (None, None) => return outcome.name().to_string(),
        };
        format!("{}. {proof}", outcome.name())
    }
}
