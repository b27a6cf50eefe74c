//! Keys in the panes.

use std::sync::Arc;

use super::super::keymap::Command;
use super::super::message::Effect;
use super::super::picture::Picture;
use super::super::state::{AppState, Dialog, Pane};
use crate::analysis::eni_label;
use crate::sources;

/// Lines of a page: what a pane shows on the smallest terminal, less two for orientation.
const PAGE: isize = 16;
/// The same of the picture, which has words above and below.
const PICTURE_PAGE: isize = 8;

impl AppState {
    pub(super) fn console(&mut self, command: Command) -> Vec<Effect> {
        let mut effects = self.obey(command);
        if self.focus != Pane::Findings {
            self.hold_selection();
            effects.extend(self.first_look());
        }
        if self.focus == Pane::Actions {
            self.turn_action(0);
        }
        effects
    }

    /// Selects another action; with 0, holds the selected one: who reads its row must not find another one
    /// under the cursor when a forecast changes the ranking.
    fn turn_action(&mut self, by: isize) {
        if !self.forecasts.rows.is_empty() {
            let rows = self.action_rows();
            self.cursors.actions.step(&rows, by);
        }
    }

    /// Moves the cursor to another cell of the picture, if there is one.
    fn move_in_picture(&mut self, to: impl Fn(&Picture, usize) -> usize) {
        let picture = Arc::clone(&self.selected.picture);
        if let Some(at) = self.cursors.neighbours.resolve(&picture.enis) {
            let last = picture.enis.len().saturating_sub(1);
            let to = to(&picture, at).min(last);
            self.cursors.neighbours.put(&picture.enis, to);
        }
    }

    fn next_hit(&mut self) {
        let at = self.cursors.neighbours.resolve(&self.selected.picture.enis);
        match at.and_then(|at| self.selected.picture.next_hit(at)) {
            Some(index) => self.move_in_picture(|_, _| index),
            None => self.notice = Some("no interface here is known to lose anything".into()),
        }
    }

    /// Who has left the findings works on the selected one: a more severe one that arrives must not
    /// change the suspect under their hands.
    fn hold_selection(&mut self) {
        let rows = self.finding_rows();
        if let Some(index) = self.cursors.findings.resolve(&rows)
            && !self.touched
        {
            self.cursors.findings.put(&rows, index);
            self.touched = true;
        }
    }

    fn obey(&mut self, command: Command) -> Vec<Effect> {
        match command {
            Command::Show(pane) => self.focus = pane,
            Command::NextPane => self.turn(1),
            Command::PreviousPane => self.turn(Pane::ALL.len() - 1),
            Command::Up => return self.move_cursor(-1),
            Command::Down => return self.move_cursor(1),
            Command::PageUp => return self.move_cursor(-self.page()),
            Command::PageDown => return self.move_cursor(self.page()),
            Command::First => return self.move_cursor(isize::MIN / 2),
            Command::Last => return self.move_cursor(isize::MAX / 2),
            Command::Left => self.move_in_picture(|_, at| at.saturating_sub(1)),
            Command::Right => self.move_in_picture(|_, at| at + 1),
            Command::NextHit => self.next_hit(),
            Command::ShowPeer => self.show_peer(),
            Command::PreviousAction => self.turn_action(-1),
            Command::NextAction => self.turn_action(1),
            Command::Open => return self.open(),
            Command::Back => return self.back(),
            Command::Filter => self.typing_filter = true,
            Command::Contain if self.focus == Pane::Actions => return self.open(),
            Command::Contain => self.focus = Pane::Actions,
            Command::Refresh => {
                self.notice = Some("refreshing".into());
                return vec![Effect::Poll(sources::Command::Refresh)];
            }
            Command::StopRun => return self.stop_run(),
            Command::Undo => return self.undo_run(),
            Command::ListRuns => return self.list_runs(),
            Command::TakeUp => self.take_up(),
            Command::Help => self.dialog = Some(Dialog::Help { scroll: 0 }),
            Command::Quit => return self.ask_to_leave(),
            Command::Messages | Command::Pause | Command::Faster | Command::Slower => {
                return self.exercise_key(command);
            }
            Command::OtherButton
            | Command::PreviousButton
            | Command::Press
            | Command::Erase
            | Command::Note
            | Command::Release => {}
        }
        Vec::new()
    }

    fn page(&self) -> isize {
        match self.focus {
            Pane::Neighbours => PICTURE_PAGE,
            _ => PAGE,
        }
    }

    fn turn(&mut self, by: usize) {
        let index = (self.focus.digit() - 1 + by) % Pane::ALL.len();
        self.focus = Pane::ALL.get(index).copied().unwrap_or(self.focus);
    }

