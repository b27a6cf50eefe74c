//! Exercises made of a few records, and what each figure and each rule makes of them.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::super::scenario::{Evidence as Wanted, Objectives};
use super::*;
use crate::model::{InstanceId, ResourceId};
use crate::operation::Operation;
use crate::sources::{CallOutcome, Happening, Stream};

const SUSPECT: &str = "i-0f00d0000000beef1";

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + second, 0).unwrap()
}

fn record(second: i64, what: Happening) -> ExerciseRecord {
    ExerciseRecord {
        at: at(second),
        what,
    }
}

fn call(second: i64, operation: serde_json::Value, outcome: CallOutcome) -> ExerciseRecord {
    record(
        second,
        Happening::Called {
            api: "ec2:Any".into(),
            operation,
            prose: "changes something".into(),
            outcome,
        },
    )
}

fn written(operation: &Operation) -> serde_json::Value {
    serde_json::to_value(operation).unwrap()
}

fn groups() -> serde_json::Value {
    written(&Operation::SetEniGroups {
        eni: "eni-1".into(),
        groups: Vec::new(),
    })
}

fn tags() -> serde_json::Value {
    written(&Operation::SetTags {
        resource: ResourceId::from(SUSPECT),
        tags: BTreeMap::new(),
    })
}

fn of_suspect(what: &str) -> serde_json::Value {
    let instance = InstanceId::from(SUSPECT);
    written(&match what {
        "snapshots" => Operation::CreateSnapshots {
            instance,
            tags: Vec::new(),
        },
        "console" => Operation::GetConsoleOutput { instance },
        stop => Operation::StopInstance {
            instance,
            hibernate: stop == "hibernate",
        },
    })
}

/// Ten seconds of a conversation: packets that arrived, exchanges that were answered and that failed.
fn said(name: &str, packets: u64, answered: u64, failed: u64) -> Stream {
    let (role, from, to) = match name {
        "shell" => ("attack", "web-03", "198.51.100.7"),
        "backup" => ("business", "web-03", "203.0.113.9"),
        "orders" => ("business", "web-04", "db-01"),
        "probes" => ("health", "alb", "web-04"),
        other => panic!("{other}"),
    };
    Stream {
        conversation: name.into(),
        role: role.into(),
        from: from.into(),
        to: to.into(),
        asked: answered + failed,
        answered,
        failed,
        packets,
        bytes: packets * 1000,
        // What comes back to us is none of it.
        bytes_out: if role == "attack" { packets * 800 } else { 0 },
        delivered_last: None,
    }
}

/// Ten seconds that end then; what arrived did so in their middle.
fn traffic(second: i64, streams: &[Stream]) -> ExerciseRecord {
    let streams = streams.iter().map(|it| Stream {
        delivered_last: (it.packets > 0).then(|| at(second - 5)),
        ..it.clone()
    });
    record(second, Happening::Traffic(streams.collect()))
}

/// Begins at 0, with a finding at 30; the attack talks until 100 and is cut then; all ends at 300.
fn play() -> Vec<ExerciseRecord> {
    let mut all = vec![
        record(
            0,
            Happening::Began {
                scenario: "s".into(),
                title: "t".into(),
                level: 1,
                seed: 7,
                team: None,
                suspect: InstanceId::from(SUSPECT),
                history_from: at(-3600),
                facts: serde_json::Value::Null,
            },
        ),
        record(
            30,
            Happening::Detected {
                finding: "f".into(),
                kind: "Backdoor:EC2/C&CActivity.B".into(),
            },
        ),
        call(95, groups(), CallOutcome::Made),
        record(
            300,
            Happening::Ended {
                by: "the team".into(),
            },
        ),
    ];
    for second in (10..=100).step_by(10) {
        all.push(traffic(
            second,
            &[said("shell", 50, 5, 0), said("orders", 20, 10, 0)],
        ));
    }
    for second in (110..=300).step_by(10) {
        all.push(traffic(
            second,
            &[said("shell", 0, 0, 1), said("orders", 20, 10, 0)],
        ));
    }
    sorted(all)
}

fn sorted(mut all: Vec<ExerciseRecord>) -> Vec<ExerciseRecord> {
    all.sort_by_key(|it| it.at);
    all
}

