//! How AWS writes protocols, ports, CIDR blocks and kinds of interfaces.

use ipnet::IpNet;

use super::network::{EniKind, PortRange, Protocol};
use super::text::visible;

/// A CIDR block, without host bits: not every server writes it canonically.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNetworkAclEntry.html>
pub fn cidr(text: &str) -> Option<IpNet> {
    Some(text.trim().parse::<IpNet>().ok()?.trunc())
}

/// A protocol as rules and entries name it: `-1`, a number, or one of four words.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html>
pub fn protocol(text: &str) -> Option<Protocol> {
    match text {
        "-1" | "all" => Some(Protocol::All),
        "icmp" => Some(Protocol::ICMP),
        "tcp" => Some(Protocol::TCP),
        "udp" => Some(Protocol::UDP),
        "icmpv6" => Some(Protocol::ICMPV6),
        number => number.parse().ok().map(Protocol::Number),
    }
}

/// A protocol as a request writes it.
pub fn written_protocol(protocol: Protocol) -> String {
    match protocol {
        Protocol::All => "-1".to_owned(),
        Protocol::TCP => "tcp".to_owned(),
        Protocol::UDP => "udp".to_owned(),
        Protocol::ICMP => "icmp".to_owned(),
        Protocol::ICMPV6 => "icmpv6".to_owned(),
        Protocol::Number(number) => number.to_string(),
    }
}

/// Ports, or ICMP type and code. AWS writes "all" in three ways; here it is always absence.
pub fn ports(protocol: Protocol, from: Option<i32>, to: Option<i32>) -> Option<PortRange> {
    let range = PortRange {
        from: from?,
        to: to?,
    };
    let every = match protocol {
        Protocol::All => true,
        Protocol::TCP | Protocol::UDP => (range.from, range.to) == (0, 65535),
        Protocol::Number(_) => false,
    };
    let unset = (range.from, range.to) == (-1, -1);
    (!every && !unset).then_some(range)
}

/// Ports as a request writes them: TCP, UDP and ICMP need them even for "all".
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html>
pub fn written_ports(protocol: Protocol, ports: Option<PortRange>) -> (Option<i32>, Option<i32>) {
    match (protocol, ports) {
        (Protocol::TCP | Protocol::UDP, None) => (Some(0), Some(65535)),
        (Protocol::ICMP | Protocol::ICMPV6, None) => (Some(-1), Some(-1)),
        (Protocol::All, _) | (_, None) => (None, None),
        (_, Some(ports)) => (Some(ports.from), Some(ports.to)),
    }
}

/// Whether a state says that something is gone, or never came: AWS goes on listing such things.
/// What is only on its way out ("disassociating", "deleting") still works.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_VpcCidrBlockState.html>
pub fn is_gone(state: &str) -> bool {
    const GONE: [&str; 7] = [
        "deleted",
        "detached",
        "disassociated",
        "expired",
        "failed",
        "failing",
        "rejected",
    ];
    GONE.iter().any(|word| state.eq_ignore_ascii_case(word))
}

/// The name in an instance profile's ARN: what follows its path, as in
/// `arn:aws:iam::111122223333:instance-profile/path/name`.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html>
pub fn profile_name(arn: &str) -> Option<String> {
    let (_, name) = arn.rsplit_once('/')?;
    Some(visible(name).into_owned())
}

/// The plain id with this prefix at the end of an ARN, or the id itself.
pub fn id_at_end<'a>(arn: &'a str, prefix: &str) -> Option<&'a str> {
    let last = arn.rsplit(['/', ':']).next()?;
    last.starts_with(prefix).then_some(last)
}

/// What tells what an interface serves.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NetworkInterface.html>
#[derive(Debug, Clone, Copy, Default)]
pub struct EniTraits<'a> {
    /// `InterfaceType`.
    pub interface_type: &'a str,
    /// `Description`.
    pub description: &'a str,
    /// `RequesterManaged`.
    pub requester_managed: bool,
    /// It has an attachment, whatever to.
    pub attached: bool,
    /// It is attached to an instance.
    pub of_instance: bool,
}

impl EniTraits<'_> {
    /// What the interface serves.
    ///
    /// A description is free text that anybody may write on an interface of their own, so it is
    /// believed only where AWS itself manages the interface.
    pub fn kind(self) -> EniKind {
        if let Some(kind) = self.kind_of_type() {
            return kind;
        }
        if self.of_instance && !self.requester_managed {
            return EniKind::Instance;
        }
        if !self.requester_managed && !self.attached {
            return EniKind::Unattached;
        }
        let attached = self.of_instance.then_some(EniKind::Instance);
        let described = kind_of_description(self.description);
        described.or(attached).unwrap_or(EniKind::Service)
    }

    /// `None`: an ordinary interface, whoever it belongs to.
    fn kind_of_type(self) -> Option<EniKind> {
        match self.interface_type {
            "natGateway" | "nat_gateway" | "regional_nat_gateway" => Some(EniKind::NatGateway),
            "load_balancer" => Some(EniKind::LoadBalancer),
            "network_load_balancer" => Some(EniKind::NetworkLoadBalancer),
            "gateway_load_balancer" => Some(EniKind::GatewayLoadBalancer),
            "gateway_load_balancer_endpoint" => Some(EniKind::GatewayLoadBalancerEndpoint),
            "global_accelerator_managed" => Some(EniKind::GlobalAccelerator),
            "vpc_endpoint" => Some(EniKind::Endpoint),
            "lambda" => Some(EniKind::Lambda),
            "transit_gateway" => Some(EniKind::TransitGateway),
            "efs" => Some(EniKind::Efs),
            "interface" | "efa" | "efa-only" | "trunk" | "" => None,
            _ => Some(EniKind::Service),
        }
    }
}

