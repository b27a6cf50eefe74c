//! An account on which everything can be planned, runs in it on a simulated clock, and calls that go
//! wrong in it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use firedoor::drill::{Delay, Drill, Scenario};
use firedoor::executor::{
    Archive, Ports, Resume, RunEvent, RunEventKind, RunOutcome, RunView, Runs, StartError,
};
use firedoor::model::{Direction, Estate, RulePeer};
use firedoor::operation::{Actuator, Answer, CallError, CallErrorKind, Operation, State, StepId};
use firedoor::plan::{
    Action, Intent, Plan, PlanError, Playbook, Procedure, build, build_playbook, prepare,
};
use futures::future::BoxFuture;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinHandle;

use super::normalise::normalise;
use super::setting::{self, Setting};

/// How the account differs from the plain one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Variant {
    Plain,
    /// The suspect is protected against termination and stop.
    Protected,
    /// The suspect's network ACL has as many entries as the quota allows.
    Full,
    /// The VPC has no pair of groups prepared.
    Unprepared,
}

/// What is carried out.
#[derive(Debug, Clone)]
pub(crate) enum What {
    Action(Action),
    Playbook(Playbook),
    Prepare,
}

/// Something to be carried out, somewhere.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) what: What,
    pub(crate) variant: Variant,
}

impl Case {
    /// The name that filters name.
    pub(crate) fn name(&self) -> &str {
        match &self.what {
            What::Action(action) => action.name(),
            What::Playbook(playbook) => &playbook.name,
            What::Prepare => "prepare",
        }
    }

    pub(crate) fn plan(&self, site: &Site) -> Result<Plan, PlanError> {
        let estate = &site.original;
        let intent = |action| Intent {
            peers: ["203.0.113.66", "2001:db8:bad::66"]
                .map(|it| it.parse().unwrap())
                .to_vec(),
            ..site.setting.intent(action)
        };
        match &self.what {
            What::Action(action) => build(estate, &intent(*action)),
            What::Playbook(playbook) => build_playbook(estate, playbook, &intent(Action::Tag)),
            What::Prepare => prepare(estate, &estate.vpcs().next().unwrap().id, "case"),
        }
    }
}

fn scenario(variant: Variant) -> Scenario {
    let text = include_str!("../../assets/reference.toml");
    let text = match variant {
        Variant::Plain => text.to_owned(),
        Variant::Protected => {
            text.replace("hibernation = true", "hibernation = true\nprotected = true")
        }
        Variant::Unprepared => text.replace("firedoor-step-", "other-"),
        Variant::Full => {
            let entry = |number: u16| {
                format!(
                    "    {{ direction = \"ingress\", number = {number}, action = \"allow\", protocol = \
                     \"tcp\", port = {number}, cidr = \"198.51.100.{number}/32\" }},\n"
                )
            };
            let more: String = (1..20).map(entry).collect();
            text.replacen("entries = [\n", &format!("entries = [\n{more}"), 1)
        }
    };
    Scenario::parse("reference.toml", &text).unwrap()
}

/// How a call goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Denied,
    Throttled,
    /// What is changed shows late.
    Late,
    /// No answer, and the change was made.
    LostMade,
    /// No answer, and nothing was changed.
    Lost,
}

/// The next calls of a step go wrong.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Trouble {
    pub(crate) step: StepId,
    pub(crate) kind: Kind,
    pub(crate) calls: u32,
}

/// An account, and how it was.
pub(crate) struct Site {
    pub(crate) setting: Setting,
    pub(crate) original: Estate,
}

/// A run that has ended, or was broken off.
pub(crate) struct Ended {
    /// `None`: it was broken off.
    pub(crate) outcome: Option<RunOutcome>,
    pub(crate) events: Vec<RunEvent>,
}

impl Site {
    pub(crate) fn new(variant: Variant) -> Self {
        let setting = Setting::new(scenario(variant));
        Self {
            original: setting.drill.estate(),
            setting,
        }
    }

    /// Runs a plan to its end, or until `lines` lines are in its journal.
    pub(crate) async fn run(
        &self,
        plan: &Plan,
        id: &str,
        trouble: Option<Trouble>,
        lines: Option<usize>,
    ) -> Ended {
        let (meddler, ports, receiver) = self.ports(trouble);
        let (run, root) = (setting::run(id, plan), self.setting.root.path());
        let task = Runs::default().start(run, root, ports).unwrap();
        follow(task, receiver, &meddler, lines).await
    }

    /// Another process takes up the run of this id; `None`: it has come to its end. One that may only be
    /// closed is closed.
    pub(crate) async fn resume(
        &self,
        id: &str,
        how: Resume,
    ) -> Result<Option<(Resume, Ended)>, String> {
        let archive = Archive::new(self.setting.root.path());
        let found = archive.find(id).map_err(|it| it.to_string())?;
        let recorded = found.ok_or("its journal is not found")?;
        for how in [how, Resume::Close] {
            let (meddler, ports, receiver) = self.ports(None);
            match Runs::default().resume(&recorded, how, "arn", ports) {
                Ok(task) => {
                    meddler.knows(&recorded.events);
                    let ended = follow(task, receiver, &meddler, None).await;
                    return Ok(Some((how, ended)));
                }
                Err(StartError::NotOpen(_)) => return Ok(None),
                Err(StartError::OnlyLift(_)) => {}
                Err(error) => return Err(error.to_string()),
            }
        }
        Err("it can be neither continued nor closed".to_owned())
    }

    fn ports(
        &self,
        trouble: Option<Trouble>,
    ) -> (Arc<Meddler>, Ports, UnboundedReceiver<RunEvent>) {
        let meddler = Arc::new(Meddler {
            drill: self.setting.drill.clone(),
            trouble: Mutex::new(trouble),
            events: Arc::default(),
        });
        let (ports, receiver) = self.setting.ports(Arc::clone(&meddler) as _, None);
        (meddler, ports, receiver)
    }

