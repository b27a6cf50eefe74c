//! `firedoor drill --list` and `--check`: the scenarios that are shipped, and whether one is sound.

use std::fs;
use std::path::Path;

use color_eyre::eyre;
use serde::Serialize;

use super::{BadInput, Output, print, say};
use crate::drill::{Scenario, shipped};

/// A scenario, for people and programs.
#[derive(Debug, Serialize)]
struct Listed<'a> {
    name: &'a str,
    title: &'a str,
    /// From 1, a beginner's, to 5, a brutal one.
    level: u8,
    summary: &'a str,
    /// How long an exercise takes.
    minutes: u32,
    suspect: &'a str,
    briefing: &'a str,
}

/// Lists the scenarios that are shipped.
pub(super) fn list(output: Output) -> eyre::Result<()> {
    let mut scenarios = Vec::new();
    for (name, text) in shipped() {
        let read = Scenario::parse(&format!("{name}.toml"), text);
        scenarios.push(read.map_err(|error| BadInput(error.to_string()))?);
    }
    let listed: Vec<Listed<'_>> = scenarios.iter().map(listed).collect();
    print(|out| {
        if output == Output::Json {
            serde_json::to_writer_pretty(&mut *out, &listed)?;
            return writeln!(out);
        }
        let width = listed.iter().map(|it| it.name.len()).max().unwrap_or(0);
        for it in &listed {
            let Listed {
                name,
                level,
                minutes,
                title,
                ..
            } = it;
            writeln!(
                out,
                "{name:width$}  level {level}  {minutes:>3} min  {title}"
            )?;
        }
        Ok(())
    })
}

fn listed(it: &Scenario) -> Listed<'_> {
    Listed {
        name: it.name(),
        title: it.title(),
        level: it.level(),
        summary: it.summary(),
        minutes: it.minutes(),
        suspect: it.suspect().as_str(),
        briefing: it.briefing(),
    }
}

/// Says that a scenario file is sound, or everything that is wrong with it.
pub(super) fn check(path: &Path) -> eyre::Result<()> {
    let name = path.display().to_string();
    let text = fs::read_to_string(path);
    let text = text.map_err(|error| BadInput(format!("{name}: {error}")))?;
    match Scenario::check(&name, &text) {
        Ok(it) => {
            let figures: Vec<String> = it
                .figures()
                .into_iter()
                .map(|(what, count)| format!("{count} {what}"))
                .collect();
            print(|out| writeln!(out, "{name}: ok: {}: {}", it.title(), figures.join(", ")))
        }
        Err(problems) => {
            for problem in &problems {
                say(&problem.to_string());
            }
            let words = match problems.len() {
                1 => "one thing is wrong".to_owned(),
                count => format!("{count} things are wrong"),
            };
            Err(BadInput(format!("{name}: {words}")).into())
        }
    }
}
