//! What the dwell of a two-step is for: the suspect's flows when it began, and what is known of each since.

use super::outlook::is_two_step;
use super::state::AppState;
use crate::flows::{Edge, EdgeKey};
use crate::plan::{Plan, SafePoint};

/// A flow of the suspect when a two-step was started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lamp {
    /// The flow.
    pub key: EdgeKey,
    /// It had traffic in each of the last ten minutes of the log.
    pub active: bool,
}

/// What is known of such a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LampState {
    /// The log shows it after the run's end.
    GoesOn,
    /// It was silent for a while: one that is open and stays silent passes no packet in the open group.
    LikelySurvivor,
    /// It is active, so that it is expected to pass a packet in the open group, and to be cut.
    Expected,
    /// The log is complete to minutes after the run's end, and shows it no more.
    Observed,
}

impl LampState {
    /// The words on screen.
    pub fn words(self) -> &'static str {
        match self {
            Self::GoesOn => "GOES ON",
            Self::LikelySurvivor => "likely survivor",
            Self::Expected => "expected",
            Self::Observed => "observed: not seen since",
        }
    }
}

/// How long after the end of a run its flows must be missing from the log.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs.html>
const COMPLETE: chrono::TimeDelta = chrono::TimeDelta::minutes(3);

impl AppState {
    /// The flows of the suspect that a plan is to cut by opening first; none if it does not.
    pub(super) fn lamps_of(&self, plan: &Plan) -> Vec<Lamp> {
        if !is_two_step(plan) || plan.suspect() != self.suspect().as_ref() {
            return Vec::new();
        }
        let (active, silent) = self.live_flows();
        let lamp = |active| {
            move |edge: Edge<'_>| Lamp {
                key: edge.key,
                active,
            }
        };
        let silent = silent.into_iter().map(lamp(false));
        active.into_iter().map(lamp(true)).chain(silent).collect()
    }

    /// What is known of a flow since the run began.
    pub fn lamp_state(&self, lamp: &Lamp) -> LampState {
        let ended = self.run.as_ref().and_then(|it| it.ended).map(|(at, _)| at);
        let edge = self.flows.edge(&lamp.key);
        let seen = ended.zip(edge).is_some_and(|(at, it)| it.last_start > at);
        let newest = self.flows.coverage().newest_end;
        let complete = ended.zip(newest);
        let complete = complete.is_some_and(|(at, newest)| newest >= at + COMPLETE);
        match (seen, complete, lamp.active) {
            (true, ..) => LampState::GoesOn,
            (_, true, _) => LampState::Observed,
            (_, _, true) => LampState::Expected,
            (_, _, false) => LampState::LikelySurvivor,
        }
    }
}

/// Where a run goes when it is stopped, in words.
pub fn safe_point(plan: &Plan) -> &'static str {
    let points = plan.actions();
    let has = |point| points.iter().any(|it| it.entry().safe_point == point);
    match (has(SafePoint::Emptied), has(SafePoint::Lifted)) {
        (true, true) => "once what it opened is emptied, and what it denies is lifted",
        (true, false) => "once what it opened is emptied",
        (false, true) => "once what it denies for a while is lifted",
        (false, false) => "after the calls in flight",
    }
}
