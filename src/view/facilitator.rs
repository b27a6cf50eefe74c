//! The facilitator's screen: who talks, the injects, what happened, and the clock.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph};
use unicode_width::UnicodeWidthStr;

use super::dialogs::key_lines;
use super::frame::{fitting, to_ascii};
use super::styles::Styles;
use super::text::{bytes, fit, pad, wrap};
use super::verdicts::span;
use crate::app::{AppState, Context, Dictated, Facilitator};
use crate::model::Protocol;
use crate::sources::facilitation::{EntrySight, InjectSight, Sight};
use crate::sources::{CallOutcome, ExerciseRecord, Happening, Pace, Stream};

/// Columns of a time of day.
const CLOCK: &str = "%H:%M:%S";

/// Draws the facilitator's screen.
pub fn draw(frame: &mut Frame<'_>, it: &Facilitator, styles: &Styles) {
    let area = frame.area();
    let (columns, rows) = AppState::MINIMUM;
    if area.width < columns || area.height < rows {
        let words = format!(
            "firedoor needs {columns}x{rows}, this is {}x{}",
            area.width, area.height
        );
        frame.render_widget(Paragraph::new(words), area);
    } else {
        draw_all(frame, it, styles, area);
    }
    if styles.glyphs.ascii_only {
        to_ascii(frame.buffer_mut());
    }
}

fn draw_all(frame: &mut Frame<'_>, it: &Facilitator, styles: &Styles, area: Rect) {
    let entries = it.sight.as_ref().map_or(0, |it| it.entries.len());
    let most = usize::from(area.height) / 8;
    let remembered = u16::try_from(entries.clamp(1, most.max(1)) + 2).unwrap_or(3);
    let [top, score, talk, memory, rest, bottom] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Fill(4),
        Constraint::Length(remembered),
        Constraint::Fill(5),
        Constraint::Length(1),
    ])
    .areas(area);
    let width = usize::from(area.width);
    frame.render_widget(top_line(it, styles, width), top);
    let [left, right] =
        Layout::horizontal([Constraint::Percentage(38), Constraint::Fill(1)]).areas(rest);
    let talkers = boxed(
        frame,
        styles,
        " Who talks: the last ten seconds that were counted ",
        talk,
    );
    let memory = boxed(
        frame,
        styles,
        " What interfaces remember of the attack ",
        memory,
    );
    let injects = boxed(frame, styles, " Injects ", left);
    let happened = boxed(frame, styles, " What happened ", right);
    if let Some(sight) = &it.sight {
        frame.render_widget(score_line(sight, styles, width), score);
        frame.render_widget(Paragraph::new(streams(sight, styles, talkers)), talkers);
        frame.render_widget(Paragraph::new(entry_lines(sight, styles, memory)), memory);
        frame.render_widget(Paragraph::new(inject_lines(it, styles, injects)), injects);
        frame.render_widget(
            Paragraph::new(happenings(sight, styles, happened)),
            happened,
        );
    }
    frame.render_widget(bottom_line(it, styles, width), bottom);
    if it.helps {
        let contexts = [
            (Context::Facilitator, "Keys"),
            (
                Context::Dictation,
                "While a text is typed (every character goes to it)",
            ),
        ];
        frame.render_widget(Clear, area);
        let help = boxed(frame, styles, " Help ", area);
        let mut lines = key_lines(contexts.into_iter(), styles);
        lines.push(Line::default());
        let words = "A message is WHO: TEXT; one that ends with ? wants an answer. Notes are in the records, \
                     and the players do not see them. Whoever sets the pace here keeps the clock until they \
                     give it back or leave.";
        lines.extend(
            wrap(words, usize::from(help.width))
                .into_iter()
                .map(Line::from),
        );
        frame.render_widget(Paragraph::new(lines), help);
    }
}

/// A box with a title; its inside.
fn boxed(frame: &mut Frame<'_>, styles: &Styles, title: &str, area: Rect) -> Rect {
    let block = Block::bordered()
        .border_set(styles.glyphs.border)
        .border_style(styles.border)
        .title(Span::styled(title.to_owned(), styles.strong));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    inner
}

fn top_line<'a>(it: &Facilitator, styles: &Styles, width: usize) -> Line<'a> {
    let mut right = Vec::new();
    if let Some(sight) = &it.sight {
        let style = match sight.pace {
            Pace::Paused => styles.alarm,
            Pace::Times(_) => styles.strong,
        };
        right.push(Span::styled(format!(" {} ", sight.pace), style));
        let whose = if sight.is_clock_taken {
            "your clock"
        } else {
            "players' clock"
        };
        let passed = (sight.at - sight.began).num_seconds();
        let words = format!(
            " {whose} {} {}Z +{:02}:{:02}:{:02}",
            styles.glyphs.dot,
            sight.at.format(CLOCK),
            passed / 3600,
            passed / 60 % 60,
            passed % 60
        );
        right.push(Span::raw(words));
    }
    let mode = " FACILITATOR ";
    let used: usize = right.iter().map(|it| it.content.width()).sum();
    let room = width.saturating_sub(mode.len() + used + 1);
    let about = &it.about;
    let who = about
        .team
        .as_ref()
        .map(|team| format!("{team} {} ", styles.glyphs.dot));
    let title = format!(" {}{}", who.unwrap_or_default(), about.scenario);
    let mut spans = vec![
        Span::styled(mode, styles.selected),
        Span::styled(pad(&title, room, &styles.glyphs), styles.strong),
        Span::raw(" "),
    ];
    spans.extend(right);
    Line::from(spans)
}

