//! Operations as data: refused as AWS refuses, applied and inverted, bound, written and read.

use proptest::prelude::*;

use super::*;
use crate::model::{Acl, Estate, Group, GroupId, Instance, InstanceState, Part, RulePeer, fixture};

fn id(group: &str) -> GroupRef {
    Ref::Id(group.into())
}

fn create(vpc: &str, name: &str) -> Operation {
    Operation::CreateGroup {
        vpc: vpc.into(),
        name: name.into(),
        description: String::new(),
        tags: vec![("Name".into(), name.into())],
    }
}

fn swap(eni: &str, groups: &[&str]) -> Operation {
    Operation::SetEniGroups {
        eni: eni.into(),
        groups: groups.iter().map(|it| id(it)).collect(),
    }
}

fn timers(eni: &str, tcp: u32, udp: u32, stream: u32) -> Operation {
    Operation::SetTrackingTimeouts {
        eni: eni.into(),
        timeouts: TrackingTimeouts {
            tcp_established: Some(tcp),
            udp: Some(udp),
            udp_stream: Some(stream),
        },
    }
}

fn move_to(subnet: &str, acl: &str) -> Operation {
    Operation::SetSubnetAcl {
        subnet: subnet.into(),
        acl: Ref::Id(acl.into()),
    }
}

fn revoke(group: &str, direction: Direction) -> Operation {
    Operation::RevokeAllRules {
        group: id(group),
        direction,
    }
}

fn authorize(group: &str) -> Operation {
    let direction = Direction::Ingress;
    let any = ["0.0.0.0/0", "::/0"].map(|it| it.parse().unwrap());
    Operation::AuthorizeRules {
        group: id(group),
        direction,
        rules: any.map(|it| GroupRule::all(direction, it)).to_vec(),
    }
}

fn create_acl(vpc: &str) -> Operation {
    Operation::CreateAcl {
        vpc: vpc.into(),
        tags: vec![("Name".into(), "quarantine".into())],
    }
}

fn delete(group: &str) -> Operation {
    Operation::DeleteGroup { group: id(group) }
}

fn delete_acl(acl: &str) -> Operation {
    Operation::DeleteAcl {
        acl: Ref::Id(acl.into()),
    }
}

fn one_of_each() -> Vec<Operation> {
    vec![
        create("vpc-1", "new"),
        authorize("sg-web"),
        revoke("sg-web", Direction::Egress),
        swap("eni-web1", &["sg-app"]),
        timers("eni-web1", 60, 30, 60),
        create_acl("vpc-1"),
        move_to("subnet-a", "acl-default"),
        delete("sg-spare"),
        delete_acl("acl-spare"),
    ]
}

/// The fixture's estate with groups and ACLs that nothing uses, some of them in another VPC.
fn estate() -> Estate {
    let mut estate = fixture::estate();
    let group = estate.groups().next().unwrap().clone();
    for (id, vpc) in [
        ("sg-spare", "vpc-1"),
        ("sg-far", "vpc-2"),
        ("sg-named", "vpc-1"),
    ] {
        estate.put_group(Group {
            id: id.into(),
            vpc: vpc.into(),
            name: id.into(),
            ..group.clone()
        });
    }
    estate.update_group(&"sg-web".into(), |it| {
        it.rules[0].peer = RulePeer::Group("sg-named".into());
    });
    let acl = estate.acls().next().unwrap().clone();
    for (id, vpc) in [("acl-spare", "vpc-1"), ("acl-far", "vpc-2")] {
        estate.put_acl(Acl {
            id: id.into(),
            vpc: vpc.into(),
            default: false,
            subnets: vec![],
            ..acl.clone()
        });
    }
    estate
}

