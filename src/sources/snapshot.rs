//! A snapshot: what the read port answers, read once and written as a dump.

use std::collections::{BTreeSet, HashSet};
use std::path::Path;

use chrono::{DateTime, Utc};
use tokio::sync::mpsc;

use super::dump::{self, DumpError};
use super::port::{FlowLine, FlowQuery, Identity, Reading, Request, Scope, Source, SourceError};
use crate::model::{EniId, Estate, Finding, FlowLog, FlowLogDestination, Part, PartKind, VpcId};

/// What is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// VPCs besides those of the findings.
    pub vpcs: BTreeSet<VpcId>,
    /// Flow log lines are read from this moment on.
    pub since: DateTime<Utc>,
    /// Now: how old what is read is counted from here.
    pub now: DateTime<Utc>,
    /// Pages of each flow log at the most.
    pub max_pages: usize,
}

/// What was written, and what could not be read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// VPCs that were read.
    pub vpcs: usize,
    /// Parts of the estate that were written.
    pub parts: usize,
    /// Findings that were written.
    pub findings: usize,
    /// Flow logs that were written, and lines of all of them.
    pub flow_logs: usize,
    /// Lines of all flow logs.
    pub lines: usize,
    /// Flow logs of which there is more than was read.
    pub capped: Vec<String>,
    /// What could not be read, by its name.
    pub missing: Vec<(String, SourceError)>,
}

impl Report {
    /// In words, one line each.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!(
            "wrote {} of {} parts of {} VPCs, {} findings, and {} lines of {} flow logs",
            self.parts,
            PartKind::ALL.len(),
            self.vpcs,
            self.findings,
            self.lines,
            self.flow_logs
        )];
        lines.extend(self.troubles());
        lines
    }

    /// What could not be read, or not as a whole: one line each.
    pub fn troubles(&self) -> Vec<String> {
        let capped = self.capped.iter();
        let capped = capped.map(|it| format!("flow log {it}: there is more than was read"));
        let missing = self.missing.iter();
        let missing = missing.map(|(what, error)| format!("not read: {what}: {error}"));
        capped.chain(missing).collect()
    }
}

/// Why there is no snapshot.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// Nothing says which VPCs are wanted.
    #[error("no finding names a VPC: name the VPCs to read with --vpc")]
    NoVpc,
    /// The account does not answer.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The folder can't be written.
    #[error(transparent)]
    Dump(#[from] DumpError),
}

impl SnapshotError {
    /// Whether another argument would avoid it.
    pub fn is_input(&self) -> bool {
        match self {
            Self::NoVpc => true,
            Self::Source(_) => false,
            Self::Dump(error) => error.is_input(),
        }
    }
}

/// Reads every part of the estate of the wanted VPCs, findings and flow logs, and writes them into a
/// folder that must be new or empty. What can't be read is left out and reported.
///
/// # Errors
/// The folder is not empty or can't be written, nobody answers who is asking, or there is no VPC to
/// read.
pub async fn snapshot(
    source: &dyn Source,
    wish: &Wish,
    dir: &Path,
) -> Result<Report, SnapshotError> {
    dump::must_be_empty(dir)?;
    let mut reader = Reader {
        source,
        report: Report::default(),
    };
    let identity = reader.identity().await?;
    let findings = reader.findings().await;
    let vpcs = reader.vpcs(&wish.vpcs, &findings).await;
    if vpcs.is_empty() {
        return Err(SnapshotError::NoVpc);
    }
    let estate = reader.estate(vpcs, wish.now).await;
    dump::write(&estate, dir)?;
    dump::write_findings(&findings, dir)?;
    dump::write_identity(&identity, dir)?;
    let readable = estate.flow_logs().iter();
    let readable = readable.filter(|it| matches!(it.destination, FlowLogDestination::LogGroup(_)));
    for log in readable {
        let lines = reader.lines(log, &estate, wish).await;
        let texts = lines.iter().map(|it| it.text.as_str());
        dump::write_lines(log, texts, dir)?;
    }
    reader.report.findings = findings.len();
    Ok(reader.report)
}

/// Asks one question after the other, and notes which were not answered.
struct Reader<'a> {
    source: &'a dyn Source,
    report: Report,
}

