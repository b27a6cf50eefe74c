//! The report as `CommonMark`: headings, lists and fences, nothing that needs an extension.

use std::fmt::{self, Write};

use super::exercise::SWITCHES;
use super::{
    Conversation, Exercise, FlowTold, JournalTold, Kept, Moment, Report, RunTold, StepTold, count,
    utc,
};
use crate::model::text::grouped;
use crate::sources::Score;

pub(super) fn page(report: &Report) -> String {
    let mut out = String::new();
    // Writing to a string can't fail.
    write(report, &mut out).unwrap_or_default();
    out
}

fn write(report: &Report, out: &mut String) -> fmt::Result {
    writeln!(out, "# After-action report: {}\n", text(&report.case))?;
    head(report, out)?;
    section(out, "Summary")?;
    writeln!(out, "{}", text(&report.summary.join(" ")))?;
    list(out, "Not known", report.not_known.iter().map(|it| text(it)))?;
    if let Some(it) = &report.score {
        score(it, out)?;
    }
    let days = report.from.map(|it| it.date_naive()) != report.until.map(|it| it.date_naive());
    let moments = report.timeline.iter().map(|it| moment(it, days));
    list(out, "Timeline", moments)?;
    list(
        out,
        "What became of the conversations",
        report.conversations.iter().map(conversation),
    )?;
    list(
        out,
        "What stayed open",
        report.residual.iter().map(|it| text(it)),
    )?;
    list(out, "Evidence", report.evidence.iter().map(evidence))?;
    for it in &report.runs {
        run(it, out)?;
    }
    list(out, "Journals", report.journals.iter().map(journal))?;
    let switches = report.exercise.as_ref().map(Exercise::switches);
    let switches = switches.unwrap_or_default();
    list(out, SWITCHES, switches.iter().map(|it| text(it)))
}

fn head(report: &Report, out: &mut String) -> fmt::Result {
    let mut line = |name: &str, value: &str| writeln!(out, "- {name}: {value}");
    let codes = |all: &[String]| all.iter().map(|it| code(it)).collect::<Vec<_>>().join(", ");
    let or_unknown = |it: String| {
        if it.is_empty() {
            "not known".to_owned()
        } else {
            it
        }
    };
    line("target", &or_unknown(codes(&report.targets)))?;
    line("account", &or_unknown(codes(&report.accounts)))?;
    line("by", &or_unknown(codes(&report.callers)))?;
    if let (Some(from), Some(until)) = (report.from, report.until) {
        line("from", &utc(from))?;
        line("until", &utc(until))?;
    }
    if let Some(it) = &report.exercise {
        exercise(it, &mut line)?;
    }
    line(
        "written by",
        &format!("{}, schema {}", text(&report.tool), report.schema),
    )
}

fn exercise(it: &Exercise, line: &mut impl FnMut(&str, &str) -> fmt::Result) -> fmt::Result {
    line(
        "scenario",
        &format!("{} ({})", text(&it.title), code(&it.scenario)),
    )?;
    line("level", &format!("{} of 5, seed {}", it.level, it.seed))?;
    line("team", &it.team.as_deref().map_or("not named".into(), text))?;
    line(
        "ended by",
        &it.ended_by
            .as_deref()
            .map_or("no end is journalled".into(), text),
    )
}

fn score(it: &Score, out: &mut String) -> fmt::Result {
    section(out, "Score")?;
    let won = if it.won {
        "objectives met"
    } else {
        "objectives missed"
    };
    writeln!(
        out,
        "**{} of 100 points, {}, {won}.**\n",
        it.points,
        text(&it.grade)
    )?;
    for (name, value) in super::exercise::figures(it) {
        writeln!(out, "- {name}: {value}")?;
    }
    if !it.reasons.is_empty() {
        writeln!(out, "\nWhy these points:\n")?;
    }
    for reason in &it.reasons {
        let (points, of) = (reason.points, reason.of);
        let what = text(&reason.what);
        writeln!(
            out,
            "- **{what}** \u{2212}{points} of {of}: {}",
            text(&reason.why)
        )?;
    }
    Ok(())
}

fn moment(it: &Moment, days: bool) -> String {
    let at = it.at.format(if days {
        "%Y-%m-%d %H:%M:%S"
    } else {
        "%H:%M:%S"
    });
    format!("{at} *{}* {}", it.lane.name(), text(&it.text))
}

fn conversation(it: &Conversation) -> String {
    let (before, after) = (it.before, it.after);
    let last = it
        .last
        .map_or("never".to_owned(), |at| at.format("%H:%M:%S").to_string());
    format!(
        "**{}** ({}, {} to {}): {}; before the first change {}, {} failed; after it {}, {} failed; last packet {last}",
        text(&it.name),
        text(&it.role),
        text(&it.from),
        text(&it.to),
        it.fate(),
        count(before.packets, "packet"),
        grouped(before.failed),
        count(after.packets, "packet"),
        grouped(after.failed),
    )
}

fn evidence(it: &Kept) -> String {
    let kept = if it.kept { "kept" } else { "**not kept**" };
    let id = it
        .id
        .as_deref()
        .map_or(String::new(), |it| format!(" {}", code(it)));
    let at = it.at.map_or(String::new(), |at| format!(", {}", utc(at)));
    let detail = if it.detail.is_empty() {
        String::new()
    } else {
        format!(": {}", text(&it.detail))
    };
    format!("{}{id}: {kept}{at}{detail}", text(&it.name))
}

