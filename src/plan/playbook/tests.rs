//! What a playbook file may say, and what its plan looks like.

use super::*;
use crate::model::{AsgSize, Estate, fixture};
use crate::operation::{Operation, StepId};
use crate::plan::step::{Class, Plan, Procedure, Step, What};
use crate::plan::tests::every_action::platform;
use crate::plan::{Intent, PlanError};

fn parsed(body: &str) -> Result<Playbook, PlaybookError> {
    let text = format!("schema = 1\nname = \"mine\"\nsummary = \"s\"\n{body}");
    Playbook::parse("mine.toml", &text)
}

fn steps(actions: &[&str]) -> Playbook {
    let step = |it: &&str| format!("[[step]]\naction = \"{it}\"\n");
    parsed(&actions.iter().map(step).collect::<String>()).unwrap()
}

#[test]
fn what_is_wrong_is_said_with_file_line_and_key() {
    for (body, expected) in [
        ("", "mine.toml: it has no [[step]]"),
        (
            "[[step]]\naction = \"terminator\"",
            "mine.toml:5: action names \"terminator\", and there is no such action",
        ),
        (
            "[[step]]\naction = \"tag\"\nor = \"nonsense\"",
            "mine.toml:6: or names \"nonsense\"",
        ),
        (
            "[[step]]\naction = \"detach-igw\"",
            "mine.toml:5: action names detach-igw, which is not possible: ",
        ),
        (
            "[[step]]\naction = \"terminate\"",
            "mine.toml:5: action: refused (terminate): ",
        ),
        (
            "[[step]]\naction = \"image\"\nreboot = true",
            "mine.toml:6: reboot: refused (image-reboot): ",
        ),
        (
            "[[step]]\naction = \"snapshot-all\"\nwait = true",
            "mine.toml:6: wait: refused (wait-for-snapshot): ",
        ),
        (
            "[[step]]\naction = \"sg-swap\"\n[[step]]\naction = \"asg-standby\"",
            "mine.toml:5: action: refused (cut-before-standby): it comes before asg-standby",
        ),
        (
            "[[step]]\naction = \"sessions-revoke\"\n[[step]]\naction = \"profile-detach\"",
            "mine.toml:5: action: refused (revoke-before-profile-off): ",
        ),
        (
            "[[step]]\naction = \"stop\"\n\n[[step]]\naction = \"protect\"",
            "mine.toml:5: action: refused (protect-after-stop): ",
        ),
        (
            "[[step]]\nactoin = \"tag\"",
            "mine.toml:5: unknown field `actoin`",
        ),
        (
            "[[step]]\noptional = true",
            "mine.toml:4: missing field `action`",
        ),
        (
            "[[step]]\naction = \"tag\"\noptional = 1",
            "mine.toml:6: invalid type: integer `1`, expected a boolean",
        ),
        ("[[step]\naction = \"tag\"", "mine.toml:4: "),
    ] {
        let error = parsed(body).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}\n  for {expected}");
    }
    for (head, expected) in [
        (
            "name = \"mine\"\nsummary = \"s\"",
            "mine.toml:1: missing field `schema`",
        ),
        (
            "schema = 2\nname = \"mine\"\nsummary = \"s\"",
            "mine.toml:1: schema 2 is unknown; this program reads schema 1",
        ),
        (
            "schema = 1\nname = \"My Own\"\nsummary = \"s\"",
            "mine.toml:2: name \"My Own\": lower-case letters",
        ),
        (
            "schema = 1\nname = \"stop\"\nsummary = \"s\"",
            "mine.toml:2: name \"stop\": an action has it",
        ),
    ] {
        let error = Playbook::parse("mine.toml", head).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}\n  for {expected}");
    }
}

#[test]
fn wishes_that_are_not_made_are_no_error() {
    let body = "[[step]]\naction = \"image\"\nreboot = false\nwait = false";
    assert_eq!(parsed(body).unwrap().steps.len(), 1);
}

#[test]
fn what_is_shipped_is_sound_and_bears_its_files_name() {
    let shipped = Playbook::shipped().unwrap();
    let names: Vec<&str> = shipped.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, SHIPPED.map(|(name, _)| name));
    assert!(Playbook::named(&shipped, "contain").is_ok());
    let error = Playbook::named(&shipped, "x").unwrap_err().to_string();
    let expected = "no playbook is named \"x\"; there are: contain, credentials, evidence";
    assert_eq!(error, expected);
}

