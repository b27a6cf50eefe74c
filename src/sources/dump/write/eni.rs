//! Network interfaces as `describe-network-interfaces` answers them.

use ipnet::IpNet;
use serde_json::{Value, json};

use super::super::read::KIND;
use crate::model::notation::EniTraits;
use crate::model::{Eni, EniKind};

/// An interface. Its kind is told by the fields by which AWS tells it; where these can't tell it (a
/// database's interface with a description of somebody's own), it stands under a key of ours.
pub(super) fn eni(it: &Eni) -> Value {
    let attached = is_attached(it);
    let types = ["interface", type_name(it.kind)];
    let telling = types
        .into_iter()
        .find(|name| kind(it, name, attached) == it.kind);
    let v4 = it.addresses.iter().filter(|one| one.is_ipv4());
    let v6 = it.addresses.iter().filter(|one| one.is_ipv6());
    let association = |private| {
        let mapped = it.public.iter().find(|one| one.private == private);
        // AWS itself owns the automatic ones; which account owns the others is not known here.
        mapped.map(|one| {
            json!({
                "PublicIp": one.address,
                "IpOwnerId": (!one.elastic).then_some("amazon"),
            })
        })
    };
    let primary = v4.clone().next().copied();
    let mut value = json!({
        "NetworkInterfaceId": it.id,
        "VpcId": it.vpc,
        "SubnetId": it.subnet,
        "InterfaceType": telling.unwrap_or("interface"),
        "Description": it.description,
        "RequesterManaged": it.requester_managed,
        "SourceDestCheck": it.source_dest_check,
        "Status": if attached { "in-use" } else { "available" },
        "PrivateIpAddress": primary,
        "Association": primary.and_then(association),
        "PrivateIpAddresses": v4.map(|one| json!({
            "PrivateIpAddress": one,
            "Primary": Some(*one) == primary,
            "Association": association(*one),
        })).collect::<Vec<_>>(),
        "Ipv6Addresses": v6.map(|one| json!({"Ipv6Address": one})).collect::<Vec<_>>(),
        "Groups": it.groups.iter().map(|id| json!({"GroupId": id})).collect::<Vec<_>>(),
        "Attachment": attached.then(|| json!({
            "InstanceId": it.instance,
            "DeviceIndex": it.device_index,
            "Status": "attached",
        })),
    });
    if let Some(object) = value.as_object_mut() {
        if telling.is_none() {
            object.insert(KIND.to_owned(), json!(it.kind));
        }
        if it.timeouts != crate::model::TrackingTimeouts::default() {
            let timeouts = json!({
                "TcpEstablishedTimeout": it.timeouts.tcp_established,
                "UdpTimeout": it.timeouts.udp,
                "UdpStreamTimeout": it.timeouts.udp_stream,
            });
            object.insert("ConnectionTrackingConfiguration".to_owned(), timeouts);
        }
    }
    value
}

fn is_attached(it: &Eni) -> bool {
    let to_something = it.instance.is_some() || it.device_index.is_some();
    to_something || !matches!(it.kind, EniKind::Instance | EniKind::Unattached)
}

fn kind(it: &Eni, interface_type: &str, attached: bool) -> EniKind {
    EniTraits {
        interface_type,
        description: &it.description,
        requester_managed: it.requester_managed,
        attached,
        of_instance: it.instance.is_some(),
    }
    .kind()
}

/// The type that AWS has for a kind.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NetworkInterface.html>
fn type_name(kind: EniKind) -> &'static str {
    match kind {
        EniKind::NatGateway => "nat_gateway",
        EniKind::LoadBalancer => "load_balancer",
        EniKind::NetworkLoadBalancer => "network_load_balancer",
        EniKind::GatewayLoadBalancer => "gateway_load_balancer",
        EniKind::GatewayLoadBalancerEndpoint => "gateway_load_balancer_endpoint",
        EniKind::GlobalAccelerator => "global_accelerator_managed",
        EniKind::Endpoint => "vpc_endpoint",
        EniKind::Lambda => "lambda",
        EniKind::TransitGateway => "transit_gateway",
        EniKind::Efs => "efs",
        EniKind::Instance
        | EniKind::Rds
        | EniKind::Eks
        | EniKind::EcsTask
        | EniKind::Cache
        | EniKind::Service
        | EniKind::Unattached => "interface",
    }
}

/// The blocks of one family, as AWS lists them apart.
pub(super) fn of_family(cidrs: &[IpNet], v4: bool) -> impl Iterator<Item = &IpNet> {
    cidrs
        .iter()
        .filter(move |it| matches!(it, IpNet::V4(_)) == v4)
}
