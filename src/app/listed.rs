//! The flows pane's list, made anew when it changes and not with every frame.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::state::{AppState, Pane};
use crate::flows::{Edge, EdgeKey};
use crate::model::{EniId, Estate, FlowAction};

/// The flows pane's list.
#[derive(Debug, Clone, Default)]
pub struct Listed {
    basis: Option<Basis>,
    /// The suspect's edges, newest first, those with the remote addresses of its findings on top: on a
    /// small screen they would be out of sight.
    pub keys: Arc<Vec<EdgeKey>>,
    /// What the log says of the time after the suspect's run; `None`: there was none.
    pub since_run: Option<SinceRun>,
}

/// The suspect's accepted flows after the end of its run, as far as the log has arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SinceRun {
    /// When the run ended.
    pub ended: DateTime<Utc>,
    /// Flows that were accepted after it.
    pub accepted: usize,
    /// Flows that were not seen again so far.
    pub not_seen: usize,
}

/// Everything that the list depends on.
#[derive(Debug, Clone)]
struct Basis {
    estate: Arc<Estate>,
    records: u64,
    enis: Vec<EniId>,
    remotes: BTreeSet<IpAddr>,
    filter: String,
    ended: Option<DateTime<Utc>>,
}

impl Basis {
    fn is(&self, other: &Self) -> bool {
        // Names, by which one may filter, come from the estate.
        Arc::ptr_eq(&self.estate, &other.estate)
            && self.records == other.records
            && self.enis == other.enis
            && self.remotes == other.remotes
            && self.filter == other.filter
            && self.ended == other.ended
    }
}

impl AppState {
    /// Makes the list anew if what it rests on has changed.
    pub(super) fn refresh_listed(&mut self) {
        let basis = Basis {
            estate: Arc::clone(&self.estate),
            records: self.flows.coverage().records,
            enis: self.suspect_enis(),
            remotes: self.remote_addresses(),
            filter: self.filter(Pane::Flows),
            ended: self.run_end(),
        };
        if !self.listed.basis.as_ref().is_some_and(|it| it.is(&basis)) {
            self.listed = self.list(basis);
        }
        self.cursors.flows.settle(&self.listed.keys);
    }

    fn list(&self, basis: Basis) -> Listed {
        let mut edges = self.flows.newest_first(&basis.enis);
        edges.retain(|edge| self.shows_flow(edge, &basis.filter));
        edges.sort_by_key(|edge| !basis.remotes.contains(&edge.key.peer));
        let since_run = basis.ended.map(|ended| {
            let accepted = edges
                .iter()
                .filter(|it| it.key.action == FlowAction::Accept);
            let (after, before): (Vec<bool>, Vec<bool>) =
                accepted.map(|it| it.last_start > ended).partition(|it| *it);
            SinceRun {
                ended,
                accepted: after.len(),
                not_seen: before.len(),
            }
        });
        Listed {
            keys: Arc::new(edges.into_iter().map(|it| it.key).collect()),
            basis: Some(basis),
            since_run,
        }
    }

    fn shows_flow(&self, edge: &Edge<'_>, filter: &str) -> bool {
        if filter.is_empty() {
            return true;
        }
        let key = &edge.key;
        let name = self.peer_name(key.peer);
        key.peer.to_string().contains(filter)
            || key.port.to_string() == filter
            || format!("{:?}", key.action).to_lowercase().contains(filter)
            || name.is_some_and(|name| name.to_lowercase().contains(filter))
    }

    /// When the run on this suspect ended.
    fn run_end(&self) -> Option<DateTime<Utc>> {
        let run = self.run.as_ref()?;
        let (at, _) = run.ended?;
        (self.suspect().as_ref() == run.plan.suspect()).then_some(at)
    }

    /// The remote addresses that the suspect's findings name, as of the last update.
    pub(super) fn is_suspicious(&self, address: IpAddr) -> bool {
        let basis = self.listed.basis.as_ref();
        basis.is_some_and(|it| it.remotes.contains(&address))
    }
}
