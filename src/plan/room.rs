//! A place for a deny in a network ACL, also where there is none.
//!
//! A direction holds 20 entries of each family unless the quota was raised. Where it is full, the entry makes way whose loss harms least while the
//! deny stands: first one that decides nothing, because a lower one decides all of its traffic or no later
//! one would allow any of it; then one whose traffic the deny covers; then the allow of the narrowest block.
//! A deny that keeps somebody out never makes way. Nothing is open between two calls that was closed
//! before: an entry is replaced in one call where its number is low enough, and what is deleted first
//! only lets through.
//! <https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html>

use std::collections::BTreeSet;

use super::slots::{Crowded, Harm, NoSlot, candidates, first_allow, meet, slot};
use crate::model::{Acl, AclAction, AclEntry, Direction};
use crate::operation::{Operation, Ref};

/// The highest number that an account may use.
const HIGHEST: u16 = 32766;

/// What puts a deny into its place.
#[derive(Debug)]
pub(super) struct Place {
    /// One after another.
    pub(super) makes: Vec<Operation>,
    /// What takes each of them back, in the same order.
    pub(super) lifts: Vec<Operation>,
    /// What had to make way, in a sentence.
    pub(super) displaced: Option<String>,
}

/// Entries that a plan made itself, and must not displace.
pub(super) type Own = BTreeSet<(Direction, u16)>;

/// Finds the place of a deny; its number is set here. The network ACL is changed as the place asks for.
///
/// # Errors
/// There is none, and no entry may make way.
pub(super) fn place(
    acl: &mut Acl,
    deny: &AclEntry,
    quota: usize,
    own: &mut Own,
) -> Result<Place, NoSlot> {
    let found = slot(
        acl,
        deny.direction,
        deny.cidr,
        deny.protocol,
        deny.ports,
        quota,
    );
    let mut room = Room {
        acl,
        own,
        place: Place {
            makes: Vec::new(),
            lifts: Vec::new(),
            displaced: None,
        },
    };
    match found {
        Ok(number) => room.create(at(deny, number)),
        Err(no) => {
            let made = match no.why {
                Crowded::Full { entries, .. } => room.displace(deny, entries, quota),
                Crowded::NoNumberBelow(allow) => {
                    room.shift(deny, allow, quota) || room.replace_up_to(deny, allow)
                }
            };
            if !made {
                return Err(no);
            }
        }
    }
    Ok(room.place)
}

fn at(entry: &AclEntry, number: u16) -> AclEntry {
    AclEntry {
        number,
        ..entry.clone()
    }
}

struct Room<'a> {
    acl: &'a mut Acl,
    own: &'a mut Own,
    place: Place,
}

