//! Everything that Firedoor can change in AWS, as data.
//!
//! One value of [`Operation`] is applied to an estate hypothetically ([`apply`]), checked against
//! AWS's preconditions ([`precondition`]), executed by an [`Actuator`], inverted from the state
//! captured before it ([`invert`]), journalled, and printed ([`Operation::prose`],
//! [`Operation::cli`]). Nothing here does I/O but the implementations of [`Actuator`], which live
//! elsewhere.
//!
//! `apply/`, `precondition/`, `catalogue/` and `cli/` are split alike, by what is changed: groups,
//! interfaces, network ACLs, routes, instances, and the platform around them.

mod apply;
mod bind;
mod catalogue;
mod cli;
mod document;
pub(crate) mod guest;
mod invert;
mod observe;
mod occasion;
mod port;
mod precondition;
mod prose;
mod reference;
mod state;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::model::{
    AclEntry, AsgName, Direction, EniId, GatewayId, GroupRule, InstanceId, Platform, ResourceId,
    Shutdown, SubnetId, TrackingTimeouts, VpcId,
};

pub use apply::{Hypothesis, apply};
pub use catalogue::Facts;
pub use document::denied_until;
pub use invert::invert;
pub use observe::observe;
pub use occasion::{At, Occasion, TagValue};
pub use port::{Actuator, Answer, CallError, CallErrorKind, Probe, Probed};
pub use precondition::{ACL_ENTRIES, ACL_ENTRIES_RAISED, Refusal, acl_quota, precondition};
pub use reference::{
    AclRef, Bindings, EniRef, GroupRef, Ref, RouteTableRef, StepId, TargetRef, Unbound,
};
pub use state::{CommandState, State};

