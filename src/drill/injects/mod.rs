//! Injects: what happens to the players at its moment, under its condition, or when the facilitator says
//! so. The engine is told the time and what is the case, and says what is to happen; the world makes it
//! happen.
//!
//! Times are counted from the start of the drill.

mod play;
#[cfg(test)]
mod tests;

use chrono::TimeDelta;

use super::faults::Fault;
use crate::operation::Operation;

/// Something that may happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Inject {
    pub(super) name: String,
    pub(super) trigger: Trigger,
    /// From the trigger until it happens.
    pub(super) delay: TimeDelta,
    /// How often it happens at most.
    pub(super) times: u32,
    pub(super) effects: Vec<Effect>,
}

/// What brings an inject about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trigger {
    /// The time.
    At(TimeDelta),
    /// The time, if the attack is not contained by then.
    Late(TimeDelta),
    /// A change that the players make by this API, as IAM names it.
    OnChange(String),
    /// The attack is contained.
    OnContained,
    /// The facilitator alone, who may bring about every other one too.
    Manual,
}

/// What an inject does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Effect {
    /// The finding of this id appears.
    Finding(String),
    /// A conversation that is held begins.
    Begin(String),
    /// A conversation ends for good.
    End(String),
    /// Somebody says something to the players.
    Message {
        from: String,
        text: String,
        /// They are to answer.
        asks: bool,
    },
    /// Somebody else makes a change; where AWS refuses it by then, that is told and nothing is changed.
    Change(Box<Operation>),
    /// Calls go wrong.
    Fault(Fault),
    /// For so long the flow log records nothing, and says so.
    SkipData(TimeDelta),
}

/// What is the case.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Facts<'a> {
    /// The attack is contained.
    pub(super) contained: bool,
    /// The APIs by which the players made changes since the engine was last asked.
    pub(super) changed: &'a [&'a str],
}

/// An inject that happens now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Happens {
    pub(super) name: String,
    pub(super) effects: Vec<Effect>,
}

/// There is no inject of that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no inject is named {name:?}; there are: {known}")]
pub(super) struct NoSuchInject {
    name: String,
    known: String,
}

/// The injects of a drill, and how far they have got.
#[derive(Debug, Default)]
pub(super) struct Injects {
    all: Vec<Waiting>,
    contained: bool,
}

#[derive(Debug)]
struct Waiting {
    inject: Inject,
    /// It was triggered so often.
    triggered: u32,
    /// When it is to happen, of every trigger that was.
    due: Vec<TimeDelta>,
}

impl Injects {
    /// All wait.
    pub(super) fn new(all: Vec<Inject>) -> Self {
        let waiting = |inject| Waiting {
            inject,
            triggered: 0,
            due: Vec::new(),
        };
        Self {
            all: all.into_iter().map(waiting).collect(),
            contained: false,
        }
    }

    /// Names of all, in the order of the scenario, and whether each may still happen by itself.
    pub(super) fn names(&self) -> impl Iterator<Item = (&str, bool)> {
        self.all
            .iter()
            .map(|it| (it.inject.name.as_str(), it.waits()))
    }

    /// When the engine must be asked next, for the sake of time alone; conditions besides are for whoever knows
    /// when they change.
    pub(super) fn next(&self) -> Option<TimeDelta> {
        self.all.iter().filter_map(Waiting::next).min()
    }

    /// Whether somebody waits for the attack to be contained.
    pub(super) fn watch_containment(&self) -> bool {
        let watches = |it: &Waiting| it.inject.trigger == Trigger::OnContained && it.may_trigger();
        self.all.iter().any(watches)
    }

    /// Whether some inject raises the finding of this id.
    pub(super) fn raises(&self, finding: &str) -> bool {
        let mut effects = self.all.iter().flat_map(|it| &it.inject.effects);
        effects.any(|it| matches!(it, Effect::Finding(id) if id == finding))
    }

    /// What happens by now, in the order of time, and of the scenario where times are equal.
    pub(super) fn due(&mut self, now: TimeDelta, facts: &Facts<'_>) -> Vec<Happens> {
        let newly_contained = facts.contained && !self.contained;
        self.contained = facts.contained;
        let mut happening = Vec::new();
        for it in &mut self.all {
            it.trigger(now, facts, newly_contained);
            let (due, later): (Vec<_>, Vec<_>) = it.due.iter().partition(|at| **at <= now);
            it.due = later;
            happening.extend(due.into_iter().map(|at| (at, it.happens())));
        }
        happening.sort_by_key(|(at, _)| *at);
        happening.into_iter().map(|(_, it)| it).collect()
    }

    /// The facilitator makes it happen, as often as they like. What would have happened by itself for the first
    /// time does not any more.
    ///
    /// # Errors
    /// There is none of that name.
    pub(super) fn fire(&mut self, name: &str) -> Result<Vec<Effect>, NoSuchInject> {
        let found = self.all.iter_mut().find(|it| it.inject.name == name);
        let Some(it) = found else {
            let known: Vec<&str> = self.names().map(|(name, _)| name).collect();
            return Err(NoSuchInject {
                name: name.to_owned(),
                known: known.join(", "),
            });
        };
        if it.due.pop().is_none() {
            it.triggered = it.triggered.saturating_add(1);
        }
        Ok(it.inject.effects.clone())
    }
}

impl Waiting {
    fn happens(&self) -> Happens {
        Happens {
            name: self.inject.name.clone(),
            effects: self.inject.effects.clone(),
        }
    }

    fn may_trigger(&self) -> bool {
        self.triggered < self.inject.times
    }

    fn waits(&self) -> bool {
        self.may_trigger() || !self.due.is_empty()
    }

    fn next(&self) -> Option<TimeDelta> {
        let own = match self.inject.trigger {
            Trigger::At(at) if self.may_trigger() => Some(at + self.inject.delay),
            Trigger::Late(at) if self.may_trigger() => Some(at),
            _ => None,
        };
        self.due.iter().copied().chain(own).min()
    }

    fn trigger(&mut self, now: TimeDelta, facts: &Facts<'_>, newly_contained: bool) {
        let moments: Vec<TimeDelta> = match &self.inject.trigger {
            Trigger::At(at) if *at <= now => vec![*at],
            Trigger::Late(at) if *at <= now => {
                if facts.contained {
                    self.triggered = self.inject.times;
                }
                vec![*at]
            }
            Trigger::OnChange(api) => {
                let own = facts.changed.iter().filter(|it| **it == api.as_str());
                own.map(|_| now).collect()
            }
            Trigger::OnContained if newly_contained => vec![now],
            _ => Vec::new(),
        };
        for moment in moments {
            if self.may_trigger() {
                self.triggered = self.triggered.saturating_add(1);
                self.due.push(moment + self.inject.delay);
            }
        }
    }
}
