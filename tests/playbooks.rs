//! Playbooks as files: those that are shipped, planned on the embedded world; and those of a folder.

#![expect(
    clippy::unwrap_used,
    reason = "a failed step of the set-up is a failed test"
)]

use std::fs;
use std::sync::Arc;

use firedoor::drill::{self, Drill};
use firedoor::executor::user_playbooks;
use firedoor::plan::{
    Action, Dwell, Intent, OwnPath, Playbook, Procedure, build_playbook, guards, lint,
};

use still::StillClock;

#[path = "support/still.rs"]
mod still;

fn world() -> Drill {
    Drill::new(drill::load(None).unwrap(), Arc::new(StillClock))
}

fn intent(world: &Drill) -> Intent {
    Intent {
        action: Action::Tag,
        suspect: world.suspect().clone(),
        case: "case".into(),
        stamp: "stamp".into(),
        dwell: Dwell {
            slowest_gap: None,
            max: 60,
        },
        peers: Vec::new(),
        acl_quota: Intent::ACL_QUOTA,
        max_hold: Intent::MAX_HOLD,
    }
}

#[test]
fn every_shipped_playbook_can_be_planned_in_the_drill() {
    let world = world();
    let estate = world.estate();
    for playbook in Playbook::shipped().unwrap() {
        let plan = build_playbook(&estate, &playbook, &intent(&world)).unwrap();
        assert_eq!(plan.procedure, Procedure::Playbook(playbook.name.clone()));
        assert_eq!(lint(&estate, &plan, &[]), [], "{}", playbook.name);
        assert_eq!(
            guards(&estate, &plan, &OwnPath::default()),
            [],
            "{}",
            playbook.name
        );
        let text = serde_json::to_string(&plan).unwrap();
        let read: firedoor::plan::Plan = serde_json::from_str(&text).unwrap();
        assert_eq!(read, plan, "as the journal keeps it");
    }
}

const QUICK: &str = r#"
schema = 1
name = "quick"
summary = "cut it off"

[[step]]
action = "sg-swap"
"#;

#[test]
fn a_folder_gives_its_playbooks_and_says_what_is_wrong_with_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("a.toml", QUICK);
    write("b.toml", "schema = 1\nname = ");
    write("c.toml", QUICK);
    write("d.toml", &QUICK.replace("quick", "contain"));
    write("e.toml", &QUICK.replace("quick", "other"));
    write("notes.txt", "not a playbook");
    let found = user_playbooks(folder.path());
    let names: Vec<String> = found
        .iter()
        .map(|it| match it {
            Ok(playbook) => playbook.name.clone(),
            Err(error) => {
                let words = error.to_string();
                words.rsplit('/').next().unwrap().to_owned()
            }
        })
        .collect();
    assert_eq!(names[0], "quick");
    assert!(names[1].starts_with("b.toml:2: "), "{}", names[1]);
    let taken = "another playbook is named \"quick\": rename it";
    assert_eq!(names[2], format!("c.toml: {taken}"));
    assert!(names[3].contains("is named \"contain\""), "{}", names[3]);
    assert_eq!(names[4], "other");
    assert_eq!(names.len(), 5);
}

#[test]
fn a_folder_that_is_not_there_has_none() {
    let folder = tempfile::tempdir().unwrap();
    assert!(user_playbooks(&folder.path().join("nowhere")).is_empty());
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(user_playbooks(&file)[0].is_err());
}
