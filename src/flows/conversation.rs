//! What a record says about a conversation: which side is ours, who opened it, on which port.
//!
//! Each record is judged by itself, so the answer does not depend on what was read before. A
//! request and its reply give the same peer, port and direction.

use std::cmp::Ordering;
use std::net::IpAddr;

use crate::model::{Direction, EniId, FlowDirection, FlowRecord, Protocol};

/// One record, seen from our side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Conversation {
    /// The other side's address: that of its packets where it is known.
    pub(super) peer: IpAddr,
    /// Our side's address, likewise.
    pub(super) own: IpAddr,
    /// The port of the side that answers; 0 where there is none.
    pub(super) port: u16,
    /// The port of the side that opened it.
    pub(super) client_port: u16,
    /// Ingress: opened towards our interface.
    pub(super) direction: Direction,
    /// The record's bytes were sent by our side.
    pub(super) outbound: bool,
}

impl Conversation {
    /// Reads a record. `local` says whether an address belongs to an interface. A record without
    /// addresses is no conversation.
    ///
    /// Who opened it: the sender of SYN without ACK, the receiver of SYN-ACK, else the side with the
    /// higher port. Equal ports (ICMP has none at all) tell nothing: then the peer counts as opener.
    pub(super) fn of(record: &FlowRecord, local: impl Fn(&EniId, IpAddr) -> bool) -> Option<Self> {
        let (src, dst) = (record.src?, record.dst?);
        let ports = ports(record);
        let sender_opened = sender_opened(record, ports);
        let outbound = sender_is_ours(record, (src, dst), local)
            .unwrap_or_else(|| sender_opened.map_or(src <= dst, |opened| !opened));
        let (from, to) = (record.pkt_src.unwrap_or(src), record.pkt_dst.unwrap_or(dst));
        let (peer, own) = if outbound { (to, from) } else { (from, to) };
        let (port, client_port) = match sender_opened {
            Some(true) => (ports.1, ports.0),
            Some(false) | None => ports,
        };
        Some(Self {
            peer,
            own,
            port,
            client_port,
            direction: match sender_opened {
                Some(opened) if opened == outbound => Direction::Egress,
                Some(_) | None => Direction::Ingress,
            },
            outbound,
        })
    }
}

/// Source and destination port. If only one is known it stands for both and decides nothing.
fn ports(record: &FlowRecord) -> (u16, u16) {
    match (record.src_port, record.dst_port) {
        (Some(src), Some(dst)) => (src, dst),
        (one, other) => {
            let known = one.or(other).unwrap_or_default();
            (known, known)
        }
    }
}

fn sender_opened(record: &FlowRecord, (src, dst): (u16, u16)) -> Option<bool> {
    let is_tcp = record.protocol.map(Protocol::Number) == Some(Protocol::TCP);
    match record.tcp_flags.filter(|_| is_tcp) {
        Some(flags) if flags.opens() => Some(true),
        Some(flags) if flags.answers() => Some(false),
        Some(_) | None => match src.cmp(&dst) {
            Ordering::Greater => Some(true),
            Ordering::Less => Some(false),
            Ordering::Equal => None,
        },
    }
}

/// Whether the sender is our side: the log's word for it, else the interface's addresses, else the
/// side whose packets bear another address (an interface's own side is logged with its primary
/// address), else the private one of two addresses.
///
/// `None`: nothing tells. The caller then takes the answering side for ours.
fn sender_is_ours(
    record: &FlowRecord,
    (src, dst): (IpAddr, IpAddr),
    local: impl Fn(&EniId, IpAddr) -> bool,
) -> Option<bool> {
    if let Some(direction) = record.direction {
        return Some(direction == FlowDirection::Egress);
    }
    let eni = record.eni.as_ref();
    let is_local = |address| eni.is_some_and(|eni| local(eni, address));
    let translated = |logged, packet: Option<IpAddr>| packet.is_some_and(|p| p != logged);
    only_first(is_local(src), is_local(dst))
        .or_else(|| {
            only_first(
                translated(src, record.pkt_src),
                translated(dst, record.pkt_dst),
            )
        })
        .or_else(|| only_first(is_private(src), is_private(dst)))
}

/// Which of two is true; `None` if both or neither.
fn only_first(first: bool, second: bool) -> Option<bool> {
    (first != second).then_some(first)
}

