//! Pane 3: who shares a scope with the suspect, and what the selected action does to each.

use std::collections::BTreeSet;

use ratatui::text::{Line, Span};

use super::super::text::pad;
use super::{Canvas, Content, actions};
use crate::analysis::{Blast, Link, Neighbour, neighbourhood};
use crate::model::PartKind;
use crate::plan::Action;
use crate::sources::Feed;

pub(super) fn content<'a>(canvas: &Canvas<'a>) -> Content<'a> {
    let (state, styles) = (canvas.state, canvas.styles);
    let mut lines = canvas
        .trouble(Feed::Part(PartKind::Enis))
        .unwrap_or_default();
    let rows = state.neighbour_rows();
    let keys: Vec<_> = rows.iter().map(|it| it.eni.clone()).collect();
    let selected = state.cursors.neighbours.resolve(&keys);
    let (action, blast) = actions::selected_blast(state);
    let title = if let Some(suspect) = state.suspect() {
        lines.extend(summary(canvas, &neighbourhood(&state.estate, &suspect)));
        lines.extend(legend(canvas, action, blast.is_some()));
        let hit = match blast {
            Some(blast) => format!("{} hit by {action}", blast.scope.len()),
            None => format!("no forecast for {action}"),
        };
        let dot = styles.glyphs.dot;
        let at = selected.map_or(0, |index| index + 1);
        format!("Neighbours {at}/{} {dot} {hit}", rows.len())
    } else {
        let words = "no suspect: select a finding that names an instance (1), or take an instance \
                     from here (enter)";
        lines.extend(canvas.prose(words, styles.dim));
        format!("Interfaces {}", rows.len())
    };
    let room = canvas.height.saturating_sub(lines.len());
    lines.extend(canvas.rows(&rows, selected, room, |row| line(canvas, row, blast)));
    Content { title, lines }
}

fn legend<'a>(canvas: &Canvas<'a>, action: Action, known: bool) -> [Line<'a>; 2] {
    let (styles, glyphs) = (canvas.styles, &canvas.styles.glyphs);
    let marks = if known {
        format!(
            "under {action}: {} cut at the subnet's edge, {} not touched",
            glyphs.failed, glyphs.idle
        )
    } else {
        format!("under {action}: ? unknown, there is no plan for it")
    };
    let letters = "shares: s subnet, n network ACL, t route table, g group, r role";
    [
        canvas.line(&marks, styles.plain),
        canvas.line(letters, styles.dim),
    ]
}

fn summary<'a>(canvas: &Canvas<'a>, around: &crate::analysis::Neighbourhood) -> Vec<Line<'a>> {
    let dot = canvas.styles.glyphs.dot;
    let counts = format!(
        "share the subnet {} {dot} NACL {} {dot} route table {} {dot} groups {} {dot} role {}",
        around.count(Link::Subnet),
        around.count(Link::Acl),
        around.count(Link::RouteTable),
        around.count(Link::Group),
        around.count(Link::Role),
    );
    let kinds: Vec<String> = around
        .subnet_kinds()
        .iter()
        .map(|(kind, count)| format!("{} {count}", kind.name()))
        .collect();
    let kinds = format!("in the subnet: {}", kinds.join(", "));
    vec![
        canvas.line(&counts, canvas.styles.strong),
        canvas.line(&kinds, canvas.styles.plain),
    ]
}

fn line<'a>(canvas: &Canvas<'a>, row: &Neighbour, blast: Option<&Blast>) -> Line<'a> {
    let (state, styles) = (canvas.state, canvas.styles);
    let eni = state.estate.eni(&row.eni);
    let address = eni
        .and_then(crate::model::Eni::primary)
        .map(|it| it.to_string());
    let (mark, style) = match blast.map(|it| it.scope.contains(&row.eni)) {
        Some(true) => (styles.glyphs.failed, styles.bad),
        Some(false) => (styles.glyphs.idle, styles.dim),
        None => ("?", styles.dim),
    };
    let label_width = canvas.width.saturating_sub(2 + 6 + 16 + 22).max(20);
    Line::from(vec![
        Span::styled(format!("{mark} "), style),
        Span::raw(pad(&row.label, label_width, &styles.glyphs)),
        Span::styled(format!(" {} ", shares(&row.shared)), styles.dim),
        Span::raw(pad(&address.unwrap_or_default(), 15, &styles.glyphs)),
        Span::raw(" "),
        Span::styled(pad(row.eni.as_str(), 21, &styles.glyphs), styles.dim),
    ])
}

fn shares(shared: &BTreeSet<Link>) -> String {
    let letter = |link: &Link| match link {
        Link::Subnet => 's',
        Link::Acl => 'n',
        Link::RouteTable => 't',
        Link::Group => 'g',
        Link::Role => 'r',
    };
    let shown = |link: Link| {
        if shared.contains(&link) {
            letter(&link)
        } else {
            '-'
        }
    };
    Link::ALL.into_iter().map(shown).collect()
}
