//! Pane 4: the suspect's flows, newest first, what becomes of each under the selected action, and how far
//! the log can be trusted.

use ratatui::text::{Line, Span};

use super::super::text::{bytes, pad, sparkline};
use super::super::verdicts;
use super::{Canvas, Content};
use crate::app::{AppState, FeedState, Pane};
use crate::flows::Edge;
use crate::model::{Direction, FlowAction, FlowLogDestination, PartKind, Protocol};
use crate::sources::Feed;

pub(super) fn content<'a>(canvas: &Canvas<'a>) -> Content<'a> {
    let (state, styles) = (canvas.state, canvas.styles);
    let keys = &*state.listed.keys;
    let selected = state.cursors.flows.resolve(keys);
    let mut lines = canvas.trouble(Feed::Flows).unwrap_or_default();
    for doubt in doubts(canvas) {
        lines.extend(canvas.prose(&doubt, styles.warn));
    }
    lines.extend(since_the_run(canvas));
    if keys.is_empty() {
        lines.extend(canvas.prose(empty(canvas), styles.dim));
    }
    let legend = legend(canvas, keys.is_empty());
    let room = canvas.height.saturating_sub(lines.len() + legend.len());
    lines.extend(canvas.rows(keys, selected, room, |key| {
        let edge = state.flows.edge(key);
        edge.map(|it| line(canvas, &it)).unwrap_or_default()
    }));
    if !legend.is_empty() {
        lines.resize(canvas.height.saturating_sub(legend.len()), Line::default());
        lines.extend(legend);
    }
    let at = selected.map_or(0, |index| index + 1);
    Content {
        title: title(canvas, at, keys.len()),
        lines,
    }
}

fn title(canvas: &Canvas<'_>, at: usize, count: usize) -> String {
    let (state, dot) = (canvas.state, canvas.styles.glyphs.dot);
    let newest = state.flows.coverage().newest_end;
    let newest = newest.map_or("none yet".into(), |at| crate::app::age(state.now - at));
    format!(
        "Flows {at}/{count} {dot} last {} min {dot} {} pages {dot} newest record {newest}",
        state.settings.since_minutes, state.coverage.pages
    )
}

/// Under which action the verdicts are, and what the letters after them mean.
fn legend<'a>(canvas: &Canvas<'a>, is_empty: bool) -> Vec<Line<'a>> {
    let state = canvas.state;
    let Some(action) = state.selected_action() else {
        return Vec::new();
    };
    if is_empty || canvas.height < 8 || state.suspect().is_none() {
        return Vec::new();
    }
    let words = if state.selected_outlook().is_some() {
        format!("under {action} ([ ] another); o observed, x expected, a ambiguous")
    } else {
        format!("under {action}: no forecast, 5 says why ([ ] another action)")
    };
    vec![canvas.line(&words, canvas.styles.dim)]
}

/// What the log says of the time after the run, as far as it has arrived.
fn since_the_run<'a>(canvas: &Canvas<'a>) -> Vec<Line<'a>> {
    let styles = canvas.styles;
    let Some(since) = canvas.state.listed.since_run else {
        return Vec::new();
    };
    let (accepted, not_seen) = (since.accepted, since.not_seen);
    if accepted + not_seen == 0 {
        return Vec::new();
    }
    let style = if accepted == 0 {
        styles.dim
    } else {
        styles.bad
    };
    let words = format!(
        "since the run ended: {accepted} flows accepted ({}), {not_seen} not seen again so far ({})",
        styles.glyphs.warned, styles.glyphs.idle
    );
    canvas.prose(&words, style)
}

