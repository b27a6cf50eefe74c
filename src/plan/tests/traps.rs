//! The traps of single actions: what AWS would refuse, take silently, or do to others.

use super::every_action::{wanted, whole};
use super::*;
use crate::model::{Gateway, GatewayKind, InstanceProfile, Route, TrackingTimeouts};
use crate::operation::Attribute;

fn said(estate: &Estate, action: Action) -> String {
    build(estate, &wanted(action)).unwrap().remarks.join("\n")
}

fn refused(estate: &Estate, action: Action) -> String {
    build(estate, &wanted(action)).unwrap_err().to_string()
}

#[test]
fn a_pulse_needs_interfaces_that_take_lowered_timers() {
    let mut estate = whole();
    estate.update_eni(&"eni-web1".into(), |it| {
        it.timeouts = TrackingTimeouts::default();
    });
    assert!(
        build(&estate, &wanted(Action::NaclPulse)).is_ok(),
        "m5 is on Nitro"
    );
    estate.update_instance(&fixture::suspect(), |it| {
        it.instance_type = "t2.micro".into();
    });
    let why = refused(&estate, Action::NaclPulse);
    assert!(why.contains("t2.micro") && why.contains("Nitro"), "{why}");
    // Timers that are set show that they can be.
    estate.update_eni(&"eni-web1".into(), |it| {
        it.timeouts = TrackingTimeouts::MINIMUM;
    });
    assert!(build(&estate, &wanted(Action::NaclPulse)).is_ok());
    estate.update_eni(&"eni-web1".into(), |it| it.requester_managed = true);
    assert!(refused(&estate, Action::NaclPulse).contains("managed by an AWS service"));
    let short = Intent {
        max_hold: 74,
        ..wanted(Action::NaclPulse)
    };
    let why = build(&whole(), &short).unwrap_err().to_string();
    assert!(why.contains("75 s") && why.contains("74 s"), "{why}");
}

#[test]
fn stop_protection_goes_first_and_hibernation_must_be_known() {
    for (read, class) in [
        (Some(true), Some(Class::Must)),
        (Some(false), None),
        (None, Some(Class::Should)),
    ] {
        for action in [Action::Stop, Action::Hibernate] {
            let mut estate = whole();
            estate.update_instance(&fixture::suspect(), |it| {
                it.attributes.stop_protection = read;
            });
            let plan = build(&estate, &wanted(action)).unwrap();
            let off = plan.steps.iter().find(|it| {
                let attribute = Attribute::StopProtection(false);
                matches!(&it.what, What::Change(Operation::SetAttribute { attribute: is, .. }) if *is == attribute)
            });
            assert_eq!(off.map(|it| it.class), class, "{action} {read:?}");
            let stop = plan
                .steps
                .iter()
                .find(|it| matches!(it.what, What::Change(Operation::StopInstance { .. })));
            let after: Vec<StepId> = stop.unwrap().after.iter().copied().collect();
            assert_eq!(after, off.map(|it| it.id).into_iter().collect::<Vec<_>>());
        }
    }
    for (read, why) in [(Some(false), "not launched with"), (None, "was not read")] {
        let mut estate = whole();
        estate.update_instance(&fixture::suspect(), |it| it.attributes.hibernation = read);
        let words = refused(&estate, Action::Hibernate);
        assert!(
            words.contains(why) && words.contains("lose its memory"),
            "{words}"
        );
    }
    let mut estate = whole();
    estate.update_instance(&fixture::suspect(), |it| it.spot = true);
    assert!(said(&estate, Action::Stop).contains("Spot"));
}

#[test]
fn the_main_table_is_never_edited_for_one_subnet() {
    let mut estate = whole();
    estate.associate_route_table(&"subnet-a".into(), None);
    estate.update_routes(&"rtb-main".into(), |routes| {
        let route = |destination: &str, target: &str, propagated| Route {
            destination: destination.into(),
            target: target.into(),
            blackhole: false,
            propagated,
        };
        routes.retain(|it| it.target == "local");
        routes.push(route("0.0.0.0/0", "igw-1", false));
        routes.push(route("::/0", "eigw-1", false));
        routes.push(route("172.16.0.0/12", "pcx-1", false));
        routes.push(route("192.168.0.0/16", "vgw-1", true));
        routes.push(route("pl-s3", "vpce-s3", false));
    });
    let plan = build(&estate, &wanted(Action::IgwRoutesOff)).unwrap();
    let main = "rtb-main".into();
    let after = after(&estate, &plan);
    assert_eq!(after.route_table(&main), estate.route_table(&main));
    let own = after.table_of_subnet(&"subnet-a".into()).unwrap();
    let routes: BTreeSet<&str> = own
        .routes
        .iter()
        .map(|it| it.destination.as_str())
        .collect();
    assert_eq!(
        routes,
        BTreeSet::from(["10.0.0.0/16", "2001:db8::/56", "172.16.0.0/12"])
    );
    assert_eq!(after.table_of_subnet(&"subnet-c".into()).unwrap().id, main);
    let said = plan.remarks.join("\n");
    for words in [
        "rtb-main is the main table",
        "1 propagated route",
        "vpce-s3",
    ] {
        assert!(said.contains(words), "{words} in {said}");
    }
    // Undo takes the association off again.
    let back = super::every_action::there_and_back(&estate, &plan);
    assert_eq!(back.table_of_subnet(&"subnet-a".into()).unwrap().id, main);
    assert!(back.route_table(&main).unwrap().subnets.is_empty());
    // The swap does the same.
    let plan = build(&estate, &wanted(Action::RouteSwap)).unwrap();
    let swapped = super::after(&estate, &plan);
    assert_eq!(swapped.route_table(&main), estate.route_table(&main));
}

