//! Who uses a role: what revoking its sessions hits besides the suspect.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html>

use std::collections::BTreeSet;

use super::builder::PlanError;
use super::subject::Subject;
use crate::model::{Estate, InstanceId, InstanceProfile};

/// A role of this name belongs to an AWS service, which alone can change it.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create-service-linked-role.html>
const SERVICE_LINKED: &str = "AWSServiceRoleFor";

/// The users of a profile's role, as far as they were read.
#[derive(Debug, Default)]
pub(super) struct RoleUsers {
    /// The role's name, if the profile was read.
    pub(super) role: Option<String>,
    /// Instances that have it, by this profile or another one.
    pub(super) instances: BTreeSet<InstanceId>,
    /// Other profiles with the same role.
    pub(super) profiles: Vec<String>,
}

/// Everyone in the Region who uses the role of a profile. Where the profile was not read, those instances of
/// the estate that have it.
pub(super) fn role_users(estate: &Estate, profile: &str) -> RoleUsers {
    let with = |name: &str| -> Vec<InstanceId> {
        let users = estate.instances_of_profile(name);
        users.map(|it| it.id.clone()).collect()
    };
    let Some(own) = estate.profile(profile) else {
        return RoleUsers {
            instances: with(profile).into_iter().collect(),
            ..RoleUsers::default()
        };
    };
    let same_role = |it: &&InstanceProfile| {
        it.name == own.name || it.roles.iter().any(|role| own.roles.contains(role))
    };
    let mut users = RoleUsers {
        role: own.roles.first().cloned(),
        ..RoleUsers::default()
    };
    for profile in estate.profiles().iter().filter(same_role) {
        users.instances.extend(profile.users.iter().cloned());
        users.instances.extend(with(&profile.name));
        if profile.name != own.name {
            users.profiles.push(profile.name.clone());
        }
    }
    users
}

impl RoleUsers {
    /// Refuses a role that only its service can change.
    pub(super) fn changeable(&self, subject: &Subject<'_>) -> Result<(), PlanError> {
        let linked = self
            .role
            .as_deref()
            .filter(|it| it.starts_with(SERVICE_LINKED));
        linked.map_or(Ok(()), |role| {
            let why = format!("{role} is a service-linked role, which only its service can change");
            Err(subject.nothing(why))
        })
    }

    /// Whom revoking its sessions hits, in a sentence.
    pub(super) fn hit(&self, subject: &Subject<'_>) -> String {
        let others = self.instances.iter();
        let others: Vec<&str> = others
            .filter(|it| **it != subject.instance.id)
            .map(InstanceId::as_str)
            .collect();
        let whom = match others.as_slice() {
            [] => "No other instance is known to use".to_string(),
            few if few.len() <= NAMED => format!(
                "No access until the next session for {}, which use",
                few.join(", ")
            ),
            many => format!(
                "No access until the next session for {} other instances, which use",
                many.len()
            ),
        };
        let role = match &self.role {
            Some(role) => format!("role {role}"),
            None => {
                "the same profile (its role was not read: other profiles may have it)".to_string()
            }
        };
        let by = if self.profiles.is_empty() {
            String::new()
        } else {
            format!(", also by {}", self.profiles.join(", "))
        };
        format!("{whom} {role}{by}. Tasks, functions and people who use it lose it too.")
    }
}

/// How many instances are named.
const NAMED: usize = 6;
