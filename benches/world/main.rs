//! How fast the embedded world is, and what it weighs.
//!
//! `cargo bench --no-default-features --bench world`. Goal: 2 million packets a second on one core, each of
//! them sent by a session, taken from the queue, judged at both interfaces and counted by both flow logs.
//! Limits beside it, from the same run: a binary heap that takes and gives as many events, of which each packet
//! needs one at least; and how long a read takes that waits for the one before, in memory as large as the
//! largest world. A packet of a flow that nobody has thought of for a while needs a dozen such reads.

mod console;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;
use std::io::{self, Write};

use chrono::{DateTime, TimeDelta, Utc};
use firedoor::drill::{Load, World};

fn t0() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap_or_default()
}

/// Resident memory in MiB: the second figure of `/proc/self/statm`, in pages of 4 KiB.
fn resident() -> f64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split(' ').nth(1).and_then(|it| it.parse().ok());
    pages.unwrap_or(0.0) / 256.0
}

/// Seconds that this process has computed for: its 14th figure in `/proc/self/stat`, in hundredths. Other
/// than the time that passed, it does not depend on who else is busy on the machine.
fn computed() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
    let ticks = after_name.split(' ').nth(11).and_then(|it| it.parse().ok());
    ticks.unwrap_or(0.0) / 100.0
}

/// Packets of a world that is under way, over `seconds` of its time, and how long that took to compute.
fn speed(world: &mut World, from: DateTime<Utc>, seconds: i64) -> (u64, f64) {
    let before = world.judged();
    let began = computed();
    for second in 1..=seconds {
        world.advance(from + TimeDelta::seconds(second));
    }
    let packets = world.judged() - before;
    (packets, computed() - began)
}

/// Events a second of a binary heap that holds `waiting` of them.
fn heap(waiting: u64, rounds: u64) -> f64 {
    let scattered = |it: u64| it.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    let mut heap: BinaryHeap<Reverse<(u64, u64, [u64; 2])>> = (0..waiting)
        .map(|it| Reverse((scattered(it), it, [it; 2])))
        .collect();
    let began = computed();
    for number in 0..rounds {
        if let Some(Reverse((at, _, event))) = heap.pop() {
            heap.push(Reverse((at + scattered(number), number, black_box(event))));
        }
    }
    millions(rounds) / (computed() - began)
}

/// Nanoseconds of a read of 256 MiB whose place is what the one before has read.
fn latency(reads: u64) -> f64 {
    const SIZE: u64 = 1 << 25;
    // Goes through all places once before it comes back (Hull and Dobell's theorem).
    let next = |it: u64| it.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(12_345) % SIZE;
    let places: Vec<u64> = (0..SIZE).map(next).collect();
    let began = computed();
    let mut place = 0;
    for _ in 0..reads {
        let at = usize::try_from(place).unwrap_or_default();
        place = places.get(at).copied().unwrap_or_default();
    }
    black_box(place);
    (computed() - began) * 1_000.0 / millions(reads)
}

/// In millions.
fn millions(count: u64) -> f64 {
    let thousands = u32::try_from(count / 1_000).unwrap_or(u32::MAX);
    f64::from(thousands) / 1_000.0
}

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    let bare = heap(200_000, 5_000_000);
    writeln!(
        out,
        "limits: a binary heap of 200,000 events turns over {bare:.2} M events/s; a read that waits for another \
         takes {:.0} ns",
        latency(10_000_000)
    )?;
    for (hosts, flows, every, seconds) in [
        (100, 1_000, TimeDelta::milliseconds(100), 60),
        (5_000, 20_000, TimeDelta::seconds(1), 60),
        (5_000, 200_000, TimeDelta::seconds(10), 120),
    ] {
        let empty = resident();
        let load = Load {
            hosts,
            flows,
            every,
        };
        let mut world = load.world(t0());
        // Every connection is opened before anything is measured.
        let warm = t0() + every + TimeDelta::seconds(61);
        world.advance(warm);
        let (packets, took) = speed(&mut world, warm, seconds);
        let rate = millions(packets) / took;
        let weight = resident() - empty;
        writeln!(
            out,
            "{hosts} hosts, {flows} live flows: {:.2} M packets in {took:.2} s of computing: {rate:.2} M packets/s, \
             {:.2} of the heap; {weight:.0} MiB",
            millions(packets),
            rate / bare
        )?;
    }
    console::report(&mut out)
}
