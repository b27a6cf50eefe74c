//! What gateways do with packets: where a NAT gateway, an internet gateway or a transit gateway sends them on,
//! and what AWS leaves open of it.

use std::net::IpAddr;

use super::acl::Frame;
use super::cause::Cause;
use super::explain::Check;
use super::flow::PathElement;
use super::network::{Ix, Network};
use super::routes::{Entry, TargetKind};
use super::walk::{CHOSEN, Doubt, End, Packet, Seat, Trace, Walk, note};
use crate::model::Direction;

impl Network {
    /// From a transit gateway into the receiver's subnet. Where its attachment is in that very subnet no
    /// network ACL is evaluated: <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-nacls.html>
    pub(super) fn in_by_transit(
        &self,
        packet: &Packet,
        source: IpAddr,
        trace: &mut Trace<'_>,
    ) -> Result<Option<Doubt>, Cause> {
        let Some(subnet) = self.subnet_of(packet.to) else {
            return Ok(None);
        };
        match self.attachment(subnet) {
            Some(at) if at == subnet => Ok(Some(Doubt::Attachment)),
            Some(at) => {
                let to = packet.to.address;
                let left = self.edge(at, Direction::Egress, to, packet.frame, trace)?;
                Ok(left.or(self.enter(packet, source, trace)?))
            }
            None => self.enter(packet, source, trace),
        }
    }

    /// The subnet of the transit gateway attachment that serves a subnet: itself, or one of its zone.
    pub(super) fn attachment(&self, subnet: Ix) -> Option<Ix> {
        let node = self.subnet(subnet)?;
        let all = &self.vpc(node.vpc?)?.attachments;
        let of_zone = |it: &&Ix| self.subnet(**it).is_some_and(|it| it.zone == node.zone);
        let own = all.iter().find(|it| **it == subnet);
        own.or_else(|| all.iter().find(of_zone))
            .or_else(|| all.first())
            .copied()
    }

    /// AWS documents routes to an appliance for whole subnets, and not whether they take what stays inside one.
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/route-table-options.html>
    pub(super) fn intercepted(&self, subnet: Ix, to: IpAddr) -> Option<Doubt> {
        let node = self.subnet(subnet)?;
        let (_, route) = self.table(node.table?).1.lookup(to)?;
        let middlebox = matches!(route.kind, TargetKind::Appliance | TargetKind::Endpoint);
        (middlebox && node.cidrs.contains(&route.cidr)).then_some(Doubt::OwnSubnet)
    }

    /// Whether an end has an address of the internet.
    pub(super) fn is_public(&self, end: End) -> bool {
        let interface = matches!(end.seat, Seat::Interface(_));
        end.address.is_ipv6() || interface && self.public_source(end).is_ok()
    }

    /// The route by which a NAT gateway sends a packet on. One that it sends to another target than before
    /// bears another source there, or comes to what knows nothing of its flow.
    pub(super) fn onward(
        &self,
        packet: &Packet,
        table: Ix,
        public: bool,
        trace: &mut Trace<'_>,
    ) -> Result<&Entry, Cause> {
        let to = packet.to.public.unwrap_or(packet.to.address);
        let Some((number, route)) = self.table(table).1.lookup(to) else {
            note(trace, || Check::no_route(self, table, to));
            return Err(Cause::NoRoute(table));
        };
        note(trace, || Check::route(self, table, route, to));
        if route.blackhole || (public && !carries_nat(route.kind)) {
            return Err(Cause::NoWayOfNat(table, number));
        }
        if packet.onward.is_some_and(|it| it != route.identity) {
            return Err(Cause::TargetChanged(table, number));
        }
        Ok(route)
    }

    /// A NAT gateway sends answers on by the routes of its own subnet.
    pub(super) fn routed_back(&self, home: Ix, to: IpAddr) -> Result<(), Cause> {
        let Some(table) = self.subnet(home).and_then(|it| it.table) else {
            return Ok(());
        };
        match self.table(table).1.lookup(to) {
            None => Err(Cause::NoRoute(table)),
            Some((number, it)) if it.blackhole => Err(Cause::Blackhole(table, number)),
            Some((number, it)) if it.kind == TargetKind::NatGateway => {
                Err(Cause::NoWayOfNat(table, number))
            }
            Some(_) => Ok(()),
        }
    }

    /// The end that a NAT gateway is for whom it reaches otherwise than over the internet: they see its private
    /// address. <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-gateway.html>
    pub(super) fn private_end(&self, nat: Ix) -> Option<End> {
        let eni = self.estate().eni(&self.interface(nat)?.id)?;
        Some(End {
            address: *eni.addresses.first()?,
            seat: Seat::Interface(nat),
            public: None,
        })
    }

