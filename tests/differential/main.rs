//! The forecast against the drill's network: random estates, flows and plans; what the forecast says of a
//! flow must be what its packets then do.
//!
//! `FIREDOOR_CASES=N` plays so many estates with their plans. Where AWS is silent the network has switches:
//! with the defaults both must agree; with another answer they may differ only where the forecast says
//! that it may be otherwise; the default number of cases fails if a switch never mattered. A disagreement is made as small as it
//! gets and written to a file, whose path is printed.

#![expect(clippy::print_stdout, reason = "its last line is read by others")]
#![expect(clippy::unwrap_used, reason = "tests")]

mod aimed;
mod compare;
mod dice;
mod estates;
mod flows;
mod parts;
mod plans;
mod report;
mod scenario;
mod shrink;
mod switched;
#[path = "../world_vectors/wire.rs"]
#[expect(dead_code, reason = "flows of a file are read elsewhere")]
mod wire;
mod written;

use std::process::ExitCode;

use compare::{Bench, Said};
use dice::Dice;
use firedoor::analysis::Network;
use firedoor::drill::net::Switches;
use flows::Case;
use parts::Parts;
use plans::Plan;
use switched::Switched;

/// So many estates, and every switch is seen to matter.
const DEFAULT: u64 = 10_000;
/// Flows of each estate.
const FLOWS: usize = 6;
/// Disagreements that are made small and written out.
const WRITTEN: usize = 12;

fn main() -> ExitCode {
    if std::env::args().any(|it| it == "--list") {
        println!("differential: test\n\n1 test, 0 benchmarks");
        return ExitCode::SUCCESS;
    }
    let number = |name: &str| std::env::var(name).ok().and_then(|it| it.parse().ok());
    let cases: u64 = number("FIREDOOR_CASES").unwrap_or(DEFAULT);
    let first: u64 = number("FIREDOOR_SEED").unwrap_or(0);
    let wrong = written::wrong();
    for it in &wrong {
        println!("{it}");
    }
    let mut tally = Tally::default();
    for seed in first..first + cases {
        tally.play(seed);
    }
    let idle = tally.switched.idle();
    if cases >= DEFAULT {
        for name in &idle {
            println!("the switch {name} never mattered");
        }
        println!("{}", tally.switched.words());
    }
    println!(
        "{} flows judged, {} live through a plan, {} of them with another answer of a switch",
        tally.flows, tally.lived, tally.switched.tried
    );
    println!("{cases} cases, {} disagreements", tally.disagreements);
    if tally.disagreements == 0 && wrong.is_empty() && (cases < DEFAULT || idle.is_empty()) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

#[derive(Default)]
struct Tally {
    flows: usize,
    lived: usize,
    disagreements: usize,
    switched: Switched,
}

/// What differs of one flow; `None`: nothing does.
fn difference(parts: &Parts, plan: &Plan, case: &Case, switches: Switches) -> Option<Said> {
    let before = parts.estate();
    let network = Network::new(&before);
    let stages = plan.stages(&before);
    let forecast = compare::stages_of(&network, &stages);
    let bench = Bench {
        before: &before,
        network: &network,
        forecast: &forecast,
        stages: &stages,
    };
    let defaults = Switches::default();
    if switches != defaults && check(&bench, case, defaults).is_some() {
        return None; // another matter
    }
    let why = bench.words(case, switches);
    check(&bench, case, switches).map(|said| Said { why, ..said })
}

fn check(bench: &Bench<'_>, case: &Case, switches: Switches) -> Option<Said> {
    let default = switches == Switches::default();
    let estates = bench.stages.iter().map(|(_, it)| it);
    let mut estates = estates.chain([bench.before]);
    if estates.any(|it| compare::passes_middlebox(it, case.packet)) {
        return None;
    }
    if default && let Some(said) = bench.connections(case) {
        return Some(said);
    }
    let opened = compare::opening(bench.before, case.packet, switches);
    if opened != compare::Opening::Opened {
        return None;
    }
    let said = bench.fate(case, switches);
    let may_differ = said.open && (!default || said.forecast == "Unknown");
    let ended = |it: &str| it == "Cut" || it == "Expires(0)";
    let same = said.forecast == said.world || ended(&said.forecast) && ended(&said.world);
    (!same && !may_differ).then_some(said)
}

fn setting(seed: u64) -> (Parts, Plan, Vec<Case>) {
    let mut dice = Dice::new(seed);
    if let Some(number) = aimed::aim(seed) {
        let (parts, plan, case) = aimed::case(&mut dice, number);
        return (parts, plan, vec![case]);
    }
    let parts = estates::estate(&mut dice);
    let (plan, suspect) = plans::plan(&mut dice, &parts);
    let flow = |_| flows::flow(&mut dice, &parts, &suspect);
    let cases = (0..FLOWS).map(flow).collect();
    (parts, plan, cases)
}

impl Tally {
    fn play(&mut self, seed: u64) {
        let (parts, plan, cases) = setting(seed);
        let before = parts.estate();
        let network = Network::new(&before);
        let stages = plan.stages(&before);
        let forecast = compare::stages_of(&network, &stages);
        let bench = Bench {
            before: &before,
            network: &network,
            forecast: &forecast,
            stages: &stages,
        };
        for case in &cases {
            self.flows += 1;
            let found = check(&bench, case, Switches::default());
            let opened = compare::opening(&before, case.packet, Switches::default());
            let lives = opened == compare::Opening::Opened && !stages.is_empty();
            self.lived += usize::from(lives);
            if found.is_some() {
                self.disagree(seed, &parts, &plan, case, Switches::default());
            } else if lives && let Some(other) = self.switched.try_some(&bench, case) {
                self.disagree(seed, &parts, &plan, case, other);
            }
        }
    }

    fn disagree(&mut self, seed: u64, parts: &Parts, plan: &Plan, case: &Case, with: Switches) {
        self.disagreements += 1;
        if self.disagreements <= WRITTEN {
            let number = self.disagreements;
            report::write((seed, number), parts, plan, case, with);
        }
    }
}
