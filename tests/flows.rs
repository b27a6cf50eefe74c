//! The flow-log engine from outside: line by line against documented cases, and the edge table
//! under any order of its records.
//!
//! `FIREDOOR_FLOW_CASES=FILE` runs a file of cases instead of the embedded ones. Each line is a JSON
//! object: `format`, `line`, and either `want` (every field's value: a number, null for `-`, else the
//! text as it stands) or `"refuse": true`.

use std::net::IpAddr;

use firedoor::flows::{BadLine, Edge, Field, FlowTable, Format, Sums, Value};
use firedoor::model::{
    EniId, FlowAction, FlowDirection, FlowRecord, LogStatus, Protocol, TcpFlags,
};
use proptest::prelude::*;
use serde_json::Value as Json;

const CASES: &str = r#"
{"format": "interface-id srcaddr bytes", "line": "eni-1 10.0.0.1 12", "want": {"interface-id": "eni-1", "srcaddr": "10.0.0.1", "bytes": 12}}
{"format": "${interface-id} ${srcaddr}", "line": "eni-1   fd00::1", "want": {"interface-id": "eni-1", "srcaddr": "fd00::1"}}
{"format": "account-id start instance-tag", "line": "000000000042 1700000000123 web%2D1", "want": {"account-id": "000000000042", "start": 1700000000123, "instance-tag": "web%2D1"}}
{"format": "srcport action log-status", "line": "- - NODATA", "want": {"srcport": null, "action": null, "log-status": "NODATA"}}
{"format": "packets-lost-blackhole tgw-id later-field", "line": "7 tgw-1 whatever", "want": {"packets-lost-blackhole": 7, "tgw-id": "tgw-1"}}
{"format": "srcport dstport", "line": "1", "refuse": true}
{"format": "srcport dstport", "line": "1 2 3", "refuse": true}
{"format": "srcport dstport", "line": "1 65536", "refuse": true}
{"format": "protocol", "line": "256", "refuse": true}
{"format": "srcaddr", "line": "10.0.0", "refuse": true}
{"format": "action", "line": "DROP", "refuse": true}
"#;

/// What a case says against the parser; `None` if it passes.
fn complaint(case: &Json) -> Option<String> {
    let format = match Format::parse(case["format"].as_str().unwrap_or_default()) {
        Ok(format) => format,
        Err(error) => return Some(error.to_string()),
    };
    let line = case["line"].as_str().unwrap_or_default().as_bytes();
    let refuse = case["refuse"].as_bool().unwrap_or_default();
    match (format.values(line), case["want"].as_object()) {
        (Err(_), None) if refuse => None,
        (Err(reason), _) => Some(format!("refused: {reason}")),
        (Ok(values), Some(want)) => {
            let read = values
                .iter()
                .map(|(field, value)| (field.name().to_owned(), json(*value)));
            let read: serde_json::Map<String, Json> = read.collect();
            (read != *want).then(|| format!("read {read:?}"))
        }
        (Ok(values), None) => Some(format!("accepted: {values:?}")),
    }
}

fn json(value: Value<'_>) -> Json {
    match value {
        Value::Absent => Json::Null,
        Value::Number(number) => number.into(),
        Value::Address(address) => address.to_string().into(),
        Value::Text(text) => text.into(),
    }
}

#[test]
fn every_case_is_read_or_refused_as_it_says() {
    let cases = match std::env::var_os("FIREDOOR_FLOW_CASES") {
        Some(file) => std::fs::read_to_string(file).unwrap(),
        None => CASES.to_owned(),
    };
    let lines = cases.lines().filter(|line| !line.trim().is_empty());
    let mut count = 0;
    let mut failing = Vec::new();
    for line in lines {
        let case: Json = serde_json::from_str(line).unwrap();
        count += 1;
        failing.extend(complaint(&case).map(|complaint| format!("{line}\n  {complaint}")));
    }
    println!("{count} cases");
    assert!(
        failing.is_empty(),
        "{} of {count}:\n{}",
        failing.len(),
        failing.join("\n")
    );
}

#[test]
fn a_file_with_a_header_is_read_and_its_bad_lines_are_counted() {
    let file = "interface_id srcaddr dstaddr srcport dstport protocol bytes start end action new\n\
                eni-1 10.0.0.5 192.0.2.9 50000 443 6 100 60 119 ACCEPT x\n\
                eni-1 192.0.2.9 10.0.0.5 443 50000 6 900 60 119 ACCEPT x\n\
                broken\n";
    let mut lines = file.lines();
    let format = Format::from_header(lines.next().unwrap().as_bytes()).unwrap();
    assert_eq!(format.unknown().collect::<Vec<_>>(), ["new"]);
    let mut table = FlowTable::default();
    for (event, line) in (0..).zip(lines) {
        match format.record(line.as_bytes()) {
            Ok(record) => assert!(table.add(event, &record, |_, _| false)),
            Err(reason) => table.count_bad(event, reason),
        }
    }
    let edges: Vec<Edge<'_>> = table.edges().collect();
    assert_eq!(edges.len(), 1);
    assert_eq!((edges[0].bytes_in, edges[0].bytes_out), (900, 100));
    let reasons = &table.coverage().bad_reasons;
    let missing = Field::SrcAddr.name().into();
    assert_eq!(
        reasons,
        &[BadLine::TooFew {
            missing,
            found: 1,
            expected: 11
        }]
    );
}

