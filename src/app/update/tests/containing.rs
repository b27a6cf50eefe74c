//! From a preview to a run; leaving; and what is pasted.

use super::*;

#[test]
fn a_plan_that_is_confirmed_starts_once() {
    let mut desk = Desk::with_suspect(Mode::Changes);
    desk.preview("sg-swap");
    let plan = desk.confirm().plan.clone();
    assert_eq!(desk.contain(), [Effect::Start(Box::new(plan))]);
    assert!(desk.state.run_is_open());
    assert_eq!(desk.state.focus, Pane::Run);
    assert_eq!(desk.key(Key::Enter), [], "a second Enter");
}

#[test]
fn c_goes_to_the_actions_and_from_there_to_the_one_that_is_selected() {
    let mut desk = Desk::with_suspect(Mode::Changes);
    desk.key(Key::Char('c'));
    assert_eq!(desk.state.focus, Pane::Actions);
    assert_eq!(desk.state.dialog, None);
    desk.key(Key::Char('c'));
    assert!(matches!(desk.state.dialog, Some(Dialog::Confirm(_))));
}

#[test]
fn keys_that_come_too_soon_are_dropped_but_esc() {
    let mut desk = Desk::with_suspect(Mode::Changes);
    desk.preview("sg-swap");
    desk.pass(499);
    desk.typed("web1");
    desk.keys(&[Key::Tab, Key::Enter]);
    assert_eq!(desk.confirm().typed, "");
    assert_eq!(desk.confirm().focus, ConfirmFocus::Cancel);
    desk.pass(1);
    desk.typed("w");
    assert_eq!(desk.confirm().typed, "w");
    desk.key(Key::Esc);
    desk.key(Key::Enter);
    desk.key(Key::Esc);
    assert_eq!(desk.state.dialog, None, "esc is never too soon");
}

#[test]
fn enter_on_cancel_sends_nothing() {
    let mut desk = Desk::with_suspect(Mode::Changes);
    desk.preview("sg-swap");
    desk.pass(600);
    desk.typed("web1");
    assert_eq!(desk.key(Key::Enter), [], "the cursor is on cancel");
    assert_eq!(desk.state.dialog, None);
    assert_eq!(desk.notice(), "cancelled: nothing was sent");
}

#[test]
fn another_id_is_refused() {
    let mut desk = Desk::with_suspect(Mode::Changes);
    desk.preview("sg-swap");
    desk.pass(600);
    desk.typed("web2");
    desk.key(Key::Tab);
    assert_eq!(desk.key(Key::Enter), []);
    let why = desk.confirm().refused.clone().unwrap();
    assert!(why.contains("type the last four characters"), "{why}");
    desk.key(Key::Backspace);
    assert!(!desk.confirm().is_acknowledged());
    desk.typed("1");
    assert_eq!(desk.confirm().refused, None);
    desk.key(Key::Tab);
    assert!(matches!(
        desk.key(Key::Enter).as_slice(),
        [Effect::Start(_)]
    ));
}

#[test]
fn an_account_that_changed_since_the_preview_is_shown_again() {
    let mut desk = Desk::with_suspect(Mode::Changes);
    desk.preview("nacl-swap");
    let hits = desk.confirm().blast.scope.len();
    desk.newcomer();
    let effects = desk.contain();
    assert!(
        matches!(effects.as_slice(), [Effect::Preflight { .. }]),
        "one more is hit than was shown: {effects:?}"
    );
    let confirm = desk.confirm();
    assert!(confirm.refused.as_deref().unwrap().contains("has changed"));
    assert_eq!(confirm.blast.scope.len(), hits + 1);
    assert_eq!(
        (confirm.typed.as_str(), confirm.focus),
        ("", ConfirmFocus::Cancel)
    );
    assert!(matches!(desk.contain().as_slice(), [Effect::Start(_)]));
}