#[test]
fn what_aws_refuses_is_refused_with_its_code() {
    let six = ["sg-web", "sg-app", "sg-spare", "sg-named", "sg-1", "sg-2"];
    let cases = [
        (create("vpc-9", "new"), "InvalidVpcID.NotFound"),
        (create("vpc-1", "WEB"), "InvalidGroup.Duplicate"),
        (create("vpc-1", "sg-new"), "InvalidParameterValue"),
        (create("vpc-1", ""), "InvalidParameterValue"),
        (create("vpc-1", &"x".repeat(256)), "InvalidParameterValue"),
        (authorize("sg-9"), "InvalidGroup.NotFound"),
        (revoke("sg-9", Direction::Egress), "InvalidGroup.NotFound"),
        (
            swap("eni-9", &["sg-web"]),
            "InvalidNetworkInterfaceID.NotFound",
        ),
        (swap("eni-nat", &["sg-web"]), "OperationNotPermitted"),
        (swap("eni-web1", &[]), "InvalidParameterValue"),
        (
            swap("eni-web1", &six),
            "SecurityGroupsPerInterfaceLimitExceeded",
        ),
        (swap("eni-web1", &["sg-9"]), "InvalidGroup.NotFound"),
        (swap("eni-web1", &["sg-far"]), "InvalidGroup.NotFound"),
        (
            timers("eni-9", 60, 30, 60),
            "InvalidNetworkInterfaceID.NotFound",
        ),
        (timers("eni-nat", 60, 30, 60), "OperationNotPermitted"),
        (timers("eni-web1", 59, 30, 60), "InvalidParameterValue"),
        (timers("eni-web1", 432_001, 30, 60), "InvalidParameterValue"),
        (timers("eni-web1", 60, 29, 60), "InvalidParameterValue"),
        (timers("eni-web1", 60, 61, 60), "InvalidParameterValue"),
        (timers("eni-web1", 60, 30, 59), "InvalidParameterValue"),
        (timers("eni-web1", 60, 30, 181), "InvalidParameterValue"),
        (create_acl("vpc-9"), "InvalidVpcID.NotFound"),
        (
            move_to("subnet-9", "acl-default"),
            "InvalidSubnetID.NotFound",
        ),
        (move_to("subnet-a", "acl-9"), "InvalidNetworkAclID.NotFound"),
        (move_to("subnet-a", "acl-far"), "InvalidParameterValue"),
        (delete("sg-9"), "InvalidGroup.NotFound"),
        (delete("sg-app"), "DependencyViolation"),
        (delete("sg-named"), "DependencyViolation"),
        (delete_acl("acl-9"), "InvalidNetworkAclID.NotFound"),
        (delete_acl("acl-shared"), "DependencyViolation"),
        (delete_acl("acl-default"), "DependencyViolation"),
    ];
    for (operation, code) in cases {
        let refusal = precondition(&estate(), &operation).unwrap_err();
        assert_eq!(refusal.code, code, "{}", operation.prose());
    }
}

