//! What the world tells of itself.

use std::collections::BTreeSet;

use super::super::scenario::Scenario;
use super::super::score::Stakes;
use super::super::world::World;
use crate::model::{InstanceId, Part};
use crate::sources::{About, Happening};

/// What is at stake.
pub(in crate::drill) fn stakes(scenario: &Scenario) -> Stakes {
    let steals = scenario.scripts.iter().filter(|it| it.exfiltrates);
    Stakes {
        objectives: scenario.objectives.clone(),
        exfiltrating: steals.map(|it| it.conversation.clone()).collect(),
        suspect: called(&scenario.parts, &scenario.suspect),
    }
}

/// What an instance may be called: its name, its id, those of its interfaces, and its addresses.
fn called(parts: &[Part], suspect: &InstanceId) -> BTreeSet<String> {
    let mut names = BTreeSet::from([suspect.to_string()]);
    for part in parts {
        match part {
            Part::Instances(all) => {
                let own = all.iter().filter(|it| it.id == *suspect);
                names.extend(own.map(|it| it.name.clone()));
            }
            Part::Enis(all) => {
                let own = all.iter();
                for it in own.filter(|it| it.instance.as_ref() == Some(suspect)) {
                    names.insert(it.id.to_string());
                    names.extend(it.addresses.iter().map(ToString::to_string));
                }
            }
            _ => {}
        }
    }
    names
}

impl World {
    /// That the exercise began.
    pub(in crate::drill) fn began(&self, about: &About) -> Happening {
        Happening::Began {
            scenario: about.scenario.clone(),
            title: about.title.clone(),
            level: about.level,
            seed: self.settings.seed,
            team: about.team.clone(),
            suspect: self.suspect.clone().unwrap_or_else(|| "".into()),
            history_from: self.epoch,
            // Switches are plain data: they can always be written.
            facts: serde_json::to_value(self.settings.switches).unwrap_or_default(),
        }
    }
}
