//! What plans are built from: the suspect in its surroundings, and the steps as they are collected.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::builder::{Intent, PlanError};
use super::step::{Class, Step, What};
use crate::model::{Acl, AclAction, Eni, EniId, Estate, Instance, RouteTable, SubnetId, VpcId};
use crate::operation::{Operation, State, StepId};

/// The part of the estate that a plan is built from.
#[derive(Debug)]
pub(super) struct Subject<'e> {
    pub(super) estate: &'e Estate,
    pub(super) instance: &'e Instance,
    /// Its interfaces; none where they are not needed and were not read.
    pub(super) enis: Vec<&'e Eni>,
    pub(super) intent: &'e Intent,
}

impl<'e> Subject<'e> {
    /// The suspect's interfaces by VPC: a group serves one VPC.
    pub(super) fn enis_by_vpc(&self) -> BTreeMap<&'e VpcId, Vec<&'e Eni>> {
        let mut vpcs: BTreeMap<&VpcId, Vec<&Eni>> = BTreeMap::new();
        for eni in &self.enis {
            vpcs.entry(&eni.vpc).or_default().push(eni);
        }
        vpcs
    }

    /// The suspect's subnets by VPC.
    pub(super) fn subnets_by_vpc(&self) -> BTreeMap<&'e VpcId, BTreeSet<&'e SubnetId>> {
        let mut vpcs: BTreeMap<&VpcId, BTreeSet<&SubnetId>> = BTreeMap::new();
        for eni in &self.enis {
            vpcs.entry(&eni.vpc).or_default().insert(&eni.subnet);
        }
        vpcs
    }

    /// The suspect's subnets.
    pub(super) fn subnets(&self) -> BTreeSet<&'e SubnetId> {
        self.enis.iter().map(|eni| &eni.subnet).collect()
    }

    /// The network ACLs that serve the suspect's subnets, each once.
    pub(super) fn acls(&self) -> Vec<&'e Acl> {
        let acls = self.subnets().into_iter();
        once(acls.filter_map(|it| self.estate.acl_of_subnet(it)), |it| {
            it.id.as_str()
        })
    }

    /// The route tables that serve the suspect's subnets, each once.
    pub(super) fn tables(&self) -> Vec<&'e RouteTable> {
        let tables = self.subnets().into_iter();
        once(
            tables.filter_map(|it| self.estate.table_of_subnet(it)),
            |it| it.id.as_str(),
        )
    }

    /// The remote addresses of its findings.
    ///
    /// # Errors
    /// No finding names one.
    pub(super) fn peers(&self) -> Result<&'e [IpAddr], PlanError> {
        let peers = &self.intent.peers;
        if peers.is_empty() {
            let id = &self.instance.id;
            return Err(self.nothing(format!("no finding names a remote address of {id}")));
        }
        Ok(peers)
    }

    /// The name of its instance profile.
    ///
    /// # Errors
    /// It has none.
    pub(super) fn profile(&self) -> Result<&'e str, PlanError> {
        let id = &self.instance.id;
        let profile = self.instance.profile.as_deref();
        profile.ok_or_else(|| self.nothing(format!("{id} has no instance profile")))
    }

    /// A name that no other run uses.
    pub(super) fn made_name(&self, part: &str) -> String {
        format!(
            "firedoor-{part}-{}-{}",
            self.instance.id.tail(4),
            self.intent.stamp
        )
    }

    /// Tags of everything that is made.
    pub(super) fn tags(&self, name: &str) -> Vec<(String, String)> {
        let tags = [
            ("Name", name),
            ("firedoor:case", self.intent.case.as_str()),
            ("firedoor:suspect", self.instance.id.as_str()),
        ];
        tags.map(|(key, value)| (key.to_string(), value.to_string()))
            .to_vec()
    }

    /// Whether every interface is alone in a group without rules already.
    pub(super) fn is_in_empty_groups(&self) -> bool {
        self.enis.iter().all(|eni| match eni.groups.as_slice() {
            [only] => self
                .estate
                .group(only)
                .is_some_and(|it| it.rules.is_empty()),
            _ => false,
        })
    }

    pub(super) fn already_so(&self) -> PlanError {
        PlanError::AlreadySo(self.instance.id.clone(), self.intent.action)
    }

    /// There is nothing to do for this reason.
    pub(super) fn nothing(&self, why: impl Into<String>) -> PlanError {
        PlanError::Nothing {
            action: self.intent.action,
            why: why.into(),
        }
    }

    /// The action does not do what it is tried for.
    pub(super) fn not_possible(&self, why: impl Into<String>) -> PlanError {
        PlanError::NotPossible {
            action: self.intent.action,
            why: why.into(),
        }
    }

    /// Whether every subnet has a network ACL without an allow already.
    pub(super) fn is_behind_denies(&self) -> bool {
        let denies = |acl: &&Acl| {
            let mut entries = acl.entries.iter();
            entries.all(|entry| entry.action == AclAction::Deny)
        };
        let acls = self.acls();
        !acls.is_empty() && acls.iter().all(denies)
    }

    /// Refuses interfaces whose groups only their service can change.
    pub(super) fn groups_changeable(&self) -> Result<(), PlanError> {
        let managed = self.enis.iter().find(|eni| eni.requester_managed);
        managed.map_or(Ok(()), |eni| {
            Err(PlanError::RequesterManaged {
                eni: eni.id.clone(),
                kind: eni.kind,
            })
        })
    }

    /// The interfaces of others in these subnets.
    pub(super) fn others_in<'a>(
        &'a self,
        subnets: impl IntoIterator<Item = &'a SubnetId>,
    ) -> BTreeSet<&'a EniId> {
        let enis = subnets
            .into_iter()
            .flat_map(|it| self.estate.enis_of_subnet(it));
        let others = enis.filter(|it| it.instance.as_ref() != Some(&self.instance.id));
        others.map(|it| &it.id).collect()
    }

    /// What its platform is expected to do to a suspect that answers no health check.
    /// <https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-health-checks.html>
    pub(super) fn platform_remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        let id = &self.instance.id;
        // In standby nothing is checked.
        let member = self
            .estate
            .asg_of(id)
            .filter(|it| it.lifecycle != "Standby");
        if let Some(member) = member {
            let lost = self
                .estate
                .volumes_of(id)
                .filter(|it| it.delete_on_termination)
                .count();
            remarks.push(format!(
                "It is {} in Auto Scaling group {}: once health checks fail the group may terminate it \
                 and {lost} of its volumes with it. To keep the evidence: asg-standby first.",
                member.lifecycle, member.group
            ));
        }
        for target in self.estate.targets_of(id) {
            remarks.push(format!(
                "Target group {} loses it: its health checks will fail.",
                target.target_group
            ));
        }
        remarks
    }
}

