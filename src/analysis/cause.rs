//! Why a packet is dropped, and by which object.

use super::grade::{Grade, source};
use super::network::{Ix, Network};
use super::timers::Timer;
use crate::model::{Direction, EniKind};

/// What drops a packet. Small and by number; [`Cause::decision`] puts it into words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// No rule of the interface's groups lets it pass, and it is not tracked.
    Group(Ix),
    /// An entry of a network ACL.
    Acl(Ix, Direction, u16),
    /// An entry of a network ACL drops some of the ports that it may use.
    SomePorts(Ix, Direction, u16),
    /// The table has no route.
    NoRoute(Ix),
    /// The route's target is gone.
    Blackhole(Ix, u16),
    /// The NAT gateway's own table does not lead to an internet gateway.
    NoWayOfNat(Ix, u16),
    /// The flow is routed to another target than the one that it was opened through.
    TargetChanged(Ix, u16),
    /// The answer goes to a NAT gateway, and would reach the client from an address that it did not ask.
    AnotherWay(Ix, u16),
    /// The internet gateway knows no public address for it.
    NoPublicAddress(Ix),
    /// An internet gateway carries nothing to a private address; the subnet that it leaves.
    NotPublic(Ix),
    /// The interface drops what is neither from nor to it.
    SourceCheck(Ix),
    /// NAT gateways carry TCP, UDP and ICMP.
    NatProtocol(u8),
    /// NAT gateways carry IPv6 only to addresses that stand for IPv4 ones.
    NatFamily,
    /// A NAT or egress-only gateway lets in answers only.
    Unsolicited(Ix),
    /// The NAT gateway, by its interface, has forgotten the connection.
    Forgot(Ix),
    /// The peering connection is gone, or the address is not the other VPC's.
    NotPeered(Ix),
    /// The instance is stopped.
    Stopped(Ix),
    /// The guest's own firewall.
    Host(Ix),
}

/// What decides about a flow, for people and for tools.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The deciding object: `nacl:acl-…:egress:90`, `sg:eni-…:sg-…`, `no_route:rtb-…`, `blackhole:…`,
    /// `no_public_ip:eni-…`, `route_target_changed:rtb-…`, ...; `return:` before it: the answer is dropped.
    pub code: String,
    /// The same in words.
    pub words: String,
    /// AWS's page about the rule.
    pub source: &'static str,
}

impl Decision {
    /// Names another object that decides the same.
    pub(super) fn and(&mut self, other: &Self) {
        self.code = format!("{} {}", self.code, other.code);
        self.words = format!("{}; and {}", self.words, other.words);
    }
}

impl Cause {
    /// How well founded it is that an open flow ends by this.
    pub(super) fn grade(self) -> Grade {
        match self {
            // AWS once wrote that open connections go on for a while, and no longer does.
            Self::NoPublicAddress(_) => Grade::Ambiguous,
            Self::SomePorts(..) | Self::Host(_) => Grade::Expected,
            _ => Grade::Documented,
        }
    }

    /// The deciding object in words.
    pub(super) fn decision(self, network: &Network, reply: bool) -> Decision {
        let (code, words, source) = self.parts(network);
        Decision {
            code: if reply {
                format!("return:{code}")
            } else {
                code
            },
            words: if reply {
                format!("the answer: {words}")
            } else {
                words
            },
            source,
        }
    }

