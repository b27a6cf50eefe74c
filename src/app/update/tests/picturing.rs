//! What the selected action does: the picture, the cursor in it, and the list of flows.

use super::*;
use crate::app::{Mark, Section};
use crate::flows::Format;
use crate::sources::Coverage;

impl Desk {
    /// Selects an action, and leaves the actions pane.
    fn select(&mut self, action: &str) {
        let rows = self.state.action_rows();
        let index = rows.iter().position(|it| it.name() == action).unwrap();
        self.keys(&[Key::Char('5'), Key::Home]);
        self.keys(&vec![Key::Down; index]);
        self.key(Key::Char('3'));
    }

    /// The log shows an accepted flow of an interface with a peer on port 443, a minute long.
    fn talks(&mut self, eni: &str, own: &str, peer: &str) {
        let (from, to) = (self.now.timestamp() - 120, self.now.timestamp() - 60);
        let line = format!("2 1 {eni} {own} {peer} 44000 443 6 90 60000 {from} {to} ACCEPT OK");
        let record = Format::default_v2().record(line.as_bytes()).unwrap();
        let event = self.state.flows.coverage().records;
        let kind = UpdateKind::Flows {
            records: vec![(event, record)],
            bad: Vec::new(),
            coverage: Coverage::default(),
        };
        self.pass(1000);
        self.news(Feed::Flows, kind);
    }

    /// The picture as `eni letter` words.
    fn picture(&self) -> String {
        let picture = &self.state.selected.picture;
        let cells = picture.enis.iter().zip(&picture.marks);
        let cells: Vec<String> = cells
            .map(|(eni, mark)| {
                format!(
                    "{} {}",
                    eni.as_str().trim_start_matches("eni-"),
                    mark.letter()
                )
            })
            .collect();
        cells.join(", ")
    }

    fn under_cursor(&self) -> String {
        let story = self.state.selected.story.as_ref();
        story.map(|it| it.eni.to_string()).unwrap_or_default()
    }
}

#[test]
fn cells_keep_their_places_under_every_action() {
    let mut desk = Desk::with_suspect(Mode::Drill);
    desk.select("sg-swap");
    assert_eq!(desk.picture(), "nat ., ssm ., web1 S, web2 ., web3 .");
    desk.select("nacl-swap");
    assert_eq!(desk.picture(), "nat r, ssm r, web1 S, web2 r, web3 .");
    let whole = |it: &Section| (it.subnet.to_string(), it.whole);
    let sections: Vec<_> = desk
        .state
        .selected
        .picture
        .sections
        .iter()
        .map(whole)
        .collect();
    let want = [
        ("subnet-a".to_owned(), true),
        ("subnet-b".to_owned(), false),
    ];
    assert_eq!(
        sections, want,
        "web-3 shares a group, its neighbours share nothing"
    );
}

#[test]
fn flows_that_are_cut_turn_cells_into_hits() {
    let mut desk = Desk::with_suspect(Mode::Drill);
    desk.select("nacl-swap");
    desk.key(Key::Char('n'));
    assert_eq!(desk.notice(), "no interface here is known to lose anything");
    desk.talks("eni-web2", "10.0.0.12", "10.0.1.13");
    assert_eq!(desk.picture(), "nat r, ssm r, web1 S, web2 C, web3 C");
    desk.key(Key::Char('n'));
    assert_eq!(desk.under_cursor(), "eni-web2");
    let story = desk.state.selected.story.clone().unwrap();
    let lost = &story.flows[0];
    assert!(lost.fate.verdict.hurts(), "{lost:?}");
    assert_eq!(lost.bytes_per_minute, 60_000);
    desk.select("sg-swap");
    assert_eq!(desk.under_cursor(), "eni-web2", "the cursor stays");
    let story = desk.state.selected.story.clone().unwrap();
    assert!(!story.flows[0].fate.verdict.hurts());
    assert_eq!(desk.state.selected.picture.counts.get(Mark::Cut), 0);
}

#[test]
fn who_is_hit_far_away_is_in_the_picture() {
    let mut desk = Desk::with_suspect(Mode::Drill);
    desk.select("nacl-swap");
    desk.talks("eni-web2", "10.0.0.12", "10.0.2.14");
    assert_eq!(
        desk.picture(),
        "nat r, ssm r, web1 S, web2 C, web3 ., app1 C"
    );
}

#[test]
fn a_nat_gateway_tells_who_depends_on_it() {
    let mut desk = Desk::with_suspect(Mode::Drill);
    desk.typed("3");
    desk.key(Key::Home);
    assert_eq!(desk.under_cursor(), "eni-nat");
    let story = desk.state.selected.story.clone().unwrap();
    assert_eq!(story.dependents, ["subnet-c".into()]);
    assert_eq!(story.shared.len(), 3, "{:?}", story.shared);
}

#[test]
fn without_a_suspect_everybody_is_there_to_be_chosen() {
    let mut desk = Desk::new(Mode::Drill);
    desk.send(Message::Tick);
    let picture = &desk.state.selected.picture;
    assert!(picture.everyone);
    assert_eq!(picture.enis.len(), 6);
    desk.typed("3/web-3");
    desk.keys(&[Key::Enter, Key::Enter]);
    assert_eq!(desk.state.suspect(), Some(instance("web3")));
}

#[test]
fn the_suspects_own_cell_is_no_other_suspect() {
    let mut desk = Desk::with_suspect(Mode::Drill);
    desk.typed("3/web-1");
    desk.keys(&[Key::Enter, Key::Enter]);
    assert_eq!(desk.notice(), "web-1 is the suspect already");
    assert_eq!(desk.state.pinned, None);
}

#[test]
fn the_list_of_flows_follows_the_log_the_suspect_and_the_filter() {
    let mut desk = Desk::with_suspect(Mode::Drill);
    desk.talks("eni-web1", "10.0.0.11", "198.51.100.7");
    desk.talks("eni-web1", "10.0.0.11", "198.51.100.8");
    desk.talks("eni-web2", "10.0.0.12", "198.51.100.9");
    let peers = |desk: &Desk| -> Vec<String> {
        let keys = desk.state.listed.keys.iter();
        keys.map(|it| it.peer.to_string()).collect()
    };
    assert_eq!(peers(&desk), ["198.51.100.8", "198.51.100.7"]);
    desk.typed("4/.7");
    assert_eq!(peers(&desk), ["198.51.100.7"]);
    desk.key(Key::Esc);
    desk.typed("3/web-2");
    desk.keys(&[Key::Enter, Key::Enter]);
    assert_eq!(peers(&desk), ["198.51.100.9"]);
}

#[test]
fn the_cursor_stays_on_its_flow_when_newer_ones_arrive() {
    let mut desk = Desk::with_suspect(Mode::Drill);
    desk.talks("eni-web1", "10.0.0.11", "198.51.100.7");
    desk.typed("4");
    desk.key(Key::Home);
    for n in 10..20 {
        desk.talks("eni-web1", "10.0.0.11", &format!("198.51.100.{n}"));
    }
    let keys = &desk.state.listed.keys;
    let selected = desk.state.cursors.flows.selected(keys).unwrap();
    assert_eq!(selected.peer.to_string(), "198.51.100.7");
    assert_eq!(desk.state.cursors.flows.resolve(keys), Some(10));
}
