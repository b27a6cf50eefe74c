//! Whatever happens in whatever order, on a terminal of whatever size: nothing panics, and what is
//! asked for outside stays within what the session allows.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed step of the set-up is a failed test"
)]

use std::cell::RefCell;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use firedoor::app::{
    AppState, Archived, BINDINGS, Dialog, Effect, Input, Key, Message, Mode, Past, Played, Signal,
};
use firedoor::executor::{
    Checked, Leak, Proof, Resume, RunEvent, RunEventKind, RunOutcome, RunView, StepOutcome,
    Verifying,
};
use firedoor::model::{Direction, Estate, Part};
use firedoor::operation::{Bindings, CallError, CallErrorKind, Probed, State, StepId};
use firedoor::plan::{Claim, Plan, Taken, What};
use firedoor::sources::{
    self, About, Feed, Outcome, Pace, SourceError, SourceErrorKind, Update, UpdateKind,
};
use firedoor::view::{self, Depth, Styles};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use world::{Console, t0};

#[expect(dead_code, reason = "runs are fed event by event here")]
mod world;

/// Something that happens; what it is made of is looked up in the [`Pool`].
#[derive(Debug, Clone)]
enum Event {
    Key(Key),
    Typed(String),
    Paste(String),
    Resize(u16, u16),
    News(Index),
    Fails(Index, SourceErrorKind, String),
    Forgets(Index),
    Run(RunStep),
    Confirms(Index),
    Explains(Index, Index),
    /// The answers to the preflight of the open dialog, or of another one.
    Preflighted(bool, Vec<Probed>),
    /// What was found of the run at hand: as it was left, or not.
    Surveyed(bool),
    /// Runs of the past, each with as many of its events.
    Archive(Vec<(Index, u8, bool)>),
    Lost(String),
    /// An exercise: its pace, and its messages, some of which want an answer.
    Plays(u32, Vec<(String, bool)>),
    Passes(u16),
    Signal,
}

#[derive(Debug, Clone)]
enum RunStep {
    Started(Index),
    Begun(u16),
    Captured(u16),
    Intend(u16),
    Answered(u16, String),
    Retrying(u16, String),
    Ended(u16, StepOutcome),
    Output(u16, String),
    Resumed,
    Stop,
    Finished(RunOutcome),
    Verifying,
    Proof(Proof),
}

/// Where it begins, and what can be run on it.
struct Pool {
    fresh: AppState,
    loaded: AppState,
    plans: Vec<Plan>,
}

impl Pool {
    fn new() -> Self {
        let plan = |action| Console::loaded(Mode::Drill).start(action);
        Self {
            fresh: Console::new(Mode::Drill).state,
            loaded: Console::loaded(Mode::Drill).state,
            plans: ["sg-swap", "sg-two-step", "nacl-swap"].map(plan).into(),
        }
    }
}

thread_local! {
    static POOL: RefCell<Option<Pool>> = const { RefCell::new(None) };
}

fn with_pool<T>(use_it: impl FnOnce(&Pool) -> T) -> T {
    POOL.with(|pool| use_it(pool.borrow_mut().get_or_insert_with(Pool::new)))
}

fn key() -> impl Strategy<Value = Key> {
    let bound: Vec<Key> = BINDINGS.iter().flat_map(|it| it.keys).copied().collect();
    prop_oneof![
        4 => select(bound),
        1 => any::<char>().prop_map(Key::Char),
        1 => any::<char>().prop_map(Key::Ctrl),
    ]
}

/// Anything that somebody may have put into a tag.
fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,20}",
        "[\u{0}-\u{9f}\u{202a}-\u{202e}🔥東e\u{301}]{0,300}",
        "[ -~]{0,300}",
    ]
}

fn step() -> impl Strategy<Value = u16> {
    prop_oneof![9 => 0_u16..12, 1 => any::<u16>()]
}

