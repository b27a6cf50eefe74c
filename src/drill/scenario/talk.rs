//! Conversations and findings: names become ids and addresses, and every pair of a client and a server a
//! script.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use super::super::net::{Lost, Net, Origin, Outcome, Packet};
use super::super::party::Party;
use super::names::{File, Host, Names, Resolved};
use super::script::{Credentials, Script};
use super::spec::{ConversationSpec, FindingSpec, InstanceSpec, Name, Spec};
use super::{Role, Scheduled};
use crate::model::{EniId, Estate, Finding, FindingId, InstanceId, Severity};

/// More exchanges per second than this would keep the machine busy with the drill alone.
const BUSIEST: f64 = 2_000.0;

/// More conversations than this nobody wants to look at.
const MOST: usize = 5_000;

/// Every script of every conversation.
pub(super) fn scripts(
    file: File<'_>,
    spec: &Spec,
    names: &Names<'_>,
    estate: &Estate,
) -> Vec<Script> {
    let mut seen = BTreeSet::new();
    let mut scripts = Vec::new();
    let mut net = Net::new(estate, spec.switches);
    for it in &spec.conversations {
        if !seen.insert(it.name.get_ref()) {
            file.note(file.duplicate("conversation", &it.name));
        }
        let credentials = credentials(file, spec, names, it);
        if let Some(group) = &it.balanced {
            let known = |it: &InstanceSpec| {
                let target = it.target.as_ref();
                target.is_some_and(|it| it.group == *group.get_ref())
            };
            if !spec.instances.iter().any(known) {
                file.note(file.unresolved("balanced", "target group", group));
            }
        }
        check(file, it);
        let own = pairs(file, names, it).into_iter().filter_map(|(from, to)| {
            let script = script(it, from, to, credentials.clone())?;
            file.ok(begins(file, estate, &mut net, it, &script))
                .map(|()| script)
        });
        let before = scripts.len();
        scripts.extend(own);
        if scripts.len() == before && file.problems.borrow().is_empty() {
            file.note(file.invalid("to", &it.name, "nobody talks to anybody else in it"));
        }
    }
    let busy: f64 = scripts.iter().map(rate).sum();
    let problem = format!(
        "{} conversations with {busy:.0} exchanges a second are too much; the limits are {MOST} and {BUSIEST}",
        scripts.len()
    );
    let too_much = scripts.len() > MOST || busy > BUSIEST;
    file.refuse(too_much, "suspect", &spec.suspect, &problem);
    scripts
}

/// Every `from` with every `to`, but nobody with themselves.
fn pairs(file: File<'_>, names: &Names<'_>, it: &ConversationSpec) -> Vec<(Host, Host)> {
    let to = names.hosts(file, "to", &it.to, it.ipv6);
    let from = names.hosts(file, "from", &it.from, it.ipv6);
    let pairs = from.iter().flat_map(|from| {
        let others = to.iter().filter(move |to| *to != from);
        others.map(move |to| (from.clone(), to.clone()))
    });
    pairs.collect()
}

fn script(
    it: &ConversationSpec,
    (from, client): Host,
    (to, server): Host,
    credentials: Option<Credentials>,
) -> Option<Script> {
    Some(Script {
        from,
        to,
        listens: !it.closed,
        balanced: it.balanced.as_ref().map(|it| it.get_ref().clone()),
        conversation: it.name.get_ref().clone(),
        role: it.role,
        client,
        server,
        protocol: it.protocol.number()?,
        port: it.port.unwrap_or(0),
        every: it.every.get_ref().0,
        packets: it.packets,
        bytes: it.bytes,
        starts: it
            .starts
            .as_ref()
            .map_or(-TimeDelta::days(30), |it| it.get_ref().0),
        lasts: it.lasts.as_ref().map(|it| it.get_ref().0),
        pause: it.pause.as_ref().unwrap_or(&it.every).get_ref().0,
        keepalive: it.keepalive.as_ref().map(|it| it.get_ref().0),
        exfiltrates: it.exfiltrates,
        held: it.held,
        credentials,
    })
}

