//! `firedoor plan`: a plan as the console would build it, written for people, or as a file that
//! `firedoor apply` carries out.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use clap::Args;
use color_eyre::eyre::{self, WrapErr};
use serde::{Deserialize, Serialize};

use super::against::Against;
use super::drill::scenario;
use super::evidence::Evidence;
use super::outside::Outside;
use super::{AccountArgs, BadInput, ConsoleArgs, Output, playbooks, print};
use crate::model::{Estate, InstanceId};
use crate::plan::{
    self, Action, Dwell, Intent, Outlook, Plan, build_playbook, ledger, outlook_of, residual,
};

/// What is planned, and on what.
#[derive(Debug, Args)]
pub(super) struct PlanArgs {
    #[command(flatten)]
    wish: WishArgs,
    #[command(flatten)]
    from: FromArgs,
    /// How it is written; JSON is what `firedoor apply` and `firedoor blast --plan` read.
    #[arg(long, value_enum, default_value_t = Output::Table)]
    output: Output,
}

/// What somebody wants done.
#[derive(Debug, Clone, Args)]
pub(super) struct WishArgs {
    /// The instance.
    #[arg(long, value_name = "INSTANCE")]
    pub(super) instance: Option<String>,
    /// An action of the catalogue: `firedoor actions` lists them.
    #[arg(long, value_name = "NAME", value_parser = super::action)]
    action: Option<Action>,
    /// A playbook: one that is shipped, or of `firedoor/playbooks` in the configuration directory.
    #[arg(long, value_name = "NAME", conflicts_with = "action")]
    playbook: Option<String>,
    /// A remote address that the action is about, besides those of the instance's findings; may be
    /// repeated.
    #[arg(long, value_name = "ADDRESS")]
    peer: Vec<IpAddr>,
}

/// What is read in place of the account.
#[derive(Debug, Clone, Args)]
pub(super) struct FromArgs {
    /// Reads a dump in place of the account.
    #[arg(long, value_name = "DIR", conflicts_with = "drill")]
    from: Option<PathBuf>,
    /// The embedded world in place of the account, of this scenario or the first; it begins anew each
    /// time.
    #[arg(long, value_name = "SCENARIO", num_args = 0..=1, default_missing_value = "")]
    drill: Option<String>,
}

impl FromArgs {
    /// What a command is put on.
    pub(super) async fn outside(
        &self,
        account: &AccountArgs,
        allow_changes: bool,
    ) -> eyre::Result<Outside> {
        match (&self.from, &self.drill) {
            (Some(dir), _) => Outside::dump(dir),
            (None, Some(named)) => {
                let named = Some(named.as_str()).filter(|it| !it.is_empty());
                Ok(Outside::drill(scenario(named)?))
            }
            (None, None) => Outside::account(account, allow_changes).await,
        }
    }
}

/// The version of the file's format.
const VERSION: u32 = 1;

/// A plan with what it was made from: what `apply` needs to see whether it still holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct PlanFile {
    v: u32,
    /// When it was made.
    made: DateTime<Utc>,
    /// The account and Region that it was made for.
    account: String,
    region: String,
    /// What was wanted: the plan is built from it again before it is carried out.
    pub(super) wish: Wish,
    pub(super) plan: Plan,
}

/// What a plan is built from.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Wish {
    pub(super) intent: Intent,
    /// In place of the intent's action.
    playbook: Option<String>,
}

impl Wish {
    /// The plan, on what was read.
    pub(super) fn plan(&self, estate: &Estate) -> eyre::Result<Plan> {
        let built = match &self.playbook {
            Some(name) => build_playbook(estate, &playbooks::named(name)?, &self.intent),
            None => plan::build(estate, &self.intent),
        };
        Ok(built.map_err(|error| BadInput(error.to_string()))?)
    }
}

impl PlanFile {
    /// Reads one.
    pub(super) fn load(path: &Path) -> eyre::Result<Self> {
        let shown = path.display();
        let text = std::fs::read(path).wrap_err_with(|| format!("could not read {shown}"))?;
        let bad = |why: String| BadInput(format!("{shown} is no plan: {why}"));
        let version: Version =
            serde_json::from_slice(&text).map_err(|error| bad(error.to_string()))?;
        if version.v != VERSION {
            let why = format!("version {} of the format; this is {VERSION}", version.v);
            return Err(bad(why).into());
        }
        let file: Self = serde_json::from_slice(&text).map_err(|error| bad(error.to_string()))?;
        if !file.plan.is_well_formed() {
            return Err(bad("its steps are out of order".into()).into());
        }
        Ok(file)
    }

    /// Refuses another account or Region than the one that it was made for.
    pub(super) fn is_for(&self, account: &str, region: &str) -> Result<(), BadInput> {
        if self.account == account && self.region == region {
            return Ok(());
        }
        Err(BadInput(format!(
            "the plan was made for account {} in {}, and this is {account} in {region}",
            self.account, self.region
        )))
    }
}

#[derive(Deserialize)]
struct Version {
    v: u32,
}

/// What is told of a plan besides what is carried out.
#[derive(Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    file: &'a PlanFile,
    /// In one sentence.
    ledger: &'a str,
    calls: usize,
    round_trips: usize,
    waits_seconds: usize,
    /// One line of the AWS CLI per change.
    cli: Vec<String>,
    residual: Vec<String>,
    /// What stands against it: guards and the order of evidence, the worst first.
    against: Vec<String>,
}

