//! Changes that calls show some time later, because the scenario says so.

use super::*;

fn late_drill() -> Drill {
    let (_, text) = shipped()[0];
    let late = text.replacen("[world]\n", "[world]\nvisibility = \"5s\"\n", 1);
    assert_ne!(late, text);
    let clock = FakeClock {
        base: t0(),
        began: tokio::time::Instant::now(),
    };
    let scenario = Scenario::parse("late.toml", &late).unwrap();
    Drill::new(scenario, Arc::new(clock))
}

/// The groups of the suspect's interface, as the console reads them.
async fn groups_read(drill: &Drill) -> Vec<GroupId> {
    let scope = Scope {
        vpcs: drill.estate().vpcs().map(|it| it.id.clone()).collect(),
        ..Scope::default()
    };
    let kind = PartKind::Enis;
    let reading = read(drill, Request::Part { kind, scope }).await.remove(0);
    let Reading::Part(Part::Enis(enis)) = reading else {
        panic!("{reading:?}")
    };
    let own = eni_of(&drill.estate(), "web-03");
    let own = enis.into_iter().find(|it| it.id == own);
    own.unwrap().groups
}

/// A group that was just made.
async fn empty_made(drill: &Drill) -> GroupId {
    let create = Operation::CreateGroup {
        vpc: drill.estate().vpcs().next().unwrap().id.clone(),
        name: "another".to_owned(),
        description: "a test".to_owned(),
        tags: Vec::new(),
    };
    GroupId::new(call(drill, create).await.unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_change_holds_at_once_and_shows_when_its_time_has_come() {
    let drill = late_drill();
    let before = groups_read(&drill).await;
    let other = empty_made(&drill).await;
    let suspect = eni_of(&drill.estate(), "web-03");
    let swap = Operation::SetEniGroups {
        eni: suspect.clone(),
        groups: vec![Ref::Id(other.clone())],
    };
    let as_before = drill.observe(&swap).await.unwrap();
    pass(6).await;
    drill.execute(&swap).await.unwrap();
    let truth = drill.estate().eni(&suspect).unwrap().groups.clone();
    assert_eq!(truth.iter().collect::<Vec<_>>(), [&other]);
    assert_eq!(groups_read(&drill).await, before);
    assert_eq!(drill.observe(&swap).await.unwrap(), as_before);
    pass(4).await;
    assert_eq!(groups_read(&drill).await, before);
    pass(1).await;
    assert_eq!(groups_read(&drill).await, [other]);
    assert!(swap.satisfied_by(&drill.observe(&swap).await.unwrap()));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_names_what_was_made_a_moment_ago_is_refused_and_changes_nothing() {
    let drill = late_drill();
    let create = Operation::CreateAcl {
        vpc: drill.estate().vpcs().next().unwrap().id.clone(),
        tags: vec![("Name".to_owned(), "late".to_owned())],
    };
    let acl = call(&drill, create.clone()).await.unwrap();
    assert_eq!(drill.observe(&create).await.unwrap(), State::Absent);
    let swap = Operation::SetSubnetAcl {
        subnet: subnet(&drill.estate(), "public-a"),
        acl: Ref::Id(acl.as_str().into()),
    };
    let before = drill.estate();
    let error = drill.execute(&swap).await.unwrap_err();
    assert_eq!(error.kind, CallErrorKind::NotFound, "{error}");
    assert!(drill.estate() == before);
    // What AWS refuses in any case it refuses for its own reason.
    let wrong = Operation::DeleteAcl {
        acl: Ref::Id("acl-00000000000000000".into()),
    };
    let error = drill.execute(&wrong).await.unwrap_err();
    assert!(error.message.contains("acl-00000000000000000"), "{error}");
    pass(5).await;
    assert_eq!(
        drill.observe(&create).await.unwrap().made(),
        Some(acl.as_str())
    );
    call(&drill, swap).await;
}
