//! Gateways, VPC endpoints and peering connections.

use super::super::envelope::Found;
use super::super::json::Object;
use super::super::list::List;
use super::super::notes::{Notes, Subject, Target};
use super::{each_once, items, merged, things};
use crate::model::notation::is_gone;
use crate::model::text::visible;
use crate::model::{Gateway, GatewayKind, Peering, PeeringSide};

pub(super) fn gateways(found: &Found, notes: &mut Notes) -> Vec<Gateway> {
    let mut all = attached(found, List::InternetGateways, notes);
    all.extend(attached(found, List::EgressOnlyInternetGateways, notes));
    all.extend(nat_gateways(found, notes));
    all.extend(endpoints(found, notes));
    all
}

/// Internet gateways of both kinds, those that are attached.
fn attached(found: &Found, list: List, notes: &mut Notes) -> Vec<Gateway> {
    let (field, kind) = if list == List::InternetGateways {
        ("InternetGatewayId", GatewayKind::Internet)
    } else {
        ("EgressOnlyInternetGatewayId", GatewayKind::EgressOnly)
    };
    things(items(found, list), field, notes, |it| {
        let live = it.object.objects("Attachments").find(|one| !gone(*one));
        let vpc = live?.text("VpcId")?;
        it.names("Attachments", vpc, Target::Vpc);
        Some(Gateway {
            id: it.id.into(),
            kind,
            vpc: vpc.into(),
            subnet: None,
            enis: Vec::new(),
            name: it.object.tag("Name"),
        })
    })
}

/// AWS goes on listing deleted ones for an hour.
fn nat_gateways(found: &Found, notes: &mut Notes) -> Vec<Gateway> {
    things(
        items(found, List::NatGateways),
        "NatGatewayId",
        notes,
        |it| {
            if gone(it.object) {
                return None;
            }
            Some(Gateway {
                id: it.id.into(),
                kind: GatewayKind::Nat,
                vpc: it.needs_id("VpcId", Target::Vpc)?.into(),
                subnet: it.optional_id("SubnetId", Target::Subnet).map(Into::into),
                enis: it.ids("NatGatewayAddresses", "NetworkInterfaceId", Target::Eni),
                name: it.object.tag("Name"),
            })
        },
    )
}

fn endpoints(found: &Found, notes: &mut Notes) -> Vec<Gateway> {
    things(
        items(found, List::VpcEndpoints),
        "VpcEndpointId",
        notes,
        |it| {
            let object = it.object;
            if gone(object) {
                return None;
            }
            let enis: Vec<&str> = object.texts("NetworkInterfaceIds").collect();
            for eni in &enis {
                it.names("NetworkInterfaceIds", eni, Target::Eni);
            }
            let subnet = object.texts("SubnetIds").next();
            if let Some(subnet) = subnet {
                it.names("SubnetIds", subnet, Target::Subnet);
            }
            let kind = object.text("VpcEndpointType").unwrap_or_default();
            let label = object.tag("Name");
            Some(Gateway {
                id: it.id.into(),
                kind: if kind.eq_ignore_ascii_case("gateway") {
                    GatewayKind::GatewayEndpoint
                } else {
                    GatewayKind::InterfaceEndpoint
                },
                vpc: it.needs_id("VpcId", Target::Vpc)?.into(),
                subnet: subnet.map(Into::into),
                enis: enis.into_iter().map(Into::into).collect(),
                name: if label.is_empty() {
                    object.shown("ServiceName")
                } else {
                    label
                },
            })
        },
    )
}

fn gone(it: Object<'_>) -> bool {
    it.text("State").is_some_and(is_gone)
}

/// Each side describes a connection, and knows more of its own side: the account of the other one
/// may not say its CIDR blocks.
pub(super) fn peerings(found: &Found, notes: &mut Notes) -> Vec<Peering> {
    let all = items(found, List::VpcPeeringConnections);
    merged(
        all,
        "VpcPeeringConnectionId",
        notes,
        peering,
        |known, new| {
            let same = known.active == new.active
                && (known.sides.iter().zip(&new.sides)).all(|(a, b)| a.vpc == b.vpc);
            known.active = new.active;
            for (known, new) in known.sides.iter_mut().zip(new.sides) {
                if new.vpc != known.vpc || new.cidrs.len() > known.cidrs.len() {
                    *known = new;
                }
            }
            same
        },
    )
}

fn peering(it: &mut Subject<'_, '_>) -> Option<Peering> {
    let object = it.object;
    let mut side_of = |field: &'static str| {
        let side = object.object(field).and_then(|one| side(it, one));
        if side.is_none() {
            it.needs(field);
        }
        side
    };
    let sides = [side_of("RequesterVpcInfo")?, side_of("AccepterVpcInfo")?];
    let status = object.object("Status").and_then(|it| it.text("Code"));
    Some(Peering {
        id: it.id.into(),
        sides,
        active: status == Some("active"),
    })
}

fn side(it: &mut Subject<'_, '_>, one: Object<'_>) -> Option<PeeringSide> {
    let mut cidrs = Vec::new();
    for (list, field) in [
        ("CidrBlockSet", "CidrBlock"),
        ("Ipv6CidrBlockSet", "Ipv6CidrBlock"),
    ] {
        for block in one.objects(list) {
            cidrs.extend(it.cidr(block, field));
        }
    }
    cidrs.extend(it.cidr(one, "CidrBlock"));
    Some(PeeringSide {
        vpc: one.text("VpcId")?.into(),
        account: visible(one.text("OwnerId").unwrap_or_default()).into_owned(),
        region: one.shown("Region"),
        cidrs: each_once(cidrs.into_iter()),
    })
}
