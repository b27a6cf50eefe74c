//! `GuardDuty` findings.
//!
//! Nearly every field may be absent: details are missing for stopped instances, and attack sequences
//! keep theirs elsewhere (`sequence`).

use aws_sdk_guardduty::types as sdk;
use chrono::{DateTime, Utc};

use super::{address, sequence, shown};
use crate::model::{Direction, EniId, Finding, FindingAction, InstanceId, Remote, Severity};
use crate::model::{SubnetId, VpcId};

/// A finding. Only one without an id is left out.
pub(in crate::aws) fn finding(it: &sdk::Finding) -> Option<Finding> {
    let resource = it.resource();
    let service = it.service();
    let named = named(it);
    let created = moment(it.created_at());
    let count = service.and_then(sdk::Service::count);
    Some(Finding {
        id: it.id()?.into(),
        kind: shown(it.r#type()),
        severity: Severity(it.severity().unwrap_or(0.0)),
        title: shown(it.title()),
        description: shown(it.description()),
        account: shown(it.account_id()),
        region: shown(it.region()),
        created: created.unwrap_or_default(),
        updated: moment(it.updated_at()).or(created).unwrap_or_default(),
        count: count.and_then(|it| u64::try_from(it).ok()).unwrap_or(1),
        sample: is_sample(it),
        resource_type: shown(resource.and_then(sdk::Resource::resource_type)),
        instances: named.instances,
        enis: named.enis,
        subnets: named.subnets,
        vpcs: named.vpcs,
        action: service.map_or_else(|| FindingAction::Other(String::new()), action),
        remotes: service.map(remotes).unwrap_or_default(),
    })
}

/// What a finding names in the account, each once, in the order of appearance.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) instances: Vec<InstanceId>,
    pub(super) enis: Vec<EniId>,
    pub(super) subnets: Vec<SubnetId>,
    pub(super) vpcs: Vec<VpcId>,
}

/// Adds `it` unless it is absent, empty, or there.
pub(super) fn add<T: PartialEq>(all: &mut Vec<T>, it: Option<T>) {
    if let Some(it) = it
        && !all.contains(&it)
    {
        all.push(it);
    }
}

fn named(it: &sdk::Finding) -> Named {
    let mut named = Named::default();
    if let Some(details) = it.resource().and_then(sdk::Resource::instance_details) {
        add(&mut named.instances, details.instance_id().map(Into::into));
        for eni in details.network_interfaces() {
            add(&mut named.enis, eni.network_interface_id().map(Into::into));
            add(&mut named.subnets, eni.subnet_id().map(Into::into));
            add(&mut named.vpcs, eni.vpc_id().map(Into::into));
        }
    }
    let action = it.service().and_then(sdk::Service::action);
    let connection = action.and_then(sdk::Action::network_connection_action);
    let local = connection.and_then(sdk::NetworkConnectionAction::local_network_interface);
    let local = local.filter(|id| id.starts_with("eni-"));
    add(&mut named.enis, local.map(Into::into));
    if let Some(it) = it.service().and_then(of_sequence) {
        sequence::name(it, &mut named);
    }
    named
}

fn of_sequence(service: &sdk::Service) -> Option<&sdk::Sequence> {
    service.detection().and_then(sdk::Detection::sequence)
}

fn moment(text: Option<&str>) -> Option<DateTime<Utc>> {
    let moment = DateTime::parse_from_rfc3339(text?).ok()?;
    Some(moment.with_timezone(&Utc))
}

/// <https://docs.aws.amazon.com/guardduty/latest/ug/sample_findings.html>
fn is_sample(it: &sdk::Finding) -> bool {
    let info = it.service().and_then(sdk::Service::additional_info);
    let value = info.and_then(|info| info.value()).unwrap_or_default();
    let value: serde_json::Value = serde_json::from_str(value).unwrap_or_default();
    let marked = match &value["sample"] {
        serde_json::Value::Bool(marked) => *marked,
        serde_json::Value::String(text) => text == "true",
        _ => false,
    };
    marked || it.title().is_some_and(|it| it.starts_with("[SAMPLE]"))
}

fn action(service: &sdk::Service) -> FindingAction {
    if let Some(sequence) = of_sequence(service) {
        let signals = sequence.signals().len();
        return FindingAction::AttackSequence { signals };
    }
    let known = service.action().and_then(known_action);
    known.or_else(|| runtime(service)).unwrap_or_else(|| {
        let name = service.action().and_then(sdk::Action::action_type);
        FindingAction::Other(shown(name))
    })
}

fn known_action(it: &sdk::Action) -> Option<FindingAction> {
    if let Some(it) = it.network_connection_action() {
        return Some(network_connection(it));
    }
    if let Some(it) = it.port_probe_action() {
        let details = it.port_probe_details().iter();
        let ports = details.filter_map(|one| port(one.local_port_details()?.port()));
        return Some(FindingAction::PortProbe {
            ports: ports.collect(),
            blocked: it.blocked().unwrap_or(false),
        });
    }
    if let Some(it) = it.dns_request_action() {
        return Some(FindingAction::DnsRequest {
            domain: shown(it.domain()),
            blocked: it.blocked().unwrap_or(false),
        });
    }
    let it = it.aws_api_call_action()?;
    Some(FindingAction::AwsApiCall {
        api: shown(it.api()),
        service: shown(it.service_name()),
    })
}

