//! Journals as runs and exercises write them.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, Utc};
use firedoor::analysis::Grade;
use firedoor::executor::{ExerciseJournal, Journal, RunEvent, RunEventKind, StepOutcome};
use firedoor::model::{InstanceId, ResourceId};
use firedoor::operation::{Operation, State, StepId, TagValue};
use firedoor::plan::{Class, Foretold, ForetoldFlow, Plan, Procedure, Step, Target, What};
use firedoor::sources::{Evidence, ExerciseRecord, Happening, Reason, Score, Stream};

pub(crate) const SUSPECT: &str = "i-0f00d0000000beef1";

pub(crate) const CALLER: &str = "arn:aws:sts::123456789012:assumed-role/incident-responder/drill";

/// So many seconds after the case began.
pub(crate) fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + second, 0).unwrap()
}

/// A step that changes something, after the one before it.
pub(crate) fn change(number: u16, operation: Operation) -> Step {
    Step {
        id: StepId(number),
        what: What::Change(operation),
        class: Class::Must,
        after: (1..number).map(StepId).next_back().into_iter().collect(),
        part: None,
        known: None,
    }
}

pub(crate) fn plan(procedure: Procedure, steps: Vec<Step>, remarks: &[&str]) -> Plan {
    Plan {
        procedure,
        target: Target::Instance(InstanceId::from(SUSPECT)),
        steps,
        remarks: remarks.iter().map(|it| (*it).to_owned()).collect(),
    }
}

/// A run that is being written.
pub(crate) struct Script {
    pub(crate) run: String,
    pub(crate) plan: Plan,
    events: Vec<RunEvent>,
}

impl Script {
    pub(crate) fn new(second: i64, run: &str, plan: Plan) -> Self {
        let mut script = Self {
            run: run.to_owned(),
            plan: plan.clone(),
            events: Vec::new(),
        };
        script.event(
            second,
            RunEventKind::Started {
                case: "case".into(),
                run: run.into(),
                caller: CALLER.into(),
                plan,
                foretold: None,
            },
        );
        script
    }

    /// What was forecast of it before it was confirmed.
    pub(crate) fn foretold(&mut self, ledger: &str, flows: Vec<ForetoldFlow>) {
        if let Some(RunEventKind::Started { foretold, .. }) =
            self.events.first_mut().map(|it| &mut it.kind)
        {
            *foretold = Some(Foretold {
                ledger: ledger.into(),
                flows,
                more: 2,
            });
        }
    }

    pub(crate) fn event(&mut self, second: i64, kind: RunEventKind) {
        let n = self.events.len().try_into().unwrap();
        self.events.push(RunEvent {
            n,
            at: at(second),
            kind,
        });
    }

    /// A step that is sent and ends, all in these two seconds.
    pub(crate) fn step(
        &mut self,
        (from, to): (i64, i64),
        number: u16,
        made: Option<&str>,
        outcome: StepOutcome,
    ) {
        let step = StepId(number);
        self.event(from, RunEventKind::Begun { step });
        if let Some(operation) = self.plan.step(step).unwrap().operation().cloned() {
            self.event(
                from,
                RunEventKind::Captured {
                    step,
                    before: State::Absent,
                },
            );
            self.event(
                from,
                RunEventKind::Intend {
                    step,
                    attempt: 1,
                    operation,
                },
            );
            self.event(
                to,
                RunEventKind::Answered {
                    step,
                    made: made.map(str::to_owned),
                },
            );
        }
        self.event(to, RunEventKind::Ended { step, outcome });
    }

    pub(crate) async fn write(self, root: &Path, case: &str) -> std::path::PathBuf {
        let journal = Journal::create(root, case, &self.run).unwrap();
        journal.append_all(&self.events).await.unwrap();
        journal.path().to_owned()
    }
}

pub(crate) fn done(message: &str) -> StepOutcome {
    StepOutcome::Done {
        message: message.into(),
    }
}

/// A flow of the suspect, as it was forecast.
pub(crate) fn flow(flow: &str, peer: &str, port: u16, verdict: &str) -> ForetoldFlow {
    ForetoldFlow {
        flow: flow.into(),
        peer: peer.parse().unwrap(),
        port,
        protocol: 6,
        verdict: verdict.into(),
        grade: Grade::Documented,
        bytes_per_minute: 12_034,
    }
}

pub(crate) fn tag_with(number: u16, text: &str) -> Step {
    let value = Some(TagValue::Text(text.into()));
    change(
        number,
        Operation::SetTags {
            resource: ResourceId::from(SUSPECT),
            tags: BTreeMap::from([("firedoor:case".to_owned(), value)]),
        },
    )
}

pub(crate) fn record(second: i64, what: Happening) -> ExerciseRecord {
    ExerciseRecord {
        at: at(second),
        what,
    }
}

pub(crate) fn stream(
    name: &str,
    (role, from, to): (&str, &str, &str),
    [packets, answered, failed]: [u64; 3],
    second: i64,
) -> Stream {
    Stream {
        conversation: name.into(),
        role: role.into(),
        from: from.into(),
        to: to.into(),
        asked: answered + failed,
        answered,
        failed,
        packets,
        bytes: packets * 420,
        bytes_out: packets * 210,
        delivered_last: (packets > 0).then(|| at(second - 3)),
    }
}

/// A score in which every text is this one.
pub(crate) fn score_with(text: &str) -> Score {
    Score {
        evidence: vec![Evidence {
            name: text.into(),
            kept: false,
        }],
        residual: vec![text.into()],
        grade: text.into(),
        reasons: vec![Reason {
            what: text.into(),
            points: 1,
            of: 0,
            why: text.into(),
        }],
        ..Score::default()
    }
}

pub(crate) async fn write_exercise(
    root: &Path,
    case: &str,
    records: &[ExerciseRecord],
) -> std::path::PathBuf {
    let journal = ExerciseJournal::begin(root, case).unwrap();
    journal.append_all(records).await.unwrap();
    journal.path().to_owned()
}
