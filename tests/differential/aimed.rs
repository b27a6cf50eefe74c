//! Estates in which the answer to one question that AWS leaves open decides: chance alone seldom makes them.

use firedoor::analysis::Activity;
use firedoor::drill::net::Packet;
use firedoor::model::{
    AclAction, AclEntry, Direction, EniKind, Gateway, GatewayKind, GroupRule, PortRange, Protocol,
    PublicAddress, RouteTable, RulePeer, TrackingTimeouts,
};
use firedoor::operation::{Operation, Ref};

use crate::dice::Dice;
use crate::estates::{all, eni, estate, group_id, route, subnet, subnet_id};
use crate::flows::Case;
use crate::parts::Parts;
use crate::plans::Plan;

/// One in so many cases is aimed.
const EVERY: u64 = 16;
const ANYONE: &str = "0.0.0.0/0";
const HOST: &str = "10.0.1.10";
const SECOND: &str = "10.0.1.110";
const PUBLIC: &str = "198.51.100.20";
const NEIGHBOUR: &str = "10.0.2.10";
const BEYOND: &str = "10.200.0.5";
const C2: &str = "203.0.113.66";

/// What the case of a seed aims at.
pub(crate) fn aim(seed: u64) -> Option<u64> {
    (seed % EVERY == EVERY - 1).then_some(seed / EVERY)
}

/// An estate, a plan and a flow.
pub(crate) fn case(dice: &mut Dice, number: u64) -> (Parts, Plan, Case) {
    let mut parts = plain(dice);
    let open = Direction::BOTH.map(|it| all(it, ANYONE)).to_vec();
    let out = all(Direction::Egress, ANYONE);
    let mut plan = vec![(0, isolate())];
    let (own, neighbour, packet): (Vec<GroupRule>, Vec<GroupRule>, Packet) = match number % 8 {
        0 => {
            let unprivileged = Some(PortRange {
                from: 1024,
                to: 65_535,
            });
            let answers = GroupRule {
                ports: unprivileged,
                ..out
            };
            let answers = GroupRule {
                protocol: Protocol::TCP,
                ..answers
            };
            let own = vec![web(RulePeer::Cidr(ANYONE.parse().unwrap())), answers];
            (own, open, tcp(C2, HOST))
        }
        1 => {
            let own = vec![web(RulePeer::PrefixList("pl-any".to_owned())), out];
            (own, open, tcp(C2, HOST))
        }
        2 => {
            let halves = ["0.0.0.0/1", "128.0.0.0/1"];
            let mut own = halves.map(|it| web(RulePeer::Cidr(it.parse().unwrap())));
            own.sort_by_key(|_| dice.below(2));
            ([own.to_vec(), vec![out]].concat(), open, tcp(C2, HOST))
        }
        3 => {
            balance(&mut parts);
            (open.clone(), open, tcp(HOST, NEIGHBOUR))
        }
        4 => (open.clone(), open, tcp(NEIGHBOUR, PUBLIC)),
        5 => {
            let members = web(RulePeer::Group(group_id(0)));
            (
                vec![out.clone()],
                vec![members, out],
                tcp(SECOND, NEIGHBOUR),
            )
        }
        6 => {
            attach(&mut parts);
            plan = vec![(0, deny_beyond())];
            (open.clone(), open, tcp(HOST, BEYOND))
        }
        _ => {
            plan.extend([
                (0, acl("acl-quarantine")),
                (*dice.pick(&[200, 250, 300]), acl("acl-1")),
            ]);
            let dns = Packet {
                protocol: Packet::UDP,
                ..tcp(HOST, C2)
            };
            (vec![out], open, dns)
        }
    };
    for (id, rules) in [(group_id(0), own), (group_id(1), neighbour)] {
        let groups = parts.groups.iter_mut().filter(|it| it.id == id);
        groups.for_each(|it| it.rules.clone_from(&rules));
    }
    let case = Case {
        packet,
        activity: Activity::default(),
    };
    (parts, Plan::Operations(plan), case)
}

