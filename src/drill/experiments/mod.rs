//! Public experiments on connection tracking and containment, replayed: what their authors did is data
//! (`assets/experiments`), what comes of it the world computes, packet by packet and call by call.
//!
//! An [`Experiment`] is a stage, flows, and steps in the order of time. [`Experiment::play`] sends its
//! packets through [`Net`](super::net::Net) and makes its changes as
//! [`Operation`](crate::operation::Operation)s under AWS's preconditions. Its [`Outcome`] is that of one
//! flow or, where somebody claimed something, how much of the claim came true. What the experiment is
//! expected to show is compared with that, and never read by what computes it.

mod commentary;
mod names;
mod picture;
mod play;
mod shelf;
mod spec;
mod stage;
#[cfg(test)]
mod tests;
mod verdict;

use serde::{Deserialize, Serialize};

pub use commentary::Line;
pub use play::Played;
pub use shelf::{all, find};

use spec::ExperimentSpec;

/// What comes of an experiment, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// No rule lets the flow through any more; what the interface remembers of it does.
    SurvivesTracked,
    /// It was open, and its packets are dropped.
    CutNow,
    /// Its packets were dropped, and pass again.
    Resumes,
    /// It was never let through.
    Denied,
    /// It is let through.
    Allowed,
    /// Rules let it through, before and after.
    Unaffected,
    /// Its entry ran out while it was silent.
    CutOnIdleTimeout,
    /// All that was claimed came true.
    #[serde(rename = "holds")]
    Holds,
    /// Nothing that was claimed came true.
    #[serde(rename = "does not hold")]
    DoesNotHold,
    /// One part of the claim came true, another did not.
    #[serde(rename = "half true")]
    HalfTrue,
}

impl Outcome {
    /// As data and screens write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::SurvivesTracked => "survives_tracked",
            Self::CutNow => "cut_now",
            Self::Resumes => "resumes",
            Self::Denied => "denied",
            Self::Allowed => "allowed",
            Self::Unaffected => "unaffected",
            Self::CutOnIdleTimeout => "cut_on_idle_timeout",
            Self::Holds => "holds",
            Self::DoesNotHold => "does not hold",
            Self::HalfTrue => "half true",
        }
    }
}

/// One experiment, as it was published.
#[derive(Debug, Clone)]
pub struct Experiment {
    spec: ExperimentSpec,
    /// Author, date and title.
    cited: String,
    /// Addresses of pages, the author's first.
    pages: Vec<String>,
}

/// Why an experiment can't be played.
#[derive(Debug, thiserror::Error)]
pub enum ExperimentError {
    /// A file of experiments is not sound.
    #[error("{file}: {problem}")]
    Unreadable {
        /// The file.
        file: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// The experiment names what there is not, or its stage is not sound.
    #[error("{id}: {problem}")]
    Unsound {
        /// The experiment.
        id: String,
        /// What is wrong with it.
        problem: String,
    },
    /// There is none of that id.
    #[error("there is no experiment {id:?}; {known}")]
    Unknown {
        /// The id that was asked for.
        id: String,
        /// Those that there are.
        known: String,
    },
}

impl Experiment {
    /// `EX-S3-c`.
    pub fn id(&self) -> &str {
        &self.spec.id
    }

    /// What is tried, in a line.
    pub fn title(&self) -> &str {
        &self.spec.title
    }

    /// Who tried or claimed it, when, and where that can be read.
    pub fn source(&self) -> String {
        let pages = self.pages.join(" ");
        format!("{}. {pages}", self.cited).trim_end().to_owned()
    }

    /// What it shows.
    pub fn expected(&self) -> Outcome {
        self.spec.expected
    }

    /// Why it comes out so.
    pub fn why(&self) -> &str {
        &self.spec.why
    }

    /// What is claimed, where it is a claim that is tried.
    pub fn claim(&self) -> Option<&str> {
        self.spec.claim.as_deref()
    }

    /// What AWS does not say, where the outcome depends on it.
    pub fn ambiguous(&self) -> Option<Ambiguous<'_>> {
        let it = self.spec.ambiguous.as_ref()?;
        let switches = it.switches.iter();
        let switches = switches.map(|(key, value)| format!("{key} = {value}"));
        Some(Ambiguous {
            question: &it.question,
            otherwise: &it.otherwise,
            switches: switches.collect(),
            gives: it.gives,
        })
    }

    /// Plays it as AWS documents it or, where AWS does not, as the default of the world's switches is.
    ///
    /// # Errors
    /// Its data is unsound; a test holds that what is shipped is not.
    pub fn play(&self) -> Result<Played, ExperimentError> {
        play::play(&self.spec)
    }

    /// Plays it with the other answer to what is not documented; `None` where nothing is open.
    ///
    /// # Errors
    /// Its data is unsound; a test holds that what is shipped is not.
    pub fn play_otherwise(&self) -> Result<Option<Played>, ExperimentError> {
        let Some(it) = &self.spec.ambiguous else {
            return Ok(None);
        };
        let mut spec = self.spec.clone();
        spec.setup = it.setup.clone().unwrap_or(spec.setup);
        spec.flows = it.flows.clone().unwrap_or(spec.flows);
        play::play_with(&spec, &it.switches).map(Some)
    }

    /// What happens, told in lines of at most 78 characters: `played` is what came of [`Self::play`], and
    /// `otherwise` of [`Self::play_otherwise`].
    pub fn tell(&self, played: &Played, otherwise: Option<Outcome>) -> Vec<Line> {
        commentary::tell(self, played, otherwise)
    }
}

fn unsound(spec: &ExperimentSpec, problem: impl Into<String>) -> ExperimentError {
    ExperimentError::Unsound {
        id: spec.id.clone(),
        problem: problem.into(),
    }
}

/// What AWS does not say of an experiment.
#[derive(Debug, Clone)]
pub struct Ambiguous<'a> {
    /// What is not known.
    pub question: &'a str,
    /// The other answer.
    pub otherwise: &'a str,
    /// The switches of the world that give it, as a scenario sets them; none: another way of doing the
    /// experiment gives it.
    pub switches: Vec<String>,
    /// What comes of the experiment then.
    pub gives: Outcome,
}
