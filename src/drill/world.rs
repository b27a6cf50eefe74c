//! A scenario in motion: the estate as operations have left it, the conversations in it, the log of
//! what they wrote, and the findings that have appeared. It is told the time and never asks for it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};

use super::conversation::{Conversation, Surroundings, WINDOW};
use super::record::{Record, no_data};
use super::scenario::Scenario;
use super::schedule::Scheduled;
use crate::model::{EniId, Estate, Finding, FlowLog, GroupId, RuleId};
use crate::operation::{Answer, Operation, Refusal, State, apply, observe};
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
    now: DateTime<Utc>,
    estate: Estate,
    /// Counts the changes of the estate.
    generation: u64,
    conversations: Vec<Conversation>,
    findings: Vec<Scheduled>,
    log: VecDeque<Record>,
    /// Records that were dropped from the front of the log.
    dropped: u64,
    silence: Silence,
    /// Ids given out.
    made: u64,
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
            made: 0,
        };
        world.advance(start);
        world
    }

    /// Lets everything happen that happens until `now`. Going back in time does nothing.
    pub fn advance(&mut self, now: DateTime<Utc>) {
        if now <= self.now {
            return;
        }
        let around = Surroundings {
            estate: &self.estate,
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
    /// absent is. A new NACL is found by its `Name` tag.
    pub fn observe(&self, operation: &Operation) -> Option<State> {
        observe(&self.estate, operation)
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
        let prefix = match operation {
            Operation::CreateGroup { .. } => Some("sg"),
            Operation::CreateAcl { .. } => Some("acl"),
            _ => None,
        };
        let made = prefix.map(|prefix| self.fresh_id(prefix));
        let before = self.rules_before(operation);
        let state = apply(
            &mut self.estate,
            operation,
            made.as_deref().unwrap_or_default(),
        )?;
        if let State::Group { id, .. } = &state {
            self.name_rules(id, &before);
        }
        self.generation = self.generation.wrapping_add(1);
        Ok(Answer {
            made,
            ..Answer::default()
        })
    }

    /// Ids of the rules that the group of an operation has.
    fn rules_before(&self, operation: &Operation) -> BTreeSet<RuleId> {
        let group = match operation {
            Operation::AuthorizeRules { group, .. } | Operation::RevokeAllRules { group, .. } => {
                self.estate.group(&group.id())
            }
            _ => None,
        };
        let rules = group.into_iter().flat_map(|it| &it.rules);
        rules.filter_map(|it| it.id.clone()).collect()
    }

    /// Gives every rule that was not there before an id of its own, as AWS does.
    fn name_rules(&mut self, group: &GroupId, before: &BTreeSet<RuleId>) {
        let Some(mut rules) = self.estate.group(group).map(|it| it.rules.clone()) else {
            return;
        };
        for rule in &mut rules {
            if rule.id.as_ref().is_none_or(|id| !before.contains(id)) {
                rule.id = Some(RuleId::new(self.fresh_id("sgr")));
            }
        }
        self.estate.update_group(group, |it| it.rules = rules);
    }

    /// An id with 17 hexadecimal digits, as AWS's have.
    fn fresh_id(&mut self, prefix: &str) -> String {
        self.made = self.made.wrapping_add(1);
        format!("{prefix}-0{:016x}", mix(self.made ^ 0x5eed))
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

/// Scatters a number: the same in every run (`SplitMix64`).
pub(super) fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Identifies a line of the log: FNV-1a over its text, and its number.
fn hash(text: &str, number: u64) -> u64 {
    let text = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    mix(text ^ mix(number))
}
