//! What is constant per operation: one table, from which previews and policies are made.
//!
//! EC2's pages say which calls have `DryRun`; those of instance profiles have none, nor have IAM, Auto
//! Scaling, Elastic Load Balancing and Systems Manager.

mod instances;
mod network;

use super::{Attribute, Operation};
use crate::model::Direction;

/// The constants of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// The API call that makes the change, as IAM names it.
    pub api: &'static str,
    /// Every IAM action that executing and reading back needs.
    pub iam: &'static [&'static str],
    /// Whether AWS offers `DryRun` for it.
    pub dry_run: bool,
    /// Whether the captured state can be restored.
    pub reversible: bool,
    /// AWS's page about the call.
    pub reference: &'static str,
}

impl Facts {
    /// With `DryRun`, and reversible: what most are.
    const fn new(api: &'static str, iam: &'static [&'static str], reference: &'static str) -> Self {
        Self {
            api,
            iam,
            dry_run: true,
            reversible: true,
            reference,
        }
    }

    const fn one_way(self) -> Self {
        Self {
            reversible: false,
            ..self
        }
    }

    const fn without_dry_run(self) -> Self {
        Self {
            dry_run: false,
            ..self
        }
    }
}

/// The whole table. A test holds that it lacks no operation's.
static ALL: [&Facts; 54] = [
    &network::CREATE_GROUP,
    &network::AUTHORIZE_INGRESS,
    &network::AUTHORIZE_EGRESS,
    &network::REVOKE_INGRESS,
    &network::REVOKE_EGRESS,
    &network::REVOKE_SOME_INGRESS,
    &network::REVOKE_SOME_EGRESS,
    &network::DELETE_GROUP,
    &network::SET_ENI_GROUPS,
    &network::SET_INSTANCE_GROUPS,
    &network::SET_TRACKING_TIMEOUTS,
    &network::CREATE_INTERFACE,
    &network::DELETE_INTERFACE,
    &network::DETACH_INTERFACE,
    &network::DISASSOCIATE_ADDRESS,
    &network::ASSOCIATE_ADDRESS,
    &network::DROP_PUBLIC_ADDRESS,
    &network::CREATE_ACL,
    &network::SET_SUBNET_ACL,
    &network::DELETE_ACL,
    &network::CREATE_ACL_ENTRY,
    &network::REPLACE_ACL_ENTRY,
    &network::DELETE_ACL_ENTRY,
    &network::CREATE_ROUTE_TABLE,
    &network::DELETE_ROUTE_TABLE,
    &network::SET_SUBNET_ROUTE_TABLE,
    &network::UNSET_SUBNET_ROUTE_TABLE,
    &network::SET_MAIN_ROUTE_TABLE,
    &network::CREATE_ROUTE,
    &network::REPLACE_ROUTE,
    &network::DELETE_ROUTE,
    &network::DETACH_INTERNET_GATEWAY,
    &instances::STOP_INSTANCE,
    &instances::START_INSTANCE,
    &instances::SET_METADATA_ENDPOINT,
    &instances::SET_ATTRIBUTE,
    &instances::SET_VOLUME_ATTRIBUTE,
    &instances::TAG,
    &instances::UNTAG,
    &instances::RUN_HOST_BLOCK,
    &instances::DISASSOCIATE_PROFILE,
    &instances::ASSOCIATE_PROFILE,
    &instances::PUT_ROLE_POLICY,
    &instances::DELETE_ROLE_POLICY,
    &instances::SET_ASG_MIN_SIZE,
    &instances::ENTER_STANDBY,
    &instances::EXIT_STANDBY,
    &instances::DETACH_FROM_ASG,
    &instances::ATTACH_TO_ASG,
    &instances::DEREGISTER_TARGET,
    &instances::REGISTER_TARGET,
    &instances::CREATE_SNAPSHOTS,
    &instances::CREATE_IMAGE,
    &instances::GET_CONSOLE_OUTPUT,
];

impl Facts {
    /// The constants of every operation.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        ALL.into_iter()
    }
}

