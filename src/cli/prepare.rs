//! `firedoor prepare`: stages the pair of groups that makes the two-step one call per interface.

use clap::Args;
use color_eyre::eyre;

use super::apply::MeantArgs;
use super::carry_out::Driver;
use super::evidence::Evidence;
use super::plan::FromArgs;
use super::{AccountArgs, BadInput, ConsoleArgs, say};
use crate::executor::Run;
use crate::model::{Estate, VpcId};
use crate::plan::{PlanError, prepare};

/// Where: the VPC of --vpc, or the only one of the findings.
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
    if let [vpc] = account.vpc.as_slice() {
        args.meant.check(console, vpc)?;
    }
    let outside = args.from.outside(account, true).await?;
    let identity = outside.identity().await?;
    let evidence = Evidence::read(&outside).await?;
    let vpc = wanted(&evidence.estate, &account.vpc)?;
    args.meant.check(console, vpc.as_str())?;
    let now = outside.clock.now();
    let case = console.case_at(now, outside.is_drill());
    let plan = match prepare(&evidence.estate, &vpc, &case) {
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

/// The VPC that was named, or the only one that was read: each is prepared, and confirmed, by itself.
fn wanted(estate: &Estate, named: &[String]) -> Result<VpcId, BadInput> {
    if let [only] = named {
        return Ok(VpcId::from(only.as_str()));
    }
    let read: Vec<&VpcId> = estate.vpcs().map(|it| &it.id).collect();
    match read.as_slice() {
        [only] => Ok((*only).clone()),
        all => {
            let ids: Vec<&str> = all.iter().map(|it| it.as_str()).collect();
            Err(BadInput(format!(
                "name one VPC with --vpc, each is prepared by itself: {}",
                ids.join(", ")
            )))
        }
    }
}
