//! Whoever runs an exercise: sees the truth, fires injects, has the clock if they want it, writes to the
//! players and notes down what they do.
//!
//! A drill listens on a socket of its own, for its own user alone. A facilitator who goes takes nothing
//! along: with the last one the clock goes back to the players.

mod client;
mod lines;
mod server;
mod socket;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;

use super::exercise::Act;
use super::ports::Drill;
use super::score::Told;
use super::world::World;
use crate::sources::facilitation::{EntrySight, InjectSight, Order, Sight};
use crate::sources::{ExerciseError, Pace};
pub use client::{JoinError, Joined, join};
pub use server::Facilitation;
pub use socket::{SocketError, running};

/// Records that a sight shows.
const RECENT: usize = 60;

/// What interfaces remember of the attack's connections.
fn entries(world: &World) -> Vec<EntrySight> {
    let memory = world.traffic.memory_of_attack(world.micros(world.now));
    let seen = memory.into_iter().map(|it| EntrySight {
        conversation: it.conversation,
        interface: it.eni,
        protocol: it.packet.protocol,
        own: SocketAddr::new(it.packet.src, it.packet.src_port),
        other: SocketAddr::new(it.packet.dst, it.packet.dst_port),
        tracked: it.entry.tracked,
        expires: it.entry.expires.map(|at| world.moment(at)),
    });
    seen.collect()
}

impl Drill {
    /// How things are, with nothing hidden.
    pub fn sight(&self) -> Sight {
        let world = self.world();
        let standing = self.desk.standing();
        let inject = |(name, waits): (String, bool)| InjectSight {
            took_effect: standing.injected.get(&name).cloned().unwrap_or_default(),
            name,
            waits,
        };
        Sight {
            at: world.now,
            began: self.desk.opening.at,
            pace: self.desk.pace(),
            is_clock_taken: self.desk.is_clock_taken(),
            is_contained: world.is_contained(),
            streams: standing.streams,
            entries: entries(&world),
            injects: world.injects().into_iter().map(inject).collect(),
            messages: self.desk.messages(),
            score: Some(self.judge(&world, Told::default())),
            recent: self.desk.recent(RECENT),
        }
    }

    /// Does what a facilitator wants.
    ///
    /// # Errors
    /// Why it can't be done.
    pub fn order(&self, order: Order) -> Result<(), ExerciseError> {
        match order {
            Order::Pace(pace) => {
                if pace.factor() > Pace::FASTEST {
                    return Err(ExerciseError::TooFast);
                }
                self.desk.take_clock(true);
                self.change_pace(pace);
                Ok(())
            }
            Order::Release => {
                self.desk.take_clock(false);
                Ok(())
            }
            Order::Fire { inject } => self.act(Act::Fire { inject }),
            Order::Note { text } => self.act(Act::Note {
                who: "facilitator".into(),
                text: said(text)?,
            }),
            Order::Message { from, text, asks } => self.act(Act::Message {
                from: said(from)?,
                text: said(text)?,
                asks,
            }),
        }
    }
}

fn said(text: String) -> Result<String, ExerciseError> {
    if text.trim().is_empty() {
        Err(ExerciseError::Empty)
    } else {
        Ok(text)
    }
}
