//! What holds of every network, whatever its rules are.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::net::IpAddr;

use chrono::DateTime;
use firedoor::analysis::{
    Activity, Course, Flow, Network, PortSpan, Seen, Stage, Traffic, Verdict,
};
use firedoor::model::*;
use firedoor::operation::{Operation, Ref, State, apply, invert};
use proptest::prelude::*;

const PORTS: [u16; 4] = [22, 80, 443, 8080];
const CIDRS: [&str; 9] = [
    "0.0.0.0/0",
    "10.0.0.0/16",
    "10.0.1.0/24",
    "10.0.2.0/24",
    "10.0.1.10/32",
    "203.0.113.0/24",
    "203.0.113.7/32",
    "::/0",
    "2001:db8:0:1::/64",
];

fn cidr() -> impl Strategy<Value = ipnet::IpNet> {
    prop::sample::select(&CIDRS[..]).prop_map(|it| it.parse().unwrap())
}

fn protocol() -> impl Strategy<Value = (Protocol, Option<PortRange>)> {
    let port = prop::sample::select(&PORTS[..]);
    let range = |from: u16, to: u16| {
        Some(PortRange {
            from: from.into(),
            to: to.into(),
        })
    };
    prop_oneof![
        2 => Just((Protocol::All, None)),
        3 => port.clone().prop_map(move |it| (Protocol::TCP, range(it, it))),
        1 => Just((Protocol::TCP, None)),
        1 => Just((Protocol::TCP, range(1024, 65535))),
        1 => port.prop_map(move |it| (Protocol::UDP, range(it, it))),
        1 => Just((Protocol::ICMP, None)),
    ]
}

fn group_rule() -> impl Strategy<Value = GroupRule> {
    let peer = prop_oneof![
        4 => cidr().prop_map(RulePeer::Cidr),
        1 => (0..4_u8).prop_map(|it| RulePeer::Group(group_id(it))),
    ];
    (any::<bool>(), protocol(), peer).prop_map(|(out, (protocol, ports), peer)| GroupRule {
        id: None,
        direction: if out {
            Direction::Egress
        } else {
            Direction::Ingress
        },
        protocol,
        ports,
        peer,
    })
}

fn acl_entry() -> impl Strategy<Value = AclEntry> {
    (any::<bool>(), 1..200_u16, any::<bool>(), protocol(), cidr()).prop_map(
        |(out, number, allow, (protocol, ports), cidr)| AclEntry {
            direction: if out {
                Direction::Egress
            } else {
                Direction::Ingress
            },
            number,
            action: if allow {
                AclAction::Allow
            } else {
                AclAction::Deny
            },
            protocol,
            cidr,
            ports,
        },
    )
}

fn group_id(n: u8) -> GroupId {
    format!("sg-{n}").as_str().into()
}

/// Two subnets with three interfaces each, four groups, two NACLs, one table with an internet gateway.
fn estate() -> impl Strategy<Value = Estate> {
    let groups = prop::collection::vec(prop::collection::vec(group_rule(), 0..5), 4);
    let entries = prop::collection::vec(acl_entry(), 0..5);
    let acls = prop::collection::vec((any::<bool>(), entries), 2);
    let members = prop::collection::vec(prop::collection::btree_set(0..4_u8, 1..3), 6);
    (groups, acls, members).prop_map(|(groups, acls, members)| {
        let groups = (0..).zip(groups).map(|(n, rules)| group(n, rules));
        let acls = (1..)
            .zip(acls)
            .map(|(n, (open, entries))| acl(n, open, entries));
        let enis = (0..).zip(members).map(|(n, members)| eni(n, members));
        let vpc = Vpc {
            id: "vpc-1".into(),
            name: String::new(),
            cidrs: vec![
                "10.0.0.0/16".parse().unwrap(),
                "2001:db8::/56".parse().unwrap(),
            ],
        };
        let parts = [
            Part::Vpcs(vec![vpc]),
            Part::Subnets((1..=2).map(subnet).collect()),
            Part::Groups(groups.collect()),
            Part::Acls(acls.collect()),
            Part::Enis(enis.collect()),
            Part::RouteTables(vec![table()]),
            Part::Gateways(Vec::new()),
        ];
        Estate::from_parts(parts, DateTime::UNIX_EPOCH)
    })
}

fn group(n: u8, rules: Vec<GroupRule>) -> Group {
    Group {
        id: group_id(n),
        vpc: "vpc-1".into(),
        name: format!("group {n}"),
        description: String::new(),
        rules,
    }
}

