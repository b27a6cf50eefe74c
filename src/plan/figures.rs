//! How much work each action is on a given estate.

use super::builder::{Intent, build};
use super::catalogue::Action;
use crate::model::Estate;

/// The size of an action's plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    /// The action.
    pub action: Action,
    /// The calls that change something, tags included.
    pub calls: usize,
    /// The longest chain of calls of which each waits for the one before.
    pub round_trips: usize,
    /// The longest that it waits on purpose, in seconds.
    pub waits: usize,
}

/// The figures of every action that can be planned for the suspect of an intent, in the order of the
/// catalogue.
pub fn figures(estate: &Estate, intent: &Intent) -> Vec<Figures> {
    let of = |action| {
        let plan = build(
            estate,
            &Intent {
                action,
                ..intent.clone()
            },
        );
        plan.ok().map(|plan| Figures {
            action,
            calls: plan.calls(),
            round_trips: plan.round_trips(),
            waits: plan.waits(),
        })
    };
    Action::ALL.into_iter().filter_map(of).collect()
}
