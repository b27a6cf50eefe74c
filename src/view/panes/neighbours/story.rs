//! The interface under the cursor: who it is, what it shares, and what the selected action takes from it.

use ratatui::text::Line;

use super::super::super::text::wrap;
use super::super::super::verdicts::{self, mark_style};
use super::super::Canvas;
use super::subnet_name;
use crate::analysis::{FlowFate, Link, eni_label};
use crate::app::{Mark, Story};
use crate::model::{Eni, Protocol};
use crate::plan::rate;

/// At most `height` lines, the most important first.
pub(super) fn lines<'a>(canvas: &Canvas<'a>, story: &'a Story, height: usize) -> Vec<Line<'a>> {
    let styles = canvas.styles;
    let mut lines = vec![canvas.line(&"-".repeat(canvas.width), styles.dim)];
    let Some(eni) = canvas.state.estate.eni(&story.eni) else {
        return lines;
    };
    lines.push(canvas.line(&headline(canvas, eni), styles.strong));
    let shared = shares(story);
    if !shared.is_empty() {
        lines.push(canvas.line(&shared, styles.dim));
    }
    let picture = &canvas.state.selected.picture;
    if !picture.everyone {
        let at = canvas.state.cursors.neighbours.resolve(&picture.enis);
        let mark = at.and_then(|at| picture.marks.get(at)).copied();
        let mark = mark.unwrap_or(Mark::Unknown);
        let words = format!("{} {}", mark.letter(), loses(mark, story));
        lines.push(canvas.line(&words, mark_style(mark, styles)));
    }
    if !story.dependents.is_empty() {
        let words = depend(canvas, story);
        lines.push(canvas.line(&words, styles.warn));
    }
    let room = height.saturating_sub(lines.len());
    lines.extend(flows(canvas, eni, story, room));
    lines.truncate(height);
    lines
}

fn headline(canvas: &Canvas<'_>, eni: &Eni) -> String {
    let dot = canvas.styles.glyphs.dot;
    let address = eni.primary().map(|it| format!(" {dot} {it}"));
    let label = eni_label(&canvas.state.estate, eni);
    // The id and the address are found again; of a long name the beginning does.
    let room = canvas.width.saturating_sub(44).max(12);
    let label = super::fit(&label, room, &canvas.styles.glyphs);
    format!("{label} {dot} {}{}", eni.id, address.unwrap_or_default())
}

fn shares(story: &Story) -> String {
    let word = |link: &Link| match link {
        Link::Subnet => "subnet",
        Link::Acl => "network ACL",
        Link::RouteTable => "route table",
        Link::Group => "group",
        Link::Role => "role",
    };
    let words: Vec<&str> = story.shared.iter().map(word).collect();
    if words.is_empty() {
        return String::new();
    }
    format!("shares: {}", words.join(", "))
}

/// What it loses, first order.
fn loses(mark: Mark, story: &Story) -> String {
    let known = story.flows.len();
    let hurt: Vec<&FlowFate> = story.flows.iter().filter(|it| hurts(it)).collect();
    let bytes = hurt.iter().map(|it| it.bytes_per_minute).sum();
    match (mark, hurt.len()) {
        (Mark::Suspect, 0) => {
            format!("the suspect, {known} known flows (4 says what becomes of them)")
        }
        (_, 0) if known == 0 => format!("{}: no flow of it is known", mark.words()),
        (_, 0) => format!("{}: of its {known} known flows none is hurt", mark.words()),
        (_, count) => format!(
            "{}: loses {count} of {known} known flows, {}",
            mark.words(),
            rate(bytes)
        ),
    }
}

fn hurts(flow: &FlowFate) -> bool {
    flow.fate.verdict.hurts()
}

/// Who depends on it, second order.
fn depend(canvas: &Canvas<'_>, story: &Story) -> String {
    let names: Vec<&str> = story
        .dependents
        .iter()
        .map(|id| subnet_name(canvas, id))
        .collect();
    let estate = &canvas.state.estate;
    let enis = story
        .dependents
        .iter()
        .flat_map(|id| estate.enis_of_subnet(id));
    let users = enis.filter(|it| it.instance.is_some()).count();
    format!(
        "second order: {users} interfaces of instances depend on it, in {}",
        names.join(", ")
    )
}

/// Its flows, one per line while there is room.
fn flows<'a>(canvas: &Canvas<'a>, own: &Eni, story: &Story, room: usize) -> Vec<Line<'a>> {
    let styles = canvas.styles;
    let line = |flow: &FlowFate| {
        let style = verdicts::style(flow.fate, styles);
        canvas.line(&flow_words(canvas, own, flow), style)
    };
    if story.flows.len() <= room {
        return story.flows.iter().map(line).collect();
    }
    let shown = room.saturating_sub(1);
    let mut lines: Vec<Line<'a>> = story.flows.iter().take(shown).map(line).collect();
    let more = format!("and {} more flows", story.flows.len() - shown);
    lines.extend(
        wrap(&more, canvas.width)
            .first()
            .map(|it| canvas.line(it, styles.dim)),
    );
    lines
}

fn flow_words(canvas: &Canvas<'_>, own: &Eni, it: &FlowFate) -> String {
    let glyphs = &canvas.styles.glyphs;
    let opened_by_it = own.addresses.contains(&it.flow.client);
    let (arrow, peer) = if opened_by_it {
        (glyphs.outbound, it.flow.server)
    } else {
        (glyphs.inbound, it.flow.client)
    };
    let name = canvas.state.peer(peer).name;
    let name = name.map(|it| format!(" {it}")).unwrap_or_default();
    let room = canvas.width.saturating_sub(48).max(12);
    let name = super::fit(&name, room, glyphs);
    format!(
        "  {arrow} {peer}{name} {}/{} {} {}",
        it.flow.server_port,
        Protocol::Number(it.flow.protocol),
        rate(it.bytes_per_minute),
        verdicts::words(it.fate.verdict)
    )
}
