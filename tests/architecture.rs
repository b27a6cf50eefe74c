//! Keeps the house in order: which folder may import which, and what only one place may name.
//!
//! The sources are read as tokens, without comments and the insides of literals. Every rule is also
//! shown a few lines that break it: a rule that can't fail keeps nothing.

#![expect(
    clippy::unwrap_used,
    reason = "a failed step of the set-up is a failed test"
)]

use std::fs;
use std::path::{Path, PathBuf};

/// The folders of `src`, and what each may import besides itself. A file directly in `src` wires
/// everything together and may import all.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("flows", &["model"]),
    ("operation", &["model"]),
    ("analysis", &["model", "flows", "operation"]),
    ("plan", &["model", "flows", "operation", "analysis"]),
    ("sources", &["model", "flows"]),
    (
        "executor",
        &["model", "flows", "operation", "plan", "sources"],
    ),
    ("aws", &["model", "flows", "operation", "sources"]),
    ("drill", &["model", "flows", "operation", "sources"]),
    (
        "app",
        &[
            "model",
            "flows",
            "operation",
            "analysis",
            "plan",
            "sources",
            "executor",
        ],
    ),
    (
        "view",
        &[
            "model",
            "flows",
            "operation",
            "analysis",
            "plan",
            "sources",
            "executor",
            "app",
        ],
    ),
    // It draws what the view makes of the state.
    ("terminal", &["app"]),
    // It reads journals: the records of an exercise are a port's.
    (
        "report",
        &["model", "operation", "plan", "sources", "executor"],
    ),
    // Arguments and wiring: it may name everything.
    (
        "cli",
        &[
            "model",
            "flows",
            "operation",
            "analysis",
            "plan",
            "sources",
            "executor",
            "aws",
            "drill",
            "app",
            "view",
            "terminal",
            "report",
        ],
    ),
];

/// Files directly in `src`.
const WIRING: &[&str] = &["lib.rs", "main.rs", "cli.rs"];

/// Folders in which there is no time, and nothing to wait for.
const PURE: &[&str] = &["model", "flows", "operation", "analysis", "plan"];

/// Lines of a file at the most.
const LONGEST: usize = 600;

/// A source file.
struct Source {
    /// Below `src`, with slashes.
    path: String,
    text: String,
    tokens: Vec<Token>,
}

/// A word, `::`, or another single character; with its line.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Token {
    line: usize,
    text: String,
}

/// What breaks a rule: where, and how.
type Breaches = Vec<String>;

/// A rule: its name, what it finds in a file, and examples that break it and that don't.
struct Rule {
    name: &'static str,
    find: fn(&Source) -> Breaches,
    bad: &'static [(&'static str, &'static str)],
    good: &'static [(&'static str, &'static str)],
}