fn score_line<'a>(sight: &Sight, styles: &Styles, width: usize) -> Line<'a> {
    let (word, style) = if sight.is_contained {
        (" CONTAINED ", styles.good)
    } else {
        (" NOT CONTAINED ", styles.bad)
    };
    let open = sight.messages.iter().filter(|it| it.is_open()).count();
    let asked = if open > 0 {
        format!("  {open} unanswered")
    } else {
        String::new()
    };
    let so_far = sight.score.as_ref().map(|it| {
        format!(
            "  attack packets after {}  stolen {}  requests lost {}",
            it.attack_packets_after,
            bytes(it.data_lost_bytes),
            it.requests_lost
        )
    });
    let points = sight
        .score
        .as_ref()
        .map(|it| format!("  {} points", it.points));
    let (points, so_far) = (points.unwrap_or_default(), so_far.unwrap_or_default());
    let words = format!("{points}{asked}{so_far}");
    let room = width.saturating_sub(word.len());
    Line::from(vec![
        Span::styled(word, style),
        Span::raw(fit(&words, room, &styles.glyphs)),
    ])
}

/// Attacks first, then by what was carried.
fn streams<'a>(sight: &Sight, styles: &Styles, area: Rect) -> Vec<Line<'a>> {
    let mut all: Vec<&Stream> = sight.streams.iter().collect();
    all.sort_by_key(|it| (it.role != "attack", std::cmp::Reverse(it.bytes)));
    let width = usize::from(area.width);
    let lines = all.into_iter().map(|it| stream(it, styles, width));
    as_many_as_fit(lines.collect(), "nobody", styles, area)
}

/// The first lines; what does not fit is counted in the last one.
fn as_many_as_fit<'a>(
    mut lines: Vec<Line<'a>>,
    none: &'static str,
    styles: &Styles,
    area: Rect,
) -> Vec<Line<'a>> {
    let height = usize::from(area.height);
    if lines.is_empty() {
        lines.push(Line::styled(none, styles.dim));
    }
    if lines.len() > height {
        let shown = height.saturating_sub(1);
        let left = lines.len() - shown;
        lines.truncate(shown);
        lines.push(Line::styled(format!("and {left} more"), styles.dim));
    }
    lines
}

/// Those that no rule ends first, and of them those that last the longest.
fn entry_lines<'a>(sight: &Sight, styles: &Styles, area: Rect) -> Vec<Line<'a>> {
    let mut all: Vec<&EntrySight> = sight.entries.iter().collect();
    all.sort_by_key(|it| std::cmp::Reverse((it.tracked, it.expires)));
    let width = usize::from(area.width);
    let lines = all.into_iter().map(|it| entry(it, sight, styles, width));
    as_many_as_fit(lines.collect(), "nothing", styles, area)
}

fn entry<'a>(it: &EntrySight, sight: &Sight, styles: &Styles, width: usize) -> Line<'a> {
    let (state, style) = match it.expires {
        Some(at) => {
            let left = u32::try_from((at - sight.at).num_seconds()).unwrap_or(0);
            (format!("tracked, {} left", span(left)), styles.bad)
        }
        None if it.tracked => ("tracked".to_owned(), styles.bad),
        None => ("untracked".to_owned(), styles.warn),
    };
    let state = format!(" {state:>20}");
    let protocol = Protocol::Number(it.protocol);
    let flow = format!(
        "{protocol} {} {} {} {}",
        it.own, styles.glyphs.arrow, it.other, it.interface
    );
    let room = width.saturating_sub(state.width());
    Line::from(vec![
        Span::styled(pad(&flow, room, &styles.glyphs), style),
        Span::raw(state),
    ])
}

fn stream<'a>(it: &Stream, styles: &Styles, width: usize) -> Line<'a> {
    let style = match (it.role.as_str(), it.packets) {
        ("attack", 0) => styles.good,
        ("attack", _) => styles.bad,
        _ if it.failed > 0 => styles.warn,
        _ => styles.plain,
    };
    let figures = format!(
        " {:>5} packets {:>6} {:>4} good {:>4} bad",
        it.packets,
        bytes(it.bytes),
        it.answered,
        it.failed
    );
    let names = format!(
        "{} {} {} {} {}",
        pad(&it.role, 8, &styles.glyphs),
        it.conversation,
        it.from,
        styles.glyphs.arrow,
        it.to
    );
    let room = width.saturating_sub(figures.width());
    Line::from(vec![
        Span::styled(pad(&names, room, &styles.glyphs), style),
        Span::raw(figures),
    ])
}

