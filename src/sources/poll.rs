//! Decides what to ask a source when, and turns its answers into updates.
//!
//! One task owns the schedule; every request runs in a task of its own, so that a slow or denied
//! feed never holds up another. Flow log lines are parsed here, off the frame loop.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::clock::Clock;
use super::port::{
    Coverage, FlowLines, FlowQuery, Identity, Reading, Request, Scope, Source, SourceError,
};
use crate::flows::{BadLine, Format};
use crate::model::{
    EniId, Finding, FlowLog, FlowLogDestination, FlowRecord, InstanceId, Part, PartKind, VpcId,
};

/// Flow logs arrive minutes late, and not in order: a refresh reads this much again, and the edge
/// table drops what it knows. AWS: about 5 minutes to `CloudWatch` Logs after a window of up to 10,
/// <https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs.html>.
const OVERLAP: TimeDelta = TimeDelta::minutes(20);

/// Something that is read apart from the rest, and fails apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Feed {
    /// Who is asking.
    Identity,
    /// `GuardDuty`.
    Findings,
    /// In which VPCs the instances of the findings are.
    Locate,
    /// A part of the estate.
    Part(PartKind),
    /// Flow log records.
    Flows,
}

/// News from a feed.
#[derive(Debug, Clone, PartialEq)]
pub struct Update {
    /// Which feed.
    pub feed: Feed,
    /// When it arrived.
    pub at: DateTime<Utc>,
    /// What arrived.
    pub kind: UpdateKind,
}

/// What arrived.
#[derive(Debug, Clone, PartialEq)]
pub enum UpdateKind {
    /// A request was sent.
    Started,
    /// Who is asking.
    Identity(Identity),
    /// Findings: those of one page, added to what the same reading brought before.
    Findings(Vec<Finding>),
    /// A whole part of the estate.
    Part(Part),
    /// Flow log records of one page.
    Flows {
        /// Records with their event ids.
        records: Vec<(u64, FlowRecord)>,
        /// Lines that could not be parsed.
        bad: Vec<(u64, BadLine)>,
        /// How far the reading has got.
        coverage: Coverage,
    },
    /// The request is answered.
    Finished(Outcome),
}

/// How a request ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// With the whole answer.
    Complete,
    /// With an error.
    Failed(SourceError),
}

/// What the console asks of the poller.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Read everything again now.
    Refresh,
    /// Read these flow logs from now on.
    Watch(FlowTargets),
}

/// Whose flow logs are read, in which order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FlowTargets {
    /// The suspect's interfaces: read first.
    pub suspect: Vec<EniId>,
    /// The other interfaces of its subnets: read with the pages that are left.
    pub neighbours: Vec<EniId>,
    /// The flow logs that cover them and are kept in `CloudWatch` Logs.
    pub logs: Vec<FlowLog>,
}

/// How often, and how much.
#[derive(Debug, Clone, PartialEq)]
pub struct PollSettings {
    /// VPCs to read besides those of the findings.
    pub vpcs: BTreeSet<VpcId>,
    /// How far back flow logs are read.
    pub since: Duration,
    /// Flow log pages at the most per refresh.
    pub max_pages: usize,
    /// Between two readings of the findings.
    pub findings_every: Duration,
    /// Between two readings of the estate.
    pub estate_every: Duration,
    /// Between two readings of flow logs.
    pub flows_every: Duration,
}

/// The console's hold on the polling task: dropping it ends the task.
#[derive(Debug)]
pub struct Poller {
    commands: mpsc::UnboundedSender<Command>,
}

impl Poller {
    /// Starts to poll.
    pub fn spawn(
        source: Arc<dyn Source>,
        clock: Arc<dyn Clock>,
        settings: PollSettings,
    ) -> (Self, mpsc::Receiver<Update>) {
        let (commands, requests) = mpsc::unbounded_channel();
        let (updates, receiver) = mpsc::channel(256);
        let schedule = Schedule::new(source, clock, settings, updates);
        tokio::spawn(schedule.run(requests));
        (Self { commands }, receiver)
    }

    /// Asks for something.
    pub fn send(&self, command: Command) {
        drop(self.commands.send(command));
    }
}

/// What a reading task reports to the schedule.
enum Note {
    Read(Feed, Reading),
    Done(Feed, Result<(), SourceError>),
}