/// Half of them let everything else pass, as AWS's default does.
fn acl(n: u8, open: bool, mut entries: Vec<AclEntry>) -> Acl {
    if open {
        entries.extend(allow_all(200));
    }
    Acl {
        id: format!("acl-{n}").as_str().into(),
        vpc: "vpc-1".into(),
        name: String::new(),
        default: n == 1,
        entries,
        subnets: vec![format!("subnet-{n}").as_str().into()],
    }
}

fn allow_all(number: u16) -> Vec<AclEntry> {
    let families = [(number, "0.0.0.0/0"), (number + 1, "::/0")];
    let entry = |direction, (number, cidr): (u16, &str)| AclEntry {
        direction,
        number,
        action: AclAction::Allow,
        protocol: Protocol::All,
        cidr: cidr.parse().unwrap(),
        ports: None,
    };
    let both = Direction::BOTH.into_iter();
    both.flat_map(|direction| families.map(|it| entry(direction, it)))
        .collect()
}

fn eni(n: u8, members: BTreeSet<u8>) -> Eni {
    let subnet = 1 + n / 3;
    let private: IpAddr = [10, 0, subnet, 10 + n].into();
    let v6: IpAddr = format!("2001:db8:0:{subnet}::{}", 10 + n).parse().unwrap();
    Eni {
        id: format!("eni-{n}").as_str().into(),
        vpc: "vpc-1".into(),
        subnet: format!("subnet-{subnet}").as_str().into(),
        kind: EniKind::Instance,
        description: String::new(),
        addresses: vec![private, v6],
        public: vec![PublicAddress {
            private,
            address: [198, 51, 100, n].into(),
            elastic: true,
        }],
        groups: members.into_iter().map(group_id).collect(),
        instance: Some(format!("i-{n}").as_str().into()),
        device_index: Some(0),
        requester_managed: false,
        source_dest_check: true,
        timeouts: TrackingTimeouts::default(),
    }
}

fn subnet(n: u8) -> Subnet {
    let blocks = [format!("10.0.{n}.0/24"), format!("2001:db8:0:{n}::/64")];
    Subnet {
        id: format!("subnet-{n}").as_str().into(),
        vpc: "vpc-1".into(),
        name: String::new(),
        zone: String::new(),
        cidrs: blocks.map(|it| it.parse().unwrap()).to_vec(),
    }
}

fn table() -> RouteTable {
    let routes = [
        ("10.0.0.0/16", "local"),
        ("2001:db8::/56", "local"),
        ("0.0.0.0/0", "igw-1"),
        ("::/0", "igw-1"),
    ];
    let route = |(destination, target): (&str, &str)| Route {
        destination: destination.into(),
        target: target.into(),
        blackhole: false,
        propagated: false,
    };
    RouteTable {
        id: "rtb-1".into(),
        vpc: "vpc-1".into(),
        name: String::new(),
        main: true,
        subnets: Vec::new(),
        routes: routes.map(route).to_vec(),
    }
}

/// A flow between two of our addresses, or with one outside.
fn flow() -> impl Strategy<Value = Flow> {
    let address = || {
        (0..8_u8, any::<bool>()).prop_map(|(n, v6)| -> (IpAddr, bool) {
            let subnet = 1 + n / 3;
            let address = match (n, v6) {
                (0..6, false) => [10, 0, subnet, 10 + n].into(),
                (0..6, true) => format!("2001:db8:0:{subnet}::{}", 10 + n).parse().unwrap(),
                (_, false) => [203, 0, 113, n].into(),
                (_, true) => format!("2001:db8:ffff::{n}").parse().unwrap(),
            };
            (address, v6)
        })
    };
    let kind = prop::sample::select(&[(6_u8, true), (17, true), (1, false)][..]);
    (
        address(),
        address(),
        kind,
        prop::sample::select(&PORTS[..]),
        any::<bool>(),
    )
        .prop_filter("one family, two ends, one of them ours", |(a, b, ..)| {
            let ours = |it: IpAddr| {
                it.to_string().starts_with("10.") || it.to_string().starts_with("2001:db8:0:")
            };
            a.1 == b.1 && a.0 != b.0 && (ours(a.0) || ours(b.0))
        })
        .prop_map(
            |((client, v6), (server, _), (protocol, ports), port, high)| Flow {
                client,
                server,
                protocol: if protocol == 1 && v6 { 58 } else { protocol },
                client_ports: PortSpan::one(match (ports, high) {
                    (false, _) => 0,
                    (true, true) => 50_000,
                    (true, false) => 1_500,
                }),
                server_port: if ports { port } else { 0 },
                icmp: None,
                via: None,
            },
        )
}

