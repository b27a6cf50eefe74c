//! The list of all runs: those of this process, and those that journals tell of.

use ratatui::text::{Line, Span};

use super::super::super::text::{fit, pad};
use super::super::{Canvas, Content};
use super::{outcome_style, proof};
use crate::app::age;
use crate::executor::{RunView, StepOutcome, StepStatus};
use crate::plan::{Procedure, Step};

pub(super) fn content<'a>(canvas: &Canvas<'a>) -> Content<'a> {
    let (state, styles) = (canvas.state, canvas.styles);
    let mut lines = Vec::new();
    if let Some(lost) = &state.lost {
        lines.extend(canvas.prose(lost, styles.bad));
    }
    let ids = state.run_ids();
    if ids.is_empty() {
        let words = if state.archive.is_none() {
            "reading the journals"
        } else {
            "no run yet: choose an action (5), read its plan, and confirm it"
        };
        lines.extend(canvas.prose(words, styles.dim));
    } else {
        let words =
            "enter shows a run, u takes it back, t takes up one that was left in the middle";
        lines.extend(canvas.prose(words, styles.dim));
    }
    let unreadable = state.archive.iter().flat_map(|it| &it.unreadable);
    for why in unreadable.take(2) {
        lines.extend(canvas.prose(&format!("unreadable: {why}"), styles.warn));
    }
    let selected = state.cursors.runs.resolve(&ids);
    let detail = selected.and_then(|at| ids.get(at));
    let detail = detail
        .map(|run| detail_lines(canvas, run))
        .unwrap_or_default();
    let room = canvas.height.saturating_sub(lines.len() + detail.len());
    lines.extend(canvas.rows(&ids, selected, room, |run| row(canvas, run)));
    let gap = canvas.height.saturating_sub(detail.len());
    lines.resize(lines.len().max(gap), Line::default());
    lines.extend(detail);
    let at = selected.map_or(0, |it| it + 1);
    Content {
        title: format!("Runs {at}/{}", ids.len()),
        lines,
    }
}

fn row<'a>(canvas: &Canvas<'a>, id: &str) -> Line<'a> {
    let (state, styles) = (canvas.state, canvas.styles);
    let Some(run) = state.run_of(id) else {
        return Line::default();
    };
    let held = state.past(id).is_some_and(|it| it.held_by.is_some());
    let is_own = state.run.as_ref().is_some_and(|it| it.run == *id);
    let (word, style) = if run.open_since().is_some() && !held && !is_own {
        ("OPEN".to_owned(), styles.alarm)
    } else {
        match (&run.proof, run.ended) {
            (Some(proof), _) => (proof::short(run).into(), proof::style(proof, styles)),
            (None, Some((_, outcome))) => (outcome.name().into(), outcome_style(outcome, styles)),
            (None, None) if is_own => ("on its way".into(), styles.strong),
            (None, None) if held => ("held".into(), styles.strong),
            (None, None) => ("unfinished".into(), styles.bad),
        }
    };
    let here = state.is_here(run) != Some(false);
    let plain = if here { styles.plain } else { styles.dim };
    let when = run.started.format("%m-%d %H:%M:%S").to_string();
    let ago = age(state.now - run.started);
    let width = canvas
        .width
        .saturating_sub(when.len() + 6 + 20 + 3 + 19 + 1);
    Line::from(vec![
        Span::styled(format!("{when} {ago:>5} "), styles.dim),
        Span::styled(pad(&what(run), 20, &styles.glyphs), plain),
        Span::styled(
            format!(" {} ", pad(run.plan.target.id(), 19, &styles.glyphs)),
            plain,
        ),
        Span::styled(fit(&word, width, &styles.glyphs), style),
    ])
}

fn what(run: &RunView) -> String {
    match &run.plan.procedure {
        Procedure::Undo(of) => {
            // A run's id begins with its time; its action stands behind.
            let action = of.split_once('-').map_or(of.as_str(), |it| it.1);
            format!("undo {action}")
        }
        other => other.to_string(),
    }
}

fn detail_lines<'a>(canvas: &Canvas<'a>, id: &str) -> Vec<Line<'a>> {
    let (state, styles) = (canvas.state, canvas.styles);
    let Some(run) = state.run_of(id) else {
        return Vec::new();
    };
    let past = state.past(id);
    let mut lines = vec![canvas.line(&"-".repeat(canvas.width), styles.dim)];
    let held = past.and_then(|it| it.held_by.as_ref());
    if let Some(holder) = held {
        lines.extend(canvas.prose(&format!("carried out by {holder}"), styles.strong));
    } else if let Some(over) = state.is_over(run) {
        lines.extend(canvas.prose(&format!("It is history: {over}."), styles.dim));
    } else if let Some(since) = run.open_since() {
        let words = format!(
            "{} stands OPEN to the world since {} (t takes the run up)",
            run.plan.target,
            since.format("%Y-%m-%d %H:%M:%SZ")
        );
        lines.extend(canvas.prose(&words, styles.bad));
    }
    let words = match run.ended {
        Some(_) => format!("{}. By {}.", run.verdict_words(), run.caller),
        None if held.is_some() => {
            let (ended, all) = run.progress();
            format!("{ended} of {all} steps when its journal was read.")
        }
        None => left_at(run),
    };
    lines.extend(canvas.prose(&words, styles.plain));
    if state.is_here(run) == Some(false) {
        lines.extend(canvas.prose("It was made in another account.", styles.warn));
    }
    if let Some(damage) = past.and_then(|it| it.damage.as_ref()) {
        let words = format!("Its journal is damaged: {damage}.");
        lines.extend(canvas.prose(&words, styles.warn));
    }
    if let Some(past) = past {
        let path = past.path.display().to_string();
        lines.extend(canvas.prose(&path, styles.dim));
    }
    lines.truncate(7);
    lines
}

/// Where a run was left.
pub(in crate::view) fn left_at(run: &RunView) -> String {
    let (ended, all) = run.progress();
    let begun = |it: &&Step| {
        let status = run.steps.get(&it.id).map(|it| &it.status);
        !matches!(
            status,
            None | Some(StepStatus::Waiting | StepStatus::Ended(_))
        )
    };
    let failed = |it: &&Step| {
        let status = run.steps.get(&it.id).map(|it| &it.status);
        matches!(status, Some(StepStatus::Ended(StepOutcome::Failed { .. })))
    };
    let at = run.plan.steps.iter().find(begun);
    let at = at.or_else(|| run.plan.steps.iter().find(failed));
    let at = at.map(|it| format!(", at step {}: {}", it.id, super::bound_prose(run, it)));
    let who = if run.caller.is_empty() {
        "an unknown identity"
    } else {
        run.caller.as_str()
    };
    format!(
        "Left after {ended} of {all} steps{}. By {who}.",
        at.unwrap_or_default()
    )
}
