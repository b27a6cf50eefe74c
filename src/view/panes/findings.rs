//! Pane 1: findings, and the selected one in words.

use ratatui::text::{Line, Span};

use super::super::text::{fit, pad};
use super::{Canvas, Content};
use crate::app::{FeedState, FindingRow, Pane};
use crate::model::{Direction, Finding, FindingAction};
use crate::sources::Feed;

/// Rows that the words about the selected finding take.
const DETAIL: usize = 7;

pub(super) fn content<'a>(canvas: &Canvas<'a>) -> Content<'a> {
    let state = canvas.state;
    let rows = state.finding_rows();
    let selected = state.cursors.findings.resolve(&rows);
    let mut lines = canvas.trouble(Feed::Findings).unwrap_or_default();
    if rows.is_empty() {
        lines.extend(canvas.prose(&empty(canvas), canvas.styles.dim));
    }
    let room = canvas.height.saturating_sub(lines.len());
    let detail = if room >= DETAIL + 5 { DETAIL } else { 0 };
    let list = room - detail;
    lines.extend(canvas.rows(&rows, selected, list, |row| line(canvas, row)));
    if detail > 0
        && let Some(row) = selected.and_then(|index| rows.get(index))
        && let Some(finding) = state.finding(&row.finding)
    {
        lines.resize(canvas.height - detail, Line::default());
        lines.extend(words(canvas, finding).into_iter().take(detail));
    }
    let position = selected.map_or(0, |index| index + 1);
    Content {
        title: format!("Findings {position}/{}", rows.len()),
        lines,
    }
}

fn empty(canvas: &Canvas<'_>) -> String {
    let state = canvas.state;
    if !state.filter(Pane::Findings).is_empty() {
        return "no finding matches the filter (esc clears it)".into();
    }
    match state.feed(Feed::Findings).state(state.now) {
        FeedState::Fresh | FeedState::Stale => {
            "no finding that is not archived. --vpc VPC shows a VPC without one.".into()
        }
        FeedState::Waiting | FeedState::Loading => "reading findings".into(),
        FeedState::Absent | FeedState::Denied | FeedState::Throttled | FeedState::Failed => {
            String::new()
        }
    }
}

fn line<'a>(canvas: &Canvas<'a>, row: &FindingRow) -> Line<'a> {
    let (state, styles) = (canvas.state, canvas.styles);
    let Some(finding) = state.finding(&row.finding) else {
        return Line::default();
    };
    let severity = match finding.severity.0 {
        _ if finding.sample => styles.dim,
        it if it >= 7.0 => styles.bad,
        it if it >= 4.0 => styles.warn,
        _ => styles.plain,
    };
    let who = match &row.instance {
        Some(id) => {
            let name = state
                .estate
                .instance(id)
                .map(|it| it.name.as_str())
                .unwrap_or_default();
            let id = id.short().replace('…', styles.glyphs.ellipsis);
            format!("{id} {name}")
        }
        None => finding.resource_type.clone(),
    };
    let who_width = (canvas.width / 4).clamp(16, 26);
    let kind_width = canvas.width.saturating_sub(5 + who_width + 6);
    let sample = if finding.sample { "SAMPLE " } else { "" };
    Line::from(vec![
        Span::styled(format!("{:>4.1} ", finding.severity.0), severity),
        Span::raw(pad(
            &format!("{sample}{}", finding.kind),
            kind_width,
            &styles.glyphs,
        )),
        Span::raw(" "),
        Span::raw(pad(&who, who_width, &styles.glyphs)),
        Span::raw(format!("{:>5}", age(canvas, finding))),
    ])
}

fn age(canvas: &Canvas<'_>, finding: &Finding) -> String {
    crate::app::age(canvas.state.now - finding.updated)
}

fn words<'a>(canvas: &Canvas<'a>, finding: &Finding) -> Vec<Line<'a>> {
    let styles = canvas.styles;
    let rule = "-".repeat(canvas.width);
    let mut lines = vec![canvas.line(&rule, styles.dim)];
    let title = canvas.prose(&finding.title, styles.strong);
    lines.extend(title.into_iter().take(2));
    let dot = styles.glyphs.dot;
    let seen = format!(
        "{} {:.1} {dot} seen {} {dot} last {} {dot} account {}",
        finding.severity.band(),
        finding.severity.0,
        match finding.count {
            1 => "once".to_string(),
            count => format!("{count} times"),
        },
        finding.updated.format("%Y-%m-%d %H:%M:%SZ"),
        finding.account,
    );
    lines.push(canvas.line(&seen, styles.plain));
    lines.push(canvas.line(&action(finding), styles.plain));
    for remote in finding.remotes.iter().take(2) {
        let port = remote
            .port
            .map(|it| format!(" port {it}"))
            .unwrap_or_default();
        let text = format!("remote {}{port} {}", remote.address, remote.place);
        lines.push(Line::styled(
            fit(&text, canvas.width, &styles.glyphs),
            styles.remote,
        ));
    }
    if let Err(why) = finding.containable() {
        lines.push(canvas.line(&format!("can't be contained: {why}"), styles.warn));
    }
    lines
}

fn action(finding: &Finding) -> String {
    let ports = |ports: &[u16]| {
        ports
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let blocked = |blocked: bool| if blocked { ", blocked" } else { "" };
    match &finding.action {
        FindingAction::NetworkConnection {
            direction,
            protocol,
            local_port,
            remote_port,
            blocked: b,
        } => {
            let direction = match direction {
                Some(Direction::Ingress) => "inbound",
                Some(Direction::Egress) => "outbound",
                None => "some",
            };
            let port = |port: &Option<u16>| port.map_or("?".into(), |it| it.to_string());
            format!(
                "{direction} {protocol} connection, local port {}, remote port {}{}",
                port(local_port),
                port(remote_port),
                blocked(*b)
            )
        }
        FindingAction::PortProbe {
            ports: probed,
            blocked: b,
        } => {
            format!("probe of port {}{}", ports(probed), blocked(*b))
        }
        FindingAction::DnsRequest { domain, blocked: b } => {
            format!("DNS request for {domain}{}", blocked(*b))
        }
        FindingAction::AwsApiCall { api, service } => format!("API call {api} of {service}"),
        FindingAction::Runtime { process } => format!("process {process}"),
        FindingAction::AttackSequence { signals } => {
            format!("attack sequence of {signals} signals")
        }
        FindingAction::Other(name) if name.is_empty() => "no action is given".into(),
        FindingAction::Other(name) => format!("action {name}"),
    }
}
