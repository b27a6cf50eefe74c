//! What a facilitator sees of a drill and may do to it, and the lines in which both sides say so.
//!
//! Every line is one JSON value. The drill speaks first: [`FromDrill::Hello`]; the facilitator answers
//! with [`ToDrill::Hello`]. From then on the drill sends a [`Sight`] whenever something changed, and each
//! [`Order`] is answered under its number.

use std::net::SocketAddr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::model::EniId;

use super::exercise::{About, ExerciseRecord, Message, Pace, Score, Stream};

/// The version of the protocol.
pub const PROTOCOL: u32 = 1;

/// The longest line that a facilitator may send, in bytes.
pub const LONGEST_ORDER: u64 = 8 << 10;

/// The longest line that a drill sends, in bytes.
pub const LONGEST_SIGHT: u64 = 1 << 20;

/// A line of the drill.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum FromDrill {
    /// The first line.
    Hello {
        /// The version of the protocol.
        protocol: u32,
        /// The version of the program.
        program: String,
        /// What is played.
        about: About,
    },
    /// How things are.
    Sight(Box<Sight>),
    /// An order was carried out.
    Done {
        /// Its number.
        order: u64,
    },
    /// An order, or a line, was not carried out.
    Refused {
        /// Its number; `None`: the line was no order.
        order: Option<u64>,
        /// Why.
        why: String,
    },
}

/// A line of a facilitator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case",
    deny_unknown_fields
)]
pub enum ToDrill {
    /// The first line.
    Hello {
        /// The version of the protocol.
        protocol: u32,
    },
    /// Something to be done.
    Order {
        /// A number for the answer.
        order: u64,
        /// What.
        what: Order,
    },
}

/// What a facilitator may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case",
    deny_unknown_fields
)]
pub enum Order {
    /// Sets the pace, and keeps the clock: the players can't change it any more.
    Pace(Pace),
    /// Gives the clock back to the players.
    Release,
    /// Fires an inject.
    Fire {
        /// Its name.
        inject: String,
    },
    /// Writes something down: it is in the records, and the players do not see it.
    Note {
        /// What.
        text: String,
    },
    /// Writes to the players.
    Message {
        /// In whose name.
        from: String,
        /// What.
        text: String,
        /// Whether it wants an answer.
        asks: bool,
    },
}

/// How things are, with nothing hidden.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Sight {
    /// When, in the world's time.
    pub at: DateTime<Utc>,
    /// When the world began.
    pub began: DateTime<Utc>,
    /// How fast its time passes.
    pub pace: Pace,
    /// Whether a facilitator has the clock.
    pub is_clock_taken: bool,
    /// Whether the players made a change and no packet of an attack has arrived since, for a while.
    pub is_contained: bool,
    /// Who talks: the traffic of the last ten seconds that were counted.
    pub streams: Vec<Stream>,
    /// What interfaces remember of the connections that the attack has now.
    #[serde(default)]
    pub entries: Vec<EntrySight>,
    /// The injects of the scenario.
    pub injects: Vec<InjectSight>,
    /// All messages to the players.
    pub messages: Vec<Message>,
    /// How the players do so far; `None`: there is nothing to judge yet.
    pub score: Option<Score>,
    /// What happened last but traffic, oldest first.
    pub recent: Vec<ExerciseRecord>,
}

/// What an interface remembers of a connection.
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html>
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct EntrySight {
    /// The conversation's name in the scenario.
    pub conversation: String,
    /// The interface.
    pub interface: EniId,
    /// The IANA number of the protocol.
    pub protocol: u8,
    /// The interface's own side, before any NAT.
    pub own: SocketAddr,
    /// The other side, as the interface sees it.
    pub other: SocketAddr,
    /// Its packets pass whatever the rules are; otherwise they pass by rules.
    pub tracked: bool,
    /// When a tracked one runs out unless another packet comes; `None`: it is untracked, and has no timer.
    pub expires: Option<DateTime<Utc>>,
}

/// An inject, as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct InjectSight {
    /// Its name.
    pub name: String,
    /// Whether it may still take effect by itself, or is about to.
    pub waits: bool,
    /// When it took effect; empty: it did not.
    pub took_effect: Vec<DateTime<Utc>>,
}
