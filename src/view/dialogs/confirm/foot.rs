//! The foot of the confirm dialog: what is still missing, what was typed, and the buttons.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::super::super::styles::Styles;
use super::super::super::text::fit;
use crate::app::{AppState, Confirm, ConfirmFocus, Mode};

/// Four lines. `below` lines of the body are out of sight.
pub(super) fn lines<'a>(
    state: &AppState,
    styles: &Styles,
    confirm: &Confirm,
    below: usize,
    width: usize,
) -> Vec<Line<'a>> {
    let more = if below > 0 {
        format!(" {below} more lines below (down, pgdn) ")
    } else {
        String::new()
    };
    let rule = format!("{more:-^width$}");
    let (words, style) = status(state, styles, confirm);
    vec![
        Line::styled(rule, styles.dim),
        Line::styled(fit(&words, width, &styles.glyphs), style),
        typed(styles, confirm),
        match confirm.blocked() {
            Some(why) => {
                let words = format!("can't be confirmed: {why}");
                Line::styled(fit(&words, width, &styles.glyphs), styles.bad)
            }
            None => buttons(styles, confirm),
        },
    ]
}

/// What keeps it from starting; else who starts it.
fn status(state: &AppState, styles: &Styles, confirm: &Confirm) -> (String, Style) {
    if let Some(why) = &confirm.refused {
        return (why.clone(), styles.bad);
    }
    if confirm.looking {
        let words = "looking at everything once more before it starts";
        return (words.into(), styles.strong);
    }
    match state.settings.mode {
        Mode::Replay => ("this is a replay: to be read, not run".into(), styles.warn),
        Mode::Dump => ("this is a dump: to be read, not run".into(), styles.warn),
        Mode::ReadOnly => {
            let words = "read-only session: to be read, not run (start with --allow-changes)";
            (words.into(), styles.warn)
        }
        Mode::Changes | Mode::Drill => {
            let caller = state.identity.as_ref();
            let caller = caller.map_or("an unknown identity", |it| it.arn.as_str());
            (format!("as {caller}"), styles.dim)
        }
    }
}

fn typed<'a>(styles: &Styles, confirm: &Confirm) -> Line<'a> {
    let missing = confirm
        .expected()
        .chars()
        .skip(confirm.typed.chars().count());
    let rest: String = missing.map(|_| '_').collect();
    let ok = if confirm.is_acknowledged() {
        styles.good
    } else {
        styles.strong
    };
    Line::from(vec![
        Span::raw("type the last four characters of the instance id: "),
        Span::styled(format!("{}{rest}", confirm.typed), ok),
    ])
}

fn buttons<'a>(styles: &Styles, confirm: &Confirm) -> Line<'a> {
    let button = |label: &str, focus| {
        let style = if confirm.focus == focus {
            styles.selected
        } else {
            styles.plain
        };
        let mark = if confirm.focus == focus { ">" } else { " " };
        Span::styled(format!("{mark}[ {label} ]"), style)
    };
    Line::from(vec![
        button("Cancel", ConfirmFocus::Cancel),
        Span::raw("   "),
        button(confirm.button(), ConfirmFocus::Contain),
        Span::styled("   tab: other   enter: press it   esc: cancel", styles.dim),
    ])
}
