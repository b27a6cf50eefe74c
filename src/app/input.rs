//! What an analyst can do to the console, free of any terminal library.

/// A key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Key {
    /// A printable character.
    Char(char),
    /// Control and a letter.
    Ctrl(char),
    /// Enter.
    Enter,
    /// Escape.
    Esc,
    /// Tab.
    Tab,
    /// Shift and Tab.
    BackTab,
    /// Backspace.
    Backspace,
    /// Cursor keys.
    Up,
    /// Cursor keys.
    Down,
    /// Cursor keys.
    Left,
    /// Cursor keys.
    Right,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// The start.
    Home,
    /// The end.
    End,
}

impl Key {
    /// The name in hints and help.
    pub fn name(self) -> String {
        match self {
            Self::Char(' ') => "space".into(),
            Self::Char(c) => c.to_string(),
            Self::Ctrl(c) => format!("^{}", c.to_ascii_uppercase()),
            Self::Enter => "enter".into(),
            Self::Esc => "esc".into(),
            Self::Tab => "tab".into(),
            Self::BackTab => "shift-tab".into(),
            Self::Backspace => "backspace".into(),
            Self::Up => "up".into(),
            Self::Down => "down".into(),
            Self::Left => "left".into(),
            Self::Right => "right".into(),
            Self::PageUp => "pgup".into(),
            Self::PageDown => "pgdn".into(),
            Self::Home => "home".into(),
            Self::End => "end".into(),
        }
    }
}

/// Input from the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A key was pressed.
    Key(Key),
    /// Text was pasted. It never triggers a binding.
    Paste(String),
    /// The terminal has a new size.
    Resize {
        /// Columns.
        columns: u16,
        /// Rows.
        rows: u16,
    },
}
