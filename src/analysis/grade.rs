//! How much an answer is worth, and where it comes from.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How well founded an answer is. Ordered: the weakest of several is the largest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grade {
    /// Flow logs prove it.
    Observed,
    /// AWS states it.
    Documented,
    /// It follows from what AWS states, or people have measured it.
    Expected,
    /// AWS is silent, or contradicts itself.
    Ambiguous,
}

impl Grade {
    /// The word on screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::Observed => "observed",
            Self::Documented => "documented",
            Self::Expected => "expected",
            Self::Ambiguous => "ambiguous",
        }
    }
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// AWS's pages that answers rest on.
pub mod source {
    /// Connection tracking of security groups.
    pub const TRACKING: &str = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html";
    /// What security groups filter.
    pub const GROUPS: &str =
        "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html";
    /// Network ACLs.
    pub const ACLS: &str = "https://docs.aws.amazon.com/vpc/latest/userguide/nacl-basics.html";
    /// Route tables.
    pub const ROUTES: &str =
        "https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html";
    /// Which route wins.
    pub const PRIORITY: &str =
        "https://docs.aws.amazon.com/vpc/latest/userguide/route-tables-priority.html";
    /// Internet gateways and public addresses.
    pub const INTERNET: &str =
        "https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html";
    /// NAT gateways.
    pub const NAT: &str =
        "https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html";
    /// VPC peering.
    pub const PEERING: &str =
        "https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html";
    /// Interfaces and their source/destination check.
    pub const INTERFACES: &str =
        "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-eni.html";
    /// Commands in the guest, by Systems Manager.
    pub const RUN_COMMAND: &str =
        "https://docs.aws.amazon.com/systems-manager/latest/userguide/run-command.html";
    /// Stopping an instance.
    pub const STOP: &str = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Stop_Start.html";
}
