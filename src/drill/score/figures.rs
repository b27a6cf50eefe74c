//! What is counted in the records of an exercise.

use std::collections::BTreeMap;
use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};

use super::super::scenario::Evidence as Wanted;
use super::{Stakes, Told};
use crate::flows::is_private;
use crate::model::InstanceId;
use crate::operation::Operation;
use crate::sources::{BUCKET_SECONDS, Evidence, ExerciseRecord, Happening, Stream, Undone};

/// An attack that was silent for so long, until the end, is contained.
const SILENCE: TimeDelta = TimeDelta::seconds(60);

/// What still got through in so much time before the end is a residual channel.
const LATELY: TimeDelta = TimeDelta::minutes(3);

/// Everything that is counted. Times are seconds since the first finding, or since the exercise began if
/// that was later.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Figures {
    /// Until the players first looked at the suspect, or else did or said anything.
    pub(super) detect: Option<u64>,
    /// Until their first change was made, whatever it was.
    pub(super) decide: Option<u64>,
    /// Until the attack's last packet arrived, or until the first change that was to contain it, if that was
    /// later. Absent: no such change was made, or the attack was not silent for the last minute.
    pub(super) contain: Option<u64>,
    /// Until flow logs proved that a run holds.
    pub(super) prove: Option<u64>,
    /// Packets of the attack that arrived after the first change that was to contain it.
    pub(super) attack_packets_after: u64,
    pub(super) attack_bytes_after: u64,
    /// Bytes that arrived outside of the VPC in the conversations that carry data off, since the first finding.
    pub(super) data_lost: u64,
    /// Of every business conversation between others than the suspect: time in which more of it failed than did
    /// before the first change, summed.
    pub(super) neighbour_seconds: u64,
    /// Requests of those conversations that failed, beyond the share that failed before the first change.
    pub(super) requests_lost: u64,
    /// What the scenario asks for, and what else was kept.
    pub(super) evidence: Vec<Evidence>,
    /// Whether what was changed was taken back.
    pub(super) undo: Undone,
    /// What of it was not, each in words.
    pub(super) left: Vec<String>,
    /// What of the suspect still got through to the outside at the end.
    pub(super) residual: Vec<String>,
}

/// The records, and the moments that everything is counted from.
struct Tale<'a> {
    records: &'a [ExerciseRecord],
    stakes: &'a Stakes,
    /// The first finding, or the beginning.
    base: DateTime<Utc>,
    /// The last record.
    end: DateTime<Utc>,
    suspect: Option<InstanceId>,
    /// The first change.
    changed: Option<DateTime<Utc>>,
    /// The first change that was more than evidence and bookkeeping.
    containing: Option<DateTime<Utc>>,
}

impl Figures {
    pub(super) fn of(records: &[ExerciseRecord], stakes: &Stakes, told: Told) -> Self {
        let Some(tale) = Tale::of(records, stakes) else {
            return Self::default();
        };
        let since = |at: DateTime<Utc>| u64::try_from((at - tale.base).num_seconds()).unwrap_or(0);
        let contained = tale.contained();
        let after = tale.containing.unwrap_or(tale.end);
        let (packets, bytes) = tale.sum(after, is_attack);
        let (requests_lost, neighbour_seconds) = tale.harm();
        Self {
            detect: told.looked.or_else(|| tale.first_deed()).map(since),
            decide: tale.changed.map(since),
            contain: contained.map(since),
            prove: told.proven.map(since),
            attack_packets_after: packets,
            attack_bytes_after: bytes,
            data_lost: tale.carried_off(),
            neighbour_seconds,
            requests_lost,
            evidence: tale.evidence(),
            residual: tale.residual(contained),
            undo: told.undo,
            left: Vec::new(),
        }
    }
}

impl<'a> Tale<'a> {
    fn of(records: &'a [ExerciseRecord], stakes: &'a Stakes) -> Option<Self> {
        let (first, last) = (records.first()?, records.last()?);
        let began = records.iter().find_map(|it| match &it.what {
            Happening::Began { suspect, .. } => Some((it.at, suspect)),
            _ => None,
        });
        let (began, suspect) = began.map_or((first.at, None), |(at, it)| (at, Some(it.clone())));
        let finding = records
            .iter()
            .find(|it| matches!(it.what, Happening::Detected { .. }));
        let calls = || records.iter().filter(|it| made(it).is_some());
        Some(Self {
            records,
            stakes,
            base: finding.map_or(began, |it| it.at.max(began)),
            end: last.at,
            suspect,
            changed: calls().map(|it| it.at).next(),
            containing: calls()
                .find(|it| made(it).is_some_and(|it| !is_bookkeeping(&it)))
                .map(|it| it.at),
        })
    }

