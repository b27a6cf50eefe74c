//! `host-block`: the findings' peers blocked by the guest's own firewall, their sessions ended.
//!
//! <https://docs.aws.amazon.com/systems-manager/latest/userguide/run-command.html>

use super::super::catalogue::{Action, Entry, Scope};
use super::super::subject::{Steps, Subject, suffixed};
use super::Remarks;
use crate::model::PartKind;
use crate::operation::Operation;

/// What is constant of it.
pub(in crate::plan) const ENTRY: Entry = Entry {
    action: Action::HostBlock,
    name: "host-block",
    scope: Scope::Instance,
    summary: "block the findings' peers inside the guest and end their sessions there",
    caveat: "needs its Systems Manager agent; who has root undoes it",
    fails_health_checks: false,
    reversible: false,
    stays: "the rules in the guest, until somebody takes them out",
    evidence_lost: "the blocked sessions",
    needs: &[PartKind::Instances],
    build: steps,
    ..Entry::USUAL
};

fn steps(subject: &Subject<'_>, steps: &mut Steps) -> Remarks {
    let block = |(peer, number): (&std::net::IpAddr, usize)| Operation::RunHostBlock {
        instance: subject.instance.id.clone(),
        platform: subject.instance.platform,
        peer: *peer,
        name: subject.made_name(&suffixed("block", number)),
    };
    for operation in subject.peers()?.iter().zip(0..).map(block) {
        steps.at_once(vec![operation]);
    }
    Ok(vec![
        "Whoever has root in the guest undoes it, and sees it. No AWS API shows whether it is in force."
            .to_string(),
        "The agent needs its way to Systems Manager: do this before the instance is cut off.".to_string(),
    ])
}
