//! The way back.

use super::state::holds;
use super::{At, Attribute, Operation, Ref, State, TagValue};
use crate::model::{Direction, GroupRule, TrackingTimeouts};

/// The operation that restores `before`, the state captured before `done` was sent, or before the first of
/// several changes of one object of which `done` was the last. `made` is what it made. `None`: there is nothing to restore, or it can't be. Evidence is never undone.
pub fn invert(done: &Operation, before: &State, made: Option<&str>) -> Option<Operation> {
    if done.satisfied_by(before) {
        return None;
    }
    match before {
        State::Absent => uncreate(done, made),
        _ => restore(done, before),
    }
}

/// Takes away what was not there before.
fn uncreate(done: &Operation, made: Option<&str>) -> Option<Operation> {
    let undo = match done {
        Operation::CreateGroup { .. } => Operation::DeleteGroup {
            group: Ref::Id(made?.into()),
        },
        Operation::CreateInterface { .. } => Operation::DeleteInterface {
            eni: Ref::Id(made?.into()),
        },
        Operation::AssociateAddress { eni, private, .. } => Operation::DisassociateAddress {
            eni: eni.clone(),
            private: *private,
        },
        Operation::CreateAcl { .. } => Operation::DeleteAcl {
            acl: Ref::Id(made?.into()),
        },
        Operation::CreateAclEntry { acl, entry } | Operation::ReplaceAclEntry { acl, entry } => {
            Operation::DeleteAclEntry {
                acl: acl.clone(),
                direction: entry.direction,
                number: entry.number,
            }
        }
        Operation::CreateRouteTable { .. } => Operation::DeleteRouteTable {
            table: Ref::Id(made?.into()),
        },
        Operation::CreateRoute {
            table, destination, ..
        }
        | Operation::ReplaceRoute {
            table, destination, ..
        } => Operation::DeleteRoute {
            table: table.clone(),
            destination: destination.clone(),
        },
        Operation::AssociateProfile { instance, .. } => Operation::DisassociateProfile {
            instance: instance.clone(),
        },
        Operation::RevokeSessions { profile, .. } | Operation::DenyInstance { profile, .. } => {
            Operation::RemoveRolePolicy {
                profile: profile.clone(),
                policy: done.role_policy()?,
            }
        }
        Operation::AttachToAsg { instance, asg } => Operation::DetachFromAsg {
            instance: instance.clone(),
            asg: asg.clone(),
            decrement: true,
        },
        Operation::RegisterTarget {
            instance,
            target_group,
            port,
        } => Operation::DeregisterTarget {
            instance: instance.clone(),
            target_group: target_group.clone(),
            port: *port,
        },
        _ => return None,
    };
    Some(undo)
}

/// Brings back what was there before.
fn restore(done: &Operation, before: &State) -> Option<Operation> {
    let undo = match (done, before) {
        (Operation::SetEniGroups { eni, .. }, State::EniGroups(groups)) => {
            Operation::SetEniGroups {
                eni: eni.clone(),
                groups: groups.iter().cloned().map(Ref::Id).collect(),
            }
        }
        (Operation::SetInstanceGroups { instance, .. }, State::EniGroups(groups)) => {
            Operation::SetInstanceGroups {
                instance: instance.clone(),
                groups: groups.iter().cloned().map(Ref::Id).collect(),
            }
        }
        (Operation::SetTrackingTimeouts { eni, .. }, State::Timeouts(timeouts))
            if *timeouts != TrackingTimeouts::default() =>
        {
            Operation::SetTrackingTimeouts {
                eni: eni.clone(),
                timeouts: *timeouts,
            }
        }
        (
            Operation::DisassociateAddress { eni, private }
            | Operation::AssociateAddress { eni, private, .. },
            State::PublicAddress(address),
        ) => Operation::AssociateAddress {
            eni: eni.clone(),
            private: *private,
            address: *address,
        },
        (Operation::SetSubnetAcl { subnet, .. }, State::SubnetAcl(acl)) => {
            Operation::SetSubnetAcl {
                subnet: subnet.clone(),
                acl: Ref::Id(acl.clone()),
            }
        }
        (
            Operation::CreateAclEntry { acl, .. } | Operation::ReplaceAclEntry { acl, .. },
            State::AclEntry(entry),
        ) => Operation::ReplaceAclEntry {
            acl: acl.clone(),
            entry: entry.clone(),
        },
        (Operation::DeleteAclEntry { acl, .. }, State::AclEntry(entry)) => {
            Operation::CreateAclEntry {
                acl: acl.clone(),
                entry: entry.clone(),
            }
        }
        (Operation::SetSubnetRouteTable { subnet, .. }, State::SubnetRouteTable(table)) => {
            Operation::SetSubnetRouteTable {
                subnet: subnet.clone(),
                table: table.clone().map(Ref::Id),
            }
        }
        (Operation::SetMainRouteTable { vpc, .. }, State::MainRouteTable(table)) => {
            Operation::SetMainRouteTable {
                vpc: vpc.clone(),
                table: Ref::Id(table.clone()),
            }
        }
        (
            Operation::CreateRoute {
                table, destination, ..
            }
            | Operation::ReplaceRoute {
                table, destination, ..
            },
            State::Route(target),
        ) => Operation::ReplaceRoute {
            table: table.clone(),
            destination: destination.clone(),
            target: Ref::Id(target.clone()),
        },
        (Operation::DeleteRoute { table, destination }, State::Route(target)) => {
            Operation::CreateRoute {
                table: table.clone(),
                destination: destination.clone(),
                target: Ref::Id(target.clone()),
            }
        }
        _ => return restore_rules(done, before).or_else(|| restore_instance(done, before)),
    };
    Some(undo)
}

