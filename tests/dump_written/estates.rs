//! Arbitrary estates, as AWS could answer them: IPv4 before IPv6, entries in order, ids once.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use chrono::DateTime;
use firedoor::model::{
    Acl, AclAction, AclEntry, AsgMembership, AsgSize, Direction, Eni, EniKind, Estate, FlowLog,
    FlowLogDestination, Gateway, GatewayKind, Group, GroupRule, Instance, InstanceAttributes,
    InstanceProfile, InstanceState, Part, PartKind, Peering, PeeringSide, Platform, PortRange,
    PrefixList, Protocol, PublicAddress, Route, RouteTable, RulePeer, Shutdown, Subnet,
    TargetMembership, TrackingTimeouts, Volume, Vpc, notation,
};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

/// Any estate; some parts were not read.
pub(crate) fn estate() -> impl Strategy<Value = Estate> {
    let network = (
        vec(vpc(), 0..4),
        vec(subnet(), 0..4),
        vec(eni(), 0..6),
        vec(group(), 0..4),
        vec(acl(), 0..3),
        vec(table(), 0..3),
        vec(gateway(), 0..6),
    );
    let rest = (
        vec(peering(), 0..3),
        vec(prefix_list(), 0..3),
        vec(instance(), 0..4),
        vec(volume(), 0..4),
        vec(asg_membership(), 0..4),
        vec(target_membership(), 0..4),
        vec(flow_log(), 0..3),
        vec(profile(), 0..3),
    );
    (network, rest, vec(any_bool(), PartKind::ALL.len())).prop_map(|(network, rest, read)| {
        let (vpcs, subnets, enis, groups, acls, tables, gateways) = network;
        let (peerings, lists, instances, volumes, asg, targets, logs, profiles) = rest;
        let parts = [
            Part::Vpcs(vpcs),
            Part::Subnets(subnets),
            Part::Enis(enis),
            Part::Groups(groups),
            Part::Acls(acls),
            Part::RouteTables(tables),
            Part::Gateways(gateways),
            Part::Peerings(peerings),
            Part::PrefixLists(lists),
            Part::Instances(instances),
            Part::Volumes(once(volumes, |it| (it.id.clone(), it.instance.clone()))),
            Part::AsgMemberships(once(asg, |it| it.instance.clone())),
            Part::TargetMemberships(once(targets, |it| {
                (it.instance.clone(), it.arn.clone(), it.port)
            })),
            Part::Profiles(once(profiles, |it| it.name.clone())),
            Part::FlowLogs(once(logs, |it| it.id.clone())),
        ];
        let parts = parts.into_iter().zip(read).filter(|(_, read)| *read);
        Estate::from_parts(parts.map(|(part, _)| part), DateTime::UNIX_EPOCH)
    })
}

fn any_bool() -> impl Strategy<Value = bool> {
    prop_oneof![9 => Just(true), 1 => Just(false)]
}

fn once<T, K: Ord>(all: Vec<T>, key: impl Fn(&T) -> K) -> Vec<T> {
    let mut keys = std::collections::BTreeSet::new();
    all.into_iter().filter(|it| keys.insert(key(it))).collect()
}

fn id<T: for<'a> From<&'a str> + std::fmt::Debug>(
    prefix: &'static str,
) -> impl Strategy<Value = T> {
    (0..6_u8).prop_map(move |number| T::from(&format!("{prefix}-{number}")))
}

/// Text as it is after conversion: anything printable.
fn text() -> impl Strategy<Value = String> {
    "[ -~]{0,12}|[äß東京 \"\\\\]{0,5}|nat_gateway|ELB net/x|-1|null"
}

fn v4() -> impl Strategy<Value = IpAddr> {
    any::<[u8; 4]>().prop_map(|it| Ipv4Addr::from(it).into())
}

fn v6() -> impl Strategy<Value = IpAddr> {
    any::<[u16; 8]>().prop_map(|it| Ipv6Addr::from(it).into())
}

fn block4() -> impl Strategy<Value = IpNet> {
    (any::<[u8; 4]>(), 0..=32_u8)
        .prop_map(|(it, length)| IpNet::V4(Ipv4Net::new(it.into(), length).unwrap().trunc()))
}

fn block6() -> impl Strategy<Value = IpNet> {
    (any::<[u16; 8]>(), 0..=128_u8)
        .prop_map(|(it, length)| IpNet::V6(Ipv6Net::new(it.into(), length).unwrap().trunc()))
}

fn block() -> impl Strategy<Value = IpNet> {
    prop_oneof![block4(), block6()]
}

