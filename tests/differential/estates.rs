//! Random estates: a VPC of two to four subnets with everything that packets can meet, and sometimes a
//! second VPC behind a peering connection or a transit gateway.

use std::net::IpAddr;

use firedoor::model::{
    Acl, AclAction, AclEntry, Direction, Eni, EniKind, Gateway, GatewayKind, Group, GroupId,
    GroupRule, Instance, InstanceAttributes, InstanceState, Peering, PeeringSide, Platform,
    PortRange, PrefixList, Protocol, PublicAddress, Route, RouteTable, RulePeer, Subnet, SubnetId,
    TrackingTimeouts, Vpc,
};
use ipnet::IpNet;

use crate::dice::Dice;
use crate::parts::Parts;

/// Groups of the first VPC.
pub(crate) const GROUPS: usize = 5;
/// Blocks that rules, entries and routes name.
const BLOCKS: [&str; 17] = [
    "0.0.0.0/0",
    "0.0.0.0/0",
    "0.0.0.0/0",
    "::/0",
    "::/0",
    "0.0.0.0/1",
    "128.0.0.0/1",
    "10.0.0.0/16",
    "10.0.1.0/24",
    "10.0.2.0/24",
    "10.0.1.10/32",
    "10.1.1.10/32",
    "203.0.113.0/24",
    "203.0.113.66/32",
    "192.0.2.0/24",
    "2001:db8:0:1::/64",
    "2001:db8:bad::/48",
];
const PORTS: [u16; 6] = [22, 53, 80, 443, 4444, 8080];

pub(crate) fn group_id(number: usize) -> GroupId {
    format!("sg-{number}").as_str().into()
}

pub(crate) fn block(dice: &mut Dice) -> IpNet {
    dice.pick(&BLOCKS).parse().unwrap()
}

fn range(from: u16, to: u16) -> PortRange {
    PortRange {
        from: from.into(),
        to: to.into(),
    }
}

fn matched(dice: &mut Dice) -> (Protocol, Option<PortRange>) {
    let port = *dice.pick(&PORTS);
    let icmp = PortRange { from: 8, to: -1 };
    match dice.below(14) {
        0..4 => (Protocol::All, None),
        4..7 => (Protocol::TCP, Some(range(port, port))),
        7 => (Protocol::TCP, None),
        8 => (Protocol::TCP, Some(range(1024, 65_535))),
        9 => (Protocol::UDP, Some(range(port, port))),
        10 => (Protocol::UDP, None),
        11 => (Protocol::ICMP, dice.in_hundred(50).then_some(icmp)),
        12 => (Protocol::ICMPV6, None),
        _ => (Protocol::Number(50), None),
    }
}

pub(crate) fn rule(dice: &mut Dice) -> GroupRule {
    let (protocol, ports) = matched(dice);
    let peer = match dice.below(12) {
        0 => RulePeer::Group(group_id(dice.below(GROUPS))),
        1 => RulePeer::PrefixList((*dice.pick(&["pl-c2", "pl-any"])).to_owned()),
        _ => RulePeer::Cidr(block(dice)),
    };
    GroupRule {
        id: None,
        direction: *dice.pick(&Direction::BOTH),
        protocol,
        ports,
        peer,
    }
}

pub(crate) fn entry(dice: &mut Dice, number: u16, allow: usize) -> AclEntry {
    let (protocol, ports) = matched(dice);
    AclEntry {
        direction: *dice.pick(&Direction::BOTH),
        number,
        action: if dice.in_hundred(allow) {
            AclAction::Allow
        } else {
            AclAction::Deny
        },
        protocol,
        cidr: block(dice),
        ports,
    }
}

pub(crate) fn route(destination: &str, target: &str) -> Route {
    Route {
        destination: destination.into(),
        target: target.into(),
        blackhole: false,
        propagated: false,
    }
}

/// Everything of one family in one direction.
pub(crate) fn all(direction: Direction, cidr: &str) -> GroupRule {
    GroupRule::all(direction, cidr.parse().unwrap())
}

fn group(number: usize, vpc: &str, rules: Vec<GroupRule>) -> Group {
    Group {
        id: group_id(number),
        vpc: vpc.into(),
        name: format!("group {number}"),
        description: String::new(),
        rules,
    }
}

