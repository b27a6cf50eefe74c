//! A small estate for unit tests: one VPC, three subnets, a NAT gateway that one of them needs.

use chrono::{DateTime, Utc};

use super::{
    Acl, AclAction, AclEntry, Direction, Eni, EniKind, Estate, Gateway, GatewayKind, Group,
    GroupRule, Instance, InstanceAttributes, InstanceId, InstanceState, Part, Platform, Protocol,
    PublicAddress, Route, RouteTable, Subnet, TrackingTimeouts, Vpc,
};

/// An attacker's address.
pub(crate) const C2: &str = "203.0.113.66";
/// The address of `web-1`.
pub(crate) const WEB: &str = "10.0.0.11";
/// The public address of `web-1`, where it has one.
pub(crate) const WEB_PUBLIC: &str = "198.51.100.11";
/// The address of `app-1`.
pub(crate) const APP: &str = "10.0.2.14";
/// The public address of the NAT gateway, where it has one.
pub(crate) const NAT_PUBLIC: &str = "198.51.100.5";

/// The compromised instance: `web-1`, with one interface in `subnet-a`.
pub(crate) fn suspect() -> InstanceId {
    instance_id("web1")
}

/// When the estate was read.
pub(crate) fn read_at() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

/// The estate.
pub(crate) fn estate() -> Estate {
    let enis = vec![
        eni(
            "eni-web1",
            "subnet-a",
            "10.0.0.11",
            EniKind::Instance,
            Some("web1"),
        ),
        eni(
            "eni-web2",
            "subnet-a",
            "10.0.0.12",
            EniKind::Instance,
            Some("web2"),
        ),
        eni(
            "eni-web3",
            "subnet-b",
            "10.0.1.13",
            EniKind::Instance,
            Some("web3"),
        ),
        eni(
            "eni-app1",
            "subnet-c",
            "10.0.2.14",
            EniKind::Instance,
            Some("app1"),
        ),
        eni("eni-nat", "subnet-a", "10.0.0.5", EniKind::NatGateway, None),
        eni("eni-ssm", "subnet-a", "10.0.0.6", EniKind::Endpoint, None),
    ];
    let instances = vec![
        instance("web1", "web-1", "web-profile"),
        instance("web2", "web-2", "web-profile"),
        instance("web3", "web-3", "other-profile"),
        instance("app1", "app-1", "app-profile"),
    ];
    let parts = [
        Part::Vpcs(vec![Vpc {
            id: "vpc-1".into(),
            name: "prod".into(),
            cidrs: vec![
                "10.0.0.0/16".parse().unwrap(),
                "2001:db8::/56".parse().unwrap(),
            ],
        }]),
        Part::Subnets(vec![subnet("a", 0), subnet("b", 1), subnet("c", 2)]),
        Part::Enis(enis),
        Part::Instances(instances),
        Part::Groups(vec![group("sg-web", "web"), group("sg-app", "app")]),
        Part::Acls(vec![
            acl("acl-shared", false, &["subnet-a", "subnet-b"]),
            acl("acl-default", true, &["subnet-c"]),
        ]),
        Part::RouteTables(vec![
            table("rtb-public", false, &["subnet-a"], "igw-1"),
            table("rtb-other", false, &["subnet-b"], "igw-1"),
            table("rtb-main", true, &[], "nat-1"),
        ]),
        Part::Gateways(vec![
            gateway("nat-1", GatewayKind::Nat, "nat-a", &["eni-nat"]),
            gateway(
                "vpce-1",
                GatewayKind::InterfaceEndpoint,
                "ssm",
                &["eni-ssm"],
            ),
            gateway("igw-1", GatewayKind::Internet, "", &[]),
        ]),
    ];
    Estate::from_parts(parts, read_at())
}

/// The estate, in which `web-1` and the NAT gateway have public addresses.
pub(crate) fn public() -> Estate {
    let mut estate = estate();
    publish(&mut estate, "eni-web1", WEB_PUBLIC);
    publish(&mut estate, "eni-nat", NAT_PUBLIC);
    estate
}

/// Gives an interface's first address a public one.
pub(crate) fn publish(estate: &mut Estate, eni: &str, address: &str) {
    estate.update_eni(&eni.into(), |it| {
        it.public.push(PublicAddress {
            private: it.addresses[0],
            address: address.parse().unwrap(),
            elastic: true,
        });
    });
}

fn instance_id(tail: &str) -> InstanceId {
    InstanceId::new(format!("i-{tail:0>18}"))
}

fn instance(tail: &str, name: &str, profile: &str) -> Instance {
    Instance {
        id: instance_id(tail),
        name: name.into(),
        instance_type: "m5.large".into(),
        state: InstanceState::Running,
        vpc: Some("vpc-1".into()),
        subnet: None,
        profile: Some(profile.into()),
        launched: None,
        platform: Platform::Unix,
        spot: false,
        image: "ami-1".into(),
        tags: Vec::new(),
        attributes: InstanceAttributes::default(),
    }
}

