//! The command line: arguments, and which parts are put together for them.

mod actions;
mod against;
mod apply;
mod blast;
mod carry_out;
mod console;
mod doctor;
mod drill;
mod evidence;
mod exercise;
mod experiments;
mod facilitator;
mod outside;
mod own_path;
mod plan;
mod playbooks;
mod policy;
mod prepare;
mod report;
mod resume;
mod runs;
mod scenarios;
mod undo;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::{Args, Parser, Subcommand, ValueEnum};
use color_eyre::eyre::{self, WrapErr, eyre};
use etcetera::BaseStrategy;

use actions::ActionsArgs;
use apply::ApplyArgs;
use blast::BlastArgs;
use doctor::DoctorArgs;
use drill::DrillArgs;
use outside::Outside;
use plan::PlanArgs;
use policy::PolicyArgs;
use prepare::PrepareArgs;
use report::ReportArgs;
use resume::ResumeArgs;
use runs::RunsArgs;
use undo::UndoArgs;

use crate::executor::{Verification, Verifier};
use crate::model::Estate;
use crate::plan::{Action, Plan, claim};
use crate::terminal;

/// A terminal incident console for AWS: see what a containment cuts before you confirm it.
///
/// Without a command: the console on an account. It reads only, unless --allow-changes is given.
#[derive(Debug, Parser)]
#[command(name = "firedoor", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    account: AccountArgs,
    #[command(flatten)]
    console: ConsoleArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The console on an embedded, simulated VPC: no account, no credentials.
    Drill(DrillArgs),
    /// The console on a dump: answers of `aws ... describe-...`, findings and flow logs in a folder.
    Open {
        /// The folder; everything below it is read.
        dir: PathBuf,
    },
    /// Lists what can be done to an instance, and what can't, with the reason.
    Actions(ActionsArgs),
    /// Plans an action or a playbook for an instance, and sends nothing.
    Plan(PlanArgs),
    /// Carries out a plan, with --allow-changes and --confirm.
    Apply(ApplyArgs),
    /// Takes back what a run did, with --allow-changes and --confirm.
    Undo(UndoArgs),
    /// Takes up a run that did not come to its end, with --allow-changes and --confirm.
    Resume(ResumeArgs),
    /// Lists the runs of this machine; what is open comes first.
    Runs(RunsArgs),
    /// Writes the after-action report of a case, an incident or a drill, from its journals alone.
    Report(ReportArgs),
    /// Stages the pair of groups of sg-two-step-staged in the VPC of --vpc.
    Prepare(PrepareArgs),
    /// Looks whether everything that an incident needs is there: access, permissions, sources, groups, and
    /// whether something was left open.
    Doctor(DoctorArgs),
    /// Writes the least-privilege IAM policy of a use.
    Policy(PolicyArgs),
    /// Reviews one proposed change: whom it reaches, and what becomes of every flow that is known.
    Blast(Box<BlastArgs>),
    /// Reads the VPCs of the findings and of --vpc once, and writes them as a dump.
    Snapshot {
        /// The folder to write to: a new one, or an empty one.
        dir: PathBuf,
    },
}

/// Named as in the aws CLI.
#[derive(Debug, Args)]
struct AccountArgs {
    /// The profile of the shared configuration files.
    #[arg(long, global = true)]
    profile: Option<String>,
    /// The Region.
    #[arg(long, global = true)]
    region: Option<String>,
    /// Another endpoint for every service; `AWS_ENDPOINT_URL_EC2` and the like set one for each.
    #[arg(long, global = true)]
    endpoint_url: Option<String>,
    /// A VPC to read besides those of the findings; may be repeated.
    #[arg(long, global = true, value_name = "VPC")]
    vpc: Vec<String>,
    /// How far back flow logs are read: minutes, or with h or d.
    #[arg(long, global = true, default_value = "60", value_parser = minutes)]
    since: u64,
}

