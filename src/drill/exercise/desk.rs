//! What an exercise is besides its world: the messages, who has the clock, and who hears of what happens.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use tokio::sync::mpsc;

use super::super::clock::DrillClock;
use super::super::score::{Told, score};
use super::deed::{Act, Deed};
use super::opening::Opening;
use crate::model::text::visible;
use crate::sources::{
    Clock, ExerciseError, ExerciseRecord, Happening, Message, Pace, Reply, Score, Stream,
};

/// Characters of a message, an answer or a note at the most.
const LONGEST: usize = 1_000;

/// The exercise around a world. The world's lock is never taken while this one's is held.
#[derive(Debug)]
pub(in crate::drill) struct Desk {
    pub(in crate::drill) opening: Opening,
    /// `None`: a clock that runs at one pace.
    clock: Option<DrillClock>,
    papers: Mutex<Papers>,
}

/// What stands after all that was told.
#[derive(Debug, Clone, Default)]
pub(in crate::drill) struct Standing {
    /// The last traffic that was counted.
    pub(in crate::drill) streams: Vec<Stream>,
    /// When injects took effect, by name.
    pub(in crate::drill) injected: BTreeMap<String, Vec<DateTime<Utc>>>,
}

#[derive(Debug, Default)]
struct Papers {
    standing: Standing,
    messages: Vec<Message>,
    is_clock_taken: bool,
    /// Everything that happened.
    all: Vec<ExerciseRecord>,
    /// When the players first looked into it.
    looked: Option<DateTime<Utc>>,
    heard: Vec<mpsc::UnboundedSender<ExerciseRecord>>,
    recorded: Vec<mpsc::UnboundedSender<Deed>>,
    /// Deeds of a recording that are still to be done, first one first; `None`: this is no replay.
    script: Option<VecDeque<Deed>>,
}

impl Desk {
    /// An exercise before anything has happened.
    pub(in crate::drill) fn new(opening: Opening, clock: Option<DrillClock>) -> Self {
        Self {
            opening,
            clock,
            papers: Mutex::default(),
        }
    }

    fn papers(&self) -> MutexGuard<'_, Papers> {
        self.papers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on deeds come from a recording, and from nobody else. Time ends with the last.
    pub(in crate::drill) fn replay(&self, deeds: Vec<Deed>) {
        if let (Some(clock), Some(last)) = (&self.clock, deeds.last()) {
            clock.end_at(last.at);
        }
        self.papers().script = Some(deeds.into());
    }

    /// Waits for a moment of the world. The end of a recording is one, and sleeping for what is left of it may be
    /// a little too long: nobody wakes after the end.
    pub(super) async fn reach(&self, moment: DateTime<Utc>, other: &dyn Clock) {
        if let Some(clock) = &self.clock {
            return clock.sleep_until(moment).await;
        }
        let rest = (moment - other.now()).to_std();
        other.sleep(rest.unwrap_or_default()).await;
    }

    /// When the last deed of a recording is to be done.
    pub(super) fn last_deed(&self) -> Option<DateTime<Utc>> {
        let papers = self.papers();
        papers.script.as_ref()?.back().map(|it| it.at)
    }

    pub(in crate::drill) fn is_replay(&self) -> bool {
        self.papers().script.is_some()
    }

    /// The next deed of a recording, if its time has come.
    pub(in crate::drill) fn next_deed(&self, now: DateTime<Utc>) -> Option<Deed> {
        let mut papers = self.papers();
        let script = papers.script.as_mut()?;
        let is_due = script.front().is_some_and(|it| it.at <= now);
        if is_due { script.pop_front() } else { None }
    }

    /// Everything that happens from now on.
    pub(in crate::drill) fn hear(&self) -> mpsc::UnboundedReceiver<ExerciseRecord> {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.papers().heard.push(sender);
        receiver
    }

    /// Everything that is done from now on.
    pub(in crate::drill) fn deeds(&self) -> mpsc::UnboundedReceiver<Deed> {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.papers().recorded.push(sender);
        receiver
    }

    /// Something happened: it is told to everybody who hears. A message gets its number.
    pub(in crate::drill) fn tell(&self, mut record: ExerciseRecord) {
        let mut papers = self.papers();
        if let Happening::Message(message) = &mut record.what {
            let count = u32::try_from(papers.messages.len()).unwrap_or(u32::MAX);
            message.id = count.saturating_add(1);
            papers.messages.push(message.clone());
        }
        match &record.what {
            Happening::Traffic(streams) => papers.standing.streams.clone_from(streams),
            Happening::Injected { name } => {
                let injected = papers.standing.injected.entry(name.clone()).or_default();
                injected.push(record.at);
            }
            _ => {}
        }
        papers.heard.retain(|it| it.send(record.clone()).is_ok());
        papers.all.push(record);
    }

