//! Evidence: snapshots, images, the serial console. Nothing here takes anything away.

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{
    ImageState, InstanceSpecification, ResourceType, Snapshot, SnapshotInfo, SnapshotState,
};

use super::super::convert::shown;
use super::super::error::Call;
use super::super::estate::filter;
use super::{by_tags, carries, made, tagged_as};
use crate::model::InstanceId;
use crate::model::text::visible;
use crate::operation::{Answer, CallError, CallErrorKind, State};

/// The largest page of `DescribeSnapshots`.
const PAGE: i32 = 1000;

/// The account's snapshots that carry all these tags.
pub(super) async fn snapshots(
    ec2: &Client,
    instance: &InstanceId,
    tags: &[(String, String)],
) -> Result<State, CallError> {
    // Every snapshot carries no tags at all.
    if tags.is_empty() {
        return Ok(State::Absent);
    }
    let call = Call::new("ec2:DescribeSnapshots", instance.as_str());
    let request = ec2
        .describe_snapshots()
        .owner_ids("self")
        .set_filters(Some(by_tags(tags)));
    let pages = request.into_paginator().page_size(PAGE);
    let found = pages.items().send().try_collect().await;
    let found = found.map_err(|error| call.lookup_error(&error))?;
    let ours = found
        .iter()
        .filter(|it| carries(it.tags(), tags) && it.state() != Some(&SnapshotState::Error));
    let ids = joined(ours.filter_map(Snapshot::snapshot_id));
    Ok(ids.map_or(State::Absent, State::Made))
}

/// Snapshots every volume of an instance, the root volume too, at one point in time. What they hold is
/// fixed by the call; nobody needs to wait for them.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSnapshots.html>
pub(super) async fn create_snapshots(
    ec2: &Client,
    instance: &InstanceId,
    tags: &[(String, String)],
) -> Result<Answer, CallError> {
    let call = Call::new("ec2:CreateSnapshots", instance.as_str());
    let volumes = InstanceSpecification::builder()
        .instance_id(instance.as_str())
        .exclude_boot_volume(false);
    let answer = ec2
        .create_snapshots()
        .instance_specification(volumes.build())
        .set_tag_specifications(tagged_as(ResourceType::Snapshot, tags))
        .send()
        .await
        .map_err(|error| call.call_error(&error))?;
    let ids = joined(
        answer
            .snapshots()
            .iter()
            .filter_map(SnapshotInfo::snapshot_id),
    );
    made(call, ids.as_deref())
}

/// Ids in one text, in order; `None`: there are none.
fn joined<'a>(ids: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut ids: Vec<&str> = ids.collect();
    ids.sort_unstable();
    (!ids.is_empty()).then(|| ids.join(","))
}

/// The account's image of this name.
pub(super) async fn image(ec2: &Client, name: &str) -> Result<State, CallError> {
    let call = Call::new("ec2:DescribeImages", name);
    let request = ec2
        .describe_images()
        .owners("self")
        .filters(filter("name", [name]));
    let found = request.into_paginator().items().send().try_collect().await;
    let found = found.map_err(|error| call.lookup_error(&error))?;
    let useless = [
        Some(&ImageState::Failed),
        Some(&ImageState::Error),
        Some(&ImageState::Invalid),
        Some(&ImageState::Deregistered),
    ];
    // A filter reads * and ? in a name as wildcards.
    let ours = found
        .iter()
        .find(|it| it.name() == Some(name) && !useless.contains(&it.state()));
    let id = ours.and_then(|it| it.image_id());
    Ok(id.map_or(State::Absent, |id| State::Made(shown(Some(id)))))
}

/// Makes an image. AWS would reboot the instance for it unless it is told not to.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateImage.html>
pub(super) async fn create_image(
    ec2: &Client,
    instance: &InstanceId,
    name: &str,
    tags: &[(String, String)],
) -> Result<Answer, CallError> {
    let call = Call::new("ec2:CreateImage", instance.as_str());
    let kinds = [ResourceType::Image, ResourceType::Snapshot];
    let specifications = kinds.into_iter().filter_map(|kind| tagged_as(kind, tags));
    let specifications: Vec<_> = specifications.flatten().collect();
    let answer = ec2
        .create_image()
        .instance_id(instance.as_str())
        .name(name)
        .no_reboot(true)
        .set_tag_specifications((!specifications.is_empty()).then_some(specifications))
        .send()
        .await
        .map_err(|error| call.call_error(&error))?;
    made(call, answer.image_id())
}

/// Reads the serial console's output: as much as AWS kept, the most recent 64 KB.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetConsoleOutput.html>
pub(super) async fn console_output(
    ec2: &Client,
    instance: &InstanceId,
) -> Result<Answer, CallError> {
    let call = Call::new("ec2:GetConsoleOutput", instance.as_str());
    let request = ec2.get_console_output().instance_id(instance.as_str());
    let answer = request.send().await;
    let answer = answer.map_err(|error| call.call_error(&error))?;
    let Some(output) = lines(answer.output().unwrap_or_default()) else {
        let message = "the output is not base64; read it in the AWS console";
        return Err(call.refuse(CallErrorKind::Refused, "NotReadable", message));
    };
    let taken = answer.timestamp().map(ToString::to_string);
    Ok(Answer {
        made: Some(taken.unwrap_or_else(|| "output".to_owned())),
        output,
    })
}

/// The lines of a base64 text, made printable: whoever owns the instance wrote them.
fn lines(encoded: &str) -> Option<Vec<String>> {
    let bytes = base64_simd::forgiving_decode_to_vec(encoded.as_bytes()).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    Some(text.lines().map(|it| visible(it).into_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn console_output_is_decoded_and_printable() {
        for (encoded, expected) in [
            ("", Some(vec![])),
            ("b25lDQp0d29cbg==", Some(vec!["one", "two\\n"])),
            ("b25l\nCnR3\nbw==", Some(vec!["one", "two"])),
            ("G1szMW1yZWQ=", Some(vec!["\\u{1b}[31mred"])),
            ("/w==", Some(vec!["\u{fffd}"])),
            ("not base64!", None),
        ] {
            let expected = expected.map(|it: Vec<&str>| {
                let lines = it.into_iter();
                lines.map(str::to_owned).collect::<Vec<_>>()
            });
            assert_eq!(lines(encoded), expected, "{encoded}");
        }
    }

    #[test]
    fn ids_are_joined_in_order() {
        assert_eq!(
            joined(["snap-2", "snap-1"].into_iter()).unwrap(),
            "snap-1,snap-2"
        );
        assert_eq!(joined([].into_iter()), None);
    }
}
