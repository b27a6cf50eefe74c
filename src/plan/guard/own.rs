//! Where the console itself stands, and who it is: what a plan must not cut without being noticed.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use crate::analysis::{Flow, PortSpan};
use crate::model::{Eni, EniId, Estate, InstanceId, ResourceId};

/// What is known of the console's own place, besides the estate. All of it may be absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnPath {
    /// Where the analyst's SSH client is, as the console's host sees it.
    pub client: Option<SocketAddr>,
    /// The host's end of that session.
    pub server: Option<SocketAddr>,
    /// The address that the internet sees the console by.
    pub public: Option<IpAddr>,
    /// The instance that the console runs on.
    pub instance: Option<InstanceId>,
    /// Its network interfaces, where the metadata service named them.
    pub enis: BTreeSet<EniId>,
    /// The ARN that `GetCallerIdentity` answers:
    /// <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>
    pub caller_arn: Option<String>,
    /// The tags of this program (`firedoor:*`) on objects whose tags the estate does not hold: on
    /// everything but instances.
    pub tags: BTreeMap<ResourceId, BTreeMap<String, String>>,
}

impl OwnPath {
    /// The same with the ends of the SSH session, from `SSH_CONNECTION`: the client's address and port,
    /// then the server's. A text that is not of this form says nothing.
    #[must_use]
    pub fn with_ssh_connection(mut self, text: &str) -> Self {
        let mut words = text.split_ascii_whitespace();
        let mut end = || {
            // An IPv6 link-local address may carry its zone.
            let address = words.next()?.split('%').next()?.parse::<IpAddr>().ok()?;
            Some(SocketAddr::new(address, words.next()?.parse().ok()?))
        };
        if let (Some(client), Some(server)) = (end(), end()) {
            self.client = Some(client);
            self.server = Some(server);
        }
        self
    }

    /// The instance that the console runs on: as it was told, as its credentials are named (those of an
    /// instance have its id as the session's name), or the one that has the session's address.
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html>
    pub fn host(&self, estate: &Estate) -> Option<InstanceId> {
        let by_session = || {
            let (_, session) = self.caller()?;
            let id = InstanceId::new(session?);
            id.as_str().starts_with("i-").then_some(id)
        };
        let by_address = || {
            let server = self.server?.ip();
            estate.eni_of_address(server)?.instance.clone()
        };
        let told = self.instance.clone();
        told.or_else(by_session).or_else(by_address)
    }

    /// The console's own interfaces.
    pub(super) fn interfaces<'e>(&self, estate: &'e Estate) -> Vec<&'e Eni> {
        let host = self.host(estate);
        let mut ids = self.enis.clone();
        let of_host = host.iter().flat_map(|it| estate.enis_of_instance(it));
        ids.extend(of_host.map(|it| it.id.clone()));
        let at = self.server.and_then(|it| estate.eni_of_address(it.ip()));
        ids.extend(at.map(|it| it.id.clone()));
        ids.iter().filter_map(|it| estate.eni(it)).collect()
    }

    /// The SSH session as a flow.
    pub(super) fn session(&self) -> Option<Flow> {
        let (client, server) = self.client.zip(self.server)?;
        Some(Flow {
            client: client.ip(),
            server: server.ip(),
            protocol: 6,
            client_ports: PortSpan::one(client.port()),
            server_port: server.port(),
            icmp: None,
            via: None,
        })
    }

    /// The addresses that the analyst comes from.
    pub(super) fn addresses(&self) -> BTreeSet<IpAddr> {
        let client = self.client.map(|it| it.ip());
        client.into_iter().chain(self.public).collect()
    }

    /// The caller's role and, if it is a session of one, the session's name.
    pub(super) fn caller(&self) -> Option<(&str, Option<&str>)> {
        role_of(self.caller_arn.as_deref()?)
    }
}

/// The role that an ARN names, without its path, and the session. A user has none.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html>
fn role_of(arn: &str) -> Option<(&str, Option<&str>)> {
    let resource = arn.splitn(6, ':').nth(5)?;
    let (kind, rest) = resource.split_once('/')?;
    match kind {
        "assumed-role" => match rest.split_once('/') {
            Some((role, session)) => Some((role, Some(session))),
            None => Some((rest, None)),
        },
        "role" => Some((rest.rsplit('/').next()?, None)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_found_in_every_form_of_an_arn() {
        for (arn, role) in [
            (
                "arn:aws:sts::111122223333:assumed-role/web-role/i-0123",
                Some(("web-role", Some("i-0123"))),
            ),
            (
                "arn:aws-us-gov:sts::111122223333:assumed-role/analyst/a@b.org",
                Some(("analyst", Some("a@b.org"))),
            ),
            (
                "arn:aws:iam::111122223333:role/ops/team/web-role",
                Some(("web-role", None)),
            ),
            ("arn:aws:iam::111122223333:user/jo", None),
            ("arn:aws:iam::111122223333:root", None),
            ("arn:aws:sts::111122223333:assumed-role", None),
            ("", None),
        ] {
            assert_eq!(role_of(arn), role, "{arn}");
        }
    }

    #[test]
    fn an_ssh_connection_is_four_words_or_nothing() {
        let of = |text| OwnPath::default().with_ssh_connection(text);
        let own = of("203.0.113.7 50022 10.0.0.11 22");
        assert_eq!(own.client, Some("203.0.113.7:50022".parse().unwrap()));
        assert_eq!(own.server, Some("10.0.0.11:22".parse().unwrap()));
        let own = of("fe80::1%eth0 50022 2001:db8::11 22");
        assert_eq!(own.server, Some("[2001:db8::11]:22".parse().unwrap()));
        for text in ["", "UNKNOWN", "203.0.113.7 50022 10.0.0.11", "a b c d"] {
            assert_eq!(of(text), OwnPath::default(), "{text:?}");
        }
    }
}
