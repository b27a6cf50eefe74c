//! `GuardDuty` findings in JSON, as the aws CLI, `EventBridge` and exports write them.
//!
//! Nearly every field may be absent: details are missing for stopped instances, and attack sequences
//! keep theirs elsewhere (`sequence`).
//! <https://docs.aws.amazon.com/guardduty/latest/APIReference/API_GetFindings.html>

use std::collections::BTreeMap;

use chrono::DateTime;
use serde_json::Value;

use super::doubt::DoubtKind;
use super::envelope::{Entry, Found};
use super::json::Object;
use super::notes::Notes;
use super::sequence;
use crate::model::text::visible;
use crate::model::{
    Direction, EniId, Finding, FindingAction, FindingId, InstanceId, Remote, Severity, SubnetId,
    VpcId,
};

/// Every finding that is not archived, once, as it was updated last; newest first.
pub(super) fn findings(found: &Found, notes: &mut Notes) -> Vec<Finding> {
    let mut all: BTreeMap<FindingId, Finding> = BTreeMap::new();
    let mut archived = 0;
    let read = found.findings.iter().map(|it| (it, finding as Reader));
    let kept = found.kept_findings.iter().map(|it| (it, kept as Reader));
    for (entry, read) in read.chain(kept) {
        notes.file.clone_from(&entry.file);
        if is_archived(entry) {
            archived += 1;
            continue;
        }
        match read(&entry.value) {
            Some(it) => match all.get(&it.id) {
                Some(known) if known.updated > it.updated => {}
                _ => drop(all.insert(it.id.clone(), it)),
            },
            None => notes.doubt(DoubtKind::WithoutId {
                list: "Findings",
                entry: entry.at,
                field: "Id",
            }),
        }
    }
    notes.file = None;
    if archived > 0 {
        notes.doubt(DoubtKind::Archived { count: archived });
    }
    let mut all: Vec<Finding> = all.into_values().collect();
    all.sort_by(|a, b| b.updated.cmp(&a.updated).then_with(|| a.id.cmp(&b.id)));
    all
}

type Reader = fn(&Value) -> Option<Finding>;

fn is_archived(entry: &Entry) -> bool {
    let service = Object::of(&entry.value).and_then(|it| it.object("Service"));
    service.and_then(|it| it.flag("Archived")) == Some(true)
}

/// A finding in the form in which this program writes it.
fn kept(value: &Value) -> Option<Finding> {
    serde_json::from_value(printable(value.clone())).ok()
}

fn printable(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(visible(&text).into_owned()),
        Value::Array(all) => all.into_iter().map(printable).collect(),
        Value::Object(all) => all
            .into_iter()
            .map(|(key, it)| (key, printable(it)))
            .collect(),
        other => other,
    }
}

