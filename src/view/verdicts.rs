//! What becomes of flows and interfaces: its words, letters and colours.

use ratatui::style::Style;

use super::styles::Styles;
use crate::analysis::{Fate, Grade, Verdict};
use crate::app::Mark;

/// A verdict in at most 16 columns; what expires with its countdown.
pub(super) fn words(verdict: Verdict) -> String {
    match verdict {
        Verdict::Expires(seconds) => format!("expires in {}", span(seconds)),
        other => other.name().to_owned(),
    }
}

/// A verdict in at most ten columns.
pub(super) fn short_words(verdict: Verdict) -> String {
    match verdict {
        Verdict::Expires(seconds) => format!("exp {}", span(seconds)),
        Verdict::OneWay(_) => "one way".to_owned(),
        Verdict::NotFiltered => "no filter".to_owned(),
        other => other.name().to_owned(),
    }
}

/// The letter of a grade; a space where AWS documents the answer.
pub(super) fn grade_letter(grade: Grade) -> char {
    match grade {
        Grade::Observed => 'o',
        Grade::Documented => ' ',
        Grade::Expected => 'x',
        Grade::Ambiguous => 'a',
    }
}

/// The style of a verdict.
pub(super) fn style(fate: Fate, styles: &Styles) -> Style {
    match fate.verdict {
        Verdict::Cut => styles.bad,
        Verdict::Expires(_) | Verdict::OneWay(_) | Verdict::Resumes => styles.warn,
        Verdict::Survives => styles.strong,
        Verdict::Unaffected | Verdict::NotFiltered => styles.plain,
        Verdict::Unknown => styles.dim,
    }
}

/// The style of a cell.
pub(super) fn mark_style(mark: Mark, styles: &Styles) -> Style {
    match mark {
        Mark::Suspect => styles.remote,
        Mark::Cut => styles.bad,
        Mark::Expires | Mark::OneWay | Mark::Blocked => styles.warn,
        Mark::Reached => styles.strong,
        Mark::Unknown => styles.plain,
        Mark::Untouched => styles.dim,
    }
}

/// Seconds as `45s`, `5m50s` or `1h`.
pub(super) fn span(seconds: u32) -> String {
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s}s"),
        (0, m, 0) => format!("{m}m"),
        (0, m, s) => format!("{m}m{s:02}s"),
        (h, 0, _) => format!("{h}h"),
        (h, m, _) => format!("{h}h{m:02}m"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Direction;

    #[test]
    fn spans_are_short() {
        for (seconds, shown) in [
            (0, "0s"),
            (45, "45s"),
            (60, "1m"),
            (350, "5m50s"),
            (3600, "1h"),
            (5400, "1h30m"),
        ] {
            assert_eq!(span(seconds), shown);
        }
    }

    #[test]
    fn every_verdict_fits_its_column() {
        let verdicts = [
            Verdict::Cut,
            Verdict::Expires(3599),
            Verdict::Survives,
            Verdict::Resumes,
            Verdict::OneWay(Direction::Ingress),
            Verdict::OneWay(Direction::Egress),
            Verdict::Unaffected,
            Verdict::NotFiltered,
            Verdict::Unknown,
        ];
        for verdict in verdicts {
            assert!(words(verdict).len() <= 17, "{verdict:?}");
            assert!(short_words(verdict).len() <= 10, "{verdict:?}");
        }
        assert_eq!(words(Verdict::Expires(350)), "expires in 5m50s");
    }
}
