//! What the top line says of an exercise: the pace, the messages, and who plays.

use ratatui::text::Span;
use unicode_width::UnicodeWidthStr;

use super::styles::Styles;
use crate::app::{AppState, Playing};
use crate::sources::Pace;

/// The pace, where it is not the wall clock's, and messages that wait.
pub(super) fn top<'a>(state: &AppState, styles: &Styles) -> Vec<Span<'a>> {
    let Some(playing) = &state.playing else {
        return Vec::new();
    };
    let mut spans = Vec::new();
    let pace = playing.played.pace;
    if pace != Pace::REAL {
        let style = if pace == Pace::Paused {
            styles.alarm
        } else {
            styles.selected
        };
        spans.push(Span::styled(format!("{pace} "), style));
    }
    spans.extend(post(playing, styles));
    spans
}

/// Answers that are asked for stand before what is only new.
fn post<'a>(playing: &Playing, styles: &Styles) -> Option<Span<'a>> {
    let (asked, unseen) = (playing.to_answer(), playing.unseen());
    if asked > 0 {
        let words = format!(" {asked} to answer ");
        return Some(Span::styled(words, styles.alarm));
    }
    let words = format!(" {unseen} new ");
    (unseen > 0).then(|| Span::styled(words, styles.warn))
}

/// The team stands before everything else about who works here, as far as there is room.
pub(super) fn with_team(state: &AppState, who: String, room: usize, dot: &str) -> String {
    let playing = state.playing.as_ref();
    let Some(team) = playing.and_then(|it| it.played.about.team.clone()) else {
        return who;
    };
    let all = format!("{team}{dot}{who}");
    if all.width() <= room { all } else { team }
}
