//! `tag`: the instance tagged with the case, so that people and automation see it.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html>

use super::super::catalogue::{Action, Entry, Scope};
use super::super::subject::{Steps, Subject};
use super::Remarks;
use crate::model::PartKind;
use crate::operation::{Operation, TagValue, observe};

/// What is constant of it.
pub(in crate::plan) const ENTRY: Entry = Entry {
    action: Action::Tag,
    name: "tag",
    scope: Scope::Platform,
    summary: "tag it with the case",
    caveat: "who reads its tags sees that it is under investigation: the guest too, if metadata has tags",
    cuts: false,
    fails_health_checks: false,
    needs: &[PartKind::Instances],
    build: steps,
    ..Entry::USUAL
};

fn steps(subject: &Subject<'_>, steps: &mut Steps) -> Remarks {
    let tags = [
        ("firedoor:case", subject.intent.case.as_str()),
        ("firedoor:status", "under-investigation"),
    ];
    let tags = tags.map(|(key, value)| (key.to_string(), Some(TagValue::Text(value.to_string()))));
    let tag = Operation::SetTags {
        resource: subject.instance.id.as_str().into(),
        tags: tags.into(),
    };
    let state = observe(subject.estate, &tag);
    if state.is_some_and(|state| tag.satisfied_by(&state)) {
        return Err(subject.already_so());
    }
    steps.at_once(vec![tag]);
    Ok(vec![
        "Automation that looks at tags may act on it. Nothing is cut.".to_string(),
    ])
}