/// Records over few interfaces, addresses and ports, so that they meet in edges.
fn any_record() -> impl Strategy<Value = FlowRecord> {
    let address = || proptest::option::weighted(0.95, (0..6_u8).prop_map(small_address));
    let port =
        || proptest::option::weighted(0.9, prop_oneof![Just(0), Just(443), 40_000..40_003_u16]);
    let sides = (address(), address(), address(), port(), port());
    let eni = proptest::option::weighted(0.9, 0..3_u8);
    let time = (0..10_000_i64, 0..900_i64, 0..5000_u64);
    let protocol =
        proptest::option::weighted(0.95, prop_oneof![Just(Protocol::TCP), Just(Protocol::UDP)]);
    let direction = proptest::option::of(any::<bool>());
    let flags = [0_u8, 1, 2, 3, 4, 18, 19];
    let flags = proptest::option::of(proptest::sample::select(flags.to_vec()));
    let hops = ["nat_gateway", "vpc_endpoint", "else"].map(Into::into);
    let way = (
        proptest::option::of(0..10_u8),
        proptest::option::of(proptest::sample::select(hops.to_vec())),
    );
    let rest = (
        protocol,
        direction,
        flags,
        proptest::option::weighted(0.95, any::<bool>()),
        0..12_u8,
        way,
    );
    (eni, sides, time, rest).prop_map(|(eni, sides, (start, length, bytes), rest)| {
        let at = |seconds| chrono::DateTime::from_timestamp(seconds, 0).unwrap_or_default();
        FlowRecord {
            eni: eni.map(|n| EniId::new(format!("eni-{n}"))),
            src: sides.0,
            dst: sides.1,
            pkt_dst: sides.2,
            src_port: sides.3,
            dst_port: sides.4,
            protocol: rest.0.and_then(|protocol| match protocol {
                Protocol::Number(number) => Some(number),
                Protocol::All => None,
            }),
            packets: bytes / 100,
            bytes,
            direction: rest.1.map(|towards| {
                if towards {
                    FlowDirection::Ingress
                } else {
                    FlowDirection::Egress
                }
            }),
            tcp_flags: rest.2.map(TcpFlags),
            traffic_path: rest.5.0,
            next_hop_type: rest.5.1,
            action: rest.3.map(|accepted| {
                if accepted {
                    FlowAction::Accept
                } else {
                    FlowAction::Reject
                }
            }),
            status: match rest.4 {
                0 => LogStatus::NoData,
                1 => LogStatus::SkipData,
                _ => LogStatus::Ok,
            },
            ..FlowRecord::empty(at(start), at(start + length))
        }
    })
}

fn small_address(n: u8) -> IpAddr {
    if n < 4 {
        [10, 0, 0, n].into()
    } else {
        [192, 0, 2, n].into()
    }
}

fn is_local(eni: &EniId, address: IpAddr) -> bool {
    eni.as_str() == "eni-1" && address == small_address(1)
}

fn table<'a>(records: impl IntoIterator<Item = &'a (u64, FlowRecord)>) -> FlowTable {
    let mut table = FlowTable::default();
    for (event, record) in records {
        table.add(*event, record, is_local);
    }
    table
}

type Events = Vec<(u64, FlowRecord)>;

/// A table's records, in two orders, the second with some of them twice.
fn two_orders() -> impl Strategy<Value = (Events, Events)> {
    proptest::collection::vec(any_record(), 0..60)
        .prop_flat_map(|records| {
            let events: Events = (0..).zip(records).collect();
            let count = events.len();
            let again = proptest::sample::subsequence(events.clone(), 0..=count);
            (Just(events), again)
        })
        .prop_flat_map(|(events, again)| {
            let shuffled: Vec<_> = events.iter().cloned().chain(again).collect();
            (Just(events), Just(shuffled).prop_shuffle())
        })
}

proptest! {
    #[test]
    fn any_order_and_any_repetition_give_the_same_table((once, shuffled) in two_orders()) {
        let (a, b) = (table(&once), table(&shuffled));
        prop_assert_eq!(a.edges().collect::<Vec<_>>(), b.edges().collect::<Vec<_>>());
        prop_assert_eq!(a.len(), b.len());
        let repeated = u64::try_from(shuffled.len() - once.len()).unwrap();
        prop_assert_eq!(b.coverage().duplicates, repeated);
        let mut without_duplicates = b.coverage().clone();
        without_duplicates.duplicates = 0;
        prop_assert_eq!(a.coverage(), &without_duplicates);
    }

    #[test]
    fn totals_are_preserved((once, _) in two_orders()) {
        let table = table(&once);
        let placed = |r: &&FlowRecord| {
            r.src.is_some() && r.dst.is_some() && r.protocol.is_some() && r.action.is_some()
        };
        let placed: Vec<&FlowRecord> = once.iter().map(|(_, record)| record).filter(placed).collect();
        let sum = |of: fn(&Edge<'_>) -> u64| table.edges().map(|edge| of(&edge)).sum::<u64>();
        prop_assert_eq!(sum(|e| e.bytes()), placed.iter().map(|r| r.bytes).sum::<u64>());
        prop_assert_eq!(sum(|e| e.packets), placed.iter().map(|r| r.packets).sum::<u64>());
        prop_assert_eq!(sum(|e| e.records), u64::try_from(placed.len()).unwrap());
        prop_assert_eq!(table.edges().count(), table.len());
        for edge in table.edges() {
            let line = edge.sparkline(edge.last, Sums::MINUTES);
            prop_assert!(line.iter().sum::<u64>() <= edge.bytes());
        }
    }

    #[test]
    fn the_limit_holds_and_every_evicted_edge_is_counted(
        (once, _) in two_orders(),
        limit in 0..20_usize,
    ) {
        let mut small = FlowTable::new(limit);
        for (event, record) in &once {
            small.add(*event, record, is_local);
            prop_assert!(small.len() <= limit.max(1));
        }
        let lost = table(&once).len().saturating_sub(small.len());
        prop_assert!(small.evicted() >= u64::try_from(lost).unwrap());
    }
}
