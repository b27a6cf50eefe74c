//! VPCs, subnets and network ACLs.

use aws_sdk_ec2::types as sdk;
use aws_sdk_ec2::types::RuleAction;
use ipnet::IpNet;

use super::{cidr, name, shown};
use crate::model::notation::{is_gone, ports, protocol};
use crate::model::{
    Acl, AclAction, AclEntry, Direction, Peering, PeeringSide, PrefixList, Protocol, Subnet, Vpc,
};

/// A VPC.
pub(in crate::aws) fn vpc(it: &sdk::Vpc) -> Option<Vpc> {
    let own = it.cidr_block_association_set().iter().filter(|one| {
        let state = one.cidr_block_state().and_then(|it| it.state());
        live(state.map(sdk::VpcCidrBlockStateCode::as_str))
    });
    let six = it.ipv6_cidr_block_association_set().iter().filter(|one| {
        let state = one.ipv6_cidr_block_state().and_then(|it| it.state());
        live(state.map(sdk::VpcCidrBlockStateCode::as_str))
    });
    Some(Vpc {
        id: it.vpc_id()?.into(),
        name: name(it.tags()),
        cidrs: blocks(
            it.cidr_block()
                .into_iter()
                .chain(own.filter_map(|one| one.cidr_block()))
                .chain(six.filter_map(|one| one.ipv6_cidr_block())),
        ),
    })
}

/// A subnet.
pub(in crate::aws) fn subnet(it: &sdk::Subnet) -> Option<Subnet> {
    let six = it.ipv6_cidr_block_association_set().iter().filter(|one| {
        let state = one.ipv6_cidr_block_state().and_then(|it| it.state());
        live(state.map(sdk::SubnetCidrBlockStateCode::as_str))
    });
    Some(Subnet {
        id: it.subnet_id()?.into(),
        vpc: it.vpc_id()?.into(),
        name: name(it.tags()),
        zone: shown(it.availability_zone()),
        cidrs: blocks(
            it.cidr_block()
                .into_iter()
                .chain(six.filter_map(|one| one.ipv6_cidr_block())),
        ),
    })
}

fn live(state: Option<&str>) -> bool {
    state.is_none_or(|state| !is_gone(state))
}

fn blocks<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<IpNet> {
    let mut all = Vec::new();
    for block in texts.filter_map(|text| cidr(Some(text))) {
        if !all.contains(&block) {
            all.push(block);
        }
    }
    all
}

/// A network ACL, its entries in the order in which they are evaluated.
pub(in crate::aws) fn acl(it: &sdk::NetworkAcl) -> Option<Acl> {
    let mut entries: Vec<AclEntry> = it.entries().iter().filter_map(entry).collect();
    entries.sort_by_key(|entry| (entry.direction, entry.number));
    let mut subnets: Vec<_> = it
        .associations()
        .iter()
        .filter_map(|one| one.subnet_id().map(Into::into))
        .collect();
    subnets.sort();
    Some(Acl {
        id: it.network_acl_id()?.into(),
        vpc: it.vpc_id()?.into(),
        name: name(it.tags()),
        default: it.is_default().unwrap_or(false),
        entries,
        subnets,
    })
}

