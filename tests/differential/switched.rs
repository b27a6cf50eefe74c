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
}

impl Default for Switched {
    fn default() -> Self {
        let all = alternatives();
        Self {
            mattered: vec![0; all.len()],
            all,
            tried: 0,
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
    /// Tries one switch, each seed another. The answer is the switches where the forecast should
    /// have said that it may be otherwise.
    pub(crate) fn try_one(
        &mut self,
        seed: u64,
        bench: &Bench<'_>,
        case: &Case,
    ) -> Option<Switches> {
        let mut wrong = None;
        let count = u64::try_from(self.all.len()).unwrap();
        let mine = usize::try_from(seed % count).unwrap();
        // A restarted ping is another flow only where identifiers count.
        for at in [mine] {
            let (_, other) = &self.all[at];
            self.tried += 1;
            let plain = bench.fate(case, Switches::default());
            let opened = opening(bench.before, case.packet, *other) == Opening::Opened;
            let switched = bench.fate(case, *other);
            if !opened || plain.world != switched.world || bench.restarted(case, *other) {
                self.mattered[at] += 1;
            }
            if opened && check(bench, case, *other).is_some() {
                wrong = Some(*other);
            }
        }
        wrong
    }

    /// The switches that made no difference to any flow.
    pub(crate) fn idle(&self) -> Vec<&str> {
        let all = self.all.iter().zip(&self.mattered);
        all.filter(|(_, count)| **count == 0)
            .map(|((name, _), _)| name.as_str())
            .collect()
    }
}
