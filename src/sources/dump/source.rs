//! A dump behind the read port: the console runs on it as on an account, at a time that stands still.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;

use super::super::clock::Clock;
use super::super::port::{
    Coverage, FlowLine, FlowLines, FlowQuery, Identity, Reading, Request, Scope, Sink, Source,
    SourceError, SourceErrorKind,
};
use super::super::scope::{part_of, vpcs_of};
use super::{Dump, files};
use crate::model::text::visible;
use crate::model::{EniId, FlowLog, FlowLogDestination, Part, PartKind, VpcId};

/// Lines of a page of a flow log.
const PAGE: usize = 10_000;

/// Answers from a dump.
#[derive(Debug, Clone)]
pub struct DumpSource {
    dump: Arc<Dump>,
    identity: Identity,
    /// The flow logs that stand for the dump's files: one per VPC and format.
    logs: Arc<BTreeMap<String, FlowLog>>,
}

impl DumpSource {
    /// Answers from this dump, which was read from `dir`.
    pub fn new(dump: Dump, dir: &Path) -> Self {
        let name = dir.file_name().map(|it| files::shown(Path::new(it)));
        let identity = Identity {
            account: in_words(&dump.accounts, "account"),
            arn: name.unwrap_or_else(|| "dump".to_owned()),
            region: in_words(&dump.regions, "Region"),
        };
        let logs = logs_of_files(&dump);
        Self {
            dump: Arc::new(dump),
            identity,
            logs: Arc::new(logs),
        }
    }

    /// A clock that stands at the end of the newest flow record, so that what the flows say of the
    /// last minutes holds; without any, at the change of the newest file.
    pub fn clock(&self) -> DumpClock {
        let now = self.dump.newest_flow.or(self.dump.newest_file);
        DumpClock(now.unwrap_or_default())
    }

    /// How far back the oldest flow record lies.
    pub fn span(&self) -> Duration {
        let oldest = self.dump.flows.coverage().oldest_start;
        let span = oldest.map(|it| self.clock().now() - it);
        let span = span.and_then(|it| it.to_std().ok()).unwrap_or_default();
        // Whole minutes are shown, and the first record belongs to it.
        Duration::from_mins(span.as_secs() / 60 + 1)
    }

    /// Every VPC that anything in the dump is in.
    pub fn vpcs(&self) -> BTreeSet<VpcId> {
        vpcs_of_dump(&self.dump)
    }

    fn part(&self, kind: PartKind, scope: &Scope) -> Result<Part, SourceError> {
        let estate = &self.dump.estate;
        let is_read = estate.freshness(kind).is_some();
        match part_of(estate, kind, scope) {
            Part::FlowLogs(mut all) if is_read || !self.logs.is_empty() => {
                let ours = |it: &&FlowLog| scope.vpcs.contains(it.resource.as_str());
                all.extend(self.logs.values().filter(ours).cloned());
                Ok(Part::FlowLogs(all))
            }
            part if is_read => Ok(part),
            _ => Err(SourceError {
                kind: SourceErrorKind::Absent,
                message: format!("the dump does not hold {}", kind.name()),
            }),
        }
    }

    /// Sends the lines of the files that a flow log stands for; `Err` if a file can't be read.
    fn flows(&self, query: &FlowQuery, sink: &Sink) -> io::Result<()> {
        let mut pages = Pages::new(query, sink);
        let enis: BTreeSet<&EniId> = query.enis.iter().collect();
        // A flow log that the dump describes has no lines of its own here: its files have.
        let wanted = self.logs.get(&query.log.id).map(|it| it.format.as_str());
        let files = self.dump.flow_files.iter();
        for file in files.filter(|it| Some(it.format_text.as_str()) == wanted) {
            file.each_line(|event, _, text| {
                let wanted = match file.format().record(text) {
                    Ok(record) => {
                        record.eni.as_ref().is_some_and(|it| enis.contains(it))
                            && record.end >= query.since
                    }
                    // The console counts it.
                    Err(_) => true,
                };
                if wanted {
                    // Tabs separate columns, too.
                    let text = String::from_utf8_lossy(text).replace('\t', " ");
                    return pages.add(event, visible(&text).into_owned());
                }
                ControlFlow::Continue(())
            })?;
        }
        pages.finish();
        Ok(())
    }