fn groups(dice: &mut Dice) -> Vec<Group> {
    let make = |number| {
        let mut rules: Vec<GroupRule> = (0..dice.below(5)).map(|_| rule(dice)).collect();
        if dice.in_hundred(75) {
            rules.push(all(Direction::Egress, "0.0.0.0/0"));
        }
        if dice.in_hundred(30) {
            rules.push(all(Direction::Egress, "::/0"));
        }
        if dice.in_hundred(30) {
            rules.push(all(Direction::Ingress, "0.0.0.0/0"));
            rules.push(all(Direction::Ingress, "::/0"));
        }
        group(number, "vpc-1", rules)
    };
    let mut groups: Vec<Group> = (0..GROUPS).map(make).collect();
    let open = Direction::BOTH.map(|it| [all(it, "0.0.0.0/0"), all(it, "::/0")]);
    groups.push(group(90, "vpc-1", open.concat()));
    groups.push(group(91, "vpc-1", Vec::new()));
    groups.push(group(92, "vpc-2", {
        let mut rules = Direction::BOTH.map(|it| all(it, "0.0.0.0/0")).to_vec();
        rules.truncate(1 + dice.below(2));
        rules.push(rule(dice));
        rules
    }));
    groups
}

fn acls(dice: &mut Dice, subnets: usize) -> Vec<Acl> {
    let mut make = |name: &str, default: bool, vpc: &str, of: Vec<usize>| {
        let mut entries = Vec::new();
        for number in 1..=dice.below(4) / 2 {
            let number = u16::try_from(number * 10).unwrap();
            entries.push(entry(dice, number, 40));
        }
        entries.dedup_by_key(|it| (it.direction, it.number));
        if dice.in_hundred(90) {
            for (direction, cidr) in [
                (Direction::Ingress, "0.0.0.0/0"),
                (Direction::Egress, "0.0.0.0/0"),
                (Direction::Ingress, "::/0"),
                (Direction::Egress, "::/0"),
            ] {
                entries.push(AclEntry {
                    direction,
                    number: if cidr.starts_with(':') { 101 } else { 100 },
                    action: AclAction::Allow,
                    protocol: Protocol::All,
                    cidr: cidr.parse().unwrap(),
                    ports: None,
                });
            }
        }
        Acl {
            id: name.into(),
            vpc: vpc.into(),
            name: name.into(),
            default,
            entries,
            subnets: of.into_iter().map(subnet_id).collect(),
        }
    };
    let shared = 1 + subnets / 2;
    vec![
        make(
            "acl-default",
            true,
            "vpc-1",
            (shared + 1..=subnets).collect(),
        ),
        make("acl-1", false, "vpc-1", (1..=shared).collect()),
        make("acl-2", true, "vpc-2", vec![9]),
        Acl {
            entries: Vec::new(),
            ..make("acl-quarantine", false, "vpc-1", Vec::new())
        },
    ]
}

pub(crate) fn subnet_id(number: usize) -> SubnetId {
    format!("subnet-{number}").as_str().into()
}

pub(crate) fn subnet(number: usize) -> Subnet {
    let (vpc, net) = if number == 9 {
        ("vpc-2", 1)
    } else {
        ("vpc-1", 0)
    };
    let third = if number == 9 { 1 } else { number };
    Subnet {
        id: subnet_id(number),
        vpc: vpc.into(),
        name: String::new(),
        zone: if number.is_multiple_of(2) { "a" } else { "b" }.into(),
        cidrs: vec![
            format!("10.{net}.{third}.0/24").parse().unwrap(),
            format!("2001:db8:{net}:{third}::/64").parse().unwrap(),
        ],
    }
}

fn tables(dice: &mut Dice, subnets: usize) -> Vec<RouteTable> {
    let mut make = |name: &str, vpc: &str, main: bool, of: Vec<usize>, default: &str| {
        let net = u8::from(vpc != "vpc-1");
        let mut routes = vec![
            route(&format!("10.{net}.0.0/16"), "local"),
            route(&format!("2001:db8:{net}::/48"), "local"),
        ];
        if !default.is_empty() {
            routes.push(route("0.0.0.0/0", default));
        }
        let v6 = *dice.pick(&["igw-1", "igw-1", "eigw-1", ""]);
        if vpc == "vpc-1" && !v6.is_empty() {
            routes.push(route("::/0", v6));
        }
        let other = if net == 0 {
            "10.1.0.0/16"
        } else {
            "10.0.0.0/16"
        };
        match dice.below(4) {
            0 => {}
            1 => routes.push(route(other, "tgw-1")),
            _ => routes.push(route(other, "pcx-1")),
        }
        if net == 0 {
            if dice.in_hundred(30) {
                routes.push(route("pl-s3", dice.pick::<&str>(&["vpce-s3", "vpce-ddb"])));
            }
            if dice.in_hundred(15) {
                routes.push(route(
                    "10.200.0.0/16",
                    dice.pick::<&str>(&["tgw-1", "vgw-1"]),
                ));
            }
            if dice.in_hundred(12) {
                let to = dice.pick(&["10.0.1.0/24", "10.0.2.0/24"]);
                let by = dice.pick(&["eni-fw", "eni-fw", "vpce-gw"]);
                routes.push(route(to, by));
            }
            if dice.in_hundred(8) {
                routes.push(route(
                    "203.0.113.0/24",
                    dice.pick::<&str>(&["eni-sink", "nat-1"]),
                ));
            }
        }
        for it in &mut routes {
            it.blackhole = it.target == "eni-sink";
        }
        RouteTable {
            id: name.into(),
            vpc: vpc.into(),
            name: name.into(),
            main,
            subnets: of.into_iter().map(subnet_id).collect(),
            routes,
        }
    };
    let mut second = Vec::new();
    if subnets > 2 {
        second.push(3);
    }
    vec![
        make("rtb-main", "vpc-1", true, Vec::new(), "nat-1"),
        make("rtb-1", "vpc-1", false, vec![1], "igw-1"),
        make("rtb-2", "vpc-1", false, second, "igw-1"),
        make("rtb-9", "vpc-2", true, Vec::new(), ""),
    ]
}

