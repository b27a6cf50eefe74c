//! Ways out and in: NAT, internet gateways, services, peering, checks of the source.

use super::*;
use crate::model::{EniKind, Part, Peering, PeeringSide, Route, Vpc, VpcId};

fn behind_nat(port: u16) -> Packet {
    packet(Packet::TCP, APP, C2, (port, 443))
}

#[test]
fn a_nat_gateway_gives_every_flow_a_port_of_its_own_and_knows_the_way_back() {
    let mut world = World::new(estate());
    let mut ports = Vec::new();
    for port in [50_000, 50_001] {
        let there = world.send(behind_nat(port), 0.0).arrival().unwrap();
        assert_eq!(
            (there.at, there.packet.src),
            (Place::Outside, address(NAT_PUBLIC))
        );
        ports.push(there.packet.src_port);
        let back = world.send(there.packet.reversed(), 0.1).arrival().unwrap();
        assert_eq!(back.packet, behind_nat(port).reversed());
    }
    assert_ne!(ports[0], ports[1]);
}

#[test]
fn flow_logs_see_both_legs_of_a_nat_gateway() {
    let mut world = World::new(estate());
    world.passes(behind_nat(50_000), 0.0);
    let sights: Vec<_> = world.sights.clone();
    let seen: Vec<String> = sights
        .iter()
        .map(|it| {
            let id = world.net.id(it.eni).unwrap();
            let way = it.direction.name();
            let (own, original) = (it.packet, it.original);
            format!(
                "{id} {way} {} > {} ({} > {}) {:?}",
                own.src, own.dst, original.src, original.dst, it.traffic_path
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            "eni-app1 egress 10.0.2.14 > 203.0.113.66 (10.0.2.14 > 203.0.113.66) Some(1)",
            "eni-nat ingress 10.0.2.14 > 10.0.0.5 (10.0.2.14 > 203.0.113.66) None",
            "eni-nat egress 10.0.0.5 > 203.0.113.66 (10.0.0.5 > 203.0.113.66) Some(8)",
        ]
    );
}

#[test]
fn a_nat_gateway_forgets_after_350_s_and_takes_nothing_unsolicited_and_no_esp() {
    let mut world = World::new(estate());
    let there = world
        .send(behind_nat(50_000), 0.0)
        .arrival()
        .unwrap()
        .packet;
    assert!(world.passes(there.reversed(), 349.0));
    let late = world.send(there.reversed(), 349.0 + 351.0);
    assert!(!late.delivered() && late.expired);
    let again = world.send(behind_nat(50_000), 701.0);
    assert_ne!(again.arrival().unwrap().packet.src_port, there.src_port);
    let scan = packet(Packet::TCP, C2, NAT_PUBLIC, (40_000, 22));
    assert!(matches!(world.loses(scan, 1.0), Lost::Unsolicited(_)));
    let esp = packet(50, APP, C2, (0, 0));
    assert!(matches!(world.loses(esp, 1.0), Lost::NatProtocol(_)));
}

#[test]
fn the_acl_of_the_nat_gateways_subnet_sees_the_private_source_and_the_remote_address() {
    for (direction, peer) in [
        (Direction::Ingress, "10.0.2.14/32"),
        (Direction::Egress, "203.0.113.66/32"),
    ] {
        let mut world = World::new(estate());
        world.change(|it| {
            it.update_acl(&"acl-shared".into(), |it| it.push(deny(direction, peer)));
        });
        let lost = world.loses(behind_nat(50_000), 0.0);
        assert!(
            matches!(lost, Lost::Acl { number: 90, .. }),
            "{peer}: {lost}"
        );
    }
}

#[test]
fn services_answer_through_an_empty_group_and_a_closed_acl_and_are_not_logged() {
    let mut world = World::new(estate());
    world.groups("eni-web1", &["sg-iso"]);
    world.change(|it| {
        it.update_acl(&"acl-shared".into(), |it| {
            it.extend(Direction::BOTH.map(|way| deny(way, "0.0.0.0/0")));
        });
    });
    for service in [
        "10.0.0.2",
        "169.254.169.253",
        "169.254.169.254",
        "169.254.169.123",
    ] {
        let query = packet(Packet::UDP, WEB, service, (40_000, 53));
        let fate = world.send(query, 0.0);
        assert_eq!(fate.arrival().unwrap().at, Place::Service, "{service}");
        assert!(world.sights.is_empty(), "{service}");
        assert!(world.passes(query.reversed(), 0.1), "{service}");
    }
    let other = packet(Packet::UDP, WEB, "10.0.0.3", (40_000, 53));
    assert!(!world.passes(other, 0.0));
}

#[test]
fn the_internet_knows_public_addresses_only() {
    let mut world = World::new(estate());
    let there = world.send(beacon(), 0.0).arrival().unwrap();
    assert_eq!(there.packet.src, address(WEB_PUBLIC));
    let hidden = packet(Packet::TCP, "10.0.0.12", C2, (50_000, 443));
    assert!(matches!(world.loses(hidden, 0.0), Lost::NoPublicAddress(_)));
    let private = packet(Packet::TCP, WEB, "192.168.7.7", (50_000, 443));
    assert!(matches!(world.loses(private, 0.0), Lost::NotPublic(_)));
    let blind = packet(Packet::TCP, C2, WEB, (50_000, 22));
    assert!(matches!(world.loses(blind, 0.0), Lost::Nobody(_)));
}

#[test]
fn a_siblings_public_address_is_reached_from_outside() {
    let mut world = World::new(estate());
    let permit = rule(Direction::Ingress, Protocol::TCP, 443, "198.51.100.5/32");
    world.change(|it| it.update_group(&"sg-web".into(), |it| it.rules.push(permit)));
    let request = packet(Packet::TCP, APP, WEB_PUBLIC, (50_000, 443));
    let there = world.send(request, 0.0).arrival().unwrap();
    assert_eq!(
        (there.packet.src, there.packet.dst),
        (address(NAT_PUBLIC), address(WEB))
    );
    let back = world.send(there.packet.reversed(), 0.1).arrival().unwrap();
    assert_eq!(back.packet, request.reversed());
}

#[test]
fn inside_a_subnet_neither_acl_nor_route_is_asked() {
    let mut world = World::new(estate());
    let permit = rule(Direction::Ingress, Protocol::TCP, 80, "10.0.0.0/16");
    world.change(|it| {
        it.update_group(&"sg-web".into(), |it| it.rules.push(permit));
        it.update_acl(&"acl-shared".into(), Vec::clear);
        it.update_routes(&"rtb-public".into(), Vec::clear);
    });
    let near = packet(Packet::TCP, WEB, "10.0.0.12", (50_000, 80));
    assert!(world.passes(near, 0.0));
    let far = packet(Packet::TCP, WEB, "10.0.1.13", (50_000, 80));
    assert!(matches!(world.loses(far, 0.0), Lost::NoRoute(_)));
}

#[test]
fn an_interface_sends_only_what_is_its_own() {
    let mut world = World::new(estate());
    let eni = world.net.eni(&"eni-web1".into()).unwrap();
    let foreign = packet(Packet::TCP, "10.0.9.9", C2, (50_000, 443));
    let fate = world
        .net
        .send(Origin::Eni(eni), foreign, 0, &mut Vec::new());
    assert!(matches!(
        fate.outcome,
        Outcome::Dropped(Lost::SourceDestCheck(_))
    ));
}

#[test]
fn a_flow_ends_when_its_route_leads_elsewhere_and_a_new_one_goes_there() {
    let mut world = World::new(estate());
    world.open(beacon());
    world.change(|it| {
        it.update_routes(&"rtb-public".into(), |it| {
            let default = it.iter_mut().filter(|it| it.destination == "0.0.0.0/0");
            default.for_each(|it| it.target = "vgw-1".into());
        });
    });
    assert!(matches!(world.loses(beacon(), 1.0), Lost::TargetChanged(_)));
    assert!(world.passes(packet(Packet::TCP, WEB, C2, (50_001, 443)), 1.0));
}

#[test]
fn whom_a_nat_gateway_reaches_over_the_internet_is_tracked_if_aws_does_that() {
    for tracked in [false, true] {
        let switches = Switches {
            far_side_of_nat_is_tracked: tracked,
            ..Switches::default()
        };
        let mut world = World::with(estate(), switches);
        world.groups("eni-web1", &["sg-open"]);
        let request = packet(Packet::TCP, APP, WEB_PUBLIC, (50_000, 443));
        world.open(request);
        world.groups("eni-web1", &["sg-iso"]);
        assert_eq!(world.passes(request, 1.0), tracked);
    }
}

#[test]
fn a_secondary_address_of_a_member_counts_unless_aws_means_the_primary_one() {
    const SECOND: &str = "10.0.2.99";
    for counts in [true, false] {
        let switches = Switches {
            secondary_addresses_are_members: counts,
            ..Switches::default()
        };
        let mut world = World::with(estate(), switches);
        world.change(|it| {
            let member = it.eni_of_address(address(APP)).unwrap();
            let (member, group) = (member.id.clone(), member.groups[0].clone());
            it.update_eni(&member, |it| it.addresses.push(address(SECOND)));
            let permit = GroupRule {
                peer: RulePeer::Group(group),
                ..rule(Direction::Ingress, Protocol::TCP, 9000, "10.0.0.0/8")
            };
            it.update_group(&"sg-web".into(), |it| it.rules.push(permit));
        });
        for (from, passes) in [(APP, true), (SECOND, counts)] {
            let request = packet(Packet::TCP, from, WEB, (50_000, 9000));
            assert_eq!(world.passes(request, 0.0), passes, "{from}, {counts}");
        }
    }
}

#[test]
fn what_is_always_tracked_in_a_peered_vpc_is_tracked_here_too() {
    for (kind, stays) in [(EniKind::Endpoint, true), (EniKind::Instance, false)] {
        let mut estate = estate();
        let mut vpcs: Vec<_> = estate.vpcs().cloned().collect();
        vpcs.push(Vpc {
            id: "vpc-2".into(),
            name: "peer".into(),
            cidrs: vec!["10.9.0.0/16".parse().unwrap()],
        });
        let side = |vpc: &VpcId, cidr: &str| PeeringSide {
            vpc: vpc.clone(),
            account: String::new(),
            region: String::new(),
            cidrs: vec![cidr.parse().unwrap()],
        };
        estate.replace(Part::Peerings(vec![Peering {
            id: "pcx-1".into(),
            sides: [
                side(&"vpc-1".into(), "10.0.0.0/16"),
                side(&"vpc-2".into(), "10.9.0.0/16"),
            ],
            active: true,
        }]));
        estate.replace(Part::Vpcs(vpcs));
        let mut subnets: Vec<_> = estate.subnets().cloned().collect();
        let mut there = subnets[0].clone();
        (there.id, there.vpc) = ("subnet-x".into(), "vpc-2".into());
        there.cidrs = vec!["10.9.0.0/24".parse().unwrap()];
        subnets.push(there);
        estate.replace(Part::Subnets(subnets));
        let mut far = estate.eni(&"eni-ssm".into()).unwrap().clone();
        (far.id, far.vpc, far.subnet) = ("eni-far".into(), "vpc-2".into(), "subnet-x".into());
        (far.kind, far.addresses) = (kind, vec![address("10.9.0.9")]);
        far.groups = vec!["sg-open".into()];
        estate.put_eni(far);
        let mut acl = estate.acls().next().unwrap().clone();
        (acl.id, acl.vpc, acl.default) = ("acl-x".into(), "vpc-2".into(), true);
        acl.subnets = vec!["subnet-x".into()];
        estate.put_acl(acl);
        let mut table = estate.route_tables().next().unwrap().clone();
        (table.id, table.vpc, table.main) = ("rtb-x".into(), "vpc-2".into(), true);
        table.subnets.clear();
        let route = |destination: &str, target: &str| Route {
            destination: destination.into(),
            target: target.into(),
            blackhole: false,
            propagated: false,
        };
        table.routes = vec![route("10.9.0.0/16", "local"), route("10.0.0.0/16", "pcx-1")];
        estate.put_route_table(table);
        let to_peer = route("10.9.0.0/16", "pcx-1");
        estate.update_routes(&"rtb-public".into(), |it| it.push(to_peer));
        let mut world = World::with(estate, Switches::default());
        world.groups("eni-web1", &["sg-open"]);
        let request = packet(Packet::TCP, WEB, "10.9.0.9", (50_000, 443));
        world.open(request);
        world.groups("eni-web1", &["sg-iso"]);
        assert_eq!(world.passes(request, 1.0), stays, "{kind:?}");
    }
}