#[test]
fn a_plan_never_changes_without_a_word() {
    let mut desk = Desk::with_suspect(Mode::Changes);
    desk.preview("nacl-swap");
    desk.newcomer();
    desk.pass(600);
    desk.typed("zzzz");
    desk.keys(&[Key::Tab, Key::Enter]);
    let confirm = desk.confirm();
    assert!(confirm.blast.scope.contains("eni-web9"));
    let why = confirm.refused.as_deref().unwrap();
    assert!(why.contains("has changed"), "{why}");
}

#[test]
fn a_plan_that_is_no_longer_possible_does_not_start() {
    let mut desk = Desk::with_suspect(Mode::Changes);
    desk.preview("sg-swap");
    let gone = UpdateKind::Part(Part::Instances(Vec::new()));
    desk.news(Feed::Part(PartKind::Instances), gone);
    assert_eq!(desk.contain(), []);
    let why = desk.confirm().refused.clone().unwrap();
    assert!(why.contains("no longer possible"), "{why}");
}

#[test]
fn a_read_only_session_previews_and_never_starts() {
    let mut desk = Desk::with_suspect(Mode::ReadOnly);
    desk.preview("sg-swap");
    assert_eq!(desk.contain(), []);
    let why = desk.confirm().refused.clone().unwrap();
    assert!(why.contains("--allow-changes"), "{why}");
}

#[test]
fn a_sample_finding_is_never_contained() {
    let mut desk = Desk::new(Mode::Changes);
    desk.reads(&[&[sample(finding("a", 8.0, "web1"))]]);
    desk.key(Key::Enter);
    assert_eq!(desk.state.focus, Pane::Findings, "no suspect to look at");
    desk.preview("sg-swap");
    assert_eq!(desk.state.dialog, None);
    assert!(desk.notice().contains("sample"), "{}", desk.notice());
}

#[test]
fn what_is_not_possible_says_why() {
    let mut desk = Desk::with_suspect(Mode::Changes);
    desk.preview("add-group");
    assert_eq!(desk.state.dialog, None);
    let words = desk.notice();
    assert!(
        words.contains("is not possible") && words.contains("https://"),
        "{words}"
    );
}

#[test]
fn a_second_run_is_refused_while_one_is_open() {
    let mut desk = Desk::with_suspect(Mode::Changes);
    desk.preview("sg-swap");
    let plan = desk.confirm().plan.clone();
    desk.contain();
    desk.preview("sg-swap");
    assert_eq!(desk.state.dialog, None, "before the first event");
    assert!(desk.notice().contains("a run is on its way"));
    desk.started(&plan);
    desk.key(Key::Enter);
    assert_eq!(desk.state.dialog, None, "and after it");
    let outcome = RunOutcome::Done;
    let effects = desk.run(1, RunEventKind::Finished { outcome });
    let after = [Effect::Poll(Ask::Refresh), Effect::ReadArchive];
    assert_eq!(effects, after, "what has changed?");
    desk.preview("sg-swap");
    assert_eq!(desk.confirm().plan.suspect(), Some(&fixture::suspect()));
}

#[test]
fn a_run_that_begins_behind_an_open_dialog_shuts_it() {
    let mut desk = Desk::with_suspect(Mode::Changes);
    desk.preview("sg-swap");
    let plan = desk.confirm().plan.clone();
    desk.started(&plan);
    assert_eq!(desk.contain(), []);
    let why = desk.confirm().refused.clone().unwrap();
    assert!(why.contains("a run is on its way"), "{why}");
}

#[test]
fn the_next_run_is_followed_from_its_first_step() {
    let mut desk = Desk::with_suspect(Mode::Changes);
    desk.preview("sg-swap");
    let plan = desk.confirm().plan.clone();
    desk.contain();
    desk.started(&plan);
    desk.keys(&[Key::Down, Key::Down]);
    let steps: Vec<StepId> = plan.steps.iter().map(|it| it.id).collect();
    assert_ne!(desk.state.cursors.run.resolve(&steps), Some(0));
    let outcome = RunOutcome::Failed;
    desk.run(1, RunEventKind::Finished { outcome });
    desk.preview("sg-swap");
    desk.contain();
    assert_eq!(desk.state.cursors.run, crate::app::Cursor::default());
}