    /// What the account has become, once everything that was set in motion has come to rest.
    pub(crate) async fn picture(&self) -> Vec<String> {
        self.setting.drill.heal();
        self.setting.clock.sleep(Duration::from_mins(2)).await;
        self.as_it_is()
    }

    /// What the account is at the moment.
    pub(crate) fn as_it_is(&self) -> Vec<String> {
        normalise(&self.setting.drill, &self.original)
    }

    /// Whether the suspect stands open, or something that was denied for a while still is; `None`: neither.
    pub(crate) fn left_open(&self, plan: &Plan) -> Option<String> {
        let estate = self.setting.drill.estate();
        let suspect = plan.suspect()?;
        for eni in estate.enis_of_instance(suspect) {
            for group in eni.groups.iter().filter_map(|it| estate.group(it)) {
                let open = group.rules.iter().any(|rule| {
                    let everyone = matches!(&rule.peer, RulePeer::Cidr(it) if it.prefix_len() == 0);
                    everyone && rule.ports.is_none() && rule.direction == Direction::Ingress
                });
                if open {
                    return Some(format!("{} is open in {}", eni.id, group.name));
                }
            }
        }
        if plan.procedure == Procedure::Action(Action::NaclPulse) {
            let entries = |it: &Estate| it.acls().map(|it| it.entries.len()).sum::<usize>();
            if entries(&estate) != entries(&self.original) {
                return Some("a network ACL still denies".to_owned());
            }
        }
        None
    }

    /// Tags of the suspect that a run must take off again.
    pub(crate) fn locked(&self, plan: &Plan) -> Option<String> {
        let estate = self.setting.drill.estate();
        let instance = estate.instance(plan.suspect()?)?;
        let mut tags = instance.tags.iter();
        let left = tags.find(|(key, _)| key == "firedoor:lock" || key == "firedoor:open-since");
        left.map(|(key, _)| format!("{key} is still there"))
    }
}

/// Collects events until the run ends, or is broken off.
async fn follow(
    task: JoinHandle<RunOutcome>,
    mut receiver: UnboundedReceiver<RunEvent>,
    meddler: &Meddler,
    lines: Option<usize>,
) -> Ended {
    let mut count = 0;
    let mut killed = false;
    while let Some(event) = receiver.recv().await {
        meddler.events.lock().unwrap().push(event);
        count += 1;
        if !killed && lines == Some(count) {
            task.abort();
            killed = true;
        }
    }
    Ended {
        outcome: task.await.ok().filter(|_| !killed),
        events: meddler.events.lock().unwrap().clone(),
    }
}

impl Ended {
    /// The fold of the events.
    pub(crate) fn view(&self) -> Result<RunView, String> {
        let view = RunView::of(&self.events).map_err(|it| it.to_string())?;
        view.ok_or_else(|| "no event".into())
    }
}

/// The world, in which calls go wrong.
struct Meddler {
    drill: Drill,
    trouble: Mutex<Option<Trouble>>,
    events: Arc<Mutex<Vec<RunEvent>>>,
}

impl Actuator for Meddler {
    fn observe<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Result<State, CallError>> {
        self.drill.observe(operation)
    }

    fn execute<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Result<Answer, CallError>> {
        Box::pin(async move {
            let kind = self.trouble_of(operation).await;
            let api = operation.facts().api.to_owned();
            let fail = |kind, code: &str| {
                Err(CallError {
                    kind,
                    api: operation.facts().api.to_owned(),
                    code: code.to_owned(),
                    message: "the test made this call fail".to_owned(),
                })
            };
            match kind {
                None => self.drill.execute(operation).await,
                Some(Kind::Denied) => fail(CallErrorKind::Denied, "UnauthorizedOperation"),
                Some(Kind::Throttled) => fail(CallErrorKind::Throttled, "RequestLimitExceeded"),
                Some(Kind::Lost) => fail(CallErrorKind::Unanswered, "NoAnswer"),
                Some(Kind::LostMade) => {
                    let answer = self.drill.execute(operation).await;
                    answer.and_then(|_| fail(CallErrorKind::Unanswered, "NoAnswer"))
                }
                Some(Kind::Late) => {
                    self.drill.delay(Delay { api, looks: 3 });
                    self.drill.execute(operation).await
                }
            }
        })
    }
}

impl Meddler {
    /// What happened in an earlier life of the run.
    fn knows(&self, events: &[RunEvent]) {
        self.events.lock().unwrap().extend_from_slice(events);
    }

    /// Whether, and how, this call goes wrong. The event that announces it may still be on its way.
    async fn trouble_of(&self, operation: &Operation) -> Option<Kind> {
        let Trouble { step, kind, .. } = (*self.trouble.lock().unwrap())?;
        for _ in 0..10_000 {
            let announced = self.announced(operation);
            if let Some(own) = announced {
                if own != step {
                    return None;
                }
                let mut trouble = self.trouble.lock().unwrap();
                let calls = trouble.as_mut().map(|it| &mut it.calls)?;
                let left = calls.checked_sub(1)?;
                *calls = left;
                return Some(kind);
            }
            tokio::task::yield_now().await;
        }
        panic!("nobody announced {operation:?}");
    }

    fn announced(&self, wanted: &Operation) -> Option<StepId> {
        let events = self.events.lock().unwrap();
        events.iter().rev().find_map(|event| match &event.kind {
            RunEventKind::Intend {
                step, operation, ..
            } if operation == wanted => Some(*step),
            _ => None,
        })
    }
}
