//! Packets and changes in the order of time, on the drill's network.

use firedoor::drill::net::{Net, Switches};
use serde_json::Value;

use crate::file::{only_keys, same};
use crate::ops;
use crate::story::{Seen, Story};
use crate::topology::Topology;
use crate::wire::Wire;

pub(crate) fn check(case: &Value, topology: &Topology) -> Result<(), String> {
    let expected = &case["expected"];
    only_keys(expected, &["verdict"])?;
    let mut estate = topology.estate.clone();
    match case["platform"].as_str() {
        None => {}
        Some("nitro_v6") => topology.on_nitro_v6(&mut estate),
        Some(other) => return Err(format!("platform {other} is not known")),
    }
    let mut wires = Vec::new();
    for flow in case["flows"].as_array().into_iter().flatten() {
        wires.push(Wire::read(flow, &mut estate)?);
    }
    let mut net = Net::new(&estate, Switches::default());
    let mut story = Story::default();
    for event in case["events"].as_array().into_iter().flatten() {
        let seconds = event["t"].as_f64().ok_or("an event has no time")?;
        let time = std::time::Duration::from_secs_f64(seconds);
        let at = i64::try_from(time.as_millis()).map_err(|_| "an event is too late")?;
        if !event["do"].is_null() {
            ops::apply(&mut estate, &event["do"])?;
            net.update(&estate);
            story.changes.push(at);
            continue;
        }
        let reply = match event["packet"].as_str() {
            Some("fwd") => false,
            Some("rev") => true,
            _ => return Err(format!("event at {seconds} s is not known: {event}")),
        };
        let which = usize::try_from(event["flow"].as_u64().unwrap_or(0)).unwrap_or(usize::MAX);
        let wire = wires.get_mut(which).ok_or("an event names no flow")?;
        let micros = u64::try_from(time.as_micros()).map_err(|_| "an event is too late")?;
        let (fate, delivered) = wire.send(&mut net, reply, micros);
        let have = if delivered { "delivered" } else { "dropped" };
        let what = format!("packet at {seconds} s ({:?})", fate.outcome);
        same(&what, event["expect"].as_str().unwrap_or_default(), have)?;
        if which == 0 {
            let seen = Seen {
                reply,
                delivered,
                by_rules: fate.by_rules,
                expired: fate.expired,
            };
            story.steps.push((at, seen));
            story.service |= wire.ends_at_service();
        }
    }
    let want = expected["verdict"].as_str().unwrap_or_default();
    same("verdict", want, story.verdict())
}
