//! TCP, as far as it shows in what is sent: handshake, bursts, retransmission with ever longer
//! pauses until an end gives up, keep-alive probes, and RST by a host that knows no connection.
//!
//! A timer of retransmission is set where something is lost: where nothing is, it would be cancelled
//! before it runs out.

use super::session::{Phase, Way};
use super::turn::{After, Arriving, Turn};
use super::windows::Train;
use crate::drill::net::Micros;

const FIN: u8 = 1;
const SYN: u8 = 2;
const RST: u8 = 4;
/// <https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html>
const SYN_ACK: u8 = 18;

/// The first pause before a retransmission, and the longest, as Linux has them; the pauses double.
/// <https://www.rfc-editor.org/rfc/rfc6298>
const FIRST_PAUSE: Micros = 200_000;
const FIRST_PAUSE_OF_SYN: Micros = 1_000_000;
const LONGEST_PAUSE: Micros = 120_000_000;

/// How often what is lost is sent again: a quarter of an hour for an established connection
/// (`net.ipv4.tcp_retries2`), half a minute for one that is to be.
/// <https://www.kernel.org/doc/html/latest/networking/ip-sysctl.html>
const TRIES: u8 = 15;
const TRIES_OF_SYN: u8 = 4;

/// Keep-alive probes that go unanswered before the connection is given up, and the pause between
/// two: `net.ipv4.tcp_keepalive_probes`, `net.ipv4.tcp_keepalive_intvl`.
const PROBES: u8 = 9;
const BETWEEN_PROBES: Micros = 75_000_000;