fn gateway(id: &str, kind: GatewayKind, enis: &[&str], name: &str) -> Gateway {
    Gateway {
        id: id.into(),
        kind,
        vpc: "vpc-1".into(),
        subnet: (!enis.is_empty()).then(|| subnet_id(1)),
        enis: enis.iter().map(|it| (*it).into()).collect(),
        name: name.into(),
    }
}

pub(crate) fn eni(id: &str, subnet: usize, host: u8, kind: EniKind) -> Eni {
    let net = u8::from(subnet == 9);
    let third = if subnet == 9 { 1 } else { subnet };
    Eni {
        id: id.into(),
        vpc: if subnet == 9 { "vpc-2" } else { "vpc-1" }.into(),
        subnet: subnet_id(subnet),
        kind,
        description: String::new(),
        addresses: vec![
            format!("10.{net}.{third}.{host}").parse().unwrap(),
            format!("2001:db8:{net}:{third}::{host:x}").parse().unwrap(),
        ],
        public: Vec::new(),
        groups: Vec::new(),
        instance: None,
        device_index: None,
        requester_managed: kind != EniKind::Instance,
        source_dest_check: kind == EniKind::Instance,
        timeouts: TrackingTimeouts::default(),
    }
}

fn publish(eni: &mut Eni, last: u8) {
    let private = eni.addresses[0];
    eni.public.push(PublicAddress {
        private,
        address: IpAddr::from([198, 51, 100, last]),
        elastic: true,
    });
}

fn member_of(dice: &mut Dice) -> Vec<GroupId> {
    let mut groups = vec![group_id(dice.below(GROUPS))];
    if dice.in_hundred(35) {
        groups.push(group_id(dice.below(GROUPS)));
    }
    groups.dedup();
    groups
}

fn timers(dice: &mut Dice) -> TrackingTimeouts {
    if dice.in_hundred(75) {
        return TrackingTimeouts::default();
    }
    TrackingTimeouts {
        tcp_established: Some(*dice.pick(&[60, 300, 86_400])),
        udp: Some(*dice.pick(&[30, 45])),
        udp_stream: Some(*dice.pick(&[60, 120])),
    }
}

fn instance(id: &str, eni: &Eni, dice: &mut Dice) -> Instance {
    Instance {
        id: id.into(),
        name: id.into(),
        instance_type: (*dice.pick(&["m5.large", "m5.large", "c8i.large"])).into(),
        state: InstanceState::Running,
        vpc: Some(eni.vpc.clone()),
        subnet: Some(eni.subnet.clone()),
        profile: None,
        launched: None,
        platform: Platform::Unix,
        spot: false,
        image: "ami-1".into(),
        tags: Vec::new(),
        attributes: InstanceAttributes::default(),
    }
}

/// Hosts: two for each subnet, one of VPC 2, and an appliance.
fn hosts(dice: &mut Dice, parts: &mut Parts) {
    let numbers: Vec<usize> = (1..parts.subnets.len()).collect();
    let mut make = |name: String, number: usize, host: u8, second: Option<&str>| {
        let mut it = eni(&format!("eni-{name}"), number, host, EniKind::Instance);
        it.groups = member_of(dice);
        if number == 9 {
            it.groups = vec![group_id(92)];
        }
        it.timeouts = timers(dice);
        if number != 9 && dice.in_hundred(50) {
            publish(
                &mut it,
                u8::try_from(number * 20).unwrap() + host % 10 + host / 40 * 9,
            );
        }
        if dice.in_hundred(20) {
            let net = u8::from(number == 9);
            let third = if number == 9 { 1 } else { number };
            let secondary = format!("10.{net}.{third}.1{host}");
            it.addresses.push(secondary.parse().unwrap());
        }
        let id = second.map_or_else(|| format!("i-{name}"), str::to_owned);
        it.instance = Some(id.as_str().into());
        it.device_index = Some(u16::from(second.is_some()));
        if second.is_none() {
            parts.instances.push(instance(&id, &it, dice));
        }
        parts.enis.push(it);
    };
    for number in numbers {
        make(format!("a{number}"), number, 10, None);
        make(format!("b{number}"), number, 11, None);
    }
    make("c1".into(), 1, 12, Some("i-a1"));
    make("peer".into(), 9, 10, None);
    make("fw".into(), 1, 40, None);
    for it in &mut parts.enis {
        if it.id.as_str() == "eni-fw" {
            it.source_dest_check = false;
            it.groups = vec![group_id(90)];
        }
    }
}