/// Blocks as AWS lists them: IPv4 first, each once.
fn blocks(most_v4: usize) -> impl Strategy<Value = Vec<IpNet>> {
    (vec(block4(), 0..=most_v4), vec(block6(), 0..3))
        .prop_map(|(v4, v6)| once(v4.into_iter().chain(v6).collect(), |it| *it))
}

fn vpc() -> impl Strategy<Value = Vpc> {
    (id("vpc"), text(), blocks(3)).prop_map(|(id, name, cidrs)| Vpc { id, name, cidrs })
}

fn subnet() -> impl Strategy<Value = Subnet> {
    (id("subnet"), id("vpc"), text(), text(), blocks(1)).prop_map(|(id, vpc, name, zone, cidrs)| {
        Subnet {
            id,
            vpc,
            name,
            zone,
            cidrs,
        }
    })
}

const KINDS: [EniKind; 17] = [
    EniKind::Instance,
    EniKind::NatGateway,
    EniKind::LoadBalancer,
    EniKind::NetworkLoadBalancer,
    EniKind::GatewayLoadBalancer,
    EniKind::GlobalAccelerator,
    EniKind::Rds,
    EniKind::Lambda,
    EniKind::Endpoint,
    EniKind::GatewayLoadBalancerEndpoint,
    EniKind::TransitGateway,
    EniKind::Efs,
    EniKind::Eks,
    EniKind::EcsTask,
    EniKind::Cache,
    EniKind::Service,
    EniKind::Unattached,
];

/// Descriptions that tell a kind, rightly or not, and others.
fn description() -> impl Strategy<Value = String> {
    let telling = select(vec![
        "ELB app/web/0f",
        "ELB net/web/0f",
        "RDSNetworkInterface",
        "Amazon EKS prod",
        "arn:aws:ecs:eu-west-1:1:attachment/0f",
        "ElastiCache prod",
        "Interface for NAT Gateway nat-1",
    ]);
    prop_oneof![telling.prop_map(str::to_owned), text()]
}

fn addresses() -> impl Strategy<Value = (Vec<IpAddr>, Vec<PublicAddress>)> {
    let own = (btree_set(v4(), 0..4), btree_set(v6(), 0..3)).prop_map(|(v4, v6)| {
        let v4: Vec<IpAddr> = v4.into_iter().rev().collect();
        (v4.clone(), v4.into_iter().chain(v6).collect::<Vec<_>>())
    });
    own.prop_flat_map(|(v4, all)| {
        let most = v4.len();
        let mapped = subsequence(v4, 0..=most);
        let public = vec((self::v4(), any::<bool>()), 4);
        (Just(all), mapped, public).prop_map(|(all, mapped, public)| {
            let public = mapped.into_iter().zip(public);
            let public = public.map(|(private, (address, elastic))| PublicAddress {
                private,
                address,
                elastic,
            });
            (all, public.collect())
        })
    })
}

fn eni() -> impl Strategy<Value = Eni> {
    let seconds = || option::of(any::<u32>());
    (
        (id("eni"), id("vpc"), id("subnet"), select(KINDS.to_vec())),
        (description(), addresses(), vec(id("sg"), 0..3)),
        (option::of(id("i")), option::of(any::<u16>())),
        (any::<bool>(), any::<bool>()),
        (seconds(), seconds(), seconds()),
    )
        .prop_map(|(ids, about, attachment, flags, timeouts)| Eni {
            id: ids.0,
            vpc: ids.1,
            subnet: ids.2,
            kind: ids.3,
            description: about.0,
            addresses: about.1.0,
            public: about.1.1,
            groups: about.2,
            instance: attachment.0,
            device_index: attachment.1,
            requester_managed: flags.0,
            source_dest_check: flags.1,
            timeouts: TrackingTimeouts {
                tcp_established: timeouts.0,
                udp: timeouts.1,
                udp_stream: timeouts.2,
            },
        })
}

fn direction() -> impl Strategy<Value = Direction> {
    select(Direction::BOTH.to_vec())
}

fn traffic() -> impl Strategy<Value = (Protocol, Option<PortRange>)> {
    let protocol = prop_oneof![
        Just(Protocol::All),
        select(vec![1_u8, 6, 17, 58]).prop_map(Protocol::Number),
        any::<u8>().prop_map(Protocol::Number),
    ];
    let number = || option::of(-1..=65_535_i32);
    (protocol, number(), number())
        .prop_map(|(protocol, from, to)| (protocol, notation::ports(protocol, from, to)))
}

fn peer() -> impl Strategy<Value = RulePeer> {
    prop_oneof![
        block().prop_map(RulePeer::Cidr),
        id("sg").prop_map(RulePeer::Group),
        (0..3_u8).prop_map(|it| RulePeer::PrefixList(format!("pl-{it}"))),
    ]
}

