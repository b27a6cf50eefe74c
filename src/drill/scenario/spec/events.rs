//! What happens in a scenario, as it is written: who talks to whom, what `GuardDuty` finds, what the
//! facilitator has up the sleeve, and what a good play is.

use serde::Deserialize;
use toml::Spanned;

use super::super::script::Role;
use super::super::span::Span;
use super::super::stakes::Evidence;
use super::{Name, ProtocolSpec};
use crate::model::{FindingAction, Remote};
use crate::operation::{CallErrorKind, Operation};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::drill::scenario) struct FindingSpec {
    pub(in crate::drill::scenario) id: Name,
    pub(in crate::drill::scenario) kind: String,
    pub(in crate::drill::scenario) severity: Spanned<f64>,
    pub(in crate::drill::scenario) title: String,
    pub(in crate::drill::scenario) description: String,
    /// When it appears, counted from the start of the drill; absent: when an inject raises it.
    pub(in crate::drill::scenario) at: Option<Span>,
    /// How long before that the activity was first seen.
    pub(in crate::drill::scenario) lag: Option<Span>,
    /// The conversation that it is about: one that got nothing through is not found.
    pub(in crate::drill::scenario) of: Option<Name>,
    #[serde(default)]
    pub(in crate::drill::scenario) sample: bool,
    pub(in crate::drill::scenario) resource: String,
    /// An instance's name.
    pub(in crate::drill::scenario) instance: Option<Name>,
    #[serde(default = "one")]
    pub(in crate::drill::scenario) count: u64,
    pub(in crate::drill::scenario) action: FindingAction,
    #[serde(default)]
    pub(in crate::drill::scenario) remotes: Vec<Remote>,
}

/// Who talks to whom. Every `from` talks to every `to`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a key of the file, true or absent"
)]
pub(in crate::drill::scenario) struct ConversationSpec {
    pub(in crate::drill::scenario) name: Name,
    #[serde(default)]
    pub(in crate::drill::scenario) role: Role,
    /// Hosts that open the connection; `web-*` is every host whose name begins so.
    pub(in crate::drill::scenario) from: Vec<Name>,
    pub(in crate::drill::scenario) to: Vec<Name>,
    pub(in crate::drill::scenario) protocol: ProtocolSpec,
    pub(in crate::drill::scenario) port: Option<u16>,
    #[serde(default)]
    pub(in crate::drill::scenario) ipv6: bool,
    /// The time from one exchange, a request and its reply, to the next.
    pub(in crate::drill::scenario) every: Spanned<Span>,
    /// Packets of an exchange: request, reply.
    #[serde(default = "packets")]
    pub(in crate::drill::scenario) packets: [u32; 2],
    /// Bytes of an exchange: request, reply.
    #[serde(default = "bytes")]
    pub(in crate::drill::scenario) bytes: [u32; 2],
    /// When it begins, counted from the start of the drill; absent: with the history.
    pub(in crate::drill::scenario) starts: Option<Spanned<Span>>,
    /// How long a connection lasts; absent: for ever.
    pub(in crate::drill::scenario) lasts: Option<Spanned<Span>>,
    /// The time from the end of a connection, or from a refusal, to the next attempt.
    pub(in crate::drill::scenario) pause: Option<Spanned<Span>>,
    /// TCP keep-alives are sent when nothing was for so long.
    pub(in crate::drill::scenario) keepalive: Option<Spanned<Span>>,
    /// What the requests carry is data that is stolen.
    #[serde(default)]
    pub(in crate::drill::scenario) exfiltrates: bool,
    /// It begins only when an inject begins it.
    #[serde(default)]
    pub(in crate::drill::scenario) held: bool,
    /// Nobody lets it in, and that is meant so.
    #[serde(default)]
    pub(in crate::drill::scenario) refused: bool,
    /// Nobody listens at the port: a connection that gets there is refused by the host.
    #[serde(default)]
    pub(in crate::drill::scenario) closed: bool,
    /// The `to` are nodes of a load balancer, which passes requests on to the targets of this target group.
    pub(in crate::drill::scenario) balanced: Option<Name>,
    /// Calls of AWS's API with the credentials of this instance's role, rather than packets of the VPC.
    pub(in crate::drill::scenario) credentials: Option<Name>,
    /// The conversation through which such credentials are fetched anew.
    pub(in crate::drill::scenario) renewed_over: Option<Name>,
}

