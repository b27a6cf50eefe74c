//! The world behind the ports: what the console reads and changes in a drill.
//!
//! Calls take as long as they would over a good connection, and fail when they are told to.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;

use super::clock::DrillClock;
use super::exercise::{Desk, Opening, outcome_of};
use super::faults::{Delay, Fault, Faults, Shown, failed};
use super::scenario::Scenario;
use super::world::World;
use crate::model::{Estate, InstanceId};
use crate::operation::{
    Actuator, Answer, Bindings, CallError, CallErrorKind, Operation, Probe, Probed, Refusal, State,
    precondition,
};
use crate::sources::{
    About, CallOutcome, Clock, Coverage, FlowLine, FlowLines, FlowQuery, Identity, Pace, Reading,
    Request, Sink, Source, SourceError, part_of, vpcs_of,
};

/// How long a changing call takes.
const CALL: Duration = Duration::from_millis(150);

/// How long a reading call takes: short, so that the first frame is a full one.
const READ: Duration = Duration::from_millis(5);

/// How long reading flow logs waits at a fast pace, on the wall clock, at the most.
const BREATH: Duration = Duration::from_millis(200);

/// Lines of a page of the flow log.
const PAGE: usize = 1_000;

/// A drill under way. Clones share the world.
#[derive(Clone)]
pub struct Drill {
    world: Arc<Mutex<World>>,
    faults: Arc<Mutex<Faults>>,
    clock: Arc<dyn Clock>,
    pub(super) desk: Arc<Desk>,
    identity: Identity,
    suspect: InstanceId,
}

impl Drill {
    /// Begins a drill at the pace of the wall clock.
    pub fn start(scenario: Scenario) -> Self {
        Self::paced(scenario, DrillClock::start(), About::default())
    }

    /// Begins an exercise at the present of `clock`. What the scenario tells of itself need not be in
    /// `about`. Where the beginning is to be an exact moment the clock stands still until [`Self::go`]: it
    /// takes its time to make a world.
    pub fn paced(scenario: Scenario, clock: DrillClock, about: About) -> Self {
        Self::put_together(scenario, Arc::new(clock.clone()), about, Some(clock))
    }

    /// Begins a drill at the present of `clock`, which has one pace.
    pub fn new(scenario: Scenario, clock: Arc<dyn Clock>) -> Self {
        Self::put_together(scenario, clock, About::default(), None)
    }

    fn put_together(
        scenario: Scenario,
        clock: Arc<dyn Clock>,
        about: About,
        paced: Option<DrillClock>,
    ) -> Self {
        let identity = Identity {
            account: scenario.account.clone(),
            arn: format!(
                "arn:aws:sts::{}:assumed-role/incident-responder/drill",
                scenario.account
            ),
            region: scenario.region.clone(),
        };
        let now = clock.now();
        let opening = Opening::of(&scenario, about, now);
        Self {
            identity,
            desk: Arc::new(Desk::new(opening, paced)),
            suspect: scenario.suspect().clone(),
            world: Arc::new(Mutex::new(World::new(scenario, now))),
            faults: Arc::default(),
            clock,
        }
    }

    /// The world's clock, for everything else that needs one.
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    /// What the drill is about, in a line.
    pub fn title(&self) -> &str {
        &self.desk.opening.about.title
    }

    /// The instance under suspicion.
    pub fn suspect(&self) -> &InstanceId {
        &self.suspect
    }

    /// The estate as it is now.
    pub fn estate(&self) -> Estate {
        self.world().estate().clone()
    }

    /// What the account holds and the estate does not, line by line: tags, policies of roles, snapshots,
    /// images and commands.
    pub fn beside(&self) -> Vec<String> {
        self.world().beside()
    }

    /// Makes calls fail.
    pub fn inject(&self, fault: Fault) {
        self.faults().fail(fault);
    }

    /// Makes a change show late.
    pub fn delay(&self, delay: Delay) {
        self.faults().delay(delay);
    }

    /// Nothing goes wrong any more because it was told to, and what was to show late shows.
    pub fn heal(&self) {
        self.faults().clear();
    }

