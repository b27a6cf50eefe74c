//! The world in motion: a discrete-event simulation of everybody who talks.
//!
//! Events are played in the order of time; what they send is judged by `net` packet by packet, or burst by
//! burst where packets travel together. Everything that looks random comes from the seed, so the same
//! scenario under the same changes gives the same packets.

mod balance;
mod hosts;
mod memory;
mod plain;
mod queue;
mod session;
mod settings;
mod tcp;
mod truth;
mod turn;
mod windows;
mod wire;

use std::collections::VecDeque;
use std::hint::black_box;
use std::sync::Arc;

use self::balance::Balancer;
use self::queue::Queue;
use self::session::{NEVER, Phase, Session, Talk, micros};
use self::turn::{After, Arriving, Turn};
use self::wire::Wire;
use super::beside::Blocks;
use super::net::{EniIx, Micros, Net, Origin};
use super::number::mix;
use super::record::{Owner, Record, What};
use super::scenario::{Credentials, Role, Script};
use crate::model::{Eni, EniId, Estate};

pub(super) use settings::Settings;
pub use truth::{BUCKET, Bucket, Ledger, Sums, Truth};
pub(super) use windows::{Key, Tally};

/// A second.
const SECOND: Micros = 1_000_000;

/// How often entries that ran out are forgotten.
const SWEEP: Micros = 60_000_000;

/// Something that is due.
#[derive(Debug, Clone, Copy)]
enum Event {
    /// The client of a conversation does something by itself.
    Client(u32),
    /// So does its server.
    Server(u32),
    /// A packet arrives.
    Arrives {
        number: u32,
        /// The connection that it belongs to.
        connection: u32,
        what: Arriving,
    },
    /// An interface's window ends.
    Closes(EniIx),
    /// Entries that ran out are forgotten.
    Sweep,
}

/// Something that the account notices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Deed {
    /// This conversation calls AWS's API with stolen credentials.
    Calls(u32),
    /// A target failed its health checks, or passes them again.
    Health {
        /// The target's interface.
        eni: EniId,
        /// The port that is checked.
        port: u16,
        healthy: bool,
    },
}

/// What a conversation is called by, and to whom it belongs: seldom asked for, so apart from [`Talk`].
#[derive(Debug)]
struct Named {
    /// The conversation's name in the scenario.
    conversation: String,
    role: Role,
    /// The target group of the load balancer that the server is.
    balanced: Option<String>,
    credentials: Option<Box<Credentials>>,
}

/// Everybody who talks, and what they talk over.
#[derive(Debug)]
pub(super) struct Traffic {
    queue: Queue<Event>,
    /// Whose clients wake in the tick that has begun.
    ahead: Vec<u32>,
    wire: Wire,
    talks: Vec<Talk>,
    sessions: Vec<Session>,
    names: Vec<Named>,
    balancer: Balancer,
    owners: Vec<Option<Arc<Owner>>>,
    /// Records of windows that have ended, in order.
    records: Vec<Record>,
    /// How long a window is.
    window: Micros,
    /// Until when the flow log skips what it should record.
    skips_until: Micros,
    deeds: VecDeque<Deed>,
}

impl Traffic {
    /// Everybody, before the first packet: the drill begins at `start`.
    pub(super) fn new(
        estate: &Estate,
        blocks: &Blocks,
        scripts: Vec<Script>,
        settings: &Settings,
    ) -> Self {
        let start = micros(settings.history);
        let net = Net::new(estate, settings.switches);
        let mut traffic = Self {
            queue: Queue::new(),
            ahead: Vec::new(),
            wire: Wire::new(net, Truth::new(start)),
            talks: Vec::new(),
            sessions: Vec::new(),
            balancer: Balancer::default(),
            owners: Vec::new(),
            records: Vec::new(),
            window: window(estate),
            skips_until: 0,
            deeds: VecDeque::new(),
            names: Vec::new(),
        };
        for (script, number) in scripts.into_iter().zip(0_u64..) {
            let seed = mix(settings.seed.wrapping_add(number + 1));
            traffic.add(script, seed, start);
        }
        traffic.update_hosts(estate, blocks, 0);
        traffic.queue.push(SWEEP, Event::Sweep);
        traffic
    }

