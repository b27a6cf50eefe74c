//! Pane 6: the run, step by step, live; what the flow logs say of it afterwards; and the list of all runs.

mod dwell;
mod list;
mod proof;

use chrono::TimeDelta;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::super::styles::{Glyphs, Styles};
use super::super::text::{fit, pad};
use super::{Canvas, Content};
use crate::app::{Cursor, safe_point};
use crate::executor::{RunOutcome, RunView, StepOutcome, StepStatus, StepView};
use crate::model::text::visible;
use crate::plan::{Procedure, Step, What};

pub(in crate::view) use list::left_at;
pub(in crate::view) use proof::{short as short_proof, style as proof_style};

/// Rows that the words about the selected step take.
const DETAIL: usize = 4;

/// Lines of a step's output that are shown below it; all of them are in its details.
const TAIL: usize = 3;

pub(super) fn content<'a>(canvas: &Canvas<'a>) -> Content<'a> {
    let state = canvas.state;
    match state.run_in_view() {
        Some(run) => one(canvas, run),
        None if state.run_pending => Content {
            title: "Run".into(),
            lines: canvas.prose("starting", canvas.styles.dim),
        },
        None => list::content(canvas),
    }
}

fn one<'a>(canvas: &Canvas<'a>, run: &RunView) -> Content<'a> {
    let (state, styles) = (canvas.state, canvas.styles);
    let mut lines = vec![headline(canvas, run)];
    lines.extend(proof::lines(canvas, run));
    if let Some((words, style)) = afterwards(run, styles) {
        lines.extend(canvas.prose(words, style));
    }
    let selected = state.shown_step(run);
    let step = selected.and_then(|index| run.plan.steps.get(index));
    lines.extend(step.and_then(|it| dwell::countdown(canvas, run, it)));
    // The folder last: the list of runs names it whole.
    let journal = format!(
        "journal {}/{}.jsonl in {}",
        run.case, run.run, state.settings.journals
    );
    lines.push(canvas.line(&journal, styles.dim));
    let foot = step.map(|it| foot(canvas, run, it)).unwrap_or_default();
    let room = canvas.height.saturating_sub(lines.len() + foot.len());
    lines.extend(rows(canvas, run, selected, room));
    let gap = canvas.height.saturating_sub(foot.len());
    lines.resize(lines.len().max(gap), Line::default());
    lines.extend(foot);
    let (ended, all) = run.progress();
    let what = match &run.plan.procedure {
        Procedure::Undo(of) => format!("undo of {of}"),
        other => other.to_string(),
    };
    Content {
        title: format!("Run {what} {ended}/{all}"),
        lines,
    }
}

/// What an ended run leaves to be done; nothing while its end is an ordinary one.
fn afterwards(run: &RunView, styles: &Styles) -> Option<(&'static str, Style)> {
    match run.ended?.1 {
        RunOutcome::Done | RunOutcome::DoneWithWarnings => None,
        RunOutcome::Stopped | RunOutcome::Failed => Some((
            "It ended early. What it had opened was emptied, and what is done below stays in force; \
             flows that passed no packet meanwhile may go on.",
            styles.warn,
        )),
        RunOutcome::LeftOpen => Some((
            "The group of this run still allows everything: take the run up again (t), or empty it by \
             hand, now.",
            styles.bad,
        )),
    }
}

/// The steps, and below some of them the last lines that they read or that a host printed.
fn rows<'a>(
    canvas: &Canvas<'a>,
    run: &RunView,
    selected: Option<usize>,
    room: usize,
) -> Vec<Line<'a>> {
    let mut lines = Vec::new();
    let mut last = 0;
    for (index, step) in run.plan.steps.iter().enumerate() {
        let is_selected = Some(index) == selected;
        let row = line(canvas, run, step);
        lines.push(if is_selected {
            row.style(canvas.styles.selected)
        } else {
            row
        });
        if let Some(view) = run.steps.get(&step.id) {
            let ended = matches!(view.status, StepStatus::Ended(_));
            let tail = if is_selected || !ended { TAIL } else { 1 };
            lines.extend(output(canvas, view, tail));
        }
        if is_selected {
            last = lines.len();
        }
    }
    let first = last.saturating_sub(room);
    lines.into_iter().skip(first).take(room).collect()
}

