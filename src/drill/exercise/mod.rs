//! A drill as an exercise: what is done in it, by whom, and the records that it leaves.
//!
//! Everything that players and facilitator do is a [`Deed`]. A recording holds the deeds; played again on
//! the same scenario and seed, the same records come of it.

mod deed;
mod desk;
mod opening;
mod recording;
#[cfg(test)]
mod tests;

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::mpsc;

use super::ports::Drill;
use super::score::Told;
use super::world::World;
use crate::operation::{CallError, CallErrorKind, Operation};
use crate::sources::{
    About, CallOutcome, Exercise, ExerciseError, ExerciseRecord, Happening, Message, Pace, Score,
};
pub use deed::{Act, Deed};
pub(super) use desk::Desk;
pub(super) use opening::Opening;
pub use recording::{Header, Recorder, Recording, RecordingError, digest};

/// How often records are taken from the world, in its time.
const BEAT: Duration = Duration::from_secs(1);

impl Drill {
    /// Everything that happens from now on, in order.
    pub fn hear(&self) -> mpsc::UnboundedReceiver<ExerciseRecord> {
        self.desk.hear()
    }

    /// Everything that players and facilitator do from now on.
    pub fn deeds(&self) -> mpsc::UnboundedReceiver<Deed> {
        self.desk.deeds()
    }

    /// Does what a recording says, each deed at its time. Nobody else can do anything.
    pub fn replay(&self, deeds: Vec<Deed>) {
        self.desk.replay(deeds);
    }

    /// Lets time pass, at a pace that nobody chose while playing.
    pub fn go(&self, pace: Pace) {
        self.desk.set_pace(pace);
    }

    /// Lets the world go on, second by second, and tells what happens in it, until it is dropped.
    pub async fn drive(self) {
        self.began();
        // Of a recording there is nothing after its last deed, and nobody would wake there.
        let end = self.desk.last_deed();
        let mut is_over = false;
        while !is_over {
            let beat = self.clock().now() + BEAT;
            let next = end.map_or(beat, |end| beat.min(end));
            is_over = end == Some(next);
            self.desk.reach(next, &*self.clock()).await;
            let drill = self.clone();
            // The world may have much to do: that must not hold up who waits for a key.
            let beat = tokio::task::spawn_blocking(move || drill.beat());
            if beat.await.is_err() {
                return;
            }
        }
    }

    /// Tells what has happened until now.
    pub fn beat(&self) {
        let mut world = self.world();
        self.tell_news(&mut world);
    }

    /// Tells that the exercise began.
    pub fn began(&self) {
        let opening = &self.desk.opening;
        self.desk.tell(ExerciseRecord {
            at: opening.at,
            what: opening.began.clone(),
        });
    }

    /// The exercise ends, and is judged. Of `told`, when the players first looked is known here.
    ///
    /// # Errors
    /// It is a replay: it ends as it was recorded.
    pub fn end(&self, by: &str, told: Told) -> Result<Score, ExerciseError> {
        let told = Told {
            looked: told.looked.or(self.desk.looked_at()),
            ..told
        };
        let by = by.to_owned();
        self.act(Act::End { by, told })?;
        Ok(self.judge(&self.world(), told))
    }

    /// How the players did so far. Whether their changes were taken back is seen in the world.
    pub(super) fn judge(&self, world: &World, told: Told) -> Score {
        let (undo, left) = world.undone(told.undo, self.desk.wants_undo());
        self.desk.score(Told { undo, ..told }, &left)
    }

    /// Does something now.
    pub(super) fn act(&self, act: Act) -> Result<(), ExerciseError> {
        if self.desk.is_replay() {
            return Err(ExerciseError::Replayed);
        }
        let mut world = self.world();
        let at = world.now;
        self.carry_out(&mut world, at, &act)?;
        self.desk.done(&Deed { at, what: act });
        Ok(())
    }

