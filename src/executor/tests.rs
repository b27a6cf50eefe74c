//! What needs a journal that fails, or events that can't be.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use tokio::sync::mpsc;

use super::journal::Disk;
use super::*;
use crate::model::{Direction, Estate, Group, GroupId, fixture};
use crate::operation::{
    Actuator, Answer, CallError, CallErrorKind, Operation, State, StepId, apply,
};
use crate::plan::{Action, Dwell, Intent, Plan, build};
use crate::sources::Clock;

/// A disk that is full for some writes, which leave half a line.
#[derive(Clone, Default)]
pub(super) struct SmallDisk {
    text: Arc<Mutex<Vec<u8>>>,
    writes: usize,
    full: std::ops::Range<usize>,
}

impl SmallDisk {
    fn full(writes: std::ops::Range<usize>) -> Self {
        Self {
            full: writes,
            ..Self::default()
        }
    }

    fn read(&self) -> (Vec<RunEvent>, Option<Damage>) {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&self.text.lock().unwrap()).unwrap();
        Journal::read(file.path()).unwrap()
    }
}

impl Write for SmallDisk {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let number = self.writes;
        self.writes += 1;
        let mut text = self.text.lock().unwrap();
        if self.full.contains(&number) {
            text.extend(&line[..line.len() / 2]);
            return Err(io::ErrorKind::StorageFull.into());
        }
        text.extend(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Disk for SmallDisk {
    fn size(&self) -> io::Result<u64> {
        Ok(self.text.lock().unwrap().len() as u64)
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn cut(&mut self, size: u64) -> io::Result<()> {
        let size = usize::try_from(size).unwrap();
        self.text.lock().unwrap().truncate(size);
        Ok(())
    }
}

/// Longer than any disk takes.
pub(super) const PATIENCE: Duration = Duration::from_mins(1);

pub(super) struct TokioClock;

impl Clock for TokioClock {
    fn now(&self) -> DateTime<Utc> {
        fixture::read_at()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// The fixture's estate as an account: calls take effect at once.
struct Account {
    estate: Mutex<Estate>,
    calls: Mutex<Vec<Operation>>,
}

impl Account {
    fn group(&self, operation: &Operation) -> Option<Group> {
        let estate = self.estate.lock().unwrap();
        let found = match operation {
            Operation::CreateGroup { name, .. } => estate.groups().find(|it| it.name == *name),
            Operation::AuthorizeRules { group, .. } | Operation::RevokeAllRules { group, .. } => {
                estate.group(&group.id())
            }
            _ => None,
        };
        found.cloned()
    }
}

impl Actuator for Account {
    fn observe<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Result<State, CallError>> {
        let estate = self.estate.lock().unwrap();
        let state = match operation {
            Operation::SetEniGroups { eni, .. } => {
                State::EniGroups(estate.eni(eni).unwrap().groups.clone())
            }
            Operation::SetTrackingTimeouts { eni, .. } => {
                State::Timeouts(estate.eni(eni).unwrap().timeouts)
            }
            _ => {
                drop(estate);
                let group = self.group(operation);
                group.map_or(State::Absent, |it| State::Group {
                    id: it.id,
                    rules: it.rules,
                })
            }
        };
        Box::pin(async { Ok(state) })
    }

    fn execute<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Result<Answer, CallError>> {
        self.calls.lock().unwrap().push(operation.clone());
        apply(&mut self.estate.lock().unwrap(), operation, "sg-made").unwrap();
        let creates = matches!(operation, Operation::CreateGroup { .. });
        let made = creates.then(|| "sg-made".to_string());
        Box::pin(async {
            Ok(Answer {
                made,
                ..Answer::default()
            })
        })
    }
}

pub(super) fn plan() -> Plan {
    let intent = Intent {
        action: Action::SgTwoStep,
        suspect: fixture::suspect(),
        case: "case".into(),
        stamp: "stamp".into(),
        peers: Vec::new(),
        acl_quota: Intent::ACL_QUOTA,
        max_hold: Intent::MAX_HOLD,
        dwell: Dwell {
            slowest_gap: None,
            max: 1,
        },
    };
    build(&fixture::estate(), &intent).unwrap()
}

/// Runs the two-step plan of the fixture with a journal on `disk`; no outcome: it was not started.
async fn run_on(
    disk: impl Disk + 'static,
    patience: Duration,
) -> (Option<RunOutcome>, Arc<Account>, Vec<RunEvent>) {
    let account = Arc::new(Account {
        estate: Mutex::new(fixture::estate()),
        calls: Mutex::default(),
    });
    let run = Run {
        case: "case".into(),
        run: "run".into(),
        caller: "arn".into(),
        plan: plan(),
        foretold: None,
    };
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let ports = Ports {
        actuator: Arc::clone(&account) as _,
        clock: Arc::new(TokioClock),
        events: sender,
        verification: None,
    };
    let journal = Journal::over(disk, patience);
    let outcome = match Runs::default().begin(run, journal, ports, None) {
        Ok(task) => Some(task.await.unwrap()),
        Err(_) => None,
    };
    let mut events = Vec::new();
    while let Some(event) = receiver.recv().await {
        events.push(event);
    }
    (outcome, account, events)
}

fn opens(operation: &Operation) -> bool {
    matches!(
        operation,
        Operation::AuthorizeRules {
            direction: Direction::Ingress,
            ..
        }
    )
}

#[tokio::test(start_paused = true)]
async fn without_a_journal_nothing_is_begun() {
    let (outcome, account, events) = run_on(SmallDisk::full(0..usize::MAX), PATIENCE).await;
    assert_eq!(outcome, None);
    assert_eq!(*account.calls.lock().unwrap(), []);
    assert_eq!(events, []);
}

#[tokio::test(start_paused = true)]
async fn a_journal_that_fails_at_any_moment_does_not_leave_the_door_open() {
    for first in 0..45 {
        let disk = SmallDisk::full(first..usize::MAX);
        let (outcome, account, _) = run_on(disk.clone(), PATIENCE).await;
        let calls = account.calls.lock().unwrap().clone();
        if calls.iter().any(opens) {
            let estate = account.estate.lock().unwrap();
            let group = estate.group(&GroupId::new("sg-made")).unwrap();
            assert!(group.rules.is_empty(), "full from {first}");
            assert_ne!(outcome, Some(RunOutcome::LeftOpen));
        }
        let announced = announced(&disk);
        let empties = |it: &&Operation| matches!(it, Operation::RevokeAllRules { .. });
        for call in calls.iter().filter(|it| !empties(it)) {
            assert!(announced.contains(call), "full from {first}: {call:?}");
        }
    }
}

fn announced(disk: &SmallDisk) -> Vec<Operation> {
    let (events, _) = disk.read();
    let announced = events.into_iter().filter_map(|it| match it.kind {
        RunEventKind::Intend { operation, .. } => Some(operation),
        _ => None,
    });
    announced.collect()
}

#[tokio::test(start_paused = true)]
async fn a_disk_that_was_full_for_a_while_leaves_no_half_line() {
    let disk = SmallDisk::full(20..23);
    run_on(disk.clone(), PATIENCE).await;
    let (events, damage) = disk.read();
    assert_eq!(damage, None);
    assert!(matches!(
        events.last().unwrap().kind,
        RunEventKind::Finished { .. }
    ));
}

/// A disk that hangs from some write on, until it is let go.
struct Hanging {
    disk: SmallDisk,
    from: usize,
    go: std::sync::mpsc::Receiver<()>,
}

impl Write for Hanging {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.disk.write(line)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Disk for Hanging {
    fn size(&self) -> io::Result<u64> {
        self.disk.size()
    }

    fn sync(&mut self) -> io::Result<()> {
        if self.disk.writes > self.from {
            // Ends when the other end is dropped.
            self.go.recv().ok();
        }
        Ok(())
    }

    fn cut(&mut self, size: u64) -> io::Result<()> {
        self.disk.cut(size)
    }
}

#[tokio::test(start_paused = true)]
async fn a_disk_that_hangs_does_not_keep_the_door_open() {
    let hang = Duration::from_millis(100);
    let mut opened = 0;
    for from in 0..40 {
        let (hold, go) = std::sync::mpsc::channel();
        let disk = SmallDisk::default();
        let (outcome, account, _) = run_on(Hanging { disk, from, go }, hang).await;
        let calls = account.calls.lock().unwrap().clone();
        let estate = account.estate.lock().unwrap();
        if calls.iter().any(opens) {
            opened += 1;
            let group = estate.group(&GroupId::new("sg-made")).unwrap();
            assert!(group.rules.is_empty(), "hangs from {from}");
        }
        assert_ne!(outcome, Some(RunOutcome::LeftOpen), "hangs from {from}");
        drop(hold);
    }
    assert!(opened > 0, "it hung after the opening too");
}

pub(super) fn event(n: u32, kind: RunEventKind) -> RunEvent {
    let at = fixture::read_at();
    RunEvent { n, at, kind }
}

/// The events of one step, by a letter each.
pub(super) fn kind(letter: char) -> RunEventKind {
    let step = StepId(1);
    let operation = plan().operations().next().unwrap().clone();
    let ended = |outcome| RunEventKind::Ended { step, outcome };
    match letter {
        'b' => RunEventKind::Begun { step },
        'c' => RunEventKind::Captured {
            step,
            before: State::Absent,
        },
        'i' => RunEventKind::Intend {
            step,
            attempt: 1,
            operation,
        },
        'a' => RunEventKind::Answered { step, made: None },
        'r' => RunEventKind::Retrying {
            step,
            attempt: 1,
            error: CallError {
                kind: CallErrorKind::Throttled,
                api: String::new(),
                code: String::new(),
                message: String::new(),
            },
            wait_ms: 1,
        },
        'e' => ended(StepOutcome::Done {
            message: String::new(),
        }),
        'n' => ended(StepOutcome::NotRun { because: None }),
        'o' => RunEventKind::Output {
            step,
            line: String::new(),
        },
        's' => RunEventKind::StopRequested,
        'R' => RunEventKind::Resumed {
            caller: "other".into(),
            how: Resume::Continue,
        },
        'L' => RunEventKind::Finished {
            outcome: RunOutcome::LeftOpen,
        },
        'x' => RunEventKind::Begun { step: StepId(99) },
        'S' => RunEventKind::Started {
            case: "case".into(),
            run: "run".into(),
            caller: "arn".into(),
            plan: plan(),
            foretold: None,
        },
        _ => RunEventKind::Finished {
            outcome: RunOutcome::Done,
        },
    }
}

/// How many events a view takes in before it refuses one.
fn taken(letters: &str) -> usize {
    let mut view = RunView::begin(&event(0, kind('S'))).unwrap();
    for (at, letter) in letters.chars().enumerate() {
        let before = view.clone();
        let n = u32::try_from(at + 1).unwrap();
        if let Err(bad) = view.apply(&event(n, kind(letter))) {
            assert_eq!(bad.n, n);
            assert_eq!(view, before, "{letters}: a refused event changes nothing");
            return at;
        }
    }
    letters.len()
}

#[test]
fn what_a_run_does_is_taken_in_and_what_it_can_not_do_is_refused() {
    for good in [
        "bciaeF",
        "be",
        "n",
        "bn",
        "brciae",
        "bcirirriae",
        "bciaiae",
        "bcire",
        "bse",
        "sF",
        "bciaooe",
        "bciRbaeF",
        "bciRbciaeF",
        "bciaRbae",
        "bcirRbrae",
        "bciRRbciae",
        "bceRF",
        "nLRbF",
    ] {
        assert_eq!(taken(good), good.len(), "{good}");
    }
    for bad in [
        "i", "c", "a", "r", "e", "bb", "ba", "bciabc", "bcic", "bciab", "bciar", "bciac", "bca",
        "bciaa", "bcii", "beb", "bee", "nn", "nb", "x", "S", "FF", "Fs", "Fb", "bsb", "o", "FR",
        "bceRb", "bciRa", "bRa", "eo",
    ] {
        assert!(taken(bad) < bad.len(), "{bad}");
    }
}

#[test]
fn a_view_begins_with_the_start_alone() {
    for letter in "bciarensoRLF".chars() {
        assert!(RunView::begin(&event(0, kind(letter))).is_err(), "{letter}");
    }
}
