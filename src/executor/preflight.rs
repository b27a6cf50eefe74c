//! Before a run: asking AWS, step by step, whether it would be allowed. Nothing is changed.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/CommonParameters.html>

use futures::StreamExt;
use futures::stream;

use crate::operation::{Bindings, Occasion, Operation, Probe, Probed, StepId};
use crate::plan::{Plan, What};

/// How many questions are under way at once: the calls' rate limits are shared with the account.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/throttling.html>
const AT_ONCE: usize = 4;

/// What was found out about a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The step.
    pub step: StepId,
    /// What it does, in one line.
    pub prose: String,
    /// The API call that makes the change, as IAM names it.
    pub api: &'static str,
    /// Every permission that the step needs.
    pub iam: &'static [&'static str],
    /// What AWS answered.
    pub probed: Probed,
}

/// Asks about every change of a plan, in the order of its steps. `occasion` fixes what waits for the call.
pub async fn preflight(probe: &dyn Probe, plan: &Plan, occasion: &Occasion) -> Vec<Checked> {
    let changes = plan.steps.iter().filter_map(|step| match &step.what {
        What::Change(operation) => Some((step.id, operation)),
        What::Wait { .. } | What::Verify(_) => None,
    });
    let checks = changes.map(|(step, operation)| async move {
        let facts = operation.facts();
        Checked {
            step,
            prose: operation.prose(),
            api: facts.api,
            iam: facts.iam,
            probed: ask(probe, operation, occasion).await,
        }
    });
    stream::iter(checks).buffered(AT_ONCE).collect().await
}

/// Asks about one change, where it can be asked.
async fn ask(probe: &dyn Probe, operation: &Operation, occasion: &Occasion) -> Probed {
    if !operation.facts().dry_run {
        let why = format!("{} has no DryRun", operation.facts().api);
        return Probed::NotCheckable { why };
    }
    match operation.bind(&Bindings::default()) {
        Ok(bound) => probe.probe(&bound.at(occasion)).await,
        Err(unbound) => Probed::NotCheckable {
            why: format!("it is about what step {} makes", unbound.0),
        },
    }
}

/// A preflight in words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Steps that would be allowed.
    pub allowed: usize,
    /// Steps that AWS would not carry out, with the permissions that are missing or AWS's reason.
    pub against: Vec<String>,
    /// Steps that nobody knows about: the call has no `DryRun`, its object does not exist yet, or the
    /// question failed.
    pub unknown: Vec<String>,
}

impl Summary {
    /// Whether nothing is known to stand against the plan.
    pub fn is_clear(&self) -> bool {
        self.against.is_empty()
    }

    /// One line for a screen.
    pub fn headline(&self) -> String {
        let total = self.allowed + self.against.len() + self.unknown.len();
        let Self {
            allowed,
            against,
            unknown,
        } = self;
        format!(
            "{allowed} of {total} calls would be allowed, {} would be refused, {} can't be checked",
            against.len(),
            unknown.len()
        )
    }

    /// All of it, the bad news first.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![self.headline()];
        lines.extend(self.against.iter().cloned());
        lines.extend(self.unknown.iter().cloned());
        lines
    }
}

/// Puts a preflight into words.
pub fn summary(checked: &[Checked]) -> Summary {
    let mut summary = Summary::default();
    for it in checked {
        let line = |words: String| format!("step {} ({}): {words}", it.step, it.prose);
        match &it.probed {
            Probed::Allowed => summary.allowed += 1,
            Probed::Denied { message } => summary.against.push(line(format!(
                "not allowed: it needs {}; {message}",
                it.iam.join(", ")
            ))),
            Probed::Refused { code, message } => {
                summary
                    .against
                    .push(line(format!("refused: {code}: {message}")));
            }
            Probed::NotCheckable { why } => {
                summary.unknown.push(line(format!("not checkable: {why}")));
            }
            Probed::Failed { message } => {
                summary.unknown.push(line(format!("not asked: {message}")));
            }
        }
    }
    summary
}

/// The calls of a plan that have no `DryRun`, each once: whether they are allowed shows only when they are
/// made.
pub fn without_dry_run(plan: &Plan) -> Vec<&'static str> {
    let mut apis: Vec<&str> = Vec::new();
    for facts in plan.operations().map(Operation::facts) {
        if !facts.dry_run && !apis.contains(&facts.api) {
            apis.push(facts.api);
        }
    }
    apis
}
