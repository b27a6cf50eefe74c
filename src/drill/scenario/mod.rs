//! Scenarios: loading one, and what can be wrong with it.
//!
//! A [`Scenario`] that exists is sound: every name in its file was resolved. What the file looks like
//! is `spec`'s, how its names are resolved is `resolve`'s, and what else can be wrong with it is found by
//! `check`.

mod check;
mod expand;
mod layout;
mod names;
mod plot;
mod resolve;
mod schedule;
mod script;
mod span;
mod spec;
mod stakes;
mod talk;
#[cfg(test)]
mod tests;

use std::cell::RefCell;

use super::injects::Inject;
use super::traffic::Settings;
pub(super) use schedule::Scheduled;
pub use script::Role;
pub(super) use script::{Credentials, Script};
pub use stakes::{Evidence, Objectives};

use crate::model::{InstanceId, Part, Place};

/// A scenario, checked.
#[derive(Debug, Clone)]
pub struct Scenario {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) summary: String,
    pub(super) briefing: String,
    pub(super) level: u8,
    pub(super) minutes: u32,
    pub(super) account: String,
    pub(super) region: String,
    pub(super) suspect: InstanceId,
    pub(super) settings: Settings,
    pub(super) parts: Vec<Part>,
    pub(super) scripts: Vec<Script>,
    pub(super) findings: Vec<Scheduled>,
    pub(super) injects: Vec<Inject>,
    pub(super) objectives: Objectives,
}

/// Why there is no scenario.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScenarioError {
    /// Not TOML, or a key that is missing, unknown or of the wrong type.
    #[error("{place}: {message}")]
    Syntax {
        /// Where.
        place: Place,
        /// What is wrong.
        message: String,
    },
    /// A format that this program does not read.
    #[error("{place}: version: version {version} is unknown; this program reads version 1")]
    Version {
        /// Where.
        place: Place,
        /// The version asked for.
        version: u32,
    },
    /// A name that nothing bears.
    #[error("{place}: {key}: {key} names {name:?}, and there is no such {what}")]
    Unresolved {
        /// Where.
        place: Place,
        /// The key.
        key: &'static str,
        /// The name.
        name: String,
        /// What it should name.
        what: &'static str,
    },
    /// Two things of one name.
    #[error("{place}: {what}: there are two {what}s {name:?}")]
    Duplicate {
        /// Where the second one is.
        place: Place,
        /// Of what kind.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// A value that makes no sense.
    #[error("{place}: {key}: {value:?}: {problem}")]
    Invalid {
        /// Where.
        place: Place,
        /// The key.
        key: &'static str,
        /// Its value.
        value: String,
        /// What is wrong with it.
        problem: String,
    },
    /// No scenario of that name is shipped.
    #[error("no scenario is named {name:?}; there are: {known}")]
    Unknown {
        /// The name.
        name: String,
        /// The names of those that are shipped.
        known: String,
    },
}

impl ScenarioError {
    /// Where it is wrong.
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::Syntax { place, .. }
            | Self::Version { place, .. }
            | Self::Unresolved { place, .. }
            | Self::Duplicate { place, .. }
            | Self::Invalid { place, .. } => Some(place),
            Self::Unknown { .. } => None,
        }
    }
}

/// The scenarios that are shipped: name and text. The first one is the default.
pub fn shipped() -> &'static [(&'static str, &'static str)] {
    macro_rules! all {
        ($($name:literal),+ $(,)?) => {
            &[$((
                $name,
                include_str!(concat!("../../../assets/scenarios/", $name, ".toml")),
            )),+]
        };
    }
    all![
        "reverse-shell",
        "c2-through-nat",
        "miner-in-asg",
        "lateral-movement",
        "stolen-credentials",
        "ipv6-and-dns",
        "full-acl",
    ]
}

/// Loads a shipped scenario, or the default one.
///
/// # Errors
/// There is none of that name.
pub fn load(name: Option<&str>) -> Result<Scenario, ScenarioError> {
    let (name, text) = find(name)?;
    Scenario::parse(&format!("{name}.toml"), text)
}

