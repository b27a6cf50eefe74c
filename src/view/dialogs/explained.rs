//! The explanation of a flow's verdict: the deciding object, its source, and every check of both packets.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

use super::super::styles::Styles;
use super::super::text::fit;
use super::super::verdicts;
use super::popup;
use super::prose::{Prose, scrolled_above_rule};
use crate::analysis::{Grade, Judgement, Verdict};
use crate::app::{AppState, Explained};
use crate::model::{Direction, Protocol};

pub(super) fn draw(
    frame: &mut Frame<'_>,
    state: &AppState,
    styles: &Styles,
    explained: &Explained,
    area: Rect,
) {
    let title = format!(" {} ", headline(state, styles, explained));
    let inner = popup(frame, styles, area, &title, 100, area.height);
    let lines = lines(styles, explained, usize::from(inner.width));
    scrolled_above_rule(frame, styles, lines, explained.scroll, inner);
}

fn headline(state: &AppState, styles: &Styles, explained: &Explained) -> String {
    let key = &explained.key;
    let arrow = match key.direction {
        Direction::Ingress => styles.glyphs.inbound,
        Direction::Egress => styles.glyphs.outbound,
    };
    let suspect = state.suspect();
    let instance = suspect.and_then(|id| state.estate.instance(&id).cloned());
    let name = instance.map_or(key.eni.to_string(), |it| it.label().to_owned());
    let name = fit(&name, 24, &styles.glyphs);
    format!(
        "{name} {arrow} {} {}/{} under {}",
        key.peer,
        key.port,
        Protocol::Number(key.protocol),
        explained.action
    )
}

fn lines<'a>(styles: &Styles, explained: &Explained, width: usize) -> Vec<Line<'a>> {
    let judgement = &explained.explanation.judgement;
    let fate = judgement.fate;
    let mut text = Prose::new(width);
    text.add(&verdict(judgement), verdicts::style(fate, styles));
    text.add(grade(fate.grade), styles.dim);
    item(&mut text, "why", &judgement.why, styles.plain);
    if let Some(decision) = &judgement.decision {
        item(&mut text, "decides", &decision.code, styles.strong);
        if decision.words != judgement.why {
            item(&mut text, "", &decision.words, styles.plain);
        }
    }
    if let Some(direction) = fate.leaks {
        let words = match direction {
            Direction::Ingress => "packets towards the interface still arrive",
            Direction::Egress => "packets that it sends still leave",
        };
        item(&mut text, "leaks", words, styles.warn);
    }
    let (afterwards, style) = new_connections(judgement, styles);
    item(&mut text, "a new one", &afterwards, style);
    for (eni, tracking) in &judgement.tracked {
        let word = match tracking.tracked {
            Some(true) => "tracked",
            Some(false) => "untracked",
            None => "tracking unknown",
        };
        let words = format!("{eni}: {word}, {}", tracking.why.words());
        item(&mut text, "tracking", &words, styles.plain);
    }
    text.add(judgement.source, styles.dim);
    if judgement.why.contains("new:") {
        let words = "new:N is what step N of the plan makes";
        text.add(words, styles.dim);
    }
    for packet in &explained.explanation.packets {
        text.lines.push(Line::default());
        for (index, line) in packet.lines().iter().enumerate() {
            let style = match index {
                0 => styles.strong,
                _ if line.contains("; after: ") || line.ends_with(" (after)") => styles.warn,
                _ => styles.plain,
            };
            check(&mut text, line, style);
        }
    }
    text.lines
}

fn verdict(judgement: &Judgement) -> String {
    let verdict = judgement.fate.verdict;
    let tail = match verdict {
        Verdict::Resumes => " after it was blocked for a while",
        _ => "",
    };
    format!("{}{tail}", verdicts::words(verdict))
}

fn grade(grade: Grade) -> &'static str {
    match grade {
        Grade::Observed => "observed: flow logs prove it",
        Grade::Documented => "documented: AWS states it",
        Grade::Expected => "expected: it follows from what AWS states, or people have measured it",
        Grade::Ambiguous => "ambiguous: AWS is silent, or contradicts itself",
    }
}

/// Whether a new connection of the same kind would be let in afterwards.
fn new_connections(judgement: &Judgement, styles: &Styles) -> (String, Style) {
    match &judgement.new_connections {
        None => (
            "is not filtered by groups or network ACLs".into(),
            styles.warn,
        ),
        Some(Ok(())) => ("would be let in afterwards".into(), styles.warn),
        Some(Err(by)) => (
            format!("would be refused afterwards: {} ({})", by.words, by.code),
            styles.good,
        ),
    }
}

/// A name at the left, and what is said of it beside it.
fn item(text: &mut Prose<'_>, name: &str, words: &str, style: Style) {
    const NAME: usize = 10;
    text.hanging(&format!("{name:<NAME$}"), &" ".repeat(NAME), words, style);
}

/// A line of a packet's story, with its indentation.
fn check(text: &mut Prose<'_>, line: &str, style: Style) {
    let words = line.trim_start();
    let gap = " ".repeat(line.len() - words.len());
    text.hanging(&gap, &format!("{gap}  "), words, style);
}
