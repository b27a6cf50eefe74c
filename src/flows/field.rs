//! The fields of a flow log: their names, the version that brought them, and what they hold.
//!
//! Versions 2 to 11 of VPC flow logs and version 6, which is the transit gateways' own:
//! <https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html>,
//! <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-flow-logs.html>. It decodes nothing.

use std::fmt;

/// A field of a flow log record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// `version`: highest version among the record's fields.
    Version,
    /// `account-id`: owner of the interface; `unknown` for some service-made ones.
    AccountId,
    /// `interface-id`: the interface that the traffic was seen on.
    InterfaceId,
    /// `srcaddr`: source address.
    SrcAddr,
    /// `dstaddr`: destination address.
    DstAddr,
    /// `srcport`: source port; 0 for ICMP.
    SrcPort,
    /// `dstport`: destination port; 0 for ICMP.
    DstPort,
    /// `protocol`: IANA protocol number.
    Protocol,
    /// `packets`: packets in the window.
    Packets,
    /// `bytes`: bytes in the window.
    Bytes,
    /// `start`: first packet, seconds (old feeds: milliseconds) since the epoch.
    Start,
    /// `end`: last packet, in the same unit.
    End,
    /// `action`: `ACCEPT` or `REJECT`.
    Action,
    /// `log-status`: `OK`, `NODATA` or `SKIPDATA`.
    LogStatus,
    /// `vpc-id`: VPC of the interface.
    VpcId,
    /// `subnet-id`: subnet of the interface.
    SubnetId,
    /// `instance-id`: instance of the interface; `-` when AWS manages it.
    InstanceId,
    /// `tcp-flags`: TCP flags, or-ed over the window.
    TcpFlags,
    /// `type`: `IPv4`, `IPv6` or `EFA`.
    Type,
    /// `pkt-srcaddr`: the packet's own source address.
    PktSrcAddr,
    /// `pkt-dstaddr`: the packet's own destination address.
    PktDstAddr,
    /// `region`: Region of the interface.
    Region,
    /// `az-id`: Availability Zone id.
    AzId,
    /// `sublocation-type`: `wavelength`, `outpost` or `localzone`.
    SublocationType,
    /// `sublocation-id`: id of the sublocation.
    SublocationId,
    /// `pkt-src-aws-service`: AWS service that the source address belongs to.
    PktSrcAwsService,
    /// `pkt-dst-aws-service`: AWS service that the destination address belongs to.
    PktDstAwsService,
    /// `flow-direction`: `ingress` or `egress`, relative to the interface.
    FlowDirection,
    /// `traffic-path`: path of egress traffic, 1 to 8.
    TrafficPath,
    /// `resource-type`: `TransitGateway` or its attachment.
    ResourceType,
    /// `tgw-id`: transit gateway.
    TgwId,
    /// `tgw-attachment-id`: attachment.
    TgwAttachmentId,
    /// `tgw-src-vpc-account-id`: account of the source VPC.
    TgwSrcVpcAccountId,
    /// `tgw-dst-vpc-account-id`: account of the destination VPC.
    TgwDstVpcAccountId,
    /// `tgw-src-vpc-id`: source VPC.
    TgwSrcVpcId,
    /// `tgw-dst-vpc-id`: destination VPC.
    TgwDstVpcId,
    /// `tgw-src-subnet-id`: source subnet.
    TgwSrcSubnetId,
    /// `tgw-dst-subnet-id`: destination subnet.
    TgwDstSubnetId,
    /// `tgw-src-eni`: source attachment's interface.
    TgwSrcEni,
    /// `tgw-dst-eni`: destination attachment's interface.
    TgwDstEni,
    /// `tgw-src-az-id`: source Availability Zone id.
    TgwSrcAzId,
    /// `tgw-dst-az-id`: destination Availability Zone id.
    TgwDstAzId,
    /// `tgw-pair-attachment-id`: the other attachment.
    TgwPairAttachmentId,
    /// `packets-lost-no-route`: packets dropped for want of a route.
    PacketsLostNoRoute,
    /// `packets-lost-blackhole`: packets dropped by a blackhole route.
    PacketsLostBlackhole,
    /// `packets-lost-mtu-exceeded`: packets dropped as too large.
    PacketsLostMtuExceeded,
    /// `packets-lost-ttl-expired`: packets dropped with their time to live used up.
    PacketsLostTtlExpired,
    /// `ecs-cluster-arn`: ECS cluster.
    EcsClusterArn,
    /// `ecs-cluster-name`: ECS cluster's name.
    EcsClusterName,
    /// `ecs-container-instance-arn`: ECS container instance.
    EcsContainerInstanceArn,
    /// `ecs-container-instance-id`: ECS container instance's id.
    EcsContainerInstanceId,
    /// `ecs-container-id`: runtime id of the first container.
    EcsContainerId,
    /// `ecs-second-container-id`: runtime id of the second container.
    EcsSecondContainerId,
    /// `ecs-service-name`: ECS service.
    EcsServiceName,
    /// `ecs-task-definition-arn`: ECS task definition.
    EcsTaskDefinitionArn,
    /// `ecs-task-arn`: ECS task.
    EcsTaskArn,
    /// `ecs-task-id`: ECS task's id.
    EcsTaskId,
    /// `reject-reason`: why it was rejected, where block public access did it.
    RejectReason,
    /// `resource-id`: resource without interfaces, such as a regional NAT gateway.
    ResourceId,
    /// `encryption-status`: 0 none, 1 Nitro, 2 application, 3 both.
    EncryptionStatus,
    /// `instance-tag`: a tag of the instance, percent-encoded.
    InstanceTag,
    /// `instance-tag-2`: another tag of the instance.
    InstanceTag2,
    /// `interface-tag`: a tag of the interface, percent-encoded.
    InterfaceTag,
    /// `interface-tag-2`: another tag of the interface.
    InterfaceTag2,
    /// `asg-tag`: a tag of the Auto Scaling group, percent-encoded.
    AsgTag,
    /// `asg-tag-2`: another tag of the Auto Scaling group.
    AsgTag2,
    /// `interface-type`: `nat_gateway`, `transit_gateway`, `vpc_endpoint`, ....
    InterfaceType,
    /// `next-hop-interface-id`: next interface: the receiver of egress, the sender of ingress.
    NextHopInterfaceId,
    /// `next-hop-subnet-id`: its subnet.
    NextHopSubnetId,
    /// `next-hop-az-id`: its Availability Zone id.
    NextHopAzId,
    /// `next-hop-vpc-id`: its VPC.
    NextHopVpcId,
    /// `next-hop-interface-type`: its type.
    NextHopInterfaceType,
}

