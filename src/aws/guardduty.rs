//! Findings: list their ids, newest first, and fetch them page by page.
//!
//! <https://docs.aws.amazon.com/guardduty/latest/APIReference/API_ListFindings.html>

use std::collections::HashMap;

use aws_sdk_guardduty::types::{Condition, FindingCriteria, OrderBy, SortCriteria};

use super::connect::Clients;
use super::convert::finding::finding;
use super::error::Call;
use super::source::send;
use crate::model::Finding;
use crate::sources::{Reading, Sink, SourceError, SourceErrorKind};

/// The most ids that a page holds, and that one fetch takes.
const PAGE: i32 = 50;

/// Sends every finding that is not archived, newest first.
pub(super) async fn findings(clients: &Clients, sink: &Sink) -> Result<(), SourceError> {
    let detector = detector(clients).await?;
    let mut token = None;
    let mut first = true;
    loop {
        let (ids, next) = list(clients, &detector, token).await?;
        let page = get(clients, &detector, ids).await?;
        // No findings at all is an answer, too.
        if (first || !page.is_empty()) && !send(sink, Reading::Findings(page)).await {
            return Ok(());
        }
        first = false;
        if next.is_none() {
            return Ok(());
        }
        token = next;
    }
}

/// A Region has one detector or none:
/// <https://docs.aws.amazon.com/guardduty/latest/APIReference/API_ListDetectors.html>
async fn detector(clients: &Clients) -> Result<String, SourceError> {
    let call = Call::new("guardduty:ListDetectors", &clients.region);
    let detectors = clients.guardduty.list_detectors().into_paginator();
    let detectors = detectors.items().send().try_collect().await;
    let detectors = detectors.map_err(|error| call.read_error(&error))?;
    detectors.into_iter().next().ok_or_else(|| SourceError {
        kind: SourceErrorKind::NoDetector,
        message: format!(
            "GuardDuty is not enabled in {}: enable it there, or choose another Region",
            clients.region
        ),
    })
}

/// One page of ids, and the token of the next one. Both an absent and an empty token are the end.
async fn list(
    clients: &Clients,
    detector: &str,
    token: Option<String>,
) -> Result<(Vec<String>, Option<String>), SourceError> {
    let call = Call::new("guardduty:ListFindings", &clients.region);
    let live = Condition::builder().equals("false").build();
    let newest_first = SortCriteria::builder()
        .attribute_name("updatedAt")
        .order_by(OrderBy::Desc);
    let asked = token.clone();
    let answer = clients
        .guardduty
        .list_findings()
        .detector_id(detector)
        .finding_criteria(
            FindingCriteria::builder()
                .criterion("service.archived", live)
                .build(),
        )
        .sort_criteria(newest_first.build())
        .max_results(PAGE)
        .set_next_token(token)
        .send()
        .await
        .map_err(|error| call.read_error(&error))?;
    let next = answer.next_token.filter(|it| !it.is_empty());
    // A server that repeats a token would keep us here for ever.
    let next = next.filter(|it| Some(it) != asked.as_ref());
    Ok((answer.finding_ids.unwrap_or_default(), next))
}

/// The findings of these ids, in their order: AWS promises none.
async fn get(
    clients: &Clients,
    detector: &str,
    ids: Vec<String>,
) -> Result<Vec<Finding>, SourceError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let call = Call::new("guardduty:GetFindings", &clients.region);
    let answer = clients
        .guardduty
        .get_findings()
        .detector_id(detector)
        .set_finding_ids(Some(ids.clone()))
        .send()
        .await
        .map_err(|error| call.read_error(&error))?;
    let found = answer.findings.unwrap_or_default();
    Ok(in_order(&ids, found.iter().filter_map(finding).collect()))
}

/// Findings that were archived meanwhile are missing.
fn in_order(ids: &[String], found: Vec<Finding>) -> Vec<Finding> {
    let by_id = found.into_iter().map(|it| (it.id.as_str().to_owned(), it));
    let mut by_id: HashMap<String, Finding> = by_id.collect();
    ids.iter().filter_map(|id| by_id.remove(id)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_keep_the_order_of_the_list() {
        let made = |id: &str| {
            let it = aws_sdk_guardduty::types::Finding::builder().id(id).build();
            finding(&it).unwrap()
        };
        let ids = ["c", "a", "gone", "b"].map(str::to_owned);
        let ordered = in_order(&ids, vec![made("a"), made("b"), made("c")]);
        let ids: Vec<&str> = ordered.iter().map(|it| it.id.as_str()).collect();
        assert_eq!(ids, ["c", "a", "b"]);
    }
}
