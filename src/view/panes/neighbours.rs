//! Pane 3: the neighbours as a picture, and the interface under the cursor in words.

mod story;

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::super::text::{fit, pad};
use super::super::verdicts::mark_style;
use super::{Canvas, Content};
use crate::analysis::{Link, Role, eni_label};
use crate::app::{Grid, GridLine, Mark, Marks, Part, Picture, Section};
use crate::model::{PartKind, SubnetId};
use crate::sources::Feed;

pub(super) fn content<'a>(canvas: &Canvas<'a>) -> Content<'a> {
    let state = canvas.state;
    let picture = &*state.selected.picture;
    let selected = state.cursors.neighbours.resolve(&picture.enis);
    let mut lines = canvas
        .trouble(Feed::Part(PartKind::Enis))
        .unwrap_or_default();
    lines.extend(header(canvas, picture));
    // Who is under the cursor is said below the picture, which keeps more than half of the pane.
    let detail = (canvas.height * 2 / 5).min(14);
    let room = canvas.height.saturating_sub(lines.len() + detail);
    let at = selected.unwrap_or(0);
    lines.extend(window(canvas, picture, at, room));
    if let Some(story) = &state.selected.story {
        lines.resize(canvas.height.saturating_sub(detail), Line::default());
        lines.extend(story::lines(canvas, story, detail));
    }
    Content {
        title: title(canvas, picture, selected),
        lines,
    }
}

fn title(canvas: &Canvas<'_>, picture: &Picture, selected: Option<usize>) -> String {
    let count = picture.enis.len();
    let at = selected.map_or(0, |index| index + 1);
    if picture.everyone {
        return format!("Interfaces {at}/{count}");
    }
    let (state, dot) = (canvas.state, canvas.styles.glyphs.dot);
    let under = match (state.selected_action(), state.selected_outlook()) {
        (Some(action), Some(_)) => {
            let hit = Mark::ALL.into_iter().filter(|it| it.is_hit());
            let hit: usize = hit.map(|it| picture.counts.get(it)).sum();
            format!("{hit} hit by {action}")
        }
        (Some(action), None) => format!("no forecast for {action}"),
        (None, _) => "no action is selected".into(),
    };
    format!("Neighbours {at}/{count} {dot} {under}")
}

fn header<'a>(canvas: &Canvas<'a>, picture: &Picture) -> Vec<Line<'a>> {
    let (state, styles) = (canvas.state, canvas.styles);
    let dot = styles.glyphs.dot;
    if picture.everyone {
        let words = "no suspect: select a finding that names an instance (1), or take an instance \
                     from here (enter)";
        return canvas.prose(words, styles.dim);
    }
    let around = &state.selected.around;
    let shared = format!(
        "share the subnet {} {dot} NACL {} {dot} route table {} {dot} groups {} {dot} role {}",
        around.count(Link::Subnet),
        around.count(Link::Acl),
        around.count(Link::RouteTable),
        around.count(Link::Group),
        around.count(Link::Role),
    );
    let mut lines = vec![canvas.line(&shared, styles.dim), legend(canvas, picture)];
    lines.extend(second_order(canvas));
    lines
}

/// The letters that occur, with their meaning and number.
fn legend<'a>(canvas: &Canvas<'a>, picture: &Picture) -> Line<'a> {
    let styles = canvas.styles;
    let present: Vec<_> = picture.counts.present().collect();
    let long: Vec<String> = present
        .iter()
        .map(|(mark, count)| format!(" {count} {}  ", mark.words()))
        .collect();
    let width: usize = long.iter().map(|it| it.chars().count() + 1).sum();
    let mut spans = Vec::new();
    for ((mark, count), long) in present.into_iter().zip(long) {
        let style = mark_style(mark, styles);
        spans.push(Span::styled(mark.letter().to_string(), style));
        // In a narrow column only what comes before a comma is said.
        let words = if width <= canvas.width + 2 {
            long
        } else {
            let short = mark.words().split(',').next().unwrap_or_default();
            format!(" {count} {short}  ")
        };
        spans.push(Span::styled(words, styles.plain));
    }
    Line::from(spans)
}

/// Subnets that depend on what is hit here.
fn second_order<'a>(canvas: &Canvas<'a>) -> Option<Line<'a>> {
    let dependents = &canvas.state.selected_outlook()?.blast.dependents;
    if dependents.is_empty() {
        return None;
    }
    let names: Vec<&str> = dependents
        .iter()
        .map(|id| subnet_name(canvas, id))
        .collect();
    let count = names.len();
    let words = format!(
        "second order: {count} other subnets depend on what is in here: {}",
        names.join(", ")
    );
    Some(canvas.line(&words, canvas.styles.warn))
}

fn subnet_name<'a>(canvas: &Canvas<'a>, id: &'a SubnetId) -> &'a str {
    let name = canvas.state.estate.subnet(id).map(|it| it.name.as_str());
    name.filter(|it| !it.is_empty()).unwrap_or(id.as_str())
}