/// Name and text of a shipped scenario, or of the default one.
///
/// # Errors
/// There is none of that name.
pub fn find(name: Option<&str>) -> Result<(&'static str, &'static str), ScenarioError> {
    let found = shipped()
        .iter()
        .find(|(known, _)| name.is_none_or(|it| it == *known));
    let Some(found) = found else {
        let known: Vec<&str> = shipped().iter().map(|(name, _)| *name).collect();
        return Err(ScenarioError::Unknown {
            name: name.unwrap_or_default().to_owned(),
            known: known.join(", "),
        });
    };
    Ok(*found)
}

/// An account that is no exercise: every action of the catalogue can be planned on its suspect, and
/// nobody talks. Figures of actions are taken on it.
///
/// # Errors
/// It is unsound; a test holds that it is not.
pub fn reference() -> Result<Scenario, ScenarioError> {
    let text = include_str!("../../../assets/reference.toml");
    Scenario::parse("reference.toml", text)
}

impl Scenario {
    /// Reads a scenario; `file` is for messages.
    ///
    /// # Errors
    /// The first thing that is wrong with it, with its place.
    pub fn parse(file: &str, text: &str) -> Result<Self, ScenarioError> {
        Self::check(file, text).map_err(|mut all| all.swap_remove(0))
    }

    /// Reads a scenario; `file` is for messages.
    ///
    /// # Errors
    /// Everything that is wrong with it, with its place, from the top of the file: one thing at least. Who talks
    /// and what may happen rest on the estate, and are looked at once that is sound.
    pub fn check(file: &str, text: &str) -> Result<Self, Vec<ScenarioError>> {
        let spec = toml::from_str(text).map_err(|error| vec![syntax(file, text, &error)])?;
        let problems = RefCell::new(Vec::new());
        let file = names::File {
            name: file,
            text,
            problems: &problems,
        };
        let scenario = resolve::scenario(file, &spec);
        let mut problems = problems.into_inner();
        problems.sort_by_key(|it| it.place().and_then(|it| it.line));
        match scenario {
            Some(scenario) if problems.is_empty() => Ok(scenario),
            _ => Err(problems),
        }
    }

    /// The same scenario in which all chance comes from another seed.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.settings.seed = seed;
        self
    }

    /// The name of its file, without the extension.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is about, in a line.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// What it teaches, in a line or two; empty where the file does not say.
    pub fn summary(&self) -> &str {
        &self.summary
    }

    /// What players are told before it begins; empty where the file does not say.
    pub fn briefing(&self) -> &str {
        &self.briefing
    }

    /// From 1, for beginners, to 5.
    pub fn level(&self) -> u8 {
        self.level
    }

    /// How many minutes an exercise takes.
    pub fn minutes(&self) -> u32 {
        self.minutes
    }

    /// The instance under suspicion.
    pub fn suspect(&self) -> &InstanceId {
        &self.suspect
    }

    /// What a good play is.
    pub fn objectives(&self) -> &Objectives {
        &self.objectives
    }

    /// How much there is of everything: each thing with its number.
    pub fn figures(&self) -> Vec<(&'static str, usize)> {
        let mut figures = Vec::new();
        for part in &self.parts {
            match part {
                Part::Subnets(it) => figures.push(("subnets", it.len())),
                Part::Instances(it) => figures.push(("instances", it.len())),
                Part::Enis(it) => figures.push(("interfaces", it.len())),
                _ => {}
            }
        }
        figures.push(("conversations", self.scripts.len()));
        figures.push(("findings", self.findings.len()));
        figures.push(("injects", self.injects.len()));
        figures
    }
}

/// A message of the reader of TOML, with the key that it is about where the line has one.
fn syntax(file: &str, text: &str, error: &toml::de::Error) -> ScenarioError {
    let line = error.span().and_then(|span| {
        let start = text.get(..span.start)?.rfind('\n').map_or(0, |at| at + 1);
        text.get(start..)?.lines().next()
    });
    let key = line
        .and_then(|line| line.split_once('='))
        .map(|it| it.0.trim());
    let bare = |key: &&str| {
        let known = |it: char| it.is_ascii_alphanumeric() || it == '_';
        !key.is_empty() && key.chars().all(known)
    };
    let message = match key.filter(bare) {
        Some(key) => format!("{key}: {}", error.message()),
        None => error.message().to_owned(),
    };
    ScenarioError::Syntax {
        place: Place::new(file, text, error.span()),
        message,
    }
}
