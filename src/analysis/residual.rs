//! Ways in and out that a suspect really has, found by trying them on its network.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::flow::{Flow, PortSpan};
use super::grade::source;
use super::network::Network;
use super::routes::TargetKind;
use crate::model::{Direction, Eni, EniKind, InstanceId, InstanceState, Protocol, RulePeer};

/// A way in or out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// New connections out to the internet.
    Internet,
    /// New connections in from the internet.
    FromInternet,
    /// Others in the same subnet.
    SameSubnet,
    /// Other subnets of the VPC.
    Vpc,
    /// Peering connections, transit gateways, VPNs.
    OtherNetworks,
    /// Gateway endpoints: S3, `DynamoDB`.
    GatewayEndpoints,
    /// The Amazon DNS resolver.
    Dns,
    /// The instance metadata service, which hands out the role's credentials.
    Metadata,
    /// Credentials of its role that were issued already.
    Credentials,
    /// Systems Manager, by an interface endpoint.
    SystemsManager,
    /// Flows that are tracked, and go on.
    Established,
}

impl Channel {
    /// The name on screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::Internet => "out to the internet",
            Self::FromInternet => "in from the internet",
            Self::SameSubnet => "others in its subnet",
            Self::Vpc => "other subnets of the VPC",
            Self::OtherNetworks => "other networks",
            Self::GatewayEndpoints => "gateway endpoints",
            Self::Dns => "Amazon DNS resolver",
            Self::Metadata => "instance metadata",
            Self::Credentials => "role credentials already issued",
            Self::SystemsManager => "Systems Manager",
            Self::Established => "established connections",
        }
    }
}

/// A channel that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Residual {
    /// Which.
    pub channel: Channel,
    /// By what, and what it means.
    pub why: String,
    /// AWS's page that it rests on.
    pub source: &'static str,
}

/// How many neighbours are tried: one that answers is enough, and so is a good sample of those that don't.
const TRIED: usize = 64;

/// Addresses that stand for the internet: they are set aside for documentation, so no rule names them.
const SOMEWHERE_V4: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const SOMEWHERE_V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0xffff, 0, 0, 0, 0, 1));

/// The channels of the network that are open to an instance.
pub fn network_channels(network: &Network, suspect: &InstanceId) -> Vec<Residual> {
    let estate = network.estate();
    let down = estate.instance(suspect).is_some_and(|it| {
        matches!(
            it.state,
            InstanceState::Stopped | InstanceState::Stopping | InstanceState::Terminated
        )
    });
    if down {
        return Vec::new();
    }
    let mut found: Vec<Residual> = Vec::new();
    let mut add = |channel, why: String, source| {
        if found.iter().all(|it| it.channel != channel) {
            found.push(Residual {
                channel,
                why,
                source,
            });
        }
    };
    for eni in estate.enis_of_instance(suspect) {
        if let Some(to) = internet(network, eni) {
            add(
                Channel::Internet,
                format!("{} reaches it over {to}", eni.id),
                source::INTERNET,
            );
        }
        if let Some(port) = from_internet(network, eni) {
            let why = format!("{} is reached on {port}", eni.id);
            add(Channel::FromInternet, why, source::GROUPS);
        }
        for other in near(network, eni) {
            let same = other.subnet == eni.subnet;
            let channel = if same {
                Channel::SameSubnet
            } else {
                Channel::Vpc
            };
            if let Some(way) = talk(network, eni, other) {
                let rule = if same { source::ACLS } else { source::ROUTES };
                add(channel, format!("{} {way} {}", eni.id, other.id), rule);
            }
        }
        for (channel, target) in beyond(network, eni) {
            add(
                channel,
                format!("{} reaches it by {target}", eni.id),
                source::ROUTES,
            );
        }
    }
    let why = "neither groups nor network ACLs filter it; flow logs do not show it".to_owned();
    add(Channel::Dns, why.clone(), source::GROUPS);
    add(Channel::Metadata, why, source::GROUPS);
    found
}

fn internet(network: &Network, eni: &Eni) -> Option<&'static str> {
    let own = |v6| eni.addresses.iter().copied().find(|it| it.is_ipv6() == v6);
    let tries = |own: Option<IpAddr>, to| {
        let own = own?;
        let ports = [(6, 443), (6, 80), (17, 443), (17, 53), (1, 0)];
        let mut opens = ports
            .into_iter()
            .map(|(protocol, port)| flow(own, to, protocol, port));
        opens.find(|it| is_open(network, it))
    };
    if tries(own(false), SOMEWHERE_V4).is_some() {
        Some("IPv4")
    } else {
        tries(own(true), SOMEWHERE_V6).map(|_| "IPv6")
    }
}

/// The first port that a rule opens to everyone, and that is reached.
fn from_internet(network: &Network, eni: &Eni) -> Option<String> {
    let estate = network.estate();
    let groups = eni.groups.iter().filter_map(|it| estate.group(it));
    let rules = groups.flat_map(|it| it.rules_in(Direction::Ingress));
    for rule in rules {
        let RulePeer::Cidr(cidr) = &rule.peer else {
            continue;
        };
        let from = match cidr.addr() {
            IpAddr::V4(_) => SOMEWHERE_V4,
            IpAddr::V6(_) => SOMEWHERE_V6,
        };
        let own = eni
            .addresses
            .iter()
            .find(|it| it.is_ipv6() == from.is_ipv6());
        let Some(own) = own.filter(|_| cidr.contains(&from)) else {
            continue;
        };
        let (protocol, port) = opened(rule.protocol, rule.ports.map(|it| it.from));
        if is_open(network, &flow(from, *own, protocol, port)) {
            return Some(format!("port {port}, from {cidr}"));
        }
    }
    None
}

