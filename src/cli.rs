//! The command line: arguments, and which parts are put together for them.

mod blast;

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use color_eyre::eyre::{self, WrapErr, eyre};
use etcetera::BaseStrategy;

use blast::BlastArgs;

use crate::app::{self, AppState, Exit, Mode, Session, Settings};
use crate::drill::{self, Drill};
use crate::executor::Runs;
use crate::operation::Actuator;
use crate::sources::dump::{self, DumpSource};
use crate::sources::{Clock, PollSettings, Poller, Source};
use crate::terminal::{self, Screen};
use crate::view::{self, Depth, Styles};

/// A run that was told to stop has this long to reach a safe end: longer than the executor tries to
/// empty what it opened. It takes seconds, unless AWS does not answer.
const SAFE_END: Duration = Duration::from_mins(12);

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
    Drill {
        /// The scenario; without it, the first that is shipped.
        scenario: Option<String>,
    },
    /// The console on a dump: answers of `aws ... describe-...`, findings and flow logs in a folder.
    Open {
        /// The folder; everything below it is read.
        dir: PathBuf,
    },
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
    /// Draws with ASCII characters only.
    #[arg(long, global = true)]
    ascii: bool,
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
    ExitCode::from(if error.is::<GateFailed>() {
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

/// The change does what a gate is there to stop.
#[derive(Debug, thiserror::Error)]
#[error("gate failed: {0}")]
struct GateFailed(String);

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
    let result = match cli.command {
        Some(Command::Drill { scenario }) => {
            runtime.block_on(drill_console(scenario.as_deref(), &cli.console))
        }
        Some(Command::Open { dir }) => runtime.block_on(dump_console(&dir, &cli.console)),
        Some(Command::Blast(args)) => {
            runtime.block_on(blast::run(&args, &cli.account, &cli.console))
        }
        Some(Command::Snapshot { dir }) => runtime.block_on(take_snapshot(&dir, &cli.account)),
        None => runtime.block_on(account_console(&cli.account, &cli.console)),
    };
    // Readings may still wait for an endpoint that does not answer.
    runtime.shutdown_timeout(Duration::from_millis(200));
    result
}

async fn drill_console(scenario: Option<&str>, args: &ConsoleArgs) -> eyre::Result<()> {
    let scenario = drill::load(scenario).map_err(|error| BadInput(error.to_string()))?;
    let drill = Drill::start(scenario);
    let settings = PollSettings {
        vpcs: BTreeSet::new(),
        since: Duration::from_hours(1),
        max_pages: 100,
        findings_every: Duration::from_secs(2),
        estate_every: Duration::from_secs(5),
        flows_every: Duration::from_secs(1),
    };
    let outside = Outside {
        clock: drill.clock(),
        actuator: Some(Arc::new(drill.clone())),
        source: Arc::new(drill),
        mode: Mode::Drill,
    };
    console(outside, settings, args).await
}

/// How many doubts of a dump are told before the console starts.
const DOUBTS: usize = 20;

async fn dump_console(dir: &Path, args: &ConsoleArgs) -> eyre::Result<()> {
    if args.allow_changes {
        let words = "a dump can't be changed: leave out --allow-changes";
        return Err(BadInput(words.into()).into());
    }
    let dump = dump::load(dir).map_err(|error| told(error.is_input(), error))?;
    if dump.is_empty() {
        return Err(BadInput(format!(
            "nothing in {} can be read: expected are the JSON of calls such as `aws ec2 \
             describe-network-interfaces`, GuardDuty findings as JSON, and flow logs as text or JSON; \
             `firedoor snapshot` makes such a folder",
            dir.display()
        ))
        .into());
    }
    for doubt in dump.doubts.iter().take(DOUBTS) {
        say(&doubt.to_string());
    }
    if dump.doubts.len() > DOUBTS {
        say(&format!("and {} more doubts", dump.doubts.len() - DOUBTS));
    }
    let source = DumpSource::new(dump, dir);
    // Its time stands still, so everything is read once, and again when it is asked for.
    let never_again = Duration::from_hours(1);
    let settings = PollSettings {
        vpcs: source.vpcs(),
        since: source.span(),
        max_pages: usize::MAX,
        findings_every: never_again,
        estate_every: never_again,
        flows_every: never_again,
    };
    let outside = Outside {
        clock: Arc::new(source.clock()),
        actuator: None,
        source: Arc::new(source),
        mode: Mode::Dump,
    };
    console(outside, settings, args).await
}

/// An error that is the input's fault, or that of the world.
fn told(is_input: bool, error: impl std::error::Error + Send + Sync + 'static) -> eyre::Report {
    if is_input {
        BadInput(error.to_string()).into()
    } else {
        error.into()
    }
}

#[cfg(not(feature = "aws"))]
fn without_aws() -> eyre::Report {
    let words = "this build can't reach AWS (it was built with --no-default-features); `firedoor drill` \
                 and `firedoor open` need no account";
    BadInput(words.into()).into()
}

#[cfg(not(feature = "aws"))]
#[expect(clippy::unused_async, reason = "the same signature as with AWS")]
async fn account_console(_: &AccountArgs, _: &ConsoleArgs) -> eyre::Result<()> {
    Err(without_aws())
}

#[cfg(not(feature = "aws"))]
#[expect(clippy::unused_async, reason = "the same signature as with AWS")]
async fn take_snapshot(_: &Path, _: &AccountArgs) -> eyre::Result<()> {
    Err(without_aws())
}

#[cfg(feature = "aws")]
async fn take_snapshot(dir: &Path, account: &AccountArgs) -> eyre::Result<()> {
    use crate::sources::snapshot::{Wish, snapshot};

    let connected = connect(account).await?;
    let now = crate::sources::SystemClock.now();
    let wish = Wish {
        vpcs: account.vpc.iter().map(|it| it.as_str().into()).collect(),
        since: now - Duration::from_secs(account.since * 60),
        now,
        max_pages: 100,
    };
    let report = snapshot(&connected.source(), &wish, dir).await;
    let report = report.map_err(|error| told(error.is_input(), error))?;
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

#[cfg(feature = "aws")]
async fn account_console(account: &AccountArgs, args: &ConsoleArgs) -> eyre::Result<()> {
    let connected = connect(account).await?;
    let settings = PollSettings {
        vpcs: account.vpc.iter().map(|it| it.as_str().into()).collect(),
        since: Duration::from_secs(account.since * 60),
        max_pages: 100,
        findings_every: Duration::from_mins(1),
        estate_every: Duration::from_mins(2),
        flows_every: Duration::from_mins(1),
    };
    let actuator: Option<Arc<dyn Actuator>> = if args.allow_changes {
        Some(Arc::new(connected.actuator()))
    } else {
        None
    };
    let outside = Outside {
        clock: Arc::new(crate::sources::SystemClock),
        mode: if args.allow_changes {
            Mode::Changes
        } else {
            Mode::ReadOnly
        },
        source: Arc::new(connected.source()),
        actuator,
    };
    console(outside, settings, args).await
}

#[cfg(feature = "aws")]
async fn connect(account: &AccountArgs) -> eyre::Result<crate::aws::Account> {
    use crate::aws::{ConnectError, Connection};

    let connection = Connection {
        profile: account.profile.clone(),
        region: account.region.clone(),
        endpoint_url: account.endpoint_url.clone(),
    };
    let connected = crate::aws::connect(&connection).await;
    connected.map_err(|error| match error {
        ConnectError::UnknownProfile(_) | ConnectError::NoRegion | ConnectError::Endpoint(_) => {
            BadInput(error.to_string()).into()
        }
        ConnectError::ConfigFiles(_) | ConnectError::NoCredentials(_) => eyre::Report::from(error),
    })
}

/// What a console is put on.
struct Outside {
    source: Arc<dyn Source>,
    actuator: Option<Arc<dyn Actuator>>,
    clock: Arc<dyn Clock>,
    mode: Mode,
}

async fn console(outside: Outside, poll: PollSettings, args: &ConsoleArgs) -> eyre::Result<()> {
    let now = outside.clock.now();
    let journals = state_dir()?;
    // The journals of drills must not be taken for those of incidents.
    let kind = if outside.mode == Mode::Drill {
        "drill"
    } else {
        "fd"
    };
    let settings = Settings {
        mode: outside.mode,
        journals: journals.display().to_string(),
        case: args
            .case
            .clone()
            .unwrap_or_else(|| now.format(&format!("{kind}-%Y%m%d-%H%M%S")).to_string()),
        max_dwell: args.max_dwell,
        since_minutes: poll.since.as_secs() / 60,
    };
    let case = settings.case.clone();
    let mut screen = Screen::enter().wrap_err("could not start the console")?;
    let styles = styles(args);
    let state = AppState::new(settings, screen.size(), now);
    let input = terminal::messages().wrap_err("could not listen for signals")?;
    let polling = Poller::spawn(outside.source, Arc::clone(&outside.clock), poll);
    let runs = Runs::default();
    let session = Session::new(
        polling,
        outside.actuator,
        outside.clock,
        journals.clone(),
        runs.clone(),
    );
    // In a task of its own: should it panic, a run still comes to its safe end below.
    let shown = tokio::spawn(async move {
        let exit = app::run(state, session, input, |state| {
            screen.draw(|frame| view::draw(frame, state, &styles))
        })
        .await;
        drop(screen);
        exit
    });
    let exit = shown.await;
    let journal = journals.join(&case);
    settle(&runs, &journal.display().to_string()).await?;
    match exit {
        Ok(Ok(Exit::Quit | Exit::Signal(_))) => Ok(()),
        Ok(Err(error)) => Err(error).wrap_err("the terminal failed"),
        Err(_) => Err(eyre!("the console failed; runs were brought to a safe end")),
    }
}

/// Brings runs that are still on their way to a safe end.
async fn settle(runs: &Runs, journal: &str) -> eyre::Result<()> {
    if runs.is_idle() {
        return Ok(());
    }
    runs.stop();
    say(&format!(
        "stopping the run safely; its journal is in {journal}"
    ));
    tokio::time::timeout(SAFE_END, runs.settled())
        .await
        .map_err(|_| {
            eyre!("the run did not reach a safe end in {SAFE_END:?}: read its journal in {journal}")
        })
}

fn styles(args: &ConsoleArgs) -> Styles {
    let var = |name| std::env::var(name).ok();
    let depth = Depth::from_env(var("NO_COLOR").as_deref(), var("TERM").as_deref());
    // The first of these that is set decides: POSIX's order.
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(var);
    let locale = locale
        .into_iter()
        .find(|it| !it.is_empty())
        .unwrap_or_default()
        .to_lowercase();
    let utf8 = locale.contains("utf-8") || locale.contains("utf8");
    Styles::new(depth, utf8 && !args.ascii)
}

/// Where journals are kept: `firedoor` in the XDG state directory.
fn state_dir() -> eyre::Result<PathBuf> {
    let dirs = etcetera::base_strategy::Xdg::new().wrap_err("no home directory for journals")?;
    let state = dirs
        .state_dir()
        .ok_or_else(|| eyre!("no state directory for journals"))?;
    Ok(state.join("firedoor"))
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
