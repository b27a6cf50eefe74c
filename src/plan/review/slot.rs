//! A free number for a network ACL entry, low enough for the entry to decide.

use ipnet::IpNet;

use crate::model::{Acl, AclEntry, PortRange, Protocol};

/// The final deny has this number: <https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html>
const FINAL: u16 = 32767;

/// The highest free number below every entry of the opposite action that matches some of the same
/// packets; `None`: there is none.
pub(super) fn slot(acl: &Acl, wanted: &AclEntry) -> Option<u16> {
    let in_direction = || {
        acl.entries
            .iter()
            .filter(|it| it.direction == wanted.direction && it.number < FINAL)
    };
    let against = in_direction().filter(|it| it.action != wanted.action && overlap(it, wanted));
    let below = against.map(|it| it.number).min().unwrap_or(FINAL);
    let taken = |number: &u16| in_direction().any(|it| it.number == *number);
    (1..below).rev().find(|number| !taken(number))
}

/// Whether there are packets that both match.
fn overlap(one: &AclEntry, other: &AclEntry) -> bool {
    meet(&one.cidr, &other.cidr)
        && match (one.protocol, other.protocol) {
            (Protocol::All, _) | (_, Protocol::All) => true,
            (a, b) => a == b && ports_meet(one.ports, other.ports),
        }
}

fn meet(one: &IpNet, other: &IpNet) -> bool {
    one.contains(other) || other.contains(one)
}

fn ports_meet(one: Option<PortRange>, other: Option<PortRange>) -> bool {
    one.zip(other)
        .is_none_or(|(one, other)| one.from <= other.to && other.from <= one.to)
}
