//! The judgement of single packets, case by case.

use std::net::IpAddr;

use crate::drill::conversation::Script;
use crate::drill::packet::{Class, Packet, judge_acl, judge_groups};
use crate::drill::path::{self, Party};
use crate::drill::tracking::Passage;

use super::*;

const PEER: &str = "203.0.113.66";
const PEER_V6: &str = "2001:db8:bad::66";

fn estate() -> Estate {
    World::new(load(None).unwrap(), t0()).estate().clone()
}

/// An estate in which the suspect's groups have these rules: direction, protocol, port, peer.
fn with_rules(rules: &[(Direction, &str, Option<i32>, &str)]) -> Estate {
    use crate::model::{PortRange, Protocol, RulePeer};
    let mut estate = estate();
    let id = eni_of(&estate, "web-03");
    let group = estate.eni(&id).unwrap().groups[0].clone();
    let rule =
        |(direction, protocol, port, peer): &(Direction, &str, Option<i32>, &str)| GroupRule {
            id: None,
            direction: *direction,
            protocol: match *protocol {
                "tcp" => Protocol::TCP,
                "udp" => Protocol::UDP,
                "icmp" => Protocol::ICMP,
                _ => Protocol::All,
            },
            ports: port.map(|from| PortRange { from, to: from }),
            peer: RulePeer::Cidr(peer.parse().unwrap()),
        };
    estate.update_group(&group, |it| it.rules = rules.iter().map(rule).collect());
    estate
}

fn packet(protocol: u8, src: &str, dst: &str, port: u16) -> Packet {
    Packet {
        protocol,
        src: src.parse().unwrap(),
        dst: dst.parse().unwrap(),
        src_port: 40_000,
        dst_port: port,
        reply: false,
    }
}

#[test]
fn a_flow_is_untracked_only_if_everyone_and_every_answer_is_allowed() {
    use Direction::{Egress, Ingress};
    const ALL: &str = "0.0.0.0/0";
    let (tracked, untracked) = (Some(Class::Tracked), Some(Class::Untracked));
    let wide = [(Ingress, "tcp", Some(443), ALL), (Egress, "all", None, ALL)];
    let open = [(Ingress, "all", None, ALL), (Egress, "all", None, ALL)];
    let narrow = [
        (Ingress, "tcp", Some(22), "203.0.113.66/32"),
        (Egress, "all", None, ALL),
    ];
    let halves = [
        (Ingress, "tcp", Some(443), "0.0.0.0/1"),
        (Ingress, "tcp", Some(443), "128.0.0.0/1"),
        (Egress, "all", None, ALL),
    ];
    let other = [(Ingress, "tcp", Some(443), ALL), (Egress, "udp", None, ALL)];
    for (case, rules, direction, protocol, port, class) in [
        ("443 from anywhere", &wide[..], Ingress, 6, 443, untracked),
        ("another port", &wide[..], Ingress, 6, 80, None),
        ("another protocol", &wide[..], Ingress, 17, 443, None),
        ("out, narrow in", &wide[..], Egress, 6, 4444, tracked),
        ("out, all open", &open[..], Egress, 6, 4444, untracked),
        ("udp, all open", &open[..], Egress, 17, 53, untracked),
        ("icmp, all open", &open[..], Egress, 1, 0, tracked),
        ("esp, all open", &open[..], Egress, 50, 0, tracked),
        ("from one address", &narrow[..], Ingress, 6, 22, tracked),
        ("no way out", &wide[..1], Ingress, 6, 443, tracked),
        ("two halves", &halves[..], Ingress, 6, 443, tracked),
        (
            "answers of another protocol",
            &other[..],
            Ingress,
            6,
            443,
            tracked,
        ),
        ("no rules", &[][..], Egress, 6, 443, None),
    ] {
        let estate = with_rules(rules);
        let eni = estate.eni(&eni_of(&estate, "web-03")).unwrap();
        let (src, dst) = match direction {
            Ingress => (PEER, SHELL.1),
            Egress => (SHELL.1, PEER),
        };
        let it = packet(protocol, src, dst, port);
        assert_eq!(
            judge_groups(&estate, eni, direction, it, false),
            class,
            "{case}"
        );
        let auto = judge_groups(&estate, eni, direction, it, true);
        assert_eq!(auto, class.and(tracked), "{case}, through a NAT gateway");
        let v6 = packet(protocol, BEACON.1, PEER_V6, port);
        assert_eq!(
            judge_groups(&estate, eni, Egress, v6, false),
            None,
            "{case}, IPv6"
        );
    }
}

