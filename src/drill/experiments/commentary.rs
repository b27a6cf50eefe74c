//! Telling an experiment: every sentence is made from what happened (what became of packets, what AWS
//! answered, what interfaces remember), none is written for an experiment.

use super::picture::Fact;
use super::play::{Beat, Event, Played, Remembered, Told};
use super::stage::Met;
use super::{Ambiguous, Experiment, Outcome};
use crate::drill::net::Micros;
use crate::model::text::grouped;

/// The longest line, in characters; only an address of a page may be longer.
const WIDTH: usize = 78;

/// Where text begins that belongs to a moment: after the moment.
const INDENT: usize = 7;

/// Silence that is worth a line.
const SILENCE: Micros = 20 * SECOND;

const SECOND: Micros = 1_000_000;

/// A line of a commentary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The world's time when it is said, in microseconds since the experiment began.
    pub at: u64,
    /// What is said.
    pub text: String,
}

/// The whole commentary.
pub(super) fn tell(it: &Experiment, played: &Played, otherwise: Option<Outcome>) -> Vec<Line> {
    let mut teller = Teller::default();
    teller.open(it, played);
    let mut beats = played.beats.as_slice();
    while let Some((first, rest)) = beats.split_first() {
        let same = rest.iter().take_while(|it| is_again(first, it)).count();
        let (again, rest) = rest.split_at(same);
        teller.beat(first, again);
        if rest.first().is_none_or(|it| it.at != first.at) {
            teller.table(first);
        }
        beats = rest;
    }
    teller.close(it, played, otherwise);
    teller.lines
}

/// Whether a beat is the same thing once more.
fn is_again(first: &Beat, next: &Beat) -> bool {
    let sent = sent(&first.what);
    sent.is_some() && sent == self::sent(&next.what) && first.said == next.said
}

/// What packets did, if there were any.
fn sent(event: &Event) -> Option<(&Told, Option<&Met>, Option<&Met>)> {
    match event {
        Event::Packets {
            flow,
            asked,
            answered,
            ..
        } => Some((flow, asked.as_ref(), answered.as_ref())),
        _ => None,
    }
}

/// What was said so far.
#[derive(Default)]
struct Teller {
    lines: Vec<Line>,
    now: Micros,
    /// What interfaces are known to remember.
    known: Vec<Remembered>,
}

impl Teller {
    fn open(&mut self, it: &Experiment, played: &Played) {
        self.plain(&format!("{}  {}", it.id(), it.title()), 0);
        self.plain(&it.cited, 2);
        for page in &it.pages {
            self.plain(page, 2);
        }
        if let Some(claim) = it.claim() {
            self.plain(&format!("The claim: {claim}."), 0);
        }
        self.plain("", 0);
        for flow in &played.opening.flows {
            self.plain(flow, 2);
        }
        self.facts(&played.opening.facts);
        self.plain("", 0);
    }

    /// What is in force, each thing named once.
    fn facts(&mut self, facts: &[Fact]) {
        let width = facts.iter().map(|it| it.of.len()).max().unwrap_or(0);
        let mut before = "";
        for it in facts {
            let of = if it.of == before { "" } else { &it.of };
            let text = format!("  {of:<width$}  {}", it.text);
            self.said(self.now, wrapped(&text, width + 6));
            before = &it.of;
        }
    }

