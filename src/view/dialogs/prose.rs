//! Words of a dialog, line by line.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

use super::super::styles::Styles;
use super::super::text::wrap;

/// Lines of text as they are put together.
pub(super) struct Prose<'a> {
    width: usize,
    pub(super) lines: Vec<Line<'a>>,
}

impl Prose<'_> {
    /// No lines yet, of so many columns.
    pub(super) fn new(width: usize) -> Self {
        Self {
            width,
            lines: Vec::new(),
        }
    }

    /// A paragraph.
    pub(super) fn add(&mut self, words: &str, style: Style) {
        self.hanging("", "", words, style);
    }

    /// The same, set in by two columns.
    pub(super) fn inner(&mut self, words: &str, style: Style) {
        self.hanging("  ", "  ", words, style);
    }

    /// A paragraph whose first line begins with one text, and each other one with another: spaces, but for
    /// a name. The longer of them takes its room from every line.
    pub(super) fn hanging(&mut self, first: &str, next: &str, words: &str, style: Style) {
        let room = self.width.saturating_sub(first.len().max(next.len()));
        for (index, line) in wrap(words, room).into_iter().enumerate() {
            let start = if index == 0 { first } else { next };
            self.lines
                .push(Line::styled(format!("{start}{line}"), style));
        }
    }
}

/// Draws lines from some line on, at the most from where all others fit; how many are below.
pub(super) fn scrolled(
    frame: &mut Frame<'_>,
    mut lines: Vec<Line<'_>>,
    scroll: u16,
    area: Rect,
) -> usize {
    let hidden = lines.len().saturating_sub(usize::from(area.height));
    let above = usize::from(scroll).min(hidden);
    lines.drain(..above);
    frame.render_widget(Paragraph::new(lines), area);
    hidden - above
}

/// The same above a rule that tells how many are below.
pub(super) fn scrolled_above_rule(
    frame: &mut Frame<'_>,
    styles: &Styles,
    lines: Vec<Line<'_>>,
    scroll: u16,
    area: Rect,
) {
    let [body, foot] = Layout::vertical([Constraint::Min(0), Constraint::Length(1)]).areas(area);
    let width = usize::from(foot.width);
    let more = match scrolled(frame, lines, scroll, body) {
        0 => String::new(),
        below => format!(" {below} more lines below (down, pgdn) "),
    };
    let rule = Line::styled(format!("{more:-^width$}"), styles.dim);
    frame.render_widget(Paragraph::new(rule), foot);
}
