//! The console's state and how it changes: messages in, effects out, and the loop between them.
//!
//! [`AppState::update`] is the only thing that changes the state; it does no I/O and never waits.
//! Everything outside is an [`Effect`] that the loop carries out through a [`Session`].

mod asked;
mod choice;
mod confirm;
mod cursor;
mod errands;
mod event_loop;
mod explained;
mod facilitator;
mod forecast;
mod health;
mod input;
mod keymap;
mod lamps;
mod listed;
mod message;
mod outlook;
mod past;
mod picture;
mod played;
mod rows;
mod selected;
mod session;
mod state;
mod update;

pub use asked::Asked;
pub use choice::Choice;
pub use confirm::{Confirm, ConfirmFocus, Hit, Preflight};
pub use cursor::Cursor;
pub use event_loop::{Exit, run};
pub use explained::Explained;
pub use facilitator::{Dictated, Facilitator, Wish};
pub use forecast::Forecasts;
pub use health::{FeedHealth, FeedState, age};
pub use input::{Input, Key};
pub use keymap::{BINDINGS, Binding, Command, Context};
pub use lamps::{Lamp, LampState, safe_point};
pub use listed::{Listed, SinceRun};
pub use message::{Effect, Message, Signal};
pub use past::{Archived, Browsing, OpenFocus, OpenRuns, Past};
pub use picture::{Grid, GridLine, Mark, Marks, Part, Picture, Section};
pub use played::{Mail, Played, Playing};
pub use rows::{FindingRow, Peer};
pub use selected::{Selected, Story};
pub use session::Session;
pub use state::{AppState, Dialog, Mode, Pane, Settings};
