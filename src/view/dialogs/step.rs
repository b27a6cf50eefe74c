//! Everything about one step of a run: what was sent, what stood there before, how it went, and every line
//! that it read or that a host printed.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

use super::super::panes::{bound_prose, ending};
use super::super::styles::Styles;
use super::popup;
use super::prose::{Prose, scrolled_above_rule};
use crate::app::AppState;
use crate::executor::{RunView, StepStatus, StepView};
use crate::model::text::visible;
use crate::operation::StepId;
use crate::plan::{Class, Step};

pub(super) fn draw(
    frame: &mut Frame<'_>,
    state: &AppState,
    styles: &Styles,
    (id, scroll): (StepId, u16),
    area: Rect,
) {
    let inner = popup(
        frame,
        styles,
        area,
        &format!(" Step {id} "),
        110,
        area.height,
    );
    let lines = lines(state, styles, id, usize::from(inner.width));
    scrolled_above_rule(frame, styles, lines, scroll, inner);
}

fn lines<'a>(state: &AppState, styles: &Styles, id: StepId, width: usize) -> Vec<Line<'a>> {
    let run = state.run_in_view();
    let found = run.and_then(|run| Some((run, run.plan.step(id)?, run.steps.get(&id)?)));
    let Some((run, step, view)) = found else {
        return vec![Line::styled("the run has no such step", styles.dim)];
    };
    let mut text = Prose::new(width);
    text.add(&bound_prose(run, step), styles.strong);
    for (name, words) in facts(run, step, view) {
        text.add(&format!("{name}: {words}"), styles.plain);
    }
    if !view.output.is_empty() {
        let words = format!("output, {} lines:", view.output.len());
        text.add(&words, styles.strong);
        for line in &view.output {
            // As it was printed: its own spaces are kept.
            prose_line(&mut text.lines, &visible(line), width, styles.plain);
        }
    }
    text.lines
}

fn facts(run: &RunView, step: &Step, view: &StepView) -> Vec<(&'static str, String)> {
    let time = |at: chrono::DateTime<chrono::Utc>| at.format("%H:%M:%SZ").to_string();
    let mut facts = vec![("class", class(step.class))];
    if !step.after.is_empty() {
        let after: Vec<String> = step.after.iter().map(ToString::to_string).collect();
        facts.push(("after", format!("step {}", after.join(", "))));
    }
    if let Some(part) = step.part {
        facts.push(("part of", part.to_string()));
    }
    if let Some(before) = &view.before {
        facts.push(("before", before.prose()));
    }
    if let Some(sent) = &view.operation {
        let calls = match view.attempts {
            0 | 1 => String::new(),
            more => format!(" ({more} attempts)"),
        };
        facts.push(("sent", format!("{}{calls}", sent.prose())));
    }
    if let Some(made) = &view.made {
        facts.push(("made", made.clone()));
    }
    if let Some(began) = view.began {
        let ended = view.ended.map(|it| format!(", ended {}", time(it)));
        facts.push(("began", time(began) + &ended.unwrap_or_default()));
    }
    let how = match &view.status {
        StepStatus::Waiting if run.ended.is_some() => "never begun".into(),
        StepStatus::Waiting => "waiting".into(),
        StepStatus::Running => "running".into(),
        StepStatus::Sent => "sent: no answer yet".into(),
        StepStatus::Answered => "answered: reading back".into(),
        StepStatus::Retrying { error } => format!("sent again after: {error}"),
        StepStatus::Ended(outcome) => ending(outcome),
    };
    facts.push(("now", how));
    facts
}

fn class(class: Class) -> String {
    match class {
        Class::Must => "must: its failure halts the run".into(),
        Class::Should => "should: its failure is a warning".into(),
        Class::AlwaysOnceSent(step) => format!("always, once step {step} was sent"),
        Class::OnceSafe(step) => format!("tidies up after step {step}"),
    }
}

/// A line as it is, cut into pieces that fit.
fn prose_line(lines: &mut Vec<Line<'_>>, text: &str, width: usize, style: Style) {
    use unicode_segmentation::UnicodeSegmentation;
    use unicode_width::UnicodeWidthStr;

    let mut piece = String::new();
    for grapheme in text.graphemes(true) {
        if !piece.is_empty() && piece.width() + grapheme.width() > width {
            lines.push(Line::styled(std::mem::take(&mut piece), style));
        }
        piece.push_str(grapheme);
    }
    lines.push(Line::styled(piece, style));
}