/// Whether an address is private: RFC 1918, RFC 6598, link-local or unique local.
pub fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [first, second, ..] = v4.octets();
            let is_shared = first == 100 && second & 0b1100_0000 == 64;
            v4.is_private() || v4.is_link_local() || is_shared
        }
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flows::Format;

    /// Reads a line of the fields below; `eni-a` has 10.0.0.5 and 10.0.0.6. Answers the peer, the
    /// service port, the direction, our address and the client's port, and whether our side sent it.
    fn read(line: &str) -> Option<(String, bool)> {
        let format = "interface-id srcaddr dstaddr srcport dstport protocol tcp-flags \
                      flow-direction pkt-srcaddr pkt-dstaddr start";
        let format = Format::parse(format).unwrap();
        let record = format.record(format!("{line} 60").as_bytes()).unwrap();
        let own: [IpAddr; 2] = [[10, 0, 0, 5].into(), [10, 0, 0, 6].into()];
        let seen = Conversation::of(&record, |eni, address| {
            eni.as_str() == "eni-a" && own.contains(&address)
        })?;
        let Conversation { peer, port, .. } = seen;
        let Conversation {
            own, client_port, ..
        } = seen;
        let direction = seen.direction.name();
        let conversation = format!("{peer} {port} {direction} {own} {client_port}");
        Some((conversation, seen.outbound))
    }

    /// The reply to a request: everything swapped.
    fn reply_to(request: &str) -> String {
        let fields: Vec<&str> = request.split(' ').collect();
        let &[
            eni,
            src,
            dst,
            src_port,
            dst_port,
            protocol,
            flags,
            direction,
            from,
            to,
        ] = &fields[..]
        else {
            panic!("{request}")
        };
        let flags = match flags {
            "2" => "18",
            "3" => "19",
            other => other,
        };
        let direction = match direction {
            "egress" => "ingress",
            "ingress" => "egress",
            other => other,
        };
        format!(
            "{eni} {dst} {src} {dst_port} {src_port} {protocol} {flags} {direction} {to} {from}"
        )
    }

    #[test]
    fn requests_and_replies_give_the_same_peer_port_and_direction() {
        for (request, want) in [
            // by port, ours by the interface's addresses
            (
                "eni-a 10.0.0.5 10.0.0.9 40000 443 6 - - - -",
                "10.0.0.9 443 egress 10.0.0.5 40000",
            ),
            (
                "eni-a 10.0.0.9 10.0.0.5 40000 22 6 0 - - -",
                "10.0.0.9 22 ingress 10.0.0.5 40000",
            ),
            // SYN and SYN-ACK overrule the ports
            (
                "eni-a 10.0.0.5 10.0.0.9 1024 50051 6 2 - - -",
                "10.0.0.9 50051 egress 10.0.0.5 1024",
            ),
            (
                "eni-a 10.0.0.9 10.0.0.5 1024 50051 6 3 - - -",
                "10.0.0.9 50051 ingress 10.0.0.5 1024",
            ),
            // flags of another protocol say nothing
            (
                "eni-a 10.0.0.5 10.0.0.9 40000 53 17 18 - - -",
                "10.0.0.9 53 egress 10.0.0.5 40000",
            ),
            // flow-direction overrules addresses
            (
                "eni-b 192.0.2.1 10.0.0.9 40000 80 6 - egress - -",
                "10.0.0.9 80 egress 192.0.2.1 40000",
            ),
            // a foreign interface: the private side is ours
            (
                "eni-b 198.51.100.7 100.64.3.2 40000 22 6 - - - -",
                "198.51.100.7 22 ingress 100.64.3.2 40000",
            ),
            // a NAT gateway: inner half, outer half
            (
                "n 10.0.1.5 10.0.0.9 40000 80 6 - - 10.0.1.5 203.0.113.5",
                "10.0.1.5 80 ingress 203.0.113.5 40000",
            ),
            (
                "n 10.0.0.9 203.0.113.5 40000 80 6 - - - -",
                "203.0.113.5 80 egress 10.0.0.9 40000",
            ),
            // the peer's packets bear another address
            (
                "eni-a 10.0.0.5 10.0.0.9 40000 80 6 - - - 172.20.1.1",
                "172.20.1.1 80 egress 10.0.0.5 40000",
            ),
            // nothing tells: the answering side is ours; with equal ports the lower address
            (
                "eni-b 10.1.0.1 10.1.0.2 40000 80 6 - - - -",
                "10.1.0.1 80 ingress 10.1.0.2 40000",
            ),
            (
                "- 10.1.0.1 10.1.0.2 0 0 1 - - - -",
                "10.1.0.2 0 ingress 10.1.0.1 0",
            ),
            // both addresses are the interface's own
            (
                "eni-a 10.0.0.5 10.0.0.6 40000 80 6 - - - -",
                "10.0.0.5 80 ingress 10.0.0.6 40000",
            ),
            // no ports, equal ports
            (
                "eni-a 10.0.0.5 10.0.0.9 0 0 1 - - - -",
                "10.0.0.9 0 ingress 10.0.0.5 0",
            ),
            (
                "eni-a 10.0.0.5 10.0.0.9 - - 6 - - - -",
                "10.0.0.9 0 ingress 10.0.0.5 0",
            ),
            (
                "eni-a 10.0.0.5 10.0.0.9 123 123 17 - - - -",
                "10.0.0.9 123 ingress 10.0.0.5 123",
            ),
        ] {
            let reply = reply_to(request);
            let (asked, answered) = (read(request).unwrap(), read(&reply).unwrap());
            assert_eq!(asked.0, want, "{request}");
            assert_eq!(answered.0, want, "{reply}");
            assert_ne!(
                asked.1, answered.1,
                "our side sends one of the two: {request}"
            );
        }
    }

    #[test]
    fn a_record_without_addresses_is_no_conversation() {
        assert_eq!(read("eni-a - - - - - - - - -"), None);
        assert_eq!(read("eni-a 10.0.0.5 - - - - - - - -"), None);
    }
}