fn group() -> impl Strategy<Value = Group> {
    let rules = (vec((direction(), traffic(), peer()), 0..5), any::<bool>());
    (id("sg"), id("vpc"), text(), text(), rules).prop_map(|(id, vpc, name, description, rules)| {
        let (rules, planned) = rules;
        let rules = rules
            .into_iter()
            .zip(0..)
            .map(|((direction, traffic, peer), number)| GroupRule {
                id: (!planned).then(|| format!("sgr-{number}").as_str().into()),
                direction,
                protocol: traffic.0,
                ports: traffic.1,
                peer,
            });
        Group {
            id,
            vpc,
            name,
            description,
            rules: rules.collect(),
        }
    })
}

fn acl() -> impl Strategy<Value = Acl> {
    let action = select(vec![AclAction::Allow, AclAction::Deny]);
    let entry = (direction(), 1..=32_768_u16, action, traffic(), block());
    let subnets = btree_set(0..6_u8, 0..3);
    (
        id("acl"),
        id("vpc"),
        text(),
        any::<bool>(),
        vec(entry, 0..6),
        subnets,
    )
        .prop_map(|(id, vpc, name, default, entries, subnets)| {
            let entries = entries
                .into_iter()
                .map(|(direction, number, action, traffic, cidr)| {
                    let entry = AclEntry {
                        direction,
                        number,
                        action,
                        protocol: traffic.0,
                        cidr,
                        ports: traffic.1,
                    };
                    ((direction, number), entry)
                });
            let entries: BTreeMap<_, _> = entries.collect();
            let subnets = subnets
                .into_iter()
                .map(|it| format!("subnet-{it}").as_str().into());
            Acl {
                id,
                vpc,
                name,
                default,
                entries: entries.into_values().collect(),
                subnets: subnets.collect(),
            }
        })
}

fn table() -> impl Strategy<Value = RouteTable> {
    let destination = prop_oneof![
        block().prop_map(|it| it.to_string()),
        (0..3_u8).prop_map(|it| format!("pl-{it}")),
    ];
    let targets = vec![
        "local",
        "igw-1",
        "vgw-1",
        "vpce-1",
        "nat-1",
        "eigw-1",
        "tgw-1",
        "pcx-1",
        "eni-1",
        "i-1",
        "lgw-1",
        "cagw-1",
        "10.0.0.1",
        "unknown target",
        "arn:aws:networkmanager::1:core-network/cn-1",
    ];
    let route = (destination, select(targets), any::<bool>(), any::<bool>());
    let route = route.prop_map(|(destination, target, blackhole, propagated)| Route {
        destination,
        target: target.to_owned(),
        blackhole,
        propagated,
    });
    (
        id("rtb"),
        id("vpc"),
        text(),
        any::<bool>(),
        vec(id("subnet"), 0..3),
        vec(route, 0..6),
    )
        .prop_map(|(id, vpc, name, main, subnets, routes)| RouteTable {
            id,
            vpc,
            name,
            main,
            subnets,
            routes,
        })
}

fn gateway() -> impl Strategy<Value = Gateway> {
    let kinds = vec![
        (GatewayKind::Internet, "igw"),
        (GatewayKind::EgressOnly, "eigw"),
        (GatewayKind::Nat, "nat"),
        (GatewayKind::GatewayEndpoint, "vpce"),
        (GatewayKind::InterfaceEndpoint, "vpce"),
    ];
    let name = prop_oneof![text(), Just("com.amazonaws.eu-west-1.s3".to_owned())];
    (
        select(kinds),
        0..6_u8,
        id("vpc"),
        option::of(id("subnet")),
        vec(id("eni"), 0..3),
        name,
    )
        .prop_map(|((kind, prefix), number, vpc, subnet, enis, name)| {
            let lives = !matches!(kind, GatewayKind::Internet | GatewayKind::EgressOnly);
            Gateway {
                id: format!("{prefix}-{number}").as_str().into(),
                kind,
                vpc,
                subnet: subnet.filter(|_| lives),
                enis: if lives { enis } else { Vec::new() },
                name,
            }
        })
}

fn peering() -> impl Strategy<Value = Peering> {
    let side = || {
        (id("vpc"), "[0-9]{12}|", "eu-west-1|", blocks(2)).prop_map(
            |(vpc, account, region, cidrs)| PeeringSide {
                vpc,
                account,
                region,
                cidrs,
            },
        )
    };
    (id("pcx"), side(), side(), any::<bool>()).prop_map(|(id, requester, accepter, active)| {
        Peering {
            id,
            sides: [requester, accepter],
            active,
        }
    })
}

