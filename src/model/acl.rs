//! Network ACLs.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde::{Deserialize, Serialize};

use super::id::{AclId, SubnetId, VpcId};
use super::network::{Direction, PortRange, Protocol};

/// A network ACL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acl {
    /// `acl-…`
    pub id: AclId,
    /// Its VPC.
    pub vpc: VpcId,
    /// The `Name` tag.
    pub name: String,
    /// The VPC's default NACL.
    pub default: bool,
    /// Its entries, the final deny (32767 and 32768) included where AWS lists it.
    pub entries: Vec<AclEntry>,
    /// The subnets that it serves.
    pub subnets: Vec<SubnetId>,
}

impl Acl {
    /// The entry of a direction that has this number.
    pub fn entry(&self, direction: Direction, number: u16) -> Option<&AclEntry> {
        let mut entries = self.entries.iter();
        entries.find(|it| it.direction == direction && it.number == number)
    }

    /// The entries of a direction but for the final denies, which the account can't change.
    pub fn numbered_in(&self, direction: Direction) -> impl Iterator<Item = &AclEntry> {
        let own = move |it: &&AclEntry| it.direction == direction && it.number < 32767;
        self.entries.iter().filter(own)
    }

    /// What counts towards the quota of one more entry for this block: the entries of the direction and the
    /// block's family, and their final deny, whether or not it is listed.
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html>
    pub fn counted(&self, direction: Direction, cidr: IpNet) -> usize {
        let own = self.numbered_in(direction);
        own.filter(|it| it.is_of_family(cidr)).count() + 1
    }
}

/// One entry of a network ACL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AclEntry {
    /// Ingress or egress; numbered apart.
    pub direction: Direction,
    /// 1 to 32766; the lowest match decides.
    pub number: u16,
    /// Allow or deny.
    pub action: AclAction,
    /// The protocol.
    pub protocol: Protocol,
    /// Source of ingress, destination of egress.
    pub cidr: IpNet,
    /// Destination ports, or ICMP type and code; absent: all.
    pub ports: Option<PortRange>,
}

impl AclEntry {
    /// The deny of each direction and family that ends every network ACL.
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html>
    pub fn final_denies() -> impl Iterator<Item = Self> {
        let everyone = [
            (32_767, IpNet::V4(Ipv4Net::default())),
            (32_768, IpNet::V6(Ipv6Net::default())),
        ];
        Direction::BOTH.into_iter().flat_map(move |direction| {
            everyone.into_iter().map(move |(number, cidr)| Self {
                direction,
                number,
                action: AclAction::Deny,
                protocol: Protocol::All,
                cidr,
                ports: None,
            })
        })
    }

    /// Whether its block is of the same family as another.
    pub fn is_of_family(&self, cidr: IpNet) -> bool {
        matches!(
            (self.cidr, cidr),
            (IpNet::V4(_), IpNet::V4(_)) | (IpNet::V6(_), IpNet::V6(_))
        )
    }

    /// As AWS stores it: the CIDR without host bits.
    /// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNetworkAclEntry.html>
    #[must_use]
    pub fn canonical(&self) -> Self {
        Self {
            cidr: self.cidr.trunc(),
            ..self.clone()
        }
    }
}

/// What a NACL entry does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AclAction {
    /// Let through.
    Allow,
    /// Drop.
    Deny,
}
