//! What a run did to one object, and what is to become of it.

use std::collections::{BTreeMap, BTreeSet};

use super::Taken;
use crate::model::TrackingTimeouts;
use crate::operation::{Attribute, Operation, State, StepId, invert};
use crate::plan::case_tags::{CASE_TAG, RUN_TAG, TIME_TAG};

/// Tags that tell which case changed an object: they stay.
const STAYING_TAGS: [&str; 3] = [CASE_TAG, RUN_TAG, TIME_TAG];

/// All that a run did to one object.
pub(super) struct Chain {
    /// The steps, in order.
    pub(super) steps: Vec<StepId>,
    /// What the last of them did: how the run left the object.
    pub(super) last: Operation,
    /// The state before the first of them.
    pub(super) before: Option<State>,
    /// The state before the last of them, which may have been refused.
    before_last: Option<State>,
    made: Option<String>,
    now: Result<State, String>,
    pub(super) verdict: Verdict,
    /// What of it stays even if it is undone.
    pub(super) remainder: Option<String>,
}

/// What is to become of an object.
pub(super) enum Verdict {
    /// This takes it back.
    Undo(Operation),
    /// It is as it was.
    Settled,
    /// Somebody else changed it: this is how it is now.
    Drift(State),
    /// It can't be taken back, or it must not.
    Kept(String),
    /// It is not wanted back.
    Left,
}

/// What the run did, object by object.
pub(super) fn chains(taken: &[Taken]) -> Vec<Chain> {
    let mut taken: Vec<&Taken> = taken.iter().collect();
    taken.sort_by_key(|it| it.step);
    let created: BTreeSet<&str> = taken.iter().filter_map(|it| created(it)).collect();
    let mut objects: BTreeMap<String, Chain> = BTreeMap::new();
    for it in taken {
        let object = object(it);
        match objects.get_mut(&object) {
            Some(chain) => chain.go_on(it),
            None => {
                objects.insert(object, Chain::begin(it));
            }
        }
    }
    let mut chains: Vec<Chain> = objects.into_values().collect();
    for chain in &mut chains {
        chain.judge(&created);
    }
    let gone = deleted(&chains);
    for chain in &mut chains {
        chain.keep_what_names(&gone);
    }
    chains
}

impl Chain {
    fn begin(taken: &Taken) -> Self {
        Self {
            steps: vec![taken.step],
            last: taken.operation.clone(),
            before: taken.before.clone(),
            before_last: taken.before.clone(),
            made: made(taken).map(str::to_string),
            now: taken.now.clone(),
            verdict: Verdict::Settled,
            remainder: None,
        }
    }

    /// Takes in the next step about the same object.
    fn go_on(&mut self, taken: &Taken) {
        self.steps.push(taken.step);
        match (&mut self.last, &taken.operation) {
            (Operation::SetTags { tags: all, .. }, Operation::SetTags { tags, .. }) => {
                let known: BTreeSet<String> = all.keys().cloned().collect();
                add_tags(&mut self.before, taken.before.as_ref(), |key| {
                    !known.contains(key)
                });
                let mut now = self.now.clone().ok();
                add_tags(&mut now, taken.now.as_ref().ok(), |_| true);
                self.now = now.ok_or_else(|| "its tags".to_string());
                all.extend(tags.clone());
                return;
            }
            (
                Operation::AuthorizeRules { rules: all, .. },
                Operation::AuthorizeRules { rules, .. },
            ) => all.extend(rules.iter().cloned()),
            (last, operation) => last.clone_from(operation),
        }
        self.before_last.clone_from(&taken.before);
        self.made = made(taken).map(str::to_string).or(self.made.take());
        self.now.clone_from(&taken.now);
    }

    pub(super) fn last_step(&self) -> StepId {
        self.steps.last().copied().unwrap_or(StepId(0))
    }

    fn judge(&mut self, created: &BTreeSet<&str>) {
        self.remainder = self.what_stays();
        if let Operation::SetTags { tags, .. } = &mut self.last {
            tags.retain(|key, _| !STAYING_TAGS.contains(&key.as_str()));
            if tags.is_empty() {
                return;
            }
        }
        // What is in an object that the run made goes with it, and is looked at only to see whether
        // somebody else uses it by now.
        let inside = container(&self.last).is_some_and(|it| created.contains(it.as_str()));
        self.verdict = match &self.now {
            Err(why) if !inside => Verdict::Kept(format!(
                "its present state could not be read ({why}): undo this step again later"
            )),
            Ok(now) if inside => self.judge_inside(now),
            Ok(now) => self.judge_by(now),
            Err(_) => Verdict::Settled,
        };
    }

    fn judge_inside(&self, now: &State) -> Verdict {
        if *now == State::Absent || self.is_ours(now) {
            Verdict::Settled
        } else {
            Verdict::Drift(now.clone())
        }
    }

