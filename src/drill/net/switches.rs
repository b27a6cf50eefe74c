//! What AWS does not say, or says in two ways: one switch for each question that packets can answer.

use serde::{Deserialize, Serialize};

/// How the world behaves where AWS's documentation is silent or contradicts itself. The default is
/// the answer that Firedoor's forecast assumes; a scenario sets others in its table `[switches]`.
///
/// The page about tracking is
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a question of its own, answered yes or no"
)]
pub struct Switches {
    /// A secondary private address of a member counts for a reference to its group; the page says
    /// "the private IP addresses of the network interfaces" and no more. Default: yes.
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html>
    pub secondary_addresses_are_members: bool,
    /// The network ACL is evaluated in both directions between an instance and a transit gateway
    /// attachment in the same subnet. Default: no, only what leaves the instance.
    /// <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-nacls.html>
    pub transit_gateway_acl_both_ways: bool,
    /// A rule of the other direction for all addresses, but not for all ports, makes a flow untracked if
    /// it covers the flow's ports. Default: no, the page says "any port (0-65535)".
    pub partial_reverse_rule_untracks: bool,
    /// A prefix list with the entry 0.0.0.0/0 (`::/0`) is a rule for all addresses. Default: no.
    pub prefix_list_can_be_everyone: bool,
    /// Two rules for the halves of all addresses are a rule for all addresses. Default: no.
    pub halves_are_everyone: bool,
    /// Connections through a Gateway Load Balancer endpoint are tracked whatever the rules are; they were
    /// on the list of 2022 and are not on the present one. Default: yes.
    pub gateway_load_balancer_is_tracked: bool,
    /// The same of a transit gateway attachment. Default: yes.
    pub transit_gateway_is_tracked: bool,
    /// The same of a gateway endpoint for S3; only that for `DynamoDB` is listed. Default: no.
    pub s3_endpoint_is_tracked: bool,
    /// A flow that a narrow rule permits beside one for all addresses is tracked. Default: no.
    pub narrow_rule_tracks: bool,
    /// A flow is untracked only if one group alone has the rules of both directions. Default: no, the
    /// rules of all groups are one set.
    pub groups_are_apart: bool,
    /// Connections that arrive from the public address of a NAT gateway are tracked on the far
    /// interface too. Default: no.
    pub far_side_of_nat_is_tracked: bool,
    /// An untracked flow ends when the rule that let it through is gone or changed, even if another
    /// permits it still. "An untracked flow of traffic is immediately interrupted if the rule that
    /// enables the flow is removed or modified." Default: no.
    pub modified_rule_cuts_untracked: bool,
    /// A packet under rules that track nothing makes a tracked flow untracked; AWS's pages about its own
    /// two-step runbook disagree. Default: yes.
    /// <https://docs.aws.amazon.com/systems-manager-automation-runbooks/latest/userguide/awssupport-containec2instance.html>
    pub active_flows_convert: bool,
    /// Such rules make tracked flows untracked even if no packet is seen under them. Default: no.
    pub dormant_flows_convert: bool,
    /// A TCP flow that was untracked is picked up in the middle, and tracked, when its rules change so
    /// that they track it. Default: yes.
    pub untracked_flows_are_picked_up: bool,
    /// A TCP flow whose entry ran out is picked up in the middle if rules permit its next packet.
    /// Default: yes.
    pub expired_flows_are_picked_up: bool,
    /// A route to an appliance that equals the own subnet's block takes traffic inside that subnet too.
    /// Default: no, it is delivered directly.
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/route-table-options.html>
    pub appliance_inside_subnet: bool,
    /// Packets from the internet reach a public address whose subnet has no route back. Default: yes, as
    /// long as the internet gateway is attached.
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html>
    pub inbound_without_route_back: bool,
    /// Open connections go on for a while over a public address that was disassociated. Default: no.
    /// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/elastic-ip-addresses-eip.html>
    pub disassociated_address_lingers: bool,
    /// A packet that leaves an interface keeps its entry alive though its subnet's network ACL or
    /// route drops it afterwards. Default: yes, the groups come first.
    pub dropped_packets_refresh: bool,
    /// ICMP is tracked by its identifier: a ping that is started anew is another flow. Default: no.
    pub icmp_by_identifier: bool,
    /// For how many seconds an entry of ICMP outlives its last packet: AWS publishes no number.
    /// Default: 60.
    pub icmp_timeout: u32,
    /// Changed idle timeouts of an interface hold for the entries that it has already. Default: yes.
    /// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ConnectionTrackingSpecificationRequest.html>
    pub timeouts_hold_for_existing: bool,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            secondary_addresses_are_members: true,
            transit_gateway_acl_both_ways: false,
            partial_reverse_rule_untracks: false,
            prefix_list_can_be_everyone: false,
            halves_are_everyone: false,
            gateway_load_balancer_is_tracked: true,
            transit_gateway_is_tracked: true,
            s3_endpoint_is_tracked: false,
            narrow_rule_tracks: false,
            groups_are_apart: false,
            far_side_of_nat_is_tracked: false,
            modified_rule_cuts_untracked: false,
            active_flows_convert: true,
            dormant_flows_convert: false,
            untracked_flows_are_picked_up: true,
            expired_flows_are_picked_up: true,
            appliance_inside_subnet: false,
            inbound_without_route_back: true,
            disassociated_address_lingers: false,
            dropped_packets_refresh: true,
            icmp_by_identifier: false,
            icmp_timeout: 60,
            timeouts_hold_for_existing: true,
        }
    }
}