fn step_outcome() -> impl Strategy<Value = StepOutcome> {
    prop_oneof![
        words().prop_map(|message| StepOutcome::Done { message }),
        words().prop_map(|message| StepOutcome::Warned { message }),
        words().prop_map(|why| StepOutcome::Skipped { why }),
        words().prop_map(|error| StepOutcome::Failed { error }),
        proptest::option::of(step()).prop_map(|it| StepOutcome::NotRun {
            because: it.map(StepId)
        }),
    ]
}

fn run_step() -> impl Strategy<Value = RunStep> {
    let outcomes = vec![
        RunOutcome::Done,
        RunOutcome::DoneWithWarnings,
        RunOutcome::Failed,
        RunOutcome::Stopped,
        RunOutcome::LeftOpen,
    ];
    prop_oneof![
        3 => any::<Index>().prop_map(RunStep::Started),
        3 => step().prop_map(RunStep::Begun),
        2 => step().prop_map(RunStep::Captured),
        3 => step().prop_map(RunStep::Intend),
        3 => (step(), words()).prop_map(|(step, made)| RunStep::Answered(step, made)),
        2 => (step(), words()).prop_map(|(step, why)| RunStep::Retrying(step, why)),
        3 => (step(), step_outcome()).prop_map(|(step, it)| RunStep::Ended(step, it)),
        3 => (step(), words()).prop_map(|(step, line)| RunStep::Output(step, line)),
        1 => Just(RunStep::Resumed),
        1 => Just(RunStep::Stop),
        2 => select(outcomes).prop_map(RunStep::Finished),
        1 => Just(RunStep::Verifying),
        1 => proof().prop_map(RunStep::Proof),
    ]
}

fn proof() -> impl Strategy<Value = Proof> {
    let leak = |bytes: u64| Leak {
        eni: "eni-1".into(),
        peer: [203, 0, 113, 66].into(),
        port: 443,
        protocol: 6,
        direction: Direction::Egress,
        bytes,
        last: t0(),
        early: bytes.is_multiple_of(2),
    };
    prop_oneof![
        Just(Proof::Proven { until: t0() }),
        (prop::collection::vec(any::<u64>(), 0..9), 0_usize..9).prop_map(move |(edges, more)| {
            let edges = edges.into_iter().map(leak).collect();
            Proof::Leaking { edges, more }
        }),
        words().prop_map(|why| Proof::Unknown { why }),
        words().prop_map(|why| Proof::NotApplicable { why }),
    ]
}

fn probed() -> impl Strategy<Value = Probed> {
    prop_oneof![
        Just(Probed::Allowed),
        words().prop_map(|message| Probed::Denied { message }),
        words().prop_map(|why| Probed::NotCheckable { why }),
        words().prop_map(|message| Probed::Failed { message }),
    ]
}

fn failure() -> impl Strategy<Value = SourceErrorKind> {
    prop_oneof![
        words().prop_map(SourceErrorKind::Denied),
        Just(SourceErrorKind::Throttled),
        Just(SourceErrorKind::Other),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        12 => key().prop_map(Event::Key),
        1 => words().prop_map(Event::Typed),
        1 => words().prop_map(Event::Paste),
        1 => any::<(u16, u16)>().prop_map(|(columns, rows)| Event::Resize(columns, rows)),
        6 => any::<Index>().prop_map(Event::News),
        1 => (any::<Index>(), failure(), words()).prop_map(|(at, it, why)| Event::Fails(at, it, why)),
        1 => any::<Index>().prop_map(Event::Forgets),
        4 => run_step().prop_map(Event::Run),
        1 => any::<Index>().prop_map(Event::Confirms),
        1 => any::<(Index, Index)>().prop_map(|(action, flow)| Event::Explains(action, flow)),
        2 => (any::<bool>(), prop::collection::vec(probed(), 0..12))
            .prop_map(|(own, answers)| Event::Preflighted(own, answers)),
        2 => any::<bool>().prop_map(Event::Surveyed),
        1 => prop::collection::vec((any::<Index>(), 0_u8..9, any::<bool>()), 0..5)
            .prop_map(Event::Archive),
        1 => words().prop_map(Event::Lost),
        1 => (0_u32..=60, vec((words(), any::<bool>()), 0..4))
            .prop_map(|(pace, messages)| Event::Plays(pace, messages)),
        2 => any::<u16>().prop_map(Event::Passes),
        1 => Just(Event::Signal),
    ]
}

