//! What a course of changes touches: flows that touch none of it need not be judged.

use std::sync::Arc;

use super::network::{Interface, Ix, Network};
use super::verdict::Stage;

/// The interfaces and subnets that differ from before in any stage.
#[derive(Debug, Clone, Default)]
pub(super) struct Touched {
    /// Groups, timers, addresses or state of the interface.
    interfaces: Vec<bool>,
    /// The subnet's network ACL or route table, or what they hold.
    subnets: Vec<bool>,
    any_interface: bool,
    any_subnet: bool,
}

impl Touched {
    pub(super) fn by(before: &Network, stages: &[Stage]) -> Self {
        let mut touched = Self {
            interfaces: vec![false; before.interfaces.len()],
            subnets: vec![false; before.subnets.len()],
            ..Self::default()
        };
        for stage in stages {
            touched.mark_interfaces(before, &stage.network);
            touched.mark_subnets(before, &stage.network);
        }
        touched.any_interface = touched.interfaces.contains(&true);
        touched.any_subnet = touched.subnets.contains(&true);
        touched
    }

    fn mark_interfaces(&mut self, before: &Network, after: &Network) {
        let changed = differing(&before.groups, &after.groups);
        let regrouped = changed.contains(&true);
        let in_changed = |eni: &Interface| {
            let groups = eni.groups.iter();
            groups
                .into_iter()
                .any(|it| changed.get(*it as usize) == Some(&true))
        };
        if Arc::ptr_eq(&before.interfaces, &after.interfaces) && !regrouped {
            return;
        }
        let pairs = before.interfaces.iter().zip(after.interfaces.iter());
        for (mark, (was, is)) in self.interfaces.iter_mut().zip(pairs) {
            *mark |= !Arc::ptr_eq(was, is) || (regrouped && in_changed(was));
        }
    }

    fn mark_subnets(&mut self, before: &Network, after: &Network) {
        let acls = differing(&before.acls, &after.acls);
        let tables = differing(&before.tables, &after.tables);
        let moved = !Arc::ptr_eq(&before.subnets, &after.subnets);
        if !moved && !acls.contains(&true) && !tables.contains(&true) {
            return;
        }
        let is = |marks: &[bool], ix: Option<Ix>| {
            ix.is_some_and(|it| marks.get(it as usize) == Some(&true))
        };
        let pairs = before.subnets.iter().zip(after.subnets.iter());
        for (mark, (was, now)) in self.subnets.iter_mut().zip(pairs) {
            let served = is(&acls, was.acl) || is(&tables, was.table);
            *mark |= served || (moved && was != now);
        }
    }

    /// Whether anything differs at all.
    pub(super) fn anything(&self) -> bool {
        self.any_interface || self.any_subnet
    }

    pub(super) fn interface(&self, ix: Option<Ix>) -> bool {
        self.any_interface && ix.is_some_and(|it| self.interfaces.get(it as usize) == Some(&true))
    }

    pub(super) fn subnet(&self, ix: Option<Ix>) -> bool {
        self.any_subnet && ix.is_some_and(|it| self.subnets.get(it as usize) == Some(&true))
    }
}

/// Which objects are not the same ones any more.
fn differing<T>(before: &[Arc<T>], after: &[Arc<T>]) -> Vec<bool> {
    let pairs = before.iter().zip(after);
    pairs.map(|(was, is)| !Arc::ptr_eq(was, is)).collect()
}
