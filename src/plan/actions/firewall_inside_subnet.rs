//! `firewall-inside-subnet`, which is not possible: a firewall between the suspect and its neighbours.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/nacl-basics.html>

use super::super::catalogue::{Action, Entry, Scope};

/// What is constant of it.
pub(in crate::plan) const ENTRY: Entry = Entry {
    action: Action::FirewallInsideSubnet,
    name: "firewall-inside-subnet",
    scope: Scope::Subnet,
    summary: "put a firewall between it and the neighbours of its subnet",
    caveat: "traffic inside a subnet is not routed and meets no network ACL; security groups alone filter it",
    reason: "traffic inside a subnet is neither routed to a firewall nor meets a network ACL: security groups \
             alone filter it: https://docs.aws.amazon.com/vpc/latest/userguide/nacl-basics.html",
    ..Entry::IMPOSSIBLE
};