    fn add(&mut self, script: Script, seed: u64, start: Micros) {
        let Some(talk) = Talk::of(&script, &self.wire.net, seed) else {
            return;
        };
        let talk = Talk {
            told: self.wire.truth.tell(&script),
            ..talk
        };
        let offset = script.starts.num_microseconds().unwrap_or(i64::MIN);
        let begins = start.saturating_add_signed(offset);
        let phase = seed % talk.every.max(1);
        let mut session = Session::new(&talk, script.held);
        let number = index(self.talks.len());
        if !script.held {
            session.client_timer = begins.saturating_add(phase);
            self.queue.push(session.client_timer, Event::Client(number));
        }
        self.talks.push(talk);
        self.sessions.push(session);
        self.names.push(Named {
            conversation: script.conversation,
            role: script.role,
            balanced: script.balanced,
            credentials: script.credentials.map(Box::new),
        });
    }

    /// Brings packets in line with a changed estate.
    pub(super) fn update(&mut self, estate: &Estate, blocks: &Blocks, now: Micros) {
        self.wire.net.update(estate);
        self.update_hosts(estate, blocks, now);
    }

    /// Brings guests, addresses and targets in line with an estate, but not the network.
    pub(super) fn update_hosts(&mut self, estate: &Estate, blocks: &Blocks, now: Micros) {
        self.wire.hosts.update(estate, blocks, &self.wire.net);
        self.balancer.update(estate, &self.wire.net);
        for talk in &mut self.talks {
            talk.find(estate, &self.wire.net);
        }
        for eni in estate.enis() {
            self.own(estate, eni, now);
        }
    }

    /// Whose records an interface's are; a new interface's first window begins.
    fn own(&mut self, estate: &Estate, eni: &Eni, now: Micros) {
        let Some(ix) = self.wire.net.eni(&eni.id) else {
            return;
        };
        if self.owners.len() <= ix.index() {
            self.owners.resize(ix.index() + 1, None);
        }
        let Some(place) = self.owners.get_mut(ix.index()) else {
            return;
        };
        let is_new = place.is_none();
        if place.as_ref().is_none_or(|it| !it.is_of(estate, eni)) {
            *place = Some(Arc::new(Owner::of(estate, eni)));
        }
        if is_new {
            // Windows of interfaces do not end together; that of a new one is a full one.
            let phase = u64::from(index(ix.index())) * 7 % 60 * SECOND;
            let ahead = if now == 0 { phase } else { 0 };
            self.wire.windows.open(ix, now);
            self.queue
                .push(now + self.window - ahead, Event::Closes(ix));
        }
    }

    /// Plays everything that is due by `until`, or until the account notices something.
    pub(super) fn play(&mut self, until: Micros) -> Option<(Micros, Deed)> {
        while let Some((at, event)) = self.queue.pop(until) {
            self.look_ahead();
            self.happen(at, event);
            if let Some(deed) = self.deeds.pop_front() {
                return Some((at, deed));
            }
        }
        None
    }

    /// Reads what the exchanges that begin in this tick are going to read. With many conversations, most of the
    /// time is spent waiting for memory: within an event each read waits for the one before, but reads for
    /// different events do not.
    fn look_ahead(&mut self) {
        self.ahead.clear();
        let clients = self.queue.unseen().filter_map(|it| match it {
            Event::Client(number) => Some(*number),
            _ => None,
        });
        self.ahead.extend(clients);
        let both = |number: &u32| {
            let place = usize::try_from(*number).ok()?;
            Some((self.talks.get(place)?, self.sessions.get(place)?))
        };
        for (talk, session) in self.ahead.iter().filter_map(both) {
            black_box((talk.every, talk.port, talk.client_address, session.due));
            black_box((session.forward, session.connection, session.client_timer));
        }
        for (talk, session) in self.ahead.iter().filter_map(both) {
            self.wire.look(talk, session);
        }
    }

