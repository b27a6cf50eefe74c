//! Injects in a world: what players, records and packets get of them.

use chrono::{DateTime, TimeDelta, Utc};

use crate::drill::{Scenario, World};
use crate::model::{
    AclAction, AclEntry, Direction, EniId, InstanceId, Protocol, ResourceId, TrackingTimeouts,
};
use crate::operation::{Attribute, CallErrorKind, Operation, Ref, TagValue};
use crate::sources::{ExerciseRecord, FlowLine, Happening, Undone};

const FILE: &str = include_str!("../../scenario/tests/everything.toml");

/// What every world here begins with.
const BRIEFED: [&str; 2] = ["0 briefing", "0 Briefing says \"Play.\""];

fn t0() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

fn after(seconds: i64) -> DateTime<Utc> {
    t0() + TimeDelta::seconds(seconds)
}

fn world() -> World {
    World::new(Scenario::parse("everything.toml", FILE).unwrap(), t0())
}

/// What is told, by its kind; traffic and health are not.
fn told(records: &[ExerciseRecord]) -> Vec<String> {
    let kinds = records.iter().filter_map(|it| {
        let at = (it.at - t0()).num_seconds();
        match &it.what {
            Happening::Injected { name } => Some(format!("{at} {name}")),
            Happening::Message(it) => Some(format!("{at} {} says {:?}", it.from, it.text)),
            Happening::Changed { text } => Some(format!("{at} changed: {text}")),
            Happening::NotChanged { text, code } => Some(format!("{at} refused ({code}): {text}")),
            Happening::Detected { finding, .. } => Some(format!("{at} found {finding}")),
            _ => None,
        }
    });
    kinds.collect()
}

/// Packets of a conversation that were delivered until now.
fn packets(world: &World, conversation: &str) -> u64 {
    let all = world.truth().conversations().iter();
    let own = all.filter(|it| it.conversation == conversation);
    own.map(|it| it.all.packets.iter().sum::<u64>()).sum()
}

fn deny_all(direction: Direction) -> Operation {
    Operation::CreateAclEntry {
        acl: Ref::Id("acl-00000000000000001".into()),
        entry: AclEntry {
            direction,
            number: 1,
            action: AclAction::Deny,
            protocol: Protocol::All,
            cidr: "203.0.113.66/32".parse().unwrap(),
            ports: None,
        },
    }
}

#[test]
fn a_second_channel_opens_when_nobody_contains_in_time() {
    let mut world = world();
    world.advance(after(189));
    assert_eq!(packets(&world, "second shell"), 0);
    let before = world.drain();
    assert_eq!(
        told(&before),
        [BRIEFED[0], BRIEFED[1], "0 found f1", "60 storm"]
    );
    world.advance(after(240));
    assert!(packets(&world, "second shell") > 0);
    let shell = packets(&world, "shell");
    assert_eq!(
        told(&world.drain()),
        ["190 second channel", "190 found f2"],
        "a finding that an inject raises"
    );
    world.advance(after(300));
    assert_eq!(packets(&world, "shell"), shell, "it was ended");
}

#[test]
fn throttling_begins_with_the_storm_and_not_before() {
    let mut world = world();
    world.advance(after(59));
    assert!(world.take_troubles().is_empty());
    world.advance(after(61));
    let troubles = world.take_troubles();
    let [trouble] = troubles.as_slice() else {
        panic!("{troubles:?}")
    };
    assert_eq!((trouble.kind, trouble.calls), (CallErrorKind::Throttled, 3));
    assert!(
        world.take_troubles().is_empty(),
        "they are handed over once"
    );
}