fn restore_rules(done: &Operation, before: &State) -> Option<Operation> {
    let undo = match (done, before) {
        (
            Operation::AuthorizeRules {
                group,
                direction,
                rules: added,
            },
            State::Group { rules, .. },
        ) => Operation::RevokeRules {
            group: group.clone(),
            direction: *direction,
            rules: without(added, rules),
        },
        (
            Operation::RevokeRules {
                group,
                direction,
                rules: gone,
            },
            State::Group { rules, .. },
        ) => Operation::AuthorizeRules {
            group: group.clone(),
            direction: *direction,
            rules: rules.iter().filter(|it| holds(gone, it)).cloned().collect(),
        },
        (Operation::RevokeAllRules { group, direction }, State::Group { rules, .. }) => {
            Operation::AuthorizeRules {
                group: group.clone(),
                direction: *direction,
                rules: of_direction(rules, *direction),
            }
        }
        _ => return None,
    };
    Some(undo)
}

fn restore_instance(done: &Operation, before: &State) -> Option<Operation> {
    let undo = match (done, before) {
        (Operation::StopInstance { instance, .. }, State::Instance(_)) => {
            Operation::StartInstance {
                instance: instance.clone(),
            }
        }
        (Operation::StartInstance { instance }, State::Instance(_)) => Operation::StopInstance {
            instance: instance.clone(),
            hibernate: false,
        },
        (Operation::SetMetadataEndpoint { instance, .. }, State::MetadataEndpoint(enabled)) => {
            Operation::SetMetadataEndpoint {
                instance: instance.clone(),
                enabled: *enabled,
            }
        }
        (Operation::SetAttribute { instance, .. }, State::Attribute(attribute)) => {
            let attribute: Attribute = attribute.clone();
            Operation::SetAttribute {
                instance: instance.clone(),
                attribute,
            }
        }
        (Operation::SetTags { resource, tags }, State::Tags(before)) => {
            let text = |key| before.get(key).cloned().map(TagValue::Text);
            Operation::SetTags {
                resource: resource.clone(),
                tags: tags.keys().map(|key| (key.clone(), text(key))).collect(),
            }
        }
        (Operation::RevokeSessions { profile, .. }, State::SessionsDenied(until)) => {
            Operation::RevokeSessions {
                profile: profile.clone(),
                until: At::Moment(*until),
            }
        }
        (Operation::SetAsgMinSize { asg, .. }, State::AsgMinSize(min)) => {
            Operation::SetAsgMinSize {
                asg: asg.clone(),
                min: *min,
            }
        }
        (Operation::DisassociateProfile { instance }, State::Profile(profile)) => {
            Operation::AssociateProfile {
                instance: instance.clone(),
                profile: profile.clone(),
            }
        }
        (Operation::EnterStandby { instance, asg, .. }, State::Asg(_)) => Operation::ExitStandby {
            instance: instance.clone(),
            asg: asg.clone(),
        },
        (Operation::ExitStandby { instance, asg }, State::Asg(_)) => Operation::EnterStandby {
            instance: instance.clone(),
            asg: asg.clone(),
            decrement: true,
        },
        (Operation::DetachFromAsg { instance, asg, .. }, State::Asg(_)) => Operation::AttachToAsg {
            instance: instance.clone(),
            asg: asg.clone(),
        },
        (
            Operation::DeregisterTarget {
                instance,
                target_group,
                port,
            },
            State::Target(_),
        ) => Operation::RegisterTarget {
            instance: instance.clone(),
            target_group: target_group.clone(),
            port: *port,
        },
        _ => return None,
    };
    Some(undo)
}

fn of_direction(rules: &[GroupRule], direction: Direction) -> Vec<GroupRule> {
    let own = rules.iter().filter(|rule| rule.direction == direction);
    own.cloned().collect()
}

/// Those of `rules` that are not in `others`.
fn without(rules: &[GroupRule], others: &[GroupRule]) -> Vec<GroupRule> {
    rules
        .iter()
        .filter(|it| !holds(others, it))
        .cloned()
        .collect()
}
