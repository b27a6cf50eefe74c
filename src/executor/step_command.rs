//! A command in a guest, and what calls print: every line is an event, once.

use std::time::Duration;

use super::event::{RunEventKind, StepOutcome};
use super::retry::{Patience, worth_retrying};
use super::step::Change;
use crate::operation::State;

/// How long a command may take.
const COMMAND: Duration = Duration::from_mins(10);

impl Change<'_> {
    /// Waits until a command has ended. What it prints is recorded as it comes. A run that halts does not
    /// wait for it.
    pub(super) async fn follow(&mut self, id: &str) -> Result<StepOutcome, String> {
        let mut status = "not visible yet".to_owned();
        let mut waited = Duration::ZERO;
        for attempt in 1.. {
            match self.context.observe(self.operation).await {
                Ok(State::Command(command)) if command.id == id => {
                    self.emit(&command.output).await?;
                    if command.has_ended() {
                        return verdict(id, &command.status);
                    }
                    status = command.status;
                }
                // AWS does not show it yet, or an earlier one of that name.
                Ok(_) => {}
                Err(error) if worth_retrying(error.kind) => {}
                Err(error) => {
                    return Err(format!("how far command {id} is can't be read: {error}"));
                }
            }
            let pause = Patience::COMMAND.pause(attempt, self.planned.id);
            waited += pause;
            if waited > COMMAND {
                break;
            }
            if !self.context.rest(pause, self.planned.class).await {
                return Ok(StepOutcome::Warned {
                    message: format!("not waited for: the run halted; command {id} is {status}"),
                });
            }
        }
        Err(format!(
            "command {id} is {status} after {} minutes",
            COMMAND.as_secs() / 60
        ))
    }

    /// Records what was not recorded before, in order.
    pub(super) async fn emit(&mut self, all: &[String]) -> Result<(), String> {
        // What does not begin as before (AWS cuts long outputs) is another text.
        let fresh = all.strip_prefix(self.output.as_slice()).unwrap_or(all);
        let step = self.planned.id;
        let line = |line: &String| RunEventKind::Output {
            step,
            line: line.clone(),
        };
        self.record_all(fresh.iter().map(line).collect()).await?;
        self.output = all.to_vec();
        Ok(())
    }
}

fn verdict(id: &str, status: &str) -> Result<StepOutcome, String> {
    if status == "Success" {
        let message = format!("command {id}: Success");
        Ok(StepOutcome::Done { message })
    } else {
        Err(format!("command {id}: {status}"))
    }
}
