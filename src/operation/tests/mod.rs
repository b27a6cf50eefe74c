//! Operations as data: refused as AWS refuses, applied and inverted, bound, written and read.

mod cli;
mod refused_instances;
mod refused_network;
mod samples;
mod undo;

use std::collections::BTreeSet;
use std::mem::discriminant;

use samples::{authorize, create, estate, id, one_of_each, revoke_all, route, swap, timers};

use super::*;
use crate::model::{
    Estate, GroupId, GroupRule, Instance, InstanceState, Part, TrackingTimeouts, fixture,
};

#[test]
fn the_samples_hold_one_of_each() {
    let kinds: BTreeSet<String> = one_of_each().iter().map(Operation::prose).collect();
    assert_eq!(kinds.len(), one_of_each().len(), "no two are alike");
    let mut found: Vec<_> = one_of_each().iter().map(discriminant).collect();
    found.dedup();
    assert_eq!(found.len(), 49, "every variant of the enum");
}

#[test]
fn the_table_of_constants_lacks_no_operation() {
    for operation in one_of_each() {
        let own = operation.facts();
        assert!(Facts::all().any(|it| it == own), "{}", operation.prose());
    }
}

#[test]
fn what_aws_accepts_is_accepted_and_does_what_was_asked_for() {
    let mut good = one_of_each();
    good.push(timers("eni-web1", 432_000, 60, 180));
    good.push(create("vpc-1", &"x".repeat(255)));
    for operation in good {
        let prose = operation.prose();
        let state = apply(&mut estate(), &operation, "made-1").expect(&prose);
        assert!(operation.satisfied_by(&state), "{prose}: {state:?}");
    }
}

#[test]
fn groups_change_only_while_the_instance_runs_or_is_stopped() {
    use InstanceState::{Pending, Running, ShuttingDown, Stopped, Stopping, Terminated};
    for state in [
        Pending,
        Running,
        ShuttingDown,
        Stopped,
        Stopping,
        Terminated,
    ] {
        let model = estate();
        let instances = model.instances().cloned();
        let instances = instances.map(|it| Instance { state, ..it }).collect();
        let parts = [
            Part::Instances(instances),
            Part::Enis(model.enis().cloned().collect()),
            Part::Groups(model.groups().cloned().collect()),
        ];
        let estate = Estate::from_parts(parts, fixture::read_at());
        let checked = precondition(&estate, &swap("eni-web1", &["sg-app"]));
        let expected = match state {
            Running | Stopped => Ok(()),
            _ => Err("IncorrectInstanceState"),
        };
        assert_eq!(checked.map_err(|it| it.code), expected, "{state:?}");
    }
}

#[test]
fn every_operation_is_read_as_it_was_written() {
    let mut all = one_of_each();
    all.push(Operation::DeleteGroup {
        group: Ref::Made(StepId(3)),
    });
    for operation in all {
        let text = serde_json::to_string(&operation).unwrap();
        let read: Operation = serde_json::from_str(&text).unwrap();
        assert_eq!(read, operation);
    }
}

