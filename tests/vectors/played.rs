//! A timeline of the file, whatever it is played on.

use std::time::Duration;

use firedoor::model::Estate;
use serde_json::Value;

use crate::file::{only_keys, same};
use crate::ops;
use crate::story::{Seen, Story};
use crate::topology::Topology;

/// What a timeline is played on.
pub(crate) trait Played: Sized {
    /// With flows of the file, whose ends may change the estate.
    fn new(estate: &mut Estate, flows: &[Value]) -> Result<Self, String>;

    /// The estate has become this one.
    fn change(&mut self, estate: &Estate);

    /// Sends a packet of a flow, and tells what else is known of its fate; none: there is no such flow.
    fn send(&mut self, flow: usize, reply: bool, at: Duration) -> Option<(Seen, String)>;

    /// The first flow goes to a service that nothing filters, as far as its packets have shown.
    fn ends_at_service(&self) -> bool;
}

pub(crate) fn check<P: Played>(case: &Value, topology: &Topology) -> Result<(), String> {
    let expected = &case["expected"];
    only_keys(expected, &["verdict"])?;
    let mut estate = topology.estate.clone();
    match case["platform"].as_str() {
        None => {}
        Some("nitro_v6") => topology.on_nitro_v6(&mut estate),
        Some(other) => return Err(format!("platform {other} is not known")),
    }
    let flows = case["flows"].as_array().map_or(&[][..], Vec::as_slice);
    let mut played = P::new(&mut estate, flows)?;
    let mut story = Story::default();
    for event in case["events"].as_array().into_iter().flatten() {
        let seconds = event["t"].as_f64().ok_or("an event has no time")?;
        let time = Duration::from_secs_f64(seconds);
        let at = i64::try_from(time.as_millis()).map_err(|_| "an event is too late")?;
        if !event["do"].is_null() {
            ops::apply(&mut estate, &event["do"])?;
            played.change(&estate);
            story.changes.push(at);
            continue;
        }
        let reply = match event["packet"].as_str() {
            Some("fwd") => false,
            Some("rev") => true,
            _ => return Err(format!("event at {seconds} s is not known: {event}")),
        };
        let which = usize::try_from(event["flow"].as_u64().unwrap_or(0)).unwrap_or(usize::MAX);
        let sent = played.send(which, reply, time);
        let (seen, why) = sent.ok_or("an event names no flow")?;
        let have = if seen.delivered {
            "delivered"
        } else {
            "dropped"
        };
        let what = format!("packet at {seconds} s{why}");
        same(&what, event["expect"].as_str().unwrap_or_default(), have)?;
        if which == 0 {
            story.steps.push((at, seen));
        }
    }
    story.service = played.ends_at_service();
    let want = expected["verdict"].as_str().unwrap_or_default();
    same("verdict", want, story.verdict())
}
