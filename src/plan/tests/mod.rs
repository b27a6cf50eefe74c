//! What holds of every plan, on estates of any shape; and why there may be none.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::model::{
    Direction, Eni, EniKind, Estate, InstanceState, Part, PartKind, RulePeer, Subnet, Vpc, fixture,
};
use crate::operation::{Hypothesis, Operation, StepId};

mod catalogue;
mod channels;
mod claims;
pub(super) mod every_action;
mod pair;
mod room;
mod tags;
mod traps;
mod undo;

const RUNNABLE: [Action; 3] = [Action::SgSwap, Action::SgTwoStep, Action::NaclSwap];

/// The fixture's estate, with the suspect's interfaces in the given VPCs and subnets.
fn estate(places: &[(u8, u8)], ipv6: bool, state: InstanceState) -> Estate {
    let model = fixture::estate();
    let vpc = |number: u8| format!("vpc-{number}").as_str().into();
    let subnet = |number: u8, letter: u8| format!("subnet-{number}-{letter}").as_str().into();
    let blocks = if ipv6 { 2 } else { 1 };
    let vpcs = (0..3).map(|number| Vpc {
        id: vpc(number),
        name: String::new(),
        cidrs: model.vpcs().next().unwrap().cidrs[..blocks].to_vec(),
    });
    let all = (0..3).flat_map(|number| (0..3).map(move |letter| (number, letter)));
    let subnets = all.map(|(number, letter)| Subnet {
        id: subnet(number, letter),
        vpc: vpc(number),
        ..model.subnets().next().unwrap().clone()
    });
    let acls = (0..3).map(|number| {
        let mut acl = model.acls().next().unwrap().clone();
        acl.id = format!("acl-{number}").as_str().into();
        acl.vpc = vpc(number);
        acl.subnets = (0..3).map(|letter| subnet(number, letter)).collect();
        acl
    });
    let own = model.eni(&"eni-web1".into()).unwrap();
    let enis = places
        .iter()
        .zip(0_u16..)
        .map(|((number, letter), index)| Eni {
            id: format!("eni-own{index}").as_str().into(),
            vpc: vpc(*number),
            subnet: subnet(*number, *letter),
            device_index: Some(index),
            ..own.clone()
        });
    let mut instance = model.instance(&fixture::suspect()).unwrap().clone();
    instance.state = state;
    let parts = [
        Part::Vpcs(vpcs.collect()),
        Part::Subnets(subnets.collect()),
        Part::Acls(acls.collect()),
        Part::Enis(enis.collect()),
        Part::Instances(vec![instance]),
        Part::Groups(model.groups().cloned().collect()),
    ];
    Estate::from_parts(parts, fixture::read_at())
}

pub(super) fn intent(action: Action) -> Intent {
    Intent {
        action,
        suspect: fixture::suspect(),
        case: "case".into(),
        stamp: "stamp".into(),
        dwell: Dwell {
            slowest_gap: Some(1),
            max: 60,
        },
        peers: Vec::new(),
        acl_quota: Intent::ACL_QUOTA,
        max_hold: Intent::MAX_HOLD,
    }
}

/// Every opening has both families, and is emptied in both directions whatever happens.
fn openings_are_whole_and_emptied(plan: &Plan) {
    let mut opened = 0;
    for step in &plan.steps {
        if let What::Change(Operation::AuthorizeRules {
            group,
            direction,
            rules,
        }) = &step.what
        {
            opened += 1;
            let peers: BTreeSet<String> = rules.iter().map(cidr).collect();
            assert_eq!(peers, BTreeSet::from(["0.0.0.0/0".into(), "::/0".into()]));
            assert!(rules.iter().all(|it| it.direction == *direction));
            let emptied = Direction::BOTH.into_iter().all(|direction| {
                let group = group.clone();
                let revoke = What::Change(Operation::RevokeAllRules { group, direction });
                plan.steps
                    .iter()
                    .any(|it| it.what == revoke && it.class == Class::AlwaysOnceSent(step.id))
            });
            assert_eq!(emptied, *direction == Direction::Ingress);
        }
    }
    assert_eq!(
        opened > 0,
        plan.procedure == Procedure::Action(Action::SgTwoStep)
    );
}