#[test]
fn a_run_that_is_lost_is_no_longer_open() {
    let mut desk = Desk::with_suspect(Mode::Changes);
    desk.preview("sg-swap");
    desk.contain();
    desk.send(Message::RunLost("disk full".into()));
    assert!(!desk.state.run_is_open());
    assert_eq!(desk.notice(), "disk full");
}

// Leaving, and what is pasted.

#[test]
fn quitting_asks_only_during_a_run() {
    let mut desk = Desk::with_suspect(Mode::Changes);
    assert_eq!(desk.key(Key::Char('q')), [Effect::Quit]);
    desk.preview("sg-swap");
    desk.contain();
    assert_eq!(desk.key(Key::Char('q')), []);
    assert_eq!(desk.key(Key::Enter), [], "enter stays");
    desk.key(Key::Ctrl('c'));
    assert_eq!(desk.key(Key::Ctrl('c')), [Effect::StopRun, Effect::Quit]);
}

#[test]
fn a_signal_stops_a_run_without_asking() {
    let mut desk = Desk::with_suspect(Mode::Changes);
    let hang_up = || Message::Signal(Signal::HangUp);
    assert_eq!(desk.send(hang_up()), [Effect::Quit]);
    desk.preview("sg-swap");
    desk.contain();
    assert_eq!(desk.send(hang_up()), [Effect::StopRun, Effect::Quit]);
}

#[test]
fn pasted_text_triggers_no_binding() {
    let mut desk = Desk::with_suspect(Mode::Changes);
    for keys in [&[][..], &[Key::Char('?')], &[Key::Esc, Key::Char('c')]] {
        desk.keys(keys);
        let before = (desk.state.focus, desk.state.dialog.clone());
        assert_eq!(desk.paste("q\ny1csr\u{1b}"), []);
        assert_eq!((desk.state.focus, desk.state.dialog.clone()), before);
    }
    desk.preview("sg-swap");
    desk.pass(600);
    assert_eq!(desk.paste("web1\n"), []);
    assert_eq!(
        desk.confirm().typed,
        "",
        "the id is typed, or it is not read"
    );
}

#[test]
fn pasted_text_goes_into_a_filter_as_one_line() {
    let mut desk = Desk::new(Mode::Drill);
    desk.reads(&[&[finding("a", 8.0, "web1"), finding("b", 5.0, "web3")]]);
    desk.key(Key::Char('/'));
    let effects = desk.paste("Backdoor:\n\u{1b}EC2/b");
    assert_eq!(desk.state.filter(Pane::Findings), "backdoor:ec2/b");
    assert_eq!(desk.state.suspect(), Some(instance("web3")));
    let [Effect::Poll(Ask::Watch(targets))] = effects.as_slice() else {
        panic!("the suspect's flows are not watched: {effects:?}")
    };
    assert_eq!(targets.suspect, ["eni-web3".into()]);
    desk.paste(&"x".repeat(500));
    assert!(desk.state.filter(Pane::Findings).len() < 200);
}

#[test]
fn nothing_is_confirmed_on_a_screen_that_is_too_small_to_show_it() {
    let mut desk = Desk::with_suspect(Mode::Changes);
    desk.preview("sg-swap");
    desk.send(Message::Input(Input::Resize {
        columns: 79,
        rows: 24,
    }));
    assert_eq!(desk.contain(), []);
    assert_eq!(desk.confirm().typed, "");
    assert_eq!(
        desk.key(Key::Char('q')),
        [Effect::Quit],
        "leaving is possible"
    );
    desk.send(Message::Input(Input::Resize {
        columns: 80,
        rows: 24,
    }));
    assert!(matches!(desk.contain().as_slice(), [Effect::Start(_)]));
}

#[test]
fn a_run_is_stopped_only_where_it_is_shown() {
    let mut desk = Desk::with_suspect(Mode::Changes);
    desk.preview("sg-swap");
    desk.contain();
    desk.key(Key::Char('4'));
    assert_eq!(desk.key(Key::Char('s')), []);
    assert!(desk.notice().contains("6, then s"), "{}", desk.notice());
    desk.key(Key::Char('6'));
    assert_eq!(desk.key(Key::Char('s')), [Effect::StopRun]);
}

