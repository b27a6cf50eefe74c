//! How long forecasts take, and how that grows with the account.
//!
//! `cargo bench --no-default-features --bench forecast`. Limits to read the figures by: the comparison of all
//! actions at 50,000 flows is to be ready before a moved cursor is seen to lag, 50 ms; the review of a
//! network ACL over a million flows before its reader wonders, 300 ms.

mod account;

use std::collections::BTreeSet;

use account::{entry, estate, flows, instance_id};
use divan::Bencher;
use firedoor::analysis::{Activity, Course, Network, Seen, Stage, Traffic};
use firedoor::model::{AclAction, Direction, Estate};
use firedoor::plan::{Action, Dwell, Intent, build, compare};

fn main() {
    divan::main();
}

fn traffic(network: &Network, instances: u32, count: u32) -> Traffic {
    let flows = flows(instances, count);
    let seen = flows.iter().map(|(flow, eni)| Seen {
        flow: *flow,
        eni,
        activity: Activity::default(),
        bytes_per_minute: 1000,
    });
    Traffic::new(network, seen)
}

/// A deny in front of everything, in the NACL of two of the four subnets.
fn denied(estate: &Estate, network: &Network) -> Vec<Stage> {
    let mut after = estate.clone();
    after.update_acl(&"acl-1".into(), |entries| {
        let deny = |it| entry(it, 5, AclAction::Deny, "93.184.0.0/17");
        entries.extend(Direction::BOTH.map(deny));
    });
    vec![Stage {
        at: 0,
        network: network.after(&after),
    }]
}

#[divan::bench(args = [1_000, 5_000], sample_count = 20)]
fn compile_an_estate(bencher: Bencher<'_, '_>, instances: u32) {
    let estate = estate(instances);
    bencher.bench(|| Network::new(&estate));
}

#[divan::bench(args = [50_000, 200_000, 1_000_000], sample_count = 5)]
fn place_flows(bencher: Bencher<'_, '_>, count: u32) {
    let network = Network::new(&estate(5_000));
    bencher.bench(|| traffic(&network, 5_000, count));
}

/// The limit is 300 ms at a million.
#[divan::bench(args = [50_000, 200_000, 1_000_000], sample_count = 10)]
fn review_of_a_nacl_entry(bencher: Bencher<'_, '_>, count: u32) {
    let estate = estate(5_000);
    let network = Network::new(&estate);
    let traffic = traffic(&network, 5_000, count);
    let stages = denied(&estate, &network);
    let course = Course {
        before: &network,
        stages: &stages,
    };
    bencher.bench(|| traffic.tally(course, None, &BTreeSet::new()));
}

/// What plans alone cost, without a forecast.
#[divan::bench(args = [1_000, 5_000], sample_count = 10)]
fn plans_of_all_actions(bencher: Bencher<'_, '_>, instances: u32) {
    let estate = estate(instances);
    let of = |action| Intent { action, ..intent() };
    bencher.bench(|| {
        let plans = Action::ALL.map(|action| build(&estate, &of(action)));
        plans.iter().filter(|it| it.is_ok()).count()
    });
}

/// The limit is 50 ms at 50,000.
#[divan::bench(args = [(1_000, 50_000), (5_000, 50_000), (5_000, 200_000)], sample_count = 10)]
fn comparison_of_all_actions(bencher: Bencher<'_, '_>, (instances, count): (u32, u32)) {
    let estate = estate(instances);
    let network = Network::new(&estate);
    let traffic = traffic(&network, instances, count);
    let intent = intent();
    let peers = intent.peers.iter().copied().collect();
    bencher.bench(|| compare(&traffic, &intent, &peers));
}

fn intent() -> Intent {
    Intent {
        action: Action::ALL[0],
        suspect: instance_id(0),
        case: "fd-bench".into(),
        stamp: "20260101T000000Z".into(),
        dwell: Dwell {
            slowest_gap: None,
            max: 60,
        },
        peers: vec![[203, 0, 113, 66].into()],
        acl_quota: Intent::ACL_QUOTA,
        max_hold: Intent::MAX_HOLD,
    }
}
