//! The help: every key, from the key table, and every source with its age and last error.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};

use super::super::styles::Styles;
use super::super::text::{pad, wrap};
use super::popup;
use super::prose::scrolled;
use crate::app::{AppState, Context, FeedState, Pane};
use crate::sources::Feed;

pub(super) fn draw(
    frame: &mut Frame<'_>,
    state: &AppState,
    styles: &Styles,
    scroll: u16,
    area: Rect,
) {
    let wide = area.width >= 2 * WIDTH;
    let width = if wide { 2 * WIDTH } else { WIDTH };
    let inner = popup(frame, styles, area, " Help ", width, area.height);
    if wide {
        let [left, right] = Layout::horizontal([Constraint::Fill(1); 2]).areas(inner);
        scrolled(frame, keys(state, styles), scroll, left);
        let lines = sources(state, styles, usize::from(right.width));
        scrolled(frame, lines, scroll, right);
    } else {
        let mut lines = keys(state, styles);
        lines.push(Line::default());
        lines.extend(sources(state, styles, usize::from(inner.width)));
        scrolled(frame, lines, scroll, inner);
    }
}

/// Columns of the keys, and of the sources: below each other, or side by side where there is room.
const WIDTH: u16 = 78;

fn sources<'a>(state: &AppState, styles: &Styles, width: usize) -> Vec<Line<'a>> {
    let mut lines = vec![Line::styled("Sources", styles.strong)];
    for (feed, health) in &state.health {
        lines.extend(source(state, styles, *feed, health, width));
    }
    lines
}

fn keys<'a>(state: &AppState, styles: &Styles) -> Vec<Line<'a>> {
    let of_an_exercise = [
        (Context::Exercise, "In an exercise"),
        (
            Context::Mail,
            "While messages are read (every character goes to the answer)",
        ),
    ];
    let contexts = [
        (Context::Console, "Keys"),
        (Context::Pane(Pane::Neighbours), "In the neighbours pane"),
        (Context::Pane(Pane::Flows), "In the flows pane"),
        (Context::Pane(Pane::Run), "In the run pane"),
        (Context::Filter, "While a filter is typed"),
        (
            Context::Confirm,
            "While a plan is confirmed (every character goes to the typed id)",
        ),
        (
            Context::OpenRuns,
            "While runs are named that were left in the middle",
        ),
    ];
    let more = of_an_exercise.into_iter();
    let more = more.filter(|_| state.playing.is_some());
    key_lines(contexts.into_iter().chain(more), styles)
}

/// The keys of some places, each under its title.
pub(in crate::view) fn key_lines<'a>(
    contexts: impl Iterator<Item = (Context, &'a str)>,
    styles: &Styles,
) -> Vec<Line<'a>> {
    let mut lines = Vec::new();
    for (context, title) in contexts {
        if !lines.is_empty() {
            lines.push(Line::default());
        }
        lines.push(Line::styled(title, styles.strong));
        for binding in context.own() {
            let keys: Vec<String> = binding.keys.iter().map(|key| key.name()).collect();
            lines.push(Line::from(vec![
                Span::styled(pad(&keys.join(" "), 26, &styles.glyphs), styles.strong),
                Span::raw(binding.label),
            ]));
        }
    }
    lines
}

fn source<'a>(
    state: &AppState,
    styles: &Styles,
    feed: Feed,
    health: &crate::app::FeedHealth,
    width: usize,
) -> Vec<Line<'a>> {
    let name = match feed {
        Feed::Identity => "identity",
        Feed::Findings => "findings",
        Feed::Locate => "VPCs of the findings",
        Feed::Part(part) => part.name(),
        Feed::Flows => "flow log records",
    };
    let (word, style) = match health.state(state.now) {
        FeedState::Fresh => (format!("read {} ago", health.age(state.now)), styles.good),
        FeedState::Stale => (
            format!("read {} ago: old", health.age(state.now)),
            styles.warn,
        ),
        FeedState::Waiting => ("not asked yet".into(), styles.dim),
        FeedState::Loading => ("reading".into(), styles.dim),
        FeedState::Absent => ("not in the dump".into(), styles.warn),
        FeedState::Throttled => ("throttled".into(), styles.warn),
        FeedState::Denied => ("denied".into(), styles.bad),
        FeedState::Failed => ("failed".into(), styles.bad),
    };
    let mut lines = vec![Line::from(vec![
        Span::raw(pad(name, 22, &styles.glyphs)),
        Span::styled(word, style),
    ])];
    if let Some(error) = &health.error {
        let words = wrap(&error.message, width.saturating_sub(2));
        lines.extend(
            words
                .into_iter()
                .map(|line| Line::styled(format!("  {line}"), styles.bad)),
        );
    }
    lines
}
