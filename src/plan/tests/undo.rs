//! What a run did is taken back: everything is as it was, whatever the action; and what somebody else has changed
//! since is left alone.

use std::collections::BTreeMap;

use super::every_action::{wanted, whole};
use super::*;
use crate::model::fixture::{picture, read_at};
use crate::model::{AsgSize, Instance, InstanceAttributes, TrackingTimeouts};
use crate::operation::{Bindings, Occasion, State, apply, observe};

/// An account: an estate, and the policies of roles.
#[derive(Clone)]
struct World {
    estate: Estate,
    policies: BTreeMap<String, State>,
    made: usize,
}

impl World {
    fn new(estate: Estate) -> Self {
        Self {
            estate,
            policies: BTreeMap::new(),
            made: 0,
        }
    }

    fn observe(&self, operation: &Operation) -> State {
        match operation.role_policy() {
            Some(policy) => self.policies.get(&policy).cloned(),
            None => observe(&self.estate, operation),
        }
        .unwrap_or(State::Absent)
    }

    fn change(&mut self, operation: &Operation) -> State {
        self.made += 1;
        let made = format!("made-{}", self.made);
        let state = apply(&mut self.estate, operation, &made)
            .unwrap_or_else(|refusal| panic!("{}: {refusal}", operation.prose()));
        if let Some(policy) = operation.role_policy() {
            if state == State::Absent {
                self.policies.remove(&policy);
            } else {
                self.policies.insert(policy, state.clone());
            }
        }
        state
    }

    /// Runs a plan as the engine does; what it did, with what was captured.
    fn run(&mut self, plan: &Plan) -> Vec<Taken> {
        assert!(plan.is_well_formed());
        let mut bindings = Bindings::default();
        let mut taken = Vec::new();
        for step in &plan.steps {
            let Some(operation) = step.operation() else {
                continue;
            };
            let occasion = Occasion {
                now: read_at(),
                run: "run".into(),
            };
            let operation = operation.bind(&bindings).unwrap().at(&occasion);
            let before = self.observe(&operation);
            let empties = matches!(operation, Operation::RevokeAllRules { .. });
            if operation.satisfied_by(&before) && !empties {
                if let Some(made) = before.made() {
                    bindings.insert(step.id, made);
                }
                continue;
            }
            let state = self.change(&operation);
            let made = state.made().map(str::to_string);
            if let Some(made) = &made {
                bindings.insert(step.id, made.clone());
            }
            taken.push(Taken {
                step: step.id,
                operation,
                before: Some(before),
                made,
                now: Ok(state),
            });
        }
        taken
    }

    /// How everything is now that was touched. Evidence stays where it is.
    fn survey(&self, mut taken: Vec<Taken>) -> Vec<Taken> {
        for it in &mut taken {
            let look = look(&it.operation, it.made.as_deref());
            let evidence = look.role_policy().is_none() && observe(&self.estate, &look).is_none();
            if !evidence {
                it.now = Ok(self.observe(&look));
            }
        }
        taken
    }

    /// Without tags of cases, and what can't be brought back.
    fn normal(&self) -> (Vec<String>, BTreeMap<String, State>) {
        let mut estate = self.estate.clone();
        let ids: Vec<_> = estate.instances().map(|it| it.id.clone()).collect();
        for id in ids {
            let stays = ["firedoor:case", "firedoor:run", "firedoor:time"];
            estate.update_instance(&id, |it: &mut Instance| {
                it.tags.retain(|(key, _)| !stays.contains(&key.as_str()));
            });
        }
        let enis: Vec<_> = estate.enis().map(|it| it.id.clone()).collect();
        for id in enis {
            estate.update_eni(&id, |it| {
                if it.timeouts == TrackingTimeouts::MINIMUM {
                    it.timeouts = TrackingTimeouts::default();
                }
            });
        }
        (picture(&estate), self.policies.clone())
    }
}

