//! What each action would do to the suspect, its neighbours and their flows: forecast when anything that it
//! rests on has changed, and not with every frame.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::choice::Choice;
use super::state::AppState;
use crate::analysis::Seen;
use crate::analysis::{Activity, Explanation, Fate, Flow, FlowFate, Network, Traffic, live};
use crate::flows::{Edge, EdgeKey, mean_gap};
use crate::model::{Direction, EniId, EniKind, Estate, FlowAction, InstanceId};
use crate::plan::{self, Action, Foretold, Intent, Outlook, Plan, PlanError, Row};

/// While logs stream in, forecasts are made this far apart at the least.
const PAUSE: TimeDelta = TimeDelta::milliseconds(500);

/// The forecasts, and what they were made of.
#[derive(Debug, Clone, Default)]
pub struct Forecasts {
    basis: Option<Basis>,
    made_at: Option<DateTime<Utc>>,
    traffic: Option<Arc<Traffic>>,
    /// Every action, the recommended one first; empty without a suspect.
    pub rows: Arc<Vec<Row>>,
    /// Every playbook by its name, in the order of the settings; empty without a suspect.
    pub playbooks: Arc<Vec<(String, Result<Outlook, PlanError>)>>,
}

/// Everything that forecasts depend on.
#[derive(Debug, Clone)]
struct Basis {
    estate: Arc<Estate>,
    records: u64,
    suspect: Option<InstanceId>,
    peers: BTreeSet<IpAddr>,
}

impl Basis {
    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.estate, &other.estate)
            && self.records == other.records
            && self.suspect == other.suspect
            && self.peers == other.peers
    }
}

impl Forecasts {
    /// The network that they were made on.
    pub(super) fn network(&self) -> Option<&Network> {
        self.traffic.as_ref().map(|it| it.network())
    }

    /// What becomes of the flows of an interface.
    pub(super) fn fates_of(&self, eni: &EniId, outlook: &Outlook) -> Vec<FlowFate> {
        let fates = |traffic: &Traffic| traffic.fates_of(outlook.course(traffic.network()), eni);
        self.traffic.as_deref().map(fates).unwrap_or_default()
    }
}

impl AppState {
    /// Makes the forecasts anew if what they rest on has changed, and the last ones are not too young.
    /// A tick is always far enough from them: the clock may stand still.
    pub(super) fn refresh_forecasts(&mut self, tick: bool) {
        let basis = Basis {
            estate: Arc::clone(&self.estate),
            records: self.flows.coverage().records,
            suspect: self.suspect(),
            peers: self.remote_addresses(),
        };
        let before = self.forecasts.basis.as_ref();
        if before.is_some_and(|it| it.is(&basis)) {
            return;
        }
        let same_suspect = before.is_some_and(|it| it.suspect == basis.suspect);
        let young = |at: DateTime<Utc>| self.now - at < PAUSE && self.now >= at;
        if same_suspect && !tick && self.forecasts.made_at.is_some_and(young) {
            return;
        }
        let traffic = self.traffic();
        let (rows, playbooks) = match self.intent(Action::ALL[0]) {
            Some(intent) => (
                plan::compare(&traffic, &intent, &basis.peers),
                self.compare_playbooks(&traffic, &intent, &basis.peers),
            ),
            None => (Vec::new(), Vec::new()),
        };
        self.forecasts = Forecasts {
            basis: Some(basis),
            made_at: Some(self.now),
            traffic: Some(Arc::new(traffic)),
            rows: Arc::new(rows),
            playbooks: Arc::new(playbooks),
        };
        self.refresh_explanation();
    }

    /// What is forecast of a plan now, for the journal.
    pub(super) fn foretell(&self, plan: &Plan) -> Option<Foretold> {
        let traffic = self.forecasts.traffic.as_deref()?;
        plan::foretell(traffic, plan, &self.remote_addresses())
    }

    fn compare_playbooks(
        &self,
        traffic: &Traffic,
        intent: &Intent,
        peers: &BTreeSet<IpAddr>,
    ) -> Vec<(String, Result<Outlook, PlanError>)> {
        let outlook = |playbook| {
            let plan = plan::build_playbook(&self.estate, playbook, intent)?;
            plan::outlook_of(traffic, plan, Some(&intent.suspect), peers)
        };
        let usable = self.settings.playbooks.iter().flatten();
        usable.map(|it| (it.name.clone(), outlook(it))).collect()
    }

    /// The live flows that are known, placed on the network as it was read.
    fn traffic(&self) -> Traffic {
        let network = match (&self.forecasts.traffic, &self.forecasts.basis) {
            (Some(traffic), Some(basis)) if Arc::ptr_eq(&basis.estate, &self.estate) => {
                traffic.network().clone()
            }
            _ => Network::new(&self.estate),
        };
        let found = live(&self.estate, &self.flows, self.now);
        // What was closed is counted too: a service with short connections has hardly anything else.
        let flows = found.flows.iter().chain(&found.closed);
        let flows = flows.map(|it| it.seen(self.now));
        Traffic::new(&network, flows.chain(self.legs()))
    }