/// What can be wrong with the values of a conversation.
fn check(file: File<'_>, it: &ConversationSpec) {
    let one = it.protocol.number().is_some();
    file.refuse(
        !one,
        "protocol",
        &it.name,
        "a conversation has one protocol",
    );
    let ported = it.protocol.is_ported() == it.port.is_some_and(|it| it > 0);
    let problem = "tcp and udp have a port, and nothing else does";
    file.refuse(!ported, "port", &it.name, problem);
    let sane = TimeDelta::milliseconds(100)..=TimeDelta::days(7);
    let pace = [("every", Some(&it.every)), ("pause", it.pause.as_ref())];
    for (key, span) in pace {
        let wrong = span.is_some_and(|it| !sane.contains(&it.get_ref().0));
        let problem = "every and pause lie between 100ms and 168h";
        file.refuse(wrong, key, &it.name, problem);
    }
    if let Some(lasts) = &it.lasts {
        let short = lasts.get_ref() < it.every.get_ref();
        file.refuse(short, "lasts", lasts, "it lasts for one exchange at least");
    }
    if let Some(keepalive) = &it.keepalive {
        let tcp = it.protocol.number() == Some(6);
        let sane = tcp && keepalive.get_ref().0 >= TimeDelta::seconds(1);
        let problem = "keep-alives are of tcp, and at least 1s apart";
        file.refuse(!sane, "keepalive", keepalive, problem);
    }
    file.refuse(
        it.packets[0] == 0,
        "packets",
        &it.name,
        "an exchange begins with a packet",
    );
    file.refuse(
        it.exfiltrates && it.role != Role::Attack,
        "exfiltrates",
        &it.name,
        "only what has the role attack steals data",
    );
    if let (true, Some(starts)) = (it.held, &it.starts) {
        let problem = "what is held begins when an inject begins it, and at no time of its own";
        file.note(file.invalid("starts", starts, problem));
    }
}

/// A conversation that could never begin is a mistake.
fn begins(
    file: File<'_>,
    estate: &Estate,
    net: &mut Net,
    it: &ConversationSpec,
    script: &Script,
) -> Resolved<()> {
    let outside = |party: &Party| matches!(party, Party::Outside(_));
    let (client, server) = (&script.client, &script.server);
    let ends = || format!("{} to {}", script.from, script.to);
    if outside(client) && outside(server) {
        if script.credentials.is_some() {
            return Ok(());
        }
        let problem = format!("{}: one end of a conversation is inside", ends());
        return Err(file.invalid("to", &it.name, problem));
    }
    if script.credentials.is_some() {
        let problem = "credentials are used from outside, and calls are no traffic of the VPC";
        return Err(file.invalid("credentials", &it.name, problem));
    }
    if outside(client) && is_service(client) {
        let problem = "a service of AWS opens no connection";
        return Err(file.invalid("from", &it.name, problem));
    }
    let Some(packet) = opening(estate, script) else {
        let problem = format!("{}: it could never begin: it has no public address", ends());
        return Err(file.invalid("to", &it.name, problem));
    };
    let from = match client {
        Party::Ours { eni, .. } => net.eni(eni).map_or(Origin::Outside, Origin::Eni),
        Party::Outside(_) => Origin::Outside,
    };
    match net.send(from, packet, 0, &mut Vec::new()).outcome {
        Outcome::Dropped(_) if it.refused => Ok(()),
        Outcome::Dropped(Lost::Groups { .. } | Lost::Acl { .. }) if it.held => Ok(()),
        Outcome::Dropped(lost) => {
            let problem = format!("{}: it could never begin: {lost}", ends());
            Err(file.invalid("to", &it.name, problem))
        }
        Outcome::Delivered(_) if it.refused => {
            let problem = format!(
                "{}: it is let in, and `refused` says that it is not",
                ends()
            );
            Err(file.invalid("refused", &it.name, problem))
        }
        Outcome::Delivered(_) => Ok(()),
    }
}

