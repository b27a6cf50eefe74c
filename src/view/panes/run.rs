//! Pane 6: the run, step by step, live.

use chrono::TimeDelta;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::super::styles::{Glyphs, Styles};
use super::super::text::{fit, pad};
use super::{Canvas, Content};
use crate::executor::{RunOutcome, RunView, StepOutcome, StepStatus, StepView};
use crate::plan::{Step, What};

/// Rows that the words about the selected step take.
const DETAIL: usize = 4;

pub(super) fn content<'a>(canvas: &Canvas<'a>) -> Content<'a> {
    let (state, styles) = (canvas.state, canvas.styles);
    let Some(run) = &state.run else {
        let words = if state.run_pending {
            "starting"
        } else {
            "no run yet: choose an action (5), read its plan, and confirm it"
        };
        return Content {
            title: "Run".into(),
            lines: canvas.prose(words, styles.dim),
        };
    };
    let mut lines = vec![headline(canvas, run)];
    let journal = format!(
        "journal {}/{}/{}.jsonl",
        canvas.state.settings.journals, run.case, run.run
    );
    lines.extend(canvas.prose(&journal, styles.dim));
    if let Some(words) = afterwards(run) {
        lines.extend(canvas.prose(&words, styles.warn));
    }
    let ids: Vec<_> = run.steps.keys().copied().collect();
    let selected = shown_step(canvas, run, &ids);
    let room = canvas.height.saturating_sub(lines.len() + DETAIL);
    lines.extend(canvas.rows(&run.plan.steps, selected, room, |step| {
        line(canvas, run, step)
    }));
    if let Some(step) = selected.and_then(|index| run.plan.steps.get(index)) {
        lines.resize(
            lines.len().max(canvas.height.saturating_sub(DETAIL)),
            Line::default(),
        );
        lines.extend(detail(canvas, run, step));
    }
    let (ended, all) = run.progress();
    Content {
        title: format!("Run {} {ended}/{all}", run.plan.procedure),
        lines,
    }
}

/// What an ended run leaves to be done.
fn afterwards(run: &RunView) -> Option<String> {
    let (at, outcome) = run.ended?;
    let made = match outcome {
        RunOutcome::Done | RunOutcome::DoneWithWarnings => "The changes are made.",
        RunOutcome::Stopped | RunOutcome::Failed => {
            "It ended early. What it had opened was emptied, and what is done below stays in force; \
             flows that passed no packet meanwhile may go on."
        }
        RunOutcome::LeftOpen => {
            "The group of this run still allows everything: empty it by hand, now."
        }
    };
    Some(format!(
        "{made} Whether traffic stopped, only flow logs show: pane 4 marks what was accepted after {}.",
        at.format("%H:%M:%SZ")
    ))
}

/// The selected step; while the pane is not used, the one that is running.
fn shown_step(
    canvas: &Canvas<'_>,
    run: &RunView,
    ids: &[crate::operation::StepId],
) -> Option<usize> {
    let moved = canvas.state.cursors.run != crate::app::Cursor::default();
    if moved {
        return canvas.state.cursors.run.resolve(ids);
    }
    let active =
        |view: &StepView| !matches!(view.status, StepStatus::Waiting | StepStatus::Ended(_));
    let running = run.steps.values().position(active);
    let failed = || {
        run.steps
            .values()
            .position(|it| matches!(&it.status, StepStatus::Ended(StepOutcome::Failed { .. })))
    };
    let next = || {
        let waiting = |view: &StepView| view.status == StepStatus::Waiting && run.ended.is_none();
        run.steps.values().position(waiting)
    };
    running
        .or_else(failed)
        .or_else(next)
        .or(ids.len().checked_sub(1))
}

fn headline<'a>(canvas: &Canvas<'a>, run: &RunView) -> Line<'a> {
    let styles = canvas.styles;
    let end = run.ended.map_or(canvas.state.now, |(at, _)| at);
    let took = seconds(end - run.started);
    let (words, style) = match run.ended {
        None if run.stop_requested => (format!("stopping safely {took}"), styles.warn),
        None => (
            format!("running {took} (s stops it safely, esc hides it: it goes on)"),
            styles.strong,
        ),
        Some((_, outcome)) => (
            format!("{} after {took}", outcome.name()),
            outcome_style(outcome, styles),
        ),
    };
    canvas.line(&words, style)
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
fn bound_prose(run: &RunView, step: &Step) -> String {
    let mut prose = step.prose();
    for (id, view) in &run.steps {
        if let Some(made) = &view.made {
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
        StepStatus::Ended(outcome) => format!("{} {took}", ended(outcome)),
    }
}

fn ended(outcome: &StepOutcome) -> String {
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
        StepStatus::Ended(outcome) => ended(outcome),
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
