//! What is left over of the players' changes: how the account differs from what it would be had nobody
//! played, which is how it began, with what injects changed.
//!
//! What is meant to stay does not count: snapshots, images, and the tags of the product; nor what no call
//! brings back: idle timers that were set, and which automatic public address an interface has. What Auto
//! Scaling launched is not the players', and of an instance that it terminated nothing else is said.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use super::world::World;
use crate::model::{Eni, Estate, Instance, InstanceId, InstanceState};
use crate::operation::{Answer, Operation, apply};
use crate::sources::Undone;

/// The tags that the product sets, and leaves.
const OWN_TAGS: &str = "firedoor:";

/// What can be said of an account, by the id of what it is about and by what is said of it.
type Facts = BTreeMap<(String, String), String>;

impl World {
    /// A change by somebody else than the players was made.
    pub(super) fn not_by_players(&mut self, operation: &Operation, answer: &Answer) {
        let made = answer.made.as_deref().unwrap_or_default();
        // What the players made, or took away, is not there to be changed.
        apply(&mut self.unplayed, operation, made).ok();
    }

    /// What is not as it would be, each in words; empty: everything is as it was.
    pub(super) fn leftover(&self) -> Vec<String> {
        let gone = terminated(&self.estate);
        let wanted = self.facts(&self.unplayed, &gone);
        let mut have = self.facts(&self.estate, &gone);
        self.add_kept_beside(&mut have);
        let keys: BTreeSet<_> = wanted.keys().chain(have.keys()).collect();
        let differs = keys
            .into_iter()
            .filter(|it| wanted.get(*it) != have.get(*it));
        let mut lines: Vec<String> = differs
            .map(|(id, what)| {
                let known = |facts: &Facts| facts.keys().any(|(it, _)| it == id);
                match (known(&wanted), known(&have)) {
                    (true, false) => format!("{id} is gone"),
                    (false, true) => format!("{id} is new"),
                    _ => format!("{id}: {what}"),
                }
            })
            .collect();
        lines.dedup();
        lines
    }

    /// Whether everything is as it was, of changes that were, or are, to be taken back; and what is not.
    pub(super) fn undone(&self, told: Undone, wanted: bool) -> (Undone, Vec<String>) {
        if self.changes == 0 || told == Undone::NotAsked && !wanted {
            return (told, Vec::new());
        }
        let left = self.leftover();
        let undone = match told {
            _ if left.is_empty() => Undone::Clean,
            Undone::NotAsked => Undone::NotAsked,
            Undone::Clean | Undone::Drift => Undone::Drift,
        };
        (undone, left)
    }

    fn facts(&self, estate: &Estate, gone: &BTreeSet<InstanceId>) -> Facts {
        let mut facts = Facts::new();
        let stays = |it: &InstanceId| self.unplayed.instance(it).is_some() && !gone.contains(it);
        for instance in estate.instances() {
            if self.unplayed.instance(&instance.id).is_some() {
                of_instance(&mut facts, instance);
            }
        }
        for eni in estate
            .enis()
            .filter(|it| it.instance.as_ref().is_none_or(stays))
        {
            of_eni(&mut facts, eni);
        }
        of_rules(&mut facts, estate);
        of_places(&mut facts, estate);
        for it in estate.volumes().iter().filter(|it| stays(&it.instance)) {
            let fact = "whether it goes with its instance";
            add(&mut facts, &it.id, fact, &it.delete_on_termination);
        }
        for it in estate
            .asg_memberships()
            .iter()
            .filter(|it| stays(&it.instance))
        {
            let fact = format!("its place in the Auto Scaling group {}", it.group);
            add(&mut facts, &it.instance, &fact, &(&it.lifecycle, it.size));
        }
        let registered = estate
            .target_memberships()
            .iter()
            .filter(|it| it.health != "draining");
        for it in registered.filter(|it| stays(&it.instance)) {
            let fact = format!("its registration with {}", it.target_group);
            add(&mut facts, &it.instance, &fact, &it.port);
        }
        facts
    }

    /// What there was none of when the world began, and what no inject makes.
    fn add_kept_beside(&self, facts: &mut Facts) {
        for (role, policy) in self.beside.policies() {
            add(facts, &role, &format!("its inline policy {policy}"), &());
        }
        for (instance, peer) in self.blocks.all() {
            add(facts, instance, &format!("its guest blocks {peer}"), &());
        }
    }
}

fn terminated(estate: &Estate) -> BTreeSet<InstanceId> {
    let gone = estate
        .instances()
        .filter(|it| it.state == InstanceState::Terminated);
    gone.map(|it| it.id.clone()).collect()
}

fn add(facts: &mut Facts, id: &impl ToString, what: &str, value: &impl Debug) {
    facts.insert((id.to_string(), what.to_owned()), format!("{value:?}"));
}

fn sorted<T: Debug>(all: impl Iterator<Item = T>) -> Vec<String> {
    let mut all: Vec<String> = all.map(|it| format!("{it:?}")).collect();
    all.sort_unstable();
    all
}

fn of_instance(facts: &mut Facts, it: &Instance) {
    let state = match it.state {
        InstanceState::Pending => InstanceState::Running,
        InstanceState::Stopping => InstanceState::Stopped,
        other => other,
    };
    add(facts, &it.id, "its state", &state);
    if state == InstanceState::Terminated {
        return;
    }
    add(facts, &it.id, "its instance profile", &it.profile);
    add(facts, &it.id, "its attributes", &it.attributes);
    let tags = it.tags.iter().filter(|(key, _)| !key.starts_with(OWN_TAGS));
    add(facts, &it.id, "its tags", &sorted(tags));
}

fn of_eni(facts: &mut Facts, it: &Eni) {
    add(facts, &it.id, "its groups", &sorted(it.groups.iter()));
    add(facts, &it.id, "its instance", &it.instance);
    let public = it.public.iter();
    let public = public.map(|it| (it.private, it.elastic.then_some(it.address)));
    add(facts, &it.id, "its public addresses", &sorted(public));
}

fn of_rules(facts: &mut Facts, estate: &Estate) {
    for it in estate.groups() {
        let rules = it.rules.iter();
        let rules = rules.map(|it| (it.direction, it.protocol, it.ports, &it.peer));
        add(facts, &it.id, "its rules", &sorted(rules));
    }
    for it in estate.acls() {
        add(facts, &it.id, "its entries", &sorted(it.entries.iter()));
        add(facts, &it.id, "its subnets", &sorted(it.subnets.iter()));
    }
}

fn of_places(facts: &mut Facts, estate: &Estate) {
    for it in estate.route_tables() {
        add(facts, &it.id, "its routes", &sorted(it.routes.iter()));
        add(facts, &it.id, "its subnets", &sorted(it.subnets.iter()));
        add(facts, &it.id, "whether it is the main one", &it.main);
    }
    for it in estate.gateways() {
        add(facts, &it.id, "its VPC", &it.vpc);
    }
}