struct Schedule {
    source: Arc<dyn Source>,
    clock: Arc<dyn Clock>,
    settings: PollSettings,
    updates: mpsc::Sender<Update>,
    notes: mpsc::Sender<Note>,
    inbox: Option<mpsc::Receiver<Note>>,
    tasks: JoinSet<()>,
    running: BTreeSet<Feed>,
    due: BTreeMap<Feed, DateTime<Utc>>,
    scope: Scope,
    unplaced: BTreeSet<InstanceId>,
    asked_to_locate: BTreeSet<InstanceId>,
    targets: FlowTargets,
    flows_read_to: Option<DateTime<Utc>>,
    /// Others are watched than those that are being read.
    watched_anew: bool,
    /// The format of every flow log that was ever watched, by id: pages may come late.
    formats: BTreeMap<String, String>,
}

impl Schedule {
    fn new(
        source: Arc<dyn Source>,
        clock: Arc<dyn Clock>,
        settings: PollSettings,
        updates: mpsc::Sender<Update>,
    ) -> Self {
        let (notes, inbox) = mpsc::channel(64);
        let scope = Scope {
            vpcs: settings.vpcs.clone(),
            instances: Vec::new(),
        };
        let now = clock.now();
        let mut due = BTreeMap::from([(Feed::Identity, now), (Feed::Findings, now)]);
        if !scope.vpcs.is_empty() {
            due.extend(independent_parts().map(|part| (Feed::Part(part), now)));
        }
        Self {
            source,
            clock,
            settings,
            updates,
            notes,
            inbox: Some(inbox),
            tasks: JoinSet::new(),
            running: BTreeSet::new(),
            due,
            scope,
            unplaced: BTreeSet::new(),
            asked_to_locate: BTreeSet::new(),
            targets: FlowTargets::default(),
            flows_read_to: None,
            watched_anew: false,
            formats: BTreeMap::new(),
        }
    }

    async fn run(mut self, mut commands: mpsc::UnboundedReceiver<Command>) {
        let Some(mut inbox) = self.inbox.take() else {
            return;
        };
        loop {
            let wait = self.start_what_is_due().await;
            let timer = self.clock.sleep(wait);
            tokio::select! {
                command = commands.recv() => match command {
                    Some(command) => self.obey(command),
                    None => return,
                },
                Some(note) = inbox.recv() => self.note(note).await,
                () = timer => {}
            }
            while self.tasks.try_join_next().is_some() {}
        }
    }

    /// Starts every request that is due and returns how long nothing else will be.
    async fn start_what_is_due(&mut self) -> Duration {
        let now = self.clock.now();
        let ready: Vec<Feed> = self
            .due
            .iter()
            .filter(|(feed, at)| **at <= now && !self.running.contains(feed))
            .map(|(feed, _)| *feed)
            .collect();
        for feed in ready {
            self.due.remove(&feed);
            self.start(feed).await;
        }
        // A feed that is being read wakes the schedule when it is done.
        let idle = self
            .due
            .iter()
            .filter(|(feed, _)| !self.running.contains(feed));
        let next = idle.map(|(_, at)| at).min();
        let wait = next.map_or(TimeDelta::hours(1), |at| *at - now);
        wait.to_std()
            .unwrap_or_default()
            .max(Duration::from_millis(20))
    }

    async fn start(&mut self, feed: Feed) {
        self.running.insert(feed);
        self.tell(feed, UpdateKind::Started).await;
        let source = Arc::clone(&self.source);
        let notes = self.notes.clone();
        let request = match feed {
            Feed::Identity => Request::Identity,
            Feed::Findings => Request::Findings,
            Feed::Locate => {
                self.asked_to_locate.append(&mut self.unplaced.clone());
                Request::Locate(std::mem::take(&mut self.unplaced).into_iter().collect())
            }
            Feed::Part(kind) => Request::Part {
                kind,
                scope: self.scope.clone(),
            },
            Feed::Flows => {
                self.watched_anew = false;
                let queries = self.flow_queries();
                self.tasks.spawn(read_flows(source, queries, notes));
                return;
            }
        };
        self.tasks.spawn(async move {
            let done = read(&*source, feed, request, &notes).await;
            drop(notes.send(Note::Done(feed, done)).await);
        });
    }

    fn flow_queries(&self) -> Vec<FlowQuery> {
        let now = self.clock.now();
        let whole = TimeDelta::from_std(self.settings.since).unwrap_or(TimeDelta::MAX);
        let all = now
            .checked_sub_signed(whole)
            .unwrap_or(DateTime::UNIX_EPOCH);
        let since = self.flows_read_to.map_or(all, |at| all.max(at - OVERLAP));
        let query = |log: &FlowLog, enis: &[EniId]| FlowQuery {
            log: log.clone(),
            enis: enis.to_vec(),
            since,
            max_pages: self.settings.max_pages,
        };
        let stages = [&self.targets.suspect, &self.targets.neighbours];
        let stages = stages.into_iter().filter(|enis| !enis.is_empty());
        stages
            .flat_map(|enis| self.targets.logs.iter().map(|log| query(log, enis)))
            .collect()
    }