fn connects(estate: &Estate, flow: &Flow) -> Option<bool> {
    let found = Network::new(estate).connects(flow, None);
    found.map(|it| it.is_ok())
}

fn fate(before: &Estate, after: &Estate, flow: &Flow) -> Verdict {
    let network = Network::new(before);
    let stages = [Stage {
        at: 0,
        network: network.after(after),
    }];
    let course = Course {
        before: &network,
        stages: &stages,
    };
    course.fate(flow, None, Activity::default()).verdict
}

fn same_subnet(flow: &Flow) -> bool {
    let of = |it: IpAddr| match it {
        IpAddr::V4(it) => it.octets()[..3].to_vec(),
        IpAddr::V6(it) => it.octets()[..8].to_vec(),
    };
    of(flow.client) == of(flow.server)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn adding_a_group_never_denies(estate in estate(), flow in flow(), eni in 0..6_u8, group in 0..4_u8) {
        let mut after = estate.clone();
        after.update_eni(&format!("eni-{eni}").as_str().into(), |it| {
            if !it.groups.contains(&group_id(group)) {
                it.groups.push(group_id(group));
            }
        });
        if connects(&estate, &flow) == Some(true) {
            prop_assert_eq!(connects(&after, &flow), Some(true));
            prop_assert_eq!(fate(&estate, &after, &flow), Verdict::Unaffected);
        }
    }

    #[test]
    fn an_empty_group_never_cuts_a_tracked_flow(estate in estate(), flow in flow(), eni in 0..6_u8) {
        let id: EniId = format!("eni-{eni}").as_str().into();
        let mut after = estate.clone();
        after.put_group(Group {
            id: "sg-empty".into(),
            vpc: "vpc-1".into(),
            name: "empty".into(),
            description: String::new(),
            rules: Vec::new(),
        });
        after.update_eni(&id, |it| it.groups = vec!["sg-empty".into()]);
        let network = Network::new(&estate);
        let tracking = network.tracking_of(&flow);
        let tracked = tracking.iter().find(|(it, _)| *it == id).and_then(|(_, it)| it.tracked);
        if connects(&estate, &flow) == Some(true) {
            let verdict = fate(&estate, &after, &flow);
            match tracked {
                Some(true) => prop_assert_eq!(verdict, Verdict::Survives),
                Some(false) => prop_assert_eq!(verdict, Verdict::Cut),
                None => prop_assert_eq!(verdict, Verdict::Unaffected),
            }
        }
    }

    #[test]
    fn inside_a_subnet_nacls_and_routes_do_not_matter(estate in estate(), flow in flow()) {
        let mut after = estate.clone();
        for acl in ["acl-1", "acl-2"] {
            after.update_acl(&acl.into(), Vec::clear);
        }
        after.update_routes(&"rtb-1".into(), Vec::clear);
        if same_subnet(&flow) {
            prop_assert_eq!(connects(&estate, &flow), connects(&after, &flow));
        } else if connects(&estate, &flow) == Some(true) {
            prop_assert_eq!(fate(&estate, &after, &flow), Verdict::Cut);
        }
    }

    #[test]
    fn entries_of_one_family_do_not_change_the_other(estate in estate(), flow in flow(), entries in prop::collection::vec(acl_entry(), 1..6)) {
        let v6 = flow.client.is_ipv6();
        let other = |it: &AclEntry| matches!(it.cidr, ipnet::IpNet::V6(_)) != v6;
        let mut after = estate.clone();
        for acl in ["acl-1", "acl-2"] {
            after.update_acl(&acl.into(), |all| all.extend(entries.iter().filter(|it| other(it)).cloned()));
        }
        prop_assert_eq!(connects(&estate, &flow), connects(&after, &flow));
    }

    #[test]
    fn an_entry_behind_the_first_match_changes_nothing(estate in estate(), flow in flow(), entries in prop::collection::vec(acl_entry(), 1..4)) {
        // Everything is decided by number 250 at the latest.
        let mut open = estate.clone();
        for acl in ["acl-1", "acl-2"] {
            open.update_acl(&acl.into(), |all| all.extend(allow_all(250)));
        }
        let mut after = open.clone();
        for acl in ["acl-1", "acl-2"] {
            let later = entries.iter().map(|it| AclEntry { number: it.number + 300, ..it.clone() });
            after.update_acl(&acl.into(), |all| all.extend(later));
        }
        prop_assert_eq!(connects(&open, &flow), connects(&after, &flow));
        if connects(&open, &flow) == Some(true) {
            prop_assert_eq!(fate(&open, &after, &flow), Verdict::Unaffected);
        }
    }

    #[test]
    fn a_wider_cidr_cuts_no_less(estate in estate(), flows in prop::collection::vec(flow(), 1..20), wide in 8..=32_u8, narrow in 8..=32_u8) {
        let (wide, narrow) = (wide.min(narrow), wide.max(narrow));
        let network = Network::new(&estate);
        let eni: EniId = "eni-0".into();
        let seen = |flow: &Flow| Seen { flow: *flow, eni: &eni, activity: Activity::default(), bytes_per_minute: 1 };
        let traffic = Traffic::new(&network, flows.iter().map(seen));
        let cut = |bits: u8| -> BTreeSet<usize> {
            let mut after = estate.clone();
            let cidr: ipnet::IpNet = format!("203.0.113.7/{bits}").parse::<ipnet::IpNet>().unwrap().trunc();
            for direction in Direction::BOTH {
                after.update_acl(&"acl-1".into(), |all| all.push(AclEntry { direction, number: 0, action: AclAction::Deny, protocol: Protocol::All, cidr, ports: None }));
            }
            let stages = [Stage { at: 0, network: network.after(&after) }];
            let course = Course { before: &network, stages: &stages };
            let fates = traffic.fates(course).into_iter().enumerate();
            fates.filter(|(_, it)| it.verdict.hurts()).map(|(index, _)| index).collect()
        };
        let (few, many) = (cut(narrow), cut(wide));
        prop_assert!(few.is_subset(&many), "/{narrow} cuts {few:?}, /{wide} {many:?}");
    }

    #[test]
    fn undo_restores_every_verdict(estate in estate(), flows in prop::collection::vec(flow(), 1..10), eni in 0..6_u8, group in 0..4_u8) {
        let id: EniId = format!("eni-{eni}").as_str().into();
        let swap = Operation::SetEniGroups { eni: id.clone(), groups: vec![Ref::Id(group_id(group))] };
        let subnet = Operation::SetSubnetAcl { subnet: "subnet-1".into(), acl: Ref::Id("acl-2".into()) };
        let before = [
            State::EniGroups(estate.eni(&id).unwrap().groups.clone()),
            State::SubnetAcl("acl-1".into()),
        ];
        let mut changed = estate.clone();
        for operation in [&swap, &subnet] {
            apply(&mut changed, operation, "").unwrap();
        }
        for (operation, state) in [(&swap, &before[0]), (&subnet, &before[1])] {
            // What was so already has no way back.
            if let Some(back) = invert(operation, state, None) {
                apply(&mut changed, &back, "").unwrap();
            }
        }
        for flow in &flows {
            prop_assert_eq!(connects(&estate, flow), connects(&changed, flow));
            if connects(&estate, flow) == Some(true) {
                prop_assert_eq!(fate(&estate, &changed, flow), Verdict::Unaffected);
            }
        }
    }

    /// Flows judged together, by what a course touches, have the fates that each has by itself.
    #[test]
    fn counting_many_flows_agrees_with_judging_each(estate in estate(), flows in prop::collection::vec(flow(), 1..20), entry in acl_entry(), eni in 0..6_u8, rules in prop::collection::vec(group_rule(), 0..3), stop in any::<bool>()) {
        let mut middle = estate.clone();
        middle.update_group(&group_id(1), |it| it.rules.clone_from(&rules));
        let mut after = middle.clone();
        after.update_acl(&"acl-1".into(), |all| all.push(AclEntry { number: 0, ..entry }));
        if stop {
            after.update_eni(&format!("eni-{eni}").as_str().into(), |it| it.public.clear());
        }
        let network = Network::new(&estate);
        let first = network.after(&middle);
        let stages = [Stage { at: 0, network: first.clone() }, Stage { at: 10, network: first.after(&after) }];
        let course = Course { before: &network, stages: &stages };
        let owner = |flow: &Flow| [flow.client, flow.server].iter().find_map(|it| estate.eni_of_address(*it)).unwrap().id.clone();
        let owners: Vec<EniId> = flows.iter().map(owner).collect();
        let seen = flows.iter().zip(&owners).map(|(flow, eni)| Seen { flow: *flow, eni, activity: Activity::default(), bytes_per_minute: 1 });
        let together = Traffic::new(&network, seen).fates(course);
        for ((flow, eni), fate) in flows.iter().zip(&owners).zip(together) {
            let alone = course.fate(flow, Some(eni), Activity::default());
            // What is refused before, and not touched, is not judged again among many.
            if connects(&estate, flow) == Some(true) {
                prop_assert_eq!(fate.verdict, alone.verdict, "{}", flow);
            }
        }
    }
}
