//! One case as its folder tells it: its runs, and its exercise if it was a drill. It reads, and changes
//! nothing.

use std::path::{Path, PathBuf};

use super::archive::{Archive, Recorded, Unreadable, runs_in, unreadable};
use super::journal::EXERCISE;
use super::journal_read::{self, Damage};
use crate::sources::ExerciseRecord;

/// A case, as far as its journals can be trusted.
#[derive(Debug, Default)]
pub struct Case {
    /// Its name: that of its folder.
    pub name: String,
    /// Its runs, oldest first.
    pub runs: Vec<Recorded>,
    /// Its exercise; `None`: it was none, or nobody journalled it.
    pub exercise: Option<Exercised>,
    /// Journals that tell of no run or exercise.
    pub unreadable: Vec<Unreadable>,
}

/// An exercise, as far as its journal can be trusted.
#[derive(Debug, Clone, PartialEq)]
pub struct Exercised {
    /// Its journal.
    pub path: PathBuf,
    /// What happened, up to the damage.
    pub records: Vec<ExerciseRecord>,
    /// The hash of the last line that is used: it stands for all of them. Empty: there is none.
    pub seal: String,
    /// What is wrong with the journal, if anything.
    pub damage: Option<Damage>,
}

impl Case {
    /// Reads the folder of a case. A journal that can't be read does not hide the others.
    ///
    /// # Errors
    /// It is no folder.
    pub fn read(folder: &Path) -> Result<Self, Unreadable> {
        if !folder.is_dir() {
            return Err(unreadable(folder, &"not a folder of journals"));
        }
        let mut case = Self {
            name: name_of(folder),
            ..Self::default()
        };
        for path in runs_in(folder, &mut case.unreadable) {
            match Recorded::read(&path) {
                Ok(run) => case.runs.push(run),
                Err(error) => case.unreadable.push(error),
            }
        }
        case.runs
            .sort_by(|a, b| (a.view.started, &a.path).cmp(&(b.view.started, &b.path)));
        let exercise = exercise_in(folder);
        if exercise.exists() {
            match Exercised::read(&exercise) {
                Ok(it) => case.exercise = Some(it),
                Err(error) => case.unreadable.push(error),
            }
        }
        Ok(case)
    }
}

impl Exercised {
    /// Reads the journal of an exercise.
    ///
    /// # Errors
    /// The file can't be read, or holds not even a first record.
    pub fn read(path: &Path) -> Result<Self, Unreadable> {
        let back = journal_read::read(path).map_err(|error| unreadable(path, &error))?;
        if back.entries.is_empty() {
            let empty = || "empty: no exercise was begun".to_owned();
            let why = back.damage.map_or_else(empty, |it| it.to_string());
            return Err(unreadable(path, &why));
        }
        Ok(Self {
            path: path.to_owned(),
            seal: back.seal(back.entries.len()),
            records: back.entries,
            damage: back.damage,
        })
    }
}

impl Archive {
    /// The names of the cases: folders in which something is journalled.
    pub fn cases(&self) -> Vec<String> {
        let mut folders = self.folders(&mut Vec::new());
        folders.retain(|it| exercise_in(it).exists() || !runs_in(it, &mut Vec::new()).is_empty());
        folders.iter().map(|it| name_of(it)).collect()
    }

    /// The case of this name; `None`: there is none.
    ///
    /// # Errors
    /// Its folder can't be read.
    pub fn case(&self, name: &str) -> Result<Option<Case>, Unreadable> {
        let folder = self.folder(name);
        if !self.folders(&mut Vec::new()).contains(&folder) {
            return Ok(None);
        }
        Case::read(&folder).map(Some)
    }
}

fn exercise_in(folder: &Path) -> PathBuf {
    folder.join(format!("{EXERCISE}.jsonl"))
}

/// Whether a journal is that of an exercise.
pub(super) fn is_exercise(path: &Path) -> bool {
    path.file_stem().is_some_and(|it| it == EXERCISE)
}

/// `.` has a name too.
fn name_of(folder: &Path) -> String {
    let absolute = folder.canonicalize();
    let folder = absolute.as_deref().unwrap_or(folder);
    let name = folder.file_name().unwrap_or(folder.as_os_str());
    name.to_string_lossy().into_owned()
}
