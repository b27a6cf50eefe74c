//! Every shipped scenario is won by a good line of play and lost by a naive one.
//!
//! `cargo test --no-default-features --test plays -- NAME` plays one. A failure tells what the line lost points for, and
//! what its runs and their proofs came to.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod lines;
#[path = "../support/setting.rs"]
mod setting;
mod stage;

use firedoor::drill::{Scenario, load, shipped};
use firedoor::executor::RunOutcome;

use lines::{PLAYS, Play};
use stage::{Line, Move, Played, play};

async fn both(name: &str) {
    let it = PLAYS.iter().find(|it| it.scenario == name).unwrap();
    for (word, line, expected) in [
        ("best", &it.best, &it.best_expected),
        ("naive", &it.naive, &it.naive_expected),
    ] {
        let played = play(load(Some(name)).unwrap(), line).await;
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

/// Whoever wins but for what was to be taken back, and leaves that, does not win.
#[tokio::test(start_paused = true)]
async fn skipping_the_undo_loses() {
    let it = PLAYS
        .iter()
        .find(|it| it.scenario == "lateral-movement")
        .unwrap();
    let undone = |it: &&(u32, Move)| !matches!(it.1, Move::Undo);
    let moves: Vec<(u32, Move)> = it.best.moves.iter().filter(undone).copied().collect();
    assert_eq!(moves.len() + 1, it.best.moves.len());
    let line = Line {
        moves: moves.leak(),
        ends: it.best.ends,
    };
    let played = play(load(Some(it.scenario)).unwrap(), &line).await;
    let lost = played
        .score
        .reasons
        .iter()
        .find(|it| it.what == "undo")
        .unwrap();
    assert!(!played.score.won && lost.points == 4, "{}", told(&played));
    assert!(
        lost.why
            .starts_with("it was asked for, and nothing was taken back: eni-"),
        "{}",
        lost.why
    );
}

/// A console that sees its changes late looks for them longer, and wins nevertheless.
#[tokio::test(start_paused = true)]
async fn changes_that_show_late_are_waited_for() {
    let it = PLAYS
        .iter()
        .find(|it| it.scenario == "reverse-shell")
        .unwrap();
    let (_, text) = shipped()
        .iter()
        .find(|(name, _)| *name == it.scenario)
        .unwrap();
    let late = text.replacen("[world]\n", "[world]\nvisibility = \"5s\"\n", 1);
    assert_ne!(late, **text);
    let played = play(Scenario::parse("late.toml", &late).unwrap(), &it.best).await;
    let told = told(&played);
    assert_eq!(played.outcomes, [RunOutcome::Done], "{told}");
    assert!(played.score.won, "{told}");
    // Every group that is made is waited for until it shows, and so is what is in it.
    assert!(played.score.contain > it.best_expected.contain, "{told}");
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