#[test]
fn somebody_reacts_to_a_change_and_containment_is_noticed() {
    // Calls with stolen credentials pass no network ACL.
    let packets_alone = FILE.replace(
        "\"stolen\"\nrole = \"attack\"",
        "\"stolen\"\nrole = \"noise\"",
    );
    assert_ne!(packets_alone, FILE);
    let scenario = Scenario::parse("everything.toml", &packets_alone).unwrap();
    let mut world = World::new(scenario, t0());
    for direction in Direction::BOTH {
        world.execute(&deny_all(direction), after(10)).unwrap();
    }
    world.advance(after(180));
    let told = told(&world.drain());
    // The entry is gone by the robot's second attempt.
    let expected = [
        BRIEFED[0],
        BRIEFED[1],
        "0 found f1",
        "10 remedy",
        "10 changed: delete egress entry 100 of acl-00000000000000001",
        "10 remedy",
        "10 refused (InvalidNetworkAclEntry.NotFound): delete egress entry 100 of acl-00000000000000001",
        "60 storm",
    ];
    assert_eq!(told[..8], expected, "{told:#?}");
    let boss: Vec<&String> = told.iter().filter(|it| it.contains("CISO says")).collect();
    let [boss] = boss.as_slice() else {
        panic!("{told:#?}")
    };
    let (at, words) = boss.split_once(' ').unwrap();
    assert_eq!(words, "CISO says \"Are we safe?\"");
    let at: i64 = at.parse().unwrap();
    assert!(
        (69..=75).contains(&at),
        "a minute after the last packet: {at}"
    );
    assert!(world.is_contained());
    world.advance(after(400));
    assert_eq!(
        packets(&world, "second shell"),
        0,
        "whoever is in time is spared"
    );
}

#[test]
fn what_an_inject_changed_is_not_left_over_and_what_players_changed_is() {
    let mut world = world();
    assert_eq!(world.leftover(), [""; 0]);
    for direction in Direction::BOTH {
        world.execute(&deny_all(direction), after(10)).unwrap();
    }
    let acl = "acl-00000000000000001";
    let entries = world.estate().acls().flat_map(|it| &it.entries);
    let first = entries.filter(|it| it.number == 100).count();
    assert_eq!(first, 1, "the inject has deleted the other one");
    assert_eq!(world.leftover(), [format!("{acl}: its entries")]);
    assert_eq!(
        world.undone(Undone::NotAsked, false),
        (Undone::NotAsked, Vec::new())
    );
    assert_eq!(world.undone(Undone::Clean, false).0, Undone::Drift);
    assert_eq!(world.undone(Undone::NotAsked, true).0, Undone::NotAsked);
    for direction in Direction::BOTH {
        let delete = Operation::DeleteAclEntry {
            acl: Ref::Id(acl.into()),
            direction,
            number: 1,
        };
        world.execute(&delete, after(20)).unwrap();
    }
    assert_eq!(world.leftover(), [""; 0]);
    assert_eq!(
        world.undone(Undone::Drift, false),
        (Undone::Clean, Vec::new())
    );
    assert_eq!(
        world.undone(Undone::NotAsked, true),
        (Undone::Clean, Vec::new())
    );
}

#[test]
fn what_was_made_taken_away_or_kept_is_told_apart() {
    let mut world = world();
    let instance = InstanceId::from("i-0000000000000000e");
    let create = Operation::CreateGroup {
        vpc: "vpc-00000000000000001".into(),
        name: "closed".to_owned(),
        description: "a test".to_owned(),
        tags: Vec::new(),
    };
    let made = world.execute(&create, after(1)).unwrap().made.unwrap();
    let eni = EniId::from("eni-00000000000000001");
    let swap = Operation::SetEniGroups {
        eni: eni.clone(),
        groups: vec![Ref::Id(made.as_str().into())],
    };
    world.execute(&swap, after(2)).unwrap();
    let snapshots = Operation::CreateSnapshots {
        instance: instance.clone(),
        tags: vec![("firedoor:case".to_owned(), "1".to_owned())],
    };
    world.execute(&snapshots, after(2)).unwrap();
    let deregister = Operation::DeregisterTarget {
        instance: instance.clone(),
        target_group: "arn".to_owned(),
        port: Some(80),
    };
    world.execute(&deregister, after(3)).unwrap();
    assert_eq!(
        world.leftover(),
        [
            format!("{eni}: its groups"),
            format!("{instance}: its registration with web"),
            format!("{made} is new")
        ]
    );
}

