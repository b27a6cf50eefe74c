//! The analyst's way to the console, and the console's way to the API of AWS.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Guard, GuardKind, OwnPath};
use crate::analysis::{Activity, Blast, Course, Flow, Network, PortSpan, Verdict, blast};
use crate::model::{AclAction, Eni, Estate, GatewayKind};
use crate::operation::Operation;
use crate::plan::step::{Plan, What};

/// Stand for the public addresses of AWS's API: set aside for documentation, so no rule names them.
const API_V4: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const API_V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0xffff, 0, 0, 0, 0, 1));

/// The services that the console calls: the last label of an interface endpoint's service name.
/// <https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html>
const SERVICES: [&str; 9] = [
    "autoscaling",
    "ec2",
    "elasticloadbalancing",
    "guardduty",
    "guardduty-data",
    "logs",
    "ssm",
    "ssmmessages",
    "sts",
];

pub(super) fn guards(course: Course<'_>, plan: &Plan, own: &OwnPath) -> Vec<Guard> {
    let estate = course.before.estate();
    let reached = blast(course, None);
    let mut found: Vec<Guard> = host(course, plan, own, &reached).into_iter().collect();
    found.extend(session(course, own, &reached));
    found.extend(own_address(plan, own));
    for eni in own.interfaces(estate) {
        if is_reached(estate, &reached, eni) {
            found.extend(api(course, eni));
        }
    }
    found
}

/// Whether anything on an interface's way changes, its NAT gateway or endpoint included.
fn is_reached(estate: &Estate, reached: &Blast, eni: &Eni) -> bool {
    let own_subnet = reached.subnets.contains(&eni.subnet);
    // An endpoint's groups are on the way of whoever uses it.
    let service = |id| estate.eni(id).is_some_and(|it: &Eni| it.instance.is_none());
    own_subnet
        || reached.scope.contains(&eni.id)
        || reached.dependents.contains(&eni.subnet)
        || reached.scope.iter().any(service)
}

/// The console on the suspect, or next to it.
fn host(course: Course<'_>, plan: &Plan, own: &OwnPath, reached: &Blast) -> Option<Guard> {
    let estate = course.before.estate();
    let suspect = plan.suspect()?;
    let host = own.host(estate)?;
    let changes = !reached.scope.is_empty() || plan.operations().any(stops);
    if host == *suspect {
        let words =
            format!("The console runs on the suspect, {suspect}: whoever owns it sees this.");
        return Some(if changes {
            Guard::danger(
                GuardKind::Host,
                format!("{words} This plan cuts it off: run it from elsewhere."),
            )
        } else {
            Guard::danger(GuardKind::Host, words)
        });
    }
    let suspects = estate.enis_of_instance(suspect);
    let mut shared = suspects.filter(|it| {
        let mut own = estate.enis_of_instance(&host);
        own.any(|mine| mine.subnet == it.subnet)
    });
    let subnet = &shared.next()?.subnet;
    let words = format!("The console runs on {host}, in the suspect's subnet {subnet}");
    Some(if reached.subnets.contains(subnet) {
        Guard::danger(
            GuardKind::Host,
            format!("{words}, whose network ACL or routes this plan changes."),
        )
    } else {
        Guard::note(GuardKind::Host, format!("{words}."))
    })
}

fn stops(operation: &Operation) -> bool {
    matches!(operation, Operation::StopInstance { .. })
}

/// What becomes of the SSH session, and of the next login.
fn session(course: Course<'_>, own: &OwnPath, reached: &Blast) -> Option<Guard> {
    let estate = course.before.estate();
    let flow = own.session()?;
    let ends = [flow.client, flow.server].map(|it| estate.eni_of_address(it));
    let mut ends = ends.into_iter().flatten();
    let on_the_way = ends.any(|it| is_reached(estate, reached, it) || went_down(course, it));
    if !on_the_way {
        return None;
    }
    let judgement = course.judgement(&flow, None, Activity::default());
    let danger = |words: String| {
        Some(Guard::danger(
            GuardKind::Session,
            format!("Your SSH session ({flow}) {words}"),
        ))
    };
    match judgement.fate.verdict {
        Verdict::Cut => danger(format!("is cut at once: {}", judgement.why)),
        Verdict::Expires(seconds) => danger(format!(
            "ends once it is silent, in {seconds} s or later: {}",
            judgement.why
        )),
        Verdict::Resumes => danger(format!("stands still for a while: {}", judgement.why)),
        Verdict::OneWay(_) => danger(format!("passes one way only: {}", judgement.why)),
        Verdict::Unknown => danger(format!(
            "is on the way of this plan, and what becomes of it is not known: {}",
            judgement.why
        )),
        Verdict::Survives | Verdict::Unaffected | Verdict::NotFiltered => {
            let opened = course.before.connects(&flow, None);
            match (opened, course.end().connects(&flow, None)) {
                (Some(Ok(())), Some(Err(decision))) => danger(format!(
                    "goes on, but no new one gets in: {}",
                    decision.words
                )),
                _ => None,
            }
        }
    }
}

