//! Everything that a frame shows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::choice::Choice;
use super::confirm::Confirm;
use super::cursor::Cursor;
use super::explained::Explained;
use super::forecast::Forecasts;
use super::health::FeedHealth;
use super::keymap::Context;
use super::lamps::Lamp;
use super::listed::Listed;
use super::past::{Archived, Browsing, OpenRuns};
use super::played::{Mail, Playing};
use super::rows::FindingRow;
use super::selected::Selected;
use crate::executor::RunView;
use crate::flows::{EdgeKey, FlowTable};
use crate::model::{EniId, Estate, Finding, FindingId, InstanceId};
use crate::operation::StepId;
use crate::plan::{OwnPath, Playbook, PlaybookError};
use crate::sources::{Coverage, Feed, FlowTargets, Identity};

/// A pane of the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pane {
    /// `GuardDuty` findings.
    Findings,
    /// The instance under investigation.
    Suspect,
    /// Who shares a scope with it.
    Neighbours,
    /// Its flows.
    Flows,
    /// The catalogue.
    Actions,
    /// The run.
    Run,
}

impl Pane {
    /// All, in the order of their digits.
    pub const ALL: [Self; 6] = [
        Self::Findings,
        Self::Suspect,
        Self::Neighbours,
        Self::Flows,
        Self::Actions,
        Self::Run,
    ];

    /// The name on screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::Findings => "Findings",
            Self::Suspect => "Suspect",
            Self::Neighbours => "Neighbours",
            Self::Flows => "Flows",
            Self::Actions => "Actions",
            Self::Run => "Run",
        }
    }

    /// The digit that shows it.
    pub fn digit(self) -> usize {
        Self::ALL
            .iter()
            .position(|it| *it == self)
            .map_or(0, |index| index + 1)
    }
}

/// What the session may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Looks only: there is no actuator.
    ReadOnly,
    /// May change the account.
    Changes,
    /// Changes the embedded world, never an account.
    Drill,
    /// Looks at what was once read of an account: there is nothing to change.
    Dump,
    /// Looks at an exercise that is played again.
    Replay,
}

impl Mode {
    /// Whether a plan may be confirmed.
    pub fn allows_changes(self) -> bool {
        self.why_not().is_none()
    }

    /// Why no plan may be confirmed, in words; `None`: one may.
    pub fn why_not(self) -> Option<&'static str> {
        match self {
            Self::ReadOnly => Some("read-only session: start firedoor with --allow-changes"),
            Self::Dump => Some("this is a dump: there is nothing to change"),
            Self::Replay => Some("this is a replay: nothing can be changed"),
            Self::Changes | Self::Drill => None,
        }
    }
}

/// What the command line decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// What the session may do.
    pub mode: Mode,
    /// The case: names everything that is made and journalled.
    pub case: String,
    /// The longest dwell of a two-step, in seconds.
    pub max_dwell: u32,
    /// Entries per direction and family that a network ACL may have.
    pub acl_quota: usize,
    /// The longest time for which a pulse denies, in seconds.
    pub max_hold: u32,
    /// How far back flow logs are read, in minutes.
    pub since_minutes: u64,
    /// The folder of the journals, for people.
    pub journals: String,
    /// Where the console itself stands: what a plan must not cut unnoticed.
    pub own: OwnPath,
    /// The playbooks, shipped ones first; of a file that can't be used, why.
    pub playbooks: Vec<Result<Playbook, PlaybookError>>,
}

/// A dialog over the panes.
#[derive(Debug, Clone, PartialEq)]
pub enum Dialog {
    /// Keys and sources; lines scrolled down.
    Help {
        /// Lines scrolled down.
        scroll: u16,
    },
    /// A plan to be confirmed.
    Confirm(Box<Confirm>),
    /// What becomes of a flow, and why.
    Explained(Box<Explained>),
    /// Everything about a step of the run in view.
    Step {
        /// The step.
        step: StepId,
        /// Lines scrolled down.
        scroll: u16,
    },
    /// Runs were left in the middle.
    OpenRuns(Box<OpenRuns>),
    /// Messages to the players of an exercise.
    Mail(Box<Mail>),
    /// A run is on its way, and somebody wants to quit.
    Quit,
}

/// Where the cursor of each pane is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cursors {
    /// Findings.
    pub findings: Cursor<FindingRow>,
    /// Neighbours.
    pub neighbours: Cursor<EniId>,
    /// Flows.
    pub flows: Cursor<EdgeKey>,
    /// Actions.
    pub actions: Cursor<Choice>,
    /// Steps of the run.
    pub run: Cursor<StepId>,
    /// The list of runs.
    pub runs: Cursor<String>,
    /// Lines scrolled down in the suspect pane.
    pub suspect: u16,
}

/// Whether the runs that were left in the middle were named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Offer {
    /// Not yet: it is not known whether there are any, or whose they are.
    Due,
    /// Once is enough.
    Made,
}

