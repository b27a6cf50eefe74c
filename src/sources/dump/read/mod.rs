//! From the lists of a dump to an estate.
//!
//! The rules are those of the answers themselves, as on an account: what is gone is left out, "all
//! ports" is absence, the primary address comes first. What can't be read is left out and doubted.

mod compute;
mod eni;
mod gateway;
mod group;
mod network;
mod references;
mod route;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::doubt::{Doubt, DoubtKind};
use super::envelope::Found;
use super::json::Object;
use super::list::{List, WANTED};
use super::notes::{Notes, Subject};
use crate::model::text::visible;
use crate::model::{Estate, Part, PartKind};
pub(super) use eni::KIND;
pub(super) use route::{TARGETS, UNKNOWN_TARGET};

/// The estate that the lists describe. A part of which there is no list at all is not in it, and is
/// doubted.
pub(super) fn estate(found: &Found, read_at: DateTime<Utc>) -> (Estate, Vec<Doubt>) {
    let mut notes = Notes::default();
    let present = PartKind::ALL.into_iter().filter(|it| has(found, *it));
    let parts: Vec<Part> = present.map(|kind| part(found, kind, &mut notes)).collect();
    let estate = Estate::from_parts(parts, read_at);
    notes.file = None;
    missing(found, &mut notes);
    references::check(found, &estate, &mut notes);
    (estate, notes.doubts)
}

fn has(found: &Found, part: PartKind) -> bool {
    let mut wanted = WANTED.iter().filter(|(_, of, _)| *of == part);
    let listed = |list: &List| found.lists.contains_key(list);
    wanted.any(|(lists, ..)| lists.iter().any(listed))
        // Instances describe their own interfaces.
        || part == PartKind::Enis && eni::of_instances(found).next().is_some()
}

fn missing(found: &Found, notes: &mut Notes) {
    if found.lists.is_empty() {
        return;
    }
    for (lists, part, call) in WANTED {
        if let [first, ..] = lists
            && !lists.iter().any(|it| found.lists.contains_key(it))
        {
            let key = first.key();
            notes.doubt(DoubtKind::Missing { key, part, call });
        }
    }
}

fn part(found: &Found, kind: PartKind, notes: &mut Notes) -> Part {
    match kind {
        PartKind::Vpcs => Part::Vpcs(network::vpcs(found, notes)),
        PartKind::Subnets => Part::Subnets(network::subnets(found, notes)),
        PartKind::Enis => Part::Enis(eni::enis(found, notes)),
        PartKind::Instances => Part::Instances(compute::instances(found, notes)),
        PartKind::Groups => Part::Groups(group::groups(found, notes)),
        PartKind::Acls => Part::Acls(network::acls(found, notes)),
        PartKind::RouteTables => Part::RouteTables(route::tables(found, notes)),
        PartKind::Gateways => Part::Gateways(gateway::gateways(found, notes)),
        PartKind::Peerings => Part::Peerings(gateway::peerings(found, notes)),
        PartKind::PrefixLists => Part::PrefixLists(network::prefix_lists(found, notes)),
        PartKind::Volumes => Part::Volumes(compute::volumes(found, notes)),
        PartKind::AsgMemberships => Part::AsgMemberships(compute::asg_memberships(found, notes)),
        PartKind::TargetMemberships => {
            Part::TargetMemberships(compute::target_memberships(found, notes))
        }
        PartKind::Profiles => Part::Profiles(compute::profiles(found, notes)),
        PartKind::FlowLogs => Part::FlowLogs(network::flow_logs(found, notes)),
    }
}

/// An entry of a list.
#[derive(Clone, Copy)]
struct Item<'a> {
    file: &'a Option<Arc<str>>,
    list: &'static str,
    /// Which entry, from 1 on.
    at: usize,
    object: Option<Object<'a>>,
}

fn items(found: &Found, list: List) -> impl Iterator<Item = Item<'_>> {
    found.list(list).iter().map(move |entry| Item {
        file: &entry.file,
        list: list.key(),
        at: entry.at,
        object: Object::of(&entry.value),
    })
}

impl<'a> Item<'a> {
    /// The thing that the entry describes, if it has an id.
    fn subject<'n>(self, field: &'static str, notes: &'n mut Notes) -> Option<Subject<'a, 'n>> {
        notes.file.clone_from(self.file);
        let object = self.object;
        let id = object
            .and_then(|it| it.text(field))
            .filter(|it| !it.is_empty());
        let Some((object, id)) = object.zip(id) else {
            let (list, entry) = (self.list, self.at);
            notes.doubt(DoubtKind::WithoutId { list, entry, field });
            return None;
        };
        Some(Subject { object, id, notes })
    }
}

/// The things in some entries, each id once; `field` holds the id.
fn things<'a, T: PartialEq>(
    items: impl Iterator<Item = Item<'a>>,
    field: &'static str,
    notes: &mut Notes,
    read: impl FnMut(&mut Subject<'_, '_>) -> Option<T>,
) -> Vec<T> {
    merged(items, field, notes, read, |known, new| {
        let same = *known == new;
        *known = new;
        same
    })
}

/// Like [`things`]; `merge` takes in what a further description says, and says whether it agrees.
fn merged<'a, T>(
    items: impl Iterator<Item = Item<'a>>,
    field: &'static str,
    notes: &mut Notes,
    mut read: impl FnMut(&mut Subject<'_, '_>) -> Option<T>,
    merge: impl Fn(&mut T, T) -> bool,
) -> Vec<T> {
    let mut all: Vec<T> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for item in items {
        let Some(mut subject) = item.subject(field, notes) else {
            continue;
        };
        let Some(thing) = read(&mut subject) else {
            continue;
        };
        let id = subject.id;
        let known = places.get(id).and_then(|at| all.get_mut(*at));
        let Some(known) = known else {
            places.insert(id, all.len());
            all.push(thing);
            continue;
        };
        if !merge(known, thing) {
            let id = visible(id).into_owned();
            notes.doubt(DoubtKind::Contradiction { id });
        }
    }
    all
}

/// Those with a key that did not come before.
fn once_by<T, K: Ord>(all: Vec<T>, key: impl Fn(&T) -> K) -> Vec<T> {
    let mut keys = BTreeSet::new();
    all.into_iter().filter(|it| keys.insert(key(it))).collect()
}

/// Each of a few once, in their order.
fn each_once<T: PartialEq>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut once = Vec::new();
    for it in all {
        if !once.contains(&it) {
            once.push(it);
        }
    }
    once
}