fn cidr(rule: &crate::model::GroupRule) -> String {
    match &rule.peer {
        RulePeer::Cidr(cidr) if rule.ports.is_none() => cidr.to_string(),
        _ => panic!("{rule:?}"),
    }
}

fn every_swap_is_verified(plan: &Plan) {
    let held = plan.steps.iter().rev().find_map(|it| match &it.what {
        What::Verify(held) => Some(held),
        _ => None,
    });
    let held = held.unwrap();
    let swaps = plan.operations().filter(|it| {
        matches!(
            it,
            Operation::SetEniGroups { .. } | Operation::SetSubnetAcl { .. }
        )
    });
    for swap in swaps {
        assert!(held.contains(swap), "{}", swap.prose());
    }
}

/// What a plan changes but for tags.
fn deeds(plan: &Plan) -> impl Iterator<Item = &Operation> {
    let all = plan.operations();
    all.filter(|it| !matches!(it, Operation::SetTags { .. }))
}

fn after(estate: &Estate, plan: &Plan) -> Estate {
    let mut after = Hypothesis::new(estate.clone());
    for step in &plan.steps {
        if let What::Change(operation) = &step.what {
            after.step(step.id, operation).unwrap();
        }
    }
    after.estate
}

fn every_interface_is_cut(after: &Estate, action: Action) {
    for eni in after.enis_of_instance(&fixture::suspect()) {
        if action == Action::NaclSwap {
            let acl = after.acl_of_subnet(&eni.subnet).unwrap();
            assert!(acl.id.as_str().starts_with("new:") && acl.vpc == eni.vpc);
        } else {
            assert_eq!(eni.groups.len(), 1);
            let group = after.group(&eni.groups[0]).unwrap();
            assert!(group.rules.is_empty() && group.vpc == eni.vpc);
        }
    }
}

proptest! {
    #[test]
    fn every_plan_is_well_formed_and_covers_the_whole_suspect(
        places in prop::collection::vec((0..3_u8, 0..3_u8), 1..6),
        ipv6 in any::<bool>(),
        stopped in any::<bool>(),
    ) {
        let state = if stopped { InstanceState::Stopped } else { InstanceState::Running };
        let estate = estate(&places, ipv6, state);
        for action in RUNNABLE {
            let plan = build(&estate, &intent(action)).unwrap();
            prop_assert!(plan.is_well_formed());
            openings_are_whole_and_emptied(&plan);
            every_swap_is_verified(&plan);
            every_interface_is_cut(&after(&estate, &plan), action);
        }
    }
}

#[test]
fn an_interface_that_a_service_manages_can_not_be_swapped_but_its_subnet_can() {
    let mut estate = estate(&[(0, 0), (0, 1)], true, InstanceState::Running);
    estate.update_eni(&"eni-own1".into(), |eni| {
        eni.requester_managed = true;
        eni.kind = EniKind::EcsTask;
    });
    let expected = PlanError::RequesterManaged {
        eni: "eni-own1".into(),
        kind: EniKind::EcsTask,
    };
    assert!(expected.to_string().contains("ECS task"));
    for action in [Action::SgSwap, Action::SgTwoStep] {
        assert_eq!(build(&estate, &intent(action)), Err(expected.clone()));
    }
    assert!(build(&estate, &intent(Action::NaclSwap)).is_ok());
}

#[test]
fn only_a_running_or_stopped_instance_gets_a_plan() {
    use InstanceState::{Pending, ShuttingDown, Stopping, Terminated, Unknown};
    for state in [Pending, ShuttingDown, Stopping, Terminated, Unknown] {
        let estate = estate(&[(0, 0)], false, state);
        for action in RUNNABLE {
            let id = fixture::suspect();
            let expected = Err(PlanError::WrongState { id, state });
            assert_eq!(build(&estate, &intent(action)), expected);
        }
    }
}

