//! A scenario in motion: the estate as operations have left it, the conversations in it, the log of
//! what they wrote, and the findings that have appeared. It is told the time and never asks for it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};

use super::beside::{Beside, Blocks};
use super::conversation::{Conversation, Surroundings, WINDOW};
use super::due::Due;
use super::number::{Ids, mix};
use super::record::{Record, no_data};
use super::scenario::{Scenario, Scheduled};
use crate::model::{EniId, Estate, Finding, FlowLog};
use crate::operation::{Answer, Operation, Refusal, State};
use crate::sources::FlowLine;

/// How much history there is when a drill begins.
const HISTORY: TimeDelta = TimeDelta::hours(1);

/// How long the log is kept.
const RETENTION: TimeDelta = TimeDelta::hours(3);

/// The simulated account.
///
/// Flow log records can be read at the moment at which their window of 60 s closes. AWS takes
/// minutes to deliver them; the drill does not make its players wait.
#[derive(Debug)]
pub struct World {
    account: String,
    start: DateTime<Utc>,
    pub(super) now: DateTime<Utc>,
    pub(super) estate: Estate,
    /// Counts the changes of the estate.
    pub(super) generation: u64,
    conversations: Vec<Conversation>,
    findings: Vec<Scheduled>,
    log: VecDeque<Record>,
    /// Records that were dropped from the front of the log.
    dropped: u64,
    silence: Silence,
    pub(super) ids: Ids,
    pub(super) beside: Beside,
    pub(super) blocks: Blocks,
    pub(super) due: Due,
    /// Interfaces whose automatic public address went when their instance stopped, with the private one.
    pub(super) released: Vec<(EniId, std::net::IpAddr)>,
}

impl World {
    /// The world as the drill begins, at `start`, with an hour of history.
    pub fn new(scenario: Scenario, start: DateTime<Utc>) -> Self {
        let from = start - HISTORY;
        let estate = Estate::from_parts(scenario.parts, start);
        let scripts = scenario.scripts.into_iter().zip(1_u64..);
        let conversations = scripts
            .map(|(script, number)| Conversation::new(script, mix(number), start, from))
            .collect();
        let mut world = Self {
            account: scenario.account,
            start,
            now: from,
            silence: Silence::new(&estate, from),
            estate,
            generation: 0,
            conversations,
            findings: scenario.findings,
            log: VecDeque::new(),
            dropped: 0,
            ids: Ids::default(),
            beside: Beside::default(),
            blocks: Blocks::default(),
            due: Due::default(),
            released: Vec::new(),
        };
        world.advance(start);
        world
    }

    /// Lets everything happen that happens until `now`. Going back in time does nothing.
    pub fn advance(&mut self, now: DateTime<Utc>) {
        while let Some((at, event)) = self.due.next(now) {
            self.play(at);
            self.happen(event);
        }
        self.play(now);
    }

    /// Lets everybody talk until `now`, under the rules in force.
    fn play(&mut self, now: DateTime<Utc>) {
        if now <= self.now {
            return;
        }
        let around = Surroundings {
            estate: &self.estate,
            blocks: &self.blocks,
            generation: self.generation,
            account: &self.account,
        };
        let mut fresh = Vec::new();
        for conversation in &mut self.conversations {
            conversation.advance(now, around, &mut fresh);
        }
        fresh.sort_by_key(|it| it.emitted);
        self.silence.fill(now, around, &mut fresh);
        fresh.sort_by_key(|it| it.emitted);
        self.log.extend(fresh);
        self.now = now;
        self.forget();
    }

    /// The estate as it is.
    pub fn estate(&self) -> &Estate {
        &self.estate
    }

    /// Findings that have appeared by now, newest first.
    pub fn findings(&self) -> Vec<Finding> {
        let appeared = self.findings.iter();
        let mut appeared: Vec<Finding> = appeared
            .filter_map(|it| it.appeared(self.start, self.now))
            .collect();
        appeared.sort_by_key(|it| std::cmp::Reverse(it.updated));
        appeared
    }

