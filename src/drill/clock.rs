//! The world's time: it passes at a pace that can be changed while a drill runs.
//!
//! World time is kept as a distance from the moment at which the pace was set last, so that it is
//! continuous whatever the pace does, and never goes back.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::BoxFuture;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::sources::{Clock, Pace, SystemClock};

/// The clock of a drill. Clones show the same time.
#[derive(Debug, Clone)]
pub struct DrillClock {
    stretch: Arc<watch::Sender<Stretch>>,
}

/// World time since the pace was set last.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    wall_began: Instant,
    world_began: DateTime<Utc>,
    pace: Pace,
    /// Time ends here.
    end: Option<DateTime<Utc>>,
}

impl DrillClock {
    /// Starts now, in world time as in wall time, at the pace of the wall clock.
    pub fn start() -> Self {
        Self::at(SystemClock.now(), Pace::REAL)
    }

    /// Starts at a moment of the world.
    pub fn at(world: DateTime<Utc>, pace: Pace) -> Self {
        let stretch = Stretch {
            wall_began: Instant::now(),
            world_began: world,
            pace,
            end: None,
        };
        Self {
            stretch: Arc::new(watch::Sender::new(stretch)),
        }
    }

    /// How fast time passes.
    pub fn pace(&self) -> Pace {
        self.stretch.borrow().pace
    }

    /// Lets time pass at another pace from now on. Whoever sleeps wakes at the same moment of the world.
    pub fn set_pace(&self, pace: Pace) {
        self.stretch.send_modify(|stretch| {
            let wall = Instant::now();
            *stretch = Stretch {
                wall_began: wall,
                world_began: stretch.world_at(wall),
                pace,
                ..*stretch
            };
        });
    }

    /// Lets time end at a moment: it stands still then, whatever the pace.
    pub fn end_at(&self, end: DateTime<Utc>) {
        self.stretch.send_modify(|stretch| stretch.end = Some(end));
    }
}

impl Stretch {
    fn world_at(&self, wall: Instant) -> DateTime<Utc> {
        let passed = wall.saturating_duration_since(self.wall_began);
        let passed = passed.checked_mul(self.pace.factor());
        let passed = passed.and_then(|it| TimeDelta::from_std(it).ok());
        let world = self.world_began + passed.unwrap_or(TimeDelta::zero());
        self.end.map_or(world, |end| world.min(end))
    }

    /// When the wall clock shows a moment of the world at this pace; `None`: never.
    fn wall_at(&self, world: DateTime<Utc>) -> Option<Instant> {
        if self.end.is_some_and(|end| end < world) {
            return None;
        }
        let until = (world - self.world_began).to_std().unwrap_or_default();
        let Pace::Times(factor) = self.pace else {
            return until.is_zero().then_some(self.wall_began);
        };
        // Rounded up, so that nobody wakes before the time.
        let nanos = until.as_nanos().div_ceil(u128::from(factor.get()));
        let wall = Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
        self.wall_began.checked_add(wall)
    }
}

impl Clock for DrillClock {
    fn now(&self) -> DateTime<Utc> {
        self.stretch.borrow().world_at(Instant::now())
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let until = TimeDelta::from_std(duration)
            .ok()
            .and_then(|it| self.now().checked_add_signed(it));
        match until {
            Some(until) => self.sleep_until(until),
            None => Box::pin(std::future::pending()),
        }
    }
}

impl DrillClock {
    /// Waits for a moment of the world.
    pub(super) fn sleep_until(&self, until: DateTime<Utc>) -> BoxFuture<'static, ()> {
        let mut stretches = self.stretch.subscribe();
        // Held, so that the pace can always change while somebody sleeps.
        let clock = Arc::clone(&self.stretch);
        Box::pin(async move {
            loop {
                let now = *stretches.borrow_and_update();
                match now.wall_at(until) {
                    Some(wall) => tokio::select! {
                        () = tokio::time::sleep_until(wall) => break,
                        _ = stretches.changed() => {}
                    },
                    None => drop(stretches.changed().await),
                }
            }
            drop(clock);
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio::time::{advance, timeout};

    use super::*;

    fn t0() -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000, 0).unwrap()
    }

    fn paced(factor: u32) -> Pace {
        Pace::times(factor).unwrap_or(Pace::Paused)
    }

