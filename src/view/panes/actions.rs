//! Pane 5: every action compared, the recommended one first.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::super::styles::Styles;
use super::super::text::{bytes, fit, pad};
use super::{Canvas, Content};
use crate::app::{AppState, Choice};
use crate::plan::{Entry, Outlook, PlanError, RANKING, rate};

pub(super) fn content<'a>(canvas: &Canvas<'a>) -> Content<'a> {
    let (state, styles) = (canvas.state, canvas.styles);
    let rows = state.action_rows();
    let selected = state.cursors.actions.resolve(&rows);
    let table = Table::of(canvas.width);
    let mut lines = canvas.prose(&rule(canvas), styles.dim);
    lines.push(table.header(styles));
    let selected_action = selected.and_then(|index| rows.get(index));
    let detail = selected_action.map(|it| detail(canvas, &table, it));
    // The words about the selected action may take half of the pane; the rest of them is in its dialog.
    let detail = detail.unwrap_or_default();
    let room = canvas.height.saturating_sub(lines.len());
    let words = detail.len().min(room / 2);
    lines.extend(canvas.rows(&rows, selected, room - words, |action| {
        table.line(canvas, action)
    }));
    lines.resize(lines.len().max(canvas.height - words), Line::default());
    lines.extend(detail.into_iter().take(words));
    let mode = if state.settings.mode.allows_changes() {
        ""
    } else {
        " (read-only: preview only)"
    };
    Content {
        title: format!("Actions{mode}"),
        lines,
    }
}

fn rule(canvas: &Canvas<'_>) -> String {
    if canvas.state.forecasts.rows.is_empty() {
        return "no suspect: nothing to compare".into();
    }
    format!("* {RANKING}; you decide")
}

/// A column of the table. They are in the order of their importance: where there is no room, the last
/// ones go to the words about the selected action.
struct Column {
    title: &'static str,
    /// Without the gap before it.
    width: usize,
    cell: fn(&Outlook, &Styles) -> (String, Style),
}

/// Columns of an action's name at the least.
const NAME: usize = 16;

const COLUMNS: &[Column] = &[
    Column {
        title: "cut",
        width: 4,
        cell: |it, styles| own(it, it.tally.suspect.cut, styles.plain),
    },
    Column {
        title: "exp",
        width: 4,
        cell: |it, styles| own(it, it.tally.suspect.expiring, styles.plain),
    },
    Column {
        title: "surv",
        width: 4,
        cell: |it, styles| own(it, it.tally.suspect.surviving, styles.strong),
    },
    Column {
        title: "peer",
        width: 4,
        cell: peer,
    },
    Column {
        title: "hit",
        width: 4,
        cell: |it, styles| others(it, it.tally.hit().count().to_string(), styles),
    },
    Column {
        title: "B/min",
        width: 6,
        cell: |it, styles| others(it, bytes(it.tally.neighbours.bytes_per_minute_hit), styles),
    },
    Column {
        title: "undo",
        width: 4,
        cell: undo,
    },
    Column {
        title: "evid",
        width: 4,
        cell: evidence,
    },
    Column {
        title: "trips",
        width: 5,
        cell: |it, styles| (it.plan.round_trips().to_string(), styles.plain),
    },
    Column {
        title: "reach",
        width: 5,
        cell: |it, styles| {
            let style = if it.blast.scope.is_empty() {
                styles.good
            } else {
                styles.plain
            };
            (it.blast.scope.len().to_string(), style)
        },
    },
];

/// A number of the suspect's flows, if any is known.
fn own(outlook: &Outlook, count: u32, style: Style) -> (String, Style) {
    match outlook.tally.suspect.total() {
        0 => ("?".into(), style),
        _ => (count.to_string(), style),
    }
}

/// Whether the flows with the findings' peers end.
fn peer(outlook: &Outlook, styles: &Styles) -> (String, Style) {
    match outlook.ends_peers() {
        Some(true) => ("yes".into(), styles.good),
        Some(false) => ("no".into(), styles.bad),
        None => ("?".into(), styles.dim),
    }
}

