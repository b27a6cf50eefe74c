//! Exercises through their port, and recordings of them played again.

use std::fs;
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::sleep;

use super::*;
use crate::drill::{DrillClock, Scenario, load, shipped};
use crate::model::InstanceId;
use crate::operation::Actuator;

fn t0() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 123_456_789).unwrap()
}

fn scenario() -> Scenario {
    load(None).unwrap()
}

fn exercise() -> Drill {
    let about = About {
        team: Some("blue".into()),
        ..About::default()
    };
    let clock = DrillClock::at(t0(), Pace::REAL);
    Drill::paced(scenario(), clock, about)
}

fn says(from: &str, asks: bool) -> Act {
    Act::Message {
        from: from.into(),
        text: "are we safe\u{1b}[2J".into(),
        asks,
    }
}

fn stop(instance: &InstanceId) -> Operation {
    Operation::StopInstance {
        instance: instance.clone(),
        hibernate: false,
    }
}

/// All that is on record by now, but for traffic that is no deed's doing.
fn heard(records: &mut mpsc::UnboundedReceiver<ExerciseRecord>) -> Vec<ExerciseRecord> {
    std::iter::from_fn(|| records.try_recv().ok()).collect()
}

/// What the world has come to: what is in it, and what its flow log says.
fn truth(drill: &Drill) -> Vec<String> {
    let world = drill.world();
    let enis: Vec<_> = world.estate().enis().map(|it| it.id.clone()).collect();
    let log = &world.estate().flow_logs()[0];
    let lines = world.lines(log, &enis, t0() - TimeDelta::hours(1));
    let state = format!("{:?}", world.estate().instance(drill.suspect()));
    let lines = lines.into_iter().map(|it| it.text);
    std::iter::once(state)
        .chain(world.beside())
        .chain(lines)
        .collect()
}

#[tokio::test(start_paused = true)]
async fn messages_are_numbered_made_printable_and_answered_once() {
    let drill = exercise();
    let mut records = drill.hear();
    drill.act(says("CISO", true)).unwrap();
    drill.act(says("a customer", false)).unwrap();
    let messages = drill.messages();
    assert_eq!(messages[0].from, "Briefing");
    assert_eq!([messages[1].id, messages[2].id], [2, 3]);
    assert_eq!(messages[1].text, "are we safe\\u{1b}[2J");
    assert!(messages[1].is_open() && !messages[2].is_open());
    for (id, text, wrong) in [
        (2, " \n", Some(ExerciseError::Empty)),
        (2, "not yet\n", None),
        (2, "yes", Some(ExerciseError::Answered(2))),
        (3, "yes", Some(ExerciseError::AsksNothing(3))),
        (4, "yes", Some(ExerciseError::NoMessage(4))),
        (0, "yes", Some(ExerciseError::NoMessage(0))),
    ] {
        assert_eq!(drill.answer(id, text).err(), wrong, "{id} {text}");
    }
    let text = drill.messages()[1].answer.clone().unwrap().text;
    assert_eq!(text, "not yet");
    let answers = heard(&mut records);
    let last = &answers.last().unwrap().what;
    assert_eq!(*last, Happening::Answered { id: 2, text });
}

#[tokio::test(start_paused = true)]
async fn the_pace_is_the_players_unless_a_facilitator_has_the_clock() {
    let drill = exercise();
    let mut records = drill.hear();
    drill.set_pace(Pace::Paused).unwrap();
    drill.set_pace(Pace::Paused).unwrap();
    sleep(Duration::from_mins(1)).await;
    assert_eq!(drill.clock().now(), t0());
    drill.desk.take_clock(true);
    assert_eq!(drill.set_pace(Pace::REAL), Err(ExerciseError::ClockTaken));
    let on_record = heard(&mut records).into_iter().map(|it| it.what);
    let paces: Vec<_> = on_record
        .filter(|it| matches!(it, Happening::Pace(_)))
        .collect();
    assert_eq!(paces, [Happening::Pace(Pace::Paused)]);
    drill.leave();
    assert_eq!(drill.pace(), Pace::REAL, "a run must come to its end");
}

#[tokio::test(start_paused = true)]
async fn every_changing_call_is_on_record_with_its_outcome() {
    let drill = exercise();
    let mut records = drill.hear();
    drill.inject(crate::drill::Fault {
        api: "ec2:StopInstances".into(),
        calls: 1,
        kind: CallErrorKind::Throttled,
        made: false,
    });
    for instance in [drill.suspect(), drill.suspect(), &"i-0none".into()] {
        drill.execute(&stop(instance)).await.ok();
    }
    let outcomes: Vec<_> = heard(&mut records)
        .into_iter()
        .filter_map(|it| match it.what {
            Happening::Called { api, outcome, .. } => Some((api, outcome)),
            _ => None,
        })
        .collect();
    let stop = |it| ("ec2:StopInstances".to_owned(), it);
    assert_eq!(
        outcomes,
        [
            stop(CallOutcome::Throttled),
            stop(CallOutcome::Made),
            stop(CallOutcome::Refused {
                code: "InvalidInstanceID.NotFound".into()
            }),
        ]
    );
}