fn run_and_back(estate: &Estate, plan: &Plan) -> (World, World, Undo) {
    let mut world = World::new(estate.clone());
    let before = world.clone();
    let taken = world.run(plan);
    let back = undo("run", plan, &world.survey(taken), None);
    assert_eq!(back.plan.procedure, Procedure::Undo("run".into()));
    assert_eq!(back.plan.target, plan.target);
    assert!(back.plan.steps.iter().all(|it| it.class == Class::Must));
    let again = world.run(&back.plan);
    // Nothing of it was needless.
    assert_eq!(again.len(), back.plan.calls(), "{:#?}", back.plan);
    (before, world, back)
}

#[track_caller]
fn same(before: &World, after: &World, what: &str) {
    let (before, after) = (before.normal(), after.normal());
    for (before, after) in before.0.iter().zip(&after.0) {
        assert_eq!(before, after, "{what}");
    }
    assert_eq!(before.0.len(), after.0.len(), "{what}");
    assert_eq!(before.1, after.1, "{what}");
}

/// A second member of the suspect's group, and a group that is as small as it may be.
fn crowded(mut estate: Estate, min: u32) -> Estate {
    estate.update_asg_memberships(|all| {
        let mut other = all[0].clone();
        other.instance = estate_instance("web2");
        all.push(other);
        for it in all.iter_mut() {
            it.size = Some(AsgSize {
                min,
                desired: 2,
                max: 4,
            });
        }
    });
    estate
}

fn estate_instance(tail: &str) -> crate::model::InstanceId {
    crate::model::InstanceId::new(format!("i-{tail:0>18}"))
}

proptest! {
    #[test]
    fn every_action_is_taken_back_on_estates_of_any_shape(
        action in prop::sample::select(Action::ALL.to_vec()),
        timers in prop::option::of((60..432_000_u32, 30..60_u32, 60..180_u32)),
        min in 0..3_u32,
        stopped in any::<bool>(),
        protected in any::<bool>(),
        both in any::<bool>(),
    ) {
        let mut estate = crowded(whole(), min);
        estate.update_eni(&"eni-web1".into(), |it| {
            it.timeouts = timers.map_or_else(TrackingTimeouts::default, |(tcp, udp, stream)| TrackingTimeouts {
                tcp_established: Some(tcp),
                udp: Some(udp),
                udp_stream: Some(stream),
            });
            if both {
                it.groups.push("sg-app".into());
            }
        });
        // AWS takes back only running instances.
        let stopped = stopped && ![Action::AsgDetach, Action::ElbDeregister].contains(&action);
        let state = if stopped { InstanceState::Stopped } else { InstanceState::Running };
        estate.update_instance(&fixture::suspect(), |it: &mut Instance| {
            it.state = state;
            it.attributes = InstanceAttributes {
                termination_protection: Some(protected),
                ..it.attributes
            };
        });
        if let Ok(plan) = build(&estate, &wanted(action)) {
            let (before, after, undo) = run_and_back(&estate, &plan);
            same(&before, &after, action.name());
            prop_assert!(undo.drift.is_empty(), "{:?}", undo.drift);
        }
    }

    #[test]
    fn suspects_with_interfaces_anywhere_come_back(
        places in prop::collection::vec((0..3_u8, 0..3_u8), 1..6),
        ipv6 in any::<bool>(),
    ) {
        let mut estate = estate(&places, ipv6, InstanceState::Running);
        own_groups(&mut estate);
        for action in RUNNABLE {
            let plan = build(&estate, &intent(action)).unwrap();
            let (before, after, undo) = run_and_back(&estate, &plan);
            same(&before, &after, action.name());
            prop_assert!(undo.drift.is_empty());
        }
    }
}

/// A group of its own VPC for every interface.
fn own_groups(estate: &mut Estate) {
    let group = estate.groups().next().unwrap().clone();
    let enis: Vec<Eni> = estate.enis().cloned().collect();
    for eni in enis {
        let id = format!("sg-of-{}", eni.vpc).as_str().into();
        estate.update_eni(&eni.id, |it| it.groups = vec![id]);
        estate.put_group(crate::model::Group {
            id: format!("sg-of-{}", eni.vpc).as_str().into(),
            vpc: eni.vpc,
            ..group.clone()
        });
    }
}

