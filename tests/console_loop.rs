//! The real loop: a channel is the keyboard, the embedded world is the account, time is tokio's and
//! paused, and drawing is counted instead of shown.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed step of the set-up is a failed test"
)]

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use firedoor::app::{
    self, AppState, Dialog, Exit, Input, Key, Message, Mode, Pane, Preflight, Session, Settings,
    Signal,
};
use firedoor::drill::{self, Drill};
use firedoor::executor::{RunOutcome, Runs};
use firedoor::operation::{Actuator, Probe};
use firedoor::plan::{OwnPath, Playbook};
use firedoor::sources::{
    Clock, Feed, PollSettings, Poller, Request, Sink, Source, SourceError, Update, UpdateKind,
};
use futures::future::BoxFuture;
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

#[path = "support/simulated.rs"]
mod simulated;

/// A source that never answers.
struct Silence;

impl Source for Silence {
    fn read(&self, _: Request, _: Sink) -> BoxFuture<'_, Result<(), SourceError>> {
        Box::pin(std::future::pending())
    }
}

/// Lets a moment pass. A journal is written by a thread, which paused time does not wait for: while
/// something blocks, it stands still.
async fn step() {
    let moment = || std::thread::sleep(Duration::from_millis(1));
    tokio::task::spawn_blocking(moment).await.unwrap();
    sleep(Duration::from_millis(20)).await;
}

/// What was drawn.
#[derive(Default)]
struct Frames {
    count: usize,
    first: Option<AppState>,
    last: Option<AppState>,
    /// Steps of the run that had ended, frame by frame.
    progress: Vec<usize>,
}

/// A loop that runs.
struct Looping {
    keyboard: Option<mpsc::UnboundedSender<Message>>,
    frames: Arc<Mutex<Frames>>,
    ended: JoinHandle<io::Result<Exit>>,
    runs: Runs,
    journals: TempDir,
}

/// How often an account is read; a drill is read more often.
fn account_pace() -> PollSettings {
    PollSettings {
        vpcs: [].into(),
        since: Duration::from_hours(1),
        max_pages: 100,
        findings_every: Duration::from_mins(1),
        estate_every: Duration::from_mins(2),
        flows_every: Duration::from_mins(1),
    }
}

/// The loop on the embedded world.
fn on_the_world() -> Looping {
    let clock = simulated::clock();
    let drill = Drill::new(drill::load(None).unwrap(), Arc::clone(&clock));
    let journals = tempfile::tempdir().unwrap();
    on_this_world(drill, clock, journals)
}

/// The loop on a world that others may have changed.
fn on_this_world(drill: Drill, clock: Arc<dyn Clock>, journals: TempDir) -> Looping {
    let source = Arc::new(drill.clone());
    let polling = Poller::spawn(source, Arc::clone(&clock), account_pace());
    start_on(
        polling,
        Some(Arc::new(drill)),
        clock,
        (Mode::Changes, journals),
    )
}

/// The loop on a source that never answers.
fn on_silence() -> Looping {
    let clock = simulated::clock();
    let polling = Poller::spawn(Arc::new(Silence), Arc::clone(&clock), account_pace());
    start(polling, None, clock)
}

fn start(
    polling: (Poller, mpsc::Receiver<Update>),
    drill: Option<Arc<Drill>>,
    clock: Arc<dyn Clock>,
) -> Looping {
    let journals = tempfile::tempdir().unwrap();
    start_on(polling, drill, clock, (Mode::Drill, journals))
}

/// The loop on journals that may be there already.
fn start_on(
    polling: (Poller, mpsc::Receiver<Update>),
    drill: Option<Arc<Drill>>,
    clock: Arc<dyn Clock>,
    (mode, journals): (Mode, TempDir),
) -> Looping {
    let settings = Settings {
        mode,
        case: "fd-test".into(),
        max_dwell: 5,
        acl_quota: 20,
        max_hold: 600,
        since_minutes: 60,
        journals: "~/.local/state/firedoor".into(),
        own: OwnPath::default(),
        playbooks: Playbook::shipped().unwrap().into_iter().map(Ok).collect(),
    };
    let state = AppState::new(settings, (80, 24), clock.now());
    let runs = Runs::default();
    let folder = journals.path().to_owned();
    let actuator = drill.clone().map(|it| it as Arc<dyn Actuator>);
    let mut session = Session::new(polling, actuator, clock, folder, runs.clone());
    session.probe = drill.clone().map(|it| it as Arc<dyn Probe>);
    session.source = drill.map(|it| it as Arc<dyn Source>);
    let (keyboard, mut messages) = mpsc::unbounded_channel();
    let input = futures::stream::poll_fn(move |context| messages.poll_recv(context));
    let frames = Arc::new(Mutex::new(Frames::default()));
    let drawn = Arc::clone(&frames);
    let draw = move |state: &AppState| {
        drawn.lock().unwrap().take(state);
        Ok(())
    };
    Looping {
        keyboard: Some(keyboard),
        frames,
        ended: tokio::spawn(app::run(state, session, input, draw)),
        runs,
        journals,
    }
}

