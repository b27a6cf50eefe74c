//! How the state changes: one message in, effects out.

mod confirming;
mod dialogs;
mod feeds;
mod panes;
mod past;
mod playing;
mod runs;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};

use super::input::{Input, Key};
use super::keymap::{Command, Context};
use super::message::{Effect, Message, Signal};
use super::state::{AppState, Dialog};

impl AppState {
    /// Takes in a message that arrived at `now`.
    pub fn update(&mut self, message: Message, now: DateTime<Utc>) -> Vec<Effect> {
        self.now = now;
        let tick = matches!(message, Message::Tick);
        let effects = self.take_in(message);
        self.offer_open_runs();
        self.refresh_forecasts(tick);
        self.refresh_selected();
        self.refresh_listed();
        effects
    }

    fn take_in(&mut self, message: Message) -> Vec<Effect> {
        match message {
            Message::Input(Input::Key(key)) => self.key(key),
            Message::Input(Input::Paste(text)) => self.paste(&text),
            Message::Input(Input::Resize { columns, rows }) => {
                self.size = (columns, rows);
                Vec::new()
            }
            Message::Update(update) => self.feed_update(*update),
            Message::Run(event) => self.run_event(&event),
            Message::Preflighted { ticket, checked } => {
                self.preflighted(ticket, checked);
                Vec::new()
            }
            Message::Surveyed { run, taken } => self.surveyed(&run, taken),
            Message::Archive(archive) => {
                self.read_archive(archive);
                Vec::new()
            }
            Message::Exercise(played) => {
                self.exercise_news(*played);
                Vec::new()
            }
            Message::ExerciseRefused(why) => {
                self.exercise_refused(why);
                Vec::new()
            }
            Message::RunLost(why) => self.run_lost(why),
            Message::Signal(Signal::HangUp | Signal::Terminate) => self.leave(),
            Message::Tick => Vec::new(),
        }
    }

    fn key(&mut self, key: Key) -> Vec<Effect> {
        self.notice = None;
        let context = self.context();
        if self.is_too_small() {
            // Nothing is shown, so nothing is done, but to leave when there is nothing to lose.
            let quit = Context::Console.command(key) == Some(Command::Quit);
            return if quit && !self.run_is_open() {
                self.leave()
            } else {
                Vec::new()
            };
        }
        match (context, context.command(key)) {
            (Context::Console | Context::Pane(_), Some(command)) => self.console(command),
            (Context::Filter, Some(command)) => self.edit_filter(command),
            (Context::Reading, Some(command)) => self.read(command),
            (Context::Confirm, command) => self.confirm_key(key, command),
            (Context::OpenRuns, Some(command)) => self.open_runs_key(command),
            (Context::Mail, command) => self.mail_key(key, command),
            (Context::Quit, Some(command)) => self.quit_dialog(command),
            (Context::Filter, None) => {
                if let Key::Char(c) = key {
                    self.filters.entry(self.focus).or_default().push(c);
                }
                self.retarget()
            }
            (
                Context::Console
                | Context::Pane(_)
                | Context::Reading
                | Context::OpenRuns
                | Context::Quit,
                None,
            ) => {
                let elsewhere = Context::Exercise.command(key);
                let of_a_pane = matches!(context, Context::Console | Context::Pane(_));
                elsewhere
                    .filter(|_| of_a_pane)
                    .map_or_else(Vec::new, |it| self.exercise_key(it))
            }
            // They are never where the keys go.
            (Context::Exercise | Context::Facilitator | Context::Dictation, _) => Vec::new(),
        }
    }

    /// Pasted text goes into a filter or an answer that is being typed, and nowhere else.
    fn paste(&mut self, text: &str) -> Vec<Effect> {
        if self.context() == Context::Mail {
            self.write(text);
            return Vec::new();
        }
        if self.context() != Context::Filter {
            return Vec::new();
        }
        let line: String = text.chars().filter(|c| !c.is_control()).take(80).collect();
        self.filters.entry(self.focus).or_default().push_str(&line);
        self.retarget()
    }

    /// Leaves; a run on its way is stopped safely first.
    fn leave(&mut self) -> Vec<Effect> {
        if self.run_is_open() {
            vec![Effect::StopRun, Effect::Quit]
        } else {
            vec![Effect::Quit]
        }
    }

    /// Asks before it leaves a run.
    fn ask_to_leave(&mut self) -> Vec<Effect> {
        if self.run_is_open() {
            self.dialog = Some(Dialog::Quit);
            return Vec::new();
        }
        vec![Effect::Quit]
    }
}
