//! Denies for live network ACLs, one after another: what one takes the next can't have.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;

use super::slots::{NoSlot, is_denied, slot};
use crate::model::{Acl, AclAction, AclEntry, AclId, Direction, Protocol};
use crate::operation::{Operation, Ref, acl_quota};

/// The network ACLs as they are with the denies that were planned so far.
#[derive(Debug, Default)]
pub(super) struct Denies {
    acls: BTreeMap<AclId, Acl>,
    operations: Vec<Operation>,
}

impl Denies {
    /// Plans a deny for everything with `cidr`, in both directions, where it is not denied already.
    ///
    /// # Errors
    /// There is no place for it.
    pub(super) fn deny(&mut self, acl: &Acl, cidr: IpNet) -> Result<(), NoSlot> {
        let known = self.acls.entry(acl.id.clone());
        let acl = known.or_insert_with(|| acl.clone());
        for direction in Direction::BOTH {
            if is_denied(acl, direction, cidr, Protocol::All, None) {
                continue;
            }
            let quota = acl_quota(acl.numbered_in(direction).count());
            let entry = AclEntry {
                direction,
                number: slot(acl, direction, cidr, Protocol::All, None, quota)?,
                action: AclAction::Deny,
                protocol: Protocol::All,
                cidr,
                ports: None,
            };
            acl.entries.push(entry.clone());
            self.operations.push(Operation::CreateAclEntry {
                acl: Ref::Id(acl.id.clone()),
                entry,
            });
        }
        Ok(())
    }

    /// What was planned, in order.
    pub(super) fn operations(self) -> Vec<Operation> {
        self.operations
    }
}

/// One address as a CIDR block.
pub(super) fn host(address: IpAddr) -> IpNet {
    IpNet::from(address)
}
