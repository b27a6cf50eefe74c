//! The experiments that are shipped: their files, and finding one.

use super::spec::{BookSpec, SourceSpec};
use super::{Experiment, ExperimentError};

macro_rules! book {
    ($name:literal) => {
        (
            $name,
            include_str!(concat!("../../../assets/experiments/", $name)),
        )
    };
}

/// Files of experiments, by name.
const BOOKS: [(&str, &str); 10] = [
    book!("carriagereturn.toml"),
    book!("benjitrapp.toml"),
    book!("cloudacademy.toml"),
    book!("aws-builders.toml"),
    book!("bardev.toml"),
    book!("frichetten.toml"),
    book!("groyz.toml"),
    book!("etcfuse.toml"),
    book!("fis.toml"),
    book!("nitro-v6.toml"),
];

/// Every experiment that is shipped.
///
/// # Errors
/// A file of them is unsound; a test holds that none is.
pub fn all() -> Result<Vec<Experiment>, ExperimentError> {
    let mut all = Vec::new();
    for (file, text) in BOOKS {
        let book: BookSpec = toml::from_str(text).map_err(|error| ExperimentError::Unreadable {
            file,
            problem: error.to_string(),
        })?;
        let SourceSpec {
            author,
            date,
            title,
            url,
        } = &book.source;
        let experiments = book.experiments.into_iter();
        all.extend(experiments.map(|spec| Experiment {
            cited: format!("{author}, {date}: {title}"),
            pages: url.iter().chain(&spec.also).cloned().collect(),
            spec,
        }));
    }
    Ok(all)
}

/// The experiment with an id; case does not matter.
///
/// # Errors
/// There is none of that id: the error names those that are like it, or all.
pub fn find(id: &str) -> Result<Experiment, ExperimentError> {
    let mut all = all()?;
    let found = all.iter().position(|it| it.id().eq_ignore_ascii_case(id));
    match found {
        Some(at) => Ok(all.swap_remove(at)),
        None => Err(ExperimentError::Unknown {
            id: id.to_owned(),
            known: known(id, &all),
        }),
    }
}

/// The ids that begin like the one that was asked for, or all.
fn known(id: &str, all: &[Experiment]) -> String {
    let shared = |known: &str| {
        let pairs = known.bytes().zip(id.bytes());
        let same = pairs.take_while(|(a, b)| a.eq_ignore_ascii_case(b));
        same.count()
    };
    let most = all.iter().map(|it| shared(it.id())).max().unwrap_or(0);
    let (words, least) = if most > "EX-".len() {
        ("the nearest are", most)
    } else {
        ("there are", 0)
    };
    let ids = all.iter().map(Experiment::id);
    let ids: Vec<&str> = ids.filter(|it| shared(it) >= least).collect();
    format!("{words} {}", ids.join(", "))
}
