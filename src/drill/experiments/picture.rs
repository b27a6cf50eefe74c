//! What an experiment's hosts stand in: their groups, the network ACL and route table of their subnets,
//! and the rules in force. A picture is a list of facts, so that two can be compared.

use toml::Value;

use super::spec::ExperimentSpec;
use super::stage::{End, Stage, Wire};
use crate::model::{
    Acl, AclAction, AclEntry, Direction, Eni, EniId, Estate, GroupRule, InstanceState, PortRange,
    Protocol, Route, RouteTable, RulePeer,
};

/// A picture: who talks to whom, and what decides of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Picture {
    /// Flows, one a line.
    pub(super) flows: Vec<String>,
    /// What is in force.
    pub(super) facts: Vec<Fact>,
}

/// Of what, and what holds of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fact {
    pub(super) of: String,
    pub(super) text: String,
}

impl Fact {
    fn new(of: &impl ToString, text: impl Into<String>) -> Self {
        Self {
            of: of.to_string(),
            text: text.into(),
        }
    }
}

impl Picture {
    /// The stage as it is, as far as it concerns the experiment.
    pub(super) fn of(stage: &Stage, spec: &ExperimentSpec) -> Self {
        let estate = &stage.estate;
        let labels = &stage.labels;
        let mut facts = Vec::new();
        let mut add = |fact: Fact| {
            let fact = Fact {
                of: labels.told(&fact.of),
                text: labels.told(&fact.text),
            };
            if !facts.contains(&fact) {
                facts.push(fact);
            }
        };
        let enis = concerned(stage, spec);
        for eni in &enis {
            let name = labels.name(&eni.id);
            host(estate, eni, &name).into_iter().for_each(&mut add);
        }
        for eni in &enis {
            groups(estate, eni).into_iter().for_each(&mut add);
        }
        for eni in &enis {
            surroundings(estate, eni).into_iter().for_each(&mut add);
        }
        Self {
            flows: stage.wires.iter().map(|it| arrow(estate, it)).collect(),
            facts,
        }
    }
}

/// What went (`-`) and what came (`+`) from one picture to another.
pub(super) fn changed(before: &Picture, after: &Picture) -> Vec<String> {
    let went = before.facts.iter().filter(|it| !after.facts.contains(it));
    let came = after.facts.iter().filter(|it| !before.facts.contains(it));
    let went = went.map(|it| format!("- {} {}", it.of, it.text));
    let came = came.map(|it| format!("+ {} {}", it.of, it.text));
    went.chain(came).collect()
}

/// The interfaces that flows and changes are about.
fn concerned<'e>(stage: &'e Stage, spec: &ExperimentSpec) -> Vec<&'e Eni> {
    let estate = &stage.estate;
    let both = stage.wires.iter().flat_map(|it| [&it.from.1, &it.to.1]);
    let inside = both.filter_map(|it| match it {
        End::Inside(eni) => estate.eni(eni),
        End::Outside(_) => None,
    });
    let changes = spec.steps.iter().filter_map(|it| it.change.as_ref());
    let mut named = Vec::new();
    changes.for_each(|it| texts(it, &mut named));
    let named = named.iter().filter_map(|it| stage.labels.id(it));
    let named = named.filter_map(|id| estate.eni(&EniId::new(id)));
    let mut enis: Vec<&Eni> = Vec::new();
    for eni in inside.chain(named) {
        if enis.iter().all(|it| it.id != eni.id) {
            enis.push(eni);
        }
    }
    enis
}

fn texts<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => found.push(text),
        Value::Array(items) => items.iter().for_each(|it| texts(it, found)),
        Value::Table(table) => table.iter().for_each(|(_, it)| texts(it, found)),
        _ => {}
    }
}

/// `ping: home (192.0.2.200) --icmp--> box (10.40.1.10, public 198.51.100.60)`
fn arrow(estate: &Estate, wire: &Wire) -> String {
    let what = match wire.first.protocol {
        6 => format!("tcp {}", wire.first.dst_port),
        17 => format!("udp {}", wire.first.dst_port),
        _ => "icmp".to_owned(),
    };
    let (from, to) = (party(estate, &wire.from), party(estate, &wire.to));
    format!("{}: {from} --{what}--> {to}", wire.name)
}

fn party(estate: &Estate, (name, end): &(String, End)) -> String {
    match end {
        End::Outside(address) => format!("{name} ({address})"),
        End::Inside(eni) => {
            let addresses = estate.eni(eni).map(addresses).unwrap_or_default();
            format!("{name} ({addresses})")
        }
    }
}

fn addresses(eni: &Eni) -> String {
    let own = eni.addresses.iter().map(ToString::to_string);
    let public = eni.public.iter().map(|it| format!("public {}", it.address));
    own.chain(public).collect::<Vec<_>>().join(", ")
}

