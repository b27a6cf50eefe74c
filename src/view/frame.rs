//! The whole frame: top line, tabs, panes, bottom line, and a dialog over them.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Paragraph};
use unicode_width::UnicodeWidthStr;

use super::styles::Styles;
use super::{dialogs, exercise, panes, text};
use crate::app::{AppState, Command, Context, FeedState, Mode, Pane};
use crate::executor::Proof;
use crate::model::PartKind;
use crate::sources::Feed;

/// From this height on the right column holds three panes.
const TALL: u16 = 40;

/// Draws the state.
pub fn draw(frame: &mut Frame<'_>, state: &AppState, styles: &Styles) {
    draw_all(frame, state, styles);
    if styles.glyphs.ascii_only {
        to_ascii(frame.buffer_mut());
    }
}

/// Replaces what is left of other characters: names as AWS has them.
pub(super) fn to_ascii(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        if !cell.symbol().is_ascii() {
            cell.set_char('?');
        }
    }
}

fn draw_all(frame: &mut Frame<'_>, state: &AppState, styles: &Styles) {
    let area = frame.area();
    if area.width < AppState::MINIMUM.0 || area.height < AppState::MINIMUM.1 {
        too_small(frame, state, area);
        return;
    }
    let notice = notice(state, usize::from(area.width));
    let bottom_rows = u16::try_from(notice.len()).unwrap_or(1).clamp(1, 3);
    let columns = AppState::two_columns(area.width);
    let [top, tabs, body, bottom] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(u16::from(columns.is_none())),
        Constraint::Min(0),
        Constraint::Length(bottom_rows),
    ])
    .areas(area);
    frame.render_widget(top_line(state, styles, usize::from(top.width)), top);
    if let Some((left, _)) = columns {
        two_columns(frame, state, styles, body, left);
    } else {
        frame.render_widget(tab_line(state, styles, usize::from(tabs.width)), tabs);
        panes::draw(frame, state, styles, state.focus, body);
    }
    let lines = if notice.is_empty() {
        vec![hints(state, styles, usize::from(bottom.width))]
    } else {
        notice
            .into_iter()
            .map(|line| Line::styled(line, styles.warn))
            .collect()
    };
    frame.render_widget(Paragraph::new(lines), bottom);
    dialogs::draw(frame, state, styles, body.union(tabs));
}

fn too_small(frame: &mut Frame<'_>, state: &AppState, area: Rect) {
    let run = if state.run_is_open() {
        " - the run continues"
    } else {
        ""
    };
    let (columns, rows) = AppState::MINIMUM;
    let words = format!(
        "firedoor needs {columns}x{rows}, this is {}x{}{run}",
        area.width, area.height
    );
    frame.render_widget(Clear, area);
    let lines: Vec<Line<'_>> = text::wrap(&words, usize::from(area.width))
        .into_iter()
        .map(Line::from)
        .collect();
    frame.render_widget(Paragraph::new(lines), area);
}

fn two_columns(
    frame: &mut Frame<'_>,
    state: &AppState,
    styles: &Styles,
    body: Rect,
    left_width: u16,
) {
    let columns = [Constraint::Length(left_width), Constraint::Fill(1)];
    let [left, right] = Layout::horizontal(columns).areas(body);
    let [findings, flows] =
        Layout::vertical([Constraint::Percentage(40), Constraint::Percentage(60)]).areas(left);
    panes::draw(frame, state, styles, Pane::Findings, findings);
    panes::draw(frame, state, styles, Pane::Flows, flows);
    let last = match state.focus {
        Pane::Actions | Pane::Run | Pane::Neighbours => state.focus,
        _ if state.run.is_some() => Pane::Run,
        _ if body.height >= TALL => Pane::Actions,
        _ => Pane::Neighbours,
    };
    if body.height >= TALL {
        let last = match last {
            Pane::Neighbours if state.run.is_some() => Pane::Run,
            Pane::Neighbours => Pane::Actions,
            other => other,
        };
        // The pane that is used gets more room than the other.
        let share = |pane| Constraint::Fill(if state.focus == pane { 2 } else { 1 });
        let rows = [Constraint::Length(13), share(Pane::Neighbours), share(last)];
        let [suspect, neighbours, rest] = Layout::vertical(rows).areas(right);
        panes::draw(frame, state, styles, Pane::Suspect, suspect);
        panes::draw(frame, state, styles, Pane::Neighbours, neighbours);
        panes::draw(frame, state, styles, last, rest);
    } else {
        let [suspect, rest] =
            Layout::vertical([Constraint::Length(13), Constraint::Fill(1)]).areas(right);
        panes::draw(frame, state, styles, Pane::Suspect, suspect);
        panes::draw(frame, state, styles, last, rest);
    }
}

