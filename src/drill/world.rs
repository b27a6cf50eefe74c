//! A scenario in motion: the estate as operations have left it, everybody who talks in it, the log of
//! what interfaces saw, and the findings that have appeared. It is told the time and never asks for it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};

use super::beside::{Beside, Blocks};
use super::credentials::Stolen;
use super::due::{Due, Event};
use super::faults::Fault;
use super::health::AutoScaling;
use super::injects::Injects;
use super::net::Micros;
use super::news::News;
use super::number::{Ids, mix};
use super::record::{Lines, Record, What};
use super::scenario::{Scenario, Scheduled, Script};
use super::shown::Shown;
use super::traffic::{Deed, Settings, Traffic, Truth};
use crate::model::{EniId, Estate, Finding, FlowLog, InstanceId};
use crate::operation::{Answer, Operation, Refusal, State};
use crate::sources::FlowLine;

/// How long the log is kept, and how many records of it at the most.
const RETENTION: TimeDelta = TimeDelta::hours(3);
const MOST_RECORDS: usize = 1_000_000;

/// How long no packet of the attack may arrive before it counts as contained.
const CALM: TimeDelta = TimeDelta::seconds(60);

/// The simulated account.
///
/// Flow log records can be read at the moment at which their window of 60 s closes, unless the scenario
/// has them delivered late. AWS takes minutes; a drill need not make its players wait.
#[derive(Debug)]
pub struct World {
    account: String,
    region: String,
    /// When the world's time is 0.
    pub(super) epoch: DateTime<Utc>,
    pub(super) start: DateTime<Utc>,
    pub(super) now: DateTime<Utc>,
    pub(super) estate: Estate,
    /// The estate as it would be had nobody played.
    pub(super) unplayed: Estate,
    pub(super) traffic: Traffic,
    pub(super) settings: Settings,
    findings: Vec<Scheduled>,
    /// When findings were raised by name.
    raised: BTreeMap<String, DateTime<Utc>>,
    /// The instance under suspicion; `None`: the world has no scenario.
    pub(super) suspect: Option<InstanceId>,
    pub(super) injects: Injects,
    /// When injects are looked at next.
    pub(super) injects_at: Option<DateTime<Utc>>,
    /// Calls that are to go wrong, and do not yet.
    pub(super) troubles: Vec<Fault>,
    /// What was not told yet.
    pub(super) news: News,
    pub(super) asg: AutoScaling,
    pub(super) stolen: Stolen,
    /// Changes that were made by calls.
    pub(super) changes: u64,
    log: VecDeque<Record>,
    /// Records that were dropped from the front of the log.
    dropped: u64,
    pub(super) ids: Ids,
    pub(super) beside: Beside,
    pub(super) blocks: Blocks,
    /// What calls show; `None`: whatever is the case.
    pub(super) shown: Option<Box<Shown>>,
    pub(super) due: Due,
    /// Interfaces whose automatic public address went when their instance stopped, with the private one.
    pub(super) released: Vec<(EniId, std::net::IpAddr)>,
}

impl World {
    /// The world as the drill begins, at `start`, with its history.
    pub fn new(scenario: Scenario, start: DateTime<Utc>) -> Self {
        let mut world = Self::blank(
            scenario.settings,
            Estate::from_parts(scenario.parts, start),
            scenario.scripts,
            start,
        );
        world.account = scenario.account;
        world.region = scenario.region;
        world.findings = scenario.findings;
        world.asg = AutoScaling::of(&world.estate);
        world.suspect = Some(scenario.suspect);
        world.injects = Injects::new(scenario.injects);
        world.steal();
        world.advance(start);
        world.ask_injects(&[]);
        world
    }

