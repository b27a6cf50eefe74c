//! Journals on a real disk: whole, damaged, foreign, and many.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};

use super::journal::Journal;
use super::tests::{event, kind, plan};
use super::*;
use crate::plan::Target;

/// Writes a journal with these events, by their letters, that began `minute` minutes after the epoch.
pub(super) async fn write(
    root: &Path,
    case: &str,
    run: &str,
    minute: i64,
    letters: &str,
) -> PathBuf {
    let journal = Journal::create(root, case, run).unwrap();
    for (n, letter) in (0..).zip(letters.chars()) {
        let mut event = event(n, kind(letter));
        event.at = at(minute);
        if let RunEventKind::Started { run: id, .. } = &mut event.kind {
            run.clone_into(id);
        }
        journal.append(&event).await.unwrap();
    }
    journal.path().to_owned()
}

fn at(minute: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
}

fn names(runs: &[Recorded]) -> Vec<&str> {
    runs.iter().map(|it| it.view.run.as_str()).collect()
}

#[tokio::test]
async fn runs_are_listed_newest_first_and_the_open_ones_by_themselves() {
    let root = tempfile::tempdir().unwrap();
    let archive = Archive::new(root.path());
    assert!(archive.runs().is_empty());
    write(root.path(), "a", "whole", 1, "SbciaeF").await;
    write(root.path(), "b", "sent", 3, "Sbci").await;
    write(root.path(), "b", "left-open", 2, "SbcieL").await;
    write(root.path(), "a", "resumed", 0, "SbciRbaeF").await;
    let all = archive.all();
    assert!(all.unreadable.is_empty());
    assert_eq!(names(&all.runs), ["sent", "left-open", "whole", "resumed"]);
    assert_eq!(names(&archive.open().runs), ["sent", "left-open"]);
    let found = archive.find("whole").unwrap().unwrap();
    assert_eq!((found.events.len(), found.is_open()), (7, false));
    assert!(archive.find("who").unwrap().is_none());
}

#[tokio::test]
async fn what_can_not_be_read_is_named_and_hides_nothing() {
    let root = tempfile::tempdir().unwrap();
    let good = write(root.path(), "a", "good", 1, "Sbci").await;
    let torn = write(root.path(), "a", "torn", 2, "Sbcia").await;
    let text = fs::read(&torn).unwrap();
    fs::write(&torn, &text[..text.len() - 5]).unwrap();
    write(root.path(), "a", "odd", 3, "Sbce").await;
    write(root.path(), "a", "contradicts", 4, "Sbbce").await;
    let folder = good.parent().unwrap();
    fs::write(folder.join("notes.txt"), "mine").unwrap();
    fs::write(folder.join("old.jsonl.damaged"), "{").unwrap();
    fs::write(folder.join("foreign.jsonl"), "{\"a\":1}\n").unwrap();
    fs::write(folder.join("empty.jsonl"), "").unwrap();
    fs::write(folder.join("binary.jsonl"), [0, 255, 10, 1]).unwrap();
    fs::create_dir(folder.join("folder.jsonl")).unwrap();
    fs::write(root.path().join("stray.jsonl"), "x").unwrap();
    fs::create_dir_all(root.path().join("locks")).unwrap();
    fs::write(root.path().join("locks/x.jsonl"), "x").unwrap();
    let all = Archive::new(root.path()).all();
    assert_eq!(names(&all.runs), ["contradicts", "odd", "torn", "good"]);
    let damage: Vec<_> = all.runs.iter().map(|it| it.damage).collect();
    let contradicts = Some(Damage {
        line: 3,
        what: "can't follow the lines before it",
    });
    let torn = Some(Damage {
        line: 5,
        what: "cut off",
    });
    assert_eq!(damage, [contradicts, None, torn, None]);
    assert_eq!(all.runs[0].events.len(), 2);
    let mut odd: Vec<_> = all
        .unreadable
        .iter()
        .map(|it| it.path.rsplit('/').next().unwrap())
        .collect();
    odd.sort_unstable();
    assert_eq!(
        odd,
        [
            "binary.jsonl",
            "empty.jsonl",
            "folder.jsonl",
            "foreign.jsonl"
        ]
    );
}

#[tokio::test]
async fn many_journals_are_all_there() {
    let root = tempfile::tempdir().unwrap();
    let one = write(root.path(), "0", "run", 1, "SbciaeF").await;
    let open = write(root.path(), "0", "open", 1, "Sbcia").await;
    let (text, open) = (fs::read(one).unwrap(), fs::read(open).unwrap());
    for number in 0..10_000 {
        let folder = root.path().join((number / 500).to_string());
        fs::create_dir_all(&folder).unwrap();
        let text = if number % 2_000 == 0 { &open } else { &text };
        fs::write(folder.join(format!("r{number}.jsonl")), text).unwrap();
    }
    let archive = Archive::new(root.path());
    assert_eq!(archive.open().runs.len(), 6);
    assert!(archive.find("r9999").unwrap().is_some());
}

#[tokio::test]
async fn who_carries_a_run_out_is_told() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "a", "mine", 1, "Sb").await;
    write(root.path(), "a", "other", 2, "Sb").await;
    let target: Target = plan().target;
    let holder = Holder {
        run: "mine".into(),
        caller: "arn".into(),
        host: "here".into(),
        pid: 1,
        since: at(1),
    };
    let lock = Lock::acquire(root.path(), &target, &holder).unwrap();
    let held = |root: &Path| -> Vec<_> {
        let runs = Archive::new(root).open().runs;
        runs.into_iter().map(|it| it.held_by).collect()
    };
    assert_eq!(held(root.path()), [None, Some(holder)]);
    drop(lock);
    assert_eq!(held(root.path()), [None, None]);
}

#[tokio::test]
async fn a_journal_goes_on_after_its_damage_and_a_copy_is_kept() {
    let root = tempfile::tempdir().unwrap();
    let path = write(root.path(), "a", "run", 1, "Sbcia").await;
    let whole = fs::read(&path).unwrap();
    for (round, copy) in ["run.jsonl.damaged", "run.jsonl.damaged-2"]
        .into_iter()
        .enumerate()
    {
        let torn = [&whole[..whole.len() - 9], b"\nnonsense\n"].concat();
        fs::write(&path, &torn).unwrap();
        let good = Recorded::read(&path).unwrap().events.len();
        assert_eq!(good, 4, "round {round}");
        let journal = Journal::reopen(&path, good).unwrap();
        journal.append(&event(4, kind('R'))).await.unwrap();
        let again = Recorded::read(&path).unwrap();
        assert_eq!((again.damage, again.events.len()), (None, 5));
        let copy = path.with_file_name(copy);
        assert_eq!(fs::read(&copy).unwrap(), torn);
        assert_eq!(copy.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    let journal = Journal::reopen(&path, 5).unwrap();
    journal.append(&event(5, kind('b'))).await.unwrap();
    assert_eq!(Recorded::read(&path).unwrap().events.len(), 6);
    let files = fs::read_dir(path.parent().unwrap()).unwrap().count();
    assert_eq!(files, 3, "nothing is copied without damage");
}