/// What keeps the flows from being the whole truth.
fn doubts(canvas: &Canvas<'_>) -> Vec<String> {
    let state = canvas.state;
    let mut doubts = Vec::new();
    let coverage = state.flows.coverage();
    if state.coverage.capped {
        let pages = state.coverage.pages;
        doubts.push(format!(
            "stopped after {pages} pages: there is more than is shown"
        ));
    }
    if state.coverage.missing_streams > 0 {
        let missing = state.coverage.missing_streams;
        doubts.push(format!(
            "{missing} interfaces have no log stream: they may have had no traffic"
        ));
    }
    let skipped = state
        .suspect_enis()
        .iter()
        .filter_map(|id| coverage.enis.get(id)?.last_skip)
        .max();
    if let Some(window) = skipped {
        let (from, to) = (
            window.start.format("%H:%M:%S"),
            window.end.format("%H:%M:%SZ"),
        );
        doubts.push(format!(
            "SKIPDATA: records from {from} to {to} were lost by AWS: unknown, not silent"
        ));
    }
    if coverage.bad_lines > 0 {
        let first = coverage
            .bad_reasons
            .first()
            .map(ToString::to_string)
            .unwrap_or_default();
        doubts.push(format!(
            "{} lines could not be read: {first}",
            coverage.bad_lines
        ));
    }
    if state.flows.evicted() > 0 {
        doubts.push(format!(
            "{} of the oldest flows were dropped from memory",
            state.flows.evicted()
        ));
    }
    doubts.extend(unreadable(canvas));
    doubts
}

/// Flow logs that exist but can't be read here, or that can but fail to deliver.
fn unreadable(canvas: &Canvas<'_>) -> Vec<String> {
    let state = canvas.state;
    let logs = state.estate.flow_logs();
    let mut doubts = Vec::new();
    for log in logs {
        if let FlowLogDestination::Elsewhere(arn) = &log.destination
            && state.targets.logs.is_empty()
        {
            doubts.push(format!(
                "{} of {} goes to {arn}: not read by this program",
                log.id, log.resource
            ));
        }
        if let Some(error) = &log.delivery_error {
            doubts.push(format!("{} fails to deliver: {error}", log.id));
        }
    }
    doubts.truncate(3);
    doubts
}