#[test]
fn what_aws_accepts_is_accepted_and_does_what_was_asked_for() {
    let mut good = one_of_each();
    good.push(timers("eni-web1", 432_000, 60, 180));
    good.push(create("vpc-1", &"x".repeat(255)));
    for operation in good {
        let state = apply(&mut estate(), &operation, "made-1").unwrap();
        let prose = operation.prose();
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

#[test]
fn references_are_bound_or_their_step_is_named() {
    let group = || GroupRef::Made(StepId(3));
    let acl = || AclRef::Made(StepId(3));
    let (direction, rules) = (Direction::Egress, vec![]);
    let (eni, groups) = ("eni-web1".into(), vec![id("sg-web"), group()]);
    let subnet = "subnet-a".into();
    let operations = [
        Operation::AuthorizeRules {
            group: group(),
            direction,
            rules,
        },
        Operation::RevokeAllRules {
            group: group(),
            direction,
        },
        Operation::SetEniGroups { eni, groups },
        Operation::SetSubnetAcl { subnet, acl: acl() },
        Operation::DeleteGroup { group: group() },
        Operation::DeleteAcl { acl: acl() },
    ];
    let mut bindings = Bindings::default();
    bindings.insert(StepId(3), "it-3");
    for operation in operations {
        assert_eq!(
            operation.bind(&Bindings::default()),
            Err(Unbound(StepId(3)))
        );
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

/// Everything that operations change, without rule ids and in a fixed order.
fn picture(estate: &Estate) -> Vec<String> {
    let groups = estate.groups().map(|group| {
        let bare = |rule: &GroupRule| GroupRule {
            id: None,
            ..rule.clone()
        };
        let rules = group.rules.iter().map(bare);
        let mut rules: Vec<String> = rules.map(|it| format!("{it:?}")).collect();
        rules.sort();
        format!("{} {} {rules:?}", group.id, group.name)
    });
    let enis = estate.enis().map(|it| format!("{it:?}"));
    let acls = estate.acls().map(|it| format!("{it:?}"));
    groups.chain(enis).chain(acls).collect()
}

/// The state that is captured before an operation.
fn captured(estate: &Estate, operation: &Operation) -> State {
    match operation {
        Operation::RevokeAllRules { group, .. } => {
            let group = estate.group(&group.id()).unwrap();
            State::Group {
                id: group.id.clone(),
                rules: group.rules.clone(),
            }
        }
        Operation::SetEniGroups { eni, .. } => {
            State::EniGroups(estate.eni(eni).unwrap().groups.clone())
        }
        Operation::SetTrackingTimeouts { eni, .. } => {
            State::Timeouts(estate.eni(eni).unwrap().timeouts)
        }
        Operation::SetSubnetAcl { subnet, .. } => {
            State::SubnetAcl(estate.acl_of_subnet(subnet).unwrap().id.clone())
        }
        _ => State::Absent,
    }
}

const ENIS: [&str; 4] = ["eni-web1", "eni-web2", "eni-web3", "eni-app1"];

fn invertible() -> impl Strategy<Value = Operation> {
    let enis = || prop::sample::select(&ENIS[..]);
    let groups = || prop::sample::select(vec!["sg-web", "sg-app", "sg-spare", "sg-named"]);
    let subnets = prop::sample::select(vec!["subnet-a", "subnet-b", "subnet-c"]);
    let acls = prop::sample::select(vec!["acl-shared", "acl-default", "acl-spare"]);
    let some = prop::collection::btree_set(groups(), 1..4);
    prop_oneof![
        "[a-f]{1,8}x".prop_map(|name| create("vpc-1", &name)),
        Just(create_acl("vpc-1")),
        (groups(), any::<bool>())
            .prop_map(|(group, egress)| revoke(group, Direction::BOTH[usize::from(egress)])),
        (enis(), some).prop_map(|(eni, some)| swap(eni, &some.into_iter().collect::<Vec<_>>())),
        (enis(), 60..432_000_u32, 30..60_u32, 60..180_u32)
            .prop_map(|(eni, tcp, udp, stream)| timers(eni, tcp, udp, stream)),
        (subnets, acls).prop_map(|(subnet, acl)| move_to(subnet, acl)),
    ]
}

proptest! {
    #[test]
    fn operations_and_their_inverses_leave_everything_as_it_was(
        operations in prop::collection::vec(invertible(), 1..6),
    ) {
        let mut estate = estate();
        for eni in ENIS {
            estate.update_eni(&eni.into(), |it| it.timeouts = TrackingTimeouts::MINIMUM);
        }
        let before = picture(&estate);
        let mut undo = Vec::new();
        for (number, operation) in operations.iter().enumerate() {
            let was = captured(&estate, operation);
            let made = format!("made-{number}");
            if apply(&mut estate, operation, &made).is_ok() {
                undo.push(invert(operation, &was, Some(&made)).unwrap());
            }
        }
        for operation in undo.iter().rev() {
            apply(&mut estate, operation, "").unwrap();
        }
        prop_assert_eq!(picture(&estate), before);
    }
}
