//! Every shipped scenario is won by a good line of play and lost by a naive one.
//!
//! `cargo test --no-default-features --test plays -- NAME` plays one. A failure tells what the line lost points for, and
//! what its runs and their proofs came to.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod lines;
#[path = "../support/setting.rs"]
mod setting;
mod stage;

use firedoor::drill::shipped;
use firedoor::executor::RunOutcome;

use lines::{PLAYS, Play};
use stage::{Played, play};

async fn both(name: &str) {
    let it = PLAYS.iter().find(|it| it.scenario == name).unwrap();
    for (word, line, expected) in [
        ("best", &it.best, &it.best_expected),
        ("naive", &it.naive, &it.naive_expected),
    ] {
        let played = play(name, line).await;
        let score = &played.score;
        let told = told(&played);
        let costs = score.reasons.iter().filter(|it| it.points > 0);
        let costs: Vec<(&str, u8)> = costs.map(|it| (it.what.as_str(), it.points)).collect();
        assert_eq!(costs, expected.costs, "{name}, {word}: {told}");
        let lost: u8 = costs.iter().map(|(_, points)| points).sum();
        assert_eq!(score.points, 100 - lost);
        assert_eq!(score.contain, expected.contain, "{name}, {word}: {told}");
        assert_eq!(score.won, word == "best", "{name}, {word}: {told}");
        assert!(played.outcomes.iter().all(|it| *it == RunOutcome::Done));
        for inject in expected.injects {
            assert!(played.saw(inject), "{name}, {word}: {inject}");
        }
        for inject in expected.spared {
            assert!(!played.saw(inject), "{name}, {word}: {inject}");
        }
    }
}

/// How it went, for whoever looks into a failure.
fn told(played: &Played) -> String {
    let score = &played.score;
    let lost = score.reasons.iter().filter(|it| it.points > 0);
    let lost = lost.map(|it| format!("-{} of {} for {}: {}", it.points, it.of, it.what, it.why));
    let (runs, proofs) = (&played.outcomes, &played.proofs);
    let ends = [
        format!("{} points", score.points),
        format!("runs: {runs:?}"),
        format!("proofs: {proofs:?}"),
    ];
    ends.into_iter().chain(lost).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_shipped_scenario_is_played() {
    let played: Vec<&str> = PLAYS.iter().map(|it: &Play| it.scenario).collect();
    let names: Vec<&str> = shipped().iter().map(|(name, _)| *name).collect();
    assert_eq!(played, names);
}

#[tokio::test(start_paused = true)]
async fn reverse_shell() {
    both("reverse-shell").await;
}

#[tokio::test(start_paused = true)]
async fn c2_through_nat() {
    both("c2-through-nat").await;
}

#[tokio::test(start_paused = true)]
async fn miner_in_asg() {
    both("miner-in-asg").await;
}

#[tokio::test(start_paused = true)]
async fn lateral_movement() {
    both("lateral-movement").await;
}

#[tokio::test(start_paused = true)]
async fn stolen_credentials() {
    both("stolen-credentials").await;
}

#[tokio::test(start_paused = true)]
async fn ipv6_and_dns() {
    both("ipv6-and-dns").await;
}

#[tokio::test(start_paused = true)]
async fn full_acl() {
    both("full-acl").await;
}
