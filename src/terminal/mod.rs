//! The only place that touches the terminal and signals: entering and leaving, input, frames.

mod input;
mod screen;

pub use input::{messages, stop_signal};
pub use screen::{Screen, restore};
