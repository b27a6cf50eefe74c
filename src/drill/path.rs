//! Which interfaces a conversation passes, and where it crosses the edge of a subnet. Judging what
//! may pass is `packet`'s and `tracking`'s.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::model::{Eni, EniId, EniKind, Estate, Gateway, GatewayKind, SubnetId};

/// One end of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Party {
    /// An interface of the VPC, at one of its private addresses.
    Ours { eni: EniId, address: IpAddr },
    /// Somebody outside.
    Outside(IpAddr),
}

/// The way from a client to a server; replies take it backwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path {
    pub(super) segments: Vec<Segment>,
    /// AWS tracks it whatever the rules are:
    /// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html#automatic-tracking>
    pub(super) auto_tracked: bool,
}

/// A stretch of a path on which addresses don't change. An absent interface is outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) from: Option<EniId>,
    pub(super) to: Option<EniId>,
    pub(super) src: IpAddr,
    pub(super) dst: IpAddr,
    /// It leaves a subnet, so that NACLs see it.
    pub(super) crosses: bool,
}

impl Party {
    pub(super) fn address(&self) -> IpAddr {
        match self {
            Self::Ours { address, .. } | Self::Outside(address) => *address,
        }
    }
}

/// The path between two parties; `None`: there is no route.
pub(super) fn between(estate: &Estate, client: &Party, server: &Party) -> Option<Path> {
    let (src, dst) = (client.address(), server.address());
    match (client, server) {
        (Party::Ours { eni: a, .. }, Party::Ours { eni: b, .. }) => {
            let (a, b) = (estate.eni(a)?, estate.eni(b)?);
            Some(Path {
                auto_tracked: always_tracked(a) || always_tracked(b),
                segments: vec![inside(a, b, src, dst)],
            })
        }
        (Party::Ours { eni, .. }, Party::Outside(_)) => outward(estate, estate.eni(eni)?, src, dst),
        (Party::Outside(_), Party::Ours { eni, .. }) => {
            let eni = estate.eni(eni)?;
            let back = next_hop(estate, &eni.subnet, src)?;
            let reachable = back.kind == GatewayKind::Internet && has_public(eni, dst);
            reachable.then(|| Path {
                auto_tracked: always_tracked(eni),
                segments: vec![Segment {
                    from: None,
                    to: Some(eni.id.clone()),
                    src,
                    dst,
                    crosses: true,
                }],
            })
        }
        (Party::Outside(_), Party::Outside(_)) => None,
    }
}

fn outward(estate: &Estate, eni: &Eni, src: IpAddr, dst: IpAddr) -> Option<Path> {
    let hop = next_hop(estate, &eni.subnet, dst)?;
    match hop.kind {
        GatewayKind::Internet if has_public(eni, src) => Some(Path {
            segments: vec![leaving(eni, src, dst)],
            auto_tracked: always_tracked(eni),
        }),
        GatewayKind::EgressOnly if src.is_ipv6() => Some(Path {
            segments: vec![leaving(eni, src, dst)],
            auto_tracked: true,
        }),
        GatewayKind::Nat => {
            let nat = estate.eni(hop.enis.first()?)?;
            let beyond = next_hop(estate, &nat.subnet, dst)?;
            let translated = nat.primary()?;
            (beyond.kind == GatewayKind::Internet).then(|| Path {
                segments: vec![inside(eni, nat, src, dst), leaving(nat, translated, dst)],
                auto_tracked: true,
            })
        }
        _ => None,
    }
}

/// The gateway that the most specific route names:
/// <https://docs.aws.amazon.com/vpc/latest/userguide/route-tables-priority.html>
fn next_hop<'a>(estate: &'a Estate, subnet: &SubnetId, dst: IpAddr) -> Option<&'a Gateway> {
    let routes = &estate.table_of_subnet(subnet)?.routes;
    let matching = routes.iter().filter_map(|route| {
        let to: IpNet = route.destination.parse().ok()?;
        to.contains(&dst).then_some((to.prefix_len(), route))
    });
    let (_, route) = matching.max_by_key(|(length, _)| *length)?;
    let target = || estate.gateway(&route.target.as_str().into());
    (!route.blackhole).then(target)?
}

fn inside(from: &Eni, to: &Eni, src: IpAddr, dst: IpAddr) -> Segment {
    Segment {
        from: Some(from.id.clone()),
        to: Some(to.id.clone()),
        src,
        dst,
        crosses: from.subnet != to.subnet,
    }
}

fn leaving(from: &Eni, src: IpAddr, dst: IpAddr) -> Segment {
    Segment {
        from: Some(from.id.clone()),
        to: None,
        src,
        dst,
        crosses: true,
    }
}

/// An IPv6 address is public as it is; an IPv4 one needs a public address mapped to it.
fn has_public(eni: &Eni, private: IpAddr) -> bool {
    private.is_ipv6() || eni.public_of(private).is_some()
}

fn always_tracked(eni: &Eni) -> bool {
    matches!(
        eni.kind,
        EniKind::NatGateway | EniKind::Endpoint | EniKind::Lambda | EniKind::NetworkLoadBalancer
    )
}
