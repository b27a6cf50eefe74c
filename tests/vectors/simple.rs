//! Cases without a course of time: new connections, tracking, routes.

use firedoor::analysis::{Grade, Network};
use serde_json::Value;

use crate::topology::Topology;
use crate::{flow, is_ambiguous, only_keys, ops, same};

pub(crate) fn new_connection(case: &Value, topology: &Topology) -> Result<(), String> {
    let expected = &case["expected"];
    only_keys(expected, &["verdict", "decided_by"])?;
    let wanted = expected["verdict"].as_str().unwrap_or_default();
    if let Some(problem) = &topology.contradiction {
        return same("verdict", wanted, "input_error").map_err(|it| format!("{it}: {problem}"));
    }
    let flow = flow::read(&case["flow"])?;
    let mut estate = topology.estate.clone();
    for op in case["action"].as_array().into_iter().flatten() {
        ops::apply(&mut estate, op)?;
    }
    let network = Network::new(&estate);
    let leaves = flow.leaves.as_deref().map(Into::into);
    let (verdict, decision) = match network.connects(&flow.flow, leaves.as_ref()) {
        None => ("not_evaluated", String::new()),
        Some(Ok(())) => ("allowed", String::new()),
        Some(Err(decision)) => ("denied", decision.code),
    };
    same("verdict", wanted, verdict)?;
    decided_by(expected, &decision)
}

/// `decided_by` must occur in the deciding object's code.
pub(crate) fn decided_by(expected: &Value, code: &str) -> Result<(), String> {
    match &expected["decided_by"] {
        Value::Null => Ok(()),
        Value::String(part) if code.contains(part.as_str()) => Ok(()),
        other => Err(format!("decided by {code:?}, expected {other}")),
    }
}

pub(crate) fn tracking(case: &Value, topology: &Topology) -> Result<(), String> {
    let expected = &case["expected"];
    only_keys(expected, &["tracked"])?;
    let flow = flow::read(&case["flow"])?;
    let found = Network::new(&topology.estate).tracking_of(&flow.flow);
    tracked(&expected["tracked"], &found)?;
    let grade = found.iter().map(|(_, it)| it.grade).max();
    if is_ambiguous(case) && grade != Some(Grade::Ambiguous) {
        return Err(format!("graded {grade:?}, not ambiguous"));
    }
    Ok(())
}

pub(crate) fn tracked(
    expected: &Value,
    found: &[(firedoor::model::EniId, firedoor::analysis::Tracking)],
) -> Result<(), String> {
    for (eni, want) in expected.as_object().into_iter().flatten() {
        let have = found.iter().find(|(id, _)| id.as_str() == eni);
        let have = have.and_then(|(_, it)| it.tracked);
        if have.is_none() || have != want.as_bool() {
            return Err(format!("tracked on {eni}: expected {want}, is {have:?}"));
        }
    }
    Ok(())
}

pub(crate) fn route_lookup(case: &Value, topology: &Topology) -> Result<(), String> {
    let expected = &case["expected"];
    only_keys(expected, &["target", "state", "blackhole"])?;
    let address = |key: &str| {
        let text = case["lookup"][key].as_str().unwrap_or_default();
        text.parse()
            .map_err(|_| format!("lookup.{key} is no address: {text}"))
    };
    let network = Network::new(&topology.estate);
    let route = network.route(address("from")?, address("dst")?);
    let target = route.as_ref().map(|it| it.target.as_str());
    if expected["target"].as_str() != target {
        return Err(format!(
            "target {target:?}, expected {}",
            expected["target"]
        ));
    }
    let blackhole = route.is_some_and(|it| it.blackhole);
    let state = if blackhole { "blackhole" } else { "active" };
    if let Some(want) = expected["state"].as_str() {
        same("state", want, state)?;
    }
    match expected["blackhole"].as_bool() {
        Some(want) if want != blackhole => Err(format!("blackhole: expected {want}")),
        _ => Ok(()),
    }
}