/// The messages that an event stands for.
fn messages(
    pool: &Pool,
    event: &Event,
    state: &AppState,
    at: DateTime<Utc>,
    n: u32,
) -> Vec<Message> {
    let key = |key| Message::Input(Input::Key(key));
    let update = |feed, kind| Message::Update(Box::new(Update { feed, at, kind }));
    let one = match event {
        Event::Key(it) => key(*it),
        Event::Typed(text) => return text.chars().map(|c| key(Key::Char(c))).collect(),
        Event::Confirms(index) => return confirmation(*index),
        Event::Explains(action, flow) => return explanation(*action, *flow),
        Event::Paste(text) => Message::Input(Input::Paste(text.clone())),
        Event::Resize(columns, rows) => Message::Input(Input::Resize {
            columns: *columns,
            rows: *rows,
        }),
        Event::News(index) => {
            let news = index.get(world::news());
            update(news.feed, news.kind.clone())
        }
        Event::Fails(index, kind, message) => {
            let error = SourceError {
                kind: kind.clone(),
                message: message.clone(),
            };
            let outcome = UpdateKind::Finished(Outcome::Failed(error));
            update(index.get(world::news()).feed, outcome)
        }
        Event::Forgets(index) => update(Feed::Findings, forgotten(index.get(world::news()))),
        Event::Run(step) => {
            let kind = run_kind(pool, step);
            Message::Run(Box::new(RunEvent { n, at, kind }))
        }
        Event::Preflighted(own, answers) => preflighted(state, *own, answers),
        Event::Surveyed(drifted) => surveyed(state, *drifted),
        Event::Archive(runs) => archive(pool, runs, at),
        Event::Lost(why) => Message::RunLost(why.clone()),
        Event::Plays(pace, messages) => Message::Exercise(Box::new(played(*pace, messages, at))),
        Event::Passes(_) => Message::Tick,
        Event::Signal => Message::Signal(Signal::HangUp),
    };
    vec![one]
}

/// An exercise with these messages, none of which was answered.
fn played(pace: u32, messages: &[(String, bool)], at: DateTime<Utc>) -> Played {
    let message = |(id, (text, asks)): (u32, &(String, bool))| sources::Message {
        id,
        at,
        from: text.chars().take(20).collect(),
        text: text.clone(),
        asks: *asks,
        answer: None,
    };
    Played {
        about: About::default(),
        pace: Pace::times(pace).unwrap_or(Pace::Paused),
        is_clock_taken: pace == 7,
        messages: (1..).zip(messages).map(message).collect(),
    }
}

fn preflighted(state: &AppState, own: bool, answers: &[Probed]) -> Message {
    let (ticket, plan) = match &state.dialog {
        Some(Dialog::Confirm(it)) if own => (it.ticket, Some(&it.plan)),
        _ => (0, None),
    };
    let steps = plan.into_iter().flat_map(|it| &it.steps);
    let changes = steps.filter_map(|it| Some((it.id, it.operation()?)));
    let checked = changes
        .zip(answers)
        .map(|((step, operation), probed)| Checked {
            step,
            prose: operation.prose(),
            api: operation.facts().api,
            iam: operation.facts().iam,
            probed: probed.clone(),
        });
    let checked = own.then(|| checked.collect());
    Message::Preflighted { ticket, checked }
}