/// A random estate whose first two hosts nothing hinders.
fn plain(dice: &mut Dice) -> Parts {
    let mut parts = estate(dice);
    for acl in &mut parts.acls {
        if acl.id.as_str() != "acl-quarantine" {
            acl.entries = Direction::BOTH
                .map(|it| entry(it, 100, AclAction::Allow, ANYONE))
                .to_vec();
        }
    }
    for table in &mut parts.tables {
        let default = if table.main { "nat-1" } else { "igw-1" };
        if table.vpc.as_str() == "vpc-1" {
            table.routes = vec![route("10.0.0.0/16", "local"), route(ANYONE, default)];
        }
    }
    for it in &mut parts.enis {
        let (group, addresses) = match it.id.as_str() {
            "eni-a1" => (0, vec![HOST, SECOND]),
            "eni-a2" => (1, vec![NEIGHBOUR]),
            _ => continue,
        };
        it.groups = vec![group_id(group)];
        it.addresses = addresses.iter().map(|it| it.parse().unwrap()).collect();
        it.timeouts = TrackingTimeouts::default();
        it.public = Vec::new();
        if group == 0 {
            it.public.push(PublicAddress {
                private: HOST.parse().unwrap(),
                address: PUBLIC.parse().unwrap(),
                elastic: true,
            });
        }
    }
    parts
}

/// Both ways between the host's subnet and the neighbour's lead through a Gateway Load Balancer, whose
/// endpoint is in a subnet of its own.
fn balance(parts: &mut Parts) {
    const OWN: usize = 7;
    let id = "eni-gw";
    parts.subnets.push(subnet(OWN));
    let acls = parts.acls.iter_mut().filter(|it| it.id.as_str() == "acl-1");
    acls.for_each(|it| it.subnets.push(subnet_id(OWN)));
    parts.tables.push(RouteTable {
        id: "rtb-gw".into(),
        vpc: "vpc-1".into(),
        name: String::new(),
        main: false,
        subnets: vec![subnet_id(OWN)],
        routes: vec![route("10.0.0.0/16", "local")],
    });
    parts.enis.retain(|it| it.id.as_str() != id);
    parts
        .enis
        .push(eni(id, OWN, 4, EniKind::GatewayLoadBalancerEndpoint));
    parts.gateways.retain(|it| it.id.as_str() != "vpce-gw");
    parts.gateways.push(Gateway {
        id: "vpce-gw".into(),
        kind: GatewayKind::InterfaceEndpoint,
        vpc: "vpc-1".into(),
        subnet: None,
        enis: vec![id.into()],
        name: "gwlb".into(),
    });
    for (table, beyond) in [("rtb-1", "10.0.2.0/24"), ("rtb-main", "10.0.1.0/24")] {
        let tables = parts.tables.iter_mut();
        tables
            .filter(|it| it.id.as_str() == table)
            .for_each(|it| it.routes.push(route(beyond, "vpce-gw")));
    }
}

/// The attachment of the transit gateway is in the host's subnet.
fn attach(parts: &mut Parts) {
    parts.enis.retain(|it| it.id.as_str() != "eni-tgw");
    parts
        .enis
        .push(eni("eni-tgw", 1, 9, EniKind::TransitGateway));
    let tables = parts
        .tables
        .iter_mut()
        .filter(|it| it.id.as_str() == "rtb-1");
    tables.for_each(|it| it.routes.push(route("10.200.0.0/16", "tgw-1")));
}

fn web(peer: RulePeer) -> GroupRule {
    GroupRule {
        id: None,
        direction: Direction::Ingress,
        protocol: Protocol::TCP,
        ports: Some(PortRange { from: 443, to: 443 }),
        peer,
    }
}

fn tcp(src: &str, dst: &str) -> Packet {
    Packet {
        protocol: Packet::TCP,
        src: src.parse().unwrap(),
        dst: dst.parse().unwrap(),
        src_port: 50_000,
        dst_port: 443,
    }
}

fn isolate() -> Operation {
    Operation::SetEniGroups {
        eni: "eni-a1".into(),
        groups: vec![Ref::Id(group_id(91))],
    }
}

fn acl(id: &str) -> Operation {
    Operation::SetSubnetAcl {
        subnet: "subnet-1".into(),
        acl: Ref::Id(id.into()),
    }
}

fn deny_beyond() -> Operation {
    Operation::CreateAclEntry {
        acl: Ref::Id("acl-1".into()),
        entry: entry(Direction::Ingress, 5, AclAction::Deny, "10.200.0.0/16"),
    }
}

fn entry(direction: Direction, number: u16, action: AclAction, cidr: &str) -> AclEntry {
    AclEntry {
        direction,
        number,
        action,
        protocol: Protocol::All,
        cidr: cidr.parse().unwrap(),
        ports: None,
    }
}
