//! What a confirm dialog asks about: a plan as it would be built now, and what stands against it.

use crate::analysis::{Blast, Tally};
use crate::executor::RunView;
use crate::operation::Operation;
use crate::plan::{
    self, Guard, Intent, Lint, Outlook, OwnPath, Plan, PlanError, Playbook, Severity, Taken, Undo,
};

use super::choice::Choice;
use super::state::AppState;

/// What a plan is built from: it is built again at Enter, and compared.
#[derive(Debug, Clone, PartialEq)]
pub enum Asked {
    /// An action of the catalogue.
    Action(Intent),
    /// A playbook.
    Playbook(Box<Playbook>, Intent),
    /// A run is to be taken back. Beside it, how its objects were when they were looked at last.
    Undo(Box<RunView>, Vec<Taken>),
}

/// A plan as it is now, and everything that is to be known before it is confirmed.
#[derive(Debug, Clone)]
pub(super) struct Preview {
    pub(super) outlook: Outlook,
    /// Of an undo: what is left out of the plan.
    pub(super) undo: Option<Undo>,
    pub(super) guards: Vec<Guard>,
    pub(super) lints: Vec<Lint>,
}

impl Preview {
    /// The guards that a confirmation rests on.
    pub(super) fn serious(&self) -> impl Iterator<Item = &Guard> {
        let serious = |it: &&Guard| it.severity != Severity::Note;
        self.guards.iter().filter(serious)
    }
}

impl AppState {
    /// What a row of the actions pane asks for; `None` without a suspect, or for a playbook that can't be
    /// used.
    pub(super) fn asked(&self, choice: &Choice) -> Option<Asked> {
        match choice {
            Choice::Action(action) => Some(Asked::Action(self.intent(*action)?)),
            Choice::Playbook(name) => {
                let playbook = Box::new(self.playbook(name)?.clone());
                Some(Asked::Playbook(
                    playbook,
                    self.intent(plan::Action::ALL[0])?,
                ))
            }
            Choice::Unusable(_) => None,
        }
    }

    /// The plan as it would be built at this moment.
    pub(super) fn preview_of(&self, asked: &Asked) -> Result<Preview, PlanError> {
        let mut undo = None;
        let outlook = match asked {
            Asked::Action(intent) => self.forecast_now(intent)?,
            Asked::Playbook(playbook, intent) => {
                let plan = plan::build_playbook(&self.estate, playbook, intent)?;
                self.outlook_now(plan)?
            }
            Asked::Undo(run, taken) => {
                let back = plan::undo(&run.run, &run.plan, taken, None);
                let plan = back.plan.clone();
                undo = Some(back);
                self.outlook_now(plan.clone())
                    .unwrap_or_else(|error| unforeseen(plan, &error))
            }
        };
        let plan = &outlook.plan;
        Ok(Preview {
            guards: plan::guards(&self.estate, plan, &self.own()),
            lints: plan::lint(&self.estate, plan, &self.former(plan)),
            undo,
            outlook,
        })
    }

    /// Where the console stands, and who it is.
    fn own(&self) -> OwnPath {
        let caller = self.identity.as_ref().map(|it| it.arn.clone());
        let own = self.settings.own.clone();
        OwnPath {
            caller_arn: own.caller_arn.or(caller),
            ..own
        }
    }

    /// What earlier runs of the same case sent to the same target, the oldest first.
    fn former(&self, plan: &Plan) -> Vec<Operation> {
        let past = self.archive.iter().flat_map(|it| &it.runs);
        let same = past
            .filter(|it| it.view.case == self.settings.case && it.view.plan.target == plan.target);
        let mut runs: Vec<&RunView> = same.map(|it| &it.view).collect();
        runs.reverse();
        let is_listed = |run: &&RunView| runs.iter().all(|it| it.run != run.run);
        let current = self.run.iter().filter(is_listed).collect::<Vec<_>>();
        let of_target = |it: &&&RunView| it.plan.target == plan.target;
        let runs = runs.iter().chain(current.iter().filter(of_target));
        runs.flat_map(|it| it.steps.values())
            .filter_map(|it| it.operation.clone())
            .collect()
    }
}

/// What a plan does that can't be tried on the estate as it was read: nobody knows.
fn unforeseen(mut plan: Plan, error: &PlanError) -> Outlook {
    plan.remarks
        .push(format!("Its effect can't be forecast: {error}."));
    Outlook {
        plan,
        stages: Vec::new(),
        tally: Tally::default(),
        blast: Blast::default(),
        role_users: std::collections::BTreeSet::new(),
    }
}