/// Every operation that may name what an earlier step makes, naming step 3 everywhere.
fn referring() -> Vec<Operation> {
    let step = StepId(3);
    let group = || GroupRef::Made(step);
    let acl = || AclRef::Made(step);
    let table = || RouteTableRef::Made(step);
    let (direction, destination) = (Direction::Egress, "192.0.2.0/24".to_string());
    let entry = samples::entry(direction, 5);
    vec![
        Operation::AuthorizeRules {
            group: group(),
            direction,
            rules: vec![],
        },
        Operation::RevokeRules {
            group: group(),
            direction,
            rules: vec![],
        },
        Operation::RevokeAllRules {
            group: group(),
            direction,
        },
        Operation::DeleteGroup { group: group() },
        Operation::SetEniGroups {
            eni: "eni-web1".into(),
            groups: vec![id("sg-web"), group()],
        },
        Operation::SetInstanceGroups {
            instance: fixture::suspect(),
            groups: vec![group()],
        },
        Operation::CreateInterface {
            subnet: "subnet-a".into(),
            groups: vec![group()],
            tags: vec![],
        },
        Operation::DeleteInterface {
            eni: Ref::Made(step),
        },
        Operation::SetSubnetAcl {
            subnet: "subnet-a".into(),
            acl: acl(),
        },
        Operation::DeleteAcl { acl: acl() },
        Operation::CreateAclEntry {
            acl: acl(),
            entry: entry.clone(),
        },
        Operation::ReplaceAclEntry { acl: acl(), entry },
        Operation::DeleteAclEntry {
            acl: acl(),
            direction,
            number: 5,
        },
        Operation::DeleteRouteTable { table: table() },
        Operation::SetSubnetRouteTable {
            subnet: "subnet-a".into(),
            table: Some(table()),
        },
        Operation::SetMainRouteTable {
            vpc: "vpc-1".into(),
            table: table(),
        },
        Operation::CreateRoute {
            table: Ref::Id("rtb-other".into()),
            destination: destination.clone(),
            target: Ref::Made(step),
        },
        Operation::ReplaceRoute {
            table: table(),
            destination: destination.clone(),
            target: Ref::Made(step),
        },
        Operation::DeleteRoute {
            table: table(),
            destination,
        },
    ]
}

#[test]
fn references_are_bound_or_their_step_is_named() {
    let mut bindings = Bindings::default();
    bindings.insert(StepId(3), "it-3");
    for operation in referring() {
        let unbound = operation.bind(&Bindings::default());
        assert_eq!(unbound, Err(Unbound(StepId(3))));
        let bound = operation.bind(&bindings).unwrap();
        let text = serde_json::to_string(&bound).unwrap();
        assert!(text.contains("it-3") && !text.contains("made"), "{text}");
    }
    for operation in one_of_each() {
        assert_eq!(operation.bind(&Bindings::default()), Ok(operation));
    }
}

#[test]
fn a_new_group_counts_once_its_default_rule_shows() {
    let operation = create("vpc-1", "new");
    let rules = |direction| vec![GroupRule::all(direction, "::/0".parse().unwrap())];
    for (rules, counts) in [
        (vec![], false),
        (rules(Direction::Ingress), false),
        (rules(Direction::Egress), true),
    ] {
        let id = GroupId::new("sg-1");
        let state = State::Group { id, rules };
        assert_eq!(operation.satisfied_by(&state), counts, "{state:?}");
    }
    assert!(!operation.satisfied_by(&State::Absent));
}

#[test]
fn only_what_takes_something_away_is_done_where_nothing_is() {
    for operation in one_of_each() {
        let api = operation.facts().api;
        let takes = ["Delete", "Detach", "Disassociate", "Deregister"];
        let gives_up = matches!(operation, Operation::DropPublicAddress { .. });
        let expected = gives_up || takes.iter().any(|verb| api.contains(&format!(":{verb}")));
        assert_eq!(operation.satisfied_by(&State::Absent), expected, "{api}");
    }
}

#[test]
fn the_facts_of_every_operation_are_consistent() {
    for operation in one_of_each() {
        let facts = operation.facts();
        let (service, call) = facts.api.split_once(':').unwrap();
        let own = facts.iam.contains(&facts.api);
        assert!(own, "{} is a permission", facts.api);
        assert!(facts.reference.starts_with("https://docs.aws.amazon.com/"));
        let page = format!("/API_{call}.html");
        assert!(facts.reference.ends_with(&page), "{}", facts.reference);
        let has_dry_run = service == "ec2" && !call.contains("IamInstanceProfile");
        assert_eq!(facts.dry_run, has_dry_run, "{}", facts.api);
        assert!(!operation.prose().is_empty(), "{}", facts.api);
    }
}

#[test]
fn a_route_to_an_unattached_interface_is_a_black_hole() {
    let mut estate = estate();
    for (last, target, dropped) in [
        (1, "eni-sink", true),
        (2, "eni-app1", false),
        (3, "nat-1", false),
    ] {
        let destination = format!("198.51.100.{last}/32");
        apply(&mut estate, &route("rtb-public", &destination, target), "").unwrap();
        let table = estate.route_table(&"rtb-public".into()).unwrap();
        let made = table.route(&destination).unwrap();
        assert_eq!(made.blackhole, dropped, "{target}");
    }
}

