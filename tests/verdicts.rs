//! What the analyst sees of verdicts: the comparison of actions, the picture of the neighbours, what becomes
//! of flows and why, and what a plan is confirmed by.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed step of the set-up is a failed test"
)]

use std::collections::BTreeSet;

use firedoor::app::{Choice, Context, Input, Key, Mark, Message, Mode, Pane};
use firedoor::flows::Format;
use firedoor::model::{Eni, EniId, Part, PartKind};
use firedoor::sources::{Coverage, Feed, UpdateKind};
use firedoor::view::{Depth, Styles};
use insta::assert_snapshot;
use ratatui::buffer::Cell;
use ratatui::style::Modifier;

use shown::{SMALL, assert_says, cells_of, draw, screen, text, words};
use world::{Console, t0};

#[expect(dead_code, reason = "fewer frames are looked at here")]
mod shown;
#[expect(dead_code, reason = "nothing is run here")]
mod world;

const TALL: (u16, u16) = (160, 45);
const SIZES: [(u16, u16); 4] = [SMALL, (120, 40), TALL, (200, 60)];

/// A console that knows how large its terminal is: cells move by its rows.
fn console(size: (u16, u16)) -> Console {
    sized(Console::loaded(Mode::Drill), size)
}

fn sized(mut console: Console, (columns, rows): (u16, u16)) -> Console {
    console.send(Message::Input(Input::Resize { columns, rows }));
    console
}

/// A console that has read everything but flow logs.
fn without_flows() -> Console {
    let mut console = Console::new(Mode::Drill);
    for update in world::news().iter().filter(|it| it.feed != Feed::Flows) {
        console.send(Message::Update(Box::new(update.clone())));
    }
    console.pass(12);
    console
}

/// Adds so many interfaces of no known instance to the suspect's subnet.
fn crowd(console: &mut Console, count: usize) {
    let estate = &console.state.estate;
    let suspect = console.state.suspect_enis();
    let own = estate.eni(&suspect[0]).unwrap().clone();
    let mut enis: Vec<Eni> = estate.enis().cloned().collect();
    enis.extend((0..count).map(|n| Eni {
        id: EniId::new(format!("eni-{n:017x}")),
        addresses: vec![format!("10.20.{}.{}", 200 + n / 256, n % 256).parse().unwrap()],
        public: Vec::new(),
        instance: Some(format!("i-{n:017x}").as_str().into()),
        ..own.clone()
    }));
    let kind = UpdateKind::Part(Part::Enis(enis));
    console.feed(Feed::Part(PartKind::Enis), kind);
    console.pass(1);
}

/// Records of the log, in its default format.
fn records(console: &mut Console, lines: &[String]) {
    let format = Format::default_v2();
    let record = |line: &String| format.record(line.as_bytes()).unwrap();
    let first = u64::MAX - 1000;
    let kind = UpdateKind::Flows {
        records: (first..).zip(lines.iter().map(record)).collect(),
        bad: Vec::new(),
        coverage: Coverage::default(),
    };
    console.feed(Feed::Flows, kind);
    console.pass(1);
}

/// The row of an action in the comparison, as words.
fn row(console: &Console, size: (u16, u16), action: &str) -> Vec<String> {
    let screen = screen(console, size).replace('│', " ");
    let line = screen.lines().find_map(|line| {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        let at = words.iter().position(|it| it == action)?;
        Some(words[at..].to_vec())
    });
    line.unwrap_or_else(|| panic!("no row of {action}\n{screen}"))
}

// The comparison of actions.

#[test]
fn the_comparison_names_its_columns_and_its_rule() {
    let mut console = console(SMALL);
    console.show(Pane::Actions);
    assert_says(
        &console,
        SMALL,
        "cut exp surv peer hit B/min undo evid trips reach",
    );
    assert_says(&console, SMALL, "you decide");
    assert_snapshot!("actions_80", screen(&console, SMALL));
    assert_snapshot!("actions_160", screen(&console, TALL));
}