/// What a field holds. `-`, absent, is possible for every kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text, taken as it stands: tags stay percent-encoded and account ids keep their zeros.
    Text,
    /// An IPv4 or IPv6 address.
    Address,
    /// A whole number from 0 to this one.
    Number(i64),
    /// One of these words.
    Choice(&'static [&'static str]),
}

/// What `Parquet` writes as a 32-bit integer.
const NUMBER: Kind = Kind::Number(0x7fff_ffff);
/// A 64-bit counter.
const COUNT: Kind = Kind::Number(i64::MAX);
/// A port.
const PORT: Kind = Kind::Number(0xffff);
/// A number that fits in a byte.
const OCTET: Kind = Kind::Number(0xff);
/// A time: at the most the end of the year 9999 in milliseconds.
const EPOCH: Kind = Kind::Number(253_402_300_799_999);
const ACTIONS: &[&str] = &["ACCEPT", "REJECT"];
const STATUSES: &[&str] = &["OK", "NODATA", "SKIPDATA"];
const DIRECTIONS: &[&str] = &["ingress", "egress"];

impl Field {
    /// Every field, in the order of the versions.
    pub const ALL: [Self; 72] = [
        Self::Version,
        Self::AccountId,
        Self::InterfaceId,
        Self::SrcAddr,
        Self::DstAddr,
        Self::SrcPort,
        Self::DstPort,
        Self::Protocol,
        Self::Packets,
        Self::Bytes,
        Self::Start,
        Self::End,
        Self::Action,
        Self::LogStatus,
        Self::VpcId,
        Self::SubnetId,
        Self::InstanceId,
        Self::TcpFlags,
        Self::Type,
        Self::PktSrcAddr,
        Self::PktDstAddr,
        Self::Region,
        Self::AzId,
        Self::SublocationType,
        Self::SublocationId,
        Self::PktSrcAwsService,
        Self::PktDstAwsService,
        Self::FlowDirection,
        Self::TrafficPath,
        Self::ResourceType,
        Self::TgwId,
        Self::TgwAttachmentId,
        Self::TgwSrcVpcAccountId,
        Self::TgwDstVpcAccountId,
        Self::TgwSrcVpcId,
        Self::TgwDstVpcId,
        Self::TgwSrcSubnetId,
        Self::TgwDstSubnetId,
        Self::TgwSrcEni,
        Self::TgwDstEni,
        Self::TgwSrcAzId,
        Self::TgwDstAzId,
        Self::TgwPairAttachmentId,
        Self::PacketsLostNoRoute,
        Self::PacketsLostBlackhole,
        Self::PacketsLostMtuExceeded,
        Self::PacketsLostTtlExpired,
        Self::EcsClusterArn,
        Self::EcsClusterName,
        Self::EcsContainerInstanceArn,
        Self::EcsContainerInstanceId,
        Self::EcsContainerId,
        Self::EcsSecondContainerId,
        Self::EcsServiceName,
        Self::EcsTaskDefinitionArn,
        Self::EcsTaskArn,
        Self::EcsTaskId,
        Self::RejectReason,
        Self::ResourceId,
        Self::EncryptionStatus,
        Self::InstanceTag,
        Self::InstanceTag2,
        Self::InterfaceTag,
        Self::InterfaceTag2,
        Self::AsgTag,
        Self::AsgTag2,
        Self::InterfaceType,
        Self::NextHopInterfaceId,
        Self::NextHopSubnetId,
        Self::NextHopAzId,
        Self::NextHopVpcId,
        Self::NextHopInterfaceType,
    ];