    /// Something that happened, once or more often.
    fn beat(&mut self, first: &Beat, again: &[Beat]) {
        self.pass_time(first.at);
        let last = again.last().unwrap_or(first);
        match &first.what {
            Event::Packets {
                flow,
                asked,
                answered,
                ..
            } => {
                let what = packets(flow, asked.as_ref(), answered.as_ref());
                let times = match again.len() {
                    0 => String::new(),
                    more if clock(last.at) == clock(first.at) => format!(", {} times", more + 1),
                    more => format!(", {} times until {}", more + 1, clock(last.at)),
                };
                let text = format!("{}{times}: {what}", flow.name);
                self.moment(first.at, &text);
                self.now = last.at;
                if let Event::Packets { entries, .. } = &last.what {
                    self.learn(entries, flow.icmp);
                }
            }
            Event::Change {
                prose,
                refused,
                changed,
                ..
            } => {
                self.moment(first.at, prose);
                if let Some(refusal) = refused {
                    let text = format!("AWS refuses it: {}, {}", refusal.code, refusal.message);
                    self.plain(&text, INDENT);
                }
                for line in changed {
                    self.plain(line, INDENT);
                }
            }
            Event::Look { flow, tracked } => {
                let state = if *tracked { "tracked" } else { "not tracked" };
                self.moment(first.at, &format!("{}: it is {state}", flow.name));
            }
        }
        if let Some((says, came)) = first.said {
            let text = if says == came {
                format!("as said: {}", says.name())
            } else {
                format!("said was: {}; it is {}", says.name(), came.name())
            };
            self.plain(&text, INDENT);
        }
    }

    /// Silence, and the entries that run out in it.
    fn pass_time(&mut self, until: Micros) {
        let gap = until.saturating_sub(self.now);
        if gap >= SILENCE && !self.lines.is_empty() {
            let text = format!("... {} go by", span(gap));
            self.at(self.now, &text, INDENT);
        }
        let over = |it: &Remembered| it.tracked && it.expires.is_some_and(|at| at < until);
        let gone: Vec<Remembered> = self.known.extract_if(.., |it| over(it)).collect();
        for it in gone {
            let at = it.expires.unwrap_or(until);
            let text = format!(
                "the entry at {} has run out, silent for {}: {}",
                it.at,
                span(at.saturating_sub(it.last)),
                it.flow
            );
            self.moment(at, &text);
        }
        self.now = until;
    }

    /// Entries that are new, or that are not what they were.
    fn learn(&mut self, entries: &[Remembered], icmp: bool) {
        for it in entries {
            let known = |old: &&mut Remembered| old.at == it.at && old.flow == it.flow;
            let before = self.known.iter_mut().find(known).map(|old| {
                let was = old.tracked;
                *old = it.clone();
                was
            });
            if before.is_none() {
                self.known.push(it.clone());
            }
            if before != Some(it.tracked) {
                let text = learnt(it, before.is_some(), icmp);
                self.plain(&text, INDENT);
            }
        }
    }

    /// The tracking table, as a change finds it.
    fn table(&mut self, beat: &Beat) {
        let Event::Change {
            refused: None,
            entries,
            ..
        } = &beat.what
        else {
            return;
        };
        for it in entries.iter().filter(|it| it.tracked) {
            let Some(expires) = it.expires.filter(|expires| *expires >= beat.at) else {
                continue;
            };
            let idle = grouped(beat.at.saturating_sub(it.last) / SECOND);
            let most = span(expires.saturating_sub(it.last));
            let text = format!("| {}: {}, idle {idle}/{most}", it.at, it.flow);
            self.plain(&text, INDENT);
        }
    }

    fn close(&mut self, it: &Experiment, played: &Played, otherwise: Option<Outcome>) {
        let (came, expected) = (played.outcome(), it.expected());
        self.plain("", 0);
        let text = if came == expected {
            format!("Outcome: {}, as expected.", came.name())
        } else {
            format!(
                "Outcome: {}; expected was {}.",
                came.name(),
                expected.name()
            )
        };
        self.plain(&text, 0);
        for surprise in played.surprises() {
            self.plain(&format!("Not as it was told: {surprise}."), 0);
        }
        self.plain(it.why(), 0);
        if let (Some(open), Some(otherwise)) = (it.ambiguous(), otherwise) {
            self.plain(&format!("Not certain: {}", open.question), 0);
            self.plain(&other_answer(&open, otherwise), 0);
        }
    }

    fn moment(&mut self, at: Micros, text: &str) {
        let text = format!("{:<INDENT$}{text}", clock(at));
        self.said(at, wrapped(&text, INDENT));
    }

    fn plain(&mut self, text: &str, indent: usize) {
        self.at(self.now, text, indent);
    }

    fn at(&mut self, at: Micros, text: &str, indent: usize) {
        let text = format!("{:indent$}{text}", "");
        self.said(at, wrapped(&text, indent + 2));
    }

