//! One record of a VPC flow log.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::id::{EniId, InstanceId, SubnetId, VpcId};

/// One flow log record: one flow on one network interface in one aggregation window.
///
/// Fields: <https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html>. A field that the
/// log's format lacks, or that is `-`, is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowRecord {
    /// `interface-id`. `None` for records of a regional NAT gateway.
    pub eni: Option<EniId>,
    /// `vpc-id`
    pub vpc: Option<VpcId>,
    /// `subnet-id`
    pub subnet: Option<SubnetId>,
    /// `instance-id`
    pub instance: Option<InstanceId>,
    /// `srcaddr`: on the sender's own interface its primary private address.
    pub src: Option<IpAddr>,
    /// `dstaddr`
    pub dst: Option<IpAddr>,
    /// `srcport`; 0 for ICMP.
    pub src_port: Option<u16>,
    /// `dstport`; 0 for ICMP.
    pub dst_port: Option<u16>,
    /// `pkt-srcaddr`: the packet's own source behind a NAT gateway or pod.
    pub pkt_src: Option<IpAddr>,
    /// `pkt-dstaddr`
    pub pkt_dst: Option<IpAddr>,
    /// `protocol`: the IANA number.
    pub protocol: Option<u8>,
    /// `packets` in the window.
    pub packets: u64,
    /// `bytes` in the window.
    pub bytes: u64,
    /// `start` of the window.
    pub start: DateTime<Utc>,
    /// `end` of the window.
    pub end: DateTime<Utc>,
    /// `action`
    pub action: Option<FlowAction>,
    /// `log-status`; a format without it is taken as `OK`.
    pub status: LogStatus,
    /// `tcp-flags`, or-ed over the window.
    pub tcp_flags: Option<TcpFlags>,
    /// `flow-direction` relative to the interface.
    pub direction: Option<FlowDirection>,
    /// `traffic-path` of egress traffic, 1 to 8.
    pub traffic_path: Option<u8>,
    /// `next-hop-interface-type`: `nat_gateway`, `vpc_endpoint`, ...
    pub next_hop_type: Option<Box<str>>,
    /// `pkt-dst-aws-service`
    pub dst_service: Option<Box<str>>,
    /// `reject-reason`
    pub reject_reason: Option<Box<str>>,
}

impl FlowRecord {
    /// A record that says nothing but its window: what a parser starts from.
    pub fn empty(start: DateTime<Utc>, end: DateTime<Utc>) -> Self {
        Self {
            eni: None,
            vpc: None,
            subnet: None,
            instance: None,
            src: None,
            dst: None,
            src_port: None,
            dst_port: None,
            pkt_src: None,
            pkt_dst: None,
            protocol: None,
            packets: 0,
            bytes: 0,
            start,
            end,
            action: None,
            status: LogStatus::Ok,
            tcp_flags: None,
            direction: None,
            traffic_path: None,
            next_hop_type: None,
            dst_service: None,
            reject_reason: None,
        }
    }
}

/// Whether groups and NACLs together let the traffic through. The log does not say which decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum FlowAction {
    /// Let through.
    Accept,
    /// Dropped; also written for packets that arrive after their connection was closed.
    Reject,
}

/// Direction relative to the network interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum FlowDirection {
    /// Towards the interface.
    Ingress,
    /// Away from it.
    Egress,
}

/// What the record is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogStatus {
    /// An ordinary record.
    Ok,
    /// The interface had no traffic in the window.
    NoData,
    /// Records were skipped: what happened in the window is unknown, not silent.
    SkipData,
}

/// TCP flags seen in a window, or-ed together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TcpFlags(pub u8);

impl TcpFlags {
    /// SYN without ACK was seen: the sender opened the connection in this window.
    pub fn opens(self) -> bool {
        self.0 & 0b1_0010 == 0b10
    }

    /// SYN-ACK was seen: the sender answered in this window.
    pub fn answers(self) -> bool {
        self.0 & 0b1_0010 == 0b1_0010
    }
}
