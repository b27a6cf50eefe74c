//! A disagreement, made small and written to a file: a scenario of the drill, or JSON where no scenario can say it.

use std::path::PathBuf;

use firedoor::drill::net::Switches;
use serde_json::json;

use crate::compare::Said;
use crate::difference;
use crate::flows::Case;
use crate::parts::Parts;
use crate::plans::Plan;
use crate::scenario::{Setting, problems, text};
use crate::shrink::shrink;

/// Writes the disagreement of a seed, so many of the run.
pub(crate) fn write(
    (seed, number): (u64, usize),
    parts: &Parts,
    plan: &Plan,
    case: &Case,
    switches: Switches,
) {
    let Some(first) = difference(parts, plan, case, switches) else {
        return;
    };
    let kind = |it: &Said| (words(&it.forecast, 3), words(&it.world, 7));
    let same = |parts: &Parts, plan: &Plan| {
        let found = difference(parts, plan, case, switches);
        found.is_some_and(|it| kind(&it) == kind(&first))
    };
    let whole = Setting {
        parts,
        plan,
        case,
        switches,
    };
    let (parts, plan) = shrink(whole, same);
    let said = difference(&parts, &plan, case, switches).unwrap_or(first);
    let small = Setting {
        parts: &parts,
        plan: &plan,
        ..whole
    };
    let (kind, text, remark) = file(seed, small, &said);
    let path = folder().join(format!("disagreement-{seed}-{number}.{kind}"));
    let _ = std::fs::create_dir_all(folder());
    match std::fs::write(&path, text) {
        Ok(()) => println!(
            "{}: {} | forecast {} | world {} | {} | {}{remark}",
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

/// The file's kind and text, and what is to be said of it.
fn file(seed: u64, small: Setting<'_>, said: &Said) -> (&'static str, String, String) {
    let (unsaid, refused) = problems(small);
    let obstacle = unsaid.into_iter().chain(refused).next();
    match (obstacle, text(small)) {
        (None, Ok(text)) => {
            let text = top(seed, small, said) + &text;
            ("toml", text, String::new())
        }
        (obstacle, _) => {
            let why = obstacle.unwrap_or_default();
            let remark = format!(" | no scenario can say it: {why}");
            ("json", document(seed, small, said), remark)
        }
    }
}

/// What a scenario says at its top.
fn top(seed: u64, small: Setting<'_>, said: &Said) -> String {
    let idle = small.case.activity.idle;
    let silent = if small.case.activity.dormant {
        ", and says nothing while the plan is carried out"
    } else {
        ""
    };
    let lines = [
        format!("The forecast and the drill's network disagree: seed {seed}."),
        format!(
            "flow:     {} (silent for {idle} s before the plan{silent})",
            small.case.packet
        ),
        format!("forecast: {}", said.forecast),
        format!("world:    {}", said.world),
        format!("why:      {}", said.why),
        format!("switches: {}", other(small.switches)),
        "reproduce:".to_owned(),
        format!(
            "  FIREDOOR_SEED={seed} FIREDOOR_CASES=1 cargo test --no-default-features --test differential"
        ),
    ];
    let comment = |it: &String| format!("# {}\n", it.replace(char::is_control, " ").trim_end());
    lines.iter().map(comment).collect()
}

fn document(seed: u64, small: Setting<'_>, said: &Said) -> String {
    let operations = match small.plan {
        Plan::Operations(all) => json!(all),
        Plan::Action(action, suspect) => json!({ "action": action, "suspect": suspect }),
    };
    let case = small.case;
    let document = json!({
        "seed": seed,
        "flow": case.packet.to_string(),
        "activity": { "dormant": case.activity.dormant, "idle": case.activity.idle },
        "switches": small.switches,
        "plan": operations,
        "forecast": said.forecast,
        "world": said.world,
        "why": said.why,
        "estate": small.parts,
    });
    serde_json::to_string_pretty(&document).unwrap()
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
