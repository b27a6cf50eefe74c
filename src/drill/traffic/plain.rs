//! UDP, ping and every protocol without connections: a request, and an answer if there is one. Nothing is
//! sent again.

use super::session::Phase;
use super::turn::{After, Arriving, Turn};
use super::windows::Train;
use crate::drill::net::Micros;

impl Turn<'_> {
    pub(super) fn plain_client_wakes(&mut self) -> After {
        if self.session.phase == Phase::Idle {
            self.session.connection = self.session.connection.wrapping_add(1);
            self.session.since = self.at;
            self.session.phase = Phase::Opening;
            if let Some(first) = self.talk.first_packet(self.session.connection) {
                self.session.forward = first;
            }
        }
        self.begin_exchange();
        let Some(heard) = self.client_sends(self.load(0)) else {
            return self.plain_failed();
        };
        if self.talk.packets[1] == 0 {
            return self.plain_answered(heard.at);
        }
        self.session.back = heard.back;
        self.on_its_way(heard, Arriving::Request);
        After::Nothing
    }

    pub(super) fn plain_reply(&mut self) -> After {
        match self.server_sends(self.load(1)) {
            Some(heard) => self.plain_answered(heard.at),
            None => self.plain_failed(),
        }
    }

    pub(super) fn load(&self, way: usize) -> Train {
        Train {
            packets: self.talk.packets.get(way).copied().unwrap_or(1),
            bytes: self.talk.bytes.get(way).copied().unwrap_or(0),
            flags: 0,
        }
    }

    fn plain_answered(&mut self, at: Micros) -> After {
        if self.session.closing {
            self.session.phase = Phase::Idle;
            self.wake_client(at + self.talk.pause);
        } else {
            self.session.phase = Phase::Open;
            self.wake_client(self.session.due.max(at + 1));
        }
        self.end_exchange(true, at)
    }

    /// Whoever never got an answer tries with another port.
    fn plain_failed(&mut self) -> After {
        if self.session.phase == Phase::Opening {
            self.session.phase = Phase::Idle;
            self.wake_client(self.at + self.talk.pause);
        } else {
            self.wake_client(self.session.due.max(self.at + 1));
        }
        self.end_exchange(false, self.at)
    }
}
