//! Scenario files: what is read, and what is wrong with one.

mod schema;
mod wrong;

use chrono::TimeDelta;

use super::*;
use wrong::WRONG;

/// A small scenario that has everything; tests put something wrong in the place of something.
const GOOD: &str = include_str!("everything.toml");

#[test]
fn everything_that_can_be_written_is_read() {
    let it = Scenario::check("dir/good.toml", GOOD).unwrap();
    assert_eq!((it.name(), it.level(), it.minutes()), ("good", 2, 10));
    assert_eq!(
        (it.settings.seed, it.settings.history),
        (7, TimeDelta::minutes(30))
    );
    assert_eq!(it.settings.asg_grace.unwrap(), TimeDelta::seconds(90));
    assert_eq!(it.settings.delivery, TimeDelta::seconds(20));
    let Some(Part::FlowLogs(logs)) = it.parts.iter().find(|it| matches!(it, Part::FlowLogs(_)))
    else {
        panic!()
    };
    assert_eq!(logs[0].aggregation_seconds, 600);
    assert_eq!(logs[0].format.split(' ').count(), 21, "version 3");
    assert_eq!(it.settings.propagation, TimeDelta::seconds(1));
    assert_eq!(it.settings.visibility, TimeDelta::seconds(2));
    assert_eq!(it.injects.len(), 7, "the briefing is one");
    assert_eq!(it.objectives().evidence.len(), 3);
    let of = |name: &str| {
        it.scripts
            .iter()
            .filter(|it| it.conversation == name)
            .count()
    };
    assert_eq!((of("checks"), of("shell"), of("stolen")), (3, 1, 1));
    assert_eq!(it.findings[1].at, None);
}

#[test]
fn what_is_alike_counts_on() {
    let it = Scenario::check("good.toml", GOOD).unwrap();
    let instances = it.parts.iter().find_map(|it| match it {
        Part::Instances(it) => Some(it),
        _ => None,
    });
    let enis = it.parts.iter().find_map(|it| match it {
        Part::Enis(it) => Some(it),
        _ => None,
    });
    let names: Vec<(&str, &str)> = instances
        .unwrap()
        .iter()
        .map(|it| (it.name.as_str(), it.id.as_str()))
        .collect();
    assert_eq!(
        names,
        [
            ("web-01", "i-0000000000000000e"),
            ("web-02", "i-0000000000000000f"),
            ("web-03", "i-00000000000000010"),
        ]
    );
    let third = &enis.unwrap()[2];
    assert_eq!(third.addresses[0].to_string(), "10.0.0.13");
    assert_eq!(third.public[0].address.to_string(), "192.0.2.13");
}

#[test]
fn whatever_is_wrong_is_said_with_its_line_and_key() {
    for (from, to, said) in WRONG {
        assert!(GOOD.contains(from), "{from}");
        let broken = GOOD.replacen(from, to, 1);
        let problems = Scenario::check("b.toml", &broken).unwrap_err();
        let text: Vec<String> = problems.iter().map(ToString::to_string).collect();
        let found = text.iter().find(|it| it.contains(said));
        let found = found.unwrap_or_else(|| panic!("{from} -> {to}: {text:#?}"));
        let line = found
            .strip_prefix("b.toml:")
            .and_then(|it| it.split_once(": "));
        let (line, _) = line.unwrap_or_else(|| panic!("{found}"));
        let line: usize = line.parse().unwrap();
        assert!((1..=broken.lines().count()).contains(&line), "{found}");
    }
}

#[test]
fn what_a_route_or_rule_names_is_what_it_leads_to() {
    let it = Scenario::check("good.toml", GOOD).unwrap();
    let estate = crate::model::Estate::from_parts(it.parts, chrono::DateTime::UNIX_EPOCH);
    let table = estate.route_tables().next().unwrap();
    let routes = table.routes.iter().skip(2);
    let routes: Vec<(&str, &str, bool)> = routes
        .map(|it| (it.destination.as_str(), it.target.as_str(), it.blackhole))
        .collect();
    assert_eq!(
        routes,
        [
            ("pl-00000000000000001", "tgw-00000000000000001", false),
            ("10.200.0.0/16", "vgw-00000000000000001", false),
            ("203.0.113.76/30", "eni-000000000000000a2", true),
            ("192.0.2.128/25", "eni-00000000000000003", false),
        ]
    );
    assert_eq!(estate.gateways().count(), 1, "what is beyond is no part");
    assert_eq!(estate.prefix_lists().next().unwrap().cidrs.len(), 2);
    let rules = &estate.groups().next().unwrap().rules;
    let list = crate::model::RulePeer::PrefixList("pl-00000000000000001".to_owned());
    assert_eq!(rules[1].peer, list);
    let eni = estate.eni(&"eni-00000000000000002".into()).unwrap();
    assert!(!eni.source_dest_check);
    let seconds = eni.timeouts;
    let seconds = (seconds.tcp_established, seconds.udp, seconds.udp_stream);
    assert_eq!(seconds, (Some(300), Some(30), Some(60)));
    let partner = it.scripts.iter().find(|it| it.protocol == 50).unwrap();
    assert_eq!((&*partner.from, &*partner.to), ("web-02", "partner"));
}

