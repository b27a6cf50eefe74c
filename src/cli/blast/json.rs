//! The ledger as JSON: everything, in an order that depends on nothing but the evidence.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::net::IpAddr;

use serde::Serialize;

use super::{Doubt, Review};
use crate::analysis::Verdict;
use crate::model::{EniId, Protocol, SubnetId};
use crate::plan::{ChangeStep, Line, Totals};

#[derive(Serialize)]
struct Document<'a> {
    change: ChangeJson<'a>,
    scope: Scope<'a>,
    cut: Vec<FlowJson<'a>>,
    survives: Vec<FlowJson<'a>>,
    unknown: Vec<FlowJson<'a>>,
    totals: TotalsJson,
    doubts: Vec<DoubtJson<'a>>,
}

#[derive(Serialize)]
struct ChangeJson<'a> {
    /// The flags that ask for it.
    asked: &'a str,
    steps: Vec<StepJson<'a>>,
    remarks: &'a [String],
}

#[derive(Serialize)]
struct StepJson<'a> {
    words: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cli: Option<&'a str>,
}

#[derive(Serialize)]
struct Scope<'a> {
    subnets: &'a BTreeSet<SubnetId>,
    enis: &'a BTreeSet<EniId>,
    /// Subnets that depend on a NAT gateway or an endpoint in one of those.
    dependents: &'a BTreeSet<SubnetId>,
    /// What each of the interfaces is, in words.
    labels: BTreeMap<&'a str, &'a str>,
}

#[derive(Serialize)]
struct FlowJson<'a> {
    client: IpAddr,
    server: IpAddr,
    proto: String,
    /// Absent where the protocol has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    ports: Option<Ports>,
    enis: &'a [EniId],
    whose: &'static str,
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_in_seconds: Option<u32>,
    /// `null`: no object decides.
    decided_by: Option<&'a str>,
    why: &'a str,
    grade: &'static str,
    source: &'static str,
    bytes_per_minute: u64,
}

#[derive(Serialize)]
struct Ports {
    /// The lowest and the highest.
    client: [u16; 2],
    server: u16,
}

#[derive(Serialize)]
struct TotalsJson {
    /// `false`: no flow log was read, and the counts say nothing.
    flows_known: bool,
    suspect: PartyJson,
    neighbours: PartyJson,
}

/// `cut`, `survives`, `unknown` and `unaffected` make up all flows; the first three are as long as the
/// lists of these names.
#[derive(Serialize)]
struct PartyJson {
    flows: u32,
    cut: u32,
    survives: u32,
    unknown: u32,
    unaffected: u32,
    bytes_per_minute_cut: u64,
    verdicts: Verdicts,
}

#[derive(Serialize)]
struct Verdicts {
    cut: u32,
    one_way: u32,
    resumes: u32,
    expires: u32,
    survives: u32,
    unknown: u32,
    unaffected: u32,
    not_filtered: u32,
}

#[derive(Serialize)]
struct DoubtJson<'a> {
    about: &'static str,
    words: &'a str,
}

/// Writes the ledger, pretty, with a newline at the end.
pub(super) fn write(review: &Review, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &document(review))?;
    writeln!(out)
}

fn flows(lines: &[Line]) -> Vec<FlowJson<'_>> {
    lines.iter().map(flow).collect()
}

fn document(review: &Review) -> Document<'_> {
    let ledger = &review.ledger;
    Document {
        change: ChangeJson {
            asked: &review.asked,
            steps: review.change.steps.iter().map(step).collect(),
            remarks: &review.change.remarks,
        },
        scope: Scope {
            subnets: &ledger.reach.subnets,
            enis: &ledger.reach.scope,
            dependents: &ledger.reach.dependents,
            labels: review
                .scope
                .iter()
                .map(|[id, _, _, what]| (&**id, &**what))
                .collect(),
        },
        cut: flows(&ledger.cut),
        survives: flows(&ledger.survives),
        unknown: flows(&ledger.unknown),
        totals: TotalsJson {
            flows_known: review.has_flows,
            suspect: party(&ledger.suspect),
            neighbours: party(&ledger.neighbours),
        },
        doubts: review.doubts.iter().map(doubt).collect(),
    }
}

fn step(it: &ChangeStep) -> StepJson<'_> {
    StepJson {
        words: &it.words,
        cli: it.cli.as_deref(),
    }
}

fn doubt(it: &Doubt) -> DoubtJson<'_> {
    DoubtJson {
        about: it.about.name(),
        words: &it.words,
    }
}

fn flow(line: &Line) -> FlowJson<'_> {
    let flow = &line.flow;
    FlowJson {
        client: flow.client,
        server: flow.server,
        proto: Protocol::Number(flow.protocol).to_string(),
        ports: matches!(flow.protocol, 6 | 17).then_some(Ports {
            client: [flow.client_ports.from, flow.client_ports.to],
            server: flow.server_port,
        }),
        enis: &line.enis,
        whose: line.party.name(),
        verdict: line.verdict.name(),
        expires_in_seconds: match line.verdict {
            Verdict::Expires(seconds) => Some(seconds),
            _ => None,
        },
        decided_by: line.decided_by.as_deref(),
        why: &line.why,
        grade: line.grade.name(),
        source: line.source,
        bytes_per_minute: line.bytes_per_minute,
    }
}

fn party(totals: &Totals) -> PartyJson {
    let flows = &totals.flows;
    PartyJson {
        flows: flows.total(),
        cut: totals.cut(),
        survives: totals.survives(),
        unknown: flows.unknown,
        unaffected: totals.unaffected(),
        bytes_per_minute_cut: totals.bytes_per_minute_cut,
        verdicts: Verdicts {
            cut: flows.cut,
            one_way: flows.one_way,
            resumes: flows.resuming,
            expires: flows.expiring,
            survives: flows.surviving,
            unknown: flows.unknown,
            unaffected: flows.unaffected,
            not_filtered: flows.not_filtered,
        },
    }
}
