//! Reads the flow logs again and again until there is a verdict, or no point in going on.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{mpsc, watch};

use super::judge::{Judge, Reading as Judged};
use super::{Proof, Verifying, logs};
use crate::flows::Format;
use crate::model::{EniId, FlowLog};
use crate::sources::{Clock, FlowQuery, Reading, Request, Source, SourceError};

/// Between two readings.
const EVERY: Duration = Duration::from_secs(30);

/// How long before the change a window may have begun that still tells of the time after it: the longest
/// window, and a minute.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs.html>
const LOOK_BACK: TimeDelta = TimeDelta::minutes(11);

/// Pages of one reading at the most.
const PAGES: usize = 50;

/// Why nobody waits for the verdict any more, once that is so.
pub type Left = watch::Receiver<Option<&'static str>>;

/// Reads the flow logs after a run.
#[derive(Clone)]
pub struct Verifier {
    /// What the logs are read from.
    pub source: Arc<dyn Source>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The flow logs of the estate.
    pub logs: Vec<FlowLog>,
    /// How long after the change a verdict is waited for; zero: not at all.
    pub limit: Duration,
}

/// A flow log, and the interfaces that it is read for.
struct Covered<'a> {
    log: &'a FlowLog,
    format: Format,
    enis: Vec<EniId>,
}

impl Verifier {
    /// The verdict on a claim.
    pub async fn verify(&self, verifying: &Verifying, mut left: Left) -> Proof {
        if self.limit.is_zero() {
            return unknown("the flow logs were not waited for");
        }
        let covered = match self.covered(verifying) {
            Ok(covered) => covered,
            Err(why) => return Proof::Unknown { why },
        };
        let limit = TimeDelta::from_std(self.limit).unwrap_or(TimeDelta::MAX);
        let end = verifying.since.checked_add_signed(limit);
        loop {
            let judged = tokio::select! {
                biased;
                why = gone(&mut left) => return unknown(why),
                judged = self.read(verifying, &covered) => judged,
            };
            let why = match judged {
                Judged::Settled(proof) => return proof,
                Judged::Open(why) => why,
            };
            if end.is_some_and(|end| self.clock.now() >= end) {
                let minutes = limit.num_minutes();
                return Proof::Unknown {
                    why: format!("{why}, {minutes} min after the change"),
                };
            }
            tokio::select! {
                biased;
                why = gone(&mut left) => return unknown(why),
                () = self.clock.sleep(EVERY) => {}
            }
        }
    }

    /// The logs to read, each with the interfaces that it tells about.
    fn covered(&self, verifying: &Verifying) -> Result<Vec<Covered<'_>>, String> {
        let mut covered: BTreeMap<&str, Covered> = BTreeMap::new();
        for eni in verifying.claim.enis() {
            let (log, format) = logs::best(&self.logs, eni)?;
            let entry = covered.entry(&log.id).or_insert(Covered {
                log,
                format,
                enis: Vec::new(),
            });
            entry.enis.push(eni.id.clone());
        }
        Ok(covered.into_values().collect())
    }

    async fn read(&self, verifying: &Verifying, covered: &[Covered<'_>]) -> Judged {
        let since = verifying.since.checked_sub_signed(LOOK_BACK);
        let since = since.unwrap_or(DateTime::<Utc>::MIN_UTC);
        let mut judge = Judge::new(&verifying.claim, verifying.since);
        let mut gap = None;
        for covered in covered {
            let (incomplete, done) = self.read_log(covered, since, &mut judge).await;
            let id = &covered.log.id;
            if let Err(error) = done {
                gap = Some(format!("{id} could not be read: {error}"));
            } else if incomplete {
                gap = Some(format!("{id} holds more than {PAGES} pages of records"));
            }
        }
        judge.verdict(gap)
    }

    /// Reads one log; says whether there is more of it.
    async fn read_log(
        &self,
        covered: &Covered<'_>,
        since: DateTime<Utc>,
        judge: &mut Judge<'_>,
    ) -> (bool, Result<(), SourceError>) {
        let request = Request::Flows(FlowQuery {
            log: covered.log.clone(),
            enis: covered.enis.clone(),
            since,
            max_pages: PAGES,
        });
        let (sink, mut readings) = mpsc::channel(4);
        let take = async {
            let mut capped = false;
            while let Some(reading) = readings.recv().await {
                let Reading::Flows(page) = reading else {
                    continue;
                };
                capped |= page.coverage.capped;
                for line in &page.lines {
                    match covered.format.record(line.text.as_bytes()) {
                        Ok(record) => judge.add(line.event, &record),
                        Err(_) => judge.unread(),
                    }
                }
            }
            capped
        };
        let (done, capped) = futures::join!(self.source.read(request, sink), take);
        (capped, done)
    }
}

fn unknown(why: &str) -> Proof {
    Proof::Unknown { why: why.into() }
}

/// Returns once nobody waits any more, with the reason.
async fn gone(left: &mut Left) -> &'static str {
    match left.wait_for(Option::is_some).await {
        Ok(why) => why.unwrap_or("nobody waits for it"),
        Err(_) => "the console was left",
    }
}
