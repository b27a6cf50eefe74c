//! Network interfaces.

use std::net::IpAddr;

use aws_sdk_ec2::types::{ConnectionTrackingConfiguration, NetworkInterface};

use super::{address, shown};
use crate::model::notation::EniTraits;
use crate::model::{Eni, EniKind, InstanceId, PublicAddress, TrackingTimeouts};

/// A network interface.
pub(in crate::aws) fn eni(it: &NetworkInterface) -> Option<Eni> {
    let attachment = it.attachment();
    let device_index = attachment.and_then(|it| u16::try_from(it.device_index()?).ok());
    Some(Eni {
        id: it.network_interface_id()?.into(),
        vpc: it.vpc_id()?.into(),
        subnet: it.subnet_id()?.into(),
        kind: kind(it),
        description: shown(it.description()),
        addresses: addresses(it),
        public: public(it),
        groups: it
            .groups()
            .iter()
            .filter_map(|group| group.group_id().map(Into::into))
            .collect(),
        instance: instance(it),
        device_index,
        requester_managed: it.requester_managed().unwrap_or(false),
        source_dest_check: it.source_dest_check().unwrap_or(true),
        timeouts: it
            .connection_tracking_configuration()
            .map(timeouts)
            .unwrap_or_default(),
    })
}

fn instance(it: &NetworkInterface) -> Option<InstanceId> {
    Some(it.attachment()?.instance_id()?.into())
}

fn kind(it: &NetworkInterface) -> EniKind {
    EniTraits {
        interface_type: it.interface_type().map_or("", |kind| kind.as_str()),
        description: it.description().unwrap_or_default(),
        requester_managed: it.requester_managed().unwrap_or(false),
        attached: it.attachment().is_some(),
        of_instance: instance(it).is_some(),
    }
    .kind()
}

/// The primary address first, then the others of its family, then IPv6.
fn addresses(it: &NetworkInterface) -> Vec<IpAddr> {
    let primary = address(it.private_ip_address());
    let v4 = it.private_ip_addresses().iter();
    let v4 = v4.filter_map(|one| address(one.private_ip_address()));
    let v6 = it.ipv6_addresses().iter();
    let v6 = v6.filter_map(|one| address(one.ipv6_address()));
    let first = it.private_ip_addresses().iter();
    let marked = first
        .filter(|one| one.primary() == Some(true))
        .find_map(|one| address(one.private_ip_address()));
    let mut all: Vec<IpAddr> = Vec::new();
    for one in marked.into_iter().chain(primary).chain(v4).chain(v6) {
        if !all.contains(&one) {
            all.push(one);
        }
    }
    all
}

/// The interface's own association is the primary address's.
fn public(it: &NetworkInterface) -> Vec<PublicAddress> {
    let primary = address(it.private_ip_address()).zip(it.association());
    let others = it
        .private_ip_addresses()
        .iter()
        .filter_map(|one| address(one.private_ip_address()).zip(one.association()));
    let mut all: Vec<PublicAddress> = Vec::new();
    for (private, association) in primary.into_iter().chain(others) {
        if let Some(address) = address(association.public_ip())
            && all.iter().all(|it| it.private != private)
        {
            all.push(PublicAddress {
                private,
                address,
                // AWS itself owns the automatic ones.
                elastic: association.ip_owner_id() != Some("amazon"),
            });
        }
    }
    all
}

