//! Playing an experiment: its steps in the order of time, what came of each, and the outcome.

use std::time::Duration;

use toml::{Table, Value};

use super::picture::{Picture, changed};
use super::spec::{ExperimentSpec, Says, StepSpec};
use super::stage::{Met, Stage};
use super::verdict::{Came, Seen, of_claim, of_flow};
use super::{ExperimentError, Outcome, unsound};
use crate::drill::net::Micros;
use crate::operation::Refusal;

/// How long the other side takes to answer.
const ANSWERS_AFTER: Micros = 50_000;

/// The most steps of an experiment, repeated ones counted each.
const MOST: usize = 10_000;

/// What came of an experiment.
#[derive(Debug)]
pub struct Played {
    pub(super) outcome: Outcome,
    pub(super) surprises: Vec<String>,
    pub(super) opening: Picture,
    pub(super) beats: Vec<Beat>,
}

impl Played {
    /// In a word.
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// Where a timeline went another way than was told of it, aside from its outcome: one line each.
    pub fn surprises(&self) -> &[String] {
        &self.surprises
    }
}

/// One thing that happened.
#[derive(Debug)]
pub(super) struct Beat {
    pub(super) at: Micros,
    pub(super) what: Event,
    /// What was said of it, and what came of it.
    pub(super) said: Option<(Says, Says)>,
}

/// What happened.
#[derive(Debug)]
pub(super) enum Event {
    /// Packets of a flow: one of the side that began it, one of the other.
    Packets {
        flow: Told,
        asked: Option<Met>,
        answered: Option<Met>,
        entries: Vec<Remembered>,
    },
    /// A call.
    Change {
        prose: String,
        refused: Option<Refusal>,
        /// Lines of the picture that went and came.
        changed: Vec<String>,
        entries: Vec<Remembered>,
    },
    /// Whether a flow is tracked.
    Look { flow: Told, tracked: bool },
}

/// A flow, as it is told of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) name: String,
    /// Who began it.
    pub(super) client: String,
    pub(super) server: String,
    pub(super) icmp: bool,
}

/// What an interface remembers of a flow, at some moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Remembered {
    /// The interface's name.
    pub(super) at: String,
    /// The flow, as the interface sees it.
    pub(super) flow: String,
    pub(super) tracked: bool,
    pub(super) last: Micros,
    pub(super) expires: Option<Micros>,
}

/// Plays an experiment.
pub(super) fn play(spec: &ExperimentSpec) -> Result<Played, ExperimentError> {
    play_with(spec, &Table::new())
}

/// Plays an experiment under other switches than the default ones.
pub(super) fn play_with(
    spec: &ExperimentSpec,
    switches: &Table,
) -> Result<Played, ExperimentError> {
    let mut run = Run {
        spec,
        stage: Stage::new(spec, switches)?,
        beats: Vec::new(),
        seen: Vec::new(),
        changes: Vec::new(),
        told: Vec::new(),
        surprises: Vec::new(),
    };
    let opening = Picture::of(&run.stage, spec);
    for (at, step) in steps(spec)? {
        run.step(at, step)?;
    }
    let outcome = match spec.claim {
        None => of_flow(&run.seen, &run.changes),
        Some(_) => of_claim(run.told.iter().copied()),
    };
    Ok(Played {
        outcome,
        surprises: run.surprises,
        opening,
        beats: run.beats,
    })
}

/// The steps in the order of time; those of one moment stay in the order of the file.
fn steps(spec: &ExperimentSpec) -> Result<Vec<(Micros, &StepSpec)>, ExperimentError> {
    let mut steps = Vec::new();
    for step in &spec.steps {
        let mut at = micros(spec, step.at)?;
        let until = step.until.map(|it| micros(spec, it)).transpose()?;
        let every = step.every.map(|it| micros(spec, it)).transpose()?;
        steps.push((at, step));
        while let (Some(until), Some(every @ 1..)) = (until, every) {
            at = at.saturating_add(every);
            if at > until {
                break;
            }
            if steps.len() == MOST {
                return Err(unsound(spec, format!("more than {MOST} steps")));
            }
            steps.push((at, step));
        }
    }
    steps.sort_by_key(|(at, _)| *at);
    Ok(steps)
}

fn micros(spec: &ExperimentSpec, seconds: f64) -> Result<Micros, ExperimentError> {
    let span = Duration::try_from_secs_f64(seconds);
    let span = span.map_err(|it| unsound(spec, format!("{seconds} s: {it}")))?;
    Ok(Micros::try_from(span.as_micros()).unwrap_or(Micros::MAX))
}

/// An experiment under way.
struct Run<'a> {
    spec: &'a ExperimentSpec,
    stage: Stage,
    beats: Vec<Beat>,
    /// Of the flow that is watched.
    seen: Vec<Seen>,
    changes: Vec<Micros>,
    /// What was claimed, by part, and whether it came true.
    told: Vec<(&'a str, bool)>,
    surprises: Vec<String>,
}

impl<'a> Run<'a> {
    fn step(&mut self, at: Micros, step: &'a StepSpec) -> Result<(), ExperimentError> {
        let (what, came) = if let Some(written) = &step.change {
            self.change(at, written)?
        } else if let Some(name) = &step.look {
            self.look(at, name)?
        } else {
            self.packets(at, step)?
        };
        let said = step.says.map(|says| (says, came));
        if let Some(said) = said {
            self.judge(at, step, said);
        }
        self.beats.push(Beat { at, what, said });
        Ok(())
    }