    /// From a NAT gateway on to its own VPC, or to another one.
    pub(super) fn beyond_nat(
        &self,
        packet: &Packet,
        gateway: End,
        home: Ix,
        trace: &mut Trace<'_>,
    ) -> Result<Walk, Cause> {
        let beyond = Packet {
            from: gateway,
            target: None,
            onward: None,
            ..*packet
        };
        self.outbound(&beyond, home, trace)
    }

    /// The answer of one of our interfaces to what a NAT gateway sent it from its private address: to the
    /// gateway first, and from there to the client.
    pub(super) fn back_by_nat(&self, packet: &Packet, nat: Ix) -> Result<Walk, Cause> {
        let trace = &mut None;
        let home = self.interface(nat).and_then(|it| it.subnet);
        let (Some(gateway), Some(home)) = (self.private_end(nat), home) else {
            return self.walk(packet, None);
        };
        let frame = Frame {
            ports: CHOSEN,
            ..packet.frame
        };
        let to_gateway = Packet {
            to: gateway,
            frame,
            ..*packet
        };
        let walk = self.walk(&to_gateway, None)?;
        let client = packet.to.address;
        self.routed_back(home, client)?;
        let mut entered = None;
        if self.subnet_of(packet.to) != Some(home) {
            self.edge(home, Direction::Egress, client, packet.frame, trace)?;
            entered = self.enter(packet, packet.from.address, trace)?;
        }
        Ok(Walk {
            via: Some(PathElement::NatGateway),
            doubt: walk.doubt.or(entered),
            ..walk
        })
    }

    /// Over IPv6 the internet's packets come in by what the subnet's own route leads to; by an egress-only
    /// gateway only answers do.
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/egress-only-internet-gateway.html>
    pub(super) fn still_open(&self, to: End, subnet: Ix, source: IpAddr) -> Result<(), Cause> {
        let table = self.subnet(subnet).and_then(|it| it.table);
        let route = table.and_then(|it| self.table(it).1.lookup(source));
        let closed = route.is_some_and(|(_, it)| it.kind == TargetKind::EgressOnlyGateway);
        if to.address.is_ipv6() && closed {
            return Err(Cause::Unsolicited(subnet));
        }
        Ok(())
    }
}

/// An IPv4 address that the internet does not carry: of RFC 1918 or RFC 6598.
/// <https://docs.aws.amazon.com/vpc/latest/reachability/explanation-codes.html>
pub(super) fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(it) => {
            let [a, b, ..] = it.octets();
            it.is_private() || a == 100 && b & 0xc0 == 64
        }
        IpAddr::V6(_) => false,
    }
}

/// Whether NAT gateways carry packets to an address: IPv4, and what stands for it in IPv6.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-nat64-dns64.html>
pub(super) fn is_translated(to: IpAddr) -> bool {
    match to {
        IpAddr::V4(_) => true,
        IpAddr::V6(it) => it.segments()[..6] == [0x64, 0xff9b, 0, 0, 0, 0],
    }
}

