//! Destinations that neither groups nor network ACLs filter.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html> lists them; flow logs
//! do not record them either: <https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-limitations.html>

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// A service at an address that is the same in every VPC.
const FIXED: [(IpAddr, &str); 6] = [
    (IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)), IMDS),
    (
        IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
        IMDS,
    ),
    (IpAddr::V4(Ipv4Addr::new(169, 254, 169, 253)), RESOLVER),
    (
        IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x253)),
        RESOLVER,
    ),
    (IpAddr::V4(Ipv4Addr::new(169, 254, 169, 123)), TIME),
    (
        IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x123)),
        TIME,
    ),
];

pub(super) const RESOLVER: &str = "the Amazon DNS resolver";
const IMDS: &str = "the instance metadata service";
const TIME: &str = "the Amazon Time Sync Service";
const TASKS: &str = "the ECS task metadata service";
const ACTIVATION: &str = "Windows licence activation";
const ROUTER: &str = "the default router";

/// The unfiltered service at an address of a VPC, if there is one.
///
/// `vpc` are the VPC's CIDR blocks, the primary one first: its resolver has the third address of it.
/// `subnet` are those of the subnet: its router has the second address.
pub(super) fn unfiltered(address: IpAddr, vpc: &[IpNet], subnet: &[IpNet]) -> Option<&'static str> {
    if let Some((_, name)) = FIXED.iter().find(|(it, _)| *it == address) {
        return Some(name);
    }
    if let IpAddr::V4(it) = address {
        match it.octets() {
            [169, 254, 170, 2] => return Some(TASKS),
            [169, 254, 169, 250 | 251] => return Some(ACTIVATION),
            _ => {}
        }
    }
    let primary = vpc.iter().find(|it| matches!(it, IpNet::V4(_)));
    if primary.is_some_and(|it| nth(it, 2) == Some(address)) {
        return Some(RESOLVER);
    }
    let router = subnet.iter().any(|it| nth(it, 1) == Some(address));
    router.then_some(ROUTER)
}

fn nth(block: &IpNet, offset: u32) -> Option<IpAddr> {
    match block {
        IpNet::V4(it) => {
            let address = it.network().to_bits().checked_add(offset)?;
            Some(IpAddr::V4(Ipv4Addr::from_bits(address)))
        }
        IpNet::V6(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_known_by_their_addresses() {
        let vpc: Vec<IpNet> = ["10.0.0.0/16", "10.1.0.0/16"]
            .map(|it| it.parse().unwrap())
            .to_vec();
        let subnet = ["10.0.1.0/24".parse().unwrap()];
        for (address, want) in [
            ("169.254.169.254", Some(IMDS)),
            ("fd00:ec2::254", Some(IMDS)),
            ("169.254.169.253", Some(RESOLVER)),
            ("10.0.0.2", Some(RESOLVER)),
            ("10.1.0.2", None),
            ("10.0.1.2", None),
            ("10.0.1.1", Some(ROUTER)),
            ("169.254.169.123", Some(TIME)),
            ("169.254.170.2", Some(TASKS)),
            ("169.254.169.251", Some(ACTIVATION)),
            ("10.0.3.10", None),
        ] {
            let found = unfiltered(address.parse().unwrap(), &vpc, &subnet);
            assert_eq!(found, want, "{address}");
        }
    }
}
