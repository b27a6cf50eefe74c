//! Packets and changes in the order of time, on the drill's network.

use std::time::Duration;

use firedoor::drill::net::{Micros, Net, Switches};
use firedoor::model::Estate;
use serde_json::Value;

use crate::played::Played;
use crate::story::Seen;
use crate::wire::Wire;

/// The drill's network, and the ends of each flow.
pub(crate) struct Sent {
    net: Net,
    wires: Vec<Wire>,
}

impl Played for Sent {
    fn new(estate: &mut Estate, flows: &[Value]) -> Result<Self, String> {
        let wires: Result<_, String> = flows.iter().map(|it| Wire::read(it, estate)).collect();
        Ok(Self {
            wires: wires?,
            net: Net::new(estate, Switches::default()),
        })
    }

    fn change(&mut self, estate: &Estate) {
        self.net.update(estate);
    }

    fn send(&mut self, which: usize, reply: bool, at: Duration) -> Option<(Seen, String)> {
        let at = Micros::try_from(at.as_micros()).ok()?;
        let (fate, delivered) = self.wires.get_mut(which)?.send(&mut self.net, reply, at);
        let seen = Seen {
            reply,
            delivered,
            by_rules: fate.by_rules,
            expired: fate.expired,
        };
        Some((seen, format!(" ({:?})", fate.outcome)))
    }

    fn ends_at_service(&self) -> bool {
        self.wires.first().is_some_and(Wire::ends_at_service)
    }
}
