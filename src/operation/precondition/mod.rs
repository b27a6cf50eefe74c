//! What AWS refuses, said before it is asked.
//!
//! This file says which function checks which operation; the functions are in the files beside it. What
//! the estate does not know is not refused.

mod acls;
mod groups;
mod instances;
mod interfaces;
mod platform;
mod routes;

use super::{Operation, Ref};
use crate::model::Estate;
use crate::model::id::Id;

pub use acls::{ACL_ENTRIES, ACL_ENTRIES_RAISED, acl_quota};

/// Why AWS would refuse an operation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Refusal {
    /// The error code that AWS answers:
    /// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>
    pub code: &'static str,
    /// What is wrong, with the id.
    pub message: String,
}

impl Refusal {
    /// Whether AWS does not know something that the operation names.
    pub fn is_not_found(&self) -> bool {
        self.code.ends_with("NotFound") || self.code == "NoSuchEntity"
    }

    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }

    fn unless(
        holds: bool,
        code: &'static str,
        message: impl FnOnce() -> String,
    ) -> Result<(), Self> {
        if holds {
            Ok(())
        } else {
            Err(Self::new(code, message()))
        }
    }
}

/// Checks what AWS would check before it makes the change.
///
/// # Errors
/// The first reason for which AWS would refuse, with its error code.
#[expect(
    clippy::too_many_lines,
    reason = "one arm per operation, so that the compiler names a new one"
)]
pub fn precondition(estate: &Estate, operation: &Operation) -> Result<(), Refusal> {
    match operation {
        Operation::CreateGroup { vpc, name, .. } => groups::create(estate, vpc, name),
        Operation::AuthorizeRules { group, .. }
        | Operation::RevokeRules { group, .. }
        | Operation::RevokeAllRules { group, .. } => groups::known_group(estate, group).map(|_| ()),
        Operation::DeleteGroup { group } => groups::delete(estate, group),
        Operation::SetEniGroups { eni, groups } => groups::set_on_eni(estate, eni, groups),
        Operation::SetInstanceGroups { instance, groups } => {
            groups::set_on_instance(estate, instance, groups)
        }
        Operation::SetTrackingTimeouts { eni, timeouts } => {
            interfaces::timeouts(estate, eni, *timeouts)
        }
        Operation::CreateInterface { subnet, groups, .. } => {
            interfaces::create(estate, subnet, groups)
        }
        Operation::DeleteInterface { eni } => interfaces::delete(estate, &eni.id()),
        Operation::DetachInterface { eni } => interfaces::detach(estate, eni),
        Operation::DisassociateAddress { eni, private } => {
            interfaces::disassociate_address(estate, eni, *private)
        }
        Operation::AssociateAddress { eni, private, .. } => {
            interfaces::associate_address(estate, eni, *private)
        }
        Operation::DropPublicAddress { eni } => interfaces::drop_address(estate, eni),
        Operation::CreateAcl { vpc, .. } | Operation::CreateRouteTable { vpc, .. } => {
            known_id(estate.vpc(vpc), "InvalidVpcID.NotFound", vpc).map(|_| ())
        }
        Operation::SetSubnetAcl { subnet, acl } => acls::associate(estate, subnet, acl),
        Operation::DeleteAcl { acl } => acls::delete(estate, acl),
        Operation::CreateAclEntry { acl, entry } => acls::create_entry(estate, acl, entry),
        Operation::ReplaceAclEntry { acl, entry } => acls::replace_entry(estate, acl, entry),
        Operation::DeleteAclEntry {
            acl,
            direction,
            number,
        } => acls::delete_entry(estate, acl, *direction, *number),
        Operation::DeleteRouteTable { table } => routes::delete_table(estate, table),
        Operation::SetSubnetRouteTable { subnet, table } => {
            routes::associate(estate, subnet, table.as_ref())
        }
        Operation::SetMainRouteTable { vpc, table } => routes::set_main(estate, vpc, table),
        Operation::CreateRoute {
            table,
            destination,
            target,
        } => routes::create(estate, table, destination, target),
        Operation::ReplaceRoute {
            table,
            destination,
            target,
        } => routes::replace(estate, table, destination, target),
        Operation::DeleteRoute { table, destination } => routes::delete(estate, table, destination),
        Operation::DetachInternetGateway { gateway, vpc } => {
            routes::detach_gateway(estate, gateway, vpc)
        }
        Operation::StopInstance {
            instance,
            hibernate,
        } => instances::stop(estate, instance, *hibernate),
        Operation::StartInstance { instance } => instances::start(estate, instance),
        Operation::SetMetadataEndpoint { instance, .. }
        | Operation::CreateSnapshots { instance, .. }
        | Operation::GetConsoleOutput { instance } => {
            instances::known_instance(estate, instance).map(|_| ())
        }
        Operation::SetAttribute {
            instance,
            attribute,
        } => instances::set_attribute(estate, instance, attribute),
        Operation::SetTags { resource, tags } => instances::set_tags(estate, resource, tags),
        Operation::SetAsgMinSize { asg, min } => platform::set_min_size(estate, asg, *min),
        Operation::RunHostBlock { instance, .. } => instances::run(estate, instance),
        Operation::CreateImage { instance, name, .. } => instances::image(estate, instance, name),
        Operation::DisassociateProfile { instance } => {
            instances::disassociate_profile(estate, instance)
        }
        Operation::AssociateProfile { instance, .. } => {
            instances::associate_profile(estate, instance)
        }
        // Roles and their policies are no part of the estate.
        Operation::RevokeSessions { .. }
        | Operation::DenyInstance { .. }
        | Operation::RemoveRolePolicy { .. } => Ok(()),
        Operation::EnterStandby {
            instance,
            asg,
            decrement,
        } => platform::leave(estate, instance, asg, &["InService"], *decrement),
        Operation::ExitStandby { instance, asg } => {
            platform::member_in(estate, instance, asg, &["Standby"])
        }
        Operation::DetachFromAsg {
            instance,
            asg,
            decrement,
        } => {
            let states = ["InService", "Standby"];
            platform::leave(estate, instance, asg, &states, *decrement)
        }
        Operation::AttachToAsg { instance, .. } => platform::attach(estate, instance),
        Operation::DeregisterTarget {
            instance,
            target_group,
            port,
        } => platform::deregister(estate, instance, target_group, *port),
        Operation::RegisterTarget { instance, .. } => platform::register(estate, instance),
    }
}

fn known<'a, K, T>(
    found: Option<&'a T>,
    code: &'static str,
    reference: &Ref<K>,
) -> Result<&'a T, Refusal> {
    known_id(found, code, &reference.id())
}

fn known_id<'a, K, T>(
    found: Option<&'a T>,
    code: &'static str,
    id: &Id<K>,
) -> Result<&'a T, Refusal> {
    found.ok_or_else(|| Refusal::new(code, format!("{id} does not exist")))
}
