//! `firedoor prepare`: stages the pair of groups that makes the two-step one call per interface.

use clap::Args;
use color_eyre::eyre;

use super::apply::MeantArgs;
use super::carry_out::Driver;
use super::evidence::Evidence;
use super::plan::FromArgs;
use super::{AccountArgs, BadInput, ConsoleArgs, say};
use crate::executor::Run;
use crate::model::VpcId;
use crate::plan::{PlanError, prepare};

/// Where. The VPC is named by --vpc.
#[derive(Debug, Args)]
pub(super) struct PrepareArgs {
    #[command(flatten)]
    from: FromArgs,
    #[command(flatten)]
    meant: MeantArgs,
}

/// Stages the pair in one VPC.
pub(super) async fn run(
    args: &PrepareArgs,
    account: &AccountArgs,
    console: &ConsoleArgs,
) -> eyre::Result<()> {
    let [vpc] = account.vpc.as_slice() else {
        let words = "name one VPC with --vpc: each is prepared, and confirmed, by itself";
        return Err(BadInput(words.into()).into());
    };
    args.meant.check(console, vpc)?;
    let outside = args.from.outside(account, true).await?;
    let identity = outside.identity().await?;
    let evidence = Evidence::read(&outside).await?;
    let now = outside.clock.now();
    let case = console.case_at(now, outside.is_drill());
    let plan = match prepare(&evidence.estate, &VpcId::from(vpc.as_str()), &case) {
        Ok(plan) => plan,
        Err(stands @ PlanError::Prepared { .. }) => {
            say(&stands.to_string());
            return Ok(());
        }
        Err(error) => return Err(BadInput(error.to_string()).into()),
    };
    for remark in &plan.remarks {
        say(remark);
    }
    let driver = Driver::new(&outside, args.meant.output, None)?;
    driver.start(Run::new(case, &identity.arn, plan, now)).await
}
