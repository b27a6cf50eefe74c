//! What is shipped is complete and sound, comes out as expected, and is computed.

use super::play::{Event, play};
use super::verdict::{Came, Seen, of_claim, of_flow};
use super::{Experiment, ExperimentError, Outcome, Played, all, find};

/// Every experiment, in the order of the files.
const IDS: [&str; 43] = [
    "EX-S0-a", "EX-S0-b", "EX-S0-c", "EX-S0-c2", "EX-S0-d", "EX-S0-e", "EX-S0-e2", "EX-S0-f",
    "EX-S0-g", "EX-S1-a", "EX-S1-b", "EX-S1-c", "EX-S2-a", "EX-S2-b", "EX-S2-c", "EX-S2-d",
    "EX-S2-e", "EX-S2-f", "EX-S2-g", "EX-S2-h", "EX-S2-i", "EX-S2-j", "EX-S4-a", "EX-S3-a",
    "EX-S3-b", "EX-S3-c", "EX-S3-d", "EX-S3-e", "EX-S3-f", "EX-S3-g", "EX-FR-1", "EX-FR-2",
    "EX-FR-3", "EX-FR-4", "EX-AG-1", "EX-AG-2", "EX-AG-3", "EX-CH-1", "EX-FIS", "EX-N6-1",
    "EX-N6-2", "EX-N6-3", "EX-N6-4",
];

/// Those whose outcome hangs on what AWS does not say, with the switch or none, and the other outcome.
const OPEN: [(&str, &[&str], Outcome); 8] = [
    ("EX-S0-c2", &[], Outcome::CutOnIdleTimeout),
    ("EX-S0-e", &[], Outcome::SurvivesTracked),
    (
        "EX-S2-a",
        &["active-flows-convert = false"],
        Outcome::SurvivesTracked,
    ),
    (
        "EX-S2-b",
        &["active-flows-convert = false"],
        Outcome::SurvivesTracked,
    ),
    ("EX-S3-d", &["icmp-by-identifier = true"], Outcome::Denied),
    ("EX-S3-e", &["icmp-timeout = 120"], Outcome::SurvivesTracked),
    (
        "EX-AG-3",
        &["timeouts-hold-for-existing = false"],
        Outcome::SurvivesTracked,
    ),
    (
        "EX-N6-4",
        &["expired-flows-are-picked-up = false"],
        Outcome::CutOnIdleTimeout,
    ),
];

fn shipped(id: &str) -> (Experiment, Played) {
    let it = find(id).unwrap();
    let played = it.play().unwrap();
    (it, played)
}

fn commentary(it: &Experiment) -> Vec<String> {
    let other = it.play_otherwise().unwrap().map(|it| it.outcome());
    let lines = it.tell(&it.play().unwrap(), other);
    lines.into_iter().map(|it| it.text).collect()
}

#[test]
fn every_experiment_is_there_once_and_none_of_another_platform() {
    let all = all().unwrap();
    let ids: Vec<&str> = all.iter().map(Experiment::id).collect();
    assert_eq!(ids, IDS);
    for it in &all {
        assert!(it.source().contains(": "), "{}", it.id());
        assert!(
            !it.title().is_empty() && it.why().ends_with('.'),
            "{}",
            it.id()
        );
        assert!(it.title().len() <= 120, "{}", it.id());
    }
}

