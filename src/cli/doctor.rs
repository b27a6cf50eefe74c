//! `firedoor doctor`: whether everything that an incident needs is there, before there is one.

use clap::Args;
use color_eyre::eyre;
use serde::Serialize;
use std::collections::BTreeMap;

use super::evidence::Evidence;
use super::outside::Outside;
use super::plan::{FromArgs, WishArgs};
use super::{AccountArgs, AnswerIsNo, ConsoleArgs, Output, print, state_dir};
use crate::executor::{Archive, preflight};
use crate::model::{Estate, InstanceId, PartKind};
use crate::operation::{Occasion, Probed};
use crate::plan::{Action, OPEN_TAG, Plan, standing};

/// What is looked at.
#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    #[command(flatten)]
    wish: WishArgs,
    #[command(flatten)]
    from: FromArgs,
    /// How it is written.
    #[arg(long, value_enum, default_value_t = Output::Table)]
    output: Output,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Finding {
    what: String,
    verdict: Verdict,
    words: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Verdict {
    /// To be mended before an incident, or in one at once.
    Bad,
    /// To know.
    Note,
    Good,
}

impl Verdict {
    fn mark(self) -> &'static str {
        match self {
            Self::Bad => "!!",
            Self::Note => " -",
            Self::Good => "ok",
        }
    }
}

/// What was found so far.
#[derive(Default)]
struct Report(Vec<Finding>);

impl Report {
    fn add(&mut self, what: impl Into<String>, verdict: Verdict, words: impl Into<String>) {
        self.0.push(Finding {
            what: what.into(),
            verdict,
            words: words.into(),
        });
    }
}

/// Looks at everything; ends with 1 if something is bad.
pub(super) async fn run(
    args: &DoctorArgs,
    account: &AccountArgs,
    console: &ConsoleArgs,
) -> eyre::Result<()> {
    let mut report = Report::default();
    // What is open is the first thing to know, whatever else fails.
    runs(&mut report)?;
    let outside = args.from.outside(account, false).await?;
    let identity = outside.identity().await?;
    let who = format!("{} in {}", identity.arn, identity.region);
    report.add("identity", Verdict::Good, who);
    let evidence = Evidence::read(&outside).await?;
    sources(&evidence, &mut report);
    let estate = &evidence.estate;
    open_suspects(estate, &mut report);
    pairs(estate, &mut report);
    permissions(args, console, &outside, &evidence, &mut report).await?;
    report.0.sort_by_key(|it| it.verdict);
    print(|out| match args.output {
        Output::Json => {
            serde_json::to_writer_pretty(&mut *out, &report.0)?;
            writeln!(out)
        }
        Output::Table | Output::Markdown => report
            .0
            .iter()
            .try_for_each(|it| writeln!(out, "{}  {}: {}", it.verdict.mark(), it.what, it.words)),
    })?;
    match report
        .0
        .iter()
        .filter(|it| it.verdict == Verdict::Bad)
        .count()
    {
        0 => Ok(()),
        count => Err(AnswerIsNo(format!("{count} things are not in order")).into()),
    }
}

fn runs(report: &mut Report) -> eyre::Result<()> {
    let root = state_dir()?;
    let listing = Archive::new(&root).open();
    for run in &listing.runs {
        let words = match (run.open_since(), &run.held_by) {
            (_, Some(holder)) => format!("under way: {holder}"),
            (Some(since), None) => format!(
                "its suspect {} STANDS OPEN since {since}: firedoor resume {}",
                run.view.plan.target, run.view.run
            ),
            (None, None) => format!(
                "it did not come to its end: firedoor resume {}",
                run.view.run
            ),
        };
        report.add(format!("run {}", run.view.run), Verdict::Bad, words);
    }
    for error in &listing.unreadable {
        report.add("journals", Verdict::Note, error.to_string());
    }
    if listing.runs.is_empty() {
        report.add("runs", Verdict::Good, "none is open");
    }
    Ok(())
}

