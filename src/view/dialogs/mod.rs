//! Dialogs over the panes.

mod confirm;
mod explained;
mod help;
mod mail;
mod open_runs;
mod prose;
mod step;

pub(super) use help::key_lines;
use ratatui::Frame;
use ratatui::layout::{Constraint, Flex, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph};

use super::styles::Styles;
use super::text;
use crate::app::{AppState, Dialog, safe_point};

/// Draws the open dialog, if there is one, inside `area`.
pub(super) fn draw(frame: &mut Frame<'_>, state: &AppState, styles: &Styles, area: Rect) {
    match &state.dialog {
        None => {}
        Some(Dialog::Help { scroll }) => help::draw(frame, state, styles, *scroll, area),
        Some(Dialog::Confirm(confirm)) => confirm::draw(frame, state, styles, confirm, area),
        Some(Dialog::Explained(it)) => explained::draw(frame, state, styles, it, area),
        Some(Dialog::Step { step, scroll }) => {
            step::draw(frame, state, styles, (*step, *scroll), area);
        }
        Some(Dialog::OpenRuns(open)) => open_runs::draw(frame, state, styles, open, area),
        Some(Dialog::Mail(it)) => mail::draw(frame, state, styles, it, area),
        Some(Dialog::Quit) => quit(frame, state, styles, area),
    }
}

fn quit(frame: &mut Frame<'_>, state: &AppState, styles: &Styles, area: Rect) {
    let point = state.run.as_ref().map(|it| safe_point(&it.plan));
    let words = format!(
        "A run is on its way. y stops it, and quits {}. Esc stays: the run goes on.",
        point.unwrap_or("after the calls in flight")
    );
    let inner = popup(frame, styles, area, " Quit? ", 64, 6);
    let lines: Vec<Line<'_>> = text::wrap(&words, usize::from(inner.width))
        .into_iter()
        .map(Line::from)
        .collect();
    frame.render_widget(Paragraph::new(lines), inner);
}

/// An empty box in the middle of `area`; returns its inside.
fn popup(
    frame: &mut Frame<'_>,
    styles: &Styles,
    area: Rect,
    title: &str,
    width: u16,
    height: u16,
) -> Rect {
    // Where it nearly fills the screen it does so: half a border at each side is only noise.
    let width = if area.width < width + 6 {
        area.width
    } else {
        width
    };
    let [area] = Layout::horizontal([Constraint::Max(width)])
        .flex(Flex::Center)
        .areas(area);
    let [area] = Layout::vertical([Constraint::Max(height)])
        .flex(Flex::Center)
        .areas(area);
    let title = text::fit(
        title,
        usize::from(area.width.saturating_sub(2)),
        &styles.glyphs,
    );
    let block = Block::bordered()
        .border_set(styles.glyphs.border)
        .border_style(styles.focus)
        .title(Span::styled(title, styles.focus));
    let inner = block.inner(area);
    frame.render_widget(Clear, area);
    frame.render_widget(block, area);
    inner
}
