//! `firedoor apply`: carries out a plan, the same as the console would, and streams what happens.

use std::path::PathBuf;

use clap::Args;
use color_eyre::eyre;

use super::against::{Against, OverArgs};
use super::carry_out::{Driver, Telling};
use super::evidence::Evidence;
use super::plan::{FromArgs, PlanFile, WishArgs};
use super::{AccountArgs, AnswerIsNo, BadInput, ConsoleArgs};
use crate::executor::Run;
use crate::plan::{Plan, foretell};

/// What is carried out, and that it is meant.
#[derive(Debug, Args)]
pub(super) struct ApplyArgs {
    /// A plan that `firedoor plan --output json` wrote. It is built again on what is read now, and must
    /// come out the same.
    #[arg(value_name = "FILE", conflicts_with_all = ["instance", "action", "playbook", "peer"])]
    file: Option<PathBuf>,
    #[command(flatten)]
    wish: WishArgs,
    #[command(flatten)]
    from: FromArgs,
    #[command(flatten)]
    over: OverArgs,
    #[command(flatten)]
    meant: MeantArgs,
}

/// That a change is meant, and how it is told.
#[derive(Debug, Clone, Args)]
pub(super) struct MeantArgs {
    /// The last four characters of the instance's id: nothing is sent without.
    #[arg(long, value_name = "LAST4")]
    confirm: Option<String>,
    /// How what happens is written.
    #[arg(long, value_enum, default_value_t = Telling::Table)]
    pub(super) output: Telling,
}

impl MeantArgs {
    /// Refuses before anything is read that nobody has allowed or confirmed.
    pub(super) fn check(&self, console: &ConsoleArgs, id: &str) -> Result<(), BadInput> {
        let expected = crate::model::InstanceId::from(id);
        let expected = expected.tail(4);
        if !console.allow_changes {
            return Err(BadInput(
                "nothing was sent: --allow-changes lets firedoor change the account".into(),
            ));
        }
        match self.confirm.as_deref() {
            Some(typed) if typed == expected => Ok(()),
            Some(_) => Err(BadInput(format!(
                "nothing was sent: --confirm takes the last four characters of {id}"
            ))),
            None => Err(BadInput(format!(
                "nothing was sent: confirm it with --confirm and the last four characters of {id}"
            ))),
        }
    }
}

/// Carries out a plan.
pub(super) async fn run(
    args: &ApplyArgs,
    account: &AccountArgs,
    console: &ConsoleArgs,
) -> eyre::Result<()> {
    let file = args.file.as_deref().map(PlanFile::load).transpose()?;
    let id = match &file {
        Some(file) => file.plan.target.id(),
        None => args.wish.target()?,
    };
    args.meant.check(console, id)?;
    let outside = args.from.outside(account, true).await?;
    let identity = outside.identity().await?;
    if let Some(file) = &file {
        file.is_for(&identity.account, &identity.region)?;
    }
    let evidence = Evidence::read(&outside).await?;
    let (case, plan) = if let Some(file) = &file {
        let built = file.wish.plan(&evidence.estate);
        (file.wish.intent.case.clone(), unchanged(&file.plan, built)?)
    } else {
        let wish = args.wish.wish(&evidence, console, &outside)?;
        let plan = wish.plan(&evidence.estate)?;
        (wish.intent.case, plan)
    };
    let against = Against::of(&evidence.estate, &plan, (&outside, &identity), &case).await?;
    against.hold_up(&args.over)?;
    let verification = console.verification(&outside, &evidence.estate, &plan);
    let driver = Driver::new(&outside, args.meant.output, Some(verification))?;
    let suspect = plan.suspect().map(|it| evidence.peers(it));
    let peers = suspect.into_iter().flatten().collect();
    let foretold = foretell(&evidence.traffic(), &plan, &peers);
    let run = Run {
        foretold,
        ..Run::new(case, &identity.arn, plan, outside.clock.now())
    };
    driver.start(run).await
}

/// The plan that was built anew, if it does what the one in the file does.
fn unchanged(made: &Plan, built: eyre::Result<Plan>) -> eyre::Result<Plan> {
    let changed = "the account has changed since the plan was made: nothing was sent; plan it anew";
    let built = built.map_err(|error| AnswerIsNo(format!("{changed} ({error})")))?;
    if built.steps == made.steps {
        return Ok(built);
    }
    let lines = |plan: &Plan| {
        plan.steps
            .iter()
            .map(crate::plan::Step::prose)
            .collect::<Vec<_>>()
    };
    let (was, is) = (lines(made), lines(&built));
    let gone = was
        .iter()
        .filter(|it| !is.contains(it))
        .map(|it| format!("- {it}"));
    let new = is
        .iter()
        .filter(|it| !was.contains(it))
        .map(|it| format!("+ {it}"));
    let all: Vec<String> = gone.chain(new).collect();
    Err(AnswerIsNo(format!("{changed}: {}", all.join("; "))).into())
}
