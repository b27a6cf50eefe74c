//! A clock that stands still.

use std::time::Duration;

use chrono::{DateTime, Utc};
use firedoor::sources::Clock;
use futures::future::BoxFuture;

/// A clock that stands still, and for which nothing takes any time.
pub(crate) struct StillClock;

impl Clock for StillClock {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000, 0).unwrap()
    }

    fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }
}