#[test]
fn a_cidr_is_kept_without_its_host_bits() {
    let mut estate = estate();
    let entry = crate::model::AclEntry {
        cidr: "100.68.0.18/18".parse().unwrap(),
        ..samples::entry(Direction::Ingress, 7)
    };
    let acl = Ref::Id("acl-shared".into());
    let operation = Operation::CreateAclEntry { acl, entry };
    let state = apply(&mut estate, &operation, "").unwrap();
    assert!(operation.satisfied_by(&state));
    let acl = estate.acl(&"acl-shared".into()).unwrap();
    let kept = acl.entry(Direction::Ingress, 7).unwrap();
    assert_eq!(kept.cidr.to_string(), "100.68.0.0/18");

    let operation = route("rtb-public", "198.51.100.9/24", "nat-1");
    apply(&mut estate, &operation, "").unwrap();
    let table = estate.route_table(&"rtb-public".into()).unwrap();
    let kept = table.route("198.51.100.200/24").unwrap();
    assert_eq!(kept.destination, "198.51.100.0/24");
}

#[test]
fn a_new_table_has_the_local_routes_of_both_families_and_no_other() {
    let mut estate = estate();
    let operation = Operation::CreateRouteTable {
        vpc: "vpc-1".into(),
        tags: vec![("Name".into(), "mine".into())],
    };
    apply(&mut estate, &operation, "rtb-new").unwrap();
    let table = estate.route_table(&"rtb-new".into()).unwrap();
    assert_eq!((table.name.as_str(), table.main), ("mine", false));
    let routes: Vec<_> = table
        .routes
        .iter()
        .map(|it| (it.destination.as_str(), it.target.as_str()))
        .collect();
    assert_eq!(
        routes,
        [("10.0.0.0/16", "local"), ("2001:db8::/56", "local")]
    );
}

#[test]
fn a_stop_gives_back_the_automatic_address_and_keeps_the_elastic_one() {
    let mut estate = estate();
    for (tail, kept) in [("web2", 1), ("web3", 0)] {
        let instance = samples::instance(tail);
        let stop = Operation::StopInstance {
            instance: instance.clone(),
            hibernate: false,
        };
        apply(&mut estate, &stop, "").unwrap();
        let left: usize = estate
            .enis_of_instance(&instance)
            .map(|it| it.public.len())
            .sum();
        assert_eq!(left, kept, "{tail}");
    }
}

#[test]
fn routes_to_a_detached_gateway_are_black_holes() {
    let mut estate = estate();
    for eni in estate.enis().cloned().collect::<Vec<_>>() {
        estate.update_eni(&eni.id, |it| it.public.clear());
    }
    let detach = Operation::DetachInternetGateway {
        gateway: "igw-1".into(),
        vpc: "vpc-1".into(),
    };
    apply(&mut estate, &detach, "").unwrap();
    let table = estate.route_table(&"rtb-public".into()).unwrap();
    assert!(table.route("0.0.0.0/0").unwrap().blackhole);
    assert!(!table.route("10.0.0.0/16").unwrap().blackhole);
}

#[test]
fn rules_that_were_there_before_stay_when_added_ones_are_undone() {
    let mut estate = estate();
    let add = authorize("sg-web");
    let only = |it: &Operation| match it {
        Operation::AuthorizeRules { rules, .. } => rules[0].clone(),
        _ => unreachable!(),
    };
    let group = "sg-web".into();
    estate.update_group(&group, |it| it.rules.push(only(&add)));
    let before = observe(&estate, &add).unwrap();
    apply(&mut estate, &add, "").unwrap();
    let undo = invert(&add, &before, None).unwrap();
    apply(&mut estate, &undo, "").unwrap();
    assert_eq!(observe(&estate, &add), Some(before));
    assert!(!revoke_all("sg-web", Direction::Ingress).satisfied_by(&State::Absent));
}

#[test]
fn timers_that_were_never_set_can_not_be_restored() {
    let operation = timers("eni-web1", 60, 30, 60);
    let before = State::Timeouts(TrackingTimeouts::default());
    assert_eq!(invert(&operation, &before, None), None);
}
