//! The tags that every plan sets, and the figures of every plan.

use std::fmt::Write as _;

use super::every_action::{wanted, whole};
use super::*;
use crate::operation::TagValue;

fn set(step: &Step) -> Option<(&str, &std::collections::BTreeMap<String, Option<TagValue>>)> {
    match &step.what {
        What::Change(Operation::SetTags { resource, tags }) => Some((resource.as_str(), tags)),
        _ => None,
    }
}

#[test]
fn every_plan_marks_the_suspect_first_and_takes_the_lock_off_last() {
    let estate = whole();
    for action in Action::ALL {
        let Ok(plan) = build(&estate, &wanted(action)) else {
            continue;
        };
        let two_step = action.entry().safe_point == SafePoint::Emptied;
        let first = &plan.steps[0];
        let (suspect, tags) = set(first).unwrap();
        assert_eq!(suspect, fixture::suspect().as_str(), "{action}");
        assert_eq!(first.class, Class::Should);
        assert!(first.after.is_empty());
        let keys: Vec<&str> = tags.keys().map(String::as_str).collect();
        let mut expected = vec![CASE_TAG, LOCK_TAG, RUN_TAG, TIME_TAG];
        if two_step {
            expected.push(OPEN_TAG);
            expected.sort_unstable();
        }
        assert_eq!(keys, expected, "{action}");

        let (last, before) = plan.steps.split_last().unwrap();
        let (suspect, tags) = set(last).unwrap();
        assert_eq!(suspect, fixture::suspect().as_str(), "{action}");
        assert_eq!(last.class, Class::OnceSafe(first.id));
        assert!(
            before.iter().all(|it| last.after.contains(&it.id)),
            "{action}"
        );
        assert!(tags.values().all(Option::is_none));
        assert_eq!(tags.contains_key(OPEN_TAG), two_step, "{action}");
        assert!(tags.contains_key(LOCK_TAG), "{action}");
    }
}

#[test]
fn nothing_but_an_opening_rule_waits_for_a_tag() {
    let estate = whole();
    for action in Action::ALL {
        let Ok(plan) = build(&estate, &wanted(action)) else {
            continue;
        };
        let (_, others) = plan.steps.split_last().unwrap();
        let tagging = others.iter().filter(|it| set(it).is_some());
        let tagging: BTreeSet<StepId> = tagging.map(|it| it.id).collect();
        for step in others {
            let opens = matches!(
                &step.what,
                What::Change(Operation::AuthorizeRules {
                    direction: Direction::Ingress,
                    ..
                })
            );
            let waits = !step.after.is_disjoint(&tagging);
            assert_eq!(waits, opens, "{action} {}", step.prose());
        }
    }
}

#[test]
fn everything_else_that_is_changed_gets_the_tags_of_the_case() {
    let estate = whole();
    for (action, resources) in [
        (Action::SgSwap, vec!["eni-web1"]),
        (Action::NaclSwap, vec!["subnet-a"]),
        (Action::NaclDenyPeer, vec!["acl-shared"]),
        (Action::NaclPulse, vec!["acl-shared", "eni-web1"]),
        (Action::IgwRoutesOffVpc, vec!["rtb-other", "rtb-public"]),
        (Action::SgRevokeRules, vec!["sg-web"]),
        (Action::PublicIpOff, vec!["eni-web1"]),
        (Action::ProfileDetach, vec![]),
    ] {
        let plan = build(&estate, &wanted(action)).unwrap();
        let tagged = plan.steps[1..plan.steps.len() - 1].iter().filter_map(set);
        let tagged: Vec<(&str, Vec<&str>)> = tagged
            .map(|(id, tags)| (id, tags.keys().map(String::as_str).collect()))
            .collect();
        let expected: Vec<(&str, Vec<&str>)> = resources
            .into_iter()
            .map(|it| (it, vec![CASE_TAG, RUN_TAG, TIME_TAG]))
            .collect();
        assert_eq!(tagged, expected, "{action}");
    }
}

#[test]
fn a_suspect_that_takes_no_more_tags_is_contained_nevertheless() {
    let mut estate = whole();
    estate.update_instance(&fixture::suspect(), |it| {
        it.tags = (0..49)
            .map(|n| (format!("key-{n}"), String::new()))
            .collect();
    });
    let plan = build(&estate, &wanted(Action::SgSwap)).unwrap();
    let said = plan.remarks.last().unwrap();
    assert!(
        said.contains("step 1") && said.contains("TagLimitExceeded"),
        "{said}"
    );
    let network = crate::analysis::Network::new(&estate);
    assert!(stages(&plan, &network).is_ok());
}

/// How many calls wait for one another: what an analyst feels at 200 ms a round trip.
#[test]
fn the_figures_of_every_action_are_what_they_were() {
    let mut text = String::new();
    for it in figures(&whole(), &wanted(Action::Tag)) {
        let (action, calls, trips, waits) = (it.action, it.calls, it.round_trips, it.waits);
        writeln!(
            text,
            "{action}: {calls} calls, {trips} in a row, waits {waits} s"
        )
        .unwrap();
    }
    insta::assert_snapshot!(text);
}

#[test]
fn with_the_pair_staged_every_interface_is_one_call_from_open_and_one_more_from_closed() {
    let plan = build(&whole(), &wanted(Action::SgTwoStepStaged)).unwrap();
    assert_eq!(plan.round_trips(), 2);
    let swaps: Vec<&Step> = plan
        .steps
        .iter()
        .filter(|it| matches!(it.what, What::Change(Operation::SetEniGroups { .. })))
        .collect();
    let [open, close] = swaps.as_slice() else {
        panic!("{swaps:?}")
    };
    assert!(open.after.is_empty() && open.known.is_some() && close.known.is_some());
    let waits: Vec<&Step> = close.after.iter().filter_map(|it| plan.step(*it)).collect();
    assert!(matches!(
        waits.as_slice(),
        [Step {
            what: What::Wait { .. },
            ..
        }]
    ));
}
