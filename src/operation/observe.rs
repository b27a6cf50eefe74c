//! What an estate says of an operation's object: what an actuator would read, without asking AWS.

use super::{Attribute, Operation, State};
use crate::model::{Acl, Estate, Group, Instance, InstanceId, RouteTable};

/// The state of the object that a bound operation is about, as the estate has it. What an operation
/// makes is found by its name or `Name` tag.
///
/// `None`: the estate does not say. The object is not in it, or that property was not read, or it
/// is no part of an estate (an inline policy, a snapshot).
pub fn observe(estate: &Estate, operation: &Operation) -> Option<State> {
    let state = match operation {
        Operation::CreateGroup { vpc, name, .. } => {
            let same = |it: &&Group| it.vpc == *vpc && it.name.eq_ignore_ascii_case(name);
            group_state(estate.groups().find(same))
        }
        Operation::AuthorizeRules { group, .. }
        | Operation::RevokeRules { group, .. }
        | Operation::RevokeAllRules { group, .. }
        | Operation::DeleteGroup { group } => group_state(estate.group(&group.id())),
        Operation::SetEniGroups { eni, .. } => State::EniGroups(estate.eni(eni)?.groups.clone()),
        Operation::SetInstanceGroups { instance, .. } => {
            let primary = estate.enis_of_instance(instance).next()?;
            State::EniGroups(primary.groups.clone())
        }
        Operation::SetTrackingTimeouts { eni, .. } => State::Timeouts(estate.eni(eni)?.timeouts),
        // An interface's tags are no part of the estate.
        Operation::CreateInterface { .. } => State::Absent,
        Operation::DeleteInterface { eni } => {
            let found = estate.eni(&eni.id());
            found.map_or(State::Absent, |it| State::Interface(it.id.clone()))
        }
        Operation::DetachInterface { eni } => {
            let instance = estate.eni(eni)?.instance.as_ref();
            instance.map_or(State::Absent, |it| State::AttachedTo(it.to_string()))
        }
        Operation::DisassociateAddress { eni, private }
        | Operation::AssociateAddress { eni, private, .. } => {
            let public = estate.eni(eni)?.public_of(*private);
            public.map_or(State::Absent, State::PublicAddress)
        }
        Operation::DropPublicAddress { eni } => {
            let automatic = estate.eni(eni)?.public.iter().find(|it| !it.elastic);
            automatic.map_or(State::Absent, |it| State::PublicAddress(it.address))
        }
        Operation::CreateAcl { .. }
        | Operation::SetSubnetAcl { .. }
        | Operation::DeleteAcl { .. }
        | Operation::CreateAclEntry { .. }
        | Operation::ReplaceAclEntry { .. }
        | Operation::DeleteAclEntry { .. } => acl_state(estate, operation)?,
        Operation::CreateRouteTable { .. }
        | Operation::DeleteRouteTable { .. }
        | Operation::SetSubnetRouteTable { .. }
        | Operation::SetMainRouteTable { .. }
        | Operation::CreateRoute { .. }
        | Operation::ReplaceRoute { .. }
        | Operation::DeleteRoute { .. } => route_state(estate, operation)?,
        Operation::DetachInternetGateway { gateway, vpc } => {
            let attached = estate.gateway(gateway).filter(|it| it.vpc == *vpc);
            attached.map_or(State::Absent, |it| State::AttachedTo(it.vpc.to_string()))
        }
        Operation::StopInstance { instance, .. } | Operation::StartInstance { instance } => {
            State::Instance(estate.instance(instance)?.state)
        }
        Operation::SetMetadataEndpoint { instance, .. } => {
            State::MetadataEndpoint(estate.instance(instance)?.attributes.metadata?)
        }
        Operation::SetAttribute {
            instance,
            attribute,
        } => State::Attribute(attribute_state(estate, instance, attribute)?),
        // Tags of other resources are no part of the estate.
        Operation::SetTags { resource, tags } => {
            let instance = estate.instance(&resource.as_str().into())?;
            let value = |key: &String| Some((key.clone(), tag_value(instance, key)?));
            State::Tags(tags.keys().filter_map(value).collect())
        }
        Operation::DisassociateProfile { instance }
        | Operation::AssociateProfile { instance, .. } => {
            let profile = estate.instance(instance)?.profile.clone();
            profile.map_or(State::Absent, State::Profile)
        }
        Operation::SetAsgMinSize { .. }
        | Operation::EnterStandby { .. }
        | Operation::ExitStandby { .. }
        | Operation::DetachFromAsg { .. }
        | Operation::AttachToAsg { .. }
        | Operation::DeregisterTarget { .. }
        | Operation::RegisterTarget { .. } => platform_state(estate, operation)?,
        Operation::RevokeSessions { .. }
        | Operation::DenyInstance { .. }
        | Operation::RemoveRolePolicy { .. }
        | Operation::RunHostBlock { .. }
        | Operation::CreateSnapshots { .. }
        | Operation::CreateImage { .. }
        | Operation::GetConsoleOutput { .. } => return None,
    };
    Some(state)
}

fn group_state(group: Option<&Group>) -> State {
    group.map_or(State::Absent, |it| State::Group {
        id: it.id.clone(),
        rules: it.rules.clone(),
    })
}

