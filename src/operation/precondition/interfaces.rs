//! Network interfaces: timers, addresses, attachments.

use std::net::IpAddr;

use super::super::GroupRef;
use super::{Refusal, groups, known_id};
use crate::model::{Eni, EniId, Estate, SubnetId, TrackingTimeouts};

pub(super) fn known_eni<'e>(estate: &'e Estate, eni: &EniId) -> Result<&'e Eni, Refusal> {
    known_id(estate.eni(eni), "InvalidNetworkInterfaceID.NotFound", eni)
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/requester-managed-eni.html>
pub(super) fn not_managed(eni: &Eni) -> Result<(), Refusal> {
    Refusal::unless(!eni.requester_managed, "OperationNotPermitted", || {
        format!(
            "{} is managed by an AWS service ({})",
            eni.id,
            eni.kind.name()
        )
    })
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html#connection-tracking-timeouts>
pub(super) fn timeouts(
    estate: &Estate,
    eni: &EniId,
    timeouts: TrackingTimeouts,
) -> Result<(), Refusal> {
    not_managed(known_eni(estate, eni)?)?;
    let ranges = [
        (
            "TcpEstablishedTimeout",
            timeouts.tcp_established,
            60..=432_000,
        ),
        ("UdpTimeout", timeouts.udp, 30..=60),
        ("UdpStreamTimeout", timeouts.udp_stream, 60..=180),
    ];
    for (name, value, range) in ranges {
        Refusal::unless(
            value.is_none_or(|it| range.contains(&it)),
            "InvalidParameterValue",
            || format!("{name} must lie in {range:?} seconds"),
        )?;
    }
    Ok(())
}

pub(super) fn create(
    estate: &Estate,
    subnet: &SubnetId,
    wanted: &[GroupRef],
) -> Result<(), Refusal> {
    let it = known_id(estate.subnet(subnet), "InvalidSubnetID.NotFound", subnet)?;
    groups::fit(estate, wanted, &it.vpc, "the new interface")
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteNetworkInterface.html>
pub(super) fn delete(estate: &Estate, eni: &EniId) -> Result<(), Refusal> {
    let it = known_eni(estate, eni)?;
    not_managed(it)?;
    it.instance.as_ref().map_or(Ok(()), |instance| {
        let message = format!("{eni} is attached to {instance}");
        Err(Refusal::new("InvalidNetworkInterface.InUse", message))
    })
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-eni.html>
pub(super) fn detach(estate: &Estate, eni: &EniId) -> Result<(), Refusal> {
    let it = known_eni(estate, eni)?;
    not_managed(it)?;
    let Some(instance) = &it.instance else {
        let message = format!("{eni} is attached to nothing");
        return Err(Refusal::new("InvalidAttachmentID.NotFound", message));
    };
    let primary = it.device_index == Some(0);
    Refusal::unless(!primary, "OperationNotPermitted", || {
        format!("{eni} is the primary interface of {instance}: it can't be detached or moved")
    })
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DisassociateAddress.html>
pub(super) fn disassociate_address(
    estate: &Estate,
    eni: &EniId,
    private: IpAddr,
) -> Result<(), Refusal> {
    let it = known_eni(estate, eni)?;
    not_managed(it)?;
    let mapped = it.public.iter().find(|of| of.private == private);
    let elastic = mapped.is_some_and(|of| of.elastic);
    Refusal::unless(elastic, "InvalidAssociationID.NotFound", || {
        format!("no Elastic IP is mapped to {private} of {eni}")
    })
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateAddress.html>
pub(super) fn associate_address(
    estate: &Estate,
    eni: &EniId,
    private: IpAddr,
) -> Result<(), Refusal> {
    let it = known_eni(estate, eni)?;
    not_managed(it)?;
    let own = private.is_ipv4() && it.addresses.contains(&private);
    Refusal::unless(own, "InvalidParameterValue", || {
        format!("{private} is no private IPv4 address of {eni}")
    })?;
    let mapped = it.public_of(private);
    Refusal::unless(mapped.is_none(), "Resource.AlreadyAssociated", || {
        format!("{private} of {eni} has a public address already")
    })
}

/// Only the primary address of a primary interface gets an automatic one.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyNetworkInterfaceAttribute.html>
pub(super) fn drop_address(estate: &Estate, eni: &EniId) -> Result<(), Refusal> {
    let it = known_eni(estate, eni)?;
    not_managed(it)?;
    let primary = it.device_index == Some(0);
    Refusal::unless(primary, "InvalidParameterValue", || {
        format!("{eni} is not the primary interface of an instance")
    })
}
