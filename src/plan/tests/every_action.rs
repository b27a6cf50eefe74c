//! Every action on one estate that has all of it: a public suspect in Auto Scaling, behind a load balancer.

use std::fmt::Write as _;

use super::*;
use crate::model::fixture::picture;
use crate::model::{
    AsgMembership, Group, GroupRule, Instance, InstanceAttributes, Shutdown, TargetMembership,
    TrackingTimeouts, Volume,
};
use crate::operation::{State, apply, invert, observe};

/// The addresses that the findings name.
const PEERS: [&str; 2] = ["203.0.113.66", "2001:db8:bad::66"];

pub(in crate::plan) fn wanted(action: Action) -> Intent {
    Intent {
        peers: PEERS.map(|it| it.parse().unwrap()).to_vec(),
        acl_quota: Intent::ACL_QUOTA,
        max_hold: Intent::MAX_HOLD,
        ..intent(action)
    }
}

/// The fixture's estate with everything that some action needs.
pub(in crate::plan) fn whole() -> Estate {
    let mut estate = fixture::estate();
    fixture::publish(&mut estate, "eni-web1", fixture::WEB_PUBLIC);
    estate.update_eni(&"eni-web1".into(), |it| {
        it.timeouts = TrackingTimeouts::MINIMUM;
        it.addresses.push("2001:db8::11".parse().unwrap());
    });
    estate.update_instance(&fixture::suspect(), |it: &mut Instance| {
        it.attributes = InstanceAttributes {
            hibernation: Some(true),
            metadata: Some(true),
            termination_protection: Some(false),
            stop_protection: Some(false),
            shutdown: Some(Shutdown::Terminate),
        };
    });
    staged(&mut estate);
    platform(estate)
}

fn staged(estate: &mut Estate) {
    let any = ["0.0.0.0/0", "::/0"].map(|it| it.parse().unwrap());
    let all = |direction| any.map(|it| GroupRule::all(direction, it));
    let open = Direction::BOTH.into_iter().flat_map(all).collect();
    for (id, name, rules) in [
        ("sg-open", "firedoor-step-1", open),
        ("sg-empty", "firedoor-step-2", Vec::new()),
    ] {
        estate.put_group(Group {
            id: id.into(),
            vpc: "vpc-1".into(),
            name: name.into(),
            description: String::new(),
            rules,
        });
    }
}

/// The suspect in Auto Scaling, behind a load balancer, with a volume.
pub(in crate::plan) fn platform(estate: Estate) -> Estate {
    let member = AsgMembership {
        instance: fixture::suspect(),
        group: "web-asg".into(),
        lifecycle: "InService".into(),
        size: None,
    };
    let target = TargetMembership {
        instance: fixture::suspect(),
        target_group: "web-tg".into(),
        arn: "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/web-tg/0123".into(),
        port: Some(8080),
        health: "initial".into(),
    };
    let volume = Volume {
        id: "vol-1".into(),
        instance: fixture::suspect(),
        device: "/dev/xvda".into(),
        size_gib: 8,
        encrypted: true,
        delete_on_termination: true,
    };
    [
        Part::AsgMemberships(vec![member]),
        Part::TargetMemberships(vec![target]),
        Part::Volumes(vec![volume]),
    ]
    .into_iter()
    .fold(estate, |estate, part| estate.with(part, fixture::read_at()))
}

#[test]
fn every_plan_reads_as_it_did() {
    let estate = whole();
    let mut text = String::new();
    for action in Action::ALL {
        writeln!(text, "{action}").unwrap();
        match build(&estate, &wanted(action)) {
            Err(error) => writeln!(text, "  {error}").unwrap(),
            Ok(plan) => {
                let (calls, trips, waits) = (plan.calls(), plan.round_trips(), plan.waits());
                writeln!(text, "  {calls} calls, {trips} in a row, waits {waits} s").unwrap();
                for step in &plan.steps {
                    let after: Vec<u16> = step.after.iter().map(|it| it.0).collect();
                    let (id, class, words) = (step.id, step.class, step.prose());
                    writeln!(text, "  {id} {class:?} {after:?} {words}").unwrap();
                }
                for remark in &plan.remarks {
                    writeln!(text, "  * {remark}").unwrap();
                }
            }
        }
    }
    insta::assert_snapshot!(text);
}