fn run(it: &RunTold, out: &mut String) -> fmt::Result {
    section(out, &format!("Run: {}", text(&it.procedure)))?;
    let mut line = |name: &str, value: &str| writeln!(out, "- {name}: {value}");
    line("run", &code(&it.run))?;
    line("target", &code(&it.target))?;
    line("by", &code(&it.caller))?;
    line("confirmed", &utc(it.started))?;
    line(
        "ended",
        &it.ended.map_or("no end is journalled".into(), utc),
    )?;
    line("outcome", it.outcome.as_deref().unwrap_or("not known"))?;
    if let Some(since) = it.open_since {
        line(
            "**open**",
            &format!("the suspect stands open since {}", utc(since)),
        )?;
    }
    if let Some(undoes) = &it.undoes {
        line("takes back", &code(undoes))?;
    } else {
        line("undo", &it.undo)?;
    }
    line(
        "claim",
        &it.claim
            .as_deref()
            .map_or("nothing was claimed".into(), text),
    )?;
    line(
        "flow logs",
        &it.proof_words.as_deref().map_or("no verdict".into(), text),
    )?;
    line(
        "forecast",
        &it.forecast
            .as_deref()
            .map_or("none is journalled".into(), text),
    )?;
    for remark in &it.remarks {
        line("to know", &text(remark))?;
    }
    if !it.flows.is_empty() {
        writeln!(out, "\nForecast, and what the flow logs showed:\n")?;
        it.flows
            .iter()
            .try_for_each(|it| writeln!(out, "- {}", flow(it)))?;
        if it.more_flows > 0 {
            writeln!(
                out,
                "- and {}",
                count(it.more_flows.try_into().unwrap_or(0), "more flow")
            )?;
        }
    }
    writeln!(out, "\nSteps:\n")?;
    it.steps.iter().try_for_each(|it| step(it, out))
}

fn flow(it: &FlowTold) -> String {
    let wrong = if it.came_true == Some(false) {
        " **(not as forecast)**"
    } else {
        ""
    };
    let (flow, forecast, logs) = (text(&it.flow), text(&it.forecast), text(&it.logs));
    format!(
        "{flow}: {forecast} ({}); flow logs: {logs}{wrong}",
        it.grade
    )
}

fn step(it: &StepTold, out: &mut String) -> fmt::Result {
    let made = it
        .made
        .as_deref()
        .map_or(String::new(), |it| format!(", made {}", code(it)));
    let detail = if it.detail.is_empty() {
        String::new()
    } else {
        format!(": {}", text(&it.detail))
    };
    writeln!(
        out,
        "{}. {} \u{2013} **{}**{made}{detail}",
        it.step,
        text(&it.what),
        it.outcome
    )?;
    let Some(cli) = &it.cli else {
        return Ok(());
    };
    let fence = "`".repeat(longest_run(cli).max(2) + 1);
    writeln!(out, "\n    {fence}sh\n    {cli}\n    {fence}\n")
}

fn journal(it: &JournalTold) -> String {
    let damage = it.damage.as_deref().map_or("whole".to_owned(), |it| {
        format!("**damaged**: {}", text(it))
    });
    let hash = if it.hash.is_empty() {
        "none".to_owned()
    } else {
        code(&it.hash)
    };
    let lines = count(u64::try_from(it.lines).unwrap_or(0), "line");
    format!("{}: {lines}, {damage}, last hash {hash}", code(&it.file))
}

fn section(out: &mut String, title: &str) -> fmt::Result {
    writeln!(out, "\n## {title}\n")
}

/// A section that is left out if there is nothing in it.
fn list(out: &mut String, title: &str, lines: impl Iterator<Item = String>) -> fmt::Result {
    let mut lines = lines.peekable();
    if lines.peek().is_none() {
        return Ok(());
    }
    section(out, title)?;
    lines.try_for_each(|it| writeln!(out, "- {it}"))
}

/// Text that stays what it is: whatever could mean something to Markdown is escaped.
pub(super) fn text(raw: &str) -> String {
    let mut safe = String::with_capacity(raw.len() + 8);
    // So far nothing but what may begin an item of a list.
    let mut begins = true;
    let mut chars = raw.chars().peekable();
    while let Some(c) = chars.next() {
        let ends = chars.peek().is_none_or(|it| *it == ' ');
        let marks_item = begins && ("-+".contains(c) || (".)".contains(c) && ends));
        if marks_item || "\\`*_[]<>&#|~!$".contains(c) {
            safe.push('\\');
        }
        begins &= c.is_ascii_digit() || c == ' ';
        safe.push(c);
    }
    safe
}

/// A code span, whatever is in it.
fn code(raw: &str) -> String {
    if raw.is_empty() {
        return String::new();
    }
    let fence = "`".repeat(longest_run(raw) + 1);
    let pad = if raw.starts_with('`') || raw.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{fence}{pad}{raw}{pad}{fence}")
}

/// The longest run of backticks.
fn longest_run(raw: &str) -> usize {
    raw.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_text_comes_of_text() {
        for (raw, safe) in [
            ("plain words, 12.5 s (of 30)", "plain words, 12.5 s (of 30)"),
            ("*a* _b_ `c`", "\\*a\\* \\_b\\_ \\`c\\`"),
            ("[a](b) <c> &amp;", "\\[a\\](b) \\<c\\> \\&amp;"),
            ("- item", "\\- item"),
            ("12. item", "12\\. item"),
            ("1) item", "1\\) item"),
            ("198.51.100.7 is", "198.51.100.7 is"),
            ("# a | b", "\\# a \\| b"),
        ] {
            assert_eq!(text(raw), safe);
        }
        for (raw, span) in [("a", "`a`"), ("a`b", "``a`b``"), ("`", "`` ` ``"), ("", "")] {
            assert_eq!(code(raw), span);
        }
    }
}
