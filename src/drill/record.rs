//! Flow log records: what was counted of a flow in a window, and the line that is written of it in the
//! format that the flow log was made with.
//!
//! Lines are written when somebody reads them, so that nobody pays for those that nobody does.
//!
//! These fields are always `-`, as AWS writes what does not apply to a record or can't be computed
//! (<https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html>):
//!
//! - `reject-reason` names VPC Block Public Access alone. What groups and network ACLs reject has no reason
//!   there, and no world has Block Public Access:
//!   <https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa.html>.
//! - `encryption-status` is of VPCs with encryption controls, which no world has:
//!   <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-encryption-controls.html>.
//! - `pkt-src-aws-service`, `pkt-dst-aws-service`: an address in AWS's published ranges. Addresses of scenarios
//!   are those that are kept for documents, which are in none of them:
//!   <https://docs.aws.amazon.com/vpc/latest/userguide/aws-ip-ranges.html>.
//! - `sublocation-*` is of Wavelength Zones, Local Zones and Outposts, `resource-id` of regional NAT gateways,
//!   `ecs-*` of ECS tasks with their cluster and container, `interface-tag*` and `asg-tag*` of tags that a
//!   scenario gives to instances alone.
//! - `tgw-*`, `resource-type` and `packets-lost-*` are of flow logs of transit gateways, which are others.
//! - `next-hop-*`: AWS documents whose interface it is, the receiver's of what leaves and the sender's of what
//!   arrives, but not which one it is behind load balancers, endpoints and gateways. Nobody is to learn from
//!   a drill what a real log may not say.
//!
//! `flow-direction` is always there, `traffic-path` on what leaves by a way that AWS has a number for.

use std::fmt::Write;
use std::sync::Arc;

use super::net::Micros;
use super::traffic::{Key, Tally};
use crate::flows::Field;
use crate::model::{Direction, EniId, EniKind, InstanceId, SubnetId, VpcId};

/// The format of the drill's flow log, version 5:
/// <https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html>
pub const FORMAT: &str = "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} \
${dstport} ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status} ${vpc-id} \
${subnet-id} ${instance-id} ${tcp-flags} ${type} ${pkt-srcaddr} ${pkt-dstaddr} ${flow-direction} \
${traffic-path}";

/// A line of the log to be.
#[derive(Debug, Clone)]
pub(super) struct Record {
    /// When its window began and ended.
    pub(super) opened: Micros,
    pub(super) closed: Micros,
    pub(super) owner: Arc<Owner>,
    pub(super) what: What,
}

/// What a record says.
#[derive(Debug, Clone)]
pub(super) enum What {
    /// A flow was seen.
    Flow(Key, Tally),
    /// None was.
    Nothing,
    /// Nobody knows what was.
    Skipped,
}

/// Whose record it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) eni: EniId,
    pub(super) vpc: VpcId,
    pub(super) subnet: SubnetId,
    pub(super) zone: String,
    pub(super) instance: Option<InstanceId>,
    pub(super) kind: EniKind,
    /// The first two tags of the instance, if it has any, with their values.
    pub(super) tags: Vec<String>,
}

/// The columns of a flow log, and what is the same in all its lines.
#[derive(Debug)]
pub(super) struct Lines<'a> {
    columns: Vec<Option<Field>>,
    version: u8,
    account: &'a str,
    region: &'a str,
    /// Seconds since the epoch at which the world's time is 0.
    epoch: i64,
}

impl<'a> Lines<'a> {
    /// Lines of a format: `${field}` tokens; a field that is unknown stays empty.
    pub(super) fn new(format: &str, account: &'a str, region: &'a str, epoch: i64) -> Self {
        let columns: Vec<Option<Field>> = format.split_whitespace().map(field).collect();
        // https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html: the highest one.
        let versions = columns.iter().flatten().map(|it| it.version());
        Self {
            version: versions.max().unwrap_or(2),
            columns,
            account,
            region,
            epoch,
        }
    }

    /// The line of a record.
    pub(super) fn line(&self, record: &Record) -> String {
        let mut line = String::with_capacity(16 * self.columns.len());
        for (column, number) in self.columns.iter().zip(0..) {
            if number > 0 {
                line.push(' ');
            }
            let before = line.len();
            if let Some(field) = column {
                self.value(&mut line, *field, record);
            }
            if line.len() == before {
                line.push('-');
            }
        }
        line
    }

