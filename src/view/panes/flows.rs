//! Pane 4: the suspect's flows, newest first, and how far the log can be trusted.

use chrono::{DateTime, Utc};
use ratatui::text::{Line, Span};

use super::super::text::{bytes, fit, pad, sparkline};
use super::{Canvas, Content};
use crate::app::{AppState, FeedState, Pane};
use crate::flows::Edge;
use crate::model::{Direction, FlowAction, FlowLogDestination, PartKind, Protocol};
use crate::sources::Feed;

pub(super) fn content<'a>(canvas: &Canvas<'a>) -> Content<'a> {
    let (state, styles) = (canvas.state, canvas.styles);
    let rows = state.flow_rows();
    let keys: Vec<_> = rows.iter().map(|edge| edge.key.clone()).collect();
    let ended = run_end(state);
    let selected = state.cursors.flows.resolve(&keys);
    let mut lines = canvas.trouble(Feed::Flows).unwrap_or_default();
    for doubt in doubts(canvas) {
        lines.extend(canvas.prose(&doubt, styles.warn));
    }
    lines.extend(since_the_run(canvas, &rows, ended));
    if rows.is_empty() {
        lines.extend(canvas.prose(empty(canvas), styles.dim));
    }
    let room = canvas.height.saturating_sub(lines.len());
    lines.extend(canvas.rows(&rows, selected, room, |edge| line(canvas, edge, ended)));
    let at = selected.map_or(0, |index| index + 1);
    Content {
        title: title(canvas, at, rows.len()),
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

/// What the log says of the time after the run, as far as it has arrived.
fn since_the_run<'a>(
    canvas: &Canvas<'a>,
    rows: &[Edge<'_>],
    ended: Option<DateTime<Utc>>,
) -> Vec<Line<'a>> {
    let styles = canvas.styles;
    let going = rows.iter().filter_map(|edge| goes_on(ended, edge));
    let (after, before): (Vec<bool>, Vec<bool>) = going.partition(|it| *it);
    if after.is_empty() && before.is_empty() {
        return Vec::new();
    }
    let style = if after.is_empty() {
        styles.dim
    } else {
        styles.bad
    };
    let words = format!(
        "since the run ended: {} flows accepted ({}), {} not seen again so far ({})",
        after.len(),
        styles.glyphs.warned,
        before.len(),
        styles.glyphs.idle
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

/// When the run on this suspect ended.
fn run_end(state: &AppState) -> Option<DateTime<Utc>> {
    let run = state.run.as_ref()?;
    let (at, _) = run.ended?;
    (state.suspect().as_ref() == Some(&run.plan.suspect)).then_some(at)
}

/// Whether an accepted flow has a record that starts after the run's end. `None`: there is no such run,
/// or the flow was rejected.
fn goes_on(ended: Option<DateTime<Utc>>, edge: &Edge<'_>) -> Option<bool> {
    let ended = ended?;
    (edge.key.action == FlowAction::Accept).then_some(edge.last_start > ended)
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

fn line<'a>(canvas: &Canvas<'a>, edge: &Edge<'_>, ended: Option<DateTime<Utc>>) -> Line<'a> {
    let (state, styles) = (canvas.state, canvas.styles);
    let key = &edge.key;
    let peer = state.peer(key.peer);
    let goes_on = goes_on(ended, edge);
    let (mark, mark_style) = match (key.action, goes_on) {
        (FlowAction::Accept, None) => (styles.glyphs.done, styles.good),
        (FlowAction::Accept, Some(true)) => (styles.glyphs.warned, styles.bad),
        (FlowAction::Accept, Some(false)) => (styles.glyphs.idle, styles.dim),
        (FlowAction::Reject, _) => (styles.glyphs.failed, styles.bad),
    };
    let arrow = match key.direction {
        Direction::Ingress => styles.glyphs.inbound,
        Direction::Egress => styles.glyphs.outbound,
    };
    let word = match key.action {
        FlowAction::Accept => "accept",
        FlowAction::Reject => "reject",
    };
    let port = format!("{}/{}", key.port, Protocol::Number(key.protocol));
    // In a narrow column the address comes first: the mark alone says accept or reject.
    let (word, minutes) = match canvas.width {
        0..70 => ("", 6),
        70..100 => (word, 12),
        _ => (word, 30),
    };
    let verdict = match word {
        "" => format!("{mark} "),
        word => format!("{mark} {word} "),
    };
    let peer_width = canvas
        .width
        .saturating_sub(verdict.chars().count() + 2 + 11 + 7 + 6 + minutes);
    let name = peer.name.map(|name| format!(" {name}")).unwrap_or_default();
    let own = own_interface(state, edge);
    let flag = if peer.suspicious { " << finding" } else { "" };
    let who = fit(
        &format!("{}{name}{flag}{own}", key.peer),
        peer_width,
        &styles.glyphs,
    );
    let peer_style = match goes_on {
        Some(false) => styles.dim,
        _ if peer.suspicious => styles.remote,
        _ => styles.plain,
    };
    Line::from(vec![
        Span::styled(verdict, mark_style),
        Span::raw(format!("{arrow} ")),
        Span::styled(pad(&who, peer_width, &styles.glyphs), peer_style),
        Span::raw(pad(&format!(" {port}"), 11, &styles.glyphs)),
        Span::raw(format!("{:>6} ", bytes(edge.bytes()))),
        Span::raw(format!("{:>5} ", crate::app::age(state.now - edge.last))),
        Span::styled(
            sparkline(&edge.sparkline(state.now, minutes), &styles.glyphs),
            styles.dim,
        ),
    ])
}
