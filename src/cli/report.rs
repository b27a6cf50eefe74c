//! `firedoor report`: the after-action report of a case, from its journals alone.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use color_eyre::eyre::{self, WrapErr};

use super::{BadInput, print, state_dir};
use crate::executor::{Archive, Case};
use crate::report::{Form, Report};

/// What is reported, and how.
#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// The case, by its name or as the folder of its journals.
    case: String,
    /// How it is written: markdown for a ticket, json for a program, html as one page for a browser and for paper.
    #[arg(long, value_enum, default_value_t = Written::Markdown)]
    output: Written,
    /// The file to write to, in place of standard output; one that is there is written anew.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// The forms of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Written {
    /// `CommonMark`.
    Markdown,
    /// Everything, as a program reads it.
    Json,
    /// One page that needs nothing else.
    Html,
}

impl From<Written> for Form {
    fn from(it: Written) -> Self {
        match it {
            Written::Markdown => Self::Markdown,
            Written::Json => Self::Json,
            Written::Html => Self::Html,
        }
    }
}

/// Cases that are named at the most when one is not known.
const NEAREST: usize = 3;

/// Writes the report of a case.
pub(super) fn run(args: &ReportArgs) -> eyre::Result<()> {
    let text = Report::of(&case(&args.case)?).write(args.output.into());
    match &args.out {
        Some(file) => fs::write(file, text).wrap_err_with(|| format!("{}", file.display())),
        None => print(|out| out.write_all(text.as_bytes())),
    }
}

fn case(named: &str) -> eyre::Result<Case> {
    let archive = Archive::new(state_dir()?);
    if let Some(case) = archive.case(named)? {
        return Ok(case);
    }
    let folder = Path::new(named);
    if folder.is_dir() {
        return Ok(Case::read(folder)?);
    }
    let nearest = nearest(named, archive.cases());
    let hint = if nearest.is_empty() {
        "no case was journalled on this machine".to_owned()
    } else {
        format!("the nearest are {}", nearest.join(", "))
    };
    Err(BadInput(format!(
        "there is no case {named}, nor a folder of that name: {hint}"
    ))
    .into())
}

/// The names that take the fewest changes of a character to get to.
fn nearest(named: &str, mut cases: Vec<String>) -> Vec<String> {
    cases.sort_by_cached_key(|it| distance(named, it));
    cases.truncate(NEAREST);
    cases
}

/// How many characters must be put in, taken out or replaced to make one text of the other.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (line, a) in from.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], line + 1);
        for (column, b) in to.iter().enumerate() {
            let changed = diagonal + usize::from(a != *b);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_names_come_first() {
        for (from, to, changes) in [
            ("", "", 0),
            ("abc", "abc", 0),
            ("abc", "xbc", 1),
            ("ab", "abc", 1),
            ("", "ab", 2),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(from, to), changes, "{from} {to}");
        }
        let names = ["fd-1", "drill-2", "tuesday", "monday"]
            .map(str::to_owned)
            .to_vec();
        assert_eq!(nearest("tusday", names)[0], "tuesday");
    }
}