#[derive(Debug, Clone, Args)]
struct ConsoleArgs {
    /// Lets the console change the account after you confirm a plan. A drill always may: it changes
    /// nothing but its own world.
    #[arg(long, global = true)]
    allow_changes: bool,
    /// The longest time, in seconds, for which a two-step leaves the suspect open.
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 60,
        value_parser = clap::value_parser!(u32).range(1..=600))]
    max_dwell: u32,
    /// The case that journals and tags name; without it, one is made from the time.
    #[arg(long, global = true, value_parser = case_id)]
    case: Option<String>,
    /// The longest time, in seconds, for which nacl-pulse denies.
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 600,
        value_parser = clap::value_parser!(u32).range(1..=86_400))]
    max_hold: u32,
    /// Entries per direction and family that a network ACL of the account may have.
    #[arg(long, global = true, value_name = "N", default_value_t = 20,
        value_parser = clap::value_parser!(u16).range(1..=40))]
    nacl_quota: u16,
    /// How many minutes after a change flow logs are waited for, which come minutes late; 0: not at all.
    #[arg(long, global = true, value_name = "MINUTES", default_value_t = 15,
        value_parser = clap::value_parser!(u32).range(0..=240))]
    proof_wait: u32,
    /// Draws with ASCII characters only.
    #[arg(long, global = true)]
    ascii: bool,
}

impl ConsoleArgs {
    fn proof_wait(&self) -> Duration {
        Duration::from_mins(self.proof_wait.into())
    }

    /// What a run is verified by: the flow logs of the account, and what the plan claims.
    fn verification(&self, outside: &Outside, estate: &Estate, plan: &Plan) -> Verification {
        Verification {
            verifier: Verifier {
                source: Arc::clone(&outside.source),
                clock: Arc::clone(&outside.clock),
                logs: estate.flow_logs().to_vec(),
                limit: self.proof_wait(),
            },
            claim: claim(plan, estate),
        }
    }

    /// The case that was named, or one of this moment. Journals of drills must not be taken for those of
    /// incidents.
    fn case_at(&self, now: DateTime<Utc>, drill: bool) -> String {
        let kind = if drill { "drill" } else { "fd" };
        let made = || now.format(&format!("{kind}-%Y%m%d-%H%M%S")).to_string();
        self.case.clone().unwrap_or_else(made)
    }
}

/// Runs the program; the words of a failure are on standard error.
pub fn main() -> ExitCode {
    if let Err(error) = install_hooks() {
        return failed(&error);
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() => return failed(&BadInput(in_one_line(&error)).into()),
        // Help or the version, which were asked for.
        Err(answer) => {
            drop(answer.print());
            return ExitCode::SUCCESS;
        }
    };
    match execute(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

/// What is wrong with the arguments and what may have been meant, without the usage.
fn in_one_line(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let lines = text.trim_start_matches("error: ").lines().map(str::trim);
    let telling = lines.take_while(|it| !it.starts_with("Usage:") && !it.starts_with("For more"));
    let mut parts: Vec<&str> = telling.filter(|it| !it.is_empty()).collect();
    parts.push("firedoor --help lists what there is");
    parts.join("; ")
}

fn failed(error: &eyre::Report) -> ExitCode {
    say(&format!("{error:#}"));
    // 1: the answer is no. 2: the input is at fault. 3: AWS, the terminal or a file.
    ExitCode::from(if error.is::<AnswerIsNo>() {
        1
    } else if error.is::<BadInput>() {
        2
    } else {
        3
    })
}

/// One line on standard error. The terminal may be gone, which must not end the program here.
fn say(words: &str) {
    drop(writeln!(io::stderr(), "firedoor: {words}"));
}

/// An error that other arguments would avoid.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct BadInput(String);

/// What was asked can be told, and the answer is no.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct AnswerIsNo(String);

/// The ways of writing what a command found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For a terminal.
    Table,
    /// For a program: everything, sorted.
    Json,
    /// For a pull request or a ticket.
    Markdown,
}

/// Writes to standard output. Whoever reads it may have seen enough before its end.
fn print(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> eyre::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.wrap_err("could not write to standard output"),
    }
}

/// A panic gives the terminal back before it is reported.
fn install_hooks() -> eyre::Result<()> {
    let (panics, errors) = color_eyre::config::HookBuilder::default().into_hooks();
    errors.install()?;
    std::panic::set_hook(Box::new(move |panic| {
        terminal::restore();
        say(&panics.panic_report(panic).to_string());
    }));
    Ok(())
}

fn execute(cli: Cli) -> eyre::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .wrap_err("could not start")?;
    let result = runtime.block_on(carry_out(cli));
    // Readings may still wait for an endpoint that does not answer.
    runtime.shutdown_timeout(Duration::from_millis(200));
    result
}

