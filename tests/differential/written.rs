//! Whether what is written is what was meant: the drill's world of a scenario has the estate that it was written
//! from, before and after the plan, and the flow fares there as it does here.

use chrono::{DateTime, TimeDelta};
use firedoor::analysis::Network;
use firedoor::drill::net::Switches;
use firedoor::drill::{Scenario, World};
use firedoor::model::Estate;
use serde_json::{Value, json};

use crate::compare::{Bench, Opening, Seen, opening};
use crate::flows::Case;
use crate::parts::Parts;
use crate::plans::{Plan, Stages};
use crate::scenario::{Setting, begins, lengthened, problems, text};
use crate::setting;
use crate::shrink::{clear, shrink};

/// Cases that are written: random ones, and those that are aimed.
const CASES: [u64; 20] = [
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 15, 31, 47, 63, 79, 95, 111, 127,
];
/// So many of them a scenario can say at least.
const SAID: usize = 16;
/// So many of them are made as small as they get.
const SMALL: usize = 2;
/// Seconds after the plan until what was on its way has arrived, or is lost.
const SETTLED: u32 = 10;
/// What a file has other words for, or none.
const UNSAID: [&str; 8] = [
    "attributes",
    "description",
    "device_index",
    "image",
    "name",
    "requester_managed",
    "tags",
    "zone",
];

/// How a flow fares: a new one before the plan and after it, and the one that lives through it.
type Fares = (Opening, Opening, Seen);

/// What was found to be wrong.
pub(crate) fn wrong() -> Vec<String> {
    let mut wrong = Vec::new();
    let mut said = 0;
    for seed in CASES {
        let (parts, plan, cases) = setting(seed);
        let whole = Setting {
            parts: &parts,
            plan: &plan,
            case: &cases[0],
            switches: Switches::default(),
        };
        match check(whole, said < SMALL) {
            Ok(true) => said += 1,
            Ok(false) => {}
            Err(error) => wrong.push(format!("the scenario of seed {seed}: {error}")),
        }
    }
    if said < SAID {
        wrong.push(format!("only {said} cases can be said as scenarios"));
    }
    wrong
}

/// Whether a scenario can say it.
fn check(whole: Setting<'_>, small: bool) -> Result<bool, String> {
    let meant = |parts: &Parts, plan: &Plan| {
        let before = parts.estate();
        fares(&before, &lasting(plan.stages(&before)), whole.case)
    };
    let expected = meant(whole.parts, whole.plan);
    let same = |parts: &Parts, plan: &Plan| meant(parts, plan) == expected;
    let (parts, plan) = if small {
        shrink(whole, same)
    } else {
        clear(whole, same)
    };
    let setting = Setting {
        parts: &parts,
        plan: &plan,
        ..whole
    };
    let Ok(text) = text(setting) else {
        return Ok(false);
    };
    let (_, refused) = problems(setting);
    if refused
        .iter()
        .any(|it| it.contains("it has no public address"))
    {
        return Ok(false);
    }
    let scenario = Scenario::parse("written.toml", &text).map_err(|error| error.to_string());
    let found = scenario.and_then(|it| told(it, &parts, &plan, whole.case));
    let found = found.map_err(|error| format!("{error}\n{text}"))?;
    if found == expected || matches!(plan, Plan::Action(..)) {
        Ok(true)
    } else {
        Err(format!("{found:?} for {expected:?}\n{text}"))
    }
}

/// How the flow fares in the scenario's world, whose estate is always what is meant.
fn told(scenario: Scenario, parts: &Parts, plan: &Plan, case: &Case) -> Result<Fares, String> {
    let start = DateTime::UNIX_EPOCH;
    let after = |seconds: u32| start + TimeDelta::seconds(i64::from(begins(case) + seconds));
    let mut world = World::new(scenario, start);
    let begun = world.estate().clone();
    same_estate(&parts.estate(), &begun)?;
    world.advance(after(0) - TimeDelta::milliseconds(1));
    let before = answered(&world);
    let mut stages = Stages::new();
    let meant = match plan {
        Plan::Operations(_) => lasting(plan.stages(&parts.estate())),
        Plan::Action(..) => Stages::new(),
    };
    for (at, estate) in meant {
        world.advance(after(at));
        same_estate(&estate, world.estate()).map_err(|it| format!("at {at} s: {it}"))?;
        stages.push((at, world.estate().clone()));
    }
    let fares = fares(&begun, &stages, case);
    let last = stages.last().map_or(0, |(at, _)| *at);
    let mut by = |seconds: u32| {
        world.advance(after(last + seconds));
        answered(&world)
    };
    let settled = by(SETTLED);
    agrees(fares, case, before, by(2 * SETTLED) - settled)?;
    Ok(fares)
}