fn acl_state(estate: &Estate, operation: &Operation) -> Option<State> {
    let state = match operation {
        Operation::CreateAcl { vpc, tags } => {
            let same = |it: &&Acl| it.vpc == *vpc && is_named(&it.name, tags);
            let found = estate.acls().find(same);
            found.map_or(State::Absent, |it| State::Acl(it.id.clone()))
        }
        Operation::DeleteAcl { acl } => {
            let found = estate.acl(&acl.id());
            found.map_or(State::Absent, |it| State::Acl(it.id.clone()))
        }
        Operation::SetSubnetAcl { subnet, .. } => {
            State::SubnetAcl(estate.acl_of_subnet(subnet)?.id.clone())
        }
        Operation::CreateAclEntry { acl, entry } | Operation::ReplaceAclEntry { acl, entry } => {
            let found = estate.acl(&acl.id())?.entry(entry.direction, entry.number);
            found.map_or(State::Absent, |it| State::AclEntry(it.clone()))
        }
        Operation::DeleteAclEntry {
            acl,
            direction,
            number,
        } => {
            let found = estate.acl(&acl.id())?.entry(*direction, *number);
            found.map_or(State::Absent, |it| State::AclEntry(it.clone()))
        }
        _ => return None,
    };
    Some(state)
}

fn route_state(estate: &Estate, operation: &Operation) -> Option<State> {
    let state = match operation {
        Operation::CreateRouteTable { vpc, tags } => {
            let same = |it: &&RouteTable| it.vpc == *vpc && is_named(&it.name, tags);
            let found = estate.route_tables().find(same);
            found.map_or(State::Absent, |it| State::RouteTable(it.id.clone()))
        }
        Operation::DeleteRouteTable { table } => {
            let found = estate.route_table(&table.id());
            found.map_or(State::Absent, |it| State::RouteTable(it.id.clone()))
        }
        Operation::SetSubnetRouteTable { subnet, .. } => {
            estate.subnet(subnet)?;
            let own = estate.table_of_subnet(subnet);
            let own = own.filter(|it| it.subnets.contains(subnet));
            State::SubnetRouteTable(own.map(|it| it.id.clone()))
        }
        Operation::SetMainRouteTable { vpc, .. } => {
            let main = |it: &&RouteTable| it.vpc == *vpc && it.main;
            State::MainRouteTable(estate.route_tables().find(main)?.id.clone())
        }
        Operation::CreateRoute {
            table, destination, ..
        }
        | Operation::ReplaceRoute {
            table, destination, ..
        }
        | Operation::DeleteRoute { table, destination } => {
            let route = estate.route_table(&table.id())?.route(destination);
            route.map_or(State::Absent, |it| State::Route(it.target.as_str().into()))
        }
        _ => return None,
    };
    Some(state)
}

fn platform_state(estate: &Estate, operation: &Operation) -> Option<State> {
    let state = match operation {
        Operation::SetAsgMinSize { asg, .. } => {
            let mut members = estate.asg_memberships().iter();
            State::AsgMinSize(members.find(|it| it.group == *asg)?.size?.min)
        }
        Operation::EnterStandby { instance, asg, .. }
        | Operation::ExitStandby { instance, asg }
        | Operation::DetachFromAsg { instance, asg, .. }
        | Operation::AttachToAsg { instance, asg } => {
            let member = estate.asg_of(instance).filter(|it| it.group == *asg);
            member.map_or(State::Absent, |it| State::Asg(it.lifecycle.clone()))
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
        } => {
            let mut targets = estate.targets_of(instance);
            let target = targets.find(|it| it.arn == *target_group && it.port == *port);
            target.map_or(State::Absent, |it| State::Target(it.health.clone()))
        }
        _ => return None,
    };
    Some(state)
}

fn attribute_state(
    estate: &Estate,
    instance: &InstanceId,
    attribute: &Attribute,
) -> Option<Attribute> {
    let read = estate.instance(instance)?.attributes;
    Some(match attribute {
        Attribute::TerminationProtection(_) => {
            Attribute::TerminationProtection(read.termination_protection?)
        }
        Attribute::StopProtection(_) => Attribute::StopProtection(read.stop_protection?),
        Attribute::Shutdown(_) => Attribute::Shutdown(read.shutdown?),
        Attribute::DeleteOnTermination { device, .. } => {
            let mut volumes = estate.volumes_of(instance);
            Attribute::DeleteOnTermination {
                device: device.clone(),
                delete: volumes
                    .find(|it| it.device == *device)?
                    .delete_on_termination,
            }
        }
    })
}

/// The value of a tag; the model keeps `Name` apart.
pub(super) fn tag_value(instance: &Instance, key: &str) -> Option<String> {
    if key == "Name" {
        return (!instance.name.is_empty()).then(|| instance.name.clone());
    }
    let tag = instance.tags.iter().find(|(name, _)| name == key);
    tag.map(|(_, value)| value.clone())
}

fn is_named(name: &str, tags: &[(String, String)]) -> bool {
    !name.is_empty()
        && tags
            .iter()
            .any(|(key, value)| key == "Name" && value == name)
}