/// The end of a step's output.
fn output<'a>(canvas: &Canvas<'a>, view: &StepView, tail: usize) -> Vec<Line<'a>> {
    let hidden = view.output.len().saturating_sub(tail);
    let shown = view.output.iter().skip(hidden).enumerate();
    let lines = shown.map(|(index, text)| {
        let more = if index == 0 && hidden > 0 {
            format!("({hidden} more, enter) ")
        } else {
            String::new()
        };
        let words = format!("     | {more}{}", visible(text));
        canvas.line(&words, canvas.styles.dim)
    });
    lines.collect()
}

/// Below the steps: what the dwell is for, or the words about the selected step.
fn foot<'a>(canvas: &Canvas<'a>, run: &RunView, step: &Step) -> Vec<Line<'a>> {
    let moved = canvas.state.cursors.run != Cursor::default();
    let lamps = if moved {
        Vec::new()
    } else {
        dwell::lamps(canvas, run, step)
    };
    if lamps.is_empty() {
        detail(canvas, run, step)
    } else {
        lamps
    }
}

fn headline<'a>(canvas: &Canvas<'a>, run: &RunView) -> Line<'a> {
    let styles = canvas.styles;
    let end = run.ended.map_or(canvas.state.now, |(at, _)| at);
    let took = seconds(end - run.started);
    let (words, style) = match run.ended {
        None if run.stop_requested => {
            let point = safe_point(&run.plan);
            (format!("stopping: it ends {point} {took}"), styles.warn)
        }
        None => (
            format!("running {took} (s stops it safely, esc hides it: it goes on)"),
            styles.strong,
        ),
        Some((_, outcome)) => (
            format!("{} after {took}{}", outcome.name(), next_key(run, outcome)),
            outcome_style(outcome, styles),
        ),
    };
    canvas.line(&words, style)
}

/// The key that an ended run asks for.
fn next_key(run: &RunView, outcome: RunOutcome) -> &'static str {
    match (outcome, &run.plan.procedure) {
        (RunOutcome::LeftOpen, _) => " (t takes it up again)",
        (_, Procedure::Undo(_)) => "",
        _ => " (u takes it back)",
    }
}

pub(in crate::view) fn outcome_style(outcome: RunOutcome, styles: &Styles) -> Style {
    match outcome {
        RunOutcome::Done => styles.good,
        RunOutcome::DoneWithWarnings | RunOutcome::Stopped => styles.warn,
        RunOutcome::Failed => styles.bad,
        RunOutcome::LeftOpen => styles.alarm,
    }
}

fn line<'a>(canvas: &Canvas<'a>, run: &RunView, step: &Step) -> Line<'a> {
    let styles = canvas.styles;
    let Some(view) = run.steps.get(&step.id) else {
        return Line::default();
    };
    let (glyph, style) = mark(view, styles);
    let status = status(canvas, view, step);
    let status_width = (canvas.width / 3).max(24);
    let prose_width = canvas.width.saturating_sub(6 + status_width);
    Line::from(vec![
        Span::styled(format!("{glyph} "), style),
        Span::styled(format!("{:>2} ", step.id.0), styles.dim),
        Span::raw(pad(
            &short_ids(&bound_prose(run, step), &styles.glyphs),
            prose_width,
            &styles.glyphs,
        )),
        Span::raw(" "),
        Span::styled(fit(&status, status_width, &styles.glyphs), style),
    ])
}

/// The step in words, with what earlier steps made in place of its reference.
pub(in crate::view) fn bound_prose(run: &RunView, step: &Step) -> String {
    let mut prose = step.prose();
    for (id, view) in &run.steps {
        if let Some(made) = view.made() {
            prose = prose.replace(&format!("new:{id}"), made);
        }
    }
    prose
}

