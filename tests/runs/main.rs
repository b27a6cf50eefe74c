//! Every action, every shipped playbook and the preparation of a VPC, carried out in the embedded world on a simulated clock: as it
//! should go, with every step refused, twice, with every kind of trouble at
//! every step, killed after every line of its journal and taken up again, and taken back.
//!
//! Arguments are names of actions or playbooks: only those are tried. One line is printed per check that
//! fails, and one last line with the counts.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    reason = "what it prints is its result: it has no libtest around it"
)]

mod kill;
mod normalise;
#[path = "../support/setting.rs"]
mod setting;
mod troubles;
mod undo;
mod world;

use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use firedoor::plan::{Action, Playbook};
use futures::FutureExt;

use troubles::Results;
use world::{Case, Site, Variant, What};

fn main() -> ExitCode {
    // libtest's flags are accepted: this is one test, whatever they say but for a listing.
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.iter().any(|it| it == "--list") {
        println!("runs: test\n\n1 test, 0 benchmarks");
        return ExitCode::SUCCESS;
    }
    let wanted: Vec<&String> = args.iter().filter(|it| !it.starts_with('-')).collect();
    let cases: Vec<Case> = cases()
        .into_iter()
        .filter(|it| wanted.is_empty() || wanted.iter().any(|name| *name == it.name()))
        .collect();
    let results = all(&cases);
    let mut failed = 0;
    for (name, result) in &results {
        if let Err(why) = result {
            failed += 1;
            println!("{name}: {}", why.replace('\n', " "));
        }
    }
    let passed = results.len() - failed;
    println!("{passed} passed, {failed} failed");
    if failed == 0 && passed > 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Everything possible on the plain account, and on the others what differs there.
fn cases() -> Vec<Case> {
    let possible = Action::ALL.into_iter().filter(|it| it.entry().possible);
    let mut all: Vec<What> = possible.map(What::Action).collect();
    all.extend(Playbook::shipped().unwrap().into_iter().map(What::Playbook));
    let plain = all.into_iter().map(|what| Case {
        what,
        variant: Variant::Plain,
    });
    let others = [
        (Action::Stop, Variant::Protected),
        (Action::Hibernate, Variant::Protected),
        (Action::NaclDenyAll, Variant::Full),
        (Action::NaclDenyPeer, Variant::Full),
        (Action::NaclPulse, Variant::Full),
    ];
    let others = others.map(|(action, variant)| Case {
        what: What::Action(action),
        variant,
    });
    let prepare = Case {
        what: What::Prepare,
        variant: Variant::Unprepared,
    };
    plain.chain(others).chain([prepare]).collect()
}

/// Cases are shared out among the processors: each has worlds of its own.
fn all(cases: &[Case]) -> Results {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let name = format!("{} ({:?})", case.name(), case.variant);
                    let checked = alone(case).into_iter();
                    let named = checked.map(|(check, result)| (format!("{name} {check}"), result));
                    results.lock().unwrap().extend(named);
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap();
    results.sort_by(|(a, _), (b, _)| a.cmp(b));
    results
}

fn alone(case: &Case) -> Results {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let checks = AssertUnwindSafe(checks(case)).catch_unwind();
    runtime.block_on(checks).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        vec![("panics".to_owned(), Err(text.unwrap_or_default()))]
    })
}

async fn checks(case: &Case) -> Results {
    let plan = match case.plan(&Site::new(case.variant)) {
        Ok(plan) => plan,
        Err(error) => return vec![("can't be planned".to_owned(), Err(error.to_string()))],
    };
    let picture = match troubles::plain(case).await {
        Ok(picture) => picture,
        Err(why) => return vec![("plain".to_owned(), Err(why))],
    };
    let mut results: Results = vec![("plain".to_owned(), Ok(()))];
    results.push(("twice".to_owned(), troubles::twice(case).await));
    results.extend(troubles::denied(case, &plan).await);
    results.extend(troubles::faults(case, &plan, &picture).await);
    results.extend(kill::every_line(case, &plan, &picture).await);
    results.extend(undo::undone(case, &plan).await);
    results.extend(undo::killed(case).await);
    results
}