/// The fixture with a platform around the suspect.
fn estate() -> Estate {
    let mut estate = platform(fixture::estate());
    let size = AsgSize {
        min: 2,
        desired: 2,
        max: 4,
    };
    estate.update_asg_memberships(|all| all[0].size = Some(size));
    estate.update_target_memberships(|all| all[0].arn = "arn:tg".into());
    estate
}

fn intent() -> Intent {
    super::super::tests::intent(Action::Tag)
}

fn planned(estate: &Estate, playbook: &Playbook) -> Plan {
    let plan = build_playbook(estate, playbook, &intent()).unwrap();
    is_whole(&plan);
    plan
}

fn shipped(name: &str) -> Playbook {
    Playbook::named(&Playbook::shipped().unwrap(), name)
        .unwrap()
        .clone()
}

/// Holds of every playbook's plan.
fn is_whole(plan: &Plan) {
    let mut known = std::collections::BTreeSet::new();
    for (step, number) in plan.steps.iter().zip(1..) {
        assert_eq!(step.id, StepId(number));
        assert!(step.after.is_subset(&known), "{step:?}");
        if let Class::AlwaysOnceSent(it) | Class::OnceSafe(it) = step.class {
            assert!(known.contains(&it), "{step:?}");
        }
        known.insert(step.id);
    }
    let lock = |step: &&Step| match &step.what {
        What::Change(Operation::SetTags { tags, .. }) => tags.contains_key("firedoor:lock"),
        _ => false,
    };
    let locks: Vec<StepId> = plan.steps.iter().filter(lock).map(|it| it.id).collect();
    let last = plan.steps.last().unwrap();
    assert_eq!(locks, [StepId(1), last.id], "locked once, and freed once");
    assert_eq!(last.class, Class::OnceSafe(StepId(1)));
    assert_eq!(last.after.len(), plan.steps.len() - 1);
    let own = &plan.steps[1..plan.steps.len() - 1];
    assert!(own.iter().all(|it| it.part.is_some()));
}

/// The steps of an action.
fn part(plan: &Plan, action: Action) -> Vec<&Step> {
    let own = plan.steps.iter().filter(|it| it.part == Some(action));
    own.collect()
}

/// Whether any step of the one action surely comes after one of the other.
fn waits(plan: &Plan, later: Action, former: Action) -> bool {
    let mut behind: std::collections::BTreeSet<StepId> =
        part(plan, former).iter().map(|it| it.id).collect();
    for step in &plan.steps {
        if step.after.iter().any(|it| behind.contains(it)) {
            behind.insert(step.id);
        }
    }
    let mut later = part(plan, later).into_iter();
    assert!(later.len() > 0);
    later.any(|it| behind.contains(&it.id))
}

#[test]
fn containment_waits_for_the_platform_but_not_for_evidence() {
    let plan = planned(&estate(), &shipped("contain"));
    assert_eq!(plan.procedure, Procedure::Playbook("contain".into()));
    let expected = [
        Action::Protect,
        Action::AsgStandby,
        Action::ElbDeregister,
        Action::Tag,
        Action::SgTwoStep,
        Action::ProfileDetach,
        Action::SessionsRevoke,
        Action::SnapshotAll,
        Action::Image,
    ];
    assert_eq!(plan.actions(), expected);
    let cut = Action::SgTwoStep;
    for (later, former, expected) in [
        (cut, Action::AsgStandby, true),
        (Action::ElbDeregister, Action::AsgStandby, true),
        (cut, Action::ElbDeregister, false),
        (cut, Action::Protect, false),
        (Action::AsgStandby, Action::Protect, false),
        (cut, Action::Tag, false),
        (Action::ProfileDetach, cut, true),
        (Action::SessionsRevoke, Action::ProfileDetach, true),
        (Action::SnapshotAll, cut, true),
        (Action::Image, Action::SnapshotAll, false),
    ] {
        assert_eq!(waits(&plan, later, former), expected, "{later} {former}");
    }
    let classes = |action| part(&plan, action).into_iter().map(|it| it.class);
    for optional in [Action::Protect, Action::AsgStandby, Action::SnapshotAll] {
        assert!(
            classes(optional).all(|it| it == Class::Should),
            "{optional}"
        );
    }
    assert!(classes(cut).any(|it| it == Class::Must));
    assert!(classes(cut).any(|it| matches!(it, Class::AlwaysOnceSent(_))));
    let words = "sg-two-step instead of sg-two-step-staged: ";
    assert!(plan.remarks.iter().any(|it| it.starts_with(words)));
    insta::assert_snapshot!(shown(&plan));
}

