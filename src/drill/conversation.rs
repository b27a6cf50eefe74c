//! A conversation in motion: it opens connections, exchanges packets at its pace, gives up, tries
//! again, and has its records written when a window of 60 s closes. Packets travel in `journey`.
//!
//! Conversations do not touch one another: between two changes of the estate each is advanced alone.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::beside::Blocks;
use super::journey::Journey;
use super::number::mix;
use super::packet::Packet;
use super::path::{self, Party, Path};
use super::record::{self, Key, Record, Tally};
use super::tracking::Track;
use crate::model::{Eni, EniId, EniKind, Estate, InstanceState};

/// An aggregation window.
pub(super) const WINDOW: TimeDelta = TimeDelta::seconds(60);

/// A TCP connection that gets nothing through for so long is given up by its ends.
const PATIENCE: TimeDelta = TimeDelta::minutes(5);

/// What a conversation does, as the scenario has it.
#[derive(Debug, Clone)]
pub(super) struct Script {
    pub(super) client: Party,
    pub(super) server: Party,
    /// IANA number.
    pub(super) protocol: u8,
    /// The server's port; 0 where the protocol has none.
    pub(super) port: u16,
    /// From one exchange to the next.
    pub(super) every: TimeDelta,
    /// Of an exchange: request, reply.
    pub(super) packets: [u32; 2],
    pub(super) bytes: [u32; 2],
    /// From the start of the drill; before the history: with it.
    pub(super) starts: TimeDelta,
    /// Of a connection; absent: for ever.
    pub(super) lasts: Option<TimeDelta>,
    /// Between connections, and between attempts.
    pub(super) pause: TimeDelta,
}

/// What conversations move through.
#[derive(Debug, Clone, Copy)]
pub(super) struct Surroundings<'a> {
    pub(super) estate: &'a Estate,
    pub(super) blocks: &'a Blocks,
    /// Counts the changes of the estate.
    pub(super) generation: u64,
    pub(super) account: &'a str,
}

impl Surroundings<'_> {
    /// Whether somebody runs behind an interface: a stopped instance sends and hears nothing, and nor
    /// does an interface that is attached to nothing.
    fn is_up(&self, eni: &Eni) -> bool {
        match &eni.instance {
            Some(id) => self.estate.instance(id).is_some_and(|it| {
                let state = it.state;
                matches!(state, InstanceState::Running | InstanceState::Stopping)
            }),
            None => eni.kind != EniKind::Unattached,
        }
    }

    /// Whether whoever is behind an interface exchanges packets with a peer: it is up, and its own
    /// firewall does not block the peer.
    pub(super) fn talks(&self, eni: &Eni, peer: IpAddr) -> bool {
        let blocks = |id| self.blocks.hold(id, peer);
        self.is_up(eni) && !eni.instance.as_ref().is_some_and(blocks)
    }

    /// Whether an end of a conversation is up. Those outside always are.
    fn is_there(&self, party: &Party) -> bool {
        match party {
            Party::Ours { eni, .. } => self.estate.eni(eni).is_some_and(|it| self.is_up(it)),
            Party::Outside(_) => true,
        }
    }
}

/// A script being played.
#[derive(Debug)]
pub(super) struct Conversation {
    script: Script,
    seed: u64,
    next: DateTime<Utc>,
    closes: DateTime<Utc>,
    connection: Option<Connection>,
    opened: u64,
    path: Option<Arc<Path>>,
    path_of: Option<u64>,
    window: BTreeMap<Key, Tally>,
}

#[derive(Debug)]
struct Connection {
    /// The client's port.
    port: u16,
    since: DateTime<Utc>,
    heard: DateTime<Utc>,
    tracks: BTreeMap<EniId, Track>,
}

impl Conversation {
    /// Begins at `start` plus the script's offset, or with the history at `from`.
    pub(super) fn new(
        script: Script,
        seed: u64,
        start: DateTime<Utc>,
        from: DateTime<Utc>,
    ) -> Self {
        let begins = from.max(start + script.starts);
        let pace = u64::try_from(script.every.num_milliseconds()).unwrap_or(1);
        Self {
            next: begins + milliseconds(mix(seed) % pace.max(1)),
            closes: begins + milliseconds(1_000 * (1 + seed % 60)),
            script,
            seed,
            connection: None,
            opened: 0,
            path: None,
            path_of: None,
            window: BTreeMap::new(),
        }
    }

    /// Plays on until `until`; the records of windows that closed go to `out`.
    pub(super) fn advance(
        &mut self,
        until: DateTime<Utc>,
        around: Surroundings<'_>,
        out: &mut Vec<Record>,
    ) {
        while self.next.min(self.closes) <= until {
            if self.closes <= self.next {
                self.close_window(around, out);
            } else {
                self.exchange(around);
            }
        }
    }

    fn close_window(&mut self, around: Surroundings<'_>, out: &mut Vec<Record>) {
        for (key, tally) in std::mem::take(&mut self.window) {
            if let Some(eni) = around.estate.eni(&key.eni) {
                out.push(Record {
                    emitted: self.closes,
                    eni: key.eni.clone(),
                    text: record::line(around.account, eni, &key, &tally),
                });
            }
        }
        self.closes += WINDOW;
    }

    fn exchange(&mut self, around: Surroundings<'_>) {
        let at = self.next;
        let path = self.path(around);
        let Some(path) = path.filter(|_| around.is_there(&self.script.client)) else {
            self.connection = None;
            self.next = at + self.script.pause;
            return;
        };
        let known = self.connection.take();
        let opening = known.is_none();
        let mut connection = known.unwrap_or_else(|| self.fresh_connection(at));
        let closing = self
            .script
            .lasts
            .is_some_and(|it| at + self.script.every >= connection.since + it);
        let mut journey = Journey {
            around,
            path: &path,
            at,
            tracks: &mut connection.tracks,
            window: &mut self.window,
        };
        let answered = journey.exchange(&self.script, connection.port, opening, closing);
        if answered {
            connection.heard = at;
        }
        let over = if answered {
            closing
        } else {
            // Who was stopped remembers no connection.
            let silent = at - connection.heard >= PATIENCE || !around.is_there(&self.script.server);
            opening || silent && self.script.protocol == Packet::TCP
        };
        if over {
            self.next = at + self.script.pause;
        } else {
            self.connection = Some(connection);
            self.next = at + self.script.every;
        }
    }

    /// The path in the present estate.
    fn path(&mut self, around: Surroundings<'_>) -> Option<Arc<Path>> {
        if self.path_of != Some(around.generation) {
            let Script { client, server, .. } = &self.script;
            self.path = path::between(around.estate, client, server).map(Arc::new);
            self.path_of = Some(around.generation);
        }
        self.path.clone()
    }

    fn fresh_connection(&mut self, at: DateTime<Utc>) -> Connection {
        self.opened = self.opened.wrapping_add(1);
        let above = mix(self.seed.wrapping_add(self.opened)) % 28_000;
        let port = u16::try_from(above).map_or(32_768, |it| it.saturating_add(32_768));
        let ported = matches!(self.script.protocol, Packet::TCP | Packet::UDP);
        Connection {
            port: if ported { port } else { 0 },
            since: at,
            heard: at,
            tracks: BTreeMap::new(),
        }
    }
}

fn milliseconds(count: u64) -> TimeDelta {
    TimeDelta::milliseconds(i64::try_from(count).unwrap_or(0))
}
