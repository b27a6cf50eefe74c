//! Scenarios: loading one, and what can be wrong with it.
//!
//! A [`Scenario`] that exists is sound: every name in its file was resolved. What the file looks like
//! is `spec`'s, and how its names are resolved is `resolve`'s.

mod layout;
mod names;
mod resolve;
mod schedule;
mod script;
mod span;
mod spec;
mod stakes;

use crate::model::{InstanceId, Part, Place};
pub(super) use schedule::Scheduled;
pub use script::Role;
pub(super) use script::Script;
pub use stakes::{Evidence, Objectives};

/// A scenario, checked.
#[derive(Debug, Clone)]
pub struct Scenario {
    pub(super) title: String,
    pub(super) account: String,
    pub(super) region: String,
    pub(super) suspect: InstanceId,
    pub(super) parts: Vec<Part>,
    pub(super) scripts: Vec<Script>,
    pub(super) findings: Vec<Scheduled>,
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
    #[error("{place}: version {version} is unknown; this program reads version 1")]
    Version {
        /// Where.
        place: Place,
        /// The version asked for.
        version: u32,
    },
    /// A name that nothing bears.
    #[error("{place}: {key} names {name:?}, and there is no such {what}")]
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
    #[error("{place}: there are two {what}s {name:?}")]
    Duplicate {
        /// Where the second one is.
        place: Place,
        /// Of what kind.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// A value that makes no sense.
    #[error("{place}: {name:?}: {problem}")]
    Invalid {
        /// Where.
        place: Place,
        /// What has the value.
        name: String,
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

/// The scenarios that are shipped: name and text. The first one is the default.
pub fn shipped() -> &'static [(&'static str, &'static str)] {
    &[(
        "reverse-shell",
        include_str!("../../../assets/scenarios/reverse-shell.toml"),
    )]
}

/// Loads a shipped scenario, or the default one.
///
/// # Errors
/// There is none of that name.
pub fn load(name: Option<&str>) -> Result<Scenario, ScenarioError> {
    let found = shipped()
        .iter()
        .find(|(known, _)| name.is_none_or(|it| it == *known));
    let Some((name, text)) = found else {
        let known: Vec<&str> = shipped().iter().map(|(name, _)| *name).collect();
        return Err(ScenarioError::Unknown {
            name: name.unwrap_or_default().to_owned(),
            known: known.join(", "),
        });
    };
    Scenario::parse(&format!("{name}.toml"), text)
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
        let spec = toml::from_str(text).map_err(|error| ScenarioError::Syntax {
            place: Place::new(file, text, error.span()),
            message: error.message().to_owned(),
        })?;
        resolve::scenario(file, text, &spec)
    }

    /// What it is about, in a line.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The instance under suspicion.
    pub fn suspect(&self) -> &InstanceId {
        &self.suspect
    }
}