#[test]
fn what_ends_the_shell_and_spares_the_neighbours_is_recommended() {
    let mut console = console(SMALL);
    console.show(Pane::Actions);
    let first = console.state.action_rows()[0].clone();
    assert_eq!(first.name(), "sg-two-step");
    assert_says(&console, SMALL, "* sg-two-step");
    let row = |action| row(&console, (80, 60), action);
    assert_eq!(row("sg-two-step")[4], "yes");
    assert_eq!(row("sg-swap")[4], "no", "it is tracked");
    let hit: usize = row("nacl-swap")[5].parse().unwrap();
    assert!(hit > 9, "the whole subnet: {hit}");
    let evidence = |action| row(action)[8].clone();
    assert_eq!(evidence("sg-two-step"), "kept");
    assert_eq!(
        evidence("stop"),
        "LOST",
        "it cuts more, and is not recommended"
    );
}

#[test]
fn without_flows_numbers_are_unknown_and_not_zero() {
    let mut console = without_flows();
    console.show(Pane::Actions);
    let swap = row(&console, SMALL, "nacl-swap");
    assert_eq!(swap[1..=6], ["?"; 6], "{swap:?}");
    assert_eq!(swap[10], "11", "who is reached is known");
}

#[test]
fn what_can_not_be_planned_is_last_with_its_reason() {
    let mut console = console(SMALL);
    console.show(Pane::Actions);
    let mut rows = console.state.action_rows();
    rows.retain(|it| matches!(it, Choice::Action(_)));
    let planned = |index: &usize| {
        let forecast = console.state.forecast(&rows[*index]);
        forecast.is_some_and(Result::is_ok)
    };
    let count = (0..rows.len()).filter(planned).count();
    assert!((0..count).all(|it| planned(&it)), "{rows:?}");
    console.select(rows[rows.len() - 1].name());
    let last = console.state.selected_action().unwrap();
    let why = console.state.forecast(&last).unwrap().as_ref().unwrap_err();
    let why = why.to_string();
    assert_says(&console, SMALL, &why);
}

#[test]
fn the_cursor_stays_on_its_action_when_the_ranking_changes() {
    let mut console = console(SMALL);
    console.select("sg-swap");
    let place = |console: &Console| {
        let rows = console.state.action_rows();
        rows.iter().position(|it| it.name() == "sg-swap").unwrap()
    };
    let before = place(&console);
    let mut findings = console.state.findings.clone();
    for finding in &mut findings {
        finding.remotes.clear();
    }
    console.feed(Feed::Findings, UpdateKind::Findings(findings));
    console.pass(1);
    assert!(place(&console) < before, "no peer is left that must end");
    assert_eq!(console.state.selected_action().unwrap().name(), "sg-swap");
}

#[test]
fn an_action_that_is_read_is_not_exchanged_for_a_better_one() {
    let mut console = without_flows();
    console.show(Pane::Actions);
    let read = console.state.selected_action();
    let flows = world::news().iter().filter(|it| it.feed == Feed::Flows);
    for update in flows {
        console.send(Message::Update(Box::new(update.clone())));
    }
    console.pass(1);
    assert_eq!(console.state.selected_action(), read);
}

#[test]
fn columns_that_do_not_fit_are_said_below() {
    let mut console = console((120, 40));
    console.select("sg-two-step");
    let screen = screen(&console, (120, 40));
    let header = screen.lines().find(|it| it.contains("surv")).unwrap();
    assert!(header.contains("peer"), "{header}");
    for size in SIZES {
        let words = words(&console, size);
        let first = ["cut", "exp", "surv", "peer", "hit", "B/min", "reach"];
        for column in first.into_iter().chain(["undo", "evid", "trips"]) {
            assert!(words.contains(column), "{column} at {size:?}\n{screen}");
        }
    }
}

#[test]
fn what_stays_open_is_named() {
    let mut console = console(SMALL);
    console.select("nacl-swap");
    assert_says(&console, TALL, "stays open: ");
    assert_says(&console, TALL, "Amazon DNS resolver");
}

// The picture of the neighbours.

#[test]
fn the_picture_shows_what_the_selected_action_does_to_each() {
    let mut console = console(SMALL);
    console.select("nacl-swap");
    console.show(Pane::Neighbours);
    assert_says(&console, SMALL, "hit by nacl-swap");
    assert_says(&console, SMALL, "C nat");
    assert_says(&console, SMALL, "S web-03");
    assert_says(&console, SMALL, "second order: ");
    assert_snapshot!("neighbours_nacl-swap_80", screen(&console, SMALL));
    assert_snapshot!("neighbours_nacl-swap_160", screen(&console, TALL));
    console.select("sg-swap");
    console.show(Pane::Neighbours);
    assert_says(&console, SMALL, "0 hit by sg-swap");
    assert_says(&console, SMALL, ". nat");
    assert_snapshot!("neighbours_sg-swap_80", screen(&console, SMALL));
}

