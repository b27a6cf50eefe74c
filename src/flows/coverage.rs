//! What an edge table rests on: how much was read, and what is missing.
//!
//! An answer from a table is worth as much as its coverage: skipped records mean that nobody knows
//! what happened, not that nothing did.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::bad_line::BadLine;
use crate::model::{EniId, FlowRecord, LogStatus};

/// How much a table has read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableCoverage {
    /// Records, each event once.
    pub records: u64,
    /// Records that were read again, and not counted again.
    pub duplicates: u64,
    /// Records that say that an interface had no traffic.
    pub no_data: u64,
    /// Records that say that others were skipped: each stands for an unknown number of flows.
    pub skip_data: u64,
    /// Ordinary records without addresses, protocol or action: they are no part of any edge.
    pub incomplete: u64,
    /// Records without an interface.
    pub without_eni: u64,
    /// Lines that could not be read.
    pub bad_lines: u64,
    /// The first different reasons for that, five at the most.
    pub bad_reasons: Vec<BadLine>,
    /// Start of the oldest record.
    pub oldest_start: Option<DateTime<Utc>>,
    /// End of the newest record.
    pub newest_end: Option<DateTime<Utc>>,
    /// By interface. At the most [`TableCoverage::ENIS`]; others are missing here.
    pub enis: BTreeMap<EniId, EniCoverage>,
}

/// How much was read of one interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EniCoverage {
    /// Start of its oldest record.
    pub oldest_start: DateTime<Utc>,
    /// End of its newest record: the log is complete up to about this moment.
    pub newest_end: DateTime<Utc>,
    /// The last window in which records were skipped.
    pub last_skip: Option<Window>,
}

/// A window of time, ordered by its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Window {
    /// Its end.
    pub end: DateTime<Utc>,
    /// Its start.
    pub start: DateTime<Utc>,
}

impl TableCoverage {
    /// Interfaces that are followed one by one at the most.
    pub const ENIS: usize = 50_000;
    const REASONS: usize = 5;

    pub(super) fn add(&mut self, record: &FlowRecord) {
        self.records += 1;
        match record.status {
            LogStatus::Ok => {}
            LogStatus::NoData => self.no_data += 1,
            LogStatus::SkipData => self.skip_data += 1,
        }
        let oldest = self.oldest_start.unwrap_or(record.start);
        self.oldest_start = Some(oldest.min(record.start));
        self.newest_end = self.newest_end.max(Some(record.end));
        match &record.eni {
            None => self.without_eni += 1,
            Some(eni) => self.add_eni(eni, record),
        }
    }

    pub(super) fn add_bad(&mut self, reason: BadLine) {
        self.bad_lines += 1;
        if self.bad_reasons.len() < Self::REASONS && !self.bad_reasons.contains(&reason) {
            self.bad_reasons.push(reason);
        }
    }

    fn add_eni(&mut self, eni: &EniId, record: &FlowRecord) {
        let is_full = self.enis.len() >= Self::ENIS;
        match self.enis.get_mut(eni) {
            Some(known) => known.add(record),
            None if is_full => {}
            None => {
                self.enis.insert(eni.clone(), EniCoverage::of(record));
            }
        }
    }
}

impl EniCoverage {
    fn of(record: &FlowRecord) -> Self {
        Self {
            oldest_start: record.start,
            newest_end: record.end,
            last_skip: skipped(record),
        }
    }

    fn add(&mut self, record: &FlowRecord) {
        self.oldest_start = self.oldest_start.min(record.start);
        self.newest_end = self.newest_end.max(record.end);
        self.last_skip = self.last_skip.max(skipped(record));
    }
}

fn skipped(record: &FlowRecord) -> Option<Window> {
    (record.status == LogStatus::SkipData).then_some(Window {
        end: record.end,
        start: record.start,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flows::Format;

    fn coverage(lines: &[&str]) -> TableCoverage {
        let format = Format::parse("interface-id start end log-status").unwrap();
        let mut coverage = TableCoverage::default();
        for line in lines {
            match format.record(line.as_bytes()) {
                Ok(record) => coverage.add(&record),
                Err(reason) => coverage.add_bad(reason),
            }
        }
        coverage
    }

    #[test]
    fn windows_are_kept_by_interface_whatever_the_order() {
        let lines = [
            "eni-a 60 120 OK",
            "eni-a 120 180 SKIPDATA",
            "eni-a 0 60 SKIPDATA",
            "eni-b 180 240 NODATA",
            "- 300 360 OK",
        ];
        let forward = coverage(&lines);
        let backward = coverage(&lines.iter().rev().copied().collect::<Vec<_>>());
        assert_eq!(forward, backward);
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        let a = forward.enis[&EniId::new("eni-a")];
        let skip = Window {
            end: at(180),
            start: at(120),
        };
        assert_eq!(a.last_skip, Some(skip));
        assert_eq!((a.oldest_start, a.newest_end), (at(0), at(180)));
        assert_eq!(forward.enis[&EniId::new("eni-b")].last_skip, None);
        assert_eq!(
            (forward.records, forward.no_data, forward.skip_data),
            (5, 1, 2)
        );
        assert_eq!(forward.without_eni, 1);
        assert_eq!(
            (forward.oldest_start, forward.newest_end),
            (Some(at(0)), Some(at(360)))
        );
    }

    #[test]
    fn the_first_five_different_reasons_are_kept_and_every_bad_line_counts() {
        let lines: Vec<String> = (0..20).map(|n| format!("eni-a x{} 1 OK", n / 2)).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let coverage = coverage(&lines);
        assert_eq!(coverage.bad_lines, 20);
        let reasons: Vec<String> = coverage
            .bad_reasons
            .iter()
            .map(BadLine::to_string)
            .collect();
        assert_eq!(reasons.len(), 5);
        assert_eq!(reasons[4], "start: x4 is not a whole number");
    }
}
