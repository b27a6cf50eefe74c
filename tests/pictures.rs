//! The README's pictures are the real screen: drawn here from the embedded world, and compared.
//!
//! `UPDATE_PICTURES=1` writes them anew.

#![expect(clippy::panic, clippy::unwrap_used, reason = "tests")]

mod world;

use std::fmt::Write as _;
use std::path::Path;

use firedoor::app::{Input, Key, Message, Mode, Pane};
use firedoor::executor::{RunEventKind, StepOutcome};
use firedoor::operation::StepId;
use firedoor::view::{self, Depth, Styles};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

use world::Console;

/// A character cell, in SVG units.
const CELL: (usize, usize) = (8, 17);
const PAPER: &str = "#1c1f26";
const INK: &str = "#d5d8df";

#[test]
fn the_console_is_pictured() {
    let mut console = Console::loaded(Mode::Drill);
    console.send(Message::Input(Input::Resize {
        columns: 160,
        rows: 45,
    }));
    console.select("nacl-swap");
    console.show(Pane::Neighbours);
    console.key(Key::Char('n'));
    compare("console", &console, (160, 45));
}

#[test]
fn the_confirm_dialog_is_pictured() {
    let mut console = Console::loaded(Mode::Drill);
    console.preview("nacl-swap");
    console.typed("ee");
    compare("confirm", &console, (80, 24));
}

#[test]
fn a_run_is_pictured() {
    let mut console = Console::loaded(Mode::Drill);
    let plan = console.start("sg-two-step");
    console.begin(plan);
    for number in 1..=6 {
        let step = StepId(number);
        console.run(RunEventKind::Begun { step });
        let message = if number == 2 {
            "sg-0be3f90b209674eec"
        } else {
            "read back"
        };
        let outcome = StepOutcome::Done {
            message: message.into(),
        };
        console.run(RunEventKind::Ended { step, outcome });
    }
    console.run(RunEventKind::Begun { step: StepId(7) });
    console.pass(2);
    compare("run", &console, (80, 24));
}

fn compare(name: &str, console: &Console, (width, height): (u16, u16)) {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let mut state = console.state.clone();
    state.size = (width, height);
    let styles = Styles::new(Depth::Ansi16, true);
    terminal
        .draw(|frame| view::draw(frame, &state, &styles))
        .unwrap();
    let drawn = svg(terminal.backend().buffer());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("assets/pictures/{name}.svg"));
    if std::env::var_os("UPDATE_PICTURES").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, drawn).unwrap();
        return;
    }
    let shown = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        shown == drawn,
        "{} is not what the program draws: UPDATE_PICTURES=1 cargo test --test pictures",
        path.display()
    );
}

/// The buffer as a picture: one text element for each run of cells that look alike.
fn svg(buffer: &Buffer) -> String {
    let (columns, lines) = (
        usize::from(buffer.area.width),
        usize::from(buffer.area.height),
    );
    let (width, height) = (columns * CELL.0 + 16, lines * CELL.1 + 16);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"ui-monospace, \
         Menlo, Consolas, 'DejaVu Sans Mono', monospace\" font-size=\"13\">\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"6\" fill=\"{PAPER}\"/>\n"
    );
    for (row, cells) in buffer.content.chunks(columns).enumerate() {
        let mut column = 0;
        for alike in cells.chunk_by(same_look) {
            run_of_cells(&mut out, alike, column, row);
            column += alike.len();
        }
    }
    out.push_str("</svg>\n");
    out
}

fn same_look(a: &Cell, b: &Cell) -> bool {
    (a.fg, a.bg, a.modifier) == (b.fg, b.bg, b.modifier)
}

fn run_of_cells(out: &mut String, cells: &[Cell], column: usize, row: usize) {
    let text: String = cells.iter().map(Cell::symbol).collect();
    let look = &cells[0];
    let reversed = look.modifier.contains(Modifier::REVERSED);
    if text.trim().is_empty() && !reversed {
        return;
    }
    let (x, y) = (8 + column * CELL.0, 8 + row * CELL.1);
    let width = cells.len() * CELL.0;
    let ink = ink(look.fg);
    if reversed {
        writeln!(
            out,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{}\" fill=\"{ink}\"/>",
            CELL.1
        )
        .unwrap();
    }
    let fill = if reversed { PAPER } else { ink };
    let bold = if look.modifier.contains(Modifier::BOLD) {
        " font-weight=\"bold\""
    } else {
        ""
    };
    for (at, word) in words(&text) {
        let x = x + at * CELL.0;
        let word = word.replace('&', "&amp;").replace('<', "&lt;");
        writeln!(
            out,
            "<text x=\"{x}\" y=\"{}\" fill=\"{fill}\"{bold}>{word}</text>",
            y + 13
        )
        .unwrap();
    }
}

/// Words with their columns: each is placed by itself, so that the grid holds whatever the font.
fn words(text: &str) -> Vec<(usize, String)> {
    let mut words: Vec<(usize, String)> = Vec::new();
    let mut open = false;
    for (column, c) in text.chars().enumerate() {
        if c == ' ' {
            open = false;
        } else if open {
            words.last_mut().unwrap().1.push(c);
        } else {
            words.push((column, c.to_string()));
            open = true;
        }
    }
    words
}

fn ink(color: Color) -> &'static str {
    match color {
        Color::Red => "#f06c75",
        Color::Green => "#8cc265",
        Color::Yellow => "#d9a55b",
        Color::Magenta => "#d07be6",
        Color::Cyan => "#4fb7c5",
        Color::DarkGray => "#7d8590",
        _ => INK,
    }
}
