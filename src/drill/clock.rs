//! The world's time.
//!
//! A drill runs at the pace of the wall clock. World time is kept as a distance from the moment at
//! which the drill began, so that another pace, or a pause, is another way to measure that distance.

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;

use crate::sources::{Clock, SystemClock};

/// The clock of a drill: world time advances with wall time.
#[derive(Debug, Clone, Copy)]
pub struct DrillClock {
    wall: SystemClock,
    began: DateTime<Utc>,
    world_began: DateTime<Utc>,
}

impl DrillClock {
    /// Starts now, in world time as in wall time.
    pub fn start() -> Self {
        let wall = SystemClock;
        let began = wall.now();
        Self {
            wall,
            began,
            world_began: began,
        }
    }
}

impl Clock for DrillClock {
    fn now(&self) -> DateTime<Utc> {
        self.world_began + (self.wall.now() - self.began)
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.wall.sleep(duration)
    }
}
