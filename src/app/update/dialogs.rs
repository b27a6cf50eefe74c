//! Keys in dialogs.

use super::super::confirm::{Confirm, ConfirmFocus};
use super::super::cursor::Cursor;
use super::super::input::Key;
use super::super::keymap::Command;
use super::super::message::Effect;
use super::super::state::{AppState, Dialog, Mode, Pane};
use crate::plan;

/// A plan is never replaced without these words.
const CHANGED: &str = "the account has changed: read the plan again, then confirm";

impl AppState {
    /// A key while a text is read.
    pub(super) fn read(&mut self, command: Command) -> Vec<Effect> {
        match (&mut self.dialog, command) {
            (_, Command::Back) => self.dialog = None,
            (Some(Dialog::Help { scroll }), other) => scroll_by(scroll, other, 500),
            (Some(Dialog::Explained(it)), other) => scroll_by(&mut it.scroll, other, 500),
            (Some(Dialog::Confirm(_) | Dialog::Quit) | None, _) => {}
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

    /// Opens the confirm dialog for the selected action, or says why not.
    pub(super) fn open_action(&mut self) {
        let rows = self.action_rows();
        let Some(action) = self.cursors.actions.selected(&rows).copied() else {
            return;
        };
        match self.preview(action) {
            Ok(confirm) => self.dialog = Some(Dialog::Confirm(Box::new(confirm))),
            Err(why) => self.notice = Some(why),
        }
    }

    fn preview(&self, action: plan::Action) -> Result<Confirm, String> {
        if self.run_is_open() {
            return Err("a run is on its way: wait for its end, or stop it (6, then s)".into());
        }
        let intent = self
            .intent(action)
            .ok_or("no suspect: select a finding first (1)")?;
        if self.pinned.is_none()
            && let Some((finding, _)) = self.selected_finding()
        {
            finding
                .containable()
                .map_err(|why| format!("{action} refused: {why}"))?;
        }
        let forecast = self.forecast_now(&intent);
        let forecast = forecast.map_err(|error| error.to_string())?;
        let outlook = self.outlook(action);
        Ok(Confirm::new(
            intent,
            forecast,
            &self.estate,
            outlook,
            self.now,
        ))
    }

    pub(super) fn confirm_key(&mut self, key: Key, command: Option<Command>) -> Vec<Effect> {
        let now = self.now;
        // In a dump time stands still, and no key starts anything.
        let still = self.settings.mode == Mode::Dump;
        let Some(Dialog::Confirm(confirm)) = &mut self.dialog else {
            return Vec::new();
        };
        if command == Some(Command::Back) {
            self.dialog = None;
            return Vec::new();
        }
        if !still && !confirm.is_armed(now) {
            return Vec::new();
        }
        match (command, key) {
            (Some(Command::OtherButton), _) => confirm.other_button(),
            (Some(Command::Erase), _) => {
                confirm.typed.pop();
            }
            (Some(Command::Press), _) => return self.press(),
            (Some(scroll), _) => {
                let limit = confirm.scroll_limit();
                scroll_by(&mut confirm.scroll, scroll, limit);
            }
            (None, Key::Char(c)) => confirm.type_char(c),
            (None, _) => {}
        }
        Vec::new()
    }

    fn press(&mut self) -> Vec<Effect> {
        let Some(Dialog::Confirm(confirm)) = &self.dialog else {
            return Vec::new();
        };
        if confirm.focus == ConfirmFocus::Cancel {
            self.dialog = None;
            self.notice = Some("cancelled: nothing was sent".into());
            return Vec::new();
        }
        match self.refusal(confirm) {
            None => {
                let plan = Box::new(confirm.plan.clone());
                self.dialog = None;
                self.focus = Pane::Run;
                self.run = None;
                self.cursors.run = Cursor::default();
                self.run_pending = true;
                vec![Effect::Start(plan)]
            }
            Some(why) => {
                let rebuilt = self.rebuilt();
                if let Some(Dialog::Confirm(confirm)) = &mut self.dialog {
                    // From the start again: type, tab, enter.
                    confirm.focus = ConfirmFocus::Cancel;
                    confirm.refused = Some(why);
                    if let Some(forecast) = rebuilt {
                        confirm.show(forecast, &self.estate, CHANGED);
                    }
                }
                Vec::new()
            }
        }
    }

    /// Why the plan must not start now.
    fn refusal(&self, confirm: &Confirm) -> Option<String> {
        if let Some(why) = self.settings.mode.why_not() {
            return Some(why.into());
        }
        if self.run_is_open() {
            return Some("a run is on its way: wait for its end".into());
        }
        if !confirm.is_acknowledged() {
            return Some(format!(
                "type the last four characters of {} first",
                confirm.plan.target
            ));
        }
        match self.forecast_now(&confirm.intent) {
            Err(error) => Some(format!("no longer possible: {error}")),
            Ok(forecast) => (!confirm.is_about(&forecast)).then(|| CHANGED.into()),
        }
    }

    /// The plan as it would be built now, if it does something else than the one that is shown.
    fn rebuilt(&self) -> Option<plan::Outlook> {
        let Some(Dialog::Confirm(confirm)) = &self.dialog else {
            return None;
        };
        let forecast = self.forecast_now(&confirm.intent).ok()?;
        (!confirm.is_about(&forecast)).then_some(forecast)
    }

    /// Brings the remarks of an open dialog up to date. What the plan does, and to whom, stays as it was
    /// read: if that changes, it is confirmed anew.
    pub(super) fn refresh_remarks(&mut self) {
        if let Some(Dialog::Confirm(confirm)) = &mut self.dialog
            && let Ok(plan) = plan::build(&self.estate, &confirm.intent)
            && plan.steps == confirm.plan.steps
        {
            confirm.plan.remarks = plan.remarks;
        }
    }
}

/// Scrolls by a line or a page, `limit` lines at the most.
fn scroll_by(scroll: &mut u16, command: Command, limit: u16) {
    let by = match command {
        Command::Up => -1,
        Command::Down => 1,
        Command::PageUp => -10,
        Command::PageDown => 10,
        _ => 0,
    };
    *scroll = scroll.saturating_add_signed(by).min(limit);
}