impl Room<'_> {
    /// Entries that may make way, the least harmful first.
    fn candidates(&self, deny: &AclEntry) -> Vec<(Harm, AclEntry)> {
        let all = candidates(self.acl, deny).into_iter();
        let may = all.filter(|(harm, number)| {
            *harm != Harm::Opens && !self.own.contains(&(deny.direction, *number))
        });
        let entry = |number| self.acl.entry(deny.direction, number).cloned();
        may.filter_map(|(harm, number)| Some((harm, entry(number)?)))
            .collect()
    }

    /// Puts the deny into the place of another entry of a full direction.
    fn displace(&mut self, deny: &AclEntry, entries: usize, quota: usize) -> bool {
        let why = format!("holds {entries} entries of {quota}");
        let all = self.candidates(deny);
        for (harm, old) in all.into_iter().filter(|(_, it)| it.is_of_family(deny.cidr)) {
            let mut without = self.acl.clone();
            without.entries.retain(|it| it != &old);
            if first_allow(&without, deny).is_none_or(|allow| old.number < allow) {
                self.said(&old, &why, harm);
                self.replace(&old, at(deny, old.number));
                return true;
            }
            // Between the two calls a deny that decides something would be missing.
            let harmless = old.action == AclAction::Allow || harm == Harm::Nothing;
            let found = slot(
                &without,
                deny.direction,
                deny.cidr,
                deny.protocol,
                deny.ports,
                quota,
            );
            if let (true, Ok(number)) = (harmless, found) {
                self.said(&old, &why, harm);
                self.delete(old);
                self.create(at(deny, number));
                return true;
            }
        }
        false
    }

    /// Moves the first allow to a later number, where it decides the same, and puts the deny into its place.
    fn shift(&mut self, deny: &AclEntry, allow: u16, quota: usize) -> bool {
        let direction = deny.direction;
        let Some(old) = self.acl.entry(direction, allow).cloned() else {
            return false;
        };
        let free = |number: &u16| self.acl.entry(direction, *number).is_none();
        let Some(later) = (allow + 1..=HIGHEST).find(free) else {
            return false;
        };
        let decides_else = self.acl.numbered_in(direction).any(|it| {
            let between = allow < it.number && it.number < later;
            between && it.action == AclAction::Deny && meet(it, &old)
        });
        let full = self.acl.counted(direction, old.cidr) >= quota;
        if decides_else || full || self.own.contains(&(direction, allow)) {
            return false;
        }
        self.place.displaced = Some(format!(
            "No {} number of {} is free below its allow {allow}: that moves to {later}, where it decides \
             the same.",
            direction.name(),
            self.acl.id
        ));
        self.create(at(&old, later));
        self.replace(&old, at(deny, allow));
        true
    }

    /// Replaces an entry up to a number.
    fn replace_up_to(&mut self, deny: &AclEntry, last: u16) -> bool {
        let mut all = self.candidates(deny).into_iter();
        let Some((harm, old)) = all.find(|(_, it)| it.number <= last) else {
            return false;
        };
        self.said(
            &old,
            &format!("has no free number below its allow {last}"),
            harm,
        );
        self.replace(&old, at(deny, old.number));
        true
    }

    fn said(&mut self, old: &AclEntry, why: &str, harm: Harm) {
        let (acl, way, number) = (&self.acl.id, old.direction.name(), old.number);
        let harm = match harm {
            Harm::Nothing => "decides nothing".to_string(),
            Harm::Covered => "is covered by the deny".to_string(),
            Harm::Loses(_) | Harm::Opens => format!("is missed least: {} loses it", old.cidr),
        };
        self.place.displaced = Some(format!(
            "{acl} {why} ({way}): its entry {number} makes way, which {harm}. It comes back when this is \
             undone or lifted."
        ));
    }

    fn create(&mut self, entry: AclEntry) {
        self.acl.entries.push(entry.clone());
        self.own.insert((entry.direction, entry.number));
        self.place.lifts.push(Operation::DeleteAclEntry {
            acl: Ref::Id(self.acl.id.clone()),
            direction: entry.direction,
            number: entry.number,
        });
        self.place.makes.push(Operation::CreateAclEntry {
            acl: Ref::Id(self.acl.id.clone()),
            entry,
        });
    }

    fn replace(&mut self, old: &AclEntry, new: AclEntry) {
        self.acl.entries.retain(|it| it != old);
        self.acl.entries.push(new.clone());
        self.own.insert((new.direction, new.number));
        self.place.lifts.push(Operation::ReplaceAclEntry {
            acl: Ref::Id(self.acl.id.clone()),
            entry: old.clone(),
        });
        self.place.makes.push(Operation::ReplaceAclEntry {
            acl: Ref::Id(self.acl.id.clone()),
            entry: new,
        });
    }

    fn delete(&mut self, old: AclEntry) {
        self.acl.entries.retain(|it| *it != old);
        self.place.makes.push(Operation::DeleteAclEntry {
            acl: Ref::Id(self.acl.id.clone()),
            direction: old.direction,
            number: old.number,
        });
        self.place.lifts.push(Operation::CreateAclEntry {
            acl: Ref::Id(self.acl.id.clone()),
            entry: old,
        });
    }
}
