//! The tables of permissions hold together: whatever is called is granted, once, and as narrowly as can be.

use std::collections::BTreeSet;

use super::*;
use crate::operation::{Operation, apply, invert, observe};
use crate::plan::tests::every_action::{wanted, whole};
use crate::plan::{Plan, What, build, catalogue};

#[test]
fn what_any_operation_or_reading_needs_is_granted() {
    let granted: BTreeSet<&str> = GRANTS.iter().flat_map(|it| it.actions).copied().collect();
    let mut needed = needed_to_read();
    needed.extend(Facts::all().flat_map(|it| it.iam));
    // Only actions that are not possible call it.
    needed.remove("ec2:DetachInternetGateway");
    let missing: Vec<_> = needed.difference(&granted).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn nothing_is_granted_twice_but_tagging() {
    let mut granted: Vec<&str> = GRANTS.iter().flat_map(|it| it.actions).copied().collect();
    granted.sort_unstable();
    let twice = granted.windows(2).filter(|it| it[0] == it[1]);
    assert_eq!(
        twice.map(|it| it[0]).collect::<Vec<_>>(),
        ["ec2:CreateTags"]
    );
}

#[test]
fn only_what_describes_is_granted_on_everything() {
    for grant in &GRANTS {
        assert!(
            grant.sid.chars().all(char::is_alphanumeric),
            "{}",
            grant.sid
        );
        assert!(grant.actions.is_sorted(), "{}", grant.sid);
        let changes = |it: &&&str| {
            let (_, call) = it.split_once(':').unwrap();
            !["Describe", "Get", "List"]
                .iter()
                .any(|verb| call.starts_with(verb))
        };
        let everything = grant.resources == ["*"];
        let changing = grant.actions.iter().find(changes);
        assert!(!everything || changing.is_none(), "{changing:?}");
    }
    let sids: BTreeSet<&str> = GRANTS.iter().map(|it| it.sid).collect();
    assert_eq!(sids.len(), GRANTS.len());
}

#[test]
fn a_reading_session_may_change_nothing() {
    for statement in read_only().statement {
        for action in statement.action {
            let (_, call) = action.split_once(':').unwrap();
            let reads = ["Describe", "Filter", "Get", "List"];
            assert!(reads.iter().any(|it| call.starts_with(it)), "{action}");
        }
    }
}

/// The permissions that a plan and the undo of it need.
fn permissions(plan: &Plan) -> BTreeSet<&'static str> {
    let mut estate = whole();
    let mut needed = BTreeSet::new();
    let mut bindings = crate::operation::Bindings::default();
    for step in &plan.steps {
        let What::Change(operation) = &step.what else {
            continue;
        };
        let operation = operation.bind(&bindings).unwrap();
        needed.extend(operation.facts().iam);
        let before = observe(&estate, &operation);
        let made = format!("new:{}", step.id);
        if apply(&mut estate, &operation, &made).is_ok() {
            bindings.insert(step.id, made.clone());
        }
        let undo = before.and_then(|before| invert(&operation, &before, Some(&made)));
        needed.extend(undo.iter().flat_map(|it: &Operation| it.facts().iam));
    }
    needed
}

#[test]
fn the_policy_of_an_action_covers_its_run_and_its_undo() {
    let estate = whole();
    for entry in catalogue().iter().filter(|it| it.possible) {
        let action = entry.action;
        let plan = build(&estate, &wanted(action)).unwrap();
        let policy = contain(&[action]);
        let allowed: BTreeSet<&str> = policy
            .statement
            .iter()
            .flat_map(|it| it.action.iter().copied())
            .collect();
        let needed = permissions(&plan);
        let missing: Vec<_> = needed.difference(&allowed).collect();
        assert!(missing.is_empty(), "{action}: {missing:?}");
    }
}

#[test]
fn every_call_of_the_table_is_an_operations() {
    let known: BTreeSet<&str> = Facts::all().map(|it| it.api).collect();
    for action in Action::ALL {
        for call in calls::calls(action) {
            assert!(known.contains(call), "{action}: {call}");
        }
        assert!(action.entry().possible || calls::calls(action).is_empty());
    }
    for maker in grants::MAKERS {
        assert!(known.contains(maker), "{maker}");
    }
}

#[test]
fn what_makes_a_thing_may_tag_it_and_nothing_else_may() {
    let sids = |actions: &[Action]| {
        let all = contain(actions).statement.into_iter().map(|it| it.sid);
        all.collect::<Vec<_>>()
    };
    assert!(!sids(&[Action::ProfileDetach]).contains(&"TagWhatIsMade"));
    assert!(sids(&[Action::ProfileDetach]).contains(&"GiveRolesBack"));
    let policy = contain(&[Action::NaclSwap, Action::SnapshotAll]);
    let made = policy.statement.iter().find(|it| it.sid == "TagWhatIsMade");
    let names = &made.unwrap().condition["StringEquals"]["ec2:CreateAction"];
    assert_eq!(*names, json!(["CreateNetworkAcl", "CreateSnapshots"]));
    let sids = sids(&[Action::NaclSwap]);
    assert!(!sids.contains(&"ChangeRules") && sids.contains(&"DeleteWhatWasMade"));
}

#[test]
fn whatever_a_plan_makes_bears_the_tag_by_which_it_may_be_deleted() {
    let estate = whole();
    let mut made = 0;
    for entry in catalogue().iter().filter(|it| it.possible) {
        let plan = build(&estate, &wanted(entry.action)).unwrap();
        for operation in plan.operations() {
            let (Operation::CreateGroup { tags, .. }
            | Operation::CreateAcl { tags, .. }
            | Operation::CreateRouteTable { tags, .. }
            | Operation::CreateInterface { tags, .. }) = operation
            else {
                continue;
            };
            made += 1;
            assert!(
                tags.iter().any(|(key, _)| key == "firedoor:suspect"),
                "{operation:?}"
            );
        }
    }
    assert!(made > 3, "{made}");
}