    fn parts(self, network: &Network) -> (String, String, &'static str) {
        let eni = |ix| network.interface(ix).map_or("?", |it| it.id.as_str());
        match self {
            Self::Group(ix) => group(network, ix),
            Self::Acl(acl, direction, number) => acl_entry(network, acl, direction, number, ""),
            Self::SomePorts(acl, direction, number) => {
                let which = " for some of the ports that it may use";
                acl_entry(network, acl, direction, number, which)
            }
            Self::NoRoute(table) => {
                let id = &network.table(table).0;
                let words = format!("{id} has no route");
                (format!("no_route:{id}"), words, source::ROUTES)
            }
            Self::Blackhole(table, number) => {
                let (id, target) = route(network, table, number);
                let words = format!("the target {target} of the route in {id} is gone");
                (format!("blackhole:{target}"), words, source::ROUTES)
            }
            Self::NoWayOfNat(table, number) => {
                let (id, target) = route(network, table, number);
                let words = format!("the NAT gateway's own table {id} sends it to {target}");
                (format!("no_route:{id}:{target}"), words, source::NAT)
            }
            Self::TargetChanged(table, number) => {
                let (id, target) = route(network, table, number);
                let words = format!("{id} now sends it to {target}");
                (
                    format!("route_target_changed:{id}:{target}"),
                    words,
                    source::ROUTES,
                )
            }
            Self::AnotherWay(table, number) => {
                let (id, target) = route(network, table, number);
                let words = format!("{id} sends it to {target}, which gives it another source");
                (format!("another_way:{id}:{target}"), words, source::NAT)
            }
            Self::NoPublicAddress(ix) => {
                let words = format!("no public address is mapped to {}", eni(ix));
                (format!("no_public_ip:{}", eni(ix)), words, source::INTERNET)
            }
            Self::NotPublic(subnet) => {
                let id = network.subnet(subnet).map_or("?", |it| it.id.as_str());
                let words =
                    format!("{id} sends it to the internet, which has no private addresses");
                (format!("not_public:{id}"), words, source::INTERNET)
            }
            Self::SourceCheck(ix) => {
                let words = format!("{} checks that packets are its own", eni(ix));
                (
                    format!("source_dest_check:{}", eni(ix)),
                    words,
                    source::INTERFACES,
                )
            }
            Self::NatProtocol(protocol) => (
                format!("nat_protocol:{protocol}"),
                format!("NAT gateways do not carry IP protocol {protocol}"),
                source::NAT,
            ),
            Self::NatFamily => (
                "nat_family:ipv6".into(),
                "NAT gateways do not carry IPv6 to IPv6 addresses".into(),
                source::NAT,
            ),
            Self::Unsolicited(subnet) => {
                let id = network.subnet(subnet).map_or("?", |it| it.id.as_str());
                let words = format!("{id} is reached by answers only");
                (format!("unsolicited:{id}"), words, source::NAT)
            }
            Self::Forgot(ix) => {
                let kind = network.interface(ix).map(|it| it.kind);
                let (who, code, source) = match kind {
                    Some(EniKind::NetworkLoadBalancer) => {
                        ("load balancer", "nlb", source::TRACKING)
                    }
                    _ => ("NAT gateway", "nat", source::NAT),
                };
                let words = format!(
                    "the {who} of {} forgets a connection that is silent for {}",
                    eni(ix),
                    Timer::NAT.text()
                );
                (format!("{code}_idle:{}", eni(ix)), words, source)
            }
            Self::NotPeered(subnet) => {
                let id = network.subnet(subnet).map_or("?", |it| it.id.as_str());
                let words = format!("no active peering connection of {id} leads there");
                (format!("not_peered:{id}"), words, source::PEERING)
            }
            Self::Host(ix) => {
                let words = format!("the guest behind {} blocks it", eni(ix));
                (format!("host:{}", eni(ix)), words, source::RUN_COMMAND)
            }
            Self::Stopped(ix) => {
                let words = format!("the instance of {} is stopped", eni(ix));
                (format!("stopped:{}", eni(ix)), words, source::STOP)
            }
        }
    }
}

fn group(network: &Network, ix: Ix) -> (String, String, &'static str) {
    let Some(eni) = network.interface(ix) else {
        return ("sg:?".into(), "an unknown interface".into(), source::GROUPS);
    };
    let ids = eni
        .groups
        .iter()
        .filter_map(|it| network.groups.get(*it as usize));
    let ids: Vec<&str> = ids.map(|it| it.id.as_str()).collect();
    let ids = ids.join(",");
    (
        format!("sg:{}:{ids}", eni.id),
        format!("no rule of {ids} on {} lets it pass", eni.id),
        source::GROUPS,
    )
}

fn acl_entry(
    network: &Network,
    acl: Ix,
    direction: Direction,
    number: u16,
    which: &str,
) -> (String, String, &'static str) {
    let id = &network.acl(acl).0;
    let direction = direction.name();
    (
        format!("nacl:{id}:{direction}:{number}"),
        format!(
            "rule {} of {id} denies {direction}{which}",
            number_text(number)
        ),
        source::ACLS,
    )
}

/// The final deny has no number of its own on AWS's screens.
pub(super) fn number_text(number: u16) -> String {
    if number >= 32767 {
        "*".to_owned()
    } else {
        number.to_string()
    }
}

fn route(network: &Network, table: Ix, number: u16) -> (String, String) {
    let (id, routes) = network.table(table);
    let target = routes.entry(number).map_or("?", |it| &it.target);
    (id.to_string(), target.to_string())
}
