//! What is no live flow: rejected, closed, half open, cut, translated or handed on.

use super::*;

fn check(estate: &Estate, format: &str, lines: &[String], want: &[&str]) {
    assert_eq!(told(&read(estate, format, lines)), want, "{lines:#?}");
}

const OUT: &str = "eni-web1 10.0.0.11 203.0.113.66 45678 443 6";
const BACK: &str = "eni-web1 203.0.113.66 10.0.0.11 443 45678 6";
const FLOW: &str = "10.0.0.11:45678 > 203.0.113.66:443/6 by eni-web1, egress, ports";

#[test]
fn rejected_and_silent_are_no_flows() {
    let rejected = plain(OUT, 1, "REJECT");
    check(
        &estate(),
        DEFAULT,
        &[rejected],
        &[&format!("rejected {FLOW}")],
    );
    let no_data = "2 123456789012 eni-web1 - - - - - - - 60 120 - NODATA".to_owned();
    check(&estate(), DEFAULT, &[no_data], &[]);
    let skipped = "2 123456789012 eni-web1 - - - - - - - 60 120 - SKIPDATA".to_owned();
    check(&estate(), DEFAULT, &[skipped], &["gap"]);
}

#[test]
fn a_ping_that_is_let_in_and_not_out_is_half_open() {
    let asked = |action| plain("eni-web1 203.0.113.12 10.0.0.11 0 0 1", 1, action);
    let answered = |action| plain("eni-web1 10.0.0.11 203.0.113.12 0 0 1", 1, action);
    let ping = "203.0.113.12:0 > 10.0.0.11:0/1 by eni-web1, ingress, unknown";
    let ours = "10.0.0.11:0 > 203.0.113.12:0/1 by eni-web1, egress, unknown";
    for (lines, want) in [
        (
            [asked("ACCEPT"), answered("REJECT")],
            format!("half open {ping}"),
        ),
        (
            [asked("REJECT"), answered("ACCEPT")],
            format!("half open {ours}"),
        ),
        (
            [asked("ACCEPT"), answered("ACCEPT")],
            format!("flow {ping}"),
        ),
        (
            [asked("REJECT"), answered("REJECT")],
            format!("rejected {ping}"),
        ),
    ] {
        check(&estate(), DEFAULT, &lines, &[&want]);
    }
}

/// Lines of `eni-web1` and 203.0.113.66: client port, whether the client sends, flags, minute, action.
fn connection(port: u16, client: bool, flags: u8, minute: u64, action: &str) -> String {
    let ends = if client {
        format!("10.0.0.11 203.0.113.66 {port} 443")
    } else {
        format!("203.0.113.66 10.0.0.11 443 {port}")
    };
    custom(
        &format!("eni-web1 {ends} 6 {flags} - - - - - -"),
        minute,
        action,
    )
}

#[test]
fn a_flow_is_closed_when_each_of_its_connections_is_seen_to_end() {
    let (client, server) = (true, false);
    for (lines, closed) in [
        (vec![(1, client, 3, 1), (1, server, 19, 1)], true),
        (
            vec![
                (1, client, 2, 1),
                (1, server, 18, 1),
                (1, client, 1, 9),
                (1, server, 1, 9),
            ],
            true,
        ),
        (vec![(1, client, 2, 1), (1, server, 4, 1)], true),
        // one side alone has finished
        (vec![(1, client, 3, 1), (1, server, 18, 1)], false),
        // the same port, opened again: at once, and later
        (
            vec![(1, client, 3, 1), (1, server, 19, 1), (1, client, 2, 2)],
            false,
        ),
        (
            vec![(1, client, 3, 1), (1, server, 19, 1), (1, client, 2, 5)],
            false,
        ),
        // two short connections
        (
            vec![
                (1, client, 3, 1),
                (1, server, 19, 1),
                (2, client, 3, 2),
                (2, server, 19, 2),
            ],
            true,
        ),
        // one of two is still open
        (
            vec![
                (1, client, 3, 1),
                (1, server, 19, 1),
                (2, client, 2, 1),
                (2, server, 18, 1),
            ],
            false,
        ),
        (
            vec![(1, client, 3, 1), (1, server, 19, 1), (2, client, 0, 1)],
            false,
        ),
    ] {
        let lines: Vec<String> = lines
            .into_iter()
            .map(|(n, sender, flags, minute)| {
                connection(40_000 + n, sender, flags, minute, "ACCEPT")
            })
            .collect();
        let live = read(&estate(), CUSTOM, &lines);
        assert_eq!(
            (live.closed.len(), live.flows.len()),
            (usize::from(closed), usize::from(!closed)),
            "{lines:#?}"
        );
    }
}

