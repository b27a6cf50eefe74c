//! Pane 5: the catalogue, with what each action does to others.

use ratatui::text::{Line, Span};

use super::super::text::pad;
use super::{Canvas, Content};
use crate::analysis::{Blast, blast};
use crate::app::AppState;
use crate::plan::{self, Action, Dwell, Intent, Plan};

pub(super) fn content<'a>(canvas: &Canvas<'a>) -> Content<'a> {
    let (state, styles) = (canvas.state, canvas.styles);
    let rows = state.action_rows();
    let selected = state.cursors.actions.resolve(&rows);
    let mut lines = vec![canvas.line(
        &format!(
            "{:<16} {:<9} {:>9}  what it does",
            "action", "scope", "others hit"
        ),
        styles.dim,
    )];
    let room = canvas.height.saturating_sub(5);
    lines.extend(canvas.rows(&rows, selected, room, |action| line(canvas, *action)));
    if let Some(action) = selected.and_then(|index| rows.get(index)) {
        lines.extend(detail(canvas, *action));
    }
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

fn line<'a>(canvas: &Canvas<'a>, action: Action) -> Line<'a> {
    let styles = canvas.styles;
    let (hits, style) = match (action.available(), preview(canvas.state, action)) {
        (false, _) => ("not yet".to_string(), styles.dim),
        (true, Ok((_, blast))) if blast.hits.is_empty() => ("0".to_string(), styles.good),
        (true, Ok((_, blast))) => (format!("{} ENIs", blast.hits.len()), styles.bad),
        (true, Err(_)) => ("no plan".to_string(), styles.warn),
    };
    let body = if action.available() {
        styles.plain
    } else {
        styles.dim
    };
    let width = canvas.width.saturating_sub(16 + 1 + 9 + 1 + 9 + 2);
    Line::from(vec![
        Span::styled(
            format!("{:<16} {:<9} ", action.name(), action.scope().name()),
            body,
        ),
        Span::styled(format!("{hits:>9}"), style),
        Span::raw("  "),
        Span::styled(pad(action.summary(), width, &styles.glyphs), body),
    ])
}

fn detail<'a>(canvas: &Canvas<'a>, action: Action) -> Vec<Line<'a>> {
    let styles = canvas.styles;
    let mut lines = vec![Line::default()];
    if !action.available() {
        lines.extend(canvas.prose("not available in this version", styles.warn));
    }
    lines.extend(canvas.prose(action.caveat(), styles.warn));
    if action.available()
        && canvas.state.suspect().is_some()
        && let Err(why) = preview(canvas.state, action)
    {
        lines.extend(canvas.prose(&why, styles.bad));
    }
    lines
}

/// The selected action, and whom it hits.
pub(super) fn selected_blast(state: &AppState) -> (Action, Blast) {
    let rows = state.action_rows();
    let action = state
        .cursors
        .actions
        .selected(&rows)
        .copied()
        .unwrap_or(Action::ALL[0]);
    (
        action,
        preview(state, action).map(|it| it.1).unwrap_or_default(),
    )
}

fn preview(state: &AppState, action: Action) -> Result<(Plan, Blast), String> {
    let suspect = state.suspect().ok_or("no suspect")?;
    let intent = Intent {
        action,
        suspect,
        case: state.settings.case.clone(),
        stamp: String::new(),
        dwell: Dwell {
            slowest_gap: None,
            max: state.settings.max_dwell,
        },
    };
    let plan = plan::build(&state.estate, &intent).map_err(|error| error.to_string())?;
    let blast = blast(&state.estate, &plan.suspect, plan.operations());
    Ok((plan, blast))
}