    /// Something was done.
    pub(in crate::drill) fn done(&self, deed: &Deed) {
        let mut papers = self.papers();
        papers.recorded.retain(|it| it.send(deed.clone()).is_ok());
    }

    pub(in crate::drill) fn messages(&self) -> Vec<Message> {
        self.papers().messages.clone()
    }

    /// The last records but traffic, oldest first.
    pub(in crate::drill) fn recent(&self, count: usize) -> Vec<ExerciseRecord> {
        let papers = self.papers();
        let telling = papers.all.iter().rev();
        let telling = telling.filter(|it| !matches!(it.what, Happening::Traffic(_)));
        let mut recent: Vec<ExerciseRecord> = telling.take(count).cloned().collect();
        recent.reverse();
        recent
    }

    /// The players look into it.
    pub(super) fn looked(&self, at: DateTime<Utc>) {
        self.papers().looked.get_or_insert(at);
    }

    /// When they first did.
    pub(super) fn looked_at(&self) -> Option<DateTime<Utc>> {
        self.papers().looked
    }

    /// How the players did, by what has happened so far; `left` is what of their changes was not taken back.
    pub(super) fn score(&self, told: Told, left: &[String]) -> Score {
        score(&self.papers().all, &self.opening.stakes, told, left)
    }

    /// Whether the scenario wants changes to be taken back.
    pub(super) fn wants_undo(&self) -> bool {
        self.opening.stakes.objectives.undo
    }

    pub(in crate::drill) fn standing(&self) -> Standing {
        self.papers().standing.clone()
    }

    pub(in crate::drill) fn pace(&self) -> Pace {
        self.clock.as_ref().map_or(Pace::REAL, DrillClock::pace)
    }

    pub(in crate::drill) fn is_clock_taken(&self) -> bool {
        self.papers().is_clock_taken
    }

    /// A facilitator takes the clock, or gives it back to the players.
    pub(in crate::drill) fn take_clock(&self, taken: bool) {
        self.papers().is_clock_taken = taken;
    }

    /// The pace from now on.
    pub(in crate::drill) fn set_pace(&self, pace: Pace) {
        if let Some(clock) = &self.clock {
            clock.set_pace(pace);
        }
    }

    /// Notes down the answer to a message, and tells what happened.
    fn answer(&self, id: u32, at: DateTime<Utc>, text: &str) -> Result<Happening, ExerciseError> {
        let text = in_line(text);
        if text.is_empty() {
            return Err(ExerciseError::Empty);
        }
        let mut papers = self.papers();
        let mut messages = papers.messages.iter_mut();
        let message = messages.find(|it| it.id == id);
        let message = message.ok_or(ExerciseError::NoMessage(id))?;
        if !message.asks {
            return Err(ExerciseError::AsksNothing(id));
        }
        if message.answer.is_some() {
            return Err(ExerciseError::Answered(id));
        }
        message.answer = Some(Reply {
            at,
            text: text.clone(),
        });
        Ok(Happening::Answered { id, text })
    }

    /// What a deed that does not touch the world makes happen.
    pub(super) fn happening(
        &self,
        at: DateTime<Utc>,
        act: &Act,
    ) -> Result<Option<Happening>, ExerciseError> {
        Ok(Some(match act {
            Act::Answer { id, text } => self.answer(*id, at, text)?,
            Act::Note { who, text } => Happening::Note {
                who: in_line(who),
                text: in_line(text),
            },
            Act::Pace(pace) => Happening::Pace(*pace),
            Act::Message { from, text, asks } => Happening::Message(Message {
                id: 0,
                at,
                from: in_line(from),
                text: in_line(text),
                asks: *asks,
                answer: None,
            }),
            Act::End { by, .. } => Happening::Ended { by: in_line(by) },
            Act::Call { .. } | Act::Fire { .. } => return Ok(None),
        }))
    }
}

/// Text of people, printable and not too long.
pub(super) fn in_line(text: &str) -> String {
    let short: String = text.trim().chars().take(LONGEST).collect();
    visible(&short).into_owned()
}
