//! What became of a flow, told by its packets and the changes in between.

/// Silence after which a packet begins a new stretch of a flow, in milliseconds.
const SILENCE: i64 = 60_000;

/// A packet of the flow.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct Seen {
    /// The server's.
    pub(crate) reply: bool,
    pub(crate) delivered: bool,
    /// Rules alone let it pass.
    pub(crate) by_rules: bool,
    /// It was dropped where an entry had run out.
    pub(crate) expired: bool,
}

/// Some of the packets.
type Steps<'a> = Vec<&'a (i64, Seen)>;

/// What was seen of a flow; times are milliseconds.
#[derive(Default)]
pub(crate) struct Story {
    pub(crate) steps: Vec<(i64, Seen)>,
    pub(crate) changes: Vec<i64>,
    /// It goes to a service that nothing filters.
    pub(crate) service: bool,
}

impl Story {
    /// What became of the flow, by its last stretch: after the last change, and after the last long
    /// silence.
    pub(crate) fn verdict(&self) -> &'static str {
        if self.service {
            return "not_evaluated";
        }
        let start = self.last_stretch();
        let (before, last): (Steps<'_>, Steps<'_>) =
            self.steps.iter().partition(|(at, _)| *at < start);
        let last = if last.is_empty() { &before } else { &last };
        let opened = before.iter().any(|(_, it)| it.delivered);
        let dropped = last.iter().find(|(_, it)| !it.delivered);
        match dropped {
            Some((_, it)) if it.expired => "cut_on_idle_timeout",
            Some(_) if opened => "cut_now",
            Some(_) => "denied",
            None if !opened && !before.is_empty() => "allowed",
            None if before.iter().any(|(_, it)| !it.delivered) => "resumes",
            None if !opened && self.changes.is_empty() => "allowed",
            None if Self::permitted(last) => "unaffected",
            None => "survives_tracked",
        }
    }

    /// Whether rules alone let the client's packets pass or, where only answers were sent, those.
    fn permitted(last: &[&(i64, Seen)]) -> bool {
        let asked = last.iter().any(|(_, it)| !it.reply);
        last.iter().any(|(_, it)| it.by_rules && it.reply != asked)
    }

    fn last_stretch(&self) -> i64 {
        let pairs = self.steps.windows(2);
        let silences = pairs.filter_map(|pair| match pair {
            [(a, _), (b, _)] if b - a > SILENCE => Some(*b),
            _ => None,
        });
        let change = self.changes.last().copied();
        silences.chain(change).max().unwrap_or(i64::MIN)
    }
}
