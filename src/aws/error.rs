//! From the SDK's errors to the ports' errors.
//!
//! One reading of a failure ([`Failure`]) serves both ports; here it becomes a line that says what
//! failed, on which id, and what to do next.

use std::error::Error;

use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};

use super::failure::{Cause, Failure};
use crate::model::text::visible;
use crate::operation::{Answer, CallError, CallErrorKind};
use crate::sources::{SourceError, SourceErrorKind};

/// What a failed call was about: the API as IAM names it, and the object.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) api: &'static str,
    pub(super) on: &'a str,
}

impl<'a> Call<'a> {
    pub(super) fn new(api: &'static str, on: &'a str) -> Self {
        Self { api, on }
    }

    /// The error of a read.
    pub(super) fn read_error<E>(self, error: &SdkError<E>) -> SourceError
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        source_error(self, &Failure::of(error))
    }

    /// The answer to a change that makes nothing with an id of its own.
    pub(super) fn answered<T, E>(self, result: Result<T, SdkError<E>>) -> Result<Answer, CallError>
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        match result {
            Ok(_) => Ok(Answer::default()),
            Err(error) => Err(self.call_error(&error)),
        }
    }

    /// The error of a change.
    pub(super) fn call_error<E>(self, error: &SdkError<E>) -> CallError
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        call_error(self, &Failure::of(error))
    }

    /// The error of a read that a change depends on, or that verifies it.
    pub(super) fn lookup_error<E>(self, error: &SdkError<E>) -> CallError
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        lookup_error(self, &Failure::of(error))
    }

    /// An error that this program noticed itself.
    pub(super) fn refuse(self, kind: CallErrorKind, code: &str, message: &str) -> CallError {
        CallError {
            kind,
            api: self.api.to_owned(),
            code: code.to_owned(),
            message: visible(&format!("{}: {message}", self.on)).into_owned(),
        }
    }
}

/// Whether AWS answered that it does not know the object.
pub(super) fn is_not_found<E>(error: &SdkError<E>) -> bool
where
    E: ProvideErrorMetadata + Error + 'static,
{
    Failure::of(error).cause == Cause::NotFound
}

/// Whether AWS answered with this error code.
pub(super) fn has_code<E>(error: &SdkError<E>, code: &str) -> bool
where
    E: ProvideErrorMetadata,
{
    error
        .as_service_error()
        .and_then(ProvideErrorMetadata::code)
        == Some(code)
}

fn source_error(call: Call<'_>, failure: &Failure) -> SourceError {
    let Call { api, on } = call;
    let Failure { code, message, .. } = failure;
    let (kind, text) = match failure.cause {
        Cause::Denied => (
            SourceErrorKind::Denied(api.to_owned()),
            format!("not allowed; the caller needs {api}"),
        ),
        Cause::Throttled => (
            SourceErrorKind::Throttled,
            format!("too many calls ({code}); it is tried again later"),
        ),
        Cause::NoCredentials => (
            SourceErrorKind::Credentials,
            format!("no credentials ({message}); log in, or check the profile"),
        ),
        Cause::BadCredentials => (
            SourceErrorKind::Credentials,
            format!("credentials not accepted ({code}: {message}); log in again"),
        ),
        Cause::NotConnected | Cause::NoAnswer => (
            SourceErrorKind::Unreachable,
            format!("{message}; check the network, the Region and the endpoint"),
        ),
        Cause::Fault => (
            SourceErrorKind::Other,
            format!("{code}: {message}; it is tried again later"),
        ),
        Cause::NotFound | Cause::Refused | Cause::Unbuilt => {
            (SourceErrorKind::Other, format!("{code}: {message}"))
        }
    };
    SourceError {
        kind,
        message: visible(&format!("{api} on {on}: {text}")).into_owned(),
    }
}

fn call_error(call: Call<'_>, failure: &Failure) -> CallError {
    let Call { api, on } = call;
    let message = &failure.message;
    let (kind, text) = match failure.cause {
        Cause::Denied => (
            CallErrorKind::Denied,
            format!("{message}; the caller needs {api}"),
        ),
        // AWS does nothing for a caller it does not know.
        Cause::BadCredentials => (CallErrorKind::Denied, format!("{message}; log in again")),
        Cause::Throttled => (CallErrorKind::Throttled, message.clone()),
        Cause::NotFound => (CallErrorKind::NotFound, message.clone()),
        Cause::Refused => (CallErrorKind::Refused, message.clone()),
        Cause::NoCredentials => (
            CallErrorKind::NotSent,
            format!("{message}; log in, or check the profile"),
        ),
        Cause::NotConnected | Cause::Unbuilt => (
            CallErrorKind::NotSent,
            format!("{message}; nothing was changed"),
        ),
        Cause::Fault | Cause::NoAnswer => (
            CallErrorKind::Unanswered,
            format!("{message}; it may have been changed, read it back"),
        ),
    };
    CallError {
        kind,
        api: api.to_owned(),
        code: failure.code.clone(),
        message: visible(&format!("{on}: {text}")).into_owned(),
    }
}

