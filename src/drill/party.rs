//! The ends of a conversation.

use std::net::IpAddr;

use crate::model::EniId;

/// One end of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Party {
    /// An interface of the VPC, at one of its private addresses.
    Ours { eni: EniId, address: IpAddr },
    /// Somebody outside.
    Outside(IpAddr),
}

impl Party {
    pub(super) fn is_outside(&self) -> bool {
        matches!(self, Self::Outside(_))
    }

    pub(super) fn address(&self) -> IpAddr {
        match self {
            Self::Ours { address, .. } | Self::Outside(address) => *address,
        }
    }
}
