//! What is not tried must have a reason.

use std::collections::{BTreeMap, BTreeSet};

use firedoor::plan::catalogue;

use super::expected::{GROUPS, NOT_SERVED};

/// Whether the emulator serves a call, by the call as IAM names it.
fn coverage() -> BTreeMap<String, bool> {
    let table: toml::Table = include_str!("../emulator/coverage.toml").parse().unwrap();
    let calls = table["call"].as_array().unwrap().iter();
    calls
        .map(|it| {
            let api = it["api"].as_str().unwrap().to_owned();
            (api, it["served"].as_bool().unwrap())
        })
        .collect()
}

#[test]
fn every_possible_action_is_tried_or_needs_a_call_that_is_not_served() {
    let rows = GROUPS.iter().flat_map(|(_, rows)| rows.iter());
    let tried: BTreeSet<&str> = rows.map(|it| it.action).collect();
    let served = coverage();
    for (action, api) in NOT_SERVED {
        assert_eq!(served.get(*api), Some(&false), "{action} could be tried");
    }
    let excused: BTreeSet<&str> = NOT_SERVED.iter().map(|(action, _)| *action).collect();
    for entry in catalogue().iter().filter(|it| it.possible) {
        let known = tried.contains(entry.name) != excused.contains(entry.name);
        assert!(
            known,
            "{} is neither tried nor excused, or both",
            entry.name
        );
    }
    for action in tried {
        let entry = catalogue().iter().find(|it| it.name == action);
        assert!(entry.is_some_and(|it| it.possible), "{action}");
    }
}
