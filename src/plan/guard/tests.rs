//! Each guard on a small estate: when it warns, and when it is silent.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::model::{
    AsgMembership, Direction, GroupRule, InstanceProfile, Part, TargetMembership, fixture,
};
use crate::operation::{At, Operation, Ref, StepId};
use crate::plan::catalogue::Action;
use crate::plan::step::{Class, Procedure, Step, Target, What};
use crate::plan::{Intent, build};

/// The fixture, with groups that let SSH in and a public address that the suspect's subnet has.
fn estate() -> Estate {
    let mut estate = fixture::public();
    let any = "0.0.0.0/0".parse().unwrap();
    for group in ["sg-web", "sg-app"] {
        estate.update_group(&group.into(), |it| {
            it.rules.push(GroupRule::all(Direction::Ingress, any));
        });
    }
    fixture::publish(&mut estate, "eni-web2", "198.51.100.12");
    estate
}

fn intent(action: Action) -> Intent {
    Intent {
        peers: vec!["203.0.113.66".parse().unwrap()],
        ..super::super::tests::intent(action)
    }
}

fn planned(estate: &Estate, action: Action) -> Plan {
    build(estate, &intent(action)).unwrap()
}

fn doing(operations: Vec<Operation>) -> Plan {
    let steps = operations.into_iter().zip(1..);
    let steps = steps.map(|(operation, number)| Step {
        id: StepId(number),
        what: What::Change(operation),
        class: Class::Must,
        after: BTreeSet::new(),
        part: None,
        known: None,
    });
    Plan {
        procedure: Procedure::Action(Action::SgSwap),
        target: Target::Instance(fixture::suspect()),
        steps: steps.collect(),
        remarks: Vec::new(),
    }
}

/// A console on an instance, reached by SSH from this address.
fn on(host: &str, client: &str) -> OwnPath {
    OwnPath {
        instance: Some(crate::model::InstanceId::new(format!("i-{host:0>18}"))),
        ..OwnPath::default()
    }
    .with_ssh_connection(&format!("{client} 50022 {} 22", address(host)))
}

fn address(host: &str) -> &'static str {
    match host {
        "web1" => "10.0.0.11",
        "web2" => "10.0.0.12",
        "web3" => "10.0.1.13",
        _ => "10.0.2.14",
    }
}

fn kinds(found: &[Guard]) -> Vec<(Severity, GuardKind)> {
    let mut kinds: Vec<_> = found.iter().map(|it| (it.severity, it.kind)).collect();
    kinds.dedup();
    kinds
}

use GuardKind as K;
use Severity::{Danger, Note, Refuse};

type Case<'a> = (Action, OwnPath, &'a [(Severity, GuardKind)]);

#[test]
fn the_way_in_and_the_way_to_aws_are_guarded() {
    let cases: [Case<'_>; 12] = [
        // Nothing is known of the console, or it is elsewhere.
        (Action::SgTwoStep, OwnPath::default(), &[]),
        (
            Action::NaclSwap,
            OwnPath::default().with_ssh_connection("203.0.113.7 50022 192.168.1.5 22"),
            &[],
        ),
        // On the suspect itself.
        (
            Action::SgTwoStep,
            on("web1", "203.0.113.7"),
            &[(Danger, K::Session), (Danger, K::Host), (Danger, K::Api)],
        ),
        (
            Action::Stop,
            on("web1", "203.0.113.7"),
            &[(Danger, K::Session), (Danger, K::Host), (Danger, K::Api)],
        ),
        (
            Action::SnapshotAll,
            on("web1", "203.0.113.7"),
            &[(Danger, K::Host)],
        ),
        // Next to it: only what the subnet has in common is cut.
        (
            Action::SgTwoStep,
            on("web2", "203.0.113.7"),
            &[(Note, K::Host)],
        ),
        (
            Action::NaclSwap,
            on("web2", "203.0.113.7"),
            &[(Danger, K::Session), (Danger, K::Host), (Danger, K::Api)],
        ),
        // In another subnet of the same network ACL.
        (
            Action::NaclDenyAll,
            on("web3", "10.0.2.14"),
            &[(Danger, K::Session), (Danger, K::Api)],
        ),
        // Behind the NAT gateway and the endpoint in the suspect's subnet.
        (
            Action::NaclSwap,
            on("app1", "10.0.1.13"),
            &[(Danger, K::Api)],
        ),
        (
            Action::IgwRoutesOff,
            on("app1", "10.0.1.13"),
            &[(Danger, K::Api)],
        ),
        (Action::SgTwoStep, on("app1", "10.0.1.13"), &[]),
        // Through a jump host that is the suspect.
        (
            Action::Stop,
            on("app1", "10.0.0.11"),
            &[(Danger, K::Session)],
        ),
    ];
    let estate = estate();
    for (number, (action, own, expected)) in cases.into_iter().enumerate() {
        let found = guards(&estate, &planned(&estate, action), &own);
        assert_eq!(kinds(&found), expected, "{number} {action}: {found:#?}");
    }
}

