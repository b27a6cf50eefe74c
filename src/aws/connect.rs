//! From a profile and a Region to an account's clients.
//!
//! Follows the SDK's own chains (environment, config files, SSO, roles, instance metadata), and
//! finds what is missing before a service is called. Endpoints of single services
//! (`AWS_ENDPOINT_URL_EC2`) are left to the SDK.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_config::meta::credentials::CredentialsProviderChain;
use aws_config::profile::{ProfileFileCredentialsProvider, ProfileSet};
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_ec2::config::{Credentials, ProvideCredentials, SharedCredentialsProvider};

use super::failure::chain;
use super::{AwsActuator, AwsProbe, AwsSource};
use crate::model::text::visible;

/// An endpoint that is down has to fail in seconds: somebody is waiting.
const CONNECT: Duration = Duration::from_secs(5);
/// Silence on an open connection.
const READ: Duration = Duration::from_secs(20);
/// One attempt, whatever it does.
const ATTEMPT: Duration = Duration::from_secs(30);
/// A call with all its retries.
const CALL: Duration = Duration::from_secs(45);
/// Roles and SSO take calls of their own.
const CREDENTIALS: Duration = Duration::from_secs(30);

/// Which account to connect to. What is absent is looked up as every AWS tool does:
/// <https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html>
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Connection {
    /// A profile of the config files. Its credentials win over those of the environment.
    pub profile: Option<String>,
    /// The Region.
    pub region: Option<String>,
    /// An endpoint for every service.
    pub endpoint_url: Option<String>,
}

/// An access key, where it is not to be looked up.
#[derive(Clone, PartialEq, Eq)]
pub struct Keys {
    /// The access key's id.
    pub id: String,
    /// The secret.
    pub secret: String,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Keys").field(&self.id).finish()
    }
}

/// Why there is no connection. Each message is one line and says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// The profile is not in the config files.
    #[error("profile {0} is not in the AWS config files: check --profile and AWS_PROFILE")]
    UnknownProfile(String),
    /// The config files can't be read.
    #[error("can't read the AWS config files: {0}")]
    ConfigFiles(String),
    /// Nothing names a Region.
    #[error("no Region: pass --region or set AWS_REGION")]
    NoRegion,
    /// The endpoint is no URL.
    #[error("endpoint {0} is no http:// or https:// URL: check --endpoint-url")]
    Endpoint(String),
    /// Nothing gives credentials.
    #[error(
        "no AWS credentials ({0}): run aws sso login, pass --profile, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    )]
    NoCredentials(String),
}

/// A connected account in one Region. Clones share their clients.
#[derive(Clone)]
pub struct Account {
    clients: Arc<Clients>,
    /// What clients of other kinds are made from.
    config: SdkConfig,
}

/// One client per service, for reads.
pub(super) struct Clients {
    pub(super) region: String,
    pub(super) ec2: aws_sdk_ec2::Client,
    pub(super) guardduty: aws_sdk_guardduty::Client,
    pub(super) logs: aws_sdk_cloudwatchlogs::Client,
    pub(super) autoscaling: aws_sdk_autoscaling::Client,
    pub(super) balancers: aws_sdk_elasticloadbalancingv2::Client,
    /// IAM has one endpoint for all Regions of a partition; the SDK knows it.
    /// <https://docs.aws.amazon.com/general/latest/gr/iam-service.html>
    pub(super) iam: aws_sdk_iam::Client,
    pub(super) ssm: aws_sdk_ssm::Client,
    pub(super) sts: aws_sdk_sts::Client,
}

/// One client per service, for changes: exactly one attempt each. Only an actuator has them.
pub(super) struct Writers {
    pub(super) ec2: aws_sdk_ec2::Client,
    pub(super) autoscaling: aws_sdk_autoscaling::Client,
    pub(super) balancers: aws_sdk_elasticloadbalancingv2::Client,
    pub(super) iam: aws_sdk_iam::Client,
    pub(super) ssm: aws_sdk_ssm::Client,
}

/// Connects: finds Region and credentials, without calling the services that will be read.
///
/// # Errors
/// What is missing, and where to put it.
pub async fn connect(connection: &Connection) -> Result<Account, ConnectError> {
    check_endpoint(connection.endpoint_url.as_deref())?;
    check_profile(connection.profile.as_deref()).await?;
    let config = load(connection).await;
    let Some(region) = config.region().cloned() else {
        return Err(ConnectError::NoRegion);
    };
    let config = with_profile_first(config, connection.profile.as_deref(), &region).await;
    check_credentials(&config).await?;
    Ok(Account::new(config, &region))
}

/// Connects with given keys: nothing is looked up but what `connection` leaves open.
///
/// # Errors
/// What is missing, and where to put it.
pub async fn connect_as(keys: &Keys, connection: &Connection) -> Result<Account, ConnectError> {
    check_endpoint(connection.endpoint_url.as_deref())?;
    let config = load(connection).await;
    let Some(region) = config.region().cloned() else {
        return Err(ConnectError::NoRegion);
    };
    let keys = Credentials::new(&keys.id, &keys.secret, None, None, "keys");
    let config = config
        .into_builder()
        .credentials_provider(SharedCredentialsProvider::new(keys))
        .build();
    Ok(Account::new(config, &region))
}

