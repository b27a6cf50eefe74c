//! A world made to measure: so many hosts, so many flows. Figures of speed and memory are taken on it.

use std::net::{IpAddr, Ipv4Addr};

use chrono::{DateTime, TimeDelta, Utc};
use ipnet::{IpNet, Ipv4Net};

use super::number::mix;
use super::party::Party;
use super::record::FORMAT;
use super::scenario::{Role, Script};
use super::traffic::Settings;
use super::world::World;
use crate::model::{
    Acl, AclAction, AclEntry, Direction, Eni, EniId, EniKind, Estate, FlowLog, FlowLogDestination,
    Group, GroupRule, Part, Protocol, Route, RouteTable, Subnet, SubnetId, TrackingTimeouts, Vpc,
};

/// Hosts of a subnet.
const PER_SUBNET: u32 = 200;

/// How large a world is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Hosts, each with an interface.
    pub hosts: u32,
    /// TCP connections between them, all alive.
    pub flows: u32,
    /// From one exchange on a connection to the next: one packet there, one back.
    pub every: TimeDelta,
}

impl Load {
    /// The world as it begins at `start`, without a history.
    pub fn world(self, start: DateTime<Utc>) -> World {
        let settings = Settings {
            history: TimeDelta::zero(),
            ..Settings::default()
        };
        let estate = Estate::from_parts(self.parts(), start);
        let scripts = (0..self.flows).map(|it| self.flow(it)).collect();
        World::blank(settings, estate, scripts, start)
    }

    fn flow(self, number: u32) -> Script {
        let scattered = mix(u64::from(number));
        let pick = |bits: u64| u32::try_from(bits % u64::from(self.hosts.max(1))).unwrap_or(0);
        let from = pick(scattered);
        let to = pick(scattered >> 32);
        let to = if from == to {
            (to + 1) % self.hosts.max(1)
        } else {
            to
        };
        let party = |host| Party::Ours {
            eni: eni_id(host),
            address: address(host),
        };
        Script {
            conversation: String::new(),
            role: Role::Business,
            from: String::new(),
            to: String::new(),
            client: party(from),
            server: party(to),
            protocol: 6,
            port: 443,
            every: self.every,
            packets: [1, 1],
            bytes: [500, 1_500],
            starts: TimeDelta::zero(),
            lasts: None,
            pause: TimeDelta::seconds(5),
            keepalive: None,
            exfiltrates: false,
            listens: true,
            balanced: None,
            held: false,
            credentials: None,
        }
    }

    fn parts(self) -> Vec<Part> {
        let subnets = (0..self.hosts.div_ceil(PER_SUBNET)).map(|number| Subnet {
            id: subnet_id(number),
            vpc: "vpc-1".into(),
            name: format!("subnet {number}"),
            zone: "eu-west-1a".to_owned(),
            cidrs: vec![cidr(address(number * PER_SUBNET), 24)],
        });
        let subnets: Vec<Subnet> = subnets.collect();
        let ids = || subnets.iter().map(|it| it.id.clone()).collect::<Vec<_>>();
        let inside = cidr(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 0)), 8);
        let rules = Direction::BOTH.map(|it| GroupRule::all(it, inside));
        let entry = |direction| AclEntry {
            direction,
            number: 100,
            action: AclAction::Allow,
            protocol: Protocol::All,
            cidr: inside,
            ports: None,
        };
        let local = Route {
            destination: inside.to_string(),
            target: "local".to_owned(),
            blackhole: false,
            propagated: false,
        };
        vec![
            Part::Vpcs(vec![Vpc {
                id: "vpc-1".into(),
                name: "load".to_owned(),
                cidrs: vec![inside],
            }]),
            Part::Enis((0..self.hosts).map(eni).collect()),
            Part::Groups(vec![Group {
                id: "sg-1".into(),
                vpc: "vpc-1".into(),
                name: "all".to_owned(),
                description: String::new(),
                rules: rules.to_vec(),
            }]),
            Part::Acls(vec![Acl {
                id: "acl-1".into(),
                vpc: "vpc-1".into(),
                name: "all".to_owned(),
                default: true,
                entries: Direction::BOTH.map(entry).to_vec(),
                subnets: ids(),
            }]),
            Part::RouteTables(vec![RouteTable {
                id: "rtb-1".into(),
                vpc: "vpc-1".into(),
                name: "all".to_owned(),
                main: true,
                subnets: ids(),
                routes: vec![local],
            }]),
            Part::Subnets(subnets),
            Part::FlowLogs(vec![FlowLog {
                id: "fl-1".to_owned(),
                resource: "vpc-1".to_owned(),
                destination: FlowLogDestination::LogGroup("load".to_owned()),
                format: FORMAT.to_owned(),
                aggregation_seconds: 60,
                traffic: "ALL".to_owned(),
                delivery_error: None,
            }]),
        ]
    }
}

fn eni(host: u32) -> Eni {
    Eni {
        id: eni_id(host),
        vpc: "vpc-1".into(),
        subnet: subnet_id(host / PER_SUBNET),
        kind: EniKind::Service,
        description: format!("host {host}"),
        addresses: vec![address(host)],
        public: Vec::new(),
        groups: vec!["sg-1".into()],
        instance: None,
        device_index: None,
        requester_managed: true,
        source_dest_check: true,
        timeouts: TrackingTimeouts::default(),
    }
}

fn eni_id(host: u32) -> EniId {
    EniId::new(format!("eni-{host:017x}"))
}

fn subnet_id(number: u32) -> SubnetId {
    SubnetId::new(format!("subnet-{number:017x}"))
}

/// Subnets of 256 addresses, of which the first 200 but ten are hosts'.
fn address(host: u32) -> IpAddr {
    let above = (host / PER_SUBNET) * 256 + host % PER_SUBNET + 10;
    IpAddr::V4(Ipv4Addr::from_bits((10 << 24) + above))
}

fn cidr(address: IpAddr, length: u8) -> IpNet {
    let IpAddr::V4(address) = address else {
        return IpNet::V4(Ipv4Net::default());
    };
    Ipv4Net::new(address, length).map_or(IpNet::V4(Ipv4Net::default()), |it| IpNet::V4(it.trunc()))
}