/// What the suspect's interface, its subnet's network ACL and its instance profile are turned into by somebody.
fn meddle(world: &mut World, operation: &Operation) -> bool {
    let other = match operation {
        Operation::SetEniGroups { eni, .. } => Operation::SetEniGroups {
            eni: eni.clone(),
            groups: vec![crate::operation::Ref::Id("sg-app".into())],
        },
        Operation::SetSubnetAcl { subnet, .. } => Operation::SetSubnetAcl {
            subnet: subnet.clone(),
            acl: crate::operation::Ref::Id("acl-default".into()),
        },
        Operation::CreateAclEntry { acl, entry } => Operation::ReplaceAclEntry {
            acl: acl.clone(),
            entry: crate::model::AclEntry {
                cidr: "192.0.2.0/24".parse().unwrap(),
                ..entry.clone()
            },
        },
        Operation::SetSubnetRouteTable { subnet, .. } => Operation::SetSubnetRouteTable {
            subnet: subnet.clone(),
            table: Some(crate::operation::Ref::Id("rtb-other".into())),
        },
        Operation::CreateRoute {
            table, destination, ..
        } => Operation::ReplaceRoute {
            table: table.clone(),
            destination: destination.clone(),
            target: crate::operation::Ref::Id("igw-1".into()),
        },
        Operation::DisassociateProfile { instance } => Operation::AssociateProfile {
            instance: instance.clone(),
            profile: "other-profile".into(),
        },
        Operation::DisassociateAddress { eni, private } => Operation::AssociateAddress {
            eni: eni.clone(),
            private: *private,
            address: "198.51.100.99".parse().unwrap(),
        },
        _ => return false,
    };
    world.change(&other);
    true
}

#[test]
fn what_somebody_else_changed_is_refused_and_the_rest_is_undone() {
    let estate = whole();
    let mut tried = 0;
    // What a pulse denies it has lifted itself.
    for action in Action::ALL
        .into_iter()
        .filter(|it| *it != Action::NaclPulse)
    {
        let Ok(plan) = build(&estate, &wanted(action)) else {
            continue;
        };
        let mut world = World::new(estate.clone());
        let taken = world.run(&plan);
        // The last thing that was done to it counts.
        let changed = taken.iter().rev().find(|it| {
            let created = it.before == Some(State::Absent)
                && it.now.as_ref().is_ok_and(|now| now.made().is_some());
            !created && meddle(&mut world, &it.operation)
        });
        let Some(changed) = changed else {
            continue;
        };
        tried += 1;
        let meddled = world.observe(&changed.operation);
        let back = undo("run", &plan, &world.survey(taken.clone()), None);
        let [drift] = back.drift.as_slice() else {
            panic!("{action}: {:?}", back.drift)
        };
        assert_eq!(
            (drift.step, &drift.now),
            (changed.step, &meddled),
            "{action}"
        );
        assert_eq!(drift.ours, changed.operation);
        let [before, ours, now] = drift.lines();
        assert!(before.starts_with("before: ") && ours.contains(&format!("step {}", drift.step)));
        assert!(now.contains(&meddled.prose()), "{now}");
        let said = back.plan.remarks.join("\n");
        assert!(
            said.contains(&format!("Refused: step {}:", changed.step)),
            "{said}"
        );
        let done = world.run(&back.plan);
        assert_eq!(done.len(), back.plan.calls());
        assert_eq!(
            world.observe(&changed.operation),
            meddled,
            "{action}: left alone"
        );
        let expected = undo("run", &plan, &world.survey(taken), None);
        assert_eq!(expected.plan.calls(), 0, "{action}: all others are undone");
    }
    assert!(tried >= 9, "{tried}");
}

