//! Instances and what hangs on them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::id::{AsgName, InstanceId, SubnetId, VolumeId, VpcId};

/// An EC2 instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    /// `i-…`
    pub id: InstanceId,
    /// The `Name` tag, made printable; empty when there is none.
    pub name: String,
    /// E.g. `m5.large`.
    pub instance_type: String,
    /// Its state.
    pub state: InstanceState,
    /// The VPC of its primary interface.
    pub vpc: Option<VpcId>,
    /// The subnet of its primary interface.
    pub subnet: Option<SubnetId>,
    /// The name of the instance profile attached to it.
    pub profile: Option<String>,
    /// When it was launched.
    pub launched: Option<DateTime<Utc>>,
    /// Its platform.
    pub platform: Platform,
    /// A Spot instance.
    pub spot: bool,
    /// The AMI it was launched from.
    pub image: String,
    /// Tags other than `Name`, made printable.
    pub tags: Vec<(String, String)>,
    /// What was set on it, as far as it was read.
    pub attributes: InstanceAttributes,
}

/// Attributes of an instance; `None`: not read. `DescribeInstances` says the first two, the others take
/// a `DescribeInstanceAttribute` call each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceAttributes {
    /// Hibernation was configured at launch; it can't be afterwards.
    /// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/hibernating-prerequisites.html>
    pub hibernation: Option<bool>,
    /// The metadata endpoint (IMDS) answers.
    pub metadata: Option<bool>,
    /// `disableApiTermination`.
    pub termination_protection: Option<bool>,
    /// `disableApiStop`.
    pub stop_protection: Option<bool>,
    /// `instanceInitiatedShutdownBehavior`.
    pub shutdown: Option<Shutdown>,
}

/// What a shutdown from within the guest does to the instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shutdown {
    /// It stops.
    Stop,
    /// It terminates.
    Terminate,
}

impl Shutdown {
    /// As AWS writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Terminate => "terminate",
        }
    }
}

impl Instance {
    /// The name, or the id where there is no name.
    pub fn label(&self) -> &str {
        if self.name.is_empty() {
            self.id.as_str()
        } else {
            &self.name
        }
    }
}

/// An instance's life-cycle state:
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InstanceState {
    /// Starting.
    Pending,
    /// Running.
    Running,
    /// Shutting down for good.
    ShuttingDown,
    /// Gone.
    Terminated,
    /// On its way to stopped.
    Stopping,
    /// Stopped.
    Stopped,
    /// A state that this program does not know.
    Unknown,
}

impl InstanceState {
    /// The state that AWS names so.
    pub fn named(name: &str) -> Self {
        match name {
            "pending" => Self::Pending,
            "running" => Self::Running,
            "shutting-down" => Self::ShuttingDown,
            "terminated" => Self::Terminated,
            "stopping" => Self::Stopping,
            "stopped" => Self::Stopped,
            _ => Self::Unknown,
        }
    }

    /// As AWS writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::ShuttingDown => "shutting-down",
            Self::Terminated => "terminated",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::Unknown => "unknown state",
        }
    }
}

/// An instance's operating system family, as far as EC2 knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Platform {
    /// Linux or other Unix: EC2 names only Windows.
    Unix,
    /// Windows.
    Windows,
}

/// An EBS volume attached to an instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Volume {
    /// `vol-…`
    pub id: VolumeId,
    /// The instance that it is attached to.
    pub instance: InstanceId,
    /// Device name in the guest.
    pub device: String,
    /// Size in GiB.
    pub size_gib: u32,
    /// Encrypted at rest.
    pub encrypted: bool,
    /// Deleted together with the instance.
    pub delete_on_termination: bool,
}

/// An instance's membership in an Auto Scaling group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AsgMembership {
    /// The member.
    pub instance: InstanceId,
    /// The group.
    pub group: AsgName,
    /// `InService`, `Standby`, ...
    pub lifecycle: String,
    /// How many instances the group is to have; `None`: it was not read.
    pub size: Option<AsgSize>,
}

/// How many instances an Auto Scaling group is to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AsgSize {
    /// At the least.
    pub min: u32,
    /// Now: its desired capacity.
    pub desired: u32,
    /// At the most.
    pub max: u32,
}

/// An instance profile: what gives instances a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceProfile {
    /// Its name.
    pub name: String,
    /// The names of its roles: AWS allows one.
    pub roles: Vec<String>,
    /// Every instance of the account and Region that has it, those of other VPCs too.
    pub users: Vec<InstanceId>,
}

/// An instance's registration in a load balancer's target group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetMembership {
    /// The target.
    pub instance: InstanceId,
    /// The target group's name.
    pub target_group: String,
    /// The target group's ARN.
    pub arn: String,
    /// The port that it is registered with.
    pub port: Option<u16>,
    /// `healthy`, `unhealthy`, `draining`, ...
    pub health: String,
}
