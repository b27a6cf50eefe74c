//! The ledger for a terminal.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use super::words::{self, COLUMNS, TOTALS, cells, counted, lists, shown, totals};
use super::{Review, UNKNOWN_FLOWS};

/// Writes the ledger in aligned columns.
pub(super) fn write(review: &Review, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "CHANGE  {}", review.asked)?;
    for step in &review.change.steps {
        writeln!(out, "  {}", step.words)?;
        if let Some(cli) = &step.cli {
            writeln!(out, "    {cli}")?;
        }
    }
    for remark in &review.change.remarks {
        writeln!(out, "  {remark}")?;
    }
    writeln!(out, "\nREACHES  {}", words::reach(review))?;
    rows(out, None, &review.scope, &[])?;
    if review.has_flows {
        for (name, what, lines) in lists(review) {
            list(out, name, what, lines)?;
        }
        writeln!(out, "\nTOTALS")?;
        let numbers = [1, 2, 3, 4, 5, 6];
        rows(out, Some(&TOTALS), &totals(review), &numbers)?;
    } else {
        writeln!(out, "\n{}", UNKNOWN_FLOWS.to_uppercase())?;
    }
    if !review.doubts.is_empty() {
        writeln!(out, "\nDOUBTS")?;
        for doubt in &review.doubts {
            writeln!(out, "  {}: {}", doubt.about.name(), doubt.words)?;
        }
    }
    let sources = words::sources(review);
    if !sources.is_empty() {
        writeln!(out, "\nSOURCES")?;
        for source in sources {
            writeln!(out, "  {source}")?;
        }
    }
    writeln!(out, "\nNOTE  {}", words::blind_spots())
}

fn list(
    out: &mut dyn Write,
    name: &str,
    what: &str,
    lines: &[crate::plan::Line],
) -> io::Result<()> {
    let heading = format!("{}  {}", name.to_uppercase(), counted(lines.len(), "flow"));
    if lines.is_empty() {
        return writeln!(out, "\n{heading}");
    }
    writeln!(out, "\n{heading}: {what}")?;
    let (shown, more) = shown(lines);
    let cells: Vec<_> = shown.iter().map(cells).collect();
    rows(out, Some(&COLUMNS), &cells, &[0])?;
    more.map_or(Ok(()), |more| writeln!(out, "  {more}"))
}

/// Rows in columns as wide as their widest cell; those of `numbers` are aligned to the right.
fn rows<const N: usize>(
    out: &mut dyn Write,
    names: Option<&[&str; N]>,
    rows: &[[String; N]],
    numbers: &[usize],
) -> io::Result<()> {
    let names = names.map(|names| names.map(str::to_owned));
    let all: Vec<&[String; N]> = names.iter().chain(rows).collect();
    let mut widths = [0; N];
    for row in &all {
        for (width, cell) in widths.iter_mut().zip(row.iter()) {
            *width = cell.width().max(*width);
        }
    }
    for row in all {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(widths).enumerate() {
            let room = " ".repeat(width.saturating_sub(cell.width()));
            line.push_str("  ");
            if numbers.contains(&column) {
                line.push_str(&room);
                line.push_str(cell);
            } else {
                line.push_str(cell);
                line.push_str(&room);
            }
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}
