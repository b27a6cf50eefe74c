//! The pair of groups of a VPC: how it stands, how it is prepared, and that nobody is opened by it.

use super::every_action::{there_and_back, wanted, whole};
use super::*;
use crate::model::fixture::picture;
use crate::model::{Group, GroupRule, VpcId};

fn vpc() -> VpcId {
    "vpc-1".into()
}

fn kinds(estate: &Estate) -> (&'static str, &'static str) {
    let found = standing(estate, &vpc());
    let kind = |it: &Staged| match it {
        Staged::Missing { .. } => "missing",
        Staged::Wrong { .. } => "wrong",
        Staged::Stands { .. } => "stands",
    };
    (kind(&found.open), kind(&found.empty))
}

fn any(cidr: &str, direction: Direction) -> GroupRule {
    GroupRule::all(direction, cidr.parse().unwrap())
}

#[test]
fn a_missing_pair_is_made_and_stands_then() {
    let estate = fixture::estate();
    assert_eq!(kinds(&estate), ("missing", "missing"));
    let plan = prepare(&estate, &vpc(), "case").unwrap();
    assert!(plan.is_well_formed());
    assert_eq!(plan.procedure, Procedure::Prepare);
    assert_eq!(plan.target, Target::Vpc(vpc()));
    let verified = plan
        .steps
        .iter()
        .any(|it| matches!(&it.what, What::Verify(held) if held.len() == 4));
    assert!(verified, "{plan:?}");
    let prepared = after(&estate, &plan);
    assert_eq!(kinds(&prepared), ("stands", "stands"));
    let again = prepare(&prepared, &vpc(), "case").unwrap_err();
    let PlanError::Prepared { open, empty, .. } = &again else {
        panic!("{again:?}")
    };
    let words = again.to_string();
    assert!(
        words.contains(open.as_str()) && words.contains(empty.as_str()),
        "{words}"
    );
    assert!(build(&prepared, &wanted(Action::SgTwoStepStaged)).is_ok());
    assert_eq!(picture(&there_and_back(&estate, &plan)), picture(&estate));
}

#[test]
fn every_way_of_being_wrong_is_seen_and_repaired() {
    type Change = fn(&mut Vec<GroupRule>);
    let cases: [(&str, Change, (&str, &str), &str); 4] = [
        (
            "sg-open",
            |rules| rules.retain(|it| it.direction == Direction::Egress),
            ("wrong", "stands"),
            "ingress of IPv4, ingress of IPv6",
        ),
        (
            "sg-open",
            |rules| rules.retain(|it| !matches!(&it.peer, RulePeer::Cidr(ipnet::IpNet::V6(_)))),
            ("wrong", "stands"),
            "ingress of IPv6, egress of IPv6",
        ),
        (
            "sg-open",
            |rules| {
                for rule in rules {
                    rule.protocol = crate::model::Protocol::TCP;
                }
            },
            ("wrong", "stands"),
            "does not allow all",
        ),
        (
            "sg-empty",
            |rules| rules.push(any("0.0.0.0/0", Direction::Egress)),
            ("stands", "wrong"),
            "must have no rule, and has egress all 0.0.0.0/0",
        ),
    ];
    for (group, change, expected, why) in cases {
        let mut estate = whole();
        estate.update_group(&group.into(), |it| change(&mut it.rules));
        assert_eq!(kinds(&estate), expected, "{group}");
        let refused = build(&estate, &wanted(Action::SgTwoStepStaged)).unwrap_err();
        let words = refused.to_string();
        assert!(
            words.contains(why) && words.contains("firedoor prepare"),
            "{words}"
        );
        let plan = prepare(&estate, &vpc(), "case").unwrap();
        assert_eq!(
            kinds(&after(&estate, &plan)),
            ("stands", "stands"),
            "{group}"
        );
    }
}

#[test]
fn a_group_with_members_is_never_opened() {
    let mut estate = whole();
    estate.update_group(&"sg-open".into(), |it| it.rules.clear());
    estate.update_eni(&"eni-web2".into(), |it| it.groups = vec!["sg-open".into()]);
    let refused = prepare(&estate, &vpc(), "case").unwrap_err();
    assert!(
        matches!(refused, PlanError::NotRepairable { .. }),
        "{refused}"
    );
    assert!(refused.to_string().contains("eni-web2"), "{refused}");
    let found = standing(&estate, &vpc());
    assert_eq!(found.open.members(), ["eni-web2".into()]);
    assert!(
        found.open.to_string().contains("in it: eni-web2"),
        "{}",
        found.open
    );
}

#[test]
fn the_group_that_is_right_counts_where_several_have_the_name() {
    let mut estate = whole();
    let wrong = |id: &str, name: &str| Group {
        id: id.into(),
        vpc: vpc(),
        name: name.into(),
        description: String::new(),
        rules: vec![any("10.0.0.0/8", Direction::Ingress)],
    };
    estate.put_group(wrong("sg-a", "firedoor-step-1-old"));
    estate.put_group(wrong("sg-b", "firedoor-step-2-old"));
    estate.put_group(wrong("sg-c", "firedoor-step-10"));
    assert_eq!(kinds(&estate), ("stands", "stands"));
    estate.remove_group(&"sg-open".into());
    assert_eq!(kinds(&estate), ("wrong", "stands"));
    // A pair of another VPC is none.
    let mut estate = whole();
    estate.remove_group(&"sg-open".into());
    estate.put_group(Group {
        vpc: "vpc-2".into(),
        ..wrong("sg-d", "firedoor-step-1")
    });
    assert_eq!(kinds(&estate), ("missing", "stands"));
}

#[test]
fn what_stands_open_already_is_closed_without_a_dwell() {
    let mut estate = whole();
    estate.update_eni(&"eni-web1".into(), |it| it.groups = vec!["sg-open".into()]);
    let plan = build(&estate, &wanted(Action::SgTwoStepStaged)).unwrap();
    assert_eq!((plan.round_trips(), plan.waits()), (1, 0));
    assert!(
        plan.remarks[0].contains("stands open"),
        "{:?}",
        plan.remarks
    );
}

#[test]
fn what_a_preparation_needs_must_have_been_read() {
    let estate = Estate::from_parts([], fixture::read_at());
    let unread = prepare(&estate, &vpc(), "case").unwrap_err();
    assert_eq!(unread, PlanError::NotRead(PartKind::Vpcs));
    let unknown = prepare(&whole(), &"vpc-9".into(), "case").unwrap_err();
    assert_eq!(unknown, PlanError::UnknownVpc("vpc-9".into()));
}
