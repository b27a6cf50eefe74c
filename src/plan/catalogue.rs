//! The catalogue of actions: the single source for screens, documents and the command line.
//!
//! What an action is stands in its own file in `actions/`; this file gives them their order.

use serde::{Deserialize, Serialize};

use super::actions::{self, Build};
use crate::model::PartKind;

/// An action of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Every interface to an open group, which is then emptied.
    SgTwoStep,
    /// Every interface of the suspect to an empty group.
    SgSwap,
    /// The suspect's subnets to a quarantine network ACL.
    NaclSwap,
    /// Every interface to a prepared open group, then to a prepared empty one.
    SgTwoStepStaged,
    /// Rules of live groups that let the findings' peers through.
    SgRevokeRules,
    /// Public addresses off.
    PublicIpOff,
    /// The instance stopped.
    Stop,
    /// The instance stopped, its memory written to disk.
    Hibernate,
    /// The findings' peers blocked inside the guest.
    HostBlock,
    /// The metadata endpoint off.
    ImdsOff,
    /// Everything denied in the live network ACL.
    NaclDenyAll,
    /// The findings' peers denied in the live network ACL.
    NaclDenyPeer,
    /// The findings' peers denied until idle timers have run out.
    NaclPulse,
    /// The suspect denied in the network ACLs of other subnets.
    NaclFarSide,
    /// A local-only route table for the suspect's subnets.
    RouteSwap,
    /// Internet routes out of the suspect's route tables.
    IgwRoutesOff,
    /// Internet routes out of every route table of the VPC.
    IgwRoutesOffVpc,
    /// Routes for the findings' peers that lead nowhere.
    BlackholeRoute,
    /// The instance profile off.
    ProfileDetach,
    /// Sessions of the role revoked.
    SessionsRevoke,
    /// The instance's own credentials denied.
    InstanceDeny,
    /// Out of service in its Auto Scaling group.
    AsgStandby,
    /// Out of its Auto Scaling group.
    AsgDetach,
    /// Out of its target groups.
    ElbDeregister,
    /// Protected against termination.
    Protect,
    /// Tagged with the case.
    Tag,
    /// Snapshots of every volume.
    SnapshotAll,
    /// An image without a reboot.
    Image,
    /// The console's output kept.
    ConsoleOutput,
    /// Not possible: a group that is attached, deleted.
    DeleteAttachedGroup,
    /// Not possible: the internet gateway off the VPC.
    DetachIgw,
    /// Not possible: a group added to restrict.
    AddGroup,
    /// Not possible: the primary interface moved.
    MovePrimaryEni,
    /// Not possible: the suspect's address in its own subnet's network ACL.
    NaclOwnAddress,
    /// Not possible: the local route deleted.
    DeleteLocalRoute,
    /// Not possible: a route for one host of the VPC.
    HostRouteInVpc,
    /// Not possible: a network ACL on the VPC.
    NaclOnVpc,
    /// Not possible: a firewall between hosts of one subnet.
    FirewallInsideSubnet,
}

/// What an action touches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The suspect alone.
    Instance,
    /// Everything in its subnets.
    Subnet,
    /// Everything that uses its role.
    Identity,
    /// The platform around it.
    Platform,
    /// Nothing: it keeps evidence.
    Evidence,
}

impl Scope {
    /// The name on screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::Instance => "instance",
            Self::Subnet => "subnet",
            Self::Identity => "role",
            Self::Platform => "platform",
            Self::Evidence => "evidence",
        }
    }
}

/// Where a run of an action is safe to be left: a stop, a hang-up and a resumed run go there first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SafePoint {
    /// Anywhere between two calls.
    None,
    /// Once what it opened is empty.
    Emptied,
    /// Once what it denied for a while is lifted.
    Lifted,
}

/// What is constant of an action.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "columns of a table: every question is answered apart"
)]
pub struct Entry {
    /// The action.
    pub action: Action,
    /// The name that the command line and the journal use.
    pub name: &'static str,
    /// What it touches.
    pub scope: Scope,
    /// What it does, in one line.
    pub summary: &'static str,
    /// What it does not do, or what it costs: the sentence to read before choosing it.
    pub caveat: &'static str,
    /// Whether it changes what packets get through.
    pub cuts: bool,
    /// Whether health checks of its platform are expected to fail.
    pub fails_health_checks: bool,
    /// Whether what was there before can be restored.
    pub reversible: bool,
    /// What stays behind after it was taken back; empty: nothing.
    pub stays: &'static str,
    /// Evidence that it destroys; empty: none.
    pub evidence_lost: &'static str,
    /// Whether it does what people try it for.
    pub possible: bool,
    /// Why it is not possible, with AWS's page; empty where it is.
    pub reason: &'static str,
    /// Where its run is safe to be left.
    pub safe_point: SafePoint,
    /// The parts of the estate that its plan rests on. A part that is denied must not stand in the way
    /// of an action that does without it.
    pub needs: &'static [PartKind],
    pub(super) build: Build,
}