/// Something that happens at its moment.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::drill::scenario) struct InjectSpec {
    pub(in crate::drill::scenario) name: Name,
    pub(in crate::drill::scenario) when: WhenSpec,
    /// How often it happens at most.
    pub(in crate::drill::scenario) times: Option<Spanned<u32>>,
    /// The id of a finding that has no time of its own.
    pub(in crate::drill::scenario) finding: Option<Name>,
    /// Conversations that are held.
    #[serde(default)]
    pub(in crate::drill::scenario) begin: Vec<Name>,
    #[serde(default)]
    pub(in crate::drill::scenario) end: Vec<Name>,
    pub(in crate::drill::scenario) message: Option<MessageSpec>,
    #[serde(default)]
    pub(in crate::drill::scenario) change: Vec<Spanned<Operation>>,
    pub(in crate::drill::scenario) throttle: Option<ThrottleSpec>,
    pub(in crate::drill::scenario) fault: Option<FaultSpec>,
    /// For so long the flow log records nothing.
    pub(in crate::drill::scenario) skip_data: Option<Spanned<Span>>,
}

/// Exactly one of the first five.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::drill::scenario) struct WhenSpec {
    pub(in crate::drill::scenario) at: Option<Spanned<Span>>,
    /// It is not contained by then.
    pub(in crate::drill::scenario) late: Option<Spanned<Span>>,
    /// A change by this API, as IAM names it.
    pub(in crate::drill::scenario) on_change: Option<Name>,
    #[serde(default)]
    pub(in crate::drill::scenario) on_contained: bool,
    /// Nobody but the facilitator makes it happen.
    #[serde(default)]
    pub(in crate::drill::scenario) manual: bool,
    /// So much later.
    pub(in crate::drill::scenario) delay: Option<Spanned<Span>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::drill::scenario) struct MessageSpec {
    pub(in crate::drill::scenario) from: String,
    pub(in crate::drill::scenario) text: String,
    /// It wants an answer.
    #[serde(default)]
    pub(in crate::drill::scenario) asks: bool,
}

/// The next calls of an API are throttled.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::drill::scenario) struct ThrottleSpec {
    pub(in crate::drill::scenario) api: Name,
    pub(in crate::drill::scenario) calls: u32,
}

/// The next calls of an API fail.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::drill::scenario) struct FaultSpec {
    pub(in crate::drill::scenario) api: Name,
    pub(in crate::drill::scenario) calls: u32,
    pub(in crate::drill::scenario) kind: FaultKindSpec,
    /// The change is made nevertheless.
    #[serde(default)]
    pub(in crate::drill::scenario) made: bool,
}

/// How a call fails.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::drill::scenario) enum FaultKindSpec {
    /// The caller lacks the permission.
    Denied,
    /// AWS refuses it.
    Refused,
    /// AWS does not know the object yet.
    NotFound,
    /// No answer comes.
    Unanswered,
}

impl FaultKindSpec {
    pub(in crate::drill::scenario) fn kind(self) -> CallErrorKind {
        match self {
            Self::Denied => CallErrorKind::Denied,
            Self::Refused => CallErrorKind::Refused,
            Self::NotFound => CallErrorKind::NotFound,
            Self::Unanswered => CallErrorKind::Unanswered,
        }
    }
}

/// What a good play is.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::drill::scenario) struct ObjectivesSpec {
    /// From the first finding of the attack.
    pub(in crate::drill::scenario) contain: Option<Spanned<Span>>,
    /// At the most.
    pub(in crate::drill::scenario) requests_lost: Option<u64>,
    /// At the most, in bytes, from the first finding of the attack.
    pub(in crate::drill::scenario) data_lost: Option<u64>,
    #[serde(default)]
    pub(in crate::drill::scenario) evidence: Vec<Evidence>,
    /// Everything is to be taken back in the end.
    #[serde(default)]
    pub(in crate::drill::scenario) undo: bool,
}

fn one() -> u64 {
    1
}

fn packets() -> [u32; 2] {
    [4, 4]
}

fn bytes() -> [u32; 2] {
    [900, 2400]
}
