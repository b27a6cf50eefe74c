//! A route table, ready for lookups: the longest prefix wins.
//!
//! Among equal prefixes a static route wins over a prefix list's, and that over a propagated one:
//! <https://docs.aws.amazon.com/vpc/latest/userguide/route-tables-priority.html>

use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;

use ipnet::IpNet;

use crate::model::{Estate, Route, RouteTable};

/// What a route's target is. Targets are told by the prefix that AWS gives their ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TargetKind {
    /// Delivered inside the VPC.
    Local,
    /// An internet gateway.
    InternetGateway,
    /// An egress-only internet gateway.
    EgressOnlyGateway,
    /// A NAT gateway.
    NatGateway,
    /// A peering connection.
    Peering,
    /// A transit gateway.
    TransitGateway,
    /// A virtual private gateway.
    VpnGateway,
    /// A VPC endpoint: a gateway endpoint, or one of a Gateway Load Balancer.
    Endpoint,
    /// An interface or instance: a middlebox appliance.
    Appliance,
    /// Anything else.
    Other,
}

impl TargetKind {
    fn of(target: &str) -> Self {
        const PREFIXES: [(&str, TargetKind); 9] = [
            ("igw-", TargetKind::InternetGateway),
            ("eigw-", TargetKind::EgressOnlyGateway),
            ("nat-", TargetKind::NatGateway),
            ("pcx-", TargetKind::Peering),
            ("tgw-", TargetKind::TransitGateway),
            ("vgw-", TargetKind::VpnGateway),
            ("vpce-", TargetKind::Endpoint),
            ("eni-", TargetKind::Appliance),
            ("i-", TargetKind::Appliance),
        ];
        if target == "local" {
            return Self::Local;
        }
        let found = PREFIXES.iter().find(|(start, _)| target.starts_with(start));
        found.map_or(Self::Other, |(_, kind)| *kind)
    }
}

/// One route of a table; a prefix list's becomes one for each of its entries.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) cidr: IpNet,
    pub(super) target: Box<str>,
    pub(super) kind: TargetKind,
    pub(super) blackhole: bool,
    /// Tells targets apart without comparing their ids: a hash.
    pub(super) identity: u64,
    /// The name of the prefix list that it comes from: it tells which service an endpoint serves.
    pub(super) list: Option<Box<str>>,
    rank: u8,
}

/// The routes of one table, the longest prefix first.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Routes {
    entries: Vec<Entry>,
    /// Routes of prefix lists that were not read.
    pub(super) unread_lists: Vec<String>,
}

impl Routes {
    pub(super) fn of(estate: &Estate, table: &RouteTable) -> Self {
        let mut routes = Self::default();
        for route in &table.routes {
            match route.destination.parse::<IpNet>() {
                Ok(cidr) => {
                    let rank = if route.propagated { 2 } else { 0 };
                    routes.entries.push(entry(route, cidr, rank, None));
                }
                Err(_) => routes.add_list(estate, route),
            }
        }
        routes
            .entries
            .sort_by_key(|it| (u8::MAX - it.cidr.prefix_len(), it.rank));
        routes
    }

    fn add_list(&mut self, estate: &Estate, route: &Route) {
        let Some(list) = estate.prefix_list(&route.destination) else {
            self.unread_lists.push(route.destination.clone());
            return;
        };
        let entries = list.cidrs.iter();
        let name: &str = &list.name;
        self.entries
            .extend(entries.map(|cidr| entry(route, *cidr, 1, Some(name.into()))));
    }

    /// The route for a destination, and its place in the table.
    pub(super) fn lookup(&self, destination: IpAddr) -> Option<(u16, &Entry)> {
        let mut entries = (0..).zip(&self.entries);
        entries.find(|(_, it)| it.cidr.contains(&destination))
    }

    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub(super) fn entry(&self, number: u16) -> Option<&Entry> {
        self.entries.get(usize::from(number))
    }
}

fn identity(target: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    target.hash(&mut hasher);
    hasher.finish()
}

fn entry(route: &Route, cidr: IpNet, rank: u8, list: Option<Box<str>>) -> Entry {
    Entry {
        cidr,
        kind: TargetKind::of(&route.target),
        target: route.target.as_str().into(),
        blackhole: route.blackhole,
        identity: identity(&route.target),
        list,
        rank,
    }
}
