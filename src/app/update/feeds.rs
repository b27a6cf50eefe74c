//! News from the sources.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::message::Effect;
use super::super::state::AppState;
use crate::model::{Eni, Finding, InstanceId};
use crate::sources::{Command, Feed, FlowTargets, Outcome, Update, UpdateKind, readable_logs};

impl AppState {
    pub(super) fn feed_update(&mut self, update: Update) -> Vec<Effect> {
        let Update { feed, at, kind } = update;
        match kind {
            UpdateKind::Started => {
                self.health.entry(feed).or_default().reading = true;
                if feed == Feed::Findings {
                    self.incoming.clear();
                }
            }
            UpdateKind::Identity(identity) => self.identity = Some(identity),
            UpdateKind::Findings(page) => {
                self.add_findings(page);
                return self.retarget();
            }
            UpdateKind::Part(part) => {
                self.estate = Arc::new(self.estate.with(part, at));
                self.refresh_remarks();
                return self.retarget();
            }
            UpdateKind::Flows {
                records,
                bad,
                coverage,
            } => {
                self.coverage = coverage;
                let estate = Arc::clone(&self.estate);
                for (event, record) in &records {
                    self.flows.add(*event, record, |eni, address| {
                        estate
                            .eni(eni)
                            .is_some_and(|it| it.addresses.contains(&address))
                    });
                }
                for (event, reason) in bad {
                    self.flows.count_bad(event, reason);
                }
            }
            UpdateKind::Finished(outcome) => {
                let whole = feed == Feed::Findings && outcome == Outcome::Complete;
                self.health.entry(feed).or_default().finish(outcome, at);
                if whole {
                    return self.findings_complete();
                }
            }
        }
        Vec::new()
    }

    /// Drops what an earlier reading had and this one has not: it was archived.
    fn findings_complete(&mut self) -> Vec<Effect> {
        let before = self.suspect();
        let first = self.known.is_empty();
        self.findings = std::mem::take(&mut self.incoming);
        self.sort_findings();
        let known = std::mem::take(&mut self.known);
        self.known = self.findings.iter().map(|it| it.id.clone()).collect();
        let new = self
            .findings
            .iter()
            .find(|it| !known.contains(&it.id) && !it.sample);
        if let Some(new) = new.filter(|_| !first) {
            self.notice = Some(format!(
                "new finding, {:.1}: {} (1 shows it)",
                new.severity.0, new.kind
            ));
        }
        let named = |it: &InstanceId| self.findings.iter().any(|f| f.instances.contains(it));
        if let Some(gone) = before.filter(|it| !named(it)) {
            let now = self.suspect().map_or("none".into(), |it| it.to_string());
            let words = format!("the finding of {gone} is gone; the suspect is now {now}");
            self.notice = Some(words);
        }
        self.retarget()
    }

    /// Shows a page at once, beside what an earlier reading brought; what that reading had and this
    /// one has not (it was archived) goes when this one is complete.
    fn add_findings(&mut self, page: Vec<Finding>) {
        for finding in page {
            match self.findings.iter_mut().find(|it| it.id == finding.id) {
                Some(known) => known.clone_from(&finding),
                None => self.findings.push(finding.clone()),
            }
            self.incoming.push(finding);
        }
        self.sort_findings();
    }

    fn sort_findings(&mut self) {
        self.findings
            .sort_by(|a, b| b.updated.cmp(&a.updated).then_with(|| a.id.cmp(&b.id)));
        if !self.touched {
            self.point_at_the_worst();
        }
    }

    /// Until the analyst moves the cursor it points at the most severe finding that can be contained.
    fn point_at_the_worst(&mut self) {
        let rows = self.finding_rows();
        let severity = |index: usize| {
            let finding = rows.get(index).and_then(|row| self.finding(&row.finding));
            finding
                .filter(|it| it.containable().is_ok())
                .map(|it| it.severity.0)
        };
        let worst = (0..rows.len())
            .filter_map(|index| Some((index, severity(index)?)))
            .reduce(|best, it| if it.1 > best.1 { it } else { best });
        if let Some((index, _)) = worst {
            self.cursors.findings.put(&rows, index);
        }
    }

    /// Reads the flow logs of the suspect and its neighbours, if these have changed.
    pub(super) fn retarget(&mut self) -> Vec<Effect> {
        let targets = self.flow_targets();
        if targets == self.targets {
            return Vec::new();
        }
        self.targets = targets.clone();
        vec![Effect::Poll(Command::Watch(targets))]
    }

    fn flow_targets(&self) -> FlowTargets {
        let Some(suspect) = self.suspect() else {
            return FlowTargets::default();
        };
        let own: Vec<&Eni> = self.estate.enis_of_instance(&suspect).collect();
        let subnets: BTreeSet<_> = own.iter().map(|eni| eni.subnet.clone()).collect();
        let resources: BTreeSet<String> = own
            .iter()
            .flat_map(|it| [it.id.to_string(), it.subnet.to_string(), it.vpc.to_string()])
            .collect();
        let others = subnets
            .iter()
            .flat_map(|subnet| self.estate.enis_of_subnet(subnet));
        FlowTargets {
            suspect: own.iter().map(|eni| eni.id.clone()).collect(),
            neighbours: others
                .filter(|eni| eni.instance.as_ref() != Some(&suspect))
                .map(|eni| eni.id.clone())
                .collect(),
            logs: readable_logs(self.estate.flow_logs(), &resources)
                .cloned()
                .collect(),
        }
    }
}
