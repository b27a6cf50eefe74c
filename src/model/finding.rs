//! `GuardDuty` findings, reduced to what containment needs.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::id::{EniId, FindingId, InstanceId, SubnetId, VpcId};
use super::network::Direction;

/// One `GuardDuty` finding.
///
/// Fields: <https://docs.aws.amazon.com/guardduty/latest/APIReference/API_GetFindings.html>.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The finding's id.
    pub id: FindingId,
    /// Its type, e.g. `Backdoor:EC2/C&CActivity.B`.
    pub kind: String,
    /// 1.0 to 10.0.
    pub severity: Severity,
    /// One line of prose by `GuardDuty`.
    pub title: String,
    /// A paragraph by `GuardDuty`.
    pub description: String,
    /// The account that owns the resource.
    pub account: String,
    /// The Region of the resource.
    pub region: String,
    /// When it was first raised.
    pub created: DateTime<Utc>,
    /// When it was last updated: later occurrences are folded into the same finding.
    pub updated: DateTime<Utc>,
    /// How many occurrences were folded.
    pub count: u64,
    /// Made by `CreateSampleFindings`: its resources don't exist, so it is never containable.
    pub sample: bool,
    /// `resource.resourceType`: `Instance`, `AccessKey`, ...
    pub resource_type: String,
    /// Every instance that it names: one, or for an attack sequence several.
    pub instances: Vec<InstanceId>,
    /// Network interfaces that it names.
    pub enis: Vec<EniId>,
    /// Subnets that it names.
    pub subnets: Vec<SubnetId>,
    /// VPCs that it names.
    pub vpcs: Vec<VpcId>,
    /// What was seen.
    pub action: FindingAction,
    /// Remote addresses that it names: `GuardDuty` keeps only the latest of each occurrence.
    pub remotes: Vec<Remote>,
}

impl Finding {
    /// Whether a containment may start from this finding, or why not.
    pub fn containable(&self) -> Result<&InstanceId, &'static str> {
        if self.sample {
            return Err("a sample finding: its instance does not exist");
        }
        self.instances.first().ok_or("it names no EC2 instance")
    }
}

/// A severity from 1.0 to 10.0.
///
/// Bands: <https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings-severity.html>.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
pub struct Severity(pub f64);

impl Severity {
    /// `Critical`, `High`, `Medium` or `Low`.
    pub fn band(self) -> &'static str {
        match self.0 {
            s if s >= 9.0 => "Critical",
            s if s >= 7.0 => "High",
            s if s >= 4.0 => "Medium",
            _ => "Low",
        }
    }
}

/// What `GuardDuty` saw: one variant per `service.action.actionType`, and the two families of
/// findings that carry no action.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum FindingAction {
    /// `NETWORK_CONNECTION`.
    NetworkConnection {
        /// Who opened it, seen from the instance; absent when `GuardDuty` says `UNKNOWN`.
        direction: Option<Direction>,
        /// `TCP`, `UDP`, ...
        protocol: String,
        /// Port on the instance.
        local_port: Option<u16>,
        /// Port on the remote side.
        remote_port: Option<u16>,
        /// Whether the connection was blocked.
        blocked: bool,
    },
    /// `PORT_PROBE`.
    PortProbe {
        /// Probed ports of the instance.
        ports: Vec<u16>,
        /// Whether the probe was blocked.
        blocked: bool,
    },
    /// `DNS_REQUEST`.
    DnsRequest {
        /// The domain that was asked for.
        domain: String,
        /// Whether the request was blocked.
        blocked: bool,
    },
    /// `AWS_API_CALL`.
    AwsApiCall {
        /// E.g. `ListBuckets`.
        api: String,
        /// E.g. `s3.amazonaws.com`.
        service: String,
    },
    /// A Runtime Monitoring finding: it names a process.
    Runtime {
        /// The process's executable path, or its name.
        process: String,
    },
    /// An attack sequence: several signals.
    AttackSequence {
        /// How many signals it holds.
        signals: usize,
    },
    /// Any other action, by its name, or a finding without one.
    Other(String),
}

/// The remote side of a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remote {
    /// Its address.
    pub address: IpAddr,
    /// Its port, where the finding says one.
    pub port: Option<u16>,
    /// Country and organisation as `GuardDuty` names them.
    pub place: String,
}
