//! What was forecast of a plan before it was confirmed, to be journalled with it and held against what came
//! of it.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::compare::{Outlook, outlook_of};
use super::ledger::ledger;
use super::step::Plan;
use crate::analysis::{FlowFate, Grade, Traffic};

/// Flows that are named at the most: a journal is no flow log.
const NAMED: usize = 40;

/// What was forecast of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Foretold {
    /// What it does to everyone, in one sentence.
    pub ledger: String,
    /// The target's flows that were known: those with the findings' peers first, then the largest.
    pub flows: Vec<ForetoldFlow>,
    /// Flows besides.
    pub more: usize,
}

/// A flow of the target, and what was forecast of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForetoldFlow {
    /// The flow in words, as its client opened it.
    pub flow: String,
    /// The other side.
    pub peer: IpAddr,
    /// The service port; 0 where the protocol has none.
    pub port: u16,
    /// IANA protocol number.
    pub protocol: u8,
    /// What becomes of it, in a word.
    pub verdict: String,
    /// How well founded that is.
    pub grade: Grade,
    /// Its volume, both ways.
    pub bytes_per_minute: u64,
}

/// Forecasts a plan, for the journal. `None`: it is not for an instance, or AWS would refuse a step, which the
/// plan's own checks tell better.
pub fn foretell(traffic: &Traffic, plan: &Plan, peers: &BTreeSet<IpAddr>) -> Option<Foretold> {
    let suspect = plan.suspect()?;
    let outlook = outlook_of(traffic, plan.clone(), Some(suspect), peers).ok()?;
    let estate = traffic.network().estate();
    let label = estate
        .instance(suspect)
        .map_or(suspect.as_str(), |it| it.label());
    let mut flows = flows(traffic, &outlook);
    flows.sort_by_key(|it| (!peers.contains(&it.peer), Reverse(it.bytes_per_minute)));
    let more = flows.len().saturating_sub(NAMED);
    flows.truncate(NAMED);
    Some(Foretold {
        ledger: ledger(estate, label, &outlook),
        flows,
        more,
    })
}

/// The flows of the suspect's interfaces, each once.
fn flows(traffic: &Traffic, outlook: &Outlook) -> Vec<ForetoldFlow> {
    let network = traffic.network();
    let course = outlook.course(network);
    let mut all = Vec::new();
    let suspect = outlook.plan.suspect();
    for eni in suspect
        .into_iter()
        .flat_map(|it| network.estate().enis_of_instance(it))
    {
        for fate in traffic.fates_of(course, &eni.id) {
            let flow = told(fate, &eni.addresses);
            if !all.contains(&flow) {
                all.push(flow);
            }
        }
    }
    all
}

fn told(it: FlowFate, own: &[IpAddr]) -> ForetoldFlow {
    let flow = it.flow;
    let opened = own.contains(&flow.client);
    ForetoldFlow {
        flow: flow.to_string(),
        peer: if opened { flow.server } else { flow.client },
        port: flow.server_port,
        protocol: flow.protocol,
        verdict: it.fate.verdict.name().to_owned(),
        grade: it.fate.grade,
        bytes_per_minute: it.bytes_per_minute,
    }
}
