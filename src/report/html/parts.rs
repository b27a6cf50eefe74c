//! The sections of the page.

use super::super::exercise::{SWITCHES, figures};
use super::super::runs::seconds;
use super::super::{
    Conversation, Exercise, JournalTold, Kept, Lane, Moment, Report, RunTold, StepTold, utc,
};
use super::page::Page;
use super::plot;
use crate::model::text::grouped;
use crate::sources::{Reason, Score};

pub(super) fn all(page: &mut Page, report: &Report) {
    head(page, report);
    plot::figure(page, report);
    about(page, report);
    if let Some(score) = &report.score {
        reasons(page, &score.reasons);
    }
    timeline(page, &report.timeline);
    conversations(page, &report.conversations);
    list(page, "open", "What stayed open", &report.residual);
    evidence(page, &report.evidence);
    for run in &report.runs {
        one_run(page, run);
    }
    journals(page, &report.journals);
    let switches = report.exercise.as_ref().map(Exercise::switches);
    list(page, "switches", SWITCHES, &switches.unwrap_or_default());
    page.raw("<footer>");
    page.text(&format!(
        "{}, report schema {}. Times are UTC.",
        report.tool, report.schema
    ));
    page.raw("</footer>\n");
}

fn head(page: &mut Page, report: &Report) {
    page.raw("<header>\n");
    page.element("p class=\"eyebrow\"", "After-action report");
    let title = report
        .exercise
        .as_ref()
        .map_or(&report.case, |it| &it.title);
    page.element("h1", title);
    page.element("p class=\"lead\"", &report.summary.join(" "));
    if let Some(score) = &report.score {
        verdict(page, score);
    }
    page.raw("</header>\n");
}

/// What it is about, and what nobody can tell.
fn about(page: &mut Page, report: &Report) {
    facts(page, report);
    if !report.not_known.is_empty() {
        page.raw("<aside aria-label=\"Not known\">\n");
        items(page, &report.not_known);
        page.raw("</aside>\n");
    }
}

fn verdict(page: &mut Page, score: &Score) {
    page.raw("<p class=\"verdict\">");
    page.element("b", &score.points.to_string());
    let (word, class) = if score.won {
        ("objectives met", "good")
    } else {
        ("objectives missed", "bad")
    };
    page.element("span", &format!("of 100 points, {},", score.grade));
    page.element(&format!("span class=\"is-{class}\""), word);
    page.raw("</p>\n<dl class=\"figures\">\n");
    for (name, value) in figures(score) {
        page.raw("<div>");
        page.fact(name, &value);
        page.raw("</div>\n");
    }
    page.raw("</dl>\n");
}

fn facts(page: &mut Page, report: &Report) {
    let all = |it: &[String]| {
        if it.is_empty() {
            "not known".to_owned()
        } else {
            it.join(", ")
        }
    };
    page.raw("<dl class=\"facts\">\n");
    page.fact("Case", &report.case);
    page.fact("Target", &all(&report.targets));
    page.fact("Account", &all(&report.accounts));
    page.fact("By", &all(&report.callers));
    if let (Some(from), Some(until)) = (report.from, report.until) {
        page.fact("When", &format!("{} to {}", utc(from), utc(until)));
    }
    if let Some(it) = &report.exercise {
        page.fact("Team", it.team.as_deref().unwrap_or("not named"));
        page.fact(
            "Scenario",
            &format!("{}, level {} of 5, seed {}", it.scenario, it.level, it.seed),
        );
        page.fact(
            "Ended by",
            it.ended_by.as_deref().unwrap_or("no end is journalled"),
        );
    }
    page.raw("</dl>\n");
}

fn reasons(page: &mut Page, all: &[Reason]) {
    if all.is_empty() {
        return;
    }
    page.heading("score", "Why these points");
    page.table(&["Judged", "#Lost", "#Of", "", "Because"]);
    for it in all {
        let share = u32::from(it.points) * 100 / u32::from(it.of.max(1));
        let class = if it.points > 0 {
            "number word is-bad"
        } else {
            "number is-quiet"
        };
        page.raw("<tr>");
        page.element("td class=\"short\"", &it.what);
        page.element(&format!("td class=\"{class}\""), &it.points.to_string());
        page.element("td class=\"number\"", &it.of.to_string());
        page.raw(&format!(
            "<td aria-hidden=\"true\"><span class=\"meter\"><i style=\"width:{}%\"></i></span></td>",
            share.min(100)
        ));
        page.element("td", &it.why);
        page.raw("</tr>\n");
    }
    page.end_table();
}