fn top_line<'a>(state: &AppState, styles: &Styles, width: usize) -> Line<'a> {
    let dot = format!(" {} ", styles.glyphs.dot);
    let (mode, mode_style) = match state.settings.mode {
        Mode::ReadOnly => (" READ-ONLY ", styles.strong),
        Mode::Changes => (" CHANGES ALLOWED ", styles.alarm),
        Mode::Drill => (" DRILL ", styles.selected),
        Mode::Dump => (" DUMP ", styles.strong),
        Mode::Replay => (" REPLAY ", styles.selected),
    };
    let played = exercise::top(state, styles);
    let played_width: usize = played.iter().map(|it| it.content.width()).sum();
    let ages = source_ages(state, styles);
    let ages_width: usize = ages.iter().map(|it| it.content.width()).sum();
    let room = width.saturating_sub(mode.width() + played_width + ages_width + 2);
    let who = match &state.identity {
        Some(it) => {
            let place = format!("{}{dot}{}", it.account, it.region);
            let all = format!("{place}{dot}{}", it.caller());
            // On a small screen the caller goes before the account or the Region does.
            let who = if all.width() <= room { all } else { place };
            exercise::with_team(state, who, room, &dot)
        }
        None => match state.feed(Feed::Identity).error {
            // The reason is longer than what is left of the line.
            Some(_) => "caller unknown: ? says why".into(),
            None => "who am I?".into(),
        },
    };
    let who = text::pad(&who, room, &styles.glyphs);
    let mut spans = vec![Span::styled(mode, mode_style)];
    spans.extend(played);
    spans.extend([
        Span::raw(" "),
        Span::styled(who, styles.strong),
        Span::raw(" "),
    ]);
    spans.extend(ages);
    Line::from(spans)
}

/// Age and health of each source: silence is not health.
fn source_ages<'a>(state: &AppState, styles: &Styles) -> Vec<Span<'a>> {
    let estate = PartKind::ALL.into_iter().map(Feed::Part);
    let worst = estate.max_by_key(|feed| {
        let health = state.feed(*feed);
        (
            health.state(state.now),
            health.read_at.map(std::cmp::Reverse),
        )
    });
    let feeds = [
        ("findings", Feed::Findings),
        ("estate", worst.unwrap_or(Feed::Identity)),
        ("flows", Feed::Flows),
    ];
    let mut spans = Vec::new();
    for (name, feed) in feeds {
        let health = state.feed(feed);
        let age = health.age(state.now);
        let (word, style) = match health.state(state.now) {
            FeedState::Fresh => (age, styles.good),
            FeedState::Stale => (format!("{age} old"), styles.warn),
            FeedState::Waiting => ("-".into(), styles.dim),
            FeedState::Loading => (styles.glyphs.ellipsis.to_string(), styles.dim),
            FeedState::Absent => ("partial".into(), styles.warn),
            FeedState::Throttled => ("throttled".into(), styles.warn),
            FeedState::Denied => ("denied".into(), styles.bad),
            FeedState::Failed => ("failed".into(), styles.bad),
        };
        let gap = if spans.is_empty() { "" } else { " " };
        spans.push(Span::styled(format!("{gap}{name} "), styles.dim));
        spans.push(Span::styled(format!("{word:<3}"), style));
    }
    spans
}

fn tab_line<'a>(state: &AppState, styles: &Styles, width: usize) -> Line<'a> {
    let mut spans = Vec::new();
    let mut used = 0;
    for pane in Pane::ALL {
        let label = format!(" {} {} ", pane.digit(), pane.name());
        let style = if pane == state.focus {
            styles.selected
        } else {
            styles.plain
        };
        used += label.width();
        spans.push(Span::styled(label, style));
    }
    // Panes are shown one at a time here: whose they are must not have to be remembered.
    if let Some(suspect) = state.suspect() {
        let name = state.estate.instance(&suspect).map(|it| it.name.as_str());
        let who = format!(
            "{}{} {}",
            styles.glyphs.ellipsis,
            suspect.tail(4),
            name.unwrap_or_default()
        );
        let room = width.saturating_sub(used + 1);
        let who = text::fit(who.trim_end(), room, &styles.glyphs);
        spans.push(Span::raw(" ".repeat(room.saturating_sub(who.width()) + 1)));
        spans.push(Span::styled(who, styles.strong));
    }
    Line::from(spans)
}

