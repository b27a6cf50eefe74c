//! Flow log lines from `CloudWatch` Logs.
//!
//! Only the streams of the interfaces in question are read, page by page; an empty page with a
//! token is normal, and nothing is said about the order of events.
//! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html>

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use aws_sdk_cloudwatchlogs::operation::filter_log_events::{
    FilterLogEventsError, FilterLogEventsOutput,
};
use aws_sdk_cloudwatchlogs::types::FilteredLogEvent;
use aws_sdk_ec2::error::SdkError;
use futures::{StreamExt, TryStreamExt, stream};

use super::connect::Clients;
use super::error::{Call, has_code};
use super::source::send;
use crate::model::text::visible;
use crate::model::{EniId, FlowLogDestination};
use crate::sources::{
    Coverage, FlowLine, FlowLines, FlowQuery, Reading, Sink, SourceError, SourceErrorKind,
};

/// The most stream names that one call takes.
const STREAMS: usize = 100;

/// The most events of a page.
const EVENTS: i32 = 10_000;

/// How many interfaces are looked up at once when a stream is missing.
const AT_ONCE: usize = 4;

/// Reads the lines of a flow log from the moment asked for, up to the page limit.
pub(super) async fn flows(
    clients: &Clients,
    query: &FlowQuery,
    sink: &Sink,
) -> Result<(), SourceError> {
    let mut reader = Reader {
        clients,
        group: log_group(query)?,
        query,
        sink,
        coverage: Coverage::default(),
        told: None,
    };
    let chunks = query.enis.chunks(STREAMS);
    let last = chunks.len().saturating_sub(1);
    for (at, enis) in chunks.enumerate() {
        match reader.read_streams(enis, at < last).await? {
            Next::Go => {}
            Next::Stop => return Ok(()),
        }
    }
    // What was learnt since the last page, or that there was none.
    if reader.told != Some(reader.coverage) {
        reader.hand_over(Vec::new()).await;
    }
    Ok(())
}

fn log_group(query: &FlowQuery) -> Result<&str, SourceError> {
    match &query.log.destination {
        FlowLogDestination::LogGroup(name) => Ok(name),
        FlowLogDestination::Elsewhere(arn) => Err(SourceError {
            kind: SourceErrorKind::Other,
            message: format!(
                "flow log {} writes to {arn}: only CloudWatch Logs groups are read",
                query.log.id
            ),
        }),
    }
}

/// Whether reading goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Go,
    Stop,
}

struct Reader<'a> {
    clients: &'a Clients,
    group: &'a str,
    query: &'a FlowQuery,
    sink: &'a Sink,
    coverage: Coverage,
    /// The coverage of the last page that was handed over.
    told: Option<Coverage>,
}

impl Reader<'_> {
    /// Reads the streams of a few interfaces. `more`: there are others after them.
    async fn read_streams(&mut self, enis: &[EniId], more: bool) -> Result<Next, SourceError> {
        let mut names = stream_names(enis, &self.query.log.traffic);
        let mut token = None;
        let mut looked_up = false;
        loop {
            if self.coverage.pages >= self.query.max_pages {
                self.coverage.capped = true;
                return Ok(Next::Go);
            }
            let page = match self.page(&names, token.clone()).await {
                Ok(page) => page,
                Err(error) if !looked_up && has_code(&error, "ResourceNotFoundException") => {
                    looked_up = true;
                    names = self.existing(enis, &names).await?;
                    if names.is_empty() {
                        return Ok(Next::Go);
                    }
                    continue;
                }
                Err(error) => {
                    let call = Call::new("logs:FilterLogEvents", self.group);
                    return Err(call.read_error(&error));
                }
            };
            let next = page.next_token.filter(|it| !it.is_empty());
            let next = next.filter(|it| Some(it) != token.as_ref());
            self.coverage.pages += 1;
            let full = self.coverage.pages >= self.query.max_pages;
            self.coverage.capped = full && (next.is_some() || more);
            let lines = page.events.unwrap_or_default();
            let lines = lines.into_iter().filter_map(line).collect();
            if !self.hand_over(lines).await {
                return Ok(Next::Stop);
            }
            if self.coverage.capped {
                return Ok(Next::Stop);
            }
            token = match next {
                Some(token) => Some(token),
                None => return Ok(Next::Go),
            };
        }
    }

    async fn page(
        &self,
        names: &[String],
        token: Option<String>,
    ) -> Result<FilterLogEventsOutput, SdkError<FilterLogEventsError>> {
        let request = self.clients.logs.filter_log_events();
        request
            .log_group_name(self.group)
            .set_log_stream_names(Some(names.to_vec()))
            .start_time(self.query.since.timestamp_millis())
            .limit(EVENTS)
            .set_next_token(token)
            .send()
            .await
    }

    /// Those of `names` that the group has. One missing stream fails a whole call, and interfaces
    /// without traffic have none.
    async fn existing(
        &mut self,
        enis: &[EniId],
        names: &[String],
    ) -> Result<Vec<String>, SourceError> {
        let reader = &*self;
        let reads: Vec<_> = enis.iter().map(|eni| reader.streams_of(eni)).collect();
        let found: Vec<Vec<String>> = stream::iter(reads)
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        let found: BTreeSet<String> = found.into_iter().flatten().collect();
        let (there, missing): (Vec<_>, Vec<_>) =
            names.iter().cloned().partition(|name| found.contains(name));
        self.coverage.missing_streams += missing.len();
        Ok(there)
    }

    async fn streams_of(&self, eni: &EniId) -> Result<Vec<String>, SourceError> {
        let call = Call::new("logs:DescribeLogStreams", self.group);
        let request = self.clients.logs.describe_log_streams();
        let request = request
            .log_group_name(self.group)
            .log_stream_name_prefix(format!("{eni}-"));
        let all = request.into_paginator().items().send().try_collect().await;
        let all = all.map_err(|error| call.read_error(&error))?;
        Ok(all
            .into_iter()
            .filter_map(|it| it.log_stream_name)
            .collect())
    }

    /// `false`: nobody wants the rest.
    async fn hand_over(&mut self, lines: Vec<FlowLine>) -> bool {
        self.told = Some(self.coverage);
        let page = FlowLines {
            log: self.query.log.id.clone(),
            lines,
            coverage: self.coverage,
        };
        send(self.sink, Reading::Flows(page)).await
    }
}

