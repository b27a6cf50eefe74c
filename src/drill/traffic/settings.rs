//! What a scenario says of the world as a whole.

use chrono::TimeDelta;

use crate::drill::net::Switches;

/// What a scenario says of the world as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::drill) struct Settings {
    /// What all chance comes from.
    pub(in crate::drill) seed: u64,
    /// How much history there is when the drill begins.
    pub(in crate::drill) history: TimeDelta,
    /// What AWS does where its documentation is silent.
    pub(in crate::drill) switches: Switches,
    /// How long a flow log's records take until they can be read.
    pub(in crate::drill) delivery: TimeDelta,
    /// How long a change takes until packets feel it.
    pub(in crate::drill) propagation: TimeDelta,
    /// How long a change takes until calls that describe show it.
    pub(in crate::drill) visibility: TimeDelta,
    /// How long an instance of an Auto Scaling group may fail its health checks; absent: for ever.
    pub(in crate::drill) asg_grace: Option<TimeDelta>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: 0,
            history: TimeDelta::hours(1),
            switches: Switches::default(),
            delivery: TimeDelta::zero(),
            propagation: TimeDelta::zero(),
            visibility: TimeDelta::zero(),
            asg_grace: None,
        }
    }
}
