//! `image`: an image of the instance, without the reboot that AWS makes unless it is told not to.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateImage.html>

use super::super::catalogue::{Action, Entry, Scope};
use super::super::subject::{Steps, Subject};
use crate::model::PartKind;
use crate::operation::Operation;

/// What is constant of it.
pub(in crate::plan) const ENTRY: Entry = Entry {
    action: Action::Image,
    name: "image",
    scope: Scope::Evidence,
    summary: "make an image of it without a reboot",
    caveat: "as snapshot-all, and launchable: whoever launches it launches what is on it",
    cuts: false,
    fails_health_checks: false,
    reversible: false,
    stays: "the image and its snapshots: evidence is never undone",
    needs: &[PartKind::Instances],
    build: |subject, all| Ok(steps(subject, all)),
    ..Entry::USUAL
};

fn steps(subject: &Subject<'_>, steps: &mut Steps) -> Vec<String> {
    let name = subject.made_name("image");
    steps.at_once(vec![Operation::CreateImage {
        instance: subject.instance.id.clone(),
        tags: subject.tags(&name),
        name,
    }]);
    vec!["Without a reboot, so files may be caught half written. Memory is not in it.".to_string()]
}
