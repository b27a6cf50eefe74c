//! `firedoor drill --experiments` and `--experiment ID`: public experiments on connection tracking, played
//! again in the embedded world.

use std::io::{self, IsTerminal, Write};
use std::num::NonZeroU32;
use std::time::Duration;

use color_eyre::eyre::{self, WrapErr};
use serde::Serialize;

use super::{AnswerIsNo, BadInput, Output, print};
use crate::drill::experiments::{self, Experiment, ExperimentError, Outcome};
use crate::view::wrap;

/// Columns of a narrow terminal.
const WIDTH: usize = 80;

/// How many times as fast as the wall clock an experiment is told, where nothing else is asked for.
const PACE: u32 = 10;

/// No line is waited for longer, and none comes sooner: it is to be read.
const WAITS: (Duration, Duration) = (Duration::from_millis(150), Duration::from_secs(3));

/// An experiment, for people and programs.
#[derive(Debug, Serialize)]
struct Listed {
    id: String,
    expected: Outcome,
    outcome: Outcome,
    /// The outcome is the expected one, and all else went as it was told.
    agrees: bool,
    source: String,
    title: String,
    why: String,
    /// What is claimed; `null`: it is an experiment, not a claim.
    claim: Option<String>,
    /// Where a packet or a call went another way than it was told.
    surprises: Vec<String>,
    /// `null`: nothing is open.
    ambiguous: Option<Open>,
}

/// What AWS does not say.
#[derive(Debug, Serialize)]
struct Open {
    question: String,
    otherwise: String,
    switches: Vec<String>,
    /// What the world makes of it with the other answer, and what was expected of that.
    outcome: Outcome,
    expected: Outcome,
}

impl Listed {
    fn of(it: &Experiment) -> Result<Self, ExperimentError> {
        let played = it.play()?;
        let other = it.play_otherwise()?.map(|it| it.outcome());
        let ambiguous = it.ambiguous().zip(other);
        let agrees = played.outcome() == it.expected() && played.surprises().is_empty();
        Ok(Self {
            id: it.id().to_owned(),
            expected: it.expected(),
            outcome: played.outcome(),
            agrees,
            source: it.source(),
            title: it.title().to_owned(),
            why: it.why().to_owned(),
            claim: it.claim().map(str::to_owned),
            surprises: played.surprises().to_vec(),
            ambiguous: ambiguous.map(|(open, outcome)| Open {
                question: open.question.to_owned(),
                otherwise: open.otherwise.to_owned(),
                switches: open.switches,
                outcome,
                expected: open.gives,
            }),
        })
    }
}

/// Plays all, and says what came of each.
///
/// # Errors
/// One outcome is not the expected one, or standard output can't be written.
pub(super) fn all(output: Output) -> eyre::Result<()> {
    let mut listed = Vec::new();
    for it in experiments::all().map_err(|it| bad(&it))? {
        listed.push(Listed::of(&it).map_err(|it| bad(&it))?);
    }
    print(|out| match output {
        Output::Json => {
            serde_json::to_writer_pretty(&mut *out, &listed)?;
            writeln!(out)
        }
        Output::Table | Output::Markdown => table(&listed, out),
    })?;
    let other = listed.iter().filter(|it| !it.agrees);
    let other: Vec<&str> = other.map(|it| it.id.as_str()).collect();
    if other.is_empty() {
        return Ok(());
    }
    let words = format!(
        "{} of {} experiments came out otherwise than expected: {}",
        other.len(),
        listed.len(),
        other.join(", ")
    );
    Err(AnswerIsNo(words).into())
}

fn table(all: &[Listed], out: &mut dyn Write) -> io::Result<()> {
    for it in all {
        let agrees = if it.agrees { "" } else { " !" };
        let title = format!("{}{agrees}", it.title);
        rows(
            out,
            &format!("{:<9} {:<19}", it.id, it.outcome.name()),
            &title,
        )?;
        if it.outcome != it.expected {
            rows(out, "", &format!("expected: {}", it.expected.name()))?;
        }
        for surprise in &it.surprises {
            rows(out, "", surprise)?;
        }
        if let Some(open) = &it.ambiguous {
            let other = format!("or {}, {}", open.outcome.name(), open.otherwise);
            rows(out, "", &other)?;
        }
    }
    let agreeing = all.iter().filter(|it| it.agrees).count();
    writeln!(out, "{agreeing} of {} as expected", all.len())
}

/// Writes a row: its text goes on in as many lines as it takes, below itself.
fn rows(out: &mut dyn Write, first: &str, text: &str) -> io::Result<()> {
    let first = format!(
        "{first:<width$} ",
        width = if first.is_empty() { 9 } else { 29 }
    );
    let beside = first.len();
    for (number, line) in (0..).zip(wrap(text, WIDTH.saturating_sub(beside))) {
        let before = if number == 0 { first.as_str() } else { "" };
        writeln!(out, "{before:<beside$}{line}")?;
    }
    Ok(())
}

/// Plays one, with a commentary: at a pace that can be read on a terminal, at once anywhere else.
///
/// # Errors
/// There is none of that id, or standard output can't be written.
pub(super) fn one(id: &str, pace: Option<NonZeroU32>, output: Output) -> eyre::Result<()> {
    let it = experiments::find(id).map_err(|it| bad(&it))?;
    if output == Output::Json {
        let listed = Listed::of(&it).map_err(|it| bad(&it))?;
        return print(|out| {
            serde_json::to_writer_pretty(&mut *out, &listed)?;
            writeln!(out)
        });
    }
    let played = it.play().map_err(|it| bad(&it))?;
    let other = it.play_otherwise().map_err(|it| bad(&it))?;
    let lines = it.tell(&played, other.map(|it| it.outcome()));
    let mut out = io::stdout().lock();
    let paced = out.is_terminal();
    let pace = pace.map_or(PACE, NonZeroU32::get);
    let mut now = 0;
    for line in lines {
        if paced {
            std::thread::sleep(wait(line.at.saturating_sub(now), pace));
        }
        now = line.at;
        let written = writeln!(out, "{}", line.text).and_then(|()| out.flush());
        match written {
            // Whoever reads it may have seen enough before its end.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            other => other.wrap_err("could not write to standard output")?,
        }
    }
    Ok(())
}

/// How long a line is waited for that is said so many microseconds of the world after the one before.
fn wait(gap: u64, pace: u32) -> Duration {
    let (least, most) = WAITS;
    (Duration::from_micros(gap) / pace.max(1)).clamp(least / pace.max(1), most)
}

fn bad(error: &ExperimentError) -> BadInput {
    BadInput(error.to_string())
}
