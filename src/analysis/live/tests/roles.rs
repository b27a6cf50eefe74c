//! Who opened a flow, what is one flow, and where it is placed.

use super::*;

/// Reads lines and compares what they are taken for.
fn check(estate: &Estate, format: &str, lines: &[String], want: &[&str]) {
    assert_eq!(told(&read(estate, format, lines)), want, "{lines:#?}");
}

#[test]
fn plain_records_give_client_and_server_by_their_ports() {
    for (what, want) in [
        (
            "eni-web1 192.0.2.25 10.0.0.11 50000 22 6",
            "flow 192.0.2.25:50000 > 10.0.0.11:22/6 by eni-web1, ingress, ports",
        ),
        (
            "eni-web1 10.0.0.11 203.0.113.66 45678 4444 17",
            "flow 10.0.0.11:45678 > 203.0.113.66:4444/17 by eni-web1, egress, ports",
        ),
        (
            "eni-web1 2001:db8:bad::66 2001:db8::11 443 45678 6",
            "flow 2001:db8::11:45678 > 2001:db8:bad::66:443/6 by eni-web1, egress, ports",
        ),
        // both are ephemeral: a guess
        (
            "eni-web1 10.0.0.11 203.0.113.66 45678 50000 6",
            "flow 203.0.113.66:50000 > 10.0.0.11:45678/6 by eni-web1, ingress, unknown",
        ),
        // a private instance behind a NAT gateway sees the remote itself
        (
            "eni-app1 10.0.2.14 203.0.113.66 45678 443 6",
            "flow 10.0.2.14:45678 > 203.0.113.66:443/6 by eni-app1, egress, ports",
        ),
    ] {
        check(&estate(), DEFAULT, &[plain(what, 1, "ACCEPT")], &[want]);
    }
}

#[test]
fn request_and_reply_are_one_flow_and_two_servers_are_two() {
    let lines = [
        plain("eni-web1 10.0.0.11 203.0.113.66 45678 443 6", 1, "ACCEPT"),
        plain("eni-web1 203.0.113.66 10.0.0.11 443 45678 6", 1, "ACCEPT"),
        plain("eni-web1 10.0.0.11 203.0.113.67 45678 443 6", 1, "ACCEPT"),
        plain("eni-web1 10.0.0.11 203.0.113.67 45699 443 6", 2, "ACCEPT"),
    ];
    let want = [
        "flow 10.0.0.11:45678 > 203.0.113.66:443/6 by eni-web1, egress, ports",
        "flow 10.0.0.11:45678-45699 > 203.0.113.67:443/6 by eni-web1, egress, ports",
    ];
    check(&estate(), DEFAULT, &lines, &want);
}

#[test]
fn a_syn_names_the_opener_and_its_absence_makes_high_ports_a_guess() {
    let line = |ends: &str, flags: &str, way: &str, minute| {
        let what = format!("eni-web1 {ends} 6 {flags} - - {way} - - -");
        custom(&what, minute, "ACCEPT")
    };
    let out = "10.0.0.11 203.0.113.66 45678 4444";
    let back = "203.0.113.66 10.0.0.11 4444 45678";
    let known = "flow 10.0.0.11:45678 > 203.0.113.66:4444/6 by eni-web1, egress, syn";
    let turned = "flow 203.0.113.66:4444 > 10.0.0.11:45678/6 by eni-web1, ingress, syn";
    let guess = "flow 10.0.0.11:45678 > 203.0.113.66:4444/6 by eni-web1, egress, unknown";
    for (lines, want) in [
        (
            vec![line(out, "2", "egress", 1), line(back, "18", "ingress", 1)],
            known,
        ),
        (
            vec![line(out, "0", "egress", 1), line(back, "0", "ingress", 1)],
            guess,
        ),
        // windows after the first show no SYN
        (
            vec![line(out, "2", "egress", 1), line(back, "0", "ingress", 2)],
            known,
        ),
        (
            vec![line(back, "2", "ingress", 1), line(out, "18", "egress", 1)],
            turned,
        ),
        // ... and read by their ports alone they would be another flow
        (
            vec![
                line(back, "2", "ingress", 1),
                line(out, "0", "egress", 2),
                line(back, "0", "ingress", 3),
            ],
            turned,
        ),
        (
            vec![line(back, "18", "ingress", 9), line(out, "0", "egress", 1)],
            known,
        ),
    ] {
        check(&estate(), CUSTOM, &lines, &[want]);
    }
}

#[test]
fn the_other_reading_is_put_right_only_where_it_is_the_same_traffic() {
    let record = |ends: &str, flags: &str, minute| {
        custom(
            &format!("eni-web1 {ends} 6 {flags} - - - - - -"),
            minute,
            "ACCEPT",
        )
    };
    let lines = [
        record("203.0.113.66 10.0.0.11 1024 50051", "2", 1),
        record("203.0.113.66 10.0.0.11 1025 50051", "0", 2),
        // another port of ours on the client's: nothing says what it is
        record("203.0.113.66 10.0.0.11 1024 50099", "0", 2),
    ];
    let want = [
        "flow 203.0.113.66:1024-1025 > 10.0.0.11:50051/6 by eni-web1, ingress, syn",
        "flow 10.0.0.11:50099 > 203.0.113.66:1024/6 by eni-web1, egress, unknown",
    ];
    let live = read(&estate(), CUSTOM, &lines);
    assert_eq!(told(&live), want);
    assert_eq!(live.flows[0].packets, 12);
}

