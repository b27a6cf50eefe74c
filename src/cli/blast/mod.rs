//! `firedoor blast`: the review of one proposed change, without a console.
//!
//! Data is written to standard output alone, words to standard error. Everything is judged by
//! [`plan::review`](crate::plan::review); here are only arguments, what is read, and how it is written.

mod args;
mod gate;
mod json;
mod markdown;
mod table;
mod words;

use color_eyre::eyre;

pub(super) use args::BlastArgs;

use super::evidence::{About, Doubt, Evidence};
use super::outside::Outside;
use super::plan::PlanFile;
use super::{AccountArgs, AnswerIsNo, BadInput, ConsoleArgs, Output, print};
use crate::analysis::{Network, Seen, eni_label};
use crate::plan::{Change, Dwell, Ledger, Proposal, ProposalError, known_instance, review};

/// What is said in place of lists of flows.
const UNKNOWN_FLOWS: &str = "flows are unknown: no flow log was read";

/// A change and its ledger: all that is written.
#[derive(Debug)]
struct Review {
    /// The change as it was asked for.
    asked: String,
    change: Change,
    ledger: Ledger,
    /// Each interface in scope: its id, subnet, primary address, and what it is.
    scope: Vec<[String; 4]>,
    /// Somebody's flows are counted apart from everyone's.
    has_suspect: bool,
    /// Some flow log was read.
    has_flows: bool,
    doubts: Vec<Doubt>,
}

impl Review {
    fn of(args: &BlastArgs, evidence: &Evidence, console: &ConsoleArgs) -> eyre::Result<Self> {
        let change_args = &args.change;
        let asked = change_args.asked();
        let made = change_args
            .plan
            .as_deref()
            .map(PlanFile::load)
            .transpose()?;
        let suspect = match &made {
            Some(file) => file.plan.suspect().cloned(),
            None => change_args.instance(),
        };
        let case = console.case.as_deref().unwrap_or("review");
        let dwell = Dwell {
            slowest_gap: suspect.as_ref().and_then(|it| evidence.slowest_gap(it)),
            max: console.max_dwell,
        };
        let peers = suspect.as_ref().map(|it| evidence.peers(it));
        let proposal = match made {
            Some(file) => Proposal::CarryOut(Box::new(file.plan)),
            None => change_args.proposal(dwell, case, peers.unwrap_or_default())?,
        };
        let network = Network::new(&evidence.estate);
        let refused = |error: ProposalError| BadInput(format!("{asked}: {error}"));
        if let Some(instance) = &suspect {
            known_instance(&evidence.estate, instance).map_err(refused)?;
        }
        let change = proposal.change(&network).map_err(refused)?;
        let flows: Vec<Seen<'_>> = evidence.flows().collect();
        let ledger = review(&network, &flows, &change, suspect.as_ref());
        let estate = &evidence.estate;
        let in_scope = ledger.reach.scope.iter().filter_map(|id| estate.eni(id));
        let scope = in_scope.map(|eni| {
            let address = eni.primary().map(|it| it.to_string());
            [
                eni.id.to_string(),
                eni.subnet.to_string(),
                address.unwrap_or_default(),
                eni_label(estate, eni),
            ]
        });
        let scope = scope.collect();
        let of_reach = ledger.reach.doubts.iter().map(|words| Doubt {
            about: About::Estate,
            words: words.clone(),
        });
        let mut doubts: Vec<Doubt> = evidence.doubts.iter().cloned().chain(of_reach).collect();
        doubts.sort();
        doubts.dedup();
        Ok(Self {
            asked,
            has_flows: evidence.has_flows,
            has_suspect: suspect.is_some(),
            change,
            scope,
            doubts,
            ledger,
        })
    }

    fn flow_doubts(&self) -> impl Iterator<Item = &Doubt> {
        self.doubts.iter().filter(|it| it.about == About::Flows)
    }
}

/// Reviews a change, writes the ledger, and holds it against the gates.
pub(super) async fn run(
    args: &BlastArgs,
    account: &AccountArgs,
    console: &ConsoleArgs,
) -> eyre::Result<()> {
    let evidence = match &args.from {
        Some(dir) => Evidence::of_dump(dir)?,
        None => Evidence::read(&Outside::account(account, false).await?).await?,
    };
    let review = Review::of(args, &evidence, console)?;
    print(|out| match args.output {
        Output::Table => table::write(&review, out),
        Output::Json => json::write(&review, out),
        Output::Markdown => markdown::write(&review, out),
    })?;
    let failures = args.fail_on.iter().filter_map(|gate| gate.failure(&review));
    let failures: Vec<String> = failures.collect();
    if failures.is_empty() {
        return Ok(());
    }
    Err(AnswerIsNo(format!("gate failed: {}", failures.join("; "))).into())
}
