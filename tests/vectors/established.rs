//! Flows that are open when a plan begins.

use firedoor::analysis::{Activity, Course, Grade, Judgement, Network, Stage, Verdict};
use firedoor::model::Direction;
use serde_json::Value;

use crate::simple::{decided_by, tracked};
use crate::topology::Topology;
use crate::{flow, is_ambiguous, only_keys, ops, same};

const KEYS: [&str; 9] = [
    "verdict",
    "decided_by",
    "new_connections_after",
    "tracked_before",
    "other_flows",
    "collateral",
    "one_way_egress_continues",
    "one_way_ingress_continues",
    "warn",
];

pub(crate) fn check(case: &Value, topology: &Topology) -> Result<(), String> {
    let expected = &case["expected"];
    only_keys(expected, &KEYS)?;
    let before = Network::new(&topology.estate);
    let stages = stages(case, topology, &before)?;
    let course = Course {
        before: &before,
        stages: &stages,
    };
    let own = flow::read(&case["flow"])?;
    let judgement = course.judgement(&own.flow, None, own.activity);
    one(expected, &judgement, own.activity)?;
    if is_ambiguous(case) && judgement.fate.grade != Grade::Ambiguous {
        return Err(format!("graded {}, not ambiguous", judgement.fate.grade));
    }
    let mut collateral = 0;
    for other in expected["other_flows"].as_array().into_iter().flatten() {
        let theirs = flow::read(&other["flow"])?;
        let judgement = course.judgement(&theirs.flow, None, theirs.activity);
        one(other, &judgement, theirs.activity).map_err(|why| format!("{}: {why}", theirs.flow))?;
        let cut = judgement.fate.verdict == Verdict::Cut;
        collateral += u64::from(cut && other["whose"] == "neighbour");
    }
    match expected["collateral"].as_u64() {
        Some(want) if want != collateral => Err(format!("collateral {collateral}, not {want}")),
        _ => Ok(()),
    }
}

fn stages(case: &Value, topology: &Topology, before: &Network) -> Result<Vec<Stage>, String> {
    let mut estate = topology.estate.clone();
    let mut network = before.clone();
    let mut stages = Vec::new();
    for op in case["action"].as_array().into_iter().flatten() {
        ops::apply(&mut estate, op)?;
        network = network.after(&estate);
        let at = op["t"].as_u64().and_then(|it| u32::try_from(it).ok());
        stages.push(Stage {
            at: at.ok_or("an op has no time")?,
            network: network.clone(),
        });
    }
    Ok(stages)
}

fn one(expected: &Value, judgement: &Judgement, activity: Activity) -> Result<(), String> {
    let verdict = match judgement.fate.verdict {
        Verdict::Cut => "cut_now",
        Verdict::Expires(_) => "cut_on_idle_timeout",
        Verdict::Survives => "survives_tracked",
        Verdict::Resumes => "resumes",
        Verdict::NotFiltered => "not_evaluated",
        Verdict::Unaffected => "unaffected",
        // Of a flow of which only the client's packets matter, those go on.
        Verdict::OneWay(_) if activity.one_way => "unaffected",
        Verdict::OneWay(_) => "one_way",
        Verdict::Unknown => "unknown",
    };
    same(
        "verdict",
        expected["verdict"].as_str().unwrap_or_default(),
        verdict,
    )?;
    let code = judgement.decision.as_ref().map_or("", |it| &it.code);
    decided_by(expected, code)?;
    if let Some(want) = expected["new_connections_after"].as_str() {
        let have = match &judgement.new_connections {
            None => "not_evaluated",
            Some(Ok(())) => "allowed",
            Some(Err(_)) => "denied",
        };
        same("new connections", want, have)?;
    }
    tracked(&expected["tracked_before"], &judgement.tracked)?;
    for (key, direction) in [
        ("one_way_egress_continues", Direction::Egress),
        ("one_way_ingress_continues", Direction::Ingress),
    ] {
        if let Some(want) = expected[key].as_bool() {
            let fate = judgement.fate;
            let have = fate.leaks == Some(direction)
                || fate.verdict == Verdict::OneWay(direction)
                || (activity.one_way && fate.verdict == Verdict::Unaffected);
            same(key, &want.to_string(), &have.to_string())?;
        }
    }
    match expected["warn"].as_str() {
        // "new traffic follows TARGET"
        Some(warn) if !code.ends_with(warn.rsplit(' ').next().unwrap_or_default()) => {
            Err(format!("decided by {code}, expected a warning that {warn}"))
        }
        _ => Ok(()),
    }
}