const RULES: &[Rule] = &[
    Rule {
        name: "imports point one way",
        find: forbidden_imports,
        bad: &[
            ("model/eni.rs", "use crate::flows::Edge;"),
            (
                "model/eni.rs",
                "use crate::{\n  model::Eni,\n  app::Pane,\n};",
            ),
            ("model/eni.rs", "fn f() { crate::view::draw(); }"),
            ("model/eni.rs", "use super::super::view;"),
            (
                "app/update/runs.rs",
                "use super::super::super::view::Styles;",
            ),
            (
                "app/update/runs.rs",
                "use super::super::{super::drill, state};",
            ),
            (
                "plan/mod.rs",
                "mod tests { use super::super::executor::Run; }",
            ),
            ("view/mod.rs", "pub(in crate::terminal) fn f() {}"),
            ("sources/port.rs", "use firedoor::app::Key;"),
            ("model/eni.rs", "use crate::cli;"),
            ("model/eni.rs", "use crate as firedoor;"),
            (
                "newcomer/mod.rs",
                "//! A folder that the table does not know.",
            ),
            ("newcomer.rs", "//! A file that the table does not know."),
        ],
        good: &[
            (
                "model/eni.rs",
                "// crate::view\n/* crate::app */ const A: &str = \"crate::app\";",
            ),
            (
                "app/update/runs.rs",
                "use super::super::state; use crate::{model, plan::{self, Plan}};",
            ),
            (
                "plan/mod.rs",
                "mod tests { use super::executor; use super::*; } pub(super) fn f() {}",
            ),
            ("cli.rs", "use crate::aws; use super::drill;"),
        ],
    },
    Rule {
        name: "only aws names a crate of AWS",
        find: |it| unless(it.folder() == "aws", || it.words_with_prefix(AWS_CRATES)),
        bad: &[
            ("cli.rs", "use aws_config::Region;"),
            ("drill/mod.rs", "fn f() -> aws_sdk_ec2::Client {}"),
            ("sources/port.rs", "use aws_smithy_types::error;"),
        ],
        good: &[
            ("aws/mod.rs", "use aws_sdk_ec2::Client;"),
            ("cli.rs", "use crate::aws;"),
        ],
    },
    Rule {
        name: "only terminal names crossterm",
        find: |it| {
            unless(it.folder() == "terminal", || {
                it.named(&["crossterm", "CrosstermBackend"])
            })
        },
        bad: &[
            ("view/mod.rs", "use crossterm::event::KeyCode;"),
            ("app/input.rs", "use ratatui::crossterm::event;"),
        ],
        good: &[("terminal/input.rs", "use crossterm::event::KeyCode;")],
    },
    Rule {
        name: "only view/styles.rs names a colour",
        find: |it| {
            unless(it.path == "view/styles.rs", || {
                it.named(&["Color", "Stylize"])
            })
        },
        bad: &[
            ("view/frame.rs", "let it = Color::Red;"),
            ("view/frame.rs", "use ratatui::style::{Color, Style};"),
            ("view/frame.rs", "use ratatui::style::Stylize;"),
        ],
        good: &[("view/styles.rs", "use ratatui::style::Color;")],
    },
    Rule {
        name: "pure folders know no clock and wait for nothing",
        find: |it| {
            let clocks = [
                "Utc::now",
                "Local::now",
                "SystemTime",
                "Instant",
                "tokio",
                "async",
                "await",
            ];
            unless(!PURE.contains(&it.folder()), || it.named(&clocks))
        },
        bad: &[
            ("plan/builder.rs", "let now = chrono::Utc::now();"),
            ("flows/table.rs", "use std::time::SystemTime;"),
            ("analysis/blast.rs", "use std::time::{Duration, Instant};"),
            (
                "model/eni.rs",
                "#[cfg(test)] mod tests { use tokio::time; }",
            ),
        ],
        good: &[
            (
                "plan/builder.rs",
                "use std::time::Duration; use chrono::Utc;",
            ),
            ("app/event_loop.rs", "use tokio::time::Instant;"),
        ],
    },
    Rule {
        name: "the state and its picture never wait",
        find: |it| {
            // What takes its time is asked in tasks of their own, all in one file.
            let may = ["app/event_loop.rs", "app/errands.rs"].contains(&it.path.as_str());
            let waits = may || !["app", "view"].contains(&it.folder());
            unless(waits, || {
                it.named(&["async", "await", "block_on", "blocking_recv"])
            })
        },
        bad: &[
            ("app/update/feeds.rs", "source.read(request).await"),
            ("view/frame.rs", "async fn draw() {}"),
            ("app/session.rs", "handle.block_on(it)"),
        ],
        good: &[
            ("app/event_loop.rs", "input.next().await"),
            ("view/frame.rs", "// .await"),
        ],
    },
    Rule {
        name: "only cli.rs prints",
        find: |it| {
            let prints = ["println!", "print!", "eprintln!", "eprint!", "dbg!"];
            unless(it.path == "cli.rs", || it.named(&prints))
        },
        bad: &[
            ("app/update.rs", "println!(\"here\");"),
            ("main.rs", "std::eprintln!();"),
            ("view/mod.rs", "dbg!(state)"),
        ],
        good: &[
            ("cli.rs", "eprintln!(\"firedoor\");"),
            ("view/mod.rs", "fn print() {}"),
        ],
    },
    Rule {
        name: "the view never holds the state mutably",
        find: |it| unless(it.folder() != "view", || mutable_states(it)),
        bad: &[
            ("view/mod.rs", "fn draw(state: &mut AppState) {}"),
            (
                "view/mod.rs",
                "fn draw<'a>(state: &'a mut crate::app::AppState) {}",
            ),
        ],
        good: &[
            (
                "view/mod.rs",
                "fn draw(frame: &mut Frame, state: &AppState) {}",
            ),
            ("app/update.rs", "fn f(state: &mut AppState) {}"),
        ],
    },
    Rule {
        name: "every file says first what it is for",
        find: |it| unless(it.text.starts_with("//! "), || vec![it.at(1, "no `//!`")]),
        bad: &[("cli.rs", "use std::fmt;\n"), ("cli.rs", "\n//! Late.\n")],
        good: &[("cli.rs", "//! The command line.\n")],
    },
    Rule {
        name: "no file is too long to read",
        find: |it| {
            let lines = it.text.lines().count();
            unless(lines <= LONGEST, || vec![it.at(lines, "lines")])
        },
        bad: &[],
        good: &[],
    },
    Rule {
        name: "no file names a place on somebody's machine",
        find: machine_paths,
        bad: &[
            ("cli.rs", "// see /home/somebody/notes"),
            ("cli.rs", "const A: &str = \"/mnt/here/x\";"),
        ],
        good: &[("cli.rs", "// a/home/b, /var/log")],
    },
];

