//! The order of evidence and containment: orders that lose evidence, or that undo one another, are refused
//! or asked about. Pure: it looks at the operations of a plan, at what waits for what, and at what
//! earlier runs of the case did.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::step::{Plan, Procedure, Step, What};
use crate::model::{AclAction, Estate, InstanceState};
use crate::operation::{Attribute, Operation, StepId};

/// What a rule does with a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LintVerdict {
    /// The plan is not run.
    Refuse,
    /// The analyst is asked.
    Ask,
}

impl LintVerdict {
    /// The word on screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Ask => "ask",
        }
    }
}

/// A rule of the order of evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LintRule {
    /// Its name.
    pub id: &'static str,
    /// What it finds, in one line.
    pub summary: &'static str,
    /// What it does with the plan of one action.
    pub in_action: LintVerdict,
    /// What it does with a playbook, whose order can be put right.
    pub in_playbook: LintVerdict,
    /// AWS's page that it rests on.
    pub source: &'static str,
}

/// What a rule found in a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lint {
    /// The rule.
    pub rule: &'static str,
    /// What follows.
    pub verdict: LintVerdict,
    /// The steps that it is about.
    pub steps: Vec<StepId>,
    /// What is wrong, on which id, and what to do instead.
    pub words: String,
    /// AWS's page that it rests on.
    pub source: &'static str,
}

use LintVerdict::{Ask, Refuse};

pub(super) const IMAGE_REBOOT: LintRule = LintRule {
    id: "image-reboot",
    summary: "an image that reboots the instance: memory is lost, and what waits for a boot runs",
    in_action: Refuse,
    in_playbook: Refuse,
    source: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateImage.html",
};

pub(super) const TERMINATE: LintRule = LintRule {
    id: "terminate",
    summary: "the suspect terminated: its evidence goes with it",
    in_action: Refuse,
    in_playbook: Refuse,
    source: "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/terminating-instances.html",
};

pub(super) const WAIT_FOR_SNAPSHOT: LintRule = LintRule {
    id: "wait-for-snapshot",
    summary: "a cut that waits for a snapshot or image: its content is fixed at the call",
    in_action: Refuse,
    in_playbook: Refuse,
    source: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSnapshots.html",
};

pub(super) const SWAP_BEFORE_STANDBY: LintRule = LintRule {
    id: "cut-before-standby",
    summary: "a cut before the instance is out of service in its Auto Scaling group, which then ends it",
    in_action: Ask,
    in_playbook: Refuse,
    source: "https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-enter-exit-standby.html",
};

pub(super) const REVOKE_BEFORE_PROFILE_OFF: LintRule = LintRule {
    id: "revoke-before-profile-off",
    summary: "sessions revoked while the profile is on: the instance gets a new one that works",
    in_action: Ask,
    in_playbook: Refuse,
    source: "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html",
};

pub(super) const PROTECT_AFTER_STOP: LintRule = LintRule {
    id: "protect-after-stop",
    summary: "protection that does not come before the stop: until then anybody may terminate it",
    in_action: Ask,
    in_playbook: Refuse,
    source: "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_ChangingDisableAPITermination.html",
};

pub(super) const STOP_BEFORE_MEMORY: LintRule = LintRule {
    id: "stop-before-memory",
    summary: "a stop that throws memory away",
    in_action: Ask,
    in_playbook: Ask,
    source: "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Stop_Start.html",
};

pub(super) const PROFILE_OFF_BEFORE_GUEST: LintRule = LintRule {
    id: "profile-off-before-guest",
    summary: "credentials off before work in the guest: its Systems Manager agent loses them",
    in_action: Ask,
    in_playbook: Ask,
    source: "https://docs.aws.amazon.com/systems-manager/latest/userguide/setup-instance-permissions.html",
};

pub(super) const CUT_BEFORE_GUEST: LintRule = LintRule {
    id: "cut-before-guest",
    summary: "a cut before work in the guest: its Systems Manager agent loses its way",
    in_action: Ask,
    in_playbook: Ask,
    source: "https://docs.aws.amazon.com/systems-manager/latest/userguide/ssm-agent-technical-details.html",
};

/// Every rule, those that always refuse first.
pub fn lint_rules() -> &'static [LintRule] {
    &RULES
}

const RULES: [LintRule; 9] = [
    IMAGE_REBOOT,
    TERMINATE,
    WAIT_FOR_SNAPSHOT,
    SWAP_BEFORE_STANDBY,
    REVOKE_BEFORE_PROFILE_OFF,
    PROTECT_AFTER_STOP,
    STOP_BEFORE_MEMORY,
    PROFILE_OFF_BEFORE_GUEST,
    CUT_BEFORE_GUEST,
];