fn timeouts(it: &ConnectionTrackingConfiguration) -> TrackingTimeouts {
    let seconds = |value: Option<i32>| value.and_then(|it| u32::try_from(it).ok());
    TrackingTimeouts {
        tcp_established: seconds(it.tcp_established_timeout()),
        udp: seconds(it.udp_timeout()),
        udp_stream: seconds(it.udp_stream_timeout()),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::{
        GroupIdentifier, NetworkInterfaceAssociation, NetworkInterfaceAttachment,
        NetworkInterfaceIpv6Address, NetworkInterfacePrivateIpAddress, NetworkInterfaceType,
    };

    use super::*;

    fn sdk() -> aws_sdk_ec2::types::builders::NetworkInterfaceBuilder {
        NetworkInterface::builder()
            .network_interface_id("eni-1")
            .vpc_id("vpc-1")
            .subnet_id("subnet-1")
    }

    fn attached(instance: Option<&str>) -> NetworkInterfaceAttachment {
        NetworkInterfaceAttachment::builder()
            .set_instance_id(instance.map(Into::into))
            .device_index(1)
            .build()
    }

    #[test]
    fn kinds_come_from_the_type_first() {
        for (name, expected) in [
            ("natGateway", EniKind::NatGateway),
            ("nat_gateway", EniKind::NatGateway),
            ("network_load_balancer", EniKind::NetworkLoadBalancer),
            ("gateway_load_balancer", EniKind::GatewayLoadBalancer),
            (
                "gateway_load_balancer_endpoint",
                EniKind::GatewayLoadBalancerEndpoint,
            ),
            ("vpc_endpoint", EniKind::Endpoint),
            ("lambda", EniKind::Lambda),
            ("transit_gateway", EniKind::TransitGateway),
            ("quicksight", EniKind::Service),
            ("branch", EniKind::Service),
            ("interface", EniKind::Unattached),
            ("efa", EniKind::Unattached),
        ] {
            let it = sdk().interface_type(NetworkInterfaceType::from(name));
            assert_eq!(kind(&it.build()), expected, "{name}");
        }
    }

    #[test]
    fn kinds_of_managed_interfaces_come_from_their_description() {
        for (description, expected) in [
            ("ELB app/web/0123456789abcdef", EniKind::LoadBalancer),
            ("ELB net/web/0123456789abcdef", EniKind::NetworkLoadBalancer),
            ("ELB classic-web", EniKind::LoadBalancer),
            ("Interface for NAT Gateway nat-1", EniKind::NatGateway),
            ("VPC Endpoint Interface vpce-1", EniKind::Endpoint),
            ("RDSNetworkInterface", EniKind::Rds),
            ("AWS Lambda VPC ENI-web-0f", EniKind::Lambda),
            ("EFS mount target for fs-1 (fsmt-1)", EniKind::Efs),
            ("Amazon EKS prod", EniKind::Eks),
            ("ElastiCache prod-0001-001", EniKind::Cache),
            (
                "arn:aws:ecs:eu-west-1:111122223333:attachment/0f",
                EniKind::EcsTask,
            ),
            (
                "arn:aws-us-gov:ecs:us-gov-west-1:1:attachment/0f",
                EniKind::EcsTask,
            ),
            ("DMSNetworkInterface", EniKind::Service),
        ] {
            let managed = sdk().description(description).requester_managed(true);
            assert_eq!(kind(&managed.build()), expected, "{description}");
        }
    }

    #[test]
    fn a_description_of_ones_own_is_not_believed() {
        let disguise = sdk().description("ELB app/web/0f");
        let unattached = disguise.clone().build();
        assert_eq!(kind(&unattached), EniKind::Unattached);
        let instance = disguise.attachment(attached(Some("i-1"))).build();
        assert_eq!(kind(&instance), EniKind::Instance);
        let of_a_service = sdk().attachment(attached(None)).build();
        assert_eq!(kind(&of_a_service), EniKind::Service);
    }

    #[test]
    fn addresses_begin_with_the_primary_one() {
        let v4 = |ip: &str, primary| {
            NetworkInterfacePrivateIpAddress::builder()
                .private_ip_address(ip)
                .primary(primary)
                .build()
        };
        let v6 = NetworkInterfaceIpv6Address::builder()
            .ipv6_address("2400:6500:05af::0013")
            .build();
        let it = sdk()
            .private_ip_address("10.0.0.13")
            .private_ip_addresses(v4("10.0.0.99", false))
            .private_ip_addresses(v4("10.0.0.13", true))
            .private_ip_addresses(v4("not an address", false))
            .ipv6_addresses(v6)
            .association(
                NetworkInterfaceAssociation::builder()
                    .public_ip("203.0.113.9")
                    .build(),
            )
            .groups(GroupIdentifier::builder().group_id("sg-1").build())
            .attachment(attached(Some("i-1")))
            .description("a\u{1b}b")
            .connection_tracking_configuration(
                ConnectionTrackingConfiguration::builder()
                    .udp_timeout(30)
                    .build(),
            )
            .build();
        let eni = eni(&it).unwrap();
        let addresses: Vec<String> = eni.addresses.iter().map(ToString::to_string).collect();
        assert_eq!(addresses, ["10.0.0.13", "10.0.0.99", "2400:6500:5af::13"]);
        assert_eq!(eni.public[0].address.to_string(), "203.0.113.9");
        assert_eq!(eni.groups, ["sg-1".into()]);
        assert_eq!(eni.instance, Some("i-1".into()));
        assert_eq!(eni.device_index, Some(1));
        assert_eq!(eni.description, "a\\u{1b}b");
        assert_eq!(eni.timeouts.udp, Some(30));
        assert_eq!(eni.timeouts.tcp_established, None);
    }

    #[test]
    fn an_interface_without_ids_is_left_out() {
        assert_eq!(eni(&NetworkInterface::builder().build()), None);
    }
}
