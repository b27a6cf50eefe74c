//! The timeline as a picture: what arrived and what failed over time, above what was done when.

use chrono::{DateTime, TimeDelta, Utc};

use super::super::{Lane, Moment, Plot, Report, RunTold, StepTold, count, utc};
use super::page::Page;
use crate::model::text::grouped;

/// The picture's width, and where its lanes begin and end, in its own units.
const WIDTH: f64 = 1000.0;
const LEFT: f64 = 172.0;
const RIGHT: f64 = 984.0;
/// The heights of a lane of bars, of a lane of marks, and between lanes.
const BARS: f64 = 64.0;
const MARKS: f64 = 20.0;
const GAP: f64 = 14.0;
/// Runs that get a lane at the most.
const RUNS: usize = 12;
/// Distances of the lines of the time axis, in seconds.
const TICKS: [i64; 16] = [
    5, 10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400, 604_800, 2_592_000,
];

/// Time to picture.
#[derive(Clone, Copy)]
struct Axis {
    from: DateTime<Utc>,
    until: DateTime<Utc>,
}

/// A lane of the picture.
enum Drawn<'a> {
    Bars {
        name: &'static str,
        class: &'static str,
        each: u32,
        from: DateTime<Utc>,
        values: &'a [u64],
    },
    Marks {
        name: &'static str,
        marks: Vec<(DateTime<Utc>, &'static str, &'a str)>,
    },
    Run(&'a RunTold),
}

/// The figure with its picture, what it shows in words, and as a table.
pub(super) fn figure(page: &mut Page, report: &Report) {
    let Some(axis) = Axis::of(report) else {
        return;
    };
    let lanes = lanes(report);
    if lanes.is_empty() {
        return;
    }
    page.raw("<figure>\n<div class=\"scroll\">\n");
    picture(page, report, axis, &lanes);
    page.raw("</div>\n");
    page.element("figcaption", &caption(report));
    if let Some(plot) = &report.plot {
        table(page, plot);
    }
    page.raw("</figure>\n");
}

fn lanes(report: &Report) -> Vec<Drawn<'_>> {
    let mut lanes = Vec::new();
    if let Some(plot) = &report.plot {
        let bars = |name, class, values| Drawn::Bars {
            name,
            class,
            each: plot.seconds,
            from: plot.from,
            values,
        };
        lanes.push(bars(
            "Attack packets",
            "attack",
            plot.attack_packets.as_slice(),
        ));
        lanes.push(bars(
            "Requests failed",
            "lost",
            plot.requests_failed.as_slice(),
        ));
    }
    for (name, wanted) in [
        ("Findings", &[Lane::Finding][..]),
        ("Injects, world", &[Lane::Inject, Lane::World]),
        ("Messages", &[Lane::Message]),
    ] {
        lanes.extend(marks(name, &report.timeline, wanted));
    }
    lanes.extend(report.runs.iter().take(RUNS).map(Drawn::Run));
    lanes.extend(marks("Proof", &report.timeline, &[Lane::Proof]));
    lanes
}

/// A lane with the moments of a kind, if there are any.
fn marks<'a>(name: &'static str, all: &'a [Moment], wanted: &[Lane]) -> Option<Drawn<'a>> {
    let of = all.iter().filter(|it| wanted.contains(&it.lane));
    let marks: Vec<_> = of
        .map(|it| (it.at, super::parts::tone(it), it.text.as_str()))
        .collect();
    (!marks.is_empty()).then_some(Drawn::Marks { name, marks })
}

fn caption(report: &Report) -> String {
    let mut words = Vec::new();
    if let Some(plot) = &report.plot {
        words.push(format!(
            "Packets of the attack that arrived, and requests of the business that failed, per {}.",
            count(plot.seconds.into(), "second")
        ));
    }
    if report.runs.len() > RUNS {
        words.push(format!(
            "The first {RUNS} of {} runs are drawn.",
            report.runs.len()
        ));
    }
    if !report.runs.is_empty() {
        words.push("Each run is a band with a mark where a step ended.".to_owned());
    }
    if report.first_change.is_some() {
        words.push("The dashed line is the first change.".to_owned());
    }
    words.join(" ")
}