/// Plays for some minutes, at changing paces, and is recorded.
async fn played(path: &Path) -> (Vec<ExerciseRecord>, Vec<String>) {
    let drill = exercise();
    let text = shipped()[0].1;
    let mut recorder = Recorder::create(path, &Header::new("reverse-shell", text, t0())).unwrap();
    let (mut records, mut deeds) = (drill.hear(), drill.deeds());
    let driver = tokio::spawn(drill.clone().drive());
    sleep(Duration::from_millis(12_345)).await;
    drill.set_pace(Pace::times(7).unwrap()).unwrap();
    drill.act(says("CISO", true)).unwrap();
    sleep(Duration::from_millis(3_210)).await;
    drill.answer(2, "we are on it").unwrap();
    drill.execute(&stop(drill.suspect())).await.unwrap();
    drill.execute(&stop(&"i-0none".into())).await.unwrap_err();
    drill.note("facilitator", "they stopped it");
    sleep(Duration::from_secs(17)).await;
    drill.looked();
    drill.end("left", Told::default()).unwrap();
    driver.abort();
    while let Ok(deed) = deeds.try_recv() {
        recorder.write(&deed).unwrap();
    }
    let end = truth(&drill);
    (heard(&mut records), end)
}

#[tokio::test(start_paused = true)]
async fn a_replay_gives_the_same_records_and_leaves_the_same_world() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("play.jsonl");
    let (original, end) = played(&path).await;
    let recording = Recording::read(&path).unwrap();
    recording.suits(shipped()[0].1).unwrap();
    assert!(
        original
            .iter()
            .any(|it| matches!(it.what, Happening::Called { .. }))
    );
    let ended = recording.deeds.last().unwrap().at;

    let clock = DrillClock::at(recording.header.began, Pace::times(60).unwrap());
    let about = About {
        team: Some("blue".into()),
        ..About::default()
    };
    let again = Drill::paced(scenario(), clock, about);
    again.replay(recording.deeds);
    let mut records = again.hear();
    let driver = tokio::spawn(again.clone().drive());
    // Nobody else may do anything, but for the pace, which is the viewer's.
    assert_eq!(again.answer(1, "no"), Err(ExerciseError::Replayed));
    while again.pace() != Pace::Paused {
        sleep(Duration::from_millis(100)).await;
    }
    driver.abort();
    assert_eq!(again.clock().now(), ended, "it stands still at the end");
    assert_eq!(heard(&mut records), original);
    assert_eq!(truth(&again), end);
}

#[test]
fn a_damaged_recording_says_which_line_and_which_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("play.jsonl");
    let header = serde_json::to_string(&Header::new("reverse-shell", "x", t0())).unwrap();
    let deed = |at: i64, what: &str| {
        let at = serde_json::to_string(&(t0() + TimeDelta::seconds(at))).unwrap();
        format!("{{\"at\":{at},\"what\":{what}}}")
    };
    let end = r#"{"end":{"by":"left","told":{"looked":null,"proven":null,"undo":"clean"}}}"#;
    let end = deed(1, end);
    for (lines, wanted) in [
        (vec![], "play.jsonl:1: it is empty"),
        (
            vec!["{}".to_owned()],
            "play.jsonl:1: missing field `recording`",
        ),
        (
            vec![header.replace("\"recording\":1", "\"recording\":9")],
            "play.jsonl:1: recording: version 9",
        ),
        (
            vec![header.replace("team", "crew")],
            "play.jsonl:1: unknown field `crew`",
        ),
        (
            vec![header.clone(), deed(0, r#"{"pace":{"times":0}}"#)],
            "play.jsonl:2: invalid value",
        ),
        (
            vec![header.clone(), deed(0, r#"{"paec":"paused"}"#)],
            "play.jsonl:2: unknown variant `paec`",
        ),
        (
            vec![header.clone(), deed(-1, r#"{"pace":"paused"}"#)],
            "play.jsonl:2: at: it is before",
        ),
        (
            vec![header.clone(), end.clone(), end.clone()],
            "play.jsonl:3: what: the exercise had ended",
        ),
        (
            vec![header.clone(), "x".repeat(2 << 20)],
            "play.jsonl:2: the line is too long",
        ),
    ] {
        let text: String = lines.iter().flat_map(|it| [it.as_str(), "\n"]).collect();
        fs::write(&path, text).unwrap();
        let said = Recording::read(&path).unwrap_err().to_string();
        assert!(said.contains(wanted), "{said}");
    }
    fs::write(&path, format!("{header}\n{}", &end[..10])).unwrap();
    let said = Recording::read(&path).unwrap_err().to_string();
    assert!(said.contains("play.jsonl:2: the line is cut off"), "{said}");
    fs::write(&path, format!("{header}\n")).unwrap();
    let recording = Recording::read(&path).unwrap();
    recording.suits("x").unwrap();
    let said = recording.suits("y").unwrap_err().to_string();
    assert!(
        said.contains("play.jsonl:1: sha256: reverse-shell"),
        "{said}"
    );
    assert!(
        Recorder::create(&path, &recording.header).is_err(),
        "it exists"
    );
}
