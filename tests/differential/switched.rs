//! Every question that AWS leaves open, answered the other way.

use firedoor::drill::net::Switches;
use serde_json::Value;

use crate::check;
use crate::compare::{Bench, Opening, opening};
use crate::flows::Case;

/// Which switches were seen to matter.
pub(crate) struct Switched {
    all: Vec<(String, Switches)>,
    mattered: Vec<usize>,
    pub(crate) tried: usize,
    turn: usize,
}

impl Default for Switched {
    fn default() -> Self {
        let all = alternatives();
        Self {
            mattered: vec![0; all.len()],
            all,
            tried: 0,
            turn: 0,
        }
    }
}

/// For each switch the set in which it alone has another answer.
fn alternatives() -> Vec<(String, Switches)> {
    let default = serde_json::to_value(Switches::default()).unwrap();
    let keys = default.as_object().unwrap().keys().cloned();
    let flipped = |key: String| {
        let mut other = default.clone();
        other[&key] = match &default[&key] {
            Value::Bool(it) => Value::Bool(!it),
            _ => Value::from(15), // seconds
        };
        let switches = serde_json::from_value(other).unwrap();
        (key, switches)
    };
    keys.map(flipped).collect()
}

impl Switched {
    /// Tries every fourth switch, each time others. The answer is the switches where the forecast should
    /// have said that it may be otherwise.
    pub(crate) fn try_some(&mut self, bench: &Bench<'_>, case: &Case) -> Option<Switches> {
        const EVERY: usize = 4;
        let mut wrong = None;
        let plain = bench.fate(case, Switches::default());
        self.turn += 1;
        let all = self.all.iter().zip(&mut self.mattered);
        for ((_, other), mattered) in all.skip(self.turn % EVERY).step_by(EVERY) {
            self.tried += 1;
            let opened = opening(bench.before, case.packet, *other) == Opening::Opened;
            let differs = opened && bench.fate(case, *other).world != plain.world;
            *mattered += usize::from(!opened || differs || bench.restarted(case, *other));
            if differs && check(bench, case, *other).is_some() {
                wrong = Some(*other);
            }
        }
        wrong
    }

    /// How often each mattered.
    pub(crate) fn words(&self) -> String {
        let all = self.all.iter().zip(&self.mattered);
        let words = all.map(|((name, _), count)| format!("{name} {count}"));
        words.collect::<Vec<_>>().join(", ")
    }

    /// The switches that made no difference to any flow.
    pub(crate) fn idle(&self) -> Vec<&str> {
        let all = self.all.iter().zip(&self.mattered);
        all.filter(|(_, count)| **count == 0)
            .map(|((name, _), _)| name.as_str())
            .collect()
    }
}
