//! What can happen to the console, and what it can ask for.

use std::path::PathBuf;
use std::sync::Arc;

use super::input::Input;
use super::past::Archived;
use super::played::Played;
use crate::executor::{Checked, Resume, RunEvent, RunView};
use crate::plan::{Plan, Taken};
use crate::sources::{Command, Pace, Update};

/// Something happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// The analyst did something.
    Input(Input),
    /// A source has news.
    Update(Box<Update>),
    /// The run has news.
    Run(Box<RunEvent>),
    /// What AWS would say to the calls of the plan in this dialog.
    Preflighted {
        /// The dialog.
        ticket: u64,
        /// The answers; `None`: there is nobody to ask.
        checked: Option<Vec<Checked>>,
    },
    /// How everything is now that a run has touched.
    Surveyed {
        /// The run.
        run: String,
        /// What was found, or why nobody could look.
        taken: Result<Vec<Taken>, String>,
    },
    /// The exercise is not as it was.
    Exercise(Box<Played>),
    /// The exercise did not do what was wanted: why.
    ExerciseRefused(String),
    /// The journals were read.
    Archive(Arc<Archived>),
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
    /// Ask AWS about the calls of a plan, without making them.
    Preflight {
        /// The dialog that wants to know.
        ticket: u64,
        /// The plan.
        plan: Box<Plan>,
    },
    /// Look at everything that a run has changed.
    Survey(Box<RunView>),
    /// Take up a run that was left in the middle.
    Resume {
        /// Its journal.
        path: PathBuf,
        /// How.
        how: Resume,
    },
    /// Let the exercise's time pass at this pace.
    Pace(Pace),
    /// Answer a message of the exercise.
    Answer {
        /// Its number.
        id: u32,
        /// What is said.
        text: String,
    },
    /// The players of the exercise look into it.
    Looked,
    /// Read the journals.
    ReadArchive,
    /// Ask the run to stop.
    StopRun,
    /// Leave the loop.
    Quit,
}