#[test]
fn what_the_far_side_drops_is_no_flow_either() {
    let record =
        |eni: &str, ends: &str, minute, action| plain(&format!("{eni} {ends} 6"), minute, action);
    let there = "10.0.0.11 10.0.0.12 40000 8080";
    let back = "10.0.0.12 10.0.0.11 8080 40000";
    let flow = "10.0.0.11:40000 > 10.0.0.12:8080/6 by eni-web2+eni-web1, ingress, ports";
    for (lines, want) in [
        // never let in
        (
            vec![
                record("eni-web1", there, 1, "ACCEPT"),
                record("eni-web2", there, 1, "REJECT"),
            ],
            format!("rejected {flow}"),
        ),
        // let in and answered, and then not any more, while the client goes on sending
        (
            vec![
                record("eni-web1", there, 1, "ACCEPT"),
                record("eni-web2", there, 1, "ACCEPT"),
                record("eni-web2", back, 1, "ACCEPT"),
                record("eni-web1", back, 1, "ACCEPT"),
                record("eni-web1", there, 4, "ACCEPT"),
                record("eni-web2", there, 4, "REJECT"),
            ],
            format!("cut 10.0.0.11 in 4: {flow}"),
        ),
        // the answer is not let out
        (
            vec![
                record("eni-web1", there, 1, "ACCEPT"),
                record("eni-web2", there, 1, "ACCEPT"),
                record("eni-web2", back, 1, "REJECT"),
            ],
            format!("half open {flow}"),
        ),
    ] {
        check(&estate(), DEFAULT, &lines, &[&want]);
    }
}

#[test]
fn packets_after_the_end_do_not_make_a_cut() {
    let lines = [
        connection(40_001, true, 3, 1, "ACCEPT"),
        connection(40_001, false, 19, 1, "ACCEPT"),
        connection(40_001, false, 0, 2, "REJECT"),
    ];
    let want = "closed 10.0.0.11:40001 > 203.0.113.66:443/6 by eni-web1, egress, syn";
    check(&estate(), CUSTOM, &lines, &[want]);
}

#[test]
fn a_flow_that_is_rejected_after_it_was_let_through_is_cut() {
    let flow = format!("flow {FLOW}");
    let rejected = format!("rejected {FLOW}");
    let cut = |minute: u64| vec![format!("cut 203.0.113.66 in {minute}: {FLOW}")];
    for (lines, want) in [
        (vec![(OUT, 1, "ACCEPT"), (OUT, 3, "REJECT")], cut(3)),
        (
            vec![
                (OUT, 5, "REJECT"),
                (BACK, 1, "ACCEPT"),
                (OUT, 1, "ACCEPT"),
                (OUT, 4, "REJECT"),
            ],
            cut(4),
        ),
        // cut, lifted, cut again
        (
            vec![(OUT, 1, "REJECT"), (OUT, 2, "ACCEPT"), (OUT, 3, "REJECT")],
            cut(3),
        ),
        // it goes on
        (
            vec![(OUT, 1, "ACCEPT"), (OUT, 3, "REJECT"), (OUT, 4, "ACCEPT")],
            vec![flow.clone(), rejected.clone()],
        ),
        (
            vec![(OUT, 1, "REJECT"), (OUT, 2, "ACCEPT")],
            vec![flow.clone(), rejected.clone()],
        ),
        // in the same window nothing tells what came last
        (
            vec![(OUT, 1, "ACCEPT"), (OUT, 1, "REJECT")],
            vec![flow, rejected],
        ),
    ] {
        let lines: Vec<String> = lines
            .into_iter()
            .map(|(what, minute, action)| plain(what, minute, action))
            .collect();
        let want: Vec<&str> = want.iter().map(String::as_str).collect();
        check(&estate(), DEFAULT, &lines, &want);
    }
}

