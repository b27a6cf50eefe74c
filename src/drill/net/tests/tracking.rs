//! What interfaces remember: swaps, two steps, timers, and what is left open.

use super::*;

/// Rules of `web-1`'s group: direction, protocol, port, peer.
fn with_rules(rules: &[(Direction, Protocol, i32, &str)]) -> Estate {
    let mut estate = estate();
    let new = rules.iter().map(|it| rule(it.0, it.1, it.2, it.3));
    let new: Vec<GroupRule> = new.collect();
    estate.update_group(&"sg-web".into(), |it| it.rules.extend(new));
    estate
}

fn inbound(port: u16, from: &str) -> Packet {
    packet(Packet::TCP, from, WEB_PUBLIC, (50_000, port))
}

fn on_nitro_v6(mut estate: Estate) -> Estate {
    estate.update_instance(&fixture::suspect(), |it| {
        it.instance_type = "m8i.large".into();
    });
    estate
}

#[test]
fn a_reverse_shell_survives_the_swap_and_a_new_one_is_refused() {
    let mut world = World::new(estate());
    world.open(beacon());
    world.groups("eni-web1", &["sg-iso"]);
    let fate = world.send(beacon(), 11.0);
    assert!(fate.delivered() && !fate.by_rules);
    assert!(world.passes(answer(beacon()), 12.0));
    let anew = packet(Packet::TCP, WEB, C2, (50_001, 443));
    let lost = world.loses(anew, 13.0);
    assert!(
        matches!(
            lost,
            Lost::Groups {
                direction: Direction::Egress,
                ..
            }
        ),
        "{lost}"
    );
}

#[test]
fn an_inbound_deny_starves_the_shell_that_goes_on_sending() {
    let mut world = World::new(estate());
    world.open(beacon());
    world.change(|it| {
        it.update_acl(&"acl-shared".into(), |it| {
            it.push(deny(Direction::Ingress, "203.0.113.66/32"));
        });
    });
    assert!(world.passes(beacon(), 11.0));
    let lost = world.loses(answer(beacon()), 11.1);
    assert!(matches!(lost, Lost::Acl { number: 90, .. }), "{lost}");
}

#[test]
fn two_steps_cut_what_speaks_in_between_and_nothing_else() {
    for (speaks, cut) in [(true, true), (false, false)] {
        let mut world = World::new(estate());
        world.open(beacon());
        world.groups("eni-web1", &["sg-open"]);
        if speaks {
            assert!(world.passes(answer(beacon()), 12.0));
        }
        world.groups("eni-web1", &["sg-iso"]);
        assert_eq!(
            world.passes(answer(beacon()), 21.0),
            !cut,
            "speaks: {speaks}"
        );
        assert_eq!(world.passes(beacon(), 21.1), !cut, "speaks: {speaks}");
    }
}

#[test]
fn two_steps_spare_pings() {
    let ping = Packet::ping(address(WEB), address(C2), 7);
    let mut world = World::new(estate());
    world.open(ping);
    world.groups("eni-web1", &["sg-open"]);
    assert!(world.passes(ping, 12.0));
    world.groups("eni-web1", &["sg-iso"]);
    assert!(world.passes(ping, 21.0));
}

#[test]
fn removing_the_rule_ends_what_was_open_to_all_and_not_what_was_narrow() {
    for (peer, survives) in [("0.0.0.0/0", false), ("192.0.2.25/32", true)] {
        let mut world = World::new(with_rules(&[(Direction::Ingress, Protocol::TCP, 22, peer)]));
        let ssh = inbound(22, "192.0.2.25");
        world.open(ssh);
        world.change(|it| {
            it.update_group(&"sg-web".into(), |it| {
                it.rules.retain(|rule| rule.direction == Direction::Egress);
            });
        });
        assert_eq!(world.passes(ssh, 11.0), survives, "{peer}");
    }
}

#[test]
fn a_ping_goes_on_after_its_rule_is_gone_and_times_out_when_it_paused() {
    let ping = Packet::ping(address("192.0.2.25"), address(WEB_PUBLIC), 7);
    let mut world = World::new(estate());
    assert!(!world.passes(ping, 0.0), "no rule yet");
    let permit = rule(Direction::Ingress, Protocol::ICMP, 8, "0.0.0.0/0");
    world.change(|it| it.update_group(&"sg-web".into(), |it| it.rules.push(permit)));
    assert!(world.passes(ping, 1.0));
    world.groups("eni-web1", &["sg-iso"]);
    assert!(world.passes(ping, 10.0));
    let restarted = Packet {
        src_port: 8,
        ..ping
    };
    assert!(world.passes(restarted, 14.0), "started anew at once");
    let fate = world.send(ping, 74.0);
    assert!(!fate.delivered() && fate.expired, "a minute of silence");
}

