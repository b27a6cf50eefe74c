//! What the console is connected to: the sources, and perhaps something that changes the account.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::errands;
use super::message::{Effect, Message};
use super::played::Played;
use super::state::AppState;
use crate::executor::{
    Ports, Recorded, Resume, Run, RunEvent, RunView, Runs, Verification, Verifier,
};
use crate::operation::{Actuator, Occasion, Probe};
use crate::plan::{self, Plan};
use crate::sources::{Clock, Exercise, ExerciseError, Poller, Source, Update};

/// How long after a change a verdict of the flow logs is waited for, unless somebody says otherwise. They
/// come up to ten minutes late, and have to be complete for three.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs.html>
const PROOF_WAIT: Duration = Duration::from_mins(15);

/// The outside of the console.
pub struct Session {
    /// Asks the sources.
    pub poller: Poller,
    /// Their answers.
    pub updates: mpsc::Receiver<Update>,
    /// Makes changes. Read-only is a session without one, not a check.
    pub actuator: Option<Arc<dyn Actuator>>,
    /// Asks whether changes would be allowed. A read-only session has one too.
    pub probe: Option<Arc<dyn Probe>>,
    /// Reads the flow logs after a run; `None`: nobody does.
    pub source: Option<Arc<dyn Source>>,
    /// The exercise that this is; `None`: it is none.
    pub exercise: Option<Arc<dyn Exercise>>,
    /// How long after a change a verdict of the flow logs is waited for.
    pub proof_wait: Duration,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Where journals are kept.
    pub journals: PathBuf,
    /// The runs of this process.
    pub runs: Runs,
    /// Events of the run that was started last.
    pub(super) run_events: mpsc::UnboundedReceiver<RunEvent>,
    answered: mpsc::UnboundedSender<Message>,
    /// Answers to what was asked outside of the frame loop.
    pub(super) answers: mpsc::UnboundedReceiver<Message>,
}

impl Session {
    /// Connects a console. Who answers preflights and who reads flow logs after a run is set apart.
    pub fn new(
        (poller, updates): (Poller, mpsc::Receiver<Update>),
        actuator: Option<Arc<dyn Actuator>>,
        clock: Arc<dyn Clock>,
        journals: PathBuf,
        runs: Runs,
    ) -> Self {
        let (_, run_events) = mpsc::unbounded_channel();
        let (answered, answers) = mpsc::unbounded_channel();
        Self {
            poller,
            updates,
            actuator,
            probe: None,
            source: None,
            exercise: None,
            proof_wait: PROOF_WAIT,
            clock,
            journals,
            runs,
            run_events,
            answered,
            answers,
        }
    }

    /// Carries out an effect; an error is for the analyst.
    pub(super) fn perform(&mut self, effect: Effect, state: &AppState) -> Result<(), String> {
        match effect {
            Effect::Poll(command) => self.poller.send(command),
            Effect::StopRun => self.runs.stop(),
            Effect::Start(plan) => self.start(*plan, state)?,
            Effect::Resume { path, how } => self.resume(&path, how, state)?,
            Effect::Preflight { ticket, plan } => {
                let occasion = Occasion {
                    now: self.clock.now(),
                    run: "preflight".into(),
                };
                let probe = self.probe.clone();
                errands::preflight(probe, *plan, occasion, ticket, self.answered.clone());
            }
            Effect::Survey(view) => self.survey(*view),
            Effect::Pace(pace) => self.ask_exercise(move |it| it.set_pace(pace)),
            Effect::Answer { id, text } => self.ask_exercise(move |it| it.answer(id, &text)),
            Effect::Looked => self.ask_exercise(|it| {
                it.looked();
                Ok(())
            }),
            Effect::ReadArchive => errands::list(self.journals.clone(), self.answered.clone()),
            Effect::Quit => {}
        }
        Ok(())
    }

    fn ask_exercise(
        &self,
        asked: impl FnOnce(&dyn Exercise) -> Result<(), ExerciseError> + Send + 'static,
    ) {
        if let Some(exercise) = self.exercise.clone() {
            errands::exercise(exercise, asked, self.answered.clone());
        }
    }

    /// The exercise, if it is not as the console knows it.
    pub(super) fn news(&self, state: &AppState) -> Option<Message> {
        let now = Played::of(self.exercise.as_deref()?);
        let known = state.playing.as_ref().map(|it| &it.played);
        (known != Some(&now)).then(|| Message::Exercise(Box::new(now)))
    }

    fn start(&mut self, plan: Plan, state: &AppState) -> Result<(), String> {
        let (ports, told) = self.ports(&plan, state)?;
        let case = state.settings.case.clone();
        let run = Run {
            foretold: state.foretell(&plan),
            ..Run::new(case, &caller(state), plan, self.clock.now())
        };
        let started = self.runs.start(run, &self.journals, ports);
        started.map_err(|error| error.to_string())?;
        self.run_events = told;
        Ok(())
    }

    fn resume(&mut self, path: &Path, how: Resume, state: &AppState) -> Result<(), String> {
        let recorded = Recorded::read(path).map_err(|error| error.to_string())?;
        let (ports, told) = self.ports(&recorded.view.plan, state)?;
        let resumed = self.runs.resume(&recorded, how, &caller(state), ports);
        resumed.map_err(|error| error.to_string())?;
        self.run_events = told;
        Ok(())
    }

    fn survey(&self, view: RunView) {
        let answered = self.answered.clone();
        if let Some(actuator) = self.actuator.clone() {
            errands::survey(actuator, view, answered);
            return;
        }
        let (run, taken) = (view.run, Err("this session is read-only".to_owned()));
        // Nobody is gone: the receiver is here.
        answered.send(Message::Surveyed { run, taken }).ok();
    }

    /// What a run works with, and where it is heard. Each is heard by itself: what is still to be said of an
    /// earlier one stands in its journal.
    fn ports(
        &self,
        plan: &Plan,
        state: &AppState,
    ) -> Result<(Ports, mpsc::UnboundedReceiver<RunEvent>), String> {
        let actuator = self.actuator.clone().ok_or("this session is read-only")?;
        let verification = self.source.clone().map(|source| Verification {
            verifier: Verifier {
                source,
                clock: Arc::clone(&self.clock),
                logs: state.estate.flow_logs().to_vec(),
                limit: self.proof_wait,
            },
            claim: plan::claim(plan, &state.estate),
        });
        let (events, told) = mpsc::unbounded_channel();
        let ports = Ports {
            actuator,
            clock: Arc::clone(&self.clock),
            events,
            verification,
        };
        Ok((ports, told))
    }
}

/// Who makes the changes.
fn caller(state: &AppState) -> String {
    let identity = state.identity.as_ref();
    identity.map(|it| it.arn.clone()).unwrap_or_default()
}