/// A read changes nothing, so one without an answer never leaves a change in doubt.
fn lookup_error(call: Call<'_>, failure: &Failure) -> CallError {
    let error = call_error(call, failure);
    if error.kind != CallErrorKind::Unanswered {
        return error;
    }
    let message = format!("{}: {}; try again", call.on, failure.message);
    CallError {
        kind: CallErrorKind::NotSent,
        message: visible(&message).into_owned(),
        ..error
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use aws_sdk_ec2::error::ConnectorError;
    use aws_sdk_ec2::operation::describe_subnets::DescribeSubnetsError;

    use super::*;

    type Sdk = SdkError<DescribeSubnetsError>;

    #[test]
    fn codes_decide_what_a_failed_change_means() {
        use CallErrorKind::{Denied, NotFound, Refused, Throttled, Unanswered};
        for (code, status, kind) in [
            (Some("UnauthorizedOperation"), 403, Denied),
            (Some("Client.UnauthorizedOperation"), 403, Denied),
            (Some("ExpiredToken"), 400, Denied),
            (Some("RequestLimitExceeded"), 503, Throttled),
            (None, 429, Throttled),
            (Some("InvalidGroup.NotFound"), 400, NotFound),
            (Some("InvalidNetworkInterfaceID.NotFound"), 400, NotFound),
            (Some("DependencyViolation"), 400, Refused),
            (Some("InvalidGroupId.Malformed"), 400, Refused),
            (Some("InternalError"), 500, Unanswered),
            (Some("ServiceUnavailable"), 503, Unanswered),
            (Some("Unavailable"), 503, Unanswered),
            (None, 500, Unanswered),
            (None, 200, Unanswered),
            (Some("NoSuchEntity"), 404, NotFound),
            (Some("ConcurrentModification"), 409, Throttled),
            (None, 404, Refused),
        ] {
            let failure = Failure::answered(code, Some("why"), status);
            let error = call_error(Call::new("ec2:DeleteSecurityGroup", "sg-1"), &failure);
            assert_eq!(error.kind, kind, "{code:?} {status}");
            assert!(error.message.starts_with("sg-1: why"), "{error}");
        }
    }

    #[test]
    fn a_failed_read_says_what_to_do() {
        for (code, kind, message) in [
            (
                "UnauthorizedOperation",
                SourceErrorKind::Denied("ec2:DescribeSubnets".to_owned()),
                "ec2:DescribeSubnets on vpc-1: not allowed; the caller needs ec2:DescribeSubnets",
            ),
            (
                "Throttling",
                SourceErrorKind::Throttled,
                "ec2:DescribeSubnets on vpc-1: too many calls (Throttling); it is tried again later",
            ),
            (
                "AuthFailure",
                SourceErrorKind::Credentials,
                "ec2:DescribeSubnets on vpc-1: credentials not accepted (AuthFailure: why); log in again",
            ),
            (
                "InvalidFilter",
                SourceErrorKind::Other,
                "ec2:DescribeSubnets on vpc-1: InvalidFilter: why",
            ),
        ] {
            let failure = Failure::answered(Some(code), Some("why."), 400);
            let error = source_error(Call::new("ec2:DescribeSubnets", "vpc-1"), &failure);
            assert_eq!((error.kind, error.message.as_str()), (kind, message));
        }
    }

    #[test]
    fn only_a_connection_never_made_counts_as_not_sent() {
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        let reset = io::Error::from(io::ErrorKind::ConnectionReset);
        for (error, kind) in [
            (
                Sdk::dispatch_failure(ConnectorError::io(refused.into())),
                CallErrorKind::NotSent,
            ),
            (
                Sdk::dispatch_failure(ConnectorError::timeout(
                    "HTTP connect timeout occurred after 5s".into(),
                )),
                CallErrorKind::NotSent,
            ),
            (
                Sdk::dispatch_failure(ConnectorError::io(reset.into())),
                CallErrorKind::Unanswered,
            ),
            (
                Sdk::dispatch_failure(ConnectorError::timeout(
                    "HTTP read timeout occurred after 20s".into(),
                )),
                CallErrorKind::Unanswered,
            ),
            (Sdk::timeout_error("too slow"), CallErrorKind::Unanswered),
            (
                Sdk::dispatch_failure(ConnectorError::other(
                    "no providers in chain provided credentials".into(),
                    None,
                )),
                CallErrorKind::NotSent,
            ),
            (
                Sdk::construction_failure("vpc id missing"),
                CallErrorKind::NotSent,
            ),
        ] {
            let answer = Call::new("ec2:CreateSecurityGroup", "vpc-1").call_error(&error);
            assert_eq!(answer.kind, kind, "{error:?}");
        }
    }

    #[test]
    fn a_failed_lookup_leaves_no_change_in_doubt() {
        for (code, status, kind) in [
            ("InternalError", 500, CallErrorKind::NotSent),
            ("RequestLimitExceeded", 503, CallErrorKind::Throttled),
            ("UnauthorizedOperation", 403, CallErrorKind::Denied),
        ] {
            let failure = Failure::answered(Some(code), Some("why"), status);
            let call = Call::new("ec2:DescribeNetworkAcls", "acl-1");
            assert_eq!(lookup_error(call, &failure).kind, kind, "{code}");
        }
    }

    #[test]
    fn an_unreachable_endpoint_is_named_in_a_few_words() {
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        let error = Sdk::dispatch_failure(ConnectorError::io(refused.into()));
        let answer = Call::new("ec2:DescribeSubnets", "vpc-1").read_error(&error);
        assert_eq!(answer.kind, SourceErrorKind::Unreachable);
        assert_eq!(
            answer.message,
            "ec2:DescribeSubnets on vpc-1: connection refused; check the network, the Region and the endpoint"
        );
    }
}
