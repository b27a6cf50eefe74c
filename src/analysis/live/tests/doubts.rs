//! What is said to be unknown.

use super::*;
use crate::model::{FlowLog, FlowLogDestination, Part};

const OWN: &str = "eni-web1 10.0.0.11 203.0.113.66 45678 443 6";

/// The only doubt with `word` in it.
fn doubt(live: &Live, word: &str) -> String {
    let mut found = live.doubts.iter().filter(|it| it.contains(word));
    let doubt = found.next().cloned();
    assert_eq!(found.next(), None);
    doubt.unwrap_or_default()
}

#[test]
fn skipped_records_are_unknown_not_silent() {
    let lines: Vec<String> = (0..5)
        .map(|n| format!("2 1 eni-{n} - - - - - - - 60 120 - SKIPDATA"))
        .collect();
    let live = read(&estate(), DEFAULT, &lines);
    assert!(live.coverage_gap);
    assert_eq!(
        doubt(&live, "eni-0,"),
        "AWS skipped records of eni-0, last from 1970-01-01T00:01:00Z to 1970-01-01T00:02:00Z: its \
         flows then are unknown"
    );
    assert!(doubt(&live, "skipped records of 2 more").contains("unknown"));
    let nameless = ["2 1 - - - - - - - - 60 120 - SKIPDATA".to_owned()];
    let live = read(&estate(), DEFAULT, &nameless);
    assert!(live.coverage_gap);
    assert!(doubt(&live, "skipped").contains("flows are missing"));
}

#[test]
fn interfaces_without_any_record_are_named_and_no_data_is_a_record() {
    let silent = "2 1 eni-web2 - - - - - - - 60 120 - NODATA".to_owned();
    let live = read(&estate(), DEFAULT, &[plain(OWN, 1, "ACCEPT"), silent]);
    assert!(!live.coverage_gap);
    assert_eq!(
        doubt(&live, "no record"),
        "no record of eni-app1, eni-nat, eni-ssm and 1 more interfaces: flows there are unknown, not absent"
    );
}

#[test]
fn a_nat_gateway_whose_log_hides_the_remote_is_named() {
    let blind = plain("eni-nat 10.0.2.14 10.0.0.5 45678 443 6", 1, "ACCEPT");
    let live = read(&estate(), DEFAULT, &[blind]);
    assert!(live.coverage_gap);
    assert!(doubt(&live, "pkt-srcaddr").contains("eni-nat"));
}

#[test]
fn an_interface_with_several_addresses_needs_the_packets_own() {
    let estate = with("eni-web1", |it| {
        it.addresses.push("10.0.0.99".parse().unwrap());
    });
    let by_default = read(&estate, DEFAULT, &[plain(OWN, 1, "ACCEPT")]);
    assert!(doubt(&by_default, "which of its addresses").contains("eni-web1"));
    let exact = custom(
        &format!("{OWN} 0 10.0.0.11 203.0.113.66 - - - -"),
        1,
        "ACCEPT",
    );
    let by_packet = read(&estate, CUSTOM, &[exact]);
    assert_eq!(doubt(&by_packet, "which of its addresses"), "");
}

#[test]
fn interfaces_that_were_not_read_may_be_anything() {
    let strange = plain("eni-gone 10.0.0.77 203.0.113.66 45678 443 6", 1, "ACCEPT");
    let live = read(&estate(), DEFAULT, std::slice::from_ref(&strange));
    assert!(doubt(&live, "not found in the account").contains("eni-gone"));
    assert_eq!(live.flows.len(), 1);
    let live = read(&Estate::default(), DEFAULT, &[strange]);
    assert!(doubt(&live, "were not read").contains("network interfaces"));
}

#[test]
fn partial_logs_lost_edges_and_unread_lines_are_counted() {
    let log = |id: &str, traffic: &str| FlowLog {
        id: id.into(),
        resource: "vpc-1".into(),
        destination: FlowLogDestination::LogGroup("flows".into()),
        format: String::new(),
        aggregation_seconds: 60,
        traffic: traffic.into(),
        delivery_error: None,
    };
    let logs = vec![
        log("fl-1", "ACCEPT"),
        log("fl-2", "REJECT"),
        log("fl-3", "ALL"),
    ];
    let mut estate = estate();
    estate.replace(Part::FlowLogs(logs));
    let format = Format::parse(DEFAULT).unwrap();
    let mut table = FlowTable::new(1);
    for (event, what) in (0..).zip([OWN, "- 10.0.0.11 203.0.113.67 45678 443 6"]) {
        let record = format
            .record(plain(what, event, "ACCEPT").as_bytes())
            .unwrap();
        table.add(event, &record, |_, _| false);
    }
    let incomplete = "2 1 eni-web1 - - - - - - - 60 120 - OK";
    table.add(7, &format.record(incomplete.as_bytes()).unwrap(), |_, _| {
        false
    });
    table.count_bad(8, format.record(b"x").unwrap_err());
    let live = live(&estate, &table, DateTime::UNIX_EPOCH);
    for (word, want) in [
        ("fl-1", "fl-1 of vpc-1 does not log rejected traffic"),
        ("fl-2", "fl-2 of vpc-1 does not log accepted traffic"),
        ("fl-3", ""),
        (
            "name no interface",
            "1 records name no interface: they are placed by their addresses alone",
        ),
        (
            "lack",
            "1 records lack addresses, protocol or action: their flows are unknown",
        ),
        (
            "lines",
            "1 lines of the log could not be read: their flows are unknown",
        ),
    ] {
        assert_eq!(doubt(&live, word), want);
    }
    assert!(doubt(&live, "too many").starts_with("1 flows were dropped"));
}