#[test]
fn the_rejects_of_other_connections_do_not_prove_a_cut() {
    let other = "eni-web1 10.0.0.11 203.0.113.66 45999 443 6";
    let lower = "eni-web1 10.0.0.11 203.0.113.66 45000 443 6";
    let (flow, wide) = (
        format!("flow {FLOW}"),
        "flow 10.0.0.11:45678-45999 > 203.0.113.66:443/6 by eni-web1, egress, ports",
    );
    let rejected = |ports: &str| {
        format!("rejected 10.0.0.11:{ports} > 203.0.113.66:443/6 by eni-web1, egress, ports")
    };
    let (one, two, around) = (
        rejected("45999"),
        rejected("45678-45999"),
        rejected("45000-45999"),
    );
    let cut = format!("cut 203.0.113.66 in 3: {FLOW}");
    for (lines, want) in [
        (
            vec![(OUT, 1, "ACCEPT"), (other, 3, "REJECT")],
            vec![&*flow, &*one],
        ),
        (
            vec![
                (OUT, 1, "ACCEPT"),
                (other, 1, "ACCEPT"),
                (other, 3, "REJECT"),
            ],
            vec![wide, &*one],
        ),
        // its own retries, and new attempts
        (
            vec![(OUT, 1, "ACCEPT"), (OUT, 3, "REJECT"), (other, 4, "REJECT")],
            vec![&*cut],
        ),
        // between two others: it may not have been tried
        (
            vec![
                (OUT, 1, "ACCEPT"),
                (lower, 3, "REJECT"),
                (other, 4, "REJECT"),
            ],
            vec![&*flow, &*around],
        ),
        (
            vec![
                (OUT, 1, "ACCEPT"),
                (other, 1, "ACCEPT"),
                (OUT, 3, "REJECT"),
                (other, 3, "REJECT"),
            ],
            vec![wide, &*two],
        ),
    ] {
        let lines: Vec<String> = lines
            .into_iter()
            .map(|(what, minute, action)| plain(what, minute, action))
            .collect();
        check(&estate(), DEFAULT, &lines, &want);
    }
}

#[test]
fn a_nat_gateways_records_are_legs() {
    for (what, want) in [
        // inside and outside, there and back
        (
            "eni-nat 10.0.2.14 10.0.0.5 45678 443 6 2 10.0.2.14 203.0.113.66 ingress - - -",
            "leg eni-nat 10.0.2.14 203.0.113.66",
        ),
        (
            "eni-nat 10.0.0.5 10.0.2.14 443 45678 6 18 203.0.113.66 10.0.2.14 egress 1 - -",
            "leg eni-nat 10.0.2.14 203.0.113.66",
        ),
        (
            "eni-nat 10.0.0.5 203.0.113.66 30000 443 6 2 10.0.0.5 203.0.113.66 egress 8 - -",
            "leg eni-nat - 203.0.113.66",
        ),
        (
            "eni-nat 203.0.113.66 10.0.0.5 443 30000 6 18 203.0.113.66 10.0.0.5 ingress - - -",
            "leg eni-nat - 203.0.113.66",
        ),
        // without flow-direction
        (
            "eni-nat 10.0.2.14 10.0.0.5 45678 443 6 2 10.0.2.14 203.0.113.66 - - - -",
            "leg eni-nat 10.0.2.14 203.0.113.66",
        ),
    ] {
        for action in ["ACCEPT", "REJECT"] {
            check(&estate(), CUSTOM, &[custom(what, 1, action)], &[want]);
        }
    }
    let outer = plain("eni-nat 10.0.0.5 203.0.113.66 30000 443 6", 1, "ACCEPT");
    check(
        &estate(),
        DEFAULT,
        &[outer],
        &["leg eni-nat - 203.0.113.66"],
    );
    for blind in [
        "10.0.2.14 10.0.0.5 45678 443 6",
        "10.0.0.5 10.0.2.14 443 45678 6",
    ] {
        let line = plain(&format!("eni-nat {blind}"), 1, "ACCEPT");
        check(
            &estate(),
            DEFAULT,
            &[line],
            &["leg eni-nat 10.0.2.14 -", "gap"],
        );
    }
}

