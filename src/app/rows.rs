//! What the panes list, in order, after their filters. Cursors hold keys into these.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::choice::Choice;
use super::state::{AppState, Pane};
use crate::analysis::eni_label;
use crate::model::id::Id;
use crate::model::{Eni, EniId, Finding, FindingId, InstanceId};
use crate::plan::Action;

/// A line of the findings pane: a finding, and one of the instances that it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingRow {
    /// The finding.
    pub finding: FindingId,
    /// The instance: an attack sequence has a line for each.
    pub instance: Option<InstanceId>,
}

/// The other side of a flow, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Its address.
    pub address: IpAddr,
    /// Its name, where it is one of ours.
    pub name: Option<String>,
    /// The finding names it as the remote side.
    pub suspicious: bool,
}

impl AppState {
    /// The lines of the findings pane.
    pub fn finding_rows(&self) -> Vec<FindingRow> {
        let filter = self.filter(Pane::Findings);
        let rows = self.findings.iter().flat_map(|finding| {
            let none = finding.instances.is_empty().then_some(None);
            let some = finding.instances.iter().cloned().map(Some);
            some.chain(none).map(|instance| FindingRow {
                finding: finding.id.clone(),
                instance,
            })
        });
        rows.filter(|row| filter.is_empty() || self.finding_matches(row, &filter))
            .collect()
    }

    fn finding_matches(&self, row: &FindingRow, filter: &str) -> bool {
        let Some(finding) = self.finding(&row.finding) else {
            return false;
        };
        let instance = row.instance.as_ref();
        let name = instance
            .and_then(|id| self.estate.instance(id))
            .map(|it| it.name.as_str());
        let remotes = finding.remotes.iter().map(|it| it.address.to_string());
        let texts = [Some(finding.kind.as_str()), instance.map(Id::as_str), name];
        texts.into_iter().flatten().any(|it| contains(it, filter))
            || remotes.into_iter().any(|it| it.contains(filter))
    }

    /// A finding by id.
    pub fn finding(&self, id: &FindingId) -> Option<&Finding> {
        self.findings.iter().find(|it| it.id == *id)
    }

    /// The selected line of the findings pane.
    pub fn selected_finding(&self) -> Option<(&Finding, FindingRow)> {
        let rows = self.finding_rows();
        let row = self.cursors.findings.selected(&rows)?.clone();
        Some((self.finding(&row.finding)?, row))
    }

    /// The suspect: the instance of the selected finding, or the neighbour that was opened.
    pub fn suspect(&self) -> Option<InstanceId> {
        self.pinned
            .clone()
            .or_else(|| self.selected_finding()?.1.instance)
    }

    /// The suspect's interfaces.
    pub fn suspect_enis(&self) -> Vec<EniId> {
        let Some(suspect) = self.suspect() else {
            return Vec::new();
        };
        self.estate
            .enis_of_instance(&suspect)
            .map(|eni| eni.id.clone())
            .collect()
    }

    /// Whether the neighbours pane shows an interface under a filter.
    pub(super) fn shows_interface(&self, eni: &Eni, filter: &str) -> bool {
        filter.is_empty()
            || contains(&eni_label(&self.estate, eni), filter)
            || contains(eni.id.as_str(), filter)
            || contains(eni.kind.name(), filter)
            || eni
                .addresses
                .iter()
                .any(|address| address.to_string().contains(filter))
    }

    /// The other side of a flow.
    pub fn peer(&self, address: IpAddr) -> Peer {
        Peer {
            address,
            name: self.peer_name(address),
            suspicious: self.is_suspicious(address),
        }
    }

    pub(super) fn peer_name(&self, address: IpAddr) -> Option<String> {
        let eni = self.estate.eni_of_address(address)?;
        Some(eni_label(&self.estate, eni))
    }

    /// The remote addresses that the suspect's findings name.
    pub fn remote_addresses(&self) -> BTreeSet<IpAddr> {
        let Some(suspect) = self.suspect() else {
            return BTreeSet::new();
        };
        let own = self
            .findings
            .iter()
            .filter(|it| !it.sample && it.instances.contains(&suspect));
        own.flat_map(|it| &it.remotes)
            .map(|it| it.address)
            .collect()
    }

    /// The lines of the actions pane: the recommended action first, or in the catalogue's order while there
    /// is no suspect; then the playbooks.
    pub fn action_rows(&self) -> Vec<Choice> {
        let filter = self.filter(Pane::Actions);
        let shown = |it: &Choice| {
            filter.is_empty()
                || contains(it.name(), &filter)
                || contains(&self.summary_of(it), &filter)
        };
        let ranked = self.forecasts.rows.iter().map(|it| it.action);
        let mut actions: Vec<Action> = ranked.collect();
        if actions.is_empty() {
            actions.extend(Action::ALL);
        }
        let actions = actions.into_iter().map(Choice::Action);
        let mut rows: Vec<Choice> = actions.chain(self.playbook_rows()).collect();
        rows.retain(shown);
        rows
    }
}

/// Case does not matter; `filter` is in lower case already.
fn contains(text: &str, filter: &str) -> bool {
    text.to_lowercase().contains(filter)
}
