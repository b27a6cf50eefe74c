//! Everybody who talks: what is sent again, given up, reset, kept alive, and told.

use super::*;
use crate::drill::{Ledger, Role, Sums};

const REFERENCE: &str = include_str!("../../../assets/reference.toml");

/// The reference account, in which somebody talks, without a history.
fn world(talks: &str) -> World {
    let text = format!("{REFERENCE}\n[world]\nhistory = \"0s\"\n{talks}");
    World::new(Scenario::parse("talks.toml", &text).unwrap(), t0())
}

fn talk(name: &str, from: &str, to: &str, rest: &str) -> String {
    format!("[[conversations]]\nname = \"{name}\"\nfrom = [\"{from}\"]\nto = [\"{to}\"]\n{rest}\n")
}

fn after(seconds: i64) -> DateTime<Utc> {
    t0() + TimeDelta::seconds(seconds)
}

fn ledger<'a>(world: &'a World, name: &str) -> &'a Ledger {
    let mut all = world.truth().conversations().iter();
    all.find(|it| it.conversation == name).unwrap()
}

/// All lines of the interfaces of an instance: source, destination port, packets, accepted, flags.
fn seen(world: &World, instance: &str) -> Vec<(String, u16, u32, bool, u8)> {
    let estate = world.estate();
    let instance = estate.instances().find(|it| it.name == instance).unwrap();
    let enis: Vec<EniId> = estate
        .enis_of_instance(&instance.id)
        .map(|it| it.id.clone())
        .collect();
    let lines = world.lines(&estate.flow_logs()[0], &enis, t0());
    let lines = lines
        .iter()
        .map(|it| it.text.split(' ').collect::<Vec<_>>());
    let lines = lines.filter(|it| it[13] == "OK").map(|it| {
        let number = |at: usize| it[at].parse().unwrap();
        (
            it[3].to_owned(),
            it[6].parse().unwrap(),
            number(8),
            it[12] == "ACCEPT",
            it[17].parse().unwrap(),
        )
    });
    lines.collect()
}

/// Denies everything from and to the attacker in the suspect's subnets, or takes that back.
fn deny(world: &mut World, now: DateTime<Utc>, denied: bool) {
    let acl = "acl-00000000000000001".into();
    for answer in entry_of_all(world, &acl, "203.0.113.0/24", now, denied) {
        answer.unwrap();
    }
}

#[test]
fn what_arrives_outside_has_left() {
    let sums = Sums {
        bytes: [7, 11],
        ..Sums::default()
    };
    for (from, to, left) in [
        ("web-1", "c2", 7),
        ("c2", "web-1", 11),
        ("web-1", "web-2", 0),
    ] {
        let rest = "protocol = \"tcp\"\nport = 443\nevery = \"1s\"\nrole = \"noise\"";
        let world = world(&talk("exchange", from, to, rest));
        assert_eq!(ledger(&world, "exchange").bytes_out(sums), left, "{from}");
    }
}

#[test]
fn what_is_lost_is_sent_again_with_longer_and_longer_pauses() {
    let shell = talk(
        "shell",
        "web-1",
        "c2",
        "protocol = \"tcp\"\nport = 4444\nevery = \"1s\"\npause = \"20s\"\nrole = \"attack\"",
    );
    let mut world = world(&shell);
    world.advance(after(120));
    let before = ledger(&world, "shell").all;
    assert!(before.answered >= 118, "{before:?}");
    assert_eq!(before.failed, 0);
    deny(&mut world, after(120), true);
    world.advance(after(300));
    let lines = seen(&world, "web-1");
    let rejected: Vec<u32> = lines.iter().filter(|it| !it.3).map(|it| it.2).collect();
    // 0.2 s, 0.4 s, ... 51.2 s, 102.4 s: nine or ten within the first minute and a half.
    let count: u32 = rejected.iter().sum();
    assert!((10..=12).contains(&count), "{rejected:?}");
    assert!(world.is_contained());
    // What waits fails with every second that another should have been asked.
    let cut = ledger(&world, "shell").all;
    assert_eq!(cut.answered, before.answered);
    assert!(cut.failed >= 100, "{cut:?}");
    deny(&mut world, after(300), false);
    world.advance(after(500));
    assert!(ledger(&world, "shell").all.answered > before.answered + 100);
    assert!(!world.is_contained());
}

