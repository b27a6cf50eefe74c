//! An exercise on screen: what its players and its facilitator see, and what their keys do.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed step of the set-up is a failed test"
)]

use chrono::{DateTime, TimeDelta, Utc};
use firedoor::app::{
    Context, Dialog, Effect, Facilitator, Input, Key, Message, Mode, Pane, Played,
};
use firedoor::sources::facilitation::{EntrySight, FromDrill, InjectSight, Sight};
use firedoor::sources::{
    self, About, CallOutcome, ExerciseRecord, Happening, Pace, Reply, Score, Stream,
};
use firedoor::view::{self, Depth, Styles};
use insta::assert_snapshot;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use shown::{SMALL, screen, text};
use world::{Console, t0};

#[expect(dead_code, reason = "fewer frames are looked at here")]
mod shown;
#[expect(dead_code, reason = "nothing is run here")]
mod world;

const TALL: (u16, u16) = (160, 45);

fn about() -> About {
    About {
        scenario: "reverse-shell".into(),
        title: "A reverse shell in a shared web subnet".into(),
        summary: String::new(),
        level: 2,
        team: Some("Blue Team".into()),
    }
}

fn at(seconds: i64) -> DateTime<Utc> {
    t0() + TimeDelta::seconds(seconds)
}

fn messages() -> Vec<sources::Message> {
    let message = |id, from: &str, text: &str, asks| sources::Message {
        id,
        at: at(i64::from(id)),
        from: from.into(),
        text: text.into(),
        asks,
        answer: None,
    };
    let mut all = vec![
        message(1, "SOC lead", "Ticket IR-7 is yours.", false),
        message(
            2,
            "CISO",
            "Is customer data leaving? I need one sentence for the board, and who else is hit by what you do about it, before the next call.",
            true,
        ),
        message(3, "Shop", "Checkout is slow. Is that you?", true),
    ];
    all[1].answer = Some(Reply {
        at: at(9),
        text: "Not since 14:13; two web servers share the subnet.".into(),
    });
    all
}

fn played(pace: Pace, messages: Vec<sources::Message>) -> Played {
    Played {
        about: about(),
        pace,
        is_clock_taken: false,
        messages,
    }
}

fn tell(console: &mut Console, played: Played) {
    console.send(Message::Exercise(Box::new(played)));
}

fn playing(pace: Pace) -> Console {
    let mut console = Console::loaded(Mode::Drill);
    tell(&mut console, played(pace, Vec::new()));
    console
}

fn top(console: &Console, size: (u16, u16)) -> String {
    screen(console, size).lines().next().unwrap().to_owned()
}

#[test]
fn the_top_line_has_the_pace_the_team_and_what_waits_for_an_answer() {
    let mut console = playing(Pace::REAL);
    for size in [SMALL, TALL] {
        let line = top(&console, size);
        assert!(line.starts_with(" DRILL  Blue Team"), "{line}");
        assert!(line.contains("findings"), "{line}");
    }
    for (pace, open, wanted) in [
        (Pace::times(10).unwrap(), 0, " DRILL 10x  3 new  Blue Team"),
        (Pace::Paused, 0, " DRILL PAUSED  3 new  Blue Team"),
        (
            Pace::times(60).unwrap(),
            1,
            " DRILL 60x  1 to answer  Blue Team",
        ),
    ] {
        let mut messages = messages();
        for message in &mut messages {
            message.asks = message.asks && open > 0;
        }
        tell(&mut console, played(pace, messages));
        for size in [SMALL, TALL] {
            let line = top(&console, size);
            assert!(line.starts_with(wanted), "{line}");
            assert!(line.contains("findings"), "{line}");
            assert!(line.contains("flows"), "{line}");
        }
    }
    let mut replay = Console::loaded(Mode::Replay);
    tell(&mut replay, played(Pace::REAL, Vec::new()));
    assert!(top(&replay, SMALL).starts_with(" REPLAY  Blue Team"));
}

#[test]
fn a_message_is_noticed_and_takes_neither_the_focus_nor_a_dialog() {
    let mut console = playing(Pace::REAL);
    console.show(Pane::Flows);
    tell(&mut console, played(Pace::REAL, messages()));
    assert_eq!(console.state.context(), Context::Pane(Pane::Flows));
    let last = screen(&console, SMALL);
    let last = last.lines().last().unwrap();
    assert_eq!(
        last,
        "message from Shop, who asks for an answer: m reads it"
    );

    let mut console = playing(Pace::REAL);
    console.preview("sg-swap");
    console.typed("ee");
    let before = screen(&console, SMALL);
    tell(&mut console, played(Pace::REAL, messages()));
    assert!(matches!(console.state.dialog, Some(Dialog::Confirm(_))));
    let after = screen(&console, SMALL);
    let body = |it: &str| it.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(body(&after), body(&before), "the dialog is as it was");
    assert!(after.contains(" 1 to answer "), "{after}");

    let mut console = playing(Pace::REAL);
    console.keys(&[Key::Char('/'), Key::Char('m')]);
    tell(&mut console, played(Pace::REAL, messages()));
    assert!(screen(&console, SMALL).contains("/m_"));
}

