//! The state, drawn. Never changes it, and names no colour outside [`styles`].
//!
//! ```text
//! ┌ identity · region · mode                        source ages ┐  top
//! │ 1 Findings │ 2 Suspect │ 3 Neighbours │ …   (below 120)     │  tabs
//! │┌ Findings ─────────────┐┌ Suspect ─────────────────────────┐│
//! ││ severity type instance ││ its interfaces and what they use ││  panes: one at a time below
//! │└───────────────────────┘├ Neighbours / Actions / Run ──────┤│  120 columns, two columns
//! │┌ Flows ────────────────┐│ who is hit, and by what          ││  from there on
//! │└───────────────────────┘└──────────────────────────────────┘│
//! └ notice, or the hints of the keys that hold here             ┘  bottom
//! ```

mod dialogs;
mod exercise;
mod facilitator;
mod frame;
mod panes;
pub mod styles;
mod text;
mod verdicts;

pub use facilitator::draw as draw_facilitator;
pub use frame::draw;
pub use styles::{Depth, Styles};
pub use text::wrap;