    /// A world at the beginning of its history, in which nothing has happened yet.
    pub(super) fn blank(
        settings: Settings,
        estate: Estate,
        scripts: Vec<Script>,
        start: DateTime<Utc>,
    ) -> Self {
        let epoch = start - settings.history;
        let blocks = Blocks::default();
        let lags = settings.visibility > TimeDelta::zero();
        let mut world = Self {
            account: String::new(),
            region: String::new(),
            epoch,
            start,
            now: epoch,
            traffic: Traffic::new(&estate, &blocks, scripts, &settings),
            settings,
            unplayed: estate.clone(),
            estate,
            findings: Vec::new(),
            raised: BTreeMap::new(),
            suspect: None,
            injects: Injects::default(),
            injects_at: None,
            troubles: Vec::new(),
            news: News::default(),
            asg: AutoScaling::default(),
            stolen: Stolen::new(),
            changes: 0,
            log: VecDeque::new(),
            dropped: 0,
            ids: Ids::default(),
            beside: Beside::default(),
            blocks,
            shown: None,
            due: Due::default(),
            released: Vec::new(),
        };
        world.shown = lags.then(|| Box::new(Shown::of(&world)));
        world
    }

    /// Lets everything happen that happens until `now`. Going back in time does nothing.
    pub fn advance(&mut self, now: DateTime<Utc>) {
        loop {
            let until = self.due.first().map_or(now, |it| it.min(now));
            if let Some((at, deed)) = self.traffic.play(self.micros(until)) {
                self.now = self.now.max(self.moment(at));
                self.notice(&deed);
                continue;
            }
            self.now = self.now.max(until);
            match self.due.next(now) {
                Some((_, event)) => self.happen(event),
                None => break,
            }
        }
        self.log.extend(self.traffic.take_records());
        self.forget();
    }

    /// The world's time at a moment; 0 before its beginning.
    pub(super) fn micros(&self, at: DateTime<Utc>) -> Micros {
        let passed = (at - self.epoch).num_microseconds().unwrap_or(i64::MAX);
        Micros::try_from(passed).unwrap_or(0)
    }

