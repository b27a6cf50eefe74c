//! The console's own credentials: a plan that revokes them leaves nobody to finish it.

use super::{Guard, GuardKind, OwnPath};
use crate::model::{Estate, InstanceId};
use crate::operation::Operation;
use crate::plan::step::Plan;

pub(super) fn guards(estate: &Estate, plan: &Plan, own: &OwnPath) -> Vec<Guard> {
    let host = own.host(estate);
    let on_host = |instance: &InstanceId| host.as_ref() == Some(instance);
    let against = |operation: &Operation| match operation {
        Operation::RevokeSessions { profile, .. } => revoked(estate, own, profile),
        Operation::DenyInstance { instance, .. } if on_host(instance) => Some(format!(
            "It denies the credentials of {instance}, and the console runs on it."
        )),
        Operation::DisassociateProfile { instance } if on_host(instance) => Some(format!(
            "It takes the instance profile off {instance}, and the console runs on it: no new \
             credentials for the console."
        )),
        Operation::SetMetadataEndpoint {
            instance,
            enabled: false,
        } if on_host(instance) => Some(format!(
            "It turns the metadata endpoint of {instance} off, and the console gets its credentials \
             there."
        )),
        _ => None,
    };
    let words = plan.operations().filter_map(against);
    words
        .map(|it| Guard::danger(GuardKind::Credentials, it))
        .collect()
}

/// Whether revoking the sessions of a profile's role revokes the caller's.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html>
fn revoked(estate: &Estate, own: &OwnPath, profile: &str) -> Option<String> {
    let (role, _) = own.caller()?;
    match estate.profile(profile) {
        Some(known) => known.roles.iter().any(|it| it == role).then(|| {
            format!(
                "It revokes the sessions of {role}, the console's own role: every call after that is \
                 denied. Use other credentials, or instance-deny."
            )
        }),
        // A profile that the console of AWS makes has its role's name.
        None => (profile == role).then(|| {
            format!(
                "It revokes the sessions of the role of {profile}, which was not read; its name is that \
                 of the console's own role. Use other credentials, or instance-deny."
            )
        }),
    }
}