#[test]
fn a_session_that_goes_on_may_be_the_last_one() {
    // The peer of the session is a neighbour whose rule names it: the flow is tracked and survives a swap.
    let mut estate = fixture::estate();
    let neighbour = "10.0.0.12/32".parse().unwrap();
    estate.update_group(&"sg-web".into(), |it| {
        it.rules.push(GroupRule::all(Direction::Ingress, neighbour));
    });
    let own = on("web1", "10.0.0.12");
    let found = guards(&estate, &planned(&estate, Action::SgSwap), &own);
    let words = &found[0].words;
    assert_eq!(found[0].kind, K::Session);
    assert!(words.contains("no new one gets in"), "{words}");
}

#[test]
fn the_analysts_own_address_among_the_blocked_ones_is_named() {
    let estate = estate();
    let own = OwnPath {
        public: Some("203.0.113.66".parse().unwrap()),
        ..OwnPath::default()
    };
    for action in [
        Action::NaclDenyPeer,
        Action::HostBlock,
        Action::BlackholeRoute,
    ] {
        let found = guards(&estate, &planned(&estate, action), &own);
        assert_eq!(kinds(&found), [(Danger, K::Session)], "{action}: {found:?}");
    }
    let found = guards(&estate, &planned(&estate, Action::NaclSwap), &own);
    assert_eq!(found, [], "everyone is denied, nobody by name");
}

#[test]
fn the_consoles_own_credentials_are_guarded() {
    let known = |roles: &[&str]| {
        let profile = InstanceProfile {
            name: "web-profile".into(),
            roles: roles.iter().map(|it| (*it).to_string()).collect(),
            users: Vec::new(),
        };
        fixture::estate().with(Part::Profiles(vec![profile]), fixture::read_at())
    };
    let unread = fixture::estate();
    let by = |arn: &str| OwnPath {
        caller_arn: Some(arn.to_string()),
        ..OwnPath::default()
    };
    let on_suspect = format!(
        "arn:aws:sts::111122223333:assumed-role/web-role/{}",
        fixture::suspect()
    );
    let same = by("arn:aws:sts::111122223333:assumed-role/web-role/jo");
    let other = by("arn:aws:sts::111122223333:assumed-role/analyst/jo");
    let user = by("arn:aws:iam::111122223333:user/web-role");
    let named = by("arn:aws:sts::111122223333:assumed-role/web-profile/jo");
    let host = by(&on_suspect);
    for (number, (estate, own, action, warns)) in [
        (known(&["web-role"]), &same, Action::SessionsRevoke, true),
        (known(&["web-role"]), &other, Action::SessionsRevoke, false),
        (known(&["web-role"]), &user, Action::SessionsRevoke, false),
        (known(&["web-role"]), &named, Action::SessionsRevoke, false),
        (unread.clone(), &named, Action::SessionsRevoke, true),
        (unread.clone(), &same, Action::SessionsRevoke, false),
        (unread.clone(), &same, Action::InstanceDeny, false),
        (unread.clone(), &host, Action::InstanceDeny, true),
        (unread.clone(), &host, Action::ProfileDetach, true),
        (unread.clone(), &host, Action::ImdsOff, true),
        (unread.clone(), &same, Action::ImdsOff, false),
        (unread, &host, Action::SnapshotAll, false),
    ]
    .into_iter()
    .enumerate()
    {
        let found = guards(&estate, &planned(&estate, action), own);
        let own = found.iter().any(|it| it.kind == K::Credentials);
        assert_eq!(own, warns, "{number}: {found:?}");
    }
}

