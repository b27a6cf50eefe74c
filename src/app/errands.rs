//! Questions to the outside that take their time: each is asked in a task of its own, and its answer comes
//! back as a message. Nothing here changes the account, and nobody waits for it.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::mpsc::UnboundedSender;

use super::message::Message;
use super::past::Archived;
use super::played::Played;
use crate::executor::{self, Archive, RunView};
use crate::operation::{Actuator, Occasion, Probe};
use crate::plan::Plan;
use crate::sources::{Exercise, ExerciseError};

/// Whoever is gone does not want the answer any more.
fn answer(answers: &UnboundedSender<Message>, message: Message) {
    answers.send(message).ok();
}

/// Asks AWS about every call of a plan.
pub(super) fn preflight(
    probe: Option<Arc<dyn Probe>>,
    plan: Plan,
    occasion: Occasion,
    ticket: u64,
    answers: UnboundedSender<Message>,
) {
    tokio::spawn(async move {
        let checked = match probe {
            Some(probe) => Some(executor::preflight(&*probe, &plan, &occasion).await),
            None => None,
        };
        answer(&answers, Message::Preflighted { ticket, checked });
    });
}

/// Looks at everything that a run has changed.
pub(super) fn survey(
    actuator: Arc<dyn Actuator>,
    view: RunView,
    answers: UnboundedSender<Message>,
) {
    tokio::spawn(async move {
        let taken = executor::survey(&*actuator, &view).await;
        let taken = taken.map_err(|error| error.to_string());
        let run = view.run;
        answer(&answers, Message::Surveyed { run, taken });
    });
}

/// Wants something of the exercise, which may have much to do, and tells how it is then.
pub(super) fn exercise(
    exercise: Arc<dyn Exercise>,
    asked: impl FnOnce(&dyn Exercise) -> Result<(), ExerciseError> + Send + 'static,
    answers: UnboundedSender<Message>,
) {
    tokio::task::spawn_blocking(move || {
        if let Err(error) = asked(&*exercise) {
            answer(&answers, Message::ExerciseRefused(error.to_string()));
        }
        let now = Box::new(Played::of(&*exercise));
        answer(&answers, Message::Exercise(now));
    });
}

/// Reads the journals.
pub(super) fn list(journals: PathBuf, answers: UnboundedSender<Message>) {
    tokio::task::spawn_blocking(move || {
        let archived = Archived::from(Archive::new(journals).all());
        answer(&answers, Message::Archive(Arc::new(archived)));
    });
}