#[test]
fn a_part_that_was_not_read_is_named() {
    let model = fixture::estate();
    let all = || {
        [
            (PartKind::Vpcs, Part::Vpcs(model.vpcs().cloned().collect())),
            (
                PartKind::Subnets,
                Part::Subnets(model.subnets().cloned().collect()),
            ),
            (PartKind::Enis, Part::Enis(model.enis().cloned().collect())),
            (
                PartKind::Instances,
                Part::Instances(model.instances().cloned().collect()),
            ),
            (
                PartKind::Groups,
                Part::Groups(model.groups().cloned().collect()),
            ),
            (PartKind::Acls, Part::Acls(model.acls().cloned().collect())),
        ]
    };
    let without_group = [PartKind::Groups];
    let without_acl = [PartKind::Subnets, PartKind::Acls];
    for (action, spared) in [
        (Action::SgSwap, &without_acl[..]),
        (Action::SgTwoStep, &without_acl),
        (Action::NaclSwap, &without_group),
    ] {
        for (missing, _) in all() {
            let read = all().into_iter().filter(|(kind, _)| *kind != missing);
            let estate = Estate::from_parts(read.map(|(_, part)| part), fixture::read_at());
            let plan = build(&estate, &intent(action));
            if spared.contains(&missing) {
                assert!(
                    plan.is_ok(),
                    "{action} without {}: {plan:?}",
                    missing.name()
                );
                continue;
            }
            let error = plan.unwrap_err();
            assert_eq!(error, PlanError::NotRead(missing), "{action}");
            assert!(error.to_string().contains(missing.name()), "{error}");
        }
    }
}

#[test]
fn what_is_not_there_is_refused() {
    let estate = estate(&[], false, InstanceState::Running);
    let nothing = build(&estate, &intent(Action::SgSwap));
    assert_eq!(nothing, Err(PlanError::NoInterface(fixture::suspect())));
    let mut other = intent(Action::SgSwap);
    other.suspect = "i-other".into();
    let unknown = Err(PlanError::UnknownInstance("i-other".into()));
    assert_eq!(build(&estate, &other), unknown);
}

#[test]
fn a_name_that_is_taken_is_refused_before_anything_is_sent() {
    let mut estate = estate(&[(0, 0)], false, InstanceState::Running);
    let plan = build(&estate, &intent(Action::SgSwap)).unwrap();
    let Some(Operation::CreateGroup { name, vpc, .. }) = deeds(&plan).next() else {
        panic!("{plan:?}")
    };
    let mut group = estate.groups().next().unwrap().clone();
    (group.name, group.vpc) = (name.to_uppercase(), vpc.clone());
    estate.put_group(group);
    let refused = build(&estate, &intent(Action::SgSwap)).unwrap_err();
    let first = matches!(
        refused,
        PlanError::Refused {
            step: StepId(2),
            ..
        }
    );
    assert!(first, "{refused}");
}

/// The fixture's estate after the whole plan of an action.
fn contained_by(action: Action) -> Estate {
    let estate = fixture::estate();
    after(&estate, &build(&estate, &intent(action)).unwrap())
}

#[test]
fn what_is_already_so_is_not_done_again() {
    let again = Intent {
        stamp: "later".into(),
        ..intent(Action::SgTwoStep)
    };
    let plan = |estate: &Estate, action| {
        build(
            estate,
            &Intent {
                action,
                ..again.clone()
            },
        )
    };
    for done in [Action::SgSwap, Action::SgTwoStep] {
        let error = plan(&contained_by(done), Action::SgSwap).unwrap_err();
        assert!(matches!(error, PlanError::AlreadySo(..)), "{error}");
        let opened = plan(&contained_by(done), Action::SgTwoStep).unwrap();
        assert!(opened.remarks[0].contains("opens it to the world again"));
        assert!(plan(&contained_by(done), Action::NaclSwap).is_ok());
    }
    let error = plan(&contained_by(Action::NaclSwap), Action::NaclSwap).unwrap_err();
    assert!(matches!(error, PlanError::AlreadySo(..)), "{error}");
    assert!(plan(&contained_by(Action::NaclSwap), Action::SgSwap).is_ok());
}

#[test]
fn what_the_platform_will_do_to_the_suspect_is_said() {
    let estate = fixture::estate();
    let quiet = build(&estate, &intent(Action::SgSwap)).unwrap();
    let estate = every_action::platform(estate);
    let plan = build(&estate, &intent(Action::SgSwap)).unwrap();
    let said = plan.remarks[quiet.remarks.len()..].join(" ");
    assert!(
        said.contains("web-asg") && said.contains("terminate"),
        "{said}"
    );
    assert!(said.contains("web-tg"), "{said}");
}
