//! Keys in dialogs that are read.

use super::super::keymap::Command;
use super::super::message::Effect;
use super::super::state::{AppState, Dialog};

impl AppState {
    /// A key while a text is read.
    pub(super) fn read(&mut self, command: Command) -> Vec<Effect> {
        match (&mut self.dialog, command) {
            (_, Command::Back) => self.dialog = None,
            (Some(Dialog::Help { scroll }), other) => scroll_by(scroll, other, 500),
            (Some(Dialog::Explained(it)), other) => scroll_by(&mut it.scroll, other, 500),
            // What a host prints is as long as it likes; the view knows where it ends.
            (Some(Dialog::Step { scroll, .. }), other) => scroll_by(scroll, other, u16::MAX),
            (
                Some(Dialog::Confirm(_) | Dialog::OpenRuns(_) | Dialog::Mail(_) | Dialog::Quit)
                | None,
                _,
            ) => {}
        }
        Vec::new()
    }

    pub(super) fn quit_dialog(&mut self, command: Command) -> Vec<Effect> {
        self.dialog = None;
        if command == Command::Quit {
            self.leave()
        } else {
            Vec::new()
        }
    }
}

/// Scrolls by a line or a page, `limit` lines at the most.
pub(super) fn scroll_by(scroll: &mut u16, command: Command, limit: u16) {
    let by = match command {
        Command::Up => -1,
        Command::Down => 1,
        Command::PageUp => -10,
        Command::PageDown => 10,
        _ => 0,
    };
    *scroll = scroll.saturating_add_signed(by).min(limit);
}
