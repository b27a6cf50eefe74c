//! What the console is connected to: the sources, and perhaps something that changes the account.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::message::Effect;
use crate::executor::{Ports, Run, RunEvent, Runs};
use crate::operation::Actuator;
use crate::plan::Plan;
use crate::sources::{Clock, Poller, Update};

/// The outside of the console.
pub struct Session {
    /// Asks the sources.
    pub poller: Poller,
    /// Their answers.
    pub updates: mpsc::Receiver<Update>,
    /// Makes changes. Read-only is a session without one, not a check.
    pub actuator: Option<Arc<dyn Actuator>>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Where journals are kept.
    pub journals: PathBuf,
    /// The runs of this process.
    pub runs: Runs,
    events: mpsc::UnboundedSender<RunEvent>,
    pub(super) run_events: mpsc::UnboundedReceiver<RunEvent>,
}

impl Session {
    /// Connects a console.
    pub fn new(
        (poller, updates): (Poller, mpsc::Receiver<Update>),
        actuator: Option<Arc<dyn Actuator>>,
        clock: Arc<dyn Clock>,
        journals: PathBuf,
        runs: Runs,
    ) -> Self {
        let (events, run_events) = mpsc::unbounded_channel();
        Self {
            poller,
            updates,
            actuator,
            clock,
            journals,
            runs,
            events,
            run_events,
        }
    }

    /// Carries out an effect; an error is for the analyst.
    pub(super) fn perform(
        &mut self,
        effect: Effect,
        case: &str,
        caller: &str,
    ) -> Result<(), String> {
        match effect {
            Effect::Poll(command) => self.poller.send(command),
            Effect::StopRun => self.runs.stop(),
            Effect::Start(plan) => self.start(*plan, case, caller)?,
            Effect::Quit => {}
        }
        Ok(())
    }

    fn start(&self, plan: Plan, case: &str, caller: &str) -> Result<(), String> {
        let actuator = self.actuator.clone().ok_or("this session is read-only")?;
        let run = Run::new(case.to_string(), caller, plan, self.clock.now());
        let ports = Ports {
            actuator,
            clock: Arc::clone(&self.clock),
            events: self.events.clone(),
            verification: None,
        };
        self.runs
            .start(run, &self.journals, ports)
            .map_err(|error| error.to_string())?;
        Ok(())
    }
}
