//! The inline policies that deny sessions of a role.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::occasion::written;
use super::{At, Operation};

impl Operation {
    /// The document of the inline policy that this operation puts on a role. `None`: it puts none, or
    /// its moment is not fixed yet.
    pub fn role_document(&self) -> Option<Value> {
        match self {
            Self::RevokeSessions {
                until: At::Moment(until),
                ..
            } => Some(deny_issued_before(&written(*until).to_string())),
            Self::DenyInstance { instance, .. } => Some(deny_instance(instance.as_str())),
            _ => None,
        }
    }
}

/// Denies everything to sessions that were issued before `moment`.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html>
pub(super) fn deny_issued_before(moment: &str) -> Value {
    deny_all(&json!({"DateLessThan": {"aws:TokenIssueTime": moment}}))
}

/// Denies everything to the credentials that one instance got from its metadata service.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-ec2-source-instance-arn>
pub(super) fn deny_instance(instance: &str) -> Value {
    let arn = format!("arn:*:ec2:*:*:instance/{instance}");
    deny_all(&json!({"ArnLike": {"ec2:SourceInstanceARN": arn}}))
}

fn deny_all(condition: &Value) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition}
        ]
    })
}

/// The moment before which a document denies every session, with everything. `None`: it does not.
pub fn denied_until(document: &Value) -> Option<DateTime<Utc>> {
    let statements = listed(&document["Statement"]);
    let moments = statements.into_iter().filter_map(|it| {
        let all = |key: &str| listed(&it[key]).iter().any(|one| *one == "*");
        if it["Effect"] != "Deny" || !all("Action") || !all("Resource") {
            return None;
        }
        // Any other condition would narrow it.
        let conditions = it["Condition"].as_object().filter(|all| all.len() == 1)?;
        let issued = conditions.get("DateLessThan")?.as_object()?;
        let issued = issued.iter().next().filter(|_| issued.len() == 1)?;
        if !issued.0.eq_ignore_ascii_case("aws:TokenIssueTime") {
            return None;
        }
        let moments = listed(issued.1).into_iter();
        let moments = moments.filter_map(|it| DateTime::parse_from_rfc3339(it.as_str()?).ok());
        moments.max().map(|it| it.to_utc())
    });
    moments.max()
}

/// Policies write a list of one without the list.
fn listed(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(all) => all.iter().collect(),
        one => vec![one],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_back_from_what_denies_everything_until_then_and_from_nothing_else() {
        let at: DateTime<Utc> = "2025-03-01T10:00:30Z".parse().unwrap();
        let done = Operation::RevokeSessions {
            profile: "web".into(),
            until: At::Moment(at),
        };
        let document = done.role_document().unwrap();
        assert_eq!(denied_until(&document), Some(at));
        let listed = json!({"Statement": {"Effect": "Deny", "Action": ["*"], "Resource": ["*"],
            "Condition": {"DateLessThan": {"AWS:TokenIssueTime": ["2025-03-01T10:00:30.000Z"]}}}});
        assert_eq!(denied_until(&listed), Some(at));
        for (path, value) in [
            ("/Statement/0/Effect", json!("Allow")),
            ("/Statement/0/Action", json!("s3:*")),
            ("/Statement/0/Resource", json!("arn:aws:s3:::logs")),
            ("/Statement/0/Condition", json!({})),
            (
                "/Statement/0/Condition/Bool",
                json!({"aws:SecureTransport": "false"}),
            ),
            (
                "/Statement/0/Condition/DateLessThan/aws:TokenIssueTime",
                json!("soon"),
            ),
            (
                "/Statement/0/Condition/DateLessThan/aws:CurrentTime",
                json!("2025-03-01T10:00:30Z"),
            ),
        ] {
            let mut other = document.clone();
            let (parent, key) = path.rsplit_once('/').unwrap();
            other.pointer_mut(parent).unwrap()[key] = value;
            assert_eq!(denied_until(&other), None, "{path}");
        }
    }

    #[test]
    fn a_moment_that_is_not_fixed_makes_no_document() {
        let operation = Operation::RevokeSessions {
            profile: "web".into(),
            until: At::After(30),
        };
        assert_eq!(operation.role_document(), None);
    }
}
