//! `imds-off`: the metadata endpoint of the instance off. Neither groups nor network ACLs filter it.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-options.html>

use super::super::catalogue::{Action, Entry, Scope};
use super::super::subject::{Steps, Subject};
use super::Remarks;
use crate::model::PartKind;
use crate::operation::Operation;

/// What is constant of it.
pub(in crate::plan) const ENTRY: Entry = Entry {
    action: Action::ImdsOff,
    name: "imds-off",
    scope: Scope::Instance,
    summary: "turn the instance's metadata endpoint off",
    caveat: "agents lose their credentials (Systems Manager too); those already issued stay valid",
    cuts: false,
    fails_health_checks: false,
    needs: &[PartKind::Instances],
    build: steps,
    ..Entry::USUAL
};

fn steps(subject: &Subject<'_>, steps: &mut Steps) -> Remarks {
    let instance = subject.instance;
    if instance.attributes.metadata == Some(false) {
        return Err(subject.already_so());
    }
    steps.at_once(vec![Operation::SetMetadataEndpoint {
        instance: instance.id.clone(),
        enabled: false,
    }]);
    Ok(vec![
        "Credentials that were issued before stay valid until they expire: sessions-revoke or \
         instance-deny end them."
            .to_string(),
        "Agents in the guest lose theirs: collect what needs them first.".to_string(),
    ])
}
