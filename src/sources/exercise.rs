//! An exercise: what its players share with whoever runs it, and the records that it leaves.
//!
//! The embedded world implements [`Exercise`]; an account has none. What happens is told as
//! [`ExerciseRecord`]s: they are all that a report knows of an exercise.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::model::InstanceId;

/// What the players of an exercise may do besides working on the account.
pub trait Exercise: Send + Sync {
    /// How fast the world's time passes.
    fn pace(&self) -> Pace;

    /// Whether a facilitator has the clock, so that the players can't change the pace.
    fn is_clock_taken(&self) -> bool;

    /// Changes the pace.
    ///
    /// # Errors
    /// A facilitator has the clock.
    fn set_pace(&self, pace: Pace) -> Result<(), ExerciseError>;

    /// All messages to the players, oldest first.
    fn messages(&self) -> Vec<Message>;

    /// Answers a message.
    ///
    /// # Errors
    /// There is no such message, it asks nothing, it was answered, or the answer is empty.
    fn answer(&self, id: u32, text: &str) -> Result<(), ExerciseError>;

    /// Puts a line into the records.
    fn note(&self, who: &str, text: &str);

    /// The players look into it: the first time is when they noticed.
    fn looked(&self);

    /// The players go. Time passes from now on, whoever had the clock, so that what is on its way comes to
    /// its end.
    fn leave(&self);

    /// What the exercise is.
    fn about(&self) -> About;
}

/// How fast the world's time passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pace {
    /// It stands still.
    Paused,
    /// So many times as fast as the wall clock.
    Times(NonZeroU32),
}

impl Pace {
    /// The pace of the wall clock.
    pub const REAL: Self = Self::Times(NonZeroU32::MIN);

    /// The fastest pace that is played: faster than this nobody can follow.
    pub const FASTEST: u32 = 60;

    /// So many times as fast; `None`: not from 1 to [`Self::FASTEST`].
    pub fn times(factor: u32) -> Option<Self> {
        let factor = NonZeroU32::new(factor).filter(|it| it.get() <= Self::FASTEST)?;
        Some(Self::Times(factor))
    }

    /// Paces that are stepped through.
    const STEPS: [u32; 7] = [1, 2, 5, 10, 20, 30, Self::FASTEST];

    /// The next faster step; `None`: there is none.
    pub fn faster(self) -> Option<Self> {
        let next = Self::STEPS.into_iter().find(|it| *it > self.factor());
        next.and_then(Self::times)
    }

    /// The next slower step, which is no pause; `None`: there is none.
    pub fn slower(self) -> Option<Self> {
        let next = Self::STEPS.into_iter().rev().find(|it| *it < self.factor());
        next.and_then(Self::times)
    }

    /// How many times as fast as the wall clock; 0: it stands still.
    pub fn factor(self) -> u32 {
        match self {
            Self::Paused => 0,
            Self::Times(factor) => factor.get(),
        }
    }
}

impl fmt::Display for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Paused => f.write_str("PAUSED"),
            Self::Times(factor) => write!(f, "{factor}x"),
        }
    }
}

impl FromStr for Pace {
    type Err = String;

    /// `paused` or 0, or a factor such as `10` or `10x`.
    fn from_str(text: &str) -> Result<Self, String> {
        let number = text.strip_suffix('x').unwrap_or(text);
        match (text.to_ascii_lowercase().as_str(), number.parse()) {
            ("paused", _) | (_, Ok(0)) => Some(Self::Paused),
            (_, Ok(factor)) => Self::times(factor),
            (_, Err(_)) => None,
        }
        .ok_or_else(|| format!("1 to {} times as fast, or paused", Self::FASTEST))
    }
}

/// What an exercise is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct About {
    /// The scenario's name.
    pub scenario: String,
    /// The scenario, in a line.
    pub title: String,
    /// What it is about, for whoever is new to it.
    pub summary: String,
    /// From 1, a beginner's, to 5, a brutal one.
    pub level: u8,
    /// Who plays.
    pub team: Option<String>,
}

/// A message to the players: from a colleague, a customer, an executive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Message {
    /// Its number, from 1.
    pub id: u32,
    /// When it came.
    pub at: DateTime<Utc>,
    /// Who wrote it, made printable.
    pub from: String,
    /// What it says, made printable.
    pub text: String,
    /// It wants an answer.
    pub asks: bool,
    /// What the players said to it.
    pub answer: Option<Reply>,
}

impl Message {
    /// It wants an answer, and has none.
    pub fn is_open(&self) -> bool {
        self.asks && self.answer.is_none()
    }
}

/// What the players said to a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Reply {
    /// When.
    pub at: DateTime<Utc>,
    /// What, made printable.
    pub text: String,
}

