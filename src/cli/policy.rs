//! `firedoor policy`: the least that IAM must allow, as one document.

use clap::{ArgGroup, Args};
use color_eyre::eyre;

use super::print;
use crate::plan::{Action, policy};

/// What the document is for.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("what").required(true).args(["read_only", "contain"]))]
pub(super) struct PolicyArgs {
    /// To look: the console without --allow-changes, plan, blast, snapshot.
    #[arg(long)]
    read_only: bool,
    /// To run these actions and take them back; without a name, every action.
    #[arg(long, value_name = "ACTION", num_args = 0.., value_parser = super::action)]
    contain: Option<Vec<Action>>,
}

/// Writes the document.
pub(super) fn run(args: &PolicyArgs) -> eyre::Result<()> {
    let document = match args.contain.as_deref() {
        None => policy::read_only(),
        Some([]) => policy::contain(&Action::ALL),
        Some(actions) => policy::contain(actions),
    };
    print(|out| writeln!(out, "{}", document.json()))
}
