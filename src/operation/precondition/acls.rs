//! Network ACLs and their entries.

use super::super::AclRef;
use super::{Refusal, known, known_id};
use crate::model::{Acl, AclEntry, Direction, Estate, Protocol, SubnetId};

/// The entries that a direction of a network ACL may have of each family without a raised quota, the final
/// deny counted.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html>
pub const ACL_ENTRIES: usize = 20;

/// The most that the quota can be raised to.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html>
pub const ACL_ENTRIES_RAISED: usize = 40;

/// The numbers that an account may use.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNetworkAclEntry.html>
const NUMBERS: std::ops::RangeInclusive<u16> = 1..=32766;

fn known_acl<'e>(estate: &'e Estate, acl: &AclRef) -> Result<&'e Acl, Refusal> {
    known(estate.acl(&acl.id()), "InvalidNetworkAclID.NotFound", acl)
}

pub(super) fn associate(estate: &Estate, subnet: &SubnetId, acl: &AclRef) -> Result<(), Refusal> {
    let it = known_id(estate.subnet(subnet), "InvalidSubnetID.NotFound", subnet)?;
    let target = known_acl(estate, acl)?;
    Refusal::unless(it.vpc == target.vpc, "InvalidParameterValue", || {
        format!(
            "{} belongs to {}, {subnet} to {}",
            target.id, target.vpc, it.vpc
        )
    })
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteNetworkAcl.html>
pub(super) fn delete(estate: &Estate, acl: &AclRef) -> Result<(), Refusal> {
    let it = known_acl(estate, acl)?;
    Refusal::unless(it.subnets.is_empty(), "DependencyViolation", || {
        format!("{} still serves {} subnets", it.id, it.subnets.len())
    })?;
    Refusal::unless(!it.default, "CannotDelete", || {
        format!("{} is the default network ACL of {}", it.id, it.vpc)
    })
}

pub(super) fn create_entry(estate: &Estate, acl: &AclRef, entry: &AclEntry) -> Result<(), Refusal> {
    let it = known_acl(estate, acl)?;
    valid(entry)?;
    let name = entry.direction.name();
    let taken = it.entry(entry.direction, entry.number).is_some();
    Refusal::unless(!taken, "NetworkAclEntryAlreadyExists", || {
        format!("{} has an {name} entry {} already", it.id, entry.number)
    })?;
    let own = it.counted(entry.direction, entry.cidr);
    let quota = acl_quota(own);
    Refusal::unless(own < quota, "NetworkAclEntryLimitExceeded", || {
        format!("{} has {own} {name} entries, the quota is {quota}", it.id)
    })
}

/// The quota of a direction of a network ACL that holds `entries`, as [`Acl::counted`] tells them. More
/// than the quota show that it was raised; how far is not known, so it is taken for the most.
pub fn acl_quota(entries: usize) -> usize {
    if entries > ACL_ENTRIES {
        ACL_ENTRIES_RAISED
    } else {
        ACL_ENTRIES
    }
}

pub(super) fn replace_entry(
    estate: &Estate,
    acl: &AclRef,
    entry: &AclEntry,
) -> Result<(), Refusal> {
    valid(entry)?;
    delete_entry(estate, acl, entry.direction, entry.number)
}

/// The final deny can't be removed.
pub(super) fn delete_entry(
    estate: &Estate,
    acl: &AclRef,
    direction: Direction,
    number: u16,
) -> Result<(), Refusal> {
    let it = known_acl(estate, acl)?;
    valid_number(number)?;
    let found = it.entry(direction, number).is_some();
    Refusal::unless(found, "InvalidNetworkAclEntry.NotFound", || {
        format!("{} has no {} entry {number}", it.id, direction.name())
    })
}

fn valid(entry: &AclEntry) -> Result<(), Refusal> {
    valid_number(entry.number)?;
    let by_port = matches!(entry.protocol, Protocol::TCP | Protocol::UDP);
    let Some(ports) = entry.ports.filter(|_| by_port) else {
        return Ok(());
    };
    let in_order = 0 <= ports.from && ports.from <= ports.to && ports.to <= 65_535;
    Refusal::unless(in_order, "InvalidParameterValue", || {
        format!("{} to {} is no range of ports", ports.from, ports.to)
    })
}

fn valid_number(number: u16) -> Result<(), Refusal> {
    Refusal::unless(NUMBERS.contains(&number), "InvalidParameterValue", || {
        format!("entry number {number} is reserved: 1 to 32766 can be used")
    })
}
