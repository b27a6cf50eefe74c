//! What each filter says of a flow's first packet by itself, whatever the others say.

use std::net::IpAddr;

use super::acl::{Frame, Ruling};
use super::flow::Flow;
use super::groups::{Admission, Remote};
use super::network::{Ix, Network};
use super::placed::{Placed, Side};
use super::tracker::direction;
use super::verdict::RouteFound;
use super::walk::{End, Seat};
use crate::model::Direction;

/// The filters on the way of a first packet, each judged by itself. `None`: there is none on that side,
/// or it was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstPacket {
    /// Both ends are in one subnet: neither network ACLs nor routes are asked.
    pub same_subnet: bool,
    /// The rules of the sender's groups let it out.
    pub groups_out: Option<bool>,
    /// The rules of the receiver's groups let it in.
    pub groups_in: Option<bool>,
    /// The network ACL of the sender's subnet lets it out.
    pub acl_out: Option<bool>,
    /// The network ACL of the receiver's subnet lets it in.
    pub acl_in: Option<bool>,
    /// The route that the sender's subnet has for it.
    pub route: Option<RouteFound>,
    /// The public address that is mapped to the sender's private one.
    pub public: Option<IpAddr>,
}

impl Network {
    /// What each filter says of the first packet of a flow, though another one may drop it, or no way
    /// lead there. An address without an interface is placed by the subnet whose CIDR block has it.
    pub fn first_packet(&self, flow: &Flow) -> FirstPacket {
        let (client, server) = self.ends(flow);
        let placed = Placed {
            flow: *flow,
            client,
            server,
            via: None,
        };
        let (from, to) = (self.subnet_of(client), self.subnet_of(server));
        let public = placed.interface(Side::Client).and_then(|ix| {
            let mut mapped = self.interface(ix)?.public.iter();
            let own = mapped.find(|it| it.private == client.address);
            own.map(|it| it.address)
        });
        // Towards a public address the internet gateway puts a public one in place of the source, too.
        let outward = server.public.is_some();
        let target = server.public.unwrap_or(server.address);
        let source = public.filter(|_| outward).unwrap_or(client.address);
        let seen = |address, seat| Remote {
            address,
            seat: if outward { Seat::Outside } else { seat },
        };
        let frame = placed.frame(false);
        FirstPacket {
            same_subnet: from.is_some() && from == to && !outward,
            groups_out: self.admits(&placed, Side::Client, seen(target, server.seat)),
            groups_in: self.admits(&placed, Side::Server, seen(source, client.seat)),
            acl_out: self.crosses(from, Direction::Egress, target, frame),
            acl_in: self.crosses(to, Direction::Ingress, source, frame),
            route: from.and_then(|subnet| self.route_of(subnet, target)),
            public,
        }
    }

    /// Both ends, each by itself: an address that several VPCs have is that of the other end's VPC.
    fn ends(&self, flow: &Flow) -> (End, End) {
        let public = self.public_at(flow.server);
        let server = public.map_or(flow.server, |(_, private)| private);
        let homes = [flow.client, server].map(|address| self.only_home(address));
        let at = |address, vpc: Option<Ix>| {
            let seat = match self.seat(vpc, address) {
                // Another VPC's: what its filters say does not depend on a way there.
                Seat::Outside => self.seat(None, address),
                seat => seat,
            };
            End {
                address,
                seat,
                public: None,
            }
        };
        let client = at(flow.client, homes[0].or(homes[1]));
        let seat = public.map(|(ix, _)| Seat::Interface(ix));
        let there = at(server, homes[1].or(homes[0]));
        let server = End {
            seat: seat.unwrap_or(there.seat),
            // From outside the packet arrives translated.
            public: public.and((client.seat != Seat::Outside).then_some(flow.server)),
            ..there
        };
        (client, server)
    }

    /// The VPC of the only interface that has an address.
    fn only_home(&self, address: IpAddr) -> Option<Ix> {
        let mut having = self.estate().enis_of_address(address);
        let only = having.next().filter(|_| having.next().is_none())?;
        self.interface(self.interface_ix(&only.id)?)?.vpc
    }

    fn admits(&self, placed: &Placed, side: Side, remote: Remote) -> Option<bool> {
        let ix = placed.interface(side)?;
        match self.rules_admit(ix, direction(side, false), remote, placed.frame(false)) {
            Admission::Yes => Some(true),
            Admission::No => Some(false),
            Admission::Unknown => None,
        }
    }

    fn crosses(
        &self,
        subnet: Option<Ix>,
        direction: Direction,
        remote: IpAddr,
        frame: Frame,
    ) -> Option<bool> {
        let acl = self.subnet(subnet?)?.acl?;
        let ruling = self.acl(acl).1.judge(direction, remote, frame);
        Some(matches!(ruling, Ruling::Allow(_)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::PortSpan;
    use crate::model::fixture::estate;
    use crate::model::{EniId, fixture};

    fn flow(client: &str, server: &str) -> Flow {
        Flow {
            client: client.parse().unwrap(),
            server: server.parse().unwrap(),
            protocol: 6,
            client_ports: PortSpan::one(40000),
            server_port: 443,
            icmp: None,
            via: None,
        }
    }

    #[test]
    fn filters_are_judged_one_by_one() {
        let mut estate = estate();
        fixture::publish(&mut estate, "eni-web1", "198.51.100.7");
        // Two VPCs that nothing joins, with the same blocks: each address is found all the same.
        let mut far = estate.eni(&EniId::new("eni-web2")).unwrap().clone();
        far.id = "eni-far".into();
        far.vpc = "vpc-far".into();
        far.subnet = "subnet-far".into();
        far.addresses = vec![[10, 0, 9, 9].into()];
        estate.put_eni(far);
        let network = Network::new(&estate);
        for (client, server, same, out, into, acl_in, route) in [
            // No group of the fixture lets anything in.
            (
                "10.0.0.11",
                "10.0.0.12",
                true,
                Some(true),
                Some(false),
                Some(true),
                Some("local"),
            ),
            (
                "10.0.0.11",
                "10.0.1.13",
                false,
                Some(true),
                Some(false),
                Some(true),
                Some("local"),
            ),
            (
                "10.0.0.11",
                "203.0.113.9",
                false,
                Some(true),
                None,
                None,
                Some("igw-1"),
            ),
            (
                "203.0.113.9",
                "198.51.100.7",
                false,
                None,
                Some(false),
                Some(true),
                None,
            ),
            // An interface of a VPC that was not read.
            (
                "10.0.0.11",
                "10.0.9.9",
                false,
                Some(true),
                Some(false),
                None,
                Some("local"),
            ),
            // An address of a subnet that no interface has.
            (
                "10.0.2.99",
                "10.0.0.11",
                false,
                None,
                Some(false),
                Some(true),
                Some("local"),
            ),
        ] {
            let it = network.first_packet(&flow(client, server));
            let case = format!("{client} {server}");
            assert_eq!(it.same_subnet, same, "{case}");
            assert_eq!((it.groups_out, it.groups_in), (out, into), "{case}");
            assert_eq!(it.acl_in, acl_in, "{case}");
            let found = it.route.as_ref().map(|it| it.target.as_str());
            assert_eq!(found, route, "{case}");
            let public = (client == "10.0.0.11").then_some([198, 51, 100, 7].into());
            assert_eq!(it.public, public, "{case}");
        }
    }
}