fn timeline(page: &mut Page, all: &[Moment]) {
    page.heading("timeline", "Timeline");
    if all.is_empty() {
        page.element("p class=\"soft\"", "The journals tell of nothing.");
        return;
    }
    page.table(&["UTC", "Kind", "What happened"]);
    let mut day = None;
    for it in all {
        if day.replace(it.at.date_naive()) != Some(it.at.date_naive()) {
            let words = it.at.format("%A, %-d %B %Y").to_string();
            page.raw("<tr class=\"day\">");
            page.element("td colspan=\"3\"", &words);
            page.raw("</tr>\n");
        }
        page.raw("<tr>");
        page.element("td class=\"short\"", &it.at.format("%H:%M:%S").to_string());
        let class = tone(it);
        page.element(&format!("td class=\"word is-{class}\""), it.lane.name());
        page.element("td", &it.text);
        page.raw("</tr>\n");
    }
    page.end_table();
}

/// The class of a moment's colour.
pub(super) fn tone(it: &Moment) -> &'static str {
    match it.lane {
        _ if it.bad => "bad",
        Lane::Inject | Lane::World => "warn",
        Lane::Decision | Lane::Outcome => "step",
        Lane::Proof => "good",
        Lane::Finding | Lane::Trouble => "bad",
        Lane::Exercise | Lane::Step | Lane::Message => "quiet",
    }
}

fn conversations(page: &mut Page, all: &[Conversation]) {
    if all.is_empty() {
        return;
    }
    page.heading("conversations", "What became of the conversations");
    let columns = [
        "Conversation",
        "Role",
        "Became",
        "#Packets before",
        "#after",
        "#Failed before",
        "#after",
        "#Last packet",
    ];
    page.table(&columns);
    for it in all {
        page.raw("<tr><td>");
        page.text(&it.name);
        page.raw("<br><span class=\"soft\">");
        page.text(&format!("{} to {}", it.from, it.to));
        page.raw("</span></td>");
        page.element("td class=\"short\"", &it.role);
        let class = fate_class(it);
        page.element(&format!("td class=\"is-{class}\""), &it.fate());
        for number in [
            it.before.packets,
            it.after.packets,
            it.before.failed,
            it.after.failed,
        ] {
            page.element("td class=\"number\"", &grouped(number));
        }
        let last = it
            .last
            .map_or("never".to_owned(), |it| it.format("%H:%M:%S").to_string());
        page.element("td class=\"number\"", &last);
        page.raw("</tr>\n");
    }
    page.end_table();
    page.element(
        "p class=\"soft\"",
        "Before and after the first change. The world counts in tens of seconds; those of the change count as before it.",
    );
}

/// That an attack goes on is as bad as that somebody's work fails.
fn fate_class(it: &Conversation) -> &'static str {
    let failed = it.after.failed > 0;
    match (it.role == "attack", it.silent) {
        (true, true) => "good",
        (true, false) => "bad",
        (false, true) if failed => "bad",
        (false, false) if failed => "warn",
        (false, _) => "quiet",
    }
}

fn list(page: &mut Page, id: &str, title: &str, all: &[String]) {
    if !all.is_empty() {
        page.heading(id, title);
        items(page, all);
    }
}

fn items(page: &mut Page, all: &[String]) {
    page.raw("<ul>\n");
    for it in all {
        page.element("li", it);
    }
    page.raw("</ul>\n");
}

fn evidence(page: &mut Page, all: &[Kept]) {
    if all.is_empty() {
        return;
    }
    page.heading("evidence", "Evidence");
    page.table(&["What", "Kept", "Id", "Taken", "More"]);
    for it in all {
        page.raw("<tr>");
        page.element("td", &it.name);
        let (word, class) = if it.kept {
            ("kept", "good")
        } else {
            ("not kept", "bad")
        };
        page.element(&format!("td class=\"word is-{class}\""), word);
        page.raw("<td>");
        page.code(it.id.as_deref().unwrap_or_default());
        page.raw("</td>");
        page.element(
            "td class=\"short\"",
            &it.at
                .map_or(String::new(), |it| it.format("%H:%M:%S").to_string()),
        );
        page.element("td", &it.detail);
        page.raw("</tr>\n");
    }
    page.end_table();
}