fn service_enis(dice: &mut Dice) -> Vec<Eni> {
    let mut nat = eni("eni-nat", 1, 5, EniKind::NatGateway);
    nat.addresses.truncate(1);
    publish(&mut nat, 5);
    let mut endpoint = eni("eni-ssm", 2, 6, EniKind::Endpoint);
    endpoint.groups = member_of(dice);
    let mut balancer = eni("eni-nlb", 1, 7, EniKind::NetworkLoadBalancer);
    balancer.groups = member_of(dice);
    let mut sink = eni("eni-sink", 1, 8, EniKind::Unattached);
    sink.requester_managed = false;
    sink.groups = member_of(dice);
    let mut all = vec![nat, endpoint, balancer, sink];
    let at = 1 + dice.below(2);
    all.push(eni("eni-tgw", at, 9, EniKind::TransitGateway));
    all.push(eni("eni-tgw2", 9, 9, EniKind::TransitGateway));
    if dice.in_hundred(50) {
        all.push(eni("eni-gw", 2, 4, EniKind::GatewayLoadBalancerEndpoint));
    }
    all
}

pub(crate) fn estate(dice: &mut Dice) -> Parts {
    let subnets = 2 + dice.below(3);
    let mut parts = Parts {
        subnets: (1..=subnets).chain([9]).map(subnet).collect(),
        groups: groups(dice),
        acls: acls(dice, subnets),
        tables: tables(dice, subnets),
        ..Parts::default()
    };
    for (id, net) in [("vpc-1", 0), ("vpc-2", 1)] {
        parts.vpcs.push(Vpc {
            id: id.into(),
            name: String::new(),
            cidrs: vec![
                format!("10.{net}.0.0/16").parse().unwrap(),
                format!("2001:db8:{net}::/48").parse().unwrap(),
            ],
        });
    }
    hosts(dice, &mut parts);
    parts.enis.extend(service_enis(dice));
    parts.gateways = vec![
        gateway("igw-1", GatewayKind::Internet, &[], ""),
        gateway("eigw-1", GatewayKind::EgressOnly, &[], ""),
        gateway("nat-1", GatewayKind::Nat, &["eni-nat"], ""),
        gateway(
            "vpce-s3",
            GatewayKind::GatewayEndpoint,
            &[],
            "com.amazonaws.eu-west-1.s3",
        ),
        gateway(
            "vpce-ddb",
            GatewayKind::GatewayEndpoint,
            &[],
            "com.amazonaws.eu-west-1.dynamodb",
        ),
        gateway(
            "vpce-ssm",
            GatewayKind::InterfaceEndpoint,
            &["eni-ssm"],
            "ssm",
        ),
        gateway(
            "vpce-gw",
            GatewayKind::InterfaceEndpoint,
            &["eni-gw"],
            "gwlb",
        ),
    ];
    let has_gw = parts.enis.iter().any(|it| it.id.as_str() == "eni-gw");
    parts.gateways.truncate(if has_gw { 7 } else { 6 });
    for table in parts.tables.iter_mut().filter(|_| !has_gw) {
        let by = table.routes.iter_mut().filter(|it| it.target == "vpce-gw");
        by.for_each(|it| it.blackhole = true);
    }
    let side = |vpc: &str, cidr: &str| PeeringSide {
        vpc: vpc.into(),
        account: String::new(),
        region: String::new(),
        cidrs: vec![cidr.parse().unwrap()],
    };
    let active = dice.in_hundred(85);
    for table in &mut parts.tables {
        let over = table.routes.iter_mut().filter(|it| it.target == "pcx-1");
        over.for_each(|it| it.blackhole = !active);
    }
    parts.peerings.push(Peering {
        id: "pcx-1".into(),
        sides: [side("vpc-1", "10.0.0.0/16"), side("vpc-2", "10.1.0.0/16")],
        active,
    });
    let list = |id: &str, cidrs: &[&str]| PrefixList {
        id: id.into(),
        name: id.into(),
        cidrs: cidrs.iter().map(|it| it.parse().unwrap()).collect(),
    };
    parts.lists = vec![
        list("pl-c2", &["203.0.113.64/26", "192.0.2.25/32"]),
        list("pl-any", &["0.0.0.0/0"]),
        list("pl-s3", &["52.216.0.0/16"]),
    ];
    parts
}
