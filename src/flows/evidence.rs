//! What records tell of a conversation besides its sums: who opened it, whether it was closed, which way
//! it went.
//!
//! Everything is or-ed or counted, so that the order of records does not matter, and packed, because a
//! table holds one of these per edge.

use chrono::{DateTime, TimeDelta, Utc};

use super::conversation::Conversation;
use crate::model::{FlowRecord, PortSpan, Protocol, TrafficPath};

/// What the records of a conversation have shown so far, seen from one interface.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Evidence {
    marks: u8,
    paths: u8,
    hops: u8,
    services: u8,
    /// Records with FIN or RST.
    ended: u32,
    /// The latest end of such a record.
    ended_before: Option<DateTime<Utc>>,
}

/// The interface that a packet goes to next, or comes from: `next-hop-interface-type`.
///
/// <https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextHop {
    /// `nat_gateway` and `regional_nat_gateway`
    NatGateway,
    /// `network_load_balancer`
    NetworkLoadBalancer,
    /// `transit_gateway`
    TransitGateway,
    /// `vpc_endpoint`
    VpcEndpoint,
    /// A type that this program does not know.
    Other,
}

impl NextHop {
    const ALL: [Self; 5] = [
        Self::NatGateway,
        Self::NetworkLoadBalancer,
        Self::TransitGateway,
        Self::VpcEndpoint,
        Self::Other,
    ];

    fn named(name: &str) -> Self {
        match name {
            "nat_gateway" | "regional_nat_gateway" => Self::NatGateway,
            "network_load_balancer" => Self::NetworkLoadBalancer,
            "transit_gateway" => Self::TransitGateway,
            "vpc_endpoint" => Self::VpcEndpoint,
            _ => Self::Other,
        }
    }
}

/// The AWS service at the other end: `pkt-dst-aws-service`, as far as it decides the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AwsService {
    /// `S3`
    S3,
    /// `DYNAMODB`
    DynamoDb,
    /// Any other.
    Other,
}

impl AwsService {
    const ALL: [Self; 3] = [Self::S3, Self::DynamoDb, Self::Other];

    fn named(name: &str) -> Self {
        match name {
            "S3" => Self::S3,
            "DYNAMODB" => Self::DynamoDb,
            _ => Self::Other,
        }
    }
}

impl Evidence {
    const IN: u8 = 1;
    const OUT: u8 = 1 << 1;
    const SYN: u8 = 1 << 2;
    const FLAGS: u8 = 1 << 3;
    const FIN_IN: u8 = 1 << 4;
    const FIN_OUT: u8 = 1 << 5;
    const RST: u8 = 1 << 6;
    const PACKETS: u8 = 1 << 7;

    pub(super) fn of(record: &FlowRecord, conversation: Conversation) -> Self {
        let outbound = conversation.outbound;
        let mut this = Self {
            marks: if outbound { Self::OUT } else { Self::IN },
            ..Self::default()
        };
        if record.pkt_src.is_some() || record.pkt_dst.is_some() {
            this.marks |= Self::PACKETS;
        }
        this.add_flags(record, outbound);
        let path = record.traffic_path.and_then(TrafficPath::numbered);
        this.paths = bits(&TrafficPath::ALL, path);
        this.hops = bits(
            &NextHop::ALL,
            record.next_hop_type.as_deref().map(NextHop::named),
        );
        if outbound {
            let service = record.dst_service.as_deref().map(AwsService::named);
            this.services = bits(&AwsService::ALL, service);
        }
        this
    }

    fn add_flags(&mut self, record: &FlowRecord, outbound: bool) {
        let is_tcp = record.protocol.map(Protocol::Number) == Some(Protocol::TCP);
        let Some(flags) = record.tcp_flags.filter(|_| is_tcp) else {
            return;
        };
        self.marks |= Self::FLAGS;
        if flags.opens() || flags.answers() {
            self.marks |= Self::SYN;
        }
        if flags.finishes() {
            self.marks |= if outbound {
                Self::FIN_OUT
            } else {
                Self::FIN_IN
            };
        }
        if flags.resets() {
            self.marks |= Self::RST;
        }
        if flags.finishes() || flags.resets() {
            self.ended = 1;
            // A window of a single packet has no length: what starts with it belongs to it.
            let least = record.start.checked_add_signed(TimeDelta::seconds(1));
            self.ended_before = Some(record.end.max(least.unwrap_or(record.end)));
        }
    }