fn stakes() -> Stakes {
    Stakes {
        objectives: Objectives {
            contain: Some(TimeDelta::seconds(120)),
            requests_lost: Some(5),
            ..Objectives::default()
        },
        exfiltrating: BTreeSet::new(),
        suspect: ["web-03".to_owned()].into(),
    }
}

fn told() -> Told {
    Told {
        looked: Some(at(50)),
        proven: Some(at(290)),
        undo: Undone::NotAsked,
    }
}

/// The points that each rule took off, without those that took none.
fn taken_off(score: &Score) -> Vec<(&str, u8)> {
    let costly = score.reasons.iter().filter(|it| it.points > 0);
    costly.map(|it| (it.what.as_str(), it.points)).collect()
}

#[test]
fn a_good_play_costs_nothing() {
    let score = score(&play(), &stakes(), told(), &[]);
    assert_eq!(taken_off(&score), []);
    assert_eq!(
        (score.points, score.won, score.grade.as_str()),
        (100, true, "excellent")
    );
    assert_eq!(score.detect, Some(20));
    assert_eq!(score.decide, Some(65));
    assert_eq!(score.contain, Some(65));
    assert_eq!(score.prove, Some(260));
    assert_eq!(score.reasons.len(), RULES.len());
}

#[test]
fn who_misses_an_objective_was_no_better_than_fair() {
    let mut stakes = stakes();
    stakes.objectives.contain = Some(TimeDelta::seconds(64));
    let late = score(&play(), &stakes, told(), &[]);
    assert!(late.points >= 90 && !late.won, "{late:?}");
    assert_eq!(late.grade, "fair");
}

#[test]
fn the_rules_are_a_hundred_points() {
    assert_eq!(RULES.iter().map(|it| u32::from(it.of)).sum::<u32>(), 100);
}

#[test]
fn nothing_at_all_is_no_good_play_and_no_panic() {
    for records in [vec![], vec![record(0, Happening::Ended { by: "x".into() })]] {
        let score = score(&records, &stakes(), Told::default(), &[]);
        assert!(!score.won && score.points < 100, "{score:?}");
    }
}

type Play = fn(&mut Vec<ExerciseRecord>, &mut Stakes, &mut Told);

