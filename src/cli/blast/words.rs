//! What table and markdown both say.

use super::Review;
use crate::analysis::{BLIND_SPOTS, Verdict};
use crate::plan::{Line, Totals};

/// Lines of a list that are written for people at the most.
const SHOWN: usize = 50;

/// The three lists: heading, what is in it, its lines.
pub(super) fn lists(review: &Review) -> [(&'static str, &'static str, &[Line]); 3] {
    let ledger = &review.ledger;
    [
        (
            "cut",
            "ended at once, one way only, or blocked for a while",
            &ledger.cut,
        ),
        (
            "survives",
            "goes on though a new one would be refused, or until it idles out",
            &ledger.survives,
        ),
        ("unknown", "not known", &ledger.unknown),
    ]
}

/// The lines that are written, and a sentence about the others.
pub(super) fn shown(lines: &[Line]) -> (&[Line], Option<String>) {
    match lines.split_at_checked(SHOWN) {
        Some((shown, rest)) if !rest.is_empty() => {
            let more = format!("and {} more: --output json has all", rest.len());
            (shown, Some(more))
        }
        _ => (lines, None),
    }
}

/// The names of the columns of a list.
pub(super) const COLUMNS: [&str; 7] = [
    "bytes/min",
    "whose",
    "flow",
    "interfaces",
    "verdict",
    "grade",
    "decided by",
];

/// The cells of a flow.
pub(super) fn cells(line: &Line) -> [String; 7] {
    let enis: Vec<&str> = line.enis.iter().map(crate::model::id::Id::as_str).collect();
    [
        line.bytes_per_minute.to_string(),
        line.party.name().to_owned(),
        line.flow.to_string(),
        enis.join(", "),
        verdict(line.verdict),
        line.grade.name().to_owned(),
        line.decided_by.clone().unwrap_or_else(|| line.why.clone()),
    ]
}

fn verdict(verdict: Verdict) -> String {
    match verdict {
        Verdict::Expires(seconds) => format!("expires in {seconds} s"),
        other => other.name().to_owned(),
    }
}

/// The names of the columns of the totals.
pub(super) const TOTALS: [&str; 7] = [
    "flows of",
    "all",
    "cut",
    "survive",
    "unknown",
    "unaffected",
    "bytes/min cut",
];

/// The totals, a row for each party. Without a suspect there is one.
pub(super) fn totals(review: &Review) -> Vec<[String; 7]> {
    let row = |name: &str, totals: &Totals| {
        [
            name.to_owned(),
            totals.flows.total().to_string(),
            totals.cut().to_string(),
            totals.survives().to_string(),
            totals.flows.unknown.to_string(),
            totals.unaffected().to_string(),
            totals.bytes_per_minute_cut.to_string(),
        ]
    };
    let mut rows = Vec::new();
    if review.has_suspect {
        rows.push(row("suspect", &review.ledger.suspect));
    }
    rows.push(row("neighbours", &review.ledger.neighbours));
    rows
}

/// How far the change reaches, in one line.
pub(super) fn reach(review: &Review) -> String {
    let reach = &review.ledger.reach;
    let mut words = format!(
        "{}, {}",
        counted(reach.scope.len(), "interface"),
        counted(reach.subnets.len(), "subnet")
    );
    if !reach.dependents.is_empty() {
        let ids: Vec<&str> = reach
            .dependents
            .iter()
            .map(crate::model::id::Id::as_str)
            .collect();
        let depend = "which depend on a NAT gateway or endpoint there";
        words = format!("{words}; also {}, {depend}", ids.join(", "));
    }
    words
}

/// The pages that the listed flows rest on, each once.
pub(super) fn sources(review: &Review) -> Vec<&'static str> {
    let shown = lists(review)
        .into_iter()
        .flat_map(|(_, _, lines)| shown(lines).0);
    let mut sources: Vec<&str> = shown.map(|it| it.source).collect();
    sources.sort_unstable();
    sources.dedup();
    sources
}

/// What no flow log shows.
pub(super) fn blind_spots() -> String {
    let names = BLIND_SPOTS.map(|it| it.name).join(", ");
    format!("no flow log shows, and nothing filters: {names}")
}

/// `1 flow`, `2 flows`
pub(super) fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}