    fn said(&mut self, at: Micros, lines: Vec<String>) {
        let lines = lines.into_iter().map(|text| Line { at, text });
        self.lines.extend(lines);
    }
}

/// What the other answer to a question leads to.
fn other_answer(open: &Ambiguous<'_>, otherwise: Outcome) -> String {
    let by = match open.switches.as_slice() {
        [] => String::new(),
        switches => format!(" (switch {})", switches.join(", ")),
    };
    format!("Otherwise{by}, {}: {}.", open.otherwise, otherwise.name())
}

fn packets(flow: &Told, asked: Option<&Met>, answered: Option<&Met>) -> String {
    let (client, server) = (&flow.client, &flow.server);
    match (asked, answered) {
        (Some(Met::Delivered { by_rules: one }), Some(Met::Delivered { by_rules: other })) => {
            let why = match (one, other) {
                (true, true) => "rules let both through",
                (true, false) => "rules let the first through, and the answer belongs to it",
                (false, _) => "no rule lets it through, its entry does",
            };
            format!("{client} asks and {server} answers; {why}")
        }
        (Some(Met::Delivered { .. }), Some(lost)) => {
            format!(
                "{client}'s packet arrives, the answer does not: {}",
                fate(lost)
            )
        }
        (Some(Met::Delivered { by_rules }), None) => {
            format!("{client}'s packet arrives; {}", passes(*by_rules))
        }
        (None, Some(Met::Delivered { by_rules })) => {
            format!("{server}'s packet arrives; {}", passes(*by_rules))
        }
        (Some(lost), _) => format!("{client}'s packet is lost: {}", fate(lost)),
        (None, Some(lost)) => format!("{server}'s packet is lost: {}", fate(lost)),
        (None, None) => "nothing is sent".to_owned(),
    }
}

fn passes(by_rules: bool) -> &'static str {
    if by_rules {
        "rules let it through"
    } else {
        "no rule lets it through, its entry does"
    }
}

fn fate(met: &Met) -> String {
    match met {
        Met::Delivered { .. } => "it arrives".to_owned(),
        Met::Dropped { why, expired: true } => format!("its entry has run out, and {why}"),
        Met::Dropped { why, .. } => why.clone(),
        Met::Down(name) => format!("{name} does not run"),
        Met::Unheard => "it was never heard of there".to_owned(),
    }
}

fn learnt(it: &Remembered, anew: bool, icmp: bool) -> String {
    let now = if anew { " now" } else { "" };
    let always = if icmp { ", as ICMP always is" } else { "" };
    match it.expires {
        Some(expires) if it.tracked => format!(
            "tracked{now} at {}{always}, until {} of silence: {}",
            it.at,
            span(expires.saturating_sub(it.last)),
            it.flow
        ),
        _ => format!(
            "not tracked{now} at {}: {}; it lives by its rules",
            it.at, it.flow
        ),
    }
}

/// `02:05`, or `1:02:05`.
fn clock(at: Micros) -> String {
    let seconds = at / SECOND;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours == 0 {
        format!("{minutes:02}:{seconds:02}")
    } else {
        format!("{hours}:{minutes:02}:{seconds:02}")
    }
}

/// A span of time in seconds, with one digit below a second where it is short.
fn span(micros: Micros) -> String {
    let (seconds, tenth) = (micros / SECOND, micros % SECOND / 100_000);
    if seconds < 10 && tenth > 0 {
        return format!("{seconds}.{tenth} s");
    }
    format!("{} s", grouped(seconds))
}

/// Breaks a text into lines; all but the first begin with `indent` blanks.
fn wrapped(text: &str, indent: usize) -> Vec<String> {
    let lead = text.len() - text.trim_start().len();
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.trim_start().split(' ') {
        let begun = !line.trim_start().is_empty();
        if begun && line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
        } else if begun {
            line.push(' ');
        } else if lines.is_empty() {
            line = " ".repeat(lead);
        }
        line.push_str(word);
    }
    lines.push(line.trim_end().to_owned());
    lines
}
