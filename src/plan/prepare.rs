//! Prepares a VPC: makes the pair of groups that `sg-two-step-staged` uses, or repairs it.
//!
//! Nothing that has a member is ever opened.
//! <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html>

use super::actions::sg_two_step::everything;
use super::builder::{PlanError, try_out};
use super::case_tags::{self, CASE_TAG};
use super::pair::{EMPTY_GROUP, OPEN_GROUP, Staged, standing};
use super::step::{Class, Plan, Procedure, Target, What};
use super::subject::Steps;
use crate::model::{Direction, EniId, Estate, PartKind, VpcId};
use crate::operation::{GroupRef, Operation, Ref, StepId};

/// The parts of the estate that a preparation rests on.
const NEEDS: [PartKind; 3] = [PartKind::Vpcs, PartKind::Enis, PartKind::Groups];

/// The plan that gives a VPC its pair: what stands is left alone, what is missing is made, what has the wrong
/// rules gets the right ones.
///
/// # Errors
/// [`PlanError::Prepared`]: both stand, with their ids. [`PlanError::NotRepairable`]: a group of that name
/// has members, who would be opened. Else what was not read, or what AWS would refuse.
pub fn prepare(estate: &Estate, vpc: &VpcId, case: &str) -> Result<Plan, PlanError> {
    let unread = |part: &PartKind| estate.freshness(*part).is_none();
    if let Some(missing) = NEEDS.into_iter().find(unread) {
        return Err(PlanError::NotRead(missing));
    }
    if estate.vpc(vpc).is_none() {
        return Err(PlanError::UnknownVpc(vpc.clone()));
    }
    let found = standing(estate, vpc);
    if let Some((open, empty)) = found.pair() {
        return Err(PlanError::Prepared {
            vpc: vpc.clone(),
            open: open.clone(),
            empty: empty.clone(),
        });
    }
    let mut steps = Steps::default();
    let mut made = Made::default();
    open(&found.open, vpc, case, &mut steps, &mut made)?;
    empty(&found.empty, vpc, case, &mut steps, &mut made);
    steps.push(What::Verify(made.holds), Class::Must, made.changes);
    case_tags::tag_changed(case, &mut steps);
    let mut plan = Plan {
        procedure: Procedure::Prepare,
        target: Target::Vpc(vpc.clone()),
        steps: steps.finish(),
        remarks: vec![REMARK.to_string()],
    };
    let left_out = try_out(estate, &plan)?;
    plan.remarks.extend(left_out);
    Ok(plan)
}

const REMARK: &str = "No interface is touched. Automation that looks for open groups may report firedoor-step-1, or take \
                      its rules away: exempt it, and look with `firedoor doctor` from time to time.";

/// What was planned so far, and must hold in the end.
#[derive(Default)]
struct Made {
    changes: Vec<StepId>,
    holds: Vec<Operation>,
}

impl Made {
    fn change(&mut self, steps: &mut Steps, operation: Operation, after: Option<StepId>) {
        self.holds.push(operation.clone());
        self.changes
            .push(steps.change(operation, Class::Must, after));
    }
}

fn open(
    found: &Staged,
    vpc: &VpcId,
    case: &str,
    steps: &mut Steps,
    made: &mut Made,
) -> Result<(), PlanError> {
    let (group, create) = match found {
        Staged::Stands { .. } => return Ok(()),
        Staged::Missing { .. } => create(vpc, OPEN_GROUP, case, steps),
        Staged::Wrong { group, members, .. } if !members.is_empty() => {
            let members: Vec<&str> = members.iter().map(EniId::as_str).collect();
            return Err(PlanError::NotRepairable {
                group: group.clone(),
                why: format!(
                    "it would open {} to the world; give them another group, or rename this one",
                    members.join(", ")
                ),
            });
        }
        Staged::Wrong { group, .. } => (Ref::Id(group.clone()), None),
    };
    for direction in Direction::BOTH {
        let rules = Operation::AuthorizeRules {
            group: group.clone(),
            direction,
            rules: everything(direction),
        };
        made.change(steps, rules, create);
    }
    Ok(())
}

/// A new group allows everything out, and of both families where the VPC has both.
fn empty(found: &Staged, vpc: &VpcId, case: &str, steps: &mut Steps, made: &mut Made) {
    let (group, create) = match found {
        Staged::Stands { .. } => return,
        Staged::Missing { .. } => create(vpc, EMPTY_GROUP, case, steps),
        Staged::Wrong { group, .. } => (Ref::Id(group.clone()), None),
    };
    for direction in Direction::BOTH {
        let revoke = Operation::RevokeAllRules {
            group: group.clone(),
            direction,
        };
        made.change(steps, revoke, create);
    }
}

fn create(vpc: &VpcId, name: &str, case: &str, steps: &mut Steps) -> (GroupRef, Option<StepId>) {
    let tags = [("Name", name), (CASE_TAG, case)];
    let tags = tags.map(|(key, value)| (key.to_string(), value.to_string()));
    let create = Operation::CreateGroup {
        vpc: vpc.clone(),
        name: name.to_string(),
        description: "Firedoor: one of a pair, see firedoor prepare".to_string(),
        tags: tags.to_vec(),
    };
    let step = steps.change(create, Class::Must, []);
    (Ref::Made(step), Some(step))
}
