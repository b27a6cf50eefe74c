//! A disagreement, made small and written to a file.

use std::net::IpAddr;
use std::path::PathBuf;

use firedoor::drill::net::Switches;
use serde_json::json;

use crate::difference;
use crate::flows::Case;
use crate::parts::Parts;
use crate::plans::Plan;

pub(crate) fn write(seed: u64, parts: &Parts, plan: &Plan, case: &Case, switches: Switches) {
    let Some(first) = difference(parts, plan, case, switches) else {
        return;
    };
    let kind = |it: &crate::compare::Said| (words(&it.forecast, 3), words(&it.world, 7));
    let ends = [case.packet.src, case.packet.dst];
    let ours = |parts: &Parts, it: &IpAddr| parts.estate().eni_of_address(*it).is_some();
    let before = ends.map(|it| ours(parts, &it));
    let same = |parts: &Parts, plan: &Plan| {
        let found = difference(parts, plan, case, switches);
        let found = found.filter(|_| ends.map(|it| ours(parts, &it)) == before);
        found.is_some_and(|it| kind(&it) == kind(&first))
    };
    let (mut parts, mut plan) = (parts.clone(), plan.clone());
    loop {
        if let Some(next) = plan.smaller().into_iter().find(|it| same(&parts, it)) {
            plan = next;
        } else if let Some(next) = parts.smaller().into_iter().find(|it| same(it, &plan)) {
            parts = next;
        } else {
            break;
        }
    }
    let said = difference(&parts, &plan, case, switches).unwrap_or(first);
    let operations = match &plan {
        Plan::Operations(all) => json!(all),
        Plan::Action(action, suspect) => json!({ "action": action, "suspect": suspect }),
    };
    let document = json!({
        "seed": seed,
        "flow": case.packet.to_string(),
        "activity": { "dormant": case.activity.dormant, "idle": case.activity.idle },
        "switches": switches,
        "plan": operations,
        "forecast": said.forecast,
        "world": said.world,
        "why": said.why,
        "estate": parts,
    });
    let path = folder().join(format!("disagreement-{seed}.json"));
    let text = serde_json::to_string_pretty(&document).unwrap();
    let _ = std::fs::create_dir_all(folder());
    match std::fs::write(&path, text) {
        Ok(()) => println!(
            "{}: {} | forecast {} | world {} | {} | {}",
            path.display(),
            case.packet,
            said.forecast,
            said.world,
            said.why,
            other(switches)
        ),
        Err(error) => println!("{}: {error}", path.display()),
    }
}

/// The first words of a text, without what is numbered otherwise in a smaller estate.
fn words(text: &str, count: usize) -> String {
    let letters: String = text
        .chars()
        .filter(|it| !it.is_ascii_digit() && *it != '(')
        .collect();
    let words: Vec<&str> = letters.split_whitespace().take(count).collect();
    words.join(" ")
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("differential")
}

/// The switches that have another answer.
fn other(switches: Switches) -> String {
    let own = json!(switches);
    let default = json!(Switches::default());
    let differing = own.as_object().into_iter().flatten();
    let names: Vec<&str> = differing
        .filter(|(key, value)| default[key.as_str()] != **value)
        .map(|(key, _)| key.as_str())
        .collect();
    names.join(" ")
}
