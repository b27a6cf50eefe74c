//! Denies in network ACLs that have no room: what makes way, in which order, and that it comes back.

use proptest::prelude::*;

use super::every_action::{there_and_back, wanted, whole};
use super::*;
use crate::model::fixture::picture;
use crate::model::{AclAction, AclEntry, AclId, Protocol};
use crate::plan::slots::is_denied;

fn entry(direction: Direction, number: u16, action: AclAction, cidr: &str) -> AclEntry {
    AclEntry {
        direction,
        number,
        action,
        protocol: Protocol::All,
        cidr: cidr.parse().unwrap(),
        ports: None,
    }
}

fn acl() -> AclId {
    "acl-shared".into()
}

/// The rich estate with these entries of egress besides those that it has.
fn with(entries: Vec<AclEntry>) -> Estate {
    let mut estate = whole();
    estate.update_acl(&acl(), |it| it.extend(entries));
    estate
}

fn allows(numbers: std::ops::Range<u16>) -> Vec<AclEntry> {
    let allow = |it| {
        entry(
            Direction::Egress,
            it,
            AclAction::Allow,
            &format!("10.{it}.0.0/16"),
        )
    };
    numbers.map(allow).collect()
}

fn prose(plan: &Plan) -> Vec<String> {
    deeds(plan).map(Operation::prose).collect()
}

#[test]
fn a_full_direction_replaces_what_is_missed_least_in_one_call() {
    // 100 allows everything; 101 to 118 decide nothing after it.
    let estate = with(allows(101..119));
    let plan = build(&estate, &wanted(Action::NaclDenyPeer)).unwrap();
    let said = prose(&plan);
    // Deleting what decides nothing opens nothing, and its number is too high for the deny.
    assert!(
        said.iter()
            .any(|it| it.contains("egress") && it.contains("101")),
        "{said:?}"
    );
    assert!(
        plan.remarks[0].contains("entry 101 makes way, which decides nothing"),
        "{:?}",
        plan.remarks
    );
    assert_eq!(plan.round_trips(), 2);
    // A deny for everything takes the lowest entry that it covers, in its place.
    let estate = with(allows(1..19));
    let plan = build(&estate, &wanted(Action::NaclDenyAll)).unwrap();
    let replaces = deeds(&plan).filter(|it| matches!(it, Operation::ReplaceAclEntry { .. }));
    assert_eq!(replaces.count(), 1, "{:?}", prose(&plan));
}

#[test]
fn a_raised_quota_leaves_everybody_in_place() {
    let estate = with(allows(101..119));
    let raised = Intent {
        acl_quota: 30,
        ..wanted(Action::NaclDenyPeer)
    };
    let plan = build(&estate, &raised).unwrap();
    assert!(deeds(&plan).all(|it| matches!(it, Operation::CreateAclEntry { .. })));
    assert!(stages(&plan, &crate::analysis::Network::new(&estate)).is_ok());
}

#[test]
fn a_deny_that_keeps_somebody_out_never_makes_way() {
    // Every entry but the allow is a deny that decides, and the allow must not go for a peer's sake alone...
    let denies = (1..19).map(|it| {
        let cidr = format!("10.{it}.0.0/16");
        entry(Direction::Egress, it, AclAction::Deny, &cidr)
    });
    let estate = with(denies.collect());
    let plan = build(&estate, &wanted(Action::NaclDenyPeer)).unwrap();
    // ... but there is nothing else: the allow makes way, nobody gets through who did not before.
    let before = estate.acl(&acl()).unwrap().clone();
    let after = after(&estate, &plan);
    let now = after.acl(&acl()).unwrap();
    for deny in before
        .entries
        .iter()
        .filter(|it| it.action == AclAction::Deny)
    {
        assert!(
            is_denied(now, deny.direction, deny.cidr, deny.protocol, deny.ports),
            "{deny:?}"
        );
    }
}

#[test]
fn an_allow_at_number_one_moves_and_decides_the_same() {
    let mut estate = whole();
    estate.update_acl(&acl(), |it| it.iter_mut().for_each(|it| it.number = 1));
    let plan = build(&estate, &wanted(Action::NaclDenyPeer)).unwrap();
    let acl_after = after(&estate, &plan);
    let acl_after = acl_after.acl(&acl()).unwrap();
    for direction in Direction::BOTH {
        let (first, second) = (acl_after.entry(direction, 1), acl_after.entry(direction, 2));
        assert_eq!(first.unwrap().action, AclAction::Deny);
        assert_eq!(first.unwrap().cidr, "203.0.113.66/32".parse().unwrap());
        assert_eq!(second.unwrap().action, AclAction::Allow);
    }
    // The copy is there before the first is replaced: nobody is cut in between.
    let first = deeds(&plan).next().unwrap();
    assert!(matches!(first, Operation::CreateAclEntry { entry, .. } if entry.number == 2));
    assert!(plan.remarks[0].contains("moves to 2"), "{:?}", plan.remarks);
}

