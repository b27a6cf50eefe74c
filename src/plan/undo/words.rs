//! What to know before an undo is confirmed, and the three-way view of what drifted.

use super::{Drift, Undo};
use crate::model::{AclAction, AclEntry, GroupRule, RulePeer};
use crate::operation::{Operation, State};
use crate::plan::claim::changes_traffic;
use crate::plan::step::Plan;

/// Peers that a line names at the most.
const LISTED: usize = 8;

impl Drift {
    /// Before the run, as the run left it, and now: one line each.
    pub fn lines(&self) -> [String; 3] {
        let before = self.before.as_ref();
        [
            format!(
                "before: {}",
                before.map_or_else(|| "not read".to_string(), State::prose)
            ),
            format!("ours:   {} (step {})", self.ours.prose(), self.step),
            format!("now:    {}", self.now.prose()),
        ]
    }
}

/// The remarks of an undo, the worst first. `plan` is that of the run.
pub(super) fn remarks(plan: &Plan, undo: &Undo) -> Vec<String> {
    let mut remarks = Vec::new();
    let reopens = |it: &&Operation| changes_traffic(it) || adds_rules(it);
    if undo.plan.operations().any(|it| reopens(&it)) {
        remarks.push(
            "What the run closed is open again: the attacker's way in too, if it led through there."
                .to_string(),
        );
        remarks.extend(let_through(undo, plan));
    }
    for drift in &undo.drift {
        remarks.push(format!(
            "Refused: step {}: somebody has changed it since the run ({}).",
            drift.step,
            drift.ours.prose()
        ));
    }
    let mut reasons: Vec<(&str, Vec<String>)> = Vec::new();
    for kept in &undo.kept {
        let step = kept.step.to_string();
        match reasons.iter_mut().find(|(why, _)| *why == kept.why) {
            Some((_, steps)) => steps.push(step),
            None => reasons.push((&kept.why, vec![step])),
        }
    }
    for (why, steps) in reasons {
        remarks.push(format!("Not undone (step {}): {why}.", steps.join(", ")));
    }
    let starts = |it: &Operation| matches!(it, Operation::StartInstance { .. });
    if undo.plan.operations().any(starts) {
        let words = "An automatic public address is another one after the start; what was in memory is gone \
                     unless it was hibernated.";
        remarks.push(words.to_string());
    }
    remarks
}

fn adds_rules(operation: &Operation) -> bool {
    matches!(operation, Operation::AuthorizeRules { .. })
}

/// Who is let through again, where the run named them.
fn let_through(undo: &Undo, plan: &Plan) -> Option<String> {
    let mut peers: Vec<String> = Vec::new();
    for operation in undo.plan.operations() {
        match operation {
            Operation::AuthorizeRules { rules, .. } => peers.extend(rules.iter().map(peer)),
            Operation::DeleteAclEntry {
                direction, number, ..
            } => peers.extend(plan.operations().find_map(|it| match denied(it) {
                Some(entry) if entry.direction == *direction && entry.number == *number => {
                    Some(entry.cidr.to_string())
                }
                _ => None,
            })),
            Operation::DeleteRoute { destination, .. }
            | Operation::CreateRoute { destination, .. } => peers.push(destination.clone()),
            _ => {}
        }
    }
    peers.sort();
    peers.dedup();
    if peers.is_empty() {
        return None;
    }
    let more = peers.len().saturating_sub(LISTED);
    peers.truncate(LISTED);
    let more = if more == 0 {
        String::new()
    } else {
        format!(" and {more} more")
    };
    Some(format!("Let through again: {}{more}.", peers.join(", ")))
}

fn denied(operation: &Operation) -> Option<&AclEntry> {
    match operation {
        Operation::CreateAclEntry { entry, .. } | Operation::ReplaceAclEntry { entry, .. } => {
            Some(entry).filter(|it| it.action == AclAction::Deny)
        }
        _ => None,
    }
}

fn peer(rule: &GroupRule) -> String {
    match &rule.peer {
        RulePeer::Cidr(cidr) => cidr.to_string(),
        RulePeer::Group(group) => group.to_string(),
        RulePeer::PrefixList(list) => list.clone(),
    }
}