/// One change in AWS.
///
/// It names stable objects, or what an earlier step of the same plan makes ([`Ref::Made`]); never an
/// association or rule id: those change under our hands, so the actuator looks them up just
/// before the call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// Makes a security group. AWS gives it an allow-all egress rule, and one for IPv6 in a VPC that
    /// has an IPv6 block.
    CreateGroup {
        /// The VPC that it is made in.
        vpc: VpcId,
        /// Its name: unique in the VPC, at most 255 characters, not beginning with `sg-`.
        name: String,
        /// Its description.
        description: String,
        /// Its tags.
        tags: Vec<(String, String)>,
    },
    /// Adds rules of one direction to a group.
    AuthorizeRules {
        /// The group.
        group: GroupRef,
        /// The direction of all the rules.
        direction: Direction,
        /// The rules; those that it has already are no error.
        rules: Vec<GroupRule>,
    },
    /// Removes given rules of one direction from a group.
    RevokeRules {
        /// The group.
        group: GroupRef,
        /// The direction of all the rules.
        direction: Direction,
        /// The rules; those that it has not are no error.
        rules: Vec<GroupRule>,
    },
    /// Removes every rule of one direction from a group, by rule id.
    RevokeAllRules {
        /// The group.
        group: GroupRef,
        /// The direction.
        direction: Direction,
    },
    /// Deletes a security group that nothing uses.
    DeleteGroup {
        /// The group.
        group: GroupRef,
    },
    /// Replaces the groups of one interface.
    SetEniGroups {
        /// The interface.
        eni: EniId,
        /// All its groups afterwards: 1 to 5 (an account may have raised that to 16).
        groups: Vec<GroupRef>,
    },
    /// Replaces the groups of the only interface of an instance. AWS refuses it where there are several.
    SetInstanceGroups {
        /// The instance.
        instance: InstanceId,
        /// All its groups afterwards.
        groups: Vec<GroupRef>,
    },
    /// Sets the idle timeouts of connection tracking on one interface. Nitro instances only.
    SetTrackingTimeouts {
        /// The interface.
        eni: EniId,
        /// The timeouts; an absent one is left as it is.
        timeouts: TrackingTimeouts,
    },
    /// Makes an interface that is attached to nothing: a route to it is a black hole.
    CreateInterface {
        /// The subnet that it is made in.
        subnet: SubnetId,
        /// Its groups; none: the VPC's default group.
        groups: Vec<GroupRef>,
        /// Its tags, `Name` among them.
        tags: Vec<(String, String)>,
    },
    /// Deletes an interface that is attached to nothing.
    DeleteInterface {
        /// The interface.
        eni: EniRef,
    },
    /// Detaches an interface from its instance. AWS refuses it for the primary one.
    DetachInterface {
        /// The interface.
        eni: EniId,
    },
    /// Takes an Elastic IP off a private address. The account keeps it.
    DisassociateAddress {
        /// The interface.
        eni: EniId,
        /// The private address.
        private: IpAddr,
    },
    /// Maps an Elastic IP of the account to a private address.
    AssociateAddress {
        /// The interface.
        eni: EniId,
        /// The private address.
        private: IpAddr,
        /// The Elastic IP.
        address: IpAddr,
    },
    /// Gives up the automatic public address of a primary interface, for good.
    DropPublicAddress {
        /// The interface.
        eni: EniId,
    },
    /// Makes a network ACL. It holds nothing but the final deny of each family and direction.
    CreateAcl {
        /// The VPC that it is made in.
        vpc: VpcId,
        /// Its tags, `Name` among them.
        tags: Vec<(String, String)>,
    },
    /// Moves a subnet to another network ACL.
    SetSubnetAcl {
        /// The subnet.
        subnet: SubnetId,
        /// The network ACL that serves it afterwards.
        acl: AclRef,
    },
    /// Deletes a network ACL that serves no subnet.
    DeleteAcl {
        /// The network ACL.
        acl: AclRef,
    },
    /// Adds an entry to a network ACL.
    CreateAclEntry {
        /// The network ACL.
        acl: AclRef,
        /// The entry; its number must be free in its direction.
        entry: AclEntry,
    },
    /// Replaces the entry that has this direction and number.
    ReplaceAclEntry {
        /// The network ACL.
        acl: AclRef,
        /// The entry afterwards.
        entry: AclEntry,
    },
    /// Removes an entry from a network ACL.
    DeleteAclEntry {
        /// The network ACL.
        acl: AclRef,
        /// Ingress or egress: they are numbered apart.
        direction: Direction,
        /// The entry's number.
        number: u16,
    },
    /// Makes a route table. It holds nothing but the VPC's local routes.
    CreateRouteTable {
        /// The VPC that it is made in.
        vpc: VpcId,
        /// Its tags, `Name` among them.
        tags: Vec<(String, String)>,
    },
    /// Deletes a route table that serves no subnet.
    DeleteRouteTable {
        /// The route table.
        table: RouteTableRef,
    },
    /// Moves a subnet to another route table.
    SetSubnetRouteTable {
        /// The subnet.
        subnet: SubnetId,
        /// The route table that it is associated with afterwards; `None`: with none, so that the
        /// VPC's main one serves it.
        table: Option<RouteTableRef>,
    },
    /// Makes a route table the main one of its VPC.
    SetMainRouteTable {
        /// The VPC.
        vpc: VpcId,
        /// The route table that serves every subnet without an association afterwards.
        table: RouteTableRef,
    },
    /// Adds a route.
    CreateRoute {
        /// The route table.
        table: RouteTableRef,
        /// A CIDR, or a prefix list's id; the table must have no route for it.
        destination: String,
        /// The gateway, interface or other target.
        target: TargetRef,
    },
    /// Gives the route for a destination another target.
    ReplaceRoute {
        /// The route table.
        table: RouteTableRef,
        /// The route's exact destination.
        destination: String,
        /// The target afterwards.
        target: TargetRef,
    },
    /// Removes a route.
    DeleteRoute {
        /// The route table.
        table: RouteTableRef,
        /// The route's exact destination.
        destination: String,
    },
    /// Detaches an internet gateway from its VPC. AWS refuses it while public addresses are mapped there.
    DetachInternetGateway {
        /// The internet gateway.
        gateway: GatewayId,
        /// The VPC.
        vpc: VpcId,
    },
    /// Stops an instance.
    StopInstance {
        /// The instance.
        instance: InstanceId,
        /// Writes memory to the root volume first, where hibernation was configured at launch.
        hibernate: bool,
    },
    /// Starts a stopped instance.
    StartInstance {
        /// The instance.
        instance: InstanceId,
    },
    /// Turns the metadata endpoint (IMDS) of an instance on or off.
    SetMetadataEndpoint {
        /// The instance.
        instance: InstanceId,
        /// Whether it answers afterwards.
        enabled: bool,
    },
    /// Sets one attribute of an instance: AWS takes one per call.
    SetAttribute {
        /// The instance.
        instance: InstanceId,
        /// The attribute and its value afterwards.
        attribute: Attribute,
    },
    /// Sets tags of one resource, or takes them off.
    SetTags {
        /// The resource.
        resource: ResourceId,
        /// What each key is for afterwards; `None`: the tag is taken off.
        tags: BTreeMap<String, Option<TagValue>>,
    },
    /// Blocks one peer with the guest's own firewall and ends its sessions there, through Systems Manager.
    RunHostBlock {
        /// The instance.
        instance: InstanceId,
        /// Its platform, which decides the document.
        platform: Platform,
        /// The remote address.
        peer: IpAddr,
        /// Names the command and the rules in the guest, so that both are found again: letters, digits
        /// and dashes.
        name: String,
    },
    /// Takes the instance profile off an instance.
    DisassociateProfile {
        /// The instance.
        instance: InstanceId,
    },
    /// Gives an instance without a profile one.
    AssociateProfile {
        /// The instance.
        instance: InstanceId,
        /// The profile's name.
        profile: String,
    },
    /// Denies everything to sessions of a role that were issued until shortly after the call.
    RevokeSessions {
        /// The instance profile whose role it is.
        profile: String,
        /// Sessions that are issued until then are denied: a little after the call, because IAM takes a
        /// while to tell everybody.
        until: At,
    },
    /// Denies everything to the credentials of a role that one instance got.
    DenyInstance {
        /// The instance profile whose role it is.
        profile: String,
        /// The instance.
        instance: InstanceId,
    },
    /// Takes an inline policy off a role.
    RemoveRolePolicy {
        /// The instance profile whose role it is.
        profile: String,
        /// The policy's name.
        policy: String,
    },
    /// Sets the minimum size of an Auto Scaling group, which may lie above what an instance that leaves
    /// it leaves behind.
    SetAsgMinSize {
        /// The group.
        asg: AsgName,
        /// Its minimum size afterwards.
        min: u32,
    },
    /// Takes an instance out of service in its Auto Scaling group.
    EnterStandby {
        /// The instance.
        instance: InstanceId,
        /// The group.
        asg: AsgName,
        /// Lowers the group's desired capacity by one, so that it launches no replacement.
        decrement: bool,
    },
    /// Puts an instance back into service in its Auto Scaling group.
    ExitStandby {
        /// The instance.
        instance: InstanceId,
        /// The group.
        asg: AsgName,
    },
    /// Takes an instance out of its Auto Scaling group.
    DetachFromAsg {
        /// The instance.
        instance: InstanceId,
        /// The group.
        asg: AsgName,
        /// Lowers the group's desired capacity by one, so that it launches no replacement.
        decrement: bool,
    },
    /// Adds a running instance to an Auto Scaling group, raising its desired capacity by one.
    AttachToAsg {
        /// The instance.
        instance: InstanceId,
        /// The group.
        asg: AsgName,
    },
    /// Takes an instance out of a load balancer's target group.
    DeregisterTarget {
        /// The instance.
        instance: InstanceId,
        /// The target group's ARN.
        target_group: String,
        /// The port that it is registered with, where it is not the group's.
        port: Option<u16>,
    },
    /// Puts an instance into a load balancer's target group.
    RegisterTarget {
        /// The instance.
        instance: InstanceId,
        /// The target group's ARN.
        target_group: String,
        /// The port that it is registered with, where it is not the group's.
        port: Option<u16>,
    },
    /// Snapshots every volume of an instance at one point in time.
    CreateSnapshots {
        /// The instance.
        instance: InstanceId,
        /// Tags of the snapshots.
        tags: Vec<(String, String)>,
    },
    /// Makes an image of an instance without rebooting it.
    CreateImage {
        /// The instance.
        instance: InstanceId,
        /// The image's name, unique in the account and Region.
        name: String,
        /// Tags of the image and its snapshots.
        tags: Vec<(String, String)>,
    },
    /// Reads the serial console's output. It changes nothing.
    GetConsoleOutput {
        /// The instance.
        instance: InstanceId,
    },
}

/// An attribute of an instance that `ModifyInstanceAttribute` sets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Attribute {
    /// `disableApiTermination`: not on Spot instances.
    TerminationProtection(bool),
    /// `disableApiStop`: not on Spot instances.
    StopProtection(bool),
    /// `instanceInitiatedShutdownBehavior`.
    Shutdown(Shutdown),
    /// Whether a volume goes when the instance does.
    DeleteOnTermination {
        /// The device name in the guest.
        device: String,
        /// Whether it goes.
        delete: bool,
    },
}
