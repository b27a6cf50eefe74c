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
    // All at once: whoever spawns this needs a future that may be sent.
    let checks: Vec<_> = checks.collect();
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures::future::BoxFuture;

    use super::*;
    use crate::model::fixture;
    use crate::operation::{Operation, Ref, TagValue};
    use crate::plan::{Action, Class, Procedure, Step, Target};

    /// Answers in turn, after the others had a chance to ask; counts who asks at once.
    #[derive(Default)]
    struct Slow {
        asking: AtomicUsize,
        most: AtomicUsize,
    }

    impl Probe for Slow {
        fn probe<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Probed> {
            Box::pin(async move {
                let now = self.asking.fetch_add(1, Ordering::SeqCst) + 1;
                self.most.fetch_max(now, Ordering::SeqCst);
                tokio::task::yield_now().await;
                self.asking.fetch_sub(1, Ordering::SeqCst);
                match operation {
                    Operation::StopInstance { .. } => Probed::Denied {
                        message: "an SCP denies it".into(),
                    },
                    Operation::DeleteGroup { .. } => Probed::Refused {
                        code: "DependencyViolation".into(),
                        message: "in use".into(),
                    },
                    Operation::SetTags { tags, .. } => {
                        let fixed = |it: &TagValue| matches!(it, TagValue::Text(_));
                        assert!(tags.values().flatten().all(fixed), "{tags:?}");
                        Probed::Allowed
                    }
                    _ => Probed::Allowed,
                }
            })
        }
    }

    fn plan(operations: Vec<Operation>) -> Plan {
        let step = |(operation, number)| Step {
            id: StepId(number),
            what: What::Change(operation),
            class: Class::Must,
            after: BTreeSet::new(),
            part: None,
            known: None,
        };
        Plan {
            procedure: Procedure::Action(Action::Stop),
            target: Target::Instance(fixture::suspect()),
            steps: operations.into_iter().zip(1..).map(step).collect(),
            remarks: Vec::new(),
        }
    }

    fn some() -> Vec<Operation> {
        let instance = fixture::suspect();
        let tags = [("firedoor:time".to_string(), Some(TagValue::Now))];
        vec![
            Operation::StopInstance {
                instance: instance.clone(),
                hibernate: false,
            },
            Operation::DeleteGroup {
                group: Ref::Id("sg-web".into()),
            },
            Operation::SetEniGroups {
                eni: "eni-web1".into(),
                groups: vec![Ref::Made(StepId(2))],
            },
            Operation::DisassociateProfile {
                instance: instance.clone(),
            },
            Operation::SetTags {
                resource: instance.as_str().into(),
                tags: tags.into(),
            },
        ]
    }

    fn occasion() -> Occasion {
        Occasion {
            now: fixture::read_at(),
            run: "run".into(),
        }
    }

    #[tokio::test]
    async fn every_change_is_asked_about_in_order_or_said_not_to_be() {
        let checked = preflight(&Slow::default(), &plan(some()), &occasion()).await;
        let steps: Vec<u16> = checked.iter().map(|it| it.step.0).collect();
        assert_eq!(steps, [1, 2, 3, 4, 5]);
        let summary = summary(&checked);
        assert!(!summary.is_clear());
        let id = fixture::suspect();
        assert_eq!(
            summary.lines(),
            [
                "1 of 5 calls would be allowed, 2 would be refused, 2 can't be checked".to_string(),
                format!(
                    "step 1 (stop {id}): not allowed: it needs ec2:StopInstances, \
                     ec2:DescribeInstances; an SCP denies it"
                ),
                "step 2 (delete security group sg-web): refused: DependencyViolation: in use".to_string(),
                "step 3 (set the groups of eni-web1 to new:2): not checkable: it is about what step \
                 2 makes"
                    .to_string(),
                format!(
                    "step 4 (take the instance profile off {id}): not checkable: \
                     ec2:DisassociateIamInstanceProfile has no DryRun"
                ),
            ]
        );
    }

    #[tokio::test]
    async fn at_most_four_questions_are_under_way() {
        let probe = Slow::default();
        let one = some().remove(0);
        let checked = preflight(&probe, &plan(vec![one; 20]), &occasion()).await;
        assert_eq!(checked.len(), 20);
        assert_eq!(probe.most.load(Ordering::SeqCst), AT_ONCE);
    }

    #[test]
    fn calls_without_a_dry_run_are_named_once() {
        let mut operations = some();
        operations.extend(some());
        let expected = ["ec2:DisassociateIamInstanceProfile"];
        assert_eq!(without_dry_run(&plan(operations)), expected);
    }
}