fn picture(page: &mut Page, report: &Report, axis: Axis, lanes: &[Drawn<'_>]) {
    let height = lanes.iter().map(|it| it.height() + GAP).sum::<f64>() + 34.0;
    page.raw(&format!(
        "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-labelledby=\"plot-title plot-desc\">\n"
    ));
    page.element("title id=\"plot-title\"", "The case over time");
    page.element("desc id=\"plot-desc\"", &description(report));
    let bottom = height - 24.0;
    axis.draw(page, bottom);
    let mut top = 8.0;
    for lane in lanes {
        lane.draw(page, axis, top);
        top += lane.height() + GAP;
    }
    if let Some(at) = report.first_change {
        let x = axis.x(at);
        page.raw(&format!(
            "<line class=\"change\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"0\" y2=\"{bottom}\">"
        ));
        page.element("title", &format!("the first change, {}", utc(at)));
        page.raw("</line>\n");
    }
    page.raw("</svg>\n");
}

fn description(report: &Report) -> String {
    let sum = |all: &[u64]| all.iter().fold(0_u64, |sum, it| sum.saturating_add(*it));
    let counted = report.plot.as_ref().map(|it| {
        format!(
            "{} of the attack arrived, {} of the business failed. ",
            count(sum(&it.attack_packets), "packet"),
            count(sum(&it.requests_failed), "request")
        )
    });
    let runs = count(u64::try_from(report.runs.len()).unwrap_or(0), "run");
    format!(
        "{}{runs}; the timeline below tells everything in words.",
        counted.unwrap_or_default()
    )
}

impl Axis {
    /// From the first thing that is known to the last.
    fn of(report: &Report) -> Option<Self> {
        let (from, until) = (report.from?, report.until?);
        let from = report.plot.as_ref().map_or(from, |it| it.from.min(from));
        Some(Self {
            from,
            until: until.max(from + TimeDelta::seconds(1)),
        })
    }

    fn x(self, at: DateTime<Utc>) -> f64 {
        let millis = |it: TimeDelta| u64::try_from(it.num_milliseconds()).unwrap_or(0);
        let share = share(millis(at - self.from), millis(self.until - self.from));
        LEFT + share.min(1.0) * (RIGHT - LEFT)
    }

    fn draw(self, page: &mut Page, bottom: f64) {
        let span = (self.until - self.from).num_seconds();
        let fits = |step: &&i64| span / **step <= 8;
        let step = TICKS.iter().find(fits).copied().unwrap_or(span.max(1));
        let first = self.from.timestamp().div_euclid(step) * step + step;
        let format = match step {
            0..60 => "%H:%M:%S",
            60..86_400 => "%H:%M",
            _ => "%Y-%m-%d",
        };
        for number in 0..=8 {
            let Some(at) = DateTime::from_timestamp(first + number * step, 0) else {
                return;
            };
            if at > self.until {
                return;
            }
            let x = self.x(at);
            page.raw(&format!(
                "<line class=\"grid\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"0\" y2=\"{bottom}\"/>\
                 <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\n",
                bottom + 18.0,
                at.format(format)
            ));
        }
    }
}

impl Drawn<'_> {
    fn height(&self) -> f64 {
        match self {
            Self::Bars { .. } => BARS,
            Self::Marks { .. } | Self::Run(_) => MARKS,
        }
    }

    fn draw(&self, page: &mut Page, axis: Axis, top: f64) {
        match self {
            Self::Bars {
                name,
                class,
                each,
                from,
                values,
            } => {
                let step = TimeDelta::seconds((*each).into());
                let starts = std::iter::successors(Some(*from), |it| it.checked_add_signed(step));
                let columns: Vec<_> = starts.zip(values.iter().copied()).collect();
                bars(page, axis, (name, class, step), &columns, top);
            }
            Self::Marks { name, marks } => {
                label(page, name, top + MARKS / 2.0);
                for (at, class, text) in marks {
                    mark(page, axis, (*at, class, text), top);
                }
            }
            Self::Run(it) => run(page, axis, it, top),
        }
    }
}

fn label(page: &mut Page, name: &str, middle: f64) {
    /// Characters that fit beside a lane.
    const LONGEST: usize = 24;
    let mut short: String = name.chars().take(LONGEST).collect();
    if name.chars().count() > LONGEST {
        short.push('\u{2026}');
    }
    let y = middle + 4.0;
    page.element(&format!("text class=\"name\" x=\"0\" y=\"{y:.1}\""), &short);
}

