//! The tags that every plan for an instance sets: whose case this is, that a run is on its way, and that
//! the suspect stands open.
//!
//! Nothing waits for them but the rules that open a group: a caller who may not tag contains nevertheless.
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html>

use std::collections::{BTreeMap, BTreeSet};

use super::catalogue::SafePoint;
use super::changed::changed;
use super::guard::{LOCK_TAG, OPEN_TAG};
use super::step::{Class, What};
use super::subject::{Steps, Subject};
use crate::model::ResourceId;
use crate::operation::{Operation, StepId, TagValue};

/// The case.
pub const CASE_TAG: &str = "firedoor:case";
/// The run that changed it last.
pub const RUN_TAG: &str = "firedoor:run";
/// When.
pub const TIME_TAG: &str = "firedoor:time";

/// The first step of a plan: the suspect's tags.
pub(super) fn mark(subject: &Subject<'_>, steps: &mut Steps) {
    let mut tags = of_case(&subject.intent.case);
    tags.insert(LOCK_TAG.to_string(), Some(TagValue::Run));
    if opens(subject) {
        tags.insert(OPEN_TAG.to_string(), Some(TagValue::Now));
    }
    steps.change(set(suspect(subject), tags), Class::Should, []);
}

/// The last steps: the tags of what is changed besides the suspect, at once, and the suspect's lock off
/// when everything else is done.
pub(super) fn unmark(subject: &Subject<'_>, steps: &mut Steps) {
    tag_changed(&subject.intent.case, steps);
    let mut keys = vec![LOCK_TAG];
    if opens(subject) {
        keys.push(OPEN_TAG);
    }
    let tags = keys.into_iter().map(|key| (key.to_string(), None));
    let off = set(suspect(subject), tags.collect());
    let everything: Vec<StepId> = steps.ids().collect();
    steps.change(off, Class::OnceSafe(StepId(1)), everything);
}

/// Steps that tag every EC2 object that the steps so far change. What they make has its tags already.
pub(super) fn tag_changed(case: &str, steps: &mut Steps) {
    let operations = steps.whats().filter_map(|it| match it {
        What::Change(operation) if !deletes(operation) => Some(operation),
        What::Change(_) | What::Wait { .. } | What::Verify(_) => None,
    });
    let resources: BTreeSet<ResourceId> = operations.flat_map(changed).filter(is_tagged).collect();
    for resource in resources {
        steps.change(set(resource, of_case(case)), Class::Should, []);
    }
}

fn opens(subject: &Subject<'_>) -> bool {
    subject.intent.action.entry().safe_point == SafePoint::Emptied
}

fn suspect(subject: &Subject<'_>) -> ResourceId {
    subject.instance.id.as_str().into()
}

/// Whose case an object belongs to, and which run changed it when.
pub(super) fn of_case(case: &str) -> BTreeMap<String, Option<TagValue>> {
    let tags = [
        (CASE_TAG, TagValue::Text(case.to_string())),
        (RUN_TAG, TagValue::Run),
        (TIME_TAG, TagValue::Now),
    ];
    let tags = tags.map(|(key, value)| (key.to_string(), Some(value)));
    tags.into()
}

fn set(resource: ResourceId, tags: BTreeMap<String, Option<TagValue>>) -> Operation {
    Operation::SetTags { resource, tags }
}

/// What gets the tags of its case besides the suspect: interfaces, groups, network ACLs, route tables and
/// subnets, as AWS begins their ids.
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html>
fn is_tagged(object: &ResourceId) -> bool {
    let kinds = ["eni-", "sg-", "acl-", "rtb-", "subnet-"];
    kinds.iter().any(|it| object.as_str().starts_with(it))
}

/// What is deleted needs no tags.
fn deletes(operation: &Operation) -> bool {
    matches!(
        operation,
        Operation::DeleteGroup { .. }
            | Operation::DeleteInterface { .. }
            | Operation::DeleteAcl { .. }
            | Operation::DeleteRouteTable { .. }
    )
}
