//! What a flow may pass, as far as its records and the two interfaces tell.

use super::fold::Side;
use super::station::{Ends, Node};
use crate::analysis::{PathElement, Paths};
use crate::flows::{AwsService, Evidence, NextHop};
use crate::model::{EniKind, TrafficPath};

/// What a flow may pass, and its `traffic-path` if there is only one. The first that tells decides:
/// what the interfaces are, the next hop, the traffic path, and at last who opened it from where.
pub(super) fn of(
    ends: &Ends<'_>,
    server: Side,
    in_both_logs: bool,
    evidence: Evidence,
) -> (Paths, Option<TrafficPath>) {
    let reading = Reading {
        ends,
        server,
        in_both_logs,
        evidence,
        is_public: ends.has_public_peer(),
        is_balanced: ends.own.is_some_and(|it| it.is_balanced),
    };
    let mut classes = evidence.traffic_paths();
    let class = classes.next().filter(|_| classes.next().is_none());
    let interfaces = [ends.peer, ends.own].into_iter().flatten();
    let of_interface = interfaces
        .map(|it| of_kind(it.eni.kind))
        .find(|paths| !paths.is_empty());
    (of_interface.unwrap_or_else(|| reading.of_records()), class)
}

struct Reading<'a> {
    ends: &'a Ends<'a>,
    server: Side,
    in_both_logs: bool,
    evidence: Evidence,
    /// The peer is on the internet.
    is_public: bool,
    /// Our VPC has a Network Load Balancer.
    is_balanced: bool,
}

impl Reading<'_> {
    fn of_records(&self) -> Paths {
        let hops = self.evidence.next_hops().map(|hop| self.of_hop(hop));
        let hops: Paths = hops.collect();
        if !hops.is_empty() {
            return hops;
        }
        let classes = self.evidence.traffic_paths().map(|it| self.of_class(it));
        let mut paths: Paths = classes.collect();
        if paths.is_empty() {
            paths = self.of_peer();
        }
        if self.may_be_balanced() && !paths.is_empty() {
            paths = paths.or(Paths::from([PathElement::NetworkLoadBalancer]));
        }
        paths
    }

    /// A Network Load Balancer that preserves the client's address can't be seen in its target's
    /// records, only in that the client's own record names another server.
    /// <https://docs.aws.amazon.com/elasticloadbalancing/latest/network/edit-target-group-attributes.html#client-ip-preservation>
    fn may_be_balanced(&self) -> bool {
        let towards_us = self.server == Side::Own;
        towards_us && !self.in_both_logs && (self.is_public || self.is_balanced)
    }

    fn of_peer(&self) -> Paths {
        let same_vpc = |peer: &Node| self.ends.own.is_some_and(|own| own.eni.vpc == peer.eni.vpc);
        if self.ends.peer.is_some_and(same_vpc) {
            Paths::from([PathElement::Local])
        } else if self.is_public && self.server == Side::Own {
            Paths::from([PathElement::InternetGateway])
        } else {
            Paths::default()
        }
    }

    fn of_hop(&self, hop: NextHop) -> Paths {
        use PathElement as To;
        match hop {
            NextHop::NatGateway => Paths::from([To::NatGateway]),
            NextHop::NetworkLoadBalancer => Paths::from([To::NetworkLoadBalancer]),
            NextHop::TransitGateway => Paths::from([To::TransitGateway]),
            NextHop::VpcEndpoint if self.is_public => {
                Paths::from([To::GatewayLoadBalancer, To::NetworkFirewall])
            }
            NextHop::VpcEndpoint => Paths::from([
                To::GatewayLoadBalancer,
                To::NetworkFirewall,
                To::PrivateLink,
            ]),
            NextHop::Other => Paths::default(),
        }
    }

    /// What each `traffic-path` can stand for:
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html>
    fn of_class(&self, class: TrafficPath) -> Paths {
        use PathElement as To;
        match class {
            TrafficPath::SameVpc if self.ends.peer.is_some() => Paths::from([To::Local]),
            TrafficPath::SameVpc => {
                let handed_on = Paths::from([
                    To::NatGateway,
                    To::GatewayLoadBalancer,
                    To::NetworkFirewall,
                    To::Appliance,
                ]);
                if self.is_public {
                    handed_on
                } else {
                    handed_on.or(Paths::from([To::Local, To::TransitGateway]))
                }
            }
            TrafficPath::InternetGatewayOrEndpoint => self.internet().or(self.gateway_endpoint()),
            TrafficPath::GatewayEndpoint => self.gateway_endpoint(),
            TrafficPath::InternetGateway => self.internet(),
            TrafficPath::VirtualPrivateGateway => Paths::from([To::Vpn]),
            TrafficPath::PeeringSameRegion | TrafficPath::PeeringOtherRegion => {
                Paths::from([To::Peering])
            }
            TrafficPath::LocalGateway => Paths::from([To::LocalGateway]),
        }
    }

    /// The log has no number of its own for egress-only internet gateways.
    fn internet(&self) -> Paths {
        let gateway = Paths::from([PathElement::InternetGateway]);
        if self.ends.peer_address.is_ipv6() && self.server == Side::Peer {
            gateway.or(Paths::from([PathElement::EgressOnlyGateway]))
        } else {
            gateway
        }
    }

    /// By the service that is asked for, if the log says.
    fn gateway_endpoint(&self) -> Paths {
        let mut services = self.evidence.services().peekable();
        if services.peek().is_none() {
            return Paths::from([PathElement::S3Endpoint, PathElement::DynamoDbEndpoint]);
        }
        let endpoint = |service| match service {
            AwsService::S3 => Paths::from([PathElement::S3Endpoint]),
            AwsService::DynamoDb => Paths::from([PathElement::DynamoDbEndpoint]),
            AwsService::Other => Paths::default(),
        };
        services.map(endpoint).collect()
    }
}

/// What a flow passes whose end is such an interface.
fn of_kind(kind: EniKind) -> Paths {
    use PathElement as To;
    match kind {
        EniKind::NetworkLoadBalancer => Paths::from([To::NetworkLoadBalancer]),
        EniKind::GatewayLoadBalancer => Paths::from([To::GatewayLoadBalancer]),
        EniKind::GatewayLoadBalancerEndpoint => {
            Paths::from([To::GatewayLoadBalancer, To::NetworkFirewall])
        }
        EniKind::Endpoint => Paths::from([To::PrivateLink]),
        EniKind::GlobalAccelerator => Paths::from([To::GlobalAccelerator]),
        EniKind::Lambda => Paths::from([To::Lambda]),
        EniKind::NatGateway => Paths::from([To::NatGateway]),
        EniKind::TransitGateway => Paths::from([To::TransitGateway]),
        EniKind::Instance
        | EniKind::LoadBalancer
        | EniKind::Rds
        | EniKind::Efs
        | EniKind::Eks
        | EniKind::EcsTask
        | EniKind::Cache
        | EniKind::Service
        | EniKind::Unattached => Paths::default(),
    }
}
