//! Where the console itself stands: what a plan must not cut without being noticed.

use crate::plan::OwnPath;
use crate::sources::Identity;

/// What the environment, the caller's identity and the metadata service (if there is one) tell.
pub(super) async fn own_path(identity: Option<&Identity>) -> OwnPath {
    let mut own = OwnPath {
        caller_arn: identity.map(|it| it.arn.clone()),
        ..OwnPath::default()
    };
    if let Ok(session) = std::env::var("SSH_CONNECTION") {
        own = own.with_ssh_connection(&session);
    }
    found_by_metadata(own).await
}

#[cfg(feature = "aws")]
async fn found_by_metadata(mut own: OwnPath) -> OwnPath {
    if let Some(host) = crate::aws::own_host().await {
        own.instance = Some(host.instance);
        own.enis = host.enis;
        own.public = host.public;
    }
    own
}

#[cfg(not(feature = "aws"))]
#[expect(clippy::unused_async, reason = "the same signature as with AWS")]
async fn found_by_metadata(own: OwnPath) -> OwnPath {
    own
}
