//! The world's packets, pinned: what makes it faster or smaller must change none of them.

use super::*;
use crate::drill::{Ledger, digest};

/// The beginnings of the digests of what `told` says of each scenario that is shipped. Who changes a scenario,
/// or what the world does, puts the new ones here.
const PINNED: &[(&str, &str)] = &[
    ("reverse-shell", "0e43518b8feecc45"),
    ("c2-through-nat", "d88373c00a0a5748"),
    ("miner-in-asg", "fb05966ad743baf0"),
    ("lateral-movement", "fdb5f55f29db9592"),
    ("stolen-credentials", "61a4192f7446e48f"),
    ("ipv6-and-dns", "e8b79b6412bb5ca2"),
    ("full-acl", "2c9de697b28a433b"),
];

/// Denies everything from and to the internet in all subnets, or takes that back.
fn deny(world: &mut World, now: DateTime<Utc>, denied: bool) {
    let acls: Vec<_> = world.estate().acls().map(|it| it.id.clone()).collect();
    for acl in acls {
        // A full list refuses: what it lets through then is pinned as well.
        let _refused = entry_of_all(world, &acl, "0.0.0.0/0", now, denied);
    }
}

/// Half an hour of a scenario, in the middle of which nothing passes for some minutes.
fn play(name: &str) -> World {
    let after = |minutes| t0() + TimeDelta::minutes(minutes);
    let mut world = World::new(load(Some(name)).unwrap(), t0());
    deny(&mut world, after(10), true);
    deny(&mut world, after(14), false);
    world.advance(after(30));
    world
}

/// Everything that flow logs say, and everything that happened.
fn told(world: &World) -> String {
    let estate = world.estate();
    let enis: Vec<EniId> = estate.enis().map(|it| it.id.clone()).collect();
    let since = t0() - TimeDelta::hours(3);
    let logs = estate.flow_logs().iter();
    let lines = logs.flat_map(|log| world.lines(log, &enis, since));
    let lines = lines.map(|it| format!("{} {}", it.event, it.text));
    let ledgers = world.truth().conversations().iter().map(|it| {
        let Ledger {
            conversation,
            from,
            to,
            all,
            first,
            last,
            established,
            buckets,
            ..
        } = it;
        let at = [first, last, established].map(|it| it.unwrap_or(0));
        format!("{conversation} {from} {to} {at:?} {all:?} {buckets:?}")
    });
    let judged = format!("{} packets", world.judged());
    let all: Vec<String> = lines.chain(ledgers).chain([judged]).collect();
    all.join("\n")
}

#[test]
fn the_packets_of_shipped_scenarios_stay_the_same() {
    let played: Vec<(&str, String)> = shipped()
        .iter()
        .map(|(name, _)| {
            let told = told(&play(name));
            assert!(
                told.contains(" ACCEPT ") && told.contains(" REJECT "),
                "{name}"
            );
            (*name, digest(&told).chars().take(16).collect())
        })
        .collect();
    let pinned = PINNED.iter().map(|(name, it)| (*name, (*it).to_owned()));
    assert_eq!(played, pinned.collect::<Vec<_>>());
}