/// How many exchanges of the flow got their answer.
fn answered(world: &World) -> u64 {
    let all = world.truth().conversations();
    all.iter().map(|it| it.all.answered).sum()
}

/// Whether the drill's conversation got answers before the plan, and goes on to get some after it, as the flow
/// does. One that was cut and may begin anew does so in its own time; one that is silent says nothing.
fn agrees(fares: Fares, case: &Case, before: u64, later: u64) -> Result<(), String> {
    let (opens, reopens, seen) = fares;
    let lives = seen.forward && seen.back;
    let wrong = (before > 0) == (opens == Opening::Refused);
    let silent = case.activity.dormant || case.activity.idle > 0;
    let anew = reopens != Opening::Refused && !lives;
    let wrong_later = !silent && !anew && (later > 0) != lives;
    if wrong || wrong_later {
        let words = "answers before the plan, and after it";
        return Err(format!("{before} and {later} {words}: {fares:?}"));
    }
    Ok(())
}

/// The last stage of each second.
fn lasting(stages: Stages) -> Stages {
    let mut lasting = Stages::new();
    for (at, estate) in stages {
        lasting.retain(|(before, _)| *before != at);
        lasting.push((at, estate));
    }
    lasting
}

fn fares(before: &Estate, stages: &Stages, case: &Case) -> Fares {
    let switches = Switches::default();
    let after = stages.last().map_or(before, |(_, it)| it);
    let bench = Bench {
        before,
        network: &Network::new(before),
        forecast: &[],
        stages,
    };
    let probe = stages.last().map_or(0, |(at, _)| *at) + 1;
    (
        opening(before, case.packet, switches),
        opening(after, case.packet, switches),
        bench.play(case, switches, probe),
    )
}

/// Whether an estate of short ids is one of AWS's.
fn same_estate(meant: &Estate, made: &Estate) -> Result<(), String> {
    let plain = |estate: &Estate| {
        let mut parts = Parts::of(estate);
        for rule in parts.groups.iter_mut().flat_map(|it| &mut it.rules) {
            rule.id = None;
        }
        for acl in &mut parts.acls {
            acl.entries.retain(|it| it.number <= 32_766);
        }
        for route in parts.tables.iter_mut().flat_map(|it| &mut it.routes) {
            let canonical = route.cidr().map(|it| it.to_string());
            route.destination = canonical.unwrap_or(route.destination.clone());
        }
        for gateway in &mut parts.gateways {
            gateway.subnet = None;
        }
        parts
    };
    let meant = sorted(&lengthened(&json!(plain(meant))));
    let made = sorted(&json!(plain(made)));
    for (part, list) in meant.as_object().into_iter().flatten() {
        if made[part.as_str()] != *list {
            let there = made[part.as_str()].as_array().into_iter().flatten();
            let there: Vec<String> = there.map(ToString::to_string).collect();
            let meant = list.as_array().into_iter().flatten();
            let meant: Vec<String> = meant.map(ToString::to_string).collect();
            let missing = meant.iter().filter(|it| !there.contains(it));
            let other = there.iter().filter(|it| !meant.contains(it));
            let (missing, other): (Vec<&String>, Vec<&String>) =
                (missing.collect(), other.collect());
            return Err(format!("{part}: {other:#?} in place of {missing:#?}"));
        }
    }
    Ok(())
}

/// Lists in one order, and nothing of what files have other words for.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(all) => {
            let mut all: Vec<Value> = all.iter().map(sorted).collect();
            all.sort_by_key(ToString::to_string);
            Value::Array(all)
        }
        Value::Object(all) => {
            let said = all
                .iter()
                .filter(|(key, _)| !UNSAID.contains(&key.as_str()));
            Value::Object(said.map(|(key, it)| (key.clone(), sorted(it))).collect())
        }
        other => other.clone(),
    }
}