/// The first packet of a conversation. From outside it goes to the public address, where there is one.
fn opening(estate: &Estate, script: &Script) -> Option<Packet> {
    let (src, own) = (script.client.address(), script.server.address());
    let dst = match (&script.client, &script.server) {
        (Party::Outside(_), Party::Ours { eni, .. }) if own.is_ipv4() => {
            estate.eni(eni)?.public_of(own)?
        }
        _ => own,
    };
    let ping = Packet::ping(src, dst, 50_000);
    Some(if ping.protocol == script.protocol {
        ping
    } else {
        Packet {
            protocol: script.protocol,
            dst_port: script.port,
            ..ping
        }
    })
}

/// Whether a party is one of AWS's own that nothing filters.
fn is_service(party: &Party) -> bool {
    match party.address() {
        std::net::IpAddr::V4(it) => it.is_link_local(),
        std::net::IpAddr::V6(it) => it.segments()[..2] == [0xfd00, 0x0ec2],
    }
}

fn credentials(
    file: File<'_>,
    spec: &Spec,
    names: &Names<'_>,
    it: &ConversationSpec,
) -> Option<Credentials> {
    let over = it.renewed_over.as_ref().inspect(|over| {
        let known = |name: &Name| name.get_ref() == over.get_ref();
        if !spec.conversations.iter().any(|it| known(&it.name)) {
            file.note(file.unresolved("renewed_over", "conversation", over));
        }
        let problem = "only credentials are renewed";
        file.refuse(it.credentials.is_none(), "renewed_over", over, problem);
    });
    let name = it.credentials.as_ref()?;
    let instance = file.ok(names.instances.find(file, "credentials", name))?;
    let problem = "this instance has no profile, and so no credentials";
    file.refuse(instance.profile.is_none(), "credentials", name, problem);
    Some(Credentials {
        instance: InstanceId::new(instance.id.get_ref()),
        renewed_over: over.map(|it| it.get_ref().clone()),
    })
}

/// Exchanges per second at the most.
fn rate(script: &Script) -> f64 {
    1.0 / script.every.min(script.pause).as_seconds_f64().max(0.001)
}

/// Every finding with its moment.
pub(super) fn findings(file: File<'_>, spec: &Spec, names: &Names<'_>) -> Vec<Scheduled> {
    let mut seen = BTreeSet::new();
    let mut findings = Vec::new();
    for it in &spec.findings {
        if !seen.insert(it.id.get_ref()) {
            file.note(file.duplicate("finding", &it.id));
        }
        if let Some(of) = &it.of {
            let known = |it: &ConversationSpec| it.name.get_ref() == of.get_ref();
            if !spec.conversations.iter().any(known) {
                file.note(file.unresolved("of", "conversation", of));
            }
        }
        let raised = |inject: &super::spec::InjectSpec| {
            let raised = inject.finding.as_ref();
            raised.is_some_and(|id| id.get_ref() == it.id.get_ref())
        };
        // One that is about a conversation is found once that got something through.
        let never = it.at.is_none() && it.of.is_none() && !spec.injects.iter().any(raised);
        let problem = "it has neither `at` nor `of`, and no inject raises it";
        file.refuse(never, "at", &it.id, problem);
        findings.extend(file.ok(finding(file, spec, names, it)));
    }
    findings
}

fn finding(
    file: File<'_>,
    spec: &Spec,
    names: &Names<'_>,
    it: &FindingSpec,
) -> Resolved<Scheduled> {
    let severity = *it.severity.get_ref();
    let sane = (1.0..=10.0).contains(&severity);
    let problem = "a severity lies between 1.0 and 10.0";
    file.refuse(!sane, "severity", &it.severity, problem);
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
        region: spec.region.get_ref().clone(),
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
        at: it.at.map(|it| it.0),
        lag: it.lag.map_or(TimeDelta::zero(), |it| it.0),
        of: it.of.as_ref().map(|it| it.get_ref().clone()),
        finding,
    })
}
