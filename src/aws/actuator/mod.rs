//! The write port: one call per operation, and what tells whether it worked.
//!
//! `observe` reads with the SDK's retries; `execute` sends a change exactly once. Association and
//! rule ids are looked up just before the call that needs them: they change under our hands.
//! Waiting, retrying and deciding what a failure means are the executor's.

mod acls;
mod groups;
mod interfaces;

use std::fmt;
use std::sync::Arc;

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{ResourceType, Tag, TagSpecification};
use futures::future::BoxFuture;

use super::connect::Clients;
use super::error::Call;
use crate::model::id::Id;
use crate::operation::{Actuator, Answer, CallError, CallErrorKind, Operation, Ref, State};

/// Changes an account.
#[derive(Clone)]
pub struct AwsActuator(Arc<Clients>);

/// The clients of one operation: `read` retries, `write` does not.
#[derive(Clone, Copy)]
struct Ec2<'a> {
    read: &'a Client,
    write: &'a Client,
}

impl AwsActuator {
    pub(super) fn new(clients: Arc<Clients>) -> Self {
        Self(clients)
    }

    fn ec2(&self) -> Ec2<'_> {
        Ec2 {
            read: &self.0.ec2,
            write: &self.0.ec2_once,
        }
    }

    async fn state_of(&self, operation: &Operation) -> Result<State, CallError> {
        let read = &self.0.ec2;
        match operation {
            Operation::CreateGroup { vpc, name, .. } => groups::named(read, vpc, name).await,
            Operation::AuthorizeRules { group, .. }
            | Operation::RevokeAllRules { group, .. }
            | Operation::DeleteGroup { group } => {
                groups::state(read, &bound(operation, group)?).await
            }
            Operation::SetEniGroups { eni, .. } => interfaces::groups(read, eni).await,
            Operation::SetTrackingTimeouts { eni, .. } => interfaces::timeouts(read, eni).await,
            Operation::CreateAcl { vpc, tags } => acls::tagged(read, vpc, tags).await,
            Operation::SetSubnetAcl { subnet, .. } => acls::of_subnet(read, subnet).await,
            Operation::DeleteAcl { acl } => acls::state(read, &bound(operation, acl)?).await,
            other => Err(CallError::forecast_only(other)),
        }
    }

    async fn change(&self, operation: &Operation) -> Result<Answer, CallError> {
        let ec2 = self.ec2();
        match operation {
            Operation::CreateGroup {
                vpc,
                name,
                description,
                tags,
            } => groups::create(ec2.write, vpc, name, description, tags).await,
            Operation::AuthorizeRules {
                group,
                direction,
                rules,
            } => {
                let group = bound(operation, group)?;
                groups::authorize(ec2.write, &group, *direction, rules).await
            }
            Operation::RevokeAllRules { group, direction } => {
                groups::revoke_all(ec2, &bound(operation, group)?, *direction).await
            }
            Operation::SetEniGroups { eni, groups } => {
                let groups = groups.iter().map(|group| bound(operation, group));
                let groups = groups.collect::<Result<Vec<_>, _>>()?;
                interfaces::set_groups(ec2.write, eni, &groups).await
            }
            Operation::SetTrackingTimeouts { eni, timeouts } => {
                interfaces::set_timeouts(ec2.write, eni, *timeouts).await
            }
            Operation::CreateAcl { vpc, tags } => acls::create(ec2.write, vpc, tags).await,
            Operation::SetSubnetAcl { subnet, acl } => {
                acls::associate(ec2, subnet, &bound(operation, acl)?).await
            }
            Operation::DeleteGroup { group } => {
                groups::delete(ec2.write, &bound(operation, group)?).await
            }
            Operation::DeleteAcl { acl } => acls::delete(ec2.write, &bound(operation, acl)?).await,
            other => Err(CallError::forecast_only(other)),
        }
    }
}

impl Actuator for AwsActuator {
    fn observe<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Result<State, CallError>> {
        Box::pin(self.state_of(operation))
    }

    fn execute<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Result<Answer, CallError>> {
        Box::pin(self.change(operation))
    }
}

impl fmt::Debug for AwsActuator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AwsActuator").field(&self.0.region).finish()
    }
}

/// The id behind a reference. One to a step that has made nothing must never reach AWS.
fn bound<K>(operation: &Operation, reference: &Ref<K>) -> Result<Id<K>, CallError> {
    match reference {
        Ref::Id(id) => Ok(id.clone()),
        Ref::Made(step) => {
            let call = Call::new(operation.facts().api, "plan");
            let message = format!("step {step} has not made anything yet");
            Err(call.refuse(CallErrorKind::Refused, "Unbound", &message))
        }
    }
}

/// What a creating call must answer. Without it, whether there is a new object is not known.
fn made(call: Call<'_>, id: Option<&str>) -> Result<Answer, CallError> {
    match id {
        Some(id) => Ok(Answer {
            made: Some(Id::<()>::new(id).as_str().to_owned()),
        }),
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
    let tags = tags
        .iter()
        .map(|(key, value)| Tag::builder().key(key).value(value).build());
    let specification = TagSpecification::builder()
        .resource_type(kind)
        .set_tags(Some(tags.collect()));
    Some(vec![specification.build()])
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
}
