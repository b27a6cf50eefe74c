//! The journal of an exercise beside those of runs: one per case, damaged, and never taken for a run.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};

use super::archive_tests::write;
use super::*;
use crate::sources::{ExerciseRecord, Happening};

fn note(second: i64) -> ExerciseRecord {
    ExerciseRecord {
        at: DateTime::<Utc>::UNIX_EPOCH + TimeDelta::seconds(second),
        what: Happening::Note {
            who: "facilitator".into(),
            text: format!("note {second}"),
        },
    }
}

async fn exercise(root: &Path, notes: i64) -> std::path::PathBuf {
    let journal = ExerciseJournal::begin(root, "case").unwrap();
    let records: Vec<ExerciseRecord> = (0..notes).map(note).collect();
    journal.append_all(&records).await.unwrap();
    journal.path().to_owned()
}

#[tokio::test]
async fn an_exercise_is_read_back_private_and_never_overwritten() {
    let root = tempfile::tempdir().unwrap();
    let path = exercise(root.path(), 3).await;
    assert_eq!(path, root.path().join("case/exercise.jsonl"));
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let before = fs::read(&path).unwrap();
    let again = ExerciseJournal::begin(root.path(), "case").unwrap_err();
    assert!(again.is_taken(), "{again}");
    assert_eq!(fs::read(&path).unwrap(), before);
    let case = Archive::new(root.path()).case("case").unwrap().unwrap();
    let exercise = case.exercise.unwrap();
    assert_eq!(exercise.records, [note(0), note(1), note(2)]);
    let last: serde_json::Value =
        serde_json::from_slice(before.split(|it| *it == b'\n').nth(2).unwrap()).unwrap();
    assert_eq!(exercise.seal, last["hash"]);
}

#[tokio::test]
async fn an_exercise_is_no_run_and_a_run_no_exercise() {
    let root = tempfile::tempdir().unwrap();
    exercise(root.path(), 2).await;
    write(root.path(), "case", "run", 1, "SbciaeF").await;
    write(root.path(), "case", "open", 2, "Sbci").await;
    write(root.path(), "other", "elsewhere", 3, "Sbci").await;
    let archive = Archive::new(root.path());
    let all = archive.all();
    assert!(all.unreadable.is_empty(), "{:?}", all.unreadable);
    assert_eq!(all.runs.len(), 3);
    assert_eq!(archive.open().runs.len(), 2);
    assert!(archive.find("exercise").unwrap().is_none());
    let case = archive.case("case").unwrap().unwrap();
    let runs: Vec<&str> = case.runs.iter().map(|it| it.view.run.as_str()).collect();
    assert_eq!(runs, ["run", "open"], "oldest first");
    assert_eq!(archive.cases(), ["case", "other"]);
    assert!(archive.case("elsewhere").unwrap().is_none());
    assert!(archive.case("../case").unwrap().is_none());
    assert!(archive.case("other").unwrap().unwrap().exercise.is_none());
}

#[tokio::test]
async fn the_good_part_of_a_damaged_exercise_is_used() {
    let root = tempfile::tempdir().unwrap();
    let path = exercise(root.path(), 3).await;
    let whole = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    let cases = [
        ("cut off", whole[..whole.len() - 9].to_string(), 2, 3),
        (
            "changed, or lines before it are missing",
            whole.replace("note 1", "note 7"),
            1,
            2,
        ),
        (
            "not a journal line of this version",
            format!("{}\nhello\n", lines[0]),
            1,
            2,
        ),
        (
            "written by another version",
            whole
                .replacen("{\"v\":1", "{\"v\":2", 3)
                .replacen("{\"v\":2", "{\"v\":1", 1),
            1,
            2,
        ),
    ];
    for (what, text, good, line) in cases {
        fs::write(&path, text).unwrap();
        let exercise = Exercised::read(&path).unwrap();
        assert_eq!(exercise.records.len(), good, "{what}");
        assert_eq!(exercise.damage, Some(Damage { line, what }));
    }
    fs::write(&path, "").unwrap();
    let case = Case::read(path.parent().unwrap()).unwrap();
    assert!(case.exercise.is_none());
    assert!(case.unreadable[0].why.contains("no exercise was begun"));
}
