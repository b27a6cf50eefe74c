//! The engine alone: told the time and the facts, it says what happens.

mod world;

use super::*;

fn s(seconds: i64) -> TimeDelta {
    TimeDelta::seconds(seconds)
}

fn inject(name: &str, trigger: Trigger, delay: i64, times: u32) -> Inject {
    Inject {
        name: name.to_owned(),
        trigger,
        delay: s(delay),
        times,
        effects: vec![Effect::Begin(name.to_owned())],
    }
}

fn ask(injects: &mut Injects, now: i64, contained: bool, changed: &[&str]) -> Vec<String> {
    let happens = injects.due(s(now), &Facts { contained, changed });
    happens.into_iter().map(|it| it.name).collect()
}

#[test]
fn time_brings_them_about_once_and_in_order() {
    let mut injects = Injects::new(vec![
        inject("second", Trigger::At(s(20)), 10, 1),
        inject("first", Trigger::At(s(20)), 0, 1),
        inject("never", Trigger::Manual, 0, 1),
    ]);
    assert_eq!(injects.next(), Some(s(20)));
    assert!(ask(&mut injects, 19, false, &[]).is_empty());
    assert_eq!(ask(&mut injects, 60, false, &[]), ["first", "second"]);
    assert_eq!(injects.next(), None);
    assert!(ask(&mut injects, 600, true, &[]).is_empty());
}

#[test]
fn whoever_contains_in_time_is_spared_what_comes_late() {
    for (contained_at_60, expected) in [(true, &[][..]), (false, &["moves"][..])] {
        let mut injects = Injects::new(vec![inject("moves", Trigger::Late(s(60)), 5, 1)]);
        assert_eq!(injects.next(), Some(s(60)));
        assert!(ask(&mut injects, 60, contained_at_60, &[]).is_empty());
        // What is the case later does not matter.
        assert_eq!(ask(&mut injects, 65, true, &[]), expected);
        assert!(ask(&mut injects, 90, false, &[]).is_empty());
    }
}

#[test]
fn a_change_by_its_api_brings_it_about_as_often_as_it_may() {
    let api = "ec2:CreateNetworkAclEntry";
    let on_change = Trigger::OnChange(api.to_owned());
    let mut injects = Injects::new(vec![inject("remedy", on_change, 30, 2)]);
    assert!(ask(&mut injects, 1, false, &["ec2:DeleteNetworkAclEntry"]).is_empty());
    assert!(ask(&mut injects, 10, false, &[api]).is_empty());
    assert_eq!(injects.next(), Some(s(40)));
    assert!(ask(&mut injects, 39, false, &[]).is_empty());
    assert_eq!(ask(&mut injects, 40, false, &[]), ["remedy"]);
    ask(&mut injects, 50, false, &[api, api]);
    assert_eq!(ask(&mut injects, 90, false, &[]), ["remedy"]);
    ask(&mut injects, 95, false, &[api]);
    assert!(ask(&mut injects, 200, false, &[]).is_empty());
}

#[test]
fn containment_brings_it_about_each_time_that_it_is_reached() {
    let mut injects = Injects::new(vec![inject("boss", Trigger::OnContained, 0, 2)]);
    assert!(injects.watch_containment());
    assert!(ask(&mut injects, 10, false, &[]).is_empty());
    assert_eq!(ask(&mut injects, 20, true, &[]), ["boss"]);
    assert!(ask(&mut injects, 21, true, &[]).is_empty());
    assert!(ask(&mut injects, 30, false, &[]).is_empty());
    assert_eq!(ask(&mut injects, 40, true, &[]), ["boss"]);
    assert!(!injects.watch_containment());
}

#[test]
fn the_facilitator_makes_everything_happen_and_then_it_does_not_by_itself() {
    let mut injects = Injects::new(vec![
        inject("later", Trigger::At(s(60)), 0, 1),
        inject("manual", Trigger::Manual, 0, 1),
    ]);
    for _ in 0..2 {
        let effects = injects.fire("manual").unwrap();
        assert_eq!(effects, [Effect::Begin("manual".to_owned())]);
    }
    injects.fire("later").unwrap();
    assert!(ask(&mut injects, 61, false, &[]).is_empty());
    let names: Vec<(&str, bool)> = injects.names().collect();
    assert_eq!(names, [("later", false), ("manual", false)]);
    let error = injects.fire("other").unwrap_err().to_string();
    assert_eq!(
        error,
        "no inject is named \"other\"; there are: later, manual"
    );
}
