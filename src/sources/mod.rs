//! The read ports, and the task that keeps them polled.
//!
//! A [`Source`] answers [`Request`]s with [`Reading`]s; [`poll`] decides what to ask when, parses
//! flow log lines, and turns everything into [`Update`]s for the console. Nothing here writes.

mod clock;
mod poll;
mod port;

pub use clock::{Clock, SystemClock};
pub use poll::{
    Command, Feed, FlowTargets, Outcome, PollSettings, Poller, Update, UpdateKind, readable_logs,
};
pub use port::{
    Coverage, FlowLine, FlowLines, FlowQuery, Identity, Reading, Request, Scope, Sink, Source,
    SourceError, SourceErrorKind,
};
