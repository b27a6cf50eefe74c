//! The console while the world runs at ten times its pace: what its own thread does, and what others do meanwhile.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use firedoor::app::{AppState, Message, Mode, Settings};
use firedoor::drill::{self, Drill};
use firedoor::flows::Format;
use firedoor::model::PartKind;
use firedoor::plan::OwnPath;
use firedoor::sources::{
    Clock, Feed, FlowQuery, Outcome, Reading, Request, Scope, Source, Update, UpdateKind,
};
use firedoor::view::{self, Depth, Styles};
use futures::future::BoxFuture;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

/// Frames a second, and how much of the world's time passes from one to the next at ten times its pace.
const FRAMES: u32 = 30;
const STEP: TimeDelta = TimeDelta::milliseconds(333);

/// The flow logs are read every so many frames: five seconds of the world's time.
const READ_EVERY: u32 = 15;

/// A minute of frames.
const COUNT: u32 = 60 * FRAMES;

/// A clock that is moved by hand.
struct Stepped(Mutex<DateTime<Utc>>);

impl Stepped {
    fn step(&self) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now += STEP;
    }
}

impl Clock for Stepped {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }
}

struct Screen {
    clock: Arc<Stepped>,
    drill: Drill,
    state: AppState,
    runtime: tokio::runtime::Runtime,
    /// What the console is to be told before its next frame.
    updates: Vec<Message>,
}

impl Screen {
    fn new() -> io::Result<Self> {
        let clock = Arc::new(Stepped(Mutex::new(super::t0())));
        let scenario = drill::load(None).map_err(io::Error::other)?;
        let shared: Arc<dyn Clock> = Arc::<Stepped>::clone(&clock);
        let drill = Drill::new(scenario, shared);
        let settings = Settings {
            mode: Mode::Drill,
            case: "bench".into(),
            max_dwell: 60,
            acl_quota: 20,
            max_hold: 600,
            since_minutes: 60,
            journals: "-".into(),
            own: OwnPath::default(),
            playbooks: Vec::new(),
        };
        let state = AppState::new(settings, (120, 36), super::t0());
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        let mut screen = Self {
            clock,
            drill,
            state,
            runtime,
            updates: Vec::new(),
        };
        screen.read(Feed::Identity, Request::Identity);
        screen.read(Feed::Findings, Request::Findings);
        let estate = screen.drill.estate();
        for kind in PartKind::ALL {
            let scope = Scope {
                vpcs: estate.vpcs().map(|it| it.id.clone()).collect(),
                instances: estate.instances().map(|it| it.id.clone()).collect(),
            };
            screen.read(Feed::Part(kind), Request::Part { kind, scope });
        }
        for update in std::mem::take(&mut screen.updates) {
            screen.state.update(update, super::t0());
        }
        Ok(screen)
    }

    fn read(&mut self, feed: Feed, request: Request) {
        let (sink, mut answers) = tokio::sync::mpsc::channel(1_000);
        self.runtime.block_on(self.drill.read(request, sink)).ok();
        while let Ok(answer) = answers.try_recv() {
            let kind = match answer {
                Reading::Identity(it) => UpdateKind::Identity(it),
                Reading::Findings(it) => UpdateKind::Findings(it),
                Reading::Part(it) => UpdateKind::Part(it),
                Reading::Flows(page) => {
                    let Ok(format) = Format::parse(drill::FORMAT) else {
                        continue;
                    };
                    let lines = page.lines.iter();
                    let records = lines
                        .filter_map(|it| Some((it.event, format.record(it.text.as_bytes()).ok()?)));
                    UpdateKind::Flows {
                        records: records.collect(),
                        bad: Vec::new(),
                        coverage: page.coverage,
                    }
                }
                Reading::Located(_) => continue,
            };
            self.tell(feed, kind);
        }
        self.tell(feed, UpdateKind::Finished(Outcome::Complete));
    }

    fn tell(&mut self, feed: Feed, kind: UpdateKind) {
        let at = self.clock.now();
        let update = Message::Update(Box::new(Update { feed, at, kind }));
        self.updates.push(update);
    }

    fn flows(&mut self) {
        let targets = self.state.targets.clone();
        for log in targets.logs {
            let query = FlowQuery {
                log,
                enis: targets
                    .suspect
                    .iter()
                    .chain(&targets.neighbours)
                    .cloned()
                    .collect(),
                since: self.clock.now() - TimeDelta::minutes(20),
                max_pages: 100,
            };
            self.read(Feed::Flows, Request::Flows(query));
        }
    }
}

/// Plays ten minutes of the world in a minute's frames, as fast as they can be drawn.
pub(super) fn report(out: &mut impl Write) -> io::Result<()> {
    let began = Instant::now();
    let mut screen = Screen::new()?;
    let opened = began.elapsed();
    let styles = Styles::new(Depth::Ansi16, true);
    let Ok(mut terminal) = Terminal::new(TestBackend::new(120, 36));
    let mut frames = Vec::new();
    let mut behind = Duration::ZERO;
    for number in 0..COUNT {
        let began = Instant::now();
        screen.clock.step();
        // The world plays what is due, and sources read it: tasks of their own.
        screen.drill.estate();
        if number % READ_EVERY == 0 {
            screen.read(Feed::Findings, Request::Findings);
            screen.flows();
        }
        behind += began.elapsed();
        let began = Instant::now();
        for update in std::mem::take(&mut screen.updates) {
            screen.state.update(update, screen.clock.now());
        }
        screen.state.update(Message::Tick, screen.clock.now());
        let Ok(_) = terminal.draw(|frame| view::draw(frame, &screen.state, &styles));
        frames.push(began.elapsed());
    }
    frames.sort_unstable();
    let all: Duration = frames.iter().sum();
    let late = frames
        .iter()
        .filter(|it| **it * FRAMES > Duration::from_secs(1));
    let at = |share: usize| frames.get(frames.len() * share / 100).copied();
    writeln!(
        out,
        "console at 10x: opened in {:.0} ms; {:.0} frames/s if it need not wait; median {:.2} ms, 99 of 100 \
         within {:.2} ms, longest {:.2} ms; {} of {COUNT} over the 33 ms that 30 a second allow; world and \
         sources behind it: {:.1} ms a frame",
        opened.as_secs_f64() * 1e3,
        f64::from(COUNT) / all.as_secs_f64(),
        at(50).unwrap_or_default().as_secs_f64() * 1e3,
        at(99).unwrap_or_default().as_secs_f64() * 1e3,
        frames.last().copied().unwrap_or_default().as_secs_f64() * 1e3,
        late.count(),
        behind.as_secs_f64() * 1e3 / f64::from(COUNT),
    )
}