#[test]
fn a_ping_with_an_identifier_of_its_own_is_another_flow_if_aws_looks_at_it() {
    let ping = Packet::ping(address(WEB), address(C2), 7);
    let switches = Switches {
        icmp_by_identifier: true,
        ..Switches::default()
    };
    let mut world = World::with(estate(), switches);
    world.open(ping);
    world.groups("eni-web1", &["sg-iso"]);
    assert!(world.passes(ping, 2.0));
    assert!(!world.passes(
        Packet {
            src_port: 8,
            ..ping
        },
        2.0
    ));
}

#[test]
fn entries_last_as_long_as_their_timers() {
    let udp = packet(Packet::UDP, WEB, C2, (40_000, 4444));
    let esp = packet(50, WEB, C2, (0, 0));
    let days = 432_000.0;
    for (what, estate, first, idle, alive) in [
        ("five days", estate(), beacon(), days - 1.0, true),
        ("five days", estate(), beacon(), days + 1.0, false),
        ("Nitro v6", on_nitro_v6(estate()), beacon(), 349.0, true),
        ("Nitro v6", on_nitro_v6(estate()), beacon(), 351.0, false),
        ("UDP stream", estate(), udp, 179.0, true),
        ("UDP stream", estate(), udp, 181.0, false),
        ("other protocols", estate(), esp, 599.0, true),
        ("other protocols", estate(), esp, 601.0, false),
    ] {
        let mut world = World::new(estate);
        world.open(first);
        world.groups("eni-web1", &["sg-iso"]);
        let fate = world.send(answer(first), 0.15 + idle);
        assert_eq!(fate.delivered(), alive, "{what} after {idle} s");
        assert_eq!(fate.expired, !alive, "{what} after {idle} s");
    }
}

#[test]
fn one_exchange_of_udp_is_no_stream() {
    let udp = packet(Packet::UDP, WEB, C2, (40_000, 4444));
    for (idle, alive) in [(29.0, true), (31.0, false)] {
        let mut world = World::new(estate());
        assert!(world.passes(udp, 0.0));
        assert!(world.passes(answer(udp), 0.1));
        world.groups("eni-web1", &["sg-iso"]);
        assert_eq!(world.passes(answer(udp), 0.1 + idle), alive, "{idle} s");
    }
}

#[test]
fn an_untracked_flow_has_no_timer() {
    let http = inbound(80, "192.0.2.200");
    let mut world = World::new(with_rules(&[(
        Direction::Ingress,
        Protocol::TCP,
        80,
        "0.0.0.0/0",
    )]));
    world.open(http);
    assert!(world.passes(http, 86_400.0));
    world.groups("eni-web1", &["sg-iso"]);
    let fate = world.send(http, 86_401.0);
    assert!(!fate.delivered() && !fate.expired);
}

#[test]
fn dormant_flows_are_converted_if_aws_does_that() {
    let switches = Switches {
        dormant_flows_convert: true,
        ..Switches::default()
    };
    let mut world = World::with(estate(), switches);
    world.open(beacon());
    world.groups("eni-web1", &["sg-open"]);
    world.groups("eni-web1", &["sg-iso"]);
    assert!(!world.passes(answer(beacon()), 20.0));
}

#[test]
fn what_is_remembered_is_told_and_forgotten() {
    let mut world = World::new(estate());
    world.open(beacon());
    let eni = world.net.eni(&"eni-web1".into()).unwrap();
    let entry = world.net.entry(eni, beacon()).unwrap();
    assert_eq!(entry.initiated, Direction::Egress);
    assert!(entry.tracked);
    assert_eq!(entry.expires, Some(entry.last + 432_000 * SECOND));
    world.net.sweep(entry.last + 432_001 * SECOND);
    assert_eq!(world.net.entry(eni, beacon()), None);
    assert_eq!(world.net.remembered(), 0);
}

#[test]
fn an_interface_keeps_its_number() {
    let mut world = World::new(estate());
    let ids = ["eni-app1", "eni-web1"];
    let before = ids.map(|it| world.net.eni(&it.into()));
    world.open(beacon());
    let own = world.estate.eni(&"eni-web1".into()).unwrap().clone();
    world.change(|it| it.remove_eni(&"eni-app1".into()));
    world.change(|it| {
        it.put_eni(crate::model::Eni {
            id: "eni-0".into(),
            addresses: vec![address("10.0.0.77")],
            public: Vec::new(),
            ..own
        });
    });
    assert_eq!(ids.map(|it| world.net.eni(&it.into())), before);
    assert!(world.passes(answer(beacon()), 1.0));
    assert!(world.net.eni(&"eni-0".into()) > before[0].max(before[1]));
}
