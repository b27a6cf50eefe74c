//! What interfaces remember of the attack: for facilitators, who see the truth.

use super::Traffic;
use crate::drill::net::{Entry, Micros, Origin, Packet};
use crate::drill::scenario::Role;
use crate::model::EniId;

/// What an interface remembers of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::drill) struct Memory {
    /// The conversation's name in the scenario.
    pub(in crate::drill) conversation: String,
    /// The interface.
    pub(in crate::drill) eni: EniId,
    /// A packet of the connection, as it leaves the interface.
    pub(in crate::drill) packet: Packet,
    /// What is remembered.
    pub(in crate::drill) entry: Entry,
}

impl Traffic {
    /// What the interfaces at both ends remember at a moment of the connections that the attack has now.
    pub(in crate::drill) fn memory_of_attack(&self, now: Micros) -> Vec<Memory> {
        let all = self.talks.iter().zip(&self.sessions).zip(&self.names);
        let attack = all.filter(|((_, session), name)| name.role == Role::Attack && !session.held);
        let sent = attack.flat_map(|((talk, session), name)| {
            let ends = [(talk.client, session.forward), (talk.server, session.back)];
            ends.map(|(end, packet)| (name, end, packet))
        });
        let known = sent.filter_map(|(name, end, packet)| {
            let Origin::Eni(eni) = end else {
                return None;
            };
            let entry = self.wire.net.entry(eni, packet)?;
            let lives = entry.expires.is_none_or(|at| at > now);
            lives.then_some(Memory {
                conversation: name.conversation.clone(),
                eni: self.wire.net.id(eni)?.clone(),
                packet,
                entry,
            })
        });
        known.collect()
    }
}