    /// Flows that only the log of a NAT gateway shows: whoever is behind it has no log that was read, and
    /// loses them all the same.
    fn legs(&self) -> impl Iterator<Item = Seen<'_>> {
        let is_nat = |id: &EniId| {
            let eni = self.estate.eni(id);
            eni.is_some_and(|it| it.kind == EniKind::NatGateway)
        };
        let logged = |edge: &Edge<'_>| {
            let peer = self.estate.eni_of_address(edge.key.peer);
            peer.is_some_and(|it| self.flows.log_of(&it.id).is_some())
        };
        let logs = self.flows.logs().filter(move |log| is_nat(log.eni));
        let edges = logs.flat_map(|log| log.edges().map(move |edge| (log.eni, edge)));
        let open =
            edges.filter(move |(_, edge)| edge.key.action == FlowAction::Accept && !logged(edge));
        open.map(|(eni, edge)| Seen {
            flow: Self::flow(&edge),
            eni,
            activity: self.activity(&edge),
            bytes_per_minute: bytes_per_minute(&edge),
        })
    }

    fn flow(edge: &Edge<'_>) -> Flow {
        let (client, server) = match edge.key.direction {
            Direction::Ingress => (edge.key.peer, edge.key.own),
            Direction::Egress => (edge.key.own, edge.key.peer),
        };
        Flow {
            client,
            server,
            protocol: edge.key.protocol,
            client_ports: edge.client_ports,
            server_port: edge.key.port,
            icmp: None,
            via: None,
        }
    }

    /// How a flow behaves, up to the moment to which the log is complete.
    fn activity(&self, edge: &Edge<'_>) -> Activity {
        let complete_to = self.flows.coverage().newest_end.unwrap_or(self.now);
        let idle = (self.now - edge.last).num_seconds().max(0);
        Activity {
            dormant: !edge.is_active(complete_to),
            gap: mean_gap(edge.first, edge.last, edge.packets),
            one_way: false,
            idle: u32::try_from(idle).unwrap_or(u32::MAX),
        }
    }

    /// What the analyst would want of an action now; `None` without a suspect.
    pub(super) fn intent(&self, action: Action) -> Option<Intent> {
        Some(Intent {
            action,
            suspect: self.suspect()?,
            case: self.settings.case.clone(),
            stamp: self.now.format("%Y%m%dT%H%M%SZ").to_string(),
            dwell: self.dwell(),
            peers: self.remote_addresses().into_iter().collect(),
            acl_quota: self.settings.acl_quota,
            max_hold: self.settings.max_hold,
        })
    }

    /// Forecasts one action on what is known at this moment.
    pub(super) fn forecast_now(&self, intent: &Intent) -> Result<Outlook, PlanError> {
        plan::forecast(&self.traffic(), intent, &self.remote_addresses())
    }

    /// Forecasts a plan on what is known at this moment.
    pub(super) fn outlook_now(&self, plan: plan::Plan) -> Result<Outlook, PlanError> {
        let suspect = plan.suspect().cloned();
        let peers = self.remote_addresses();
        plan::outlook_of(&self.traffic(), plan, suspect.as_ref(), &peers)
    }

    /// The forecast of a row; `None`: there is none yet, or never.
    pub fn forecast(&self, choice: &Choice) -> Option<&Result<Outlook, PlanError>> {
        match choice {
            Choice::Action(action) => {
                let row = self.forecasts.rows.iter().find(|it| it.action == *action);
                row.map(|it| &it.outlook)
            }
            Choice::Playbook(name) => {
                let row = self.forecasts.playbooks.iter().find(|it| it.0 == *name);
                row.map(|(_, outlook)| outlook)
            }
            Choice::Unusable(_) => None,
        }
    }

    /// The selected row of the actions pane.
    pub fn selected_action(&self) -> Option<Choice> {
        self.cursors.actions.selected(&self.action_rows()).cloned()
    }

    /// What becomes of a flow under an action; `None`: there is no forecast.
    pub fn fate(&self, edge: &Edge<'_>, action: &Choice) -> Option<Fate> {
        let outlook = self.forecast(action)?.as_ref().ok()?;
        let flow = Self::flow(edge);
        let course = outlook.course(self.forecasts.network()?);
        Some(course.fate(&flow, Some(&edge.key.eni), self.activity(edge)))
    }

    /// Every check that a flow's fate under an action rests on; `None`: there is no forecast.
    pub fn explain(&self, key: &EdgeKey, action: &Choice) -> Option<Explanation> {
        let outlook = self.forecast(action)?.as_ref().ok()?;
        let edge = self.flows.edge(key)?;
        let flow = Self::flow(&edge);
        let course = outlook.course(self.forecasts.network()?);
        Some(course.explain(&flow, Some(&key.eni), self.activity(&edge)))
    }
}

/// On the mean over the time in which it was seen.
fn bytes_per_minute(edge: &Edge<'_>) -> u64 {
    let seconds = u64::try_from((edge.last - edge.first).num_seconds()).unwrap_or(0);
    edge.bytes().saturating_mul(60) / seconds.max(60)
}
