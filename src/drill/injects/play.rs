//! Injects take effect in the world.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Effect, Facts, Happens};
use crate::drill::due::Event;
use crate::drill::faults::Fault;
use crate::drill::world::World;
use crate::operation::Operation;
use crate::sources::{Happening, Message};

/// How often it is looked whether the attack is contained, while an inject waits for that.
const LOOK: TimeDelta = TimeDelta::seconds(1);

impl World {
    /// Everything takes effect that does so by now; `changed` are the APIs by which the players made changes
    /// since this was last called.
    pub(in crate::drill) fn ask_injects(&mut self, changed: &[&str]) {
        let facts = Facts {
            contained: self.is_contained(),
            changed,
        };
        for it in self.injects.due(self.now - self.start, &facts) {
            self.take_effect(it);
        }
        self.wake_injects();
    }

    /// The moment has come for which injects wanted to be woken, unless they were since.
    pub(in crate::drill) fn injects_wake(&mut self) {
        if self.injects_at == Some(self.now) {
            self.injects_at = None;
            self.ask_injects(&[]);
        }
    }

    fn wake_injects(&mut self) {
        let watched = self.injects.watch_containment() && self.changes > 0;
        let timed = self.injects.next().map(|at| self.start + at);
        let look = watched.then(|| self.now + LOOK);
        let next = timed.into_iter().chain(look).min();
        let Some(next) = next.map(|it| it.max(self.now)) else {
            return;
        };
        if self.injects_at.is_none_or(|at| next < at) {
            self.injects_at = Some(next);
            self.due.at(next, Event::Injects);
        }
    }

    fn take_effect(&mut self, it: Happens) {
        let at = self.now;
        self.news.tell(at, Happening::Injected { name: it.name });
        for effect in it.effects {
            self.have_effect(at, effect);
        }
    }

    fn have_effect(&mut self, at: DateTime<Utc>, effect: Effect) {
        match effect {
            Effect::Finding(id) => {
                self.raise(&id);
            }
            Effect::Begin(conversation) => {
                self.begin(&conversation);
            }
            Effect::End(conversation) => {
                self.end(&conversation);
            }
            Effect::Message { from, text, asks } => {
                let message = Message {
                    id: 0, // whoever hears of it counts
                    at,
                    from,
                    text,
                    asks,
                    answer: None,
                };
                self.news.tell(at, Happening::Message(message));
            }
            Effect::Change(operation) => self.somebody_changes(&operation),
            Effect::Fault(fault) => self.troubles.push(fault),
            Effect::SkipData(duration) => self.skip_data(duration),
        }
    }

    /// Somebody else than the players makes a change, or tries to.
    fn somebody_changes(&mut self, operation: &Operation) {
        let text = operation.prose();
        let what = match self.change(operation) {
            Ok(answer) => {
                self.not_by_players(operation, &answer);
                self.changed();
                Happening::Changed { text }
            }
            Err(refusal) => {
                let code = refusal.code.to_owned();
                Happening::NotChanged { text, code }
            }
        };
        let at = self.now;
        self.news.tell(at, what);
    }

    /// The facilitator makes an inject happen now.
    ///
    /// # Errors
    /// There is none of that name.
    pub(in crate::drill) fn fire(&mut self, name: &str) -> Result<(), String> {
        let effects = self.injects.fire(name).map_err(|it| it.to_string())?;
        self.take_effect(Happens {
            name: name.to_owned(),
            effects,
        });
        Ok(())
    }

    /// The injects by name, and whether each may still take effect by itself.
    pub(in crate::drill) fn injects(&self) -> Vec<(String, bool)> {
        let names = self.injects.names();
        names
            .map(|(name, waits)| (name.to_owned(), waits))
            .collect()
    }

    /// The calls that go wrong from now on because an inject took effect.
    pub(in crate::drill) fn take_troubles(&mut self) -> Vec<Fault> {
        std::mem::take(&mut self.troubles)
    }
}