    /// Lines of the streams of `enis` that `log` wrote since `since`, oldest first.
    pub fn lines(&self, log: &FlowLog, enis: &[EniId], since: DateTime<Utc>) -> Vec<FlowLine> {
        if !self.estate.flow_logs().iter().any(|it| it.id == log.id) {
            return Vec::new();
        }
        let wanted: BTreeSet<&EniId> = enis.iter().collect();
        let first = self.log.partition_point(|it| it.emitted < since);
        let numbered = self.log.iter().zip(self.dropped..).skip(first);
        let lines = numbered.filter(|(record, _)| wanted.contains(&record.eni));
        lines
            .map(|(record, number)| FlowLine {
                event: hash(&record.text, number),
                text: record.text.clone(),
            })
            .collect()
    }

    /// The state of the object that a bound operation is about; `None`: an object that can't be
    /// absent is. What an operation makes is found by its name or tags.
    pub fn observe(&self, operation: &Operation) -> Option<State> {
        self.beside.observe(&self.estate, operation, self.now)
    }

    /// Makes a change at `now`: what was under way until then happened under the old rules.
    ///
    /// # Errors
    /// AWS's reason to refuse it; nothing is changed then.
    pub fn execute(
        &mut self,
        operation: &Operation,
        now: DateTime<Utc>,
    ) -> Result<Answer, Refusal> {
        self.advance(now);
        let answer = self.change(operation)?;
        self.generation = self.generation.wrapping_add(1);
        Ok(answer)
    }

    /// What the account holds and the estate does not, line by line: tags, policies of roles, snapshots,
    /// images and commands.
    pub fn beside(&self) -> Vec<String> {
        self.beside.listing()
    }

    fn forget(&mut self) {
        let oldest = self.now - RETENTION;
        let gone = self.log.partition_point(|it| it.emitted < oldest);
        self.log.drain(..gone);
        self.dropped = self
            .dropped
            .saturating_add(u64::try_from(gone).unwrap_or(0));
    }
}

/// Writes `NODATA` for the windows in which an interface wrote nothing.
#[derive(Debug)]
struct Silence {
    closes: BTreeMap<EniId, DateTime<Utc>>,
    /// When an interface's last record was written.
    heard: BTreeMap<EniId, DateTime<Utc>>,
}

impl Silence {
    fn new(estate: &Estate, from: DateTime<Utc>) -> Self {
        let closes = estate.enis().zip(0_i64..).map(|(eni, number)| {
            let phase = TimeDelta::seconds(number.wrapping_mul(7) % 60);
            (eni.id.clone(), from + WINDOW + phase)
        });
        Self {
            closes: closes.collect(),
            heard: BTreeMap::new(),
        }
    }

    /// Adds to `fresh`, which is in order.
    fn fill(&mut self, until: DateTime<Utc>, around: Surroundings<'_>, fresh: &mut Vec<Record>) {
        let mut times: BTreeMap<EniId, Vec<DateTime<Utc>>> = BTreeMap::new();
        for (eni, heard) in &self.heard {
            times.insert(eni.clone(), vec![*heard]);
        }
        for record in fresh.iter() {
            let times = times.entry(record.eni.clone()).or_default();
            times.push(record.emitted);
        }
        for (eni, closes) in &mut self.closes {
            let heard = times.get(eni).map_or(&[][..], Vec::as_slice);
            while *closes <= until {
                let opened = *closes - WINDOW;
                let before = heard.partition_point(|it| *it <= opened);
                let spoke = heard.get(before).is_some_and(|it| it <= closes);
                if let Some(eni) = around.estate.eni(eni).filter(|_| !spoke) {
                    fresh.push(Record {
                        emitted: *closes,
                        eni: eni.id.clone(),
                        text: no_data(around.account, eni, opened, *closes),
                    });
                }
                *closes += WINDOW;
            }
        }
        for (eni, heard) in times {
            if let Some(last) = heard.last() {
                self.heard.insert(eni, *last);
            }
        }
    }
}

/// Identifies a line of the log: FNV-1a over its text, and its number.
fn hash(text: &str, number: u64) -> u64 {
    let text = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    mix(text ^ mix(number))
}
