//! What differs between two estates of which one was made from the other.

use std::sync::Arc;

use super::{Estate, Shared};
use crate::model::id::{AclId, EniId, GatewayId, GroupId, InstanceId, RouteTableId, SubnetId};

/// The ids of everything that was added, changed or removed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Interfaces.
    pub enis: Vec<EniId>,
    /// Instances.
    pub instances: Vec<InstanceId>,
    /// Security groups.
    pub groups: Vec<GroupId>,
    /// Network ACLs.
    pub acls: Vec<AclId>,
    /// Route tables.
    pub tables: Vec<RouteTableId>,
    /// Gateways and endpoints.
    pub gateways: Vec<GatewayId>,
    /// Subnets that are served by another network ACL or route table.
    pub subnets: Vec<SubnetId>,
}

impl Estate {
    /// What has changed since `before`, found without comparing what both share.
    pub fn changes_since(&self, before: &Self) -> Changes {
        let served = |estate: &Self, subnet: &SubnetId| {
            let acl = estate.acl_of_subnet(subnet).map(|it| it.id.clone());
            let table = estate.table_of_subnet(subnet).map(|it| it.id.clone());
            (acl, table)
        };
        let acls = differing(&before.acls, &self.acls);
        let tables = differing(&before.tables, &self.tables);
        let moved = |subnet: &&SubnetId| served(self, subnet) != served(before, subnet);
        let subnets = if acls.is_empty() && tables.is_empty() {
            Vec::new()
        } else {
            self.subnets.keys().filter(moved).cloned().collect()
        };
        Changes {
            enis: differing(&before.enis, &self.enis),
            instances: differing(&before.instances, &self.instances),
            groups: differing(&before.groups, &self.groups),
            acls,
            tables,
            gateways: differing(&before.gateways, &self.gateways),
            subnets,
        }
    }
}

/// The ids whose objects are not shared, in order. Both maps are sorted, so one pass is enough.
fn differing<I: Ord + Clone, T: PartialEq>(before: &Shared<I, T>, after: &Shared<I, T>) -> Vec<I> {
    if Arc::ptr_eq(before, after) {
        return Vec::new();
    }
    let mut ids = Vec::new();
    let mut old = before.iter().peekable();
    for (id, it) in after.iter() {
        while let Some((gone, _)) = old.next_if(|(other, _)| *other < id) {
            ids.push(gone.clone());
        }
        let same = old
            .next_if(|(other, _)| *other == id)
            .is_some_and(|(_, was)| Arc::ptr_eq(was, it) || **was == **it);
        if !same {
            ids.push(id.clone());
        }
    }
    ids.extend(old.map(|(id, _)| id.clone()));
    ids
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixture;

    #[test]
    fn only_what_changed_is_named() {
        let before = fixture::estate();
        assert_eq!(before.clone().changes_since(&before), Changes::default());
        let mut after = before.clone();
        after.update_eni(&"eni-web2".into(), |it| it.groups = vec!["sg-app".into()]);
        after.update_eni(&"eni-web3".into(), |_| {});
        after.remove_group(&"sg-web".into());
        after.associate_route_table(&"subnet-a".into(), None);
        let changes = after.changes_since(&before);
        assert_eq!(changes.enis, ["eni-web2".into()]);
        assert_eq!(changes.groups, ["sg-web".into()]);
        assert_eq!(changes.subnets, ["subnet-a".into()]);
        assert_eq!(changes.tables.len(), 1);
        assert_eq!((changes.acls, changes.instances), (vec![], vec![]));
        let back = before.changes_since(&after);
        assert_eq!(back.groups, ["sg-web".into()]);
    }
}
