//! What no flow log shows.

/// A destination that flow logs never show, and that neither groups nor network ACLs filter: it must be
/// named next to every answer, because nothing can be computed about it.
///
/// Not logged: <https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-limitations.html>. Not filtered:
/// <https://docs.aws.amazon.com/vpc/latest/userguide/nacl-basics.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlindSpot {
    /// Its name.
    pub name: &'static str,
    /// Where it is, in words and addresses.
    pub address: &'static str,
}

/// All of them.
pub const BLIND_SPOTS: [BlindSpot; 6] = [
    BlindSpot {
        name: "Amazon DNS",
        address: "the VPC's primary IPv4 block plus two, 169.254.169.253, fd00:ec2::253",
    },
    BlindSpot {
        name: "instance metadata (IMDS)",
        address: "169.254.169.254, fd00:ec2::254",
    },
    BlindSpot {
        name: "Amazon Time Sync",
        address: "169.254.169.123, fd00:ec2::123",
    },
    BlindSpot {
        name: "DHCP",
        address: "ports 67 and 68",
    },
    BlindSpot {
        name: "Windows license activation",
        address: "169.254.169.250, 169.254.169.251",
    },
    BlindSpot {
        name: "default router",
        address: "each subnet's IPv4 block plus one",
    },
];
