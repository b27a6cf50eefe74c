//! How long forecasts take, and how that grows with the account.
//!
//! `cargo bench --no-default-features --bench forecast`. Two limits are printed beside the figures: a comparison
//! of all actions has to be ready before a moved cursor is seen to lag (50 ms), and the review of a
//! network ACL over a million flows before its reader wonders (300 ms).

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use chrono::DateTime;
use divan::Bencher;
use firedoor::analysis::{Activity, Course, Flow, Network, PortSpan, Seen, Stage, Traffic};
use firedoor::model::*;

fn main() {
    divan::main();
}

/// Interfaces in four subnets of one VPC, one in 250 of them in the suspect's group; the first one is the
/// suspect's. Three NACLs of twenty entries; one table with an internet gateway serves two subnets.
fn estate(enis: u32) -> Estate {
    let subnet = |n: u32| SubnetId::new(format!("subnet-{n}"));
    let everyone: ipnet::IpNet = "0.0.0.0/0".parse().unwrap();
    let cidr = |n: u32| format!("10.{n}.0.0/16").parse().unwrap();
    let entry = |direction, number, action, cidr| AclEntry {
        direction,
        number,
        action,
        protocol: Protocol::All,
        cidr,
        ports: None,
    };
    let entries = Direction::BOTH.into_iter().flat_map(|direction| {
        let denies = (1..20).map(move |n| {
            let cidr = format!("203.0.113.{n}/32").parse().unwrap();
            entry(direction, n * 10, AclAction::Deny, cidr)
        });
        denies.chain([entry(direction, 900, AclAction::Allow, everyone)])
    });
    let entries: Vec<AclEntry> = entries.collect();
    let acl = |n: u32, subnets: Vec<SubnetId>| Acl {
        id: format!("acl-{n}").as_str().into(),
        vpc: "vpc-1".into(),
        name: String::new(),
        default: n == 1,
        entries: entries.clone(),
        subnets,
    };
    let route = |destination: &str, target: &str| Route {
        destination: destination.into(),
        target: target.into(),
        blackhole: false,
        propagated: false,
    };
    let table = |id: &str, main, target, subnets| RouteTable {
        id: id.into(),
        vpc: "vpc-1".into(),
        name: String::new(),
        main,
        subnets,
        routes: vec![route("10.0.0.0/8", "local"), route("0.0.0.0/0", target)],
    };
    let rule = |direction, ports: Option<(i32, i32)>, cidr| GroupRule {
        id: None,
        direction,
        protocol: if ports.is_some() {
            Protocol::TCP
        } else {
            Protocol::All
        },
        ports: ports.map(|(from, to)| PortRange { from, to }),
        peer: RulePeer::Cidr(cidr),
    };
    let groups = (0..20).map(|n| Group {
        id: format!("sg-{n}").as_str().into(),
        vpc: "vpc-1".into(),
        name: format!("group {n}"),
        description: String::new(),
        rules: vec![
            rule(Direction::Egress, None, everyone),
            rule(Direction::Ingress, Some((443, 443)), everyone),
            rule(
                Direction::Ingress,
                Some((8080, 8090)),
                "10.0.0.0/8".parse().unwrap(),
            ),
        ],
    });
    let interfaces = (0..enis).map(|n| {
        let private = IpAddr::V4(address(n));
        let public = Ipv4Addr::from_bits(0x2C00_0000 + n).into();
        Eni {
            id: eni_id(n),
            vpc: "vpc-1".into(),
            subnet: subnet(n % 4),
            kind: EniKind::Instance,
            description: String::new(),
            addresses: vec![private],
            public: vec![PublicAddress {
                private,
                address: public,
                elastic: true,
            }],
            groups: vec![format!("sg-{}", n % 20).as_str().into()],
            instance: Some(InstanceId::new(format!("i-{n:05}"))),
            device_index: Some(0),
            requester_managed: false,
            source_dest_check: true,
            timeouts: TrackingTimeouts::default(),
        }
    });
    let instances = (0..enis).map(|n| Instance {
        id: InstanceId::new(format!("i-{n:05}")),
        name: format!("host-{n}"),
        instance_type: "m5.large".into(),
        state: InstanceState::Running,
        vpc: Some("vpc-1".into()),
        subnet: Some(subnet(n % 4)),
        profile: Some("web".into()),
        launched: None,
        platform: Platform::Unix,
        spot: false,
        image: "ami-1".into(),
        tags: Vec::new(),
        attributes: InstanceAttributes::default(),
    });
    let parts = [
        Part::Vpcs(vec![Vpc {
            id: "vpc-1".into(),
            name: String::new(),
            cidrs: (0..4).map(cidr).collect(),
        }]),
        Part::Subnets(
            (0..4)
                .map(|n| Subnet {
                    id: subnet(n),
                    vpc: "vpc-1".into(),
                    name: String::new(),
                    zone: "eu-west-1a".into(),
                    cidrs: vec![cidr(n)],
                })
                .collect(),
        ),
        Part::Enis(interfaces.collect()),
        Part::Instances(instances.collect()),
        Part::Groups(groups.collect()),
        Part::Acls(vec![
            acl(1, vec![subnet(0), subnet(1)]),
            acl(2, vec![subnet(2)]),
            acl(3, vec![subnet(3)]),
        ]),
        Part::RouteTables(vec![
            table("rtb-main", true, "igw-1", vec![]),
            table("rtb-web", false, "igw-1", vec![subnet(0), subnet(1)]),
        ]),
        Part::Gateways(vec![Gateway {
            id: "igw-1".into(),
            kind: GatewayKind::Internet,
            vpc: "vpc-1".into(),
            subnet: None,
            enis: Vec::new(),
            name: String::new(),
        }]),
        Part::Volumes(Vec::new()),
        Part::AsgMemberships(Vec::new()),
        Part::TargetMemberships(Vec::new()),
        Part::FlowLogs(Vec::new()),
        Part::Peerings(Vec::new()),
        Part::PrefixLists(Vec::new()),
    ];
    Estate::from_parts(parts, DateTime::UNIX_EPOCH)
}

