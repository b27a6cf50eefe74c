//! What every action claims of the suspect's traffic.

use super::every_action::{wanted, whole};
use super::*;

/// Peers: in the suspect's subnet, in another one, on the internet, the findings'.
const NEAR: &str = "10.0.0.12";
const FAR: &str = "10.0.2.14";
const WORLD: &str = "198.51.100.7";
const BAD: &str = "203.0.113.66";
const BAD_6: &str = "2001:db8:bad::66";

/// Whom it claims: sent by them and by the suspect; and whether an accepted packet disproves it.
fn table() -> Vec<(Action, &'static [&'static str], bool)> {
    use Action::{
        BlackholeRoute, Hibernate, HostBlock, IgwRoutesOff, IgwRoutesOffVpc, NaclDenyAll,
        NaclDenyPeer, NaclSwap, PublicIpOff, RouteSwap, SgRevokeRules, SgSwap, SgTwoStep,
        SgTwoStepStaged, Stop,
    };
    let all: &[&str] = &[NEAR, FAR, WORLD, BAD, BAD_6];
    let outside: &[&str] = &[FAR, WORLD, BAD, BAD_6];
    let internet: &[&str] = &[WORLD, BAD, BAD_6];
    let bad: &[&str] = &[BAD, BAD_6];
    vec![
        (SgTwoStep, all, true),
        (SgTwoStepStaged, all, true),
        (SgSwap, all, true),
        (Stop, all, true),
        (Hibernate, all, true),
        (NaclSwap, outside, true),
        (NaclDenyAll, outside, true),
        // IPv6 is not allowed there at all, so there was nothing to deny.
        (NaclDenyPeer, &[BAD], true),
        // The rule that names the peers is for everybody, of IPv4.
        (SgRevokeRules, &[NEAR, FAR, WORLD, BAD], true),
        (RouteSwap, internet, false),
        (IgwRoutesOff, internet, false),
        (IgwRoutesOffVpc, internet, false),
        (PublicIpOff, &[WORLD, BAD], false),
        (BlackholeRoute, bad, false),
        (HostBlock, bad, false),
    ]
}

fn claimed(action: Action) -> Claim {
    let estate = whole();
    claim(&build(&estate, &wanted(action)).unwrap(), &estate)
}

#[test]
fn every_action_claims_what_it_cuts_and_no_more() {
    let table = table();
    for action in Action::ALL.into_iter().filter(|it| it.entry().possible) {
        let claim = claimed(action);
        if action == Action::NaclFarSide {
            continue;
        }
        let Some((_, whom, certain)) = table.iter().find(|it| it.0 == action) else {
            let Claim::Nothing { why } = &claim else {
                panic!("{action}: {claim:?}")
            };
            assert!(why.starts_with(action.name()), "{why}");
            assert!(
                !action.entry().cuts || action == Action::NaclPulse,
                "{action}"
            );
            continue;
        };
        let [term] = claim.terms() else {
            panic!("{action}: {claim:?}")
        };
        assert_eq!(term.doubt.is_none(), *certain, "{action}");
        assert_eq!(claim.enis()[0].id, "eni-web1".into());
        for peer in [NEAR, FAR, WORLD, BAD, BAD_6] {
            for outbound in [false, true] {
                let covers = term.covers(peer.parse().unwrap(), outbound);
                assert_eq!(covers, whom.contains(&peer), "{action}: {peer}");
            }
        }
        assert!(
            claim.words().starts_with("nothing is let through "),
            "{}",
            claim.words()
        );
    }
}

#[test]
fn the_far_side_shows_only_in_what_arrives() {
    let claim = claimed(Action::NaclFarSide);
    let [term] = claim.terms() else {
        panic!("{claim:?}")
    };
    let covers = |peer: &str, outbound| term.covers(peer.parse().unwrap(), outbound);
    assert!(covers(FAR, false) && !covers(FAR, true));
    assert!(!covers(NEAR, false) && !covers(WORLD, false));
    assert_eq!(
        claim.words(),
        "nothing is let through to it from 10.0.0.0/16, 2001:db8::/56 outside 10.0.0.0/24"
    );
}

#[test]
fn a_playbook_claims_all_that_its_actions_claim() {
    let estate = whole();
    let mut plan = build(&estate, &wanted(Action::SgSwap)).unwrap();
    let tag = build(&estate, &wanted(Action::Tag)).unwrap();
    let deny = build(&estate, &wanted(Action::NaclDenyPeer)).unwrap();
    let parts = [Action::SgSwap, Action::Tag, Action::NaclDenyPeer];
    let steps = [plan.steps.clone(), tag.steps, deny.steps];
    plan.procedure = Procedure::Playbook("contain".into());
    plan.steps = steps
        .into_iter()
        .zip(parts)
        .flat_map(|(steps, part)| {
            steps.into_iter().map(move |step| Step {
                part: Some(part),
                ..step
            })
        })
        .collect();
    let claim = claim(&plan, &estate);
    let actions: Vec<Action> = claim.terms().iter().map(|it| it.action).collect();
    assert_eq!(actions, [Action::SgSwap, Action::NaclDenyPeer]);
    assert_eq!(
        claim.words(),
        "nothing is let through between it and anyone, nor between it and 203.0.113.66 outside \
         10.0.0.0/24"
    );
}

#[test]
fn an_undo_and_what_is_for_no_instance_claim_nothing() {
    let estate = whole();
    let mut plan = build(&estate, &wanted(Action::SgSwap)).unwrap();
    plan.procedure = Procedure::Undo("run-7".into());
    assert!(
        claim(&plan, &estate)
            .words()
            .contains("takes back what run run-7 did")
    );
    plan.procedure = Procedure::Prepare;
    plan.target = Target::Vpc("vpc-1".into());
    assert!(matches!(claim(&plan, &estate), Claim::Nothing { .. }));
}

#[test]
fn a_rule_that_stays_takes_its_peers_out_of_the_claim() {
    let mut estate = whole();
    let stays = crate::model::GroupRule {
        direction: Direction::Ingress,
        ..crate::model::GroupRule::all(Direction::Ingress, "198.51.100.0/24".parse().unwrap())
    };
    estate.update_group(&"sg-web".into(), |it| it.rules.push(stays.clone()));
    let claim = claim(
        &build(&estate, &wanted(Action::SgRevokeRules)).unwrap(),
        &estate,
    );
    let [term] = claim.terms() else {
        panic!("{claim:?}")
    };
    assert!(term.covers(BAD.parse().unwrap(), true));
    assert!(!term.covers(WORLD.parse().unwrap(), true));
}

#[test]
fn a_claim_is_read_as_it_was_written() {
    for action in Action::ALL.into_iter().filter(|it| it.entry().possible) {
        let claim = claimed(action);
        let text = serde_json::to_string(&claim).unwrap();
        assert_eq!(serde_json::from_str::<Claim>(&text).unwrap(), claim);
    }
}
