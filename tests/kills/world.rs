//! A drill whose console can die: the world goes on, calls that were under way arrive or are lost.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};
use firedoor::drill::{Drill, Scenario};
use firedoor::executor::{
    Archive, Journal, Ports, Recorded, Resume, Run, RunEvent, RunOutcome, Runs,
};
use firedoor::model::{Direction, Estate};
use firedoor::operation::{Actuator, Answer, CallError, CallErrorKind, Operation, State, observe};
use firedoor::plan::{Action, Intent, Plan, build};
use firedoor::sources::Clock;
use futures::future::BoxFuture;
use tokio::sync::mpsc;

use super::quiet;
use super::setting::{self, Setting};

/// Picks operations.
pub(crate) type Which = fn(&Operation) -> bool;

/// The way to the world. It counts what arrives there and is done.
struct Wire {
    drill: Drill,
    clock: Arc<dyn Clock>,
    /// Consoles that have died.
    deaths: AtomicU32,
    /// Whether the calls of the one that died last are lost on the way.
    lost: AtomicBool,
    /// Calls that never get an answer, nor arrive.
    deaf: Mutex<Option<Which>>,
    done: Mutex<Vec<Operation>>,
    made: Mutex<Vec<String>>,
}

impl Wire {
    async fn call(&self, operation: &Operation) -> Result<Answer, CallError> {
        /// How long a call is on its way.
        const WAY: Duration = Duration::from_millis(50);
        let deaf = *self.deaf.lock().unwrap();
        if deaf.is_some_and(|which| which(operation)) {
            return std::future::pending().await;
        }
        let sender = self.deaths.load(Ordering::Relaxed);
        self.clock.sleep(WAY).await;
        let gone = self.deaths.load(Ordering::Relaxed) != sender;
        if gone && self.lost.load(Ordering::Relaxed) {
            return Err(CallError {
                kind: CallErrorKind::NotSent,
                api: operation.facts().api.into(),
                code: "Lost".into(),
                message: "nobody reads this".into(),
            });
        }
        let answer = self.drill.execute(operation).await?;
        self.done.lock().unwrap().push(operation.clone());
        self.made.lock().unwrap().extend(answer.made.clone());
        Ok(answer)
    }
}

impl Actuator for Wire {
    fn observe<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Result<State, CallError>> {
        self.drill.observe(operation)
    }

    fn execute<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Result<Answer, CallError>> {
        Box::pin(self.call(operation))
    }
}

/// A world, and a folder with the journals of the consoles that it sees.
pub(crate) struct World {
    setting: Setting,
    wire: Arc<Wire>,
    pub(crate) plan: Plan,
    pub(crate) before: Estate,
}

/// How a console's life ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Death {
    /// After this many lines of its own in the journal; it may come to its end before.
    pub(crate) after: usize,
    /// What was on its way never arrives.
    pub(crate) lost: bool,
    /// It leaves half a line.
    pub(crate) torn: bool,
    /// Somebody had asked it to stop, so many lines before.
    pub(crate) stopped: Option<usize>,
}

/// How a console's life ended.
pub(crate) enum Life {
    Died,
    Ended(RunOutcome),
}

impl World {
    /// A new world and the plan of an action in it; none, if it has none here.
    pub(crate) fn new(action: Action) -> Option<Self> {
        let setting = Setting::new(scenario());
        let before = setting.drill.estate();
        let intent = Intent {
            peers: vec!["203.0.113.66".parse().unwrap()],
            ..setting.intent(action)
        };
        let plan = build(&before, &intent).ok()?;
        let wire = Wire {
            drill: setting.drill.clone(),
            clock: Arc::clone(&setting.clock),
            deaths: AtomicU32::new(0),
            lost: AtomicBool::new(false),
            deaf: Mutex::default(),
            done: Mutex::default(),
            made: Mutex::default(),
        };
        Some(Self {
            before,
            setting,
            wire: Arc::new(wire),
            plan,
        })
    }

    /// A console begins the run.
    pub(crate) async fn begin(&self, death: Option<Death>) -> Life {
        let (ports, events) = self.ports();
        let runs = Runs::default();
        let task = runs.start(self.run(), self.root(), ports);
        self.live(&runs, task.unwrap(), events, death).await
    }

    /// Another console takes it up.
    pub(crate) async fn resume(&self, how: Resume, death: Option<Death>) -> Life {
        let (ports, events) = self.ports();
        let Some(open) = self.open() else {
            // Its last line got to the disk when it was dead already.
            return Life::Ended(self.recorded().view.ended.unwrap().1);
        };
        let runs = Runs::default();
        let task = runs.resume(&open, how, "arn-2", ports);
        self.live(&runs, task.unwrap(), events, death).await
    }

    /// From now on these calls get no answer, nor arrive.
    pub(crate) fn deafen(&self, which: Option<Which>) {
        *self.wire.deaf.lock().unwrap() = which;
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.setting.clock.now()
    }

    pub(crate) fn root(&self) -> &Path {
        self.setting.root.path()
    }

    /// The run that is to be carried out.
    pub(crate) fn run(&self) -> Run {
        setting::run("run", &self.plan)
    }

    pub(crate) fn ports(&self) -> (Ports, mpsc::UnboundedReceiver<RunEvent>) {
        self.setting.ports(Arc::clone(&self.wire) as _, None)
    }