    fn in_time(test: impl Future<Output = ()>) {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().start_paused(true).build().unwrap();
        runtime.block_on(test);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// World time never jumps, and is the sum of what passed at each pace.
        #[test]
        fn world_time_is_continuous_over_changes_of_pace(
            stretches in prop::collection::vec((0_u32..=60, 0_u64..100_000), 1..20),
        ) {
            in_time(async move {
                let clock = DrillClock::at(t0(), Pace::REAL);
                let mut passed = 0;
                for (factor, millis) in stretches {
                    let before = clock.now();
                    clock.set_pace(paced(factor));
                    assert_eq!(clock.now(), before);
                    advance(Duration::from_millis(millis)).await;
                    passed += millis * u64::from(factor);
                    let expected = t0() + TimeDelta::from_std(Duration::from_millis(passed)).unwrap();
                    assert_eq!(clock.now(), expected);
                }
            });
        }

        /// A sleep ends at its moment of the world, neither earlier nor more than a tick of the
        /// runtime's timer later.
        #[test]
        fn a_sleep_ends_at_its_moment_of_the_world_whatever_the_pace_does(
            stretches in prop::collection::vec((0_u32..=60, 1_u64..20_000), 0..12),
            seconds in 0_u64..600,
        ) {
            in_time(async move {
                let clock = DrillClock::at(t0(), Pace::REAL);
                let asleep = clock.clone();
                let sleeper = tokio::spawn(async move {
                    asleep.sleep(Duration::from_secs(seconds)).await;
                    asleep.now()
                });
                tokio::task::yield_now().await;
                for (factor, millis) in stretches {
                    clock.set_pace(paced(factor));
                    tokio::time::sleep(Duration::from_millis(millis)).await;
                }
                clock.set_pace(Pace::REAL);
                let woke = sleeper.await.unwrap();
                let due = t0() + TimeDelta::from_std(Duration::from_secs(seconds)).unwrap();
                assert!(woke >= due, "{woke} is before {due}");
                assert!(woke - due <= TimeDelta::milliseconds(2 * 60), "{woke} is long after {due}");
            });
        }
    }

    #[tokio::test(start_paused = true)]
    async fn time_ends_where_it_is_told_to() {
        let clock = DrillClock::at(t0(), paced(60));
        let end = t0() + TimeDelta::seconds(90);
        clock.end_at(end);
        clock.sleep(Duration::from_secs(90)).await;
        assert_eq!(clock.now(), end);
        advance(Duration::from_secs(10)).await;
        assert_eq!(clock.now(), end);
        let later = timeout(Duration::from_hours(1), clock.sleep(Duration::from_secs(1)));
        assert!(later.await.is_err());
    }

    /// Who counts what is left until the end, and sleeps for that, may be a moment late, and sleep past it for
    /// ever. Who waits for the moment wakes.
    #[tokio::test(start_paused = true)]
    async fn who_waits_for_the_end_wakes_however_late_they_begin() {
        let end = t0() + TimeDelta::seconds(90);
        for late in [0, 1, 89_999, 90_000, 90_001, 500_000] {
            for pace in [Pace::REAL, paced(60), Pace::Paused] {
                let clock = DrillClock::at(t0(), Pace::REAL);
                clock.end_at(end);
                advance(Duration::from_millis(late)).await;
                let left = (end - clock.now()).to_std().unwrap();
                if pace == Pace::Paused && !left.is_zero() {
                    continue; // it does not come to its end
                }
                clock.set_pace(pace);
                let patience = Duration::from_mins(2);
                let waits = timeout(patience, clock.sleep_until(end)).await;
                assert!(waits.is_ok(), "{late} ms late, {pace}");
                assert_eq!(clock.now(), end);
                let sleeps = timeout(patience, clock.sleep(Duration::from_nanos(1))).await;
                assert!(sleeps.is_err(), "there is nothing after the end");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_wakes_while_time_stands_still() {
        let clock = DrillClock::at(t0(), Pace::Paused);
        let sleep = clock.sleep(Duration::from_secs(1));
        let mut sleep = Box::pin(sleep);
        let day = Duration::from_hours(24);
        assert!(timeout(day, &mut sleep).await.is_err());
        assert_eq!(clock.now(), t0());
        clock.sleep(Duration::ZERO).await;
        clock.set_pace(paced(10));
        let quickly = timeout(Duration::from_millis(101), sleep).await;
        assert!(quickly.is_ok());
    }
}