#[test]
fn a_pulse_lifts_what_it_denied_and_gives_back_what_made_way() {
    for entries in [vec![], allows(101..119), allows(1..19)] {
        let estate = with(entries);
        let plan = build(&estate, &wanted(Action::NaclPulse)).unwrap();
        let mut after = after(&estate, &plan);
        let timers = estate.eni(&"eni-web1".into()).unwrap().timeouts;
        after.update_eni(&"eni-web1".into(), |it| it.timeouts = timers);
        let network = |estate: &Estate| {
            estate
                .acls()
                .map(|it| format!("{:?}", sorted(it)))
                .collect::<Vec<_>>()
        };
        assert_eq!(network(&after), network(&estate));
        // Each change of the network ACL is taken back by a step that is sent in any case.
        let taken: BTreeSet<StepId> = plan
            .steps
            .iter()
            .filter_map(|it| match it.class {
                Class::AlwaysOnceSent(step) => Some(step),
                _ => None,
            })
            .collect();
        for step in plan.steps.iter().filter(|it| it.class == Class::Must) {
            let denies = matches!(
                &step.what,
                What::Change(
                    Operation::CreateAclEntry { .. }
                        | Operation::ReplaceAclEntry { .. }
                        | Operation::DeleteAclEntry { .. }
                )
            );
            assert_eq!(denies, taken.contains(&step.id), "{}", step.prose());
        }
    }
}

fn sorted(acl: &crate::model::Acl) -> Vec<String> {
    let mut all: Vec<String> = acl.entries.iter().map(|it| format!("{it:?}")).collect();
    all.sort();
    all
}

#[test]
fn the_default_network_acl_and_a_shared_one_are_named() {
    let said = |estate: &Estate| {
        build(estate, &wanted(Action::NaclDenyPeer))
            .unwrap()
            .remarks
            .join(" ")
    };
    let shared = said(&whole());
    assert!(
        shared.contains("nacl-swap gives subnet-a alone"),
        "{shared}"
    );
    let mut estate = whole();
    estate.associate_acl(&"subnet-a".into(), &"acl-default".into());
    let default = said(&estate);
    assert!(
        default.contains("acl-default is the default network ACL of vpc-1"),
        "{default}"
    );
}

fn any_entry(direction: Direction) -> impl Strategy<Value = AclEntry> {
    let cidr = prop::sample::select(vec![
        "0.0.0.0/0",
        "10.0.0.0/8",
        "203.0.113.0/24",
        "203.0.113.66/32",
        "::/0",
        "2001:db8::/32",
    ]);
    (1..40_u16, any::<bool>(), cidr).prop_map(move |(number, allow, cidr)| {
        let action = if allow {
            AclAction::Allow
        } else {
            AclAction::Deny
        };
        entry(direction, number, action, cidr)
    })
}

/// Whether a packet to or from `cidr` would be let through: the first entry that covers it decides.
fn passes(estate: &Estate, direction: Direction, cidr: &ipnet::IpNet) -> bool {
    let mut entries: Vec<&AclEntry> = estate.acl(&acl()).unwrap().numbered_in(direction).collect();
    entries.sort_by_key(|it| it.number);
    let first = entries.into_iter().find(|it| it.cidr.contains(cidr));
    first.is_some_and(|it| it.action == AclAction::Allow)
}

proptest! {
    /// Whatever is in the network ACL: the peers are denied in the end, at no moment is somebody let through
    /// who was not before, and undo restores every entry.
    #[test]
    fn no_displacement_ever_opens_anything(
        ingress in prop::collection::vec(any_entry(Direction::Ingress), 0..24),
        egress in prop::collection::vec(any_entry(Direction::Egress), 0..24),
        all in any::<bool>(),
    ) {
        let mut estate = whole();
        estate.update_acl(&acl(), |it| {
            it.clear();
            for entry in ingress.into_iter().chain(egress) {
                let free = |have: &AclEntry| (have.direction, have.number) != (entry.direction, entry.number);
                let room = it.iter().filter(|have| have.direction == entry.direction).count() < 20;
                if room && it.iter().all(free) {
                    it.push(entry);
                }
            }
        });
        let action = if all { Action::NaclDenyAll } else { Action::NaclDenyPeer };
        let plan = match build(&estate, &wanted(action)) {
            Ok(plan) => plan,
            Err(PlanError::AlreadySo(..) | PlanError::NoSlot(_)) => return Ok(()),
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        };
        let probes: Vec<ipnet::IpNet> = ["203.0.113.66/32", "203.0.113.67/32", "10.1.1.1/32", "192.0.2.1/32",
            "2001:db8:bad::66/128", "2001:db8::1/128", "2600::1/128"]
            .map(|it| it.parse().unwrap()).to_vec();
        let mut now = Hypothesis::new(estate.clone());
        for step in &plan.steps {
            let What::Change(operation) = &step.what else { continue };
            now.step(step.id, operation).unwrap();
            for direction in Direction::BOTH {
                for probe in &probes {
                    let was = passes(&estate, direction, probe);
                    prop_assert!(was || !passes(&now.estate, direction, probe),
                        "{} lets {probe} through", step.prose());
                }
            }
        }
        for direction in Direction::BOTH {
            prop_assert!(!passes(&now.estate, direction, &probes[0]));
            prop_assert!(!passes(&now.estate, direction, &probes[4]));
        }
        prop_assert_eq!(picture(&there_and_back(&estate, &plan)), picture(&estate));
    }
}