#[test]
fn what_is_possible_can_be_planned_and_what_is_not_says_why() {
    let estate = whole();
    for action in Action::ALL {
        let entry = action.entry();
        match build(&estate, &wanted(action)) {
            Ok(plan) => {
                assert!(entry.possible, "{action}");
                assert!(plan.is_well_formed(), "{action}");
                assert!(
                    !plan.steps.is_empty() && !plan.remarks.is_empty(),
                    "{action}"
                );
                assert!(plan.round_trips() <= plan.calls(), "{action}");
            }
            Err(PlanError::NotPossible { why, .. }) => {
                assert!(!entry.possible, "{action}: {why}");
                assert!(why.contains("AWS") || why.contains("https://"), "{why}");
            }
            Err(error) => panic!("{action}: {error}"),
        }
    }
}

#[test]
fn only_what_cuts_changes_what_packets_meet() {
    let estate = whole();
    for action in Action::ALL {
        let Ok(plan) = build(&estate, &wanted(action)) else {
            continue;
        };
        let changes = after(&estate, &plan).changes_since(&estate);
        let network = !changes.enis.is_empty()
            || !changes.groups.is_empty()
            || !changes.acls.is_empty()
            || !changes.tables.is_empty();
        let in_guest = [Action::HostBlock, Action::Stop, Action::Hibernate].contains(&action);
        // A pulse has lifted its denies by its end.
        let lifted = action == Action::NaclPulse;
        assert_eq!(
            network || in_guest || lifted,
            action.entry().cuts,
            "{action}"
        );
    }
}

/// Applies a plan and then the inverse of each of its changes, the last one first.
pub(super) fn there_and_back(estate: &Estate, plan: &Plan) -> Estate {
    let mut estate = estate.clone();
    let mut bindings = crate::operation::Bindings::default();
    let mut undo = Vec::new();
    for step in &plan.steps {
        let What::Change(operation) = &step.what else {
            continue;
        };
        let bound = operation.bind(&bindings).unwrap();
        let before = observe(&estate, &bound).unwrap_or(State::Absent);
        let made = format!("made-{}", step.id);
        apply(&mut estate, &bound, &made).unwrap();
        bindings.insert(step.id, made.clone());
        undo.extend(invert(&bound, &before, Some(&made)));
    }
    for operation in undo.iter().rev() {
        apply(&mut estate, operation, "").unwrap();
    }
    estate
}

#[test]
fn what_is_reversible_leaves_nothing_behind_when_it_is_undone() {
    let estate = whole();
    let before = picture(&estate);
    for action in Action::ALL {
        let Ok(plan) = build(&estate, &wanted(action)) else {
            continue;
        };
        let after = picture(&there_and_back(&estate, &plan));
        let same = after == before;
        assert!(same || !action.entry().reversible, "{action}: {after:#?}");
    }
}

#[test]
fn a_second_time_is_already_so_or_has_nothing_to_do() {
    let estate = whole();
    // Denies and sessions of now; evidence of now; opening and parking again; the pulse has ended.
    let again = [
        Action::SgTwoStep,
        Action::SgTwoStepStaged,
        Action::NaclPulse,
        Action::HostBlock,
        Action::SessionsRevoke,
        Action::InstanceDeny,
        Action::SnapshotAll,
        Action::Image,
        Action::ConsoleOutput,
    ];
    for action in Action::ALL.into_iter().filter(|it| it.entry().possible) {
        let plan = build(&estate, &wanted(action)).unwrap();
        let second = build(
            &after(&estate, &plan),
            &Intent {
                stamp: "later".into(),
                ..wanted(action)
            },
        );
        let done = matches!(
            second,
            Err(PlanError::AlreadySo(..) | PlanError::Nothing { .. })
        );
        assert_eq!(done, !again.contains(&action), "{action}: {second:?}");
    }
}

#[test]
fn without_what_it_is_about_there_is_nothing_to_do_and_it_says_what_is_missing() {
    let bare = |action| Intent {
        peers: Vec::new(),
        ..wanted(action)
    };
    let mut estate = whole();
    estate.set_profile(&fixture::suspect(), None);
    estate.update_eni(&"eni-web1".into(), |it| it.public.clear());
    estate.update_asg_memberships(Vec::clear);
    estate.update_target_memberships(Vec::clear);
    estate.update_volumes(Vec::clear);
    estate.remove_group(&"sg-open".into());
    estate.update_routes(&"rtb-public".into(), |it| {
        it.retain(|it| it.target == "local");
    });
    for (action, missing) in [
        (Action::SgTwoStepStaged, "firedoor-step-1"),
        (Action::SgRevokeRules, "remote address"),
        (Action::PublicIpOff, "public IPv4 address"),
        (Action::HostBlock, "remote address"),
        (Action::NaclDenyPeer, "remote address"),
        (Action::NaclPulse, "remote address"),
        (Action::IgwRoutesOff, "internet gateway"),
        (Action::BlackholeRoute, "remote address"),
        (Action::SessionsRevoke, "instance profile"),
        (Action::InstanceDeny, "instance profile"),
        (Action::AsgStandby, "Auto Scaling"),
        (Action::AsgDetach, "Auto Scaling"),
        (Action::ElbDeregister, "target group"),
        (Action::SnapshotAll, "EBS volume"),
    ] {
        let error = build(&estate, &bare(action)).unwrap_err();
        let nothing = matches!(error, PlanError::Nothing { .. });
        assert!(
            nothing && error.to_string().contains(missing),
            "{action}: {error}"
        );
    }
}

