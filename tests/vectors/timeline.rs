//! Packets and changes in the order of time.

use firedoor::analysis::{FlowTracker, Network, Step};
use serde_json::Value;

use crate::topology::Topology;
use crate::{flow, only_keys, ops, same};

/// Silence after which a packet begins a new stretch of a flow, in milliseconds.
const SILENCE: i64 = 60_000;

/// A packet of the first flow.
struct Seen {
    reply: bool,
    step: Step,
}

/// What was seen of the first flow.
#[derive(Default)]
struct Story {
    steps: Vec<(i64, Seen)>,
    changes: Vec<i64>,
    service: bool,
}

pub(crate) fn check(case: &Value, topology: &Topology) -> Result<(), String> {
    let expected = &case["expected"];
    only_keys(expected, &["verdict"])?;
    let mut estate = topology.estate.clone();
    match case["platform"].as_str() {
        None => {}
        Some("nitro_v6") => topology.on_nitro_v6(&mut estate),
        Some(other) => return Err(format!("platform {other} is not known")),
    }
    let mut network = Network::new(&estate);
    let mut trackers = Vec::new();
    for flow in case["flows"].as_array().into_iter().flatten() {
        trackers.push(FlowTracker::new(&network, &flow::read(flow)?.flow));
    }
    let mut story = Story {
        service: trackers.first().is_some_and(|it| it.service().is_some()),
        ..Story::default()
    };
    for event in case["events"].as_array().into_iter().flatten() {
        let seconds = event["t"].as_f64().ok_or("an event has no time")?;
        let at = std::time::Duration::from_secs_f64(seconds).as_millis();
        let at = i64::try_from(at).map_err(|_| "an event is too late")?;
        if !event["do"].is_null() {
            ops::apply(&mut estate, &event["do"])?;
            network = network.after(&estate);
            story.changes.push(at);
            continue;
        }
        let reply = match event["packet"].as_str() {
            Some("fwd") => false,
            Some("rev") => true,
            _ => return Err(format!("event at {seconds} s is not known: {event}")),
        };
        let which = usize::try_from(event["flow"].as_u64().unwrap_or(0)).unwrap_or(usize::MAX);
        let tracker = trackers.get_mut(which).ok_or("an event names no flow")?;
        let step = tracker.step(&network, reply, at);
        let have = if step.delivered {
            "delivered"
        } else {
            "dropped"
        };
        let what = format!("packet at {seconds} s");
        same(&what, event["expect"].as_str().unwrap_or_default(), have)?;
        if which == 0 {
            story.steps.push((at, Seen { reply, step }));
        }
    }
    let want = expected["verdict"].as_str().unwrap_or_default();
    same("verdict", want, story.verdict())
}

impl Story {
    /// What became of the first flow, by its last stretch: after the last change, and after the last
    /// long silence.
    fn verdict(&self) -> &'static str {
        if self.service {
            return "not_evaluated";
        }
        let start = self.last_stretch();
        let (before, last): (Vec<_>, Vec<_>) = self.steps.iter().partition(|(at, _)| *at < start);
        let last = if last.is_empty() { &before } else { &last };
        let opened = before.iter().any(|(_, it)| it.step.delivered);
        let dropped = last.iter().find(|(_, it)| !it.step.delivered);
        match dropped {
            Some((_, it)) if it.step.expired => "cut_on_idle_timeout",
            Some(_) if opened => "cut_now",
            Some(_) => "denied",
            None if !opened && !before.is_empty() => "allowed",
            None if before.iter().any(|(_, it)| !it.step.delivered) => "resumes",
            None if !opened && self.changes.is_empty() => "allowed",
            None if Self::permitted(last) => "unaffected",
            None => "survives_tracked",
        }
    }

    /// Whether rules alone let the client's packets pass or, where only answers were sent, those.
    fn permitted(last: &[&(i64, Seen)]) -> bool {
        let asked = last.iter().any(|(_, it)| !it.reply);
        last.iter()
            .any(|(_, it)| it.step.by_rules && it.reply != asked)
    }

    fn last_stretch(&self) -> i64 {
        let pairs = self.steps.windows(2);
        let silences = pairs.filter_map(|pair| match pair {
            [(a, _), (b, _)] if b - a > SILENCE => Some(*b),
            _ => None,
        });
        let change = self.changes.last().copied();
        silences.chain(change).max().unwrap_or(i64::MIN)
    }
}
