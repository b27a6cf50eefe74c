//! The case in three sentences, and what nobody can tell of it.

use super::{Report, RunTold, count, utc};

/// What it was, what was done, and what came of it.
pub(super) fn sentences(report: &Report) -> Vec<String> {
    vec![occasion(report), deeds(report), result(report)]
}

fn occasion(report: &Report) -> String {
    let targets = named(&report.targets, "an unknown instance");
    let Some(from) = report.from else {
        return "The journals of this case tell of nothing.".into();
    };
    let from = utc(from);
    let Some(it) = &report.exercise else {
        let callers = named(&report.callers, "an unknown caller");
        return format!("{callers} worked on {targets} from {from}.");
    };
    let team = it.team.as_deref().unwrap_or("A team without a name");
    let (scenario, level) = (&it.scenario, it.level);
    format!("{team} exercised {scenario} (level {level} of 5) on {targets} from {from}.")
}

fn deeds(report: &Report) -> String {
    if report.runs.is_empty() {
        return "No run was begun.".into();
    }
    let told: Vec<String> = report.runs.iter().map(deed).collect();
    let number = u64::try_from(told.len()).unwrap_or(u64::MAX);
    let (first, rest) = told.split_at(told.len().min(4));
    let more = match rest.len() {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    format!("{}: {}{more}.", count(number, "run"), first.join(", "))
}

fn deed(run: &RunTold) -> String {
    let outcome = run.outcome.as_deref().unwrap_or("not ended");
    format!("{} ({outcome})", run.procedure)
}

fn result(report: &Report) -> String {
    let open = report.runs.iter().find_map(|it| it.open_since);
    if let Some(since) = open {
        return format!("The suspect stands open to the world since {}.", utc(since));
    }
    let Some(score) = &report.score else {
        return proofs(report);
    };
    let attack = match score.contain {
        Some(seconds) => format!(
            "The attack's last packet arrived {} after its first finding",
            count(seconds, "second")
        ),
        None => "The attack was not contained".to_owned(),
    };
    let won = if score.won {
        "the objectives were met"
    } else {
        "the objectives were missed"
    };
    format!(
        "{attack}, others lost {}, and {won}: {} of 100 points, {}.",
        count(score.requests_lost, "request"),
        score.points,
        score.grade
    )
}

fn proofs(report: &Report) -> String {
    let with = |verdict: &str| {
        report
            .runs
            .iter()
            .rev()
            .find(|it| it.proof.as_deref() == Some(verdict))
    };
    let told = with("leaking")
        .or_else(|| with("proven"))
        .or_else(|| with("unknown"));
    match told.and_then(|it| it.proof_words.as_ref().map(|words| (it, words))) {
        Some((run, words)) => format!("Of {} the flow logs say: {words}.", run.procedure),
        None => "No flow log says whether anything holds.".into(),
    }
}

fn named(all: &[String], none: &str) -> String {
    match all {
        [] => none.to_owned(),
        [one] => one.clone(),
        [first, rest @ ..] => format!("{first} and {} more", rest.len()),
    }
}

/// What the journals do not tell.
pub(super) fn not_known(report: &Report) -> Vec<String> {
    let mut all = Vec::new();
    let mut say = |words: &str| all.push(words.to_owned());
    if report.exercise.is_none() {
        say(
            "There are no records of an exercise: findings, packets of the attack, harm to neighbours and a \
             score are not known here.",
        );
    } else if report.score.is_none() {
        say(
            "The records of the exercise hold no score: it did not come to its end, or they are damaged.",
        );
    }
    if report.runs.is_empty() {
        say("There is no journal of a run: nothing was changed here, or it can't be read.");
    } else if report.runs.iter().all(|it| it.proof.is_none()) {
        say(
            "No run has a verdict of the flow logs: nobody waited for them, or the runs have not ended.",
        );
    }
    if report
        .runs
        .iter()
        .any(|it| it.forecast.is_none() && it.changed_anything)
    {
        say("A run has no forecast in its journal: what it was to cut and to spare is not known.");
    }
    if report.runs.iter().any(|it| it.ended.is_none()) {
        say(
            "A run has no end in its journal: whether its last change was made is not known. `firedoor runs` \
             names it.",
        );
    }
    if report.journals.iter().any(|it| it.damage.is_some()) {
        say("A journal is damaged: what stood behind the damage is not in this report.");
    }
    all
}
