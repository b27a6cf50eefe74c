//! Inline policies of the roles of an instance profile: they deny sessions that were handed out already.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html>

use aws_sdk_iam::Client;
use aws_sdk_iam::types::InstanceProfile as SdkProfile;
use serde_json::Value;

use super::super::error::{Call, is_not_found};
use super::unbound;
use crate::operation::{Answer, CallError, CallErrorKind, Operation, State, denied_until};

/// Until when sessions of the profile's roles are denied: the earliest, should there be several roles.
pub(super) async fn sessions_denied(
    iam: &Client,
    profile: &str,
    operation: &Operation,
) -> Result<State, CallError> {
    let name = operation.role_policy().unwrap_or_default();
    let documents = documents(iam, profile, &name).await?;
    if documents.is_empty() || documents.iter().any(Option::is_none) {
        return Ok(State::Absent);
    }
    let moments = documents.iter().flatten();
    let moments: Option<Vec<_>> = moments.map(denied_until).collect();
    let earliest = moments.and_then(|it| it.into_iter().min());
    // Of that name, and somebody else's.
    Ok(earliest.map_or(State::RolePolicy(name), State::SessionsDenied))
}

/// An inline policy of the profile's roles, by name; another document under that name counts as another.
pub(super) async fn policy(
    iam: &Client,
    profile: &str,
    operation: &Operation,
) -> Result<State, CallError> {
    let name = operation.role_policy().unwrap_or_default();
    let found = documents(iam, profile, &name).await?;
    let wanted = operation.role_document();
    let complete = !found.is_empty() && found.iter().all(Option::is_some);
    let mut found = found.into_iter().flatten().peekable();
    // What is put must be everywhere; what is removed, nowhere.
    if found.peek().is_none() || (wanted.is_some() && !complete) {
        return Ok(State::Absent);
    }
    if wanted.is_none_or(|wanted| found.all(|it| it == wanted)) {
        return Ok(State::RolePolicy(name));
    }
    Ok(State::RolePolicy(format!("{name} with another document")))
}

/// The documents under this name, one per role of the profile; `None`: that role has no such policy.
async fn documents(
    iam: &Client,
    profile: &str,
    name: &str,
) -> Result<Vec<Option<Value>>, CallError> {
    let mut all = Vec::new();
    for role in roles(iam, profile).await? {
        let call = Call::new("iam:GetRolePolicy", &role);
        let request = iam.get_role_policy().role_name(&role).policy_name(name);
        match request.send().await {
            Ok(answer) => all.push(Some(document(answer.policy_document()))),
            Err(error) if is_not_found(&error) => all.push(None),
            Err(error) => return Err(call.lookup_error(&error)),
        }
    }
    Ok(all)
}

/// A document is URL-encoded JSON: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRolePolicy.html>
fn document(encoded: &str) -> Value {
    serde_json::from_str(&decoded(encoded)).unwrap_or(Value::Null)
}

/// Undoes percent-encoding (RFC 3986); what is no escape stays as it is.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let escape = (first == b'%').then(|| tail.get(..2)).flatten();
        let byte = escape
            .and_then(|it| std::str::from_utf8(it).ok())
            .and_then(|it| u8::from_str_radix(it, 16).ok());
        bytes.push(byte.unwrap_or(first));
        rest = if byte.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

async fn roles(iam: &Client, profile: &str) -> Result<Vec<String>, CallError> {
    let call = Call::new("iam:GetInstanceProfile", profile);
    let request = iam.get_instance_profile();
    let answer = request.instance_profile_name(profile).send().await;
    let answer = answer.map_err(|error| call.lookup_error(&error))?;
    let profile = answer.instance_profile();
    let roles = profile.map(SdkProfile::roles).unwrap_or_default();
    Ok(roles.iter().map(|it| it.role_name().to_owned()).collect())
}

/// Puts the operation's policy on every role of the profile.
pub(super) async fn put(
    read: &Client,
    write: &Client,
    profile: &str,
    operation: &Operation,
) -> Result<Answer, CallError> {
    let named = operation.role_policy().zip(operation.role_document());
    let Some((name, document)) = named else {
        return Err(unbound(
            operation,
            "the moment is fixed when a run sends it",
        ));
    };
    let roles = roles(read, profile).await?;
    if roles.is_empty() {
        let call = Call::new("iam:PutRolePolicy", profile);
        let message = "this instance profile has no role: there is nothing to deny";
        return Err(call.refuse(CallErrorKind::Refused, "NoRole", message));
    }
    for role in roles {
        let call = Call::new("iam:PutRolePolicy", &role);
        let request = write
            .put_role_policy()
            .role_name(&role)
            .policy_name(&name)
            .policy_document(document.to_string());
        let answer = request.send().await;
        answer.map_err(|error| call.call_error(&error))?;
    }
    Ok(Answer::default())
}

/// Takes a policy off every role of the profile that has it.
pub(super) async fn remove(
    read: &Client,
    write: &Client,
    profile: &str,
    policy: &str,
) -> Result<Answer, CallError> {
    for role in roles(read, profile).await? {
        let call = Call::new("iam:DeleteRolePolicy", &role);
        let request = write
            .delete_role_policy()
            .role_name(&role)
            .policy_name(policy);
        match request.send().await {
            Ok(_) => {}
            Err(error) if is_not_found(&error) => {}
            Err(error) => return Err(call.call_error(&error)),
        }
    }
    Ok(Answer::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_decoded_whatever_is_in_them() {
        for (encoded, text) in [
            ("%7B%22a%22%3A%20%22b+c%22%7D", r#"{"a": "b+c"}"#),
            (r#"{"a": 1}"#, r#"{"a": 1}"#),
            ("100%", "100%"),
            ("%zz%2", "%zz%2"),
            ("%c3%a9", "é"),
        ] {
            assert_eq!(decoded(encoded), text);
        }
        assert_eq!(document("%7B"), Value::Null);
    }
}
