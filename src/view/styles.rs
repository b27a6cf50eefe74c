//! Every colour and glyph, by role. Designed in 16 colours; nothing is told by colour alone.

use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::border;

/// How many colours the terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// None: bold and reverse only.
    Monochrome,
    /// The terminal's own 16.
    Ansi16,
}

impl Depth {
    /// From the environment: `NO_COLOR` (non-empty) and `TERM`.
    /// <https://no-color.org>
    pub fn from_env(no_color: Option<&str>, term: Option<&str>) -> Self {
        let refused = no_color.is_some_and(|it| !it.is_empty());
        if refused || matches!(term, None | Some("" | "dumb")) {
            Self::Monochrome
        } else {
            Self::Ansi16
        }
    }
}

/// Styles and glyphs by role.
#[derive(Debug, Clone, Copy)]
pub struct Styles {
    /// Plain text.
    pub plain: Style,
    /// Secondary text.
    pub dim: Style,
    /// Titles and what matters in a line.
    pub strong: Style,
    /// The border of the pane that has the focus.
    pub focus: Style,
    /// The border of other panes.
    pub border: Style,
    /// The selected line.
    pub selected: Style,
    /// Severity high or critical; failed; cut.
    pub bad: Style,
    /// Severity medium; warned.
    pub warn: Style,
    /// Done; healthy.
    pub good: Style,
    /// The mode when changes are allowed.
    pub alarm: Style,
    /// The finding's remote address.
    pub remote: Style,
    /// The glyphs.
    pub glyphs: Glyphs,
}

/// Characters that carry meaning, each with a plain twin.
#[derive(Debug, Clone, Copy)]
pub struct Glyphs {
    /// Done, accepted.
    pub done: &'static str,
    /// Warned.
    pub warned: &'static str,
    /// Failed, rejected, cut.
    pub failed: &'static str,
    /// Waiting, untouched.
    pub idle: &'static str,
    /// Skipped or never run.
    pub hollow: &'static str,
    /// Running.
    pub running: &'static str,
    /// Between facts.
    pub dot: &'static str,
    /// Something was left out.
    pub ellipsis: &'static str,
    /// From before to after.
    pub arrow: &'static str,
    /// Opened towards the interface.
    pub inbound: &'static str,
    /// Opened by the interface.
    pub outbound: &'static str,
    /// Levels of a sparkline, lowest first.
    pub levels: &'static [char],
    /// Around panes and dialogs.
    pub border: border::Set<'static>,
    /// Nothing but ASCII may be drawn, borders and names included.
    pub ascii_only: bool,
}

const UTF8: Glyphs = Glyphs {
    done: "✓",
    warned: "!",
    failed: "✗",
    idle: "·",
    hollow: "○",
    running: "▶",
    dot: "·",
    ellipsis: "…",
    arrow: "→",
    inbound: "←",
    outbound: "→",
    levels: &['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
    border: border::PLAIN,
    ascii_only: false,
};

const ASCII: Glyphs = Glyphs {
    done: "+",
    warned: "!",
    failed: "x",
    idle: ".",
    hollow: "o",
    running: ">",
    dot: "-",
    ellipsis: "~",
    arrow: "->",
    inbound: "<",
    outbound: ">",
    levels: &['.', ':', '-', '=', '+', '*', '#', '@'],
    border: border::Set {
        top_left: "+",
        top_right: "+",
        bottom_left: "+",
        bottom_right: "+",
        vertical_left: "|",
        vertical_right: "|",
        horizontal_top: "-",
        horizontal_bottom: "-",
    },
    ascii_only: true,
};

impl Styles {
    /// The styles for a terminal.
    pub fn new(depth: Depth, utf8: bool) -> Self {
        let color = |color| match depth {
            Depth::Monochrome => Style::new(),
            Depth::Ansi16 => Style::new().fg(color),
        };
        Self {
            plain: Style::new(),
            dim: color(Color::DarkGray),
            strong: Style::new().add_modifier(Modifier::BOLD),
            focus: color(Color::Cyan).add_modifier(Modifier::BOLD),
            border: Style::new(),
            selected: Style::new().add_modifier(Modifier::REVERSED),
            bad: color(Color::Red).add_modifier(Modifier::BOLD),
            warn: color(Color::Yellow),
            good: color(Color::Green),
            alarm: color(Color::Red).add_modifier(Modifier::REVERSED | Modifier::BOLD),
            remote: color(Color::Magenta).add_modifier(Modifier::BOLD),
            glyphs: if utf8 { UTF8 } else { ASCII },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_depth_comes_from_the_environment() {
        for (no_color, term, depth) in [
            (None, Some("xterm-256color"), Depth::Ansi16),
            (Some(""), Some("xterm"), Depth::Ansi16),
            (Some("1"), Some("xterm"), Depth::Monochrome),
            (None, Some("dumb"), Depth::Monochrome),
            (None, None, Depth::Monochrome),
        ] {
            assert_eq!(
                Depth::from_env(no_color, term),
                depth,
                "{no_color:?} {term:?}"
            );
        }
    }
}