#[test]
fn messages_are_read_and_answered() {
    let mut console = playing(Pace::REAL);
    console.key(Key::Char('m'));
    assert_eq!(
        console.state.notice.as_deref(),
        Some("no message has come yet")
    );
    tell(&mut console, played(Pace::REAL, messages()));
    console.key(Key::Char('m'));
    assert_snapshot!("messages_80", screen(&console, SMALL));
    assert_snapshot!("messages_160", screen(&console, TALL));
    assert!(console.key(Key::Enter).is_empty());
    assert!(screen(&console, SMALL).contains("type an answer first"));
    console.typed("q m 5");
    console.send(Message::Input(Input::Paste("\x1b[2J?".into())));
    console.key(Key::Backspace);
    let effects = console.key(Key::Enter);
    let text = "q m 5[2J".to_owned();
    assert_eq!(effects, [Effect::Answer { id: 3, text }]);
    // Another one, and back: what was begun is still there.
    console.key(Key::Down);
    assert!(screen(&console, SMALL).contains("You at 14:13:29Z: Not since 14:13"));
    console.typed("x");
    assert!(screen(&console, SMALL).contains("this message wants no answer"));
    console.keys(&[Key::Up, Key::Esc, Key::Char('m')]);
    assert!(screen(&console, SMALL).contains("Answer: q m 5[2J_"));
    console.send(Message::ExerciseRefused("message 3 was answered".into()));
    assert!(screen(&console, SMALL).contains("message 3 was answered"));
    console.key(Key::Esc);
    assert_eq!(console.state.context(), Context::Pane(Pane::Findings));
}

#[test]
fn the_pace_is_turned_by_keys_unless_a_facilitator_has_the_clock() {
    let ten = Pace::times(10).unwrap();
    let mut console = playing(ten);
    for (key, pace) in [('+', 20), ('-', 5)] {
        let pace = Pace::times(pace).unwrap();
        assert_eq!(console.key(Key::Char(key)), [Effect::Pace(pace)]);
    }
    assert_eq!(console.key(Key::Char(' ')), [Effect::Pace(Pace::Paused)]);
    tell(&mut console, played(Pace::Paused, Vec::new()));
    assert_eq!(console.key(Key::Char(' ')), [Effect::Pace(ten)]);
    let taken = Played {
        is_clock_taken: true,
        ..played(ten, Vec::new())
    };
    tell(&mut console, taken);
    assert!(console.key(Key::Char(' ')).is_empty());
    assert_eq!(
        console.state.notice.as_deref(),
        Some("a facilitator has the clock")
    );
    // Without an exercise these keys do nothing, and nobody is told of them.
    let mut console = Console::loaded(Mode::Drill);
    for key in ['m', ' ', '+', '-'] {
        assert!(console.key(Key::Char(key)).is_empty());
    }
    assert_eq!(console.state.dialog, None);
    console.key(Key::Char('?'));
    assert!(!screen(&console, TALL).contains("In an exercise"));
}

#[test]
fn a_plan_can_be_confirmed_while_the_world_stands_still() {
    let mut console = playing(Pace::Paused);
    console.select("sg-swap");
    console.key(Key::Enter);
    let effects = console.confirm();
    assert!(
        matches!(effects.as_slice(), [Effect::Start(_)]),
        "{effects:?}"
    );
}

#[test]
fn who_leaves_the_findings_has_looked_into_it_once() {
    let mut console = playing(Pace::REAL);
    assert!(console.key(Key::Down).is_empty() || console.state.focus == Pane::Findings);
    assert!(console.key(Key::Char('4')).contains(&Effect::Looked));
    assert!(!console.key(Key::Char('5')).contains(&Effect::Looked));
}

#[test]
fn the_help_names_the_keys_of_an_exercise() {
    let mut console = playing(Pace::REAL);
    console.key(Key::Char('?'));
    console.keys(&[Key::PageDown; 9]);
    let help = screen(&console, SMALL);
    let all = help.clone() + &screen(&console, TALL);
    for words in [
        "In an exercise",
        "messages",
        "pause, go on",
        "send the answer",
    ] {
        assert!(all.contains(words), "{words}: {all}");
    }
}

// The facilitator.

fn stream(conversation: &str, role: &str, packets: u64, failed: u64) -> Stream {
    Stream {
        conversation: conversation.into(),
        role: role.into(),
        from: "web-03".into(),
        to: "203.0.113.66".into(),
        asked: 12,
        answered: 12 - failed,
        failed,
        packets,
        bytes: packets * 1_234,
        bytes_out: packets * 617,
        delivered_last: None,
    }
}

