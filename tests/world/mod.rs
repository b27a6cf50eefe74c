//! The console's state on the embedded world, at a fixed time: everything that it shows came in
//! through the read port, as in the program, and is the same in every run.

use std::sync::{Arc, OnceLock};

use chrono::{DateTime, TimeDelta, Utc};
use firedoor::app::{AppState, Dialog, Effect, Input, Key, Message, Mode, Pane, Settings};
use firedoor::drill::{self, Drill};
use firedoor::executor::{RunEvent, RunEventKind};
use firedoor::flows::Format;
use firedoor::model::PartKind;
use firedoor::plan::{OwnPath, Plan, Playbook};
use firedoor::sources::{
    Feed, FlowLines, FlowQuery, FlowTargets, Outcome, Reading as Answer, Request, Scope, Source,
    Update, UpdateKind,
};

use still::StillClock;

#[path = "../support/still.rs"]
mod still;

/// When every world begins.
pub(crate) fn t0() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

/// All that the sources have to say at first. The world is simulated once.
pub(crate) fn news() -> &'static [Update] {
    static NEWS: OnceLock<Vec<Update>> = OnceLock::new();
    NEWS.get_or_init(|| {
        let world = Drill::new(drill::load(None).unwrap(), Arc::new(StillClock));
        let mut reading = Reading::of(world);
        reading.everything();
        reading.news
    })
}

/// A reading of the world, feed by feed. The console says which flow logs it wants.
struct Reading {
    world: Drill,
    console: Console,
    news: Vec<Update>,
}

impl Reading {
    fn of(world: Drill) -> Self {
        Self {
            world,
            console: Console::new(Mode::Drill),
            news: Vec::new(),
        }
    }

    fn everything(&mut self) {
        self.read(Feed::Identity, Request::Identity);
        self.read(Feed::Findings, Request::Findings);
        let estate = self.world.estate();
        let scope = Scope {
            vpcs: estate.vpcs().map(|it| it.id.clone()).collect(),
            instances: estate.instances().map(|it| it.id.clone()).collect(),
        };
        for kind in PartKind::ALL {
            let scope = scope.clone();
            self.read(Feed::Part(kind), Request::Part { kind, scope });
        }
        let FlowTargets {
            suspect,
            neighbours,
            logs,
        } = self.console.state.targets.clone();
        for log in logs {
            let query = FlowQuery {
                log,
                enis: suspect.iter().chain(&neighbours).cloned().collect(),
                since: t0() - TimeDelta::minutes(20),
                max_pages: 100,
            };
            self.read(Feed::Flows, Request::Flows(query));
        }
    }

    /// Reads one feed to its end.
    fn read(&mut self, feed: Feed, request: Request) {
        self.tell(feed, UpdateKind::Started);
        for answer in answers(&self.world, request) {
            let kind = match answer {
                Answer::Identity(it) => UpdateKind::Identity(it),
                Answer::Findings(it) => UpdateKind::Findings(it),
                Answer::Part(it) => UpdateKind::Part(it),
                Answer::Flows(it) => self.records(&it),
                Answer::Located(_) => continue,
            };
            self.tell(feed, kind);
        }
        self.tell(feed, UpdateKind::Finished(Outcome::Complete));
    }

    fn tell(&mut self, feed: Feed, kind: UpdateKind) {
        self.console.feed(feed, kind.clone());
        let at = t0();
        self.news.push(Update { feed, at, kind });
    }

    fn records(&self, page: &FlowLines) -> UpdateKind {
        let logs = &self.console.state.targets.logs;
        let log = logs.iter().find(|it| it.id == page.log).unwrap();
        let format = Format::parse(&log.format).unwrap();
        let record = |text: &str| format.record(text.as_bytes()).unwrap();
        UpdateKind::Flows {
            records: page
                .lines
                .iter()
                .map(|it| (it.event, record(&it.text)))
                .collect(),
            bad: Vec::new(),
            coverage: page.coverage,
        }
    }
}

/// All that a source answers. The world needs no runtime while its clock stands still.
fn answers(source: &dyn Source, request: Request) -> Vec<Answer> {
    let (sink, mut answers) = tokio::sync::mpsc::channel(1_000);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(source.read(request, sink)).unwrap();
    std::iter::from_fn(|| answers.try_recv().ok()).collect()
}