#[test]
fn a_flow_to_a_nat_gateways_own_address_is_the_instances_alone() {
    let ends = "10.0.0.11 10.0.0.5 40000 443 6";
    let lines = [
        plain(&format!("eni-nat {ends}"), 1, "ACCEPT"),
        plain(&format!("eni-web1 {ends}"), 1, "ACCEPT"),
    ];
    let want = [
        "flow 10.0.0.11:40000 > 10.0.0.5:443/6 by eni-web1, egress, ports",
        "leg eni-nat 10.0.0.11 -",
        "gap",
    ];
    check(&estate(), DEFAULT, &lines, &want);
}

#[test]
fn the_four_lines_of_a_nat_gateway_and_the_instances_two_are_one_flow() {
    let lines = [
        custom(
            "eni-app1 10.0.2.14 203.0.113.66 45678 443 6 2 10.0.2.14 203.0.113.66 egress 1 - -",
            1,
            "ACCEPT",
        ),
        custom(
            "eni-app1 203.0.113.66 10.0.2.14 443 45678 6 18 203.0.113.66 10.0.2.14 ingress - - -",
            1,
            "ACCEPT",
        ),
        custom(
            "eni-nat 10.0.2.14 10.0.0.5 45678 443 6 2 10.0.2.14 203.0.113.66 ingress - - -",
            1,
            "ACCEPT",
        ),
        custom(
            "eni-nat 10.0.0.5 203.0.113.66 30000 443 6 2 10.0.0.5 203.0.113.66 egress 8 - -",
            1,
            "ACCEPT",
        ),
        custom(
            "eni-nat 203.0.113.66 10.0.0.5 443 30000 6 18 203.0.113.66 10.0.0.5 ingress - - -",
            1,
            "ACCEPT",
        ),
        custom(
            "eni-nat 10.0.0.5 10.0.2.14 443 45678 6 18 203.0.113.66 10.0.2.14 egress 1 - -",
            1,
            "ACCEPT",
        ),
    ];
    let want = [
        "flow 10.0.2.14:45678 > 203.0.113.66:443/6 by eni-app1, egress, syn",
        "leg eni-nat - 203.0.113.66",
        "leg eni-nat 10.0.2.14 203.0.113.66",
    ];
    check(&estate(), CUSTOM, &lines, &want);
}

#[test]
fn what_an_appliance_hands_on_is_transit_and_what_it_says_itself_is_not() {
    let appliance = with("eni-web3", |it| it.source_dest_check = false);
    let out = "eni-web3 10.0.1.13 10.0.2.14 40000 8080 6 0 10.0.0.11 10.0.2.14 egress - - -";
    let arriving = "eni-web3 10.0.0.11 10.0.2.14 40000 8080 6 0 10.0.0.11 10.0.2.14 ingress - - -";
    let reply = "eni-web3 10.0.2.14 10.0.0.11 8080 40000 6 0 10.0.2.14 10.0.0.11 ingress - - -";
    let own = "eni-web3 10.0.1.13 10.0.2.14 40000 8080 6 0 10.0.1.13 10.0.2.14 egress - - -";
    let transit = "transit eni-web3 10.0.0.11 > 10.0.2.14";
    let itself = "flow 10.0.1.13:40000 > 10.0.2.14:8080/6 by eni-web3, egress, ports";
    for (lines, want) in [
        (&[out][..], &[transit][..]),
        (&[out, arriving, reply], &[transit]),
        (&[own], &[itself]),
        (&[own, out], &[itself, transit]),
    ] {
        let lines: Vec<String> = lines.iter().map(|what| custom(what, 1, "ACCEPT")).collect();
        check(&appliance, CUSTOM, &lines, want);
    }
    // With the check on, an unknown address on its side is one of its own, such as a pod's.
    let pod = "flow 10.0.0.11:40000 > 10.0.2.14:8080/6 by eni-web3, egress, ports";
    check(&estate(), CUSTOM, &[custom(out, 1, "ACCEPT")], &[pod]);
    let attachment = with("eni-web3", |it| it.kind = EniKind::TransitGateway);
    check(
        &attachment,
        CUSTOM,
        &[custom(arriving, 1, "ACCEPT")],
        &[transit],
    );
}
