//! Commands in a guest, through Systems Manager.

use std::net::IpAddr;

use aws_sdk_ssm::Client;
use aws_sdk_ssm::types::{Command, CommandInvocationStatus, CommandStatus};

use super::super::error::{Call, has_code};
use super::made;
use crate::model::text::visible;
use crate::model::{InstanceId, Platform};
use crate::operation::{Answer, CallError, CallErrorKind, CommandState, State, guest};

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
    let Some(script) = guest::host_block(platform, peer, name) else {
        let message =
            format!("{name} is no name for rules in a guest: 1 to 64 letters, digits, dashes");
        return Err(call.refuse(CallErrorKind::Refused, "BadName", &message));
    };
    let answer = ssm
        .send_command()
        .instance_ids(instance.as_str())
        .document_name(script.document)
        .comment(name)
        .timeout_seconds(guest::BEGINS)
        .parameters("commands", script.lines)
        .parameters("executionTimeout", vec![guest::RUNS.to_owned()])
        .send()
        .await
        .map_err(|error| call.call_error(&error))?;
    made(call, answer.command().and_then(Command::command_id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_guest_prints_is_made_printable() {
        let lines = printed(Some("one\ntwo\u{1b}[2J\n"), Some("oh no"));
        assert_eq!(lines, ["one", "two\\u{1b}[2J", "stderr: oh no"]);
        assert!(printed(None, None).is_empty());
    }
}