impl Operation {
    /// The constants of this operation.
    pub fn facts(&self) -> &'static Facts {
        use {instances as i, network as n};
        match self {
            Self::CreateGroup { .. } => &n::CREATE_GROUP,
            Self::AuthorizeRules { direction, .. } => match direction {
                Direction::Ingress => &n::AUTHORIZE_INGRESS,
                Direction::Egress => &n::AUTHORIZE_EGRESS,
            },
            Self::RevokeRules { direction, .. } => match direction {
                Direction::Ingress => &n::REVOKE_SOME_INGRESS,
                Direction::Egress => &n::REVOKE_SOME_EGRESS,
            },
            Self::RevokeAllRules { direction, .. } => match direction {
                Direction::Ingress => &n::REVOKE_INGRESS,
                Direction::Egress => &n::REVOKE_EGRESS,
            },
            Self::DeleteGroup { .. } => &n::DELETE_GROUP,
            Self::SetEniGroups { .. } => &n::SET_ENI_GROUPS,
            Self::SetInstanceGroups { .. } => &n::SET_INSTANCE_GROUPS,
            Self::SetTrackingTimeouts { .. } => &n::SET_TRACKING_TIMEOUTS,
            Self::CreateInterface { .. } => &n::CREATE_INTERFACE,
            Self::DeleteInterface { .. } => &n::DELETE_INTERFACE,
            Self::DetachInterface { .. } => &n::DETACH_INTERFACE,
            Self::DisassociateAddress { .. } => &n::DISASSOCIATE_ADDRESS,
            Self::AssociateAddress { .. } => &n::ASSOCIATE_ADDRESS,
            Self::DropPublicAddress { .. } => &n::DROP_PUBLIC_ADDRESS,
            Self::CreateAcl { .. } => &n::CREATE_ACL,
            Self::SetSubnetAcl { .. } => &n::SET_SUBNET_ACL,
            Self::DeleteAcl { .. } => &n::DELETE_ACL,
            Self::CreateAclEntry { .. } => &n::CREATE_ACL_ENTRY,
            Self::ReplaceAclEntry { .. } => &n::REPLACE_ACL_ENTRY,
            Self::DeleteAclEntry { .. } => &n::DELETE_ACL_ENTRY,
            Self::CreateRouteTable { .. } => &n::CREATE_ROUTE_TABLE,
            Self::DeleteRouteTable { .. } => &n::DELETE_ROUTE_TABLE,
            Self::SetSubnetRouteTable { table: Some(_), .. } => &n::SET_SUBNET_ROUTE_TABLE,
            Self::SetSubnetRouteTable { table: None, .. } => &n::UNSET_SUBNET_ROUTE_TABLE,
            Self::SetMainRouteTable { .. } => &n::SET_MAIN_ROUTE_TABLE,
            Self::CreateRoute { .. } => &n::CREATE_ROUTE,
            Self::ReplaceRoute { .. } => &n::REPLACE_ROUTE,
            Self::DeleteRoute { .. } => &n::DELETE_ROUTE,
            Self::DetachInternetGateway { .. } => &n::DETACH_INTERNET_GATEWAY,
            Self::StopInstance { .. } => &i::STOP_INSTANCE,
            Self::StartInstance { .. } => &i::START_INSTANCE,
            Self::SetMetadataEndpoint { .. } => &i::SET_METADATA_ENDPOINT,
            Self::SetAttribute {
                attribute: Attribute::DeleteOnTermination { .. },
                ..
            } => &i::SET_VOLUME_ATTRIBUTE,
            Self::SetAttribute { .. } => &i::SET_ATTRIBUTE,
            Self::SetTags { tags, .. } if tags.values().any(Option::is_none) => &i::UNTAG,
            Self::SetTags { .. } => &i::TAG,
            Self::RunHostBlock { .. } => &i::RUN_HOST_BLOCK,
            Self::DisassociateProfile { .. } => &i::DISASSOCIATE_PROFILE,
            Self::AssociateProfile { .. } => &i::ASSOCIATE_PROFILE,
            Self::RevokeSessions { .. } | Self::DenyInstance { .. } => &i::PUT_ROLE_POLICY,
            Self::RemoveRolePolicy { .. } => &i::DELETE_ROLE_POLICY,
            Self::SetAsgMinSize { .. } => &i::SET_ASG_MIN_SIZE,
            Self::EnterStandby { .. } => &i::ENTER_STANDBY,
            Self::ExitStandby { .. } => &i::EXIT_STANDBY,
            Self::DetachFromAsg { .. } => &i::DETACH_FROM_ASG,
            Self::AttachToAsg { .. } => &i::ATTACH_TO_ASG,
            Self::DeregisterTarget { .. } => &i::DEREGISTER_TARGET,
            Self::RegisterTarget { .. } => &i::REGISTER_TARGET,
            Self::CreateSnapshots { .. } => &i::CREATE_SNAPSHOTS,
            Self::CreateImage { .. } => &i::CREATE_IMAGE,
            Self::GetConsoleOutput { .. } => &i::GET_CONSOLE_OUTPUT,
        }
    }
}