#[test]
fn the_two_steps_go_back_at_once_and_only_then_the_group_is_deleted() {
    let mut estate = whole();
    estate.update_eni(&"eni-web1".into(), |it| {
        it.timeouts = TrackingTimeouts {
            tcp_established: Some(400),
            udp: None,
            udp_stream: Some(170),
        };
    });
    let plan = build(&estate, &wanted(Action::SgTwoStep)).unwrap();
    let (_, world, back) = run_and_back(&estate, &plan);
    let prose: Vec<String> = back.plan.steps.iter().map(Step::prose).collect();
    assert_eq!(
        prose,
        [
            "set the idle timeouts of eni-web1 to TcpEstablishedTimeout=400,UdpStreamTimeout=170",
            "set the groups of eni-web1 to sg-web",
            "delete security group made-2",
        ]
    );
    assert_eq!(
        back.plan.steps[2].after,
        BTreeSet::from([StepId(1), StepId(2)])
    );
    assert!(
        back.kept
            .iter()
            .any(|it| it.why.contains("never set before")),
        "{:?}",
        back.kept
    );
    assert!(world.estate.group(&"made-2".into()).is_none());
    assert!(
        back.plan.remarks[0].contains("way in"),
        "{:?}",
        back.plan.remarks
    );
}

#[test]
fn evidence_stays_and_says_so() {
    let estate = whole();
    for action in [Action::SnapshotAll, Action::Image, Action::ConsoleOutput] {
        let plan = build(&estate, &wanted(action)).unwrap();
        let (.., back) = run_and_back(&estate, &plan);
        assert_eq!(back.plan.calls(), 0);
        assert!(
            back.kept.iter().any(|it| it.why.contains("evidence")),
            "{action}: {:?}",
            back.kept
        );
        assert!(back.plan.remarks.iter().any(|it| it.contains("evidence")));
    }
}

#[test]
fn who_is_let_through_again_is_named() {
    let estate = whole();
    for (action, peers) in [
        // Nothing of IPv6 is allowed there.
        (Action::NaclDenyPeer, "203.0.113.66/32"),
        (
            Action::BlackholeRoute,
            "2001:db8:bad::66/128, 203.0.113.66/32",
        ),
    ] {
        let plan = build(&estate, &wanted(action)).unwrap();
        let (.., back) = run_and_back(&estate, &plan);
        let said = back.plan.remarks.join("\n");
        assert!(
            said.contains(&format!("Let through again: {peers}.")),
            "{said}"
        );
    }
}

/// The first step that sent such an operation.
fn step_of(taken: &[Taken], wanted: fn(&Operation) -> bool) -> StepId {
    let mut taken = taken.iter();
    taken.find(|it| wanted(&it.operation)).unwrap().step
}

#[test]
fn a_group_is_undone_in_part_and_what_is_still_used_stays() {
    let estate = estate(&[(1, 0), (1, 1)], false, InstanceState::Running);
    let plan = build(&estate, &intent(Action::SgSwap)).unwrap();
    let mut world = World::new(estate);
    let taken = world.run(&plan);
    let swaps: Vec<StepId> = taken
        .iter()
        .filter(|it| matches!(it.operation, Operation::SetEniGroups { .. }))
        .map(|it| it.step)
        .collect();
    let create = step_of(&taken, |it| matches!(it, Operation::CreateGroup { .. }));
    let only = BTreeSet::from([swaps[0], create]);
    let back = undo("run", &plan, &world.survey(taken.clone()), Some(&only));
    assert_eq!(back.plan.calls(), 1, "{:?}", back.plan);
    let [kept] = back.kept.as_slice() else {
        panic!("{:?}", back.kept)
    };
    assert_eq!(kept.step, create);
    assert!(kept.why.contains(&format!("step {}", swaps[1])), "{kept:?}");
    world.run(&back.plan);
    // The rest, later.
    let rest = undo("run", &plan, &world.survey(taken), None);
    assert_eq!(rest.plan.calls(), 2);
    assert!(rest.settled.contains(&swaps[0]));
}

