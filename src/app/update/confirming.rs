//! Everything between a plan that is looked at and the run that it becomes.

use super::super::asked::{Asked, Preview};
use super::super::choice::Choice;
use super::super::confirm::{Confirm, ConfirmFocus, Preflight};
use super::super::cursor::Cursor;
use super::super::input::Key;
use super::super::keymap::Command;
use super::super::message::Effect;
use super::super::past::Browsing;
use super::super::state::{AppState, Dialog, Mode, Pane};
use super::dialogs::scroll_by;
use crate::executor::Checked;
use crate::operation::Probed;
use crate::plan::{self, Plan, Taken};

/// A plan is never replaced without these words.
const CHANGED: &str = "the account has changed: read the plan again, then confirm";

impl AppState {
    /// Opens the confirm dialog for the selected row, or says why not.
    pub(super) fn open_action(&mut self) -> Vec<Effect> {
        let rows = self.action_rows();
        let Some(choice) = self.cursors.actions.selected(&rows).cloned() else {
            return Vec::new();
        };
        match self.choose(&choice) {
            Ok(asked) => self.ask(asked),
            Err(why) => {
                self.notice = Some(why);
                Vec::new()
            }
        }
    }

    fn choose(&self, choice: &Choice) -> Result<Asked, String> {
        if self.run_is_open() {
            return Err("a run is on its way: wait for its end, or stop it (6, then s)".into());
        }
        if let Choice::Unusable(index) = choice {
            let why = self.unusable(*index);
            return Err(why.map(ToString::to_string).unwrap_or_default());
        }
        let asked = self
            .asked(choice)
            .ok_or("no suspect: select a finding first (1)")?;
        if self.pinned.is_none()
            && let Some((finding, _)) = self.selected_finding()
        {
            finding
                .containable()
                .map_err(|why| format!("{choice} refused: {why}"))?;
        }
        Ok(asked)
    }

    /// Opens the confirm dialog, or says why there is no plan.
    pub(super) fn ask(&mut self, asked: Asked) -> Vec<Effect> {
        match self.preview_of(&asked) {
            Ok(preview) => {
                let outlook = match asked {
                    Asked::Undo(..) => Vec::new(),
                    _ => self.outlook(&preview.outlook.plan),
                };
                let ticket = self.next_ticket();
                let at = (ticket, self.now);
                let confirm = Confirm::new(asked, preview, &self.estate, outlook, at);
                let plan = Box::new(confirm.plan.clone());
                self.dialog = Some(Dialog::Confirm(Box::new(confirm)));
                vec![Effect::Preflight { ticket, plan }]
            }
            Err(error) => {
                self.notice = Some(error.to_string());
                Vec::new()
            }
        }
    }

    fn next_ticket(&mut self) -> u64 {
        self.tickets = self.tickets.wrapping_add(1);
        self.tickets
    }

    /// The answers of AWS to the calls of a plan, if its dialog is still open.
    pub(super) fn preflighted(&mut self, ticket: u64, checked: Option<Vec<Checked>>) {
        if let Some(Dialog::Confirm(confirm)) = &mut self.dialog
            && confirm.ticket == ticket
        {
            let plan = &confirm.plan;
            let told = |checked: Vec<Checked>| {
                let told = checked.into_iter().map(|it| in_its_place(plan, it));
                Preflight::Answered(told.collect())
            };
            confirm.preflight = checked.map_or(Preflight::Nobody, told);
        }
    }

    pub(super) fn confirm_key(&mut self, key: Key, command: Option<Command>) -> Vec<Effect> {
        let now = self.now;
        // Where time stands still there is nothing to wait for: in a dump no key starts anything, and in a
        // pause nothing is sent.
        let still = self.settings.mode == Mode::Dump || self.is_paused();
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
        if confirm.looking {
            return Vec::new();
        }
        let refusal = self.refusal(confirm);
        let preview = self.preview_of(&confirm.asked);
        let changed = preview.as_ref().is_ok_and(|it| !confirm.is_about(it));
        match (refusal, preview) {
            (_, Ok(preview)) if changed => self.show_again(preview),
            (Some(why), _) => {
                self.refuse(why);
                Vec::new()
            }
            (None, Err(error)) => {
                self.refuse(format!("no longer possible: {error}"));
                Vec::new()
            }
            (None, Ok(_)) => self.go_ahead(),
        }
    }

