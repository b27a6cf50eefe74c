//! Packets and changes in the order of time.

use std::time::Duration;

use firedoor::analysis::{FlowTracker, Network};
use firedoor::model::Estate;
use serde_json::Value;

use crate::flow;
use crate::played::Played;
use crate::story::Seen;

/// The engine's network, and what it remembers of each flow.
pub(crate) struct Tracked {
    network: Network,
    trackers: Vec<FlowTracker>,
}

impl Played for Tracked {
    fn new(estate: &mut Estate, flows: &[Value]) -> Result<Self, String> {
        let network = Network::new(estate);
        let tracker = |it| Ok(FlowTracker::new(&network, &flow::read(it)?.flow));
        let trackers: Result<_, String> = flows.iter().map(tracker).collect();
        Ok(Self {
            trackers: trackers?,
            network,
        })
    }

    fn change(&mut self, estate: &Estate) {
        self.network = self.network.after(estate);
    }

    fn send(&mut self, which: usize, reply: bool, at: Duration) -> Option<(Seen, String)> {
        let at = i64::try_from(at.as_millis()).ok()?;
        let step = self.trackers.get_mut(which)?.step(&self.network, reply, at);
        let seen = Seen {
            reply,
            delivered: step.delivered,
            by_rules: step.by_rules,
            expired: step.expired,
        };
        Some((seen, String::new()))
    }

    fn ends_at_service(&self) -> bool {
        let first = self.trackers.first();
        first.is_some_and(|it| it.service().is_some())
    }
}
