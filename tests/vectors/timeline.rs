//! Packets and changes in the order of time.

use firedoor::analysis::{FlowTracker, Network};
use serde_json::Value;

use crate::story::{Seen, Story};
use crate::topology::Topology;
use crate::{flow, only_keys, ops, same};

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
            let seen = Seen {
                reply,
                delivered: step.delivered,
                by_rules: step.by_rules,
                expired: step.expired,
            };
            story.steps.push((at, seen));
        }
    }
    let want = expected["verdict"].as_str().unwrap_or_default();
    same("verdict", want, story.verdict())
}
