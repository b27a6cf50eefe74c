//! What an exercise begins with, as its scenario has it.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::super::scenario::Scenario;
use super::super::score::Stakes;
use crate::model::text::visible;
use crate::model::{Estate, InstanceId};
use crate::sources::{About, Happening};

/// What is known of an exercise before its world moves.
#[derive(Debug)]
pub(in crate::drill) struct Opening {
    pub(in crate::drill) about: About,
    pub(super) stakes: Stakes,
    pub(super) began: Happening,
    /// When the drill began.
    pub(in crate::drill) at: DateTime<Utc>,
}

impl Opening {
    /// `named` says who plays what; `at` is when.
    pub(in crate::drill) fn of(scenario: &Scenario, named: About, at: DateTime<Utc>) -> Self {
        let about = About {
            scenario: visible(&named.scenario).into_owned(),
            team: named.team.map(|it| visible(&it).into_owned()),
            title: scenario.title().to_owned(),
            summary: scenario.summary().to_owned(),
            level: scenario.level(),
        };
        let settings = &scenario.settings;
        let began = Happening::Began {
            scenario: about.scenario.clone(),
            title: about.title.clone(),
            level: about.level,
            seed: settings.seed,
            team: about.team.clone(),
            suspect: scenario.suspect().clone(),
            history_from: at - settings.history,
            // Switches are plain data: they can always be written.
            facts: serde_json::to_value(settings.switches).unwrap_or_default(),
        };
        Self {
            stakes: stakes(scenario, at),
            about,
            began,
            at,
        }
    }
}

fn stakes(scenario: &Scenario, at: DateTime<Utc>) -> Stakes {
    let estate = Estate::from_parts(scenario.parts.clone(), at);
    let stolen = scenario.scripts.iter().filter(|it| it.exfiltrates);
    Stakes {
        objectives: scenario.objectives().clone(),
        exfiltrating: stolen.map(|it| it.conversation.clone()).collect(),
        suspect: names(&estate, scenario.suspect()),
    }
}

/// All that an instance may be called in records.
fn names(estate: &Estate, instance: &InstanceId) -> BTreeSet<String> {
    let known = estate.instance(instance).map(|it| it.name.clone());
    let interfaces = estate.enis_of_instance(instance).flat_map(|eni| {
        let addresses = eni.addresses.iter().map(ToString::to_string);
        std::iter::once(eni.id.to_string()).chain(addresses)
    });
    std::iter::once(instance.to_string())
        .chain(known)
        .chain(interfaces)
        .collect()
}
