//! Playbooks: actions of the catalogue in an order, as TOML.
//!
//! ```toml
//! schema = 1
//! name = "quick"
//! summary = "cut it off, then copy its disks"
//!
//! [[step]]
//! action = "sg-two-step-staged"
//! or = "sg-two-step"          # where the first can't be planned
//!
//! [[step]]
//! action = "snapshot-all"
//! optional = true             # left out, with a remark, where it can't be planned; it halts nothing
//! ```
//!
//! A [`Playbook`] that exists is sound: its actions are known and possible, and stand in an order that loses
//! no evidence.

mod build;
#[cfg(test)]
mod tests;

use serde::Deserialize;
use toml::Spanned;

use super::catalogue::Action;
use super::lint::{
    IMAGE_REBOOT, LintRule, PROTECT_AFTER_STOP, REVOKE_BEFORE_PROFILE_OFF, SWAP_BEFORE_STANDBY,
    TERMINATE, WAIT_FOR_SNAPSHOT,
};
use crate::model::Place;

pub use build::build_playbook;

/// The form of the file that this program reads.
const SCHEMA: u32 = 1;

/// Actions in an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Playbook {
    /// Its name: lower-case letters, digits and hyphens.
    pub name: String,
    /// What it does, in a line.
    pub summary: String,
    /// Its actions: at least one.
    pub steps: Vec<PlaybookStep>,
}

/// One action of a playbook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlaybookStep {
    /// The action.
    pub action: Action,
    /// What is done where there is no plan for the action.
    pub or: Option<Action>,
    /// Left out where there is no plan for it, and where its failure halts nothing.
    pub optional: bool,
}

/// Why there is no playbook.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlaybookError {
    /// Not TOML, or a key that is missing, unknown or of the wrong type.
    #[error("{place}: {message}")]
    Syntax {
        /// Where.
        place: Place,
        /// What is wrong.
        message: String,
    },
    /// A form that this program does not read.
    #[error("{place}: schema {schema} is unknown; this program reads schema {SCHEMA}")]
    Schema {
        /// Where.
        place: Place,
        /// The schema asked for.
        schema: u32,
    },
    /// A name that can't be one.
    #[error("{place}: name {name:?}: {why}")]
    Name {
        /// Where.
        place: Place,
        /// The name.
        name: String,
        /// What is wrong with it.
        why: String,
    },
    /// It has no step.
    #[error("{0}: it has no [[step]]")]
    Empty(Place),
    /// No action has this name.
    #[error("{place}: {key} names {name:?}, and there is no such action: see `firedoor actions`")]
    UnknownAction {
        /// Where.
        place: Place,
        /// The key.
        key: &'static str,
        /// The name.
        name: String,
    },
    /// AWS refuses the action, or it does not do what it is tried for.
    #[error("{place}: {key} names {action}, which is not possible: {}", action.entry().reason)]
    NotPossible {
        /// Where.
        place: Place,
        /// The key.
        key: &'static str,
        /// The action.
        action: Action,
    },
    /// A rule of the order of evidence refuses it.
    #[error("{place}: {key}: refused ({rule}): {why}")]
    Lint {
        /// Where.
        place: Place,
        /// The key.
        key: &'static str,
        /// The rule.
        rule: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The file can't be read.
    #[error("{file}: {message}")]
    Unreadable {
        /// The file or folder.
        file: String,
        /// Why.
        message: String,
    },
    /// No playbook of that name is known.
    #[error("no playbook is named {name:?}; there are: {known}")]
    UnknownPlaybook {
        /// The name.
        name: String,
        /// The names of those that are known.
        known: String,
    },
}

/// The file, as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    schema: Spanned<u32>,
    name: Spanned<String>,
    summary: String,
    #[serde(default)]
    step: Vec<WrittenStep>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenStep {
    action: Spanned<String>,
    or: Option<Spanned<String>>,
    #[serde(default)]
    optional: bool,
    /// A wish that is always refused, with the reason: people know these options from other tools.
    reboot: Option<Spanned<bool>>,
    /// Likewise.
    wait: Option<Spanned<bool>>,
}

/// The playbooks that are shipped: name and text.
const SHIPPED: [(&str, &str); 3] = [
    (
        "contain",
        include_str!("../../../assets/playbooks/contain.toml"),
    ),
    (
        "credentials",
        include_str!("../../../assets/playbooks/credentials.toml"),
    ),
    (
        "evidence",
        include_str!("../../../assets/playbooks/evidence.toml"),
    ),
];

impl Playbook {
    /// Reads a playbook; `file` is for messages.
    ///
    /// # Errors
    /// The first thing that is wrong with it, with its line and key.
    pub fn parse(file: &str, text: &str) -> Result<Self, PlaybookError> {
        let at = At { file, text };
        let written: Written = toml::from_str(text).map_err(|error| PlaybookError::Syntax {
            place: Place::new(file, text, error.span()),
            message: error.message().to_owned(),
        })?;
        if *written.schema.get_ref() != SCHEMA {
            return Err(PlaybookError::Schema {
                place: at.place(&written.schema),
                schema: written.schema.into_inner(),
            });
        }
        at.check_name(&written.name)?;
        if written.step.is_empty() {
            return Err(PlaybookError::Empty(Place::new(file, text, None)));
        }
        let steps = written.step.iter().map(|it| at.step(it));
        let steps = steps.collect::<Result<Vec<_>, _>>()?;
        at.check_order(&written.step, &steps)?;
        Ok(Self {
            name: written.name.into_inner(),
            summary: written.summary,
            steps,
        })
    }

