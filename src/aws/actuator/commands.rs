//! Commands in a guest, through Systems Manager.
//!
//! The scripts are in `assets/host-block/`, with what they do and how to take it back.

use std::net::IpAddr;

use aws_sdk_ssm::Client;
use aws_sdk_ssm::types::{Command, CommandInvocationStatus, CommandStatus};

use super::super::error::{Call, has_code};
use super::made;
use crate::model::text::visible;
use crate::model::{InstanceId, Platform};
use crate::operation::{Answer, CallError, CallErrorKind, CommandState, State};

const LINUX: &str = include_str!("../../../assets/host-block/linux.sh");
const WINDOWS: &str = include_str!("../../../assets/host-block/windows.ps1");

/// How long the script may run, in seconds; it needs a few.
const RUNS: &str = "120";
/// Within how many seconds the agent must have begun: one that is silent longer than that will not.
const BEGINS: i32 = 120;
/// The longest name: it is in the rules of the guest.
const LONGEST: usize = 64;

/// How far the newest command of this name has got.
pub(super) async fn state(
    ssm: &Client,
    instance: &InstanceId,
    name: &str,
) -> Result<State, CallError> {
    let call = Call::new("ssm:ListCommands", instance.as_str());
    let request = ssm.list_commands().instance_id(instance.as_str());
    let found = request.into_paginator().items().send().try_collect().await;
    let found: Vec<Command> = found.map_err(|error| call.lookup_error(&error))?;
    let ours = found.iter().filter(|it| it.comment() == Some(name));
    let newest = ours.max_by_key(|it| {
        it.requested_date_time()
            .map(|at| (at.secs(), at.subsec_nanos()))
    });
    let Some((command, id)) = newest.and_then(|it| Some((it, it.command_id()?))) else {
        return Ok(State::Absent);
    };
    let call = Call::new("ssm:GetCommandInvocation", instance.as_str());
    let request = ssm
        .get_command_invocation()
        .command_id(id)
        .instance_id(instance.as_str());
    let (status, output) = match request.send().await {
        Ok(it) => (
            it.status()
                .map(CommandInvocationStatus::as_str)
                .map(str::to_owned),
            printed(it.standard_output_content(), it.standard_error_content()),
        ),
        // It takes a moment until the agent knows of it.
        Err(error) if has_code(&error, "InvocationDoesNotExist") => (None, Vec::new()),
        Err(error) => return Err(call.lookup_error(&error)),
    };
    let listed = command.status().map_or("Pending", CommandStatus::as_str);
    let status = status.unwrap_or_else(|| listed.to_owned());
    Ok(State::Command(CommandState {
        id: visible(id).into_owned(),
        status: visible(&status).into_owned(),
        output,
    }))
}

/// What a command printed, line by line, made printable: the guest is not ours.
fn printed(output: Option<&str>, errors: Option<&str>) -> Vec<String> {
    let output = output.unwrap_or_default().lines();
    let output = output.map(|line| visible(line).into_owned());
    let errors = errors.unwrap_or_default().lines();
    let errors = errors.map(|line| format!("stderr: {}", visible(line)));
    output.chain(errors).collect()
}

/// Blocks a peer with the guest's own firewall. The comment names the command.
/// <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_SendCommand.html>
pub(super) async fn block(
    ssm: &Client,
    instance: &InstanceId,
    platform: Platform,
    peer: IpAddr,
    name: &str,
) -> Result<Answer, CallError> {
    let call = Call::new("ssm:SendCommand", instance.as_str());
    let Some(script) = script(platform, peer, name) else {
        let message =
            format!("{name} is no name for rules in a guest: 1 to 64 letters, digits, dashes");
        return Err(call.refuse(CallErrorKind::Refused, "BadName", &message));
    };
    let document = match platform {
        Platform::Unix => "AWS-RunShellScript",
        Platform::Windows => "AWS-RunPowerShellScript",
    };
    let answer = ssm
        .send_command()
        .instance_ids(instance.as_str())
        .document_name(document)
        .comment(name)
        .timeout_seconds(BEGINS)
        .parameters("commands", script.lines().map(str::to_owned).collect())
        .parameters("executionTimeout", vec![RUNS.to_owned()])
        .send()
        .await
        .map_err(|error| call.call_error(&error))?;
    made(call, answer.command().and_then(Command::command_id))
}

/// The script for one peer. The name is checked here: it becomes part of a script that runs as root.
fn script(platform: Platform, peer: IpAddr, name: &str) -> Option<String> {
    let is_plain = |it: char| it.is_ascii_alphanumeric() || it == '-';
    if name.is_empty() || name.len() > LONGEST || !name.chars().all(is_plain) {
        return None;
    }
    let script = match platform {
        Platform::Unix => LINUX,
        Platform::Windows => WINDOWS,
    };
    // An IPv4 address within IPv6 is one of IPv4 on the wire.
    let peer = peer.to_canonical().to_string();
    Some(script.replace("@PEER@", &peer).replace("@TAG@", name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_has_its_peer_and_its_name_and_nothing_left_to_fill_in() {
        for (platform, line) in [(Platform::Unix, "PEER="), (Platform::Windows, "$Peer = ")] {
            for (peer, written) in [
                ("198.51.100.7", "198.51.100.7"),
                ("2001:db8:0:0::7", "2001:db8::7"),
                ("::ffff:198.51.100.7", "198.51.100.7"),
            ] {
                let made = script(platform, peer.parse().unwrap(), "firedoor-case-7").unwrap();
                let filled = format!("{line}'{written}'");
                assert!(made.lines().any(|it| it == filled), "{filled}");
                assert!(made.lines().any(|it| it.ends_with("'firedoor-case-7'")));
                assert!(!made.contains("@PEER@") && !made.contains("@TAG@"));
                assert!(!made.contains("{{"), "Systems Manager fills those in");
            }
        }
    }

    #[test]
    fn a_name_that_could_be_more_than_a_name_makes_no_script() {
        let long = "a".repeat(65);
        for name in ["", "a b", "a'; reboot; '", "a\nb", "@PEER@", "é", &long] {
            let peer = "198.51.100.7".parse().unwrap();
            assert_eq!(script(Platform::Unix, peer, name), None, "{name:?}");
        }
    }

    #[test]
    fn what_a_guest_prints_is_made_printable() {
        let lines = printed(Some("one\ntwo\u{1b}[2J\n"), Some("oh no"));
        assert_eq!(lines, ["one", "two\\u{1b}[2J", "stderr: oh no"]);
        assert!(printed(None, None).is_empty());
    }
}
