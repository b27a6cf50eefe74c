//! The outcome of a timeline, in one word, by what became of the packets of one flow; and that of a claim,
//! by what came true of it.

use super::Outcome;
use crate::drill::net::Micros;

/// Silence after which a packet begins a new stretch of a flow.
const SILENCE: Micros = 60_000_000;

/// A packet of the flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) at: Micros,
    /// It was sent by the side that did not begin the flow.
    pub(super) answer: bool,
    pub(super) came: Came,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Came {
    /// Rules alone let it through.
    ByRules,
    /// An entry was needed to let it through.
    ByEntry,
    /// It was dropped.
    Dropped,
    /// It was dropped where an entry had run out.
    Expired,
}

impl Seen {
    fn is_delivered(self) -> bool {
        matches!(self.came, Came::ByRules | Came::ByEntry)
    }
}

/// What became of a flow. Its last stretch decides: after the last change, and after the last long
/// silence.
pub(super) fn of_flow(seen: &[Seen], changes: &[Micros]) -> Outcome {
    let start = last_stretch(seen, changes);
    let (before, last): (Vec<Seen>, Vec<Seen>) = seen.iter().partition(|it| it.at < start);
    let last = if last.is_empty() { &before } else { &last };
    let opened = before.iter().any(|it| it.is_delivered());
    let dropped = last.iter().find(|it| !it.is_delivered());
    match dropped {
        Some(it) if it.came == Came::Expired => Outcome::CutOnIdleTimeout,
        Some(_) if opened => Outcome::CutNow,
        Some(_) => Outcome::Denied,
        None if !opened && !before.is_empty() => Outcome::Allowed,
        None if before.iter().any(|it| !it.is_delivered()) => Outcome::Resumes,
        None if !opened && changes.is_empty() => Outcome::Allowed,
        None if is_permitted(last) => Outcome::Unaffected,
        None => Outcome::SurvivesTracked,
    }
}

/// Whether rules alone let pass what the client sent or, where only answers were sent, those.
fn is_permitted(last: &[Seen]) -> bool {
    let asked = last.iter().any(|it| !it.answer);
    let mut leading = last.iter().filter(|it| it.answer != asked);
    leading.any(|it| it.came == Came::ByRules)
}

fn last_stretch(seen: &[Seen], changes: &[Micros]) -> Micros {
    let pairs = seen.windows(2);
    let silences = pairs.filter_map(|pair| match pair {
        [a, b] if b.at.saturating_sub(a.at) > SILENCE => Some(b.at),
        _ => None,
    });
    silences.chain(changes.iter().copied()).max().unwrap_or(0)
}

/// What is left of a claim: each thing that it says belongs to a part, and a part holds if everything in
/// it came true.
pub(super) fn of_claim<'a>(came_true: impl Iterator<Item = (&'a str, bool)>) -> Outcome {
    let mut parts: Vec<(&str, bool)> = Vec::new();
    for (part, holds) in came_true {
        match parts.iter_mut().find(|(name, _)| *name == part) {
            Some((_, all)) => *all &= holds,
            None => parts.push((part, holds)),
        }
    }
    let holding = parts.iter().filter(|(_, holds)| *holds).count();
    match holding {
        0 => Outcome::DoesNotHold,
        all if all == parts.len() => Outcome::Holds,
        _ => Outcome::HalfTrue,
    }
}