fn shown(plan: &Plan) -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    for step in &plan.steps {
        let after: Vec<u16> = step.after.iter().map(|it| it.0).collect();
        let part = step.part.map_or("", Action::name);
        let (id, class, words) = (step.id, step.class, step.prose());
        writeln!(text, "{id} {part} {class:?} {after:?} {words}").unwrap();
    }
    for remark in &plan.remarks {
        writeln!(text, "* {remark}").unwrap();
    }
    text
}

#[test]
fn what_has_nothing_to_do_is_left_out_with_a_remark() {
    let plan = planned(&fixture::estate(), &shipped("contain"));
    assert!(!plan.actions().contains(&Action::AsgStandby));
    let left_out = |action: &str| {
        let start = format!("{action} is left out: ");
        plan.remarks.iter().any(|it| it.starts_with(&start))
    };
    assert!(left_out("asg-standby") && left_out("elb-deregister"));
    assert!(!left_out("profile-detach"));
}

#[test]
fn every_shipped_playbook_can_be_planned() {
    for playbook in Playbook::shipped().unwrap() {
        let plan = planned(&estate(), &playbook);
        assert!(plan.actions().len() > 2, "{}", playbook.name);
    }
    let evidence = planned(&estate(), &shipped("evidence"));
    assert!(evidence.actions().iter().all(|it| !it.entry().cuts));
}

#[test]
fn what_an_earlier_action_makes_is_named_by_its_step() {
    // The second one adds routes to the table that the first one makes.
    let playbook = steps(&["tag", "route-swap", "blackhole-route"]);
    let intent = Intent {
        peers: vec!["203.0.113.66".parse().unwrap()],
        ..intent()
    };
    let plan = build_playbook(&fixture::estate(), &playbook, &intent).unwrap();
    is_whole(&plan);
    let one = |is: fn(&Operation) -> bool| {
        let mut found = plan.steps.iter().filter(|it| match &it.what {
            What::Change(operation) => is(operation),
            What::Wait { .. } | What::Verify(_) => false,
        });
        let only = found.next().unwrap();
        assert!(found.next().is_none());
        only
    };
    let table = one(|it| matches!(it, Operation::CreateRouteTable { .. })).id;
    let hole = one(|it| matches!(it, Operation::CreateInterface { .. })).id;
    let route = one(|it| matches!(it, Operation::CreateRoute { .. }));
    let What::Change(Operation::CreateRoute {
        table: of, target, ..
    }) = &route.what
    else {
        unreachable!()
    };
    assert_eq!(*of, crate::operation::Ref::Made(table));
    assert_eq!(*target, crate::operation::Ref::Made(hole));
    let text = serde_json::to_string(&plan.steps).unwrap();
    assert!(!text.contains("new:"), "{text}");
}

#[test]
fn a_required_action_that_can_not_be_planned_is_an_error() {
    let playbook = steps(&["tag", "asg-standby", "sg-swap"]);
    let error = build_playbook(&fixture::estate(), &playbook, &intent()).unwrap_err();
    assert!(
        error.to_string().starts_with("mine: asg-standby: "),
        "{error}"
    );
}

#[test]
fn an_order_that_loses_evidence_on_this_estate_is_refused() {
    let cut = steps(&["sg-swap"]);
    let error = build_playbook(&estate(), &cut, &intent()).unwrap_err();
    assert!(matches!(&error, PlanError::Order { rule, .. } if *rule == "cut-before-standby"));
    planned(&fixture::estate(), &cut);
    let revoke = steps(&["sessions-revoke"]);
    let error = build_playbook(&estate(), &revoke, &intent()).unwrap_err();
    assert!(
        matches!(&error, PlanError::Order { rule, .. } if *rule == "revoke-before-profile-off")
    );
}

#[test]
fn a_playbook_without_anything_to_do_is_an_error() {
    let playbook = parsed("[[step]]\naction = \"asg-standby\"\noptional = true").unwrap();
    let error = build_playbook(&fixture::estate(), &playbook, &intent()).unwrap_err();
    assert_eq!(error, PlanError::NothingLeft("mine".into()));
}