    fn happen(&mut self, at: Micros, event: Event) {
        let (number, after) = match event {
            Event::Client(number) => (number, self.client_wakes(number, at)),
            Event::Server(number) => (number, self.server_wakes(number, at)),
            Event::Arrives {
                number,
                connection,
                what,
            } => (number, self.arrives(number, connection, what, at)),
            Event::Closes(eni) => return self.close(eni, at),
            Event::Sweep => {
                self.wire.net.sweep(at);
                return self.queue.push(at + SWEEP, Event::Sweep);
            }
        };
        self.follow(number, after, at);
    }

    fn client_wakes(&mut self, number: u32, at: Micros) -> After {
        let Some(mut turn) = self.turn(number, at) else {
            return After::Nothing;
        };
        if turn.session.held || turn.session.client_timer != at {
            return After::Nothing; // it was told something else since
        }
        turn.session.client_timer = NEVER;
        turn.client_wakes()
    }

    fn server_wakes(&mut self, number: u32, at: Micros) -> After {
        let Some(mut turn) = self.turn(number, at) else {
            return After::Nothing;
        };
        if turn.session.held || turn.session.server_timer != at {
            return After::Nothing;
        }
        turn.session.server_timer = NEVER;
        turn.server_wakes()
    }

    fn arrives(&mut self, number: u32, connection: u32, what: Arriving, at: Micros) -> After {
        match self.turn(number, at) {
            Some(mut turn) if !turn.session.held && turn.session.connection == connection => {
                turn.arrives(what)
            }
            _ => After::Nothing,
        }
    }

