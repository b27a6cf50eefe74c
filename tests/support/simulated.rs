//! A simulated clock.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use firedoor::sources::Clock;
use futures::future::BoxFuture;
use tokio::time::Instant;

/// Time that passes as tokio's, which the tests pause.
struct Simulated(Instant);

impl Clock for Simulated {
    fn now(&self) -> DateTime<Utc> {
        let base = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        base + TimeDelta::from_std(self.0.elapsed()).unwrap()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// A clock that begins now, at the same moment for every test.
pub(crate) fn clock() -> Arc<dyn Clock> {
    Arc::new(Simulated(Instant::now()))
}
