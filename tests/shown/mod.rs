//! What is on the screen: frames as buffers, as text, and as words.

use firedoor::view::{self, Depth, Styles};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::Modifier;
use unicode_width::UnicodeWidthStr;

use super::world::Console;

pub(crate) const SMALL: (u16, u16) = (80, 24);
pub(crate) const MEDIUM: (u16, u16) = (120, 36);
pub(crate) const LARGE: (u16, u16) = (200, 60);
pub(crate) const SIZES: [(u16, u16); 3] = [SMALL, MEDIUM, LARGE];

pub(crate) fn draw(console: &Console, (width, height): (u16, u16), styles: &Styles) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let frame = terminal.draw(|frame| view::draw(frame, &console.state, styles));
    frame.unwrap().buffer.clone()
}

pub(crate) fn rows(buffer: &Buffer) -> Vec<Vec<&Cell>> {
    let width = usize::from(buffer.area.width.max(1));
    let rows = buffer.content.chunks(width);
    rows.map(|row| {
        let mut skip = 0;
        let mut cells = Vec::new();
        for cell in row {
            if skip == 0 {
                cells.push(cell);
                skip = cell.symbol().width().max(1);
            }
            skip -= 1;
        }
        cells
    })
    .collect()
}

pub(crate) fn text(buffer: &Buffer) -> String {
    let line = |cells: &Vec<&Cell>| {
        let line: String = cells.iter().map(|it| it.symbol()).collect();
        line.trim_end().to_owned() + "\n"
    };
    rows(buffer).iter().map(line).collect()
}

/// The frame as text, in colour and with all glyphs.
pub(crate) fn screen(console: &Console, size: (u16, u16)) -> String {
    text(&draw(console, size, &Styles::new(Depth::Ansi16, true)))
}

/// The words of a frame without borders and line breaks: a sentence may be wrapped.
pub(crate) fn words(console: &Console, size: (u16, u16)) -> String {
    let text = screen(console, size).replace(['│', '┌', '└', '┐', '┘', '─'], " ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[track_caller]
pub(crate) fn assert_says(console: &Console, size: (u16, u16), sentence: &str) {
    let words = words(console, size);
    assert!(
        words.contains(sentence),
        "not said: {sentence}\n{}",
        screen(console, size)
    );
}

/// The cells of the first place where `text` is written.
pub(crate) fn cells_of(buffer: &Buffer, text: &str) -> Vec<Cell> {
    let length = text.chars().count();
    for row in rows(buffer) {
        for start in 0..row.len().saturating_sub(length - 1) {
            let cells = &row[start..start + length];
            let written: String = cells.iter().map(|it| it.symbol()).collect();
            if written == text {
                return cells.iter().map(|it| (*it).clone()).collect();
            }
        }
    }
    panic!("{text:?} is not on screen:\n{}", self::text(buffer))
}

pub(crate) fn all_have(cells: &[Cell], modifier: Modifier) -> bool {
    cells.iter().all(|it| it.modifier.contains(modifier))
}
