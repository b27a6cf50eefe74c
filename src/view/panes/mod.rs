//! The six panes.

mod actions;
mod findings;
mod flows;
mod neighbours;
mod run;
mod suspect;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph};

use super::styles::Styles;
use super::text;
use crate::app::{AppState, FeedState, Pane};
use crate::sources::Feed;

pub(super) use run::{bound_prose, ending, left_at, outcome_style, proof_style, short_proof};
pub(super) use suspect::groups as groups_text;

/// What a pane needs to draw itself.
pub(super) struct Canvas<'a> {
    pub(super) state: &'a AppState,
    pub(super) styles: &'a Styles,
    /// Columns and rows inside the border.
    pub(super) width: usize,
    pub(super) height: usize,
}

/// What a pane draws: a title, and lines no wider than the canvas.
pub(super) struct Content<'a> {
    pub(super) title: String,
    pub(super) lines: Vec<Line<'a>>,
}

/// Draws one pane with its border.
pub(super) fn draw(
    frame: &mut Frame<'_>,
    state: &AppState,
    styles: &Styles,
    pane: Pane,
    area: Rect,
) {
    let canvas = Canvas {
        state,
        styles,
        width: usize::from(area.width.saturating_sub(2)),
        height: usize::from(area.height.saturating_sub(2)),
    };
    let content = match pane {
        Pane::Findings => findings::content(&canvas),
        Pane::Suspect => suspect::content(&canvas),
        Pane::Neighbours => neighbours::content(&canvas),
        Pane::Flows => flows::content(&canvas),
        Pane::Actions => actions::content(&canvas),
        Pane::Run => run::content(&canvas),
    };
    let border = if pane == state.focus {
        styles.focus
    } else {
        styles.border
    };
    let title = format!(" {} {} ", pane.digit(), content.title);
    let title = text::fit(&title, canvas.width, &styles.glyphs);
    let mut block = Block::bordered()
        .border_set(styles.glyphs.border)
        .border_style(border)
        .title(Span::styled(title, border));
    if let Some(filter) = state.filters.get(&pane) {
        let filter = text::fit(&format!(" /{filter} "), canvas.width, &styles.glyphs);
        block = block.title_bottom(Span::styled(filter, styles.warn));
    }
    frame.render_widget(Paragraph::new(content.lines).block(block), area);
}

impl<'a> Canvas<'a> {
    /// A line of styled text, cut to the canvas.
    pub(super) fn line(&self, words: &str, style: ratatui::style::Style) -> Line<'a> {
        Line::styled(text::fit(words, self.width, &self.styles.glyphs), style)
    }

    /// Text wrapped to the canvas.
    pub(super) fn prose(&self, words: &str, style: ratatui::style::Style) -> Vec<Line<'a>> {
        text::wrap(words, self.width)
            .into_iter()
            .map(|line| self.line(&line, style))
            .collect()
    }

    /// The rows of a list that are in view, the selected one reversed if the pane has the focus and
    /// marked in any case.
    pub(super) fn rows<T>(
        &self,
        all: &[T],
        selected: Option<usize>,
        height: usize,
        row: impl Fn(&T) -> Line<'a>,
    ) -> Vec<Line<'a>> {
        let at = selected.unwrap_or(0);
        let first = at.saturating_sub(height.saturating_sub(1));
        let visible = all.iter().enumerate().skip(first).take(height);
        visible
            .map(|(index, item)| {
                let line = row(item);
                if Some(index) == selected {
                    line.style(self.styles.selected)
                } else {
                    line
                }
            })
            .collect()
    }

    /// One sentence on a feed that has not delivered, with the reason.
    pub(super) fn trouble(&self, feed: Feed) -> Option<Vec<Line<'a>>> {
        let health = self.state.feed(feed);
        let error = health.error.as_ref().map(|it| it.message.clone());
        match health.state(self.state.now) {
            FeedState::Absent | FeedState::Denied | FeedState::Throttled | FeedState::Failed => {
                Some(self.prose(&error.unwrap_or_default(), self.styles.bad))
            }
            FeedState::Fresh | FeedState::Stale | FeedState::Waiting | FeedState::Loading => None,
        }
    }
}