impl Frames {
    fn take(&mut self, state: &AppState) {
        self.count += 1;
        self.first.get_or_insert_with(|| state.clone());
        self.last = Some(state.clone());
        if let Some(run) = &state.run {
            self.progress.push(run.progress().0);
        }
    }
}

impl Looping {
    fn send(&self, message: Message) {
        self.keyboard.as_ref().unwrap().send(message).unwrap();
    }

    fn key(&self, key: Key) {
        self.send(Message::Input(Input::Key(key)));
    }

    fn typed(&self, text: &str) {
        text.chars().for_each(|c| self.key(Key::Char(c)));
    }

    fn frames(&self) -> usize {
        self.frames.lock().unwrap().count
    }

    /// Waits until what is on screen is as wanted.
    async fn until(&self, what: &str, wanted: impl Fn(&AppState) -> bool) -> AppState {
        for _ in 0..10_000 {
            if let Some(state) = self
                .frames
                .lock()
                .unwrap()
                .last
                .as_ref()
                .filter(|it| wanted(it))
            {
                return state.clone();
            }
            step().await;
        }
        panic!("never shown: {what}")
    }

    /// Selects the first action that this name begins, and confirms its plan.
    async fn contain(&self, action: &str) {
        let loaded = |it: &AppState| !it.suspect_enis().is_empty() && it.estate.vpcs().len() == 1;
        self.until("the estate", loaded).await;
        sleep(Duration::from_secs(1)).await;
        self.typed("c/");
        self.typed(action);
        self.key(Key::Enter);
        self.key(Key::Enter);
        let asks = |it: &AppState| matches!(it.dialog, Some(Dialog::Confirm(_)));
        self.until("the confirm dialog", asks).await;
        self.confirm().await;
    }

    /// Confirms the plan in the dialog, whatever it asks.
    async fn confirm(&self) {
        sleep(Duration::from_secs(1)).await;
        self.typed("eef1");
        self.key(Key::Tab);
        self.key(Key::Enter);
        let settled = |it: &AppState| match &it.dialog {
            Some(Dialog::Confirm(confirm)) => confirm.insists || confirm.looking,
            _ => true,
        };
        let state = self.until("an answer", settled).await;
        if matches!(&state.dialog, Some(Dialog::Confirm(it)) if it.insists) {
            self.key(Key::Tab);
            self.key(Key::Enter);
        }
    }

    /// Waits for the end of a run that does such a thing.
    async fn ended(&self, name: &str) -> AppState {
        let is = |it: &AppState| {
            let run = it.run.as_ref();
            run.is_some_and(|run| run.ended.is_some() && run.plan.procedure.to_string() == name)
        };
        self.until("the end of the run", is).await
    }

    async fn exit(&mut self) -> Exit {
        let ended = timeout(Duration::from_secs(5), &mut self.ended).await;
        ended.expect("the loop goes on").unwrap().unwrap()
    }

