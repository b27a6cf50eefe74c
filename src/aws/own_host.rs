//! The host that the console runs on, as its metadata service tells it.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use aws_config::imds::Client;

use crate::model::{EniId, InstanceId};

/// Off an instance nobody answers at all: that must not keep anybody waiting.
const PATIENCE: Duration = Duration::from_secs(2);

/// The instance that this program runs on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnHost {
    /// Its id.
    pub instance: InstanceId,
    /// Its network interfaces.
    pub enis: BTreeSet<EniId>,
    /// Its public IPv4 address.
    pub public: Option<IpAddr>,
}

/// Asks the metadata service; `None`: this is no EC2 instance, the service is turned off, or
/// `AWS_EC2_METADATA_DISABLED` says not to ask.
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-metadata.html>
pub async fn own_host() -> Option<OwnHost> {
    let disabled = std::env::var("AWS_EC2_METADATA_DISABLED").unwrap_or_default();
    if disabled.eq_ignore_ascii_case("true") {
        return None;
    }
    let client = Client::builder()
        .connect_timeout(Duration::from_millis(500))
        .read_timeout(Duration::from_secs(1))
        .max_attempts(1)
        .build();
    tokio::time::timeout(PATIENCE, asked(&client)).await.ok()?
}

async fn asked(client: &Client) -> Option<OwnHost> {
    let instance = read(client, "instance-id").await?;
    let folder = "network/interfaces/macs";
    let macs = read(client, folder).await.unwrap_or_default();
    let mut enis = BTreeSet::new();
    for mac in macs.lines().map(|it| it.trim_end_matches('/')) {
        let eni = read(client, &format!("{folder}/{mac}/interface-id")).await;
        enis.extend(eni.map(EniId::new));
    }
    let public = read(client, "public-ipv4").await;
    Some(OwnHost {
        instance: InstanceId::new(instance),
        enis,
        public: public.and_then(|it| it.trim().parse().ok()),
    })
}

async fn read(client: &Client, what: &str) -> Option<String> {
    let answer = client.get(format!("/latest/meta-data/{what}")).await;
    answer.ok().map(|it| it.as_ref().to_owned())
}