    /// Of a claim, what came true of it counts; of a timeline, what did not come as it was told.
    fn judge(&mut self, at: Micros, step: &'a StepSpec, (says, came): (Says, Says)) {
        let holds = says == came;
        if self.spec.claim.is_some() {
            self.told.push((&step.part, holds));
        } else if !holds {
            let what = [&step.exchange, &step.send, &step.answer, &step.look];
            let what = what.into_iter().flatten().next();
            let what = what.map_or("the call", String::as_str);
            self.surprises.push(format!(
                "at {}.{:03} s {what} was {}, and not {}",
                at / 1_000_000,
                at % 1_000_000 / 1_000,
                came.name(),
                says.name()
            ));
        }
    }

    fn change(&mut self, at: Micros, written: &Value) -> Result<(Event, Says), ExperimentError> {
        let operation = self.stage.labels.operation(written);
        let operation = operation.map_err(|problem| unsound(self.spec, problem))?;
        let before = Picture::of(&self.stage, self.spec);
        let refused = self.stage.make(&operation).err();
        let came = if refused.is_some() {
            Says::Refused
        } else {
            self.changes.push(at);
            Says::Made
        };
        let labels = &self.stage.labels;
        let change = Event::Change {
            prose: labels.told(&operation.prose()),
            refused: refused.map(|it| Refusal {
                message: labels.told(&it.message),
                ..it
            }),
            changed: changed(&before, &Picture::of(&self.stage, self.spec)),
            entries: self.remembered(None, at),
        };
        Ok((change, came))
    }

    fn look(&self, at: Micros, name: &str) -> Result<(Event, Says), ExperimentError> {
        let flow = self.find(name)?;
        let tracked = self.remembered(Some(flow), at).iter().any(|it| it.tracked);
        let came = if tracked {
            Says::Tracked
        } else {
            Says::Untracked
        };
        let flow = self.told(flow);
        Ok((Event::Look { flow, tracked }, came))
    }

    fn packets(&mut self, at: Micros, step: &StepSpec) -> Result<(Event, Says), ExperimentError> {
        let (name, asks, answers) = match (&step.exchange, &step.send, &step.answer) {
            (Some(name), None, None) => (name, true, true),
            (None, Some(name), None) => (name, true, false),
            (None, None, Some(name)) => (name, false, true),
            _ => return Err(unsound(self.spec, "a step does one thing")),
        };
        let flow = self.find(name)?;
        let watched = self.spec.watch.as_ref();
        let watched = watched.map_or(flow == 0, |it| it == name);
        let mut sent = |answer: bool, at: Micros| {
            let met = if answer {
                self.stage.answer(flow, at)
            } else {
                self.stage.send(flow, at)
            };
            if watched {
                self.seen.push(met.seen(at, answer));
            }
            met
        };
        let asked = asks.then(|| sent(false, at));
        let heard = asked.as_ref().is_none_or(Met::is_delivered);
        let later = if asks { ANSWERS_AFTER } else { 0 };
        let answered = (answers && heard).then(|| sent(true, at.saturating_add(later)));
        let answer_heard = answered.as_ref().is_none_or(Met::is_delivered);
        let came = if heard && answer_heard {
            Says::Delivered
        } else {
            Says::Dropped
        };
        let packets = Event::Packets {
            flow: self.told(flow),
            asked,
            answered,
            entries: self.remembered(Some(flow), at),
        };
        Ok((packets, came))
    }

    fn find(&self, name: &str) -> Result<usize, ExperimentError> {
        let flow = self.stage.find(name);
        flow.ok_or_else(|| unsound(self.spec, format!("there is no flow {name:?}")))
    }

    fn told(&self, flow: usize) -> Told {
        let wire = self.stage.wires.get(flow);
        wire.map_or_else(Told::default, |it| Told {
            name: it.name.clone(),
            client: it.from.0.clone(),
            server: it.to.0.clone(),
            icmp: it.first.is_icmp(),
        })
    }

    /// What is remembered of a flow, or of all, and has not run out.
    fn remembered(&self, flow: Option<usize>, at: Micros) -> Vec<Remembered> {
        let wires = self.stage.wires.iter().enumerate();
        let wanted = wires.filter(|(number, _)| flow.is_none_or(|it| it == *number));
        let entries = wanted.flat_map(|(_, wire)| self.stage.entries(wire));
        let live = entries.filter(|(_, _, it)| it.expires.is_none_or(|expires| expires >= at));
        let mut all: Vec<Remembered> = live
            .map(|(interface, packet, entry)| Remembered {
                at: interface,
                flow: packet.to_string(),
                tracked: entry.tracked,
                last: entry.last,
                expires: entry.expires,
            })
            .collect();
        all.dedup();
        all
    }
}

impl Met {
    /// Whether it arrived, at somebody who is there.
    pub(super) fn is_delivered(&self) -> bool {
        matches!(self, Self::Delivered { .. })
    }

    fn seen(&self, at: Micros, answer: bool) -> Seen {
        Seen {
            at,
            answer,
            came: match self {
                Self::Delivered { by_rules: true } => Came::ByRules,
                Self::Delivered { by_rules: false } => Came::ByEntry,
                Self::Dropped { expired: true, .. } => Came::Expired,
                Self::Dropped { .. } | Self::Down(_) | Self::Unheard => Came::Dropped,
            },
        }
    }
}

impl Says {
    /// As data and commentary write it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Dropped => "dropped",
            Self::Made => "made",
            Self::Refused => "refused",
            Self::Tracked => "tracked",
            Self::Untracked => "untracked",
        }
    }
}
