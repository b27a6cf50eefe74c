//! The explanation of a flow's verdict: the deciding object, its source, and every check of both packets.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

use super::super::styles::Styles;
use super::super::text::{fit, wrap};
use super::super::verdicts;
use super::popup;
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
    let [body, foot] = Layout::vertical([Constraint::Min(0), Constraint::Length(1)]).areas(inner);
    let mut lines = lines(styles, explained, usize::from(body.width));
    let hidden = lines.len().saturating_sub(usize::from(body.height));
    let scrolled = usize::from(explained.scroll).min(hidden);
    lines.drain(..scrolled);
    frame.render_widget(Paragraph::new(lines), body);
    let below = hidden - scrolled;
    let more = match below {
        0 => String::new(),
        _ => format!(" {below} more lines below (down, pgdn) "),
    };
    let width = usize::from(foot.width);
    let rule = Line::styled(format!("{more:-^width$}"), styles.dim);
    frame.render_widget(Paragraph::new(rule), foot);
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
    let mut text = Text {
        width,
        lines: Vec::new(),
    };
    text.prose(&verdict(judgement), verdicts::style(fate, styles));
    text.prose(grade(fate.grade), styles.dim);
    text.item("why", &judgement.why, styles.plain);
    if let Some(decision) = &judgement.decision {
        text.item("decides", &decision.code, styles.strong);
        if decision.words != judgement.why {
            text.item("", &decision.words, styles.plain);
        }
    }
    if let Some(direction) = fate.leaks {
        let words = match direction {
            Direction::Ingress => "packets towards the interface still arrive",
            Direction::Egress => "packets that it sends still leave",
        };
        text.item("leaks", words, styles.warn);
    }
    let (afterwards, style) = new_connections(judgement, styles);
    text.item("a new one", &afterwards, style);
    for (eni, tracking) in &judgement.tracked {
        let word = match tracking.tracked {
            Some(true) => "tracked",
            Some(false) => "untracked",
            None => "tracking unknown",
        };
        let words = format!("{eni}: {word}, {}", tracking.why.words());
        text.item("tracking", &words, styles.plain);
    }
    text.prose(judgement.source, styles.dim);
    if judgement.why.contains("new:") {
        let words = "new:N is what step N of the plan makes";
        text.prose(words, styles.dim);
    }
    for packet in &explained.explanation.packets {
        text.lines.push(Line::default());
        for (index, line) in packet.lines().iter().enumerate() {
            let style = match index {
                0 => styles.strong,
                _ if line.contains("; after: ") || line.ends_with(" (after)") => styles.warn,
                _ => styles.plain,
            };
            text.check(line, style);
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

/// Lines of text as they are put together.
struct Text<'a> {
    width: usize,
    lines: Vec<Line<'a>>,
}

impl Text<'_> {
    fn prose(&mut self, words: &str, style: Style) {
        let lines = wrap(words, self.width).into_iter();
        self.lines.extend(lines.map(|it| Line::styled(it, style)));
    }

    /// A name at the left, and what is said of it beside it.
    fn item(&mut self, name: &str, words: &str, style: Style) {
        const NAME: usize = 10;
        let lines = wrap(words, self.width.saturating_sub(NAME));
        for (index, line) in lines.into_iter().enumerate() {
            let name = if index == 0 { name } else { "" };
            self.lines
                .push(Line::styled(format!("{name:<NAME$}{line}"), style));
        }
    }

    /// A line of a packet's story, with its indentation.
    fn check(&mut self, line: &str, style: Style) {
        let words = line.trim_start();
        let indent = line.len() - words.len();
        for (index, part) in wrap(words, self.width.saturating_sub(indent + 2))
            .into_iter()
            .enumerate()
        {
            let hang = if index == 0 { 0 } else { 2 };
            let gap = " ".repeat(indent + hang);
            self.lines.push(Line::styled(format!("{gap}{part}"), style));
        }
    }
}
