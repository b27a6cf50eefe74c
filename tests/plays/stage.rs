//! An exercise that is played by a script: the real planner and the real executor on the embedded world, on a
//! simulated clock.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use firedoor::drill::{Drill, Scenario, Told};
use firedoor::executor::{Archive, Proof, RunEvent, RunEventKind, RunOutcome, Runs, survey};
use firedoor::plan::{Action, Dwell, Intent, Plan, Playbook, build, build_playbook, undo};
use firedoor::sources::{
    Exercise, ExerciseRecord, Happening, Reading, Request, Score, Source, Undone,
};
use tokio::sync::mpsc::{self, UnboundedReceiver};

use super::setting::{self, Setting};

/// What a player does.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Move {
    /// Carries out an action on the suspect.
    Act(Action),
    /// Carries out a playbook on the suspect.
    Book(&'static str),
    /// Takes back what every run before did, the last one first.
    Undo,
    /// Answers whoever asked.
    Answer(&'static str, &'static str),
}

/// A line of play: what is done at which second, and when it ends.
pub(crate) struct Line {
    pub(crate) moves: &'static [(u32, Move)],
    pub(crate) ends: u32,
}

/// An exercise under way.
struct Stage {
    setting: Setting,
    began: DateTime<Utc>,
    runs: Runs,
    proven: Arc<Mutex<Option<DateTime<Utc>>>>,
    proofs: Arc<Mutex<Vec<Proof>>>,
}

/// What came of a line of play.
pub(crate) struct Played {
    pub(crate) score: Score,
    pub(crate) records: Vec<ExerciseRecord>,
    /// What runs came to, in order.
    pub(crate) outcomes: Vec<RunOutcome>,
    /// What the flow logs said of them.
    pub(crate) proofs: Vec<Proof>,
}

impl Played {
    /// Whether an inject took effect.
    pub(crate) fn saw(&self, inject: &str) -> bool {
        let mut records = self.records.iter();
        records.any(|it| matches!(&it.what, Happening::Injected { name } if name == inject))
    }
}

/// Plays a scenario.
pub(crate) async fn play(scenario: Scenario, line: &Line) -> Played {
    let setting = Setting::new(scenario);
    let stage = Stage {
        began: setting.clock.now(),
        setting,
        runs: Runs::default(),
        proven: Arc::default(),
        proofs: Arc::default(),
    };
    let mut heard = stage.drill().hear();
    stage.drill().began();
    let mut outcomes = Vec::new();
    for (at, what) in line.moves {
        stage.wait_until(*at).await;
        outcomes.extend(stage.play(*what).await);
    }
    stage.wait_until(line.ends).await;
    let told = Told {
        looked: line
            .moves
            .first()
            .map(|(at, _)| stage.began + TimeDelta::seconds(i64::from(*at))),
        proven: *stage.proven.lock().unwrap(),
        // Whether everything is as it was is for the world to say.
        undo: if line.moves.iter().any(|(_, it)| matches!(it, Move::Undo)) {
            Undone::Clean
        } else {
            Undone::NotAsked
        },
    };
    let score = stage.drill().end("the script", told).unwrap();
    let mut records = Vec::new();
    while let Ok(record) = heard.try_recv() {
        records.push(record);
    }
    Played {
        score,
        records,
        outcomes,
        proofs: std::mem::take(&mut *stage.proofs.lock().unwrap()),
    }
}

impl Stage {
    fn drill(&self) -> &Drill {
        &self.setting.drill
    }

    /// Lets the world go on, second by second.
    async fn wait_until(&self, second: u32) {
        let until = self.began + TimeDelta::seconds(i64::from(second));
        while self.setting.clock.now() < until {
            self.setting.clock.sleep(Duration::from_secs(1)).await;
            self.drill().beat();
        }
    }