fn tagged(key: &str, value: &str) -> Estate {
    let mut estate = fixture::estate();
    estate.update_instance(&fixture::suspect(), |it| {
        it.tags.push((key.to_string(), value.to_string()));
    });
    estate
}

#[test]
fn tags_protect_lock_and_tell_who_left_it_open() {
    for (key, value, expected) in [
        (PROTECT_TAG, "true", Some((Refuse, K::Protected))),
        (PROTECT_TAG, "", Some((Refuse, K::Protected))),
        (PROTECT_TAG, "false", None),
        (PROTECT_TAG, "False", None),
        (LOCK_TAG, "run-7 by jo", Some((Refuse, K::Locked))),
        (
            OPEN_TAG,
            "2026-01-02T03:04:05Z",
            Some((Danger, K::LeftOpen)),
        ),
        ("firedoor:case", "7", None),
    ] {
        let estate = tagged(key, value);
        let plan = planned(&estate, Action::SnapshotAll);
        let found = guards(&estate, &plan, &OwnPath::default());
        assert_eq!(kinds(&found), Vec::from_iter(expected), "{key}={value}");
        assert!(found.iter().all(|it| it.words.contains(value)), "{found:?}");
    }
}

#[test]
fn the_undo_of_a_run_passes_that_runs_own_lock() {
    let estate = tagged(LOCK_TAG, "run-7 by jo");
    for (run, refused) in [("run-7", false), ("run-70", true), ("run-8", true)] {
        let plan = Plan {
            procedure: Procedure::Undo(run.into()),
            ..doing(Vec::new())
        };
        let found = guards(&estate, &plan, &OwnPath::default());
        assert_eq!(!found.is_empty(), refused, "{run}");
    }
}

#[test]
fn an_object_that_is_changed_may_be_protected_too() {
    let estate = estate();
    let protected = |object: &str| {
        let tags = BTreeMap::from([(PROTECT_TAG.to_string(), "yes".to_string())]);
        OwnPath {
            tags: BTreeMap::from([(object.into(), tags)]),
            ..OwnPath::default()
        }
    };
    for (object, action, refused) in [
        ("acl-shared", Action::NaclDenyAll, true),
        ("acl-shared", Action::SgSwap, false),
        ("eni-web1", Action::SgSwap, true),
        ("subnet-a", Action::NaclSwap, true),
        ("rtb-public", Action::IgwRoutesOff, true),
        ("sg-web", Action::SgRevokeRules, true),
        ("sg-web", Action::SgTwoStep, false),
    ] {
        let plan = planned(&estate, action);
        let found = guards(&estate, &plan, &protected(object));
        let refuses = kinds(&found).contains(&(Refuse, K::Protected));
        assert_eq!(refuses, refused, "{object} {action}: {found:?}");
    }
}

fn on_platform(lifecycle: &str) -> Estate {
    let member = AsgMembership {
        instance: fixture::suspect(),
        group: "web-asg".into(),
        lifecycle: lifecycle.into(),
        size: None,
    };
    let target = TargetMembership {
        instance: fixture::suspect(),
        target_group: "web-tg".into(),
        arn: "arn:tg".into(),
        port: None,
        health: "healthy".into(),
    };
    fixture::estate()
        .with(Part::AsgMemberships(vec![member]), fixture::read_at())
        .with(Part::TargetMemberships(vec![target]), fixture::read_at())
}