fn bars(
    page: &mut Page,
    axis: Axis,
    (name, class, step): (&str, &str, TimeDelta),
    columns: &[(DateTime<Utc>, u64)],
    top: f64,
) {
    let most = columns.iter().map(|it| it.1).max().unwrap_or(0);
    label(page, name, top + BARS / 2.0 - 7.0);
    let words = format!("at most {}", grouped(most));
    let (y, base) = (top + BARS / 2.0 + 12.0, top + BARS);
    page.element(&format!("text x=\"0\" y=\"{y:.1}\""), &words);
    page.raw(&format!(
        "<line class=\"base\" x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{base:.1}\" y2=\"{base:.1}\"/>\n"
    ));
    for (at, value) in columns.iter().filter(|it| it.1 > 0) {
        let (x, end) = (axis.x(*at), axis.x(*at + step));
        // A little is seen too, beside a lot.
        let height = (share(*value, most) * BARS).max(1.5);
        page.raw(&format!(
            "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{height:.1}\">",
            base - height,
            (end - x - 1.0).max(1.0)
        ));
        page.element(
            "title",
            &format!("{}: {}", at.format("%H:%M:%S"), grouped(*value)),
        );
        page.raw("</rect>\n");
    }
}

fn mark(page: &mut Page, axis: Axis, (at, class, text): (DateTime<Utc>, &str, &str), top: f64) {
    let (x, y) = (axis.x(at), top + MARKS / 2.0);
    page.raw(&format!(
        "<circle class=\"mark {class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4.5\">"
    ));
    page.element("title", &format!("{} {text}", at.format("%H:%M:%S")));
    page.raw("</circle>\n");
}

fn run(page: &mut Page, axis: Axis, run: &RunTold, top: f64) {
    label(page, &run.procedure, top + MARKS / 2.0);
    let last = run
        .steps
        .iter()
        .filter_map(|it| it.ended.or(it.began))
        .max();
    let (from, end) = (
        axis.x(run.started),
        axis.x(run.ended.or(last).unwrap_or(run.started)),
    );
    page.raw(&format!(
        "<rect class=\"span\" x=\"{from:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{MARKS}\" rx=\"2\"/>\n",
        (end - from).max(2.0)
    ));
    for step in &run.steps {
        let Some(at) = step.ended else {
            continue;
        };
        page.raw(&format!(
            "<rect class=\"mark {}\" x=\"{:.1}\" y=\"{top:.1}\" width=\"2\" height=\"{MARKS}\">",
            step_class(step),
            axis.x(at) - 1.0
        ));
        let words = format!(
            "{} step {} {}: {}",
            at.format("%H:%M:%S"),
            step.step,
            step.outcome,
            step.what
        );
        page.element("title", &words);
        page.raw("</rect>\n");
    }
}

fn step_class(step: &StepTold) -> &'static str {
    match step.outcome.as_str() {
        "failed" => "bad",
        "warned" => "warn",
        _ => "step",
    }
}

/// The columns in which anything was counted.
fn table(page: &mut Page, plot: &Plot) {
    page.raw("<details><summary>The picture as a table</summary>\n");
    page.table(&["From, UTC", "#Attack packets", "#Requests failed"]);
    let step = TimeDelta::seconds(plot.seconds.into());
    let starts = std::iter::successors(Some(plot.from), |it| it.checked_add_signed(step));
    let columns = starts.zip(plot.attack_packets.iter().zip(&plot.requests_failed));
    for (at, (packets, failed)) in columns.filter(|(_, (a, b))| **a > 0 || **b > 0) {
        page.raw("<tr>");
        page.element("td class=\"short\"", &at.format("%H:%M:%S").to_string());
        page.element("td class=\"number\"", &grouped(*packets));
        page.element("td class=\"number\"", &grouped(*failed));
        page.raw("</tr>\n");
    }
    page.end_table();
    page.raw("</details>\n");
}

/// A part of a whole, to the ten thousandth.
fn share(part: u64, of: u64) -> f64 {
    let share = u128::from(part) * 10_000 / u128::from(of.max(1));
    f64::from(u32::try_from(share).unwrap_or(u32::MAX)) / 10_000.0
}
