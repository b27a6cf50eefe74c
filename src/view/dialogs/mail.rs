//! Messages to the players of an exercise: a list, the text of one, and the answer that is being written.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use unicode_width::UnicodeWidthStr;

use super::super::styles::Styles;
use super::super::text::{end_of, fit, pad, wrap};
use super::popup;
use super::prose::scrolled;
use crate::app::{AppState, Mail, Mode, Playing};
use crate::sources::Message;

/// Rows of the list at the most.
const LIST: usize = 7;

pub(super) fn draw(
    frame: &mut Frame<'_>,
    state: &AppState,
    styles: &Styles,
    mail: &Mail,
    area: Rect,
) {
    let Some(playing) = &state.playing else {
        return;
    };
    let inner = popup(frame, styles, area, " Messages ", 100, 24);
    let ids = playing.ids();
    let rows = u16::try_from(ids.len().clamp(1, LIST)).unwrap_or(1);
    let [list, body, foot] = Layout::vertical([
        Constraint::Length(rows),
        Constraint::Min(0),
        Constraint::Length(3),
    ])
    .areas(inner);
    let width = usize::from(inner.width);
    let at = mail.cursor.resolve(&ids).unwrap_or(0);
    let first = at.saturating_sub(usize::from(rows).saturating_sub(1));
    let lines: Vec<Line<'_>> = ids
        .iter()
        .enumerate()
        .skip(first)
        .take(usize::from(rows))
        .filter_map(|(index, id)| Some((index == at, playing.message(*id)?)))
        .map(|(is_selected, it)| row(it, is_selected, styles, width))
        .collect();
    frame.render_widget(Paragraph::new(lines), list);
    let Some(message) = mail.selected(playing) else {
        return;
    };
    scrolled(frame, text(message, styles, width), mail.scroll, body);
    let lines = foot_lines(state, styles, playing, message, mail, width);
    frame.render_widget(Paragraph::new(lines), foot);
}

fn row<'a>(message: &Message, is_selected: bool, styles: &Styles, width: usize) -> Line<'a> {
    let (word, style) = match (message.is_open(), message.asks) {
        (true, _) => ("to answer", styles.alarm),
        (false, true) => ("answered ", styles.good),
        (false, false) => ("         ", styles.plain),
    };
    let mark = if is_selected { ">" } else { " " };
    let words = format!(
        " {} {} {}",
        message.at.format("%H:%M:%S"),
        pad(&message.from, 16, &styles.glyphs),
        message.text
    );
    let words = fit(&words, width.saturating_sub(word.len() + 1), &styles.glyphs);
    let line = Line::from(vec![
        Span::raw(mark),
        Span::styled(word, style),
        Span::raw(words),
    ]);
    if is_selected {
        line.style(styles.strong)
    } else {
        line
    }
}

/// The message in full, and what was answered.
fn text<'a>(message: &Message, styles: &Styles, width: usize) -> Vec<Line<'a>> {
    let head = format!(
        "From {} at {}",
        message.from,
        message.at.format("%H:%M:%SZ")
    );
    let mut lines = vec![
        Line::styled("-".repeat(width), styles.dim),
        Line::styled(fit(&head, width, &styles.glyphs), styles.strong),
    ];
    lines.extend(wrap(&message.text, width).into_iter().map(Line::from));
    if let Some(answer) = &message.answer {
        let said = format!("You at {}: {}", answer.at.format("%H:%M:%SZ"), answer.text);
        lines.push(Line::default());
        let said = wrap(&said, width).into_iter();
        lines.extend(said.map(|it| Line::styled(it, styles.good)));
    }
    lines
}

fn foot_lines<'a>(
    state: &AppState,
    styles: &Styles,
    playing: &Playing,
    message: &Message,
    mail: &Mail,
    width: usize,
) -> Vec<Line<'a>> {
    let rule = Line::styled("-".repeat(width), styles.dim);
    let is_open = message.is_open() && state.settings.mode != Mode::Replay;
    let input = if is_open {
        let label = "Answer: ";
        let room = width.saturating_sub(label.width() + 1);
        Line::from(vec![
            Span::styled(label, styles.strong),
            Span::raw(end_of(playing.draft(message.id), room)),
            Span::styled("_", styles.focus),
        ])
    } else {
        Line::styled("no answer is wanted", styles.dim)
    };
    let (words, style) = match &mail.refused {
        Some(why) => (why.as_str(), styles.bad),
        None if is_open => ("enter sends it; it can't be taken back", styles.dim),
        None => ("", styles.dim),
    };
    let words = fit(words, width, &styles.glyphs);
    vec![rule, input, Line::styled(words, style)]
}
