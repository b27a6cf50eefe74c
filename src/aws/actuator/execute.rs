//! Which function sends an operation's change.

use super::super::connect::{Clients, Writers};
use super::super::error::Call;
use super::{
    Ec2, acls, addresses, all_bound, attributes, bound, commands, evidence, groups, instances,
    interfaces, profiles, roles, routes, scaling, tags, targets,
};
use crate::operation::{Answer, CallError, CallErrorKind, Operation};

/// Sends a bound operation, once.
///
/// What has `DryRun` goes through `ec2` and nothing else, so that a client which only asks can be put in
/// there; everything else needs `others`.
#[expect(
    clippy::too_many_lines,
    reason = "one arm per operation, so that the compiler names a new one"
)]
pub(in crate::aws) async fn execute(
    ec2: Ec2<'_>,
    others: Option<(&Clients, &Writers)>,
    operation: &Operation,
) -> Result<Answer, CallError> {
    match operation {
        Operation::CreateGroup {
            vpc,
            name,
            description,
            tags,
        } => groups::create(ec2.write, vpc, name, description, tags).await,
        Operation::AuthorizeRules {
            group,
            direction,
            rules,
        } => {
            let group = bound(operation, group)?;
            groups::authorize(ec2.write, &group, *direction, rules).await
        }
        Operation::RevokeRules {
            group,
            direction,
            rules,
        } => groups::revoke(ec2, &bound(operation, group)?, *direction, rules).await,
        Operation::RevokeAllRules { group, direction } => {
            groups::revoke_all(ec2, &bound(operation, group)?, *direction).await
        }
        Operation::DeleteGroup { group } => {
            groups::delete(ec2.write, &bound(operation, group)?).await
        }
        Operation::SetEniGroups { eni, groups } => {
            interfaces::set_groups(ec2.write, eni, &all_bound(operation, groups)?).await
        }
        Operation::SetInstanceGroups { instance, groups } => {
            let groups = all_bound(operation, groups)?;
            interfaces::set_groups_of_instance(ec2.write, instance, &groups).await
        }
        Operation::SetTrackingTimeouts { eni, timeouts } => {
            interfaces::set_timeouts(ec2.write, eni, *timeouts).await
        }
        Operation::CreateInterface {
            subnet,
            groups,
            tags,
        } => {
            let groups = all_bound(operation, groups)?;
            interfaces::create(ec2.write, subnet, &groups, tags).await
        }
        Operation::DeleteInterface { eni } => {
            interfaces::delete(ec2.write, &bound(operation, eni)?).await
        }
        Operation::DetachInterface { eni } => interfaces::detach(ec2, eni).await,
        Operation::DisassociateAddress { eni, private } => {
            addresses::disassociate(ec2, eni, *private).await
        }
        Operation::AssociateAddress {
            eni,
            private,
            address,
        } => addresses::associate(ec2, eni, *private, *address).await,
        Operation::DropPublicAddress { eni } => addresses::drop_automatic(ec2.write, eni).await,
        Operation::CreateAcl { vpc, tags } => acls::create(ec2.write, vpc, tags).await,
        Operation::SetSubnetAcl { subnet, acl } => {
            acls::associate(ec2, subnet, &bound(operation, acl)?).await
        }
        Operation::DeleteAcl { acl } => acls::delete(ec2.write, &bound(operation, acl)?).await,
        Operation::CreateAclEntry { acl, entry } => {
            acls::create_entry(ec2.write, &bound(operation, acl)?, entry).await
        }
        Operation::ReplaceAclEntry { acl, entry } => {
            acls::replace_entry(ec2.write, &bound(operation, acl)?, entry).await
        }
        Operation::DeleteAclEntry {
            acl,
            direction,
            number,
        } => acls::delete_entry(ec2.write, &bound(operation, acl)?, *direction, *number).await,
        Operation::CreateRouteTable { vpc, tags } => routes::create(ec2.write, vpc, tags).await,
        Operation::DeleteRouteTable { table } => {
            routes::delete(ec2.write, &bound(operation, table)?).await
        }
        Operation::SetSubnetRouteTable { subnet, table } => {
            let table = table.as_ref().map(|it| bound(operation, it)).transpose()?;
            routes::associate(ec2, subnet, table.as_ref()).await
        }
        Operation::SetMainRouteTable { vpc, table } => {
            routes::set_main(ec2, vpc, &bound(operation, table)?).await
        }
        Operation::CreateRoute {
            table,
            destination,
            target,
        } => {
            let (table, target) = (bound(operation, table)?, bound(operation, target)?);
            routes::create_route(ec2.write, &table, destination, target.as_str()).await
        }
        Operation::ReplaceRoute {
            table,
            destination,
            target,
        } => {
            let (table, target) = (bound(operation, table)?, bound(operation, target)?);
            routes::replace_route(ec2.write, &table, destination, target.as_str()).await
        }
        Operation::DeleteRoute { table, destination } => {
            routes::delete_route(ec2.write, &bound(operation, table)?, destination).await
        }
        Operation::DetachInternetGateway { gateway, vpc } => {
            routes::detach(ec2.write, gateway, vpc).await
        }
        Operation::StopInstance {
            instance,
            hibernate,
        } => instances::stop(ec2.write, instance, *hibernate).await,
        Operation::StartInstance { instance } => instances::start(ec2.write, instance).await,
        Operation::SetMetadataEndpoint { instance, enabled } => {
            instances::set_metadata_endpoint(ec2.write, instance, *enabled).await
        }
        Operation::SetAttribute {
            instance,
            attribute,
        } => attributes::set(ec2.write, instance, attribute).await,
        Operation::SetTags { resource, tags } => {
            tags::set(ec2.write, operation, resource, tags).await
        }
        Operation::CreateSnapshots { instance, tags } => {
            evidence::create_snapshots(ec2.write, instance, tags).await
        }
        Operation::CreateImage {
            instance,
            name,
            tags,
        } => evidence::create_image(ec2.write, instance, name, tags).await,
        Operation::GetConsoleOutput { instance } => {
            evidence::console_output(ec2.write, instance).await
        }
        Operation::RunHostBlock {
            instance,
            platform,
            peer,
            name,
        } => {
            let (_, write) = needed(others, operation)?;
            commands::block(&write.ssm, instance, *platform, *peer, name).await
        }
        Operation::DisassociateProfile { instance } => {
            let (read, write) = needed(others, operation)?;
            profiles::disassociate(&read.ec2, &write.ec2, instance).await
        }
        Operation::AssociateProfile { instance, profile } => {
            let (_, write) = needed(others, operation)?;
            profiles::associate(&write.ec2, instance, profile).await
        }
        Operation::RevokeSessions { profile, .. } | Operation::DenyInstance { profile, .. } => {
            let (read, write) = needed(others, operation)?;
            roles::put(&read.iam, &write.iam, profile, operation).await
        }
        Operation::RemoveRolePolicy { profile, policy } => {
            let (read, write) = needed(others, operation)?;
            roles::remove(&read.iam, &write.iam, profile, policy).await
        }
        Operation::SetAsgMinSize { asg, min } => {
            let (_, write) = needed(others, operation)?;
            scaling::set_min_size(&write.autoscaling, asg, *min).await
        }
        Operation::EnterStandby {
            instance,
            asg,
            decrement,
        } => {
            let (_, write) = needed(others, operation)?;
            scaling::enter_standby(&write.autoscaling, instance, asg, *decrement).await
        }
        Operation::ExitStandby { instance, asg } => {
            let (_, write) = needed(others, operation)?;
            scaling::exit_standby(&write.autoscaling, instance, asg).await
        }
        Operation::DetachFromAsg {
            instance,
            asg,
            decrement,
        } => {
            let (_, write) = needed(others, operation)?;
            scaling::detach(&write.autoscaling, instance, asg, *decrement).await
        }
        Operation::AttachToAsg { instance, asg } => {
            let (_, write) = needed(others, operation)?;
            scaling::attach(&write.autoscaling, instance, asg).await
        }
        Operation::DeregisterTarget {
            instance,
            target_group,
            port,
        } => {
            let (_, write) = needed(others, operation)?;
            targets::deregister(&write.balancers, instance, target_group, *port).await
        }
        Operation::RegisterTarget {
            instance,
            target_group,
            port,
        } => {
            let (_, write) = needed(others, operation)?;
            targets::register(&write.balancers, instance, target_group, *port).await
        }
    }
}

/// What a client that only asks does not have.
fn needed<'a>(
    others: Option<(&'a Clients, &'a Writers)>,
    operation: &Operation,
) -> Result<(&'a Clients, &'a Writers), CallError> {
    others.ok_or_else(|| {
        let call = Call::new(operation.facts().api, "plan");
        let message = "this call has no DryRun, and this session may not send it";
        call.refuse(CallErrorKind::NotSent, "NoDryRun", message)
    })
}
