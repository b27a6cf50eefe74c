//! What the flow logs say of a run after its end.

use ratatui::style::Style;
use ratatui::text::Line;

use super::super::super::styles::Styles;
use super::super::Canvas;
use crate::executor::{Proof, RunView};

/// Edges of a leak that are named at the most: all are in the journal, and pane 4 marks them.
const NAMED: usize = 4;

/// The verdict, or how far the logs have got.
pub(super) fn lines<'a>(canvas: &Canvas<'a>, run: &RunView) -> Vec<Line<'a>> {
    if run.ended.is_none() {
        return Vec::new();
    }
    let styles = canvas.styles;
    if let Some(proof) = &run.proof {
        let mut lines = canvas.prose(&run.verdict_words(), style(proof, styles));
        if let Proof::Leaking { edges, more } = proof {
            // The first one is in the verdict.
            for edge in edges.iter().skip(1).take(NAMED) {
                lines.push(canvas.line(&format!("  {}", edge.words()), styles.bad));
            }
            let rest = edges.len().saturating_sub(1 + NAMED) + more;
            if rest > 0 {
                let words = format!("  and {rest} more: pane 4 marks them");
                lines.push(canvas.line(&words, styles.bad));
            }
        }
        return lines;
    }
    if run.verifying.is_some() {
        let newest = canvas.state.flows.coverage().newest_end;
        let complete = newest.map_or("none of them has come yet".to_owned(), |at| {
            format!("they are complete to {}", at.format("%H:%M:%SZ"))
        });
        let words = format!("{}; {complete}.", run.verdict_words());
        return canvas.prose(&words, styles.strong);
    }
    let words =
        "Whether traffic stopped, only flow logs show: pane 4 marks what was accepted since.";
    canvas.prose(words, styles.warn)
}

/// How a verdict looks.
pub(in crate::view) fn style(proof: &Proof, styles: &Styles) -> Style {
    match proof {
        Proof::Proven { .. } => styles.good,
        Proof::Leaking { .. } => styles.alarm,
        Proof::Unknown { .. } => styles.warn,
        Proof::NotApplicable { .. } => styles.dim,
    }
}

/// A verdict in a word or two.
pub(in crate::view) fn short(run: &RunView) -> &'static str {
    match &run.proof {
        Some(Proof::Proven { .. }) => "Proven",
        Some(Proof::Leaking { .. }) => "LEAKING",
        Some(Proof::Unknown { .. }) => "unknown",
        Some(Proof::NotApplicable { .. }) => "no proof",
        None if run.verifying.is_some() => "Verifying",
        None => "",
    }
}