    fn judge_by(&self, now: &State) -> Verdict {
        if let Some(why) = never(&self.last) {
            return Verdict::Kept(why.to_string());
        }
        let Some(before) = &self.before else {
            return Verdict::Kept("its state before the run was not read".to_string());
        };
        if self.last.satisfied_by(before) {
            return if self.last.satisfied_by(now) {
                Verdict::Settled
            } else {
                Verdict::Drift(now.clone())
            };
        }
        let Some(inverse) = invert(&self.last, before, self.made.as_deref()) else {
            return if now == before {
                Verdict::Settled
            } else {
                Verdict::Kept(lost(before))
            };
        };
        if inverse.satisfied_by(now) {
            return Verdict::Settled;
        }
        if self.is_ours(now) {
            Verdict::Undo(inverse)
        } else {
            Verdict::Drift(now.clone())
        }
    }

    /// Whether the object is as the run left it, or as it was before a last step that changed nothing.
    fn is_ours(&self, now: &State) -> bool {
        self.before_last.as_ref() == Some(now) || self.is_as_sent(now)
    }

    fn is_as_sent(&self, now: &State) -> bool {
        match &self.last {
            Operation::SetTags { tags, .. } => {
                let State::Tags(now) = now else {
                    return false;
                };
                let before = match &self.before {
                    Some(State::Tags(before)) => Some(before),
                    _ => None,
                };
                // Several steps may have set them, and one may have been refused.
                tags.iter().all(|(key, want)| {
                    let now = now.get(key);
                    let met = match (want, now) {
                        (Some(want), Some(now)) => want.is_met_by(now),
                        (None, None) => true,
                        _ => false,
                    };
                    met || now == before.and_then(|it| it.get(key))
                })
            }
            // A group that the run emptied has no default rule any more.
            Operation::CreateGroup { .. } => now.made() == self.made.as_deref(),
            last => last.satisfied_by(now),
        }
    }

    /// What stays of a change even where it is undone.
    fn what_stays(&self) -> Option<String> {
        match (&self.last, &self.before) {
            (Operation::SetTags { tags, .. }, _)
                if tags.keys().any(|key| STAYING_TAGS.contains(&key.as_str())) =>
            {
                Some("the tags of the case stay: they say who changed it, and when".to_string())
            }
            (Operation::SetTrackingTimeouts { timeouts, .. }, Some(State::Timeouts(before)))
                if *before != TrackingTimeouts::default()
                    && leaves_some_unset(timeouts, before) =>
            {
                Some(UNSET_TIMERS.to_string())
            }
            _ => None,
        }
    }

    /// A way back that leads to something that the run deleted is none.
    fn keep_what_names(&mut self, gone: &BTreeSet<String>) {
        let Verdict::Undo(inverse) = &self.verdict else {
            return;
        };
        let needs = named_by(inverse);
        if let Some(id) = needs.into_iter().find(|id| gone.contains(id)) {
            self.verdict = Verdict::Kept(format!(
                "{id} was deleted by the run, and what is made again is another one: run the action again instead"
            ));
        }
    }
}

/// Why there is no way back to this state.
fn lost(before: &State) -> String {
    match before {
        State::Timeouts(_) => UNSET_TIMERS.to_string(),
        _ => format!("nothing here brings this back: {}", before.prose()),
    }
}

/// Adds those tags of `more` whose key is wanted. What is not known of one is not known of both.
fn add_tags(all: &mut Option<State>, more: Option<&State>, wanted: impl Fn(&str) -> bool) {
    *all = match (all.take(), more) {
        (Some(State::Tags(mut all)), Some(State::Tags(more))) => {
            let more = more.iter().filter(|(key, _)| wanted(key));
            all.extend(more.map(|(key, value)| (key.clone(), value.clone())));
            Some(State::Tags(all))
        }
        (all, Some(State::Absent)) => all,
        _ => None,
    };
}

const UNSET_TIMERS: &str =
    "idle timers that were never set before stay: AWS has no call that unsets them";

fn leaves_some_unset(set: &TrackingTimeouts, before: &TrackingTimeouts) -> bool {
    let unset = |set: Option<u32>, before: Option<u32>| set.is_some() && before.is_none();
    unset(set.tcp_established, before.tcp_established)
        || unset(set.udp, before.udp)
        || unset(set.udp_stream, before.udp_stream)
}

