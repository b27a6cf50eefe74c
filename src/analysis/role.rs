//! What an interface is there for, as coarse as people group them.

use crate::model::EniKind;

/// What an interface is there for. What others depend on comes first: a list that is cut off must not
/// hide the NAT gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// NAT gateways.
    NatGateway,
    /// Nodes of load balancers of every kind.
    LoadBalancer,
    /// Global Accelerator.
    Accelerator,
    /// Interface endpoints, and those of Gateway Load Balancers.
    Endpoint,
    /// Attachments of transit gateways.
    TransitGateway,
    /// RDS.
    Rds,
    /// `ElastiCache`.
    Cache,
    /// EFS mount targets.
    Efs,
    /// Lambda functions.
    Lambda,
    /// EKS control planes.
    Eks,
    /// ECS tasks.
    EcsTask,
    /// Whatever else AWS manages.
    Service,
    /// Instances.
    Instance,
    /// Attached to nothing.
    Unattached,
}

impl Role {
    /// The role of a kind of interface.
    pub fn of(kind: EniKind) -> Self {
        match kind {
            EniKind::NatGateway => Self::NatGateway,
            EniKind::LoadBalancer | EniKind::NetworkLoadBalancer | EniKind::GatewayLoadBalancer => {
                Self::LoadBalancer
            }
            EniKind::GlobalAccelerator => Self::Accelerator,
            EniKind::Endpoint | EniKind::GatewayLoadBalancerEndpoint => Self::Endpoint,
            EniKind::TransitGateway => Self::TransitGateway,
            EniKind::Rds => Self::Rds,
            EniKind::Cache => Self::Cache,
            EniKind::Efs => Self::Efs,
            EniKind::Lambda => Self::Lambda,
            EniKind::Eks => Self::Eks,
            EniKind::EcsTask => Self::EcsTask,
            EniKind::Service => Self::Service,
            EniKind::Instance => Self::Instance,
            EniKind::Unattached => Self::Unattached,
        }
    }

    /// The name of many.
    fn plural(self) -> &'static str {
        match self {
            Self::NatGateway => "NAT gateways",
            Self::LoadBalancer => "load balancers",
            Self::Accelerator => "accelerators",
            Self::Endpoint => "VPC endpoints",
            Self::TransitGateway => "transit gateways",
            Self::Rds => "RDS",
            Self::Cache => "ElastiCache",
            Self::Efs => "EFS",
            Self::Lambda => "Lambda",
            Self::Eks => "EKS",
            Self::EcsTask => "ECS tasks",
            Self::Service => "AWS services",
            Self::Instance => "instances",
            Self::Unattached => "unattached",
        }
    }

    /// The name of so many: `instances`, `NAT gateway`.
    pub fn name_of(self, count: usize) -> &'static str {
        let many = self.plural();
        match count {
            1 => many.strip_suffix('s').unwrap_or(many),
            _ => many,
        }
    }

    /// So many of them in words: `2 instances`, `NAT gateway`.
    pub fn counted(self, count: usize) -> String {
        match count {
            1 => self.name_of(1).to_owned(),
            _ => format!("{count} {}", self.plural()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_named_and_more_are_counted() {
        assert_eq!(Role::NatGateway.counted(1), "NAT gateway");
        assert_eq!(Role::Instance.counted(1), "instance");
        assert_eq!(Role::Instance.counted(4000), "4000 instances");
        assert_eq!(Role::EcsTask.counted(2), "2 ECS tasks");
        for acronym in [Role::Rds, Role::Efs, Role::Eks, Role::Lambda] {
            assert_eq!(acronym.counted(1), acronym.plural());
        }
    }
}