fn network_connection(it: &sdk::NetworkConnectionAction) -> FindingAction {
    let local = it.local_port_details();
    let remote = it.remote_port_details();
    FindingAction::NetworkConnection {
        direction: match it.connection_direction() {
            Some("INBOUND") => Some(Direction::Ingress),
            Some("OUTBOUND") => Some(Direction::Egress),
            _ => None,
        },
        protocol: shown(it.protocol()),
        local_port: port(local.and_then(sdk::LocalPortDetails::port)),
        remote_port: port(remote.and_then(sdk::RemotePortDetails::port)),
        blocked: it.blocked().unwrap_or(false),
    }
}

fn runtime(service: &sdk::Service) -> Option<FindingAction> {
    let process = service.runtime_details()?.process()?;
    let process = process.executable_path().or(process.name());
    Some(FindingAction::Runtime {
        process: shown(process),
    })
}

pub(super) fn port(number: Option<i32>) -> Option<u16> {
    u16::try_from(number?).ok()
}

fn remotes(service: &sdk::Service) -> Vec<Remote> {
    let mut all = Vec::new();
    if let Some(action) = service.action() {
        for (details, port) in remote_details(action) {
            add(&mut all, remote(details, port));
        }
    }
    if let Some(it) = of_sequence(service) {
        sequence::remotes(it, &mut all);
    }
    all
}

/// Every remote side that an action of any type names, with its port.
fn remote_details(it: &sdk::Action) -> Vec<(&sdk::RemoteIpDetails, Option<u16>)> {
    let mut all = Vec::new();
    if let Some(one) = it.network_connection_action() {
        let remote_port = one.remote_port_details().and_then(|it| port(it.port()));
        all.extend(one.remote_ip_details().map(|it| (it, remote_port)));
    }
    let probes = it
        .port_probe_action()
        .map(sdk::PortProbeAction::port_probe_details);
    let probes = probes.unwrap_or_default().iter();
    all.extend(probes.filter_map(|one| Some((one.remote_ip_details()?, None))));
    let others = [
        it.aws_api_call_action()
            .and_then(|it| it.remote_ip_details()),
        it.kubernetes_api_call_action()
            .and_then(|it| it.remote_ip_details()),
        it.rds_login_attempt_action()
            .and_then(|it| it.remote_ip_details()),
    ];
    all.extend(others.into_iter().flatten().map(|it| (it, None)));
    all
}

fn remote(it: &sdk::RemoteIpDetails, port: Option<u16>) -> Option<Remote> {
    let country = it.country().and_then(sdk::Country::country_name);
    let organization = it.organization();
    let organization = organization.and_then(|it| it.org().or(it.asn_org()).or(it.isp()));
    Some(Remote {
        address: address(it.ip_address_v4()).or_else(|| address(it.ip_address_v6()))?,
        port,
        place: place(country, organization),
    })
}

/// Country and organisation, as far as they are known.
pub(super) fn place(country: Option<&str>, organization: Option<&str>) -> String {
    let words = [country, organization].into_iter().flatten();
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    shown(Some(&words.join(", ")))
}

#[cfg(test)]
mod tests {
    use aws_sdk_guardduty::types::{
        Action, AwsApiCallAction, Country, DnsRequestAction, InstanceDetails, LocalPortDetails,
        NetworkConnectionAction, NetworkInterface, Organization, PortProbeAction, PortProbeDetail,
        ProcessDetails, RdsLoginAttemptAction, RemoteIpDetails, RemotePortDetails, Resource,
        RuntimeDetails, Service, ServiceAdditionalInfo,
    };

    use super::*;

    fn details(ip: &str) -> RemoteIpDetails {
        RemoteIpDetails::builder()
            .ip_address_v4(ip)
            .country(Country::builder().country_name("Nowhere").build())
            .organization(Organization::builder().asn_org("Evil\u{202e} Ltd").build())
            .build()
    }

    fn with_action(action: Action) -> sdk::Finding {
        sdk::Finding::builder()
            .id("f-1")
            .service(Service::builder().action(action).build())
            .build()
    }

