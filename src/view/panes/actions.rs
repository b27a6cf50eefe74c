//! Pane 5: the catalogue, with what each action does to others.

use ratatui::text::{Line, Span};

use super::super::text::pad;
use super::{Canvas, Content};
use crate::analysis::Blast;
use crate::app::AppState;
use crate::plan::{Action, PlanError};

/// Columns of an action's name: longer ones are cut.
const NAME: usize = 18;

pub(super) fn content<'a>(canvas: &Canvas<'a>) -> Content<'a> {
    let (state, styles) = (canvas.state, canvas.styles);
    let rows = state.action_rows();
    let selected = state.cursors.actions.resolve(&rows);
    let mut lines = vec![canvas.line(
        &format!(
            "{:<18} {:<9} {:>9}  what it does",
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
    let (hits, style) = match forecast(canvas.state, action) {
        None => ("-".to_string(), styles.dim),
        Some(Ok(blast)) if blast.scope.is_empty() => ("0".to_string(), styles.good),
        Some(Ok(blast)) => (format!("{} ENIs", blast.scope.len()), styles.bad),
        Some(Err(PlanError::AlreadySo(..))) => ("already".to_string(), styles.good),
        Some(Err(PlanError::Nothing { .. })) => ("nothing".to_string(), styles.dim),
        Some(Err(PlanError::NotPossible { .. })) => ("can't".to_string(), styles.dim),
        Some(Err(_)) => ("no plan".to_string(), styles.warn),
    };
    let body = if action.runs() {
        styles.plain
    } else {
        styles.dim
    };
    let width = canvas.width.saturating_sub(NAME + 1 + 9 + 1 + 9 + 2);
    Line::from(vec![
        Span::styled(
            format!(
                "{} {:<9} ",
                pad(action.name(), NAME, &styles.glyphs),
                action.scope().name()
            ),
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
    if let Some(Err(why)) = forecast(canvas.state, action) {
        lines.extend(canvas.prose(&why.to_string(), styles.bad));
    }
    let entry = action.entry();
    let caveat = if entry.possible && !entry.runs {
        format!("Forecast only in this version. {}", entry.caveat)
    } else {
        entry.caveat.to_string()
    };
    lines.extend(canvas.prose(&caveat, styles.warn));
    lines
}

/// The selected action, and whom it reaches; `None` where there is no plan to tell it from.
pub(super) fn selected_blast(state: &AppState) -> (Action, Option<&Blast>) {
    let action = state.selected_action().unwrap_or(Action::ALL[0]);
    (action, forecast(state, action).and_then(Result::ok))
}

/// Whom an action reaches, or why there is no plan for it; `None` without a suspect.
fn forecast(state: &AppState, action: Action) -> Option<Result<&Blast, &PlanError>> {
    let outlook = state.forecast(action)?;
    Some(outlook.as_ref().map(|it| &it.blast))
}
