//! Lines of flow logs, and what they are taken for.

mod apart;
mod doubts;
mod paths;
mod roles;

use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::flows::Format;
use crate::model::{Eni, EniKind, Estate, fixture};

/// Version 2.
pub(super) const DEFAULT: &str = "version account-id interface-id srcaddr dstaddr srcport dstport \
                                  protocol packets bytes start end action log-status";

/// A custom format. Lines are written without window, action and status, which [`at`] adds.
pub(super) const CUSTOM: &str = "interface-id srcaddr dstaddr srcport dstport protocol packets bytes \
                                 tcp-flags pkt-srcaddr pkt-dstaddr flow-direction traffic-path \
                                 next-hop-interface-type pkt-dst-aws-service start end action \
                                 log-status";

/// The estate of the fixture: `eni-web1` (10.0.0.11), `eni-web2` (10.0.0.12), `eni-web3` (10.0.1.13),
/// `eni-app1` (10.0.2.14), `eni-nat` (10.0.0.5), `eni-ssm` (10.0.0.6), all in 10.0.0.0/16 and
/// `2001:db8::/56`. `eni-web1` has an IPv6 address too.
pub(super) fn estate() -> Estate {
    with("eni-web1", |it| {
        it.addresses.push("2001:db8::11".parse().unwrap());
    })
}

/// [`fixture::estate`] with one interface changed.
pub(super) fn with(eni: &str, change: impl FnOnce(&mut Eni)) -> Estate {
    let mut estate = fixture::estate();
    let mut enis: Vec<Eni> = estate.enis().cloned().collect();
    let eni = enis.iter_mut().find(|it| it.id.as_str() == eni).unwrap();
    change(eni);
    estate.replace(crate::model::Part::Enis(enis));
    estate
}

/// A line in version 2: interface, addresses, ports and protocol; minute; action.
pub(super) fn plain(what: &str, minute: u64, action: &str) -> String {
    let (start, end) = (minute * 60, minute * 60 + 60);
    format!("2 123456789012 {what} 6 4200 {start} {end} {action} OK")
}

/// A line in the custom format: interface, addresses, ports, protocol, flags, packet addresses, direction,
/// path, next hop and service; minute; action.
pub(super) fn custom(what: &str, minute: u64, action: &str) -> String {
    let words: Vec<&str> = what.split_whitespace().collect();
    let (start, end) = (minute * 60, minute * 60 + 60);
    let (ends, rest) = words.split_at(6);
    let (ends, rest) = (ends.join(" "), rest.join(" "));
    format!("{ends} 6 4200 {rest} {start} {end} {action} OK")
}

/// A table of lines.
pub(super) fn table(estate: &Estate, format: &str, lines: &[String]) -> FlowTable {
    let format = Format::parse(format).unwrap();
    let mut table = FlowTable::default();
    for (event, line) in (0..).zip(lines) {
        match format.record(line.as_bytes()) {
            Ok(record) => {
                table.add(event, &record, |eni, address| {
                    let eni = estate.eni(eni);
                    eni.is_some_and(|it| it.addresses.contains(&address))
                });
            }
            Err(reason) => panic!("{line}: {reason}"),
        }
    }
    table
}

/// What is read out of lines at the end of the log.
pub(super) fn read(estate: &Estate, format: &str, lines: &[String]) -> Live {
    let table = table(estate, format, lines);
    live(
        estate,
        &table,
        table.coverage().newest_end.unwrap_or_default(),
    )
}

/// All but the doubts, one line for each.
pub(super) fn told(live: &Live) -> Vec<String> {
    let mut told = Vec::new();
    for (name, flows) in [
        ("flow", &live.flows),
        ("closed", &live.closed),
        ("half open", &live.half_open),
        ("rejected", &live.rejected),
    ] {
        told.extend(flows.iter().map(|it| format!("{name} {}", line(it))));
    }
    let cuts = live.confirmed_cuts.iter();
    told.extend(cuts.map(|it| {
        let minute = it.first_reject_window.timestamp() / 60;
        format!("cut {} in {minute}: {}", it.remote, line(&it.was))
    }));
    let name = |address: &Option<IpAddr>| address.map_or("-".into(), |it| it.to_string());
    let legs = live.nat_legs.iter();
    told.extend(legs.map(|it| {
        format!(
            "leg {} {} {}",
            it.nat_eni,
            name(&it.inside),
            name(&it.remote)
        )
    }));
    let transit = live.transit.iter();
    told.extend(
        transit.map(|it| format!("transit {} {} > {}", it.appliance, it.client, it.server)),
    );
    told.extend(live.coverage_gap.then(|| "gap".into()));
    told
}

/// `10.0.0.11:45678 > 203.0.113.66:443/6 by eni-web1, egress, ports`
fn line(it: &LiveFlow) -> String {
    let flow = &it.flow;
    let ports = match flow.client_ports.single() {
        Some(port) => port.to_string(),
        None => format!("{}-{}", flow.client_ports.from, flow.client_ports.to),
    };
    let other = it
        .other_eni
        .as_ref()
        .map_or(String::new(), |it| format!("+{it}"));
    let opener = format!("{:?}", it.opener).to_lowercase();
    format!(
        "{}:{ports} > {}:{}/{} by {}{other}, {}, {opener}",
        flow.client,
        flow.server,
        flow.server_port,
        flow.protocol,
        it.eni,
        it.direction.name(),
    )
}

