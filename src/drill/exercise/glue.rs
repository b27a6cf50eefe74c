//! What the world tells of itself.

use super::super::scenario::Scenario;
use super::super::score::Stakes;
use super::super::world::World;
use crate::sources::{About, Happening};

/// What is at stake.
pub(in crate::drill) fn stakes(_: &Scenario) -> Stakes {
    Stakes::default()
}

impl World {
    /// Fires an inject.
    ///
    /// # Errors
    /// Why it can't be fired.
    pub(in crate::drill) fn fire(&mut self, name: &str) -> Result<(), String> {
        Err(format!("no inject is named {name:?}"))
    }

    /// The injects by name, and whether each may still take effect by itself.
    pub(in crate::drill) fn injects(&self) -> Vec<(String, bool)> {
        Vec::new()
    }

    /// That the exercise began.
    pub(in crate::drill) fn began(&self, about: &About) -> Happening {
        Happening::Began {
            scenario: about.scenario.clone(),
            title: about.title.clone(),
            level: about.level,
            seed: 0,
            team: about.team.clone(),
            suspect: "i-0f00d0000000beef1".into(),
            history_from: self.now,
            facts: serde_json::Value::Null,
        }
    }
}