/// What the suspect's interface remembers, for so many seconds more.
fn entry(own: &str, other: &str, left: Option<i64>) -> EntrySight {
    EntrySight {
        conversation: "reverse-shell".into(),
        interface: "eni-0bf68f5fb24a43d50".into(),
        protocol: 6,
        own: own.parse().unwrap(),
        other: other.parse().unwrap(),
        tracked: left.is_some(),
        expires: left.map(|it| at(3_725 + it)),
    }
}

fn sight() -> Sight {
    let inject = |name: &str, waits, took_effect: &[i64]| InjectSight {
        name: name.into(),
        waits,
        took_effect: took_effect.iter().map(|it| at(*it)).collect(),
    };
    let record = |seconds, what| ExerciseRecord {
        at: at(seconds),
        what,
    };
    let called = |outcome| Happening::Called {
        api: "ec2:ModifyNetworkInterfaceAttribute".into(),
        operation: serde_json::Value::Null,
        prose: "set the groups of eni-0bf68f5fb24a43d50 to sg-0123".into(),
        outcome,
    };
    Sight {
        at: at(3_725),
        began: t0(),
        pace: Pace::times(10).unwrap(),
        is_clock_taken: true,
        is_contained: false,
        streams: vec![
            stream("checkout", "business", 240, 3),
            stream("reverse-shell", "attack", 12, 0),
            stream("beacon", "attack", 0, 12),
            stream("health", "health", 8, 0),
        ],
        entries: vec![
            entry("10.20.0.23:40222", "203.0.113.66:4444", Some(431_998)),
            entry(
                "[2001:db8:14:1400::23]:40333",
                "[2001:db8:bad::66]:8443",
                None,
            ),
            entry("10.20.0.23:40111", "203.0.113.67:443", Some(59)),
        ],
        injects: vec![
            inject("second-channel", true, &[]),
            inject("the-ciso-asks", false, &[60]),
            inject("throttling", false, &[]),
        ],
        messages: messages(),
        score: Some(Score {
            points: 62,
            attack_packets_after: 12,
            data_lost_bytes: 34_567,
            requests_lost: 3,
            ..Score::default()
        }),
        recent: vec![
            record(
                0,
                Happening::Began {
                    scenario: "reverse-shell".into(),
                    title: "A reverse shell".into(),
                    level: 2,
                    seed: 7,
                    team: None,
                    suspect: "i-0f00d0000000beef1".into(),
                    history_from: t0(),
                    facts: serde_json::Value::Null,
                },
            ),
            record(
                60,
                Happening::Injected {
                    name: "the-ciso-asks".into(),
                },
            ),
            record(61, Happening::Message(messages().remove(1))),
            record(70, called(CallOutcome::Throttled)),
            record(71, called(CallOutcome::Made)),
            record(
                80,
                Happening::Note {
                    who: "facilitator".into(),
                    text: "they swap groups: the shell is tracked".into(),
                },
            ),
        ],
    }
}

fn drawn(it: &Facilitator, (width, height): (u16, u16), utf8: bool) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let styles = Styles::new(Depth::Ansi16, utf8);
    let frame = terminal.draw(|frame| view::draw_facilitator(frame, it, &styles));
    text(frame.unwrap().buffer)
}

#[test]
fn the_facilitator_sees_everything() {
    let mut it = Facilitator::new(about(), SMALL);
    assert!(drawn(&it, SMALL, true).contains(" FACILITATOR "));
    it.hear(FromDrill::Sight(Box::new(sight())));
    assert_snapshot!("facilitator_80", drawn(&it, SMALL, true));
    let few = drawn(&it, SMALL, true);
    for words in [
        "40222",
        "tracked, 119h59m left",
        " untracked",
        "tracked, 59s left",
    ] {
        assert!(few.contains(words), "{words}: {few}");
    }
    let mut many = sight();
    many.entries = many.entries.into_iter().cycle().take(9).collect();
    it.hear(FromDrill::Sight(Box::new(many)));
    assert!(drawn(&it, SMALL, true).contains("and 7 more"));
    it.hear(FromDrill::Sight(Box::new(sight())));
    assert_snapshot!("facilitator_160", drawn(&it, TALL, true));
    assert!(drawn(&it, SMALL, false).is_ascii());
    assert!(drawn(&it, (60, 15), true).contains("firedoor needs 80x24"));
    it.take_in(Input::Key(Key::Char('?')));
    assert_snapshot!("facilitator_help_80", drawn(&it, SMALL, true));
    it.take_in(Input::Key(Key::Esc));
    for c in "mCISO: are we safe?".chars() {
        it.take_in(Input::Key(Key::Char(c)));
    }
    let last = drawn(&it, SMALL, true);
    let last = last.lines().last().unwrap().to_owned();
    assert_eq!(last, "message (WHO: TEXT): CISO: are we safe?_");
    it.lose();
    assert!(drawn(&it, SMALL, true).contains("the drill is over: q leaves"));
}