fn surveyed(state: &AppState, drifted: bool) -> Message {
    let Some(run) = &state.run else {
        return Message::Surveyed {
            run: "none".into(),
            taken: Err("nobody knows".into()),
        };
    };
    let steps = run.plan.steps.iter();
    let changes = steps.filter_map(|it| Some((it.id, it.operation()?)));
    let taken = changes.filter_map(|(step, operation)| {
        let mut made = Bindings::default();
        for it in &run.plan.steps {
            made.insert(it.id, "made-1");
        }
        let operation = operation.bind(&made).ok()?;
        let now = if drifted {
            State::EniGroups(vec!["sg-other".into()])
        } else {
            State::Absent
        };
        Some(Taken {
            step,
            operation,
            before: Some(State::Absent),
            made: Some("made-1".into()),
            now: Ok(now),
        })
    });
    Message::Surveyed {
        run: run.run.clone(),
        taken: Ok(taken.collect()),
    }
}

fn archive(pool: &Pool, runs: &[(Index, u8, bool)], at: DateTime<Utc>) -> Message {
    let past = |(number, (plan, steps, ended)): (usize, &(Index, u8, bool))| {
        let plan = plan.get(&pool.plans);
        let started = RunEventKind::Started {
            case: "fd-test".into(),
            run: format!("run-{number}"),
            caller: "arn:aws:sts::123456789012:assumed-role/x/y".into(),
            plan: plan.clone(),
            foretold: None,
        };
        let begun = plan.steps.iter().take((*steps).into());
        let begun = begun.map(|it| RunEventKind::Begun { step: it.id });
        let outcome = RunOutcome::LeftOpen;
        let end = ended.then_some(RunEventKind::Finished { outcome });
        let kinds = std::iter::once(started).chain(begun).chain(end);
        let events = (0..).zip(kinds).map(|(n, kind)| RunEvent { n, at, kind });
        let events: Vec<RunEvent> = events.collect();
        Past {
            path: format!("/x/run-{number}.jsonl").into(),
            view: RunView::of(&events).unwrap().unwrap(),
            damage: None,
            held_by: None,
        }
    };
    let runs = runs.iter().enumerate().map(past).collect();
    let unreadable = Vec::new();
    Message::Archive(Arc::new(Archived { runs, unreadable }))
}

/// The keys of an analyst who contains the suspect.
fn confirmation(action: Index) -> Vec<Message> {
    let mut keys = vec![Key::Esc, Key::Esc, Key::Char('c'), Key::Home];
    keys.extend(vec![Key::Down; action.index(4)]);
    keys.extend([Key::Enter, Key::Tab]);
    keys.extend("eef1".chars().map(Key::Char));
    keys.push(Key::Enter);
    keys.into_iter()
        .map(|it| Message::Input(Input::Key(it)))
        .collect()
}

/// The keys of an analyst who asks what becomes of a flow under an action, and reads on.
fn explanation(action: Index, flow: Index) -> Vec<Message> {
    let mut keys = vec![Key::Esc, Key::Esc, Key::Char('c'), Key::Home];
    keys.extend(vec![Key::Down; action.index(40)]);
    keys.extend([Key::Char('4'), Key::Home]);
    keys.extend(vec![Key::Down; flow.index(40)]);
    keys.extend([Key::Enter, Key::PageDown, Key::Down]);
    let keys = keys.into_iter().map(|it| Message::Input(Input::Key(it)));
    keys.collect()
}

/// The same part of an account that has nothing in it.
fn forgotten(update: &Update) -> UpdateKind {
    let UpdateKind::Part(part) = &update.kind else {
        return UpdateKind::Findings(Vec::new());
    };
    UpdateKind::Part(Part::empty(part.kind()))
}

