//! `firedoor drill --list` and `--check`.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::Path;

use serde_json::Value;

use program::drill;

#[path = "support/program.rs"]
mod program;

fn shipped() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/scenarios")
}

#[test]
fn the_list_names_every_file_that_is_shipped() {
    let output = drill(&["--list", "--output", "json"]);
    assert_eq!(output.status.code(), Some(0));
    let all: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let text = |it: &Value, key: &str| it[key].as_str().unwrap().to_owned();
    let mut names: Vec<String> = all.iter().map(|it| text(it, "name")).collect();
    assert_eq!(names[0], "reverse-shell", "the default one is the first");
    for it in &all {
        assert!((1..=5).contains(&it["level"].as_u64().unwrap()));
        assert!(it["minutes"].as_u64().unwrap() > 0);
        for key in ["title", "summary", "briefing"] {
            assert!(!text(it, key).is_empty(), "{it}");
        }
        assert!(text(it, "suspect").starts_with("i-"));
    }
    let files = std::fs::read_dir(shipped()).unwrap();
    let paths = files.map(|it| it.unwrap().path());
    let scenarios = paths.filter(|it| it.extension().is_some_and(|it| it == "toml"));
    let stem = |it: std::path::PathBuf| it.file_stem().unwrap().to_str().unwrap().to_owned();
    let mut files: Vec<String> = scenarios.map(stem).collect();
    files.sort();
    names.sort();
    assert_eq!(names, files);
    let table = String::from_utf8(drill(&["--list"]).stdout).unwrap();
    assert_eq!(table.lines().count(), all.len());
    for name in names {
        assert!(table.lines().any(|it| it.starts_with(&name)), "{table}");
    }
}

#[test]
fn a_sound_file_is_said_to_be_sound() {
    let path = shipped().join("full-acl.toml");
    let output = drill(&["--check", path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("full-acl.toml: ok: "), "{said}");
    for figure in ["5 subnets", "6 instances", "3 findings", "7 injects"] {
        assert!(said.contains(figure), "{said}");
    }
}

#[test]
fn everything_that_is_wrong_is_said_with_file_line_and_key() {
    let text = std::fs::read_to_string(shipped().join("full-acl.toml")).unwrap();
    let line = |it: &str| 1 + text.lines().position(|line| line.contains(it)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.toml");
    let level = (
        "level = 5",
        "level = 9",
        "level: \"9\": a level lies between",
    );
    // What rests on the estate can't be looked at while that is not sound: each has a file of its own.
    let acl = (
        "acl = \"apps\"",
        "acl = \"aps\"",
        "acl: acl names \"aps\", and there is no such network ACL",
    );
    let contained = (
        "name = \"forensics asks\"\nwhen = { on_contained = true,",
        "name = \"forensics asks\"\nwhen = { on_contained = false,",
        "when: \"forensics asks\": it has exactly one of at, late, on_change",
    );
    for wrong in [[level, acl], [level, contained]] {
        let broken = wrong.iter().fold(text.clone(), |text, (from, to, _)| {
            text.replacen(from, to, 1)
        });
        std::fs::write(&path, &broken).unwrap();
        let output = drill(&["--check", path.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(2));
        assert!(output.stdout.is_empty());
        let said = String::from_utf8(output.stderr).unwrap();
        for (from, _, what) in wrong {
            let at = line(from.lines().next().unwrap());
            let wanted = format!("{}:{at}: {what}", path.display());
            assert!(said.contains(&wanted), "{wanted}\n{said}");
        }
        assert!(said.contains("mine.toml: 2 things are wrong"), "{said}");
        assert_eq!(said.lines().count(), 3, "{said}");
    }
    let output = drill(&["--check", "no-such-file.toml"]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("no-such-file.toml: No such file"), "{said}");
}
