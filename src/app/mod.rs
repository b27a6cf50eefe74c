//! The console's state and how it changes: messages in, effects out, and the loop between them.
//!
//! [`AppState::update`] is the only thing that changes the state; it does no I/O and never waits.
//! Everything outside is an [`Effect`] that the loop carries out through a [`Session`].

mod confirm;
mod cursor;
mod event_loop;
mod forecast;
mod health;
mod input;
mod keymap;
mod message;
mod outlook;
mod rows;
mod session;
mod state;
mod update;

pub use confirm::{Confirm, ConfirmFocus};
pub use cursor::Cursor;
pub use event_loop::{Exit, run};
pub use forecast::Forecasts;
pub use health::{FeedHealth, FeedState, age};
pub use input::{Input, Key};
pub use keymap::{BINDINGS, Binding, Command, Context};
pub use message::{Effect, Message, Signal};
pub use rows::{FindingRow, Peer};
pub use session::Session;
pub use state::{AppState, Dialog, Mode, Pane, Settings};
