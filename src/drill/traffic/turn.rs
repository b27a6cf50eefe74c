//! One event in the life of a conversation: what both protocols' rules share.

use super::Event;
use super::queue::Queue;
use super::session::{Phase, Session, Talk, Way};
use super::truth::Toward;
use super::windows::Train;
use super::wire::{Heard, Wire};
use crate::drill::net::{Micros, Origin, Packet};

/// A load balancer's patience with a target, and that of its health checks.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html>
const CONNECT: Micros = 10_000_000;
const CHECK: Micros = 5_000_000;

/// What arrives at an end of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arriving {
    /// The first packet of a TCP connection.
    Syn,
    /// Its answer.
    SynAck,
    /// A request.
    Request,
    /// A keep-alive probe.
    Probe,
}

/// What an event means to others than the conversation itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum After {
    /// Nothing.
    Nothing,
    /// An exchange ended: it was answered, or not.
    Ended(bool),
    /// A request is at the load balancer.
    Passes,
    /// A call is at AWS's API.
    Calls,
}

/// A conversation at the moment at which something happens in it.
pub(super) struct Turn<'a> {
    pub(super) talk: &'a Talk,
    pub(super) session: &'a mut Session,
    pub(super) wire: &'a mut Wire,
    pub(super) queue: &'a mut Queue<Event>,
    /// The conversation's number.
    pub(super) number: u32,
    pub(super) at: Micros,
}

impl Turn<'_> {
    /// The client does something by itself.
    pub(super) fn client_wakes(&mut self) -> After {
        if self.talk.way == Way::Calls {
            self.begin_exchange();
            return After::Calls;
        }
        if let Origin::Eni(eni) = self.talk.client {
            let boots = self.wire.hosts.boots(eni);
            if self.session.client_boots != boots {
                // Who was stopped remembers no connection.
                self.session.client_boots = boots;
                self.session.phase = Phase::Idle;
            }
            if !self.wire.hosts.is_up(eni) {
                self.session.phase = Phase::Idle;
                let was_waiting = std::mem::take(&mut self.session.waiting);
                self.wake_client(self.at + self.talk.pause);
                return self.ended_if(was_waiting, false);
            }
        }
        if self.talk.protocol == Packet::TCP {
            self.tcp_client_wakes()
        } else {
            self.plain_client_wakes()
        }
    }

    /// Something arrives.
    pub(super) fn arrives(&mut self, what: Arriving) -> After {
        match what {
            Arriving::Syn => self.syn_arrives(),
            Arriving::SynAck => self.syn_ack_arrives(),
            Arriving::Probe => self.probe_arrives(),
            Arriving::Request if self.talk.protocol == Packet::TCP => self.request_arrives(),
            Arriving::Request => self.plain_reply(),
        }
    }

    /// An exchange begins.
    pub(super) fn begin_exchange(&mut self) {
        let (talk, session) = (self.talk, &mut *self.session);
        session.asked = self.at;
        session.due = self.at + talk.every;
        session.waiting = true;
        session.tries = 0;
        session.closing = talk.way == Way::Checks
            || self.at.saturating_add(talk.every) >= session.since.saturating_add(talk.lasts);
        if let Some(told) = talk.told {
            self.wire.truth.asked(told, self.at);
        }
    }

    /// Exchanges that came due while one waits: the one that waits has failed, another takes its place.
    pub(super) fn overdue(&mut self) -> After {
        if self.talk.way == Way::Passed || self.session.due > self.at {
            return After::Nothing;
        }
        while self.session.due <= self.at {
            self.session.due += self.talk.every;
            if let Some(told) = self.talk.told {
                self.wire.truth.ended(told, false, self.at);
                self.wire.truth.asked(told, self.at);
            }
        }
        After::Ended(false)
    }

    /// The client has waited for longer than it cares to.
    pub(super) fn is_out_of_patience(&self) -> bool {
        let waited = self.at.saturating_sub(self.session.asked);
        match self.talk.way {
            Way::Checks => waited >= CHECK,
            Way::Passed => waited >= CONNECT,
            Way::Paced | Way::Balanced | Way::Closed | Way::Calls => false,
        }
    }

    /// The exchange ended at a moment.
    pub(super) fn end_exchange(&mut self, answered: bool, at: Micros) -> After {
        if !std::mem::take(&mut self.session.waiting) {
            return After::Nothing;
        }
        if let Some(told) = self.talk.told {
            self.wire.truth.ended(told, answered, at);
        }
        After::Ended(answered)
    }

    /// A call of AWS's API was answered; data comes only if it was permitted.
    pub(super) fn call_answered(&mut self, permitted: bool) {
        if let (true, Some(told)) = (permitted, self.talk.told) {
            for (toward, way) in [(Toward::Server, 0), (Toward::Client, 1)] {
                let train = self.load(way);
                self.wire.truth.delivered(told, toward, train, self.at);
            }
        }
        self.wake_client(self.session.due);
        self.end_exchange(permitted, self.at);
    }

    fn ended_if(&mut self, was_waiting: bool, answered: bool) -> After {
        self.session.waiting = was_waiting;
        self.end_exchange(answered, self.at)
    }

    /// When the client is to do something next; it forgets what it was to do before.
    pub(super) fn wake_client(&mut self, at: Micros) {
        self.session.client_timer = at;
        self.queue.push(at, Event::Client(self.number));
    }

    /// When the server is to do something next.
    pub(super) fn wake_server(&mut self, at: Micros) {
        self.session.server_timer = at;
        self.queue.push(at, Event::Server(self.number));
    }

    /// The client sends; `None`: the server does not hear it.
    #[inline]
    pub(super) fn client_sends(&mut self, train: Train) -> Option<Heard> {
        let who = (self.talk, &mut *self.session);
        self.wire.send_to(Toward::Server, who, train, self.at)
    }

    /// The server sends; `None`: the client does not hear it.
    #[inline]
    pub(super) fn server_sends(&mut self, train: Train) -> Option<Heard> {
        let who = (self.talk, &mut *self.session);
        self.wire.send_to(Toward::Client, who, train, self.at)
    }

    /// Something is under way, and arrives.
    pub(super) fn on_its_way(&mut self, heard: Heard, what: Arriving) {
        let connection = self.session.connection;
        let number = self.number;
        let event = Event::Arrives {
            number,
            connection,
            what,
        };
        self.queue.push(heard.at, event);
    }

    /// How often whoever is behind an end of the conversation went down.
    pub(super) fn boots(&self, end: Origin) -> u32 {
        match end {
            Origin::Eni(eni) => self.wire.hosts.boots(eni),
            Origin::Outside => 0,
        }
    }
}