    /// What two pieces of evidence tell together. Counts are added: they must come from one log.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        Self {
            marks: self.marks | other.marks,
            paths: self.paths | other.paths,
            hops: self.hops | other.hops,
            services: self.services | other.services,
            ended: self.ended.saturating_add(other.ended),
            ended_before: self.ended_before.max(other.ended_before),
        }
    }

    /// The same, as the interface at the other end sees it. The way that the other end's packets take
    /// is its own, and dropped.
    #[must_use]
    pub fn turned(self) -> Self {
        let swapped = |a: u8, b: u8| match (self.marks & a != 0, self.marks & b != 0) {
            (true, false) => b,
            (false, true) => a,
            (both, _) => (a | b) * u8::from(both),
        };
        let kept = self.marks & (Self::SYN | Self::FLAGS | Self::RST | Self::PACKETS);
        Self {
            marks: kept | swapped(Self::IN, Self::OUT) | swapped(Self::FIN_IN, Self::FIN_OUT),
            paths: 0,
            hops: 0,
            services: 0,
            ..self
        }
    }

    /// Packets towards the interface were logged.
    pub fn came_in(self) -> bool {
        self.marks & Self::IN != 0
    }

    /// Packets away from it were logged.
    pub fn went_out(self) -> bool {
        self.marks & Self::OUT != 0
    }

    /// A SYN or SYN-ACK was logged: who opened it is known.
    pub fn opening_seen(self) -> bool {
        self.marks & Self::SYN != 0
    }

    /// The log has `tcp-flags`: it would have shown an opening.
    pub fn flags_logged(self) -> bool {
        self.marks & Self::FLAGS != 0
    }

    /// The log has `pkt-srcaddr` or `pkt-dstaddr`: the packets' own addresses.
    pub fn packet_addresses_logged(self) -> bool {
        self.marks & Self::PACKETS != 0
    }

    /// Which ways egress traffic took.
    pub fn traffic_paths(self) -> impl Iterator<Item = TrafficPath> {
        chosen(TrafficPath::ALL, self.paths)
    }

    /// Between which interfaces and this one it was handed over.
    pub fn next_hops(self) -> impl Iterator<Item = NextHop> {
        chosen(NextHop::ALL, self.hops)
    }

    /// Which AWS services its packets went to.
    pub fn services(self) -> impl Iterator<Item = AwsService> {
        chosen(AwsService::ALL, self.services)
    }

    /// Whether every connection behind it is known to be closed, out of `records` records of client
    /// ports `ports`, the last of which starts at `last_start`.
    ///
    /// One connection (one client port) is closed by a FIN of each side or by a RST, unless a later
    /// record shows it again. Of several it is only known if each record shows its end.
    pub fn is_closed(self, records: u64, ports: PortSpan, last_start: DateTime<Utc>) -> bool {
        let finished = Self::FIN_IN | Self::FIN_OUT;
        let ended = self.marks & finished == finished || self.marks & Self::RST != 0;
        let is_over = self.ended_before.is_some_and(|end| last_start < end);
        let each_record = u64::from(self.ended) >= records;
        ended && is_over && (ports.single().is_some() || each_record)
    }
}

/// The bit of a value: its place among all.
fn bits<T: PartialEq>(all: &[T], value: Option<T>) -> u8 {
    let place = value.and_then(|value| all.iter().position(|it| *it == value));
    place.map_or(0, |place| 1 << place)
}

/// The values whose bits are set.
fn chosen<T, const N: usize>(all: [T; N], bits: u8) -> impl Iterator<Item = T> {
    let is_set = move |place: &usize| bits & (1_u8 << place) != 0;
    let all = all.into_iter().enumerate();
    all.filter_map(move |(place, value)| is_set(&place).then_some(value))
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;
    use crate::model::{Direction, TcpFlags};

    fn evidence(outbound: bool, flags: u8, path: u8) -> Evidence {
        let address: IpAddr = [10, 0, 0, 5].into();
        let conversation = Conversation {
            peer: address,
            own: address,
            port: 443,
            client_port: 40_000,
            direction: Direction::Egress,
            outbound,
        };
        let record = FlowRecord {
            protocol: Some(6),
            tcp_flags: Some(TcpFlags(flags)),
            traffic_path: Some(path),
            next_hop_type: Some("regional_nat_gateway".into()),
            dst_service: Some("S3".into()),
            ..FlowRecord::empty(DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH)
        };
        Evidence::of(&record, conversation)
    }

    #[test]
    fn a_record_is_evidence_of_its_direction_and_way() {
        let sent = evidence(true, 2, 8);
        assert!(sent.went_out() && !sent.came_in());
        assert!(sent.opening_seen() && sent.flags_logged() && !sent.packet_addresses_logged());
        assert!(sent.traffic_paths().eq([TrafficPath::InternetGateway]));
        assert!(sent.next_hops().eq([NextHop::NatGateway]));
        assert!(sent.services().eq([AwsService::S3]));
        let received = evidence(false, 0, 9);
        assert!(received.came_in() && !received.opening_seen());
        assert_eq!(received.traffic_paths().count(), 0);
        assert_eq!(
            received.services().count(),
            0,
            "the destination is our side"
        );
        let both = sent.merge(received);
        assert_eq!(both, received.merge(sent));
        assert!(both.came_in() && both.went_out() && both.opening_seen());
    }

    #[test]
    fn the_other_end_sees_directions_turned_and_not_our_way() {
        let (port, start) = (PortSpan::one(40_000), DateTime::UNIX_EPOCH);
        let ours = evidence(true, 1, 8);
        let theirs = evidence(false, 1, 8).turned();
        assert!(theirs.went_out() && !theirs.came_in());
        assert_eq!(
            theirs.traffic_paths().count() + theirs.next_hops().count(),
            0
        );
        assert!(
            !ours.merge(theirs).is_closed(2, port, start),
            "one side's FIN, seen twice"
        );
        let answer = evidence(true, 1, 8).turned();
        assert!(ours.merge(answer).is_closed(2, port, start));
        let both = ours.merge(answer);
        assert_eq!(
            both.turned().turned(),
            both.turned().turned().turned().turned()
        );
        assert!(both.turned().came_in() && both.turned().went_out());
    }
}
