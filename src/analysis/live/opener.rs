//! Who opened a flow, and how that is known.

use crate::model::{PortSpan, Protocol};

/// How it is known who opened a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Opener {
    /// A SYN or SYN-ACK was logged.
    Syn,
    /// One port is clearly a service's.
    Ports,
    /// Nothing tells: client and server are a guess, and a judgement must be made for both roles.
    Unknown,
}

/// Where the ephemeral ports of Linux begin; those of Windows begin higher.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/nacl-ephemeral-ports.html>
const EPHEMERAL: u16 = 32_768;

/// Ports from 1024 on that a well-known service listens on, lowest first.
const SERVICES: [u16; 34] = [
    1433, 1521, 2049, 2181, 2375, 2376, 2379, 2380, 3000, 3128, 3268, 3269, 3306, 3389, 5000, 5432,
    5439, 5601, 5671, 5672, 5900, 5985, 5986, 6379, 6443, 8000, 8080, 8182, 8443, 9092, 9200,
    10_250, 11_211, 27_017,
];

impl Opener {
    /// Judges by what was logged, and by the ports, the server's being the lower one unless a SYN
    /// says otherwise. The rule, in order:
    ///
    /// 1. A SYN or SYN-ACK decides.
    /// 2. Ports tell if the server's is a service's (below 1024, or a well-known one) and the client's
    ///    is not; between two such, if the server's alone is below 1024.
    /// 3. A port below 32768 against one above it tells only where the log has no `tcp-flags`. Where it
    ///    has, and no SYN in it, the connection is older than the log, and either end may have opened
    ///    it: both ports lie in the ephemeral range that AWS documents for NAT gateways and load
    ///    balancers, 1024 to 65535.
    /// 4. Nothing else tells.
    pub(super) fn judge(
        opening_seen: bool,
        flags_logged: bool,
        protocol: u8,
        clients: PortSpan,
        server: u16,
    ) -> Self {
        let opening_missed = flags_logged && Protocol::Number(protocol) == Protocol::TCP;
        if opening_seen {
            Self::Syn
        } else if ports_tell(clients.from, server, opening_missed) {
            Self::Ports
        } else {
            Self::Unknown
        }
    }
}

fn ports_tell(client: u16, server: u16, opening_missed: bool) -> bool {
    match (is_service(client), is_service(server)) {
        (false, true) => true,
        (true, true) => is_well_known(server) && !is_well_known(client),
        (true, false) => false,
        (false, false) => {
            !opening_missed && server > 0 && server < EPHEMERAL && client >= EPHEMERAL
        }
    }
}

fn is_service(port: u16) -> bool {
    is_well_known(port) || SERVICES.binary_search(&port).is_ok()
}

fn is_well_known(port: u16) -> bool {
    (1..1024).contains(&port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_tell_only_where_one_is_clearly_a_services() {
        let (tcp, udp) = (6, 17);
        for (opening_seen, flags_logged, protocol, client, server, want) in [
            (true, true, tcp, 1024, 50_051, Opener::Syn),
            (false, true, tcp, 45_678, 443, Opener::Ports),
            (false, true, tcp, 45_678, 5432, Opener::Ports),
            (false, true, tcp, 1024, 1023, Opener::Ports),
            (false, true, tcp, 8080, 443, Opener::Ports),
            (false, true, tcp, 8080, 5432, Opener::Unknown),
            (false, true, tcp, 8080, 4444, Opener::Unknown),
            (false, true, tcp, 443, 80, Opener::Unknown),
            (false, true, tcp, 45_678, 4444, Opener::Unknown),
            (false, false, tcp, 45_678, 4444, Opener::Ports),
            (false, false, udp, 45_678, 4444, Opener::Ports),
            (false, true, udp, 45_678, 4444, Opener::Ports),
            (false, false, tcp, 45_678, 40_000, Opener::Unknown),
            (false, false, tcp, 5000, 4444, Opener::Unknown),
            (false, false, udp, 123, 123, Opener::Unknown),
            (false, false, udp, 4500, 500, Opener::Ports),
            (false, false, 1, 0, 0, Opener::Unknown),
            (false, false, tcp, 45_678, 0, Opener::Unknown),
        ] {
            let clients = PortSpan::one(client);
            let judged = Opener::judge(opening_seen, flags_logged, protocol, clients, server);
            assert_eq!(judged, want, "{client} to {server}/{protocol}");
        }
        assert!(SERVICES.is_sorted());
    }
}
