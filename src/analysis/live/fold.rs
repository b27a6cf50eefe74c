//! Edges between two addresses become conversations: what is let through and what is dropped side by
//! side, both readings of an unclear one put together, and what two interfaces logged counted once.

use chrono::{DateTime, Utc};

use crate::flows::{Edge, Evidence};
use crate::model::{Direction, FlowAction, PortSpan};

/// One of two ends: the interface whose log is read, and its peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    Own,
    Peer,
}

impl Side {
    pub(super) fn other(self) -> Self {
        match self {
            Self::Own => Self::Peer,
            Self::Peer => Self::Own,
        }
    }
}

/// Who answers, on which port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Role {
    pub(super) server: Side,
    pub(super) port: u16,
}

/// What the edges of a conversation add up to. Its evidence is seen from our own side.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tally {
    pub(super) bytes: u64,
    pub(super) packets: u64,
    records: u64,
    pub(super) first: DateTime<Utc>,
    pub(super) last: DateTime<Utc>,
    pub(super) last_start: DateTime<Utc>,
    pub(super) client_ports: PortSpan,
    pub(super) evidence: Evidence,
    /// In which of the last ten minutes it spoke.
    pub(super) recent: u16,
}

impl Tally {
    fn of(edge: &Edge<'_>, log: Side, complete_to: DateTime<Utc>) -> Self {
        Self {
            bytes: edge.bytes(),
            packets: edge.packets,
            records: edge.records,
            first: edge.first,
            last: edge.last,
            last_start: edge.last_start,
            client_ports: edge.client_ports,
            evidence: match log {
                Side::Own => edge.evidence,
                Side::Peer => edge.evidence.turned(),
            },
            recent: edge.recent(complete_to),
        }
    }

    /// With other flows of the same log.
    fn plus(self, other: Self) -> Self {
        Self {
            bytes: self.bytes.saturating_add(other.bytes),
            packets: self.packets.saturating_add(other.packets),
            ..self.over(other)
        }
    }

    /// With the same flows as the interface at the other end logged them: they count once.
    fn over(self, other: Self) -> Self {
        Self {
            bytes: self.bytes.max(other.bytes),
            packets: self.packets.max(other.packets),
            records: self.records.saturating_add(other.records),
            first: self.first.min(other.first),
            last: self.last.max(other.last),
            last_start: self.last_start.max(other.last_start),
            client_ports: self.client_ports.join(other.client_ports),
            evidence: self.evidence.merge(other.evidence),
            recent: self.recent | other.recent,
        }
    }

    /// Whether every connection behind it is known to be closed.
    pub(super) fn is_closed(&self) -> bool {
        self.evidence
            .is_closed(self.records, self.client_ports, self.last_start)
    }

    /// The only side whose packets were seen.
    pub(super) fn only_sender(&self) -> Option<Side> {
        match (self.evidence.went_out(), self.evidence.came_in()) {
            (true, false) => Some(Side::Own),
            (false, true) => Some(Side::Peer),
            _ => None,
        }
    }
}

/// An edge, turned so that "own" means the same for all of a group.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    role: Role,
    action: FlowAction,
    /// Whose log it is from.
    log: Side,
    tally: Tally,
}

impl Entry {
    pub(super) fn of(edge: &Edge<'_>, log: Side, complete_to: DateTime<Utc>) -> Self {
        let server = match edge.key.direction {
            Direction::Ingress => log,
            Direction::Egress => log.other(),
        };
        Self {
            role: Role {
                server,
                port: edge.key.port,
            },
            action: edge.key.action,
            log,
            tally: Tally::of(edge, log, complete_to),
        }
    }

    /// The same traffic with the roles the other way round: known only of a single client port.
    fn reversed(&self) -> Option<Role> {
        Some(Role {
            server: self.role.server.other(),
            port: self.tally.client_ports.single()?,
        })
    }
}

/// What two addresses have to do with each other on one service port.
#[derive(Debug, Clone, Copy)]
pub(super) struct Conversation {
    pub(super) role: Role,
    /// As our side's interface logged it.
    pub(super) own: Part,
    /// As the peer's interface logged it.
    pub(super) peer: Part,
}

/// What one log has of a conversation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub(super) accepted: Option<Tally>,
    pub(super) rejected: Option<Tally>,
}

impl Part {
    pub(super) fn is_logged(&self) -> bool {
        self.accepted.is_some() || self.rejected.is_some()
    }
}

impl Conversation {
    pub(super) fn parts(&self) -> [&Part; 2] {
        [&self.own, &self.peer]
    }

    /// What was let through, whoever logged it.
    pub(super) fn accepted(&self) -> Option<Tally> {
        let tallies = self.parts().map(|it| it.accepted);
        tallies.into_iter().flatten().reduce(Tally::over)
    }

    /// What was dropped, whoever logged it.
    pub(super) fn rejected(&self) -> Option<Tally> {
        let tallies = self.parts().map(|it| it.rejected);
        tallies.into_iter().flatten().reduce(Tally::over)
    }

    /// Whether one side lets out what the other never lets in, so that there is no answer.
    pub(super) fn is_refused(&self) -> bool {
        let refused = |sender: Side, sent: &Part, received: &Part| {
            let only = |tally: Option<Tally>| tally.and_then(|it| it.only_sender());
            let dropped = received.accepted.is_none() && only(received.rejected) == Some(sender);
            dropped && sent.rejected.is_none() && only(sent.accepted) == Some(sender)
        };
        refused(Side::Own, &self.own, &self.peer) || refused(Side::Peer, &self.peer, &self.own)
    }
}

/// Folds the edges between two addresses in one protocol.
pub(super) fn conversations(entries: &mut [Entry]) -> impl Iterator<Item = Conversation> {
    let mut opened: Vec<Role> = entries
        .iter()
        .filter(|it| it.tally.evidence.opening_seen())
        .map(|it| it.role)
        .collect();
    opened.sort_unstable();
    for entry in &mut *entries {
        follow_opening(entry, &opened);
    }
    entries.sort_by_key(|it| it.role);
    entries
        .chunk_by(|a, b| a.role == b.role)
        .filter_map(conversation)
}

/// Windows after the first show no SYN, and then the lower port passes for the service's. Where the
/// opening was seen elsewhere, that reading is put right.
fn follow_opening(entry: &mut Entry, opened: &[Role]) {
    if entry.tally.evidence.opening_seen() || opened.binary_search(&entry.role).is_ok() {
        return;
    }
    let Some(role) = entry.reversed() else {
        return;
    };
    if opened.binary_search(&role).is_ok() {
        entry.tally.client_ports = PortSpan::one(entry.role.port);
        entry.role = role;
    }
}

fn conversation(entries: &[Entry]) -> Option<Conversation> {
    let tally = |log, action| {
        let chosen = entries
            .iter()
            .filter(|it| it.action == action && it.log == log);
        chosen.map(|it| it.tally).reduce(Tally::plus)
    };
    let part = |log| Part {
        accepted: tally(log, FlowAction::Accept),
        rejected: tally(log, FlowAction::Reject),
    };
    Some(Conversation {
        role: entries.first()?.role,
        own: part(Side::Own),
        peer: part(Side::Peer),
    })
}