#[test]
fn an_undo_can_be_undone_as_far_as_nothing_was_deleted() {
    let estate = whole();
    let plan = build(&estate, &wanted(Action::NaclDenyAll)).unwrap();
    let mut world = World::new(estate.clone());
    let taken = world.run(&plan);
    let contained = world.clone();
    let back = undo("run", &plan, &world.survey(taken), None);
    let taken = world.run(&back.plan);
    let again = undo("back", &back.plan, &world.survey(taken), None);
    assert_eq!(again.plan.procedure, Procedure::Undo("back".into()));
    world.run(&again.plan);
    same(&contained, &world, "denied again");

    let plan = build(&estate, &wanted(Action::SgSwap)).unwrap();
    let mut world = World::new(estate);
    let taken = world.run(&plan);
    let back = undo("run", &plan, &world.survey(taken), None);
    let taken = world.run(&back.plan);
    let again = undo("back", &back.plan, &world.survey(taken), None);
    assert_eq!(again.plan.calls(), 0, "{:?}", again.plan);
    let why: Vec<&str> = again.kept.iter().map(|it| it.why.as_str()).collect();
    assert!(
        why.iter().any(|it| it.contains("was deleted by the run")),
        "{why:?}"
    );
}

#[test]
fn a_call_without_an_answer_is_undone_only_if_it_was_made() {
    let estate = whole();
    let plan = build(&estate, &wanted(Action::NaclSwap)).unwrap();
    let mut world = World::new(estate.clone());
    let mut taken = world.run(&plan);
    let create = step_of(&taken, |it| matches!(it, Operation::CreateAcl { .. }));
    let swap = step_of(&taken, |it| matches!(it, Operation::SetSubnetAcl { .. }));
    for it in taken.iter_mut().filter(|it| it.step == create) {
        it.made = None;
    }
    let made = undo("run", &plan, &world.survey(taken.clone()), None);
    assert!(
        made.plan
            .operations()
            .any(|it| matches!(it, Operation::DeleteAcl { .. }))
    );
    let untouched = World::new(estate);
    let nothing = undo("run", &plan, &untouched.survey(taken.clone()), None);
    assert_eq!(nothing.plan.calls(), 0);
    assert!(nothing.drift.is_empty(), "{nothing:?}");
    let mut kept = nothing.kept.iter();
    assert!(
        kept.all(|it| it.why.contains("tags of the case")),
        "{nothing:?}"
    );
    // What can't be read is not touched.
    let mut unread = world.survey(taken);
    for it in unread.iter_mut().filter(|it| it.step == swap) {
        it.now = Err("throttled".into());
    }
    let unread = undo("run", &plan, &unread, None);
    assert!(
        unread.kept.iter().any(|it| it.why.contains("throttled")),
        "{unread:?}"
    );
    assert!(
        !unread
            .plan
            .operations()
            .any(|it| matches!(it, Operation::SetSubnetAcl { .. }))
    );
}

#[test]
fn the_group_gets_its_size_back_after_its_member() {
    let estate = crowded(whole(), 2);
    let plan = build(&estate, &wanted(Action::AsgStandby)).unwrap();
    let (before, after, back) = run_and_back(&estate, &plan);
    same(&before, &after, "standby");
    let operations: Vec<&Operation> = back.plan.operations().collect();
    let order = matches!(
        operations.as_slice(),
        [
            Operation::ExitStandby { .. },
            Operation::SetAsgMinSize { min: 2, .. }
        ]
    );
    assert!(order, "{operations:?}");
    assert_eq!(back.plan.steps[1].after, BTreeSet::from([StepId(1)]));
}

#[test]
fn tags_of_the_case_stay_and_others_go() {
    let estate = whole();
    let plan = build(&estate, &wanted(Action::Tag)).unwrap();
    let (.., world, back) = run_and_back(&estate, &plan);
    let tags = &world.estate.instance(&fixture::suspect()).unwrap().tags;
    let keys: Vec<&str> = tags.iter().map(|(key, _)| key.as_str()).collect();
    assert!(
        keys.contains(&"firedoor:case") && !keys.contains(&"firedoor:status"),
        "{keys:?}"
    );
    assert!(
        back.kept
            .iter()
            .any(|it| it.why.contains("tags of the case stay"))
    );
}
