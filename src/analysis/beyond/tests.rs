//! What gateways do with packets.

use std::net::IpAddr;

use crate::analysis::{Activity, Course, Flow, Grade, Network, PortSpan, Stage, Verdict};
use crate::model::fixture::{APP, C2, WEB, WEB_PUBLIC, public as estate, publish};
use crate::model::{
    AclAction, AclEntry, Direction, Eni, EniKind, Estate, GroupRule, Part, PortRange, Protocol,
    Route,
};

const APP_V6: &str = "2001:db8:0:2::14";

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn with_route(table: &str, destination: &str, target: &str) -> Estate {
    let mut estate = estate();
    estate.update_routes(&table.into(), |it| {
        it.retain(|it| it.destination != destination);
        it.push(Route {
            destination: destination.into(),
            target: target.into(),
            blackhole: target.starts_with("eni-"),
            propagated: false,
        });
    });
    estate
}

fn flow(protocol: u8, client: &str, server: &str) -> Flow {
    Flow {
        client: address(client),
        server: address(server),
        protocol,
        client_ports: PortSpan::one(50_000),
        server_port: 443,
        icmp: None,
        via: None,
    }
}

/// What drops a new TCP connection; empty: nothing does.
fn refusal(estate: &Estate, client: &str, server: &str) -> String {
    let network = Network::new(estate);
    match network.connects(&flow(6, client, server), None) {
        Some(Err(decision)) => decision.code,
        _ => String::new(),
    }
}

fn fate(
    before: &Estate,
    after: &[(u32, Estate)],
    flow: &Flow,
    activity: Activity,
) -> (Verdict, Grade) {
    let before = Network::new(before);
    let stage = |(at, estate): &(u32, Estate)| Stage {
        at: *at,
        network: before.after(estate),
    };
    let stages: Vec<Stage> = after.iter().map(stage).collect();
    let course = Course {
        before: &before,
        stages: &stages,
    };
    let fate = course.fate(flow, None, activity);
    (fate.verdict, fate.grade)
}

#[test]
fn a_nat_gateway_forgets_what_is_silent_for_350_s() {
    let estate = estate();
    let out = flow(6, APP, C2);
    let idle = |idle| Activity {
        idle,
        dormant: true,
        ..Activity::default()
    };
    let mut swapped = estate.clone();
    swapped.update_group(&"sg-app".into(), |it| it.rules.clear());
    let swap = [(0, swapped)];
    let verdict = |activity| fate(&estate, &swap, &out, activity).0;
    assert_eq!(verdict(idle(0)), Verdict::Expires(350));
    assert_eq!(verdict(idle(100)), Verdict::Expires(250));
    assert_eq!(verdict(idle(400)), Verdict::Expires(0));
}

#[test]
fn a_block_in_front_of_a_nat_gateway_outlasts_its_timer() {
    let estate = estate();
    let mut denied = estate.clone();
    denied.update_acl(&"acl-default".into(), Vec::clear);
    for (until, verdict) in [(200, Verdict::Resumes), (800, Verdict::Expires(0))] {
        let pulse = [(0, denied.clone()), (until, estate.clone())];
        let found = fate(&estate, &pulse, &flow(17, APP, C2), Activity::default());
        // The far side's packets come as far as the gateway: half of the time is silent.
        assert_eq!(found.0, verdict, "{until} s");
    }
}

#[test]
fn a_nat_gateway_sees_what_its_own_route_drops() {
    let estate = estate();
    let gone = with_route("rtb-public", "203.0.113.64/26", "eni-sink");
    let pulse = [(0, gone), (600, estate.clone())];
    let found = fate(&estate, &pulse, &flow(17, APP, C2), Activity::default());
    assert_eq!(found.0, Verdict::Resumes);
}

#[test]
fn a_flow_that_a_nat_gateway_sends_elsewhere_ends() {
    let after = with_route("rtb-public", "203.0.113.64/26", "tgw-1");
    for (protocol, want) in [
        (6, Verdict::Cut),
        (1, Verdict::Cut),
        (17, Verdict::OneWay(Direction::Ingress)),
    ] {
        let out = flow(protocol, APP, C2);
        let found = fate(&estate(), &[(0, after.clone())], &out, Activity::default());
        assert_eq!(found.0, want, "{protocol}");
    }
    assert_eq!(refusal(&after, APP, C2), "");
}

