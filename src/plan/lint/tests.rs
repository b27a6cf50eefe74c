//! Each rule: a plan that breaks it, and one that does not.

use std::collections::BTreeSet;

use super::*;
use crate::model::{AsgMembership, Part, Platform, fixture};
use crate::operation::{At, GroupRef, Ref};
use crate::plan::catalogue::Action;
use crate::plan::step::{Class, Target};

/// A suspect in service in an Auto Scaling group.
fn member(lifecycle: &str) -> Estate {
    let member = AsgMembership {
        instance: fixture::suspect(),
        group: "web-asg".into(),
        lifecycle: lifecycle.into(),
        size: None,
    };
    fixture::estate().with(Part::AsgMemberships(vec![member]), fixture::read_at())
}

/// Chains of changes, of which each waits for the one before.
fn plan(procedure: Procedure, chains: &[&[Operation]]) -> Plan {
    let mut steps: Vec<Step> = Vec::new();
    for chain in chains {
        let mut last = None;
        for operation in *chain {
            let id = StepId(u16::try_from(steps.len() + 1).unwrap());
            steps.push(Step {
                id,
                what: What::Change(operation.clone()),
                class: Class::Must,
                after: BTreeSet::from_iter(last),
                part: None,
                known: None,
            });
            last = Some(id);
        }
    }
    Plan {
        procedure,
        target: Target::Instance(fixture::suspect()),
        steps,
        remarks: Vec::new(),
    }
}

fn swap() -> Operation {
    let groups: Vec<GroupRef> = vec![Ref::Id("sg-empty".into())];
    Operation::SetEniGroups {
        eni: "eni-web1".into(),
        groups,
    }
}

fn standby() -> Operation {
    Operation::EnterStandby {
        instance: fixture::suspect(),
        asg: "web-asg".into(),
        decrement: true,
    }
}

fn snapshots() -> Operation {
    Operation::CreateSnapshots {
        instance: fixture::suspect(),
        tags: Vec::new(),
    }
}

fn stop(hibernate: bool) -> Operation {
    Operation::StopInstance {
        instance: fixture::suspect(),
        hibernate,
    }
}

fn profile_off() -> Operation {
    Operation::DisassociateProfile {
        instance: fixture::suspect(),
    }
}

fn revoke() -> Operation {
    Operation::RevokeSessions {
        profile: "web-profile".into(),
        until: At::After(30),
    }
}

fn host_block() -> Operation {
    Operation::RunHostBlock {
        instance: fixture::suspect(),
        platform: Platform::Unix,
        peer: "203.0.113.66".parse().unwrap(),
        name: "firedoor-block".into(),
    }
}

fn protect() -> Operation {
    Operation::SetAttribute {
        instance: fixture::suspect(),
        attribute: Attribute::TerminationProtection(true),
    }
}

type Case<'a> = (
    Estate,
    &'a [&'a [Operation]],
    &'a [(&'static str, &'a [u16])],
);

fn found(estate: &Estate, plan: &Plan, former: &[Operation]) -> Vec<(&'static str, Vec<u16>)> {
    let lints = lint(estate, plan, former).into_iter();
    let steps = lints.map(|it| (it.rule, it.steps.iter().map(|it| it.0).collect()));
    steps.collect()
}