fn empty(canvas: &Canvas<'_>) -> &'static str {
    let state = canvas.state;
    if state.suspect().is_none() {
        return "select a finding that names an instance (1)";
    }
    if !state.filter(Pane::Flows).is_empty() {
        return "no flow matches the filter (esc clears it)";
    }
    if state.estate.freshness(PartKind::FlowLogs).is_some() && state.targets.logs.is_empty() {
        return "no flow log in CloudWatch Logs covers the suspect: its flows are unknown, not absent";
    }
    match state.feed(Feed::Flows).state(state.now) {
        FeedState::Fresh | FeedState::Stale => {
            "no record yet: logs arrive about 5 minutes late, so this is not silence"
        }
        FeedState::Waiting | FeedState::Loading => "reading flow logs",
        FeedState::Absent | FeedState::Denied | FeedState::Throttled | FeedState::Failed => "",
    }
}

/// Whether an accepted flow has a record that starts after the run's end. `None`: there is no such run,
/// or the flow was rejected.
fn goes_on(state: &AppState, edge: &Edge<'_>) -> Option<bool> {
    let since = state.listed.since_run?;
    (edge.key.action == FlowAction::Accept).then_some(edge.last_start > since.ended)
}

/// Which interface of the suspect a flow is on, where it has several, and which of its addresses, if
/// that is not the first one.
fn own_interface(state: &AppState, edge: &Edge<'_>) -> String {
    let Some(eni) = state.estate.eni(&edge.key.eni) else {
        return String::new();
    };
    let own = edge.key.own;
    let first = eni
        .addresses
        .iter()
        .find(|it| it.is_ipv4() == own.is_ipv4());
    let secondary = first.is_some_and(|it| *it != own);
    let index = eni.device_index.filter(|_| state.targets.suspect.len() > 1);
    match (index, secondary) {
        (Some(index), true) => format!(" (eth{index}, {own})"),
        (Some(index), false) => format!(" (eth{index})"),
        (None, true) => format!(" ({own})"),
        (None, false) => String::new(),
    }
}

/// What fits into a line, by the width of the pane.
struct Plan {
    /// Columns of the verdict, without its grade.
    verdict: usize,
    /// Accept and reject are said in words too.
    words: bool,
    bytes: bool,
    /// Minutes of the sparkline.
    minutes: usize,
}

impl Plan {
    /// In a narrow column the address and the verdict come first.
    fn of(width: usize) -> Self {
        let (verdict, words, bytes, minutes) = match width {
            0..70 => (10, false, false, 0),
            70..90 => (17, true, true, 0),
            _ => (17, true, true, 12),
        };
        Self {
            verdict,
            words,
            bytes,
            minutes,
        }
    }
}

fn line<'a>(canvas: &Canvas<'a>, edge: &Edge<'_>) -> Line<'a> {
    let (state, styles) = (canvas.state, canvas.styles);
    let plan = Plan::of(canvas.width);
    let key = &edge.key;
    let mut head = mark(canvas, edge, plan.words);
    let arrow = match key.direction {
        Direction::Ingress => styles.glyphs.inbound,
        Direction::Egress => styles.glyphs.outbound,
    };
    head.push(Span::raw(format!("{arrow} ")));
    let port = format!("{}/{}", key.port, Protocol::Number(key.protocol));
    let mut tail = vec![Span::raw(pad(&format!(" {port}"), 11, &styles.glyphs))];
    tail.extend(verdict(canvas, edge, plan.verdict));
    if plan.bytes {
        tail.push(Span::raw(format!("{:>6} ", bytes(edge.bytes()))));
    }
    tail.push(Span::raw(format!(
        "{:>5}",
        crate::app::age(state.now - edge.last)
    )));
    if plan.minutes > 0 {
        let levels = edge.sparkline(state.now, plan.minutes);
        let levels = format!(" {}", sparkline(&levels, &styles.glyphs));
        tail.push(Span::styled(levels, styles.dim));
    }
    let used: usize = head.iter().chain(&tail).map(Span::width).sum();
    let room = canvas.width.saturating_sub(used);
    let mut spans = head;
    spans.push(peer(canvas, edge, room));
    spans.extend(tail);
    Line::from(spans)
}

/// Whether it was let through, and whether it goes on after the run.
fn mark<'a>(canvas: &Canvas<'a>, edge: &Edge<'_>, words: bool) -> Vec<Span<'a>> {
    let styles = canvas.styles;
    let (mark, style) = match (edge.key.action, goes_on(canvas.state, edge)) {
        (FlowAction::Accept, None) => (styles.glyphs.done, styles.good),
        (FlowAction::Accept, Some(true)) => (styles.glyphs.warned, styles.bad),
        (FlowAction::Accept, Some(false)) => (styles.glyphs.idle, styles.dim),
        (FlowAction::Reject, _) => (styles.glyphs.failed, styles.bad),
    };
    let word = match edge.key.action {
        FlowAction::Accept => "accept ",
        FlowAction::Reject => "reject ",
    };
    let word = if words { word } else { "" };
    vec![Span::styled(format!("{mark} {word}"), style)]
}

fn peer<'a>(canvas: &Canvas<'a>, edge: &Edge<'_>, room: usize) -> Span<'a> {
    let (state, styles) = (canvas.state, canvas.styles);
    let peer = state.peer(edge.key.peer);
    let name = peer.name.map(|name| format!(" {name}")).unwrap_or_default();
    let own = own_interface(state, edge);
    let flag = if peer.suspicious { " << finding" } else { "" };
    let who = format!("{}{name}{flag}{own}", edge.key.peer);
    let style = match goes_on(state, edge) {
        Some(false) => styles.dim,
        _ if peer.suspicious => styles.remote,
        _ => styles.plain,
    };
    Span::styled(pad(&who, room, &styles.glyphs), style)
}

/// What becomes of it under the selected action, and how well founded that is.
fn verdict<'a>(canvas: &Canvas<'a>, edge: &Edge<'_>, columns: usize) -> [Span<'a>; 2] {
    let (state, styles) = (canvas.state, canvas.styles);
    let accepted = edge.key.action == FlowAction::Accept;
    let action = state.selected_action().filter(|_| accepted);
    let fate = action.and_then(|action| state.fate(edge, &action));
    let (words, grade, style) = match fate {
        None => (String::new(), ' ', styles.dim),
        Some(fate) => {
            let words = if columns < 16 {
                verdicts::short_words(fate.verdict)
            } else {
                verdicts::words(fate.verdict)
            };
            (
                words,
                verdicts::grade_letter(fate.grade),
                verdicts::style(fate, styles),
            )
        }
    };
    [
        Span::styled(pad(&words, columns, &styles.glyphs), style),
        Span::styled(format!("{grade} "), styles.dim),
    ]
}
