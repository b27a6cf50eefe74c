//! The confirm dialog: the plan itself, whom else it hits, and the typed acknowledgement.

mod against;
mod foot;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::super::panes::groups_text;
use super::super::styles::Styles;
use super::super::text::{fit, pad, wrap};
use super::super::verdicts::mark_style;
use super::popup;
use crate::analysis::Blast;
use crate::app::{AppState, Confirm, Hit, Mark};
use crate::model::Estate;
use crate::operation::Operation;
use crate::plan::{Class, Step, What, rate};

pub(super) fn draw(
    frame: &mut Frame<'_>,
    state: &AppState,
    styles: &Styles,
    confirm: &Confirm,
    area: Rect,
) {
    let target = &confirm.plan.target;
    let instance = target.instance().and_then(|id| state.estate.instance(id));
    let name = instance.map(|it| it.name.clone()).unwrap_or_default();
    let title = format!(" Confirm {} on {target} {name} ", confirm.plan.procedure);
    let inner = popup(frame, styles, area, &title, 110, area.height);
    let banner = confirm.banner();
    let [top, body, foot] = Layout::vertical([
        Constraint::Length(u16::from(banner.is_some())),
        Constraint::Min(0),
        Constraint::Length(4),
    ])
    .areas(inner);
    if let Some(words) = banner {
        // It can't be scrolled away.
        let words = pad(&words, usize::from(top.width), &styles.glyphs);
        frame.render_widget(Line::styled(words, styles.alarm), top);
    }
    let width = usize::from(body.width);
    let height = usize::from(body.height);
    let head = body_lines(state, styles, confirm, width);
    let everyone = everyone(confirm);
    let hidden = (head.len() + everyone.len()).saturating_sub(height);
    let scrolled = usize::from(confirm.scroll).min(hidden);
    let passed = scrolled.saturating_sub(head.len());
    let head = head.into_iter().skip(scrolled).take(height);
    let mut lines: Vec<Line<'_>> = head.collect();
    let more = everyone.iter().skip(passed).take(height - lines.len());
    lines.extend(more.map(|hit| hit_line(styles, hit, width)));
    frame.render_widget(Paragraph::new(lines), body);
    let foot_lines = foot::lines(
        state,
        styles,
        confirm,
        hidden - scrolled,
        usize::from(foot.width),
    );
    frame.render_widget(Paragraph::new(foot_lines), foot);
}

fn body_lines<'a>(
    state: &AppState,
    styles: &Styles,
    confirm: &Confirm,
    width: usize,
) -> Vec<Line<'a>> {
    let estate = &state.estate;
    let prose = |words: &str, style: Style| {
        let lines = wrap(words, width).into_iter();
        lines.map(move |line| Line::styled(line, style))
    };
    let nobody = confirm.hits.is_empty() && confirm.blast.doubts.is_empty();
    let style = if nobody { styles.good } else { styles.bad };
    let plan = &confirm.plan;
    let mut lines = Vec::new();
    // What an undo gives back is not what a containment takes.
    if confirm.undo.is_none() {
        lines.extend(prose(&confirm.ledger, style));
    }
    for (mark, words) in named_hits(confirm, styles) {
        lines.extend(prose(&words, mark_style(mark, styles)));
    }
    if let Some(words) = second_order(estate, &confirm.blast, styles) {
        lines.extend(prose(&words, styles.warn));
    }
    let doubts = confirm.blast.doubts.iter();
    lines.extend(doubts.flat_map(|it| prose(it, styles.warn)));
    lines.extend(against::lines(confirm, styles, width));
    let (risk, others) = plan.remarks.split_at(plan.remarks.len().min(1));
    lines.extend(risk.iter().flat_map(|it| prose(it, styles.warn)));
    let steps = plan.steps.iter();
    lines.extend(steps.flat_map(|step| step_lines(estate, styles, step, width)));
    lines.extend(confirm.outlook.iter().flat_map(|it| prose(it, styles.warn)));
    lines.extend(others.iter().flat_map(|it| prose(it, styles.plain)));
    lines.extend(against::evidence(confirm, styles, width));
    lines.extend(against::unsettled(confirm, styles, width));
    if !everyone(confirm).is_empty() {
        let words = format!(
            "All {} interfaces that it reaches or hits:",
            confirm.hits.len()
        );
        lines.extend(prose(&words, styles.strong));
    }
    lines
}

/// Names in a sentence at the most: more are listed after the steps.
const NAMED: usize = 12;

/// Who is hit how, by name.
fn named_hits(confirm: &Confirm, styles: &Styles) -> Vec<(Mark, String)> {
    let groups = confirm.hits.chunk_by(|a, b| a.mark == b.mark);
    groups
        .filter_map(|group| {
            let mark = group.first()?.mark;
            let names = group
                .iter()
                .map(|it| fit(&it.label, LONGEST, &styles.glyphs));
            let names = listed(names);
            let (letter, words) = (mark.letter(), mark.words());
            Some((mark, format!("{letter} {words}: {names}.")))
        })
        .collect()
}

