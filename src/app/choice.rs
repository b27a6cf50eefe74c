//! The rows of the actions pane: actions of the catalogue, then playbooks.

use std::fmt;

use super::state::AppState;
use crate::plan::{Action, Playbook, PlaybookError};

/// A row of the actions pane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// An action of the catalogue.
    Action(Action),
    /// The playbook of this name.
    Playbook(String),
    /// A playbook file that can't be used: its place among the playbooks of the settings.
    Unusable(usize),
}

impl Choice {
    /// The name on screen.
    pub fn name(&self) -> &str {
        match self {
            Self::Action(action) => action.name(),
            Self::Playbook(name) => name,
            Self::Unusable(_) => "unusable playbook",
        }
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl AppState {
    /// The playbook of this name.
    pub fn playbook(&self, name: &str) -> Option<&Playbook> {
        let known = self.settings.playbooks.iter().flatten();
        known.into_iter().find(|it| it.name == name)
    }

    /// Why a playbook file can't be used.
    pub fn unusable(&self, index: usize) -> Option<&PlaybookError> {
        self.settings.playbooks.get(index)?.as_ref().err()
    }

    /// What a row does, in a line.
    pub fn summary_of(&self, choice: &Choice) -> String {
        match choice {
            Choice::Action(action) => action.summary().into(),
            Choice::Playbook(name) => {
                let playbook = self.playbook(name);
                playbook.map(|it| it.summary.clone()).unwrap_or_default()
            }
            Choice::Unusable(index) => {
                let why = self.unusable(*index);
                why.map(ToString::to_string).unwrap_or_default()
            }
        }
    }

    /// The playbooks as rows, those that can't be used last.
    pub(super) fn playbook_rows(&self) -> impl Iterator<Item = Choice> {
        let all = &self.settings.playbooks;
        let usable = all.iter().flatten();
        let usable = usable.map(|it| Choice::Playbook(it.name.clone()));
        let broken = all.iter().enumerate().filter(|(_, it)| it.is_err());
        usable.chain(broken.map(|(index, _)| Choice::Unusable(index)))
    }
}