    /// The plan is what was read: starts it, unless a question is open or an undo has to look once more.
    fn go_ahead(&mut self) -> Vec<Effect> {
        let Some(Dialog::Confirm(confirm)) = &mut self.dialog else {
            return Vec::new();
        };
        if confirm.questions().next().is_some() && !confirm.insists {
            confirm.insist();
            return Vec::new();
        }
        if let Asked::Undo(run, _) = &confirm.asked {
            confirm.looking = true;
            return vec![Effect::Survey(run.clone())];
        }
        let plan = confirm.plan.clone();
        self.start(plan)
    }

    pub(super) fn start(&mut self, plan: Plan) -> Vec<Effect> {
        self.lamps = self.lamps_of(&plan);
        self.show_own_run();
        self.run = None;
        vec![Effect::Start(Box::new(plan))]
    }

    /// The run pane shows the run that is about to begin.
    pub(super) fn show_own_run(&mut self) {
        self.dialog = None;
        self.focus = Pane::Run;
        self.browsing = Browsing::Own;
        self.cursors.run = Cursor::default();
        self.run_pending = true;
        self.lost = None;
    }

    fn refuse(&mut self, why: String) {
        if let Some(Dialog::Confirm(confirm)) = &mut self.dialog {
            // From the start again: type, tab, enter.
            confirm.focus = ConfirmFocus::Cancel;
            confirm.refused = Some(why);
        }
    }

    /// The plan is another one now: it is read and confirmed from the start.
    fn show_again(&mut self, preview: Preview) -> Vec<Effect> {
        let ticket = self.next_ticket();
        let Some(Dialog::Confirm(confirm)) = &mut self.dialog else {
            return Vec::new();
        };
        confirm.show(preview, &self.estate, ticket, CHANGED);
        let plan = Box::new(confirm.plan.clone());
        vec![Effect::Preflight { ticket, plan }]
    }

    /// An undo was confirmed, and its objects were looked at once more.
    pub(super) fn looked_again(&mut self, taken: Vec<Taken>) -> Vec<Effect> {
        let Some(Dialog::Confirm(confirm)) = &mut self.dialog else {
            return Vec::new();
        };
        confirm.looking = false;
        if let Asked::Undo(_, known) = &mut confirm.asked {
            *known = taken;
        }
        let asked = confirm.asked.clone();
        let about = |confirm: &Confirm, preview: &Preview| {
            confirm.is_about(preview) && confirm.blocked().is_none()
        };
        match (self.preview_of(&asked), &self.dialog) {
            (Ok(preview), Some(Dialog::Confirm(confirm))) if about(confirm, &preview) => {
                let plan = confirm.plan.clone();
                self.start(plan)
            }
            (Ok(preview), _) => self.show_again(preview),
            (Err(error), _) => {
                self.refuse(format!("no longer possible: {error}"));
                Vec::new()
            }
        }
    }

    /// Why the plan must not start now, whatever has changed since.
    fn refusal(&self, confirm: &Confirm) -> Option<String> {
        if let Some(why) = self.settings.mode.why_not() {
            return Some(why.into());
        }
        if self.run_is_open() {
            return Some("a run is on its way: wait for its end".into());
        }
        let typed = confirm.is_acknowledged();
        let untyped = || {
            let target = &confirm.plan.target;
            format!("type the last four characters of {target} first")
        };
        confirm.blocked().or_else(|| (!typed).then(untyped))
    }

    /// Brings the remarks of an open dialog up to date. What the plan does, and to whom, stays as it was
    /// read: if that changes, it is confirmed anew.
    pub(super) fn refresh_remarks(&mut self) {
        if let Some(Dialog::Confirm(confirm)) = &mut self.dialog
            && let Asked::Action(intent) = &confirm.asked
            && let Ok(plan) = plan::build(&self.estate, intent)
            && plan.steps == confirm.plan.steps
        {
            confirm.plan.remarks = plan.remarks;
        }
    }
}

/// What AWS refuses as things are now it may accept once the steps before have changed them: nobody knows.
fn in_its_place(plan: &Plan, mut checked: Checked) -> Checked {
    let waits = plan
        .step(checked.step)
        .is_some_and(|it| !it.after.is_empty());
    if let (true, Probed::Refused { code, .. }) = (waits, &checked.probed) {
        let why = format!("refused as things are now ({code}), before the steps that it waits for");
        checked.probed = Probed::NotCheckable { why };
    }
    checked
}