fn inject_lines<'a>(it: &Facilitator, styles: &Styles, area: Rect) -> Vec<Line<'a>> {
    let height = usize::from(area.height);
    let selected = it.selected();
    let first = selected.map_or(0, |at| at.saturating_sub(height.saturating_sub(1)));
    let shown = it.injects().iter().enumerate().skip(first).take(height);
    let mut lines: Vec<Line<'a>> = shown
        .map(|(index, inject)| {
            let line = inject_line(inject, styles, usize::from(area.width));
            if selected == Some(index) {
                line.style(styles.selected)
            } else {
                line
            }
        })
        .collect();
    if lines.is_empty() {
        lines.push(Line::styled("this scenario has none", styles.dim));
    }
    lines
}

fn inject_line<'a>(it: &InjectSight, styles: &Styles, width: usize) -> Line<'a> {
    let state = match (it.took_effect.last(), it.waits) {
        (Some(at), _) => format!(" {}", at.format(CLOCK)),
        (None, true) => " waits   ".to_owned(),
        (None, false) => " by hand ".to_owned(),
    };
    let room = width.saturating_sub(state.width());
    Line::from(vec![
        Span::raw(pad(&it.name, room, &styles.glyphs)),
        Span::raw(state),
    ])
}

/// The last that happened, newest below.
fn happenings<'a>(sight: &Sight, styles: &Styles, area: Rect) -> Vec<Line<'a>> {
    let width = usize::from(area.width);
    let line = |it: &ExerciseRecord| {
        let (words, style) = happening(&it.what, styles);
        let words = format!("{} {words}", it.at.format(CLOCK));
        Line::styled(fit(&words, width, &styles.glyphs), style)
    };
    let mut lines: Vec<Line<'a>> = sight.recent.iter().map(line).collect();
    let hidden = lines.len().saturating_sub(usize::from(area.height));
    lines.drain(..hidden);
    lines
}

fn happening(what: &Happening, styles: &Styles) -> (String, Style) {
    match what {
        Happening::Began { title, .. } => (format!("began: {title}"), styles.strong),
        Happening::Detected { kind, .. } => (format!("finding {kind}"), styles.warn),
        Happening::Injected { name } => (format!("inject {name}"), styles.warn),
        Happening::Message(it) => (format!("{} wrote: {}", it.from, it.text), styles.plain),
        Happening::Answered { id, text } => (format!("answer to {id}: {text}"), styles.good),
        Happening::Note { who, text } => (format!("{who} noted: {text}"), styles.dim),
        Happening::Pace(pace) => (format!("pace {pace}"), styles.dim),
        Happening::Called { prose, outcome, .. } => called(prose, outcome, styles),
        Happening::Health { instance, healthy } => {
            let word = if *healthy { "healthy" } else { "unhealthy" };
            (format!("{instance} is {word}"), styles.warn)
        }
        Happening::Replaced { instance, by } => {
            (format!("{instance} was replaced by {by}"), styles.bad)
        }
        Happening::Changed { text } => (text.clone(), styles.warn),
        Happening::NotChanged { text, code } => (format!("refused ({code}): {text}"), styles.dim),
        Happening::Score(it) => (format!("{} points: {}", it.points, it.grade), styles.strong),
        Happening::Ended { by } => (format!("ended: {by}"), styles.strong),
        Happening::Traffic(_) => (String::new(), styles.dim),
    }
}

fn called(prose: &str, outcome: &CallOutcome, styles: &Styles) -> (String, Style) {
    match outcome {
        CallOutcome::Made => (prose.to_owned(), styles.good),
        CallOutcome::Refused { code } => (format!("refused ({code}): {prose}"), styles.bad),
        CallOutcome::Throttled => (format!("throttled: {prose}"), styles.warn),
        CallOutcome::Failed { code, .. } => (format!("failed ({code}): {prose}"), styles.warn),
    }
}

fn bottom_line<'a>(it: &Facilitator, styles: &Styles, width: usize) -> Line<'a> {
    if let Some((kind, typed)) = &it.typed {
        let label = match kind {
            Dictated::Note => "note: ",
            Dictated::Message => "message (WHO: TEXT): ",
        };
        let why = it.notice.as_ref().map(|it| format!("   {it}"));
        let why = why.unwrap_or_default();
        let room = width.saturating_sub(label.len() + why.width() + 1);
        return Line::from(vec![
            Span::styled(label, styles.strong),
            Span::raw(super::text::end_of(typed, room)),
            Span::styled("_", styles.focus),
            Span::styled(why, styles.bad),
        ]);
    }
    if let Some(notice) = &it.notice {
        return Line::styled(fit(notice, width, &styles.glyphs), styles.warn);
    }
    let shown = it.context().bindings().filter(|it| it.priority > 0);
    Line::from(fitting(shown.collect(), styles, width).0)
}
