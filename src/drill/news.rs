//! What the world tells of itself, for records, facilitators and scores. Players never see it.

use chrono::{DateTime, TimeDelta, Utc};

use super::scenario::Role;
use super::traffic::{BUCKET, Bucket, Ledger};
use super::world::World;
use crate::sources::{ExerciseRecord, Happening, Stream};

/// What was not told yet.
#[derive(Debug, Default)]
pub(super) struct News {
    records: Vec<ExerciseRecord>,
    /// Buckets of the traffic that were told.
    buckets: u64,
    /// Until when findings were told.
    findings: Option<DateTime<Utc>>,
}

impl News {
    pub(super) fn tell(&mut self, at: DateTime<Utc>, what: Happening) {
        self.records.push(ExerciseRecord { at, what });
    }
}

impl World {
    /// What happened since the last call, in the order of time.
    pub fn drain(&mut self) -> Vec<ExerciseRecord> {
        self.tell_findings();
        self.tell_traffic();
        let mut records = std::mem::take(&mut self.news.records);
        records.sort_by_key(|it| it.at);
        records
    }

    /// Findings that were there before the drill began are told as of its beginning.
    fn tell_findings(&mut self) {
        let told = self.news.findings.replace(self.now);
        for finding in self.findings().into_iter().rev() {
            let at = finding.updated.max(self.start);
            if told.is_none_or(|told| told < at) {
                let what = Happening::Detected {
                    finding: finding.id.to_string(),
                    kind: finding.kind,
                };
                self.news.tell(at, what);
            }
        }
    }

    fn tell_traffic(&mut self) {
        let passed = self.micros(self.now).saturating_sub(self.truth().start());
        for number in self.news.buckets..passed / BUCKET {
            let streams: Vec<Stream> = self
                .truth()
                .conversations()
                .iter()
                .filter_map(|it| Some(self.stream(it, it.bucket(number)?)))
                .collect();
            let seconds = i64::try_from((number + 1) * (BUCKET / 1_000_000)).unwrap_or(i64::MAX);
            if !streams.is_empty() {
                let at = self.start + TimeDelta::seconds(seconds);
                self.news.tell(at, Happening::Traffic(streams));
            }
            self.news.buckets = number + 1;
        }
    }

    fn stream(&self, ledger: &Ledger, bucket: &Bucket) -> Stream {
        let sums = bucket.sums;
        Stream {
            conversation: ledger.conversation.clone(),
            role: role(ledger.role).to_owned(),
            from: ledger.from.clone(),
            to: ledger.to.clone(),
            asked: sums.asked,
            answered: sums.answered,
            failed: sums.failed,
            packets: sums.packets.iter().sum(),
            bytes: sums.bytes.iter().sum(),
            bytes_out: ledger.bytes_out(sums),
            delivered_last: bucket.last.map(|at| self.moment(at)),
        }
    }
}

/// As records name it.
fn role(role: Role) -> &'static str {
    match role {
        Role::Attack => "attack",
        Role::Business => "business",
        Role::Health => "health",
        Role::Admin => "admin",
        Role::Noise => "noise",
    }
}
