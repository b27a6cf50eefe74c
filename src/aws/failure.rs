//! What went wrong with a call, read out of the SDK's error once.
//!
//! It never reads more out of an error than is certain: a request counts as not sent only if no
//! connection was made.

use std::error::Error;
use std::io;

use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};

use crate::model::text::visible;

/// Longer messages are cut: EC2 appends kilobytes of encoded authorisation details.
const LONGEST: usize = 300;

/// A failure, read once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) cause: Cause,
    /// AWS's error code, or a word for what went wrong on the way.
    pub(super) code: String,
    /// AWS's message, printable and short.
    pub(super) message: String,
}

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    Denied,
    Throttled,
    /// There are no credentials; nothing was sent.
    NoCredentials,
    /// AWS does not accept the credentials.
    BadCredentials,
    NotFound,
    Refused,
    /// AWS failed, and may have made the change.
    Fault,
    /// There was no connection: nothing was sent.
    NotConnected,
    /// It was, or may have been, sent; no answer came.
    NoAnswer,
    /// The SDK refused to build the request.
    Unbuilt,
}

impl Failure {
    pub(super) fn of<E>(error: &SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        match error {
            SdkError::ServiceError(service) => {
                let status = service.raw().status().as_u16();
                Self::answered(service.err().code(), service.err().message(), status)
            }
            SdkError::ResponseError(response) => Self {
                cause: Cause::NoAnswer,
                code: format!("Http{}", response.raw().status().as_u16()),
                message: chain(error),
            },
            SdkError::TimeoutError(_) => Self {
                cause: Cause::NoAnswer,
                code: "Timeout".to_owned(),
                message: "no answer in time".to_owned(),
            },
            SdkError::DispatchFailure(dispatch) => Self::on_the_way(error, dispatch.is_user()),
            _ => Self::on_the_way(error, true),
        }
    }

    /// AWS answered with an error.
    pub(super) fn answered(code: Option<&str>, message: Option<&str>, status: u16) -> Self {
        let message = message.unwrap_or(if code.is_some() {
            "no reason given"
        } else {
            "not an answer of AWS; check the endpoint"
        });
        Self {
            cause: classify(code, message, status),
            code: code.map_or_else(
                || format!("Http{status}"),
                |code| visible(code).into_owned(),
            ),
            message: shorten(message),
        }
    }

    /// The request did not get as far as an answer.
    fn on_the_way(error: &(dyn Error + 'static), unbuilt: bool) -> Self {
        let (cause, code, message) = if let Some(reason) = no_connection(error) {
            (Cause::NotConnected, "NoConnection", reason)
        } else if causes(error).any(|it| it.to_string().contains("credential")) {
            (Cause::NoCredentials, "NoCredentials", innermost(error))
        } else if unbuilt {
            (Cause::Unbuilt, "BadRequest", innermost(error))
        } else {
            (Cause::NoAnswer, "NoAnswer", innermost(error))
        };
        Self {
            cause,
            code: code.to_owned(),
            message,
        }
    }
}

fn classify(code: Option<&str>, message: &str, status: u16) -> Cause {
    match code.map(|it| it.strip_prefix("Client.").unwrap_or(it)) {
        // https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
        Some(
            "UnauthorizedOperation"
            | "AccessDenied"
            | "AccessDeniedException"
            | "Unauthorized"
            | "UnauthorizedException"
            | "NotAuthorized"
            | "Blocked",
        ) => Cause::Denied,
        Some(
            "RequestLimitExceeded"
            | "Throttling"
            | "ThrottlingException"
            | "ThrottledException"
            | "RequestThrottled"
            | "RequestThrottledException"
            | "TooManyRequestsException"
            | "LimitExceededException"
            | "SlowDown"
            | "PriorRequestNotComplete"
            | "BandwidthLimitExceeded"
            | "EC2ThrottledException"
            // Somebody else is changing the same object; nothing was changed.
            // https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html
            | "ConcurrentModification"
            // https://docs.aws.amazon.com/autoscaling/ec2/APIReference/CommonErrors.html
            | "ResourceContention",
        ) => Cause::Throttled,
        Some(
            "ExpiredToken"
            | "ExpiredTokenException"
            | "RequestExpired"
            | "InvalidClientTokenId"
            | "InvalidAccessKeyId"
            | "UnrecognizedClientException"
            | "AuthFailure"
            | "SignatureDoesNotMatch"
            | "InvalidSignatureException"
            | "IncompleteSignature"
            | "MissingAuthenticationToken"
            | "MissingAuthenticationTokenException"
            | "InvalidToken"
            | "InvalidSecurity",
        ) => Cause::BadCredentials,
        // The one NotFound that waiting does not cure: a group of another VPC.
        // https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
        Some("InvalidGroup.NotFound") if message.contains("different networks") => Cause::Refused,
        Some("NoSuchEntity" | "TargetGroupNotFound" | "InvocationDoesNotExist") => Cause::NotFound,
        Some(code) if code.ends_with(".NotFound") || code.ends_with("NotFoundException") => {
            Cause::NotFound
        }
        Some(
            "InternalError"
            | "InternalFailure"
            | "InternalServerError"
            | "InternalServerException"
            | "ServiceFailure"
            | "ServerInternal"
            | "ServiceUnavailable"
            | "ServiceUnavailableException"
            | "Unavailable"
            | "RequestTimeout"
            | "RequestTimeoutException",
        ) => Cause::Fault,
        _ if status == 429 => Cause::Throttled,
        // Done, says the status; what, says nobody.
        None if (200..300).contains(&status) => Cause::Fault,
        _ if status >= 500 => Cause::Fault,
        _ => Cause::Refused,
    }
}

/// An error and its causes in one printable line, without repetitions.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut words: Vec<String> = Vec::new();
    for cause in causes(error) {
        let word = one_line(&cause.to_string());
        if !words.iter().any(|have| have.contains(&word)) {
            words.push(word);
        }
    }
    shorten(&words.join(": "))
}

