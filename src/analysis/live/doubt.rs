//! What the logs leave open, in sentences.

use std::collections::BTreeSet;

use chrono::SecondsFormat;

use super::NatLeg;
use crate::flows::{FlowTable, UNKNOWN_ENI};
use crate::model::{EniId, Estate, PartKind};

/// How many interfaces are named.
const NAMED: usize = 3;

/// The NAT gateways with legs that don't name the remote.
pub(super) fn blind_nats(legs: &[NatLeg]) -> BTreeSet<&EniId> {
    let blind = legs.iter().filter(|leg| leg.remote.is_none());
    blind.map(|leg| &leg.nat_eni).collect()
}

pub(super) fn doubts(
    estate: &Estate,
    table: &FlowTable,
    blind_nats: &BTreeSet<&EniId>,
    ambiguous: &BTreeSet<&EniId>,
) -> Vec<String> {
    let mut doubts: Vec<String> = skipped(table);
    doubts.extend(unlogged(estate, table));
    doubts.extend(filtered(estate));
    doubts.extend(some(blind_nats.len(), |_| {
        format!(
            "the log of {} has no pkt-srcaddr and pkt-dstaddr: who is behind and in front of the NAT \
             gateway is only in the logs of the instances",
            named(blind_nats.iter().copied())
        )
    }));
    doubts.extend(some(ambiguous.len(), |_| {
        format!(
            "the log of {} has no pkt-srcaddr and pkt-dstaddr: which of its addresses a flow has is \
             unknown, and one between two such interfaces may be here twice",
            named(ambiguous.iter().copied())
        )
    }));
    doubts.extend(unread(estate, table));
    let coverage = table.coverage();
    doubts.extend(some(coverage.without_eni, |count| {
        format!("{count} records name no interface: they are placed by their addresses alone")
    }));
    doubts.extend(some(coverage.incomplete, |count| {
        format!("{count} records lack addresses, protocol or action: their flows are unknown")
    }));
    doubts.extend(some(coverage.bad_lines, |count| {
        format!("{count} lines of the log could not be read: their flows are unknown")
    }));
    doubts.extend(some(table.evicted(), |count| {
        format!(
            "{count} flows were dropped because there were too many: they may be alive. Read fewer \
             interfaces or a shorter time"
        )
    }));
    doubts
}

/// Windows whose records AWS lost.
fn skipped(table: &FlowTable) -> Vec<String> {
    let coverage = table.coverage();
    let skips: Vec<(&EniId, _)> = coverage
        .enis
        .iter()
        .filter_map(|(eni, it)| Some((eni, it.last_skip?)))
        .collect();
    let time = |at: chrono::DateTime<chrono::Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let mut doubts: Vec<String> = skips
        .iter()
        .take(NAMED)
        .map(|(eni, window)| {
            format!(
                "AWS skipped records of {eni}, last from {} to {}: its flows then are unknown",
                time(window.start),
                time(window.end)
            )
        })
        .collect();
    let rest = skips.len().saturating_sub(NAMED);
    doubts.extend(some(rest, |count| {
        format!("AWS skipped records of {count} more interfaces: their flows are unknown")
    }));
    if skips.is_empty() {
        doubts.extend(some(coverage.skip_data, |count| {
            format!("AWS skipped records, as {count} records say: flows are missing")
        }));
    }
    doubts
}

/// Interfaces of the account that have no record at all, not even one that says "no data".
fn unlogged(estate: &Estate, table: &FlowTable) -> Option<String> {
    let logged = &table.coverage().enis;
    let missing: Vec<&EniId> = estate
        .enis()
        .map(|eni| &eni.id)
        .filter(|id| !logged.contains_key(*id))
        .collect();
    some(missing.len(), |_| {
        format!(
            "no record of {}: flows there are unknown, not absent",
            named(missing.iter().copied())
        )
    })
}

/// Flow logs that only have what is let through, or only what is not.
fn filtered(estate: &Estate) -> Vec<String> {
    let sentence = |missing: &str, id: &str, resource: &str| {
        format!("{id} of {resource} does not log {missing} traffic")
    };
    let logs = estate.flow_logs().iter();
    let partial = logs.filter_map(|log| match log.traffic.as_str() {
        "ACCEPT" => Some(sentence("rejected", &log.id, &log.resource)),
        "REJECT" => Some(sentence("accepted", &log.id, &log.resource)),
        _ => None,
    });
    partial.collect()
}

/// Interfaces of the log that the account did not show.
fn unread(estate: &Estate, table: &FlowTable) -> Option<String> {
    if estate.freshness(PartKind::Enis).is_none() {
        let words = "the network interfaces were not read: what translates or hands on is unknown";
        return Some(words.to_owned());
    }
    let unknown: Vec<&EniId> = table
        .logs()
        .map(|log| log.eni)
        .filter(|id| id.as_str() != UNKNOWN_ENI && estate.eni(id).is_none())
        .collect();
    some(unknown.len(), |_| {
        format!(
            "the log has records of {}, which was not found in the account: if it is a NAT gateway or \
             an appliance, its flows are somebody else's",
            named(unknown.iter().copied())
        )
    })
}

/// A sentence about a number of things, if there are any.
fn some<N: Default + PartialEq + Copy>(
    count: N,
    sentence: impl FnOnce(N) -> String,
) -> Option<String> {
    (count != N::default()).then(|| sentence(count))
}

fn named<'a>(ids: impl Iterator<Item = &'a EniId>) -> String {
    let ids: Vec<&str> = ids.map(EniId::as_str).collect();
    let names: Vec<&str> = ids.iter().take(NAMED).copied().collect();
    match ids.len().saturating_sub(NAMED) {
        0 => names.join(", "),
        more => format!("{} and {more} more interfaces", names.join(", ")),
    }
}
