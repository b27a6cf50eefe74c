//! Builds a plan, or says why there is none.

use std::collections::{BTreeMap, BTreeSet};

use super::catalogue::Action;
use super::step::{Class, Plan, Step, What};
use super::{nacl_swap, sg_swap, sg_two_step};
use crate::model::{
    AclAction, Eni, EniId, EniKind, Estate, Instance, InstanceId, InstanceState, PartKind,
    SubnetId, VpcId,
};
use crate::operation::{Hypothesis, Operation, Refusal, StepId};

/// What the analyst wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// The action.
    pub action: Action,
    /// The instance.
    pub suspect: InstanceId,
    /// The case: goes into tags and names of everything that is made.
    pub case: String,
    /// Makes names of this run unique: a time, to the second.
    pub stamp: String,
    /// How long a two-step stays open.
    pub dwell: Dwell,
}

/// How long the open group of a two-step stays open: long enough for every live flow to pass a
/// packet, and no longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dwell {
    /// The longest mean gap between packets of the suspect's active flows, in seconds; `None`: no
    /// flow is known.
    pub slowest_gap: Option<u32>,
    /// Never longer than this, in seconds.
    pub max: u32,
}

impl Dwell {
    /// The shortest dwell that is planned unless `max` is shorter, in seconds.
    const FLOOR: u32 = 5;

    /// The dwell in seconds: twice the slowest gap, between 5 and `max`; `max` if nothing is known.
    pub fn seconds(self) -> u32 {
        let wanted = self
            .slowest_gap
            .map_or(self.max, |gap| gap.saturating_mul(2));
        wanted.max(Self::FLOOR).min(self.max)
    }
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// This version can't run the action.
    #[error("{0} is not available in this version")]
    NotAvailable(Action),
    /// A part of the estate that the plan needs has not been read.
    #[error("the {} have not been read yet: wait, or see why under ? sources", .0.name())]
    NotRead(PartKind),
    /// The instance is not in the estate.
    #[error(
        "{0} is not among the instances that were read: it may be terminated, or in another VPC"
    )]
    UnknownInstance(InstanceId),
    /// The instance is on its way out.
    #[error("{id} is {}: AWS changes groups only of a running or stopped instance", state.name())]
    WrongState {
        /// The instance.
        id: InstanceId,
        /// Its state.
        state: InstanceState,
    },
    /// The instance has no interface.
    #[error("{0} has no network interface")]
    NoInterface(InstanceId),
    /// An interface whose groups only its service can change.
    #[error(
        "{eni} of the suspect is managed by an AWS service ({}): its groups can't be changed; \
         nacl-swap does not need to", kind.name()
    )]
    RequesterManaged {
        /// The interface.
        eni: EniId,
        /// What it serves.
        kind: EniKind,
    },
    /// There is nothing to do.
    #[error("{0} is already so: {1} would change nothing")]
    AlreadySo(InstanceId, Action),
    /// AWS would refuse a step.
    #[error("AWS would refuse step {step}: {refusal}")]
    Refused {
        /// The step.
        step: StepId,
        /// The reason.
        refusal: Refusal,
    },
}

/// The part of the estate that a plan is built from.
#[derive(Debug)]
pub(super) struct Subject<'e> {
    pub(super) estate: &'e Estate,
    pub(super) instance: &'e Instance,
    pub(super) enis: Vec<&'e Eni>,
    pub(super) intent: &'e Intent,
}

impl Subject<'_> {
    /// The suspect's interfaces by VPC: a group serves one VPC.
    pub(super) fn enis_by_vpc(&self) -> BTreeMap<&VpcId, Vec<&Eni>> {
        let mut vpcs: BTreeMap<&VpcId, Vec<&Eni>> = BTreeMap::new();
        for eni in &self.enis {
            vpcs.entry(&eni.vpc).or_default().push(eni);
        }
        vpcs
    }

    /// The suspect's subnets by VPC.
    pub(super) fn subnets_by_vpc(&self) -> BTreeMap<&VpcId, BTreeSet<&SubnetId>> {
        let mut vpcs: BTreeMap<&VpcId, BTreeSet<&SubnetId>> = BTreeMap::new();
        for eni in &self.enis {
            vpcs.entry(&eni.vpc).or_default().insert(&eni.subnet);
        }
        vpcs
    }

    /// A name that no other run uses.
    pub(super) fn made_name(&self, part: &str) -> String {
        format!(
            "firedoor-{part}-{}-{}",
            self.instance.id.tail(4),
            self.intent.stamp
        )
    }

    /// Tags of everything that is made.
    pub(super) fn tags(&self, name: &str) -> Vec<(String, String)> {
        let tags = [
            ("Name", name),
            ("firedoor:case", self.intent.case.as_str()),
            ("firedoor:suspect", self.instance.id.as_str()),
        ];
        tags.map(|(key, value)| (key.to_string(), value.to_string()))
            .to_vec()
    }

    /// Whether every interface is alone in a group without rules already.
    pub(super) fn is_in_empty_groups(&self) -> bool {
        self.enis.iter().all(|eni| match eni.groups.as_slice() {
            [only] => self
                .estate
                .group(only)
                .is_some_and(|it| it.rules.is_empty()),
            _ => false,
        })
    }

    pub(super) fn already_so(&self) -> PlanError {
        PlanError::AlreadySo(self.instance.id.clone(), self.intent.action)
    }

    /// Whether every subnet has a network ACL without an allow already.
    pub(super) fn is_behind_denies(&self) -> bool {
        self.enis.iter().all(|eni| {
            let acl = self.estate.acl_of_subnet(&eni.subnet);
            acl.is_some_and(|it| {
                it.entries
                    .iter()
                    .all(|entry| entry.action == AclAction::Deny)
            })
        })
    }

    /// What its platform is expected to do to a suspect that answers no health check.
    /// <https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-health-checks.html>
    fn platform_remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        let id = &self.instance.id;
        if let Some(member) = self.estate.asg_of(id) {
            let lost = self
                .estate
                .volumes_of(id)
                .filter(|it| it.delete_on_termination)
                .count();
            remarks.push(format!(
                "It is {} in Auto Scaling group {}: once health checks fail the group may terminate it \
                 and {lost} volumes with it. To keep the evidence, put it to standby first, outside \
                 of this program.",
                member.lifecycle, member.group
            ));
        }
        for target in self.estate.targets_of(id) {
            remarks.push(format!(
                "Target group {} loses it: its health checks will fail.",
                target.target_group
            ));
        }
        remarks
    }

    /// Refuses interfaces whose groups only their service can change.
    pub(super) fn groups_changeable(&self) -> Result<(), PlanError> {
        let managed = self.enis.iter().find(|eni| eni.requester_managed);
        managed.map_or(Ok(()), |eni| {
            Err(PlanError::RequesterManaged {
                eni: eni.id.clone(),
                kind: eni.kind,
            })
        })
    }
}