const AWS_CRATES: &[&str] = &[
    "aws_sdk_",
    "aws_config",
    "aws_smithy",
    "aws_types",
    "aws_credential",
    "aws_runtime",
];

fn unless(allowed: bool, find: impl FnOnce() -> Breaches) -> Breaches {
    if allowed { Vec::new() } else { find() }
}

impl Source {
    fn new(path: &str, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
            tokens: tokens(text),
        }
    }

    /// The folder of `src`; empty for a file directly in it.
    fn folder(&self) -> &str {
        self.path.split_once('/').map_or("", |(folder, _)| folder)
    }

    /// How deep the file's module is below the crate's root.
    fn depth(&self) -> usize {
        let is_module = |part: &&str| !["mod.rs", "lib.rs", "main.rs"].contains(part);
        self.path.split('/').filter(is_module).count()
    }

    fn at(&self, line: usize, what: &str) -> String {
        format!("src/{}:{line}: {what}", self.path)
    }

    /// Where any of these occurs; each is a word, or several tokens such as `Utc::now`.
    fn named(&self, names: &[&str]) -> Breaches {
        let mut found = Vec::new();
        for name in names {
            let wanted = tokens(name);
            let same =
                |window: &&[Token]| window.iter().zip(&wanted).all(|(a, b)| a.text == b.text);
            let windows = self.tokens.windows(wanted.len()).filter(same);
            found.extend(windows.map(|window| self.at(window[0].line, name)));
        }
        found
    }

    fn words_with_prefix(&self, prefixes: &[&str]) -> Breaches {
        let starts = |it: &&Token| prefixes.iter().any(|prefix| it.text.starts_with(prefix));
        let words = self.tokens.iter().filter(starts);
        words.map(|it| self.at(it.line, &it.text)).collect()
    }

    fn text_at(&self, index: usize) -> &str {
        self.tokens.get(index).map_or("", |it| it.text.as_str())
    }
}

fn forbidden_imports(source: &Source) -> Breaches {
    let folder = source.folder();
    if folder.is_empty() {
        let known = WIRING.contains(&source.path.as_str());
        return unless(known, || {
            vec![source.at(1, "a file that the table does not know")]
        });
    }
    let row = MAY_IMPORT.iter().find(|(name, _)| *name == folder);
    let Some((_, allowed)) = row else {
        return vec![source.at(1, "a folder that the table does not know")];
    };
    imports(source)
        .into_iter()
        .filter(|it| it.text != folder && !allowed.contains(&it.text.as_str()))
        .map(|it| source.at(it.line, &format!("{folder} may not import {}", it.text)))
        .collect()
}

