//! What flow logs say, in every format that there is.

use super::*;
use crate::flows::{Field, Format};
use crate::model::LogStatus;

const TALK: &str = "[[conversations]]\nname = \"shell\"\nfrom = [\"web-1\"]\nto = [\"c2\"]\nprotocol = \"tcp\"\nport = 4444\nevery = \"5s\"\nlasts = \"20s\"\n";

fn world(log: &str, history: &str) -> World {
    let text = include_str!("../../../assets/reference.toml");
    let log = format!("log_group = \"/vpc/shop/flow-logs\"\n{log}");
    let text = text.replacen("log_group = \"/vpc/shop/flow-logs\"", &log, 1);
    let text = format!("{text}\n[world]\nhistory = \"{history}\"\n{TALK}");
    World::new(Scenario::parse("log.toml", &text).unwrap(), t0())
}

fn lines(world: &World) -> Vec<String> {
    let estate = world.estate();
    let enis: Vec<EniId> = estate.enis().map(|it| it.id.clone()).collect();
    let log = &estate.flow_logs()[0];
    let lines = world.lines(log, &enis, t0() - TimeDelta::hours(2));
    lines.into_iter().map(|it| it.text).collect()
}

#[test]
fn lines_of_every_format_are_read_back() {
    for version in [2, 3, 4, 5, 7, 8, 9, 10, 11] {
        let world = world(&format!("format = \"v{version}\""), "5m");
        let format = Format::parse(&world.estate().flow_logs()[0].format).unwrap();
        let highest = format.fields().map(Field::version).max().unwrap();
        assert_eq!(highest, version);
        let (mut flows, mut silent) = (0, 0);
        for line in lines(&world) {
            let values = format.values(line.as_bytes()).unwrap();
            assert_eq!(values.len(), format.fields().count(), "{line}");
            assert!(
                line.starts_with(&format!("{version} 123456789012 eni-")),
                "{line}"
            );
            let record = format.record(line.as_bytes()).unwrap();
            match record.status {
                LogStatus::Ok => {
                    flows += 1;
                    assert!(record.packets > 0 && record.bytes > 0, "{line}");
                    assert!(record.src.is_some() && record.dst_port.is_some(), "{line}");
                    assert_eq!(record.tcp_flags.is_some(), version >= 3, "{line}");
                    assert_eq!(record.direction.is_some(), version >= 5, "{line}");
                    let leaves = line.contains(" 10.20.0.23 203.0.113.66 ") && version >= 5;
                    assert_eq!(record.traffic_path.is_some(), leaves, "{line}");
                }
                LogStatus::NoData => {
                    silent += 1;
                    assert!(record.src.is_none() && record.packets == 0, "{line}");
                }
                LogStatus::SkipData => panic!("{line}"),
            }
        }
        assert!(flows >= 8 && silent >= 8, "v{version}: {flows} {silent}");
    }
}

/// Fields that no record of a world has: `record.rs` says why.
const NEVER: [&str; 20] = [
    "sublocation-type",
    "sublocation-id",
    "pkt-src-aws-service",
    "pkt-dst-aws-service",
    "ecs-",
    "reject-reason",
    "resource-id",
    "encryption-status",
    "interface-tag",
    "interface-tag-2",
    "asg-tag",
    "asg-tag-2",
    "next-hop-interface-id",
    "next-hop-subnet-id",
    "next-hop-az-id",
    "next-hop-vpc-id",
    "next-hop-interface-type",
    "tgw-",
    "resource-type",
    "packets-lost-",
];

#[test]
fn every_field_that_a_world_knows_is_filled_and_no_other_one() {
    let world = world("format = \"v11\"", "5m");
    let format = world.estate().flow_logs()[0].format.clone();
    let format = Format::parse(&format).unwrap();
    let mut filled = BTreeSet::new();
    for line in lines(&world) {
        let values = line.split(' ').zip(format.fields());
        filled.extend(
            values
                .filter(|(it, _)| *it != "-")
                .map(|(_, field)| field.name()),
        );
    }
    // The reference account has no tags on its instances, and no interface of a gateway or an endpoint.
    let absent = ["instance-tag", "instance-tag-2", "interface-type"];
    for field in format.fields().map(Field::name) {
        let never = NEVER
            .iter()
            .any(|it| field == *it || it.ends_with('-') && field.starts_with(it));
        let expected = !never && !absent.contains(&field);
        assert_eq!(filled.contains(field), expected, "{field}");
    }
}

#[test]
fn flags_are_collected_over_a_window() {
    let world = world("", "5m");
    let flags: BTreeSet<String> = lines(&world)
        .iter()
        .map(|it| it.split(' ').collect::<Vec<_>>())
        .filter(|it| it[13] == "OK")
        .map(|it| format!("{} {}", it[21], it[17]))
        .collect();
    // A connection of 20 s: SYN and FIN of the client in one window, SYN-ACK and FIN of the server.
    assert!(flags.contains("egress 3"), "{flags:?}");
    assert!(flags.contains("ingress 19"), "{flags:?}");
}

#[test]
fn late_records_are_not_there_before_they_are_delivered() {
    let prompt = lines(&world("", "10m"));
    let late = lines(&world("delay = \"5m\"", "10m"));
    assert!(late.len() < prompt.len() && !late.is_empty());
    assert_eq!(late, prompt[..late.len()]);
    let mut world = world("delay = \"5m\"", "10m");
    world.advance(t0() + TimeDelta::minutes(5));
    assert_eq!(lines(&world)[..prompt.len()], prompt);
}

#[test]
fn what_is_skipped_is_said_to_be() {
    let mut world = world("", "0s");
    world.skip_data(TimeDelta::minutes(2));
    world.advance(t0() + TimeDelta::minutes(5));
    let format = Format::parse(FORMAT).unwrap();
    let status = |it: &String| format.record(it.as_bytes()).unwrap().status;
    let all: Vec<LogStatus> = lines(&world).iter().map(status).collect();
    assert_eq!(all.first(), Some(&LogStatus::SkipData));
    assert!(all.contains(&LogStatus::Ok));
    assert!(all.iter().filter(|it| **it == LogStatus::SkipData).count() >= 8);
}