impl Turn<'_> {
    pub(super) fn tcp_client_wakes(&mut self) -> After {
        match self.session.phase {
            Phase::Idle if self.talk.way == Way::Passed && !self.session.waiting => After::Nothing,
            Phase::Idle => self.connect(),
            Phase::Opening => self.again(TRIES_OF_SYN),
            Phase::Open if self.session.waiting => self.again(TRIES),
            Phase::Open if self.talk.way == Way::Passed => After::Nothing,
            Phase::Open if self.at >= self.session.due => self.ask(),
            Phase::Open => self.probe(),
        }
    }

    /// Opens a connection for an exchange.
    pub(super) fn connect(&mut self) -> After {
        self.session.connection = self.session.connection.wrapping_add(1);
        self.session.since = self.at;
        self.session.client_boots = self.boots(self.talk.client);
        self.session.known = false;
        self.session.replying = false;
        self.session.probes = 0;
        self.begin_exchange();
        let Some(first) = self.talk.first_packet(self.session.connection) else {
            return self.give_up();
        };
        self.session.forward = first;
        self.session.phase = Phase::Opening;
        self.send_syn();
        After::Nothing
    }

    fn send_syn(&mut self) {
        if let Some(heard) = self.client_sends(Train::control(SYN)) {
            self.session.back = heard.back;
            self.on_its_way(heard, Arriving::Syn);
        } else {
            self.lost_of_client();
        }
    }

    /// What the client sent has not arrived, or its answer has not.
    fn lost_of_client(&mut self) {
        let first = if self.session.phase == Phase::Opening {
            FIRST_PAUSE_OF_SYN
        } else {
            FIRST_PAUSE
        };
        self.wake_client(self.at + pause(first, self.session.tries));
    }

    /// The client sends again what was lost.
    fn again(&mut self, tries: u8) -> After {
        self.session.tries = self.session.tries.saturating_add(1);
        if self.session.tries > tries || self.is_out_of_patience() {
            return self.give_up();
        }
        let after = self.overdue();
        if self.session.phase == Phase::Opening {
            self.send_syn();
        } else {
            self.send_request();
        }
        after
    }

    /// The client drops the connection.
    fn give_up(&mut self) -> After {
        self.session.phase = Phase::Idle;
        let next = match self.talk.way {
            Way::Checks => self.session.due.max(self.at + 1),
            _ => self.at + self.talk.pause,
        };
        self.wake_client(next);
        self.end_exchange(false, self.at)
    }

    pub(super) fn syn_arrives(&mut self) -> After {
        if self.talk.way == Way::Closed {
            return self.reset();
        }
        self.session.known = true;
        self.session.server_boots = self.boots(self.talk.server);
        if let Some(heard) = self.server_sends(Train::control(SYN_ACK)) {
            self.on_its_way(heard, Arriving::SynAck);
        } else {
            self.lost_of_client();
        }
        After::Nothing
    }

    pub(super) fn syn_ack_arrives(&mut self) -> After {
        if self.session.phase == Phase::Opening {
            self.session.phase = Phase::Open;
            self.session.tries = 0;
            self.session.heard = self.at;
            self.send_request();
        }
        After::Nothing
    }

    /// Begins an exchange on the open connection.
    pub(super) fn ask(&mut self) -> After {
        self.begin_exchange();
        self.send_request();
        After::Nothing
    }

    fn send_request(&mut self) {
        let train = Train {
            packets: self.talk.packets[0],
            bytes: self.talk.bytes[0],
            flags: self.fin(),
        };
        if let Some(heard) = self.client_sends(train) {
            self.session.back = heard.back;
            self.on_its_way(heard, Arriving::Request);
        } else {
            self.lost_of_client();
        }
    }

    fn fin(&self) -> u8 {
        if self.session.closing { FIN } else { 0 }
    }

    /// Whether the server still has its end of the connection.
    fn is_known(&self) -> bool {
        self.session.known && self.session.server_boots == self.boots(self.talk.server)
    }

    pub(super) fn request_arrives(&mut self) -> After {
        if !self.is_known() {
            return self.reset();
        }
        if self.talk.way == Way::Balanced {
            return After::Passes;
        }
        self.reply(true)
    }

    /// The server answers; the answer may be an error.
    pub(super) fn reply(&mut self, fine: bool) -> After {
        self.session.fine = fine;
        if let Some(heard) = self.server_sends(self.answer()) {
            return self.answered(heard.at);
        }
        if !self.session.replying {
            self.session.replying = true;
            self.session.server_tries = 0;
            self.wake_server(self.at + FIRST_PAUSE);
        }
        self.lost_of_client();
        After::Nothing
    }

    fn answer(&self) -> Train {
        Train {
            packets: self.talk.packets[1],
            bytes: self.talk.bytes[1],
            flags: self.fin(),
        }
    }

    /// The answer is with the client, at a moment that may lie a little ahead.
    fn answered(&mut self, at: Micros) -> After {
        let session = &mut *self.session;
        session.replying = false;
        session.tries = 0;
        session.probes = 0;
        session.heard = at;
        if session.closing {
            session.phase = Phase::Idle;
            session.known = false;
        }
        let next = match self.talk.way {
            Way::Passed => None,
            Way::Checks => Some(session.due),
            _ if session.closing => Some(at + self.talk.pause),
            _ => Some(self.next_sign()),
        };
        if let Some(next) = next {
            self.wake_client(next.max(at + 1));
        }
        let fine = self.session.fine;
        self.end_exchange(fine, at)
    }

    /// When the client of an open connection sends something again.
    fn next_sign(&self) -> Micros {
        let silence = self.session.heard.saturating_add(self.talk.keepalive);
        self.session.due.min(silence)
    }

    /// The server sends its answer again.
    pub(super) fn server_wakes(&mut self) -> After {
        if !self.session.replying || !self.is_known() {
            self.session.replying = false;
            return After::Nothing;
        }
        self.session.server_tries = self.session.server_tries.saturating_add(1);
        if self.session.server_tries > TRIES {
            self.session.replying = false;
            self.session.known = false;
            return After::Nothing;
        }
        let Some(heard) = self.server_sends(self.answer()) else {
            self.wake_server(self.at + pause(FIRST_PAUSE, self.session.server_tries));
            return After::Nothing;
        };
        let remembers = self.session.phase == Phase::Open
            && self.session.client_boots == self.boots(self.talk.client);
        if remembers {
            return self.answered(heard.at);
        }
        // The client knows of no connection any more.
        self.client_sends(Train::control(RST));
        self.session.replying = false;
        self.session.known = false;
        After::Nothing
    }

    /// The server knows of no connection, or nobody listens.
    fn reset(&mut self) -> After {
        let Some(heard) = self.server_sends(Train::control(RST)) else {
            self.lost_of_client();
            return After::Nothing;
        };
        self.session.phase = Phase::Idle;
        self.wake_client(heard.at + self.talk.pause);
        self.end_exchange(false, heard.at)
    }

    /// Nothing was heard for a while: is the server still there?
    fn probe(&mut self) -> After {
        if let Some(heard) = self.client_sends(Train::control(0)) {
            self.session.back = heard.back;
            self.on_its_way(heard, Arriving::Probe);
            return After::Nothing;
        }
        self.probe_failed()
    }

    pub(super) fn probe_arrives(&mut self) -> After {
        if !self.is_known() {
            return self.reset();
        }
        let Some(heard) = self.server_sends(Train::control(0)) else {
            return self.probe_failed();
        };
        self.session.probes = 0;
        self.session.heard = heard.at;
        self.wake_client(self.next_sign());
        After::Nothing
    }

    fn probe_failed(&mut self) -> After {
        self.session.probes = self.session.probes.saturating_add(1);
        if self.session.probes > PROBES {
            return self.give_up();
        }
        let again = self.at + BETWEEN_PROBES.min(self.talk.keepalive);
        self.wake_client(again.min(self.session.due.max(self.at + 1)));
        After::Nothing
    }
}

impl Train {
    /// A segment without data.
    fn control(flags: u8) -> Self {
        let bytes = match flags {
            SYN | SYN_ACK => 60,
            RST => 40,
            _ => 52,
        };
        Self {
            packets: 1,
            bytes,
            flags,
        }
    }
}

/// The pause after so many retransmissions.
fn pause(first: Micros, tries: u8) -> Micros {
    (first << tries.min(20)).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_established_connection_is_given_up_after_a_quarter_of_an_hour() {
        let all = |first, tries| -> Micros { (0..=tries).map(|it| pause(first, it)).sum() };
        assert_eq!(all(FIRST_PAUSE, TRIES), 924_600_000);
        assert_eq!(all(FIRST_PAUSE_OF_SYN, TRIES_OF_SYN), 31_000_000);
    }
}
