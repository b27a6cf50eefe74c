//! The drill: an embedded world that implements the ports, so that the whole console can be
//! exercised without an account.
//!
//! A [`Scenario`] is a text file: a VPC, who talks to whom, and what `GuardDuty` finds when. A
//! [`World`] is a scenario in motion: it judges every packet by the groups, NACLs and connection
//! tracking in force, and writes flow log records of what it saw. [`Drill`] puts the world behind the
//! read and write ports. The packet judgement is written here on its own, apart from the forecast
//! that the console makes, so that each can be tested against the other.

mod beside;
mod change;
mod clock;
mod credentials;
mod due;
mod exercise;
pub mod experiments;
mod facilitator;
mod faults;
mod guessed;
mod health;
mod injects;
mod leftover;
mod load;
pub mod net;
mod news;
mod number;
mod party;
mod ports;
mod record;
mod scenario;
mod score;
mod shown;
#[cfg(test)]
mod tests;
mod traffic;
mod world;

pub use crate::model::Place;
pub use clock::DrillClock;
pub use exercise::{Act, Deed, Header, Recorder, Recording, RecordingError, digest};
pub use facilitator::{Facilitation, JoinError, Joined, SocketError, join, running};
pub use faults::{Delay, Fault};
pub use load::Load;
pub use ports::Drill;
pub use record::FORMAT;
pub use scenario::{
    Evidence, Objectives, Role, Scenario, ScenarioError, find, load, reference, shipped,
};
pub use score::{RULES, Rule, Stakes, Told, score};
pub use traffic::{BUCKET, Bucket, Ledger, Sums, Truth};
pub use world::World;