fn run_kind(pool: &Pool, step: &RunStep) -> RunEventKind {
    match step {
        RunStep::Started(index) => RunEventKind::Started {
            case: "fd-test".into(),
            run: "run".into(),
            caller: "somebody".into(),
            plan: index.get(&pool.plans).clone(),
            foretold: None,
        },
        RunStep::Begun(step) => RunEventKind::Begun {
            step: StepId(*step),
        },
        RunStep::Captured(step) => RunEventKind::Captured {
            step: StepId(*step),
            before: State::Absent,
        },
        RunStep::Intend(step) => intend(&pool.plans[0], StepId(*step)),
        RunStep::Answered(step, made) => RunEventKind::Answered {
            step: StepId(*step),
            made: Some(made.clone()),
        },
        RunStep::Retrying(step, message) => RunEventKind::Retrying {
            step: StepId(*step),
            attempt: 1,
            error: CallError {
                kind: CallErrorKind::Throttled,
                api: "ec2:CreateTags".into(),
                code: "Throttled".into(),
                message: message.clone(),
            },
            wait_ms: 250,
        },
        RunStep::Ended(step, outcome) => RunEventKind::Ended {
            step: StepId(*step),
            outcome: outcome.clone(),
        },
        RunStep::Output(step, line) => RunEventKind::Output {
            step: StepId(*step),
            line: line.clone(),
        },
        RunStep::Resumed => RunEventKind::Resumed {
            caller: "somebody".into(),
            how: Resume::Close,
        },
        RunStep::Verifying => RunEventKind::Verifying(Verifying {
            claim: Claim::Nothing { why: "why".into() },
            since: t0(),
        }),
        RunStep::Proof(proof) => RunEventKind::Proof {
            proof: proof.clone(),
        },
        RunStep::Stop => RunEventKind::StopRequested,
        RunStep::Finished(outcome) => RunEventKind::Finished { outcome: *outcome },
    }
}

/// The call of a step; which one does not matter to what is drawn.
fn intend(plan: &Plan, step: StepId) -> RunEventKind {
    let What::Change(operation) = &plan.steps[0].what else {
        panic!("the first step makes the group")
    };
    RunEventKind::Intend {
        step,
        attempt: 1,
        operation: operation.bind(&Bindings::default()).unwrap(),
    }
}

fn draw(state: &AppState, (width, height): (u16, u16), styles: &Styles) {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal
        .draw(|frame| view::draw(frame, state, styles))
        .unwrap();
}

/// What may be asked for, given whether a run was open before.
fn check(was_open: bool, after: &AppState, effects: &[Effect]) {
    let is_start = |it: &&Effect| matches!(it, Effect::Start(_) | Effect::Resume { .. });
    let starts = effects.iter().filter(is_start);
    let starts = starts.count();
    assert!(starts <= 1);
    if starts == 1 {
        assert!(after.settings.mode.allows_changes(), "a read-only session");
        assert!(!was_open, "a second run");
        assert!(after.run_is_open());
        let fresh = effects.iter().any(|it| matches!(it, Effect::Start(_)));
        assert!(!fresh || *after.estate != Estate::default());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: 400, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics_in_any_state_at_any_size(
        loaded in any::<bool>(),
        mode in select(vec![Mode::ReadOnly, Mode::Changes, Mode::Drill]),
        depth in select(vec![Depth::Ansi16, Depth::Monochrome]),
        utf8 in any::<bool>(),
        events in prop::collection::vec((event(), (1_u16..=250, 1_u16..=80)), 1..40),
    ) {
        with_pool(|pool| {
            let styles = Styles::new(depth, utf8);
            let mut state = if loaded { pool.loaded.clone() } else { pool.fresh.clone() };
            state.settings.mode = mode;
            let mut now = t0();
            for (n, (event, size)) in (0..).zip(&events) {
                for message in messages(pool, event, &state, now, n) {
                    now += TimeDelta::milliseconds(400);
                    let was_open = state.run_is_open();
                    let effects = state.update(message, now);
                    check(was_open, &state, &effects);
                }
                if let Event::Passes(seconds) = event {
                    now += TimeDelta::seconds((*seconds).into());
                }
                draw(&state, *size, &styles);
            }
        });
    }

    #[test]
    fn every_size_can_be_drawn(width in 1_u16..=250, height in 1_u16..=80, pane in select(vec!['1', '2', '3', '4', '5', '6'])) {
        with_pool(|pool| {
            let mut state = pool.loaded.clone();
            let styles = Styles::new(Depth::Ansi16, true);
            for key in [pane, '/', 'x', '?'] {
                state.update(Message::Input(Input::Key(Key::Char(key))), t0());
                draw(&state, (width, height), &styles);
            }
        });
    }
}
