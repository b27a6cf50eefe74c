//! What happens by itself some time after a change: instances stop and start, commands end, targets
//! pass their first health checks.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::shown::Shown;
use crate::model::{Estate, InstanceId};

/// How long an instance takes to stop.
pub(super) const STOPPING: TimeDelta = TimeDelta::seconds(20);

/// How long it takes to write its memory besides.
pub(super) const HIBERNATING: TimeDelta = TimeDelta::seconds(25);

/// How long an instance takes to start.
pub(super) const STARTING: TimeDelta = TimeDelta::seconds(15);

/// How long a new target takes to pass its health checks.
pub(super) const CHECKING: TimeDelta = TimeDelta::seconds(10);

/// Something that is due.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Event {
    /// An instance is stopped.
    Stopped(InstanceId),
    /// An instance runs.
    Running(InstanceId),
    /// The command of this id ends.
    CommandEnds(String),
    /// A change of the estate reaches the packets.
    Spread(Box<Estate>),
    /// A change of the account reaches the calls that describe it.
    Shows(Box<Shown>),
    /// An instance of an Auto Scaling group has been unhealthy for as long as it may be.
    GraceIsOver(InstanceId),
    /// Injects are looked at.
    Injects,
    /// A target is healthy.
    Healthy {
        instance: InstanceId,
        arn: String,
        port: Option<u16>,
    },
}

/// What is due, by time and in the order in which it was set in motion.
#[derive(Debug, Default)]
pub(super) struct Due {
    events: BTreeMap<(DateTime<Utc>, u64), Event>,
    set: u64,
}

impl Due {
    pub(super) fn at(&mut self, at: DateTime<Utc>, event: Event) {
        self.set = self.set.wrapping_add(1);
        self.events.insert((at, self.set), event);
    }

    /// When something is due next.
    pub(super) fn first(&self) -> Option<DateTime<Utc>> {
        self.events.first_key_value().map(|((at, _), _)| *at)
    }

    /// Takes out the first event that is due by `now`.
    pub(super) fn next(&mut self, now: DateTime<Utc>) -> Option<(DateTime<Utc>, Event)> {
        let first = self.events.first_entry()?;
        let (at, _) = *first.key();
        (at <= now).then(|| (at, first.remove()))
    }
}