    /// Writes the value of a field; nothing: it has none.
    fn value(&self, line: &mut String, field: Field, record: &Record) {
        match &record.what {
            What::Flow(key, tally) if of_flow(line, field, key, tally) => {}
            What::Flow(_, tally) => match field {
                Field::Start => self.time(line, record.opened + Micros::from(tally.first)),
                Field::End => self.time(line, record.opened + Micros::from(tally.last)),
                Field::LogStatus => line.push_str("OK"),
                _ => self.of_owner(line, field, &record.owner),
            },
            // https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-records-examples.html
            What::Nothing | What::Skipped => match field {
                Field::Start => self.time(line, record.opened),
                Field::End => self.time(line, record.closed),
                Field::LogStatus if matches!(record.what, What::Nothing) => line.push_str("NODATA"),
                Field::LogStatus => line.push_str("SKIPDATA"),
                _ => self.of_owner(line, field, &record.owner),
            },
        }
    }

    fn time(&self, line: &mut String, at: Micros) {
        let seconds = i64::try_from(at / 1_000_000).unwrap_or(i64::MAX);
        put(line, self.epoch.saturating_add(seconds));
    }

    fn of_owner(&self, line: &mut String, field: Field, owner: &Owner) {
        match field {
            Field::Version => put(line, self.version),
            Field::AccountId => line.push_str(self.account),
            Field::InterfaceId => line.push_str(owner.eni.as_str()),
            Field::VpcId => line.push_str(owner.vpc.as_str()),
            Field::SubnetId => line.push_str(owner.subnet.as_str()),
            Field::InstanceId => {
                line.push_str(owner.instance.as_ref().map_or("", |it| it.as_str()));
            }
            Field::Region => line.push_str(self.region),
            Field::AzId => line.push_str(&zone_id(self.region, &owner.zone)),
            Field::InterfaceType => line.push_str(interface_type(owner.kind)),
            Field::InstanceTag => line.push_str(owner.tags.first().map_or("", String::as_str)),
            Field::InstanceTag2 => line.push_str(owner.tags.get(1).map_or("", String::as_str)),
            _ => {}
        }
    }
}

/// Writes the value of a field that the flow has; whether it is such a field.
fn of_flow(line: &mut String, field: Field, key: &Key, tally: &Tally) -> bool {
    match field {
        Field::SrcAddr => put(line, key.ends().0),
        Field::DstAddr => put(line, key.ends().1),
        Field::SrcPort => put(line, key.src_port),
        Field::DstPort => put(line, key.dst_port),
        Field::Protocol => put(line, key.protocol),
        Field::Packets => put(line, tally.packets),
        Field::Bytes => put(line, tally.bytes),
        Field::Action => line.push_str(if key.accepted { "ACCEPT" } else { "REJECT" }),
        Field::TcpFlags => put(line, tally.flags),
        Field::Type => line.push_str(if key.ends().0.is_ipv4() {
            "IPv4"
        } else {
            "IPv6"
        }),
        Field::PktSrcAddr => put(line, key.packet_ends().0),
        Field::PktDstAddr => put(line, key.packet_ends().1),
        Field::FlowDirection => line.push_str(key.direction.name()),
        Field::TrafficPath if key.direction == Direction::Egress && key.traffic_path > 0 => {
            put(line, key.traffic_path);
        }
        _ => return false,
    }
    true
}

fn put(line: &mut String, value: impl std::fmt::Display) {
    // Writing to a string does not fail.
    write!(line, "{value}").ok();
}

fn field(token: &str) -> Option<Field> {
    let braced = token.strip_prefix("${").and_then(|it| it.strip_suffix('}'));
    Field::named(braced.unwrap_or(token))
}

/// The id of a zone, as accounts see it whose zones are in order: `euw1-az1` for `eu-west-1a`.
/// <https://docs.aws.amazon.com/ram/latest/userguide/working-with-az-ids.html>
fn zone_id(region: &str, zone: &str) -> String {
    let letter = zone.strip_prefix(region).and_then(|it| it.chars().next());
    let Some(number) = letter.and_then(|it| it.to_digit(36)) else {
        return String::new();
    };
    let mut parts = region.split('-');
    let area = parts.next().unwrap_or_default();
    let side: String = parts
        .by_ref()
        .take(1)
        .flat_map(|it| ["north", "south", "east", "west", "central"].map(|word| (it, word)))
        .filter(|(it, word)| it.contains(word))
        .filter_map(|(_, word)| word.chars().next())
        .collect();
    let count = parts.next().unwrap_or_default();
    format!("{area}{side}{count}-az{}", number.saturating_sub(9))
}

/// As `interface-type` names it; instances have none.
fn interface_type(kind: EniKind) -> &'static str {
    match kind {
        EniKind::NatGateway => "nat_gateway",
        EniKind::NetworkLoadBalancer => "network_load_balancer",
        EniKind::TransitGateway => "transit_gateway",
        EniKind::Endpoint | EniKind::GatewayLoadBalancerEndpoint => "vpc_endpoint",
        _ => "",
    }
}
