//! What the selected action does, made ready for the frame: the picture of the neighbours, what the
//! interface under the cursor loses, and what stays open. Made anew when it changes, not with every frame.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::choice::Choice;
use super::picture::{Picture, Subject};
use super::state::{AppState, Pane};
use crate::analysis::{FlowFate, Link, Neighbourhood, Residual, dependents, neighbourhood};
use crate::model::{EniId, Estate, InstanceId, SubnetId};
use crate::plan::{Outlook, Row, residual};

/// What the selected action does.
#[derive(Debug, Clone, Default)]
pub struct Selected {
    basis: Option<Basis>,
    /// Who shares what with the suspect.
    pub around: Arc<Neighbourhood>,
    /// The neighbours.
    pub picture: Arc<Picture>,
    /// The interface under the cursor; `None`: there is none.
    pub story: Option<Arc<Story>>,
    /// Ways in and out that stay open after the action; empty without a plan.
    pub open: Arc<Vec<Residual>>,
}

/// Everything that it depends on but the cursor.
#[derive(Debug, Clone)]
struct Basis {
    estate: Arc<Estate>,
    suspect: Option<InstanceId>,
    rows: Arc<Vec<Row>>,
    action: Option<Choice>,
    filter: String,
}

impl Basis {
    fn has_neighbours_of(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.estate, &other.estate) && self.suspect == other.suspect
    }

    fn is(&self, other: &Self) -> bool {
        self.has_neighbours_of(other)
            && Arc::ptr_eq(&self.rows, &other.rows)
            && self.action == other.action
            && self.filter == other.filter
    }
}

/// An interface under the cursor, and what the action takes from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Story {
    /// The interface.
    pub eni: EniId,
    /// What it shares with the suspect.
    pub shared: BTreeSet<Link>,
    /// Its known flows and what becomes of them, the worst and the largest first.
    pub flows: Vec<FlowFate>,
    /// Subnets that reach the internet or a service through it.
    pub dependents: Vec<SubnetId>,
}

impl AppState {
    /// Makes anew what has changed. Comes after the forecasts.
    pub(super) fn refresh_selected(&mut self) {
        let basis = Basis {
            estate: Arc::clone(&self.estate),
            suspect: self.suspect(),
            rows: Arc::clone(&self.forecasts.rows),
            action: self.selected_action(),
            filter: self.filter(Pane::Neighbours),
        };
        let before = self.selected.basis.as_ref();
        if !before.is_some_and(|it| it.is(&basis)) {
            if !before.is_some_and(|it| it.has_neighbours_of(&basis)) {
                let around = basis.suspect.as_ref();
                let around = around.map(|it| neighbourhood(&self.estate, it));
                self.selected.around = Arc::new(around.unwrap_or_default());
            }
            self.selected.picture = Arc::new(self.picture(&basis));
            self.selected.open = Arc::new(self.still_open());
            self.selected.basis = Some(basis);
            self.selected.story = None;
        }
        self.cursors.neighbours.settle(&self.selected.picture.enis);
        let cell = self
            .cursors
            .neighbours
            .selected(&self.selected.picture.enis);
        let told = self.selected.story.as_ref().map(|it| &it.eni);
        if cell != told {
            let story = cell.map(|eni| Arc::new(self.story(eni)));
            self.selected.story = story;
        }
    }

    fn picture(&self, basis: &Basis) -> Picture {
        let subject = Subject {
            estate: &self.estate,
            suspect: basis.suspect.as_ref(),
            around: &self.selected.around,
            outlook: self.selected_outlook(),
        };
        subject.picture(|eni| self.shows_interface(eni, &basis.filter))
    }

    /// The forecast of the selected action, if there is a plan for it.
    pub fn selected_outlook(&self) -> Option<&Outlook> {
        self.forecast(&self.selected_action()?)?.as_ref().ok()
    }

    fn still_open(&self) -> Vec<Residual> {
        match (self.selected_outlook(), self.forecasts.network()) {
            (Some(outlook), Some(network)) => residual(outlook, network),
            _ => Vec::new(),
        }
    }

    fn story(&self, eni: &EniId) -> Story {
        let neighbours = &self.selected.around.neighbours;
        let shared = neighbours.iter().find(|it| it.eni == *eni);
        let mut flows = match self.selected_outlook() {
            Some(outlook) => self.forecasts.fates_of(eni, outlook),
            None => Vec::new(),
        };
        flows.sort_by_key(|it| {
            let verdict = it.fate.verdict;
            (!verdict.hurts(), verdict, Reverse(it.bytes_per_minute))
        });
        Story {
            eni: eni.clone(),
            shared: shared.map(|it| it.shared.clone()).unwrap_or_default(),
            flows,
            dependents: dependents(&self.estate, eni).into_iter().collect(),
        }
    }
}