#[test]
fn every_outcome_is_the_expected_one() {
    let mut wrong = Vec::new();
    for it in all().unwrap() {
        let played = it.play().unwrap();
        if played.outcome() != it.expected() || !played.surprises().is_empty() {
            wrong.push(format!(
                "{}: {}, not {} {:?}\n{}",
                it.id(),
                played.outcome().name(),
                it.expected().name(),
                played.surprises(),
                commentary(&it).join("\n")
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn the_other_answer_to_what_is_open_gives_the_other_outcome() {
    let mut open = Vec::new();
    for it in all().unwrap() {
        let Some(ambiguous) = it.ambiguous() else {
            assert!(it.play_otherwise().unwrap().is_none());
            continue;
        };
        let other = it.play_otherwise().unwrap().unwrap().outcome();
        assert_eq!(other, ambiguous.gives, "{}", it.id());
        assert_ne!(other, it.expected(), "{}", it.id());
        open.push((it.id().to_owned(), other));
        let (_, switches, gives) = OPEN.iter().find(|(id, ..)| *id == it.id()).unwrap();
        assert_eq!(ambiguous.switches, *switches, "{}", it.id());
        assert_eq!(other, *gives, "{}", it.id());
    }
    assert_eq!(open.len(), OPEN.len());
}

/// An outcome that were copied would follow its expectation, and would not follow its steps.
#[test]
fn outcomes_are_computed() {
    for mut it in all().unwrap() {
        let honest = play(&it.spec).unwrap().outcome();
        it.spec.expected = match honest {
            Outcome::Holds => Outcome::DoesNotHold,
            _ => Outcome::Holds,
        };
        assert_eq!(play(&it.spec).unwrap().outcome(), honest, "{}", it.id());
    }
    for id in [
        "EX-S0-b", "EX-S1-b", "EX-S3-f", "EX-FR-1", "EX-AG-1", "EX-S2-i",
    ] {
        let mut it = find(id).unwrap();
        it.spec.steps.retain(|step| step.change.is_none());
        let without = play(&it.spec).unwrap().outcome();
        assert_ne!(without, Outcome::CutNow, "{id} without its changes");
    }
}

#[test]
fn refusals_carry_the_codes_of_aws() {
    for (id, codes) in [
        ("EX-S0-d", &["InvalidParameterValue"][..]),
        ("EX-S0-f", &["OperationNotPermitted"]),
        ("EX-S1-c", &["DependencyViolation"]),
        (
            "EX-S2-h",
            &["InvalidSubnetID.NotFound", "InvalidParameterValue"],
        ),
        ("EX-S2-j", &["DependencyViolation"]),
        ("EX-S3-g", &["DependencyViolation"]),
    ] {
        let (_, played) = shipped(id);
        let refused = played.beats.iter().filter_map(|it| match &it.what {
            Event::Change { refused, .. } => refused.as_ref().map(|it| it.code),
            _ => None,
        });
        assert_eq!(refused.collect::<Vec<_>>(), codes, "{id}");
    }
}

/// A claim about all flows falls with one; each of these is a counter-example by itself.
#[test]
fn every_counter_example_counts() {
    let (_, played) = shipped("EX-S4-a");
    let looks = played.beats.iter().filter_map(|it| match &it.what {
        Event::Look { tracked, .. } => Some(*tracked),
        _ => None,
    });
    assert_eq!(looks.collect::<Vec<_>>(), [true; 3]);
}

#[test]
fn a_commentary_says_what_happens() {
    insta::assert_snapshot!(commentary(&find("EX-S3-e").unwrap()).join("\n"));
}

#[test]
fn a_commentary_of_a_claim_says_what_came_true() {
    insta::assert_snapshot!(commentary(&find("EX-S2-e").unwrap()).join("\n"));
}

#[test]
fn every_commentary_fits_a_plain_terminal_and_is_the_same_each_time() {
    for it in all().unwrap() {
        let lines = commentary(&it);
        for line in &lines {
            let page = line.trim_start().starts_with("http");
            assert!(page || line.len() <= 80, "{}: {line}", it.id());
            assert!(line.bytes().all(|it| (b' '..=b'~').contains(&it)), "{line}");
            let id = |word: &str| word.len() >= 17 && word.bytes().all(|it| it.is_ascii_hexdigit());
            assert!(
                page || !line.split(['-', ' ', ',']).any(id),
                "no name: {line}"
            );
        }
        assert_eq!(lines, commentary(&it), "{}", it.id());
    }
}

#[test]
fn an_unknown_id_is_answered_with_those_that_are_like_it() {
    assert_eq!(find("ex-s3-C").unwrap().id(), "EX-S3-c");
    for (id, near) in [
        ("EX-S3-z", "the nearest are EX-S3-a, EX-S3-b, EX-S3-c"),
        ("EX-S0-cc", "the nearest are EX-S0-c, EX-S0-c2"),
        ("ping", "there are EX-S0-a"),
        ("", "there are EX-S0-a"),
    ] {
        let error = find(id).unwrap_err();
        assert!(matches!(error, ExperimentError::Unknown { .. }));
        assert!(error.to_string().contains(near), "{error}");
    }
}

#[test]
fn a_slip_of_the_pen_is_not_taken_for_a_refusal() {
    let mut it = find("EX-S1-c").unwrap();
    let change = r#"delete-group = { group = { id = "sg-wbe" } }"#;
    it.spec.steps[1].change = Some(toml::Value::Table(toml::from_str(change).unwrap()));
    let error = play(&it.spec).unwrap_err().to_string();
    assert_eq!(error, "EX-S1-c: there is no sg-wbe");
    it.spec.steps[1].change = Some("nonsense".into());
    assert!(play(&it.spec).is_err());
    it.spec.steps[0].exchange = Some("nobody".into());
    let error = play(&it.spec).unwrap_err().to_string();
    assert_eq!(error, "EX-S1-c: there is no flow \"nobody\"");
}

#[test]
fn a_step_is_done_again_only_so_often() {
    let mut it = find("EX-S3-a").unwrap();
    it.spec.steps[0].until = Some(1e9);
    let error = play(&it.spec).unwrap_err().to_string();
    assert!(error.contains("more than 10000 steps"), "{error}");
    it.spec.steps[0].at = -1.0;
    assert!(play(&it.spec).is_err());
    it.spec.steps[0].at = f64::NAN;
    assert!(play(&it.spec).is_err());
}

/// Packets: `+` delivered by rules, `t` by tracking, `x` dropped, `e` dropped at an entry that had run
/// out; capitals `T`, `X`, `E`, `R` (by rules) are answers. One a second; `|` is a change, `_` a long silence.
fn story(text: &str) -> Outcome {
    let (mut seen, mut changes, mut at) = (Vec::new(), Vec::new(), 0);
    for it in text.chars() {
        at += 1_000_000;
        match it {
            '|' => changes.push(at),
            '_' => at += 61_000_000,
            it => seen.push(Seen {
                at,
                answer: it.is_ascii_uppercase(),
                came: match it {
                    '+' | 'R' => Came::ByRules,
                    't' | 'T' => Came::ByEntry,
                    'e' | 'E' => Came::Expired,
                    _ => Came::Dropped,
                },
            }),
        }
    }
    of_flow(&seen, &changes)
}

#[test]
fn the_last_stretch_of_a_flow_decides() {
    for (text, outcome) in [
        ("x", Outcome::Denied),
        ("xx|x", Outcome::Denied),
        ("xx|+T", Outcome::Allowed),
        ("+T", Outcome::Allowed),
        ("+T|tT", Outcome::SurvivesTracked),
        ("+T|T", Outcome::SurvivesTracked),
        ("|T", Outcome::SurvivesTracked),
        ("+R|+R", Outcome::Unaffected),
        ("+T|+T", Outcome::Unaffected),
        ("+T|x", Outcome::CutNow),
        ("+T|X+", Outcome::CutNow),
        ("+T|xX|tT", Outcome::Resumes),
        ("+T_E", Outcome::CutOnIdleTimeout),
        ("+T|tT_e", Outcome::CutOnIdleTimeout),
        ("+T_T", Outcome::SurvivesTracked),
        ("+T_+", Outcome::Unaffected),
    ] {
        assert_eq!(story(text), outcome, "{text}");
    }
}

#[test]
fn a_claim_is_as_true_as_its_parts() {
    for (parts, outcome) in [
        (&[("", true), ("", true)][..], Outcome::Holds),
        (&[("", true), ("", false)], Outcome::DoesNotHold),
        (&[("a", true), ("b", false)], Outcome::HalfTrue),
        (
            &[("a", true), ("b", false), ("a", false)],
            Outcome::DoesNotHold,
        ),
        (&[], Outcome::DoesNotHold),
    ] {
        assert_eq!(of_claim(parts.iter().copied()), outcome, "{parts:?}");
    }
}
