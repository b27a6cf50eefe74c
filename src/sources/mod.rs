//! The read ports, and the task that keeps them polled.
//!
//! A [`Source`] answers [`Request`]s with [`Reading`]s; [`poll`] decides what to ask when, parses
//! flow log lines, and turns everything into [`Update`]s for the console. A [`dump`] is a source made
//! of files, and a [`snapshot`] writes one. Nothing here changes an account.

mod clock;
pub mod dump;
mod exercise;
pub mod facilitation;
mod poll;
mod port;
mod scope;
pub mod snapshot;

pub use clock::{Clock, SystemClock};
pub use exercise::{
    About, BUCKET_SECONDS, CallOutcome, Evidence, Exercise, ExerciseError, ExerciseRecord,
    Happening, Message, Pace, Reason, Reply, Score, Stream, Undone,
};
pub use poll::{
    Command, Feed, FlowTargets, Outcome, PollSettings, Poller, Update, UpdateKind, readable_logs,
};
pub use port::{
    Coverage, FlowLine, FlowLines, FlowQuery, Identity, Reading, Request, Scope, Sink, Source,
    SourceError, SourceErrorKind,
};
pub use scope::{part_of, vpcs_of};