    /// The world at the present moment.
    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        while let Some(deed) = self.desk.next_deed(now) {
            world.advance(deed.at);
            self.again(&mut world, &deed);
        }
        world.advance(now);
        for trouble in world.take_troubles() {
            self.faults().fail(trouble);
        }
        world
    }

    fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a changing call, and puts it on record with its outcome.
    fn change(&self, operation: &Operation) -> Result<Answer, CallError> {
        let api = operation.facts().api;
        let mut world = self.world();
        let fault = self.faults().next(api);
        let lost = if let Some(fault) = fault.as_ref().filter(|it| !it.made) {
            Some(failed(api, fault.kind))
        } else if self.faults().names_unknown(operation) {
            Some(failed(api, CallErrorKind::NotFound))
        } else {
            let unknown = world.not_known_yet(operation);
            unknown.map(|refusal| refused(api, refusal))
        };
        if let Some(error) = lost {
            self.called(&mut world, operation, outcome_of(&error, false));
            return Err(error);
        }
        let now = world.now;
        let before = world.observe(operation);
        let answer = match world.execute(operation, now) {
            Ok(answer) => answer,
            Err(refusal) => {
                let code = refusal.code.to_owned();
                self.called(&mut world, operation, CallOutcome::Refused { code });
                return Err(refused(api, refusal));
            }
        };
        self.faults()
            .changed(operation, before, answer.made.as_deref());
        let error = fault.map(|it| failed(api, it.kind));
        let outcome = error
            .as_ref()
            .map_or(CallOutcome::Made, |it| outcome_of(it, true));
        self.called(&mut world, operation, outcome);
        error.map_or(Ok(answer), Err)
    }

    fn state(&self, operation: &Operation) -> Result<State, CallError> {
        let api = reads_with(operation);
        if let Some(fault) = self.faults().next(api) {
            return Err(failed(api, fault.kind));
        }
        match self.faults().look(operation) {
            Some(Shown::Before(state)) => return Ok(state),
            Some(Shown::Unknown) => return Err(failed(api, CallErrorKind::NotFound)),
            None => {}
        }
        self.world()
            .observe_shown(operation)
            .ok_or_else(|| CallError {
                kind: CallErrorKind::NotFound,
                api: api.to_owned(),
                code: "NotFound".to_owned(),
                message: format!("there is nothing to {}", operation.prose()),
            })
    }

    fn asked(&self, operation: &Operation) -> Probed {
        let facts = operation.facts();
        if !facts.dry_run {
            let why = format!("{} has no DryRun", facts.api);
            return Probed::NotCheckable { why };
        }
        if let Err(unbound) = operation.bind(&Bindings::default()) {
            let why = unbound.to_string();
            return Probed::NotCheckable { why };
        }
        let fault = self.faults().next(facts.api);
        if let Some(error) = fault.map(|it| failed(facts.api, it.kind)) {
            return if error.kind == CallErrorKind::Denied {
                let message = error.message;
                Probed::Denied { message }
            } else {
                let message = error.to_string();
                Probed::Failed { message }
            };
        }
        match precondition(self.world().estate(), operation) {
            Ok(()) => Probed::Allowed,
            Err(Refusal { code, message }) => Probed::Refused {
                code: code.to_owned(),
                message,
            },
        }
    }

    /// Reading takes its time. Where that stands still it takes none: everybody may look around.
    async fn reading_takes(&self) {
        if self.desk.pace() != Pace::Paused {
            self.clock.sleep(READ).await;
        }
    }

    /// At a fast pace flow logs could be read many times a second, and nobody could do anything else.
    async fn catch_breath(&self) {
        let more = self.desk.pace().factor().saturating_sub(1);
        if more > 0 {
            self.clock.sleep(BREATH * more).await;
        }
    }

    async fn flows(&self, query: FlowQuery, sink: &Sink) {
        self.catch_breath().await;
        let (lines, missing_streams) = {
            let world = self.world();
            let known = |eni: &&_| world.estate().eni(eni).is_none();
            (
                world.lines(&query.log, &query.enis, query.since),
                query.enis.iter().filter(known).count(),
            )
        };
        let mut pages: Vec<&[FlowLine]> = lines.chunks(PAGE).collect();
        if pages.is_empty() {
            pages.push(&[]);
        }
        let limit = query.max_pages.max(1);
        for (page, number) in pages.iter().take(limit).zip(1..) {
            self.reading_takes().await;
            let answer = FlowLines {
                log: query.log.id.clone(),
                lines: page.to_vec(),
                coverage: Coverage {
                    pages: number,
                    capped: number == limit && pages.len() > limit,
                    missing_streams,
                },
            };
            if sink.send(Reading::Flows(answer)).await.is_err() {
                return;
            }
        }
    }
}

impl Source for Drill {
    fn read(&self, request: Request, sink: Sink) -> BoxFuture<'_, Result<(), SourceError>> {
        Box::pin(async move {
            if let Request::Flows(query) = request {
                self.flows(query, &sink).await;
                return Ok(());
            }
            self.reading_takes().await;
            let reading = match request {
                Request::Identity => Reading::Identity(self.identity.clone()),
                Request::Findings => Reading::Findings(self.world().findings()),
                Request::Locate(instances) => {
                    Reading::Located(vpcs_of(self.world().shown_estate(), &instances))
                }
                Request::Part { kind, scope } => {
                    Reading::Part(part_of(self.world().shown_estate(), kind, &scope))
                }
                Request::Flows(_) => return Ok(()),
            };
            // A closed sink means that nobody wants it.
            sink.send(reading).await.ok();
            Ok(())
        })
    }
}

impl Actuator for Drill {
    fn observe<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Result<State, CallError>> {
        Box::pin(async move {
            self.reading_takes().await;
            self.state(operation)
        })
    }

    fn execute<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Result<Answer, CallError>> {
        Box::pin(async move {
            self.clock.sleep(CALL).await;
            self.change(operation)
        })
    }
}

impl Probe for Drill {
    fn probe<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Probed> {
        Box::pin(async move {
            self.clock.sleep(CALL).await;
            self.asked(operation)
        })
    }
}

/// The call that reads the state of an operation's object.
fn reads_with(operation: &Operation) -> &'static str {
    let facts = operation.facts();
    let reads = |it: &&&str| {
        let (_, verb) = it.split_once(':').unwrap_or_default();
        **it != facts.api
            && ["Describe", "Get", "List"]
                .iter()
                .any(|word| verb.starts_with(word))
    };
    facts.iam.iter().find(reads).copied().unwrap_or(facts.api)
}

fn refused(api: &str, refusal: Refusal) -> CallError {
    CallError {
        kind: if refusal.is_not_found() {
            CallErrorKind::NotFound
        } else {
            CallErrorKind::Refused
        },
        api: api.to_owned(),
        code: refusal.code.to_owned(),
        message: refusal.message,
    }
}