#[test]
fn the_platform_ends_what_stops_answering() {
    let estate = on_platform("InService");
    let none = OwnPath::default();
    let of = |estate: &Estate, plan: &Plan| kinds(&guards(estate, plan, &none));
    let both = [(Danger, K::Platform), (Note, K::Platform)];
    assert_eq!(of(&estate, &planned(&estate, Action::SgSwap)), both);
    assert_eq!(of(&estate, &planned(&estate, Action::SnapshotAll)), []);
    let standby = on_platform("Standby");
    let only = [(Note, K::Platform)];
    assert_eq!(of(&standby, &planned(&standby, Action::SgSwap)), only);
    let swap = planned(&estate, Action::SgSwap).steps;
    let leave = Operation::EnterStandby {
        instance: fixture::suspect(),
        asg: "web-asg".into(),
        decrement: true,
    };
    let mut first = doing(vec![leave]);
    let last = swap.into_iter().map(|mut it| {
        it.id = StepId(it.id.0 + 1);
        it.after.clear();
        it.what = match it.what {
            What::Change(operation) => {
                What::Change(operation.renumbered(|step| StepId(step.0 + 1)))
            }
            other => other,
        };
        it
    });
    first.steps.extend(last);
    assert_eq!(of(&estate, &first), []);
}

#[test]
fn room_that_may_not_be_there_is_named() {
    let mut estate = fixture::estate();
    let groups = |count: u16| {
        let all = (0..count).map(|it| Ref::Id(format!("sg-{it}").as_str().into()));
        doing(vec![Operation::SetEniGroups {
            eni: "eni-web1".into(),
            groups: all.collect(),
        }])
    };
    for number in 0..17 {
        let mut group = estate.group(&"sg-web".into()).unwrap().clone();
        group.id = format!("sg-{number}").as_str().into();
        group.name = format!("g{number}");
        estate.put_group(group);
    }
    for (count, expected) in [(5, None), (6, Some(Danger)), (17, Some(Refuse))] {
        let found = room::guards(&estate, &groups(count));
        let severity = found.first().map(|it| it.severity);
        assert_eq!(severity, expected, "{count}: {found:?}");
    }
    let make = doing(vec![Operation::CreateAcl {
        vpc: "vpc-1".into(),
        tags: Vec::new(),
    }]);
    assert_eq!(room::guards(&estate, &make), []);
    for number in 0..198 {
        let mut acl = estate.acl(&"acl-shared".into()).unwrap().clone();
        acl.id = format!("acl-{number}").as_str().into();
        acl.subnets.clear();
        estate.put_acl(acl);
    }
    let found = room::guards(&estate, &make);
    assert_eq!(kinds(&found), [(Danger, K::Quota)], "{found:?}");
}

#[test]
fn a_sample_is_refused() {
    let finding = |sample| Finding {
        id: "abc".into(),
        kind: String::new(),
        severity: crate::model::Severity(8.0),
        title: String::new(),
        description: String::new(),
        account: String::new(),
        region: String::new(),
        created: fixture::read_at(),
        updated: fixture::read_at(),
        count: 1,
        sample,
        resource_type: String::new(),
        instances: vec![fixture::suspect()],
        enis: Vec::new(),
        subnets: Vec::new(),
        vpcs: Vec::new(),
        action: crate::model::FindingAction::Other(String::new()),
        remotes: Vec::new(),
    };
    assert_eq!(guard_sample(&finding(false)), None);
    let guard = guard_sample(&finding(true)).unwrap();
    assert_eq!((guard.severity, guard.kind), (Refuse, K::Sample));
}

#[test]
fn a_plan_that_can_not_be_tried_is_said_to_be_unknown() {
    let estate = fixture::estate();
    let plan = doing(vec![Operation::RevokeSessions {
        profile: "web-profile".into(),
        until: At::After(30),
    }]);
    assert_eq!(guards(&estate, &plan, &OwnPath::default()), []);
    let plan = doing(vec![Operation::DetachInterface {
        eni: "eni-gone".into(),
    }]);
    let found = guards(&estate, &plan, &OwnPath::default());
    assert_eq!(kinds(&found), [(Danger, K::Unknown)]);
}

#[test]
fn the_worst_guard_comes_first() {
    let mut estate = on_platform("InService");
    estate.update_instance(&fixture::suspect(), |it| {
        it.tags.push((PROTECT_TAG.into(), "true".into()));
    });
    let found = guards(
        &estate,
        &planned(&estate, Action::SgSwap),
        &OwnPath::default(),
    );
    let severities: Vec<Severity> = found.iter().map(|it| it.severity).collect();
    assert!(severities.is_sorted(), "{severities:?}");
    assert_eq!(severities.first(), Some(&Refuse));
}
