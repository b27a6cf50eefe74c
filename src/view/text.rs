//! Words and numbers in a given number of columns.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::styles::Glyphs;

/// `text` in at most `columns` columns, cut on a grapheme border with an ellipsis.
pub(super) fn fit(text: &str, columns: usize, glyphs: &Glyphs) -> String {
    if text.width() <= columns {
        return text.to_string();
    }
    let room = columns.saturating_sub(glyphs.ellipsis.width());
    let mut kept = String::new();
    let mut used = 0;
    for grapheme in text.graphemes(true) {
        used += grapheme.width();
        if used > room {
            break;
        }
        kept.push_str(grapheme);
    }
    if columns > 0 {
        kept.push_str(glyphs.ellipsis);
    }
    kept
}

/// `text` cut or padded to exactly `columns` columns.
pub(super) fn pad(text: &str, columns: usize, glyphs: &Glyphs) -> String {
    let mut text = fit(text, columns, glyphs);
    let missing = columns.saturating_sub(text.width());
    text.extend(std::iter::repeat_n(' ', missing));
    text
}

/// As much of the end of a text as fits: who types sees what they type.
pub(super) fn end_of(text: &str, columns: usize) -> String {
    let mut used = 0;
    let kept: Vec<&str> = text
        .graphemes(true)
        .rev()
        .take_while(|it| {
            used += it.width();
            used <= columns
        })
        .collect();
    kept.into_iter().rev().collect()
}

/// A number of bytes in at most six columns: `812`, `9.4k`, `210M`.
pub(super) fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["k", "M", "G", "T", "P"];
    if count < 1000 {
        return count.to_string();
    }
    let mut tenths = count / 100;
    let mut unit = 0;
    while tenths >= 10_000 && unit + 1 < UNITS.len() {
        tenths /= 1000;
        unit += 1;
    }
    let name = UNITS.get(unit).copied().unwrap_or_default();
    if tenths < 100 {
        format!("{}.{}{name}", tenths / 10, tenths % 10)
    } else {
        format!("{}{name}", tenths / 10)
    }
}

/// A series as one line of levels; silence is a space.
pub(super) fn sparkline(series: &[u64], glyphs: &Glyphs) -> String {
    let top = series.iter().copied().max().unwrap_or(0);
    let steps = u64::try_from(glyphs.levels.len()).unwrap_or(1);
    let level = |value: u64| {
        if value == 0 || top == 0 {
            return ' ';
        }
        let step = (u128::from(value) * u128::from(steps)).div_ceil(u128::from(top));
        let index = usize::try_from(step.saturating_sub(1)).unwrap_or(0);
        glyphs
            .levels
            .get(index)
            .or(glyphs.levels.last())
            .copied()
            .unwrap_or(' ')
    };
    series.iter().copied().map(level).collect()
}

/// `text` broken into lines of at most `columns` columns: at spaces, and inside words that are longer
/// than a line, such as paths.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text
        .split_whitespace()
        .flat_map(|word| pieces(word, columns))
    {
        if !line.is_empty() && line.width() + 1 + word.width() > columns {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&word);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// A word in pieces of at most `columns` columns; one piece, if it fits or nothing can.
fn pieces(word: &str, columns: usize) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut used = 0;
    for grapheme in word.graphemes(true) {
        if used > 0 && used + grapheme.width() > columns.max(1) {
            pieces.push(String::new());
            used = 0;
        }
        used += grapheme.width();
        if let Some(piece) = pieces.last_mut() {
            piece.push_str(grapheme);
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::styles::{Depth, Styles};
    use super::*;

    fn glyphs() -> Glyphs {
        Styles::new(Depth::Ansi16, true).glyphs
    }

    #[test]
    fn bytes_are_short() {
        for (count, shown) in [
            (0, "0"),
            (999, "999"),
            (1000, "1.0k"),
            (9_949, "9.9k"),
            (10_000, "10k"),
            (999_999, "999k"),
            (1_000_000, "1.0M"),
            (210_400_000, "210M"),
            (u64::MAX, "18446P"),
        ] {
            assert_eq!(bytes(count), shown);
        }
    }

    #[test]
    fn sparklines_scale_to_their_own_peak() {
        assert_eq!(sparkline(&[0, 1, 4, 8], &glyphs()), " ▁▄█");
        assert_eq!(sparkline(&[0, 0], &glyphs()), "  ");
        assert_eq!(sparkline(&[u64::MAX, 1], &glyphs()), "█▁");
    }

    #[test]
    fn wrapping_keeps_every_word() {
        assert_eq!(wrap("a bb  ccc dddd", 4), ["a bb", "ccc", "dddd"]);
        assert_eq!(wrap("an overlong one", 4), ["an", "over", "long", "one"]);
        assert_eq!(wrap("ab", 0), ["a", "b"]);
    }

    proptest! {
        #[test]
        fn fitted_text_fits(text in "\\PC{0,40}", columns in 0_usize..50) {
            prop_assert!(fit(&text, columns, &glyphs()).width() <= columns);
            prop_assert!(pad(&text, columns, &glyphs()).width() == columns);
        }
    }
}
