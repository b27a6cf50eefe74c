//! What a source is asked, and what it answers.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use tokio::sync::mpsc;

use crate::model::{EniId, Finding, FlowLog, InstanceId, Part, PartKind, VpcId};

/// Something that findings, an estate and flow logs can be read from: an account, or a drill.
pub trait Source: Send + Sync {
    /// Answers one request with as many readings as it takes, each sent to `sink` as soon as it is
    /// there. Returns once the answer is complete.
    ///
    /// The future may be dropped at any point.
    fn read(&self, request: Request, sink: Sink) -> BoxFuture<'_, Result<(), SourceError>>;
}

/// Where a source sends its readings. A closed sink means that nobody wants the rest.
pub type Sink = mpsc::Sender<Reading>;

/// A question.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// Who is asking, where?
    Identity,
    /// All findings that are not archived, newest first.
    Findings,
    /// In which VPCs are these instances?
    Locate(Vec<InstanceId>),
    /// One part of the estate.
    Part {
        /// Which.
        kind: PartKind,
        /// Of what.
        scope: Scope,
    },
    /// Lines of a flow log.
    Flows(FlowQuery),
}

/// What the estate is limited to: never a whole account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// VPCs.
    pub vpcs: BTreeSet<VpcId>,
    /// The instances of these VPCs, once they are known: volumes and memberships are asked by them.
    pub instances: Vec<InstanceId>,
}

/// Which flow log lines are wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct FlowQuery {
    /// The flow log to read.
    pub log: FlowLog,
    /// The interfaces whose streams are read.
    pub enis: Vec<EniId>,
    /// Only events from this moment on.
    pub since: DateTime<Utc>,
    /// Pages at the most.
    pub max_pages: usize,
}

/// A part of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    /// To [`Request::Identity`].
    Identity(Identity),
    /// To [`Request::Findings`]: a page.
    Findings(Vec<Finding>),
    /// To [`Request::Locate`].
    Located(Vec<VpcId>),
    /// To [`Request::Part`]: the whole part.
    Part(Part),
    /// To [`Request::Flows`]: a page.
    Flows(FlowLines),
}

/// Who is asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Account id: 12 digits.
    pub account: String,
    /// ARN of the caller, made printable.
    pub arn: String,
    /// Region.
    pub region: String,
}

impl Identity {
    /// The caller's short name: role or user.
    pub fn caller(&self) -> &str {
        let resource = self.arn.rsplit(':').next().unwrap_or(&self.arn);
        let mut parts = resource.split('/');
        let kind = parts.next().unwrap_or(resource);
        parts.next().unwrap_or(kind)
    }
}

/// A page of flow log lines.
#[derive(Debug, Clone, PartialEq)]
pub struct FlowLines {
    /// The id of the flow log that they are from, whose format they have.
    pub log: String,
    /// The lines.
    pub lines: Vec<FlowLine>,
    /// How far reading got with this page.
    pub coverage: Coverage,
}

/// One line of a flow log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowLine {
    /// Identifies the event: the same line read twice has the same one.
    pub event: u64,
    /// The record, in the log's format.
    pub text: String,
}

/// How far a query for flow log lines got.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Pages read.
    pub pages: usize,
    /// Reading stopped at the page limit: there is more.
    pub capped: bool,
    /// Streams asked for that the log group does not have.
    pub missing_streams: usize,
}

/// Why a source could not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SourceError {
    /// What kind of failure.
    pub kind: SourceErrorKind,
    /// What failed and what to do next: one line, made printable.
    pub message: String,
}

/// Kinds of failures to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceErrorKind {
    /// The caller lacks a permission, named as IAM does.
    Denied(String),
    /// Too many calls.
    Throttled,
    /// No credentials, or ones that AWS does not accept.
    Credentials,
    /// The endpoint does not answer.
    Unreachable,
    /// The Region has no `GuardDuty` detector.
    NoDetector,
    /// The source is a dump that does not hold it.
    Absent,
    /// Anything else.
    Other,
}