    async fn play(&self, what: Move) -> Vec<RunOutcome> {
        let estate = self.drill().estate();
        let plan = match what {
            Move::Act(action) => build(&estate, &self.intent(action).await).unwrap(),
            Move::Book(name) => {
                let shipped = Playbook::shipped().unwrap();
                let book = shipped.iter().find(|it| it.name == name).unwrap();
                build_playbook(&estate, book, &self.intent(Action::Tag).await).unwrap()
            }
            Move::Undo => return self.undo().await,
            Move::Answer(from, text) => {
                let messages = self.drill().messages();
                let open = messages.iter().find(|it| it.is_open() && it.from == from);
                let open = open.unwrap_or_else(|| panic!("{from} asked nothing: {messages:#?}"));
                self.drill().answer(open.id, text).unwrap();
                return Vec::new();
            }
        };
        vec![self.run(&plan).await]
    }

    /// Takes back what every run did, the last one first.
    async fn undo(&self) -> Vec<RunOutcome> {
        let mut runs = Archive::new(self.setting.root.path()).runs();
        runs.sort_by_key(|it| std::cmp::Reverse(it.view.started));
        let mut outcomes = Vec::new();
        for it in runs {
            let taken = survey(self.drill(), &it.view).await.unwrap();
            let back = undo(&it.view.run, &it.view.plan, &taken, None);
            assert!(back.drift.is_empty(), "{:#?}", back.drift);
            if !back.plan.steps.is_empty() {
                // Runs are told apart by the second in which they begin.
                self.setting.clock.sleep(Duration::from_secs(1)).await;
                outcomes.push(self.run(&back.plan).await);
            }
        }
        outcomes
    }

    async fn intent(&self, action: Action) -> Intent {
        Intent {
            stamp: self.stamp(),
            dwell: Dwell {
                slowest_gap: None,
                max: 10,
            },
            peers: self.peers().await,
            ..self.setting.intent(action)
        }
    }

    /// What no two runs share.
    fn stamp(&self) -> String {
        let now = self.setting.clock.now();
        now.format("%Y%m%dT%H%M%SZ").to_string()
    }

    /// The remote addresses of the suspect's findings, as the console reads them.
    async fn peers(&self) -> Vec<IpAddr> {
        let (sink, mut readings) = mpsc::channel(1);
        let (read, reading) =
            futures::join!(self.drill().read(Request::Findings, sink), readings.recv());
        read.unwrap();
        let Some(Reading::Findings(findings)) = reading else {
            panic!("no findings");
        };
        let own = findings
            .iter()
            .filter(|it| it.instances.contains(self.drill().suspect()));
        let mut peers: Vec<IpAddr> = own
            .flat_map(|it| &it.remotes)
            .map(|it| it.address)
            .collect();
        peers.sort_unstable();
        peers.dedup();
        peers
    }

    /// Carries a plan out, while the world goes on.
    async fn run(&self, plan: &Plan) -> RunOutcome {
        let actuator = Arc::new(self.drill().clone());
        let (ports, events) = self.setting.ports(actuator, Some(plan));
        let run = setting::run(&self.stamp(), plan);
        let root = self.setting.root.path();
        let mut task = self.runs.start(run, root, ports).unwrap();
        tokio::spawn(listen(
            events,
            Arc::clone(&self.proven),
            Arc::clone(&self.proofs),
        ));
        loop {
            tokio::select! {
                outcome = &mut task => return outcome.unwrap(),
                () = self.setting.clock.sleep(Duration::from_secs(1)) => self.drill().beat(),
            }
        }
    }
}

/// Notes when flow logs first prove a run.
async fn listen(
    mut events: UnboundedReceiver<RunEvent>,
    proven: Arc<Mutex<Option<DateTime<Utc>>>>,
    proofs: Arc<Mutex<Vec<Proof>>>,
) {
    while let Some(event) = events.recv().await {
        if let RunEventKind::Proof { proof } = &event.kind {
            proofs.lock().unwrap().push(proof.clone());
        }
        if matches!(
            &event.kind,
            RunEventKind::Proof {
                proof: Proof::Proven { .. }
            }
        ) {
            proven.lock().unwrap().get_or_insert(event.at);
        }
    }
}