/// What the rules find in a plan, the worst first. `former` are the changes that earlier runs of the same
/// case made, the oldest first. An undo is not judged: it only gives back.
pub fn lint(estate: &Estate, plan: &Plan, former: &[Operation]) -> Vec<Lint> {
    let in_playbook = match plan.procedure {
        Procedure::Action(_) => false,
        Procedure::Playbook(_) => true,
        Procedure::Undo(_) | Procedure::Prepare => return Vec::new(),
    };
    let order = Order::of(estate, plan, former);
    let checks: [Check; 7] = [
        wait_for_snapshot,
        cut_before_standby,
        revoke_before_profile_off,
        protect_after_stop,
        stop_before_memory,
        profile_off_before_guest,
        cut_before_guest,
    ];
    let found = checks.into_iter().filter_map(|check| check(&order));
    let mut lints: Vec<Lint> = found
        .map(|(rule, steps, words)| Lint {
            rule: rule.id,
            verdict: if in_playbook {
                rule.in_playbook
            } else {
                rule.in_action
            },
            steps,
            words,
            source: rule.source,
        })
        .collect();
    lints.sort_by_key(|it| it.verdict);
    lints
}

type Check = fn(&Order<'_>) -> Found;

/// The rule, the steps that break it, and how.
type Found = Option<(&'static LintRule, Vec<StepId>, String)>;

/// A plan's changes, and which surely come before which.
struct Order<'a> {
    estate: &'a Estate,
    plan: &'a Plan,
    former: &'a [Operation],
    own: Vec<IpAddr>,
    before: BTreeMap<StepId, BTreeSet<StepId>>,
}

impl<'a> Order<'a> {
    fn of(estate: &'a Estate, plan: &'a Plan, former: &'a [Operation]) -> Self {
        let mut before: BTreeMap<StepId, BTreeSet<StepId>> = BTreeMap::new();
        for step in &plan.steps {
            let mut all = step.after.clone();
            for earlier in &step.after {
                all.extend(before.get(earlier).into_iter().flatten());
            }
            before.insert(step.id, all);
        }
        let suspect = plan.suspect();
        let enis = suspect
            .into_iter()
            .flat_map(|it| estate.enis_of_instance(it));
        Self {
            estate,
            plan,
            former,
            own: enis.flat_map(|it| it.addresses.iter().copied()).collect(),
            before,
        }
    }

    /// The steps that do such a thing.
    fn steps(&self, is: impl Fn(&Operation) -> bool) -> Vec<StepId> {
        let does = |step: &&Step| matches!(&step.what, What::Change(operation) if is(operation));
        self.plan
            .steps
            .iter()
            .filter(does)
            .map(|it| it.id)
            .collect()
    }

    /// Whether a step surely comes before another.
    fn precedes(&self, first: StepId, then: StepId) -> bool {
        self.before.get(&then).is_some_and(|it| it.contains(&first))
    }

    /// Those of `then` that none of `first` surely comes before.
    fn without(&self, first: &[StepId], then: Vec<StepId>) -> Vec<StepId> {
        let covered = |it: &StepId| first.iter().any(|earlier| self.precedes(*earlier, *it));
        then.into_iter().filter(|it| !covered(it)).collect()
    }

    fn suspect(&self) -> &str {
        self.plan.suspect().map_or("it", |it| it.as_str())
    }

    /// Whether an operation cuts the instance off, so that health checks fail and agents lose their way.
    fn cuts(&self, operation: &Operation) -> bool {
        match operation {
            Operation::SetEniGroups { .. }
            | Operation::SetInstanceGroups { .. }
            | Operation::SetSubnetAcl { .. }
            | Operation::SetSubnetRouteTable { .. }
            | Operation::DeleteRoute { .. }
            | Operation::RevokeRules { .. }
            | Operation::DetachInterface { .. }
            | Operation::StopInstance { .. } => true,
            Operation::CreateAclEntry { entry, .. } | Operation::ReplaceAclEntry { entry, .. } => {
                entry.action == AclAction::Deny
                    && (entry.cidr.prefix_len() == 0
                        || self.own.iter().any(|it| entry.cidr.contains(it)))
            }
            _ => false,
        }
    }
}

fn some(steps: Vec<StepId>) -> Option<Vec<StepId>> {
    (!steps.is_empty()).then_some(steps)
}

fn wait_for_snapshot(order: &Order<'_>) -> Found {
    let copies = order.steps(|it| {
        matches!(
            it,
            Operation::CreateSnapshots { .. } | Operation::CreateImage { .. }
        )
    });
    let cuts = order.steps(|it| order.cuts(it) && !matches!(it, Operation::StopInstance { .. }));
    let waits = |cut: &StepId| copies.iter().any(|copy| order.precedes(*copy, *cut));
    let steps = some(cuts.into_iter().filter(waits).collect())?;
    let words = "It waits for a copy of the volumes before it cuts anything: the copy's content is fixed \
                 at the call, so nothing need wait for it.";
    Some((&WAIT_FOR_SNAPSHOT, steps, words.to_string()))
}

fn cut_before_standby(order: &Order<'_>) -> Found {
    let member = order.estate.asg_of(order.plan.suspect()?)?;
    if member.lifecycle != "InService" {
        return None;
    }
    let leaves = order.steps(|it| {
        matches!(
            it,
            Operation::EnterStandby { .. } | Operation::DetachFromAsg { .. }
        )
    });
    let cuts = order.steps(|it| order.cuts(it));
    let steps = some(order.without(&leaves, cuts))?;
    let words = format!(
        "{} is in service in Auto Scaling group {}, which terminates it once health checks fail: \
         asg-standby first.",
        order.suspect(),
        member.group
    );
    Some((&SWAP_BEFORE_STANDBY, steps, words))
}

fn revoke_before_profile_off(order: &Order<'_>) -> Found {
    let instance = order.estate.instance(order.plan.suspect()?)?;
    let profile = instance.profile.as_ref()?;
    let off = order.steps(|it| matches!(it, Operation::DisassociateProfile { .. }));
    let revokes = order.steps(|it| matches!(it, Operation::RevokeSessions { .. }));
    let steps = some(order.without(&off, revokes))?;
    let words = format!(
        "While {profile} is on {}, it gets a new session that the revocation does not cover: \
         profile-detach first.",
        order.suspect()
    );
    Some((&REVOKE_BEFORE_PROFILE_OFF, steps, words))
}

fn protect_after_stop(order: &Order<'_>) -> Found {
    let halts = order.steps(|it| matches!(it, Operation::StopInstance { .. }));
    let protects = order.steps(|it| {
        matches!(
            it,
            Operation::SetAttribute {
                attribute: Attribute::TerminationProtection(true),
                ..
            }
        )
    });
    if protects.is_empty() {
        return None;
    }
    let steps = some(order.without(&protects, halts))?;
    let words = format!(
        "{} is stopped before it is protected: until then anybody may terminate it. protect first.",
        order.suspect()
    );
    Some((&PROTECT_AFTER_STOP, steps, words))
}

fn stop_before_memory(order: &Order<'_>) -> Found {
    let instance = order.estate.instance(order.plan.suspect()?)?;
    if instance.state != InstanceState::Running {
        return None;
    }
    let steps = some(order.steps(|it| {
        matches!(
            it,
            Operation::StopInstance {
                hibernate: false,
                ..
            }
        )
    }))?;
    let words = format!(
        "What {} has in memory and on instance store volumes is gone after the stop. Has it been \
         collected? hibernate keeps memory where it was configured.",
        order.suspect()
    );
    Some((&STOP_BEFORE_MEMORY, steps, words))
}

/// The steps in the guest for which such a thing may have come before, in this plan or an earlier run.
fn guest_after(order: &Order<'_>, is: impl Fn(&Operation) -> bool) -> Option<Vec<StepId>> {
    let guest = order.steps(|it| matches!(it, Operation::RunHostBlock { .. }));
    if order.former.iter().any(&is) {
        return some(guest);
    }
    let others = order.steps(is);
    let may_be_late = |step: &StepId| others.iter().any(|it| !order.precedes(*step, *it));
    some(guest.into_iter().filter(may_be_late).collect())
}

fn profile_off_before_guest(order: &Order<'_>) -> Found {
    let steps = guest_after(order, |it| {
        matches!(
            it,
            Operation::DisassociateProfile { .. }
                | Operation::RevokeSessions { .. }
                | Operation::DenyInstance { .. }
                | Operation::SetMetadataEndpoint { enabled: false, .. }
        )
    })?;
    let words = format!(
        "The Systems Manager agent of {} works with the credentials that are taken away: do what needs \
         it first.",
        order.suspect()
    );
    Some((&PROFILE_OFF_BEFORE_GUEST, steps, words))
}

fn cut_before_guest(order: &Order<'_>) -> Found {
    let steps = guest_after(order, |it| order.cuts(it))?;
    let words = format!(
        "The Systems Manager agent of {} loses its way when it is cut off: do what needs it first.",
        order.suspect()
    );
    Some((&CUT_BEFORE_GUEST, steps, words))
}
