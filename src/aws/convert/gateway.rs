//! Gateways and VPC endpoints.

use aws_sdk_ec2::types::{
    EgressOnlyInternetGateway, InternetGateway, InternetGatewayAttachment, NatGateway, VpcEndpoint,
};

use super::{name, shown};
use crate::model::notation::is_gone;
use crate::model::{Gateway, GatewayKind, VpcId};

/// An internet gateway, if it is attached.
pub(in crate::aws) fn internet(it: &InternetGateway) -> Option<Gateway> {
    Some(Gateway {
        id: it.internet_gateway_id()?.into(),
        kind: GatewayKind::Internet,
        vpc: attached_to(it.attachments())?,
        subnet: None,
        enis: Vec::new(),
        name: name(it.tags()),
    })
}

/// An egress-only internet gateway, if it is attached.
pub(in crate::aws) fn egress_only(it: &EgressOnlyInternetGateway) -> Option<Gateway> {
    Some(Gateway {
        id: it.egress_only_internet_gateway_id()?.into(),
        kind: GatewayKind::EgressOnly,
        vpc: attached_to(it.attachments())?,
        subnet: None,
        enis: Vec::new(),
        name: name(it.tags()),
    })
}

fn attached_to(attachments: &[InternetGatewayAttachment]) -> Option<VpcId> {
    let live = attachments
        .iter()
        .find(|one| one.state().is_none_or(|state| !is_gone(state.as_str())));
    live?.vpc_id().map(Into::into)
}

/// A NAT gateway. AWS goes on listing deleted ones for an hour; they are left out.
pub(in crate::aws) fn nat(it: &NatGateway) -> Option<Gateway> {
    let gone = it.state().is_some_and(|state| is_gone(state.as_str()));
    let enis = it.nat_gateway_addresses().iter();
    let enis = enis.filter_map(|one| one.network_interface_id().map(Into::into));
    (!gone).then_some(Gateway {
        id: it.nat_gateway_id()?.into(),
        kind: GatewayKind::Nat,
        vpc: it.vpc_id()?.into(),
        subnet: it.subnet_id().map(Into::into),
        enis: enis.collect(),
        name: name(it.tags()),
    })
}

/// A VPC endpoint that exists.
pub(in crate::aws) fn endpoint(it: &VpcEndpoint) -> Option<Gateway> {
    let kind = it.vpc_endpoint_type().map_or("", |kind| kind.as_str());
    let gone = it.state().is_some_and(|state| is_gone(state.as_str()));
    let label = name(it.tags());
    (!gone).then_some(Gateway {
        id: it.vpc_endpoint_id()?.into(),
        kind: if kind.eq_ignore_ascii_case("gateway") {
            GatewayKind::GatewayEndpoint
        } else {
            GatewayKind::InterfaceEndpoint
        },
        vpc: it.vpc_id()?.into(),
        subnet: it.subnet_ids().first().map(|id| id.as_str().into()),
        enis: it
            .network_interface_ids()
            .iter()
            .map(|id| id.as_str().into())
            .collect(),
        name: if label.is_empty() {
            shown(it.service_name())
        } else {
            label
        },
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::{
        AttachmentStatus, NatGatewayAddress, NatGatewayState, State, VpcEndpointType,
    };

    use super::*;

    #[test]
    fn only_attached_internet_gateways_serve_a_vpc() {
        let attachment = |state: AttachmentStatus| {
            InternetGatewayAttachment::builder()
                .vpc_id("vpc-1")
                .state(state)
                .build()
        };
        let gateway = InternetGateway::builder().internet_gateway_id("igw-1");
        let attached = gateway
            .clone()
            .attachments(attachment(AttachmentStatus::from("available")));
        let detached = gateway
            .clone()
            .attachments(attachment(AttachmentStatus::Detached));
        assert_eq!(
            internet(&attached.build()).unwrap().vpc,
            VpcId::new("vpc-1")
        );
        assert_eq!(internet(&detached.build()), None);
        assert_eq!(internet(&gateway.build()), None);
    }

    #[test]
    fn deleted_nat_gateways_are_left_out() {
        for (state, listed) in [
            (NatGatewayState::Available, true),
            (NatGatewayState::Deleting, true),
            (NatGatewayState::Deleted, false),
            (NatGatewayState::Failed, false),
        ] {
            let it = NatGateway::builder()
                .nat_gateway_id("nat-1")
                .vpc_id("vpc-1")
                .state(state)
                .nat_gateway_addresses(
                    NatGatewayAddress::builder()
                        .network_interface_id("eni-1")
                        .build(),
                )
                .build();
            assert_eq!(nat(&it).is_some(), listed);
        }
    }

    #[test]
    fn endpoints_are_gateways_or_interfaces() {
        for (kind, expected) in [
            (VpcEndpointType::Gateway, GatewayKind::GatewayEndpoint),
            (VpcEndpointType::Interface, GatewayKind::InterfaceEndpoint),
            (
                VpcEndpointType::GatewayLoadBalancer,
                GatewayKind::InterfaceEndpoint,
            ),
        ] {
            let it = VpcEndpoint::builder()
                .vpc_endpoint_id("vpce-1")
                .vpc_id("vpc-1")
                .vpc_endpoint_type(kind)
                .service_name("com.amazonaws.eu-west-1.ssm")
                .network_interface_ids("eni-1")
                .state(State::Available);
            let made = endpoint(&it.clone().build()).unwrap();
            assert_eq!(made.kind, expected);
            assert_eq!(made.name, "com.amazonaws.eu-west-1.ssm");
            assert_eq!(endpoint(&it.state(State::Deleted).build()), None);
        }
    }
}