/// A packet that a rule would let pass.
fn opened(protocol: Protocol, from: Option<i32>) -> (u8, u16) {
    let port = from.and_then(|it| u16::try_from(it).ok());
    match protocol {
        Protocol::All => (6, 443),
        Protocol::Number(number) => (number, port.unwrap_or(443)),
    }
}

/// Others of the VPC, those of the same subnet first; of many a sample.
fn near<'n>(network: &'n Network, eni: &Eni) -> Vec<&'n Eni> {
    let estate = network.estate();
    // A NAT gateway answers nobody by itself.
    let other = |it: &&Eni| {
        it.kind != EniKind::NatGateway && (it.instance != eni.instance || it.instance.is_none())
    };
    let own: Vec<&Eni> = estate
        .enis_of_subnet(&eni.subnet)
        .filter(other)
        .take(TRIED)
        .collect();
    let others = estate.enis().filter(other);
    let others = others.filter(|it| it.vpc == eni.vpc && it.subnet != eni.subnet);
    own.into_iter().chain(others.take(TRIED)).collect()
}

/// Whether two interfaces can open a connection to each other, on a port that their rules name.
fn talk(network: &Network, eni: &Eni, other: &Eni) -> Option<&'static str> {
    let open = |from: &Eni, to: &Eni| {
        let (Some(client), Some(server)) = (from.primary(), to.primary()) else {
            return false;
        };
        let mut tries: BTreeSet<(u8, u16)> = BTreeSet::from([(6, 443), (6, 22)]);
        let groups = to.groups.iter().filter_map(|it| network.estate().group(it));
        let rules = groups
            .flat_map(|it| it.rules_in(Direction::Ingress))
            .take(16);
        tries.extend(rules.map(|it| opened(it.protocol, it.ports.map(|ports| ports.from))));
        tries
            .into_iter()
            .any(|(protocol, port)| is_open(network, &flow(client, server, protocol, port)))
    };
    if open(eni, other) {
        Some("reaches")
    } else {
        open(other, eni).then_some("is reached by")
    }
}

/// Other networks and gateway endpoints that its routes lead to.
fn beyond(network: &Network, eni: &Eni) -> Vec<(Channel, String)> {
    let Some(own) = eni.primary() else {
        return Vec::new();
    };
    let table = network
        .subnet_ix(&eni.subnet)
        .and_then(|it| network.subnet(it)?.table);
    let entries = table
        .map(|it| network.table(it).1.entries())
        .unwrap_or_default();
    let reached = entries
        .iter()
        .filter(|it| !it.blackhole)
        .filter_map(|entry| {
            let channel = match entry.kind {
                TargetKind::Peering | TargetKind::TransitGateway | TargetKind::VpnGateway => {
                    Channel::OtherNetworks
                }
                TargetKind::Endpoint => Channel::GatewayEndpoints,
                _ => return None,
            };
            let to = entry.cidr.hosts().next()?;
            let same_family = own.is_ipv6() == to.is_ipv6();
            let open = same_family && is_open(network, &flow(own, to, 6, 443));
            open.then(|| (channel, entry.target.to_string()))
        });
    reached.collect()
}

impl Network {
    /// Whether an instance can open a TCP connection to an interface.
    pub fn reaches(&self, instance: &InstanceId, to: &Eni, port: u16) -> bool {
        let own = self.estate().enis_of_instance(instance);
        let mut pairs = own.filter_map(|eni| eni.primary().zip(to.primary()));
        pairs.any(|(client, server)| is_open(self, &flow(client, server, 6, port)))
    }
}

fn flow(client: IpAddr, server: IpAddr, protocol: u8, port: u16) -> Flow {
    let has_ports = matches!(protocol, 6 | 17);
    Flow {
        client,
        server,
        protocol,
        client_ports: if has_ports {
            PortSpan::one(50_000)
        } else {
            PortSpan::one(0)
        },
        server_port: if has_ports { port } else { 0 },
        icmp: None,
        via: None,
    }
}

fn is_open(network: &Network, flow: &Flow) -> bool {
    matches!(network.connects(flow, None), Some(Ok(())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Estate, GroupRule, fixture};

    fn channels(estate: &Estate) -> Vec<Channel> {
        let found = network_channels(&Network::new(estate), &fixture::suspect());
        let mut channels: Vec<Channel> = found.into_iter().map(|it| it.channel).collect();
        channels.sort();
        channels
    }

    #[test]
    fn only_what_really_opens_is_listed() {
        let mut estate = fixture::estate();
        let always = [Channel::Dns, Channel::Metadata];
        assert_eq!(
            channels(&estate),
            always,
            "no public address, and nobody has an ingress rule"
        );
        let own: Vec<_> = estate
            .enis_of_instance(&fixture::suspect())
            .cloned()
            .collect();
        fixture::publish(&mut estate, own[0].id.as_str(), "198.51.100.9");
        assert!(channels(&estate).contains(&Channel::Internet));
        assert!(!channels(&estate).contains(&Channel::FromInternet));
        let group = own[0].groups[0].clone();
        let any = "0.0.0.0/0".parse().unwrap();
        estate.update_group(&group, |it| {
            it.rules.push(GroupRule::all(Direction::Ingress, any));
        });
        let open = channels(&estate);
        for channel in [Channel::FromInternet, Channel::SameSubnet, Channel::Vpc] {
            assert!(open.contains(&channel), "{channel:?} in {open:?}");
        }
        estate.update_instance(&fixture::suspect(), |it| it.state = InstanceState::Stopped);
        assert_eq!(channels(&estate), []);
    }
}
