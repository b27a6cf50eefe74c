//! The confirm dialog: the plan itself, whom else it hits, and the typed acknowledgement.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::super::panes::groups_text;
use super::super::styles::Styles;
use super::super::text::{fit, wrap};
use super::popup;
use crate::analysis::{Blast, eni_label};
use crate::app::{AppState, Confirm, ConfirmFocus, Mode};
use crate::model::Estate;
use crate::operation::Operation;
use crate::plan::{Class, Step, What};

pub(super) fn draw(
    frame: &mut Frame<'_>,
    state: &AppState,
    styles: &Styles,
    confirm: &Confirm,
    area: Rect,
) {
    let suspect = &confirm.plan.suspect;
    let name = state
        .estate
        .instance(suspect)
        .map(|it| it.name.clone())
        .unwrap_or_default();
    let verb = if confirm.runs() {
        "Confirm"
    } else {
        "Forecast of"
    };
    let title = format!(" {verb} {} on {suspect} {name} ", confirm.plan.action);
    let inner = popup(frame, styles, area, &title, 110, area.height);
    let [body, foot] = Layout::vertical([Constraint::Min(0), Constraint::Length(4)]).areas(inner);
    let mut lines = body_lines(state, styles, confirm, usize::from(body.width));
    let hidden = lines.len().saturating_sub(usize::from(body.height));
    let scrolled = usize::from(confirm.scroll).min(hidden);
    lines.drain(..scrolled);
    frame.render_widget(Paragraph::new(lines), body);
    let foot_lines = foot_lines(
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
    let prose = |words: &String, style: Style| {
        let lines = wrap(words, width).into_iter();
        lines.map(move |line| Line::styled(line, style))
    };
    let hit_style = if confirm.blast.scope.is_empty() {
        styles.good
    } else {
        styles.bad
    };
    let plan = &confirm.plan;
    let mut lines = Vec::new();
    let ledger = ledger(estate, &confirm.blast, styles);
    lines.extend(ledger.iter().flat_map(|it| prose(it, hit_style)));
    let (risk, others) = plan.remarks.split_at(plan.remarks.len().min(1));
    lines.extend(risk.iter().flat_map(|it| prose(it, styles.warn)));
    let steps = plan.steps.iter();
    lines.extend(steps.flat_map(|step| step_lines(estate, styles, step, width)));
    lines.extend(confirm.outlook.iter().flat_map(|it| prose(it, styles.warn)));
    lines.extend(others.iter().flat_map(|it| prose(it, styles.plain)));
    lines
}

/// Who else is hit: counts and names.
fn ledger(estate: &Estate, blast: &Blast, styles: &Styles) -> Vec<String> {
    let listed = |names: Vec<String>| listed(names, styles);
    if blast.scope.is_empty() && blast.doubts.is_empty() {
        return vec!["Nobody else is hit: 0 other network interfaces, 0 other instances.".into()];
    }
    let instances = blast.instances(estate);
    let services = blast.services(estate);
    let mut sentences = vec![format!(
        "Also hit: {} other network interfaces, {} other instances.",
        blast.scope.len(),
        instances.len(),
    )];
    if !instances.is_empty() {
        let label = |id| {
            estate
                .instance(id)
                .map_or(id.to_string(), |it| it.label().to_string())
        };
        sentences.push(format!(
            "Instances: {}.",
            listed(instances.iter().map(label).collect())
        ));
    }
    if !services.is_empty() {
        let enis = services
            .values()
            .flatten()
            .map(|eni| eni_label(estate, eni));
        sentences.push(format!("Others: {}.", listed(enis.collect())));
    }
    if !blast.dependents.is_empty() {
        let name = |id| {
            let name = estate
                .subnet(id)
                .map(|it| it.name.clone())
                .unwrap_or_default();
            let users = estate.enis_of_subnet(id).filter(|it| it.instance.is_some());
            format!("{name} {id} with {} interfaces of instances", users.count())
        };
        let subnets = listed(blast.dependents.iter().map(name).collect());
        sentences.push(format!(
            "Lose their way out through a NAT gateway that is hit: {subnets}."
        ));
    }
    sentences.extend(blast.doubts.iter().cloned());
    sentences
}

/// Names joined by commas; of many the first twelve and a count. A name that is long on purpose must
/// not push the plan out of sight.
fn listed(mut names: Vec<String>, styles: &Styles) -> String {
    const SHOWN: usize = 12;
    const LONGEST: usize = 40;
    names.sort();
    for name in &mut names {
        *name = fit(name, LONGEST, &styles.glyphs);
    }
    let more = names.len().saturating_sub(SHOWN);
    names.truncate(SHOWN);
    let tail = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    format!("{}{tail}", names.join(", "))
}

fn step_lines<'a>(estate: &Estate, styles: &Styles, step: &Step, width: usize) -> Vec<Line<'a>> {
    let class = match step.class {
        Class::Must => "",
        Class::Should => " (should: a refusal is only a warning)",
        Class::AlwaysOnceSent(_) => " (always, whatever happens before)",
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

fn foot_lines<'a>(
    state: &AppState,
    styles: &Styles,
    confirm: &Confirm,
    below: usize,
    width: usize,
) -> Vec<Line<'a>> {
    let more = if below > 0 {
        format!(" {below} more lines below (down, pgdn) ")
    } else {
        String::new()
    };
    let rule = format!("{more:-^width$}");
    let caller = state
        .identity
        .as_ref()
        .map_or("an unknown identity", |it| it.arn.as_str());
    let second = match &confirm.refused {
        Some(why) => Line::styled(fit(why, width, &styles.glyphs), styles.bad),
        None if !confirm.runs() => {
            let words = "forecast only: this version shows this plan and does not run it";
            Line::styled(fit(words, width, &styles.glyphs), styles.warn)
        }
        None if !state.settings.mode.allows_changes() => {
            let words = match state.settings.mode {
                Mode::Dump => "this is a dump: to be read, not run",
                _ => "read-only session: to be read, not run (start with --allow-changes)",
            };
            Line::styled(fit(words, width, &styles.glyphs), styles.warn)
        }
        None => Line::styled(
            fit(&format!("as {caller}"), width, &styles.glyphs),
            styles.dim,
        ),
    };
    let button = |label: &str, focus| {
        let style = if confirm.focus == focus {
            styles.selected
        } else {
            styles.plain
        };
        let mark = if confirm.focus == focus { ">" } else { " " };
        Span::styled(format!("{mark}[ {label} ]"), style)
    };
    if !confirm.runs() {
        return vec![
            Line::styled(rule, styles.dim),
            second,
            Line::default(),
            Line::from(vec![
                button("Close", ConfirmFocus::Cancel),
                Span::styled("   enter or esc: close", styles.dim),
            ]),
        ];
    }
    let shown: String = confirm.expected().chars().map(|_| '_').collect();
    let rest: String = shown.chars().skip(confirm.typed.chars().count()).collect();
    let ok = if confirm.is_acknowledged() {
        styles.good
    } else {
        styles.strong
    };
    vec![
        Line::styled(rule, styles.dim),
        second,
        Line::from(vec![
            Span::raw("type the last four characters of the instance id: "),
            Span::styled(format!("{}{rest}", confirm.typed), ok),
        ]),
        Line::from(vec![
            button("Cancel", ConfirmFocus::Cancel),
            Span::raw("   "),
            button("Contain", ConfirmFocus::Contain),
            Span::styled(
                "   tab: other button   enter: press it   esc: cancel",
                styles.dim,
            ),
        ]),
    ]
}