/// The console.
#[derive(Debug, Clone)]
pub struct AppState {
    /// What the command line decided.
    pub settings: Settings,
    /// When the console began.
    pub began: DateTime<Utc>,
    /// The time of the last message.
    pub now: DateTime<Utc>,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// Who is asking.
    pub identity: Option<Identity>,
    /// Age and state of every feed that was asked.
    pub health: BTreeMap<Feed, FeedHealth>,
    /// Findings, newest first.
    pub findings: Vec<Finding>,
    /// What was read of the account.
    pub estate: Arc<Estate>,
    /// Who talks to whom.
    pub flows: FlowTable,
    /// How far the last reading of flow logs got.
    pub coverage: Coverage,
    /// Whose flow logs are read.
    pub targets: FlowTargets,
    /// The pane that has the focus.
    pub focus: Pane,
    /// Where the cursors are.
    pub cursors: Cursors,
    /// An instance that was opened from the neighbours pane.
    pub pinned: Option<InstanceId>,
    /// What each pane is filtered by.
    pub filters: BTreeMap<Pane, String>,
    /// A filter is being typed.
    pub typing_filter: bool,
    /// The dialog over the panes.
    pub dialog: Option<Dialog>,
    /// The run.
    pub run: Option<RunView>,
    /// A plan was confirmed, and its first event has not come yet.
    pub run_pending: bool,
    /// What the run pane shows.
    pub browsing: Browsing,
    /// The runs of the archive; `None`: it was not read yet.
    pub archive: Option<Arc<Archived>>,
    /// The suspect's flows when a two-step was started.
    pub lamps: Vec<Lamp>,
    /// Why the last plan was not started.
    pub lost: Option<String>,
    /// The exercise; `None`: this is none.
    pub playing: Option<Playing>,
    /// A line for the analyst, until the next key.
    pub notice: Option<String>,
    /// What each action would do.
    pub forecasts: Forecasts,
    /// What the selected one does.
    pub selected: Selected,
    /// The list of the flows pane.
    pub listed: Listed,
    pub(super) incoming: Vec<Finding>,
    /// The findings of the last whole reading.
    pub(super) known: BTreeSet<FindingId>,
    pub(super) touched: bool,
    /// Dialogs that were opened so far.
    pub(super) tickets: u64,
    /// Whether open runs were named already.
    pub(super) offer: Offer,
}

impl AppState {
    /// The smallest terminal that shows panes: columns and rows.
    pub const MINIMUM: (u16, u16) = (80, 24);

    /// From this width on there are two columns of panes.
    const WIDE: u16 = 120;

    /// The width of the left column of panes and of the right one; `None`: there is one column.
    pub fn two_columns(width: u16) -> Option<(u16, u16)> {
        (width >= Self::WIDE).then_some((width - width / 2, width / 2))
    }

    /// Columns inside the border of the neighbours pane.
    pub(super) fn picture_columns(&self) -> usize {
        let width = Self::two_columns(self.size.0).map_or(self.size.0, |(_, right)| right);
        usize::from(width.saturating_sub(2))
    }

    /// Whether the terminal is too small to show anything: nothing may be confirmed unseen.
    pub fn is_too_small(&self) -> bool {
        self.size.0 < Self::MINIMUM.0 || self.size.1 < Self::MINIMUM.1
    }

    /// An empty console.
    pub fn new(settings: Settings, size: (u16, u16), now: DateTime<Utc>) -> Self {
        Self {
            settings,
            began: now,
            now,
            size,
            identity: None,
            health: BTreeMap::new(),
            findings: Vec::new(),
            estate: Arc::default(),
            flows: FlowTable::default(),
            coverage: Coverage::default(),
            targets: FlowTargets::default(),
            focus: Pane::Findings,
            cursors: Cursors::default(),
            pinned: None,
            filters: BTreeMap::new(),
            typing_filter: false,
            dialog: None,
            run: None,
            run_pending: false,
            browsing: Browsing::default(),
            archive: None,
            lamps: Vec::new(),
            lost: None,
            playing: None,
            notice: None,
            forecasts: Forecasts::default(),
            selected: Selected::default(),
            listed: Listed::default(),
            incoming: Vec::new(),
            known: BTreeSet::new(),
            touched: false,
            tickets: 0,
            offer: Offer::Due,
        }
    }

    /// Which bindings hold.
    pub fn context(&self) -> Context {
        match &self.dialog {
            Some(Dialog::Help { .. } | Dialog::Explained(_) | Dialog::Step { .. }) => {
                Context::Reading
            }
            Some(Dialog::OpenRuns(_)) => Context::OpenRuns,
            Some(Dialog::Confirm(_)) => Context::Confirm,
            Some(Dialog::Mail(_)) => Context::Mail,
            Some(Dialog::Quit) => Context::Quit,
            None if self.typing_filter => Context::Filter,
            None => Context::Pane(self.focus),
        }
    }

    /// What a pane is filtered by, in lower case.
    pub fn filter(&self, pane: Pane) -> String {
        self.filters
            .get(&pane)
            .map(|it| it.to_lowercase())
            .unwrap_or_default()
    }

    /// Whether a run is on its way.
    pub fn run_is_open(&self) -> bool {
        self.run_pending || self.run.as_ref().is_some_and(|run| run.ended.is_none())
    }

    /// A feed's age and state; an empty one if it was never asked.
    pub fn feed(&self, feed: Feed) -> FeedHealth {
        self.health.get(&feed).cloned().unwrap_or_default()
    }
}