#[test]
fn whom_a_nat_gateway_reaches_over_the_internet_may_be_untracked() {
    let mut before = estate();
    before.update_group(&"sg-web".into(), |it| {
        let any = "0.0.0.0/0".parse().unwrap();
        it.rules = Direction::BOTH.map(|it| GroupRule::all(it, any)).to_vec();
    });
    let mut after = before.clone();
    after.update_group(&"sg-web".into(), |it| it.rules.clear());
    let sibling = flow(6, APP, WEB_PUBLIC);
    let found = fate(&before, &[(0, after)], &sibling, Activity::default());
    assert_eq!(found, (Verdict::Cut, Grade::Ambiguous));
}

#[test]
fn a_cut_by_two_causes_is_no_surer_than_the_weaker_one() {
    let mut unmapped = estate();
    unmapped.update_eni(&"eni-web1".into(), |it| it.public.clear());
    let mut elsewhere = with_route("rtb-public", "0.0.0.0/0", "pcx-1");
    elsewhere.update_eni(&"eni-web1".into(), |it| it.public.clear());
    let course = [(0, unmapped), (20, elsewhere)];
    for (protocol, grade) in [(17, Grade::Ambiguous), (6, Grade::Documented)] {
        let out = flow(protocol, WEB, C2);
        let found = fate(&estate(), &course, &out, Activity::default());
        assert_eq!(found, (Verdict::Cut, grade), "{protocol}");
    }
}

#[test]
fn rules_pick_up_a_flow_whose_entry_ran_out_but_a_load_balancer_resets_it() {
    let mut before = estate();
    before.update_group(&"sg-app".into(), |it| {
        let subnet = "10.0.0.0/24".parse().unwrap();
        it.rules = vec![GroupRule::all(Direction::Ingress, subnet)];
    });
    before.update_eni(&"eni-app1".into(), |it| {
        it.timeouts.tcp_established = Some(60);
    });
    let mut balanced = before.clone();
    balanced.update_eni(&"eni-app1".into(), |it| {
        it.kind = EniKind::NetworkLoadBalancer;
        it.timeouts.tcp_established = None;
    });
    let silent = |idle| Activity {
        idle,
        dormant: true,
        ..Activity::default()
    };
    for (estate, idle, want) in [
        (&before, 0, (Verdict::Survives, Grade::Ambiguous)),
        (&balanced, 0, (Verdict::Expires(350), Grade::Documented)),
        (&balanced, 400, (Verdict::Expires(0), Grade::Documented)),
    ] {
        let mut swapped = estate.clone();
        swapped.update_group(&"sg-web".into(), |it| it.rules.clear());
        let found = fate(estate, &[(0, swapped)], &flow(6, WEB, APP), silent(idle));
        assert_eq!(found, want, "{idle} s");
    }
}

#[test]
fn gateways_send_on_by_their_own_routes_and_not_everywhere() {
    let sibling = "198.51.100.11";
    for (what, estate, ends, code) in [
        ("public", estate(), (WEB, C2), ""),
        (
            "private",
            estate(),
            (WEB, "192.168.7.7"),
            "not_public:subnet-a",
        ),
        (
            "private behind NAT",
            estate(),
            (APP, "100.64.1.1"),
            "not_public:subnet-a",
        ),
        (
            "NAT to a transit gateway",
            with_route("rtb-public", "10.200.0.0/16", "tgw-1"),
            (APP, "10.200.0.5"),
            "",
        ),
        (
            "NAT to a peering connection",
            with_route("rtb-public", "10.200.0.0/16", "pcx-1"),
            (APP, "10.200.0.5"),
            "no_route:rtb-public:pcx-1",
        ),
        (
            "NAT to a virtual private gateway",
            with_route("rtb-public", "10.200.0.0/16", "vgw-1"),
            (APP, "10.200.0.5"),
            "",
        ),
        (
            "answers from NAT to another NAT gateway",
            with_route("rtb-public", "10.0.2.0/24", "nat-1"),
            (APP, C2),
            "return:no_route:rtb-public:nat-1",
        ),
        (
            "answers from NAT",
            with_route("rtb-public", "10.0.2.0/24", "eni-sink"),
            (APP, C2),
            "return:blackhole:eni-sink",
        ),
        (
            "a sibling's answer to the NAT gateway's public address",
            with_route("rtb-public", "198.51.100.5/32", "eni-sink"),
            (APP, sibling),
            "return:blackhole:eni-sink",
        ),
    ] {
        let mut estate = estate;
        estate.update_group(&"sg-web".into(), |it| {
            let any = "0.0.0.0/0".parse().unwrap();
            it.rules.push(GroupRule::all(Direction::Ingress, any));
        });
        assert_eq!(refusal(&estate, ends.0, ends.1), code, "{what}");
    }
}

