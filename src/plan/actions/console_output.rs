//! `console-output`: what the serial console has shown, before a stop or reboot replaces it.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetConsoleOutput.html>

use super::super::catalogue::{Action, Entry, Scope};
use super::super::subject::{Steps, Subject};
use crate::model::PartKind;
use crate::operation::Operation;

/// What is constant of it.
pub(in crate::plan) const ENTRY: Entry = Entry {
    action: Action::ConsoleOutput,
    name: "console-output",
    scope: Scope::Evidence,
    summary: "keep what its serial console has shown",
    caveat: "the last 64 KB, as of some minutes ago",
    cuts: false,
    fails_health_checks: false,
    reversible: false,
    needs: &[PartKind::Instances],
    build: |subject, all| Ok(steps(subject, all)),
    ..Entry::USUAL
};

fn steps(subject: &Subject<'_>, steps: &mut Steps) -> Vec<String> {
    steps.at_once(vec![Operation::GetConsoleOutput {
        instance: subject.instance.id.clone(),
    }]);
    vec!["It changes nothing. The output is what AWS has kept, the last 64 KB.".to_string()]
}
