//! What an action does, computed from what was read. Pure: no I/O, no clock, no panics.
//!
//! [`Network`] is an estate made ready for judging packets; [`Course`] says what becomes of a flow under
//! a plan, with the deciding object, the grade and the source. [`live`] says which flows there are,
//! after the flow logs. [`neighbourhood`] says who shares a scope with the suspect; [`blast`] says whom
//! a plan's operations hit besides it. All work on an estate that may have holes, and say so by doubts.

mod acl;
mod beyond;
mod blast;
mod cause;
mod explain;
mod first_packet;
mod flow;
mod grade;
mod groups;
mod live;
mod neighbours;
mod network;
mod paths;
mod placed;
mod residual;
mod role;
mod routes;
mod services;
mod timers;
mod touched;
mod tracker;
mod traffic;
mod verdict;
mod walk;

pub use blast::{Blast, blast, dependents};
pub use cause::Decision;
pub use explain::{Check, Explanation, PacketStory};
pub use first_packet::FirstPacket;
pub use flow::{Flow, IcmpKind, PathElement, PortSpan};
pub use grade::{Grade, source};
pub use groups::{Tracking, TrackingReason};
pub use live::{
    BLIND_SPOTS, BlindSpot, ConfirmedCut, Live, LiveFlow, NatLeg, Opener, Transit, live,
};
pub use neighbours::{Link, Neighbour, Neighbourhood, eni_label, everyone, neighbourhood};
pub use network::Network;
pub use paths::Paths;
pub use residual::{Channel, Residual, network_channels};
pub use role::Role;
pub use routes::TargetKind;
pub use timers::Timer;
pub use tracker::{FlowTracker, Step};
pub use traffic::{Counts, FlowFate, Seen, Tally, Traffic};
pub use verdict::{Activity, Course, Fate, HORIZON, Judgement, RouteFound, Stage, Verdict};