#[test]
fn peers_where_an_action_can_not_reach_them_are_left_out() {
    let estate = whole();
    let near = |action, peer: &str| {
        let intent = Intent {
            peers: vec![peer.parse().unwrap()],
            ..wanted(action)
        };
        build(&estate, &intent)
    };
    // In its own subnet no network ACL is met, and inside the VPC routes are for whole subnets.
    for (action, peer) in [
        (Action::NaclDenyPeer, "10.0.0.12"),
        (Action::BlackholeRoute, "10.0.2.14"),
    ] {
        let error = near(action, peer).unwrap_err();
        assert!(matches!(error, PlanError::Nothing { .. }), "{error}");
    }
    assert!(near(Action::NaclDenyPeer, "10.0.2.14").is_ok());
    // A rule that names a group names its members.
    let mut estate = whole();
    let rule = GroupRule {
        peer: RulePeer::Group("sg-app".into()),
        ..GroupRule::all(Direction::Ingress, "0.0.0.0/0".parse().unwrap())
    };
    estate.update_group(&"sg-web".into(), |it| it.rules = vec![rule.clone()]);
    let intent = Intent {
        peers: vec!["10.0.2.14".parse().unwrap()],
        ..wanted(Action::SgRevokeRules)
    };
    let plan = build(&estate, &intent).unwrap();
    let revoked = deeds(&plan).next().unwrap();
    assert!(matches!(revoked, Operation::RevokeRules { rules, .. } if *rules == [rule]));
}

#[test]
fn the_gateway_can_be_detached_once_no_public_address_is_mapped() {
    let mut estate = whole();
    let refused = build(&estate, &wanted(Action::DetachIgw)).unwrap_err();
    assert!(
        refused.to_string().contains("DependencyViolation"),
        "{refused}"
    );
    estate.update_eni(&"eni-web1".into(), |it| it.public.clear());
    let plan = build(&estate, &wanted(Action::DetachIgw)).unwrap();
    assert_eq!(deeds(&plan).count(), 1);
}

#[test]
fn every_action_has_a_plan_or_a_reason_whatever_was_read() {
    let estate = whole();
    let parts = |kind: PartKind| -> Part {
        match kind {
            PartKind::Vpcs => Part::Vpcs(estate.vpcs().cloned().collect()),
            PartKind::Subnets => Part::Subnets(estate.subnets().cloned().collect()),
            PartKind::Enis => Part::Enis(estate.enis().cloned().collect()),
            PartKind::Instances => Part::Instances(estate.instances().cloned().collect()),
            PartKind::Groups => Part::Groups(estate.groups().cloned().collect()),
            PartKind::Acls => Part::Acls(estate.acls().cloned().collect()),
            PartKind::RouteTables => Part::RouteTables(estate.route_tables().cloned().collect()),
            PartKind::Gateways => Part::Gateways(estate.gateways().cloned().collect()),
            PartKind::Volumes => Part::Volumes(estate.volumes().to_vec()),
            PartKind::AsgMemberships => Part::AsgMemberships(estate.asg_memberships().to_vec()),
            PartKind::TargetMemberships => {
                Part::TargetMemberships(estate.target_memberships().to_vec())
            }
            other => Part::empty(other),
        }
    };
    for action in Action::ALL {
        let needs = action.entry().needs;
        // What it needs is enough: the result is the same as on the whole estate.
        let enough = Estate::from_parts(needs.iter().map(|it| parts(*it)), fixture::read_at());
        let (some, all) = (
            build(&enough, &wanted(action)),
            build(&estate, &wanted(action)),
        );
        assert_eq!(
            some.map(|it| it.steps).map_err(|it| it.to_string()),
            all.map(|it| it.steps).map_err(|it| it.to_string()),
            "{action}"
        );
        for missing in PartKind::ALL {
            let read = PartKind::ALL.into_iter().filter(|it| *it != missing);
            let partial = Estate::from_parts(read.map(parts), fixture::read_at());
            let plan = build(&partial, &wanted(action));
            let unread = plan == Err(PlanError::NotRead(missing));
            assert_eq!(
                unread,
                needs.contains(&missing),
                "{action} without {}",
                missing.name()
            );
        }
    }
}