/// Whether it can be taken back, and whether something stays behind then.
fn undo(outlook: &Outlook, styles: &Styles) -> (String, Style) {
    let actions = outlook.plan.actions();
    let all = |is: fn(&Entry) -> bool| actions.iter().all(|it| is(it.entry()));
    match (all(|it| it.reversible), all(|it| it.stays.is_empty())) {
        (true, true) => ("yes".into(), styles.good),
        (true, false) => ("part".into(), styles.plain),
        (false, _) => ("no".into(), styles.warn),
    }
}

fn evidence(outlook: &Outlook, styles: &Styles) -> (String, Style) {
    let actions = outlook.plan.actions();
    if actions.iter().all(|it| it.entry().evidence_lost.is_empty()) {
        ("kept".into(), styles.plain)
    } else {
        ("LOST".into(), styles.bad)
    }
}

/// What neighbours lose, as far as it is known.
fn others(outlook: &Outlook, text: String, styles: &Styles) -> (String, Style) {
    let unknown = outlook.tally.neighbours.total() == 0 && !outlook.blast.scope.is_empty();
    match (unknown, outlook.tally.neighbours.hit()) {
        (true, _) => ("?".into(), styles.warn),
        (false, 0) => (text, styles.good),
        (false, _) => (text, styles.bad),
    }
}

/// The table in a given width.
struct Table {
    name: usize,
    shown: &'static [Column],
    hidden: &'static [Column],
}

impl Table {
    /// As many columns as fit beside the name.
    fn of(width: usize) -> Self {
        let mut used = 3 + NAME;
        let fits = |column: &&Column| {
            used += column.width + 1;
            used <= width
        };
        let count = COLUMNS.iter().take_while(fits).count();
        let (shown, hidden) = COLUMNS.split_at(count);
        let taken: usize = shown.iter().map(|it| it.width + 1).sum();
        Self {
            name: width.saturating_sub(2 + taken).min(26),
            shown,
            hidden,
        }
    }

    fn header<'a>(&self, styles: &Styles) -> Line<'a> {
        let name = pad("action", self.name, &styles.glyphs);
        let mut spans = vec![Span::raw(format!("  {name}"))];
        for column in self.shown {
            spans.push(Span::raw(format!(" {:>1$}", column.title, column.width)));
        }
        Line::from(spans).style(styles.dim)
    }

    fn line<'a>(&self, canvas: &Canvas<'a>, choice: &Choice) -> Line<'a> {
        let (state, styles) = (canvas.state, canvas.styles);
        let mark = if is_recommended(state, choice) {
            "*"
        } else {
            " "
        };
        let outlook = state.forecast(choice);
        let body = match outlook {
            Some(Ok(_)) => styles.plain,
            _ => styles.dim,
        };
        let mut spans = vec![
            Span::styled(format!("{mark} "), styles.good),
            Span::styled(pad(choice.name(), self.name, &styles.glyphs), body),
        ];
        let (words, style) = match outlook {
            Some(Ok(outlook)) => {
                for column in self.shown {
                    let (text, style) = (column.cell)(outlook, styles);
                    let text = format!(" {text:>width$}", width = column.width);
                    spans.push(Span::styled(text, style));
                }
                return Line::from(spans);
            }
            Some(Err(why)) => no_plan(why, styles),
            None => match choice {
                Choice::Unusable(_) => (state.summary_of(choice), styles.bad),
                Choice::Action(_) | Choice::Playbook(_) => (state.summary_of(choice), styles.dim),
            },
        };
        let room = canvas.width.saturating_sub(3 + self.name);
        let words = fit(&words, room, &styles.glyphs);
        spans.push(Span::styled(format!(" {words}"), style));
        Line::from(spans)
    }
}

fn is_recommended(state: &AppState, choice: &Choice) -> bool {
    let first = state.forecasts.rows.first();
    first.is_some_and(|it| *choice == Choice::Action(it.action) && it.outlook.is_ok())
}

/// Why there is no plan, the kind of reason first.
fn no_plan(why: &PlanError, styles: &Styles) -> (String, Style) {
    match why {
        PlanError::AlreadySo(..) => ("already so".into(), styles.good),
        PlanError::Nothing { why, .. } => (format!("nothing to do: {why}"), styles.dim),
        PlanError::NotPossible { why, .. } => (format!("not possible: {why}"), styles.dim),
        other => (format!("no plan: {other}"), styles.warn),
    }
}

