//! The hypothetical network: what would the estate be after an operation?
//!
//! This file says which function applies which operation; the functions are in the files beside it.

mod acls;
mod groups;
mod instances;
mod interfaces;
mod platform;
mod routes;

use super::{
    ACL_ENTRIES_RAISED, At, Bindings, CommandState, Operation, Ref, Refusal, State, StepId,
    observe, precondition,
};
use crate::model::{Estate, InstanceState};

/// An estate that operations are tried on.
#[derive(Debug, Clone)]
pub struct Hypothesis {
    /// What it has become so far.
    pub estate: Estate,
    bindings: Bindings,
    raised: bool,
}

impl Hypothesis {
    /// Starts from what was read.
    pub fn new(estate: Estate) -> Self {
        Self {
            estate,
            bindings: Bindings::default(),
            raised: false,
        }
    }

    /// Takes the quotas of network ACL entries for raised as far as AWS raises them. Whether they are is
    /// no part of an estate: for a plan that was made for a given quota.
    #[must_use]
    pub fn with_raised_quotas(mut self) -> Self {
        self.raised = true;
        self
    }

    /// Applies the operation of one step. What it makes is called `new:STEP`.
    ///
    /// # Errors
    /// AWS's reason to refuse it.
    pub fn step(&mut self, step: StepId, operation: &Operation) -> Result<(), Refusal> {
        let bound = operation.bind(&self.bindings).map_err(|unbound| Refusal {
            code: "MissingParameter",
            message: unbound.to_string(),
        })?;
        let made = format!("new:{step}");
        match precondition(&self.estate, &bound) {
            Err(refusal) if !self.is_waived(&refusal, &bound) => return Err(refusal),
            _ => change(&mut self.estate, &bound, &made),
        }
        self.bindings.insert(step, made);
        Ok(())
    }

    /// Whether a refusal is for want of entries that a raised quota allows: it is the last thing to be
    /// checked of an entry, so everything else is in order.
    fn is_waived(&self, refusal: &Refusal, operation: &Operation) -> bool {
        let Operation::CreateAclEntry { acl, entry } = operation else {
            return false;
        };
        let acl = self.estate.acl(&acl.id());
        let entries = acl.map_or(0, |it| it.counted(entry.direction, entry.cidr));
        self.raised
            && refusal.code == "NetworkAclEntryLimitExceeded"
            && entries < ACL_ENTRIES_RAISED
    }
}

/// Applies a bound operation to `estate`; what it makes, if anything, gets the id `made`. The answer is
/// the state of its object afterwards.
///
/// # Errors
/// AWS's reason to refuse it; the estate is unchanged then.
pub fn apply(estate: &mut Estate, operation: &Operation, made: &str) -> Result<State, Refusal> {
    precondition(estate, operation)?;
    change(estate, operation, made);
    Ok(made_state(estate, operation, made)
        .or_else(|| observe(estate, operation))
        .unwrap_or(State::Absent))
}

/// The state of what was made, by its id; `None` for operations that make nothing.
fn made_state(estate: &Estate, operation: &Operation, made: &str) -> Option<State> {
    match operation {
        Operation::CreateGroup { .. } => {
            let group = estate.group(&made.into())?;
            Some(State::Group {
                id: group.id.clone(),
                rules: group.rules.clone(),
            })
        }
        Operation::CreateInterface { .. } => Some(State::Interface(made.into())),
        Operation::CreateAcl { .. } => Some(State::Acl(made.into())),
        Operation::CreateRouteTable { .. } => Some(State::RouteTable(made.into())),
        Operation::RevokeSessions {
            until: At::Moment(until),
            ..
        } => Some(State::SessionsDenied(*until)),
        Operation::DenyInstance { .. } => operation.role_policy().map(State::RolePolicy),
        Operation::RunHostBlock { .. } => Some(State::Command(CommandState {
            id: made.into(),
            status: "Success".into(),
            output: Vec::new(),
        })),
        Operation::CreateSnapshots { .. }
        | Operation::CreateImage { .. }
        | Operation::GetConsoleOutput { .. } => Some(State::Made(made.into())),
        _ => None,
    }
}

