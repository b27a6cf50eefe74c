//! What a run waits for: the time that is left, and the flows that the wait is about.

use ratatui::text::{Line, Span};

use super::super::super::text::pad;
use super::super::Canvas;
use crate::app::{Browsing, Lamp, LampState};
use crate::executor::{RunView, StepStatus};
use crate::model::Direction;
use crate::plan::{SafePoint, Step, What};

/// Flows that are named at the most on a small screen.
const NAMED: usize = 5;

/// How long a step waits still, and what comes then.
pub(super) fn countdown<'a>(canvas: &Canvas<'a>, run: &RunView, step: &Step) -> Option<Line<'a>> {
    let What::Wait { seconds, why } = &step.what else {
        return None;
    };
    let view = run.steps.get(&step.id)?;
    if view.status != StepStatus::Running || run.ended.is_some() {
        return None;
    }
    let passed = (canvas.state.now - view.began?).num_seconds();
    let left = (i64::from(*seconds) - passed).max(0);
    let words = match point(run, step) {
        SafePoint::Lifted => format!("DENIED: lifts in {left} s"),
        SafePoint::Emptied => {
            format!("OPEN: emptied in {left} s; a packet of a flow meanwhile is expected to end it")
        }
        SafePoint::None => format!("{left} s left {why}"),
    };
    Some(canvas.line(&words, canvas.styles.alarm))
}

/// What the wait is part of.
fn point(run: &RunView, step: &Step) -> SafePoint {
    let actions = match step.part {
        Some(part) => vec![part],
        None => run.plan.actions(),
    };
    let points = actions.iter().map(|it| it.entry().safe_point);
    let mut points = points.filter(|it| *it != SafePoint::None);
    points.next().unwrap_or(SafePoint::None)
}

/// The suspect's flows when the run began, and what is known of each.
pub(super) fn lamps<'a>(canvas: &Canvas<'a>, run: &RunView, step: &Step) -> Vec<Line<'a>> {
    let (state, styles) = (canvas.state, canvas.styles);
    let waits = matches!(step.what, What::Wait { .. }) || run.ended.is_some();
    if state.lamps.is_empty() || state.browsing != Browsing::Own || !waits {
        return Vec::new();
    }
    let lit = state.lamps.iter().map(|it| (state.lamp_state(it), it));
    let mut lit: Vec<(LampState, &Lamp)> = lit.collect();
    lit.sort_by_key(|(word, lamp)| (*word, !state.peer(lamp.key.peer).suspicious));
    let mut lines = vec![
        canvas.line(&"-".repeat(canvas.width), styles.dim),
        canvas.line(&counts(&lit), styles.strong),
    ];
    let room = (canvas.height / 3).max(NAMED);
    let shown = lit.iter().take(room);
    lines.extend(shown.map(|(word, lamp)| line(canvas, *word, lamp)));
    if lit.len() > room {
        let words = format!("and {} more", lit.len() - room);
        lines.push(canvas.line(&words, styles.dim));
    }
    lines
}

fn counts(lit: &[(LampState, &Lamp)]) -> String {
    let groups = lit.chunk_by(|a, b| a.0 == b.0);
    let counts: Vec<String> = groups
        .filter_map(|it| Some(format!("{} {}", it.len(), it.first()?.0.words())))
        .collect();
    format!("flows at its start: {}", counts.join(", "))
}

fn line<'a>(canvas: &Canvas<'a>, word: LampState, lamp: &Lamp) -> Line<'a> {
    let (state, styles) = (canvas.state, canvas.styles);
    let (glyph, style) = match word {
        LampState::GoesOn => (styles.glyphs.failed, styles.bad),
        LampState::LikelySurvivor => (styles.glyphs.warned, styles.warn),
        LampState::Expected => (styles.glyphs.hollow, styles.plain),
        LampState::Observed => (styles.glyphs.done, styles.good),
    };
    let arrow = match lamp.key.direction {
        Direction::Ingress => styles.glyphs.inbound,
        Direction::Egress => styles.glyphs.outbound,
    };
    let peer = state.peer(lamp.key.peer);
    let name = peer.name.map(|it| format!(" {it}")).unwrap_or_default();
    let who = format!("{arrow} {} port {}{name}", peer.address, lamp.key.port);
    let room = canvas.width.saturating_sub(28);
    let style_of_peer = if peer.suspicious {
        styles.remote
    } else {
        styles.plain
    };
    Line::from(vec![
        Span::styled(format!("{glyph} "), style),
        Span::styled(pad(&who, room, &styles.glyphs), style_of_peer),
        Span::styled(format!(" {}", word.words()), style),
    ])
}
