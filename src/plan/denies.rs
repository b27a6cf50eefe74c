//! Denies for live network ACLs, one after another: what one takes the next can't have.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;

use super::room::{Own, Place, place};
use super::slots::{NoSlot, is_denied};
use super::step::{Class, What};
use super::subject::Steps;
use crate::model::{Acl, AclAction, AclEntry, AclId, Direction, Protocol};
use crate::operation::{ACL_ENTRIES_RAISED, Operation, StepId, acl_quota};

/// The network ACLs as they are with the denies that were planned so far.
#[derive(Debug)]
pub(super) struct Denies {
    quota: usize,
    acls: BTreeMap<AclId, (Acl, Own)>,
    places: Vec<Place>,
}

/// Denies as steps, with what lifts each.
#[derive(Debug)]
pub(super) struct Sent {
    /// The steps of each deny, in order, each with what takes it back.
    pub(super) chains: Vec<Vec<(StepId, Operation)>>,
    /// What had to make way, in sentences.
    pub(super) displaced: Vec<String>,
}

impl Denies {
    /// For a quota of entries per direction, at the most what AWS raises it to.
    pub(super) fn new(quota: usize) -> Self {
        Self {
            quota: quota.clamp(1, ACL_ENTRIES_RAISED),
            acls: BTreeMap::new(),
            places: Vec::new(),
        }
    }

    /// Plans a deny for everything with `cidr`, in both directions, where it is not denied already.
    ///
    /// # Errors
    /// There is no place for it.
    pub(super) fn deny(&mut self, acl: &Acl, cidr: IpNet) -> Result<(), NoSlot> {
        let known = self.acls.entry(acl.id.clone());
        let (acl, own) = known.or_insert_with(|| (acl.clone(), Own::new()));
        for direction in Direction::BOTH {
            if is_denied(acl, direction, cidr, Protocol::All, None) {
                continue;
            }
            // A direction that holds more than the quota shows that it was raised.
            let quota = self.quota.max(acl_quota(acl.counted(direction, cidr)));
            let deny = AclEntry {
                direction,
                number: 0,
                action: AclAction::Deny,
                protocol: Protocol::All,
                cidr,
                ports: None,
            };
            self.places.push(place(acl, &deny, quota, own)?);
        }
        Ok(())
    }

    /// Whether everything was denied already.
    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The denies as steps, all places at once.
    pub(super) fn send(self, steps: &mut Steps) -> Sent {
        let mut sent = Sent {
            chains: Vec::new(),
            displaced: Vec::new(),
        };
        for place in self.places {
            let mut chain: Vec<(StepId, Operation)> = Vec::new();
            for (make, lift) in place.makes.into_iter().zip(place.lifts) {
                let before = chain.last().map(|(step, _)| *step);
                chain.push((steps.change(make, Class::Must, before), lift));
            }
            sent.chains.push(chain);
            sent.displaced.extend(place.displaced);
        }
        sent
    }

    /// The same, with a last look at all of them; the answer is what had to make way.
    pub(super) fn send_for_good(self, steps: &mut Steps) -> Vec<String> {
        let makes = self.places.iter().flat_map(|it| it.makes.clone());
        let holds: Vec<Operation> = makes.collect();
        let sent = self.send(steps);
        if holds.len() > 1 {
            let all = sent.chains.iter().flatten().map(|(step, _)| *step);
            let all: Vec<StepId> = all.collect();
            steps.push(What::Verify(holds), Class::Must, all);
        }
        sent.displaced
    }
}

/// One address as a CIDR block.
pub(super) fn host(address: IpAddr) -> IpNet {
    IpNet::from(address)
}
