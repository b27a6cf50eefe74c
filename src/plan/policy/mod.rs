//! Least-privilege IAM policies, derived from what this program calls: the reads of the sources, and the
//! operations' own table of permissions. Pure.
//!
//! Nothing is denied: what a policy does not name is not allowed. Resources are named by type where AWS can tell
//! them apart; conditions keep tags to this program's own keys, deletions to what it made, and roles to EC2.
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html>

mod calls;
mod grants;
mod reads;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::catalogue::Action;
use crate::operation::Facts;
use grants::{Condition, GRANTS, Grant};

pub use reads::{READS, Reads};

/// An IAM policy.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html>
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Policy {
    /// The version of the policy language.
    pub version: &'static str,
    /// What is allowed.
    pub statement: Vec<Statement>,
}

/// One statement of a policy.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Statement {
    /// What it is for.
    pub sid: &'static str,
    /// `Allow`.
    pub effect: &'static str,
    /// The actions, in the order of the alphabet.
    pub action: Vec<&'static str>,
    /// The resources.
    pub resource: &'static [&'static str],
    /// When it holds.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub condition: Map<String, Value>,
}

/// What a session that only reads needs.
pub fn read_only() -> Policy {
    policy(&needed_to_read(), &BTreeSet::new())
}

/// What a session needs that reads and runs these actions, and takes them back. Every run tags.
pub fn contain(actions: &[Action]) -> Policy {
    let calls = actions.iter().flat_map(|it| calls::calls(*it));
    let tagging = ["ec2:CreateTags", "ec2:DeleteTags"];
    let calls: BTreeSet<&str> = calls.copied().chain(tagging).collect();
    let facts = Facts::all().filter(|it| calls.contains(it.api));
    let mut needed = needed_to_read();
    needed.extend(facts.flat_map(|it| it.iam));
    policy(&needed, &calls)
}

impl Policy {
    /// As IAM takes it, in lines.
    pub fn json(&self) -> String {
        // A policy holds nothing but texts: it can always be written.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

fn needed_to_read() -> BTreeSet<&'static str> {
    READS.iter().flat_map(|it| it.calls).copied().collect()
}

fn policy(needed: &BTreeSet<&'static str>, calls: &BTreeSet<&str>) -> Policy {
    let statements = GRANTS.iter().filter_map(|it| statement(it, needed, calls));
    Policy {
        version: "2012-10-17",
        statement: statements.collect(),
    }
}

/// What a grant becomes when only some of its actions are needed.
fn statement(
    grant: &Grant,
    needed: &BTreeSet<&'static str>,
    calls: &BTreeSet<&str>,
) -> Option<Statement> {
    let action = grant.actions.iter().filter(|it| needed.contains(*it));
    let mut action: Vec<&str> = action.copied().collect();
    action.sort_unstable();
    let condition = condition(grant.condition, calls)?;
    (!action.is_empty()).then_some(Statement {
        sid: grant.sid,
        effect: "Allow",
        action,
        resource: grant.resources,
        condition,
    })
}

/// The condition in IAM's words; `None`: nothing could meet it.
fn condition(condition: Condition, calls: &BTreeSet<&str>) -> Option<Map<String, Value>> {
    let value = match condition {
        Condition::None => json!({}),
        // <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html>
        Condition::WhenMade => {
            let makers = grants::MAKERS.into_iter().filter(|it| calls.contains(it));
            let names: Vec<&str> = makers.filter_map(|it| it.strip_prefix("ec2:")).collect();
            if names.is_empty() {
                return None;
            }
            json!({ "StringEquals": { "ec2:CreateAction": names } })
        }
        Condition::OwnKeys => json!({
            "ForAllValues:StringLike": { "aws:TagKeys": ["firedoor:*"] },
            "Null": { "aws:TagKeys": "false" }
        }),
        Condition::OwnMake => json!({
            "Null": { "aws:ResourceTag/firedoor:suspect": "false" }
        }),
        // <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html>
        Condition::ToEc2 => json!({
            "StringEquals": {
                "iam:PassedToService": ["ec2.amazonaws.com", "ec2.amazonaws.com.cn"]
            }
        }),
    };
    match value {
        Value::Object(map) => Some(map),
        _ => None,
    }
}
