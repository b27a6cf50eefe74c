//! What flows may pass.

use super::*;
use crate::analysis::PathElement;
use PathElement::{
    Appliance, DynamoDbEndpoint, EgressOnlyGateway, GatewayLoadBalancer, InternetGateway, Lambda,
    Local, LocalGateway, NatGateway, NetworkFirewall, NetworkLoadBalancer, Peering, PrivateLink,
    S3Endpoint, TransitGateway, Vpn,
};

/// The paths of the only flow of some lines.
fn paths(estate: &Estate, format: &str, lines: &[String]) -> Vec<PathElement> {
    let live = read(estate, format, lines);
    let [flow] = &live.flows[..] else {
        panic!("{live:#?}")
    };
    assert_eq!(flow.flow.via, flow.paths.only());
    flow.paths.iter().collect()
}

#[test]
fn without_a_word_of_the_log_the_ends_tell_or_nothing_does() {
    for (ends, want) in [
        ("10.0.0.12 10.0.0.11 50000 80", &[Local][..]),
        ("10.0.0.11 10.0.2.14 50000 80", &[Local]),
        ("10.0.0.11 10.0.0.6 50000 443", &[PrivateLink]),
        ("10.0.0.11 203.0.113.66 50000 443", &[]),
        ("10.0.0.11 10.77.0.1 50000 443", &[]),
        ("10.77.0.1 10.0.0.11 50000 443", &[]),
        // A Network Load Balancer may have kept the client's address.
        (
            "192.0.2.200 10.0.0.11 50000 80",
            &[InternetGateway, NetworkLoadBalancer],
        ),
    ] {
        let line = plain(&format!("eni-web1 {ends} 6"), 1, "ACCEPT");
        assert_eq!(paths(&estate(), DEFAULT, &[line]), want, "{ends}");
    }
}

#[test]
fn the_kind_of_the_interface_at_either_end_tells() {
    for (kind, want) in [
        (EniKind::NetworkLoadBalancer, &[NetworkLoadBalancer][..]),
        (EniKind::Lambda, &[Lambda]),
        (EniKind::Endpoint, &[PrivateLink]),
        (
            EniKind::GatewayLoadBalancerEndpoint,
            &[GatewayLoadBalancer, NetworkFirewall],
        ),
        (EniKind::TransitGateway, &[TransitGateway]),
        (EniKind::LoadBalancer, &[Local]),
    ] {
        let estate = with("eni-web2", |it| it.kind = kind);
        for ends in [
            "10.0.0.12 10.0.0.11 50000 80",
            "10.0.0.11 10.0.0.12 50000 80",
        ] {
            let line = plain(&format!("eni-web1 {ends} 6"), 1, "ACCEPT");
            assert_eq!(paths(&estate, DEFAULT, &[line]), want, "{kind:?} {ends}");
        }
    }
}

#[test]
fn in_a_vpc_with_a_network_load_balancer_only_the_clients_own_log_rules_it_out() {
    let estate = with("eni-web3", |it| it.kind = EniKind::NetworkLoadBalancer);
    let server = plain("eni-web1 10.0.0.12 10.0.0.11 50000 80 6", 1, "ACCEPT");
    let client = plain("eni-web2 10.0.0.12 10.0.0.11 50000 80 6", 1, "ACCEPT");
    assert_eq!(
        paths(&estate, DEFAULT, std::slice::from_ref(&server)),
        [Local, NetworkLoadBalancer]
    );
    assert_eq!(
        paths(&estate, DEFAULT, std::slice::from_ref(&client)),
        [Local]
    );
    assert_eq!(paths(&estate, DEFAULT, &[server, client]), [Local]);
}

#[test]
fn the_traffic_path_and_the_service_tell() {
    let handed_on = [NatGateway, GatewayLoadBalancer, NetworkFirewall, Appliance];
    for (peer, path, service, want) in [
        ("10.0.2.14", 1, "-", &[Local][..]),
        ("203.0.113.66", 1, "-", &handed_on),
        (
            "203.0.113.66",
            2,
            "-",
            &[InternetGateway, DynamoDbEndpoint, S3Endpoint],
        ),
        ("203.0.113.66", 2, "S3", &[InternetGateway, S3Endpoint]),
        ("203.0.113.66", 2, "EC2", &[InternetGateway]),
        ("10.9.0.1", 3, "-", &[Vpn]),
        ("10.9.0.1", 4, "-", &[Peering]),
        ("10.9.0.1", 5, "-", &[Peering]),
        ("10.9.0.1", 6, "-", &[LocalGateway]),
        ("203.0.113.201", 7, "-", &[DynamoDbEndpoint, S3Endpoint]),
        ("203.0.113.201", 7, "DYNAMODB", &[DynamoDbEndpoint]),
        ("203.0.113.66", 8, "-", &[InternetGateway]),
        (
            "2001:db8:bad::66",
            8,
            "-",
            &[InternetGateway, EgressOnlyGateway],
        ),
    ] {
        let own = if peer.contains(':') {
            "2001:db8::11"
        } else {
            "10.0.0.11"
        };
        let record = custom(
            &format!("eni-web1 {own} {peer} 40000 443 6 0 {own} {peer} egress {path} - {service}"),
            1,
            "ACCEPT",
        );
        let live = read(&estate(), CUSTOM, &[record]);
        let flow = &live.flows[0];
        let found: Vec<PathElement> = flow.paths.iter().collect();
        assert_eq!(
            (found.as_slice(), flow.traffic_path),
            (want, TrafficPath::numbered(path)),
            "{peer} {path}"
        );
    }
}

#[test]
fn the_next_hop_tells_more_than_the_traffic_path() {
    for (hop, want) in [
        ("nat_gateway", &[NatGateway][..]),
        ("regional_nat_gateway", &[NatGateway]),
        ("network_load_balancer", &[NetworkLoadBalancer]),
        ("transit_gateway", &[TransitGateway]),
        ("vpc_endpoint", &[GatewayLoadBalancer, NetworkFirewall]),
        (
            "something_new",
            &[NatGateway, GatewayLoadBalancer, NetworkFirewall, Appliance],
        ),
    ] {
        let line = custom(
            &format!("eni-app1 10.0.2.14 203.0.113.66 40000 443 6 0 - - egress 1 {hop} -"),
            1,
            "ACCEPT",
        );
        assert_eq!(paths(&estate(), CUSTOM, &[line]), want, "{hop}");
    }
}

#[test]
fn two_traffic_paths_are_no_single_one() {
    let record = |path| {
        let what = format!("eni-web1 10.0.0.11 203.0.113.66 40000 443 6 0 - - egress {path} - -");
        custom(&what, path, "ACCEPT")
    };
    let live = read(&estate(), CUSTOM, &[record(8), record(3)]);
    let flow = &live.flows[0];
    assert_eq!((flow.traffic_path, flow.flow.via), (None, None));
    assert_eq!(
        flow.paths.iter().collect::<Vec<_>>(),
        [InternetGateway, Vpn]
    );
}