/// Whether the instance of an interface is stopped on the way.
fn went_down(course: Course<'_>, eni: &Eni) -> bool {
    let state = |network: &Network| {
        let id = eni.instance.as_ref()?;
        Some(network.estate().instance(id)?.state)
    };
    state(course.before) != state(course.end())
}

/// The analyst's own address among those that the plan blocks.
fn own_address(plan: &Plan, own: &OwnPath) -> Vec<Guard> {
    let mut found = Vec::new();
    for address in own.addresses() {
        let mut steps = plan.steps.iter();
        let blocking = steps.find(|it| match &it.what {
            What::Change(operation) => blocks(operation, address),
            What::Wait { .. } | What::Verify(_) => false,
        });
        if let Some(step) = blocking {
            found.push(Guard::danger(
                GuardKind::Session,
                format!(
                    "{address} is your own address, and step {} is against it: {}.",
                    step.id,
                    step.prose()
                ),
            ));
        }
    }
    found
}

/// Whether an operation is against an address by name. What is against everyone is judged by flows.
fn blocks(operation: &Operation, address: IpAddr) -> bool {
    match operation {
        Operation::CreateAclEntry { entry, .. } | Operation::ReplaceAclEntry { entry, .. } => {
            entry.action == AclAction::Deny
                && entry.cidr.prefix_len() > 0
                && entry.cidr.contains(&address)
        }
        Operation::CreateRoute { destination, .. }
        | Operation::ReplaceRoute { destination, .. } => {
            let cidr = destination.parse::<ipnet::IpNet>();
            cidr.is_ok_and(|it| it.prefix_len() > 0 && it.contains(&address))
        }
        Operation::RunHostBlock { peer, .. } => *peer == address,
        _ => false,
    }
}

/// The ways to the API that an interface has, and loses.
fn api(course: Course<'_>, eni: &Eni) -> Vec<Guard> {
    let estate = course.before.estate();
    let mut found = Vec::new();
    for (to, name) in [(API_V4, "IPv4"), (API_V6, "IPv6")] {
        let own = eni.addresses.iter().find(|it| it.is_ipv6() == to.is_ipv6());
        if let Some(lost) = own.and_then(|own| lost(course, &https(*own, to))) {
            found.push(Guard::danger(
                GuardKind::Api,
                format!(
                    "The console's way to AWS's API over {name} from its own {} {lost}. What was \
                     opened could not be emptied from here.",
                    eni.id
                ),
            ));
        }
    }
    let endpoints = estate.gateways().filter(|it| {
        let service = it.name.rsplit('.').next().unwrap_or_default();
        it.kind == GatewayKind::InterfaceEndpoint
            && it.vpc == eni.vpc
            && SERVICES.contains(&service)
    });
    for endpoint in endpoints {
        let enis = endpoint.enis.iter().filter_map(|it| estate.eni(it));
        let mut ways = enis.filter_map(|to| {
            let flow = https(eni.primary()?, to.primary()?);
            lost(course, &flow)
        });
        if let Some(lost) = ways.next() {
            found.push(Guard::danger(
                GuardKind::Api,
                format!(
                    "The console's way from its own {} to the endpoint {} ({}) {lost}.",
                    eni.id, endpoint.id, endpoint.name
                ),
            ));
        }
    }
    found
}

/// How a way that was open is lost, at the end or for a while.
fn lost(course: Course<'_>, flow: &Flow) -> Option<String> {
    let open = |network: &Network| network.connects(flow, None);
    if !matches!(open(course.before), Some(Ok(()))) {
        return None;
    }
    if let Some(Err(decision)) = open(course.end()) {
        return Some(format!("is lost: {}", decision.words));
    }
    let mut between = course.stages.iter();
    let closed = between.find_map(|stage| match open(&stage.network) {
        Some(Err(decision)) => Some((stage.at, decision)),
        _ => None,
    });
    closed.map(|(at, decision)| {
        format!(
            "is lost from second {at} on, for a while: {}",
            decision.words
        )
    })
}

fn https(client: IpAddr, server: IpAddr) -> Flow {
    Flow {
        client,
        server,
        protocol: 6,
        client_ports: PortSpan::one(50_000),
        server_port: 443,
        icmp: None,
        via: None,
    }
}
