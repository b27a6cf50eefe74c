//! `firedoor drill`: the console on the embedded world, and everything about exercises in it.

use std::fs;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use clap::Args;
use color_eyre::eyre::{self, WrapErr};
use tokio_util::task::AbortOnDropHandle;

use super::exercise::Play;
use super::outside::Outside;
use super::{BadInput, ConsoleArgs, Output, console, experiments, facilitator, scenarios};
use crate::drill::{
    self, Drill, DrillClock, Header, Recorder, Recording, RecordingError, Scenario,
};
use crate::sources::{About, Clock, Pace, SystemClock};
use crate::terminal::Screen;

/// What is played, and how.
#[derive(Debug, Args)]
pub(super) struct DrillArgs {
    /// The scenario: a name of --list, or a file that ends in .toml; without it, the first that is shipped.
    scenario: Option<String>,
    /// Lists the scenarios that are shipped.
    #[arg(long, group = "asked")]
    list: bool,
    /// Checks a scenario file, and says what is wrong with it.
    #[arg(long, group = "asked", value_name = "FILE")]
    check: Option<PathBuf>,
    /// Plays all experiments on connection tracking without a screen, and compares what came of them.
    #[arg(long, group = "asked")]
    experiments: bool,
    /// Plays one experiment on screen, with a commentary.
    #[arg(long, group = "asked", value_name = "ID")]
    experiment: Option<String>,
    /// How many times as fast as the wall clock the world's time passes; it can be changed while it runs.
    #[arg(long, value_name = "N", value_parser = factor, conflicts_with = "facilitator")]
    pace: Option<NonZeroU32>,
    /// What all chance in the world comes from; without it, what the scenario says.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Who plays: shown on screen, and named in the records.
    #[arg(long, value_name = "NAME", value_parser = team)]
    team: Option<String>,
    /// Writes everything that players and facilitator do to a new file, for --replay.
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Plays a recorded exercise again, to be looked at.
    #[arg(long, group = "asked", value_name = "FILE",
        conflicts_with_all = ["scenario", "seed", "team", "record"])]
    replay: Option<PathBuf>,
    /// Joins a drill that runs in another terminal of this user as its facilitator; without a socket, the
    /// only one that runs.
    #[arg(long, group = "asked", value_name = "SOCKET", num_args = 0..=1, require_equals = true,
        conflicts_with_all = ["seed", "team", "record"])]
    #[expect(
        clippy::option_option,
        reason = "clap's way of saying that a flag may have a value"
    )]
    facilitator: Option<Option<PathBuf>>,
    /// How a list or an experiment is written: table or json.
    #[arg(long, value_enum, default_value_t = Output::Table)]
    output: Output,
}

/// Does what was asked.
pub(super) async fn run(asked: &DrillArgs, args: &ConsoleArgs) -> eyre::Result<()> {
    asked.is_consistent()?;
    if asked.list {
        return scenarios::list(asked.output);
    }
    if let Some(file) = &asked.check {
        return scenarios::check(file);
    }
    if asked.experiments {
        return experiments::all(asked.output);
    }
    if let Some(id) = &asked.experiment {
        return experiments::one(id, asked.pace, asked.output);
    }
    if let Some(socket) = &asked.facilitator {
        return facilitator::run(socket.as_deref(), asked.scenario.as_deref(), args).await;
    }
    if let Some(file) = &asked.replay {
        return replay(file, asked.pace(), args).await;
    }
    play(asked, args).await
}

/// Plays a scenario.
async fn play(asked: &DrillArgs, args: &ConsoleArgs) -> eyre::Result<()> {
    let text = Text::of(asked.scenario.as_deref())?;
    let scenario = seeded(text.scenario()?, asked.seed);
    let clock = DrillClock::at(SystemClock.now(), Pace::Paused);
    let began = clock.now();
    let mut header = Header::new(&text.name, &text.text, began);
    header.seed = asked.seed;
    header.team.clone_from(&asked.team);
    let drill = Drill::paced(scenario, clock, text.about(asked.team.clone()));
    let case = args.case_at(began, true);
    // Nothing is left of an exercise that nobody can play.
    Screen::is_possible().wrap_err("could not start the console")?;
    let recorder = match &asked.record {
        Some(path) => {
            let recorder = Recorder::create(path, &header);
            let recorder = recorder.map_err(|error| BadInput(format!("--record {error}")))?;
            Some((path.clone(), recorder))
        }
        None => None,
    };
    let play = Play::begin(&drill, &case, recorder)?;
    drill.go(asked.pace());
    let args = ConsoleArgs {
        case: Some(case),
        ..args.clone()
    };
    let shown = console::run(Outside::exercise(&drill), &args).await;
    play.end().await;
    shown
}

