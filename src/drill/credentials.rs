//! Stolen credentials: calls of AWS's API from outside, with those of an instance's role. They pass no
//! interface, and only policies stop them.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::scenario::Credentials;
use super::world::World;
use crate::model::InstanceState;

/// For how long after its last packet a conversation counts as one that gets through.
const FRESH: TimeDelta = TimeDelta::seconds(60);

/// The credentials that somebody outside has, by the number of the conversation that uses them.
pub(super) type Stolen = BTreeMap<u32, Session>;

/// The session of a role.
#[derive(Debug, Clone)]
pub(super) struct Session {
    credentials: Credentials,
    /// The roles that the instance had.
    roles: Vec<String>,
    issued: DateTime<Utc>,
}

impl World {
    /// Everybody outside has what was there to be had when the world began.
    pub(super) fn steal(&mut self) {
        let issued = self.now;
        let mut stolen = Stolen::new();
        for (number, credentials) in self.traffic.credentials() {
            let instance = self.estate.instance(&credentials.instance);
            let profile = instance.and_then(|it| self.estate.profile(it.profile.as_deref()?));
            let roles = profile.map_or(Vec::new(), |it| it.roles.clone());
            let session = Session {
                credentials,
                roles,
                issued,
            };
            stolen.insert(number, session);
        }
        self.stolen = stolen;
    }

    /// A call with stolen credentials: whether it is permitted.
    pub(super) fn called(&mut self, number: u32) {
        let renewed = self.stolen.get(&number).is_some_and(|it| self.renews(it));
        let now = self.now;
        let Some(session) = self.stolen.get_mut(&number) else {
            return;
        };
        if renewed {
            session.issued = now;
        }
        let instance = &session.credentials.instance;
        let mut roles = session.roles.iter();
        let denied = roles.any(|role| self.beside.denies(role, instance, session.issued));
        let at = self.micros(now);
        self.traffic.answer_call(number, !denied, at);
    }

    /// Whether fresh credentials come out of the instance.
    fn renews(&self, session: &Session) -> bool {
        let Credentials {
            instance,
            renewed_over,
        } = &session.credentials;
        let Some(over) = renewed_over else {
            return false;
        };
        let ledgers = self.truth().conversations().iter();
        let last = ledgers.filter(|it| it.conversation == *over);
        let last = last.filter_map(|it| it.last).max();
        let is_open = last.is_some_and(|last| self.now - self.moment(last) <= FRESH);
        is_open
            && self.estate.instance(instance).is_some_and(|it| {
                it.state == InstanceState::Running
                    && it.profile.is_some()
                    && it.attributes.metadata != Some(false)
            })
    }
}
