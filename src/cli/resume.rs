//! `firedoor resume`: takes up a run that did not come to its end, in the same journal.

use clap::Args;
use color_eyre::eyre;

use super::apply::MeantArgs;
use super::carry_out::{Driver, refused};
use super::plan::FromArgs;
use super::{AccountArgs, BadInput, ConsoleArgs, state_dir};
use crate::executor::{Archive, Recorded, Resume};

/// Which run, and how.
#[derive(Debug, Args)]
pub(super) struct ResumeArgs {
    /// The run's id, as `firedoor runs` lists it; without it, the only one that is open.
    run: Option<String>,
    /// Goes to the safe end only: what was opened is emptied, what was denied for a while is lifted. A run
    /// that denies for a while can't be resumed otherwise.
    #[arg(long)]
    close: bool,
    #[command(flatten)]
    from: FromArgs,
    #[command(flatten)]
    meant: MeantArgs,
}

/// Takes up a run.
pub(super) async fn run(
    args: &ResumeArgs,
    account: &AccountArgs,
    console: &ConsoleArgs,
) -> eyre::Result<()> {
    let recorded = wanted(args.run.as_deref())?;
    args.meant.check(console, recorded.view.plan.target.id())?;
    let outside = args.from.outside(account, true).await?;
    let identity = outside.identity().await?;
    let how = if args.close || recorded.view.must_be_lifted() {
        Resume::Close
    } else {
        Resume::Continue
    };
    let driver = Driver::new(&outside, args.meant.output, None)?;
    let ended = driver
        .runs
        .resume(&recorded, how, &identity.arn, driver.ports.clone())
        .map_err(refused)?;
    driver
        .follow(ended, &recorded.view.run, &recorded.view.case)
        .await
}

/// The open run of this id, or the only one.
fn wanted(id: Option<&str>) -> eyre::Result<Recorded> {
    let archive = Archive::new(state_dir()?);
    if let Some(id) = id {
        let found = archive.find(id)?;
        let none = || BadInput(format!("there is no run {id}: `firedoor runs` lists them"));
        return Ok(found.ok_or_else(none)?);
    }
    let mut open = archive.open().runs;
    match (open.pop(), open.len()) {
        (Some(only), 0) => Ok(only),
        (None, _) => Err(BadInput("no run is open".into()).into()),
        (Some(last), _) => {
            let ids: Vec<&str> = open
                .iter()
                .chain([&last])
                .map(|it| it.view.run.as_str())
                .collect();
            let words = format!("{} runs are open, name one: {}", ids.len(), ids.join(", "));
            Err(BadInput(words).into())
        }
    }
}
