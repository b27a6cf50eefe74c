//! `sessions-revoke`: every session of the instance's role that was issued until now denied.
//!
//! Until half a minute after the call, as IAM's console does, so that no session slips through while the
//! policy spreads.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html>

use super::super::catalogue::{Action, Entry, Scope};
use super::super::roles::role_users;
use super::super::subject::{Steps, Subject};
use super::Remarks;
use crate::model::PartKind;
use crate::operation::{At, Operation};

/// Seconds after the call.
const MARGIN: u32 = 30;

/// What is constant of it.
pub(in crate::plan) const ENTRY: Entry = Entry {
    action: Action::SessionsRevoke,
    name: "sessions-revoke",
    scope: Scope::Identity,
    summary: "deny every session of its role that was issued until now",
    caveat: "hits every user of the role until it gets a new session; the instance too gets a new one",
    cuts: false,
    fails_health_checks: false,
    needs: &[PartKind::Instances],
    build: steps,
    ..Entry::USUAL
};

fn steps(subject: &Subject<'_>, steps: &mut Steps) -> Remarks {
    let profile = subject.profile()?;
    let users = role_users(subject.estate, profile);
    users.changeable(subject)?;
    steps.at_once(vec![Operation::RevokeSessions {
        profile: profile.to_string(),
        until: At::After(MARGIN),
    }]);
    Ok(vec![
        users.hit(subject),
        "The instance gets a new session as well, which works: profile-detach first. What was taken on \
         from another role's session, and long-term keys, go on."
            .to_string(),
    ])
}