#[test]
fn another_action_is_a_key_away() {
    let mut console = console(SMALL);
    console.show(Pane::Neighbours);
    let rows = console.state.action_rows();
    assert_eq!(console.state.selected_action(), Some(rows[0].clone()));
    let cell = console
        .state
        .selected
        .story
        .clone()
        .map(|it| it.eni.clone());
    console.key(Key::Char(']'));
    assert_eq!(console.state.selected_action(), Some(rows[1].clone()));
    assert_says(&console, SMALL, &format!("hit by {}", rows[1]));
    let after = console
        .state
        .selected
        .story
        .clone()
        .map(|it| it.eni.clone());
    assert_eq!(cell, after, "the cursor stays on its interface");
    console.key(Key::Char('['));
    assert_eq!(console.state.selected_action(), Some(rows[0].clone()));
}

#[test]
fn without_a_forecast_every_neighbour_is_unknown() {
    let mut console = console(SMALL);
    console.select("host-route-in-vpc");
    console.show(Pane::Neighbours);
    let picture = &console.state.selected.picture;
    let unknown = picture.counts.get(Mark::Unknown);
    assert_eq!(
        unknown + picture.counts.get(Mark::Suspect),
        picture.enis.len()
    );
    assert_says(&console, SMALL, "no forecast for");
    assert_says(&console, SMALL, "? nat");
}

#[test]
fn without_flows_whom_the_change_reaches_is_still_shown() {
    let mut console = without_flows();
    console.select("nacl-swap");
    console.show(Pane::Neighbours);
    assert_says(&console, SMALL, "r nat");
    assert_says(&console, SMALL, "no flow of it is known");
}

#[test]
fn the_interface_under_the_cursor_is_named_with_what_it_loses() {
    let mut console = console(SMALL);
    console.select("nacl-swap");
    console.show(Pane::Neighbours);
    console.key(Key::Home);
    assert_says(
        &console,
        SMALL,
        "NAT gateway nat · eni-0b47b711619002f24 · 10.20.0.5",
    );
    assert_says(&console, SMALL, "shares: subnet, network ACL, route table");
    assert_says(&console, SMALL, "C cut now: loses 1 of 1 known flows, ");
    assert_says(
        &console,
        SMALL,
        "interfaces of instances depend on it, in private-a",
    );
    assert_says(&console, SMALL, "443/tcp");
    assert_says(&console, SMALL, "/min cut");
}

#[test]
fn arrows_move_over_cells_and_tab_leaves() {
    let mut console = console(SMALL);
    console.show(Pane::Neighbours);
    console.key(Key::Home);
    let at = |console: &Console| {
        let enis = &console.state.selected.picture.enis;
        console.state.cursors.neighbours.resolve(enis).unwrap()
    };
    assert_eq!(at(&console), 0);
    console.keys(&[Key::Right, Key::Char('l')]);
    assert_eq!(at(&console), 2);
    console.keys(&[Key::Left, Key::Char('h'), Key::Left]);
    assert_eq!(at(&console), 0, "and not before the first");
    // One cell each: a NAT gateway, a load balancer, an endpoint, RDS, Lambda; then instances, three in a row.
    console.keys(&[Key::Down; 5]);
    assert_eq!(at(&console), 5);
    console.keys(&[Key::Right, Key::Down]);
    assert_eq!(at(&console), 9);
    console.key(Key::Up);
    assert_eq!(at(&console), 6);
    console.key(Key::Tab);
    assert_eq!(console.state.focus, Pane::Flows);
    console.key(Key::Left);
    assert_eq!(
        console.state.focus,
        Pane::Neighbours,
        "elsewhere arrows turn panes"
    );
}