#[test]
fn remarks_that_arrive_late_are_shown_and_ask_for_no_second_confirmation() {
    let mut desk = Desk::with_suspect(Mode::Changes);
    desk.preview("sg-swap");
    let member = TargetMembership {
        instance: fixture::suspect(),
        target_group: "web-tg".into(),
        arn: "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/web-tg/1".into(),
        port: Some(443),
        health: "healthy".into(),
    };
    let part = Part::TargetMemberships(vec![member]);
    desk.news(
        Feed::Part(PartKind::TargetMemberships),
        UpdateKind::Part(part),
    );
    let remarks = desk.confirm().plan.remarks.join(" ");
    assert!(remarks.contains("web-tg"), "{remarks}");
    assert!(matches!(desk.contain().as_slice(), [Effect::Start(_)]));
}

#[test]
fn a_danger_that_arrives_late_is_read_before_it_is_confirmed() {
    let mut desk = Desk::with_suspect(Mode::Changes);
    desk.preview("sg-swap");
    assert_eq!(desk.confirm().banner(), None);
    desk.in_a_group();
    let effects = desk.contain();
    assert!(
        matches!(effects.as_slice(), [Effect::Preflight { .. }]),
        "{effects:?}"
    );
    let banner = desk.confirm().banner().unwrap();
    assert!(
        banner.starts_with("DANGER: its Auto Scaling group"),
        "{banner}"
    );
}

#[test]
fn a_question_about_the_order_is_answered_by_a_second_press() {
    let mut desk = Desk::with_suspect(Mode::Changes);
    desk.in_a_group();
    desk.preview("sg-swap");
    assert_eq!(desk.confirm().button(), "Contain");
    assert_eq!(desk.contain(), [], "it asks");
    assert_eq!(desk.confirm().button(), "Contain anyway");
    assert_eq!(desk.confirm().focus, ConfirmFocus::Cancel);
    let asked = desk.confirm().refused.clone().unwrap();
    assert!(asked.contains("ask about its order"), "{asked}");
    desk.key(Key::Tab);
    let effects = desk.key(Key::Enter);
    assert!(
        matches!(effects.as_slice(), [Effect::Start(_)]),
        "{effects:?}"
    );
}

#[test]
fn a_guard_that_refuses_can_not_be_typed_away() {
    let mut desk = Desk::with_suspect(Mode::Changes);
    desk.tag(PROTECT_TAG, "true");
    desk.preview("sg-swap");
    let why = desk.confirm().blocked().unwrap();
    assert!(why.contains(PROTECT_TAG), "{why}");
    assert_eq!(desk.contain(), []);
    assert_eq!(desk.confirm().refused, Some(why));
    // It is not protected any more: that is a change to the better, and may be confirmed.
    desk.tag(PROTECT_TAG, "false");
    desk.key(Key::Esc);
    desk.preview("sg-swap");
    assert!(matches!(desk.contain().as_slice(), [Effect::Start(_)]));
}

#[test]
fn answers_of_a_preflight_reach_only_their_own_dialog() {
    let mut desk = Desk::with_suspect(Mode::ReadOnly);
    let asked = |effects: Vec<Effect>| match effects.as_slice() {
        [Effect::Preflight { ticket, .. }] => *ticket,
        other => panic!("{other:?}"),
    };
    desk.keys(&[Key::Char('c'), Key::Home]);
    let first = asked(desk.key(Key::Enter));
    desk.key(Key::Esc);
    let second = asked(desk.key(Key::Enter));
    let answer = |ticket, checked| Message::Preflighted { ticket, checked };
    desk.send(answer(first, None));
    assert_eq!(desk.confirm().preflight, Preflight::Asking);
    desk.send(answer(second, Some(Vec::new())));
    assert_eq!(desk.confirm().preflight, Preflight::Answered(Vec::new()));
    desk.key(Key::Esc);
    desk.send(answer(second, None));
    assert_eq!(desk.state.dialog, None);
}