async fn carry_out(cli: Cli) -> eyre::Result<()> {
    let (account, args) = (&cli.account, &cli.console);
    match cli.command {
        None => console::run(Outside::account(account, args.allow_changes).await?, args).await,
        Some(Command::Drill(asked)) => drill::run(&asked, args).await,
        Some(Command::Open { dir }) => {
            if args.allow_changes {
                let words = "a dump can't be changed: leave out --allow-changes";
                return Err(BadInput(words.into()).into());
            }
            console::run(Outside::dump(&dir)?, args).await
        }
        Some(Command::Actions(asked)) => actions::run(&asked),
        Some(Command::Plan(asked)) => plan::run(&asked, account, args).await,
        Some(Command::Apply(asked)) => apply::run(&asked, account, args).await,
        Some(Command::Undo(asked)) => undo::run(&asked, account, args).await,
        Some(Command::Resume(asked)) => resume::run(&asked, account, args).await,
        Some(Command::Runs(asked)) => runs::run(&asked),
        Some(Command::Report(asked)) => report::run(&asked),
        Some(Command::Prepare(asked)) => prepare::run(&asked, account, args).await,
        Some(Command::Doctor(asked)) => doctor::run(&asked, account, args).await,
        Some(Command::Policy(asked)) => policy::run(&asked),
        Some(Command::Blast(asked)) => blast::run(&asked, account, args).await,
        Some(Command::Snapshot { dir }) => {
            take_snapshot(&Outside::account(account, false).await?, &dir).await
        }
    }
}

async fn take_snapshot(outside: &Outside, dir: &Path) -> eyre::Result<()> {
    let report = evidence::take_snapshot(outside, dir).await?;
    for line in report.lines() {
        say(&line);
    }
    match report.missing.len() {
        0 => Ok(()),
        count => Err(eyre!(
            "the snapshot in {} is incomplete: {count} readings failed",
            dir.display()
        )),
    }
}

/// An error that is the input's fault, or that of the world.
fn told(is_input: bool, error: impl std::error::Error + Send + Sync + 'static) -> eyre::Report {
    if is_input {
        BadInput(error.to_string()).into()
    } else {
        error.into()
    }
}

/// Where journals are kept: `firedoor` in the XDG state directory.
fn state_dir() -> eyre::Result<PathBuf> {
    let dirs = etcetera::base_strategy::Xdg::new().wrap_err("no home directory for journals")?;
    let state = dirs
        .state_dir()
        .ok_or_else(|| eyre!("no state directory for journals"))?;
    Ok(state.join("firedoor"))
}

fn action(text: &str) -> Result<Action, String> {
    let found = Action::ALL.into_iter().find(|it| it.name() == text);
    found.ok_or_else(|| format!("one of {}", Action::ALL.map(Action::name).join(", ")))
}

fn minutes(text: &str) -> Result<u64, String> {
    let (number, unit) = match text.strip_suffix(['m', 'h', 'd']) {
        Some(number) => (number, text.chars().last().unwrap_or('m')),
        None => (text, 'm'),
    };
    let factor = match unit {
        'h' => 60,
        'd' => 24 * 60,
        _ => 1,
    };
    let count: u64 = number
        .parse()
        .map_err(|_| "a number of minutes, or 2h, or 1d".to_string())?;
    // CloudWatch Logs keeps what it is told to; a month is more than an incident needs on a screen.
    let all = count.saturating_mul(factor);
    if (1..=31 * 24 * 60).contains(&all) {
        Ok(all)
    } else {
        Err("1 minute to 31 days".into())
    }
}

/// A case names a folder and tags.
fn case_id(text: &str) -> Result<String, String> {
    let fits = (1..=64).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    if fits {
        Ok(text.to_string())
    } else {
        Err("letters, digits, dot, dash and underscore, at most 64, a letter or digit first".into())
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn times_and_cases_are_checked() {
        for (text, read) in [
            ("60", Some(60)),
            ("2h", Some(120)),
            ("1d", Some(1440)),
            ("0", None),
        ] {
            assert_eq!(minutes(text).ok(), read);
        }
        for bad in ["", "h", "-1", "9999d", "18446744073709551615h"] {
            assert!(minutes(bad).is_err(), "{bad}");
        }
        for (text, good) in [
            ("IR-2026.11_a", true),
            ("../x", false),
            ("", false),
            ("a/b", false),
            (".hidden", false),
        ] {
            assert_eq!(case_id(text).is_ok(), good, "{text}");
        }
    }
}