#[test]
fn a_subnet_of_four_thousand_interfaces_stays_readable() {
    for size in SIZES {
        let mut console = console(size);
        crowd(&mut console, 4_000);
        console.select("nacl-swap");
        console.show(Pane::Neighbours);
        if size == SMALL {
            assert_snapshot!("neighbours_4000_80", screen(&console, size));
        } else if size == TALL {
            assert_snapshot!("neighbours_4000_160", screen(&console, size));
        }
        assert_says(&console, size, "r 4002 reached");
        assert_says(&console, size, "4007 instances");
        let styles = Styles::new(Depth::Monochrome, true);
        for key in [Key::End, Key::Home, Key::PageDown, Key::Char('n'), Key::Up] {
            console.key(key);
            let story = console.state.selected.story.clone().unwrap();
            assert_says(&console, size, story.eni.as_str());
            let buffer = draw(&console, size, &styles);
            let pane: BTreeSet<&str> = buffer
                .content
                .iter()
                .filter(|it| it.modifier.contains(Modifier::REVERSED))
                .map(Cell::symbol)
                .collect();
            let letters = ["C", "r", "S"];
            assert!(
                letters.iter().any(|it| pane.contains(it)),
                "{key:?} {size:?}"
            );
        }
    }
}

#[test]
fn many_rows_are_passed_page_by_page() {
    let mut console = console(SMALL);
    crowd(&mut console, 4_000);
    console.show(Pane::Neighbours);
    console.key(Key::Home);
    for _ in 0..3 {
        console.key(Key::PageDown);
    }
    assert_snapshot!("neighbours_4000_scrolled_80", screen(&console, SMALL));
    console.keys(&[Key::PageUp; 9]);
    let first = console.state.selected.picture.enis[0].clone();
    let story = console.state.selected.story.clone().unwrap();
    assert_eq!(story.eni, first);
}

#[test]
fn a_filter_leaves_few_cells_which_then_have_names() {
    let mut console = console(SMALL);
    crowd(&mut console, 4_000);
    console.show(Pane::Neighbours);
    assert!(!screen(&console, SMALL).contains(". web-01"));
    console.key(Key::Char('/'));
    console.typed("web-0");
    console.key(Key::Enter);
    assert_says(&console, SMALL, ". web-01");
    assert_says(&console, SMALL, "S web-03");
}

#[test]
fn the_letters_stand_out_in_every_palette() {
    let mut console = console(SMALL);
    console.select("nacl-swap");
    console.show(Pane::Neighbours);
    console.key(Key::Right);
    for depth in [Depth::Ansi16, Depth::Monochrome] {
        let styles = Styles::new(depth, true);
        let buffer = draw(&console, SMALL, &styles);
        let cut = &cells_of(&buffer, "C nat")[0];
        assert!(cut.modifier.contains(Modifier::BOLD), "{depth:?}");
        let suspect = &cells_of(&buffer, "S 1")[0];
        let alike = cut.style() == suspect.style();
        assert_eq!(alike, depth == Depth::Monochrome, "then letters tell");
    }
    let ascii = Styles::new(Depth::Monochrome, false);
    let text = text(&draw(&console, SMALL, &ascii));
    assert!(text.is_ascii() && text.contains("C nat"), "{text}");
}

// What becomes of flows, and why.

#[test]
fn every_accepted_flow_has_its_verdict() {
    let mut console = console(SMALL);
    console.select("nacl-swap");
    console.show(Pane::Flows);
    let first = screen(&console, SMALL);
    let shell = first
        .lines()
        .find(|it| it.contains("203.0.113.66"))
        .unwrap();
    assert!(shell.contains(" cut "), "{shell}");
    assert_says(&console, SMALL, "under nacl-swap");
    console.select("sg-swap");
    console.show(Pane::Flows);
    let then = screen(&console, SMALL);
    let shell = then.lines().find(|it| it.contains("203.0.113.66")).unwrap();
    assert!(shell.contains(" survives "), "{shell}");
    assert_snapshot!("flows_sg-swap_80", then);
    assert_snapshot!("flows_sg-swap_160", screen(&console, TALL));
    console.key(Key::End);
    let rejected = screen(&console, SMALL);
    let rejected = rejected.lines().find(|it| it.contains("✗")).unwrap();
    for verdict in ["cut", "survives", "unaffected"] {
        assert!(!rejected.contains(verdict), "{rejected}");
    }
}