/// Why no connection was made, where that is certain.
fn no_connection(error: &(dyn Error + 'static)) -> Option<String> {
    let refused = causes(error).find_map(|cause| cause.downcast_ref::<io::Error>());
    let word = refused.and_then(|it| match it.kind() {
        io::ErrorKind::ConnectionRefused => Some("connection refused"),
        io::ErrorKind::HostUnreachable => Some("host unreachable"),
        io::ErrorKind::NetworkUnreachable => Some("network unreachable"),
        _ => None,
    });
    if let Some(word) = word {
        return Some(word.to_owned());
    }
    // The HTTP client's types are not ours to name, but its words for this are unmistakable.
    let words: Vec<String> = causes(error).map(ToString::to_string).collect();
    let any = |start: &str| words.iter().any(|word| word.starts_with(start));
    if any("dns error") {
        return Some("host name not found".to_owned());
    }
    (any("client error (Connect)") || any("HTTP connect timeout")).then(|| innermost(error))
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |it| (*it).source())
}

/// The last cause that says something.
fn innermost(error: &(dyn Error + 'static)) -> String {
    let last = causes(error)
        .map(|cause| one_line(&cause.to_string()))
        .filter(|text| !text.is_empty() && text != "timed out")
        .last();
    shorten(&last.unwrap_or_else(|| "no reason given".to_owned()))
}

/// One line. The credentials chain lists all that it tried; that it found nothing is enough.
fn one_line(text: &str) -> String {
    let text = text.split(". Attempted:").next().unwrap_or(text);
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    lines.join(" ")
}

fn shorten(message: &str) -> String {
    let message = message
        .split("Encoded authorization failure message")
        .next()
        .unwrap_or(message);
    let message = message.trim_end_matches(['.', ' ', '\n']);
    let short = match message.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &message[..at]),
        None => message.to_owned(),
    };
    visible(&short).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_of_another_vpc_is_refused_and_not_waited_for() {
        let message = "You have specified two resources that belong to different networks.";
        let failure = Failure::answered(Some("InvalidGroup.NotFound"), Some(message), 400);
        assert_eq!(failure.cause, Cause::Refused);
    }

    #[test]
    fn a_chain_of_causes_is_one_line() {
        let inner = io::Error::other("no credentials found in chain. Attempted:\n  Environment: x");
        let outer = io::Error::other(inner);
        assert_eq!(chain(&outer), "no credentials found in chain");
    }

    #[test]
    fn messages_are_short_and_printable() {
        let long = format!(
            "You are not authorized. Encoded authorization failure message: {}",
            "x".repeat(4000)
        );
        assert_eq!(shorten(&long), "You are not authorized");
        assert_eq!(shorten("a\u{1b}[2Jb"), "a\\u{1b}[2Jb");
        assert_eq!(shorten(&"é".repeat(1000)).chars().count(), LONGEST + 1);
    }
}