#[expect(
    clippy::too_many_lines,
    reason = "one arm per operation, so that the compiler names a new one"
)]
fn change(estate: &mut Estate, operation: &Operation, made: &str) {
    match operation {
        Operation::CreateGroup {
            vpc,
            name,
            description,
            ..
        } => groups::create(estate, made.into(), vpc, name, description),
        Operation::AuthorizeRules { group, rules, .. } => {
            groups::authorize(estate, &group.id(), rules);
        }
        Operation::RevokeRules { group, rules, .. } => groups::revoke(estate, &group.id(), rules),
        Operation::RevokeAllRules { group, direction } => {
            groups::revoke_all(estate, &group.id(), *direction);
        }
        Operation::DeleteGroup { group } => estate.remove_group(&group.id()),
        Operation::SetEniGroups { eni, groups } => interfaces::set_groups(estate, eni, groups),
        Operation::SetInstanceGroups { instance, groups } => {
            let primary = estate.enis_of_instance(instance).next();
            if let Some(eni) = primary.map(|it| it.id.clone()) {
                interfaces::set_groups(estate, &eni, groups);
            }
        }
        Operation::SetTrackingTimeouts { eni, timeouts } => {
            interfaces::set_timeouts(estate, eni, *timeouts);
        }
        Operation::CreateInterface { subnet, groups, .. } => {
            interfaces::create(estate, made.into(), subnet, groups);
        }
        Operation::DeleteInterface { eni } => estate.remove_eni(&eni.id()),
        Operation::DetachInterface { eni } => interfaces::detach(estate, eni),
        Operation::DisassociateAddress { eni, private } => {
            estate.update_eni(eni, |it| {
                it.public.retain(|mapped| mapped.private != *private);
            });
        }
        Operation::AssociateAddress {
            eni,
            private,
            address,
        } => interfaces::associate_address(estate, eni, *private, *address),
        Operation::DropPublicAddress { eni } => {
            estate.update_eni(eni, |it| it.public.retain(|mapped| mapped.elastic));
        }
        Operation::CreateAcl { vpc, tags } => acls::create(estate, made.into(), vpc, tags),
        Operation::SetSubnetAcl { subnet, acl } => estate.associate_acl(subnet, &acl.id()),
        Operation::DeleteAcl { acl } => estate.remove_acl(&acl.id()),
        Operation::CreateAclEntry { acl, entry } | Operation::ReplaceAclEntry { acl, entry } => {
            acls::put_entry(estate, &acl.id(), entry);
        }
        Operation::DeleteAclEntry {
            acl,
            direction,
            number,
        } => acls::delete_entry(estate, &acl.id(), *direction, *number),
        Operation::CreateRouteTable { vpc, tags } => routes::create(estate, made.into(), vpc, tags),
        Operation::DeleteRouteTable { table } => estate.remove_route_table(&table.id()),
        Operation::SetSubnetRouteTable { subnet, table } => {
            estate.associate_route_table(subnet, table.as_ref().map(Ref::id).as_ref());
        }
        Operation::SetMainRouteTable { table, .. } => estate.set_main_route_table(&table.id()),
        Operation::CreateRoute {
            table,
            destination,
            target,
        }
        | Operation::ReplaceRoute {
            table,
            destination,
            target,
        } => routes::put(estate, &table.id(), destination, &target.id()),
        Operation::DeleteRoute { table, destination } => {
            estate.update_routes(&table.id(), |routes| {
                routes.retain(|it| !it.is_to(destination));
            });
        }
        Operation::DetachInternetGateway { gateway, .. } => {
            routes::detach_gateway(estate, gateway);
        }
        Operation::StopInstance { instance, .. } => instances::stop(estate, instance),
        Operation::StartInstance { instance } => {
            estate.update_instance(instance, |it| it.state = InstanceState::Running);
        }
        Operation::SetMetadataEndpoint { instance, enabled } => {
            estate.update_instance(instance, |it| it.attributes.metadata = Some(*enabled));
        }
        Operation::SetAttribute {
            instance,
            attribute,
        } => instances::set_attribute(estate, instance, attribute),
        Operation::SetTags { resource, tags } => {
            let instance = resource.as_str().into();
            for (key, value) in tags {
                let value = value.as_ref().map(ToString::to_string);
                instances::set_tag(estate, &instance, key, value.as_deref());
            }
        }
        Operation::SetAsgMinSize { asg, min } => platform::set_min_size(estate, asg, *min),
        Operation::DisassociateProfile { instance } => estate.set_profile(instance, None),
        Operation::AssociateProfile { instance, profile } => {
            estate.set_profile(instance, Some(profile.clone()));
        }
        Operation::EnterStandby {
            instance,
            asg,
            decrement,
        } => {
            platform::set_lifecycle(estate, instance, "Standby");
            platform::resize(estate, asg, if *decrement { -1 } else { 0 });
        }
        Operation::ExitStandby { instance, asg } => {
            platform::set_lifecycle(estate, instance, "InService");
            platform::resize(estate, asg, 1);
        }
        Operation::DetachFromAsg {
            instance,
            asg,
            decrement,
        } => {
            platform::leave_asg(estate, instance);
            platform::resize(estate, asg, if *decrement { -1 } else { 0 });
        }
        Operation::AttachToAsg { instance, asg } => platform::join_asg(estate, instance, asg),
        Operation::DeregisterTarget {
            instance,
            target_group,
            port,
        } => platform::deregister(estate, instance, target_group, *port),
        Operation::RegisterTarget {
            instance,
            target_group,
            port,
        } => platform::register(estate, instance, target_group, *port),
        // No part of the estate: policies of roles, commands in the guest, evidence.
        Operation::RevokeSessions { .. }
        | Operation::DenyInstance { .. }
        | Operation::RemoveRolePolicy { .. }
        | Operation::RunHostBlock { .. }
        | Operation::CreateSnapshots { .. }
        | Operation::CreateImage { .. }
        | Operation::GetConsoleOutput { .. } => {}
    }
}
