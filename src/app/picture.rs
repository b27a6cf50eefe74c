//! The neighbours as a picture: one cell per interface, lettered by what the selected action does to it.
//!
//! A cell stays in its place whatever the action is, so that flipping through actions shows what
//! changes: subnets are sections, roles are groups in them, and addresses order the cells.

mod grid;
mod mark;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

pub use grid::{Grid, GridLine, Part};
pub use mark::{Mark, Marks};

use crate::analysis::{Link, Neighbourhood, Role};
use crate::model::{Eni, EniId, Estate, InstanceId, SubnetId};
use crate::plan::Outlook;

/// The picture.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Picture {
    /// The interface of each cell, in order.
    pub enis: Vec<EniId>,
    /// What the action does to each.
    pub marks: Vec<Mark>,
    /// The subnets, the suspect's first, then those that the action changes.
    pub sections: Vec<Section>,
    /// How many cells have which mark.
    pub counts: Marks,
    /// There is no suspect: every interface is here, to choose one from.
    pub everyone: bool,
}

/// A subnet of the picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// The subnet.
    pub subnet: SubnetId,
    /// Every interface of the subnet is a cell; else those that the action reaches or hits, and those that
    /// share a group or a role with the suspect.
    pub whole: bool,
    /// Its cells by role.
    pub groups: Vec<(Role, Range<usize>)>,
    /// How many of its cells have which mark.
    pub counts: Marks,
}

/// What a picture is of.
pub(super) struct Subject<'a> {
    pub(super) estate: &'a Estate,
    pub(super) suspect: Option<&'a InstanceId>,
    pub(super) around: &'a Neighbourhood,
    /// The selected action, if there is a plan for it.
    pub(super) outlook: Option<&'a Outlook>,
}

impl Subject<'_> {
    /// Draws the picture of those interfaces that a filter keeps.
    pub(super) fn picture(&self, keeps: impl Fn(&Eni) -> bool) -> Picture {
        let mut picture = Picture {
            everyone: self.suspect.is_none(),
            ..Picture::default()
        };
        for ((place, subnet), mut enis) in self.by_subnet() {
            enis.retain(|it| keeps(it));
            if !enis.is_empty() {
                let whole = place != Place::Elsewhere;
                picture.push(self, subnet.clone(), whole, enis);
            }
        }
        picture
    }

    /// The interfaces that are cells, by subnet.
    fn by_subnet(&self) -> BTreeMap<(Place, &SubnetId), Vec<&Eni>> {
        let mut sections: BTreeMap<(Place, &SubnetId), Vec<&Eni>> = BTreeMap::new();
        if self.suspect.is_none() {
            for eni in self.estate.enis() {
                let key = (Place::Suspects, &eni.subnet);
                sections.entry(key).or_default().push(eni);
            }
            return sections;
        }
        let own = self.around.subnets.iter().map(|it| (Place::Suspects, it));
        let changed = self.outlook.iter().flat_map(|it| &it.blast.subnets);
        let mut whole = BTreeSet::new();
        for (place, subnet) in own.chain(changed.map(|it| (Place::Changed, it))) {
            if whole.insert(subnet) {
                let enis = self.estate.enis_of_subnet(subnet).collect();
                sections.insert((place, subnet), enis);
            }
        }
        for eni in self.elsewhere() {
            if !whole.contains(&eni.subnet) {
                let key = (Place::Elsewhere, &eni.subnet);
                sections.entry(key).or_default().push(eni);
            }
        }
        sections
    }

    /// Who is of interest wherever it is.
    fn elsewhere(&self) -> impl Iterator<Item = &Eni> {
        let close = self.around.neighbours.iter().filter(|it| {
            let shared = &it.shared;
            shared.contains(&Link::Group) || shared.contains(&Link::Role)
        });
        let outlook = self.outlook.iter();
        let reached = outlook.flat_map(|it| it.blast.scope.iter().chain(it.tally.hits.keys()));
        let ids: BTreeSet<&EniId> = close.map(|it| &it.eni).chain(reached).collect();
        ids.into_iter().filter_map(|id| self.estate.eni(id))
    }

    fn mark(&self, eni: &Eni) -> Mark {
        match (self.suspect, self.outlook) {
            (None, _) => Mark::Untouched,
            (Some(suspect), _) if eni.instance.as_ref() == Some(suspect) => Mark::Suspect,
            (Some(_), None) => Mark::Unknown,
            (Some(_), Some(outlook)) => {
                let instance = eni.instance.as_ref();
                let reached = outlook.blast.scope.contains(&eni.id)
                    || instance.is_some_and(|it| outlook.role_users.contains(it));
                Mark::of(outlook.tally.hits.get(&eni.id), reached)
            }
        }
    }
}

/// Where a subnet is. Ordered as sections are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Suspects,
    Changed,
    Elsewhere,
}

impl Picture {
    fn push(&mut self, of: &Subject<'_>, subnet: SubnetId, whole: bool, mut enis: Vec<&Eni>) {
        let key = |it: &Eni| (Role::of(it.kind), it.primary());
        enis.sort_by(|a, b| key(a).cmp(&key(b)).then_with(|| a.id.cmp(&b.id)));
        let mut section = Section {
            subnet,
            whole,
            groups: Vec::new(),
            counts: Marks::default(),
        };
        for group in enis.chunk_by(|a, b| Role::of(a.kind) == Role::of(b.kind)) {
            let first = self.enis.len();
            for eni in group {
                let mark = of.mark(eni);
                self.enis.push(eni.id.clone());
                self.marks.push(mark);
                section.counts.add(mark);
                self.counts.add(mark);
            }
            if let Some(eni) = group.first() {
                let cells = first..self.enis.len();
                section.groups.push((Role::of(eni.kind), cells));
            }
        }
        self.sections.push(section);
    }

    /// The next cell after `at` whose interface is hit, round and round; `None`: none is.
    pub(super) fn next_hit(&self, at: usize) -> Option<usize> {
        let hit = |index: &usize| self.marks.get(*index).is_some_and(|it| it.is_hit());
        let after = at + 1..self.marks.len();
        after.chain(0..=at).find(hit)
    }
}
