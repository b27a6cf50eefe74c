//! What the world counted in an exercise: conversations before and after the first change, and over time.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::shown;
use crate::executor::{Recorded, RunEventKind};
use crate::sources::{BUCKET_SECONDS, ExerciseRecord, Happening, Stream};

/// A conversation that spoke no more for so long has ended.
const SILENCE: TimeDelta = TimeDelta::seconds(60);

/// Columns that a plot has at the most.
const COLUMNS: u32 = 180;

/// A conversation of the exercise. A record of traffic tells of ten seconds: those in which the first change
/// was made count as before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Conversation {
    /// Its name in the scenario.
    pub name: String,
    /// `attack`, `business`, `health`, `admin` or `noise`.
    pub role: String,
    /// Who opens it.
    pub from: String,
    /// Whom it is with.
    pub to: String,
    /// Until the first change.
    pub before: Totals,
    /// After it.
    pub after: Totals,
    /// When the last packet arrived; `null`: none did.
    pub last: Option<DateTime<Utc>>,
    /// None arrived in the last minute of the exercise.
    pub silent: bool,
}

/// What was counted of a conversation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Exchanges that were answered.
    pub answered: u64,
    /// Exchanges that failed.
    pub failed: u64,
    /// Packets that arrived, both ways.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// What arrived and what failed over time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Plot {
    /// When the first column begins.
    pub from: DateTime<Utc>,
    /// The time of a column, in seconds.
    pub seconds: u32,
    /// Packets of the attack that arrived, column by column.
    pub attack_packets: Vec<u64>,
    /// Requests of business conversations that failed, column by column.
    pub requests_failed: Vec<u64>,
}

impl Conversation {
    /// What became of it, in words.
    pub fn fate(&self) -> String {
        let failed = self.after.failed > 0;
        match (self.last, self.silent) {
            (None, _) if failed => "fails".into(),
            (None, _) => "never spoke".into(),
            (Some(at), true) => format!("silent since {}", at.format("%H:%M:%S")),
            (Some(_), false) if failed => "goes on, after failures".into(),
            (Some(_), false) => "goes on".into(),
        }
    }
}

impl Totals {
    fn add(&mut self, stream: &Stream) {
        let sum = |a: &mut u64, b: u64| *a = a.saturating_add(b);
        sum(&mut self.answered, stream.answered);
        sum(&mut self.failed, stream.failed);
        sum(&mut self.packets, stream.packets);
        sum(&mut self.bytes, stream.bytes);
    }
}

/// When the first call was made, as the world knows it; else as the journals of the runs do.
pub(super) fn first_change(runs: &[Recorded], records: &[ExerciseRecord]) -> Option<DateTime<Utc>> {
    let made = records
        .iter()
        .find(|it| matches!(&it.what, Happening::Called { outcome, .. } if outcome.is_made()));
    let sent = runs.iter().flat_map(|it| &it.events);
    let sent = sent.filter(|it| matches!(it.kind, RunEventKind::Intend { .. }));
    made.map(|it| it.at).or_else(|| sent.map(|it| it.at).min())
}

/// The conversations: those of the attack first, then those that lost most.
pub(super) fn conversations(
    records: &[ExerciseRecord],
    changed: Option<DateTime<Utc>>,
) -> Vec<Conversation> {
    let end = records.last().map_or(DateTime::UNIX_EPOCH, |it| it.at);
    let mut all: BTreeMap<[&str; 3], Conversation> = BTreeMap::new();
    for (at, stream) in streams(records) {
        let key = [&stream.conversation, &stream.from, &stream.to].map(String::as_str);
        let it = all.entry(key).or_insert_with(|| Conversation {
            name: shown(&stream.conversation),
            role: shown(&stream.role),
            from: shown(&stream.from),
            to: shown(&stream.to),
            before: Totals::default(),
            after: Totals::default(),
            last: None,
            silent: true,
        });
        let begins = at - TimeDelta::seconds(BUCKET_SECONDS.into());
        let after = changed.is_some_and(|changed| begins >= changed);
        if after { &mut it.after } else { &mut it.before }.add(stream);
        it.last = it.last.max(stream.delivered_last);
        it.silent = it.last.is_none_or(|last| end - last >= SILENCE);
    }
    let mut all: Vec<Conversation> = all.into_values().collect();
    let order = |it: &Conversation| (it.role != "attack", std::cmp::Reverse(it.after.failed));
    all.sort_by_key(order);
    all
}

/// `None`: nothing was counted.
pub(super) fn plot(records: &[ExerciseRecord]) -> Option<Plot> {
    let (first, last) = (records.first()?.at, records.last()?.at);
    streams(records).next()?;
    let span = u32::try_from((last - first).num_seconds().max(1)).unwrap_or(u32::MAX);
    let buckets = span.div_ceil(BUCKET_SECONDS);
    let seconds = buckets.div_ceil(COLUMNS).saturating_mul(BUCKET_SECONDS);
    let columns = usize::try_from(span.div_ceil(seconds)).unwrap_or(0);
    let mut plot = Plot {
        from: first,
        seconds,
        attack_packets: vec![0; columns],
        requests_failed: vec![0; columns],
    };
    for (at, stream) in streams(records) {
        // The record stands at the end of its ten seconds; their middle decides.
        let middle = (at - first).num_seconds() - i64::from(BUCKET_SECONDS / 2);
        let column = usize::try_from(middle.max(0) / i64::from(seconds)).unwrap_or(0);
        let (lane, number) = match stream.role.as_str() {
            "attack" => (&mut plot.attack_packets, stream.packets),
            "business" => (&mut plot.requests_failed, stream.failed),
            _ => continue,
        };
        if let Some(it) = lane.get_mut(column) {
            *it = it.saturating_add(number);
        }
    }
    Some(plot)
}

/// Streams with the moments at which their ten seconds end.
fn streams(records: &[ExerciseRecord]) -> impl Iterator<Item = (DateTime<Utc>, &Stream)> {
    let records = records.iter();
    records.flat_map(|record| record.streams().iter().map(|it| (record.at, it)))
}