fn prefix_list() -> impl Strategy<Value = PrefixList> {
    (0..3_u8, text(), vec(block(), 0..4)).prop_map(|(number, name, cidrs)| PrefixList {
        id: format!("pl-{number}"),
        name,
        cidrs,
    })
}

fn instance() -> impl Strategy<Value = Instance> {
    let states = vec![
        InstanceState::Pending,
        InstanceState::Running,
        InstanceState::ShuttingDown,
        InstanceState::Terminated,
        InstanceState::Stopping,
        InstanceState::Stopped,
        InstanceState::Unknown,
    ];
    let launched = (0..4_000_000_000_i64, 0..1_000_000_000_u32)
        .prop_map(|(seconds, nanos)| DateTime::from_timestamp(seconds, nanos).unwrap());
    let tag = ("[a-z:]{1,6}", text());
    (
        (id("i"), text(), text(), select(states)),
        (option::of(id("vpc")), option::of(id("subnet"))),
        (option::of("[a-zA-Z0-9_+=,.@-]{1,8}"), option::of(launched)),
        (any::<bool>(), any::<bool>(), text(), vec(tag, 0..3)),
        attributes(),
    )
        .prop_map(|(about, place, more, rest, attributes)| Instance {
            id: about.0,
            name: about.1,
            instance_type: about.2,
            state: about.3,
            vpc: place.0,
            subnet: place.1,
            profile: more.0,
            launched: more.1,
            platform: if rest.0 {
                Platform::Windows
            } else {
                Platform::Unix
            },
            spot: rest.1,
            image: rest.2,
            tags: rest.3,
            attributes,
        })
}

fn attributes() -> impl Strategy<Value = InstanceAttributes> {
    let flag = || option::of(any::<bool>());
    let shutdown = option::of(select(vec![Shutdown::Stop, Shutdown::Terminate]));
    (flag(), flag(), flag(), flag(), shutdown).prop_map(
        |(hibernation, metadata, termination_protection, stop_protection, shutdown)| {
            InstanceAttributes {
                hibernation,
                metadata,
                termination_protection,
                stop_protection,
                shutdown,
            }
        },
    )
}

fn volume() -> impl Strategy<Value = Volume> {
    (
        id("vol"),
        id("i"),
        text(),
        any::<u32>(),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(
            |(id, instance, device, size_gib, encrypted, delete_on_termination)| Volume {
                id,
                instance,
                device,
                size_gib,
                encrypted,
                delete_on_termination,
            },
        )
}

fn asg_membership() -> impl Strategy<Value = AsgMembership> {
    let size =
        any::<(u32, u32, u32)>().prop_map(|(min, desired, max)| AsgSize { min, desired, max });
    (id("i"), id("asg"), text(), option::of(size)).prop_map(|(instance, group, lifecycle, size)| {
        AsgMembership {
            instance,
            group,
            lifecycle,
            size,
        }
    })
}

fn profile() -> impl Strategy<Value = InstanceProfile> {
    (name("profile"), vec(name("role"), 0..2), vec(id("i"), 0..3))
        .prop_map(|(name, roles, users)| InstanceProfile { name, roles, users })
}

fn name(prefix: &'static str) -> impl Strategy<Value = String> {
    (0..6_u8).prop_map(move |number| format!("{prefix}-{number}"))
}

fn target_membership() -> impl Strategy<Value = TargetMembership> {
    (id("i"), 0..3_u8, option::of(any::<u16>()), text()).prop_map(
        |(instance, number, port, health)| TargetMembership {
            instance,
            target_group: format!("group {number}"),
            arn: format!("arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/group/{number}"),
            port,
            health,
        },
    )
}

fn flow_log() -> impl Strategy<Value = FlowLog> {
    let destination = prop_oneof![
        "/[a-z/]{1,8}".prop_map(FlowLogDestination::LogGroup),
        "arn:aws:s3:::[a-z]{1,8}".prop_map(FlowLogDestination::Elsewhere),
    ];
    let resource = select(vec!["vpc-1", "subnet-1", "eni-1", "tgw-1"]);
    (
        0..4_u8,
        resource,
        destination,
        text(),
        any::<u32>(),
        text(),
        option::of(text()),
    )
        .prop_map(
            |(number, resource, destination, format, seconds, traffic, error)| FlowLog {
                id: format!("fl-{number}"),
                resource: resource.to_owned(),
                destination,
                format,
                aggregation_seconds: seconds,
                traffic,
                delivery_error: error,
            },
        )
}