/// Plays a recorded exercise again.
async fn replay(file: &Path, pace: Pace, args: &ConsoleArgs) -> eyre::Result<()> {
    let bad = |error: RecordingError| BadInput(format!("--replay {error}"));
    let recording = Recording::read(file).map_err(bad)?;
    let header = &recording.header;
    let text = Text::of(Some(&header.scenario))?;
    recording.suits(&text.text).map_err(bad)?;
    let clock = DrillClock::at(header.began, Pace::Paused);
    let drill = Drill::paced(
        seeded(text.scenario()?, header.seed),
        clock,
        text.about(header.team.clone()),
    );
    drill.replay(recording.deeds);
    drill.go(pace);
    let driver = AbortOnDropHandle::new(tokio::spawn(drill.clone().drive()));
    let shown = console::run(Outside::replay(&drill), args).await;
    driver.abort();
    shown
}

/// The scenario, with its own seed or another one.
fn seeded(scenario: Scenario, seed: Option<u64>) -> Scenario {
    match seed {
        Some(seed) => scenario.with_seed(seed),
        None => scenario,
    }
}

/// A scenario as it is written.
struct Text {
    name: String,
    text: String,
}

impl Text {
    /// A file is one by its name; everything else is the name of a scenario that is shipped.
    fn of(named: Option<&str>) -> eyre::Result<Self> {
        let is_file = |it: &&str| Path::new(it).extension().is_some_and(|it| it == "toml");
        let (name, text) = if let Some(file) = named.filter(is_file) {
            let text = fs::read_to_string(file);
            let text = text.map_err(|error| BadInput(format!("{file}: {error}")))?;
            (file, text)
        } else {
            let (name, text) = drill::find(named).map_err(|it| BadInput(it.to_string()))?;
            (name, text.to_owned())
        };
        let name = name.to_owned();
        Ok(Self { name, text })
    }

    fn scenario(&self) -> eyre::Result<Scenario> {
        let is_file = Path::new(&self.name).extension().is_some();
        let file = if is_file {
            self.name.clone()
        } else {
            format!("{}.toml", self.name)
        };
        let parsed = Scenario::parse(&file, &self.text);
        parsed.map_err(|error| BadInput(error.to_string()).into())
    }

    fn about(&self, team: Option<String>) -> About {
        About {
            scenario: self.name.clone(),
            team,
            ..About::default()
        }
    }
}

/// The scenario of this name or file.
pub(super) fn scenario(named: Option<&str>) -> eyre::Result<Scenario> {
    Text::of(named)?.scenario()
}

impl DrillArgs {
    fn pace(&self) -> Pace {
        self.pace.map_or(Pace::REAL, Pace::Times)
    }

    /// What clap does not check.
    fn is_consistent(&self) -> Result<(), BadInput> {
        let about = [
            (self.list, "--list"),
            (self.check.is_some(), "--check"),
            (self.experiments, "--experiments"),
            (self.experiment.is_some(), "--experiment"),
        ];
        let bad = |words: String| Err(BadInput(words));
        if let Some((_, flag)) = about.iter().find(|(given, _)| *given)
            && let Some(other) = self.of_a_play()
        {
            return bad(format!("{flag} plays no scenario: leave out {other}"));
        }
        let is_told = self.list || self.experiments || self.experiment.is_some();
        if self.output != Output::Table && !is_told {
            return bad("--output goes with --list, --experiments and --experiment".into());
        }
        match self.output {
            Output::Markdown => bad("--output markdown: a drill is told as table or json".into()),
            Output::Table | Output::Json => Ok(()),
        }
    }

    /// An argument that only a play has.
    fn of_a_play(&self) -> Option<String> {
        let scenario = self.scenario.as_ref().map(|it| format!("{it:?}"));
        let flags = [
            (self.seed.is_some(), "--seed"),
            (self.team.is_some(), "--team"),
            (self.record.is_some(), "--record"),
            (self.pace.is_some() && self.experiment.is_none(), "--pace"),
        ];
        let flag = flags.iter().find(|(given, _)| *given);
        scenario.or_else(|| flag.map(|(_, flag)| (*flag).to_owned()))
    }
}

fn factor(text: &str) -> Result<NonZeroU32, String> {
    match text.parse::<Pace>()? {
        Pace::Times(factor) => Ok(factor),
        Pace::Paused => Err("a drill begins at 1 or faster; it can be paused then".into()),
    }
}

/// Longest name of a team, in characters.
const TEAM: usize = 40;

fn team(text: &str) -> Result<String, String> {
    let count = text.chars().count();
    if text.trim().is_empty() || count > TEAM || text.chars().any(char::is_control) {
        return Err(format!("a name of 1 to {TEAM} characters, in one line"));
    }
    Ok(text.trim().to_owned())
}