    #[test]
    fn every_action_is_reduced_to_one_line() {
        let connection = NetworkConnectionAction::builder()
            .connection_direction("OUTBOUND")
            .protocol("TCP")
            .local_port_details(LocalPortDetails::builder().port(44444).build())
            .remote_port_details(RemotePortDetails::builder().port(443).build())
            .remote_ip_details(details("203.0.113.66"))
            .build();
        let probe = PortProbeDetail::builder()
            .local_port_details(LocalPortDetails::builder().port(22).build())
            .remote_ip_details(details("203.0.113.66"))
            .build();
        for (action, expected, remote_port) in [
            (
                Action::builder().network_connection_action(connection),
                FindingAction::NetworkConnection {
                    direction: Some(Direction::Egress),
                    protocol: "TCP".to_owned(),
                    local_port: Some(44444),
                    remote_port: Some(443),
                    blocked: false,
                },
                Some(Some(443)),
            ),
            (
                Action::builder().port_probe_action(
                    PortProbeAction::builder()
                        .blocked(true)
                        .port_probe_details(probe)
                        .build(),
                ),
                FindingAction::PortProbe {
                    ports: vec![22],
                    blocked: true,
                },
                Some(None),
            ),
            (
                Action::builder().dns_request_action(
                    DnsRequestAction::builder()
                        .domain("c2\u{7}.example")
                        .build(),
                ),
                FindingAction::DnsRequest {
                    domain: "c2\\u{7}.example".to_owned(),
                    blocked: false,
                },
                None,
            ),
            (
                Action::builder().aws_api_call_action(
                    AwsApiCallAction::builder()
                        .api("ListBuckets")
                        .service_name("s3.amazonaws.com")
                        .remote_ip_details(details("203.0.113.66"))
                        .build(),
                ),
                FindingAction::AwsApiCall {
                    api: "ListBuckets".to_owned(),
                    service: "s3.amazonaws.com".to_owned(),
                },
                Some(None),
            ),
            (
                Action::builder()
                    .action_type("RDS_LOGIN_ATTEMPT")
                    .rds_login_attempt_action(
                        RdsLoginAttemptAction::builder()
                            .remote_ip_details(details("203.0.113.66"))
                            .build(),
                    ),
                FindingAction::Other("RDS_LOGIN_ATTEMPT".to_owned()),
                Some(None),
            ),
        ] {
            let made = finding(&with_action(action.build())).unwrap();
            assert_eq!(made.action, expected);
            let remote = made.remotes.first();
            assert_eq!(remote.map(|it| it.port), remote_port);
            assert!(remote.is_none_or(|it| it.place == "Nowhere, Evil\\u{202e} Ltd"));
        }
    }

    #[test]
    fn a_runtime_finding_names_its_process() {
        let process = ProcessDetails::builder()
            .name("xmrig")
            .executable_path("/dev/shm/xmrig")
            .build();
        let service =
            Service::builder().runtime_details(RuntimeDetails::builder().process(process).build());
        let made = finding(
            &sdk::Finding::builder()
                .id("f-1")
                .service(service.build())
                .build(),
        );
        assert_eq!(
            made.unwrap().action,
            FindingAction::Runtime {
                process: "/dev/shm/xmrig".to_owned()
            }
        );
    }

    #[test]
    fn an_instance_finding_names_where_the_instance_is() {
        let eni = |id: &str| {
            NetworkInterface::builder()
                .network_interface_id(id)
                .subnet_id("subnet-1")
                .vpc_id("vpc-1")
                .build()
        };
        let instance = InstanceDetails::builder()
            .instance_id("i-1")
            .network_interfaces(eni("eni-1"))
            .network_interfaces(eni("eni-2"))
            .build();
        let made = finding(
            &sdk::Finding::builder()
                .id("f-1")
                .severity(8.0)
                .created_at("2026-11-20T21:50:00.000Z")
                .updated_at("2026-11-20T21:55:00.000Z")
                .resource(
                    Resource::builder()
                        .resource_type("Instance")
                        .instance_details(instance)
                        .build(),
                )
                .service(Service::builder().count(7).build())
                .build(),
        )
        .unwrap();
        assert_eq!(made.instances, ["i-1".into()]);
        assert_eq!(made.enis, ["eni-1".into(), "eni-2".into()]);
        assert_eq!(made.subnets, ["subnet-1".into()]);
        assert_eq!(made.vpcs, ["vpc-1".into()]);
        assert_eq!((made.updated - made.created).num_minutes(), 5);
        assert_eq!((made.count, made.severity.band()), (7, "High"));
    }

    #[test]
    fn samples_are_told_apart() {
        for (info, title, sample) in [
            (r#"{"sample":true,"threatName":"x"}"#, "a title", true),
            (r#"{"sample":"true"}"#, "a title", true),
            (r#"{"sample":false}"#, "a title", false),
            (r"[]", "a title", false),
            ("not json", "a title", false),
            ("", "[SAMPLE] a title", true),
        ] {
            let info = ServiceAdditionalInfo::builder().value(info).build();
            let service = Service::builder().additional_info(info).build();
            let built = sdk::Finding::builder()
                .id("f-1")
                .title(title)
                .service(service);
            assert_eq!(finding(&built.build()).unwrap().sample, sample, "{title}");
        }
    }

    #[test]
    fn an_empty_finding_is_still_shown() {
        let made = finding(&sdk::Finding::builder().id("f-1").build()).unwrap();
        assert_eq!(made.action, FindingAction::Other(String::new()));
        assert_eq!(made.count, 1);
        assert_eq!(finding(&sdk::Finding::builder().build()), None);
    }
}