/// `eni-…-all`: <https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-cwl.html>
fn stream_names(enis: &[EniId], traffic: &str) -> Vec<String> {
    let suffix = traffic.to_ascii_lowercase();
    enis.iter().map(|eni| format!("{eni}-{suffix}")).collect()
}

fn line(it: FilteredLogEvent) -> Option<FlowLine> {
    let event = event(&it);
    let text = it.message?;
    let text = match visible(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(shown) => shown,
    };
    Some(FlowLine { event, text })
}

/// The same event always gets the same number, in this process and in others.
fn event(it: &FilteredLogEvent) -> u64 {
    let mut hasher = DefaultHasher::new();
    match it.event_id() {
        Some(id) => id.hash(&mut hasher),
        None => (it.log_stream_name(), it.timestamp(), it.message()).hash(&mut hasher),
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::model::FlowLog;

    #[test]
    fn only_log_groups_are_read() {
        let query = |destination| FlowQuery {
            log: FlowLog {
                id: "fl-1".to_owned(),
                resource: "vpc-1".to_owned(),
                destination,
                format: String::new(),
                aggregation_seconds: 60,
                traffic: "ALL".to_owned(),
                delivery_error: None,
            },
            enis: Vec::new(),
            since: DateTime::default(),
            max_pages: 1,
        };
        let here = query(FlowLogDestination::LogGroup("/vpc/flow".to_owned()));
        assert_eq!(log_group(&here), Ok("/vpc/flow"));
        let bucket = query(FlowLogDestination::Elsewhere(
            "arn:aws:s3:::flows".to_owned(),
        ));
        assert_eq!(
            log_group(&bucket).unwrap_err().message,
            "flow log fl-1 writes to arn:aws:s3:::flows: only CloudWatch Logs groups are read"
        );
    }

    #[test]
    fn streams_are_named_after_interface_and_traffic() {
        let enis = ["eni-1".into(), "eni-2".into()];
        for (traffic, names) in [
            ("ALL", ["eni-1-all", "eni-2-all"]),
            ("ACCEPT", ["eni-1-accept", "eni-2-accept"]),
            ("REJECT", ["eni-1-reject", "eni-2-reject"]),
        ] {
            assert_eq!(stream_names(&enis, traffic), names);
        }
    }

    #[test]
    fn an_event_read_twice_has_the_same_number() {
        let made = |id: Option<&str>, stream: &str, text: &str| {
            let it = FilteredLogEvent::builder()
                .set_event_id(id.map(str::to_owned))
                .log_stream_name(stream)
                .timestamp(1)
                .message(text)
                .build();
            line(it).unwrap().event
        };
        assert_eq!(made(Some("1"), "a", "x"), made(Some("1"), "b", "y"));
        assert_ne!(made(Some("1"), "a", "x"), made(Some("2"), "a", "x"));
        assert_eq!(made(None, "a", "x"), made(None, "a", "x"));
        assert_ne!(made(None, "a", "x"), made(None, "b", "x"));
        assert_ne!(made(None, "a", "x"), made(None, "a", "y"));
    }

    #[test]
    fn lines_are_printable_and_events_without_a_message_left_out() {
        let event = FilteredLogEvent::builder()
            .message("2 1 eni-\u{1b}")
            .build();
        assert_eq!(line(event).unwrap().text, "2 1 eni-\\u{1b}");
        assert_eq!(line(FilteredLogEvent::builder().build()), None);
    }
}