fn eni(id: &str, subnet: &str, address: &str, kind: EniKind, instance: Option<&str>) -> Eni {
    let groups = match (kind, instance) {
        (EniKind::NatGateway, _) => vec![],
        (_, Some("app1")) => vec!["sg-app".into()],
        (EniKind::Instance, _) => vec!["sg-web".into()],
        _ => vec!["sg-app".into()],
    };
    Eni {
        id: id.into(),
        vpc: "vpc-1".into(),
        subnet: subnet.into(),
        kind,
        description: String::new(),
        addresses: vec![address.parse().unwrap()],
        public: Vec::new(),
        groups,
        instance: instance.map(instance_id),
        device_index: instance.map(|_| 0),
        requester_managed: instance.is_none(),
        source_dest_check: kind != EniKind::NatGateway,
        timeouts: TrackingTimeouts::default(),
    }
}

fn subnet(letter: &str, third: u8) -> Subnet {
    Subnet {
        id: format!("subnet-{letter}").as_str().into(),
        vpc: "vpc-1".into(),
        name: format!("net-{letter}"),
        zone: "eu-west-1a".into(),
        cidrs: vec![format!("10.0.{third}.0/24").parse().unwrap()],
    }
}

fn group(id: &str, name: &str) -> Group {
    let any = "0.0.0.0/0".parse().unwrap();
    Group {
        id: id.into(),
        vpc: "vpc-1".into(),
        name: name.into(),
        description: String::new(),
        rules: vec![GroupRule::all(Direction::Egress, any)],
    }
}

fn acl(id: &str, default: bool, subnets: &[&str]) -> Acl {
    let allow = |direction| AclEntry {
        direction,
        number: 100,
        action: AclAction::Allow,
        protocol: Protocol::All,
        cidr: "0.0.0.0/0".parse().unwrap(),
        ports: None,
    };
    Acl {
        id: id.into(),
        vpc: "vpc-1".into(),
        name: String::new(),
        default,
        entries: Direction::BOTH.into_iter().map(allow).collect(),
        subnets: subnets.iter().map(|it| (*it).into()).collect(),
    }
}

fn table(id: &str, main: bool, subnets: &[&str], gateway: &str) -> RouteTable {
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
        main,
        subnets: subnets.iter().map(|it| (*it).into()).collect(),
        routes: vec![route("10.0.0.0/16", "local"), route("0.0.0.0/0", gateway)],
    }
}

fn gateway(id: &str, kind: GatewayKind, name: &str, enis: &[&str]) -> Gateway {
    Gateway {
        id: id.into(),
        kind,
        vpc: "vpc-1".into(),
        subnet: (kind == GatewayKind::Nat).then(|| "subnet-a".into()),
        enis: enis.iter().map(|it| (*it).into()).collect(),
        name: name.into(),
    }
}

/// Everything that operations change, without rule ids, health and order.
pub(crate) fn picture(estate: &Estate) -> Vec<String> {
    let groups = estate.groups().map(|group| {
        let bare = |rule: &GroupRule| GroupRule {
            id: None,
            ..rule.clone()
        };
        let rules = sorted(group.rules.iter().map(bare));
        format!("{} {} {rules:?}", group.id, group.name)
    });
    let enis = estate.enis().map(|it| format!("{it:?}"));
    let acls = estate.acls().map(|it| {
        let entries = sorted(&it.entries);
        format!("{} {:?} {entries:?}", it.id, it.subnets)
    });
    let tables = estate.route_tables().map(|it| {
        let routes = sorted(&it.routes);
        format!("{} {} {:?} {routes:?}", it.id, it.main, it.subnets)
    });
    let instances = estate.instances().map(|it| {
        let tags = sorted(&it.tags);
        let (state, attributes) = (it.state, it.attributes);
        format!(
            "{} {} {state:?} {:?} {attributes:?} {tags:?}",
            it.id, it.name, it.profile
        )
    });
    let platform = sorted(estate.asg_memberships());
    let targets = estate.target_memberships().iter();
    let targets = sorted(targets.map(|it| (&it.instance, &it.arn, it.port)));
    groups
        .chain(enis)
        .chain(acls)
        .chain(tables)
        .chain(instances)
        .chain(platform)
        .chain(targets)
        .chain(estate.volumes().iter().map(|it| format!("{it:?}")))
        .collect()
}

fn sorted<T: std::fmt::Debug>(all: impl IntoIterator<Item = T>) -> Vec<String> {
    let mut all: Vec<String> = all.into_iter().map(|it| format!("{it:?}")).collect();
    all.sort();
    all
}
