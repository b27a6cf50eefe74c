//! Nothing that is asked of the world breaks it.

use proptest::prelude::*;

use super::*;

/// Any operation, on objects that may or may not exist and may or may not suit.
fn operations() -> impl Strategy<Value = (Operation, u32, Option<prop::sample::Index>)> {
    let estate = World::new(load(None).unwrap(), t0()).estate().clone();
    let pick = |mut ids: Vec<String>| {
        ids.push("new:1".to_owned());
        ids.push("sg-0".to_owned());
        prop::sample::select(ids)
    };
    let vpc = estate.vpcs().next().unwrap().id.clone();
    let enis = pick(estate.enis().map(|it| it.id.to_string()).collect());
    let groups = pick(estate.groups().map(|it| it.id.to_string()).collect());
    let acls = pick(estate.acls().map(|it| it.id.to_string()).collect());
    let subnets = pick(estate.subnets().map(|it| it.id.to_string()).collect());
    let any = (
        0..9_u8,
        enis,
        groups,
        acls,
        subnets,
        any::<bool>(),
        0..400_u32,
        // Instead of it one of those that suit the scenario, in any order.
        any::<Option<prop::sample::Index>>(),
    );
    any.prop_map(
        move |(which, eni, group, acl, subnet, flag, seconds, other)| {
            let direction = Direction::BOTH[usize::from(flag)];
            let group = Ref::Id(GroupId::new(group));
            let acl = if flag {
                Ref::Id(acl.as_str().into())
            } else {
                Ref::Made(StepId(1))
            };
            let eni = EniId::new(eni);
            let operation = match which {
                0 => Operation::CreateGroup {
                    vpc: vpc.clone(),
                    name: format!("case-{seconds}"),
                    description: String::new(),
                    tags: Vec::new(),
                },
                1 => Operation::AuthorizeRules {
                    group,
                    direction,
                    rules: vec![GroupRule::all(direction, "0.0.0.0/0".parse().unwrap())],
                },
                2 => Operation::RevokeAllRules { group, direction },
                3 => Operation::SetEniGroups {
                    eni,
                    groups: vec![group],
                },
                4 => Operation::SetTrackingTimeouts {
                    eni,
                    timeouts: TrackingTimeouts::MINIMUM,
                },
                5 => Operation::CreateAcl {
                    vpc: vpc.clone(),
                    tags: Vec::new(),
                },
                6 => Operation::SetSubnetAcl {
                    subnet: subnet.as_str().into(),
                    acl,
                },
                7 => Operation::DeleteGroup { group },
                _ => Operation::DeleteAcl { acl },
            };
            (operation, seconds, other)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn no_sequence_of_operations_breaks_the_world(
        steps in prop::collection::vec(self::operations(), 1..12)
    ) {
        let mut world = World::new(load(None).unwrap(), t0());
        let mut now = t0();
        let known = operations::all(world.estate());
        for (operation, seconds, other) in steps {
            let operation = other.map_or(operation, |it| it.get(&known).clone());
            now += TimeDelta::seconds(i64::from(seconds));
            world.advance(now);
            let before = world.estate().clone();
            let answered = world.execute(&operation, now);
            if answered.is_err() {
                prop_assert_eq!(world.estate(), &before, "a refusal changes nothing");
            }
            world.observe(&operation);
        }
        let enis: Vec<EniId> = world.estate().enis().map(|it| it.id.clone()).collect();
        let log = world.estate().flow_logs()[0].clone();
        for line in world.lines(&log, &enis, t0()) {
            parse(&line.text);
        }
    }
}