/// Why an operation is never taken back.
fn never(operation: &Operation) -> Option<&'static str> {
    Some(match operation {
        Operation::CreateSnapshots { .. } | Operation::CreateImage { .. } => {
            "evidence is never undone"
        }
        Operation::GetConsoleOutput { .. } => "it only read: evidence is never undone",
        Operation::DropPublicAddress { .. } => "an automatic public address is lost for good",
        Operation::RunHostBlock { .. } => {
            "the rules in the guest stay until somebody with access to it takes them out"
        }
        Operation::DeleteGroup { .. }
        | Operation::DeleteAcl { .. }
        | Operation::DeleteRouteTable { .. }
        | Operation::DeleteInterface { .. } => {
            "what was deleted is not made again: it would be another one"
        }
        Operation::DetachInterface { .. } | Operation::DetachInternetGateway { .. } => {
            "nothing here attaches it again: attach it by hand"
        }
        Operation::RemoveRolePolicy { .. } => {
            "the policy that was taken off is not put back: run the action again instead"
        }
        _ => return None,
    })
}

/// Withholds what would hurt as long as something else stays as it is: deleting what is used, and raising a
/// group's minimum size while a member is out of it, which would launch another.
pub(super) fn withhold(chains: &mut [Chain]) {
    let stays = |it: &&Chain| !matches!(it.verdict, Verdict::Undo(_) | Verdict::Settled);
    let staying: Vec<(StepId, Operation, Option<State>)> = chains
        .iter()
        .filter(stays)
        .map(|it| (it.last_step(), it.last.clone(), it.now.clone().ok()))
        .collect();
    for chain in chains {
        let Verdict::Undo(inverse) = &chain.verdict else {
            continue;
        };
        let mut others = staying.iter();
        if let Some((step, ..)) = others.find(|(_, last, now)| needs(last, now.as_ref(), inverse)) {
            let why = format!("step {step}, which is not undone, still rests on it");
            chain.verdict = Verdict::Kept(why);
        }
    }
}

/// Whether an object that stays as the run left it, or as it is now, rests on what `inverse` would take away.
fn needs(last: &Operation, now: Option<&State>, inverse: &Operation) -> bool {
    if let Operation::SetAsgMinSize { asg, .. } = inverse {
        return matches!(
            last,
            Operation::EnterStandby { asg: of, .. } | Operation::DetachFromAsg { asg: of, .. } if of == asg
        );
    }
    takes_away(inverse).is_some_and(|id| {
        let used = now.is_some_and(|state| uses(state, &id));
        used || container(last).as_ref() == Some(&id)
    })
}

/// The id of what an operation deletes.
fn takes_away(operation: &Operation) -> Option<String> {
    match operation {
        Operation::DeleteGroup { group } => Some(group.id().to_string()),
        Operation::DeleteAcl { acl } => Some(acl.id().to_string()),
        Operation::DeleteRouteTable { table } => Some(table.id().to_string()),
        Operation::DeleteInterface { eni } => Some(eni.id().to_string()),
        _ => None,
    }
}

/// Whether an object in this state uses another one.
fn uses(state: &State, id: &str) -> bool {
    match state {
        State::EniGroups(groups) => groups.iter().any(|it| it.as_str() == id),
        State::SubnetAcl(acl) => acl.as_str() == id,
        State::SubnetRouteTable(table) => table.as_ref().is_some_and(|it| it.as_str() == id),
        State::MainRouteTable(table) => table.as_str() == id,
        State::Route(target) => target.as_str() == id,
        _ => false,
    }
}

/// The objects that an operation needs.
fn named_by(operation: &Operation) -> Vec<String> {
    match operation {
        Operation::SetEniGroups { groups, .. } | Operation::SetInstanceGroups { groups, .. } => {
            groups.iter().map(|it| it.id().to_string()).collect()
        }
        Operation::SetSubnetAcl { acl, .. } => vec![acl.id().to_string()],
        Operation::SetSubnetRouteTable { table, .. } => {
            table.iter().map(|it| it.id().to_string()).collect()
        }
        Operation::SetMainRouteTable { table, .. } => vec![table.id().to_string()],
        Operation::CreateRoute { table, target, .. }
        | Operation::ReplaceRoute { table, target, .. } => {
            vec![table.id().to_string(), target.id().to_string()]
        }
        other => container(other).into_iter().collect(),
    }
}

/// What the run deleted, and is deleted still.
fn deleted(chains: &[Chain]) -> BTreeSet<String> {
    let gone = chains.iter().filter(|it| it.now == Ok(State::Absent));
    gone.filter_map(|it| takes_away(&it.last)).collect()
}

/// The id of what a step made that was not there before.
fn created(taken: &Taken) -> Option<&str> {
    (taken.before == Some(State::Absent)).then(|| made(taken))?
}

/// What a step made, if it makes something: without an answer it is what bears its name now.
fn made(taken: &Taken) -> Option<&str> {
    let seen = || taken.now.as_ref().ok().and_then(State::made);
    taken.made.as_deref().or_else(seen)
}

