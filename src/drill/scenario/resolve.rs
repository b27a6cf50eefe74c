//! From a scenario file to a scenario: values are checked, and names become the ids and addresses
//! that they mean. The estate's parts are put together by `layout`.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use super::super::party::Party;
use super::layout;
use super::names::{File, Names, Resolved};
use super::schedule::Scheduled;
use super::spec::{ConversationSpec, FindingSpec, Name, ProtocolSpec, Spec};
use super::{Scenario, ScenarioError, Script};
use crate::model::{EniId, Finding, FindingId, InstanceId, Severity};

/// More exchanges per second than this would keep the machine busy with the drill alone.
const BUSIEST: f64 = 500.0;

/// More conversations than this nobody wants to look at.
const MOST: usize = 2_000;

/// Turns what was read into a scenario.
pub(super) fn scenario(name: &str, text: &str, spec: &Spec) -> Resolved<Scenario> {
    let file = File { name, text };
    if *spec.version.get_ref() != 1 {
        return Err(ScenarioError::Version {
            place: file.place(&spec.version),
            version: *spec.version.get_ref(),
        });
    }
    let account = spec.account.get_ref();
    if account.len() != 12 || !account.bytes().all(|it| it.is_ascii_digit()) {
        return Err(file.invalid(&spec.account, "an account id has 12 digits"));
    }
    check_ids(file, spec)?;
    let names = Names::of(file, spec)?;
    let suspect = names.instances.find(file, "suspect", &spec.suspect)?;
    let parts = layout::parts(file, spec, &names)?;
    let mut scripts = Vec::new();
    for conversation in &spec.conversations {
        scripts.extend(self::scripts(file, &names, conversation)?);
    }
    let busy: f64 = scripts.iter().map(rate).sum();
    if scripts.len() > MOST || busy > BUSIEST {
        let problem = format!(
            "{} conversations with {busy:.0} exchanges a second are too much; the limits are {MOST} and {BUSIEST}",
            scripts.len()
        );
        return Err(file.invalid(&spec.suspect, problem));
    }
    let findings = spec
        .findings
        .iter()
        .map(|it| finding(file, spec, &names, it));
    Ok(Scenario {
        title: spec.title.clone(),
        account: account.clone(),
        region: spec.region.clone(),
        suspect: InstanceId::new(suspect.id.get_ref()),
        findings: findings.collect::<Resolved<_>>()?,
        parts,
        scripts,
    })
}

/// Ids are AWS's: a prefix and 17 hexadecimal digits, no two alike.
fn check_ids(file: File<'_>, spec: &Spec) -> Resolved<()> {
    let mut ids: Vec<(&str, &Name)> = vec![("vpc-", &spec.vpc.id), ("fl-", &spec.flow_log.id)];
    ids.extend(spec.subnets.iter().map(|it| ("subnet-", &it.id)));
    ids.extend(spec.groups.iter().map(|it| ("sg-", &it.id)));
    ids.extend(spec.acls.iter().map(|it| ("acl-", &it.id)));
    ids.extend(spec.tables.iter().map(|it| ("rtb-", &it.id)));
    ids.extend(spec.gateways.iter().map(|it| ("", &it.id)));
    ids.extend(spec.interfaces.iter().map(|it| ("eni-", &it.id)));
    for it in &spec.instances {
        ids.push(("i-", &it.id));
        ids.extend(it.interfaces.iter().map(|it| ("eni-", &it.id)));
        ids.extend(it.volumes.iter().map(|it| ("vol-", it)));
    }
    let mut seen = BTreeSet::new();
    for (prefix, id) in ids {
        let digits = match prefix {
            "" => id.get_ref().split_once('-').map(|(_, digits)| digits),
            _ => id.get_ref().strip_prefix(prefix),
        };
        let hex = |it: &str| it.len() == 17 && it.bytes().all(|it| it.is_ascii_hexdigit());
        if !digits.is_some_and(hex) {
            return Err(file.invalid(id, format!("an id is {prefix} and 17 hexadecimal digits")));
        }
        if !seen.insert(id.get_ref()) {
            return Err(file.duplicate("id", id));
        }
    }
    Ok(())
}