fn finding(value: &Value) -> Option<Finding> {
    let it = Object::of(value)?;
    let resource = it.object("Resource");
    let service = it.object("Service");
    let named = named(it);
    let created = it.time("CreatedAt");
    let severity = it.get("Severity").and_then(Value::as_f64);
    let action = service.map(action);
    Some(Finding {
        id: it.text("Id").filter(|id| !id.is_empty())?.into(),
        kind: it.shown("Type"),
        severity: Severity(severity.unwrap_or(0.0)),
        title: it.shown("Title"),
        description: it.shown("Description"),
        account: it.shown("AccountId"),
        region: it.shown("Region"),
        created: created.unwrap_or(DateTime::UNIX_EPOCH),
        updated: it
            .time("UpdatedAt")
            .or(created)
            .unwrap_or(DateTime::UNIX_EPOCH),
        count: service.and_then(|it| it.small("Count")).unwrap_or(1),
        sample: is_sample(it),
        resource_type: resource
            .map(|it| it.shown("ResourceType"))
            .unwrap_or_default(),
        instances: named.instances,
        enis: named.enis,
        subnets: named.subnets,
        vpcs: named.vpcs,
        action: action.unwrap_or_else(|| FindingAction::Other(String::new())),
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

/// Adds `it` unless it is absent or there.
pub(super) fn add<T: PartialEq>(all: &mut Vec<T>, it: Option<T>) {
    if let Some(it) = it
        && !all.contains(&it)
    {
        all.push(it);
    }
}

fn named(it: Object<'_>) -> Named {
    let mut named = Named::default();
    let details = it
        .object("Resource")
        .and_then(|it| it.object("InstanceDetails"));
    if let Some(details) = details {
        add(
            &mut named.instances,
            details.text("InstanceId").map(Into::into),
        );
        for eni in details.objects("NetworkInterfaces") {
            add(
                &mut named.enis,
                eni.text("NetworkInterfaceId").map(Into::into),
            );
            add(&mut named.subnets, eni.text("SubnetId").map(Into::into));
            add(&mut named.vpcs, eni.text("VpcId").map(Into::into));
        }
    }
    let service = it.object("Service");
    let action = service.and_then(|it| it.object("Action"));
    let connection = action.and_then(|it| it.object("NetworkConnectionAction"));
    let local = connection.and_then(|it| it.text("LocalNetworkInterface"));
    let local = local.filter(|id| id.starts_with("eni-"));
    add(&mut named.enis, local.map(Into::into));
    if let Some(it) = service.and_then(of_sequence) {
        sequence::name(it, &mut named);
    }
    named
}

fn of_sequence(service: Object<'_>) -> Option<Object<'_>> {
    service.object("Detection")?.object("Sequence")
}

/// <https://docs.aws.amazon.com/guardduty/latest/ug/sample_findings.html>
fn is_sample(it: Object<'_>) -> bool {
    let info = it
        .object("Service")
        .and_then(|it| it.object("AdditionalInfo"));
    let marked = |it: Object<'_>| it.flag("Sample") == Some(true);
    // The API has the information as JSON in a text, exports have it as it is.
    let text = info.and_then(|it| it.text("Value")).unwrap_or_default();
    let inner: Value = serde_json::from_str(text).unwrap_or_default();
    info.is_some_and(marked)
        || Object::of(&inner).is_some_and(marked)
        || it
            .text("Title")
            .is_some_and(|it| it.starts_with("[SAMPLE]"))
}

fn action(service: Object<'_>) -> FindingAction {
    if let Some(sequence) = of_sequence(service) {
        let signals = sequence.list("Signals").len();
        return FindingAction::AttackSequence { signals };
    }
    let action = service.object("Action");
    let known = action.and_then(known_action);
    known.or_else(|| runtime(service)).unwrap_or_else(|| {
        FindingAction::Other(action.map(|it| it.shown("ActionType")).unwrap_or_default())
    })
}

fn known_action(it: Object<'_>) -> Option<FindingAction> {
    let blocked = |it: Object<'_>| it.flag("Blocked").unwrap_or(false);
    if let Some(it) = it.object("NetworkConnectionAction") {
        return Some(FindingAction::NetworkConnection {
            direction: match it.text("ConnectionDirection") {
                Some("INBOUND") => Some(Direction::Ingress),
                Some("OUTBOUND") => Some(Direction::Egress),
                _ => None,
            },
            protocol: it.shown("Protocol"),
            local_port: port_of(it, "LocalPortDetails"),
            remote_port: port_of(it, "RemotePortDetails"),
            blocked: blocked(it),
        });
    }
    if let Some(it) = it.object("PortProbeAction") {
        let details = it.objects("PortProbeDetails");
        return Some(FindingAction::PortProbe {
            ports: details
                .filter_map(|one| port_of(one, "LocalPortDetails"))
                .collect(),
            blocked: blocked(it),
        });
    }
    if let Some(it) = it.object("DnsRequestAction") {
        return Some(FindingAction::DnsRequest {
            domain: it.shown("Domain"),
            blocked: blocked(it),
        });
    }
    let it = it.object("AwsApiCallAction")?;
    Some(FindingAction::AwsApiCall {
        api: it.shown("Api"),
        service: it.shown("ServiceName"),
    })
}

fn runtime(service: Object<'_>) -> Option<FindingAction> {
    let process = service.object("RuntimeDetails")?.object("Process")?;
    let process = process.text("ExecutablePath").or(process.text("Name"));
    Some(FindingAction::Runtime {
        process: visible(process.unwrap_or_default()).into_owned(),
    })
}

fn port_of(it: Object<'_>, details: &str) -> Option<u16> {
    it.object(details)?.small("Port")
}

fn remotes(service: Object<'_>) -> Vec<Remote> {
    let mut all = Vec::new();
    if let Some(action) = service.object("Action") {
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
fn remote_details(action: Object<'_>) -> Vec<(Object<'_>, Option<u16>)> {
    const DETAILS: &str = "RemoteIpDetails";
    let mut all = Vec::new();
    if let Some(one) = action.object("NetworkConnectionAction") {
        let port = port_of(one, "RemotePortDetails");
        all.extend(one.object(DETAILS).map(|it| (it, port)));
    }
    if let Some(probes) = action.object("PortProbeAction") {
        let probes = probes.objects("PortProbeDetails");
        all.extend(probes.filter_map(|one| Some((one.object(DETAILS)?, None))));
    }
    for key in [
        "AwsApiCallAction",
        "KubernetesApiCallAction",
        "RdsLoginAttemptAction",
    ] {
        let details = action.object(key).and_then(|it| it.object(DETAILS));
        all.extend(details.map(|it| (it, None)));
    }
    all
}

fn remote(it: Object<'_>, port: Option<u16>) -> Option<Remote> {
    let country = it.object("Country").and_then(|it| it.text("CountryName"));
    let organization = it.object("Organization").and_then(|it| {
        let mut names = ["Org", "AsnOrg", "Isp"].into_iter();
        names.find_map(|key| it.text(key))
    });
    Some(Remote {
        address: it
            .address("IpAddressV4")
            .or_else(|| it.address("IpAddressV6"))?,
        port,
        place: place(country, organization),
    })
}

/// Country and organisation, as far as they are known.
pub(super) fn place(country: Option<&str>, organization: Option<&str>) -> String {
    let words = [country, organization].into_iter().flatten();
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    visible(&words.join(", ")).into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: &Value) -> Finding {
        finding(value).unwrap()
    }

    /// The same value with every key as the aws CLI prints it.
    fn pascal(value: &Value) -> Value {
        let key = |key: &String| {
            let (first, rest) = key.split_at(1);
            first.to_uppercase() + rest
        };
        match value {
            Value::Object(all) => all.iter().map(|(k, it)| (key(k), pascal(it))).collect(),
            Value::Array(all) => all.iter().map(pascal).collect(),
            other => other.clone(),
        }
    }

    fn connection() -> Value {
        json!({
            "schemaVersion": "2.0", "accountId": "111122223333", "region": "eu-west-1", "id": "f1",
            "type": "Backdoor:EC2/C&CActivity.B", "severity": 8, "title": "t\u{1b}", "description": "d",
            "createdAt": "2026-11-02T10:00:00.000Z", "updatedAt": "2026-11-02T11:00:00Z",
            "resource": {"resourceType": "Instance", "instanceDetails": {
                "instanceId": "i-1", "networkInterfaces": [
                    {"networkInterfaceId": "eni-1", "subnetId": "subnet-1", "vpcId": "vpc-1"}]}},
            "service": {"count": 3, "archived": false, "action": {
                "actionType": "NETWORK_CONNECTION", "networkConnectionAction": {
                    "connectionDirection": "OUTBOUND", "protocol": "TCP", "blocked": null,
                    "localPortDetails": {"port": 40000}, "remotePortDetails": {"port": 443},
                    "localNetworkInterface": "eni-2",
                    "remoteIpDetails": {"ipAddressV4": "203.0.113.66",
                        "country": {"countryName": "Nowhere"},
                        "organization": {"asnOrg": "Evil", "org": null}}}}}
        })
    }

    #[test]
    fn both_casings_give_the_same_finding() {
        let value = connection();
        let it = read(&value);
        assert_eq!(it, read(&pascal(&value)));
        assert_eq!(
            (it.title.as_str(), it.count, it.sample),
            ("t\\u{1b}", 3, false)
        );
        assert_eq!(it.instances, ["i-1".into()]);
        assert_eq!(it.enis, ["eni-1".into(), "eni-2".into()]);
        assert_eq!((it.updated - it.created).num_hours(), 1);
        let action = FindingAction::NetworkConnection {
            direction: Some(Direction::Egress),
            protocol: "TCP".into(),
            local_port: Some(40000),
            remote_port: Some(443),
            blocked: false,
        };
        assert_eq!(it.action, action);
        let remote = Remote {
            address: [203, 0, 113, 66].into(),
            port: Some(443),
            place: "Nowhere, Evil".into(),
        };
        assert_eq!(it.remotes, [remote]);
    }

    #[test]
    fn every_action_is_told_apart() {
        let probe = json!({"portProbeAction": {"blocked": true, "portProbeDetails": [
            {"localPortDetails": {"port": 22}, "remoteIpDetails": {"ipAddressV4": "198.51.100.1"}}]}});
        let probed = FindingAction::PortProbe {
            ports: vec![22],
            blocked: true,
        };
        let dns = json!({"dnsRequestAction": {"domain": "c2.example"}});
        let asked = FindingAction::DnsRequest {
            domain: "c2.example".into(),
            blocked: false,
        };
        let api = json!({"awsApiCallAction": {"api": "ListBuckets", "serviceName": "s3"}});
        let called = FindingAction::AwsApiCall {
            api: "ListBuckets".into(),
            service: "s3".into(),
        };
        let other = json!({"actionType": "RDS_LOGIN_ATTEMPT", "rdsLoginAttemptAction": {}});
        let login = FindingAction::Other("RDS_LOGIN_ATTEMPT".into());
        for (action, expected) in [(probe, probed), (dns, asked), (api, called), (other, login)] {
            let it = read(&json!({"id": "f", "service": {"action": action}}));
            assert_eq!(it.action, expected);
        }
        let runtime =
            json!({"id": "f", "service": {"runtimeDetails": {"process": {"name": "sh"}}}});
        let process = "sh".into();
        assert_eq!(read(&runtime).action, FindingAction::Runtime { process });
        assert_eq!(
            read(&json!({"id": "f"})).action,
            FindingAction::Other(String::new())
        );
    }

    #[test]
    fn samples_are_marked_in_three_ways() {
        for (value, sample) in [
            (json!({"id": "f", "title": "[SAMPLE] x"}), true),
            (
                json!({"id": "f", "service": {"additionalInfo": {"sample": true}}}),
                true,
            ),
            (
                json!({"id": "f", "service": {"additionalInfo": {"value": "{\"sample\": true}"}}}),
                true,
            ),
            (
                json!({"id": "f", "service": {"additionalInfo": {"value": "not JSON"}}}),
                false,
            ),
            (json!({"id": "f"}), false),
        ] {
            assert_eq!(read(&value).sample, sample, "{value}");
        }
    }

    #[test]
    fn the_last_update_counts_and_what_is_archived_does_not() {
        let mut older = connection();
        older["updatedAt"] = json!("2026-11-02T10:30:00Z");
        let mut archived = connection();
        archived["id"] = json!("f2");
        archived["service"]["archived"] = json!(true);
        let mut found = Found::default();
        let all = json!({"findings": [connection(), older, archived, {"type": "x"}]});
        found.sort(all, None, 1);
        let mut notes = Notes::default();
        let all = findings(&found, &mut notes);
        assert_eq!(all, [read(&connection())]);
        let doubts: Vec<String> = notes.doubts.iter().map(ToString::to_string).collect();
        let words = [
            "Findings: entry 4 has no Id and is left out",
            "archived findings are left out: 1",
        ];
        assert_eq!(doubts, words);
    }

    #[test]
    fn what_this_program_writes_it_reads() {
        let it = read(&connection());
        let value = serde_json::to_value(&it).unwrap();
        assert_eq!(kept(&value), Some(it));
        assert_eq!(kept(&json!({"id": "f"})), None);
    }
}