#[test]
fn each_change_is_left_over_under_the_name_of_what_it_changed() {
    let instance = || InstanceId::from("i-0000000000000000e");
    let eni = || EniId::from("eni-00000000000000001");
    let tags = |key: &str| Operation::SetTags {
        resource: ResourceId::from("i-0000000000000000e"),
        tags: [(key.to_owned(), Some(TagValue::Text("1".to_owned())))].into(),
    };
    let stays = Attribute::DeleteOnTermination {
        device: "/dev/xvda".to_owned(),
        delete: false,
    };
    for (operation, left) in [
        (
            Operation::RevokeAllRules {
                group: Ref::Id("sg-00000000000000001".into()),
                direction: Direction::Egress,
            },
            &["sg-00000000000000001: its rules"][..],
        ),
        (
            Operation::DeleteRoute {
                table: Ref::Id("rtb-00000000000000001".into()),
                destination: "0.0.0.0/0".to_owned(),
            },
            &["rtb-00000000000000001: its routes"],
        ),
        (
            Operation::SetMetadataEndpoint {
                instance: instance(),
                enabled: false,
            },
            &["i-0000000000000000e: its attributes"],
        ),
        (
            Operation::DisassociateProfile {
                instance: instance(),
            },
            &["i-0000000000000000e: its instance profile"],
        ),
        (
            Operation::SetAttribute {
                instance: instance(),
                attribute: stays,
            },
            &["vol-000000000000000fe: whether it goes with its instance"],
        ),
        (
            Operation::EnterStandby {
                instance: instance(),
                asg: "web".into(),
                decrement: false,
            },
            &["i-0000000000000000e: its place in the Auto Scaling group web"],
        ),
        (tags("quarantine"), &["i-0000000000000000e: its tags"]),
        (tags("firedoor:case"), &[]),
        (
            Operation::SetTrackingTimeouts {
                eni: eni(),
                timeouts: TrackingTimeouts::default(),
            },
            &[],
        ),
    ] {
        let mut world = world();
        world.execute(&operation, after(1)).unwrap();
        assert_eq!(world.leftover(), left, "{operation:?}");
    }
}

#[test]
fn a_flow_log_that_skips_says_so_and_goes_on_later() {
    let mut world = world();
    world.advance(after(100));
    world.fire("blind").unwrap();
    world.advance(after(1800));
    let estate = world.estate();
    let enis: Vec<EniId> = estate.enis().map(|it| it.id.clone()).collect();
    let lines = world.lines(&estate.flow_logs()[0], &enis, t0());
    let status = |it: &FlowLine| it.text.split(' ').nth(13).map(str::to_owned);
    let own = |wanted: &str| {
        let own = lines
            .iter()
            .filter(|it| status(it).as_deref() == Some(wanted));
        own.count()
    };
    assert_eq!(own("SKIPDATA"), enis.len(), "one window of each interface");
    assert!(own("OK") > 0);
}

#[test]
fn the_facilitator_brings_about_what_waits_for_nobody_else() {
    let mut world = world();
    world.advance(after(5));
    world.fire("lost answer").unwrap();
    let troubles = world.take_troubles();
    assert_eq!(troubles[0].kind, CallErrorKind::Unanswered);
    assert!(troubles[0].made);
    world.fire("boss").unwrap();
    let told = told(&world.drain());
    assert_eq!(
        told,
        [
            BRIEFED[0],
            BRIEFED[1],
            "0 found f1",
            "5 lost answer",
            "5 boss",
            "5 CISO says \"Are we safe?\""
        ]
    );
    let waits: Vec<(String, bool)> = world.injects();
    assert!(waits.contains(&("boss".to_owned(), false)));
    assert!(waits.contains(&("storm".to_owned(), true)));
    let error = world.fire("nothing").unwrap_err();
    assert!(
        error.starts_with("no inject is named \"nothing\"; there are: briefing, second channel, ")
    );
}

#[test]
fn the_same_seed_gives_the_same_records() {
    let records = |seed| {
        let scenario = Scenario::parse("everything.toml", FILE).unwrap();
        let mut world = World::new(scenario.with_seed(seed), t0());
        world.advance(after(240));
        world.drain()
    };
    assert_eq!(records(7), records(7));
    assert_ne!(records(7), records(8));
}