    fn move_cursor(&mut self, by: isize) -> Vec<Effect> {
        match self.focus {
            Pane::Findings => {
                let rows = self.finding_rows();
                self.cursors.findings.step(&rows, by);
                self.touched = true;
                self.pinned = None;
                return self.retarget();
            }
            Pane::Suspect => {
                let by = i16::try_from(by.clamp(-999, 999)).unwrap_or_default();
                self.cursors.suspect = self.cursors.suspect.saturating_add_signed(by).min(200);
            }
            Pane::Neighbours => {
                let columns = self.picture_columns();
                self.move_in_picture(|picture, at| picture.grid(columns).vertical(at, by));
            }
            Pane::Flows => {
                let keys = Arc::clone(&self.listed.keys);
                self.cursors.flows.step(&keys, by);
            }
            Pane::Actions => {
                let rows = self.action_rows();
                self.cursors.actions.step(&rows, by);
            }
            Pane::Run => {
                if let Some(run) = self.run_in_view() {
                    let steps: Vec<_> = run.steps.keys().copied().collect();
                    if let Some(at) = self.shown_step(run) {
                        // From the step that is shown, not from where the cursor was left.
                        self.cursors.run.put(&steps, at);
                    }
                    self.cursors.run.step(&steps, by);
                } else {
                    let ids = self.run_ids();
                    self.cursors.runs.step(&ids, by);
                }
            }
        }
        Vec::new()
    }

    fn open(&mut self) -> Vec<Effect> {
        match self.focus {
            Pane::Findings => {
                self.touched = true;
                match self
                    .selected_finding()
                    .map(|(finding, _)| finding.containable().err())
                {
                    Some(Some(why)) => self.notice = Some(format!("no suspect here: {why}")),
                    Some(None) => self.focus = Pane::Suspect,
                    None => {}
                }
            }
            Pane::Suspect => self.focus = Pane::Neighbours,
            Pane::Neighbours => return self.open_neighbour(),
            Pane::Flows => self.open_explanation(),
            Pane::Actions => return self.open_action(),
            Pane::Run => self.open_run(),
        }
        Vec::new()
    }

    /// Makes a neighbouring instance the suspect: how else would one follow lateral movement?
    fn open_neighbour(&mut self) -> Vec<Effect> {
        let picture = &self.selected.picture;
        let selected = self.cursors.neighbours.selected(&picture.enis);
        let Some(eni) = selected.and_then(|id| self.estate.eni(id)) else {
            return Vec::new();
        };
        let label = eni_label(&self.estate, eni);
        let Some(instance) = eni.instance.clone() else {
            self.notice = Some(format!("{label} is no instance: nothing to investigate"));
            return Vec::new();
        };
        if self.suspect().as_ref() == Some(&instance) {
            self.notice = Some(format!("{label} is the suspect already"));
            return Vec::new();
        }
        self.notice = Some(format!("suspect is now {label} (esc: back to the finding)"));
        self.pinned = Some(instance);
        self.focus = Pane::Suspect;
        self.retarget()
    }

    /// From a flow to the neighbour at its other end.
    fn show_peer(&mut self) {
        let Some(key) = self.cursors.flows.selected(&self.listed.keys) else {
            return;
        };
        let Some(eni) = self.estate.eni_of_address(key.peer) else {
            self.notice = Some(format!("{} is outside of what was read", key.peer));
            return;
        };
        let eni = eni.id.clone();
        let enis = &self.selected.picture.enis;
        if let Some(index) = enis.iter().position(|it| *it == eni) {
            self.move_in_picture(|_, _| index);
            self.focus = Pane::Neighbours;
        } else {
            let words = format!("{eni} is not in the picture: no neighbour, and not reached");
            self.notice = Some(words);
        }
    }

    fn back(&mut self) -> Vec<Effect> {
        if self.filters.remove(&self.focus).is_some() {
            return self.retarget();
        }
        if self.focus == Pane::Run {
            if self.leave_browsing() {
                return Vec::new();
            }
            self.focus = Pane::Actions;
            return Vec::new();
        }
        if self.pinned.take().is_some() {
            return self.retarget();
        }
        self.focus = Pane::Findings;
        Vec::new()
    }

    pub(super) fn edit_filter(&mut self, command: Command) -> Vec<Effect> {
        match command {
            Command::Press => self.typing_filter = false,
            Command::Back => {
                self.typing_filter = false;
                self.filters.remove(&self.focus);
            }
            Command::Erase => {
                self.filters.entry(self.focus).or_default().pop();
            }
            _ => {}
        }
        if !self.typing_filter && self.filter(self.focus).is_empty() {
            self.filters.remove(&self.focus);
        }
        self.retarget()
    }
}
