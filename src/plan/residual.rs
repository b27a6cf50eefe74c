//! What stays open after a plan: only the channels that this suspect really has.

use super::compare::Outlook;
use crate::analysis::{Channel, Network, Residual, network_channels, source};
use crate::model::{GatewayKind, InstanceId};
use crate::operation::Operation;

/// AWS's page about credentials that an instance was given already.
const CREDENTIALS: &str =
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html";

/// The channels that a plan leaves open, on the network that it was forecast on.
pub fn residual(outlook: &Outlook, network: &Network) -> Vec<Residual> {
    let Some(suspect) = outlook.plan.suspect() else {
        return Vec::new();
    };
    let end = outlook.course(network).end();
    let mut channels = network_channels(end, suspect);
    let does = |wanted: fn(&Operation) -> bool| outlook.plan.operations().any(wanted);
    let estate = end.estate();
    if does(|it| matches!(it, Operation::SetMetadataEndpoint { enabled: false, .. })) {
        channels.retain(|it| it.channel != Channel::Metadata);
    }
    // The role that it had before: taking the profile off leaves what was issued valid.
    let profile = network
        .estate()
        .instance(suspect)
        .and_then(|it| it.profile.as_ref());
    let revoked = does(|it| {
        matches!(
            it,
            Operation::RevokeSessions { .. } | Operation::DenyInstance { .. }
        )
    });
    if let Some(profile) = profile.filter(|_| !revoked) {
        channels.push(Residual {
            channel: Channel::Credentials,
            why: format!(
                "what was issued for {profile} is valid until it expires, anywhere in the world"
            ),
            source: CREDENTIALS,
        });
    }
    if profile.is_some() {
        channels.extend(systems_manager(end, suspect));
    }
    let counts = &outlook.tally.suspect;
    if counts.surviving + counts.expiring > 0 && estate.instance(suspect).is_some() {
        channels.insert(
            0,
            Residual {
                channel: Channel::Established,
                why: format!(
                    "{} flows are tracked and go on, {} more until they are silent for their timer",
                    counts.surviving, counts.expiring
                ),
                source: source::TRACKING,
            },
        );
    }
    channels
}

/// An interface endpoint of Systems Manager that the suspect still reaches.
/// <https://docs.aws.amazon.com/systems-manager/latest/userguide/setup-create-vpc.html>
fn systems_manager(end: &Network, suspect: &InstanceId) -> Option<Residual> {
    let estate = end.estate();
    let mut endpoints = estate.gateways().filter(|it| {
        it.kind == GatewayKind::InterfaceEndpoint
            && matches!(it.name.rsplit('.').next(), Some("ssm" | "ssmmessages"))
    });
    let reached = endpoints.find(|endpoint| {
        let mut enis = endpoint.enis.iter().filter_map(|id| estate.eni(id));
        enis.any(|eni| end.reaches(suspect, eni, 443))
    })?;
    Some(Residual {
        channel: Channel::SystemsManager,
        why: format!("the endpoint {} still answers", reached.id),
        source: source::GROUPS,
    })
}
