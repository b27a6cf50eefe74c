//! What was checked on a packet's way, in words.

use std::net::IpAddr;

use super::acl::Ruling;
use super::cause::number_text;
use super::network::{Ix, Network};
use super::routes::Entry;
use crate::model::Direction;

/// One check: `acl-1 egress: rule 100 ALLOW`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The object that was asked.
    pub object: String,
    /// What it answered.
    pub answer: String,
}

impl Check {
    pub(super) fn acl(network: &Network, acl: Ix, direction: Direction, ruling: Ruling) -> Self {
        let (number, word) = match ruling {
            Ruling::Allow(number) => (number, "ALLOW"),
            Ruling::Deny(number) => (number, "DENY"),
            Ruling::Mixed(number) => (number, "DENY for some ports"),
        };
        Self {
            object: format!("{} {}", network.acl(acl).0, direction.name()),
            answer: format!("rule {} {word}", number_text(number)),
        }
    }

    pub(super) fn route(network: &Network, table: Ix, route: &Entry, to: IpAddr) -> Self {
        let gone = if route.blackhole { " (blackhole)" } else { "" };
        Self {
            object: network.table(table).0.to_string(),
            answer: format!("{to} by {} to {}{gone}", route.cidr, route.target),
        }
    }

    pub(super) fn no_route(network: &Network, table: Ix, to: IpAddr) -> Self {
        Self {
            object: network.table(table).0.to_string(),
            answer: format!("no route to {to}"),
        }
    }

    pub(super) fn group(network: &Network, eni: Ix, direction: Direction, answer: &str) -> Self {
        let id = network.interface(eni).map_or("?", |it| it.id.as_str());
        Self {
            object: format!("groups of {id} {}", direction.name()),
            answer: answer.to_owned(),
        }
    }
}