    fn obey(&mut self, command: Command) {
        let now = self.clock.now();
        match command {
            Command::Refresh => {
                self.due.insert(Feed::Findings, now);
                self.due_estate(now);
                if !self.targets.logs.is_empty() {
                    self.due.insert(Feed::Flows, now);
                }
            }
            Command::Watch(targets) => {
                if targets == self.targets {
                    return;
                }
                let formats = targets.logs.iter();
                self.formats
                    .extend(formats.map(|it| (it.id.clone(), it.format.clone())));
                self.targets = targets;
                self.flows_read_to = None;
                self.watched_anew = true;
                self.due.remove(&Feed::Flows);
                if !self.targets.logs.is_empty() {
                    self.due.insert(Feed::Flows, now);
                }
            }
        }
    }

    fn due_estate(&mut self, now: DateTime<Utc>) {
        if !self.scope.vpcs.is_empty() {
            self.due
                .extend(independent_parts().map(|part| (Feed::Part(part), now)));
        }
    }

    async fn note(&mut self, note: Note) {
        match note {
            Note::Read(feed, reading) => {
                self.learn(&reading);
                if let Some(kind) = self.news(reading) {
                    self.tell(feed, kind).await;
                }
            }
            Note::Done(feed, result) => self.finished(feed, result).await,
        }
    }

    /// Takes from a reading what decides about later requests.
    fn learn(&mut self, reading: &Reading) {
        match reading {
            Reading::Findings(findings) => {
                for finding in findings.iter().filter(|it| !it.sample) {
                    self.widen(finding.vpcs.iter());
                    if finding.vpcs.is_empty() {
                        let unknown = finding
                            .instances
                            .iter()
                            .filter(|it| !self.asked_to_locate.contains(*it));
                        self.unplaced.extend(unknown.cloned());
                    }
                }
                if !self.unplaced.is_empty() {
                    self.due.insert(Feed::Locate, self.clock.now());
                }
            }
            Reading::Located(vpcs) => self.widen(vpcs.iter()),
            Reading::Part(Part::Instances(instances)) => {
                self.scope.instances = instances.iter().map(|it| it.id.clone()).collect();
            }
            Reading::Identity(_) | Reading::Part(_) | Reading::Flows(_) => {}
        }
    }

    fn widen<'a>(&mut self, vpcs: impl Iterator<Item = &'a VpcId>) {
        let before = self.scope.vpcs.len();
        self.scope.vpcs.extend(vpcs.cloned());
        if self.scope.vpcs.len() > before {
            let now = self.clock.now();
            self.due_estate(now);
        }
    }

    fn news(&self, reading: Reading) -> Option<UpdateKind> {
        Some(match reading {
            Reading::Identity(identity) => UpdateKind::Identity(identity),
            Reading::Findings(findings) => UpdateKind::Findings(findings),
            Reading::Located(_) => return None,
            Reading::Part(part) => UpdateKind::Part(part),
            Reading::Flows(lines) => self.parse(&lines),
        })
    }

    fn parse(&self, page: &FlowLines) -> UpdateKind {
        let format = self.formats.get(&page.log);
        let format = format.map_or_else(|| Ok(Format::default_v2()), |it| Format::parse(it));
        let mut records = Vec::with_capacity(page.lines.len());
        let mut bad = Vec::new();
        match format {
            Ok(format) => {
                for line in &page.lines {
                    match format.record(line.text.as_bytes()) {
                        Ok(record) => records.push((line.event, record)),
                        Err(reason) => bad.push((line.event, reason)),
                    }
                }
            }
            Err(reason) => bad.push((0, BadLine::Format(reason))),
        }
        UpdateKind::Flows {
            records,
            bad,
            coverage: page.coverage,
        }
    }

    async fn finished(&mut self, feed: Feed, result: Result<(), SourceError>) {
        self.running.remove(&feed);
        let now = self.clock.now();
        let good = result.is_ok();
        let every = match feed {
            Feed::Identity => (!good).then_some(self.settings.estate_every),
            Feed::Findings => Some(self.settings.findings_every),
            Feed::Locate => None,
            Feed::Part(part) if waits_for_instances(part) => None,
            Feed::Part(_) => Some(self.settings.estate_every),
            Feed::Flows => Some(self.settings.flows_every),
        };
        if let Some(every) = every {
            // A feed that fails is asked half as often: it may be us who are throttled.
            let every = if good { every } else { every * 2 };
            let at = now + TimeDelta::from_std(every).unwrap_or(TimeDelta::hours(1));
            self.due.entry(feed).or_insert(at);
        }
        match feed {
            Feed::Flows if good && !self.watched_anew => self.flows_read_to = Some(now),
            // Whoever was not placed is asked for again with the next findings.
            Feed::Locate if !good => self.asked_to_locate.clear(),
            Feed::Part(PartKind::Instances) if good => {
                let waiting = PartKind::ALL
                    .into_iter()
                    .filter(|part| waits_for_instances(*part));
                self.due.extend(waiting.map(|part| (Feed::Part(part), now)));
            }
            _ => {}
        }
        let outcome = result.map_or_else(Outcome::Failed, |()| Outcome::Complete);
        self.tell(feed, UpdateKind::Finished(outcome)).await;
    }

    async fn tell(&self, feed: Feed, kind: UpdateKind) {
        let update = Update {
            feed,
            at: self.clock.now(),
            kind,
        };
        drop(self.updates.send(update).await);
    }
}

