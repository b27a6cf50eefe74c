//! Network ACLs and their entries.

use crate::model::{Acl, AclEntry, AclId, Direction, Estate, VpcId};

pub(super) fn create(estate: &mut Estate, id: AclId, vpc: &VpcId, tags: &[(String, String)]) {
    let name = tags.iter().find(|(key, _)| key == "Name");
    estate.put_acl(Acl {
        id,
        vpc: vpc.clone(),
        name: name.map(|(_, value)| value.clone()).unwrap_or_default(),
        default: false,
        entries: AclEntry::final_denies().collect(),
        subnets: Vec::new(),
    });
}

/// Adds an entry, in the place of one with its direction and number.
pub(super) fn put_entry(estate: &mut Estate, acl: &AclId, entry: &AclEntry) {
    let entry = entry.canonical();
    estate.update_acl(acl, |entries| {
        let same =
            |it: &&mut AclEntry| it.direction == entry.direction && it.number == entry.number;
        match entries.iter_mut().find(same) {
            Some(old) => *old = entry,
            None => entries.push(entry),
        }
    });
}

pub(super) fn delete_entry(estate: &mut Estate, acl: &AclId, direction: Direction, number: u16) {
    estate.update_acl(acl, |entries| {
        entries.retain(|it| it.direction != direction || it.number != number);
    });
}
