//! Flow log records: counts per flow, interface and window, and the line that is written of them.

use std::net::IpAddr;

use chrono::{DateTime, Utc};

use crate::model::{Direction, Eni, EniId, FlowAction};

/// The format of the drill's flow log, version 5:
/// <https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html>
pub const FORMAT: &str = "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} \
${dstport} ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status} ${vpc-id} \
${subnet-id} ${instance-id} ${tcp-flags} ${type} ${pkt-srcaddr} ${pkt-dstaddr} ${flow-direction} \
${traffic-path}";

/// A line of the log, at the moment at which it could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) emitted: DateTime<Utc>,
    pub(super) eni: EniId,
    pub(super) text: String,
}

/// What one record counts apart from others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) eni: EniId,
    pub(super) direction: Direction,
    pub(super) action: FlowAction,
    pub(super) protocol: u8,
    /// As the interface names the ends: its own is its primary address.
    pub(super) src: IpAddr,
    pub(super) dst: IpAddr,
    pub(super) src_port: u16,
    pub(super) dst_port: u16,
    /// As the packet names them.
    pub(super) packet_src: IpAddr,
    pub(super) packet_dst: IpAddr,
    /// `traffic-path`, of egress alone.
    pub(super) traffic_path: Option<u8>,
}

/// What was counted of a flow in a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) packets: u64,
    pub(super) bytes: u64,
    pub(super) flags: u8,
    pub(super) first: DateTime<Utc>,
    pub(super) last: DateTime<Utc>,
}

impl Tally {
    /// Adds what was seen after it.
    pub(super) fn add(&mut self, more: &Self) {
        self.packets = self.packets.saturating_add(more.packets);
        self.bytes = self.bytes.saturating_add(more.bytes);
        self.flags |= more.flags;
        self.last = self.last.max(more.last);
    }
}

/// One line in [`FORMAT`].
pub(super) fn line(account: &str, eni: &Eni, key: &Key, tally: &Tally) -> String {
    let action = match key.action {
        FlowAction::Accept => "ACCEPT",
        FlowAction::Reject => "REJECT",
    };
    let family = if key.src.is_ipv4() { "IPv4" } else { "IPv6" };
    let path = key
        .traffic_path
        .map_or_else(|| "-".to_owned(), |it| it.to_string());
    format!(
        "5 {account} {} {} {} {} {} {} {} {} {} {} {action} OK {} {} {} {} {family} {} {} {} {path}",
        key.eni,
        key.src,
        key.dst,
        key.src_port,
        key.dst_port,
        key.protocol,
        tally.packets,
        tally.bytes,
        tally.first.timestamp(),
        tally.last.timestamp(),
        eni.vpc,
        eni.subnet,
        instance(eni),
        tally.flags,
        key.packet_src,
        key.packet_dst,
        key.direction.name(),
    )
}

/// The line for a window in which an interface saw nothing.
pub(super) fn no_data(
    account: &str,
    eni: &Eni,
    start: DateTime<Utc>,
    end: DateTime<Utc>,
) -> String {
    format!(
        "5 {account} {} - - - - - - - {} {} - NODATA {} {} {} - - - - - -",
        eni.id,
        start.timestamp(),
        end.timestamp(),
        eni.vpc,
        eni.subnet,
        instance(eni),
    )
}

fn instance(eni: &Eni) -> &str {
    eni.instance.as_ref().map_or("-", |it| it.as_str())
}
