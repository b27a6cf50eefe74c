//! `nacl-own-address`, which does not do what it is tried for: the suspect's address in the network ACL of its
//! own subnet.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html>

use super::super::catalogue::{Action, Entry, Scope};

/// What is constant of it.
pub(in crate::plan) const ENTRY: Entry = Entry {
    action: Action::NaclOwnAddress,
    name: "nacl-own-address",
    scope: Scope::Subnet,
    summary: "deny the suspect's address in the network ACL of its own subnet",
    caveat: "it is never the remote side there; nacl-far-side denies it where it is",
    reason: "AWS accepts it, and nothing matches: an ingress entry names the source and an egress entry the \
             destination, and in its own subnet the suspect is neither: \
             https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html",
    ..Entry::IMPOSSIBLE
};