#[test]
fn the_packets_own_addresses_are_the_ends() {
    let line = custom(
        "eni-web1 192.0.2.200 10.0.0.11 50000 443 6 0 192.0.2.200 10.0.0.99 ingress - - -",
        1,
        "ACCEPT",
    );
    let want = "flow 192.0.2.200:50000 > 10.0.0.99:443/6 by eni-web1, ingress, ports";
    check(&estate(), CUSTOM, &[line], &[want]);
}

#[test]
fn without_ports_the_only_sender_is_the_client() {
    let both = "flow 203.0.113.12:0 > 10.0.0.11:0/1 by eni-web1, ingress, unknown";
    let ours = "flow 10.0.0.11:0 > 203.0.113.12:0/1 by eni-web1, egress, unknown";
    let asked = plain("eni-web1 203.0.113.12 10.0.0.11 0 0 1", 1, "ACCEPT");
    let answered = plain("eni-web1 10.0.0.11 203.0.113.12 0 0 1", 1, "ACCEPT");
    check(
        &estate(),
        DEFAULT,
        &[asked.clone(), answered.clone()],
        &[both],
    );
    check(&estate(), DEFAULT, &[asked], &[both]);
    check(&estate(), DEFAULT, &[answered], &[ours]);
}

#[test]
fn what_both_interfaces_logged_counts_once_at_the_servers() {
    let lines = [
        plain("eni-web2 10.0.0.12 10.0.0.11 50000 80 6", 1, "ACCEPT"),
        plain("eni-web1 10.0.0.12 10.0.0.11 50000 80 6", 1, "ACCEPT"),
        plain("eni-web1 10.0.0.11 10.0.0.12 40000 22 6", 2, "ACCEPT"),
        plain("eni-web2 10.0.0.12 10.0.0.11 22 40000 6", 3, "ACCEPT"),
    ];
    let want = [
        "flow 10.0.0.11:40000 > 10.0.0.12:22/6 by eni-web2+eni-web1, ingress, ports",
        "flow 10.0.0.12:50000 > 10.0.0.11:80/6 by eni-web1+eni-web2, ingress, ports",
    ];
    let mut reversed = lines.clone();
    reversed.reverse();
    for lines in [lines, reversed] {
        let live = read(&estate(), DEFAULT, &lines);
        let mut told = told(&live);
        told.sort();
        assert_eq!(told, want);
        assert!(
            live.flows
                .iter()
                .all(|it| (it.packets, it.bytes) == (6, 4200))
        );
    }
}

#[test]
fn the_same_private_address_in_another_vpc_is_somebody_else() {
    let estate = with("eni-web2", |it| it.vpc = "vpc-2".into());
    let mut enis: Vec<Eni> = estate.enis().cloned().collect();
    let mut twin = enis[0].clone();
    twin.id = "eni-twin".into();
    twin.vpc = "vpc-2".into();
    twin.addresses = vec!["10.0.0.11".parse().unwrap()];
    enis.push(twin);
    let enis = crate::model::Part::Enis(enis);
    let estate = Estate::from_parts([enis], fixture::read_at());
    let lines = [
        plain("eni-web1 10.0.0.11 10.0.0.12 40000 22 6", 1, "ACCEPT"),
        plain("eni-twin 10.0.0.11 10.0.0.12 40000 22 6", 1, "ACCEPT"),
        plain("eni-web2 10.0.0.11 10.0.0.12 40000 22 6", 1, "ACCEPT"),
    ];
    let want = [
        "flow 10.0.0.11:40000 > 10.0.0.12:22/6 by eni-web2+eni-twin, ingress, ports",
        "flow 10.0.0.11:40000 > 10.0.0.12:22/6 by eni-web1, egress, ports",
    ];
    let live = read(&estate, DEFAULT, &lines);
    let mut told = told(&live);
    told.sort_by_key(|it| !it.contains("eni-twin"));
    assert_eq!(told, want);
}

#[test]
fn records_without_an_interface_are_placed_by_their_addresses() {
    let nameless = plain("- 10.0.0.11 203.0.113.66 45678 443 6", 1, "ACCEPT");
    let named = plain("eni-web1 10.0.0.11 203.0.113.66 45678 443 6", 1, "ACCEPT");
    let want = "flow 10.0.0.11:45678 > 203.0.113.66:443/6 by eni-web1, egress, ports";
    check(&estate(), DEFAULT, std::slice::from_ref(&nameless), &[want]);
    check(&estate(), DEFAULT, &[nameless, named], &[want]);
    let strange = plain("- 10.9.9.9 203.0.113.66 45678 443 6", 1, "ACCEPT");
    let want = "flow 10.9.9.9:45678 > 203.0.113.66:443/6 by -, egress, ports";
    check(&estate(), DEFAULT, &[strange], &[want]);
    // a regional NAT gateway: it sees the remote as its own side
    let regional = custom(
        "- 10.0.2.14 10.0.9.9 45678 443 6 0 10.0.2.14 203.0.113.66 ingress - - -",
        1,
        "ACCEPT",
    );
    let want = "flow 10.0.2.14:45678 > 203.0.113.66:443/6 by eni-app1, egress, ports";
    check(&estate(), CUSTOM, std::slice::from_ref(&regional), &[want]);
    let own = custom(
        "eni-app1 10.0.2.14 203.0.113.66 45678 443 6 0 - - egress 1 - -",
        1,
        "ACCEPT",
    );
    check(&estate(), CUSTOM, &[regional, own], &[want]);
}