/// A name, a change of the good play, what that costs, and whether the play is won.
type Tried = (&'static str, Play, &'static [(&'static str, u8)], bool);

const CASES: &[Tried] = &[
    (
        "nobody does anything",
        |all, _, told| {
            all.retain(|it| !matches!(it.what, Happening::Called { .. }));
            *told = Told::default();
        },
        &[
            ("containment", 30),
            ("detection", 3),
            ("decision", 4),
            ("proof", 4),
        ],
        false,
    ),
    (
        "the attack goes on",
        |all, _, _| {
            for second in (110..=300).step_by(10) {
                all.push(traffic(second, &[said("shell", 50, 5, 0)]));
            }
        },
        &[
            ("containment", 30),
            ("attack after the change", 10),
            ("residual channels", 5),
        ],
        false,
    ),
    (
        "cut 31 s late",
        |_, stakes, _| stakes.objectives.contain = Some(TimeDelta::seconds(34)),
        &[("containment", 7)],
        false,
    ),
    (
        "cut far too late",
        |_, stakes, _| stakes.objectives.contain = Some(TimeDelta::seconds(-9000)),
        &[("containment", 8)],
        false,
    ),
    (
        "a refused call changes nothing",
        |all, _, _| {
            for it in all.iter_mut() {
                if let Happening::Called { outcome, .. } = &mut it.what {
                    *outcome = CallOutcome::Refused {
                        code: "DependencyViolation".into(),
                    };
                }
            }
        },
        &[("containment", 30), ("decision", 4)],
        false,
    ),
    (
        "an unanswered call may have been made",
        |all, _, _| {
            for it in all.iter_mut() {
                if let Happening::Called { outcome, .. } = &mut it.what {
                    *outcome = CallOutcome::Failed {
                        code: "Unavailable".into(),
                        made: true,
                    };
                }
            }
        },
        &[],
        true,
    ),
    (
        "packets after the change",
        |all, _, _| {
            all.push(traffic(120, &[said("shell", 101, 0, 0)]));
        },
        &[("attack after the change", 2)],
        true,
    ),
    (
        "a tag contains nothing",
        |all, _, _| all.push(call(35, tags(), CallOutcome::Made)),
        &[],
        true,
    ),
    (
        "packets of the bucket of the change are nobody's fault",
        |all, _, _| {
            all.push(traffic(103, &[said("shell", 900, 0, 0)]));
        },
        &[],
        true,
    ),
    (
        "a way out stays open",
        |all, _, _| all.push(traffic(280, &[said("backup", 3, 1, 0)])),
        &[("residual channels", 5)],
        true,
    ),
    (
        "data is carried off",
        |all, stakes, _| {
            stakes.exfiltrating.insert("shell".into());
            stakes.objectives.data_lost = Some(100_000);
            let _ = all;
        },
        &[("data lost", 1)],
        false,
    ),
    (
        "data that is allowed",
        |_, stakes, _| {
            stakes.exfiltrating.insert("shell".into());
            // Of 350 packets of 1,000 bytes, what went out.
            stakes.objectives.data_lost = Some(280_000);
        },
        &[],
        true,
    ),
    (
        "a neighbour is cut off",
        |all, _, _| {
            all.push(traffic(150, &[said("orders", 0, 0, 8)]));
            all.push(traffic(160, &[said("orders", 0, 0, 8)]));
        },
        &[("requests lost", 2), ("neighbours", 1)],
        false,
    ),
    (
        "a neighbour hardly notices",
        |all, _, _| {
            all.push(traffic(150, &[said("orders", 20, 8, 3)]));
        },
        &[("neighbours", 1)],
        true,
    ),
    (
        "what failed before the first change is not charged",
        |all, _, _| {
            for second in (10..=300).step_by(10) {
                all.push(traffic(second, &[said("orders", 0, 0, 5)]));
            }
        },
        &[],
        true,
    ),
    (
        "health checks are no requests",
        |all, _, _| {
            all.push(traffic(150, &[said("probes", 0, 0, 90)]));
        },
        &[],
        true,
    ),
    (
        "the suspect's own business is no neighbour",
        |all, _, _| {
            all.push(traffic(150, &[said("backup", 0, 0, 90)]));
        },
        &[],
        true,
    ),
    (
        "evidence is not taken",
        |_, stakes, _| {
            stakes.objectives.evidence = vec![Wanted::Instance, Wanted::Snapshots, Wanted::Memory];
        },
        &[("evidence", 4)],
        false,
    ),
    (
        "evidence is taken",
        |all, stakes, _| {
            stakes.objectives.evidence = vec![Wanted::Instance, Wanted::Snapshots, Wanted::Memory];
            all.push(call(200, of_suspect("snapshots"), CallOutcome::Made));
            all.push(call(200, of_suspect("console"), CallOutcome::Made));
        },
        &[],
        true,
    ),
    (
        "snapshots of a refused call are none",
        |all, stakes, _| {
            stakes.objectives.evidence = vec![Wanted::Snapshots];
            let refused = CallOutcome::Refused { code: "X".into() };
            all.push(call(200, of_suspect("snapshots"), refused));
        },
        &[("evidence", 4)],
        false,
    ),
    (
        "memory goes with a stop",
        |all, stakes, _| {
            stakes.objectives.evidence = vec![Wanted::Memory];
            all.push(call(200, of_suspect("stop"), CallOutcome::Made));
        },
        &[("evidence", 4)],
        false,
    ),
    (
        "memory stays with hibernation",
        |all, stakes, _| {
            stakes.objectives.evidence = vec![Wanted::Memory];
            all.push(call(200, of_suspect("hibernate"), CallOutcome::Made));
        },
        &[],
        true,
    ),
    (
        "the instance is replaced",
        |all, stakes, _| {
            stakes.objectives.evidence = vec![Wanted::Instance, Wanted::Memory];
            all.push(record(
                250,
                Happening::Replaced {
                    instance: InstanceId::from(SUSPECT),
                    by: InstanceId::from("i-2"),
                },
            ));
        },
        &[("evidence", 8)],
        false,
    ),
    (
        "another instance is replaced",
        |all, stakes, _| {
            stakes.objectives.evidence = vec![Wanted::Instance];
            all.push(record(
                250,
                Happening::Replaced {
                    instance: InstanceId::from("i-2"),
                    by: InstanceId::from("i-3"),
                },
            ));
        },
        &[],
        true,
    ),
    (
        "looked late",
        |_, _, told| told.looked = Some(at(30 + 121)),
        &[("detection", 2)],
        true,
    ),
    (
        "the first deed stands for a look",
        |_, _, told| told.looked = None,
        &[("detection", 1)],
        true,
    ),
    (
        "decided late",
        |all, stakes, _| {
            stakes.objectives.contain = None;
            for it in all.iter_mut() {
                if matches!(it.what, Happening::Called { .. }) {
                    it.at = at(30 + 181);
                }
            }
        },
        &[("decision", 1)],
        true,
    ),
    (
        "not proven",
        |_, _, told| told.proven = None,
        &[("proof", 4)],
        true,
    ),
    (
        "taken back",
        |_, stakes, told| {
            stakes.objectives.undo = true;
            told.undo = Undone::Clean;
        },
        &[],
        true,
    ),
    (
        "not taken back",
        |_, stakes, _| stakes.objectives.undo = true,
        &[("undo", 4)],
        false,
    ),
    (
        "something drifted",
        |_, _, told| told.undo = Undone::Drift,
        &[("undo", 4)],
        true,
    ),
];

#[test]
fn every_rule_costs_what_it_says() {
    for (name, change, costs, won) in CASES {
        let (mut records, mut stakes, mut told) = (play(), stakes(), told());
        change(&mut records, &mut stakes, &mut told);
        let score = score(&sorted(records), &stakes, told, &[]);
        assert_eq!(taken_off(&score), *costs, "{name}: {:?}", score.reasons);
        assert_eq!(score.won, *won, "{name}");
        let lost: u8 = costs.iter().map(|it| it.1).sum();
        assert_eq!(score.points, 100 - lost, "{name}");
    }
    let judged: BTreeSet<&str> = CASES.iter().flat_map(|it| it.2).map(|it| it.0).collect();
    let rules: BTreeSet<&str> = RULES.iter().map(|it| it.what).collect();
    assert_eq!(judged, rules, "every rule is tried");
}

#[test]
fn what_is_left_over_is_named_as_far_as_there_is_room() {
    let left: Vec<String> = (1..=5).map(|it| format!("sg-{it} is new")).collect();
    let told = Told {
        undo: Undone::Drift,
        ..told()
    };
    for (count, words) in [
        (0, "something is not as it was"),
        (1, "something is not as it was: sg-1 is new"),
        (
            5,
            "something is not as it was: sg-1 is new; sg-2 is new; sg-3 is new; and 2 more",
        ),
    ] {
        let score = score(&play(), &stakes(), told, &left[..count]);
        let undo = score.reasons.iter().find(|it| it.what == "undo").unwrap();
        assert_eq!((undo.points, undo.why.as_str()), (4, words));
    }
}

#[test]
fn channels_and_losses_are_named_with_their_units() {
    let mut records = play();
    records.push(traffic(
        280,
        &[said("backup", 3, 1, 0), said("shell", 2, 1, 0)],
    ));
    let score = score(&sorted(records), &stakes(), told(), &[]);
    assert_eq!(
        score.residual,
        [
            "the attack's shell (web-03 to 198.51.100.7): 2 packets, 2000 bytes at the end",
            "backup (web-03 to 203.0.113.9): 3 packets, 3000 bytes at the end",
        ]
    );
    assert_eq!(score.contain, None, "silence must last for a minute");
}

#[test]
fn the_score_comes_back_from_a_journal_as_it_was() {
    let score = score(&play(), &stakes(), told(), &[]);
    let record = record(301, Happening::Score(score));
    let text = serde_json::to_string(&record).unwrap();
    let back: ExerciseRecord = serde_json::from_str(&text).unwrap();
    assert_eq!(serde_json::to_string(&back).unwrap(), text);
}