/// The selected row in words.
fn detail<'a>(canvas: &Canvas<'a>, table: &Table, choice: &Choice) -> Vec<Line<'a>> {
    let (state, styles) = (canvas.state, canvas.styles);
    let kind = match choice {
        Choice::Action(action) => action.entry().scope.name(),
        Choice::Playbook(_) => "playbook",
        Choice::Unusable(_) => "file",
    };
    let what = format!("{choice} ({kind}): {}", state.summary_of(choice));
    let mut lines = vec![canvas.line(&"-".repeat(canvas.width), styles.dim)];
    lines.extend(canvas.prose(&what, styles.strong));
    let outlook = state.forecast(choice);
    match outlook {
        Some(Err(why)) => lines.extend(canvas.prose(&why.to_string(), styles.bad)),
        Some(Ok(outlook)) => {
            lines.extend(canvas.prose(&facts(canvas, table, outlook), styles.plain));
        }
        None => {}
    }
    match choice {
        Choice::Action(action) => lines.extend(of_entry(canvas, action.entry())),
        Choice::Playbook(_) => lines.extend(parts(canvas, outlook)),
        Choice::Unusable(_) => {}
    }
    lines.extend(still_open(canvas, choice));
    lines
}

/// What is constant of an action.
fn of_entry<'a>(canvas: &Canvas<'a>, entry: &Entry) -> Vec<Line<'a>> {
    let styles = canvas.styles;
    let mut lines = canvas.prose(entry.caveat, styles.warn);
    if !entry.evidence_lost.is_empty() {
        let words = format!("evidence lost: {}", entry.evidence_lost);
        lines.extend(canvas.prose(&words, styles.bad));
    }
    if !entry.stays.is_empty() {
        let words = format!("stays after an undo: {}", entry.stays);
        lines.extend(canvas.prose(&words, styles.plain));
    }
    lines
}

/// What a playbook does here, and what it leaves out.
fn parts<'a>(canvas: &Canvas<'a>, outlook: Option<&Result<Outlook, PlanError>>) -> Vec<Line<'a>> {
    let Some(Ok(outlook)) = outlook else {
        return Vec::new();
    };
    let actions = outlook.plan.actions();
    let names: Vec<&str> = actions.iter().map(|it| it.name()).collect();
    let words = format!("here: {}", names.join(", "));
    let mut lines = canvas.prose(&words, canvas.styles.plain);
    for remark in &outlook.plan.remarks {
        lines.extend(canvas.prose(remark, canvas.styles.warn));
    }
    lines
}

/// The columns that have no room, and what no column says.
fn facts(canvas: &Canvas<'_>, table: &Table, outlook: &Outlook) -> String {
    let hidden = table.hidden.iter().map(|column| {
        let (text, _) = (column.cell)(outlook, canvas.styles);
        format!("{} {text}", column.title)
    });
    let mut facts: Vec<String> = hidden.collect();
    let hit = outlook.tally.neighbours;
    if hit.hit() > 0 {
        let lost = rate(hit.bytes_per_minute_hit);
        facts.push(format!("neighbours lose {} flows, {lost}", hit.hit()));
    }
    facts.push(format!("calls {}", outlook.plan.calls()));
    if outlook.plan.waits() > 0 {
        facts.push(format!("waits {} s", outlook.plan.waits()));
    }
    facts.join(&format!(" {} ", canvas.styles.glyphs.dot))
}

/// What stays open after it.
fn still_open<'a>(canvas: &Canvas<'a>, choice: &Choice) -> Vec<Line<'a>> {
    let state = canvas.state;
    let open = &state.selected.open;
    if state.selected_action().as_ref() != Some(choice) || open.is_empty() {
        return Vec::new();
    }
    let channels: Vec<&str> = open.iter().map(|it| it.channel.name()).collect();
    let words = format!("stays open: {}", channels.join(", "));
    canvas.prose(&words, canvas.styles.plain)
}
