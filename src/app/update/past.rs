//! Runs of the past: taken back, taken up again, and looked at.

use std::sync::Arc;

use chrono::TimeDelta;

use super::super::asked::Asked;
use super::super::cursor::Cursor;
use super::super::keymap::Command;
use super::super::message::Effect;
use super::super::past::{Archived, Browsing, OpenFocus, OpenRuns};
use super::super::state::{AppState, Dialog, Offer};
use crate::executor::{Resume, RunView};
use crate::plan::Taken;

/// Keys that come within this time of the dialog's opening are dropped.
const GRACE: TimeDelta = TimeDelta::milliseconds(500);

impl AppState {
    /// The journals were read.
    pub(super) fn read_archive(&mut self, archive: Arc<Archived>) {
        self.archive = Some(archive);
    }

    /// Names the runs that were left in the middle, once, as soon as it is known whose they are.
    pub(super) fn offer_open_runs(&mut self) {
        let known = self.archive.is_some() && self.identity.is_some();
        if self.offer == Offer::Made || !known || self.dialog.is_some() {
            return;
        }
        self.offer = Offer::Made;
        if !self.open_runs().is_empty() && !self.run_is_open() {
            self.name_open_runs();
        }
    }

    fn name_open_runs(&mut self) {
        self.dialog = Some(Dialog::OpenRuns(Box::new(OpenRuns {
            runs: self.open_runs(),
            cursor: Cursor::default(),
            focus: OpenFocus::Later,
            opened: self.now,
            refused: None,
        })));
    }

    /// Shows the runs that can be taken up, or says that there are none.
    pub(super) fn take_up(&mut self) {
        if self.run_is_open() {
            self.notice = Some("a run is on its way: wait for its end".into());
        } else if self.open_runs().is_empty() {
            self.notice = Some("no run of this account was left in the middle".into());
        } else {
            self.name_open_runs();
        }
    }

    pub(super) fn open_runs_key(&mut self, command: Command) -> Vec<Effect> {
        let (now, still) = (self.now, self.is_paused());
        let Some(Dialog::OpenRuns(open)) = &mut self.dialog else {
            return Vec::new();
        };
        if command == Command::Back {
            self.dialog = None;
            return Vec::new();
        }
        if !still && now - open.opened < GRACE {
            return Vec::new();
        }
        let ids = open.runs.clone();
        match command {
            Command::Up => open.cursor.step(&ids, -1),
            Command::Down => open.cursor.step(&ids, 1),
            Command::OtherButton => open.turn(1),
            Command::PreviousButton => open.turn(OpenFocus::ALL.len() - 1),
            Command::Press => return self.press_open_run(),
            _ => {}
        }
        Vec::new()
    }

    fn press_open_run(&mut self) -> Vec<Effect> {
        let Some(Dialog::OpenRuns(open)) = &self.dialog else {
            return Vec::new();
        };
        let how = match open.focus {
            OpenFocus::Later => {
                self.dialog = None;
                self.notice = Some("left as it is: 6, then t takes it up".into());
                return Vec::new();
            }
            OpenFocus::SafeEnd => Resume::Close,
            OpenFocus::Continue => Resume::Continue,
        };
        let run = open.cursor.selected(&open.runs).cloned();
        let found = run.and_then(|run| self.past(&run)).cloned();
        let Some(past) = found else {
            self.dialog = None;
            return Vec::new();
        };
        let lift_only = how == Resume::Continue && past.view.must_be_lifted();
        let only = "it denies something for a while: it can only be lifted";
        let over = self.is_over(&past.view);
        let why = self.settings.mode.why_not().or(over);
        let why = why.or(lift_only.then_some(only));
        if let Some(why) = why {
            if let Some(Dialog::OpenRuns(open)) = &mut self.dialog {
                open.refused = Some(why.into());
                open.focus = OpenFocus::Later;
            }
            return Vec::new();
        }
        self.lamps = Vec::new();
        self.show_own_run();
        let path = past.path;
        self.run = Some(past.view);
        vec![Effect::Resume { path, how }]
    }

    /// Asks how everything is that the run in view has changed: the undo is made of that.
    pub(super) fn undo_run(&mut self) -> Vec<Effect> {
        let Some(run) = self.run_at_hand() else {
            self.notice = Some("no run to take back".into());
            return Vec::new();
        };
        if let Some(why) = self.why_not_undo(run) {
            self.notice = Some(why);
            return Vec::new();
        }
        let run = Box::new(run.clone());
        self.notice = Some("looking at everything that the run has changed".into());
        vec![Effect::Survey(run)]
    }

    fn why_not_undo(&self, run: &RunView) -> Option<String> {
        if let Some(why) = self.settings.mode.why_not() {
            return Some(why.into());
        }
        if self.run_is_open() {
            return Some("a run is on its way: it is taken back after its end".into());
        }
        if let Some(over) = self.is_over(run) {
            return Some(format!("no undo: {over}"));
        }
        if run.is_open() {
            let words = "the run is open: take it up first (t), then take it back";
            return Some(words.into());
        }
        match self.is_here(run) {
            Some(true) => None,
            Some(false) => Some(format!("run {} was made in another account", run.run)),
            None => Some("whose account this is, is not known yet".into()),
        }
    }

    /// How everything is now that a run has touched.
    pub(super) fn surveyed(&mut self, run: &str, taken: Result<Vec<Taken>, String>) -> Vec<Effect> {
        let waits = match &self.dialog {
            Some(Dialog::Confirm(it)) => match &it.asked {
                Asked::Undo(view, _) => it.looking && view.run == run,
                _ => false,
            },
            _ => false,
        };
        let taken = match taken {
            Ok(taken) => taken,
            Err(why) => {
                if waits {
                    self.dialog = None;
                }
                self.notice = Some(format!("no undo: {why}"));
                return Vec::new();
            }
        };
        if waits {
            return self.looked_again(taken);
        }
        // Somebody else's dialog, or another run by now: whoever wants it asks again.
        let Some(view) = self
            .run_of(run)
            .filter(|it| self.why_not_undo(it).is_none())
        else {
            return Vec::new();
        };
        if self.dialog.is_some() {
            return Vec::new();
        }
        let view = Box::new(view.clone());
        self.notice = None;
        self.ask(Asked::Undo(view, taken))
    }

    /// From the list to a run, and from a run to the words about its selected step.
    pub(super) fn open_run(&mut self) {
        if let Some(run) = self.run_in_view() {
            let steps: Vec<_> = run.steps.keys().copied().collect();
            if let Some(step) = self.shown_step(run).and_then(|at| steps.get(at)).copied() {
                self.dialog = Some(Dialog::Step { step, scroll: 0 });
            }
            return;
        }
        let ids = self.run_ids();
        if let Some(run) = self.cursors.runs.selected(&ids) {
            let own = self.run.as_ref().is_some_and(|it| it.run == *run);
            self.browsing = if own {
                Browsing::Own
            } else {
                Browsing::One(run.clone())
            };
            self.cursors.run = Cursor::default();
        }
    }

    pub(super) fn list_runs(&mut self) -> Vec<Effect> {
        self.browsing = Browsing::List;
        vec![Effect::ReadArchive]
    }

    /// Leaves what the run pane shows; `false`: there is nothing to leave.
    pub(super) fn leave_browsing(&mut self) -> bool {
        let next = match &self.browsing {
            Browsing::One(_) => Browsing::List,
            Browsing::List if self.run.is_some() => Browsing::Own,
            Browsing::List | Browsing::Own => return false,
        };
        self.browsing = next;
        self.cursors.run = Cursor::default();
        true
    }
}
