//! Keys in the panes.

use super::super::keymap::Command;
use super::super::message::Effect;
use super::super::state::{AppState, Dialog, Pane};
use crate::sources;

/// Lines of a page: what a pane shows on the smallest terminal, less two for orientation.
const PAGE: isize = 16;

impl AppState {
    pub(super) fn console(&mut self, command: Command) -> Vec<Effect> {
        let effects = self.obey(command);
        if self.focus != Pane::Findings {
            self.hold_selection();
        }
        effects
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
            Command::PageUp => return self.move_cursor(-PAGE),
            Command::PageDown => return self.move_cursor(PAGE),
            Command::First => return self.move_cursor(isize::MIN / 2),
            Command::Last => return self.move_cursor(isize::MAX / 2),
            Command::Open => return self.open(),
            Command::Back => return self.back(),
            Command::Filter => self.typing_filter = true,
            Command::Contain => self.focus = Pane::Actions,
            Command::Refresh => {
                self.notice = Some("refreshing".into());
                return vec![Effect::Poll(sources::Command::Refresh)];
            }
            Command::StopRun => return self.stop_run(),
            Command::Help => self.dialog = Some(Dialog::Help { scroll: 0 }),
            Command::Quit => return self.ask_to_leave(),
            Command::OtherButton | Command::Press | Command::Erase => {}
        }
        Vec::new()
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
                let rows: Vec<_> = self.neighbour_rows().into_iter().map(|it| it.eni).collect();
                self.cursors.neighbours.step(&rows, by);
            }
            Pane::Flows => {
                let keys = self.flow_keys();
                self.cursors.flows.step(&keys, by);
            }
            Pane::Actions => {
                let rows = self.action_rows();
                self.cursors.actions.step(&rows, by);
            }
            Pane::Run => {
                if let Some(run) = &self.run {
                    let steps: Vec<_> = run.steps.keys().copied().collect();
                    self.cursors.run.step(&steps, by);
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
            Pane::Flows => self.open_flow(),
            Pane::Actions => self.open_action(),
            Pane::Run => {}
        }
        Vec::new()
    }

    /// Makes a neighbouring instance the suspect: how else would one follow lateral movement?
    fn open_neighbour(&mut self) -> Vec<Effect> {
        let rows = self.neighbour_rows();
        let keys: Vec<_> = rows.iter().map(|it| it.eni.clone()).collect();
        let selected = self
            .cursors
            .neighbours
            .resolve(&keys)
            .and_then(|index| rows.get(index));
        let Some(neighbour) = selected else {
            return Vec::new();
        };
        let Some(instance) = neighbour.instance.clone() else {
            self.notice = Some(format!(
                "{} is no instance: nothing to investigate",
                neighbour.label
            ));
            return Vec::new();
        };
        self.notice = Some(format!(
            "suspect is now {} (esc: back to the finding)",
            neighbour.label
        ));
        self.pinned = Some(instance);
        self.focus = Pane::Suspect;
        self.retarget()
    }

    /// From a flow to the neighbour at its other end.
    fn open_flow(&mut self) {
        let keys = self.flow_keys();
        let Some(key) = self.cursors.flows.selected(&keys) else {
            return;
        };
        let Some(eni) = self
            .estate
            .eni_of_address(key.peer)
            .map(|eni| eni.id.clone())
        else {
            self.notice = Some(format!("{} is outside of what was read", key.peer));
            return;
        };
        let rows: Vec<_> = self.neighbour_rows().into_iter().map(|it| it.eni).collect();
        match rows.iter().position(|it| *it == eni) {
            Some(index) => {
                self.cursors.neighbours.put(&rows, index);
                self.focus = Pane::Neighbours;
            }
            None => self.notice = Some(format!("{eni} shares nothing with the suspect")),
        }
    }

    fn back(&mut self) -> Vec<Effect> {
        if self.filters.remove(&self.focus).is_some() {
            return self.retarget();
        }
        if self.focus == Pane::Run {
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