/// <https://repost.aws/knowledge-center/network-interfaces-find-delete> lists these descriptions.
fn kind_of_description(text: &str) -> Option<EniKind> {
    const BEGINNINGS: [(&str, EniKind); 13] = [
        ("ELB net/", EniKind::NetworkLoadBalancer),
        ("ELB gwy/", EniKind::GatewayLoadBalancer),
        ("ELB ", EniKind::LoadBalancer),
        ("Interface for NAT Gateway", EniKind::NatGateway),
        ("VPC Endpoint Interface", EniKind::Endpoint),
        ("RDSNetworkInterface", EniKind::Rds),
        ("AWS Lambda VPC ENI", EniKind::Lambda),
        ("EFS mount target for", EniKind::Efs),
        ("Amazon EKS", EniKind::Eks),
        ("ElastiCache", EniKind::Cache),
        (
            "Network Interface for Transit Gateway",
            EniKind::TransitGateway,
        ),
        ("arn:aws:ecs:", EniKind::EcsTask),
        ("arn:aws-", EniKind::EcsTask),
    ];
    let found = BEGINNINGS.iter().find(|(start, _)| text.starts_with(start));
    let kind = found.map(|(_, kind)| *kind);
    kind.filter(|it| *it != EniKind::EcsTask || text.contains(":ecs:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_of_writing_all_ports_is_the_same() {
        let range = |from, to| Some(PortRange { from, to });
        for (protocol, from, to, expected) in [
            (Protocol::All, Some(-1), Some(-1), None),
            (Protocol::All, Some(0), Some(65535), None),
            (Protocol::All, None, None, None),
            (Protocol::TCP, Some(0), Some(65535), None),
            (Protocol::TCP, Some(0), Some(65534), range(0, 65534)),
            (Protocol::UDP, Some(53), Some(53), range(53, 53)),
            (Protocol::ICMP, Some(-1), Some(-1), None),
            (Protocol::ICMP, Some(8), Some(-1), range(8, -1)),
            (Protocol::ICMPV6, Some(0), Some(0), range(0, 0)),
        ] {
            assert_eq!(ports(protocol, from, to), expected, "{protocol} {from:?}");
        }
    }

    #[test]
    fn protocols_are_words_or_numbers() {
        for (text, expected) in [
            ("-1", Some(Protocol::All)),
            ("tcp", Some(Protocol::TCP)),
            ("6", Some(Protocol::TCP)),
            ("58", Some(Protocol::ICMPV6)),
            ("icmpv6", Some(Protocol::ICMPV6)),
            ("47", Some(Protocol::Number(47))),
            ("300", None),
            ("sctp?", None),
        ] {
            assert_eq!(protocol(text), expected, "{text}");
        }
    }

    #[test]
    fn ids_and_names_at_the_end_of_arns() {
        for (arn, prefix, expected) in [
            ("i-1", "i-", Some("i-1")),
            ("arn:aws:ec2:r:1:instance/i-1", "i-", Some("i-1")),
            ("arn:aws:iam::1:instance-profile/i", "i-", None),
            ("arn:aws:s3:::bucket", "i-", None),
            ("", "i-", None),
        ] {
            assert_eq!(id_at_end(arn, prefix), expected, "{arn}");
        }
        let profile = "arn:aws:iam::111122223333:instance-profile/apps/web";
        assert_eq!(profile_name(profile).as_deref(), Some("web"));
        assert_eq!(profile_name("web"), None);
    }

    #[test]
    fn what_is_on_its_way_out_is_not_gone() {
        for (state, gone) in [
            ("Deleted", true),
            ("failing", true),
            ("disassociated", true),
            ("disassociating", false),
            ("deleting", false),
            ("available", false),
            ("", false),
        ] {
            assert_eq!(is_gone(state), gone, "{state}");
        }
    }

    #[test]
    fn cidr_blocks_are_made_canonical() {
        for (text, expected) in [
            ("10.20.0.0/16", Some("10.20.0.0/16")),
            ("10.20.3.4/16", Some("10.20.0.0/16")),
            ("2400:6500:05af:bb00::/56", Some("2400:6500:5af:bb00::/56")),
            ("10.20.0.0/33", None),
            ("nonsense", None),
        ] {
            let parsed = cidr(text).map(|it| it.to_string());
            assert_eq!(parsed.as_deref(), expected, "{text}");
        }
    }
}
