//! What stands against a plan: the console's own way in and out, protected objects, another run, and an order
//! that loses evidence.

use clap::Args;
use color_eyre::eyre;

use super::outside::Outside;
use super::own_path::own_path;
use super::{AnswerIsNo, say, state_dir};
use crate::app::Mode;
use crate::executor::Archive;
use crate::model::Estate;
use crate::operation::Operation;
use crate::plan::{Guard, GuardKind, Lint, LintVerdict, OwnPath, Plan, Severity, guards, lint};
use crate::sources::Identity;

/// What is done nevertheless.
#[derive(Debug, Clone, Args)]
pub(super) struct OverArgs {
    /// Changes objects that are tagged `firedoor:protect`, too.
    #[arg(long)]
    ignore_protect: bool,
    /// Goes on in spite of a danger that `firedoor plan` names: your own session cut, an order that loses
    /// evidence.
    #[arg(long)]
    accept_danger: bool,
}

/// Guards and lints of one plan.
pub(super) struct Against {
    guards: Vec<Guard>,
    lints: Vec<Lint>,
}

impl Against {
    /// `case`: what its earlier runs did counts for the order.
    pub(super) async fn of(
        estate: &Estate,
        plan: &Plan,
        outside: (&Outside, &Identity),
        case: &str,
    ) -> eyre::Result<Self> {
        let runs = Archive::new(state_dir()?).runs();
        // The archive is newest first.
        let own_case = runs.iter().rev().filter(|it| it.view.case == case);
        let steps = own_case.flat_map(|it| it.view.steps.values());
        let former: Vec<Operation> = steps.filter_map(|it| it.operation.clone()).collect();
        Ok(Self {
            lints: lint(estate, plan, &former),
            ..Self::guarded(estate, plan, outside).await
        })
    }

    /// Guards alone: what is taken back is not evidence.
    pub(super) async fn guarded(
        estate: &Estate,
        plan: &Plan,
        (outside, identity): (&Outside, &Identity),
    ) -> Self {
        // In a drill or a dump nothing is the console's own.
        let own = match outside.mode {
            Mode::Drill | Mode::Dump | Mode::Replay => OwnPath::default(),
            Mode::ReadOnly | Mode::Changes => own_path(Some(identity)).await,
        };
        Self {
            guards: guards(estate, plan, &own),
            lints: Vec::new(),
        }
    }

    /// One line each.
    pub(super) fn lines(&self) -> Vec<String> {
        let guards = self.guards.iter();
        let guards = guards.map(|it| format!("{}: {}", it.severity.name(), it.words));
        let lints = self.lints.iter();
        let lints = lints.map(|it| format!("{} ({}): {}", it.verdict.name(), it.rule, it.words));
        guards.chain(lints).collect()
    }

    /// Refuses what may not be run, unless an override says so; tells the rest.
    pub(super) fn hold_up(&self, over: &OverArgs) -> Result<(), AnswerIsNo> {
        let waived = |it: &Guard| it.kind == GuardKind::Protected && over.ignore_protect;
        let refused = self
            .guards
            .iter()
            .find(|it| it.severity == Severity::Refuse && !waived(it));
        let refused = refused.map(|it| it.words.clone());
        let ruled_out = self
            .lints
            .iter()
            .find(|it| it.verdict == LintVerdict::Refuse);
        if let Some(words) = refused.or_else(|| ruled_out.map(|it| it.words.clone())) {
            return Err(AnswerIsNo(format!("nothing was sent: {words}")));
        }
        let danger = self
            .guards
            .iter()
            .find(|it| it.severity == Severity::Danger);
        let danger = danger.map(|it| &it.words);
        let asked = self.lints.first().map(|it| &it.words);
        if let (Some(words), false) = (danger.or(asked), over.accept_danger) {
            return Err(AnswerIsNo(format!(
                "nothing was sent: {words} --accept-danger goes on in spite of it."
            )));
        }
        for line in self.lines() {
            say(&line);
        }
        Ok(())
    }
}
