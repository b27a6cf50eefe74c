//! What stands against a plan: guards, questions about its order, lost evidence, AWS's answers, and what an
//! undo leaves out.

use ratatui::text::Line;

use super::super::super::styles::Styles;
use super::super::prose::Prose;
use crate::app::{Confirm, Preflight};
use crate::executor::summary;
use crate::plan::{LintVerdict, Severity, Undo};

/// Everything that has to be read first.
pub(super) fn lines<'a>(confirm: &Confirm, styles: &Styles, width: usize) -> Vec<Line<'a>> {
    let mut text = Prose::new(width);
    for guard in &confirm.guards {
        let style = match guard.severity {
            Severity::Refuse | Severity::Danger => styles.bad,
            Severity::Note => styles.warn,
        };
        text.add(
            &format!("{}: {}", guard.severity.name(), guard.words),
            style,
        );
    }
    for lint in &confirm.lints {
        let steps: Vec<String> = lint.steps.iter().map(ToString::to_string).collect();
        let of = format!("({}, step {})", lint.rule, steps.join(", "));
        match lint.verdict {
            LintVerdict::Refuse => text.add(&format!("refused: {} {of}", lint.words), styles.bad),
            LintVerdict::Ask => text.add(&format!("? {} {of}", lint.words), styles.warn),
        }
    }
    denied(&mut text, &confirm.preflight, styles);
    if let Some(undo) = &confirm.undo {
        left_out(&mut text, undo, styles);
    }
    text.lines
}

/// What an undo leaves out: what somebody has changed since, three states of each, and what is kept.
fn left_out(text: &mut Prose<'_>, undo: &Undo, styles: &Styles) {
    let steps = undo.plan.calls();
    let (drift, kept) = (undo.drift.len(), undo.kept.len());
    let words = format!(
        "Calls that take it back: {steps}. Left out: {drift} changed by somebody since, {kept} kept, {} as \
         they were before the run.",
        undo.settled.len()
    );
    text.add(&words, styles.strong);
    for it in &undo.drift {
        let words = format!("Drift: what step {} did is not as it was left:", it.step);
        text.add(&words, styles.bad);
        for line in it.lines() {
            text.inner(&line, styles.warn);
        }
    }
}

/// What can't be collected any more afterwards.
pub(super) fn evidence<'a>(confirm: &Confirm, styles: &Styles, width: usize) -> Vec<Line<'a>> {
    let mut text = Prose::new(width);
    for action in confirm.plan.actions() {
        let lost = action.entry().evidence_lost;
        if !lost.is_empty() {
            text.add(&format!("Evidence lost by {action}: {lost}"), styles.bad);
        }
    }
    text.lines
}

/// What AWS says to its calls, if that is bad news.
fn denied(text: &mut Prose<'_>, preflight: &Preflight, styles: &Styles) {
    let Preflight::Answered(checked) = preflight else {
        return;
    };
    let summary = summary(checked);
    if summary.is_clear() {
        return;
    }
    text.add(&format!("permissions: {}", summary.headline()), styles.bad);
    for line in &summary.against {
        text.inner(line, styles.bad);
    }
}

/// What AWS says to its calls, if it is good news, and what nobody can say.
pub(super) fn unsettled<'a>(confirm: &Confirm, styles: &Styles, width: usize) -> Vec<Line<'a>> {
    let mut text = Prose::new(width);
    match &confirm.preflight {
        Preflight::Asking => text.add("permissions: asking AWS, step by step", styles.dim),
        Preflight::Nobody => text.add(
            "permissions: nobody to ask here; they show when the calls are made",
            styles.dim,
        ),
        Preflight::Answered(checked) => {
            let summary = summary(checked);
            if summary.is_clear() {
                text.add(&format!("permissions: {}", summary.headline()), styles.good);
            }
            for line in &summary.unknown {
                text.inner(line, styles.dim);
            }
        }
    }
    text.lines
}
