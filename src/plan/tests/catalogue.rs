//! The table of actions: complete, in order, and true of the plans.

use super::super::catalogue::catalogue;
use super::*;

#[test]
fn the_catalogue_lists_every_action_once_in_the_order_of_the_enum() {
    for (index, (action, entry)) in Action::ALL.into_iter().zip(catalogue()).enumerate() {
        assert_eq!((entry.action, action as usize), (action, index));
        let written = serde_json::to_value(action).unwrap();
        assert_eq!(written, entry.name, "as the journal writes it");
    }
}

#[test]
fn what_is_not_possible_comes_last() {
    let entries = catalogue();
    let possible: Vec<bool> = entries.iter().map(|it| it.possible).collect();
    assert!(possible.is_sorted_by(|a, b| a >= b), "{possible:?}");
    assert_eq!(possible.iter().filter(|it| !**it).count(), 9);
}

#[test]
fn every_entry_says_what_there_is_to_say() {
    for entry in catalogue() {
        let name = entry.name;
        assert!(
            !entry.summary.is_empty() && !entry.caveat.is_empty(),
            "{name}"
        );
        let ends = [
            entry.summary,
            entry.caveat,
            entry.stays,
            entry.evidence_lost,
        ];
        assert!(ends.iter().all(|it| !it.ends_with('.')), "{name}");
        assert_eq!(entry.reason.is_empty(), entry.possible, "{name}");
        let page = entry.reason.contains("https://docs.aws.amazon.com/");
        assert_eq!(page, !entry.possible, "{name}");
        assert!(entry.cuts || !entry.fails_health_checks, "{name}");
        assert!(entry.needs.contains(&PartKind::Instances), "{name}");
    }
}

#[test]
fn what_a_reading_makes_of_a_plan_is_what_was_written() {
    for entry in catalogue() {
        let text = serde_json::to_string(&entry.action).unwrap();
        let read: Action = serde_json::from_str(&text).unwrap();
        assert_eq!(read, entry.action);
    }
}
