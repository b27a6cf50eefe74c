//! The ledger for a pull request.

use std::io::{self, Write};

use super::words::{self, COLUMNS, TOTALS, cells, counted, lists, shown, totals};
use super::{Review, UNKNOWN_FLOWS};

/// Writes the ledger as GitHub's markdown. Whatever the account says stands in code spans, where nothing
/// in it is taken for markup or for a mention.
pub(super) fn write(review: &Review, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "## Blast radius of {}\n", code(&review.asked))?;
    for (step, number) in review.change.steps.iter().zip(1..) {
        writeln!(out, "{number}. {}", code(&step.words))?;
    }
    for remark in &review.change.remarks {
        writeln!(out, "\n> {}", code(remark))?;
    }
    writeln!(out, "\nReaches {}.\n", words::reach(review))?;
    if review.has_flows {
        table(out, &TOTALS, &totals(review), str::to_owned)?;
        for (name, what, lines) in lists(review) {
            list(out, name, what, lines)?;
        }
    } else {
        writeln!(out, "**{UNKNOWN_FLOWS}**")?;
    }
    if !review.doubts.is_empty() {
        writeln!(out, "\n### Doubts\n")?;
        for doubt in &review.doubts {
            writeln!(out, "- {}: {}", doubt.about.name(), code(&doubt.words))?;
        }
    }
    let scope = &review.scope;
    let heading = counted(scope.len(), "interface");
    writeln!(out, "\n<details><summary>{heading} in scope</summary>\n")?;
    table(
        out,
        &["interface", "subnet", "address", "what"],
        scope,
        code,
    )?;
    writeln!(out, "\n</details>\n")?;
    for source in words::sources(review) {
        writeln!(out, "- <{source}>")?;
    }
    writeln!(out, "- {}", words::blind_spots())
}

fn list(
    out: &mut dyn Write,
    name: &str,
    what: &str,
    lines: &[crate::plan::Line],
) -> io::Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    let heading = counted(lines.len(), "flow");
    writeln!(out, "\n### {name}: {heading} {what}\n")?;
    let (shown, more) = shown(lines);
    let rows: Vec<_> = shown.iter().map(cells).collect();
    table(out, &COLUMNS, &rows, code)?;
    more.map_or(Ok(()), |more| writeln!(out, "\n{more}"))
}

fn table<const N: usize>(
    out: &mut dyn Write,
    names: &[&str; N],
    rows: &[[String; N]],
    cell: impl Fn(&str) -> String,
) -> io::Result<()> {
    writeln!(out, "| {} |", names.join(" | "))?;
    writeln!(out, "|{}", "---|".repeat(N))?;
    for row in rows {
        let cells: Vec<String> = row.iter().map(|it| cell(it)).collect();
        writeln!(out, "| {} |", cells.join(" | "))?;
    }
    Ok(())
}

/// A code span. A backtick would end it, and a bar would end the cell of a table that it stands in.
fn code(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    format!("`{}`", text.replace('`', "'").replace('|', "\\|"))
}