    /// Waits for the end of the run; whether it was asked to stop.
    async fn was_stopped(&self) -> bool {
        for _ in 0..10_000 {
            if self.runs.is_idle() {
                break;
            }
            step().await;
        }
        let case = self.journals.path().join("fd-test");
        let journal = std::fs::read_dir(case).unwrap().next().unwrap().unwrap();
        let lines = std::fs::read_to_string(journal.path()).unwrap();
        assert!(lines.contains("finished"), "{lines}");
        lines.contains("stop-requested")
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_frame_has_the_findings() {
    let console = on_the_world();
    console.until("a frame", |_| true).await;
    let first = console.frames.lock().unwrap().first.clone().unwrap();
    assert!(!first.findings.is_empty());
    assert!(first.identity.is_some());
    assert_eq!(first.suspect().unwrap().tail(4), "eef1");
}

#[tokio::test(start_paused = true)]
async fn keys_reach_the_state() {
    let mut console = on_the_world();
    console.key(Key::Char('4'));
    console.key(Key::Char('/'));
    console.typed("443");
    let state = console.until("the filter", |it| it.typing_filter).await;
    assert_eq!(state.focus, Pane::Flows);
    assert_eq!(state.filter(Pane::Flows), "443");
    console.key(Key::Enter);
    console.key(Key::Char('q'));
    assert_eq!(console.exit().await, Exit::Quit);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_never_answers_blocks_no_key() {
    let mut console = on_silence();
    console.until("a frame", |_| true).await;
    console.key(Key::Char('?'));
    let helps = |it: &AppState| matches!(it.dialog, Some(Dialog::Help { .. }));
    let asked = Instant::now();
    console.until("the help", helps).await;
    assert!(asked.elapsed() < Duration::from_millis(100));
    console.key(Key::Esc);
    console.key(Key::Char('r'));
    console.key(Key::Char('q'));
    assert_eq!(console.exit().await, Exit::Quit);
}

#[tokio::test(start_paused = true)]
async fn a_burst_of_news_is_a_handful_of_frames() {
    let clock = simulated::clock();
    let (poller, _) = Poller::spawn(Arc::new(Silence), Arc::clone(&clock), account_pace());
    let (news, updates) = mpsc::channel(2_000);
    let console = start((poller, updates), None, Arc::clone(&clock));
    console.until("a frame", |_| true).await;
    let before = console.frames();
    for _ in 0..1_000 {
        let update = Update {
            feed: Feed::Findings,
            at: clock.now(),
            kind: UpdateKind::Started,
        };
        news.send(update).await.unwrap();
    }
    sleep(Duration::from_millis(200)).await;
    let drawn = console.frames() - before;
    assert!((1..=4).contains(&drawn), "{drawn} frames");
    assert_eq!(
        news.capacity(),
        news.max_capacity(),
        "not all were taken in"
    );
}

#[tokio::test(start_paused = true)]
async fn an_idle_minute_draws_when_ages_move() {
    let console = on_silence();
    sleep(Duration::from_millis(10_500)).await;
    let before = console.frames();
    sleep(Duration::from_mins(1)).await;
    let drawn = console.frames() - before;
    println!("nothing read: {drawn} frames a minute");
    assert!(drawn <= 12, "{drawn} frames");

    let console = on_the_world();
    sleep(Duration::from_millis(10_500)).await;
    let before = console.frames();
    sleep(Duration::from_mins(1)).await;
    let drawn = console.frames() - before;
    println!("an account that is read: {drawn} frames a minute");
    assert!((12..=24).contains(&drawn), "{drawn} frames");
}

#[tokio::test(start_paused = true)]
async fn a_confirmed_run_streams_into_the_state_and_ends_done() {
    let console = on_the_world();
    console.contain("sg-two-step").await;
    let ended = |it: &AppState| it.run.as_ref().is_some_and(|run| run.ended.is_some());
    let state = console.until("the end of the run", ended).await;
    let run = state.run.clone().unwrap();
    let (_, outcome) = run.ended.unwrap();
    assert_eq!(outcome, RunOutcome::Done, "{run:#?}");
    assert!(!state.run_is_open());
    let progress = console.frames.lock().unwrap().progress.clone();
    assert!(progress.is_sorted());
    let different: std::collections::BTreeSet<_> = progress.into_iter().collect();
    assert!(different.len() > 3, "only {different:?} were shown");
}

#[tokio::test(start_paused = true)]
async fn quitting_during_a_run_asks_and_then_stops_it() {
    let mut console = on_the_world();
    console.contain("sg-two-step").await;
    console.until("the run", |it| it.run.is_some()).await;
    console.key(Key::Char('q'));
    let asks = |it: &AppState| it.dialog == Some(Dialog::Quit);
    console.until("the question", asks).await;
    console.key(Key::Esc);
    console
        .until("the run again", |it| it.dialog.is_none())
        .await;
    assert!(!console.ended.is_finished());
    console.key(Key::Char('q'));
    console.key(Key::Char('y'));
    assert_eq!(console.exit().await, Exit::Quit);
    assert!(console.was_stopped().await);
}

#[tokio::test(start_paused = true)]
async fn a_terminal_that_is_gone_ends_the_loop() {
    let mut console = on_the_world();
    console.until("a frame", |_| true).await;
    console.keyboard = None;
    assert_eq!(console.exit().await, Exit::Signal(Signal::HangUp));
}

#[tokio::test(start_paused = true)]
async fn a_terminal_that_is_gone_stops_the_run_safely() {
    let mut console = on_the_world();
    console.contain("sg-two-step").await;
    console.until("the run", |it| it.run.is_some()).await;
    console.keyboard = None;
    assert_eq!(console.exit().await, Exit::Signal(Signal::HangUp));
    assert!(console.was_stopped().await);
}

#[tokio::test(start_paused = true)]
async fn a_signal_ends_the_loop() {
    let mut console = on_silence();
    console.send(Message::Signal(Signal::Terminate));
    assert_eq!(console.exit().await, Exit::Signal(Signal::Terminate));
}

#[tokio::test(start_paused = true)]
async fn a_run_without_an_actuator_does_not_start() {
    let clock = simulated::clock();
    let drill = Drill::new(drill::load(None).unwrap(), Arc::clone(&clock));
    let polling = Poller::spawn(Arc::new(drill), Arc::clone(&clock), account_pace());
    let console = start(polling, None, clock);
    console.contain("sg-swap").await;
    let says = |it: &AppState| {
        it.notice
            .as_deref()
            .is_some_and(|it| it.contains("read-only"))
    };
    let state = console.until("the refusal", says).await;
    assert!(!state.run_is_open());
}

#[tokio::test(start_paused = true)]
async fn a_preflight_is_answered_while_the_dialog_is_read() {
    let console = on_the_world();
    let loaded = |it: &AppState| !it.suspect_enis().is_empty() && it.estate.vpcs().len() == 1;
    console.until("the estate", loaded).await;
    sleep(Duration::from_secs(1)).await;
    console.typed("c/sg-swap");
    console.key(Key::Enter);
    console.key(Key::Enter);
    let answered = |it: &AppState| match &it.dialog {
        Some(Dialog::Confirm(it)) => matches!(it.preflight, Preflight::Answered(_)),
        _ => false,
    };
    console.until("the answers", answered).await;
}

#[tokio::test(start_paused = true)]
async fn a_run_is_undone_as_a_run_of_its_own() {
    let console = on_the_world();
    console.contain("sg-swap").await;
    let before = console.ended("sg-swap").await;
    sleep(Duration::from_mins(3)).await;
    console.key(Key::Char('6'));
    console.key(Key::Char('u'));
    let asks = |it: &AppState| matches!(&it.dialog, Some(Dialog::Confirm(it)) if it.undo.is_some());
    console.until("the undo", asks).await;
    console.confirm().await;
    let after = console.ended("undo").await;
    let (_, outcome) = after.run.as_ref().unwrap().ended.unwrap();
    assert_eq!(outcome, RunOutcome::Done, "{:#?}", after.run);
    assert_ne!(before.run, after.run);
    let listed = |it: &AppState| it.run_ids().len() == 2;
    console.until("both runs", listed).await;
}

#[tokio::test(start_paused = true)]
async fn a_run_that_was_left_in_the_middle_is_taken_up_by_the_next_console() {
    let clock = simulated::clock();
    let drill = Drill::new(drill::load(None).unwrap(), Arc::clone(&clock));
    let journals = tempfile::tempdir().unwrap();
    let mut console = on_this_world(drill.clone(), Arc::clone(&clock), journals);
    console.contain("sg-two-step").await;
    let opened = |it: &AppState| it.run.as_ref().is_some_and(|it| it.open_since().is_some());
    console.until("the open group", opened).await;
    // As a process that is killed leaves its journal.
    let journal = |root: &std::path::Path| {
        let case = std::fs::read_dir(root.join("fd-test")).unwrap();
        case.flatten().next().unwrap().path()
    };
    let path = journal(console.journals.path());
    let text = std::fs::read_to_string(&path).unwrap();
    console.keyboard = None;
    console.exit().await;
    console.was_stopped().await;

    let journals = tempfile::tempdir().unwrap();
    let copy = journals
        .path()
        .join("fd-test")
        .join(path.file_name().unwrap());
    std::fs::create_dir_all(copy.parent().unwrap()).unwrap();
    std::fs::write(&copy, text).unwrap();
    let console = on_this_world(drill, clock, journals);
    let offers = |it: &AppState| matches!(it.dialog, Some(Dialog::OpenRuns(_)));
    console.until("the open run", offers).await;
    sleep(Duration::from_secs(1)).await;
    console.key(Key::Tab);
    console.key(Key::Enter);
    let state = console.ended("sg-two-step").await;
    let run = state.run.unwrap();
    assert!(run.resumed.is_some());
    assert_eq!(run.open_since(), None, "{run:#?}");
}