#[test]
fn who_needs_a_nat_gateway_of_the_subnet_and_its_endpoints_is_said() {
    let mut estate = whole();
    estate.update_routes(&"rtb-public".into(), |routes| {
        routes.push(Route {
            destination: "pl-s3".into(),
            target: "vpce-s3".into(),
            blackhole: false,
            propagated: false,
        });
    });
    let mut gateways: Vec<Gateway> = estate.gateways().cloned().collect();
    gateways.push(Gateway {
        id: "vpce-s3".into(),
        kind: GatewayKind::GatewayEndpoint,
        vpc: "vpc-1".into(),
        subnet: None,
        enis: Vec::new(),
        name: "com.amazonaws.eu-west-1.s3".into(),
    });
    let estate = estate.with(Part::Gateways(gateways), fixture::read_at());
    let swap = said(&estate, Action::RouteSwap);
    assert!(swap.contains("vpce-s3 (s3)"), "{swap}");
    for action in [Action::RouteSwap, Action::IgwRoutesOff] {
        let words = said(&estate, action);
        assert!(
            words.contains("nat-1 is in there: 1 subnet of others") && words.contains("subnet-c"),
            "{words}"
        );
    }
    let off = build(&estate, &wanted(Action::IgwRoutesOff)).unwrap();
    assert!(deeds(&off).all(|it| !it.prose().contains("pl-s3")));
}

#[test]
fn without_a_gateway_route_the_way_that_is_there_is_named() {
    let mut estate = whole();
    estate.update_routes(&"rtb-public".into(), |routes| {
        for route in routes.iter_mut().filter(|it| it.target == "igw-1") {
            route.target = "nat-1".into();
        }
    });
    let why = refused(&estate, Action::IgwRoutesOff);
    assert!(
        why.contains("0.0.0.0/0 of rtb-public leads to nat-1") && why.contains("route-swap"),
        "{why}"
    );
}

#[test]
fn a_route_that_is_there_already_is_replaced_by_the_black_hole() {
    let mut estate = whole();
    estate.update_routes(&"rtb-public".into(), |routes| {
        routes.push(Route {
            destination: "203.0.113.66/32".into(),
            target: "nat-1".into(),
            blackhole: false,
            propagated: false,
        });
    });
    let plan = build(&estate, &wanted(Action::BlackholeRoute)).unwrap();
    let replaced = deeds(&plan).filter(|it| matches!(it, Operation::ReplaceRoute { .. }));
    assert_eq!(replaced.count(), 1);
}

fn profile(name: &str, role: &str, users: &[&str]) -> InstanceProfile {
    InstanceProfile {
        name: name.into(),
        roles: vec![role.into()],
        users: users.iter().map(|it| (*it).into()).collect(),
    }
}

#[test]
fn every_user_of_the_role_is_counted_also_by_another_profile() {
    let own = fixture::suspect();
    let profiles = vec![
        profile("web-profile", "web-role", &[own.as_str(), "i-elsewhere"]),
        profile("batch-profile", "web-role", &["i-batch"]),
        profile("other-profile", "other-role", &["i-not"]),
    ];
    let estate = whole().with(Part::Profiles(profiles), fixture::read_at());
    let words = said(&estate, Action::SessionsRevoke);
    for name in ["i-elsewhere", "i-batch", "batch-profile", "role web-role"] {
        assert!(words.contains(name), "{name} in {words}");
    }
    assert!(!words.contains("i-not"), "{words}");
    let unread = said(&whole(), Action::SessionsRevoke);
    assert!(unread.contains("its role was not read"), "{unread}");
    let network = crate::analysis::Network::new(&estate);
    let traffic = crate::analysis::Traffic::new(&network, Vec::new());
    let outlook = forecast(&traffic, &wanted(Action::SessionsRevoke), &BTreeSet::new()).unwrap();
    assert!(
        outlook.role_users.contains("i-batch"),
        "{:?}",
        outlook.role_users
    );
}

#[test]
fn a_service_linked_role_is_refused() {
    let name = "AWSServiceRoleForAutoScaling";
    let profiles = vec![profile("web-profile", name, &[])];
    let estate = whole().with(Part::Profiles(profiles), fixture::read_at());
    for action in [Action::SessionsRevoke, Action::InstanceDeny] {
        let why = refused(&estate, action);
        assert!(
            why.contains(name) && why.contains("service-linked"),
            "{why}"
        );
    }
}

#[test]
fn a_member_in_standby_is_not_checked_any_more() {
    let mut estate = whole();
    assert!(said(&estate, Action::Stop).contains("asg-standby first"));
    estate.update_asg_memberships(|all| {
        for it in all {
            it.lifecycle = "Standby".into();
        }
    });
    assert!(!said(&estate, Action::Stop).contains("asg-standby first"));
}