fn eni_id(n: u32) -> EniId {
    EniId::new(format!("eni-{n:05}"))
}

fn address(n: u32) -> Ipv4Addr {
    let bits = 0x0A00_0000 + ((n % 4) << 16) + 10 + n / 4;
    Ipv4Addr::from_bits(bits)
}

/// Half of the flows stay in the VPC, half go to the internet, from the suspect's subnet as from others.
fn flows(enis: u32, count: u32) -> Vec<(Flow, EniId)> {
    let flow = |n: u32| {
        let from = n % enis;
        let server = if n % 2 == 0 {
            address((from + 1 + n / enis) % enis)
        } else {
            Ipv4Addr::from_bits(0x5DB8_0000 + n)
        };
        let flow = Flow {
            client: address(from).into(),
            server: server.into(),
            protocol: 6,
            client_ports: PortSpan {
                from: 32768,
                to: 60999,
            },
            server_port: if n % 2 == 0 { 8080 } else { 443 },
            icmp: None,
            via: None,
        };
        (flow, eni_id(from))
    };
    (0..count).map(flow).collect()
}

fn traffic(network: &Network, flows: &[(Flow, EniId)]) -> Traffic {
    let seen = |(flow, eni): &(Flow, EniId)| (*flow, eni.clone());
    let owned: Vec<_> = flows.iter().map(seen).collect();
    Traffic::new(
        network,
        owned.iter().map(|(flow, eni)| Seen {
            flow: *flow,
            eni,
            activity: Activity::default(),
            bytes_per_minute: 1000,
        }),
    )
}

/// A deny in front of everything, in the NACL of two of the four subnets.
fn denied(estate: &Estate, network: &Network) -> Vec<Stage> {
    let mut after = estate.clone();
    after.update_acl(&"acl-1".into(), |entries| {
        for direction in Direction::BOTH {
            entries.push(AclEntry {
                direction,
                number: 5,
                action: AclAction::Deny,
                protocol: Protocol::All,
                cidr: "93.184.0.0/17".parse().unwrap(),
                ports: None,
            });
        }
    });
    vec![Stage {
        at: 0,
        network: network.after(&after),
    }]
}

#[divan::bench(args = [1_000, 5_000], sample_count = 20)]
fn compile_an_estate(bencher: Bencher, enis: u32) {
    let estate = estate(enis);
    bencher.bench(|| Network::new(&estate));
}

#[divan::bench(args = [50_000, 200_000, 1_000_000], sample_count = 5)]
fn place_flows(bencher: Bencher, count: u32) {
    let network = Network::new(&estate(5_000));
    let flows = flows(5_000, count);
    bencher.bench(|| traffic(&network, &flows));
}

/// The limit is 300 ms at a million.
#[divan::bench(args = [50_000, 200_000, 1_000_000], sample_count = 10)]
fn review_of_a_nacl_entry(bencher: Bencher, count: u32) {
    let estate = estate(5_000);
    let network = Network::new(&estate);
    let traffic = traffic(&network, &flows(5_000, count));
    let stages = denied(&estate, &network);
    let course = Course {
        before: &network,
        stages: &stages,
    };
    bencher.bench(|| traffic.tally(course, None, &BTreeSet::new()));
}