/// Those who are named one by one at the end: everyone, where a sentence above leaves somebody out.
fn everyone(confirm: &Confirm) -> &[Hit] {
    let mut groups = confirm.hits.chunk_by(|a, b| a.mark == b.mark);
    if groups.any(|group| group.len() > NAMED) {
        &confirm.hits
    } else {
        &[]
    }
}

fn hit_line<'a>(styles: &Styles, hit: &Hit, width: usize) -> Line<'a> {
    let address = hit.address.map(|it| it.to_string()).unwrap_or_default();
    let lost = match hit.lost.hit() {
        0 => String::new(),
        count => format!(" {count} flows, {}", rate(hit.lost.bytes_per_minute_hit)),
    };
    let label = pad(&hit.label, 28, &styles.glyphs);
    let words = format!("{} {label} {} {address}{lost}", hit.mark.letter(), hit.eni);
    let words = fit(&words, width, &styles.glyphs);
    Line::styled(words, mark_style(hit.mark, styles))
}

/// Subnets that depend on somebody who is reached.
fn second_order(estate: &Estate, blast: &Blast, styles: &Styles) -> Option<String> {
    if blast.dependents.is_empty() {
        return None;
    }
    let name = |id| {
        let subnet = estate.subnet(id);
        let name = subnet.map(|it| it.name.as_str()).unwrap_or_default();
        let users = estate.enis_of_subnet(id);
        let users = users.filter(|it| it.instance.is_some()).count();
        // The count is what matters: of a long name the beginning is enough.
        let name = fit(&format!("{name} {id}"), LONGEST, &styles.glyphs);
        format!("{} ({users} interfaces of instances)", name.trim_start())
    };
    Some(format!(
        "Second order, these depend on a NAT gateway or an endpoint in there: {}.",
        listed(blast.dependents.iter().map(name))
    ))
}

/// Columns of a name at the most: one that is long on purpose must not push the plan out of sight.
const LONGEST: usize = 40;

/// Names joined by commas; of many the first twelve and a count.
fn listed(names: impl ExactSizeIterator<Item = String>) -> String {
    let more = names.len().saturating_sub(NAMED);
    let tail = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    let names: Vec<String> = names.take(NAMED).collect();
    format!("{}{tail}", names.join(", "))
}

fn step_lines<'a>(estate: &Estate, styles: &Styles, step: &Step, width: usize) -> Vec<Line<'a>> {
    let class = match step.class {
        Class::Must => "",
        Class::Should => " (should: a refusal is only a warning)",
        Class::AlwaysOnceSent(_) => " (always, whatever happens before)",
        Class::OnceSafe(_) => " (afterwards: a refusal is only a warning)",
    };
    let words = format!("{}{class}", step.prose());
    let mut lines: Vec<Line<'a>> = Vec::new();
    for (index, part) in wrap(&words, width.saturating_sub(4))
        .into_iter()
        .enumerate()
    {
        let number = if index == 0 {
            format!("{:>2}  ", step.id.0)
        } else {
            "    ".into()
        };
        lines.push(Line::from(vec![
            Span::styled(number, styles.strong),
            Span::raw(part),
        ]));
    }
    if let What::Change(operation) = &step.what
        && let Some((before, after)) = before_after(estate, operation)
    {
        let change = format!("    {before} {} {after}", styles.glyphs.arrow);
        lines.push(Line::styled(
            fit(&change, width, &styles.glyphs),
            styles.dim,
        ));
    }
    lines
}

/// What an operation changes, as it is now and as it will be.
fn before_after(estate: &Estate, operation: &Operation) -> Option<(String, String)> {
    match operation {
        Operation::SetEniGroups { eni, groups } => {
            let before = groups_text(estate, &estate.eni(eni)?.groups);
            let after: Vec<String> = groups.iter().map(ToString::to_string).collect();
            Some((before, format!("{} alone", after.join(", "))))
        }
        Operation::SetSubnetAcl { subnet, acl } => {
            let before = estate.acl_of_subnet(subnet)?;
            Some((format!("{} {}", before.id, before.name), acl.to_string()))
        }
        Operation::SetTrackingTimeouts { eni, timeouts } => {
            let show = |it: Option<u32>| it.map_or("default".to_string(), |it| format!("{it} s"));
            let before = estate.eni(eni)?.timeouts;
            let text = |it: &crate::model::TrackingTimeouts| {
                format!(
                    "TCP {}, UDP {}, stream {}",
                    show(it.tcp_established),
                    show(it.udp),
                    show(it.udp_stream)
                )
            };
            Some((text(&before), text(timeouts)))
        }
        _ => None,
    }
}
