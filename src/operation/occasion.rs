//! What is known only when a call is made: the time, and the run that makes it.

use chrono::{DateTime, TimeDelta, Timelike, Utc};
use serde::{Deserialize, Serialize};

use super::Operation;

/// The circumstances of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occasion {
    /// The present.
    pub now: DateTime<Utc>,
    /// The id of the run.
    pub run: String,
}

/// A moment, fixed at the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum At {
    /// This many seconds after the call.
    After(u32),
    /// This moment.
    Moment(DateTime<Utc>),
}

/// What a tag says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TagValue {
    /// This text.
    Text(String),
    /// The time of the call, in UTC.
    Now,
    /// The id of the run.
    Run,
}

impl At {
    fn fix(&mut self, now: DateTime<Utc>) {
        if let Self::After(seconds) = self {
            // To the second, as policies have it.
            let now = now.with_nanosecond(0).unwrap_or(now);
            *self = Self::Moment(now + TimeDelta::seconds((*seconds).into()));
        }
    }
}

impl std::fmt::Display for At {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::After(seconds) => write!(f, "{seconds} s after the call"),
            Self::Moment(at) => write!(f, "{}", written(*at)),
        }
    }
}

/// As policies and tags have it: UTC, to the second.
pub(super) fn written(at: DateTime<Utc>) -> impl std::fmt::Display {
    at.format("%Y-%m-%dT%H:%M:%SZ")
}

impl TagValue {
    fn fix(&mut self, occasion: &Occasion) {
        *self = Self::Text(match self {
            Self::Text(_) => return,
            Self::Now => written(occasion.now).to_string(),
            Self::Run => occasion.run.clone(),
        });
    }

    /// Whether `have` is what this is for; any text is, until the call has fixed it.
    pub fn is_met_by(&self, have: &str) -> bool {
        match self {
            Self::Text(want) => want == have,
            Self::Now | Self::Run => true,
        }
    }
}

impl std::fmt::Display for TagValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Text(text) => text,
            Self::Now => "TIME",
            Self::Run => "RUN",
        })
    }
}

impl Operation {
    /// The same operation with everything in it that waits for the call fixed: what is journalled and
    /// sent.
    #[must_use]
    pub fn at(mut self, occasion: &Occasion) -> Self {
        match &mut self {
            Self::RevokeSessions { until, .. } => until.fix(occasion.now),
            Self::SetTags { tags, .. } => {
                for value in tags.values_mut().flatten() {
                    value.fix(occasion);
                }
            }
            _ => {}
        }
        self
    }
}