fn host(estate: &Estate, eni: &Eni, name: &str) -> Vec<Fact> {
    let instance = eni.instance.as_ref().and_then(|id| estate.instance(id));
    let kind = match instance {
        Some(it) if it.state != InstanceState::Running => {
            format!("{} ({})", it.instance_type, it.state.name())
        }
        Some(it) => it.instance_type.clone(),
        None => "attached to nothing".to_owned(),
    };
    let groups: Vec<String> = eni.groups.iter().map(ToString::to_string).collect();
    let mut facts = vec![
        Fact::new(&name, format!("{kind}, {}", addresses(eni))),
        Fact::new(&name, format!("has {}", groups.join(" and "))),
        Fact::new(&name, format!("is in {}", eni.subnet)),
    ];
    let timeouts = eni.timeouts;
    let timers = [
        ("TcpEstablishedTimeout", timeouts.tcp_established),
        ("UdpTimeout", timeouts.udp),
        ("UdpStreamTimeout", timeouts.udp_stream),
    ];
    for (timer, value) in timers {
        facts.extend(value.map(|it| Fact::new(&name, format!("{timer} {it} s"))));
    }
    facts
}

fn groups(estate: &Estate, eni: &Eni) -> Vec<Fact> {
    let groups = eni.groups.iter().filter_map(|id| estate.group(id));
    let mut facts = Vec::new();
    for group in groups {
        for direction in Direction::BOTH {
            let mut rules: Vec<String> = group.rules_in(direction).map(rule).collect();
            if rules.is_empty() {
                rules.push("nothing".to_owned());
            }
            let way = way(direction);
            let rules = rules.iter();
            facts.extend(rules.map(|it| Fact::new(&group.id, format!("{way} {it}"))));
        }
    }
    facts
}

fn surroundings(estate: &Estate, eni: &Eni) -> Vec<Fact> {
    let acl = estate.acl_of_subnet(&eni.subnet);
    let table = estate.table_of_subnet(&eni.subnet);
    let mut has: Vec<String> = acl.iter().map(|it| it.id.to_string()).collect();
    has.extend(table.iter().map(|it| it.id.to_string()));
    let mut facts = vec![Fact::new(&eni.subnet, format!("has {}", has.join(" and ")))];
    facts.extend(acl.into_iter().flat_map(entries));
    facts.extend(table.into_iter().flat_map(routes));
    facts
}

/// The final deny is told where it decides anything.
fn entries(acl: &Acl) -> Vec<Fact> {
    let mut facts = Vec::new();
    for direction in Direction::BOTH {
        let mut entries: Vec<&AclEntry> = acl.numbered_in(direction).collect();
        entries.sort_by_key(|it| it.number);
        let last = entries.iter().find(|it| {
            it.protocol == Protocol::All && it.cidr.prefix_len() == 0 && it.cidr.addr().is_ipv4()
        });
        let way = way(direction);
        let all = entries.iter();
        facts.extend(all.map(|it| Fact::new(&acl.id, format!("{way} {}", entry(it)))));
        if last.is_none() {
            facts.push(Fact::new(&acl.id, format!("{way} * deny the rest")));
        }
    }
    facts
}

fn routes(table: &RouteTable) -> Vec<Fact> {
    let route = |it: &Route| {
        let hole = if it.blackhole { ", a black hole" } else { "" };
        Fact::new(
            &table.id,
            format!("{} to {}{hole}", it.destination, it.target),
        )
    };
    table.routes.iter().map(route).collect()
}

fn way(direction: Direction) -> &'static str {
    match direction {
        Direction::Ingress => "in ",
        Direction::Egress => "out",
    }
}

fn rule(it: &GroupRule) -> String {
    let peer = match &it.peer {
        RulePeer::Cidr(cidr) => cidr.to_string(),
        RulePeer::Group(group) => group.to_string(),
        RulePeer::PrefixList(list) => list.clone(),
    };
    let side = match it.direction {
        Direction::Ingress => "from",
        Direction::Egress => "to",
    };
    format!("{} {side} {peer}", traffic(it.protocol, it.ports))
}

fn entry(it: &AclEntry) -> String {
    let action = match it.action {
        AclAction::Allow => "allow",
        AclAction::Deny => "deny",
    };
    let side = match it.direction {
        Direction::Ingress => "from",
        Direction::Egress => "to",
    };
    let what = traffic(it.protocol, it.ports);
    format!("{} {action} {what} {side} {}", it.number, it.cidr)
}

/// `everything`, `tcp 22`, `tcp 8000-8080`, `icmp type 8`.
fn traffic(protocol: Protocol, ports: Option<PortRange>) -> String {
    let Some(ports) = ports.filter(|_| protocol != Protocol::All) else {
        return match protocol {
            Protocol::All => "everything".to_owned(),
            Protocol::Number(_) => protocol.to_string(),
        };
    };
    let icmp = matches!(protocol, Protocol::ICMP | Protocol::ICMPV6);
    match (icmp, ports.from, ports.to) {
        (true, -1, _) => protocol.to_string(),
        (true, kind, -1) => format!("{protocol} type {kind}"),
        (true, kind, code) => format!("{protocol} type {kind} code {code}"),
        (false, from, to) if from == to => format!("{protocol} {from}"),
        (false, from, to) => format!("{protocol} {from}-{to}"),
    }
}
