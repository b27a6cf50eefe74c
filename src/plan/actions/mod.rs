//! The actions, one file each: what is constant of it (`ENTRY`), and how its plan is built (`steps`).
//!
//! `steps` adds to the steps and answers the remarks: what the action leaves open, and other things to
//! know before it is confirmed, the worst one first.

pub(super) mod add_group;
pub(super) mod asg_detach;
pub(super) mod asg_standby;
pub(super) mod blackhole_route;
pub(super) mod console_output;
pub(super) mod delete_attached_group;
pub(super) mod delete_local_route;
pub(super) mod detach_igw;
pub(super) mod elb_deregister;
pub(super) mod firewall_inside_subnet;
pub(super) mod hibernate;
pub(super) mod host_block;
pub(super) mod host_route_in_vpc;
pub(super) mod igw_routes_off;
pub(super) mod igw_routes_off_vpc;
pub(super) mod image;
pub(super) mod imds_off;
pub(super) mod instance_deny;
pub(super) mod move_primary_eni;
pub(super) mod nacl_deny_all;
pub(super) mod nacl_deny_peer;
pub(super) mod nacl_far_side;
pub(super) mod nacl_on_vpc;
pub(super) mod nacl_own_address;
pub(super) mod nacl_pulse;
pub(super) mod nacl_swap;
pub(super) mod profile_detach;
pub(super) mod protect;
pub(super) mod public_ip_off;
pub(super) mod route_swap;
pub(super) mod sessions_revoke;
pub(super) mod sg_revoke_rules;
pub(super) mod sg_swap;
pub(super) mod sg_two_step;
pub(super) mod sg_two_step_staged;
pub(super) mod snapshot_all;
pub(super) mod stop;
pub(super) mod tag;

use super::builder::PlanError;
use super::subject::{Steps, Subject};

/// Remarks of a plan, or why there is none.
pub(super) type Remarks = Result<Vec<String>, PlanError>;

/// Builds the steps of an action.
pub(super) type Build = fn(&Subject<'_>, &mut Steps) -> Remarks;

/// What no group and no network ACL filters:
/// <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html>
const UNFILTERED: &str = "Not filtered by any group or network ACL: the Amazon DNS resolver, instance metadata, and \
     credentials that were already issued to the role.";

/// The plan of an action that is only talked about.
pub(super) fn nothing(subject: &Subject<'_>, _: &mut Steps) -> Remarks {
    Err(subject.not_possible(subject.intent.action.entry().reason))
}

/// `1 interface`, `2 interfaces`.
pub(super) fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}