/// Collects steps and numbers them.
#[derive(Debug, Default)]
pub(super) struct Steps(Vec<Step>);

impl Steps {
    pub(super) fn change(
        &mut self,
        operation: Operation,
        class: Class,
        after: impl IntoIterator<Item = StepId>,
    ) -> StepId {
        self.push(What::Change(operation), class, after)
    }

    pub(super) fn push(
        &mut self,
        what: What,
        class: Class,
        after: impl IntoIterator<Item = StepId>,
    ) -> StepId {
        let number = u16::try_from(self.0.len() + 1).unwrap_or(u16::MAX);
        let id = StepId(number);
        self.0.push(Step {
            id,
            what,
            class,
            after: after.into_iter().collect(),
        });
        id
    }
}

/// Builds the plan of an action for a suspect.
///
/// # Errors
/// Why the action can't be planned on this estate, with the id and what to do.
pub fn build(estate: &Estate, intent: &Intent) -> Result<Plan, PlanError> {
    let subject = subject(estate, intent)?;
    let mut steps = Steps::default();
    let mut remarks = match intent.action {
        Action::SgSwap => sg_swap::steps(&subject, &mut steps)?,
        Action::SgTwoStep => sg_two_step::steps(&subject, &mut steps)?,
        Action::NaclSwap => nacl_swap::steps(&subject, &mut steps)?,
        other => return Err(PlanError::NotAvailable(other)),
    };
    remarks.extend(subject.platform_remarks());
    let plan = Plan {
        action: intent.action,
        suspect: intent.suspect.clone(),
        steps: steps.0,
        remarks,
    };
    try_out(estate, &plan)?;
    Ok(plan)
}

/// The parts of the estate that an action's plan rests on. A part that is denied must not stand in the
/// way of an action that does without it.
fn needs(action: Action) -> &'static [PartKind] {
    use PartKind::{Acls, Enis, Groups, Instances, Subnets, Vpcs};
    match action {
        Action::NaclSwap => &[Instances, Enis, Vpcs, Subnets, Acls],
        _ => &[Instances, Enis, Vpcs, Groups],
    }
}

fn subject<'e>(estate: &'e Estate, intent: &'e Intent) -> Result<Subject<'e>, PlanError> {
    if !intent.action.available() {
        return Err(PlanError::NotAvailable(intent.action));
    }
    let unread = |part: &&PartKind| estate.freshness(**part).is_none();
    if let Some(missing) = needs(intent.action).iter().find(unread) {
        return Err(PlanError::NotRead(*missing));
    }
    let id = &intent.suspect;
    let instance = estate
        .instance(id)
        .ok_or_else(|| PlanError::UnknownInstance(id.clone()))?;
    if !matches!(
        instance.state,
        InstanceState::Running | InstanceState::Stopped
    ) {
        return Err(PlanError::WrongState {
            id: id.clone(),
            state: instance.state,
        });
    }
    let enis: Vec<&Eni> = estate.enis_of_instance(id).collect();
    if enis.is_empty() {
        return Err(PlanError::NoInterface(id.clone()));
    }
    Ok(Subject {
        estate,
        instance,
        enis,
        intent,
    })
}

/// Applies every change to a copy of the estate: what AWS would refuse is refused here.
fn try_out(estate: &Estate, plan: &Plan) -> Result<(), PlanError> {
    let mut hypothesis = Hypothesis::new(estate.clone());
    for step in &plan.steps {
        if let What::Change(operation) = &step.what {
            hypothesis
                .step(step.id, operation)
                .map_err(|refusal| PlanError::Refused {
                    step: step.id,
                    refusal,
                })?;
        }
    }
    Ok(())
}