    /// The field of this name, which may be written with `_` (`Parquet`) instead of `-`.
    pub fn named(name: &str) -> Option<Self> {
        let dashed = || name.bytes().map(|b| if b == b'_' { b'-' } else { b });
        Self::ALL
            .into_iter()
            .find(|field| dashed().eq(field.name().bytes()))
    }

    /// The name, as formats and headers write it.
    pub fn name(self) -> &'static str {
        self.row().0
    }

    /// The flow log version that brought the field.
    pub fn version(self) -> u8 {
        self.row().1
    }

    /// What it holds.
    pub fn kind(self) -> Kind {
        self.row().2
    }

    fn row(self) -> (&'static str, u8, Kind) {
        use Kind::{Address, Choice, Text};
        match self {
            Self::Version => ("version", 2, NUMBER),
            Self::AccountId => ("account-id", 2, Text),
            Self::InterfaceId => ("interface-id", 2, Text),
            Self::SrcAddr => ("srcaddr", 2, Address),
            Self::DstAddr => ("dstaddr", 2, Address),
            Self::SrcPort => ("srcport", 2, PORT),
            Self::DstPort => ("dstport", 2, PORT),
            Self::Protocol => ("protocol", 2, OCTET),
            Self::Packets => ("packets", 2, COUNT),
            Self::Bytes => ("bytes", 2, COUNT),
            Self::Start => ("start", 2, EPOCH),
            Self::End => ("end", 2, EPOCH),
            Self::Action => ("action", 2, Choice(ACTIONS)),
            Self::LogStatus => ("log-status", 2, Choice(STATUSES)),
            Self::VpcId => ("vpc-id", 3, Text),
            Self::SubnetId => ("subnet-id", 3, Text),
            Self::InstanceId => ("instance-id", 3, Text),
            Self::TcpFlags => ("tcp-flags", 3, OCTET),
            Self::Type => ("type", 3, Text),
            Self::PktSrcAddr => ("pkt-srcaddr", 3, Address),
            Self::PktDstAddr => ("pkt-dstaddr", 3, Address),
            Self::Region => ("region", 4, Text),
            Self::AzId => ("az-id", 4, Text),
            Self::SublocationType => ("sublocation-type", 4, Text),
            Self::SublocationId => ("sublocation-id", 4, Text),
            Self::PktSrcAwsService => ("pkt-src-aws-service", 5, Text),
            Self::PktDstAwsService => ("pkt-dst-aws-service", 5, Text),
            Self::FlowDirection => ("flow-direction", 5, Choice(DIRECTIONS)),
            Self::TrafficPath => ("traffic-path", 5, OCTET),
            Self::ResourceType => ("resource-type", 6, Text),
            Self::TgwId => ("tgw-id", 6, Text),
            Self::TgwAttachmentId => ("tgw-attachment-id", 6, Text),
            Self::TgwSrcVpcAccountId => ("tgw-src-vpc-account-id", 6, Text),
            Self::TgwDstVpcAccountId => ("tgw-dst-vpc-account-id", 6, Text),
            Self::TgwSrcVpcId => ("tgw-src-vpc-id", 6, Text),
            Self::TgwDstVpcId => ("tgw-dst-vpc-id", 6, Text),
            Self::TgwSrcSubnetId => ("tgw-src-subnet-id", 6, Text),
            Self::TgwDstSubnetId => ("tgw-dst-subnet-id", 6, Text),
            Self::TgwSrcEni => ("tgw-src-eni", 6, Text),
            Self::TgwDstEni => ("tgw-dst-eni", 6, Text),
            Self::TgwSrcAzId => ("tgw-src-az-id", 6, Text),
            Self::TgwDstAzId => ("tgw-dst-az-id", 6, Text),
            Self::TgwPairAttachmentId => ("tgw-pair-attachment-id", 6, Text),
            Self::PacketsLostNoRoute => ("packets-lost-no-route", 6, COUNT),
            Self::PacketsLostBlackhole => ("packets-lost-blackhole", 6, COUNT),
            Self::PacketsLostMtuExceeded => ("packets-lost-mtu-exceeded", 6, COUNT),
            Self::PacketsLostTtlExpired => ("packets-lost-ttl-expired", 6, COUNT),
            Self::EcsClusterArn => ("ecs-cluster-arn", 7, Text),
            Self::EcsClusterName => ("ecs-cluster-name", 7, Text),
            Self::EcsContainerInstanceArn => ("ecs-container-instance-arn", 7, Text),
            Self::EcsContainerInstanceId => ("ecs-container-instance-id", 7, Text),
            Self::EcsContainerId => ("ecs-container-id", 7, Text),
            Self::EcsSecondContainerId => ("ecs-second-container-id", 7, Text),
            Self::EcsServiceName => ("ecs-service-name", 7, Text),
            Self::EcsTaskDefinitionArn => ("ecs-task-definition-arn", 7, Text),
            Self::EcsTaskArn => ("ecs-task-arn", 7, Text),
            Self::EcsTaskId => ("ecs-task-id", 7, Text),
            Self::RejectReason => ("reject-reason", 8, Text),
            Self::ResourceId => ("resource-id", 9, Text),
            Self::EncryptionStatus => ("encryption-status", 10, OCTET),
            Self::InstanceTag => ("instance-tag", 11, Text),
            Self::InstanceTag2 => ("instance-tag-2", 11, Text),
            Self::InterfaceTag => ("interface-tag", 11, Text),
            Self::InterfaceTag2 => ("interface-tag-2", 11, Text),
            Self::AsgTag => ("asg-tag", 11, Text),
            Self::AsgTag2 => ("asg-tag-2", 11, Text),
            Self::InterfaceType => ("interface-type", 11, Text),
            Self::NextHopInterfaceId => ("next-hop-interface-id", 11, Text),
            Self::NextHopSubnetId => ("next-hop-subnet-id", 11, Text),
            Self::NextHopAzId => ("next-hop-az-id", 11, Text),
            Self::NextHopVpcId => ("next-hop-vpc-id", 11, Text),
            Self::NextHopInterfaceType => ("next-hop-interface-type", 11, Text),
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_found_by_its_name_in_both_spellings() {
        for field in Field::ALL {
            assert_eq!(Field::named(field.name()), Some(field));
            assert_eq!(Field::named(&field.name().replace('-', "_")), Some(field));
        }
        assert_eq!(Field::named("srcAddr"), None);
        assert_eq!(Field::named(""), None);
    }

    #[test]
    fn each_version_brings_as_many_fields_as_aws_documents() {
        let count = |version| {
            let of_version = |field: &&Field| field.version() == version;
            Field::ALL.iter().filter(of_version).count()
        };
        let counts: Vec<usize> = (2..=11).map(count).collect();
        assert_eq!(counts, [14, 7, 4, 4, 18, 10, 1, 1, 1, 12]);
    }
}