/// A console, and the time.
pub(crate) struct Console {
    pub(crate) state: AppState,
    now: DateTime<Utc>,
    events: u32,
}

impl Console {
    /// A console that has not read anything.
    pub(crate) fn new(mode: Mode) -> Self {
        let settings = Settings {
            mode,
            case: "fd-test".into(),
            max_dwell: 60,
            acl_quota: 20,
            max_hold: 600,
            since_minutes: 60,
            journals: "~/.local/state/firedoor".into(),
            own: OwnPath::default(),
            playbooks: Playbook::shipped().unwrap().into_iter().map(Ok).collect(),
        };
        Self {
            state: AppState::new(settings, (80, 24), t0()),
            now: t0(),
            events: 0,
        }
    }

    /// A console that has read everything once, a few seconds ago.
    pub(crate) fn loaded(mode: Mode) -> Self {
        let mut console = Self::new(mode);
        for update in news() {
            console.send(Message::Update(Box::new(update.clone())));
        }
        console.pass(12);
        console
    }

    pub(crate) fn send(&mut self, message: Message) -> Vec<Effect> {
        self.state.update(message, self.now)
    }

    pub(crate) fn feed(&mut self, feed: Feed, kind: UpdateKind) -> Vec<Effect> {
        let at = self.now;
        self.send(Message::Update(Box::new(Update { feed, at, kind })))
    }

    pub(crate) fn key(&mut self, key: Key) -> Vec<Effect> {
        self.send(Message::Input(Input::Key(key)))
    }

    pub(crate) fn keys(&mut self, keys: &[Key]) {
        for key in keys {
            self.key(*key);
        }
    }

    pub(crate) fn typed(&mut self, text: &str) {
        for c in text.chars() {
            self.key(Key::Char(c));
        }
    }

    pub(crate) fn show(&mut self, pane: Pane) {
        let digit = char::from_digit(u32::try_from(pane.digit()).unwrap(), 10);
        self.key(Key::Char(digit.unwrap()));
    }

    /// Lets time pass.
    pub(crate) fn pass(&mut self, seconds: i64) {
        self.now += TimeDelta::seconds(seconds);
        self.send(Message::Tick);
    }

    /// Selects an action by its name.
    pub(crate) fn select(&mut self, action: &str) {
        self.show(Pane::Actions);
        let rows = self.state.action_rows();
        let index = rows.iter().position(|it| it.name() == action).unwrap();
        self.key(Key::Home);
        self.keys(&vec![Key::Down; index]);
    }

    /// Lets the catalogue's action of this name be confirmed: the dialog is open, and armed.
    pub(crate) fn preview(&mut self, action: &str) {
        self.select(action);
        self.key(Key::Enter);
        self.pass(1);
    }

    /// Confirms the previewed plan as an analyst would; the effects of the last key.
    pub(crate) fn confirm(&mut self) -> Vec<Effect> {
        let tail = self.state.suspect().unwrap().tail(4).to_owned();
        self.typed(&tail);
        self.key(Key::Tab);
        let effects = self.key(Key::Enter);
        let asks = |it: &Dialog| matches!(it, Dialog::Confirm(confirm) if confirm.insists);
        if effects.is_empty() && self.state.dialog.as_ref().is_some_and(asks) {
            // The question about its order was read.
            self.key(Key::Tab);
            return self.key(Key::Enter);
        }
        effects
    }

    /// Previews and confirms; the plan that is to be run.
    pub(crate) fn start(&mut self, action: &str) -> Plan {
        self.preview(action);
        let effects = self.confirm();
        let [Effect::Start(plan)] = effects.as_slice() else {
            panic!("{effects:?} {:?}", self.state.dialog)
        };
        (**plan).clone()
    }

    /// Something happens in the run.
    pub(crate) fn run(&mut self, kind: RunEventKind) -> Vec<Effect> {
        let event = RunEvent {
            n: self.events,
            at: self.now,
            kind,
        };
        self.events += 1;
        self.send(Message::Run(Box::new(event)))
    }

    /// The first event of a run.
    pub(crate) fn begin(&mut self, plan: Plan) {
        self.run(RunEventKind::Started {
            case: "fd-test".into(),
            run: "20260921T133320000Z-run".into(),
            caller: "arn:aws:sts::123456789012:assumed-role/incident-responder/drill".into(),
            plan,
            foretold: None,
        });
    }
}