#[test]
fn a_quarter_of_an_hour_of_silence_ends_a_connection_and_another_is_tried() {
    let shell = talk(
        "shell",
        "web-1",
        "c2",
        "protocol = \"tcp\"\nport = 4444\nevery = \"1s\"\npause = \"20s\"",
    );
    let mut world = world(&shell);
    deny(&mut world, after(60), true);
    world.advance(after(60 + 15 * 60));
    let syn = |world: &World| {
        seen(world, "web-1")
            .iter()
            .filter(|it| !it.3 && it.4 == 2)
            .count()
    };
    assert_eq!(syn(&world), 0, "it is still sent again");
    world.advance(after(60 + 17 * 60));
    assert!(syn(&world) > 0, "a new connection is tried");
}

#[test]
fn who_was_stopped_knows_no_connection_and_resets_it() {
    let inside = talk(
        "inside",
        "web-2",
        "web-1",
        "protocol = \"tcp\"\nport = 443\nevery = \"2s\"\npause = \"5s\"",
    );
    let mut world = world(&inside);
    let stop = Operation::StopInstance {
        instance: SUSPECT.into(),
        hibernate: false,
    };
    world.execute(&stop, after(60)).unwrap();
    world.advance(after(100));
    let start = Operation::StartInstance {
        instance: SUSPECT.into(),
    };
    world.execute(&start, after(100)).unwrap();
    world.advance(after(420));
    let resets = seen(&world, "web-1")
        .iter()
        .filter(|it| it.4 & 4 == 4)
        .count();
    assert!(resets > 0, "{:?}", seen(&world, "web-1"));
    let all = ledger(&world, "inside").all;
    assert!(all.failed > 0 && all.answered > 120, "{all:?}");
}

#[test]
fn a_closed_port_refuses_and_a_stream_needs_no_answer() {
    let mut talks = talk(
        "scan",
        "c2",
        "web-1",
        "protocol = \"tcp\"\nport = 443\nevery = \"10s\"\npause = \"10s\"\nclosed = true\nrole = \"noise\"",
    );
    talks += &talk(
        "ping",
        "web-2",
        "web-1",
        "protocol = \"tcp\"\nport = 443\nevery = \"3m\"\nkeepalive = \"30s\"",
    );
    let mut world = world(&talks);
    world.advance(after(600));
    let scan = ledger(&world, "scan").all;
    assert!(scan.asked > 50 && scan.answered == 0, "{scan:?}");
    assert!(scan.failed + 1 >= scan.asked, "{scan:?}");
    let lines = seen(&world, "web-1");
    assert!(lines.iter().any(|it| it.4 == 4), "RST");
    // A keep-alive every half minute, and its answer, in every window once it has begun.
    let alive = lines
        .iter()
        .filter(|it| it.0 == "10.20.0.24" && it.1 == 443);
    assert!(alive.count() >= 6, "{lines:?}");
}

/// However the world is advanced, the same happens.
#[test]
fn steps_of_time_make_no_difference() {
    let scenario = || load(Some("miner-in-asg")).unwrap();
    let stop = Operation::StopInstance {
        instance: scenario().suspect().clone(),
        hibernate: false,
    };
    let play = |steps: &[i64]| {
        let mut world = World::new(scenario(), t0());
        world.execute(&stop, after(20)).unwrap();
        let mut records = Vec::new();
        for step in steps {
            world.advance(after(*step));
            records.extend(world.drain());
        }
        let enis: Vec<EniId> = world.estate().enis().map(|it| it.id.clone()).collect();
        let lines = world.lines(&world.estate().flow_logs()[0], &enis, t0());
        (records, lines, world.findings().len())
    };
    let every: Vec<i64> = (21..=360).collect();
    let (one, lines, findings) = play(&[360]);
    let (many, other_lines, other_findings) = play(&every);
    assert_eq!(lines, other_lines);
    assert_eq!(findings, other_findings);
    assert_eq!(one, many);
    assert!(lines.len() > 500 && one.len() > 30);
}