#[test]
fn the_acl_of_a_transit_gateway_attachment_is_evaluated_but_in_the_instances_own_subnet() {
    let there = "10.200.0.5";
    let (out, back) = ("nacl:acl-default:ingress:90", "nacl:acl-shared:ingress:91");
    for (attached, codes) in [
        (&["subnet-c"][..], [out, back]),
        (&["subnet-a"], ["", ""]),
        // The one in the zone of the instance serves it.
        (&["subnet-b", "subnet-c"], [out, back]),
    ] {
        let mut estate = with_route("rtb-public", "10.200.0.0/16", "tgw-1");
        let mut subnets: Vec<_> = estate.subnets().cloned().collect();
        let elsewhere = subnets.iter_mut().filter(|it| it.name == "net-b");
        elsewhere.for_each(|it| it.zone = "eu-west-1b".into());
        estate.replace(Part::Subnets(subnets));
        let gateway = estate.eni(&"eni-nat".into()).unwrap().clone();
        for subnet in attached {
            estate.put_eni(Eni {
                id: format!("eni-tgw-{subnet}").as_str().into(),
                kind: EniKind::TransitGateway,
                subnet: (*subnet).into(),
                addresses: Vec::new(),
                public: Vec::new(),
                ..gateway.clone()
            });
        }
        let denied = [(90, "10.0.0.11/32"), (91, "10.200.0.5/32")].map(|(number, cidr)| AclEntry {
            direction: Direction::Ingress,
            number,
            action: AclAction::Deny,
            protocol: Protocol::All,
            cidr: cidr.parse().unwrap(),
            ports: None,
        });
        for acl in ["acl-default", "acl-shared"] {
            estate.update_acl(&acl.into(), |it| it.extend(denied.clone()));
        }
        estate.update_group(&"sg-web".into(), |it| {
            let any = "0.0.0.0/0".parse().unwrap();
            it.rules.push(GroupRule::all(Direction::Ingress, any));
        });
        let found = [(WEB, there), (there, WEB)].map(|(from, to)| refusal(&estate, from, to));
        assert_eq!(found, codes, "{attached:?}");
    }
}

#[test]
fn packets_from_the_internet_may_arrive_though_answers_leave_by_nat() {
    let mut before = estate();
    before.update_group(&"sg-web".into(), |it| {
        let any = "0.0.0.0/0".parse().unwrap();
        it.rules.push(GroupRule::all(Direction::Ingress, any));
    });
    let mut after = before.clone();
    after.update_routes(&"rtb-public".into(), |it| {
        let default = it.iter_mut().filter(|it| it.destination == "0.0.0.0/0");
        default.for_each(|it| it.target = "nat-1".into());
    });
    let found = fate(
        &before,
        &[(0, after)],
        &flow(17, C2, WEB),
        Activity::default(),
    );
    assert_eq!(
        found,
        (Verdict::OneWay(Direction::Ingress), Grade::Ambiguous)
    );
}

#[test]
fn whether_a_route_to_an_appliance_takes_what_stays_in_its_subnet_is_not_documented() {
    for (block, grade) in [
        ("10.0.0.0/24", Grade::Ambiguous),
        ("10.0.0.0/25", Grade::Documented),
    ] {
        let estate = with_route("rtb-public", block, "vpce-1");
        let lateral = flow(17, WEB, "10.0.0.12");
        let found = fate(
            &estate,
            &[(0, estate.clone())],
            &lateral,
            Activity::default(),
        );
        assert_eq!(found.1, grade, "{block}");
    }
}

/// The estate with IPv6 at `app1`, and nothing against it.
fn on_ipv6(destination: &str, target: &str) -> Estate {
    let mut estate = with_route("rtb-main", destination, target);
    estate.update_eni(&"eni-app1".into(), |it| it.addresses.push(address(APP_V6)));
    let any = "::/0".parse().unwrap();
    estate.update_group(&"sg-app".into(), |it| {
        it.rules.push(GroupRule::all(Direction::Egress, any));
    });
    let allow = Direction::BOTH.map(|direction| AclEntry {
        direction,
        number: 101,
        action: AclAction::Allow,
        protocol: Protocol::All,
        cidr: any,
        ports: None,
    });
    for acl in ["acl-default", "acl-shared"] {
        estate.update_acl(&acl.into(), |it| it.extend(allow.clone()));
    }
    estate
}

fn cleared(estate: &Estate, group: &str) -> Estate {
    let mut after = estate.clone();
    after.update_group(&group.into(), |it| it.rules.clear());
    after
}

