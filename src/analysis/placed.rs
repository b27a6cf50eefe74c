//! Where the two ends of a flow are.

use std::net::IpAddr;

use super::acl::Frame;
use super::flow::{Flow, PathElement};
use super::network::{Ix, Network};
use super::services::unfiltered;
use super::walk::{End, Packet, Seat};
use crate::model::{Direction, EniKind};

/// A flow whose ends are known to the network.
#[derive(Debug, Clone, Copy)]
pub(super) struct Placed {
    pub(super) flow: Flow,
    pub(super) client: End,
    pub(super) server: End,
    /// What it passes, as far as its ends and the caller tell.
    pub(super) via: Option<PathElement>,
}

impl Placed {
    /// The packet of the client's or, answering it, of the server's.
    pub(super) fn packet(&self, reply: bool) -> Packet {
        let (from, to) = if reply {
            (self.server, self.client)
        } else {
            (self.client, self.server)
        };
        Packet {
            from,
            to,
            frame: self.frame(reply),
            door: None,
            target: None,
            onward: None,
        }
    }

    pub(super) fn frame(&self, reply: bool) -> Frame {
        let flow = &self.flow;
        Frame {
            protocol: flow.protocol,
            ports: if reply {
                (flow.client_ports.from, flow.client_ports.to)
            } else {
                (flow.server_port, flow.server_port)
            },
            icmp: flow.icmp_of(reply),
            spared: None,
        }
    }

    /// The unfiltered service that it goes to.
    pub(super) fn service(&self) -> Option<&'static str> {
        match self.server.seat {
            Seat::Service(name) => Some(name),
            _ => None,
        }
    }

    /// The interface of the client, or of the server.
    pub(super) fn interface(&self, side: Side) -> Option<Ix> {
        let end = match side {
            Side::Client => self.client,
            Side::Server => self.server,
        };
        match end.seat {
            Seat::Interface(ix) => Some(ix),
            _ => None,
        }
    }

    /// The direction of the client's packets, seen from our side: the client's where it is ours.
    pub(super) fn direction(&self) -> Direction {
        match self.client.seat {
            Seat::Interface(_) | Seat::Subnet(_) => Direction::Egress,
            Seat::Outside | Seat::Service(_) => Direction::Ingress,
        }
    }
}

/// One side of a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Client,
    Server,
}

impl Side {
    pub(super) const BOTH: [Self; 2] = [Self::Client, Self::Server];
}

impl Network {
    /// Finds the ends of a flow. `seen_by` is the interface whose log shows it: private addresses are
    /// unique only in its VPC.
    pub(super) fn place(&self, flow: &Flow, seen_by: Option<Ix>) -> Placed {
        let vpc = seen_by.and_then(|ix| self.interface(ix)?.vpc).or_else(|| {
            let own = |address| {
                let ix = self.interface_at(None, address)?;
                self.interface(ix)?.vpc
            };
            let of_subnet = |address| self.subnet(self.subnet_at(None, address)?)?.vpc;
            own(flow.client)
                .or_else(|| of_subnet(flow.client))
                .or_else(|| own(flow.server))
                .or_else(|| of_subnet(flow.server))
        });
        let client = End {
            address: flow.client,
            seat: self.seat(vpc, flow.client),
            public: None,
        };
        let server = self.server(vpc, flow.server, client);
        let kinds = [client, server].map(|end| match end.seat {
            Seat::Interface(ix) => self.interface(ix).map(|it| it.kind),
            _ => None,
        });
        let of_kind = kinds.into_iter().flatten().find_map(element_of_kind);
        Placed {
            flow: *flow,
            client,
            server,
            via: flow.via.or(of_kind),
        }
    }

    pub(super) fn seat(&self, vpc: Option<Ix>, address: IpAddr) -> Seat {
        if let Some(ix) = self.interface_at(vpc, address) {
            return Seat::Interface(ix);
        }
        self.subnet_at(vpc, address)
            .map_or(Seat::Outside, Seat::Subnet)
    }

    fn server(&self, vpc: Option<Ix>, address: IpAddr, client: End) -> End {
        let at = |seat| End {
            address,
            seat,
            public: None,
        };
        let vpc_cidrs = vpc.and_then(|it| self.vpc(it)).map(|it| &*it.cidrs);
        let subnet = self.subnet_of(client).and_then(|it| self.subnet(it));
        let subnet_cidrs = subnet.map(|it| &*it.cidrs);
        let service = unfiltered(
            address,
            vpc_cidrs.unwrap_or_default(),
            subnet_cidrs.unwrap_or_default(),
        );
        if let Some(name) = service {
            return at(Seat::Service(name));
        }
        // A public address is never reached through the local route; from outside the internet
        // gateway has translated it already when the packet arrives.
        if let Some((ix, private)) = self.public_at(address) {
            return End {
                address: private,
                seat: Seat::Interface(ix),
                public: (client.seat != Seat::Outside).then_some(address),
            };
        }
        at(self.seat(vpc, address))
    }
}

fn element_of_kind(kind: EniKind) -> Option<PathElement> {
    match kind {
        EniKind::NetworkLoadBalancer => Some(PathElement::NetworkLoadBalancer),
        EniKind::GatewayLoadBalancer | EniKind::GatewayLoadBalancerEndpoint => {
            Some(PathElement::GatewayLoadBalancer)
        }
        EniKind::Endpoint => Some(PathElement::PrivateLink),
        EniKind::Lambda => Some(PathElement::Lambda),
        EniKind::GlobalAccelerator => Some(PathElement::GlobalAccelerator),
        _ => None,
    }
}