#[test]
fn the_lowest_entry_that_matches_decides_and_families_are_apart() {
    let estate = estate();
    for (subnet_name, direction, src, dst, protocol, port, allowed) in [
        ("public-a", Direction::Ingress, PEER, SHELL.1, 6, 4444, true),
        (
            "private-a",
            Direction::Ingress,
            "10.20.0.21",
            "10.20.16.21",
            6,
            22,
            true,
        ),
        (
            "private-a",
            Direction::Ingress,
            PEER,
            "10.20.16.21",
            6,
            1_023,
            false,
        ),
        (
            "private-a",
            Direction::Ingress,
            PEER,
            "10.20.16.21",
            6,
            1_024,
            true,
        ),
        (
            "private-a",
            Direction::Ingress,
            PEER,
            "10.20.16.21",
            17,
            1_024,
            false,
        ),
        (
            "private-a",
            Direction::Ingress,
            PEER_V6,
            "2001:db8:14:1410::9",
            6,
            5_000,
            false,
        ),
        (
            "private-a",
            Direction::Egress,
            "10.20.16.21",
            PEER,
            6,
            443,
            true,
        ),
    ] {
        let it = packet(protocol, src, dst, port);
        let subnet = subnet(&estate, subnet_name);
        assert_eq!(
            judge_acl(&estate, &subnet, direction, it),
            allowed,
            "{it:?}"
        );
    }
}

#[test]
fn an_entry_lasts_as_long_as_its_timer() {
    let open = with_rules(&[(Direction::Egress, "all", None, "0.0.0.0/0")]);
    let shut = with_rules(&[]);
    for (protocol, packets, timeout) in [
        (6, 1, 432_000),
        (17, 1, 30),
        (17, 2, 180),
        (1, 1, 60),
        (50, 1, 600),
    ] {
        for (waited, alive) in [(timeout, true), (timeout + 1, false)] {
            let mut track = None;
            let pass = |estate: &Estate, at, track: &mut _| {
                let passage = Passage {
                    estate,
                    eni: estate.eni(&eni_of(estate, "web-03")).unwrap(),
                    direction: Direction::Egress,
                    packet: packet(protocol, SHELL.1, PEER, 443),
                    auto_tracked: false,
                    at,
                };
                passage.pass(track)
            };
            for _ in 0..packets {
                assert!(pass(&open, t0(), &mut track));
            }
            let later = t0() + TimeDelta::seconds(waited);
            assert_eq!(pass(&shut, later, &mut track), alive, "{protocol} {waited}");
        }
    }
}

#[test]
fn paths_follow_the_routes() {
    let estate = estate();
    let ours = |name: &str, address: &str| Party::Ours {
        eni: eni_of(&estate, name),
        address: address.parse().unwrap(),
    };
    let outside = || Party::Outside(PEER.parse::<IpAddr>().unwrap());
    let suspect = || ours("web-03", SHELL.1);
    let app = || ours("app-01", "10.20.16.21");
    for (from, to, shape) in [
        (suspect(), outside(), Some((vec![true], false))),
        (outside(), suspect(), Some((vec![true], false))),
        (
            suspect(),
            ours("web-01", "10.20.0.21"),
            Some((vec![false], false)),
        ),
        (suspect(), app(), Some((vec![true], false))),
        (app(), outside(), Some((vec![true, true], true))),
        (outside(), app(), None),
    ] {
        let path = path::between(&estate, &from, &to);
        let found = path.map(|it| {
            let crosses = it.segments.iter().map(|it| it.crosses).collect();
            (crosses, it.auto_tracked)
        });
        assert_eq!(found, shape, "{from:?} {to:?}");
    }
}

#[test]
fn no_script_of_the_shipped_scenario_goes_nowhere() {
    let scenario = load(None).unwrap();
    let estate = estate();
    let lost = |it: &&Script| path::between(&estate, &it.client, &it.server).is_none();
    assert_eq!(scenario.scripts.iter().filter(lost).count(), 0);
}