/// The lines of the picture around the cursor, under the heading of the section that they begin in.
fn window<'a>(canvas: &Canvas<'a>, picture: &Picture, at: usize, height: usize) -> Vec<Line<'a>> {
    let grid = picture.grid(canvas.width);
    let first = grid.line_of(at).saturating_sub(height / 2);
    let first = first.min(grid.lines.len().saturating_sub(height));
    let mut before = grid.lines.iter().take(first + 1).rev();
    let section = before.find(|it| matches!(it, GridLine::Section(_)));
    let rest = grid.lines.iter().skip(first + 1);
    let lines = section.into_iter().chain(rest).take(height);
    lines
        .map(|line| match line {
            GridLine::Section(index) => {
                let section = picture.sections.get(*index);
                section
                    .map(|it| section_line(canvas, it))
                    .unwrap_or_default()
            }
            GridLine::Cells(parts) => cells(canvas, picture, grid.named, parts, at),
        })
        .collect()
}

fn section_line<'a>(canvas: &Canvas<'a>, section: &Section) -> Line<'a> {
    let estate = &canvas.state.estate;
    let subnet = estate.subnet(&section.subnet);
    let cells: usize = section.groups.iter().map(|(_, cells)| cells.len()).sum();
    let size = if section.whole {
        format!("{cells}")
    } else {
        format!(
            "{cells} of {}",
            estate.enis_of_subnet(&section.subnet).count()
        )
    };
    let name = subnet.map(|it| it.name.as_str()).unwrap_or_default();
    let name = fit(name, 20, &canvas.styles.glyphs);
    let block = subnet.and_then(|it| it.cidrs.first());
    let block = block.map(|it| format!(" {it}")).unwrap_or_default();
    // What is cut off in a narrow column is the id, which the suspect pane has too.
    let counts = tally(&section.counts);
    let words = format!(
        "{name}{block}: {counts}, {size} interfaces of {}",
        section.subnet
    );
    canvas.line(words.trim_start(), canvas.styles.strong)
}

fn tally(counts: &Marks) -> String {
    let counts = counts
        .present()
        .map(|(mark, count)| format!("{}{count}", mark.letter()));
    counts.collect::<Vec<_>>().join(" ")
}

fn cells<'a>(
    canvas: &Canvas<'a>,
    picture: &Picture,
    named: bool,
    parts: &[Part],
    at: usize,
) -> Line<'a> {
    let mut spans = Vec::new();
    for part in parts {
        spans.push(gutter(canvas, part.heading));
        for index in part.cells.clone() {
            spans.extend(cell(canvas, picture, named, index, index == at));
        }
        if parts.len() > 1 {
            let gap = Grid::TILE.saturating_sub(Grid::GUTTER + part.cells.len());
            spans.push(Span::raw(" ".repeat(gap)));
        }
    }
    Line::from(spans)
}

fn gutter<'a>(canvas: &Canvas<'a>, heading: Option<(Role, usize)>) -> Span<'a> {
    let words = match heading {
        Some((role, count)) => format!(" {count:>4} {}", role.name_of(count)),
        None => String::new(),
    };
    let glyphs = &canvas.styles.glyphs;
    let words = pad(&words, Grid::GUTTER - 1, glyphs);
    Span::styled(format!("{words} "), canvas.styles.plain)
}

fn cell<'a>(
    canvas: &Canvas<'a>,
    picture: &Picture,
    named: bool,
    index: usize,
    selected: bool,
) -> Vec<Span<'a>> {
    let (estate, styles) = (&canvas.state.estate, canvas.styles);
    let mark = picture.marks.get(index).copied().unwrap_or(Mark::Unknown);
    let under_cursor = |style: Style| {
        if selected {
            style.patch(styles.selected)
        } else {
            style
        }
    };
    let letter = Span::styled(
        mark.letter().to_string(),
        under_cursor(mark_style(mark, styles)),
    );
    if !named {
        return vec![letter];
    }
    let eni = picture.enis.get(index).and_then(|id| estate.eni(id));
    let name = eni.map(|it| eni_label(estate, it)).unwrap_or_default();
    let kind = eni.map(|it| it.kind.name()).unwrap_or_default();
    let name = fit(short_name(&name, kind), Grid::NAMED - 3, &styles.glyphs);
    let gap = (Grid::NAMED - 2).saturating_sub(name.width());
    vec![
        letter,
        Span::styled(format!(" {name}"), under_cursor(styles.plain)),
        Span::raw(" ".repeat(gap)),
    ]
}

/// What tells an interface from others of its group: not its kind, and not what the names of all endpoints
/// of a Region begin with.
fn short_name<'n>(name: &'n str, kind: &str) -> &'n str {
    let rest = name.strip_prefix(kind).map(str::trim);
    let rest = rest.filter(|it| !it.is_empty()).unwrap_or(name);
    let service = rest.strip_prefix("com.amazonaws.");
    let service = service.and_then(|it| it.split_once('.'));
    service.map_or(rest, |(_, service)| service)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_cells_keep_what_tells_them_apart() {
        for (name, kind, short) in [
            ("web-01", "instance", "web-01"),
            ("NAT gateway nat-a", "NAT gateway", "nat-a"),
            ("RDS", "RDS", "RDS"),
            (
                "VPC endpoint com.amazonaws.eu-west-1.ecr.dkr",
                "VPC endpoint",
                "ecr.dkr",
            ),
            ("com.amazonaws.x", "instance", "com.amazonaws.x"),
        ] {
            assert_eq!(short_name(name, kind), short);
        }
    }
}