#[test]
fn an_unhealthy_target_is_replaced_unless_it_is_in_standby() {
    use crate::sources::Happening;
    for standby in [false, true] {
        let scenario = load(Some("miner-in-asg")).unwrap();
        let suspect = scenario.suspect().clone();
        let mut world = World::new(scenario, t0());
        let group = empty_acl(&mut world);
        if standby {
            let asg = world.estate().asg_of(&suspect).unwrap().clone();
            let size = asg.size.unwrap();
            let lower = Operation::SetAsgMinSize {
                asg: asg.group.clone(),
                min: size.min - 1,
            };
            world.execute(&lower, after(5)).unwrap();
            let enter = Operation::EnterStandby {
                instance: suspect.clone(),
                asg: asg.group,
                decrement: true,
            };
            world.execute(&enter, after(6)).unwrap();
        }
        // Nothing gets into its subnet any more.
        let eni = world
            .estate()
            .enis_of_instance(&suspect)
            .next()
            .unwrap()
            .clone();
        let swap = Operation::SetSubnetAcl {
            subnet: eni.subnet,
            acl: Ref::Id(group),
        };
        world.execute(&swap, after(10)).unwrap();
        world.advance(after(400));
        let records = world.drain();
        let unhealthy = |it: &Happening| matches!(it, Happening::Health { instance, healthy: false } if *instance == suspect);
        let replaced = |it: &Happening| matches!(it, Happening::Replaced { instance, .. } if *instance == suspect);
        assert!(records.iter().any(|it| unhealthy(&it.what)), "{standby}");
        assert_eq!(records.iter().any(|it| replaced(&it.what)), !standby);
        let state = world.estate().instance(&suspect).unwrap().state;
        let gone = state == crate::model::InstanceState::Terminated;
        assert_eq!(gone, !standby);
    }
}

fn empty_acl(world: &mut World) -> crate::model::AclId {
    let vpc = world.estate().vpcs().next().unwrap().id.clone();
    let create = Operation::CreateAcl {
        vpc,
        tags: Vec::new(),
    };
    let made = world.execute(&create, after(2)).unwrap().made.unwrap();
    made.as_str().into()
}

#[test]
fn stolen_credentials_work_until_their_sessions_are_denied() {
    let scenario = load(Some("stolen-credentials")).unwrap();
    let suspect = scenario.suspect().clone();
    let mut world = World::new(scenario, t0());
    let profile = world
        .estate()
        .instance(&suspect)
        .unwrap()
        .profile
        .clone()
        .unwrap();
    let of = |world: &World| ledger(world, "thefts").all;
    let before = of(&world);
    assert!(before.answered > 100 && before.failed == 0, "{before:?}");
    assert_eq!(ledger(&world, "thefts").role, Role::Attack);
    // The shell is cut, so that nothing new is fetched.
    let stop = Operation::StopInstance {
        instance: suspect,
        hibernate: false,
    };
    world.execute(&stop, after(10)).unwrap();
    world.advance(after(120));
    let stopped = of(&world);
    assert!(stopped.answered > before.answered + 40, "they work on");
    let until = crate::operation::At::Moment(after(121));
    let revoke = Operation::RevokeSessions { profile, until };
    world.execute(&revoke, after(121)).unwrap();
    world.advance(after(300));
    let denied = of(&world);
    assert!(denied.answered <= stopped.answered + 2, "{denied:?}");
    assert!(denied.failed > 80, "{denied:?}");
}

#[test]
fn a_finding_comes_of_what_the_attacker_does() {
    let finding = "[[findings]]\nid = \"00000000000000000000000000000001\"\nkind = \"Backdoor:EC2/C&CActivity.B\"\nseverity = 8.0\ntitle = \"t\"\ndescription = \"d\"\nlag = \"90s\"\nof = \"shell\"\nresource = \"Instance\"\ninstance = \"web-1\"\naction = { DnsRequest = { domain = \"x.example\", blocked = false } }\n";
    let shell = talk(
        "shell",
        "web-1",
        "c2",
        "protocol = \"tcp\"\nport = 4444\nevery = \"1s\"\nstarts = \"30s\"\nrole = \"attack\"",
    );
    for (cut, found) in [(false, true), (true, false)] {
        let mut world = world(&format!("{finding}{shell}"));
        if cut {
            deny(&mut world, after(5), true);
        }
        world.advance(after(100));
        assert_eq!(world.findings().len(), 0);
        world.advance(after(125));
        assert_eq!(world.findings().len(), usize::from(found), "cut: {cut}");
    }
}

#[test]
fn records_tell_of_as_much_time_as_the_world_counts() {
    let seconds = crate::sources::BUCKET_SECONDS;
    assert_eq!(crate::drill::BUCKET, u64::from(seconds) * 1_000_000);
}