impl Account {
    fn new(config: SdkConfig, region: &Region) -> Self {
        let clients = Clients {
            region: visible(region.as_ref()).into_owned(),
            ec2: aws_sdk_ec2::Client::new(&config),
            guardduty: aws_sdk_guardduty::Client::new(&config),
            logs: aws_sdk_cloudwatchlogs::Client::new(&config),
            autoscaling: aws_sdk_autoscaling::Client::new(&config),
            balancers: aws_sdk_elasticloadbalancingv2::Client::new(&config),
            iam: aws_sdk_iam::Client::new(&config),
            ssm: aws_sdk_ssm::Client::new(&config),
            sts: aws_sdk_sts::Client::new(&config),
        };
        Self {
            clients: Arc::new(clients),
            config,
        }
    }

    /// The Region.
    pub fn region(&self) -> &str {
        &self.clients.region
    }

    /// What reads this account.
    pub fn source(&self) -> AwsSource {
        AwsSource::new(Arc::clone(&self.clients))
    }

    /// What changes this account.
    pub fn actuator(&self) -> AwsActuator {
        let once = self.once();
        let writers = Writers {
            ec2: aws_sdk_ec2::Client::new(&once),
            autoscaling: aws_sdk_autoscaling::Client::new(&once),
            balancers: aws_sdk_elasticloadbalancingv2::Client::new(&once),
            iam: aws_sdk_iam::Client::new(&once),
            ssm: aws_sdk_ssm::Client::new(&once),
        };
        AwsActuator::new(Arc::clone(&self.clients), Arc::new(writers))
    }

    /// What asks whether changes of this account would be allowed.
    pub fn probe(&self) -> AwsProbe {
        AwsProbe::new(Arc::clone(&self.clients), &self.config)
    }

    /// The same account, without retries.
    fn once(&self) -> SdkConfig {
        let config = self.config.clone().into_builder();
        config.retry_config(RetryConfig::disabled()).build()
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Account").field(&self.region()).finish()
    }
}

async fn load(connection: &Connection) -> SdkConfig {
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .retry_config(RetryConfig::standard())
        .timeout_config(timeouts());
    if let Some(profile) = &connection.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(region) = &connection.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(url) = &connection.endpoint_url {
        loader = loader.endpoint_url(url);
    }
    loader.load().await
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .read_timeout(READ)
        .operation_attempt_timeout(ATTEMPT)
        .operation_timeout(CALL)
        .build()
}

/// The SDK prefers keys in the environment even to a profile that was asked for by name; in an
/// incident that would be the wrong account. A profile without credentials still falls back.
async fn with_profile_first(
    config: SdkConfig,
    profile: Option<&str>,
    region: &Region,
) -> SdkConfig {
    let Some(profile) = profile else {
        return config;
    };
    let provider_config = ProviderConfig::without_region().with_region(Some(region.clone()));
    let named = ProfileFileCredentialsProvider::builder()
        .configure(&provider_config)
        .profile_name(profile)
        .build();
    let providers = CredentialsProviderChain::first_try("Profile", named)
        .or_default_provider()
        .await;
    config
        .into_builder()
        .credentials_provider(SharedCredentialsProvider::new(providers))
        .build()
}

fn check_endpoint(url: Option<&str>) -> Result<(), ConnectError> {
    match url {
        Some(url) if !(url.starts_with("http://") || url.starts_with("https://")) => {
            Err(ConnectError::Endpoint(visible(url).into_owned()))
        }
        _ => Ok(()),
    }
}

#[expect(
    clippy::default_trait_access,
    reason = "these types live in crates that this one does not name"
)]
async fn check_profile(profile: Option<&str>) -> Result<(), ConnectError> {
    let asked = profile.map(|it| it.to_owned().into());
    let profiles = aws_config::profile::load(
        &Default::default(),
        &Default::default(),
        &Default::default(),
        asked,
    )
    .await
    .map_err(|error| ConnectError::ConfigFiles(chain(&error)))?;
    selected(&profiles)
}

/// `default` need not exist: everything may come from the environment.
fn selected(profiles: &ProfileSet) -> Result<(), ConnectError> {
    let name = profiles.selected_profile();
    if name == "default" || profiles.get_profile(name).is_some() {
        return Ok(());
    }
    Err(ConnectError::UnknownProfile(visible(name).into_owned()))
}

/// The clients look them up again on their first call; this one only tells whether there are any.
async fn check_credentials(config: &SdkConfig) -> Result<(), ConnectError> {
    let Some(provider) = config.credentials_provider() else {
        return Err(ConnectError::NoCredentials("no provider".to_owned()));
    };
    match tokio::time::timeout(CREDENTIALS, provider.provide_credentials()).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(ConnectError::NoCredentials(chain(&error))),
        Err(_) => Err(ConnectError::NoCredentials(format!(
            "none came in {} s",
            CREDENTIALS.as_secs()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_without_a_scheme_is_refused() {
        for (url, good) in [
            ("http://127.0.0.1:5555", true),
            ("https://vpce-1.ec2.eu-west-1.vpce.amazonaws.com", true),
            ("localhost:5555", false),
            ("", false),
        ] {
            assert_eq!(check_endpoint(Some(url)).is_ok(), good, "{url:?}");
        }
        assert!(check_endpoint(None).is_ok());
    }

    #[tokio::test]
    async fn an_unknown_profile_is_named() {
        let connection = Connection {
            profile: Some("no-such-profile\u{1b}".to_owned()),
            ..Connection::default()
        };
        let error = connect(&connection).await.unwrap_err();
        assert_eq!(
            error,
            ConnectError::UnknownProfile("no-such-profile\\u{1b}".to_owned())
        );
    }
}
