//! Tags of anything that EC2 tags.

use std::collections::BTreeMap;

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::Tag;

use super::super::convert::shown;
use super::super::error::Call;
use super::super::estate::filter;
use super::unbound;
use crate::model::ResourceId;
use crate::operation::{Answer, CallError, Operation, State, TagValue};

/// The largest page of `DescribeTags`.
const PAGE: i32 = 1000;

type Wanted = BTreeMap<String, Option<TagValue>>;

/// Those of the tags that there are.
pub(super) async fn state(
    ec2: &Client,
    resource: &ResourceId,
    asked: &Wanted,
) -> Result<State, CallError> {
    let call = Call::new("ec2:DescribeTags", resource.as_str());
    let request = ec2
        .describe_tags()
        .filters(filter("resource-id", [resource.as_str()]));
    let pages = request.into_paginator().page_size(PAGE);
    let found = pages.items().send().try_collect().await;
    let found = found.map_err(|error| call.lookup_error(&error))?;
    let tags = found.iter().map(|it| (it.key(), it.value()));
    let ours = tags.filter_map(|(key, value)| {
        let key = key.filter(|it| asked.contains_key(*it))?;
        Some((key.to_owned(), shown(value)))
    });
    Ok(State::Tags(ours.collect()))
}

/// Sets tags and takes others off: two calls, where both are asked for.
pub(super) async fn set(
    ec2: &Client,
    operation: &Operation,
    resource: &ResourceId,
    wanted: &Wanted,
) -> Result<Answer, CallError> {
    let (set, off) = split(wanted)
        .ok_or_else(|| unbound(operation, "a tag's value is fixed when a run sends it"))?;
    if !set.is_empty() {
        let call = Call::new("ec2:CreateTags", resource.as_str());
        let request = ec2.create_tags().resources(resource.as_str());
        let answer = request.set_tags(Some(set)).send().await;
        answer.map_err(|error| call.call_error(&error))?;
    }
    if !off.is_empty() {
        let call = Call::new("ec2:DeleteTags", resource.as_str());
        let request = ec2.delete_tags().resources(resource.as_str());
        let answer = request.set_tags(Some(off)).send().await;
        answer.map_err(|error| call.call_error(&error))?;
    }
    Ok(Answer::default())
}

/// The tags to set, and those to take off, whatever their value. `None`: a value is not fixed yet.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteTags.html>
fn split(wanted: &Wanted) -> Option<(Vec<Tag>, Vec<Tag>)> {
    let (mut set, mut off) = (Vec::new(), Vec::new());
    for (key, value) in wanted {
        let tag = Tag::builder().key(key);
        match value {
            None => off.push(tag.build()),
            Some(TagValue::Text(text)) => set.push(tag.value(text).build()),
            Some(TagValue::Now | TagValue::Run) => return None,
        }
    }
    Some((set, off))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_off_is_named_by_its_key_alone() {
        let text = |it: &str| Some(TagValue::Text(it.to_owned()));
        let wanted: Wanted = [("a".to_owned(), text("1")), ("b".to_owned(), None)].into();
        let (set, off) = split(&wanted).unwrap();
        assert_eq!((set[0].key(), set[0].value()), (Some("a"), Some("1")));
        assert_eq!((off[0].key(), off[0].value()), (Some("b"), None));
        assert_eq!(split(&[("c".to_owned(), Some(TagValue::Now))].into()), None);
    }
}
