//! Public addresses of interfaces: Elastic IPs, and the automatic one.

use std::net::IpAddr;

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{Address, Filter};

use super::super::error::Call;
use super::super::estate::filter;
use super::Ec2;
use super::interfaces::{MODIFY, describe};
use crate::model::EniId;
use crate::operation::{Answer, CallError, CallErrorKind, State};

/// The public address that is mapped to a private one.
pub(super) async fn mapped(ec2: &Client, eni: &EniId, private: IpAddr) -> Result<State, CallError> {
    let found = describe(ec2, eni).await?;
    let public = found.and_then(|it| it.public_of(private));
    Ok(public.map_or(State::Absent, State::PublicAddress))
}

/// The public address that AWS gave by itself.
pub(super) async fn automatic(ec2: &Client, eni: &EniId) -> Result<State, CallError> {
    let public = describe(ec2, eni)
        .await?
        .map_or_else(Vec::new, |it| it.public);
    let automatic = public.iter().find(|it| !it.elastic);
    Ok(automatic.map_or(State::Absent, |it| State::PublicAddress(it.address)))
}

/// Takes the Elastic IP off a private address.
pub(super) async fn disassociate(
    ec2: Ec2<'_>,
    eni: &EniId,
    private: IpAddr,
) -> Result<Answer, CallError> {
    let call = Call::new("ec2:DisassociateAddress", eni.as_str());
    let filters = vec![
        filter("network-interface-id", [eni.as_str()]),
        filter("private-ip-address", [private.to_string().as_str()]),
    ];
    let found = addresses(ec2.read, eni, filters).await?;
    let Some(association) = found.iter().find_map(Address::association_id) else {
        let message = format!("no Elastic IP is mapped to {private}; read the interface again");
        return Err(call.refuse(CallErrorKind::Refused, "NoAssociation", &message));
    };
    let request = ec2.write.disassociate_address();
    call.answered(request.association_id(association).send().await)
}

/// Maps an Elastic IP to a private address. One that is mapped elsewhere stays there.
pub(super) async fn associate(
    ec2: Ec2<'_>,
    eni: &EniId,
    private: IpAddr,
    address: IpAddr,
) -> Result<Answer, CallError> {
    let call = Call::new("ec2:AssociateAddress", eni.as_str());
    let filters = vec![filter("public-ip", [address.to_string().as_str()])];
    let found = addresses(ec2.read, eni, filters).await?;
    let Some(allocation) = found.iter().find_map(Address::allocation_id) else {
        let message = format!("{address} is no Elastic IP of this account and Region");
        return Err(call.refuse(CallErrorKind::Refused, "NoAllocation", &message));
    };
    let request = ec2
        .write
        .associate_address()
        .allocation_id(allocation)
        .network_interface_id(eni.as_str())
        .private_ip_address(private.to_string())
        .allow_reassociation(false);
    call.answered(request.send().await)
}

async fn addresses(
    ec2: &Client,
    eni: &EniId,
    filters: Vec<Filter>,
) -> Result<Vec<Address>, CallError> {
    let call = Call::new("ec2:DescribeAddresses", eni.as_str());
    let request = ec2.describe_addresses().set_filters(Some(filters));
    let answer = request.send().await;
    let answer = answer.map_err(|error| call.lookup_error(&error))?;
    Ok(answer.addresses.unwrap_or_default())
}

/// Gives up the automatic public address.
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/managing-network-interface-ip-addresses.html>
pub(super) async fn drop_automatic(ec2: &Client, eni: &EniId) -> Result<Answer, CallError> {
    let call = Call::new(MODIFY, eni.as_str());
    let request = ec2
        .modify_network_interface_attribute()
        .network_interface_id(eni.as_str())
        .associate_public_ip_address(false);
    call.answered(request.send().await)
}
