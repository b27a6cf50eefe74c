//! `add-group`, which does not do what it is tried for: an empty group added to the others.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html>

use super::super::catalogue::{Action, Entry, Scope};

/// What is constant of it.
pub(in crate::plan) const ENTRY: Entry = Entry {
    action: Action::AddGroup,
    name: "add-group",
    scope: Scope::Instance,
    summary: "add an empty security group to restrict it",
    caveat: "groups hold allows only and add up: an added group never takes anything away",
    reason: "AWS accepts it, and nothing is restricted: rules of several groups add up: \
             https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html",
    ..Entry::IMPOSSIBLE
};