    /// Those that are shipped, in the order of their names.
    ///
    /// # Errors
    /// One that is unsound; a test holds that none is.
    pub fn shipped() -> Result<Vec<Self>, PlaybookError> {
        let parse = |(name, text): (&str, &str)| Self::parse(&format!("{name}.toml"), text);
        SHIPPED.into_iter().map(parse).collect()
    }

    /// The one of this name.
    ///
    /// # Errors
    /// There is none; the message names those that there are.
    pub fn named<'a>(all: &'a [Self], name: &str) -> Result<&'a Self, PlaybookError> {
        all.iter().find(|it| it.name == name).ok_or_else(|| {
            let known: Vec<&str> = all.iter().map(|it| it.name.as_str()).collect();
            PlaybookError::UnknownPlaybook {
                name: name.to_owned(),
                known: known.join(", "),
            }
        })
    }
}

/// The file that something stands in.
#[derive(Clone, Copy)]
struct At<'a> {
    file: &'a str,
    text: &'a str,
}

impl At<'_> {
    fn place<T>(self, it: &Spanned<T>) -> Place {
        Place::new(self.file, self.text, Some(it.span()))
    }

    fn check_name(self, name: &Spanned<String>) -> Result<(), PlaybookError> {
        let text = name.get_ref();
        let suits = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '-';
        let wrong = |why: &str| {
            Err(PlaybookError::Name {
                place: self.place(name),
                name: text.clone(),
                why: why.to_owned(),
            })
        };
        if text.is_empty() || !text.chars().all(suits) {
            return wrong("lower-case letters, digits and hyphens make a name");
        }
        if Action::ALL.into_iter().any(|it| it.name() == text) {
            return wrong("an action has it");
        }
        Ok(())
    }

    fn step(self, written: &WrittenStep) -> Result<PlaybookStep, PlaybookError> {
        for (wish, key, rule) in [
            (&written.reboot, "reboot", &IMAGE_REBOOT),
            (&written.wait, "wait", &WAIT_FOR_SNAPSHOT),
        ] {
            if let Some(wish) = wish.as_ref().filter(|it| *it.get_ref()) {
                return Err(refused(self.place(wish), key, rule, rule.summary));
            }
        }
        let or = written.or.as_ref();
        Ok(PlaybookStep {
            action: self.action("action", &written.action)?,
            or: or.map(|it| self.action("or", it)).transpose()?,
            optional: written.optional,
        })
    }

    fn action(self, key: &'static str, name: &Spanned<String>) -> Result<Action, PlaybookError> {
        let text = name.get_ref();
        let place = self.place(name);
        if text == "terminate" {
            return Err(refused(place, key, &TERMINATE, TERMINATE.summary));
        }
        let known = Action::ALL.into_iter().find(|it| it.name() == text);
        let action = known.ok_or_else(|| PlaybookError::UnknownAction {
            place: place.clone(),
            key,
            name: text.clone(),
        })?;
        if action.entry().possible {
            Ok(action)
        } else {
            Err(PlaybookError::NotPossible { place, key, action })
        }
    }

    /// What must come before what, whatever the estate.
    fn check_order(
        self,
        written: &[WrittenStep],
        steps: &[PlaybookStep],
    ) -> Result<(), PlaybookError> {
        for (rule, is_first, is_then) in &ORDER {
            let then = steps.iter().position(|it| is_then(it.action));
            let first = steps.iter().rposition(|it| is_first(it.action));
            let Some((then, first)) = then.zip(first).filter(|(then, first)| then < first) else {
                continue;
            };
            if let (Some(at), Some(late)) = (written.get(then), steps.get(first)) {
                let why = format!("it comes before {}: {}", late.action, rule.summary);
                return Err(refused(self.place(&at.action), "action", rule, &why));
            }
        }
        Ok(())
    }
}

fn refused(place: Place, key: &'static str, rule: &LintRule, why: &str) -> PlaybookError {
    PlaybookError::Lint {
        place,
        key,
        rule: rule.id,
        why: format!("{why} ({})", rule.source),
    }
}

/// The rule, what comes first, and what then.
type Order = (&'static LintRule, fn(Action) -> bool, fn(Action) -> bool);

const ORDER: [Order; 3] = [
    (
        &SWAP_BEFORE_STANDBY,
        |it| matches!(it, Action::AsgStandby | Action::AsgDetach),
        |it| it.entry().fails_health_checks,
    ),
    (
        &REVOKE_BEFORE_PROFILE_OFF,
        |it| it == Action::ProfileDetach,
        |it| it == Action::SessionsRevoke,
    ),
    (
        &PROTECT_AFTER_STOP,
        |it| it == Action::Protect,
        |it| matches!(it, Action::Stop | Action::Hibernate),
    ),
];
