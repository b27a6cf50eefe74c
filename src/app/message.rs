//! What can happen to the console, and what it can ask for.

use super::input::Input;
use crate::executor::RunEvent;
use crate::plan::Plan;
use crate::sources::{Command, Update};

/// Something happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// The analyst did something.
    Input(Input),
    /// A source has news.
    Update(Box<Update>),
    /// The run has news.
    Run(Box<RunEvent>),
    /// The run could not be started, or its task died: why.
    RunLost(String),
    /// A signal arrived.
    Signal(Signal),
    /// Time passed: ages change.
    Tick,
}

/// A signal that the console handles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// The terminal is gone (SIGHUP).
    HangUp,
    /// SIGTERM.
    Terminate,
}

/// Something to be done outside the state.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Tell the poller.
    Poll(Command),
    /// Run this plan: it was confirmed.
    Start(Box<Plan>),
    /// Ask the run to stop.
    StopRun,
    /// Leave the loop.
    Quit,
}