fn incomplete() -> BadInput {
    BadInput("what is to be done: --instance and --action say it".into())
}

impl WishArgs {
    /// An action for an instance.
    pub(super) fn of(instance: &InstanceId, action: Action) -> Self {
        Self {
            instance: Some(instance.to_string()),
            action: Some(action),
            playbook: None,
            peer: Vec::new(),
        }
    }

    /// Whether they say what is to be done, and to what.
    pub(super) fn is_whole(&self) -> bool {
        self.instance.is_some() && (self.action.is_some() || self.playbook.is_some())
    }

    /// The instance's id.
    pub(super) fn target(&self) -> Result<&str, BadInput> {
        self.instance.as_deref().ok_or_else(incomplete)
    }

    /// What these arguments want, on what was read.
    pub(super) fn wish(
        &self,
        evidence: &Evidence,
        args: &ConsoleArgs,
        outside: &Outside,
    ) -> eyre::Result<Wish> {
        let now = outside.clock.now();
        let suspect = InstanceId::from(self.target()?);
        let playbook = self.playbook.as_deref().map(playbooks::named).transpose()?;
        let first = playbook.as_ref().and_then(|it| it.steps.first());
        let action = self.action.or(first.map(|it| it.action));
        let action = action.ok_or_else(incomplete)?;
        let peers: BTreeSet<IpAddr> = evidence
            .peers(&suspect)
            .into_iter()
            .chain(self.peer.iter().copied())
            .collect();
        let intent = Intent {
            action,
            case: args.case_at(now, outside.is_drill()),
            stamp: now.format("%Y%m%dT%H%M%SZ").to_string(),
            dwell: Dwell {
                slowest_gap: evidence.slowest_gap(&suspect),
                max: args.max_dwell,
            },
            peers: peers.into_iter().collect(),
            acl_quota: args.nacl_quota.into(),
            max_hold: args.max_hold,
            suspect,
        };
        Ok(Wish {
            intent,
            playbook: self.playbook.clone(),
        })
    }
}

/// Plans, and writes the plan.
pub(super) async fn run(
    args: &PlanArgs,
    account: &AccountArgs,
    console: &ConsoleArgs,
) -> eyre::Result<()> {
    let outside = args.from.outside(account, false).await?;
    let identity = outside.identity().await?;
    let evidence = Evidence::read(&outside).await?;
    let wish = args.wish.wish(&evidence, console, &outside)?;
    let plan = wish.plan(&evidence.estate)?;
    let against = Against::of(
        &evidence.estate,
        &plan,
        (&outside, &identity),
        &wish.intent.case,
    )
    .await?;
    let traffic = evidence.traffic();
    let peers = wish.intent.peers.iter().copied().collect();
    let outlook = outlook_of(&traffic, plan, Some(&wish.intent.suspect), &peers)?;
    let file = PlanFile {
        v: VERSION,
        made: outside.clock.now(),
        account: identity.account,
        region: identity.region,
        wish,
        plan: outlook.plan.clone(),
    };
    let words = sentence(&evidence.estate, &outlook);
    let open = residual(&outlook, traffic.network());
    let open: Vec<String> = open
        .iter()
        .map(|it| format!("{}: {}", it.channel.name(), it.why))
        .collect();
    let told = Told {
        file: &file,
        ledger: &words,
        calls: file.plan.calls(),
        round_trips: file.plan.round_trips(),
        waits_seconds: file.plan.waits(),
        cli: file
            .plan
            .operations()
            .map(crate::operation::Operation::cli)
            .collect(),
        residual: open,
        against: against.lines(),
    };
    print(|out| match args.output {
        Output::Json => {
            serde_json::to_writer_pretty(&mut *out, &told)?;
            writeln!(out)
        }
        Output::Table | Output::Markdown => told.write(args.output == Output::Markdown, out),
    })
}

fn sentence(estate: &Estate, outlook: &Outlook) -> String {
    let target = &outlook.plan.target;
    let name = target.instance().and_then(|id| estate.instance(id));
    ledger(estate, name.map_or(target.id(), |it| it.label()), outlook)
}

impl Told<'_> {
    fn write(&self, markdown: bool, out: &mut dyn Write) -> io::Result<()> {
        let plan = &self.file.plan;
        let heading = if markdown { "## " } else { "" };
        let item = if markdown { "- " } else { "  " };
        writeln!(out, "{heading}{} on {}", plan.procedure, plan.target)?;
        writeln!(out, "\n{}\n", self.ledger)?;
        for step in &plan.steps {
            let after: Vec<String> = step.after.iter().map(ToString::to_string).collect();
            let after = match after.len() {
                0 => String::new(),
                _ => format!(" (after {})", after.join(", ")),
            };
            writeln!(out, "{:>3}. {}{after}", step.id.0, step.prose())?;
        }
        writeln!(
            out,
            "\n{} calls, {} round trips, {} s of waiting on purpose",
            self.calls, self.round_trips, self.waits_seconds
        )?;
        let lists = [
            ("against it", &self.against),
            ("to know", &plan.remarks),
            ("stays open", &self.residual),
        ];
        for (title, lines) in lists {
            if !lines.is_empty() {
                writeln!(out, "\n{title}:")?;
            }
            for line in lines {
                writeln!(out, "{item}{line}")?;
            }
        }
        let fence = if markdown { "```sh\n" } else { "" };
        writeln!(out, "\nby hand:\n{fence}{}", self.cli.join("\n"))?;
        if markdown {
            writeln!(out, "```")?;
        }
        Ok(())
    }
}
