//! What really happened: what was asked, answered and delivered in every conversation. Players never see
//! it; facilitators and scores do.

use super::windows::Train;
use crate::drill::net::Micros;
use crate::drill::party::Party;
use crate::drill::scenario::{Role, Script};

/// How long a bucket of the account is.
pub const BUCKET: Micros = 10_000_000;

/// What really happened in every conversation.
#[derive(Debug, Clone, Default)]
pub struct Truth {
    /// When the drill began, in the world's time.
    start: Micros,
    told: Vec<Ledger>,
}

/// What really happened between a client and a server of a conversation.
#[derive(Debug, Clone)]
pub struct Ledger {
    /// The conversation's name in the scenario.
    pub conversation: String,
    /// What it is to the players.
    pub role: Role,
    /// Who opens it.
    pub from: String,
    /// Whom it is with.
    pub to: String,
    /// It carries data off.
    pub exfiltrates: bool,
    /// Whether the server, and the client, are outside of the VPC.
    pub outside: [bool; 2],
    /// Everything, the history included.
    pub all: Sums,
    /// When the first packet arrived, and the last one, in the world's time.
    pub first: Option<Micros>,
    /// See `first`.
    pub last: Option<Micros>,
    /// When an exchange was answered for the first time.
    pub established: Option<Micros>,
    /// By ten seconds since the drill began: those in which there was anything, in order.
    pub buckets: Vec<Bucket>,
}

/// Ten seconds of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    /// Its number since the drill began, from 0.
    pub number: u64,
    /// What happened.
    pub sums: Sums,
    /// When the last packet arrived, in the world's time.
    pub last: Option<Micros>,
}

/// What happened, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sums {
    /// Exchanges that were begun.
    pub asked: u64,
    /// Exchanges that were answered.
    pub answered: u64,
    /// Exchanges that were given up, or answered with an error.
    pub failed: u64,
    /// Packets that arrived: at the server, at the client.
    pub packets: [u64; 2],
    /// Their bytes.
    pub bytes: [u64; 2],
}

/// Where a packet arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Toward {
    Server,
    Client,
}

impl Truth {
    /// An account without conversations.
    pub(super) fn new(start: Micros) -> Self {
        let told = Vec::new();
        Self { start, told }
    }

    /// Takes in a conversation; its place. One without a name is told to nobody.
    pub(super) fn tell(&mut self, script: &Script) -> Option<usize> {
        if script.conversation.is_empty() {
            return None;
        }
        self.told.push(Ledger {
            conversation: script.conversation.clone(),
            role: script.role,
            from: script.from.clone(),
            to: script.to.clone(),
            exfiltrates: script.exfiltrates,
            outside: [&script.server, &script.client].map(Party::is_outside),
            all: Sums::default(),
            first: None,
            last: None,
            established: None,
            buckets: Vec::new(),
        });
        self.told.len().checked_sub(1)
    }

    /// Every client with every server, in the order of the scenario.
    pub fn conversations(&self) -> &[Ledger] {
        &self.told
    }

    /// When the drill began, in the world's time.
    pub fn start(&self) -> Micros {
        self.start
    }

    /// When a packet of the attack last arrived.
    pub fn attacked_last(&self) -> Option<Micros> {
        let attack = self.told.iter().filter(|it| it.role == Role::Attack);
        attack.filter_map(|it| it.last).max()
    }

    pub(super) fn asked(&mut self, told: usize, at: Micros) {
        self.note(told, at, |sums| sums.asked += 1);
    }

    pub(super) fn ended(&mut self, told: usize, answered: bool, at: Micros) {
        self.note(told, at, |sums| {
            sums.answered += u64::from(answered);
            sums.failed += u64::from(!answered);
        });
        if answered && let Some(told) = self.told.get_mut(told) {
            told.established = told.established.or(Some(at));
        }
    }

    pub(super) fn delivered(&mut self, told: usize, toward: Toward, train: Train, at: Micros) {
        self.note(told, at, |sums| {
            let way = usize::from(toward == Toward::Client);
            if let (Some(packets), Some(bytes)) =
                (sums.packets.get_mut(way), sums.bytes.get_mut(way))
            {
                *packets += u64::from(train.packets);
                *bytes += u64::from(train.bytes);
            }
        });
        let start = self.start;
        if let Some(told) = self.told.get_mut(told) {
            told.first = told.first.or(Some(at));
            told.last = Some(at);
            if at >= start
                && let Some(bucket) = told.buckets.last_mut()
            {
                bucket.last = Some(at);
            }
        }
    }

    fn note(&mut self, told: usize, at: Micros, change: impl Fn(&mut Sums)) {
        let Some(told) = self.told.get_mut(told) else {
            return;
        };
        change(&mut told.all);
        let Some(since) = at.checked_sub(self.start) else {
            return;
        };
        let number = since / BUCKET;
        // What is noted a moment ahead belongs to the bucket that has begun by then.
        if told.buckets.last().is_none_or(|it| it.number < number) {
            told.buckets.push(Bucket {
                number,
                sums: Sums::default(),
                last: None,
            });
        }
        if let Some(bucket) = told.buckets.last_mut() {
            change(&mut bucket.sums);
        }
    }
}

impl Ledger {
    /// Of what happened, the bytes that arrived outside of the VPC. Of calls of AWS's API by somebody outside,
    /// those of the answers.
    pub fn bytes_out(&self, sums: Sums) -> u64 {
        let [at_server, at_client] = sums.bytes;
        match self.outside {
            [_, true] => at_client,
            [true, false] => at_server,
            [false, false] => 0,
        }
    }

    /// What happened in a bucket.
    pub fn bucket(&self, number: u64) -> Option<&Bucket> {
        let at = self.buckets.binary_search_by_key(&number, |it| it.number);
        self.buckets.get(at.ok()?)
    }
}
