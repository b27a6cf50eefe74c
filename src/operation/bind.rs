//! References to what earlier steps make: their ids put in place, and their steps renumbered.

use super::{Bindings, Operation, Ref, StepId, Unbound};
use crate::model::id::Id;

impl Operation {
    /// The same operation with everything that earlier steps made put in place of its reference.
    ///
    /// # Errors
    /// Names the step that has not made anything yet.
    pub fn bind(&self, bindings: &Bindings) -> Result<Self, Unbound> {
        let mut bound = self.clone();
        for slot in bound.slots() {
            if let Some(step) = slot.made() {
                slot.put(bindings.get(step).ok_or(Unbound(step))?);
            }
        }
        Ok(bound)
    }

    /// The same operation as part of a plan in which steps have other numbers: what steps of its own plan
    /// make is renumbered by `number`; an object that exists only because an earlier step is to make it
    /// (it was planned on an estate on which that step was tried) becomes a reference to that step.
    #[must_use]
    pub fn renumbered(mut self, number: impl Fn(StepId) -> StepId) -> Self {
        for slot in self.slots() {
            if let Some(step) = slot.made() {
                slot.put_made(number(step));
            } else if let Some(step) = slot.tried() {
                slot.put_made(step);
            }
        }
        self
    }

    /// Every place that may refer to what an earlier step makes.
    fn slots(&mut self) -> Vec<&mut dyn Slot> {
        match self {
            Self::AuthorizeRules { group, .. }
            | Self::RevokeRules { group, .. }
            | Self::RevokeAllRules { group, .. }
            | Self::DeleteGroup { group } => vec![group],
            Self::SetEniGroups { groups, .. }
            | Self::SetInstanceGroups { groups, .. }
            | Self::CreateInterface { groups, .. } => {
                groups.iter_mut().map(|it| it as &mut dyn Slot).collect()
            }
            Self::DeleteInterface { eni } => vec![eni],
            Self::SetSubnetAcl { acl, .. }
            | Self::DeleteAcl { acl }
            | Self::CreateAclEntry { acl, .. }
            | Self::ReplaceAclEntry { acl, .. }
            | Self::DeleteAclEntry { acl, .. } => vec![acl],
            Self::DeleteRouteTable { table }
            | Self::SetMainRouteTable { table, .. }
            | Self::DeleteRoute { table, .. }
            | Self::SetSubnetRouteTable {
                table: Some(table), ..
            } => vec![table],
            Self::CreateRoute { table, target, .. } | Self::ReplaceRoute { table, target, .. } => {
                vec![table, target]
            }
            Self::CreateGroup { .. }
            | Self::SetTrackingTimeouts { .. }
            | Self::DetachInterface { .. }
            | Self::DisassociateAddress { .. }
            | Self::AssociateAddress { .. }
            | Self::DropPublicAddress { .. }
            | Self::CreateAcl { .. }
            | Self::CreateRouteTable { .. }
            | Self::SetSubnetRouteTable { table: None, .. }
            | Self::DetachInternetGateway { .. }
            | Self::StopInstance { .. }
            | Self::StartInstance { .. }
            | Self::SetMetadataEndpoint { .. }
            | Self::SetAttribute { .. }
            | Self::SetTags { .. }
            | Self::RunHostBlock { .. }
            | Self::DisassociateProfile { .. }
            | Self::AssociateProfile { .. }
            | Self::RevokeSessions { .. }
            | Self::DenyInstance { .. }
            | Self::RemoveRolePolicy { .. }
            | Self::SetAsgMinSize { .. }
            | Self::EnterStandby { .. }
            | Self::ExitStandby { .. }
            | Self::DetachFromAsg { .. }
            | Self::AttachToAsg { .. }
            | Self::DeregisterTarget { .. }
            | Self::RegisterTarget { .. }
            | Self::CreateSnapshots { .. }
            | Self::CreateImage { .. }
            | Self::GetConsoleOutput { .. } => Vec::new(),
        }
    }
}

/// A reference of any kind of object.
trait Slot {
    /// The step that makes it.
    fn made(&self) -> Option<StepId>;
    /// The step on trial of which it exists: `new:STEP`.
    fn tried(&self) -> Option<StepId>;
    /// Names it.
    fn put(&mut self, id: &str);
    /// Says which step makes it.
    fn put_made(&mut self, step: StepId);
}

impl<K> Slot for Ref<K> {
    fn made(&self) -> Option<StepId> {
        match self {
            Self::Made(step) => Some(*step),
            Self::Id(_) => None,
        }
    }

    fn tried(&self) -> Option<StepId> {
        match self {
            Self::Id(id) => id.as_str().strip_prefix("new:")?.parse().ok().map(StepId),
            Self::Made(_) => None,
        }
    }

    fn put(&mut self, id: &str) {
        *self = Self::Id(Id::new(id));
    }

    fn put_made(&mut self, step: StepId) {
        *self = Self::Made(step);
    }
}
