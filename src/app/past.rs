//! The runs of the archive: what was done before, and what still stands open.

use std::path::PathBuf;

use chrono::{DateTime, Utc};

use super::cursor::Cursor;
use super::state::{AppState, Mode};
use crate::executor::{Holder, Listing, Recorded, RunView};
use crate::model::account_of;

/// A run of the archive.
#[derive(Debug, Clone, PartialEq)]
pub struct Past {
    /// Its journal.
    pub path: PathBuf,
    /// What its events add up to.
    pub view: RunView,
    /// What is wrong with its journal, if anything.
    pub damage: Option<String>,
    /// The process that carries it out now.
    pub held_by: Option<Holder>,
}

/// What the archive holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Archived {
    /// The runs, newest first.
    pub runs: Vec<Past>,
    /// Journals that can't be read, and why.
    pub unreadable: Vec<String>,
}

impl From<Recorded> for Past {
    fn from(it: Recorded) -> Self {
        Self {
            damage: it.damage.map(|damage| damage.to_string()),
            path: it.path,
            view: it.view,
            held_by: it.held_by,
        }
    }
}

impl From<Listing> for Archived {
    fn from(it: Listing) -> Self {
        Self {
            runs: it.runs.into_iter().map(Past::from).collect(),
            unreadable: it.unreadable.iter().map(ToString::to_string).collect(),
        }
    }
}

/// What the run pane shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Browsing {
    /// The run of this process; the list, while there is none.
    #[default]
    Own,
    /// The list.
    List,
    /// A run of the archive, by its id.
    One(String),
}

/// The dialog that names the runs that were left in the middle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenRuns {
    /// Their ids, those whose suspect stands open first.
    pub runs: Vec<String>,
    /// The selected one.
    pub cursor: Cursor<String>,
    /// The button under the cursor.
    pub focus: OpenFocus,
    /// When it opened.
    pub opened: DateTime<Utc>,
    /// Why the last Enter did nothing.
    pub refused: Option<String>,
}

/// A button of that dialog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenFocus {
    /// Leaves everything as it is. Where the cursor is at first.
    Later,
    /// Empties or lifts, and does nothing else.
    SafeEnd,
    /// Does what is left of the plan.
    Continue,
}

impl OpenFocus {
    /// All, from left to right.
    pub const ALL: [Self; 3] = [Self::Later, Self::SafeEnd, Self::Continue];

    /// The words on it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Later => "Later",
            Self::SafeEnd => "Go to the safe end",
            Self::Continue => "Continue",
        }
    }
}

impl OpenRuns {
    /// The button `by` places further.
    pub(super) fn turn(&mut self, by: usize) {
        let all = OpenFocus::ALL;
        let at = all.iter().position(|it| *it == self.focus).unwrap_or(0);
        self.focus = all[(at + by) % all.len()];
        self.refused = None;
    }
}

impl AppState {
    /// A run of the archive by its id.
    pub fn past(&self, run: &str) -> Option<&Past> {
        self.archived().find(|it| it.view.run == run)
    }

    /// The runs of the archive, newest first.
    pub fn archived(&self) -> impl Iterator<Item = &Past> {
        self.archive.iter().flat_map(|it| &it.runs)
    }

    /// Whether a run was made in the account that this session is connected to; `None`: that is not known
    /// yet.
    pub fn is_here(&self, run: &RunView) -> Option<bool> {
        let identity = self.identity.as_ref()?;
        Some(account_of(&run.caller) == Some(identity.account.as_str()))
    }

    /// Why nothing of a run can be taken up or taken back here: its drill is over, and its world gone.
    pub fn is_over(&self, run: &RunView) -> Option<&'static str> {
        let over = match self.settings.mode {
            Mode::Drill => run.started < self.began,
            // What is on disk is of the exercise that was recorded, or of another one.
            Mode::Replay => true,
            Mode::ReadOnly | Mode::Changes | Mode::Dump => false,
        };
        over.then_some("its drill is over, and the world that it changed is gone")
    }

    /// The run that the run pane shows; `None`: it shows the list.
    pub fn run_in_view(&self) -> Option<&RunView> {
        match &self.browsing {
            Browsing::Own => self.run.as_ref(),
            Browsing::List => None,
            Browsing::One(run) => match &self.run {
                Some(own) if own.run == *run => Some(own),
                _ => self.past(run).map(|it| &it.view),
            },
        }
    }

    /// The run that a key in the run pane is about.
    pub(super) fn run_at_hand(&self) -> Option<&RunView> {
        self.run_in_view().or_else(|| {
            let ids = self.run_ids();
            let selected = self.cursors.runs.selected(&ids)?;
            self.run_of(selected)
        })
    }

    /// A run of this process or of the archive.
    pub fn run_of(&self, run: &str) -> Option<&RunView> {
        let own = self.run.as_ref().filter(|it| it.run == run);
        own.or_else(|| self.past(run).map(|it| &it.view))
    }

    /// The runs that the list shows, newest first.
    pub fn run_ids(&self) -> Vec<String> {
        let own = self.run.as_ref().map(|it| it.run.clone());
        let past = self.archived().map(|it| it.view.run.clone());
        let past = past.filter(|it| Some(it) != own.as_ref());
        own.clone().into_iter().chain(past).collect()
    }

    /// Runs of this account that nobody carries out and that did not come to a good end, those whose
    /// suspect stands open first.
    pub(super) fn open_runs(&self) -> Vec<String> {
        let own = self.run.as_ref().filter(|it| !it.is_open());
        let open = self.archived().filter(|it| {
            it.view.is_open()
                && it.held_by.is_none()
                && self.is_here(&it.view) == Some(true)
                && own.is_none_or(|own| own.run != it.view.run)
        });
        let mut open: Vec<&Past> = open.collect();
        open.sort_by_key(|it| it.view.open_since().is_none());
        open.into_iter().map(|it| it.view.run.clone()).collect()
    }
}