/// The object that holds what an operation changes.
fn container(operation: &Operation) -> Option<String> {
    match operation {
        Operation::AuthorizeRules { group, .. }
        | Operation::RevokeRules { group, .. }
        | Operation::RevokeAllRules { group, .. } => Some(group.id().to_string()),
        Operation::CreateAclEntry { acl, .. }
        | Operation::ReplaceAclEntry { acl, .. }
        | Operation::DeleteAclEntry { acl, .. } => Some(acl.id().to_string()),
        Operation::CreateRoute { table, .. }
        | Operation::ReplaceRoute { table, .. }
        | Operation::DeleteRoute { table, .. } => Some(table.id().to_string()),
        _ => None,
    }
}

/// A name for the object that a step is about: steps with the same one are about the same thing.
fn object(taken: &Taken) -> String {
    let alone = || format!("step {}", taken.step);
    match &taken.operation {
        // A direction is emptied as a whole; single rules are things of their own, unless what was added
        // is emptied again.
        Operation::AuthorizeRules {
            group, direction, ..
        }
        | Operation::RevokeAllRules { group, direction } => {
            format!("rules {group} {}", direction.name())
        }
        Operation::SetEniGroups { eni, .. } => format!("groups {eni}"),
        Operation::SetInstanceGroups { instance, .. } => format!("groups {instance}"),
        Operation::SetTrackingTimeouts { eni, .. } => format!("timers {eni}"),
        Operation::DetachInterface { eni } => format!("attachment {eni}"),
        Operation::DisassociateAddress { eni, private }
        | Operation::AssociateAddress { eni, private, .. } => format!("address {eni} {private}"),
        Operation::SetSubnetAcl { subnet, .. } => format!("acl {subnet}"),
        Operation::CreateAclEntry { acl, entry } | Operation::ReplaceAclEntry { acl, entry } => {
            format!("entry {acl} {} {}", entry.direction.name(), entry.number)
        }
        Operation::DeleteAclEntry {
            acl,
            direction,
            number,
        } => format!("entry {acl} {} {number}", direction.name()),
        Operation::SetSubnetRouteTable { subnet, .. } => format!("table {subnet}"),
        Operation::SetMainRouteTable { vpc, .. } => format!("main table {vpc}"),
        Operation::CreateRoute {
            table, destination, ..
        }
        | Operation::ReplaceRoute {
            table, destination, ..
        }
        | Operation::DeleteRoute { table, destination } => format!("route {table} {destination}"),
        Operation::StopInstance { instance, .. } | Operation::StartInstance { instance } => {
            format!("state {instance}")
        }
        Operation::SetMetadataEndpoint { instance, .. } => format!("metadata {instance}"),
        Operation::SetAttribute {
            instance,
            attribute,
        } => format!("{} {instance}", kind(attribute)),
        Operation::SetTags { resource, .. } => format!("tags {resource}"),
        Operation::DisassociateProfile { instance }
        | Operation::AssociateProfile { instance, .. } => format!("profile {instance}"),
        Operation::SetAsgMinSize { asg, .. } => format!("size {asg}"),
        Operation::EnterStandby { instance, .. }
        | Operation::ExitStandby { instance, .. }
        | Operation::DetachFromAsg { instance, .. }
        | Operation::AttachToAsg { instance, .. } => format!("group {instance}"),
        Operation::DeregisterTarget {
            instance,
            target_group,
            port,
        }
        | Operation::RegisterTarget {
            instance,
            target_group,
            port,
        } => format!("target {instance} {target_group} {port:?}"),
        Operation::RevokeSessions { profile, .. }
        | Operation::DenyInstance { profile, .. }
        | Operation::RemoveRolePolicy { profile, .. } => {
            let policy = taken.operation.role_policy().unwrap_or_default();
            format!("policy {profile} {policy}")
        }
        // One step of a run is all that ever touches these.
        Operation::RevokeRules { .. }
        | Operation::CreateGroup { .. }
        | Operation::DeleteGroup { .. }
        | Operation::CreateInterface { .. }
        | Operation::DeleteInterface { .. }
        | Operation::DropPublicAddress { .. }
        | Operation::CreateAcl { .. }
        | Operation::DeleteAcl { .. }
        | Operation::CreateRouteTable { .. }
        | Operation::DeleteRouteTable { .. }
        | Operation::DetachInternetGateway { .. }
        | Operation::RunHostBlock { .. }
        | Operation::CreateSnapshots { .. }
        | Operation::CreateImage { .. }
        | Operation::GetConsoleOutput { .. } => alone(),
    }
}

fn kind(attribute: &Attribute) -> String {
    match attribute {
        Attribute::TerminationProtection(_) => "termination".to_string(),
        Attribute::StopProtection(_) => "stop".to_string(),
        Attribute::Shutdown(_) => "shutdown".to_string(),
        Attribute::DeleteOnTermination { device, .. } => format!("volume {device}"),
    }
}