/// What is named directly below the crate's root, by `crate::`, by the crate's name, or by as many
/// `super::` as it takes.
fn imports(source: &Source) -> Vec<Token> {
    let mut found = Vec::new();
    // For every open brace, whether it is that of an inline module.
    let mut braces: Vec<bool> = Vec::new();
    let mut index = 0;
    while index < source.tokens.len() {
        let level = source.depth() + braces.iter().filter(|it| **it).count();
        match source.text_at(index) {
            "{" => braces.push(index >= 2 && source.text_at(index - 2) == "mod"),
            "}" => {
                braces.pop();
            }
            "crate" | "super" | "firedoor" => {
                index = use_tree(source, index, level, &mut found);
                continue;
            }
            _ => {}
        }
        index += 1;
    }
    found
}

/// Follows a path, or a group of paths, from a module that is `level` below the root. Returns the
/// index after it.
fn use_tree(source: &Source, mut index: usize, mut level: usize, found: &mut Vec<Token>) -> usize {
    loop {
        let next_is_path = source.text_at(index + 1) == "::";
        match source.text_at(index) {
            "crate" | "firedoor" if next_is_path => level = 0,
            "super" if next_is_path => level = level.saturating_sub(1),
            "self" if next_is_path => {}
            "crate" if source.text_at(index + 1) == "as" => {
                found.push(source.tokens[index].clone());
                return index + 1;
            }
            "{" => return use_group(source, index, level, found),
            word => {
                if level == 0 && word.chars().all(is_word) && word != "crate" {
                    found.push(source.tokens[index].clone());
                }
                return index + 1;
            }
        }
        index += 2;
    }
}

fn use_group(source: &Source, mut index: usize, level: usize, found: &mut Vec<Token>) -> usize {
    let mut nesting = 0;
    while index < source.tokens.len() {
        let starts_member = nesting == 1 && ["{", ","].contains(&source.text_at(index - 1));
        match source.text_at(index) {
            "{" => nesting += 1,
            "}" if nesting == 1 => return index + 1,
            "}" => nesting -= 1,
            _ if starts_member => {
                index = use_tree(source, index, level, found);
                continue;
            }
            _ => {}
        }
        index += 1;
    }
    index
}

/// `mut`, and then a path that ends in `AppState`.
fn mutable_states(source: &Source) -> Breaches {
    let mut found = Vec::new();
    for (index, token) in source.tokens.iter().enumerate() {
        let mut end = index + 1;
        while source.text_at(end + 1) == "::" {
            end += 2;
        }
        if token.text == "mut" && source.text_at(end) == "AppState" {
            found.push(source.at(token.line, "&mut AppState"));
        }
    }
    found
}

/// Absolute paths that hold on one machine only, in code and comments alike.
fn machine_paths(source: &Source) -> Breaches {
    let roots = ["home", "root", "tmp", "work", "mnt", "Users"].map(|it| format!("/{it}/"));
    let mut found = Vec::new();
    for (line, text) in source.text.lines().enumerate() {
        for root in &roots {
            let begins = |at: usize| !text[..at].ends_with(|c: char| is_word(c) || c == '.');
            if text.match_indices(root.as_str()).any(|(at, _)| begins(at)) {
                found.push(source.at(line + 1, root));
            }
        }
    }
    found
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Takes Rust apart. Comments, lifetimes and the insides of literals are left out.
fn tokens(text: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut line = 1;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (length, is_token) = next_token(rest, first);
        let (token, after) = rest.split_at(length);
        if is_token {
            let text = token.to_owned();
            found.push(Token { line, text });
        }
        line += token.matches('\n').count();
        rest = after;
    }
    found
}

