//! Puts the ids of what earlier steps made in place of references to those steps.

use super::{Bindings, Operation, Unbound};

impl Operation {
    /// The same operation with everything that earlier steps made put in place of its reference.
    ///
    /// # Errors
    /// Names the step that has not made anything yet.
    pub fn bind(&self, bindings: &Bindings) -> Result<Self, Unbound> {
        let mut bound = self.clone();
        match &mut bound {
            Self::AuthorizeRules { group, .. }
            | Self::RevokeRules { group, .. }
            | Self::RevokeAllRules { group, .. }
            | Self::DeleteGroup { group } => group.bind(bindings)?,
            Self::SetEniGroups { groups, .. }
            | Self::SetInstanceGroups { groups, .. }
            | Self::CreateInterface { groups, .. } => {
                groups
                    .iter_mut()
                    .try_for_each(|group| group.bind(bindings))?;
            }
            Self::DeleteInterface { eni } => eni.bind(bindings)?,
            Self::SetSubnetAcl { acl, .. }
            | Self::DeleteAcl { acl }
            | Self::CreateAclEntry { acl, .. }
            | Self::ReplaceAclEntry { acl, .. }
            | Self::DeleteAclEntry { acl, .. } => acl.bind(bindings)?,
            Self::DeleteRouteTable { table }
            | Self::SetMainRouteTable { table, .. }
            | Self::DeleteRoute { table, .. }
            | Self::SetSubnetRouteTable {
                table: Some(table), ..
            } => table.bind(bindings)?,
            Self::CreateRoute { table, target, .. } | Self::ReplaceRoute { table, target, .. } => {
                table.bind(bindings)?;
                target.bind(bindings)?;
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
            | Self::GetConsoleOutput { .. } => {}
        }
        Ok(bound)
    }
}
