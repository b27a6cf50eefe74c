//! `profile-detach`: the instance profile off the instance.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DisassociateIamInstanceProfile.html>

use super::super::catalogue::{Action, Entry, Scope};
use super::super::subject::{Steps, Subject};
use super::Remarks;
use crate::model::PartKind;
use crate::operation::Operation;

/// What is constant of it.
pub(in crate::plan) const ENTRY: Entry = Entry {
    action: Action::ProfileDetach,
    name: "profile-detach",
    scope: Scope::Identity,
    summary: "take the instance profile off",
    caveat: "credentials already issued stay valid until they expire; Systems Manager loses it",
    cuts: false,
    fails_health_checks: false,
    needs: &[PartKind::Instances],
    build: steps,
    ..Entry::USUAL
};

fn steps(subject: &Subject<'_>, steps: &mut Steps) -> Remarks {
    if subject.instance.profile.is_none() {
        return Err(subject.already_so());
    }
    steps.at_once(vec![Operation::DisassociateProfile {
        instance: subject.instance.id.clone(),
    }]);
    Ok(vec![
        "It gets no new credentials; those it has stay valid until they expire, also elsewhere: \
         sessions-revoke or instance-deny afterwards."
            .to_string(),
        "Its Systems Manager agent stops working with them: collect what needs it first."
            .to_string(),
    ])
}