/// Why something can't be done in an exercise.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExerciseError {
    /// No message has this number.
    #[error("there is no message {0}")]
    NoMessage(u32),
    /// It wants no answer.
    #[error("message {0} asks nothing")]
    AsksNothing(u32),
    /// It was answered.
    #[error("message {0} was answered")]
    Answered(u32),
    /// There is no text.
    #[error("the answer is empty")]
    Empty,
    /// The pace is not the players' to change.
    #[error("a facilitator has the clock")]
    ClockTaken,
    /// The pace is faster than anybody can follow.
    #[error("the fastest pace is {}x", Pace::FASTEST)]
    TooFast,
    /// An inject can't be fired.
    #[error("inject {name:?} is not fired: {why}")]
    NotFired {
        /// Its name.
        name: String,
        /// Why.
        why: String,
    },
    /// What is played again can't be changed.
    #[error("this is a replay: nothing can be changed")]
    Replayed,
}

/// Something that happened in an exercise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ExerciseRecord {
    /// When, in the world's time.
    pub at: DateTime<Utc>,
    /// What.
    pub what: Happening,
}

impl ExerciseRecord {
    /// What a record of traffic tells of; empty: it is none.
    pub fn streams(&self) -> &[Stream] {
        match &self.what {
            Happening::Traffic(streams) => streams,
            _ => &[],
        }
    }
}

/// How much time a record of traffic tells of, in seconds.
pub const BUCKET_SECONDS: u32 = 10;

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Happening {
    /// The exercise began.
    Began {
        /// The scenario's name.
        scenario: String,
        /// The scenario, in a line.
        title: String,
        /// From 1, a beginner's, to 5, a brutal one.
        level: u8,
        /// What all chance in the world comes from.
        seed: u64,
        /// Who plays.
        team: Option<String>,
        /// The instance under suspicion.
        suspect: InstanceId,
        /// From when on there are flow logs.
        history_from: DateTime<Utc>,
        /// What the world is made to do where AWS's documentation leaves it open.
        facts: serde_json::Value,
    },
    /// A finding appeared.
    Detected {
        /// Its id.
        finding: String,
        /// Its type, as `GuardDuty` names it.
        kind: String,
    },
    /// An inject took effect.
    Injected {
        /// Its name in the scenario.
        name: String,
    },
    /// The players got a message.
    Message(Message),
    /// The players answered one.
    Answered {
        /// The message.
        id: u32,
        /// What they said.
        text: String,
    },
    /// Somebody wrote something down.
    Note {
        /// Who: a facilitator, or a player.
        who: String,
        /// What.
        text: String,
    },
    /// The world's time began to pass at another pace.
    Pace(Pace),
    /// The players made a changing call.
    Called {
        /// The API as IAM names it.
        api: String,
        /// The operation, as it stands in the journal of a run.
        operation: serde_json::Value,
        /// The operation in words.
        prose: String,
        /// What became of it.
        outcome: CallOutcome,
    },
    /// What was said in ten seconds, a stream for each conversation that had traffic or failures.
    Traffic(Vec<Stream>),
    /// A target of a load balancer is seen healthy, or no longer.
    Health {
        /// The target.
        instance: InstanceId,
        /// Whether it is healthy now.
        healthy: bool,
    },
    /// Auto Scaling terminated an instance and launched another.
    Replaced {
        /// The one that is gone.
        instance: InstanceId,
        /// The new one.
        by: InstanceId,
    },
    /// Something changed in the account that the players did not do, in words.
    Changed {
        /// What.
        text: String,
    },
    /// Somebody else than the players tried to change something, and AWS refused it: nothing was changed.
    NotChanged {
        /// What, in words.
        text: String,
        /// AWS's error code.
        code: String,
    },
    /// How the players did.
    Score(Score),
    /// The exercise ended.
    Ended {
        /// What ended it.
        by: String,
    },
}

/// What became of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum CallOutcome {
    /// The change was made.
    Made,
    /// AWS refused it, and nothing was changed.
    Refused {
        /// AWS's error code.
        code: String,
    },
    /// There were too many calls, and nothing was changed.
    Throttled,
    /// The call went wrong because the scenario wanted it to.
    Failed {
        /// The error code.
        code: String,
        /// The change was made nevertheless.
        made: bool,
    },
}

impl CallOutcome {
    /// Whether something was changed.
    pub fn is_made(&self) -> bool {
        matches!(self, Self::Made | Self::Failed { made: true, .. })
    }
}