fn sources(evidence: &Evidence, report: &mut Report) {
    let unread: Vec<&str> = PartKind::ALL
        .into_iter()
        .filter(|it| evidence.estate.freshness(*it).is_none())
        .map(PartKind::name)
        .collect();
    if unread.is_empty() {
        report.add(
            "sources",
            Verdict::Good,
            "every part of the account was read",
        );
    } else {
        let words = format!("not read: {}", unread.join(", "));
        report.add("sources", Verdict::Bad, words);
    }
    let (verdict, words) = if evidence.has_flows {
        (Verdict::Good, "were read")
    } else {
        (
            Verdict::Bad,
            "none was read: forecasts and proofs can't be made",
        )
    };
    report.add("flow logs", verdict, words);
}

/// Tags are what another machine sees of a run that was left open.
fn open_suspects(estate: &Estate, report: &mut Report) {
    for instance in estate.instances() {
        let since = instance.tags.iter().find(|(key, _)| key == OPEN_TAG);
        if let Some((_, since)) = since {
            let words = format!(
                "{} is tagged as open to the world since {since}",
                instance.id
            );
            report.add("suspect", Verdict::Bad, words);
        }
    }
}

fn pairs(estate: &Estate, report: &mut Report) {
    for vpc in estate.vpcs() {
        let found = standing(estate, &vpc.id);
        // Whoever is in the open group is open to the world.
        let verdict = match found.pair() {
            _ if !found.open.members().is_empty() => Verdict::Bad,
            Some(_) => Verdict::Good,
            None => Verdict::Note,
        };
        let what = format!("pair of groups in {}", vpc.id);
        let words = format!("{}; {}", found.open, found.empty);
        report.add(what, verdict, words);
    }
}

/// Asks for every action that can be planned for an instance whether AWS would allow its calls.
async fn permissions(
    args: &DoctorArgs,
    console: &ConsoleArgs,
    outside: &Outside,
    evidence: &Evidence,
    report: &mut Report,
) -> eyre::Result<()> {
    let Some(probe) = &outside.probe else {
        return Ok(());
    };
    let instance = args.wish.target().ok().map(InstanceId::from);
    let Some(instance) = instance.or_else(|| evidence.suspect()) else {
        let words = "not asked: no finding names an instance; name one with --instance";
        report.add("permissions", Verdict::Note, words);
        return Ok(());
    };
    let occasion = Occasion {
        now: outside.clock.now(),
        run: "doctor".into(),
    };
    // Most calls are those of several actions.
    let mut missing: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut asked = 0;
    for plan in plans(args, console, outside, evidence, &instance)? {
        let checked = preflight(&**probe, &plan, &occasion).await;
        asked += checked.len();
        for check in &checked {
            // What earlier steps make is not there yet: AWS refuses its change, whoever asks.
            if matches!(check.probed, Probed::Denied { .. }) {
                let whose = missing.entry(check.api).or_default();
                let action = plan.procedure.to_string();
                if !whose.contains(&action) {
                    whose.push(action);
                }
            }
        }
    }
    for (api, actions) in &missing {
        report.add(
            format!("permission {api}"),
            Verdict::Bad,
            format!("missing for {}", actions.join(", ")),
        );
    }
    if missing.is_empty() {
        let words = format!("{asked} changes of {instance} were asked about: none is denied");
        report.add("permissions", Verdict::Good, words);
    }
    Ok(())
}

/// The plan that was asked for, or that of every action that can be planned.
fn plans(
    args: &DoctorArgs,
    console: &ConsoleArgs,
    outside: &Outside,
    evidence: &Evidence,
    instance: &InstanceId,
) -> eyre::Result<Vec<Plan>> {
    if args.wish.is_whole() {
        let wish = args.wish.wish(evidence, console, outside)?;
        return Ok(vec![wish.plan(&evidence.estate)?]);
    }
    let mut plans = Vec::new();
    for action in Action::ALL {
        let wish = WishArgs::of(instance, action).wish(evidence, console, outside)?;
        plans.extend(wish.plan(&evidence.estate).ok());
    }
    Ok(plans)
}
