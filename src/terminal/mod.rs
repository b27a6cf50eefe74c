//! The only place that touches the terminal and signals: entering and leaving, input, frames.

mod input;
mod screen;

pub use input::messages;
pub use screen::{Screen, restore};