    /// Does what a recording wants to be done at this time. The world is at that time already.
    pub(super) fn again(&self, world: &mut World, deed: &Deed) {
        // What was done once can be done again on the same seed. Should it be refused, the records tell.
        let done = self.carry_out(world, deed.at, &deed.what);
        if let Err(error) = done {
            self.tell(
                world,
                Happening::Note {
                    who: "replay".into(),
                    text: format!("not done again: {error}"),
                },
            );
        }
        if matches!(deed.what, Act::End { .. }) {
            self.desk.set_pace(Pace::Paused);
        }
    }

    fn carry_out(
        &self,
        world: &mut World,
        at: DateTime<Utc>,
        act: &Act,
    ) -> Result<(), ExerciseError> {
        match act {
            Act::Call { operation, outcome } => {
                if deed::reached(outcome) {
                    // The outcome is on record.
                    world.execute(operation, at).ok();
                }
                self.tell(world, called(operation, outcome));
            }
            Act::Fire { inject } => {
                let fired = world.fire(inject);
                fired.map_err(|why| ExerciseError::NotFired {
                    name: inject.clone(),
                    why,
                })?;
                self.tell_news(world);
            }
            Act::End { told, .. } => {
                self.tell_news(world);
                let score = self.judge(world, *told);
                self.tell(world, Happening::Score(score));
            }
            _ => {}
        }
        if let Some(what) = self.desk.happening(at, act)? {
            self.tell(world, what);
        }
        Ok(())
    }

    /// A changing call of the players was answered.
    pub(super) fn called(&self, world: &mut World, operation: &Operation, outcome: CallOutcome) {
        self.tell(world, called(operation, &outcome));
        let operation = Box::new(operation.clone());
        self.desk.done(&Deed {
            at: world.now,
            what: Act::Call { operation, outcome },
        });
    }

    /// Tells what happened now, after everything that happened before.
    fn tell(&self, world: &mut World, what: Happening) {
        self.tell_news(world);
        let at = world.now;
        self.desk.tell(ExerciseRecord { at, what });
    }

    fn tell_news(&self, world: &mut World) {
        for record in world.drain() {
            self.desk.tell(record);
        }
    }
}

/// What became of a call that failed.
pub(super) fn outcome_of(error: &CallError, made: bool) -> CallOutcome {
    let code = error.code.clone();
    match error.kind {
        CallErrorKind::Throttled => CallOutcome::Throttled,
        _ => CallOutcome::Failed { code, made },
    }
}

fn called(operation: &Operation, outcome: &CallOutcome) -> Happening {
    Happening::Called {
        api: operation.facts().api.to_owned(),
        // An operation is plain data: it can always be written.
        operation: serde_json::to_value(operation).unwrap_or_default(),
        prose: operation.prose(),
        outcome: outcome.clone(),
    }
}

impl Exercise for Drill {
    fn pace(&self) -> Pace {
        self.desk.pace()
    }

    fn is_clock_taken(&self) -> bool {
        self.desk.is_clock_taken()
    }

    fn set_pace(&self, pace: Pace) -> Result<(), ExerciseError> {
        if self.desk.is_clock_taken() {
            return Err(ExerciseError::ClockTaken);
        }
        self.change_pace(pace);
        Ok(())
    }

    fn messages(&self) -> Vec<Message> {
        self.desk.messages()
    }

    fn answer(&self, id: u32, text: &str) -> Result<(), ExerciseError> {
        let text = text.to_owned();
        self.act(Act::Answer { id, text })
    }

    fn note(&self, who: &str, text: &str) {
        let (who, text) = (who.to_owned(), text.to_owned());
        // Nothing is noted down in a replay.
        self.act(Act::Note { who, text }).ok();
    }

    fn looked(&self) {
        self.desk.looked(self.clock().now());
    }

    fn leave(&self) {
        self.desk.take_clock(false);
        if self.desk.pace() == Pace::Paused {
            self.change_pace(Pace::REAL);
        }
    }

    fn about(&self) -> About {
        self.desk.opening.about.clone()
    }
}

impl Drill {
    /// Another pace from now on, whoever has the clock. In a replay it is the viewer's, and is not on
    /// record.
    pub(super) fn change_pace(&self, pace: Pace) {
        if pace != self.desk.pace() {
            self.act(Act::Pace(pace)).ok();
            self.desk.set_pace(pace);
        }
    }
}
