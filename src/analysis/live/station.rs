//! What the interfaces of the log are: ends of flows, NAT gateways, or appliances that hand on.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

use super::fold::{Conversation, Side};
use super::{NatLeg, UNKNOWN_ENI};
use crate::flows::{Edge, EniLog, FlowTable, is_private};
use crate::model::{Direction, Eni, EniId, EniKind, Estate, Vpc, VpcId};

/// Every interface, by id and by private address: a million edges ask.
pub(super) struct Stations<'a> {
    nodes: Vec<Node<'a>>,
    by_id: HashMap<&'a EniId, usize>,
    by_address: HashMap<IpAddr, Vec<usize>>,
}

/// An interface of ours.
pub(super) struct Node<'a> {
    pub(super) eni: &'a Eni,
    vpc: Option<&'a Vpc>,
    log: Option<EniLog<'a>>,
    /// Its VPC has a Network Load Balancer.
    pub(super) is_balanced: bool,
}

/// An interface that logged something.
#[derive(Clone, Copy)]
pub(super) struct Station<'a> {
    pub(super) id: &'a EniId,
    /// What it is, if it was read.
    node: Option<&'a Node<'a>>,
}

/// What an interface does with the packets of an edge.
pub(super) enum Task<'a> {
    /// It is an end of the flow.
    Talk,
    /// It hands them on.
    Forward,
    /// It hands them on under another address.
    Translate(Nat<'a>),
}

/// A NAT gateway's interface.
pub(super) struct Nat<'a>(&'a Node<'a>);

/// The two ends of an edge, as far as they are our interfaces.
#[derive(Clone, Copy)]
pub(super) struct Ends<'a> {
    logged: &'a EniId,
    pub(super) own: Option<&'a Node<'a>>,
    pub(super) own_address: IpAddr,
    pub(super) peer: Option<&'a Node<'a>>,
    pub(super) peer_address: IpAddr,
}

impl<'a> Stations<'a> {
    pub(super) fn new(estate: &'a Estate, table: &'a FlowTable) -> Self {
        let balancers = estate
            .enis()
            .filter(|it| it.kind == EniKind::NetworkLoadBalancer);
        let balanced: BTreeSet<&VpcId> = balancers.map(|it| &it.vpc).collect();
        let node = |eni: &'a Eni| Node {
            eni,
            vpc: estate.vpc(&eni.vpc),
            log: table.log_of(&eni.id),
            is_balanced: balanced.contains(&eni.vpc),
        };
        let nodes: Vec<Node<'a>> = estate.enis().map(node).collect();
        let mut by_address: HashMap<IpAddr, Vec<usize>> = HashMap::new();
        for (place, node) in nodes.iter().enumerate() {
            for address in &node.eni.addresses {
                by_address.entry(*address).or_default().push(place);
            }
        }
        let ids = nodes.iter().enumerate();
        Self {
            by_id: ids.map(|(place, node)| (&node.eni.id, place)).collect(),
            by_address,
            nodes,
        }
    }

    /// The interface with an id.
    pub(super) fn of(&'a self, id: &'a EniId) -> Station<'a> {
        let node = self.by_id.get(id).and_then(|at| self.nodes.get(*at));
        Station { id, node }
    }

    /// The ends of an edge that a station logged.
    pub(super) fn ends(&'a self, station: Station<'a>, own: IpAddr, peer: IpAddr) -> Ends<'a> {
        let own_node = if station.is_nameless() {
            self.with_address(own, None)
        } else {
            station.node
        };
        Ends {
            logged: station.id,
            own: own_node,
            own_address: own,
            peer: self.with_address(peer, own_node),
            peer_address: peer,
        }
    }

    /// The log of the interface at the other end, if it sees this one there: it has the same flows.
    pub(super) fn mirror(&self, ends: &Ends<'a>) -> Option<EniLog<'a>> {
        let (own, peer) = (ends.own?, ends.peer?);
        let log = peer.log?;
        let seen_from_there = self.with_address(ends.own_address, Some(peer))?;
        let is_end = matches!(peer.task(ends.peer_address), Task::Talk);
        let is_mirror = seen_from_there.eni.id == own.eni.id && peer.eni.id != own.eni.id;
        (is_end && is_mirror).then_some(log)
    }

    /// The interface with a private address: in the VPC of another one, else the only one anywhere.
    fn with_address(&self, address: IpAddr, near: Option<&Node<'_>>) -> Option<&Node<'a>> {
        let places = self.by_address.get(&address)?;
        let nodes = || places.iter().filter_map(|at| self.nodes.get(*at));
        let same_vpc = near.and_then(|near| nodes().find(|it| it.eni.vpc == near.eni.vpc));
        same_vpc.or_else(|| match places[..] {
            [only] => self.nodes.get(only),
            _ => None,
        })
    }
}

impl<'a> Station<'a> {
    /// Its records name no interface.
    pub(super) fn is_nameless(self) -> bool {
        self.id.as_str() == UNKNOWN_ENI
    }

    /// Whether an edge may be of another address of the interface than the one that its log names: the
    /// primary one stands for all.
    pub(super) fn is_ambiguous(self, edge: &Edge<'_>) -> bool {
        let own = edge.key.own;
        let addresses = self.node.into_iter().flat_map(|it| &it.eni.addresses);
        let mut family = addresses.filter(|it| it.is_ipv4() == own.is_ipv4());
        !edge.evidence.packet_addresses_logged()
            && family.next() == Some(&own)
            && family.next().is_some()
    }

    /// What it does with packets that have `own` as the address of its side.
    pub(super) fn task(self, own: IpAddr) -> Task<'a> {
        self.node.map_or(Task::Talk, |node| node.task(own))
    }
}

