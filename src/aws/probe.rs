//! Asks whether changes would be allowed, without making them.
//!
//! The requests are those that an actuator would send, made by the same functions, through a client that
//! puts `DryRun` into everything it sends: there is no way past it, and it has no other. What has
//! no `DryRun` is not asked. Ids that a request needs are looked up by reads.
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/CommonParameters.html>

use std::fmt;
use std::sync::Arc;

use aws_config::SdkConfig;
use aws_sdk_ec2::Client;
use aws_sdk_ec2::config::interceptors::BeforeTransmitInterceptorContextMut;
use aws_sdk_ec2::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_ec2::error::BoxError;
use futures::future::BoxFuture;

use super::actuator::{Ec2, UNBOUND, execute};
use super::connect::Clients;
use crate::operation::{CallError, CallErrorKind, Operation, Probe, Probed};

/// What AWS answers to a dry run that would have succeeded.
const WOULD_SUCCEED: &str = "DryRunOperation";

/// Asks an account.
#[derive(Clone)]
pub struct AwsProbe {
    read: Arc<Clients>,
    /// Everything that it sends says `DryRun`.
    dry: Client,
}

impl AwsProbe {
    pub(super) fn new(read: Arc<Clients>, config: &SdkConfig) -> Self {
        let config = aws_sdk_ec2::config::Builder::from(config).interceptor(DryRun);
        Self {
            read,
            dry: Client::from_conf(config.build()),
        }
    }

    async fn ask(&self, operation: &Operation) -> Probed {
        if !operation.facts().dry_run {
            let why = format!("{} has no DryRun", operation.facts().api);
            return Probed::NotCheckable { why };
        }
        let ec2 = Ec2 {
            read: &self.read.ec2,
            write: &self.dry,
        };
        let mut answer = Probed::Allowed;
        for part in parts(operation) {
            answer = heard(execute(ec2, None, &part).await);
            if answer != Probed::Allowed {
                break;
            }
        }
        answer
    }
}

impl Probe for AwsProbe {
    fn probe<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Probed> {
        Box::pin(self.ask(operation))
    }
}

impl fmt::Debug for AwsProbe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AwsProbe").field(&self.read.region).finish()
    }
}

/// The first call of an operation is all that a dry run gets to: setting tags and taking others off are
/// asked about apart.
fn parts(operation: &Operation) -> Vec<Operation> {
    let Operation::SetTags { resource, tags } = operation else {
        return vec![operation.clone()];
    };
    let (set, off): (Vec<_>, Vec<_>) = tags.clone().into_iter().partition(|(_, it)| it.is_some());
    let some = [set, off].into_iter().filter(|it| !it.is_empty());
    some.map(|tags| Operation::SetTags {
        resource: resource.clone(),
        tags: tags.into_iter().collect(),
    })
    .collect()
}

/// What AWS's answer to a dry run means.
fn heard<T>(answer: Result<T, CallError>) -> Probed {
    let Err(error) = answer else {
        // A dry run never succeeds.
        let why = "nothing was asked: it is already so".to_owned();
        return Probed::NotCheckable { why };
    };
    let CallError {
        kind,
        api,
        code,
        message,
    } = error;
    match kind {
        _ if code == WOULD_SUCCEED => Probed::Allowed,
        _ if code == UNBOUND => Probed::NotCheckable { why: message },
        CallErrorKind::Denied => Probed::Denied { message },
        CallErrorKind::Refused | CallErrorKind::NotFound => Probed::Refused { code, message },
        CallErrorKind::Throttled | CallErrorKind::NotSent | CallErrorKind::Unanswered => {
            Probed::Failed {
                message: format!("{api}: {code}: {message}"),
            }
        }
    }
}

/// Puts `DryRun=true` into every request; one that can't take it is not sent.
#[derive(Debug)]
struct DryRun;

impl Intercept for DryRun {
    fn name(&self) -> &'static str {
        "DryRun"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        let body = request.body().bytes().map(<[u8]>::to_vec);
        let body = String::from_utf8(body.ok_or("a request without a body in memory")?)?;
        let body = dry(&body).ok_or("a request that is no query of EC2")?;
        let length = body.len().to_string();
        request.headers_mut().try_insert("content-length", length)?;
        *request.body_mut() = body.into();
        Ok(())
    }
}

/// A query of EC2 with `DryRun`. A retried request has it already.
fn dry(body: &str) -> Option<String> {
    const PARAMETER: &str = "&DryRun=true";
    if !body.starts_with("Action=") {
        return None;
    }
    if body.ends_with(PARAMETER) {
        return Some(body.to_owned());
    }
    Some(format!("{body}{PARAMETER}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::TagValue;

    #[test]
    fn every_query_gets_it_once_and_nothing_else_is_sent() {
        let query = "Action=DeleteVpc&Version=2016-11-15&VpcId=vpc-1";
        let with = format!("{query}&DryRun=true");
        assert_eq!(dry(query).unwrap(), with);
        assert_eq!(dry(&with).unwrap(), with);
        assert_eq!(dry("{}"), None);
    }

    #[test]
    fn answers_mean_what_aws_says() {
        let error = |kind, code: &str| {
            Err::<(), _>(CallError {
                kind,
                api: "ec2:X".into(),
                code: code.into(),
                message: "why".into(),
            })
        };
        let refused = |code: &str| Probed::Refused {
            code: code.into(),
            message: "why".into(),
        };
        let message = "why".to_owned();
        for (answer, probed) in [
            (
                error(CallErrorKind::Refused, "DryRunOperation"),
                Probed::Allowed,
            ),
            (
                error(CallErrorKind::Denied, "UnauthorizedOperation"),
                Probed::Denied { message },
            ),
            (
                error(CallErrorKind::Refused, "DependencyViolation"),
                refused("DependencyViolation"),
            ),
            (
                error(CallErrorKind::NotFound, "InvalidVpcID.NotFound"),
                refused("InvalidVpcID.NotFound"),
            ),
            (
                error(CallErrorKind::Refused, UNBOUND),
                Probed::NotCheckable { why: "why".into() },
            ),
            (
                error(CallErrorKind::Throttled, "Throttling"),
                Probed::Failed {
                    message: "ec2:X: Throttling: why".into(),
                },
            ),
        ] {
            assert_eq!(heard(answer), probed);
        }
        assert!(matches!(heard(Ok(())), Probed::NotCheckable { .. }));
    }

    #[test]
    fn both_ways_of_changing_tags_are_asked_about() {
        let text = Some(TagValue::Text("1".into()));
        let both = Operation::SetTags {
            resource: "i-1".into(),
            tags: [("a".to_owned(), text), ("b".to_owned(), None)].into(),
        };
        let apis: Vec<_> = parts(&both).iter().map(|it| it.facts().api).collect();
        assert_eq!(apis, ["ec2:CreateTags", "ec2:DeleteTags"]);
    }
}
