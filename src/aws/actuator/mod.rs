//! The write port: one call per operation, and what tells whether it worked.
//!
//! `observe.rs` says which function reads the state of an operation's object, `execute.rs` which one
//! sends the change; the functions are in the files beside them, by subject. Reads have the SDK's
//! retries; a change is sent exactly once. Association and rule ids are looked up just before the call
//! that needs them: they change under our hands. Waiting, retrying and deciding what a failure
//! means are the executor's.

mod acls;
mod addresses;
mod attributes;
mod commands;
mod evidence;
mod execute;
mod groups;
mod instances;
mod interfaces;
mod observe;
mod profiles;
mod roles;
mod routes;
mod scaling;
mod tags;
mod targets;

use std::fmt;
use std::sync::Arc;

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{Filter, ResourceType, Tag, TagSpecification};
use futures::future::BoxFuture;

use super::connect::{Clients, Writers};
use super::error::Call;
use super::estate::filter;
use crate::model::id::Id;
use crate::operation::{Actuator, Answer, CallError, CallErrorKind, Operation, Ref, State};

pub(super) use execute::execute;

/// Changes an account.
#[derive(Clone)]
pub struct AwsActuator {
    read: Arc<Clients>,
    write: Arc<Writers>,
}

/// The clients of an operation on EC2: `read` retries, `write` does not.
#[derive(Clone, Copy)]
pub(super) struct Ec2<'a> {
    pub(super) read: &'a Client,
    pub(super) write: &'a Client,
}

impl AwsActuator {
    pub(super) fn new(read: Arc<Clients>, write: Arc<Writers>) -> Self {
        Self { read, write }
    }
}

impl Actuator for AwsActuator {
    fn observe<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Result<State, CallError>> {
        Box::pin(observe::observe(&self.read, operation))
    }

    fn execute<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Result<Answer, CallError>> {
        let ec2 = Ec2 {
            read: &self.read.ec2,
            write: &self.write.ec2,
        };
        let others = Some((&*self.read, &*self.write));
        Box::pin(execute(ec2, others, operation))
    }
}

impl fmt::Debug for AwsActuator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let region = &self.read.region;
        f.debug_tuple("AwsActuator").field(region).finish()
    }
}

/// The code of the error for a reference to a step that has made nothing.
pub(super) const UNBOUND: &str = "Unbound";

/// The id behind a reference. One to a step that has made nothing must never reach AWS.
fn bound<K>(operation: &Operation, reference: &Ref<K>) -> Result<Id<K>, CallError> {
    match reference {
        Ref::Id(id) => Ok(id.clone()),
        Ref::Made(step) => {
            let message = format!("step {step} has not made anything yet");
            Err(unbound(operation, &message))
        }
    }
}

fn all_bound<K>(operation: &Operation, references: &[Ref<K>]) -> Result<Vec<Id<K>>, CallError> {
    let ids = references.iter().map(|it| bound(operation, it));
    ids.collect()
}

/// Something in the operation waits to be fixed by a run.
fn unbound(operation: &Operation, message: &str) -> CallError {
    let call = Call::new(operation.facts().api, "plan");
    call.refuse(CallErrorKind::Refused, UNBOUND, message)
}

/// What a creating call must answer. Without it, whether there is a new object is not known.
fn made(call: Call<'_>, id: Option<&str>) -> Result<Answer, CallError> {
    match id {
        Some(id) => Ok(Answer::made(Id::<()>::new(id).as_str())),
        None => Err(call.refuse(
            CallErrorKind::Unanswered,
            "EmptyAnswer",
            "AWS named no id; read it back",
        )),
    }
}

/// Tags for an object that is being created: nothing of ours is ever without them.
fn tagged_as(kind: ResourceType, tags: &[(String, String)]) -> Option<Vec<TagSpecification>> {
    if tags.is_empty() {
        return None;
    }
    let specification = TagSpecification::builder()
        .resource_type(kind)
        .set_tags(Some(tags.iter().map(tag).collect()));
    Some(vec![specification.build()])
}

fn tag((key, value): &(String, String)) -> Tag {
    Tag::builder().key(key).value(value).build()
}

/// The filters that find what was created with these tags.
fn by_tags(tags: &[(String, String)]) -> Vec<Filter> {
    let filters = tags.iter();
    filters
        .map(|(key, value)| filter(&format!("tag:{key}"), [value.as_str()]))
        .collect()
}

/// Whether these tags are all there, exactly: a filter reads `*` and `?` in a value as wildcards.
fn carries(have: &[Tag], want: &[(String, String)]) -> bool {
    want.iter().all(|(key, value)| {
        have.iter()
            .any(|tag| tag.key() == Some(key) && tag.value() == Some(value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::{GroupRef, StepId};

    #[test]
    fn a_reference_to_a_step_never_reaches_aws() {
        let group = GroupRef::Made(StepId(2));
        let operation = Operation::DeleteGroup {
            group: group.clone(),
        };
        let error = bound(&operation, &group).unwrap_err();
        assert_eq!(error.kind, CallErrorKind::Refused);
        assert_eq!(error.api, "ec2:DeleteSecurityGroup");
        let known = GroupRef::Id("sg-1".into());
        assert_eq!(bound(&operation, &known).unwrap().as_str(), "sg-1");
    }

    #[test]
    fn an_answer_without_an_id_is_no_answer() {
        let call = Call::new("ec2:CreateSecurityGroup", "vpc-1");
        let error = made(call, None).unwrap_err();
        assert_eq!(error.kind, CallErrorKind::Unanswered);
        assert_eq!(
            made(call, Some("sg-1")).unwrap().made.as_deref(),
            Some("sg-1")
        );
    }

    #[test]
    fn no_tags_are_no_specification() {
        assert_eq!(tagged_as(ResourceType::SecurityGroup, &[]), None);
        let tags = [("Name".to_owned(), "x".to_owned())];
        let made = tagged_as(ResourceType::NetworkAcl, &tags).unwrap();
        assert_eq!(made[0].tags()[0].value(), Some("x"));
    }

    #[test]
    fn tags_are_compared_exactly() {
        let have = [("Name", "quarantine-1"), ("case", "7")]
            .map(|(key, value)| tag(&(key.to_owned(), value.to_owned())));
        for (want, expected) in [
            (&[("Name", "quarantine-1")][..], true),
            (&[("Name", "quarantine-1"), ("case", "7")][..], true),
            (&[("Name", "quarantine-?")][..], false),
            (&[("Name", "quarantine-1"), ("case", "8")][..], false),
        ] {
            let want: Vec<_> = want
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect();
            assert_eq!(carries(&have, &want), expected, "{want:?}");
        }
    }
}
