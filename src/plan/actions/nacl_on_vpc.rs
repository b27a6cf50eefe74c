//! `nacl-on-vpc`, which is not possible: a network ACL for the VPC.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/network-acl-associations.html>

use super::super::catalogue::{Action, Entry, Scope};

/// What is constant of it.
pub(in crate::plan) const ENTRY: Entry = Entry {
    action: Action::NaclOnVpc,
    name: "nacl-on-vpc",
    scope: Scope::Subnet,
    summary: "associate a network ACL with the VPC",
    caveat: "network ACLs serve subnets; nacl-swap moves the suspect's",
    reason: "AWS has no call for it: a network ACL is associated with subnets: \
             https://docs.aws.amazon.com/vpc/latest/userguide/network-acl-associations.html",
    ..Entry::IMPOSSIBLE
};