#[test]
fn a_nat_gateway_sends_on_inside_its_vpc_from_its_private_address() {
    let (gateway, client) = ("10.0.0.5/32", "10.0.2.14/32");
    for (permitted, sent_back, code) in [
        (gateway, true, ""),
        (client, true, "sg:eni-web1:sg-web"),
        (gateway, false, "return:blackhole:eni-sink"),
    ] {
        let mut estate = with_route("rtb-main", "10.0.0.0/24", "nat-1");
        let permitted = permitted.parse().unwrap();
        estate.update_group(&"sg-web".into(), |it| {
            it.rules = vec![GroupRule::all(Direction::Ingress, permitted)];
        });
        let home = Route {
            destination: client.into(),
            target: if sent_back { "local" } else { "eni-sink" }.into(),
            blackhole: !sent_back,
            propagated: false,
        };
        estate.update_routes(&"rtb-public".into(), |it| it.push(home));
        assert_eq!(refusal(&estate, APP, WEB), code, "{permitted} {sent_back}");
    }
}

#[test]
fn a_connection_whose_answer_leaves_by_a_nat_gateway_does_not_open() {
    let mut estate = estate();
    publish(&mut estate, "eni-app1", "198.51.100.14");
    let any = "0.0.0.0/0".parse().unwrap();
    estate.update_group(&"sg-app".into(), |it| {
        it.rules.push(GroupRule::all(Direction::Ingress, any));
    });
    let code = "return:another_way:rtb-main:nat-1";
    assert_eq!(refusal(&estate, C2, APP), code);
}

#[test]
fn nat_gateways_carry_no_ipv6_but_what_stands_for_ipv4() {
    let there = "2001:db8:9::1";
    let estate = on_ipv6("2001:db8:9::/48", "nat-1");
    assert_eq!(refusal(&estate, APP_V6, there), "nat_family:ipv6");
    for (to, carried) in [(there, false), ("64:ff9b::cb00:7142", true), (C2, true)] {
        assert_eq!(super::is_translated(address(to)), carried, "{to}");
    }
}

#[test]
fn behind_an_egress_only_gateway_nothing_comes_in_that_it_does_not_know() {
    let before = on_ipv6("::/0", "igw-1");
    let after = on_ipv6("::/0", "eigw-1");
    let esp = flow(50, APP_V6, "2001:db8:9::1");
    let found = fate(&before, &[(0, after)], &esp, Activity::default());
    assert_eq!(found.0, Verdict::Cut);
}

#[test]
fn what_came_from_the_internet_does_not_come_by_a_new_route() {
    let mut before = estate();
    let any = "0.0.0.0/0".parse().unwrap();
    before.update_group(&"sg-web".into(), |it| {
        it.rules.push(GroupRule::all(Direction::Ingress, any));
    });
    let mut after = before.clone();
    after.update_eni(&"eni-web1".into(), |it| it.public.clear());
    after.update_routes(&"rtb-public".into(), |it| {
        it.push(Route {
            destination: "128.0.0.0/1".into(),
            target: "tgw-1".into(),
            blackhole: false,
            propagated: false,
        });
    });
    let udp = flow(17, C2, WEB);
    let found = fate(&before, &[(0, after)], &udp, Activity::default());
    assert_eq!(found.0, Verdict::Cut);
}

#[test]
fn a_flow_that_is_seen_to_live_does_not_use_the_ports_that_are_denied() {
    let mut before = estate();
    before.update_acl(&"acl-shared".into(), |it| {
        it.push(AclEntry {
            direction: Direction::Ingress,
            number: 90,
            action: AclAction::Deny,
            protocol: Protocol::TCP,
            cidr: "203.0.113.0/24".parse().unwrap(),
            ports: Some(PortRange {
                from: 4444,
                to: 4444,
            }),
        });
    });
    let out = flow(6, APP, C2);
    for (after, verdict) in [
        (before.clone(), Verdict::Unaffected),
        (cleared(&before, "sg-app"), Verdict::Survives),
    ] {
        let found = fate(&before, &[(0, after)], &out, Activity::default());
        assert_eq!(found, (verdict, Grade::Expected));
    }
}

#[test]
fn whether_a_lowered_timer_ends_what_was_silent_is_not_documented() {
    let before = estate();
    let mut lowered = before.clone();
    lowered.update_eni(&"eni-web1".into(), |it| {
        it.timeouts.tcp_established = Some(60);
    });
    let swapped = cleared(&lowered, "sg-web");
    let silent = Activity {
        dormant: true,
        idle: 100,
        ..Activity::default()
    };
    let plan = [(0, lowered), (10, swapped)];
    let found = fate(&before, &plan, &flow(6, WEB, C2), silent);
    assert_eq!(found, (Verdict::Expires(0), Grade::Ambiguous));
}
