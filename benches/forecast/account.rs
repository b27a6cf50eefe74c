//! An account of any size, and its flows.

use std::net::{IpAddr, Ipv4Addr};

use chrono::DateTime;
use firedoor::analysis::{Flow, PortSpan};
use firedoor::model::{
    Acl, AclAction, AclEntry, Direction, Eni, EniId, EniKind, Estate, Gateway, GatewayKind, Group,
    GroupRule, Instance, InstanceAttributes, InstanceId, InstanceState, Part, PartKind, Platform,
    PortRange, Protocol, PublicAddress, Route, RouteTable, RulePeer, Subnet, SubnetId,
    TrackingTimeouts, Vpc,
};

/// Instances with an interface each, evenly in four subnets of one VPC and in twenty groups. Three NACLs of
/// twenty entries a direction, one of them for two subnets; two route tables to an internet gateway.
pub(crate) fn estate(instances: u32) -> Estate {
    let mut parts = vec![
        Part::Vpcs(vec![Vpc {
            id: "vpc-1".into(),
            name: String::new(),
            cidrs: (0..4).map(block).collect(),
        }]),
        Part::Subnets((0..4).map(subnet).collect()),
        Part::Enis((0..instances).map(eni).collect()),
        Part::Instances((0..instances).map(instance).collect()),
        Part::Groups((0..20).map(group).collect()),
        Part::Acls(vec![acl(1, &[0, 1]), acl(2, &[2]), acl(3, &[3])]),
        Part::RouteTables(vec![table("rtb-main", &[]), table("rtb-web", &[0, 1])]),
        Part::Gateways(vec![Gateway {
            id: "igw-1".into(),
            kind: GatewayKind::Internet,
            vpc: "vpc-1".into(),
            subnet: None,
            enis: Vec::new(),
            name: String::new(),
        }]),
    ];
    let read: Vec<PartKind> = parts.iter().map(Part::kind).collect();
    let others = PartKind::ALL.into_iter().filter(|it| !read.contains(it));
    parts.extend(others.map(Part::empty));
    Estate::from_parts(parts, DateTime::UNIX_EPOCH)
}

fn block(n: u32) -> ipnet::IpNet {
    cidr(&format!("10.{n}.0.0/16"))
}

#[expect(clippy::expect_used, reason = "it is written here")]
pub(crate) fn cidr(text: &str) -> ipnet::IpNet {
    text.parse().expect("a CIDR block")
}

fn subnet_id(n: u32) -> SubnetId {
    SubnetId::new(format!("subnet-{n}"))
}

fn subnet(n: u32) -> Subnet {
    Subnet {
        id: subnet_id(n),
        vpc: "vpc-1".into(),
        name: String::new(),
        zone: "eu-west-1a".into(),
        cidrs: vec![block(n)],
    }
}

pub(crate) fn eni_id(n: u32) -> EniId {
    EniId::new(format!("eni-{n:05}"))
}

pub(crate) fn instance_id(n: u32) -> InstanceId {
    InstanceId::new(format!("i-{n:05}"))
}

fn address(n: u32) -> Ipv4Addr {
    Ipv4Addr::from_bits(0x0A00_0000 + ((n % 4) << 16) + 10 + n / 4)
}

fn eni(n: u32) -> Eni {
    let private = IpAddr::V4(address(n));
    Eni {
        id: eni_id(n),
        vpc: "vpc-1".into(),
        subnet: subnet_id(n % 4),
        kind: EniKind::Instance,
        description: String::new(),
        addresses: vec![private],
        public: vec![PublicAddress {
            private,
            address: Ipv4Addr::from_bits(0x2C00_0000 + n).into(),
            elastic: true,
        }],
        groups: vec![format!("sg-{}", n % 20).as_str().into()],
        instance: Some(instance_id(n)),
        device_index: Some(0),
        requester_managed: false,
        source_dest_check: true,
        timeouts: TrackingTimeouts::default(),
    }
}

fn instance(n: u32) -> Instance {
    Instance {
        id: instance_id(n),
        name: format!("host-{n}"),
        instance_type: "m5.large".into(),
        state: InstanceState::Running,
        vpc: Some("vpc-1".into()),
        subnet: Some(subnet_id(n % 4)),
        profile: Some("web".into()),
        launched: None,
        platform: Platform::Unix,
        spot: false,
        image: "ami-1".into(),
        tags: Vec::new(),
        attributes: InstanceAttributes::default(),
    }
}

fn group(n: u32) -> Group {
    let rule = |direction, ports: Option<(i32, i32)>, from: &str| GroupRule {
        id: None,
        direction,
        protocol: if ports.is_some() {
            Protocol::TCP
        } else {
            Protocol::All
        },
        ports: ports.map(|(from, to)| PortRange { from, to }),
        peer: RulePeer::Cidr(cidr(from)),
    };
    Group {
        id: format!("sg-{n}").as_str().into(),
        vpc: "vpc-1".into(),
        name: format!("group {n}"),
        description: String::new(),
        rules: vec![
            rule(Direction::Egress, None, "0.0.0.0/0"),
            rule(Direction::Ingress, Some((443, 443)), "0.0.0.0/0"),
            rule(Direction::Ingress, Some((8080, 8090)), "10.0.0.0/8"),
        ],
    }
}

/// An entry for every protocol.
pub(crate) fn entry(direction: Direction, number: u16, action: AclAction, of: &str) -> AclEntry {
    AclEntry {
        direction,
        number,
        action,
        protocol: Protocol::All,
        cidr: cidr(of),
        ports: None,
    }
}

fn acl(n: u32, subnets: &[u32]) -> Acl {
    let entries = Direction::BOTH.into_iter().flat_map(|direction| {
        let denies = (1..19).map(move |n| {
            let of = format!("203.0.113.{n}/32");
            entry(direction, n * 10, AclAction::Deny, &of)
        });
        denies.chain([entry(direction, 900, AclAction::Allow, "0.0.0.0/0")])
    });
    Acl {
        id: format!("acl-{n}").as_str().into(),
        vpc: "vpc-1".into(),
        name: String::new(),
        default: n == 1,
        entries: entries.collect(),
        subnets: subnets.iter().copied().map(subnet_id).collect(),
    }
}

fn table(id: &str, subnets: &[u32]) -> RouteTable {
    let route = |destination: &str, target: &str| Route {
        destination: destination.into(),
        target: target.into(),
        blackhole: false,
        propagated: false,
    };
    RouteTable {
        id: id.into(),
        vpc: "vpc-1".into(),
        name: String::new(),
        main: subnets.is_empty(),
        subnets: subnets.iter().copied().map(subnet_id).collect(),
        routes: vec![route("10.0.0.0/8", "local"), route("0.0.0.0/0", "igw-1")],
    }
}

/// Flows of all instances alike: half of them stay in the VPC, half go to the internet.
pub(crate) fn flows(instances: u32, count: u32) -> Vec<(Flow, EniId)> {
    let flow = |n: u32| {
        let from = n % instances;
        let inside = n.is_multiple_of(2);
        let server = if inside {
            address((from + 1 + n / instances) % instances)
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
            server_port: if inside { 8080 } else { 443 },
            icmp: None,
            via: None,
        };
        (flow, eni_id(from))
    };
    (0..count).map(flow).collect()
}