fn notice(state: &AppState, width: usize) -> Vec<String> {
    let notice = state.notice.as_deref().unwrap_or_default();
    text::wrap(notice, width).into_iter().take(3).collect()
}

/// The keys that hold here, the most important first kept when the line is short; the run at the
/// right.
fn hints<'a>(state: &AppState, styles: &Styles, width: usize) -> Line<'a> {
    if state.typing_filter {
        return filter_line(state, styles);
    }
    let (run, run_style) = run_state(state, styles);
    let room = width.saturating_sub(run.width() + 1);
    let context = state.context();
    let of_an_exercise = state.playing.is_some() && matches!(context, Context::Pane(_));
    let more = of_an_exercise.then(|| Context::Exercise.own());
    let mut shown: Vec<_> = context
        .bindings()
        .chain(more.into_iter().flatten())
        .filter(|it| it.priority > 0)
        .collect();
    let stoppable = state.run_is_open() && state.focus == Pane::Run;
    shown.retain(|it| it.command != Command::StopRun || stoppable);
    let (mut spans, used) = fitting(shown, styles, room);
    spans.push(Span::raw(
        " ".repeat(width.saturating_sub(used + run.width())),
    ));
    spans.push(Span::styled(run, run_style));
    Line::from(spans)
}

/// As many hints as there is room for, and their columns.
pub(super) fn fitting<'a>(
    mut shown: Vec<&crate::app::Binding>,
    styles: &Styles,
    room: usize,
) -> (Vec<Span<'a>>, usize) {
    let total = |shown: &[&crate::app::Binding]| -> usize {
        shown
            .iter()
            .map(|it| hint(it).0.width() + hint(it).1.width() + 3)
            .sum()
    };
    while total(&shown) > room {
        let Some(least) = shown.iter().map(|it| it.priority).max() else {
            break;
        };
        shown.retain(|it| it.priority < least);
    }
    let used = total(&shown);
    let mut spans = Vec::new();
    for binding in shown {
        let (key, label) = hint(binding);
        spans.push(Span::styled(key, styles.strong));
        spans.push(Span::styled(format!(" {label}  "), styles.dim));
    }
    (spans, used)
}

fn hint(binding: &crate::app::Binding) -> (String, &'static str) {
    let key = binding
        .keys
        .first()
        .map(|key| key.name())
        .unwrap_or_default();
    (key, binding.label)
}

fn filter_line<'a>(state: &AppState, styles: &Styles) -> Line<'a> {
    let typed = state.filters.get(&state.focus).cloned().unwrap_or_default();
    let mut spans = vec![
        Span::styled(format!("/{typed}"), styles.strong),
        Span::raw("_   "),
    ];
    for binding in Context::Filter.bindings().filter(|it| it.priority > 0) {
        let (key, label) = hint(binding);
        spans.push(Span::styled(format!("{key} {label}  "), styles.dim));
    }
    Line::from(spans)
}

fn run_state(state: &AppState, styles: &Styles) -> (String, Style) {
    let Some(run) = &state.run else {
        let words = if state.run_pending {
            "run starting"
        } else {
            ""
        };
        return (words.into(), styles.warn);
    };
    let Some((_, outcome)) = run.ended else {
        let (ended, all) = run.progress();
        return (format!("run {ended}/{all}"), styles.warn);
    };
    let proof = panes::short_proof(run);
    match &run.proof {
        Some(proven) if !matches!(proven, Proof::NotApplicable { .. }) => {
            let style = panes::proof_style(proven, styles);
            (format!("run: {}, {proof}", outcome.name()), style)
        }
        None if run.verifying.is_some() => {
            (format!("run: {}, {proof}", outcome.name()), styles.warn)
        }
        _ => {
            let style = panes::outcome_style(outcome, styles);
            (format!("run: {}", outcome.name()), style)
        }
    }
}
