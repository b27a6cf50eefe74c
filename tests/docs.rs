//! What the documents say is what the program does: the key table and the options of the README.
//!
//! `UPDATE_DOCS=1` writes the key table anew.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use firedoor::app::{Context, Key};
use firedoor::plan::Action;

fn readme() -> (std::path::PathBuf, String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = std::fs::read_to_string(&path).unwrap();
    (path, text)
}

fn key_table() -> String {
    let mut table = String::from("| key | what it does |\n|---|---|\n");
    for binding in Context::Console.bindings() {
        let keys: Vec<String> = binding
            .keys
            .iter()
            .map(|key: &Key| format!("`{}`", key.name()))
            .collect();
        writeln!(table, "| {} | {} |", keys.join(" "), binding.label).unwrap();
    }
    table
}

#[test]
fn the_key_table_is_that_of_the_program() {
    let (path, text) = readme();
    let (before, rest) = text.split_once("<!-- keys -->\n").unwrap();
    let (shown, after) = rest.split_once("<!-- /keys -->").unwrap();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let text = format!(
            "{before}<!-- keys -->\n{}<!-- /keys -->{after}",
            key_table()
        );
        std::fs::write(path, text).unwrap();
        return;
    }
    assert_eq!(
        shown,
        key_table(),
        "UPDATE_DOCS=1 cargo test --test docs writes it anew"
    );
}

#[test]
fn every_option_of_the_help_is_explained() {
    let (_, text) = readme();
    let help = Command::new(env!("CARGO_BIN_EXE_firedoor"))
        .arg("--help")
        .output()
        .unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let options: Vec<&str> = help
        .split_whitespace()
        .filter(|word| word.starts_with("--"))
        .map(|word| word.trim_end_matches([',', '.', ';']))
        .collect();
    assert!(options.contains(&"--max-dwell"), "{help}");
    for option in options {
        let known = ["--help", "--version"].contains(&option) || text.contains(option);
        assert!(known, "{option} is not in README.md");
    }
}

#[test]
fn every_available_action_is_explained() {
    let (_, text) = readme();
    for action in Action::ALL.into_iter().filter(|it| it.available()) {
        assert!(text.contains(&format!("| `{action}` |")), "{action}");
    }
}