/// Parts that are asked for by instance, and so only once the instances are known.
fn waits_for_instances(part: PartKind) -> bool {
    matches!(
        part,
        PartKind::Volumes
            | PartKind::AsgMemberships
            | PartKind::TargetMemberships
            | PartKind::Profiles
    )
}

fn independent_parts() -> impl Iterator<Item = PartKind> {
    PartKind::ALL
        .into_iter()
        .filter(|part| !waits_for_instances(*part))
}

async fn read(
    source: &dyn Source,
    feed: Feed,
    request: Request,
    notes: &mpsc::Sender<Note>,
) -> Result<(), SourceError> {
    let (sink, mut readings) = mpsc::channel(4);
    let forward = async {
        while let Some(reading) = readings.recv().await {
            if notes.send(Note::Read(feed, reading)).await.is_err() {
                return;
            }
        }
    };
    futures::join!(source.read(request, sink), forward).0
}

/// Reads the suspect's streams, then its neighbours', within one budget of pages.
async fn read_flows(source: Arc<dyn Source>, queries: Vec<FlowQuery>, notes: mpsc::Sender<Note>) {
    let mut result = Ok(());
    let mut total = Coverage::default();
    for query in queries {
        let left = query.max_pages.saturating_sub(total.pages);
        if left == 0 {
            total.capped = true;
            break;
        }
        let query = FlowQuery {
            max_pages: left,
            ..query
        };
        let (stage, done) = read_stage(&*source, query, total, &notes).await;
        total = stage;
        if done.is_err() {
            result = done;
            break;
        }
    }
    let lines = FlowLines {
        log: String::new(),
        lines: Vec::new(),
        coverage: total,
    };
    drop(
        notes
            .send(Note::Read(Feed::Flows, Reading::Flows(lines)))
            .await,
    );
    drop(notes.send(Note::Done(Feed::Flows, result)).await);
}

async fn read_stage(
    source: &dyn Source,
    query: FlowQuery,
    before: Coverage,
    notes: &mpsc::Sender<Note>,
) -> (Coverage, Result<(), SourceError>) {
    let (sink, mut readings) = mpsc::channel(4);
    let forward = async {
        let mut total = before;
        while let Some(reading) = readings.recv().await {
            let Reading::Flows(mut page) = reading else {
                continue;
            };
            total = Coverage {
                pages: before.pages + page.coverage.pages,
                capped: before.capped || page.coverage.capped,
                missing_streams: before.missing_streams + page.coverage.missing_streams,
            };
            page.coverage = total;
            if notes
                .send(Note::Read(Feed::Flows, Reading::Flows(page)))
                .await
                .is_err()
            {
                break;
            }
        }
        total
    };
    let (done, total) = futures::join!(source.read(Request::Flows(query), sink), forward);
    (total, done)
}

/// The flow logs among `logs` that cover an interface of a subnet of a VPC and can be read here.
pub fn readable_logs<'a>(
    logs: &'a [FlowLog],
    resources: &'a BTreeSet<String>,
) -> impl Iterator<Item = &'a FlowLog> {
    logs.iter().filter(|log| {
        matches!(log.destination, FlowLogDestination::LogGroup(_))
            && resources.contains(&log.resource)
    })
}

#[cfg(test)]
mod tests;
