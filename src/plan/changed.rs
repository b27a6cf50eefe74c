//! Which objects an operation changes.

use crate::model::ResourceId;
use crate::operation::{Operation, Ref};

/// The objects that an operation changes and that exist already.
pub(super) fn changed(operation: &Operation) -> Vec<ResourceId> {
    let id = |text: &str| vec![ResourceId::new(text)];
    match operation {
        Operation::CreateGroup { .. }
        | Operation::CreateInterface { .. }
        | Operation::CreateAcl { .. }
        | Operation::CreateRouteTable { .. }
        // A note on it is no change of it.
        | Operation::SetTags { .. }
        | Operation::CreateSnapshots { .. }
        | Operation::CreateImage { .. }
        | Operation::GetConsoleOutput { .. } => Vec::new(),
        Operation::AuthorizeRules { group, .. }
        | Operation::RevokeRules { group, .. }
        | Operation::RevokeAllRules { group, .. }
        | Operation::DeleteGroup { group } => existing(group),
        Operation::SetEniGroups { eni, .. }
        | Operation::SetTrackingTimeouts { eni, .. }
        | Operation::DetachInterface { eni }
        | Operation::DisassociateAddress { eni, .. }
        | Operation::AssociateAddress { eni, .. }
        | Operation::DropPublicAddress { eni } => id(eni.as_str()),
        Operation::DeleteInterface { eni } => existing(eni),
        Operation::SetSubnetAcl { subnet, .. } | Operation::SetSubnetRouteTable { subnet, .. } => {
            id(subnet.as_str())
        }
        Operation::DeleteAcl { acl }
        | Operation::CreateAclEntry { acl, .. }
        | Operation::ReplaceAclEntry { acl, .. }
        | Operation::DeleteAclEntry { acl, .. } => existing(acl),
        Operation::SetMainRouteTable { vpc, .. } => id(vpc.as_str()),
        Operation::DeleteRouteTable { table }
        | Operation::CreateRoute { table, .. }
        | Operation::ReplaceRoute { table, .. }
        | Operation::DeleteRoute { table, .. } => existing(table),
        Operation::DetachInternetGateway { gateway, vpc } => {
            [gateway.as_str(), vpc.as_str()].map(ResourceId::new).to_vec()
        }
        Operation::SetInstanceGroups { instance, .. }
        | Operation::StopInstance { instance, .. }
        | Operation::StartInstance { instance }
        | Operation::SetMetadataEndpoint { instance, .. }
        | Operation::SetAttribute { instance, .. }
        | Operation::RunHostBlock { instance, .. }
        | Operation::DisassociateProfile { instance }
        | Operation::AssociateProfile { instance, .. }
        | Operation::DenyInstance { instance, .. } => id(instance.as_str()),
        Operation::RevokeSessions { profile, .. } | Operation::RemoveRolePolicy { profile, .. } => {
            id(profile)
        }
        Operation::SetAsgMinSize { asg, .. } => id(asg.as_str()),
        Operation::EnterStandby { instance, asg, .. }
        | Operation::ExitStandby { instance, asg }
        | Operation::DetachFromAsg { instance, asg, .. }
        | Operation::AttachToAsg { instance, asg } => {
            [instance.as_str(), asg.as_str()].map(ResourceId::new).to_vec()
        }
        Operation::DeregisterTarget {
            instance,
            target_group,
            ..
        }
        | Operation::RegisterTarget {
            instance,
            target_group,
            ..
        } => [instance.as_str(), target_group].map(ResourceId::new).to_vec(),
    }
}

fn existing<K>(object: &Ref<K>) -> Vec<ResourceId> {
    match object {
        Ref::Id(id) => vec![ResourceId::new(id.as_str())],
        Ref::Made(_) => Vec::new(),
    }
}
