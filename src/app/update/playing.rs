//! The exercise: messages, answers and the pace.

use super::super::input::Key;
use super::super::keymap::Command;
use super::super::message::Effect;
use super::super::played::{Mail, Played, Playing};
use super::super::state::{AppState, Dialog, Mode};
use super::dialogs::scroll_by;
use crate::sources::Pace;

/// Characters of an answer at the most.
const ANSWER: usize = 500;

impl AppState {
    /// The exercise has news. They never take the focus, and never stand over a dialog.
    pub(super) fn exercise_news(&mut self, played: Played) {
        let fresh = !self.typing_filter && self.dialog.is_none() && self.notice.is_none();
        let playing = self.playing.get_or_insert_with(|| {
            let none = Played {
                messages: Vec::new(),
                ..played.clone()
            };
            Playing::new(none)
        });
        let known = playing.played.messages.len();
        let newest = played.messages.get(known..).and_then(<[_]>::last);
        if let Some(message) = newest.filter(|_| fresh) {
            let asks = if message.asks {
                ", who asks for an answer"
            } else {
                ""
            };
            self.notice = Some(format!("message from {}{asks}: m reads it", message.from));
        }
        if played.pace == Pace::Paused && playing.played.pace != Pace::Paused {
            playing.before = playing.played.pace;
        }
        playing.played = played;
        if let Some(Dialog::Mail(_)) = self.dialog {
            self.all_seen();
        }
    }

    fn all_seen(&mut self) {
        if let Some(playing) = &mut self.playing {
            playing.seen = playing.played.messages.len();
        }
    }

    /// Whoever leaves the findings for a pane about one of them has noticed it.
    pub(super) fn first_look(&mut self) -> Option<Effect> {
        let suspect = self.suspect();
        let playing = self.playing.as_mut().filter(|_| suspect.is_some())?;
        let is_first = !std::mem::replace(&mut playing.has_looked, true);
        is_first.then_some(Effect::Looked)
    }

    /// Whether the world stands still.
    pub(super) fn is_paused(&self) -> bool {
        let playing = self.playing.as_ref();
        playing.is_some_and(|it| it.played.pace == Pace::Paused)
    }

    /// A key that only an exercise has.
    pub(super) fn exercise_key(&mut self, command: Command) -> Vec<Effect> {
        let Some(playing) = &mut self.playing else {
            return Vec::new();
        };
        let pace = match command {
            Command::Messages => {
                self.open_mail();
                return Vec::new();
            }
            Command::Pause if playing.played.pace == Pace::Paused => Some(playing.before),
            Command::Pause => Some(Pace::Paused),
            Command::Faster => playing.played.pace.faster(),
            Command::Slower => playing.played.pace.slower(),
            _ => return Vec::new(),
        };
        if playing.played.is_clock_taken {
            self.notice = Some("a facilitator has the clock".into());
            return Vec::new();
        }
        if let Some(pace) = pace {
            return vec![Effect::Pace(pace)];
        }
        let pace = playing.played.pace;
        self.notice = Some(format!("{pace} is as far as it goes; space pauses"));
        Vec::new()
    }

    /// Opens at the oldest message that wants an answer, or else at the newest.
    fn open_mail(&mut self) {
        let Some(playing) = &self.playing else {
            return;
        };
        let ids = playing.ids();
        if ids.is_empty() {
            self.notice = Some("no message has come yet".into());
            return;
        }
        let open = |id: &u32| {
            playing
                .message(*id)
                .is_some_and(crate::sources::Message::is_open)
        };
        let mut mail = Mail::default();
        mail.cursor
            .put(&ids, ids.iter().rposition(open).unwrap_or(0));
        self.dialog = Some(Dialog::Mail(Box::new(mail)));
        self.all_seen();
    }

    pub(super) fn mail_key(&mut self, key: Key, command: Option<Command>) -> Vec<Effect> {
        let (Some(Dialog::Mail(mail)), Some(playing)) = (&mut self.dialog, &mut self.playing)
        else {
            return Vec::new();
        };
        mail.refused = None;
        let ids = playing.ids();
        match command {
            Some(Command::Back) => self.dialog = None,
            Some(Command::Up | Command::Down) => {
                let by = if command == Some(Command::Up) { -1 } else { 1 };
                mail.cursor.step(&ids, by);
                mail.scroll = 0;
            }
            Some(Command::Press) => return self.answer(),
            Some(Command::Erase) => {
                if let Some(id) = mail.cursor.selected(&ids) {
                    playing.drafts.entry(*id).or_default().pop();
                }
            }
            Some(scroll) => scroll_by(&mut mail.scroll, scroll, 500),
            None => {
                if let Key::Char(c) = key {
                    self.write(&c.to_string());
                }
            }
        }
        Vec::new()
    }

    /// Writes on at the answer to the selected message, if it wants one.
    pub(super) fn write(&mut self, text: &str) {
        let (Some(Dialog::Mail(mail)), Some(playing)) = (&mut self.dialog, &mut self.playing)
        else {
            return;
        };
        let Some(id) = mail
            .selected(playing)
            .filter(|it| it.is_open())
            .map(|it| it.id)
        else {
            mail.refused = Some("this message wants no answer: up and down select another".into());
            return;
        };
        let draft = playing.drafts.entry(id).or_default();
        let room = ANSWER.saturating_sub(draft.chars().count());
        draft.extend(text.chars().filter(|c| !c.is_control()).take(room));
    }

    fn answer(&mut self) -> Vec<Effect> {
        let (Some(Dialog::Mail(mail)), Some(playing)) = (&mut self.dialog, &self.playing) else {
            return Vec::new();
        };
        let why = match mail.selected(playing) {
            _ if self.settings.mode == Mode::Replay => "this is a replay: nothing can be answered",
            Some(it) if it.is_open() => {
                let text = playing.draft(it.id).trim().to_owned();
                if !text.is_empty() {
                    return vec![Effect::Answer { id: it.id, text }];
                }
                "type an answer first"
            }
            _ => "this message wants no answer: up and down select another",
        };
        mail.refused = Some(why.into());
        Vec::new()
    }

    /// The exercise refused something.
    pub(super) fn exercise_refused(&mut self, why: String) {
        match &mut self.dialog {
            Some(Dialog::Mail(mail)) => mail.refused = Some(why),
            Some(_) => {}
            None => self.notice = Some(why),
        }
    }
}
