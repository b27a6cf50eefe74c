//! `hibernate`: the instance stopped, its memory written to the root volume first.
//!
//! It must have been launched with hibernation, else its memory is lost without a word; and if writing fails, AWS stops it without.
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
    let id = &subject.instance.id;
    let why = match subject.instance.attributes.hibernation {
        Some(true) => None,
        Some(false) => Some(format!("{id} was not launched with hibernation")),
        None => Some(format!(
            "whether {id} was launched with hibernation was not read"
        )),
    };
    if let Some(why) = why {
        return Err(subject.nothing(format!("{why}: a plain stop would lose its memory")));
    }
    let mut remarks = stopped(subject, steps, true)?;
    remarks.push(
        "AWS stops it without its memory if that can't be written: look for it in a snapshot of the \
         root volume."
            .to_string(),
    );
    Ok(remarks)
}
