//! What the documents say is what the program does: the tables and the options of the README.
//!
//! `UPDATE_DOCS=1` writes the tables of keys and actions anew.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use firedoor::app::{Context, Key, Pane};
use firedoor::drill::Scenario;
use firedoor::plan::Action;

fn readme() -> (std::path::PathBuf, String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = std::fs::read_to_string(&path).unwrap();
    (path, text)
}

fn key_table() -> String {
    let mut table = String::from("| key | what it does |\n|---|---|\n");
    let everywhere = Context::Console.bindings().map(|it| (it, String::new()));
    let in_panes = Pane::ALL.into_iter().flat_map(|pane| {
        let own = Context::Pane(pane).own();
        own.map(move |it| (it, format!(" ({} pane)", pane.name().to_lowercase())))
    });
    let in_exercises = Context::Exercise.own();
    let in_exercises = in_exercises.map(|it| (it, " (in an exercise)".to_owned()));
    for (binding, place) in everywhere.chain(in_panes).chain(in_exercises) {
        let keys: Vec<String> = binding
            .keys
            .iter()
            .map(|key: &Key| format!("`{}`", key.name()))
            .collect();
        writeln!(table, "| {} | {}{place} |", keys.join(" "), binding.label).unwrap();
    }
    table
}

/// The catalogue, as the program prints it.
fn catalogue_table() -> String {
    let printed = Command::new(env!("CARGO_BIN_EXE_firedoor"))
        .args(["actions", "--output", "markdown"])
        .output()
        .unwrap();
    String::from_utf8(printed.stdout).unwrap()
}

/// Compares what stands between two marks of the README, or writes it anew.
fn holds(mark: &str, table: &str) {
    let (path, text) = readme();
    let (open, close) = (format!("<!-- {mark} -->\n"), format!("<!-- /{mark} -->"));
    let (before, rest) = text.split_once(&open).unwrap();
    let (shown, after) = rest.split_once(&close).unwrap();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let text = format!("{before}{open}{table}{close}{after}");
        std::fs::write(path, text).unwrap();
        return;
    }
    assert_eq!(
        shown, table,
        "UPDATE_DOCS=1 cargo test --test docs writes it anew"
    );
}

/// What an exercise is judged by.
fn rules_table() -> String {
    let mut table = String::from("| judged | at most | what it costs |\n|---|---|---|\n");
    for rule in firedoor::drill::RULES {
        writeln!(table, "| {} | {} | {} |", rule.what, rule.of, rule.how).unwrap();
    }
    table
}

/// The scenarios that are shipped.
fn scenario_table() -> String {
    let mut table =
        String::from("| scenario | level | minutes | what it teaches |\n|---|---|---|---|\n");
    for (name, text) in firedoor::drill::shipped() {
        let it = Scenario::parse(&format!("{name}.toml"), text).unwrap();
        let (level, minutes, summary) = (it.level(), it.minutes(), it.summary());
        writeln!(table, "| `{name}` | {level} | {minutes} | {summary} |").unwrap();
    }
    table
}

// One test, because all write the same file.
#[test]
fn the_tables_are_those_of_the_program() {
    holds("keys", &key_table());
    holds("catalogue", &catalogue_table());
    holds("rules", &rules_table());
    holds("scenarios", &scenario_table());
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
fn every_action_that_can_be_run_is_explained() {
    let (_, text) = readme();
    for action in Action::ALL {
        assert!(text.contains(&format!("| `{action}` |")), "{action}");
    }
}
