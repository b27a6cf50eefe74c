//! The program never says that an instance is isolated: it says what was changed, and what flow logs prove.

#![expect(
    clippy::unwrap_used,
    reason = "a failed step of the set-up is a failed test"
)]

use std::fs;
use std::path::{Path, PathBuf};

/// What is never printed.
const NEVER: &str = "isolated";

fn sources(folder: &Path, all: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, all);
        } else {
            all.push(path);
        }
    }
}

/// Lines outside comments that could print it.
fn breaches(name: &str, text: &str) -> Vec<String> {
    let lines = text.lines().zip(1..);
    lines
        .filter(|(line, _)| !line.trim_start().starts_with("//"))
        .filter(|(line, _)| line.to_lowercase().contains(NEVER))
        .map(|(line, number)| format!("{name}:{number}: {}", line.trim()))
        .collect()
}

#[test]
fn nothing_says_isolated() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = Vec::new();
    for folder in ["src", "assets"] {
        sources(&root.join(folder), &mut all);
    }
    let found: Vec<String> = all
        .iter()
        .filter_map(|path| Some((path, fs::read_to_string(path).ok()?)))
        .flat_map(|(path, text)| breaches(&path.display().to_string(), &text))
        .collect();
    assert!(all.len() > 100, "the sources were found");
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn a_line_that_says_it_is_found() {
    let text = "// isolated\nlet it = \"Isolated\";\n";
    assert_eq!(breaches("a.rs", text), ["a.rs:2: let it = \"Isolated\";"]);
}