fn one_run(page: &mut Page, run: &RunTold) {
    page.raw("<section>\n");
    page.element("h2", &format!("Run: {}", run.procedure));
    page.raw("<dl class=\"facts\">\n");
    page.element("dt", "Run");
    page.raw("<dd>");
    page.code(&run.run);
    page.raw("</dd>\n");
    page.fact("Target", &run.target);
    page.fact("By", &run.caller);
    let ended = run.ended.map_or("no end is journalled".to_owned(), utc);
    page.fact("When", &format!("{} to {ended}", utc(run.started)));
    page.fact("Outcome", run.outcome.as_deref().unwrap_or("not known"));
    if let Some(since) = run.open_since {
        page.element("dt", "Open");
        page.element(
            "dd class=\"is-bad\"",
            &format!("the suspect stands open since {}", utc(since)),
        );
    }
    match &run.undoes {
        Some(it) => page.fact("Takes back", it),
        None => page.fact("Undo", &run.undo),
    }
    page.fact(
        "Claim",
        run.claim.as_deref().unwrap_or("nothing was claimed"),
    );
    page.fact(
        "Flow logs",
        run.proof_words.as_deref().unwrap_or("no verdict"),
    );
    page.raw("</dl>\n");
    flows(page, run);
    if !run.remarks.is_empty() {
        page.element("h3", "Said before it was confirmed");
        items(page, &run.remarks);
    }
    page.element("h3", "Steps");
    page.table(&[
        "#No.",
        "Step, and the equivalent line of the AWS CLI",
        "Outcome",
        "#Took",
    ]);
    run.steps.iter().for_each(|it| step(page, it));
    page.end_table();
    page.raw("</section>\n");
}

fn flows(page: &mut Page, run: &RunTold) {
    if let Some(forecast) = &run.forecast {
        page.element("h3", "Forecast, and what the flow logs showed");
        page.element("p", forecast);
    }
    if run.flows.is_empty() {
        return;
    }
    page.table(&["Flow", "Forecast", "Grade", "#Bytes/min", "Flow logs"]);
    for it in &run.flows {
        page.raw("<tr>");
        page.element("td", &it.flow);
        page.element("td class=\"short\"", &it.forecast);
        page.element("td class=\"is-quiet\"", it.grade);
        page.element("td class=\"number\"", &grouped(it.bytes_per_minute));
        let class = match it.came_true {
            Some(true) => "good",
            Some(false) => "bad",
            None => "quiet",
        };
        page.element(&format!("td class=\"is-{class}\""), &it.logs);
        page.raw("</tr>\n");
    }
    page.end_table();
    if run.more_flows > 0 {
        let more = format!("and {} more", run.more_flows);
        page.element("p class=\"soft\"", &more);
    }
}

fn step(page: &mut Page, it: &StepTold) {
    page.raw("<tr>");
    page.element("td class=\"number\"", &it.step.to_string());
    page.raw("<td>");
    page.text(&it.what);
    if let Some(cli) = &it.cli {
        page.element("pre", cli);
    }
    page.raw("</td><td class=\"outcome\">");
    let class = match it.outcome.as_str() {
        "done" => "good",
        "skipped" | "not run" | "waiting" => "quiet",
        "failed" => "bad",
        _ => "warn",
    };
    page.element(&format!("span class=\"word is-{class}\""), &it.outcome);
    if !it.detail.is_empty() {
        page.raw("<br>");
        page.element("span class=\"soft\"", &it.detail);
    }
    page.raw("</td>");
    let took = it
        .began
        .zip(it.ended)
        .and_then(|(from, to)| seconds(from, to));
    page.element(
        "td class=\"number\"",
        &took.map_or(String::new(), |it| format!("{it} s")),
    );
    page.raw("</tr>\n");
}

fn journals(page: &mut Page, all: &[JournalTold]) {
    page.heading("journals", "Journals");
    page.element(
        "p class=\"soft\"",
        "Every line carries the hash of the one before it, so the last hash stands for the whole file.",
    );
    page.table(&["File", "#Lines", "State", "Last hash"]);
    for it in all {
        page.raw("<tr><td>");
        page.code(&it.file);
        page.raw("</td>");
        page.element("td class=\"number\"", &it.lines.to_string());
        let (words, class) = match &it.damage {
            Some(damage) => (format!("damaged: {damage}"), "bad"),
            None => ("whole".to_owned(), "good"),
        };
        page.element(&format!("td class=\"is-{class}\""), &words);
        page.raw("<td>");
        page.code(&it.hash);
        page.raw("</td></tr>\n");
    }
    page.end_table();
}
