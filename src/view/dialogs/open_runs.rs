//! Runs that were left in the middle: named before anything else, those whose suspect stands open first.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::super::panes::left_at;
use super::super::styles::Styles;
use super::super::text::{fit, pad};
use super::popup;
use super::prose::Prose;
use crate::app::{AppState, OpenFocus, OpenRuns, Past, age, safe_point};

pub(super) fn draw(
    frame: &mut Frame<'_>,
    state: &AppState,
    styles: &Styles,
    open: &OpenRuns,
    area: Rect,
) {
    let inner = popup(frame, styles, area, " Runs left in the middle ", 100, 20);
    let [body, foot] = Layout::vertical([Constraint::Min(0), Constraint::Length(3)]).areas(inner);
    let width = usize::from(body.width);
    let height = usize::from(body.height);
    let selected = open.cursor.selected(&open.runs);
    let past = selected.and_then(|it| state.past(it));
    let mut words = past
        .map(|it| about(state, styles, it, width))
        .unwrap_or_default();
    words.truncate(height.saturating_sub(2));
    let room = height.saturating_sub(words.len() + 1);
    let at = open.cursor.resolve(&open.runs).unwrap_or(0);
    let first = at.saturating_sub(room.saturating_sub(1));
    let shown = open.runs.iter().skip(first).take(room);
    let mut lines: Vec<Line<'_>> = shown
        .filter_map(|run| state.past(run))
        .map(|past| {
            let line = row(state, styles, past, width);
            if Some(&past.view.run) == selected {
                line.style(styles.selected)
            } else {
                line
            }
        })
        .collect();
    lines.push(Line::styled("-".repeat(width), styles.dim));
    lines.extend(words);
    frame.render_widget(Paragraph::new(lines), body);
    let foot_lines = foot_lines(state, styles, open, usize::from(foot.width));
    frame.render_widget(Paragraph::new(foot_lines), foot);
}

fn row<'a>(state: &AppState, styles: &Styles, past: &Past, width: usize) -> Line<'a> {
    let (run, ago) = (&past.view, age(state.now - past.view.started));
    let (word, style) = if run.open_since().is_some() {
        ("OPEN ", styles.alarm)
    } else {
        ("     ", styles.plain)
    };
    let words = format!(
        " {} on {}, {ago} ago",
        pad(&run.plan.procedure.to_string(), 20, &styles.glyphs),
        run.plan.target
    );
    let words = fit(&words, width.saturating_sub(word.len()), &styles.glyphs);
    Line::from(vec![Span::styled(word, style), Span::raw(words)])
}

/// What the selected one has done so far, and what may be done.
fn about<'a>(state: &AppState, styles: &Styles, past: &Past, width: usize) -> Vec<Line<'a>> {
    let run = &past.view;
    let mut text = Prose::new(width);
    if let Some(over) = state.is_over(run) {
        text.add(&format!("It is history: {over}."), styles.warn);
    } else if let Some(since) = run.open_since() {
        let words = format!(
            "{} stands OPEN to the world since {} ({}): the safe end empties its group.",
            run.plan.target,
            since.format("%Y-%m-%d %H:%M:%SZ"),
            age(state.now - since)
        );
        text.add(&words, styles.bad);
    }
    text.add(&left_at(run), styles.plain);
    let then = if run.must_be_lifted() {
        "It denies something for a while, and can only be lifted."
    } else {
        "Continue does what is left of the plan. Either reads back first what was sent."
    };
    let end = format!("The safe end is reached {}.", safe_point(&run.plan));
    text.add(&format!("{end} {then}"), styles.plain);
    if let Some(damage) = &past.damage {
        let words = format!("Its journal is damaged ({damage}): what stands before is used.");
        text.add(&words, styles.warn);
    }
    text.add(&past.path.display().to_string(), styles.dim);
    text.lines
}

fn foot_lines<'a>(
    state: &AppState,
    styles: &Styles,
    open: &OpenRuns,
    width: usize,
) -> Vec<Line<'a>> {
    let why = open.refused.as_deref().or(state.settings.mode.why_not());
    let words =
        why.unwrap_or("tab: other button   enter: press it   up, down: other run   esc: later");
    let style = if why.is_some() {
        styles.bad
    } else {
        styles.dim
    };
    let mut buttons = Vec::new();
    for focus in OpenFocus::ALL {
        let on = open.focus == focus;
        let style = if on { styles.selected } else { styles.plain };
        let mark = if on { ">" } else { " " };
        buttons.push(Span::styled(format!("{mark}[ {} ]", focus.words()), style));
        buttons.push(Span::raw("  "));
    }
    vec![
        Line::styled("-".repeat(width), styles.dim),
        Line::styled(fit(words, width, &styles.glyphs), style),
        Line::from(buttons),
    ]
}