#[test]
fn nothing_is_read_out_of_nothing() {
    let live = live(
        &Estate::default(),
        &FlowTable::default(),
        DateTime::UNIX_EPOCH,
    );
    assert!(told(&live).is_empty());
    assert_eq!(live.blind_spots, BLIND_SPOTS);
}

#[test]
fn sums_rates_gaps_and_activity_come_from_both_directions() {
    let estate = estate();
    let mut lines: Vec<String> = (0..10)
        .map(|minute| {
            plain(
                "eni-web1 10.0.0.11 203.0.113.66 45678 443 6",
                minute,
                "ACCEPT",
            )
        })
        .collect();
    lines.push(plain(
        "eni-web1 203.0.113.66 10.0.0.11 443 45678 6",
        9,
        "ACCEPT",
    ));
    lines.push(plain(
        "eni-web1 10.0.0.11 203.0.113.67 45678 443 6",
        9,
        "ACCEPT",
    ));
    let live = read(&estate, DEFAULT, &lines);
    let [busy, other] = &live.flows[..] else {
        panic!("{live:?}")
    };
    assert_eq!((busy.packets, busy.bytes), (66, 11 * 4200));
    assert_eq!(busy.bytes_per_minute, 4620);
    assert_eq!(busy.gap_seconds, Some(10));
    let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
    assert_eq!(
        (busy.first, busy.last_start, busy.last),
        (at(0), at(540), at(600))
    );
    assert!(busy.active && !other.active);
    assert_eq!(other.bytes_per_minute, 4200);
}

#[test]
fn the_time_of_day_does_not_make_a_late_log_look_silent() {
    let estate = estate();
    let lines: Vec<String> = (0..10)
        .map(|minute| {
            plain(
                "eni-web1 10.0.0.11 203.0.113.66 45678 443 6",
                minute,
                "ACCEPT",
            )
        })
        .collect();
    let table = table(&estate, DEFAULT, &lines);
    for (now, active) in [(1800, true), (600, true), (570, false)] {
        let now = DateTime::from_timestamp(now, 0).unwrap();
        assert_eq!(live(&estate, &table, now).flows[0].active, active, "{now}");
    }
}

/// Lines of few interfaces and addresses, so that they meet.
fn any_lines() -> impl Strategy<Value = Vec<String>> {
    let eni = select(vec!["eni-web1", "eni-web2", "eni-nat", "-", "eni-gone"]);
    let address = || {
        let all = [
            "10.0.0.11",
            "10.0.0.12",
            "10.0.0.5",
            "203.0.113.66",
            "10.0.2.14",
        ];
        select(all.to_vec())
    };
    let port = || select(vec![0, 443, 4444, 40_000, 40_001]);
    let ends = (eni, address(), address(), port(), port());
    let packet = (
        prop_oneof![Just("-"), address()],
        prop_oneof![Just("-"), address()],
    );
    let rest = (
        select(vec![1, 6, 17]),
        select(vec!["-", "0", "2", "3", "4", "18", "19"]),
        select(vec!["-", "ingress", "egress"]),
        0..10_u64,
        select(vec!["ACCEPT", "ACCEPT", "REJECT"]),
    );
    let line = (ends, packet, rest).prop_map(|(ends, packet, rest)| {
        let (eni, src, dst, from, to) = ends;
        let (protocol, flags, way, minute, action) = rest;
        let what = format!(
            "{eni} {src} {dst} {from} {to} {protocol} {flags} {} {} {way} - - -",
            packet.0, packet.1
        );
        custom(&what, minute, action)
    });
    proptest::collection::vec(line, 0..30)
}

proptest! {
    #[test]
    fn the_order_of_lines_does_not_matter(lines in any_lines(), seed in any::<u64>()) {
        let mut shuffled = lines.clone();
        let places = u64::try_from(lines.len()).unwrap().max(1);
        for (place, step) in (0..lines.len()).zip(1..) {
            let other = seed.wrapping_mul(step) % places;
            shuffled.swap(place, usize::try_from(other).unwrap());
        }
        let estate = estate();
        prop_assert_eq!(read(&estate, CUSTOM, &lines), read(&estate, CUSTOM, &shuffled));
    }

    #[test]
    fn whatever_one_interface_let_through_is_somewhere(lines in any_lines()) {
        let own: Vec<String> = lines
            .into_iter()
            .filter(|it| it.starts_with("eni-web1 "))
            .collect();
        let passed = own.iter().filter(|it| it.contains("ACCEPT")).count();
        let live = read(&estate(), CUSTOM, &own);
        let cuts = live.confirmed_cuts.iter().map(|it| &it.was);
        let flows = live.flows.iter().chain(&live.closed).chain(&live.half_open).chain(cuts);
        let packets: u64 = flows.map(|it| it.packets).sum();
        prop_assert_eq!(packets, 6 * u64::try_from(passed).unwrap());
    }
}
