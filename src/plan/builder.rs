//! Builds a plan, or says why there is none.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::case_tags;
use super::catalogue::Action;
use super::course::tried;
use super::dwell::Dwell;
use super::slots::NoSlot;
use super::step::{Plan, Procedure, Step, Target, What};
use super::subject::{Steps, Subject};
use crate::model::{
    Eni, EniId, EniKind, Estate, GroupId, InstanceId, InstanceState, PartKind, VpcId,
};
use crate::operation::{ACL_ENTRIES, Hypothesis, Refusal, StepId};

/// What the analyst wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// The remote addresses of the suspect's findings: what actions against a peer are about.
    pub peers: Vec<IpAddr>,
    /// Entries per direction and family that a network ACL may have.
    pub acl_quota: usize,
    /// The longest time for which a pulse denies, in seconds.
    pub max_hold: u32,
}

impl Intent {
    /// AWS's quota of entries per direction unless an account has raised it.
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html>
    pub const ACL_QUOTA: usize = ACL_ENTRIES;

    /// The longest pulse unless somebody says otherwise, in seconds.
    pub const MAX_HOLD: u32 = 600;
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// A part of the estate that the plan needs has not been read.
    #[error("the {} have not been read yet: wait, or see why under ? sources", .0.name())]
    NotRead(PartKind),
    /// The instance is not in the estate.
    #[error(
        "{0} is not among the instances that were read: it may be terminated, or in another VPC"
    )]
    UnknownInstance(InstanceId),
    /// The instance is on its way out.
    #[error("{id} is {}: only a running or stopped instance can be contained", state.name())]
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
    /// The pair of groups stands.
    #[error("{vpc} has its pair: {open} allows everything, {empty} nothing")]
    Prepared {
        /// The VPC.
        vpc: VpcId,
        /// The group that allows everything.
        open: GroupId,
        /// The group that allows nothing.
        empty: GroupId,
    },
    /// The VPC is not in the estate.
    #[error("{0} is not among the VPCs that were read")]
    UnknownVpc(VpcId),
    /// A group has the name of one of the pair, and members or rules that forbid to repair it.
    #[error("{group} is named as a group of the pair and can't be repaired: {why}")]
    NotRepairable {
        /// The group.
        group: GroupId,
        /// What is in the way, and what to do.
        why: String,
    },
    /// The suspect, or what is known of it, lacks what the action is about.
    #[error("{action} has nothing to do: {why}")]
    Nothing {
        /// The action.
        action: Action,
        /// What is missing, with the id.
        why: String,
    },
    /// A network ACL has no place for an entry.
    #[error(transparent)]
    NoSlot(#[from] NoSlot),
    /// AWS refuses the action, or accepts it and it does not do what it is tried for.
    #[error("{action} is not possible: {why}")]
    NotPossible {
        /// The action.
        action: Action,
        /// Why, with AWS's page or error code.
        why: String,
    },
    /// An action of a playbook can't be planned.
    #[error("{playbook}: {action}: {error}")]
    Part {
        /// The playbook.
        playbook: String,
        /// The action.
        action: Action,
        /// Why.
        error: Box<PlanError>,
    },
    /// Every action of a playbook is left out.
    #[error("{0} has nothing to do: none of its actions can be planned for this instance")]
    NothingLeft(String),
    /// The order of a playbook loses evidence on this estate.
    #[error("{playbook}: refused ({rule}): {words}")]
    Order {
        /// The playbook.
        playbook: String,
        /// The rule.
        rule: &'static str,
        /// What is wrong, and what to do instead.
        words: String,
    },
    /// AWS would refuse a step.
    #[error("AWS would refuse step {step}: {refusal}")]
    Refused {
        /// The step.
        step: StepId,
        /// The reason.
        refusal: Refusal,
    },
}

/// Builds the plan of an action for a suspect, and tries it out on a copy of the estate.
///
/// # Errors
/// Why the action can't be planned on this estate, with the id and what to do.
pub fn build(estate: &Estate, intent: &Intent) -> Result<Plan, PlanError> {
    let (mut plan, left_out) = draft(estate, intent)?;
    plan.remarks.extend(left_out);
    Ok(plan)
}

/// The plan, and apart from its other remarks what the run would go on without.
///
/// # Errors
/// As [`build`].
pub(super) fn draft(estate: &Estate, intent: &Intent) -> Result<(Plan, Vec<String>), PlanError> {
    let entry = intent.action.entry();
    let subject = subject(estate, intent)?;
    let mut steps = Steps::default();
    case_tags::mark(&subject, &mut steps);
    let mut remarks = (entry.build)(&subject, &mut steps)?;
    case_tags::unmark(&subject, &mut steps);
    if entry.fails_health_checks {
        remarks.extend(subject.platform_remarks());
    }
    let plan = Plan {
        procedure: Procedure::Action(intent.action),
        target: Target::Instance(intent.suspect.clone()),
        steps: steps.finish(),
        remarks,
    };
    let left_out = try_out(estate, &plan).map_err(|error| match error {
        PlanError::Refused { refusal, .. } if !entry.possible => PlanError::NotPossible {
            action: intent.action,
            why: format!("AWS would refuse it ({refusal})"),
        },
        other => other,
    })?;
    Ok((plan, left_out))
}

fn subject<'e>(estate: &'e Estate, intent: &'e Intent) -> Result<Subject<'e>, PlanError> {
    let needs = intent.action.entry().needs;
    let unread = |part: &&PartKind| estate.freshness(**part).is_none();
    if let Some(missing) = needs.iter().find(unread) {
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
    if enis.is_empty() && needs.contains(&PartKind::Enis) {
        return Err(PlanError::NoInterface(id.clone()));
    }
    Ok(Subject {
        estate,
        instance,
        enis,
        intent,
    })
}

/// Applies every change to a copy of the estate: what AWS would refuse is refused here. The answer are the
/// refusals that the run would go on without.
///
/// # Errors
/// The first step that must succeed, and would not.
pub(super) fn try_out(estate: &Estate, plan: &Plan) -> Result<Vec<String>, PlanError> {
    let mut hypothesis = Hypothesis::new(estate.clone()).with_raised_quotas();
    let mut left_out = Vec::new();
    for Step { id, what, .. } in &plan.steps {
        if let What::Change(operation) = what {
            let refusal = tried(&mut hypothesis, plan, *id, operation)?;
            left_out.extend(refusal.map(|it| {
                format!("AWS would refuse step {id}, and the run goes on without it: {it}.")
            }));
        }
    }
    Ok(left_out)
}
