//! `firedoor drill --experiments` and `--experiment ID`, by the program itself.

#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "support/program.rs"]
mod program;
#[path = "support/pty.rs"]
#[expect(dead_code, reason = "nothing is typed here")]
mod pty;

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use program::drill;

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn all_are_played_and_agree() {
    let first = drill(&["--experiments", "--output", "json"]);
    assert!(first.status.success(), "{}", text(&first.stderr));
    let all: Vec<Value> = serde_json::from_slice(&first.stdout).unwrap();
    assert_eq!(all.len(), 43);
    for it in &all {
        let id = it["id"].as_str().unwrap();
        assert!(id.starts_with("EX-") && !id.starts_with("EX-CT"), "{id}");
        assert_eq!(it["outcome"], it["expected"], "{id}");
        assert_eq!(it["agrees"], true, "{id}");
        assert!(!it["source"].as_str().unwrap().is_empty(), "{id}");
        let open = &it["ambiguous"];
        assert_eq!(open["outcome"], open["expected"], "{id}");
    }
    let again = drill(&["--experiments", "--output", "json"]);
    assert_eq!(first.stdout, again.stdout);
}

/// Twenty of them are among the vectors too, which others worked out.
#[test]
fn the_vectors_say_the_same() {
    let vectors = include_str!("fixtures/vectors.json");
    let vectors: Value = serde_json::from_str(vectors).unwrap();
    let out = drill(&["--experiments", "--output", "json"]);
    let all: Vec<Value> = serde_json::from_slice(&out.stdout).unwrap();
    let mut compared = 0;
    for vector in vectors["vectors"].as_array().unwrap() {
        let own = all.iter().find(|it| it["id"] == vector["id"]);
        if let Some(own) = own {
            assert_eq!(
                own["outcome"], vector["expected"]["verdict"],
                "{}",
                own["id"]
            );
            compared += 1;
        }
    }
    assert_eq!(compared, 20);
}

#[test]
fn the_table_has_a_line_for_each() {
    let out = drill(&["--experiments"]);
    assert!(out.status.success());
    let table = text(&out.stdout);
    assert!(table.contains("EX-S2-e   half true "), "{table}");
    assert!(table.ends_with("43 of 43 as expected\n"), "{table}");
    for line in table.lines() {
        assert!(
            line.chars().count() <= 80 && line == line.trim_end(),
            "{line:?}"
        );
    }
}

#[test]
fn one_is_told_at_once_where_nobody_watches() {
    let out = drill(&["--experiment", "EX-S3-c"]);
    assert!(out.status.success());
    let told = text(&out.stdout);
    for part in [
        "00:12  revoke every ingress rule of sg-bare\n",
        "tracked at box, as ICMP always is",
        "02:00  the entry at box",
        "02:01  ping again, 4 times until 02:04: home's packet is lost",
        "Outcome: survives_tracked, as expected.\n",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let out = drill(&["--experiment", "ex-s3-c", "--output", "json"]);
    let one: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(one["id"], "EX-S3-c");
}

/// It comes line by line there, and is plain text as anywhere else.
#[test]
fn one_is_told_on_a_terminal() {
    let args = ["drill", "--experiment", "EX-S3-a", "--pace", "60"];
    let program = Path::new(env!("CARGO_BIN_EXE_firedoor"));
    let mut terminal = pty::Terminal::spawn(program, &args, &[], 80, 24);
    let soon = Duration::from_mins(1);
    assert!(terminal.wait_for_exit(soon).success());
    let raw = text(&terminal.raw()).replace("\r\n", "\n");
    assert_eq!(raw, text(&drill(&args[1..]).stdout));
    assert!(raw.contains("Outcome: denied, as expected."), "{raw}");
}

#[test]
fn an_unknown_id_is_bad_input() {
    let out = drill(&["--experiment", "EX-S3-q"]);
    assert_eq!(out.status.code(), Some(2));
    let told = text(&out.stderr);
    assert!(told.contains("the nearest are EX-S3-a"), "{told}");
    assert!(out.stdout.is_empty());
}