    async fn live(
        &self,
        runs: &Runs,
        task: tokio::task::JoinHandle<RunOutcome>,
        mut events: mpsc::UnboundedReceiver<RunEvent>,
        death: Option<Death>,
    ) -> Life {
        let mut seen = 0;
        while events.recv().await.is_some() {
            seen += 1;
            let warned = death.and_then(|it| it.after.checked_sub(it.stopped?));
            if warned == Some(seen) {
                runs.stop();
            }
            if let Some(death) = death.filter(|it| it.after == seen) {
                self.wire.lost.store(death.lost, Ordering::Relaxed);
                self.wire.deaths.fetch_add(1, Ordering::Relaxed);
                task.abort();
                return self.settle(task, death).await;
            }
        }
        Life::Ended(task.await.unwrap())
    }

    /// Whatever was on its way to the world or to the disk arrives.
    async fn settle(&self, task: tokio::task::JoinHandle<RunOutcome>, death: Death) -> Life {
        if let Ok(outcome) = task.await {
            return Life::Ended(outcome);
        }
        self.setting.clock.sleep(Duration::from_secs(1)).await;
        if death.torn && self.open().is_some() {
            let mut text = std::fs::read(self.journal()).unwrap();
            text.extend(b"{\"v\":1,\"prev\":\"");
            std::fs::write(self.journal(), text).unwrap();
        }
        Life::Died
    }

    fn journal(&self) -> PathBuf {
        Journal::path_of(self.root(), "case", "run")
    }

    /// The run as the archive lists it, unless it has come to its end.
    pub(crate) fn open(&self) -> Option<Recorded> {
        let mut listing = Archive::new(self.root()).open();
        assert!(listing.unreadable.is_empty(), "{:?}", listing.unreadable);
        let open = listing.runs.pop()?;
        assert!(listing.runs.is_empty());
        assert_eq!(open.held_by, None);
        Some(open)
    }

    /// The run as its journal tells it, which must be whole.
    pub(crate) fn recorded(&self) -> Recorded {
        let recorded = Recorded::read(&self.journal()).unwrap();
        assert_eq!(recorded.damage, None);
        recorded
    }

    pub(crate) fn after(&self) -> Estate {
        self.setting.drill.estate()
    }

    /// How often each change was made: the same in every world, whatever ids it gave.
    pub(crate) fn done(&self) -> BTreeMap<String, usize> {
        let made = self.wire.made.lock().unwrap();
        let mut counts = BTreeMap::new();
        for operation in self.wire.done.lock().unwrap().iter() {
            *counts.entry(key(operation, &made)).or_default() += 1;
        }
        counts
    }

    /// Nobody can get at the suspect, or it at anybody, by a rule that allows everything.
    pub(crate) fn is_closed(&self) -> bool {
        let after = self.after();
        let everything = |direction| {
            after
                .enis_of_instance(self.setting.drill.suspect())
                .flat_map(|eni| &eni.groups)
                .filter(|id| self.before.group(id).is_none() || is_staged(&self.before, id))
                .filter_map(|id| after.group(id))
                .any(|group| group.rules_in(direction).next().is_some())
        };
        !Direction::BOTH.into_iter().any(everything)
    }

    /// Whether every change of the plan whose object can be looked at is in force at its end.
    pub(crate) fn no_deny_is_left(&self) -> bool {
        let mut denies = self
            .plan
            .operations()
            .filter(|it| matches!(it, Operation::DeleteAclEntry { .. }));
        denies.all(|it| observe(&self.after(), it) == Some(State::Absent))
    }
}

fn is_staged(estate: &Estate, id: &firedoor::model::GroupId) -> bool {
    let group = estate.group(id);
    group.is_some_and(|it| it.name.starts_with("firedoor-step-1"))
}

/// What an operation does, without the ids and times that differ between worlds.
fn key(operation: &Operation, made: &[String]) -> String {
    let text = match operation {
        Operation::SetTags { resource, tags } => format!("tags {resource} {:?}", tags.keys()),
        Operation::RevokeSessions { profile, .. } => format!("sessions {profile}"),
        other => format!("{other:?}"),
    };
    made.iter().fold(text, |text, id| text.replace(id, "MADE"))
}

/// Whether an operation is sent again unless it was seen done.
pub(crate) fn may_repeat(key: &str) -> bool {
    key.starts_with("RevokeAllRules") || key.starts_with("GetConsoleOutput")
}

/// The shipped scenario without traffic, whose suspect has a second interface in another subnet, and with
/// the pair of groups that `sg-two-step-staged` needs.
fn scenario() -> Scenario {
    let text = quiet::two_interfaces();
    let any = "[{ peer = \"0.0.0.0/0\" }, { peer = \"::/0\" }]";
    let staged = format!(
        "[[groups]]\nname = \"firedoor-step-1\"\nid = \"sg-0aaaaaaaaaaaaaaa1\"\ndescription = \"open\"\n\
         ingress = {any}\negress = {any}\n\n\
         [[groups]]\nname = \"firedoor-step-2\"\nid = \"sg-0aaaaaaaaaaaaaaa2\"\ndescription = \"empty\"\n\
         ingress = []\negress = []\n\n"
    );
    let text = text.replacen("[[groups]]", &format!("{staged}[[groups]]"), 1);
    Scenario::parse("kills.toml", &text).unwrap()
}
