//! Gates: what must not be in a ledger.

use std::str::FromStr;

use super::Review;
use crate::plan::Ledger;

/// A gate of `--fail-on`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gate {
    /// No neighbour's flow may be cut.
    Neighbours,
    /// Not more than so many of the neighbours' bytes per minute may be cut.
    Bytes(u64),
    /// Every flow must be known, and what becomes of it.
    Unknown,
}

impl FromStr for Gate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bytes = || text.strip_prefix("bytes=")?.parse().ok().map(Self::Bytes);
        match text {
            "neighbours" => Ok(Self::Neighbours),
            "unknown" => Ok(Self::Unknown),
            _ => bytes().ok_or_else(|| "neighbours, bytes=N or unknown".to_owned()),
        }
    }
}

impl Gate {
    /// Why a review does not pass; `None`: it does.
    pub(super) fn failure(self, review: &Review) -> Option<String> {
        let Ledger {
            neighbours,
            unknown,
            ..
        } = &review.ledger;
        let (cut, bytes) = (neighbours.cut(), neighbours.bytes_per_minute_cut);
        match self {
            Self::Neighbours => (cut > 0)
                .then(|| format!("--fail-on neighbours: flows of neighbours that are cut: {cut}")),
            Self::Bytes(limit) => (bytes > limit).then(|| {
                format!("--fail-on bytes={limit}: {bytes} bytes per minute of neighbours are cut")
            }),
            Self::Unknown => {
                let doubts = review.flow_doubts().count();
                (!unknown.is_empty() || doubts > 0).then(|| {
                    format!(
                        "--fail-on unknown: flows that are unknown: {}; doubts about flows: {doubts}",
                        unknown.len()
                    )
                })
            }
        }
    }
}
