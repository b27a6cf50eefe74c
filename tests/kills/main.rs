//! Consoles that die in the middle of a run, and others that take it up: nothing is lost, nothing is done
//! twice, and the suspect does not stay open. `FIREDOOR_KILLS` says how many deaths are tried,
//! `FIREDOOR_SEED` which.
#![expect(clippy::unwrap_used, reason = "tests")]

#[cfg(feature = "aws")]
mod aws;
mod bounds;
#[path = "../support/quiet.rs"]
mod quiet;
#[path = "../support/setting.rs"]
mod setting;
mod world;

use std::collections::BTreeMap;

use firedoor::executor::{Resume, RunOutcome};
use firedoor::plan::{Action, catalogue};

use world::{Death, Life, World, may_repeat};

/// Numbers that look random, the same for a seed.
struct Dice(u64);

impl Dice {
    /// `SplitMix64`.
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % u64::try_from(sides).unwrap()).unwrap()
    }

    fn death(&mut self, lines: usize) -> Death {
        Death {
            after: 1 + self.roll(lines),
            lost: self.roll(2) == 0,
            torn: self.roll(3) == 0,
            stopped: (self.roll(4) == 0).then(|| self.roll(12)),
        }
    }
}

/// A run that nobody interrupts.
struct Whole {
    action: Action,
    lines: usize,
    done: BTreeMap<String, usize>,
}

/// Runs an action to its end; none, if it can't be planned or run in this world.
async fn whole(action: Action) -> Option<Whole> {
    let world = World::new(action)?;
    let Life::Ended(outcome) = world.begin(None).await else {
        return None;
    };
    assert!(world.is_closed(), "{}", action.name());
    is_good(outcome).then(|| Whole {
        action,
        lines: world.recorded().events.len(),
        done: world.done(),
    })
}

fn is_good(outcome: RunOutcome) -> bool {
    matches!(outcome, RunOutcome::Done | RunOutcome::DoneWithWarnings)
}

impl Whole {
    /// A run with these deaths, taken up after each; the last life comes to its end.
    async fn interrupted(&self, deaths: &[Death], how: Resume) {
        let stopped = deaths.iter().any(|it| it.stopped.is_some());
        let context = format!("{} {how:?} {deaths:?}", self.action.name());
        let world = World::new(self.action).unwrap();
        let mut lives = deaths.iter().copied();
        let mut life = world.begin(lives.next()).await;
        loop {
            match life {
                Life::Ended(outcome) => {
                    return self.check(&world, outcome, how, stopped, &context);
                }
                Life::Died => life = world.resume(how, lives.next()).await,
            }
        }
    }

    fn check(&self, world: &World, outcome: RunOutcome, how: Resume, stopped: bool, context: &str) {
        assert!(world.is_closed(), "{context}: open");
        assert!(world.no_deny_is_left(), "{context}: a deny is left");
        let recorded = world.recorded();
        assert!(!recorded.is_open(), "{context}: {outcome:?}");
        assert_eq!(recorded.open_since(), None, "{context}");
        let (ended, all) = recorded.view.progress();
        assert_eq!(ended, all, "{context}: every step has an end");
        let done = world.done();
        for (key, count) in &done {
            let once = self.done.get(key).copied().unwrap_or_default();
            assert!(
                *count <= once || may_repeat(key),
                "{context}: {count} times {key}"
            );
        }
        let resumed = recorded.view.resumed.is_some();
        if !stopped && (how == Resume::Continue || !resumed) {
            // What takes its time was perhaps not seen done before, and is now.
            assert!(is_good(outcome), "{context}: {outcome:?}");
            for key in self.done.keys() {
                assert!(done.contains_key(key), "{context}: {key} is lost");
            }
        }
    }

    /// How it may be taken up.
    fn ways(&self) -> &'static [Resume] {
        match self.action {
            Action::NaclPulse => &[Resume::Close],
            _ => &[Resume::Continue, Resume::Close],
        }
    }
}

/// Kills a run after every line of its journal, with the call in flight arriving or lost.
async fn killed_everywhere(action: Action) {
    let whole = whole(action).await.unwrap();
    for how in whole.ways() {
        for after in 1..=whole.lines {
            for (lost, stopped) in [(false, None), (true, None), (after % 2 == 0, Some(6))] {
                let torn = after % 3 == 0;
                let death = Death {
                    after,
                    lost,
                    torn,
                    stopped,
                };
                whole.interrupted(&[death], *how).await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_two_step_is_killed_after_every_line() {
    killed_everywhere(Action::SgTwoStep).await;
}

#[tokio::test(start_paused = true)]
async fn a_two_step_with_prepared_groups_is_killed_after_every_line() {
    killed_everywhere(Action::SgTwoStepStaged).await;
}

#[tokio::test(start_paused = true)]
async fn a_pulse_is_killed_after_every_line() {
    killed_everywhere(Action::NaclPulse).await;
}

#[tokio::test(start_paused = true)]
async fn a_swap_of_network_acls_is_killed_after_every_line() {
    killed_everywhere(Action::NaclSwap).await;
}

fn env(name: &str, otherwise: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.map_or(otherwise, |it| it.parse().unwrap())
}

#[tokio::test(start_paused = true)]
async fn killed_at_random_and_taken_up_until_it_ends() {
    let kills = env("FIREDOOR_KILLS", 200);
    let seed = env("FIREDOOR_SEED", 0x5eed);
    let mut runnable = Vec::new();
    for entry in catalogue().iter().filter(|it| it.possible) {
        runnable.extend(whole(entry.action).await);
    }
    let names: Vec<_> = runnable.iter().map(|it| it.action.name()).collect();
    println!("seed {seed}, {kills} deaths, actions: {names:?}");
    assert!(runnable.len() >= 4, "{names:?}");
    let mut dice = Dice(seed);
    let mut died = 0;
    while died < kills {
        let whole = &runnable[dice.roll(runnable.len())];
        let ways = whole.ways();
        let how = ways[dice.roll(ways.len())];
        let lives = 1 + dice.roll(3);
        let deaths: Vec<Death> = (0..lives).map(|_| dice.death(whole.lines)).collect();
        whole.interrupted(&deaths, how).await;
        died += u64::try_from(lives).unwrap();
    }
}