impl Entry {
    /// What most actions are; each says what differs.
    pub(super) const USUAL: Self = Self {
        action: Action::Tag,
        name: "",
        scope: Scope::Instance,
        summary: "",
        caveat: "",
        cuts: true,
        fails_health_checks: true,
        reversible: true,
        stays: "",
        evidence_lost: "",
        possible: true,
        reason: "",
        safe_point: SafePoint::None,
        needs: &[PartKind::Instances],
        build: actions::nothing,
    };

    /// What all that are not possible have in common.
    pub(super) const IMPOSSIBLE: Self = Self {
        cuts: false,
        fails_health_checks: false,
        reversible: false,
        possible: false,
        ..Self::USUAL
    };
}

/// Every action, in the order of the catalogue: those that can be run first, those that are not possible
/// last.
pub fn catalogue() -> &'static [&'static Entry] {
    &CATALOGUE
}

static CATALOGUE: [&Entry; Action::ALL.len()] = [
    &actions::sg_two_step::ENTRY,
    &actions::sg_swap::ENTRY,
    &actions::nacl_swap::ENTRY,
    &actions::sg_two_step_staged::ENTRY,
    &actions::sg_revoke_rules::ENTRY,
    &actions::public_ip_off::ENTRY,
    &actions::stop::ENTRY,
    &actions::hibernate::ENTRY,
    &actions::host_block::ENTRY,
    &actions::imds_off::ENTRY,
    &actions::nacl_deny_all::ENTRY,
    &actions::nacl_deny_peer::ENTRY,
    &actions::nacl_pulse::ENTRY,
    &actions::nacl_far_side::ENTRY,
    &actions::route_swap::ENTRY,
    &actions::igw_routes_off::ENTRY,
    &actions::igw_routes_off_vpc::ENTRY,
    &actions::blackhole_route::ENTRY,
    &actions::profile_detach::ENTRY,
    &actions::sessions_revoke::ENTRY,
    &actions::instance_deny::ENTRY,
    &actions::asg_standby::ENTRY,
    &actions::asg_detach::ENTRY,
    &actions::elb_deregister::ENTRY,
    &actions::protect::ENTRY,
    &actions::tag::ENTRY,
    &actions::snapshot_all::ENTRY,
    &actions::image::ENTRY,
    &actions::console_output::ENTRY,
    &actions::delete_attached_group::ENTRY,
    &actions::detach_igw::ENTRY,
    &actions::add_group::ENTRY,
    &actions::move_primary_eni::ENTRY,
    &actions::nacl_own_address::ENTRY,
    &actions::delete_local_route::ENTRY,
    &actions::host_route_in_vpc::ENTRY,
    &actions::nacl_on_vpc::ENTRY,
    &actions::firewall_inside_subnet::ENTRY,
];

impl Action {
    /// All, in the order of the catalogue.
    pub const ALL: [Self; 38] = [
        Self::SgTwoStep,
        Self::SgSwap,
        Self::NaclSwap,
        Self::SgTwoStepStaged,
        Self::SgRevokeRules,
        Self::PublicIpOff,
        Self::Stop,
        Self::Hibernate,
        Self::HostBlock,
        Self::ImdsOff,
        Self::NaclDenyAll,
        Self::NaclDenyPeer,
        Self::NaclPulse,
        Self::NaclFarSide,
        Self::RouteSwap,
        Self::IgwRoutesOff,
        Self::IgwRoutesOffVpc,
        Self::BlackholeRoute,
        Self::ProfileDetach,
        Self::SessionsRevoke,
        Self::InstanceDeny,
        Self::AsgStandby,
        Self::AsgDetach,
        Self::ElbDeregister,
        Self::Protect,
        Self::Tag,
        Self::SnapshotAll,
        Self::Image,
        Self::ConsoleOutput,
        Self::DeleteAttachedGroup,
        Self::DetachIgw,
        Self::AddGroup,
        Self::MovePrimaryEni,
        Self::NaclOwnAddress,
        Self::DeleteLocalRoute,
        Self::HostRouteInVpc,
        Self::NaclOnVpc,
        Self::FirewallInsideSubnet,
    ];

    /// What is constant of it.
    pub fn entry(self) -> &'static Entry {
        // A test holds that both are in the order of the enum.
        CATALOGUE[self as usize]
    }

    /// The name that the command line and the journal use.
    pub fn name(self) -> &'static str {
        self.entry().name
    }

    /// What it touches.
    pub fn scope(self) -> Scope {
        self.entry().scope
    }

    /// What it does, in one line.
    pub fn summary(self) -> &'static str {
        self.entry().summary
    }

    /// What it does not do, or what it costs: the sentence to read before choosing it.
    pub fn caveat(self) -> &'static str {
        self.entry().caveat
    }
}

impl std::fmt::Display for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}
