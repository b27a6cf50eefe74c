//! The report for a program: the fields of [`Report`], as they are named there.

use super::Report;

pub(super) fn page(report: &Report) -> String {
    // A report is made of texts, numbers and lists: nothing that could fail to be written.
    let text = serde_json::to_string_pretty(report).unwrap_or_default();
    text + "\n"
}
