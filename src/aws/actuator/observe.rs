//! Which function reads the state of an operation's object.

use super::super::connect::Clients;
use super::{
    acls, addresses, attributes, bound, commands, evidence, groups, instances, interfaces,
    profiles, roles, routes, scaling, tags, targets,
};
use crate::operation::{CallError, Operation, State};

/// The state of the object that a bound operation is about.
pub(super) async fn observe(read: &Clients, operation: &Operation) -> Result<State, CallError> {
    let ec2 = &read.ec2;
    match operation {
        Operation::CreateGroup { vpc, name, .. } => groups::named(ec2, vpc, name).await,
        Operation::AuthorizeRules { group, .. }
        | Operation::RevokeRules { group, .. }
        | Operation::RevokeAllRules { group, .. }
        | Operation::DeleteGroup { group } => groups::state(ec2, &bound(operation, group)?).await,
        Operation::SetEniGroups { eni, .. } => interfaces::groups(ec2, eni).await,
        Operation::SetInstanceGroups { instance, .. } => {
            interfaces::groups_of_instance(ec2, instance).await
        }
        Operation::SetTrackingTimeouts { eni, .. } => interfaces::timeouts(ec2, eni).await,
        Operation::CreateInterface { subnet, tags, .. } => {
            interfaces::tagged(ec2, subnet, tags).await
        }
        Operation::DeleteInterface { eni } => interfaces::state(ec2, &bound(operation, eni)?).await,
        Operation::DetachInterface { eni } => interfaces::attachment(ec2, eni).await,
        Operation::DisassociateAddress { eni, private }
        | Operation::AssociateAddress { eni, private, .. } => {
            addresses::mapped(ec2, eni, *private).await
        }
        Operation::DropPublicAddress { eni } => addresses::automatic(ec2, eni).await,
        Operation::CreateAcl { vpc, tags } => acls::tagged(ec2, vpc, tags).await,
        Operation::SetSubnetAcl { subnet, .. } => acls::of_subnet(ec2, subnet).await,
        Operation::DeleteAcl { acl } => acls::state(ec2, &bound(operation, acl)?).await,
        Operation::CreateAclEntry { acl, entry } | Operation::ReplaceAclEntry { acl, entry } => {
            let acl = bound(operation, acl)?;
            acls::entry(ec2, &acl, entry.direction, entry.number).await
        }
        Operation::DeleteAclEntry {
            acl,
            direction,
            number,
        } => acls::entry(ec2, &bound(operation, acl)?, *direction, *number).await,
        Operation::CreateRouteTable { vpc, tags } => routes::tagged(ec2, vpc, tags).await,
        Operation::DeleteRouteTable { table } => {
            routes::state(ec2, &bound(operation, table)?).await
        }
        Operation::SetSubnetRouteTable { subnet, .. } => routes::of_subnet(ec2, subnet).await,
        Operation::SetMainRouteTable { vpc, .. } => routes::main(ec2, vpc).await,
        Operation::CreateRoute {
            table, destination, ..
        }
        | Operation::ReplaceRoute {
            table, destination, ..
        }
        | Operation::DeleteRoute { table, destination } => {
            routes::route(ec2, &bound(operation, table)?, destination).await
        }
        Operation::DetachInternetGateway { gateway, vpc } => {
            routes::attachment(ec2, gateway, vpc).await
        }
        Operation::StopInstance { instance, .. } | Operation::StartInstance { instance } => {
            instances::state(ec2, instance).await
        }
        Operation::SetMetadataEndpoint { instance, .. } => {
            instances::metadata_endpoint(ec2, instance).await
        }
        Operation::SetAttribute {
            instance,
            attribute,
        } => attributes::state(ec2, instance, attribute).await,
        Operation::SetTags { resource, tags } => tags::state(ec2, resource, tags).await,
        Operation::RunHostBlock { instance, name, .. } => {
            commands::state(&read.ssm, instance, name).await
        }
        Operation::DisassociateProfile { instance }
        | Operation::AssociateProfile { instance, .. } => profiles::state(ec2, instance).await,
        Operation::RevokeSessions { profile, .. } => {
            roles::sessions_denied(&read.iam, profile, operation).await
        }
        Operation::DenyInstance { profile, .. } | Operation::RemoveRolePolicy { profile, .. } => {
            roles::policy(&read.iam, profile, operation).await
        }
        Operation::SetAsgMinSize { asg, .. } => scaling::min_size(&read.autoscaling, asg).await,
        Operation::EnterStandby { instance, asg, .. }
        | Operation::ExitStandby { instance, asg }
        | Operation::DetachFromAsg { instance, asg, .. }
        | Operation::AttachToAsg { instance, asg } => {
            scaling::lifecycle(&read.autoscaling, instance, asg).await
        }
        Operation::DeregisterTarget {
            instance,
            target_group,
            port,
        }
        | Operation::RegisterTarget {
            instance,
            target_group,
            port,
        } => targets::health(&read.balancers, instance, target_group, *port).await,
        Operation::CreateSnapshots { instance, tags } => {
            evidence::snapshots(ec2, instance, tags).await
        }
        Operation::CreateImage { name, .. } => evidence::image(ec2, name).await,
        // What it reads is its answer; there is nothing to see beforehand or afterwards.
        Operation::GetConsoleOutput { .. } => Ok(State::Absent),
    }
}
