//! Instances, their identity, the platform around them, and evidence.

use std::collections::BTreeMap;

use serde_json::json;

use super::super::document::{deny_instance, deny_issued_before};
use super::super::{At, Attribute, Operation, TagValue, guest};
use super::line::{Line, quoted};
use super::tagged;
use crate::model::{AsgName, InstanceId};

fn ec2(command: &str) -> Line {
    Line::aws("ec2", command)
}

pub(super) fn line(operation: &Operation) -> Option<Line> {
    let line = match operation {
        Operation::StopInstance {
            instance,
            hibernate,
        } => {
            let line = ec2("stop-instances").option("instance-ids", instance.as_str());
            if *hibernate {
                line.flag("hibernate")
            } else {
                line
            }
        }
        Operation::StartInstance { instance } => {
            ec2("start-instances").option("instance-ids", instance.as_str())
        }
        Operation::SetMetadataEndpoint { instance, enabled } => {
            let state = if *enabled { "enabled" } else { "disabled" };
            ec2("modify-instance-metadata-options")
                .option("instance-id", instance.as_str())
                .option("http-endpoint", state)
        }
        Operation::SetAttribute {
            instance,
            attribute,
        } => attribute_line(instance, attribute),
        Operation::SetTags { resource, tags } => tags_line(resource.as_str(), tags),
        Operation::RunHostBlock {
            instance,
            platform,
            peer,
            name,
        } => {
            let script = guest::host_block(*platform, *peer, name)?;
            Line::aws("ssm", "send-command")
                .option("instance-ids", instance.as_str())
                .option("document-name", script.document)
                .option("comment", name)
                .option("timeout-seconds", guest::BEGINS.to_string())
                .json(
                    "parameters",
                    &json!({"commands": script.lines, "executionTimeout": [guest::RUNS]}),
                )
        }
        Operation::CreateSnapshots { instance, tags } => tagged(
            ec2("create-snapshots").json(
                "instance-specification",
                &json!({"InstanceId": instance, "ExcludeBootVolume": false}),
            ),
            &["snapshot"],
            tags,
        ),
        Operation::CreateImage {
            instance,
            name,
            tags,
        } => tagged(
            ec2("create-image")
                .option("instance-id", instance.as_str())
                .option("name", name)
                .flag("no-reboot"),
            &["image", "snapshot"],
            tags,
        ),
        Operation::GetConsoleOutput { instance } => ec2("get-console-output")
            .option("instance-id", instance.as_str())
            .option("output", "text"),
        _ => return identity_line(operation).or_else(|| platform_line(operation)),
    };
    Some(line)
}

fn attribute_line(instance: &InstanceId, attribute: &Attribute) -> Line {
    let line = ec2("modify-instance-attribute").option("instance-id", instance.as_str());
    let value = |on: &bool| json!({"Value": on});
    match attribute {
        Attribute::TerminationProtection(on) => line.json("disable-api-termination", &value(on)),
        Attribute::StopProtection(on) => line.json("disable-api-stop", &value(on)),
        Attribute::Shutdown(to) => line.json(
            "instance-initiated-shutdown-behavior",
            &json!({"Value": to.name()}),
        ),
        Attribute::DeleteOnTermination { device, delete } => line.json(
            "block-device-mappings",
            &json!([{"DeviceName": device, "Ebs": {"DeleteOnTermination": delete}}]),
        ),
    }
}

fn identity_line(operation: &Operation) -> Option<Line> {
    let line = match operation {
        Operation::DisassociateProfile { instance } => ec2("disassociate-iam-instance-profile")
            .lookup(
                "association-id",
                &ec2("describe-iam-instance-profile-associations")
                    .option("filters", format!("Name=instance-id,Values={instance}"))
                    .query("IamInstanceProfileAssociations[0].AssociationId"),
            ),
        Operation::AssociateProfile { instance, profile } => ec2("associate-iam-instance-profile")
            .option("instance-id", instance.as_str())
            .json("iam-instance-profile", &json!({"Name": profile})),
        Operation::RevokeSessions { profile, until } => {
            let until = match until {
                At::After(seconds) => {
                    format!("$(date -u -d '+{seconds} seconds' +%Y-%m-%dT%H:%M:%SZ)")
                }
                At::Moment(_) => until.to_string(),
            };
            put_policy(operation, profile)?.raw("policy-document", &sessions_until(&until))
        }
        Operation::DenyInstance { profile, instance } => put_policy(operation, profile)?
            .json("policy-document", &deny_instance(instance.as_str())),
        Operation::RemoveRolePolicy { profile, policy } => Line::aws("iam", "delete-role-policy")
            .lookup("role-name", &role_of(profile))
            .option("policy-name", policy),
        _ => return None,
    };
    Some(line)
}