fn mark(view: &StepView, styles: &Styles) -> (&'static str, Style) {
    let glyphs = &styles.glyphs;
    match &view.status {
        StepStatus::Waiting => (glyphs.idle, styles.dim),
        StepStatus::Running | StepStatus::Sent | StepStatus::Answered => {
            (glyphs.running, styles.strong)
        }
        StepStatus::Retrying { .. } => (glyphs.warned, styles.warn),
        StepStatus::Ended(outcome) => match outcome {
            StepOutcome::Done { .. } => (glyphs.done, styles.good),
            StepOutcome::Warned { .. } => (glyphs.warned, styles.warn),
            StepOutcome::Failed { .. } => (glyphs.failed, styles.bad),
            StepOutcome::Skipped { .. } | StepOutcome::NotRun { .. } => (glyphs.hollow, styles.dim),
        },
    }
}

fn status(canvas: &Canvas<'_>, view: &StepView, step: &Step) -> String {
    let elapsed = view
        .began
        .map(|began| view.ended.unwrap_or(canvas.state.now) - began);
    let took = elapsed.map(seconds).unwrap_or_default();
    match &view.status {
        StepStatus::Waiting => "waiting".into(),
        StepStatus::Running => match (&step.what, elapsed) {
            (What::Wait { seconds: cap, .. }, Some(elapsed)) => {
                let left = i64::from(*cap) - elapsed.num_seconds();
                format!("{} s left", left.max(0))
            }
            _ => format!("reading {took}"),
        },
        StepStatus::Sent if view.attempts > 1 => format!("sent, attempt {} {took}", view.attempts),
        StepStatus::Sent => format!("sent {took}"),
        StepStatus::Answered => format!("reading back {took}"),
        StepStatus::Retrying { error } => {
            format!("attempt {} failed, again: {error}", view.attempts)
        }
        StepStatus::Ended(outcome) => format!("{} {took}", ending(outcome)),
    }
}

/// How a step ended, in words.
pub(in crate::view) fn ending(outcome: &StepOutcome) -> String {
    match outcome {
        StepOutcome::Done { message } | StepOutcome::Warned { message } => message.clone(),
        StepOutcome::Skipped { why } => format!("skipped: {why}"),
        StepOutcome::Failed { error } => format!("failed: {error}"),
        StepOutcome::NotRun {
            because: Some(step),
        } => format!("not run: step {step} failed"),
        StepOutcome::NotRun { because: None } => "not run: stopped".into(),
    }
}

/// A sentence with its long ids shortened to their last four characters: a row has to show what is
/// done, the words about the selected step name the whole ids.
fn short_ids(sentence: &str, glyphs: &Glyphs) -> String {
    let short = |word: &str| match word.split_once('-') {
        Some((prefix, rest)) if rest.len() == 17 && rest.bytes().all(|b| b.is_ascii_hexdigit()) => {
            format!("{prefix}-{}{}", glyphs.ellipsis, &rest[13..])
        }
        _ => word.to_string(),
    };
    let words: Vec<String> = sentence.split(' ').map(short).collect();
    words.join(" ")
}

fn detail<'a>(canvas: &Canvas<'a>, run: &RunView, step: &Step) -> Vec<Line<'a>> {
    let Some(view) = run.steps.get(&step.id) else {
        return Vec::new();
    };
    let styles = canvas.styles;
    let words = format!("step {}: {}", step.id, bound_prose(run, step));
    let more = match &view.status {
        StepStatus::Ended(outcome) => ending(outcome),
        StepStatus::Retrying { error } => error.clone(),
        _ => String::new(),
    };
    let words = format!("{words}. {more}");
    let mut lines = vec![canvas.line(&"-".repeat(canvas.width), styles.dim)];
    lines.extend(canvas.prose(&words, styles.plain));
    lines.truncate(DETAIL);
    lines
}

fn seconds(span: TimeDelta) -> String {
    let tenths = span.num_milliseconds().max(0) / 100;
    format!("{}.{}s", tenths / 10, tenths % 10)
}