    async fn answer(&self, request: Request, sink: Sink) -> Result<(), SourceError> {
        let reading = match request {
            Request::Identity => Reading::Identity(self.identity.clone()),
            Request::Findings => Reading::Findings(self.dump.findings.clone()),
            Request::Locate(ids) => Reading::Located(vpcs_of(&self.dump.estate, &ids)),
            Request::Part { kind, scope } => Reading::Part(self.part(kind, &scope)?),
            Request::Flows(query) => {
                let source = self.clone();
                // Files are read where waiting for a disk holds up nobody.
                let read = tokio::task::spawn_blocking(move || source.flows(&query, &sink));
                let read = read.await.map_err(|error| failed(error.to_string()))?;
                return read.map_err(|error| failed(format!("flow log files: {error}")));
            }
        };
        // A closed sink means that nobody wants it.
        sink.send(reading).await.ok();
        Ok(())
    }
}

impl Source for DumpSource {
    fn read(&self, request: Request, sink: Sink) -> BoxFuture<'_, Result<(), SourceError>> {
        Box::pin(self.answer(request, sink))
    }
}

/// A clock that stands still.
#[derive(Debug, Clone, Copy)]
pub struct DumpClock(DateTime<Utc>);

impl Clock for DumpClock {
    fn now(&self) -> DateTime<Utc> {
        self.0
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// Lines on their way to whoever asked for them.
struct Pages<'a> {
    query: &'a FlowQuery,
    sink: &'a Sink,
    lines: Vec<FlowLine>,
    coverage: Coverage,
}

impl<'a> Pages<'a> {
    fn new(query: &'a FlowQuery, sink: &'a Sink) -> Self {
        Self {
            query,
            sink,
            lines: Vec::new(),
            coverage: Coverage::default(),
        }
    }

    fn add(&mut self, event: u64, text: String) -> ControlFlow<()> {
        if self.lines.len() == PAGE && self.send().is_break() {
            return ControlFlow::Break(());
        }
        if self.coverage.pages == self.query.max_pages {
            self.coverage.capped = true;
            return ControlFlow::Break(());
        }
        self.lines.push(FlowLine { event, text });
        ControlFlow::Continue(())
    }

    /// The last page, or word that there was none.
    fn finish(mut self) {
        let _ = self.send();
    }

    fn send(&mut self) -> ControlFlow<()> {
        self.coverage.pages += usize::from(!self.lines.is_empty());
        let page = FlowLines {
            log: self.query.log.id.clone(),
            lines: std::mem::take(&mut self.lines),
            coverage: self.coverage,
        };
        let sent = self.sink.blocking_send(Reading::Flows(page));
        sent.map_or(ControlFlow::Break(()), ControlFlow::Continue)
    }
}

/// The dump's files of one format as a flow log of each VPC: that is how the console asks for lines.
fn logs_of_files(dump: &Dump) -> BTreeMap<String, FlowLog> {
    let formats = dump.flow_files.iter().map(|it| it.format_text.as_str());
    let formats: BTreeSet<&str> = formats.collect();
    let mut logs = BTreeMap::new();
    for (format, number) in formats.into_iter().zip(1..) {
        for vpc in vpcs_of_dump(dump) {
            let log = FlowLog {
                id: format!("files-{number}-{vpc}"),
                resource: vpc.to_string(),
                destination: FlowLogDestination::LogGroup("files of the dump".to_owned()),
                format: format.to_owned(),
                aggregation_seconds: 60,
                traffic: "ALL".to_owned(),
                delivery_error: None,
            };
            logs.insert(log.id.clone(), log);
        }
    }
    logs
}

fn vpcs_of_dump(dump: &Dump) -> BTreeSet<VpcId> {
    let estate = &dump.estate;
    let vpcs = estate.vpcs().map(|it| &it.id);
    let vpcs = vpcs.chain(estate.subnets().map(|it| &it.vpc));
    let vpcs = vpcs.chain(estate.enis().map(|it| &it.vpc));
    let vpcs = vpcs.chain(estate.groups().map(|it| &it.vpc));
    let vpcs = vpcs.chain(estate.instances().filter_map(|it| it.vpc.as_ref()));
    vpcs.cloned().collect()
}

fn in_words(all: &BTreeSet<String>, what: &str) -> String {
    match all.first() {
        Some(only) if all.len() == 1 => only.clone(),
        Some(_) => format!("{} {what}s", all.len()),
        None => format!("unknown {what}"),
    }
}

fn failed(message: String) -> SourceError {
    SourceError {
        kind: SourceErrorKind::Other,
        message,
    }
}