impl Reader<'_> {
    /// Every reading of an answer, and how it ended.
    async fn ask(&self, request: Request) -> (Vec<Reading>, Result<(), SourceError>) {
        let (sink, mut readings) = mpsc::channel(4);
        let collect = async {
            let mut all = Vec::new();
            while let Some(reading) = readings.recv().await {
                all.push(reading);
            }
            all
        };
        let (done, all) = futures::join!(self.source.read(request, sink), collect);
        (all, done)
    }

    /// Like [`Reader::ask`]; a failure is noted under a name.
    async fn ask_for(&mut self, what: &str, request: Request) -> Vec<Reading> {
        let (all, done) = self.ask(request).await;
        if let Err(error) = done {
            self.report.missing.push((what.to_owned(), error));
        }
        all
    }

    async fn identity(&self) -> Result<Identity, SourceError> {
        let (all, done) = self.ask(Request::Identity).await;
        done?;
        let mut told = all.into_iter().filter_map(|it| match it {
            Reading::Identity(identity) => Some(identity),
            _ => None,
        });
        Ok(told.next().unwrap_or_else(|| Identity {
            account: String::new(),
            arn: String::new(),
            region: String::new(),
        }))
    }

    async fn findings(&mut self) -> Vec<Finding> {
        let all = self
            .ask_for("findings", Request::Findings)
            .await
            .into_iter();
        let all = all.filter_map(|it| match it {
            Reading::Findings(page) => Some(page),
            _ => None,
        });
        all.flatten().collect()
    }

    /// Those that are wanted, those of findings, and those of instances that findings name alone.
    async fn vpcs(&mut self, wanted: &BTreeSet<VpcId>, findings: &[Finding]) -> BTreeSet<VpcId> {
        let mut vpcs = wanted.clone();
        let real = || findings.iter().filter(|it| !it.sample);
        vpcs.extend(real().flat_map(|it| it.vpcs.iter().cloned()));
        let unplaced = real().filter(|it| it.vpcs.is_empty());
        let unplaced: BTreeSet<_> = unplaced
            .flat_map(|it| it.instances.iter().cloned())
            .collect();
        if !unplaced.is_empty() {
            let request = Request::Locate(unplaced.into_iter().collect());
            for reading in self.ask_for("the VPCs of instances", request).await {
                if let Reading::Located(located) = reading {
                    vpcs.extend(located);
                }
            }
        }
        self.report.vpcs = vpcs.len();
        vpcs
    }

    async fn estate(&mut self, vpcs: BTreeSet<VpcId>, now: DateTime<Utc>) -> Estate {
        let mut parts = Vec::new();
        let mut scope = Scope {
            vpcs,
            instances: Vec::new(),
        };
        // Instances come first: what hangs on them is asked for by them.
        for kind in PartKind::ALL {
            let request = Request::Part {
                kind,
                scope: scope.clone(),
            };
            for reading in self.ask_for(kind.name(), request).await {
                let Reading::Part(part) = reading else {
                    continue;
                };
                if let Part::Instances(all) = &part {
                    scope.instances = all.iter().map(|it| it.id.clone()).collect();
                }
                parts.push(part);
            }
        }
        self.report.parts = parts.len();
        Estate::from_parts(parts, now)
    }

    /// The lines of a flow log that are about the interfaces which it watches, each once.
    async fn lines(&mut self, log: &FlowLog, estate: &Estate, wish: &Wish) -> Vec<FlowLine> {
        let query = FlowQuery {
            log: log.clone(),
            enis: watched(log, estate),
            since: wish.since,
            max_pages: wish.max_pages,
        };
        let what = format!("flow log {}", log.id);
        let mut seen = HashSet::new();
        let mut lines = Vec::new();
        let mut capped = false;
        for reading in self.ask_for(&what, Request::Flows(query)).await {
            if let Reading::Flows(page) = reading {
                capped |= page.coverage.capped;
                let new = page.lines.into_iter().filter(|it| seen.insert(it.event));
                lines.extend(new);
            }
        }
        if capped {
            self.report.capped.push(log.id.clone());
        }
        self.report.flow_logs += 1;
        self.report.lines += lines.len();
        lines
    }
}

fn watched(log: &FlowLog, estate: &Estate) -> Vec<EniId> {
    let resource = log.resource.as_str();
    let of = estate
        .enis()
        .filter(|eni| [eni.id.as_str(), eni.subnet.as_str(), eni.vpc.as_str()].contains(&resource));
    of.map(|eni| eni.id.clone()).collect()
}