/// AWS sets and takes off tags by different calls.
fn tags_line(resource: &str, tags: &BTreeMap<String, Option<TagValue>>) -> Line {
    let on = |command: &str| ec2(command).option("resources", resource);
    let set: Vec<_> = tags
        .iter()
        .filter_map(|(key, value)| Some((key, value.as_ref()?)))
        .map(|(key, value)| json!({"Key": key, "Value": value.to_string()}))
        .collect();
    let off = tags.iter().filter(|(_, value)| value.is_none());
    let off: Vec<_> = off.map(|(key, _)| json!({"Key": key})).collect();
    let set_line = on("create-tags").json("tags", &json!(set));
    let off_line = on("delete-tags").json("tags", &json!(off));
    match (set.is_empty(), off.is_empty()) {
        (_, true) => set_line,
        (true, false) => off_line,
        (false, false) => set_line.then(&off_line),
    }
}

fn put_policy(operation: &Operation, profile: &str) -> Option<Line> {
    let line = Line::aws("iam", "put-role-policy").lookup("role-name", &role_of(profile));
    Some(line.option("policy-name", operation.role_policy()?))
}

fn role_of(profile: &str) -> Line {
    Line::aws("iam", "get-instance-profile")
        .option("instance-profile-name", profile)
        .query("InstanceProfile.Roles[0].RoleName")
}

/// The policy document as a shell word, with the moment put in by the shell.
fn sessions_until(moment: &str) -> String {
    const PLACE: &str = "MOMENT";
    let document = quoted(&deny_issued_before(PLACE).to_string());
    document.replace(PLACE, &format!("'\"{moment}\"'"))
}

fn platform_line(operation: &Operation) -> Option<Line> {
    let asg = |command: &str, instance: &InstanceId, asg: &AsgName| {
        Line::aws("autoscaling", command)
            .option("instance-ids", instance.as_str())
            .option("auto-scaling-group-name", asg.as_str())
    };
    let capacity = |decrement: bool| {
        if decrement {
            "should-decrement-desired-capacity"
        } else {
            "no-should-decrement-desired-capacity"
        }
    };
    let target = |command: &str, instance: &InstanceId, arn: &str, port: Option<u16>| {
        let mut value = json!({"Id": instance});
        if let Some(port) = port {
            value["Port"] = json!(port);
        }
        Line::aws("elbv2", command)
            .option("target-group-arn", arn)
            .json("targets", &json!([value]))
    };
    let line = match operation {
        Operation::SetAsgMinSize { asg, min } => {
            Line::aws("autoscaling", "update-auto-scaling-group")
                .option("auto-scaling-group-name", asg.as_str())
                .option("min-size", min.to_string())
        }
        Operation::EnterStandby {
            instance,
            asg: group,
            decrement,
        } => asg("enter-standby", instance, group).flag(capacity(*decrement)),
        Operation::ExitStandby {
            instance,
            asg: group,
        } => asg("exit-standby", instance, group),
        Operation::DetachFromAsg {
            instance,
            asg: group,
            decrement,
        } => asg("detach-instances", instance, group).flag(capacity(*decrement)),
        Operation::AttachToAsg {
            instance,
            asg: group,
        } => asg("attach-instances", instance, group),
        Operation::DeregisterTarget {
            instance,
            target_group,
            port,
        } => target("deregister-targets", instance, target_group, *port),
        Operation::RegisterTarget {
            instance,
            target_group,
            port,
        } => target("register-targets", instance, target_group, *port),
        _ => return None,
    };
    Some(line)
}