/// The length of what `rest` begins with, and whether it is a token.
fn next_token(rest: &str, first: char) -> (usize, bool) {
    let until = |end: &str| rest.find(end).map_or(rest.len(), |at| at + end.len());
    if rest.starts_with("//") {
        return (until("\n"), false);
    }
    if rest.starts_with("/*") {
        return (until("*/"), false);
    }
    if let Some(length) = raw_string(rest) {
        return (length, false);
    }
    if first == '"' {
        return (quoted(rest, '"'), false);
    }
    if first == '\'' {
        return (quote_or_lifetime(rest), false);
    }
    if is_word(first) {
        let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        return (end, true);
    }
    if rest.starts_with("::") {
        return (2, true);
    }
    (first.len_utf8(), !first.is_whitespace())
}

/// The length of a raw string, if `rest` begins with one.
fn raw_string(rest: &str) -> Option<usize> {
    let after = rest.strip_prefix('r').or_else(|| rest.strip_prefix("br"))?;
    let body = after.trim_start_matches('#');
    let hashes = after.len() - body.len();
    let body = body.strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let start = rest.len() - body.len();
    Some(start + body.find(&end).map_or(body.len(), |at| at + end.len()))
}

/// The length of a literal between two of `quote`.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

fn quote_or_lifetime(rest: &str) -> usize {
    let mut inside = rest.chars().skip(1);
    match (inside.next(), inside.next()) {
        (Some('\\'), _) | (_, Some('\'')) => quoted(rest, '\''),
        _ => 1 + rest[1..].find(|c| !is_word(c)).unwrap_or(rest.len() - 1),
    }
}

/// Every file below `src`.
fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.sort();
    let read = |path: &PathBuf| {
        let below = path.strip_prefix(&root).unwrap().to_str().unwrap();
        Source::new(
            &below.replace('\\', "/"),
            &fs::read_to_string(path).unwrap(),
        )
    };
    files.iter().map(read).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|it| it == "rs") {
            files.push(path);
        }
    }
}

#[test]
fn every_source_file_keeps_every_rule() {
    let sources = sources();
    assert!(sources.len() > 100, "only {} files found", sources.len());
    let mut breaches = Vec::new();
    for rule in RULES {
        let found = sources.iter().flat_map(|it| (rule.find)(it));
        breaches.extend(found.map(|it| format!("{it}\n    {}", rule.name)));
    }
    assert!(breaches.is_empty(), "\n{}", breaches.join("\n"));
}

#[test]
fn every_rule_finds_what_breaks_it_and_nothing_else() {
    for rule in RULES {
        for (path, text) in rule.bad {
            let found = (rule.find)(&Source::new(path, text));
            assert!(
                !found.is_empty(),
                "{}: not found: {path}: {text}",
                rule.name
            );
        }
        for (path, text) in rule.good {
            let found = (rule.find)(&Source::new(path, text));
            assert!(found.is_empty(), "{}: {found:?}: {text}", rule.name);
        }
    }
}

#[test]
fn a_long_file_is_found() {
    let rule = RULES
        .iter()
        .find(|it| it.name.contains("too long"))
        .unwrap();
    let lines = |count: usize| Source::new("cli.rs", &"\n".repeat(count));
    assert!((rule.find)(&lines(LONGEST)).is_empty());
    assert_eq!((rule.find)(&lines(LONGEST + 1)), ["src/cli.rs:601: lines"]);
}

#[test]
fn a_breach_names_file_line_and_import() {
    let source = Source::new(
        "model/eni.rs",
        "//! Eni.\n\nuse crate::{\n    model,\n    view,\n};\n",
    );
    assert_eq!(
        forbidden_imports(&source),
        ["src/model/eni.rs:5: model may not import view"]
    );
}

#[test]
fn every_folder_of_the_table_exists() {
    let sources = sources();
    for (folder, _) in MAY_IMPORT {
        assert!(sources.iter().any(|it| it.folder() == *folder), "{folder}");
    }
}
