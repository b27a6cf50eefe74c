//! The runs of the past, as their journals tell them. It reads, and changes nothing.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::case::is_exercise;
use super::event::{RunEvent, RunEventKind, RunOutcome};
use super::journal_read::{self, Damage, Readback};
use super::lock::{FOLDER, Holder, Lock};
use super::run_view::RunView;

/// The journals below one root: `<root>/<case>/<run>.jsonl`.
#[derive(Debug, Clone)]
pub struct Archive {
    root: PathBuf,
}

/// A run, as far as its journal can be trusted.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// Its journal.
    pub path: PathBuf,
    /// What the events add up to.
    pub view: RunView,
    /// The events up to the damage.
    pub events: Vec<RunEvent>,
    /// The hash of the last line that is used: it stands for all of them.
    pub seal: String,
    /// What is wrong with the journal, if anything.
    pub damage: Option<Damage>,
    /// The process that carries it out now.
    pub held_by: Option<Holder>,
}

/// What an archive holds.
#[derive(Debug, Default)]
pub struct Listing {
    /// The runs, newest first.
    pub runs: Vec<Recorded>,
    /// Journals that tell of no run, and folders that can't be read.
    pub unreadable: Vec<Unreadable>,
}

/// Something that should be a journal, and can't be read as one.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {why}")]
pub struct Unreadable {
    /// The file or folder.
    pub path: String,
    /// Why.
    pub why: String,
}

impl Archive {
    /// The archive below the root of the journals; there may be none yet.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Every run, newest first. A journal that can't be read does not hide the others.
    pub fn runs(&self) -> Vec<Recorded> {
        self.all().runs
    }

    /// Every run, and what can't be read.
    pub fn all(&self) -> Listing {
        self.list(|_| true)
    }

    /// The runs that can be taken up again, newest first: those that did not come to an end, or left
    /// something open. Of a run that came to a good end only the last line is read.
    pub fn open(&self) -> Listing {
        let mut listing = self.list(|path| !has_ended(path));
        listing.runs.retain(Recorded::is_open);
        listing
    }

    /// The run of this id.
    ///
    /// # Errors
    /// Its journal tells of no run.
    pub fn find(&self, run: &str) -> Result<Option<Recorded>, Unreadable> {
        let (journals, _) = self.journals();
        let named = |it: &&PathBuf| it.file_stem().is_some_and(|stem| stem == run);
        journals
            .iter()
            .find(named)
            .map(|path| self.recorded(path))
            .transpose()
    }

    fn list(&self, wanted: impl Fn(&Path) -> bool) -> Listing {
        let (journals, mut unreadable) = self.journals();
        let mut runs = Vec::new();
        for path in journals.iter().filter(|path| wanted(path)) {
            match self.recorded(path) {
                Ok(run) => runs.push(run),
                Err(error) => unreadable.push(error),
            }
        }
        runs.sort_by(|a, b| {
            b.view
                .started
                .cmp(&a.view.started)
                .then(b.path.cmp(&a.path))
        });
        Listing { runs, unreadable }
    }

    /// The folders of the cases.
    pub(super) fn folders(&self, unreadable: &mut Vec<Unreadable>) -> Vec<PathBuf> {
        let case = |it: &PathBuf| it.is_dir() && it.file_name().is_some_and(|name| name != FOLDER);
        let mut folders = entries(&self.root, unreadable);
        folders.retain(case);
        folders
    }

    /// The folder of a case, whether or not there is one.
    pub(super) fn folder(&self, case: &str) -> PathBuf {
        self.root.join(case)
    }

    /// The paths of the journals, and the folders that can't be read.
    fn journals(&self) -> (Vec<PathBuf>, Vec<Unreadable>) {
        let mut unreadable = Vec::new();
        let mut journals = Vec::new();
        for folder in self.folders(&mut unreadable) {
            journals.extend(runs_in(&folder, &mut unreadable));
        }
        (journals, unreadable)
    }

    fn recorded(&self, path: &Path) -> Result<Recorded, Unreadable> {
        let mut recorded = Recorded::read(path)?;
        if recorded.is_open() {
            let holder = Lock::holder(&self.root, &recorded.view.plan.target);
            recorded.held_by = holder.filter(|it| it.run == recorded.view.run);
        }
        Ok(recorded)
    }
}

impl Recorded {
    /// Reads one journal. Who carries the run out is not asked.
    ///
    /// # Errors
    /// The file can't be read, or tells of no run.
    pub fn read(path: &Path) -> Result<Self, Unreadable> {
        let mut back: Readback<RunEvent> =
            journal_read::read(path).map_err(|error| unreadable(path, &error))?;
        let (mut events, mut damage) = (std::mem::take(&mut back.entries), back.damage);
        let Some(first) = events.first() else {
            let empty = || "empty: no run was begun".to_owned();
            return Err(unreadable(
                path,
                &damage.map_or_else(empty, |it| it.to_string()),
            ));
        };
        let mut view = RunView::begin(first).map_err(|error| unreadable(path, &error))?;
        let fits = |event: &&RunEvent| view.apply(event).is_ok();
        let good = 1 + events.iter().skip(1).take_while(fits).count();
        if good < events.len() {
            events.truncate(good);
            damage = Some(Damage {
                line: good + 1,
                what: "can't follow the lines before it",
            });
        }
        Ok(Self {
            path: path.to_owned(),
            seal: back.seal(good),
            view,
            events,
            damage,
            held_by: None,
        })
    }

    /// Whether it can be taken up again: it has not come to an end, or could not close what it had opened.
    pub fn is_open(&self) -> bool {
        self.view.is_open()
    }

    /// Since when the suspect stands open to the world: an opening was sent, and closing it has not
    /// succeeded.
    pub fn open_since(&self) -> Option<DateTime<Utc>> {
        self.view.open_since()
    }
}

/// The journals of the runs in the folder of a case.
pub(super) fn runs_in(folder: &Path, unreadable: &mut Vec<Unreadable>) -> Vec<PathBuf> {
    let mut found = entries(folder, unreadable);
    found.retain(|it| it.extension().is_some_and(|it| it == "jsonl") && !is_exercise(it));
    found
}

pub(super) fn unreadable(path: &Path, why: &impl ToString) -> Unreadable {
    Unreadable {
        path: path.display().to_string(),
        why: why.to_string(),
    }
}

/// What is in a folder, by name; nothing if there is no such folder.
fn entries(folder: &Path, unreadables: &mut Vec<Unreadable>) -> Vec<PathBuf> {
    let read = || -> io::Result<Vec<PathBuf>> {
        let mut paths = fs::read_dir(folder)?
            .map(|it| it.map(|it| it.path()))
            .collect::<io::Result<Vec<_>>>()?;
        paths.sort();
        Ok(paths)
    };
    match read() {
        Ok(paths) => paths,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => {
            unreadables.push(unreadable(folder, &error));
            Vec::new()
        }
    }
}

/// Whether the last line says that the run came to an end, and left nothing open.
fn has_ended(path: &Path) -> bool {
    let last = journal_read::last(path).ok().flatten();
    last.is_some_and(|event| match event.kind {
        RunEventKind::Finished { outcome } => outcome != RunOutcome::LeftOpen,
        // Only what left nothing open is verified.
        RunEventKind::Verifying { .. } | RunEventKind::Proof { .. } => true,
        _ => false,
    })
}