/// What was said in a conversation during ten seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Stream {
    /// The conversation's name in the scenario.
    pub conversation: String,
    /// `attack`, `business`, `health`, `admin` or `noise`.
    pub role: String,
    /// Who opens it.
    pub from: String,
    /// Whom it is with.
    pub to: String,
    /// Exchanges that were begun.
    pub asked: u64,
    /// Exchanges that were answered.
    pub answered: u64,
    /// Exchanges that were given up.
    pub failed: u64,
    /// Packets that arrived, both ways.
    pub packets: u64,
    /// Bytes that arrived, both ways.
    pub bytes: u64,
    /// Of these, the ones that arrived outside of the VPC; of calls of AWS's API, those of the answers.
    #[serde(default)]
    pub bytes_out: u64,
    /// When the last packet arrived; `None`: none did.
    pub delivered_last: Option<DateTime<Utc>>,
}

/// How the players did. Times are in seconds since the attack's first finding.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Score {
    /// Until the players first looked into it.
    pub detect: Option<u64>,
    /// Until their first change was confirmed.
    pub decide: Option<u64>,
    /// Until the last packet of the attack arrived.
    pub contain: Option<u64>,
    /// Until a proof said so.
    pub prove: Option<u64>,
    /// Packets of the attack that arrived after the containment was declared.
    pub attack_packets_after: u64,
    /// Their bytes.
    pub attack_bytes_after: u64,
    /// Bytes that were carried off.
    pub data_lost_bytes: u64,
    /// Seconds for which neighbours could not do their work, summed.
    pub neighbour_seconds: u64,
    /// Requests of the business that failed.
    pub requests_lost: u64,
    /// Evidence that the scenario asks for.
    pub evidence: Vec<Evidence>,
    /// Channels over which packets of the attack still arrive.
    pub residual: Vec<String>,
    /// Whether what was changed was taken back.
    pub undo: Undone,
    /// From 0 to 100.
    pub points: u8,
    /// The points in a word.
    pub grade: String,
    /// Whether the objectives were met.
    pub won: bool,
    /// Why these points, line by line.
    pub reasons: Vec<Reason>,
}

/// Why points were taken off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Reason {
    /// What was judged.
    pub what: String,
    /// The points that were taken off.
    pub points: u8,
    /// The points that it can cost at the most.
    pub of: u8,
    /// Why, in a line with figures and their units.
    pub why: String,
}

/// A piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Evidence {
    /// What it is.
    pub name: String,
    /// It was kept, and not lost.
    pub kept: bool,
}

/// Whether what was changed was taken back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Undone {
    /// Everything is as it was.
    Clean,
    /// Nobody asked for it.
    #[default]
    NotAsked,
    /// Something is not as it was.
    Drift,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_is_read_and_written() {
        for (text, pace) in [
            ("1", Some(Pace::REAL)),
            ("10x", Pace::times(10)),
            ("PAUSED", Some(Pace::Paused)),
            ("0", Some(Pace::Paused)),
            ("61", None),
            ("-1", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(text.parse::<Pace>().ok(), pace, "{text}");
        }
        for pace in [Pace::Paused, Pace::REAL] {
            assert_eq!(pace.to_string().parse(), Ok(pace));
        }
    }

    #[test]
    fn a_record_is_one_line_of_json_and_comes_back() {
        let at = DateTime::from_timestamp(1_790_000_000, 123_456_000).unwrap();
        let records = [
            (
                Happening::Pace(Pace::REAL),
                r#"{"at":"2026-09-21T14:13:20.123456Z","what":{"pace":{"times":1}}}"#,
            ),
            (
                Happening::Called {
                    api: "ec2:CreateTags".into(),
                    operation: serde_json::json!({"tag": 1}),
                    prose: "tag it".into(),
                    outcome: CallOutcome::Throttled,
                },
                r#"{"at":"2026-09-21T14:13:20.123456Z","what":{"called":{"api":"ec2:CreateTags","operation":{"tag":1},"prose":"tag it","outcome":"throttled"}}}"#,
            ),
            (
                Happening::Score(Score::default()),
                r#"{"at":"2026-09-21T14:13:20.123456Z","what":{"score":{"detect":null,"decide":null,"contain":null,"prove":null,"attack-packets-after":0,"attack-bytes-after":0,"data-lost-bytes":0,"neighbour-seconds":0,"requests-lost":0,"evidence":[],"residual":[],"undo":"not-asked","points":0,"grade":"","won":false,"reasons":[]}}}"#,
            ),
        ];
        for (what, line) in records {
            let record = ExerciseRecord { at, what };
            assert_eq!(serde_json::to_string(&record).unwrap(), line);
            let back: ExerciseRecord = serde_json::from_str(line).unwrap();
            assert_eq!(back, record);
        }
    }
}