/// Every `from` with every `to`.
fn scripts(file: File<'_>, names: &Names<'_>, it: &ConversationSpec) -> Resolved<Vec<Script>> {
    let (every, pause) = check_pace(file, it)?;
    let Some(protocol) = it.protocol.number() else {
        return Err(file.invalid(&it.name, "a conversation has one protocol"));
    };
    let ported = matches!(it.protocol, ProtocolSpec::Tcp | ProtocolSpec::Udp);
    if ported != it.port.is_some() {
        return Err(file.invalid(&it.name, "tcp and udp have a port, and nothing else does"));
    }
    let mut scripts = Vec::new();
    for from in &it.from {
        for to in it.to.iter().filter(|to| to.get_ref() != from.get_ref()) {
            let client = names.host(file, "from", from, it.ipv6)?;
            let server = names.host(file, "to", to, it.ipv6)?;
            if matches!((&client, &server), (Party::Outside(_), Party::Outside(_))) {
                return Err(file.invalid(to, "one end of a conversation is inside"));
            }
            scripts.push(Script {
                conversation: it.name.get_ref().clone(),
                role: super::Role::Business,
                from: from.get_ref().clone(),
                to: to.get_ref().clone(),
                keepalive: None,
                exfiltrates: false,
                held: false,
                listens: true,
                balanced: None,
                credentials: None,
                client,
                server,
                protocol,
                port: it.port.unwrap_or(0),
                every,
                packets: it.packets,
                bytes: it.bytes,
                starts: it.starts.map_or(-TimeDelta::days(30), |it| it.0),
                lasts: it.lasts.map(|it| it.0),
                pause,
            });
        }
    }
    Ok(scripts)
}

fn check_pace(file: File<'_>, it: &ConversationSpec) -> Resolved<(TimeDelta, TimeDelta)> {
    let (every, pause) = (it.every.0, it.pause.unwrap_or(it.every).0);
    let sane = TimeDelta::milliseconds(100)..=TimeDelta::days(7);
    if !sane.contains(&every) || !sane.contains(&pause) {
        return Err(file.invalid(&it.name, "every and pause lie between 100ms and 168h"));
    }
    if it.lasts.is_some_and(|lasts| lasts.0 < every) {
        return Err(file.invalid(&it.name, "a connection lasts for one exchange at least"));
    }
    if it.packets.contains(&0) || it.bytes.contains(&0) {
        return Err(file.invalid(&it.name, "an exchange has packets and bytes both ways"));
    }
    Ok((every, pause))
}

/// Exchanges per second at the most.
fn rate(script: &Script) -> f64 {
    1.0 / script.every.min(script.pause).as_seconds_f64().max(0.001)
}

fn finding(
    file: File<'_>,
    spec: &Spec,
    names: &Names<'_>,
    it: &FindingSpec,
) -> Resolved<Scheduled> {
    let severity = *it.severity.get_ref();
    if !(1.0..=10.0).contains(&severity) {
        return Err(ScenarioError::Invalid {
            place: file.place(&it.severity),
            name: it.id.get_ref().clone(),
            problem: "a severity lies between 1.0 and 10.0".to_owned(),
        });
    }
    let instance = it.instance.as_ref();
    let instance = instance.map(|name| names.instances.find(file, "instance", name));
    let instance = instance.transpose()?;
    let interfaces = instance.map_or(&[][..], |it| it.interfaces.as_slice());
    let mut subnets = Vec::new();
    for interface in interfaces {
        let subnet = names.subnets.find(file, "subnet", &interface.subnet)?;
        subnets.push(subnet.id.get_ref().as_str().into());
    }
    // What CreateSampleFindings names:
    // https://docs.aws.amazon.com/guardduty/latest/ug/sample_findings.html
    let sample = || it.sample.then(|| InstanceId::new("i-99999999"));
    let id = instance.map(|it| InstanceId::new(it.id.get_ref()));
    let finding = Finding {
        id: FindingId::new(it.id.get_ref()),
        kind: it.kind.clone(),
        severity: Severity(severity),
        title: it.title.clone(),
        description: it.description.clone(),
        account: spec.account.get_ref().clone(),
        region: spec.region.clone(),
        created: chrono::DateTime::UNIX_EPOCH,
        updated: chrono::DateTime::UNIX_EPOCH,
        count: it.count,
        sample: it.sample,
        resource_type: it.resource.clone(),
        instances: id.or_else(sample).into_iter().collect(),
        enis: interfaces
            .iter()
            .map(|it| EniId::new(it.id.get_ref()))
            .collect(),
        vpcs: instance
            .map(|_| spec.vpc.id.get_ref().as_str().into())
            .into_iter()
            .collect(),
        subnets,
        action: it.action.clone(),
        remotes: it.remotes.clone(),
    };
    Ok(Scheduled {
        at: it.at.0,
        lag: it.lag.map_or(TimeDelta::zero(), |it| it.0),
        finding,
    })
}