#[test]
fn a_verdict_is_explained_down_to_its_source() {
    let mut console = console(SMALL);
    console.select("nacl-swap");
    console.show(Pane::Flows);
    console.keys(&[Key::Home, Key::Enter]);
    assert_eq!(console.state.context(), Context::Reading);
    assert_says(&console, SMALL, "203.0.113.66 4444/tcp under nacl-swap");
    assert_says(&console, SMALL, "cut documented: AWS states it");
    assert_says(&console, SMALL, "decides nacl:");
    assert_says(
        &console,
        SMALL,
        "https://docs.aws.amazon.com/vpc/latest/userguide/nacl-basics.html",
    );
    assert_says(&console, SMALL, "a new one would be refused afterwards");
    assert_says(&console, TALL, "packet 10.20.0.23 -> 203.0.113.66:4444");
    assert_says(&console, TALL, "egress: rule 100 ALLOW");
    assert_snapshot!("explained_80", screen(&console, SMALL));
    assert_snapshot!("explained_160", screen(&console, TALL));
    let before = screen(&console, SMALL);
    console.key(Key::PageDown);
    assert_ne!(screen(&console, SMALL), before, "it scrolls");
    console.key(Key::Esc);
    assert!(console.state.dialog.is_none());
    assert_eq!(console.state.focus, Pane::Flows);
}

#[test]
fn what_can_not_be_explained_says_why() {
    let mut console = console(SMALL);
    console.select("host-route-in-vpc");
    console.show(Pane::Flows);
    console.key(Key::Enter);
    assert_says(&console, SMALL, "no forecast under ");
    assert!(console.state.dialog.is_none());
    console.key(Key::Char('/'));
    console.typed("reject");
    console.keys(&[Key::Enter, Key::Enter]);
    assert_says(&console, SMALL, "it is rejected already");
}

#[test]
fn from_a_flow_to_the_neighbour_at_its_other_end() {
    let mut console = console(SMALL);
    console.show(Pane::Flows);
    console.key(Key::Char('/'));
    console.typed("web-01");
    console.keys(&[Key::Enter, Key::Char('p')]);
    assert_eq!(console.state.focus, Pane::Neighbours);
    assert_says(&console, SMALL, "web-01 · eni-");
    console.show(Pane::Flows);
    console.keys(&[Key::Esc, Key::Home, Key::Char('p')]);
    assert_says(&console, SMALL, "203.0.113.66 is outside of what was read");
}

// The ledger.

#[test]
fn a_plan_is_confirmed_by_one_sentence_first() {
    let mut console = console(SMALL);
    console.preview("nacl-swap");
    let all = screen(&console, SMALL);
    let first = all.lines().nth(3).unwrap();
    assert!(first.starts_with("│Cuts "), "below the banner: {all}");
    assert_says(&console, SMALL, "flows of web-03");
    assert_says(&console, SMALL, "; hits ");
    assert_says(&console, SMALL, "MB/min");
    assert_says(&console, SMALL, "C cut now: NAT gateway nat, ");
    assert_says(&console, SMALL, "Second order");
    assert_snapshot!("confirm_160", screen(&console, TALL));
    console.key(Key::Esc);
    console.preview("sg-swap");
    assert_says(&console, SMALL, "; nobody else is hit.");
}

#[test]
fn without_flows_everyone_in_scope_is_still_named() {
    let mut console = without_flows();
    crowd(&mut console, 40);
    console.preview("nacl-swap");
    assert_says(&console, SMALL, "The flows of web-03 are unknown");
    assert_says(&console, SMALL, "whose flows are unknown");
    let mut seen = String::new();
    for _ in 0..12 {
        seen.push_str(&screen(&console, SMALL));
        console.key(Key::PageDown);
    }
    let scope: Vec<EniId> = {
        let state = &console.state;
        let outlook = state.selected_outlook().unwrap();
        outlook.blast.scope.iter().cloned().collect()
    };
    assert_eq!(scope.len(), 51);
    for eni in scope {
        assert!(seen.contains(eni.as_str()), "{eni} is not named");
    }
}

#[test]
fn a_flow_that_appears_changes_the_ledger_of_the_next_preview() {
    let mut console = without_flows();
    let estate = &console.state.estate;
    let web = estate
        .enis()
        .find(|it| it.primary().is_some_and(|a| a.to_string() == "10.20.0.21"));
    let eni = web.unwrap().id.clone();
    let (from, to) = (t0().timestamp() - 120, t0().timestamp() - 60);
    let line = format!(
        "2 123456789012 {eni} 10.20.0.21 198.51.100.9 44000 443 6 90 60000 {from} {to} ACCEPT OK"
    );
    records(&mut console, &[line]);
    console.preview("nacl-swap");
    assert_says(
        &console,
        SMALL,
        "hits 1 neighbour (instance) in 1 subnet: 1 flow, 60 kB/min",
    );
    assert_says(&console, SMALL, "C cut now: web-01.");
}
