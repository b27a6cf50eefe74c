//! Which finding is selected, and who is the suspect.

use std::slice::from_ref;

use super::*;

#[test]
fn the_cursor_stays_on_its_finding_when_newer_ones_arrive() {
    let mut desk = Desk::new(Mode::Drill);
    let (a, b) = (
        finding("a", 5.0, "web1"),
        newer(1, finding("b", 5.0, "web2")),
    );
    desk.reads(&[&[a.clone(), b.clone()]]);
    desk.keys(&[Key::Home, Key::Down]);
    assert_eq!(desk.selected(), "a");
    desk.reads(&[&[a, b, newer(2, finding("c", 9.0, "web3"))]]);
    assert_eq!(desk.selected(), "a");
    let order: Vec<_> = desk
        .state
        .findings
        .iter()
        .map(|it| it.id.as_str())
        .collect();
    assert_eq!(order, ["c", "b", "a"], "newest first");
}

#[test]
fn until_the_analyst_moves_the_most_severe_containable_finding_is_selected() {
    let mut desk = Desk::new(Mode::Drill);
    let (low, high) = (
        newer(9, finding("low", 2.0, "web2")),
        finding("high", 8.0, "web1"),
    );
    let sample = sample(newer(5, finding("sample", 9.5, "web3")));
    desk.begins_to_read(&[from_ref(&low)]);
    assert_eq!(desk.selected(), "low", "there is no other yet");
    desk.reads(&[&[low.clone(), sample.clone()], from_ref(&high)]);
    assert_eq!(desk.selected(), "high");
    let severe = finding("severe", 9.0, "web3");
    desk.reads(&[&[low.clone(), high.clone(), sample.clone(), severe.clone()]]);
    assert_eq!(desk.selected(), "severe");
    desk.key(Key::Up);
    let chosen = desk.selected();
    let worst = finding("worst", 10.0, "web1");
    desk.reads(&[&[low, high, sample, severe, worst]]);
    assert_eq!(desk.selected(), chosen);
}

#[test]
fn the_suspect_does_not_change_under_the_hands_of_who_left_the_findings() {
    for leave in [Key::Char('c'), Key::Char('2'), Key::Tab, Key::Enter] {
        let mut desk = Desk::new(Mode::Drill);
        let known = finding("known", 8.0, "web1");
        desk.reads(&[from_ref(&known)]);
        desk.key(leave);
        desk.reads(&[&[known, newer(5, finding("later", 9.0, "web2"))]]);
        assert_eq!(desk.state.suspect(), Some(instance("web1")), "{leave:?}");
    }
}

#[test]
fn leaving_the_findings_before_any_is_read_chooses_none() {
    let mut desk = Desk::new(Mode::Drill);
    desk.keys(&[Key::Tab, Key::Char('1')]);
    desk.reads(&[&[
        newer(5, finding("low", 2.0, "web2")),
        finding("high", 8.0, "web1"),
    ]]);
    assert_eq!(desk.selected(), "high");
}

#[test]
fn archived_findings_go_when_a_whole_reading_is_complete_and_not_before() {
    let mut desk = Desk::new(Mode::Drill);
    let (a, b) = (finding("a", 5.0, "web1"), finding("b", 5.0, "web2"));
    desk.reads(&[from_ref(&a), &[b]]);
    desk.begins_to_read(&[from_ref(&a)]);
    assert_eq!(
        desk.state.findings.len(),
        2,
        "the rest may be on the next page"
    );
    let error = SourceError {
        kind: SourceErrorKind::Throttled,
        message: "throttled".into(),
    };
    desk.news(Feed::Findings, UpdateKind::Finished(Outcome::Failed(error)));
    assert_eq!(desk.state.findings.len(), 2, "half a reading says nothing");
    desk.reads(&[&[a]]);
    assert_eq!(desk.state.findings.len(), 1);
}

#[test]
fn a_finding_that_is_updated_is_one_finding() {
    let mut desk = Desk::new(Mode::Drill);
    desk.reads(&[&[finding("a", 5.0, "web1")]]);
    let again = newer(3, finding("a", 8.0, "web1"));
    desk.begins_to_read(&[from_ref(&again)]);
    assert_eq!(desk.state.findings, [again]);
}

#[test]
fn flows_are_watched_for_the_selected_suspect() {
    let mut desk = Desk::new(Mode::Drill);
    desk.reads(&[&[
        newer(1, finding("a", 8.0, "web1")),
        finding("b", 5.0, "web3"),
    ]]);
    let watched = |effects: &[Effect]| match effects {
        [Effect::Poll(Ask::Watch(targets))] => targets.suspect.clone(),
        _ => Vec::new(),
    };
    assert_eq!(watched(&desk.key(Key::Down)), ["eni-web3".into()]);
    assert_eq!(desk.key(Key::Down), [], "it is the last");
    assert_eq!(watched(&desk.key(Key::Up)), ["eni-web1".into()]);
    assert_eq!(desk.state.targets.neighbours.len(), 3);
}

#[test]
fn a_neighbour_that_is_opened_is_the_suspect_until_esc() {
    let mut desk = Desk::with_suspect(Mode::Drill);
    desk.typed("3/web-2");
    desk.key(Key::Enter);
    let effects = desk.key(Key::Enter);
    assert_eq!(desk.state.suspect(), Some(instance("web2")));
    assert!(matches!(effects.as_slice(), [Effect::Poll(Ask::Watch(_))]));
    assert_eq!(desk.state.focus, Pane::Suspect);
    desk.key(Key::Char('3'));
    desk.key(Key::Esc);
    assert_eq!(desk.state.filter(Pane::Neighbours), "", "first the filter");
    assert_eq!(desk.state.suspect(), Some(instance("web2")));
    desk.key(Key::Esc);
    assert_eq!(
        desk.state.suspect(),
        Some(instance("web1")),
        "then the suspect"
    );
    assert_eq!(desk.state.focus, Pane::Neighbours);
    desk.key(Key::Esc);
    assert_eq!(desk.state.focus, Pane::Findings);
}

#[test]
fn another_finding_ends_the_detour_to_a_neighbour() {
    let mut desk = Desk::with_suspect(Mode::Drill);
    desk.reads(&[&[
        finding("a", 8.0, "web1"),
        newer(-1, finding("b", 5.0, "web3")),
    ]]);
    desk.typed("3/web-2");
    desk.keys(&[Key::Enter, Key::Enter, Key::Char('1'), Key::Down]);
    assert_eq!(desk.state.suspect(), Some(instance("web3")));
}

#[test]
fn a_neighbour_that_is_no_instance_is_no_suspect() {
    let mut desk = Desk::with_suspect(Mode::Drill);
    desk.typed("3/NAT");
    desk.keys(&[Key::Enter, Key::Enter]);
    assert_eq!(desk.state.suspect(), Some(instance("web1")));
    assert!(
        desk.notice().contains("is no instance"),
        "{}",
        desk.notice()
    );
}

#[test]
fn a_finding_that_was_not_there_before_is_announced() {
    let mut desk = Desk::new(Mode::Drill);
    let known = finding("known", 8.0, "web1");
    desk.reads(&[from_ref(&known)]);
    assert_eq!(desk.notice(), "", "the first reading is no news");
    let later = newer(5, finding("later", 8.5, "web2"));
    desk.reads(&[&[known.clone(), sample(later.clone())]]);
    assert_eq!(desk.notice(), "", "a sample is no news");
    let other = newer(6, finding("other", 8.5, "web2"));
    desk.reads(&[&[known, other]]);
    assert!(
        desk.notice().starts_with("new finding, 8.5: "),
        "{}",
        desk.notice()
    );
}
