//! The account as calls that describe it show it: a change takes its time until they do.
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/query-api-troubleshooting.html#eventual-consistency>

use chrono::TimeDelta;

use super::beside::Beside;
use super::due::Event;
use super::world::World;
use crate::model::Estate;
use crate::operation::{Operation, Refusal, State, precondition};

/// What calls show while that is not what is the case.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shown {
    estate: Estate,
    beside: Beside,
}

impl World {
    /// The estate as calls that describe it show it.
    pub(super) fn shown_estate(&self) -> &Estate {
        self.shown.as_ref().map_or(&self.estate, |it| &it.estate)
    }

    /// The state of the object that a bound operation is about, as calls show it; `None`: they know no such
    /// object, and one that can't be absent should be.
    pub(super) fn observe_shown(&self, operation: &Operation) -> Option<State> {
        let beside = self.shown.as_ref().map_or(&self.beside, |it| &it.beside);
        beside.observe(self.shown_estate(), operation, self.now)
    }

    /// Why a call is refused that names what was made a moment ago: AWS does not know that everywhere yet.
    pub(super) fn not_known_yet(&self, operation: &Operation) -> Option<Refusal> {
        let shown = self.shown.as_ref()?;
        let checked = |estate: &Estate, beside: &Beside| {
            let checked = beside.check(estate, operation);
            checked.and_then(|()| precondition(estate, operation))
        };
        // What is refused in any case is refused for its own reason.
        checked(&self.estate, &self.beside).ok()?;
        let refusal = checked(&shown.estate, &shown.beside).err()?;
        refusal.is_not_found().then_some(refusal)
    }

    /// The account has changed: it shows after a while.
    pub(super) fn show_later(&mut self) {
        let takes = self.settings.visibility;
        if takes > TimeDelta::zero() {
            let now = Shown::of(self);
            self.due.at(self.now + takes, Event::Shows(Box::new(now)));
        }
    }
}

impl Shown {
    /// What is the case now.
    pub(super) fn of(world: &World) -> Self {
        Self {
            estate: world.estate.clone(),
            beside: world.beside.clone(),
        }
    }
}