#[test]
fn each_rule_finds_what_breaks_it_and_nothing_else() {
    let calm = fixture::estate;
    let mut bare = fixture::estate();
    bare.set_profile(&fixture::suspect(), None);
    let mut stopped = fixture::estate();
    stopped.update_instance(&fixture::suspect(), |it| it.state = InstanceState::Stopped);
    let cases: [Case<'_>; 22] = [
        (calm(), &[&[swap(), snapshots()]], &[]),
        (calm(), &[&[snapshots()], &[swap()]], &[]),
        (
            calm(),
            &[&[snapshots(), swap()]],
            &[("wait-for-snapshot", &[2])],
        ),
        (calm(), &[&[snapshots(), stop(true)]], &[]),
        (member("InService"), &[&[standby(), swap()]], &[]),
        (member("Standby"), &[&[swap()]], &[]),
        (
            member("InService"),
            &[&[swap(), standby()]],
            &[("cut-before-standby", &[1])],
        ),
        (
            member("InService"),
            &[&[standby()], &[swap()]],
            &[("cut-before-standby", &[2])],
        ),
        (member("InService"), &[&[snapshots()]], &[]),
        (calm(), &[&[profile_off(), revoke()]], &[]),
        (
            calm(),
            &[&[revoke()]],
            &[("revoke-before-profile-off", &[1])],
        ),
        (
            calm(),
            &[&[revoke(), profile_off()]],
            &[("revoke-before-profile-off", &[1])],
        ),
        (bare, &[&[revoke()]], &[]),
        (calm(), &[&[stop(false)]], &[("stop-before-memory", &[1])]),
        (calm(), &[&[stop(true)]], &[]),
        (stopped, &[&[stop(false)]], &[]),
        (calm(), &[&[protect(), stop(true)]], &[]),
        (
            calm(),
            &[&[stop(true), protect()]],
            &[("protect-after-stop", &[1])],
        ),
        (calm(), &[&[host_block(), profile_off(), swap()]], &[]),
        (
            calm(),
            &[&[profile_off(), host_block()]],
            &[("profile-off-before-guest", &[2])],
        ),
        (
            calm(),
            &[&[swap(), host_block()]],
            &[("cut-before-guest", &[2])],
        ),
        (
            calm(),
            &[&[host_block()], &[swap()]],
            &[("cut-before-guest", &[1])],
        ),
    ];
    for (number, (estate, operations, expected)) in cases.into_iter().enumerate() {
        let plan = plan(Procedure::Action(Action::Tag), operations);
        let expected: Vec<_> = expected
            .iter()
            .map(|(rule, it)| (*rule, it.to_vec()))
            .collect();
        assert_eq!(found(&estate, &plan, &[]), expected, "{number}");
    }
}

#[test]
fn what_earlier_runs_of_the_case_did_counts() {
    let estate = fixture::estate();
    let plan = plan(Procedure::Action(Action::HostBlock), &[&[host_block()]]);
    assert_eq!(found(&estate, &plan, &[]), []);
    let swapped = [swap()];
    assert_eq!(
        found(&estate, &plan, &swapped),
        [("cut-before-guest", vec![1])]
    );
    let off = [profile_off()];
    let expected = [("profile-off-before-guest", vec![1])];
    assert_eq!(found(&estate, &plan, &off), expected);
}

#[test]
fn a_playbook_is_refused_where_an_action_is_asked_about() {
    let estate = member("InService");
    for (procedure, verdict) in [
        (Procedure::Action(Action::SgSwap), Some(LintVerdict::Ask)),
        (
            Procedure::Playbook("mine".into()),
            Some(LintVerdict::Refuse),
        ),
        (Procedure::Undo("run".into()), None),
        (Procedure::Prepare, None),
    ] {
        let lints = lint(&estate, &plan(procedure.clone(), &[&[swap()]]), &[]);
        let found = lints.first().map(|it| it.verdict);
        assert_eq!(found, verdict, "{procedure}");
        for it in lints {
            assert!(it.words.contains("web-asg") && it.source.starts_with("https://docs.aws"));
        }
    }
}

#[test]
fn the_worst_finding_comes_first() {
    let estate = member("InService");
    let plan = plan(
        Procedure::Playbook("mine".into()),
        &[&[stop(false), protect(), host_block()]],
    );
    let verdicts: Vec<LintVerdict> = lint(&estate, &plan, &[])
        .iter()
        .map(|it| it.verdict)
        .collect();
    assert!(verdicts.len() > 2 && verdicts.is_sorted(), "{verdicts:?}");
}

#[test]
fn every_rule_says_what_there_is_to_say() {
    let ids: BTreeSet<&str> = lint_rules().iter().map(|it| it.id).collect();
    assert_eq!(ids.len(), lint_rules().len());
    for rule in lint_rules() {
        assert!(
            rule.source.starts_with("https://docs.aws.amazon.com/"),
            "{}",
            rule.id
        );
        assert!(!rule.summary.is_empty() && !rule.summary.ends_with('.'));
        assert!(
            rule.in_playbook <= rule.in_action,
            "never milder in a playbook"
        );
    }
}