    /// The moment of the world's time.
    pub(super) fn moment(&self, at: Micros) -> DateTime<Utc> {
        let passed = i64::try_from(at).map_or(TimeDelta::MAX, TimeDelta::microseconds);
        let moment = self.epoch.checked_add_signed(passed);
        moment.unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    /// The estate has changed: guests know at once, packets when the change has spread, and calls when it
    /// shows.
    pub(super) fn changed(&mut self) {
        self.show_later();
        let now = self.micros(self.now);
        if self.settings.propagation > TimeDelta::zero() {
            self.traffic.update_hosts(&self.estate, &self.blocks, now);
            let spread = Event::Spread(Box::new(self.estate.clone()));
            self.due.at(self.now + self.settings.propagation, spread);
        } else {
            self.traffic.update(&self.estate, &self.blocks, now);
        }
    }

    /// Something happened in the traffic that the account notices.
    fn notice(&mut self, deed: &Deed) {
        match deed {
            Deed::Health { eni, port, healthy } => self.checked(eni, *port, *healthy),
            Deed::Calls(number) => self.called(*number),
        }
    }

    /// The estate as it is.
    pub fn estate(&self) -> &Estate {
        &self.estate
    }

    /// Findings that have appeared by now, newest first.
    pub fn findings(&self) -> Vec<Finding> {
        let appeared = self.findings.iter();
        let mut appeared: Vec<Finding> = appeared.filter_map(|it| self.appeared(it)).collect();
        appeared.sort_by_key(|it| std::cmp::Reverse(it.updated));
        appeared
    }

    /// A finding, if it has appeared by now. What it is about must have got through before; one that has no
    /// time of its own, and that no inject raises, is found some time after that.
    fn appeared(&self, it: &Scheduled) -> Option<Finding> {
        let id = it.finding.id.as_str();
        let set = self.raised.get(id).copied();
        let set = set.or_else(|| Some(self.start + it.at?));
        let at = match (&it.of, set) {
            (None, set) => set?,
            (Some(of), Some(set)) => set.max(self.got_through(of)?),
            (Some(_), None) if self.injects.raises(id) => return None,
            (Some(of), None) => self.got_through(of)? + it.lag,
        };
        (at <= self.now).then(|| it.raised(at))
    }

    /// When a conversation got something through for the first time.
    fn got_through(&self, conversation: &str) -> Option<DateTime<Utc>> {
        let ledgers = self.truth().conversations().iter();
        let own = ledgers.filter(|it| it.conversation == *conversation);
        let first = own.filter_map(|it| it.established).min()?;
        Some(self.moment(first))
    }

    /// Lines of the streams of `enis` that `log` wrote of windows that ended since `since`, oldest first.
    pub fn lines(&self, log: &FlowLog, enis: &[EniId], since: DateTime<Utc>) -> Vec<FlowLine> {
        if !self.estate.flow_logs().iter().any(|it| it.id == log.id) {
            return Vec::new();
        }
        let wanted: BTreeSet<&EniId> = enis.iter().collect();
        let since = self.micros(since);
        let until = self.micros(self.now - self.settings.delivery);
        let first = self.log.partition_point(|it| it.closed < since);
        let epoch = self.epoch.timestamp();
        let writer = Lines::new(&log.format, &self.account, &self.region, epoch);
        let numbered = self.log.iter().zip(self.dropped..).skip(first);
        numbered
            .take_while(|(record, _)| record.closed <= until)
            .filter(|(record, _)| wanted.contains(&record.owner.eni) && is_of(log, record))
            .map(|(record, number)| {
                let text = writer.line(record);
                FlowLine {
                    event: hash(&text, number),
                    text,
                }
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
        self.changes += 1;
        self.changed();
        self.ask_injects(&[operation.facts().api]);
        Ok(answer)
    }

    /// What the account holds and the estate does not, line by line: tags, policies of roles, snapshots,
    /// images and commands.
    pub fn beside(&self) -> Vec<String> {
        self.beside.listing()
    }

    /// What really happened. No player sees it.
    pub fn truth(&self) -> &Truth {
        self.traffic.truth()
    }

    /// Begins a conversation that waits for it; whether there is one of that name.
    pub fn begin(&mut self, conversation: &str) -> bool {
        let now = self.micros(self.now);
        self.traffic.begin(conversation, now)
    }

    /// Ends a conversation: its clients fall silent. Whether there is one of that name.
    pub fn end(&mut self, conversation: &str) -> bool {
        let now = self.micros(self.now);
        self.traffic.end(conversation, now)
    }

    /// Raises a finding by its id; whether there is one.
    pub fn raise(&mut self, finding: &str) -> bool {
        let known = self
            .findings
            .iter()
            .any(|it| it.finding.id.as_str() == finding);
        if known {
            let now = self.now;
            self.raised.entry(finding.to_owned()).or_insert(now);
        }
        known
    }

    /// A change was made, and for a minute no packet of the attack has arrived.
    pub fn is_contained(&self) -> bool {
        let last = self.truth().attacked_last().map(|at| self.moment(at));
        self.changes > 0 && last.is_none_or(|last| self.now - last >= CALM)
    }

    /// From now on, for so long, the flow log records nothing and says so: `SKIPDATA`.
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-records-examples.html>
    pub fn skip_data(&mut self, duration: TimeDelta) {
        let until = self.micros(self.now + duration);
        self.traffic.skip_until(until);
    }

    /// Packets that were judged so far; those that travelled together are one.
    pub fn judged(&self) -> u64 {
        self.traffic.judged()
    }

    fn forget(&mut self) {
        let oldest = self.micros(self.now - RETENTION);
        let old = self.log.partition_point(|it| it.closed < oldest);
        let gone = old.max(self.log.len().saturating_sub(MOST_RECORDS));
        self.log.drain(..gone);
        self.dropped = self
            .dropped
            .saturating_add(u64::try_from(gone).unwrap_or(0));
    }
}

/// Whether a flow log is one for such records.
fn is_of(log: &FlowLog, record: &Record) -> bool {
    match &record.what {
        What::Flow(key, _) if key.accepted => log.traffic != "REJECT",
        What::Flow(..) => log.traffic != "ACCEPT",
        What::Nothing | What::Skipped => true,
    }
}

/// Identifies a line of the log: FNV-1a over its text, and its number.
fn hash(text: &str, number: u64) -> u64 {
    let text = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    mix(text ^ mix(number))
}