/// Whether a public NAT gateway sends packets on by such a target: the internet, its own VPC, or another
/// network behind a transit or virtual private gateway.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-gateway.html>
fn carries_nat(kind: TargetKind) -> bool {
    matches!(
        kind,
        TargetKind::InternetGateway
            | TargetKind::Local
            | TargetKind::TransitGateway
            | TargetKind::VpnGateway
    )
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use crate::analysis::{Activity, Course, Flow, Grade, Network, PortSpan, Stage, Verdict};
    use crate::model::fixture::{APP, C2, WEB, WEB_PUBLIC, public as estate};
    use crate::model::{AclAction, AclEntry, Direction, EniKind, Estate, Protocol, Route};

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn with_route(table: &str, destination: &str, target: &str) -> Estate {
        let mut estate = estate();
        estate.update_routes(&table.into(), |it| {
            it.retain(|it| it.destination != destination);
            it.push(Route {
                destination: destination.into(),
                target: target.into(),
                blackhole: target.starts_with("eni-"),
                propagated: false,
            });
        });
        estate
    }

    fn flow(protocol: u8, client: &str, server: &str) -> Flow {
        Flow {
            client: address(client),
            server: address(server),
            protocol,
            client_ports: PortSpan::one(50_000),
            server_port: 443,
            icmp: None,
            via: None,
        }
    }

    /// What drops a new TCP connection; empty: nothing does.
    fn refusal(estate: &Estate, client: &str, server: &str) -> String {
        let network = Network::new(estate);
        match network.connects(&flow(6, client, server), None) {
            Some(Err(decision)) => decision.code,
            _ => String::new(),
        }
    }

    fn fate(
        before: &Estate,
        after: &[(u32, Estate)],
        flow: &Flow,
        activity: Activity,
    ) -> (Verdict, Grade) {
        let before = Network::new(before);
        let stage = |(at, estate): &(u32, Estate)| Stage {
            at: *at,
            network: before.after(estate),
        };
        let stages: Vec<Stage> = after.iter().map(stage).collect();
        let course = Course {
            before: &before,
            stages: &stages,
        };
        let fate = course.fate(flow, None, activity);
        (fate.verdict, fate.grade)
    }

    #[test]
    fn a_nat_gateway_forgets_what_is_silent_for_350_s() {
        let estate = estate();
        let out = flow(6, APP, C2);
        let idle = |idle| Activity {
            idle,
            dormant: true,
            ..Activity::default()
        };
        let mut swapped = estate.clone();
        swapped.update_group(&"sg-app".into(), |it| it.rules.clear());
        let swap = [(0, swapped)];
        let verdict = |activity| fate(&estate, &swap, &out, activity).0;
        assert_eq!(verdict(idle(0)), Verdict::Expires(350));
        assert_eq!(verdict(idle(100)), Verdict::Expires(250));
        assert_eq!(verdict(idle(400)), Verdict::Expires(0));
    }

    #[test]
    fn a_block_in_front_of_a_nat_gateway_outlasts_its_timer() {
        let estate = estate();
        let mut denied = estate.clone();
        denied.update_acl(&"acl-default".into(), Vec::clear);
        for (until, verdict) in [(200, Verdict::Resumes), (800, Verdict::Expires(0))] {
            let pulse = [(0, denied.clone()), (until, estate.clone())];
            let found = fate(&estate, &pulse, &flow(17, APP, C2), Activity::default());
            // The far side's packets come as far as the gateway: half of the time is silent.
            assert_eq!(found.0, verdict, "{until} s");
        }
    }

    #[test]
    fn a_nat_gateway_sees_what_its_own_route_drops() {
        let estate = estate();
        let gone = with_route("rtb-public", "203.0.113.64/26", "eni-sink");
        let pulse = [(0, gone), (600, estate.clone())];
        let found = fate(&estate, &pulse, &flow(17, APP, C2), Activity::default());
        assert_eq!(found.0, Verdict::Resumes);
    }

    #[test]
    fn a_flow_that_a_nat_gateway_sends_elsewhere_ends() {
        let after = with_route("rtb-public", "203.0.113.64/26", "tgw-1");
        for (protocol, want) in [
            (6, Verdict::Cut),
            (1, Verdict::Cut),
            (17, Verdict::OneWay(Direction::Ingress)),
        ] {
            let out = flow(protocol, APP, C2);
            let found = fate(&estate(), &[(0, after.clone())], &out, Activity::default());
            assert_eq!(found.0, want, "{protocol}");
        }
        assert_eq!(refusal(&after, APP, C2), "");
    }

    #[test]
    fn whom_a_nat_gateway_reaches_over_the_internet_may_be_untracked() {
        let mut before = estate();
        before.update_group(&"sg-web".into(), |it| {
            let any = "0.0.0.0/0".parse().unwrap();
            it.rules = Direction::BOTH
                .map(|it| crate::model::GroupRule::all(it, any))
                .to_vec();
        });
        let mut after = before.clone();
        after.update_group(&"sg-web".into(), |it| it.rules.clear());
        let sibling = flow(6, APP, WEB_PUBLIC);
        let found = fate(&before, &[(0, after)], &sibling, Activity::default());
        assert_eq!(found, (Verdict::Cut, Grade::Ambiguous));
    }

    #[test]
    fn a_cut_by_two_causes_is_no_surer_than_the_weaker_one() {
        let mut unmapped = estate();
        unmapped.update_eni(&"eni-web1".into(), |it| it.public.clear());
        let mut elsewhere = with_route("rtb-public", "0.0.0.0/0", "pcx-1");
        elsewhere.update_eni(&"eni-web1".into(), |it| it.public.clear());
        let course = [(0, unmapped), (20, elsewhere)];
        for (protocol, grade) in [(17, Grade::Ambiguous), (6, Grade::Documented)] {
            let out = flow(protocol, WEB, C2);
            let found = fate(&estate(), &course, &out, Activity::default());
            assert_eq!(found, (Verdict::Cut, grade), "{protocol}");
        }
    }

    #[test]
    fn rules_pick_up_a_flow_whose_entry_ran_out_but_a_load_balancer_resets_it() {
        let mut before = estate();
        before.update_group(&"sg-app".into(), |it| {
            let subnet = "10.0.0.0/24".parse().unwrap();
            it.rules = vec![crate::model::GroupRule::all(Direction::Ingress, subnet)];
        });
        before.update_eni(&"eni-app1".into(), |it| {
            it.timeouts.tcp_established = Some(60);
        });
        let mut balanced = before.clone();
        balanced.update_eni(&"eni-app1".into(), |it| {
            it.kind = EniKind::NetworkLoadBalancer;
            it.timeouts.tcp_established = None;
        });
        let silent = |idle| Activity {
            idle,
            dormant: true,
            ..Activity::default()
        };
        for (estate, idle, want) in [
            (&before, 0, (Verdict::Survives, Grade::Ambiguous)),
            (&balanced, 0, (Verdict::Expires(350), Grade::Documented)),
            (&balanced, 400, (Verdict::Expires(0), Grade::Documented)),
        ] {
            let mut swapped = estate.clone();
            swapped.update_group(&"sg-web".into(), |it| it.rules.clear());
            let found = fate(estate, &[(0, swapped)], &flow(6, WEB, APP), silent(idle));
            assert_eq!(found, want, "{idle} s");
        }
    }

    #[test]
    fn gateways_send_on_by_their_own_routes_and_not_everywhere() {
        let sibling = "198.51.100.11";
        for (what, estate, ends, code) in [
            ("public", estate(), (WEB, C2), ""),
            (
                "private",
                estate(),
                (WEB, "192.168.7.7"),
                "not_public:subnet-a",
            ),
            (
                "private behind NAT",
                estate(),
                (APP, "100.64.1.1"),
                "not_public:subnet-a",
            ),
            (
                "NAT to a transit gateway",
                with_route("rtb-public", "10.200.0.0/16", "tgw-1"),
                (APP, "10.200.0.5"),
                "",
            ),
            (
                "NAT to a peering connection",
                with_route("rtb-public", "10.200.0.0/16", "pcx-1"),
                (APP, "10.200.0.5"),
                "no_route:rtb-public:pcx-1",
            ),
            (
                "answers from NAT",
                with_route("rtb-public", "10.0.2.0/24", "eni-sink"),
                (APP, C2),
                "return:blackhole:eni-sink",
            ),
            (
                "a sibling's answer to the NAT gateway's public address",
                with_route("rtb-public", "198.51.100.5/32", "eni-sink"),
                (APP, sibling),
                "return:blackhole:eni-sink",
            ),
        ] {
            let mut estate = estate;
            estate.update_group(&"sg-web".into(), |it| {
                let any = "0.0.0.0/0".parse().unwrap();
                it.rules
                    .push(crate::model::GroupRule::all(Direction::Ingress, any));
            });
            assert_eq!(refusal(&estate, ends.0, ends.1), code, "{what}");
        }
    }

    #[test]
    fn the_acl_of_a_transit_gateway_attachment_is_evaluated_but_in_the_instances_own_subnet() {
        for (subnet, code) in [
            ("subnet-c", "nacl:acl-default:ingress:90"),
            ("subnet-a", ""),
        ] {
            let mut estate = with_route("rtb-public", "10.200.0.0/16", "tgw-1");
            let mut attachment = estate.eni(&"eni-nat".into()).unwrap().clone();
            attachment.id = "eni-tgw".into();
            attachment.kind = EniKind::TransitGateway;
            attachment.subnet = subnet.into();
            attachment.addresses = vec![address("10.0.2.9")];
            attachment.public.clear();
            estate.put_eni(attachment);
            for acl in ["acl-default", "acl-shared"] {
                estate.update_acl(&acl.into(), |it| {
                    it.push(AclEntry {
                        direction: Direction::Ingress,
                        number: 90,
                        action: AclAction::Deny,
                        protocol: Protocol::All,
                        cidr: "10.0.0.11/32".parse().unwrap(),
                        ports: None,
                    });
                });
            }
            assert_eq!(refusal(&estate, WEB, "10.200.0.5"), code, "{subnet}");
        }
    }

    #[test]
    fn packets_from_the_internet_may_arrive_though_answers_leave_by_nat() {
        let mut before = estate();
        before.update_group(&"sg-web".into(), |it| {
            let any = "0.0.0.0/0".parse().unwrap();
            it.rules
                .push(crate::model::GroupRule::all(Direction::Ingress, any));
        });
        let mut after = before.clone();
        after.update_routes(&"rtb-public".into(), |it| {
            let default = it.iter_mut().filter(|it| it.destination == "0.0.0.0/0");
            default.for_each(|it| it.target = "nat-1".into());
        });
        let found = fate(
            &before,
            &[(0, after)],
            &flow(17, C2, WEB),
            Activity::default(),
        );
        assert_eq!(
            found,
            (Verdict::OneWay(Direction::Ingress), Grade::Ambiguous)
        );
    }
}
