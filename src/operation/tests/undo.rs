//! Whatever was done is undone by the inverse operations, in the opposite order.

use proptest::prelude::*;

use super::samples::{
    add_entry, authorize, create, create_acl, delete_entry, estate, instance, move_to, one_of_each,
    replace_entry, reroute, revoke, revoke_all, route, set, set_main, swap, tag, timers, unroute,
    untag, use_table,
};
use super::*;
use crate::model::Shutdown;
use crate::model::fixture::picture;

const ENIS: [&str; 4] = ["eni-web1", "eni-web2", "eni-web3", "eni-app1"];

/// Operations of every reversible kind, several of them about the same objects.
fn pool() -> Vec<Operation> {
    let mut pool: Vec<Operation> = one_of_each()
        .into_iter()
        .filter(|it| it.facts().reversible)
        .collect();
    // AWS takes only running instances back into Auto Scaling and target groups, so the one that is
    // taken out of them is not the one that stops.
    pool.retain(|it| {
        !matches!(
            it,
            Operation::StopInstance { .. } | Operation::SetAsgMinSize { .. }
        )
    });
    pool.push(Operation::StopInstance {
        instance: instance("web2"),
        hibernate: false,
    });
    let (ingress, egress) = (Direction::Ingress, Direction::Egress);
    pool.extend([
        add_entry("acl-shared", egress, 5),
        add_entry("acl-default", ingress, 5),
        delete_entry("acl-shared", 5),
        replace_entry("acl-shared", 5),
        use_table("subnet-a", None),
        use_table("subnet-a", Some("rtb-main")),
        use_table("subnet-b", Some("rtb-spare")),
        set_main("vpc-1", "rtb-other"),
        route("rtb-public", "203.0.113.66/32", "eni-sink"),
        reroute("rtb-spare", "203.0.113.66/32", "nat-1"),
        reroute("rtb-spare", "10.0.0.0/16", "eni-app1"),
        unroute("rtb-spare", "203.0.113.66/32"),
        unroute("rtb-spare", "0.0.0.0/0"),
        set("web1", Attribute::StopProtection(true)),
        set("web1", Attribute::Shutdown(Shutdown::Stop)),
        tag("owner", "me"),
        tag("Name", "me"),
        untag("Name"),
        untag("firedoor:case"),
        revoke("sg-app"),
        authorize("sg-app"),
        Operation::DisassociateProfile {
            instance: instance("web2"),
        },
        Operation::AssociateProfile {
            instance: instance("web1"),
            profile: "other".into(),
        },
        Operation::ExitStandby {
            instance: instance("web1"),
            asg: "web-asg".into(),
        },
        Operation::AttachToAsg {
            instance: instance("web1"),
            asg: "web-asg".into(),
        },
    ]);
    pool
}

fn invertible() -> impl Strategy<Value = Operation> {
    let enis = || prop::sample::select(&ENIS[..]);
    let groups = || prop::sample::select(vec!["sg-web", "sg-app", "sg-spare", "sg-named"]);
    let subnets = prop::sample::select(vec!["subnet-a", "subnet-b", "subnet-c"]);
    let acls = prop::sample::select(vec!["acl-shared", "acl-default", "acl-spare"]);
    let some = prop::collection::btree_set(groups(), 1..4);
    prop_oneof![
        6 => prop::sample::select(pool()),
        1 => "[a-f]{1,8}x".prop_map(|name| create("vpc-1", &name)),
        1 => Just(create_acl("vpc-1")),
        1 => (groups(), any::<bool>())
            .prop_map(|(group, egress)| revoke_all(group, Direction::BOTH[usize::from(egress)])),
        1 => (enis(), some).prop_map(|(eni, some)| swap(eni, &some.into_iter().collect::<Vec<_>>())),
        1 => (enis(), 60..432_000_u32, 30..60_u32, 60..180_u32)
            .prop_map(|(eni, tcp, udp, stream)| timers(eni, tcp, udp, stream)),
        1 => (subnets, acls).prop_map(|(subnet, acl)| move_to(subnet, acl)),
    ]
}

/// An estate in which every timer was set, so that it can be set back.
fn timed() -> Estate {
    let mut estate = estate();
    for eni in ENIS {
        estate.update_eni(&eni.into(), |it| it.timeouts = TrackingTimeouts::MINIMUM);
    }
    estate
}

/// Makes a change unless it is so already, as a run does; the inverse, if it was made.
fn done(estate: &mut Estate, operation: &Operation, made: &str) -> Option<Operation> {
    let before = observe(estate, operation).unwrap_or(State::Absent);
    if operation.satisfied_by(&before) {
        return None;
    }
    apply(estate, operation, made).ok()?;
    let undo = invert(operation, &before, Some(made));
    assert!(undo.is_some(), "{}", operation.prose());
    undo
}

#[test]
fn every_reversible_operation_has_an_inverse_that_restores_the_estate() {
    for operation in one_of_each() {
        let mut estate = timed();
        let before = picture(&estate);
        let state = observe(&estate, &operation).unwrap_or(State::Absent);
        apply(&mut estate, &operation, "made").unwrap();
        let undo = invert(&operation, &state, Some("made"));
        let so_already = operation.satisfied_by(&state);
        let timers = matches!(operation, Operation::SetTrackingTimeouts { .. });
        let prose = operation.prose();
        assert_eq!(
            undo.is_some(),
            (operation.facts().reversible || timers) && !so_already,
            "{prose}"
        );
        if let Some(undo) = undo {
            apply(&mut estate, &undo, "").expect(&prose);
            assert_eq!(picture(&estate), before, "{prose}");
        }
    }
}

proptest! {
    #[test]
    fn operations_and_their_inverses_leave_everything_as_it_was(
        operations in prop::collection::vec(invertible(), 1..8),
    ) {
        let mut estate = timed();
        // One that was taken out of standby and out of its group comes back in one go, so sizes differ.
        estate.update_asg_memberships(|all| all.iter_mut().for_each(|it| it.size = None));
        let before = picture(&estate);
        let mut undo = Vec::new();
        for (number, operation) in operations.iter().enumerate() {
            undo.extend(done(&mut estate, operation, &format!("made-{number}")));
        }
        for operation in undo.iter().rev() {
            // An instance that is attached to its group again is in service at once, so that leaving
            // standby has nothing to do.
            let state = observe(&estate, operation).unwrap_or(State::Absent);
            if !operation.satisfied_by(&state) {
                let applied = apply(&mut estate, operation, "");
                prop_assert!(applied.is_ok(), "{}: {applied:?}", operation.prose());
            }
        }
        let after = picture(&estate);
        for (after, before) in after.iter().zip(&before) {
            prop_assert_eq!(after, before);
        }
        prop_assert_eq!(after.len(), before.len());
    }
}
