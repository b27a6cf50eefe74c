//! `hibernate`: the instance stopped, its memory written to the root volume first.
//!
//! It must have been launched with hibernation; if writing fails, AWS stops it without.
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Hibernate.html>

use super::super::catalogue::{Action, Entry, Scope};
use super::super::subject::{Steps, Subject};
use super::Remarks;
use super::stop::stopped;
use crate::model::PartKind;

/// What is constant of it.
pub(in crate::plan) const ENTRY: Entry = Entry {
    action: Action::Hibernate,
    name: "hibernate",
    scope: Scope::Instance,
    summary: "stop the instance with its memory on the root volume",
    caveat: "if writing memory fails it is lost without a word; snapshot the root volume afterwards",
    stays: "an automatic public address is another one after the start",
    evidence_lost: "instance store volumes; memory, if it can't be written",
    needs: &[PartKind::Instances],
    build: steps,
    ..Entry::USUAL
};

fn steps(subject: &Subject<'_>, steps: &mut Steps) -> Remarks {
    let mut remarks = stopped(subject, steps, true)?;
    if subject.instance.attributes.hibernation.is_none() {
        remarks.insert(
            0,
            "Whether it was launched with hibernation was not read: if not, AWS refuses."
                .to_string(),
        );
    }
    remarks.push(
        "AWS stops it without its memory if that can't be written: look for it in a snapshot of the \
         root volume."
            .to_string(),
    );
    Ok(remarks)
}
