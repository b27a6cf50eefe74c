//! What a conversation does, as the scenario has it.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::drill::party::Party;
use crate::model::InstanceId;

/// What a conversation is to the players.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The attacker's: none of it may get through.
    Attack,
    /// Somebody's work: what of it fails is harm.
    #[default]
    Business,
    /// A load balancer's health checks.
    Health,
    /// The defenders' own way in.
    Admin,
    /// Nobody misses it.
    Noise,
}

/// One client and one server of a conversation, and what passes between them.
#[derive(Debug, Clone)]
pub(in crate::drill) struct Script {
    /// The conversation's name; several scripts may be one conversation.
    pub(in crate::drill) conversation: String,
    pub(in crate::drill) role: Role,
    /// The names of its ends in the scenario.
    pub(in crate::drill) from: String,
    pub(in crate::drill) to: String,
    pub(in crate::drill) client: Party,
    pub(in crate::drill) server: Party,
    /// IANA number.
    pub(in crate::drill) protocol: u8,
    /// The server's port; 0 where the protocol has none.
    pub(in crate::drill) port: u16,
    /// From one exchange to the next.
    pub(in crate::drill) every: TimeDelta,
    /// Of an exchange: request, reply.
    pub(in crate::drill) packets: [u32; 2],
    pub(in crate::drill) bytes: [u32; 2],
    /// From the start of the drill; before the history: with it.
    pub(in crate::drill) starts: TimeDelta,
    /// Of a connection; absent: for ever.
    pub(in crate::drill) lasts: Option<TimeDelta>,
    /// Between connections, and between attempts.
    pub(in crate::drill) pause: TimeDelta,
    /// A keep-alive is sent after so much silence; absent: none is.
    pub(in crate::drill) keepalive: Option<TimeDelta>,
    /// Bytes of its requests are stolen data.
    pub(in crate::drill) exfiltrates: bool,
    /// Somebody listens at the server's port; otherwise a connection is refused.
    pub(in crate::drill) listens: bool,
    /// The server is a load balancer, which passes requests on to the targets of this target group.
    pub(in crate::drill) balanced: Option<String>,
    /// It waits until it is begun by name.
    pub(in crate::drill) held: bool,
    /// It is no traffic of the VPC: calls of AWS's API with an instance's credentials.
    pub(in crate::drill) credentials: Option<Credentials>,
}

/// Credentials of an instance's role that somebody outside uses. They work until their sessions are
/// denied; that the instance loses its profile does not end them.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html>
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::drill) struct Credentials {
    /// The instance that got them.
    pub(in crate::drill) instance: InstanceId,
    /// The conversation through which they are fetched anew while it gets through, the instance runs, has its
    /// profile, and its metadata endpoint answers.
    pub(in crate::drill) renewed_over: Option<String>,
}