fn entry(it: &sdk::NetworkAclEntry) -> Option<AclEntry> {
    let protocol = protocol(it.protocol()?)?;
    let (from, to) = match it.icmp_type_code() {
        Some(icmp) if matches!(protocol, Protocol::ICMP | Protocol::ICMPV6) => {
            (icmp.r#type(), icmp.code())
        }
        _ => {
            let range = it.port_range();
            (
                range.and_then(sdk::PortRange::from),
                range.and_then(sdk::PortRange::to),
            )
        }
    };
    Some(AclEntry {
        direction: if it.egress()? {
            Direction::Egress
        } else {
            Direction::Ingress
        },
        number: u16::try_from(it.rule_number()?).ok()?,
        action: match it.rule_action()? {
            RuleAction::Allow => AclAction::Allow,
            RuleAction::Deny => AclAction::Deny,
            _ => return None,
        },
        protocol,
        cidr: cidr(it.cidr_block().or(it.ipv6_cidr_block()))?,
        ports: ports(protocol, from, to),
    })
}

/// A VPC peering connection.
pub(in crate::aws) fn peering(it: &sdk::VpcPeeringConnection) -> Option<Peering> {
    let code = it.status().and_then(|status| status.code());
    Some(Peering {
        id: it.vpc_peering_connection_id()?.into(),
        sides: [
            side(it.requester_vpc_info()?)?,
            side(it.accepter_vpc_info()?)?,
        ],
        active: code == Some(&sdk::VpcPeeringConnectionStateReasonCode::Active),
    })
}

fn side(it: &sdk::VpcPeeringConnectionVpcInfo) -> Option<PeeringSide> {
    let more = it.cidr_block_set().iter().map(|one| one.cidr_block());
    let v6 = it.ipv6_cidr_block_set().iter();
    let blocks = more.chain(v6.map(|one| one.ipv6_cidr_block()));
    let mut cidrs: Vec<IpNet> = blocks.filter_map(cidr).collect();
    let first = cidr(it.cidr_block()).filter(|it| !cidrs.contains(it));
    cidrs.extend(first);
    Some(PeeringSide {
        vpc: it.vpc_id()?.into(),
        account: shown(it.owner_id()),
        region: shown(it.region()),
        cidrs,
    })
}

/// A prefix list of AWS's.
pub(in crate::aws) fn prefix_list(it: &sdk::PrefixList) -> Option<PrefixList> {
    let cidrs = it.cidrs().iter();
    Some(PrefixList {
        id: shown(Some(it.prefix_list_id()?)),
        name: shown(it.prefix_list_name()),
        cidrs: cidrs.filter_map(|one| cidr(Some(one))).collect(),
    })
}

/// A managed prefix list with its entries.
pub(in crate::aws) fn managed_prefix_list(
    it: &sdk::ManagedPrefixList,
    entries: &[sdk::PrefixListEntry],
) -> Option<PrefixList> {
    let cidrs = entries.iter().filter_map(|one| cidr(one.cidr()));
    Some(PrefixList {
        id: shown(Some(it.prefix_list_id()?)),
        name: shown(it.prefix_list_name()),
        cidrs: cidrs.collect(),
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::{
        IcmpTypeCode, NetworkAcl, NetworkAclAssociation, NetworkAclEntry, PortRange as SdkPorts,
        VpcCidrBlockAssociation, VpcCidrBlockState, VpcCidrBlockStateCode,
        VpcIpv6CidrBlockAssociation,
    };

    use super::*;
    use crate::model::PortRange;

    fn sdk_entry(
        number: i32,
        protocol: &str,
    ) -> aws_sdk_ec2::types::builders::NetworkAclEntryBuilder {
        NetworkAclEntry::builder()
            .rule_number(number)
            .protocol(protocol)
            .egress(false)
            .rule_action(RuleAction::Allow)
            .cidr_block("0.0.0.0/0")
    }

    #[test]
    fn entries_keep_their_numbers_and_ports() {
        let ports = |from, to| SdkPorts::builder().from(from).to(to).build();
        let icmp = |kind, code| IcmpTypeCode::builder().r#type(kind).code(code).build();
        let range = |from, to| Some(PortRange { from, to });
        for (built, number, protocol, expected) in [
            (sdk_entry(100, "-1"), 100, Protocol::All, None),
            (sdk_entry(32767, "-1"), 32767, Protocol::All, None),
            (sdk_entry(32768, "-1"), 32768, Protocol::All, None),
            (
                sdk_entry(110, "6").port_range(ports(22, 22)),
                110,
                Protocol::TCP,
                range(22, 22),
            ),
            (
                sdk_entry(120, "6").port_range(ports(0, 65535)),
                120,
                Protocol::TCP,
                None,
            ),
            (
                sdk_entry(130, "1").icmp_type_code(icmp(8, -1)),
                130,
                Protocol::ICMP,
                range(8, -1),
            ),
            (
                sdk_entry(140, "58").icmp_type_code(icmp(-1, -1)),
                140,
                Protocol::ICMPV6,
                None,
            ),
        ] {
            let made = entry(&built.build()).unwrap();
            assert_eq!(
                (made.number, made.protocol, made.ports),
                (number, protocol, expected)
            );
        }
    }

    #[test]
    fn an_unreadable_entry_is_left_out_and_the_rest_sorted() {
        let acl = acl(&NetworkAcl::builder()
            .network_acl_id("acl-1")
            .vpc_id("vpc-1")
            .is_default(true)
            .entries(sdk_entry(200, "6").egress(true).build())
            .entries(sdk_entry(32767, "-1").build())
            .entries(sdk_entry(100, "6").build())
            .entries(sdk_entry(150, "6").cidr_block("nonsense").build())
            .entries(sdk_entry(-1, "6").build())
            .associations(
                NetworkAclAssociation::builder()
                    .subnet_id("subnet-2")
                    .build(),
            )
            .associations(
                NetworkAclAssociation::builder()
                    .subnet_id("subnet-1")
                    .build(),
            )
            .build())
        .unwrap();
        let numbers: Vec<u16> = acl.entries.iter().map(|entry| entry.number).collect();
        assert_eq!(numbers, [100, 32767, 200]);
        assert_eq!(acl.subnets, ["subnet-1".into(), "subnet-2".into()]);
        assert!(acl.default);
    }

    #[test]
    fn a_vpc_has_its_live_blocks_once() {
        let state = |code: VpcCidrBlockStateCode| VpcCidrBlockState::builder().state(code).build();
        let four = |cidr: &str, code| {
            VpcCidrBlockAssociation::builder()
                .cidr_block(cidr)
                .cidr_block_state(state(code))
                .build()
        };
        let vpc = vpc(&aws_sdk_ec2::types::Vpc::builder()
            .vpc_id("vpc-1")
            .cidr_block("10.0.0.0/16")
            .cidr_block_association_set(four("10.0.0.0/16", VpcCidrBlockStateCode::Associated))
            .cidr_block_association_set(four("10.1.0.0/16", VpcCidrBlockStateCode::Associated))
            .cidr_block_association_set(four("10.2.0.0/16", VpcCidrBlockStateCode::Disassociated))
            .ipv6_cidr_block_association_set(
                VpcIpv6CidrBlockAssociation::builder()
                    .ipv6_cidr_block("2400:6500:05af:bb00::/56")
                    .build(),
            )
            .build())
        .unwrap();
        let blocks: Vec<String> = vpc.cidrs.iter().map(ToString::to_string).collect();
        assert_eq!(
            blocks,
            ["10.0.0.0/16", "10.1.0.0/16", "2400:6500:5af:bb00::/56"]
        );
    }
}
