//! The drill's network against the timelines of a file of cases: packets and changes in the order of time,
//! and whether each packet is delivered. Cases of other kinds are not counted.
//!
//! `FIREDOOR_VECTORS=FILE` runs that file instead of the project's own.

#![expect(clippy::print_stdout, reason = "its last line is read by others")]

#[path = "../vectors/file.rs"]
mod file;
#[path = "../vectors/ops.rs"]
mod ops;
#[path = "../vectors/played.rs"]
mod played;
#[path = "../vectors/story.rs"]
mod story;
mod timeline;
#[path = "../vectors/topology.rs"]
#[expect(dead_code, reason = "other kinds of cases read more of a topology")]
mod topology;
#[expect(dead_code, reason = "sights are looked at elsewhere")]
mod wire;

use std::process::ExitCode;

fn main() -> ExitCode {
    file::play("world", |case, topology| {
        (case["kind"] == "timeline").then(|| played::check::<timeline::Sent>(case, topology))
    })
}
