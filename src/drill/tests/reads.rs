//! What the console reads.

use super::*;

#[test]
fn the_shipped_scenario_is_sound() {
    let scenario = load(Some("reverse-shell")).unwrap();
    assert_eq!(scenario.suspect().as_str(), SUSPECT);
    let unknown = load(Some("nope")).unwrap_err();
    let text = "no scenario is named \"nope\"; there are: reverse-shell, ";
    assert!(unknown.to_string().starts_with(text), "{unknown}");
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    let good = shipped()[0].1;
    for (from, to, message) in [
        (
            "suspect = \"web-03\"",
            "suspect = \"web-33\"",
            "suspect names \"web-33\"",
        ),
        (
            "acl = \"private\"",
            "acl = \"privat\"",
            "acl names \"privat\"",
        ),
        (
            "to = [\"payments\"]",
            "to = [\"payment\"]",
            "to names \"payment\"",
        ),
        ("target = \"nat\"", "target = \"not\"", "no such gateway"),
        ("version = 1", "version = 2", "version 2 is unknown"),
        (
            "name = \"web-02\"",
            "name = \"web-01\"",
            "there are two instances \"web-01\"",
        ),
        (
            "every = \"2s\"",
            "every = \"2ms\"",
            "every: \"reverse shell\": every and pause",
        ),
        ("every = \"2s\"", "every = \"soon\"", "is no span of time"),
        ("every = \"2s\"", "evry = \"2s\"", "unknown field `evry`"),
        ("severity = 2.0", "severity = 11.0", "between 1.0 and 10.0"),
        ("\"10.20.0.10\"", "\"10.21.0.10\"", "all in its subnet"),
        (SUSPECT, "i-0f00d", "17 hexadecimal digits"),
    ] {
        let broken = good.replacen(from, to, 1);
        let line = 1 + good.lines().position(|it| it.contains(from)).unwrap();
        let error = Scenario::parse("broken.toml", &broken)
            .unwrap_err()
            .to_string();
        assert!(error.contains(message), "{error}");
        // An invalid value is placed at the name of what has it, a line or more above.
        let place = error.strip_prefix("broken.toml:").unwrap();
        let at: usize = place.split(':').next().unwrap().parse().unwrap();
        assert!(
            (line.saturating_sub(8)..=line).contains(&at),
            "{error}, not near {line}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_hour_of_history_exists_and_records_keep_coming() {
    let drill = drill();
    let estate = drill.estate();
    let enis: Vec<EniId> = estate.enis().map(|it| it.id.clone()).collect();
    let all = query(&estate, enis.clone(), t0() - TimeDelta::hours(2));
    let mut last = 0;
    let mut events = BTreeSet::new();
    for reading in read(&drill, Request::Flows(all)).await {
        let Reading::Flows(page) = reading else {
            panic!("{reading:?}")
        };
        assert!(page.lines.len() <= 1_000);
        for line in page.lines {
            assert!(events.insert(line.event), "{}", line.text);
            if let Some(it) = parse(&line.text) {
                assert!(it.start <= it.end && it.end - it.start <= 60, "{it:?}");
                // Windows close in order, and a flow may end early in its window.
                assert!(it.end + 121 > last, "{it:?}");
                last = last.max(it.end);
            }
        }
    }
    assert!(events.len() > 10_000, "{}", events.len());
    let mut came = 0;
    for _ in 0..10 {
        let now = drill.clock().now();
        pass(6).await;
        let fresh = query(&estate, enis.clone(), now);
        let Reading::Flows(page) = read(&drill, Request::Flows(fresh)).await.remove(0) else {
            panic!()
        };
        came += usize::from(!page.lines.is_empty());
    }
    assert_eq!(came, 10, "every few seconds there is something new");
}

#[tokio::test(start_paused = true)]
async fn findings_appear_when_they_are_due() {
    let drill = drill();
    let kinds = |all: &[Finding]| all.iter().map(|it| it.kind.clone()).collect::<Vec<_>>();
    let first = findings(&drill).await;
    assert_eq!(
        kinds(&first),
        [
            "Backdoor:EC2/C&CActivity.B",
            "Recon:EC2/PortProbeUnprotectedPort",
            "CryptoCurrency:EC2/BitcoinTool.B!DNS"
        ]
    );
    assert_eq!(first[0].containable().unwrap().as_str(), SUSPECT);
    assert!(first[2].containable().is_err(), "a sample");
    pass(44).await;
    assert_eq!(findings(&drill).await.len(), 3);
    pass(2).await;
    let later = findings(&drill).await;
    assert!(later[0].kind.contains("InstanceCredentialExfiltration"));
    assert_eq!(later[0].updated, t0() + TimeDelta::seconds(45));
}

#[tokio::test(start_paused = true)]
async fn a_nat_gateway_writes_both_legs() {
    let drill = drill();
    let estate = drill.estate();
    let nat = estate.enis().find(|it| it.kind == EniKind::NatGateway);
    let flows = query(
        &estate,
        vec![nat.unwrap().id.clone()],
        t0() - TimeDelta::minutes(5),
    );
    let Reading::Flows(page) = read(&drill, Request::Flows(flows)).await.remove(0) else {
        panic!()
    };
    for (src, dst, packet_src, packet_dst) in [
        ("10.20.16.21", "10.20.0.5", "10.20.16.21", "203.0.113.140"),
        ("10.20.0.5", "203.0.113.140", "10.20.0.5", "203.0.113.140"),
        ("203.0.113.140", "10.20.0.5", "203.0.113.140", "10.20.0.5"),
        ("10.20.0.5", "10.20.16.21", "203.0.113.140", "10.20.16.21"),
    ] {
        let found = page.lines.iter().any(|line| {
            let fields: Vec<&str> = line.text.split(' ').collect();
            fields[3..5] == [src, dst] && fields[19..21] == [packet_src, packet_dst]
        });
        assert!(found, "{src} {dst} {packet_src} {packet_dst}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_answers_are_those_of_the_scope() {
    let drill = drill();
    let located = read(&drill, Request::Locate(vec![SUSPECT.into(), "i-0".into()])).await;
    let [Reading::Located(vpcs)] = located.as_slice() else {
        panic!("{located:?}")
    };
    let scope = Scope {
        vpcs: vpcs.iter().cloned().collect(),
        instances: vec![SUSPECT.into()],
    };
    for kind in PartKind::ALL {
        // The drill's VPC has no peering connection and no prefix list.
        let none = matches!(kind, PartKind::Peerings | PartKind::PrefixLists);
        for (scope, empty) in [(scope.clone(), none), (Scope::default(), true)] {
            let readings = read(&drill, Request::Part { kind, scope }).await;
            let [Reading::Part(part)] = readings.as_slice() else {
                panic!("{readings:?}")
            };
            assert_eq!(part.kind(), kind);
            assert_eq!(is_empty(part), empty, "{kind:?}");
        }
    }
    let Reading::Identity(identity) = read(&drill, Request::Identity).await.remove(0) else {
        panic!()
    };
    assert_eq!(
        (identity.caller(), identity.account.as_str()),
        ("incident-responder", "123456789012")
    );
}

fn is_empty(part: &Part) -> bool {
    match part {
        Part::Vpcs(it) => it.is_empty(),
        Part::Subnets(it) => it.is_empty(),
        Part::Enis(it) => it.is_empty(),
        Part::Instances(it) => it.is_empty(),
        Part::Groups(it) => it.is_empty(),
        Part::Acls(it) => it.is_empty(),
        Part::RouteTables(it) => it.is_empty(),
        Part::Gateways(it) => it.is_empty(),
        Part::Peerings(it) => it.is_empty(),
        Part::PrefixLists(it) => it.is_empty(),
        Part::Volumes(it) => it.is_empty(),
        Part::AsgMemberships(it) => it.is_empty(),
        Part::TargetMemberships(it) => it.is_empty(),
        Part::Profiles(it) => it.is_empty(),
        Part::FlowLogs(it) => it.is_empty(),
    }
}
