//! What the suspect's live flows mean for a two-step: how long it must stay open, and what is likely
//! to survive it.

use super::health::age;
use super::state::AppState;
use crate::flows::{self, Edge};
use crate::model::FlowAction;
use crate::plan::{Action, Dwell, Plan};

/// How many silent flows are named.
const NAMED: usize = 4;

impl AppState {
    /// The dwell that the suspect's active flows ask for.
    pub(super) fn dwell(&self) -> Dwell {
        let (active, _) = self.live_flows();
        Dwell {
            slowest_gap: active.iter().map(mean_gap).max(),
            max: self.settings.max_dwell,
        }
    }

    /// What a two-step may do to the flows that are known, in sentences.
    pub(super) fn outlook(&self, plan: &Plan) -> Vec<String> {
        if !is_two_step(plan) {
            return Vec::new();
        }
        let (active, silent) = self.live_flows();
        if active.is_empty() && silent.is_empty() {
            let words = "No flow of the suspect is known: the dwell is the longest allowed.";
            return vec![words.into()];
        }
        let dwell = self.dwell();
        let mut sentences = vec![format!(
            "{} flows were active in each of the last ten minutes of the log. Those that pass a packet \
             within the {} s of dwell are expected to be cut, unless their path is always tracked.",
            active.len(),
            dwell.seconds(),
        )];
        if let Some(gap) = dwell.slowest_gap.filter(|gap| *gap > dwell.seconds()) {
            sentences.push(format!(
                "The dwell is too short for all of them: the slowest passes a packet every {gap} s or so. \
                 A longer --max-dwell cuts more."
            ));
        }
        if !silent.is_empty() {
            sentences.push(format!(
                "{} others were silent for a while. One that is open and stays silent is a likely \
                 survivor: {}.",
                silent.len(),
                self.named(&silent)
            ));
        }
        sentences
    }

    /// The suspect's accepted flows: those with traffic in each of the last ten minutes up to which the
    /// log is complete, and the others.
    pub(super) fn live_flows(&self) -> (Vec<Edge<'_>>, Vec<Edge<'_>>) {
        let complete_to = self.flows.coverage().newest_end.unwrap_or(self.now);
        let edges = self.flows.newest_first(&self.suspect_enis()).into_iter();
        edges
            .filter(|edge| edge.key.action == FlowAction::Accept)
            .partition(|edge| edge.is_active(complete_to))
    }

    fn named(&self, silent: &[Edge<'_>]) -> String {
        let name = |edge: &Edge<'_>| {
            let age = age(self.now - edge.last);
            format!("{} port {} ({age} ago)", edge.key.peer, edge.key.port)
        };
        let names: Vec<String> = silent.iter().take(NAMED).map(name).collect();
        let more = silent.len().saturating_sub(NAMED);
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        format!("{}{more}", names.join(", "))
    }
}

/// Whether a plan opens the suspect, and empties what it opened.
pub(super) fn is_two_step(plan: &Plan) -> bool {
    let two_steps = [Action::SgTwoStep, Action::SgTwoStepStaged];
    plan.actions().iter().any(|it| two_steps.contains(it))
}

/// The mean time between two packets of an edge, in seconds, rounded up.
fn mean_gap(edge: &Edge<'_>) -> u32 {
    flows::mean_gap(edge.first, edge.last, edge.packets.max(1)).unwrap_or(u32::MAX)
}