    fn turn(&mut self, number: u32, at: Micros) -> Option<Turn<'_>> {
        let place = usize::try_from(number).ok()?;
        Some(Turn {
            talk: self.talks.get(place)?,
            session: self.sessions.get_mut(place)?,
            wire: &mut self.wire,
            queue: &mut self.queue,
            number,
            at,
        })
    }

    /// Ends an interface's window.
    fn close(&mut self, eni: EniIx, at: Micros) {
        let (opened, flows) = self.wire.windows.close(eni, at);
        let Some(Some(owner)) = self.owners.get(eni.index()) else {
            return; // it is gone, and so are its windows
        };
        let record = |what| Record {
            opened,
            closed: at,
            owner: Arc::clone(owner),
            what,
        };
        if opened < self.skips_until {
            self.records.push(record(What::Skipped));
        } else if flows.is_empty() {
            self.records.push(record(What::Nothing));
        } else {
            let flows = flows.into_iter();
            let flows = flows.map(|(key, tally)| record(What::Flow(key, tally)));
            self.records.extend(flows);
        }
        self.queue.push(at + self.window, Event::Closes(eni));
    }

    /// The records of windows that have ended since the last call.
    pub(super) fn take_records(&mut self) -> Vec<Record> {
        std::mem::take(&mut self.records)
    }

    /// The flow log skips everything that is seen until then.
    pub(super) fn skip_until(&mut self, at: Micros) {
        self.skips_until = self.skips_until.max(at);
    }

    /// What really happened.
    pub(super) fn truth(&self) -> &Truth {
        &self.wire.truth
    }

    /// Packets that were judged; those that travelled together are one.
    pub(super) fn judged(&self) -> u64 {
        self.wire.judged
    }

    /// The conversations that use stolen credentials.
    pub(super) fn credentials(&self) -> Vec<(u32, Credentials)> {
        let numbered = self.names.iter().zip(0_u32..);
        let stolen =
            numbered.filter_map(|(it, number)| Some((number, it.credentials.as_deref()?.clone())));
        stolen.collect()
    }

    /// A call with stolen credentials was answered, with an error if it was not permitted.
    pub(super) fn answer_call(&mut self, number: u32, permitted: bool, at: Micros) {
        if let Some(mut turn) = self.turn(number, at) {
            turn.call_answered(permitted);
        }
    }

    /// Begins a conversation that waits for it; whether there is one of that name.
    pub(super) fn begin(&mut self, conversation: &str, now: Micros) -> bool {
        self.set_held(conversation, false, now)
    }

    /// Ends a conversation; its servers hear nothing of it. Whether there is one of that name.
    pub(super) fn end(&mut self, conversation: &str, now: Micros) -> bool {
        self.set_held(conversation, true, now)
    }

    fn set_held(&mut self, conversation: &str, held: bool, now: Micros) -> bool {
        let mut found = false;
        let sessions = self.sessions.iter_mut().zip(0_u32..);
        for ((session, number), name) in sessions.zip(&self.names) {
            if name.conversation != conversation {
                continue;
            }
            found = true;
            if session.held == held {
                continue;
            }
            session.held = held;
            session.phase = Phase::Idle;
            session.waiting = false;
            session.replying = false;
            session.client_timer = if held { NEVER } else { now + 1 };
            if !held {
                self.queue.push(now + 1, Event::Client(number));
            }
        }
        found
    }

    /// The conversations of an instance that is gone, but for the attacker's, are its replacement's.
    pub(super) fn replace(&mut self, old: &Eni, new: &Eni) {
        let known = |eni: &Eni| self.wire.net.eni(&eni.id).map(Origin::Eni);
        let (Some(gone), Some(there)) = (known(old), known(new)) else {
            return;
        };
        let counterpart = |address| {
            let place = old.addresses.iter().position(|it| *it == address)?;
            new.addresses.get(place).copied()
        };
        for (talk, name) in self.talks.iter_mut().zip(&self.names) {
            if name.role == Role::Attack {
                continue;
            }
            for (end, own) in [
                (&mut talk.client, &mut talk.client_address),
                (&mut talk.server, &mut talk.server_address),
            ] {
                if *end == gone
                    && let Some(other) = counterpart(*own)
                {
                    *end = there;
                    *own = other;
                }
            }
        }
    }
}

impl Talk {
    /// Where the client sends to, in an estate: names lead to the public address of the time.
    fn find(&mut self, estate: &Estate, net: &Net) {
        if let (Origin::Outside, Origin::Eni(eni)) = (self.client, self.server)
            && self.server_address.is_ipv4()
        {
            let eni = net.id(eni).and_then(|id| estate.eni(id));
            self.reached_at = eni.and_then(|it| it.public_of(self.server_address));
        } else {
            self.reached_at = Some(self.server_address);
        }
    }
}

impl Owner {
    fn of(estate: &Estate, eni: &Eni) -> Self {
        let instance = eni.instance.as_ref().and_then(|id| estate.instance(id));
        let tags = instance.map_or(&[][..], |it| it.tags.as_slice());
        let subnet = estate.subnet(&eni.subnet);
        Self {
            eni: eni.id.clone(),
            vpc: eni.vpc.clone(),
            subnet: eni.subnet.clone(),
            zone: subnet.map_or(String::new(), |it| it.zone.clone()),
            instance: eni.instance.clone(),
            kind: eni.kind,
            tags: tags
                .iter()
                .take(2)
                .map(|(_, value)| value.clone())
                .collect(),
        }
    }

    fn is_of(&self, estate: &Estate, eni: &Eni) -> bool {
        *self == Self::of(estate, eni)
    }
}

/// The windows of the first flow log, a minute at the least.
fn window(estate: &Estate) -> Micros {
    let log = estate.flow_logs().first();
    let seconds = log.map_or(60, |it| it.aggregation_seconds.max(60));
    u64::from(seconds) * SECOND
}

fn index(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}