/// Each thing once, in order.
fn once<'a, T>(all: impl Iterator<Item = &'a T>, key: impl Fn(&T) -> &str) -> Vec<&'a T> {
    let mut seen: Vec<&T> = Vec::new();
    for it in all {
        if !seen.iter().any(|other| key(other) == key(it)) {
            seen.push(it);
        }
    }
    seen
}

/// `part` for the first VPC, `part-2`, `part-3` … for the others.
pub(super) fn suffixed(part: &str, index: usize) -> String {
    if index == 0 {
        part.to_string()
    } else {
        format!("{part}-{}", index + 1)
    }
}

/// Collects steps and numbers them.
#[derive(Debug, Default)]
pub(super) struct Steps(Vec<Step>);

impl Steps {
    pub(super) fn change(
        &mut self,
        operation: Operation,
        class: Class,
        after: impl IntoIterator<Item = StepId>,
    ) -> StepId {
        self.push(What::Change(operation), class, after)
    }

    pub(super) fn push(
        &mut self,
        what: What,
        class: Class,
        after: impl IntoIterator<Item = StepId>,
    ) -> StepId {
        let number = u16::try_from(self.0.len() + 1).unwrap_or(u16::MAX);
        let id = StepId(number);
        self.0.push(Step {
            id,
            what,
            class,
            after: after.into_iter().collect(),
            part: None,
            known: None,
        });
        id
    }

    /// Changes that do not wait for one another, and a last look at all of them where there are several.
    pub(super) fn at_once(&mut self, operations: Vec<Operation>) {
        let mut changes = Vec::new();
        for operation in &operations {
            changes.push(self.change(operation.clone(), Class::Must, []));
        }
        if operations.len() > 1 {
            self.push(What::Verify(operations), Class::Must, changes);
        }
    }

    /// The numbers of the steps so far.
    pub(super) fn ids(&self) -> impl Iterator<Item = StepId> {
        self.0.iter().map(|step| step.id)
    }

    /// What the steps so far do.
    pub(super) fn whats(&self) -> impl Iterator<Item = &What> {
        self.0.iter().map(|step| &step.what)
    }

    /// Gives the last step the state of its object as it was read, so that nobody asks again.
    pub(super) fn known(&mut self, state: State) {
        if let Some(step) = self.0.last_mut() {
            step.known = Some(state);
        }
    }

    pub(super) fn finish(self) -> Vec<Step> {
        self.0
    }
}