    /// Streams with the moments at which their buckets end.
    fn streams(&self) -> impl Iterator<Item = (DateTime<Utc>, &'a Stream)> + use<'a> {
        let records = self.records.iter();
        records.flat_map(|record| record.streams().iter().map(|it| (record.at, it)))
    }

    /// Packets and bytes that arrived in the buckets from `from` on.
    fn sum(&self, from: DateTime<Utc>, wanted: impl Fn(&Stream) -> bool) -> (u64, u64) {
        let streams = self
            .streams()
            .filter(|(at, it)| begin(*at) >= from && wanted(it));
        streams.fold((0, 0), |(packets, bytes), (_, it)| {
            (
                packets.saturating_add(it.packets),
                bytes.saturating_add(it.bytes),
            )
        })
    }

    /// Bytes that left with the conversations that carry data off.
    fn carried_off(&self) -> u64 {
        let stolen = self.streams().filter(|(at, it)| {
            begin(*at) >= self.base && self.stakes.exfiltrating.contains(&it.conversation)
        });
        let bytes = stolen.map(|(_, it)| it.bytes_out);
        bytes.fold(0, u64::saturating_add)
    }

    fn first_deed(&self) -> Option<DateTime<Utc>> {
        let deed = |it: &&ExerciseRecord| {
            matches!(
                it.what,
                Happening::Called { .. } | Happening::Answered { .. }
            )
        };
        let mut deeds = self.records.iter().filter(deed);
        deeds.find(|it| it.at >= self.base).map(|it| it.at)
    }

    /// Since when the attack was silent, if it was until the end, and if anything was done about it.
    fn contained(&self) -> Option<DateTime<Utc>> {
        let attack = self.streams().filter(|(_, it)| is_attack(it));
        let last = attack.filter_map(|(_, it)| it.delivered_last).max();
        let acted = self.containing?.max(self.base);
        let since = last.map_or(acted, |it| it.max(acted));
        (self.end - since >= SILENCE).then_some(since)
    }

    /// Requests that others lost to the changes, and for how many seconds.
    fn harm(&self) -> (u64, u64) {
        let Some(changed) = self.changed else {
            return (0, 0);
        };
        let mut before: BTreeMap<[&str; 3], (u64, u64)> = BTreeMap::new();
        let mut after: BTreeMap<[&str; 3], Vec<&Stream>> = BTreeMap::new();
        for (at, stream) in self.streams().filter(|(_, it)| self.is_of_others(it)) {
            let key = [&stream.conversation, &stream.from, &stream.to].map(String::as_str);
            if begin(at) >= changed {
                after.entry(key).or_default().push(stream);
            } else {
                let sum = before.entry(key).or_default();
                *sum = (sum.0 + ended(stream), sum.1 + stream.failed);
            }
        }
        let all = after.iter().map(|(key, streams)| {
            let usual = before.get(key).copied().unwrap_or_default();
            harm_of(streams, usual)
        });
        all.fold((0, 0), |sum, it| (sum.0 + it.0, sum.1 + it.1))
    }

    fn is_of_others(&self, stream: &Stream) -> bool {
        stream.role == "business" && !self.is_suspect(&stream.from) && !self.is_suspect(&stream.to)
    }

    fn is_suspect(&self, name: &str) -> bool {
        let id = self.suspect.as_ref().map(InstanceId::as_str);
        id == Some(name) || self.stakes.suspect.contains(name)
    }

    fn evidence(&self) -> Vec<Evidence> {
        let kept = |wanted| match wanted {
            Wanted::Instance => self.replaced().is_none(),
            Wanted::Snapshots => self.done(|it| {
                matches!(
                    it,
                    Operation::CreateSnapshots { .. } | Operation::CreateImage { .. }
                )
            }),
            Wanted::Memory => {
                self.replaced().is_none()
                    && !self.done(|it| {
                        matches!(
                            it,
                            Operation::StopInstance {
                                hibernate: false,
                                ..
                            }
                        )
                    })
            }
        };
        let mut all: Vec<Evidence> = self
            .stakes
            .objectives
            .evidence
            .iter()
            .map(|it| (it.name(), kept(*it)))
            .map(|(name, kept)| Evidence {
                name: name.to_owned(),
                kept,
            })
            .collect();
        if self.done(|it| matches!(it, Operation::GetConsoleOutput { .. })) {
            let name = "the output of its console".to_owned();
            all.push(Evidence { name, kept: true });
        }
        all
    }

    /// When Auto Scaling replaced the suspect.
    fn replaced(&self) -> Option<DateTime<Utc>> {
        let gone = |it: &&ExerciseRecord| match &it.what {
            Happening::Replaced { instance, .. } => self.suspect.as_ref() == Some(instance),
            _ => false,
        };
        self.records.iter().find(gone).map(|it| it.at)
    }

    /// Whether such a change of the suspect was made.
    fn done(&self, wanted: impl Fn(&Operation) -> bool) -> bool {
        let about_it = |it: &Operation| match it {
            Operation::CreateSnapshots { instance, .. }
            | Operation::CreateImage { instance, .. }
            | Operation::StopInstance { instance, .. }
            | Operation::GetConsoleOutput { instance } => self.suspect.as_ref() == Some(instance),
            _ => false,
        };
        let mut calls = self.records.iter().filter_map(made);
        calls.any(|it| about_it(&it) && wanted(&it))
    }

    /// What still arrived lately, and not before the attack was silent, over ways of the attack, or between the
    /// suspect and the outside.
    fn residual(&self, contained: Option<DateTime<Utc>>) -> Vec<String> {
        let lately = (self.end - LATELY).max(contained.unwrap_or(self.base));
        let mut open: BTreeMap<[&str; 3], (bool, u64, u64)> = BTreeMap::new();
        for (_, stream) in self.streams() {
            let arrived = stream.delivered_last.is_some_and(|it| it > lately);
            if arrived && (is_attack(stream) || self.is_way_out(stream)) {
                let key = [&stream.conversation, &stream.from, &stream.to].map(String::as_str);
                let sum = open.entry(key).or_default();
                *sum = (
                    is_attack(stream),
                    sum.1 + stream.packets,
                    sum.2 + stream.bytes,
                );
            }
        }
        let mut named: Vec<(bool, String)> = open
            .into_iter()
            .map(|([name, from, to], (attack, packets, bytes))| {
                let whose = if attack { "the attack's " } else { "" };
                let line = format!(
                    "{whose}{name} ({from} to {to}): {packets} packets, {bytes} bytes at the end"
                );
                (!attack, line)
            })
            .collect();
        named.sort();
        named.into_iter().map(|(_, line)| line).collect()
    }

    /// Whether it is the suspect's with an address outside, whatever it is for.
    fn is_way_out(&self, stream: &Stream) -> bool {
        let outside = |name: &str| {
            let address: Option<IpAddr> = name.parse().ok();
            address.is_some_and(|it| !is_private(it))
        };
        (self.is_suspect(&stream.from) && outside(&stream.to))
            || (self.is_suspect(&stream.to) && outside(&stream.from))
    }
}

/// When the time begins that a record of traffic tells of.
fn begin(end: DateTime<Utc>) -> DateTime<Utc> {
    end - TimeDelta::seconds(BUCKET_SECONDS.into())
}

fn is_attack(stream: &Stream) -> bool {
    stream.role == "attack"
}

/// Exchanges of a stream that came to an end.
fn ended(stream: &Stream) -> u64 {
    stream.answered.saturating_add(stream.failed)
}

/// Requests that one conversation lost, and for how many seconds, beyond what failed of it before: so many of
/// so many that ended.
fn harm_of(streams: &[&Stream], (usual_ended, usual_failed): (u64, u64)) -> (u64, u64) {
    // In 128 bits products of two counts fit.
    let more = |failed: u64, ended: u64| {
        u128::from(failed) * u128::from(usual_ended.max(1))
            > u128::from(ended) * u128::from(usual_failed)
    };
    let failed: u64 = streams.iter().map(|it| it.failed).sum();
    let of: u64 = streams.iter().map(|it| ended(it)).sum();
    if failed == 0 || !more(failed, of) {
        return (0, 0);
    }
    let expected = u128::from(of) * u128::from(usual_failed) / u128::from(usual_ended.max(1));
    let lost = failed.saturating_sub(u64::try_from(expected).unwrap_or(u64::MAX));
    let worse = streams
        .iter()
        .filter(|it| it.failed > 0 && more(it.failed, ended(it)));
    (
        lost,
        u64::from(BUCKET_SECONDS).saturating_mul(worse.count().try_into().unwrap_or(0)),
    )
}

/// The change that a record tells of, if it was made.
fn made(record: &ExerciseRecord) -> Option<Operation> {
    match &record.what {
        Happening::Called {
            operation, outcome, ..
        } if outcome.is_made() => serde_json::from_value(operation.clone()).ok(),
        _ => None,
    }
}

/// Whether a change only keeps evidence and order: it is not meant to contain anything.
fn is_bookkeeping(operation: &Operation) -> bool {
    matches!(
        operation,
        Operation::SetTags { .. }
            | Operation::SetAttribute { .. }
            | Operation::CreateSnapshots { .. }
            | Operation::CreateImage { .. }
            | Operation::GetConsoleOutput { .. }
    )
}