impl<'a> Node<'a> {
    fn task(&'a self, own: IpAddr) -> Task<'a> {
        if self.eni.kind == EniKind::NatGateway {
            Task::Translate(Nat(self))
        } else if self.forwards() && !self.eni.addresses.contains(&own) {
            Task::Forward
        } else {
            Task::Talk
        }
    }

    /// Whether it lets packets of others through.
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/VPC_NAT_Instance.html#EIP_Disable_SrcDestCheck>
    fn forwards(&self) -> bool {
        let hands_on = matches!(
            self.eni.kind,
            EniKind::TransitGateway
                | EniKind::GatewayLoadBalancer
                | EniKind::GatewayLoadBalancerEndpoint
        );
        hands_on || !self.eni.source_dest_check
    }

    /// Whether an address is in its VPC.
    fn is_near(&self, address: IpAddr) -> bool {
        let cidrs = self.vpc.iter().flat_map(|vpc| &vpc.cidrs);
        cidrs.into_iter().any(|cidr| cidr.contains(&address))
    }

    fn has_logged(&self, peer: IpAddr, own: IpAddr, protocol: u8) -> bool {
        let log = self.log.into_iter();
        let mut edges = log.flat_map(|log| log.between(peer, own, protocol));
        edges.next().is_some()
    }
}

impl Ends<'_> {
    /// Seen from the other end.
    pub(super) fn turned(self) -> Self {
        Self {
            own: self.peer,
            own_address: self.peer_address,
            peer: self.own,
            peer_address: self.own_address,
            ..self
        }
    }

    /// Whether one of the interfaces logged it itself.
    pub(super) fn is_logged(&self, protocol: u8) -> bool {
        let (own, peer) = (self.own_address, self.peer_address);
        self.own
            .is_some_and(|it| it.has_logged(peer, own, protocol))
            || self
                .peer
                .is_some_and(|it| it.has_logged(own, peer, protocol))
    }

    /// Whether the peer lies outside of everything private that our side can reach.
    pub(super) fn has_public_peer(&self) -> bool {
        let is_near = self.own.is_some_and(|own| own.is_near(self.peer_address));
        !is_near && !is_private(self.peer_address)
    }

    /// Where a flow is placed: at the server's interface if that logged it, else at the client's. With
    /// the interface at the other end, if that logged it too.
    pub(super) fn placed(
        &self,
        server: Side,
        it: &Conversation,
    ) -> (EniId, Option<EniId>, Direction) {
        let known = |side| match side {
            Side::Own => self.own,
            Side::Peer => self.peer,
        };
        let id = |side| known(side).map_or(self.logged, |it| &it.eni.id).clone();
        match (it.own.is_logged(), it.peer.is_logged()) {
            (true, true) => (id(server), Some(id(server.other())), Direction::Ingress),
            (_, only_peer) => {
                let log = if only_peer { Side::Peer } else { Side::Own };
                let is_nameless = self.logged.as_str() == UNKNOWN_ENI;
                let elsewhere = known(log).is_none() && known(log.other()).is_some();
                let at = if is_nameless && elsewhere {
                    log.other()
                } else {
                    log
                };
                let direction = if at == server {
                    Direction::Ingress
                } else {
                    Direction::Egress
                };
                (id(at), None, direction)
            }
        }
    }
}

impl Nat<'_> {
    /// The leg that an edge of a NAT gateway's interface is. On the inner one the packets bear the
    /// remote's address instead of the gateway's.
    ///
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-records-examples.html#flow-log-example-nat>
    pub(super) fn leg(&self, edge: &Edge<'_>) -> NatLeg {
        let (own, peer, eni) = (edge.key.own, edge.key.peer, self.0.eni);
        let is_inner = !eni.addresses.contains(&own);
        let is_inside = || is_private(peer) || self.0.is_near(peer);
        let (inside, remote) = if is_inner {
            (Some(peer), Some(own))
        } else if !edge.evidence.packet_addresses_logged() && is_inside() {
            (Some(peer), None)
        } else {
            (None, Some(peer))
        };
        NatLeg {
            nat_eni: eni.id.clone(),
            inside,
            remote,
        }
    }
}