#[test]
fn changes_at_a_time_rest_on_those_before() {
    let entry = |number: u16| {
        format!(
            "{{ delete-acl-entry = {{ acl = {{ id = \"acl-00000000000000001\" }}, direction = \"egress\", \
             number = {number} }} }}"
        )
    };
    let group = "{ set-eni-groups = { eni = \"eni-00000000000000001\", groups = [{ id = \"sg-00000000000000001\" }] } }";
    let inject = |name: &str, when: &str, change: &str| {
        format!("[[injects]]\nname = \"{name}\"\nwhen = {when}\nchange = [{change}]\n")
    };
    let check = |first: &str, second: &str| {
        let injects = inject("b", second, &entry(100)) + &inject("a", first, &entry(100));
        let injects = injects + &inject("c", first, group);
        let text = GOOD.replace("[objectives]", &format!("{injects}\n[objectives]"));
        Scenario::check("b.toml", &text)
    };
    let problems = check("{ at = \"1m\" }", "{ at = \"2m\" }").unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:#?}");
    assert!(problems[0].to_string().contains("AWS would refuse it"));
    assert!(check("{ at = \"1m\" }", "{ manual = true }").is_ok());
}

#[test]
fn everything_that_is_wrong_is_said_at_once_from_the_top() {
    let broken = GOOD
        .replace("suspect = \"web-01\"", "suspect = \"web-9\"")
        .replace("number = 100", "number = 0")
        .replace("of = \"shell\"", "of = \"shel\"");
    let problems = Scenario::check("b.toml", &broken).unwrap_err();
    let lines: Vec<usize> = problems
        .iter()
        .filter_map(|it| it.place().and_then(|it| it.line))
        .collect();
    assert!(lines.len() >= 4, "{problems:#?}");
    assert!(lines.is_sorted());
    assert_eq!(Scenario::parse("b.toml", &broken).unwrap_err(), problems[0]);
}

#[test]
fn every_shipped_scenario_is_sound_and_says_what_it_is_about() {
    let mut levels = std::collections::BTreeSet::new();
    for (name, text) in shipped() {
        let it = Scenario::check(&format!("{name}.toml"), text).unwrap_or_else(|all| {
            panic!(
                "{:#?}",
                all.iter().map(ToString::to_string).collect::<Vec<_>>()
            )
        });
        assert_eq!(it.name(), *name);
        assert!(
            !it.summary().is_empty() && !it.briefing().is_empty(),
            "{name}"
        );
        assert!(it.objectives().contain.is_some(), "{name}");
        assert!(it.injects.len() >= 3, "{name}");
        assert!(
            it.scripts.iter().any(|it| it.role == Role::Business),
            "{name}"
        );
        levels.insert(it.level());
    }
    assert!(shipped().len() >= 7);
    assert_eq!(levels.into_iter().collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
}

#[test]
fn addresses_of_shipped_scenarios_are_those_of_documents() {
    for (name, text) in shipped() {
        for word in text.split(['"', '/', ' ']) {
            let Ok(address) = word.parse::<std::net::IpAddr>() else {
                continue;
            };
            let documented = match address {
                std::net::IpAddr::V4(it) => {
                    it.is_private() || it.is_unspecified() || it.is_documentation()
                }
                std::net::IpAddr::V6(it) => {
                    it.is_unspecified() || it.segments()[..2] == [0x2001, 0x0db8]
                }
            };
            assert!(documented, "{name}: {address}");
        }
    }
}

/// Nobody's file may end the program, however broken it is: every line is left out, doubled, and cut short.
#[test]
fn no_broken_file_does_harm() {
    let lines: Vec<&str> = GOOD.lines().collect();
    for at in 0..lines.len() {
        let half = lines[at].get(..lines[at].len() / 2).unwrap_or_default();
        for instead in [
            &[][..],
            &[lines[at], lines[at]],
            &[half],
            &["\u{1b}[2J = \u{202e}"],
        ] {
            let broken = [&lines[..at], instead, &lines[at + 1..]]
                .concat()
                .join("\n");
            if let Err(problems) = Scenario::check("b.toml", &broken) {
                assert!(!problems.is_empty(), "line {at}: {instead:?}");
            }
        }
    }
}
