//! What goes on around the console of an exercise: its world is driven, its records are journalled, deeds
//! are recorded, facilitators are let in, and in the end it is judged.

use std::path::PathBuf;
use std::time::Duration;

use color_eyre::eyre;
use etcetera::BaseStrategy;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinHandle;
use tokio_util::task::AbortOnDropHandle;

use super::{BadInput, say, state_dir};
use crate::drill::{Act, Deed, Drill, Facilitation, Recorder, Told};
use crate::executor::{Case, ExerciseJournal, Proof, Recorded, RunEventKind, RunOutcome};
use crate::plan::Procedure;
use crate::sources::{ExerciseRecord, Happening, Undone};

/// Records that are put on disk together at the most.
const BATCH: usize = 64;

/// How long the last records may take to get to the disk.
const PATIENCE: Duration = Duration::from_secs(10);

/// An exercise under way.
pub(super) struct Play {
    drill: Drill,
    case: String,
    journal: Option<Written>,
    recording: Option<Written>,
    _facilitation: Option<Facilitation>,
    driver: AbortOnDropHandle<()>,
}

/// Something is written until the exercise ends; what went wrong is said afterwards.
struct Written {
    path: PathBuf,
    task: JoinHandle<Result<(), String>>,
}

impl Play {
    /// Begins an exercise whose records belong to a case.
    ///
    /// # Errors
    /// The case has an exercise already.
    pub(super) fn begin(
        drill: &Drill,
        case: &str,
        recorder: Option<(PathBuf, Recorder)>,
    ) -> eyre::Result<Self> {
        let journal = journal(drill, case)?;
        let recording = recorder.map(|(path, recorder)| Written {
            path,
            task: tokio::spawn(record(recorder, drill.deeds())),
        });
        let facilitation = socket_folder().and_then(|folder| {
            Facilitation::open(drill.clone(), &folder).map_err(eyre::Report::from)
        });
        let facilitation = facilitation
            .inspect_err(|error| say(&format!("no facilitator can join: {error}")))
            .ok();
        Ok(Self {
            driver: AbortOnDropHandle::new(tokio::spawn(drill.clone().drive())),
            drill: drill.clone(),
            case: case.to_owned(),
            journal,
            recording,
            _facilitation: facilitation,
        })
    }

    /// Ends it, and says what came of it.
    pub(super) async fn end(self) {
        self.driver.abort();
        let told = told(&self.case);
        let by = "the players left the console";
        match self.drill.end(by, told) {
            Ok(score) => say(&format!(
                "the exercise is over: {} points, {}, objectives {}",
                score.points,
                score.grade,
                if score.won { "met" } else { "missed" }
            )),
            Err(error) => say(&format!("the exercise is not judged: {error}")),
        }
        if let Some(path) = finished(self.journal, "the journal").await {
            let (path, case) = (path.display(), &self.case);
            say(&format!(
                "its journal is {path}; firedoor report {case} tells the whole story"
            ));
        }
        if let Some(path) = finished(self.recording, "the recording").await {
            let path = path.display();
            say(&format!(
                "it is recorded in {path}; firedoor drill --replay {path} plays it again"
            ));
        }
    }
}

/// Waits for the last line; where it is, unless something went wrong.
async fn finished(written: Option<Written>, what: &str) -> Option<PathBuf> {
    let Written { path, task } = written?;
    let problem = match tokio::time::timeout(PATIENCE, task).await {
        Ok(Ok(Ok(()))) => return Some(path),
        Ok(Ok(Err(why))) => why,
        Ok(Err(_)) => "its writer failed".to_owned(),
        Err(_) => format!("{}: the disk does not answer", path.display()),
    };
    say(&format!("{what} of the exercise is not whole: {problem}"));
    None
}

/// The journal of the exercise; without one it is played nevertheless.
fn journal(drill: &Drill, case: &str) -> eyre::Result<Option<Written>> {
    match ExerciseJournal::begin(&state_dir()?, case) {
        Ok(journal) => Ok(Some(Written {
            path: journal.path().to_owned(),
            task: tokio::spawn(write(journal, drill.hear())),
        })),
        Err(error) if error.is_taken() => {
            let words = format!("--case {case}: it has an exercise already; name another case");
            Err(BadInput(words).into())
        }
        Err(error) => {
            say(&format!("the exercise is not journalled: {error}"));
            Ok(None)
        }
    }
}

async fn write(
    journal: ExerciseJournal,
    mut records: UnboundedReceiver<ExerciseRecord>,
) -> Result<(), String> {
    let mut batch = Vec::new();
    while records.recv_many(&mut batch, BATCH).await > 0 {
        let written = journal.append_all(&batch).await;
        written.map_err(|error| error.to_string())?;
        let is_end = |it: &ExerciseRecord| matches!(it.what, Happening::Ended { .. });
        if batch.iter().any(is_end) {
            break;
        }
        batch.clear();
    }
    Ok(())
}

async fn record(mut recorder: Recorder, mut deeds: UnboundedReceiver<Deed>) -> Result<(), String> {
    while let Some(deed) = deeds.recv().await {
        let written = recorder.write(&deed);
        written.map_err(|error| error.to_string())?;
        if matches!(deed.what, Act::End { .. }) {
            break;
        }
    }
    Ok(())
}

/// What the journals of the runs tell of the players' deeds.
fn told(case: &str) -> Told {
    let folder = state_dir().map(|it| it.join(case));
    let case = folder.ok().and_then(|it| Case::read(&it).ok());
    let runs = case.map(|it| it.runs).unwrap_or_default();
    Told {
        looked: None,
        proven: runs.iter().filter_map(proven).min(),
        undo: undone(&runs),
    }
}

/// When the flow logs proved that a run holds.
fn proven(run: &Recorded) -> Option<chrono::DateTime<chrono::Utc>> {
    let proof = run.events.iter().find(|it| {
        matches!(&it.kind, RunEventKind::Proof { proof, .. } if matches!(proof, Proof::Proven { .. }))
    });
    proof.map(|it| it.at)
}

/// What the last undo came to.
fn undone(runs: &[Recorded]) -> Undone {
    let mut undos = runs.iter().rev();
    let last = undos.find(|it| matches!(it.view.plan.procedure, Procedure::Undo(_)));
    match last.map(|it| it.view.ended.map(|(_, outcome)| outcome)) {
        None => Undone::NotAsked,
        Some(Some(RunOutcome::Done)) => Undone::Clean,
        Some(_) => Undone::Drift,
    }
}

/// Where the sockets of drills are: in the runtime directory, or else beside the journals.
pub(super) fn socket_folder() -> eyre::Result<PathBuf> {
    let dirs = etcetera::base_strategy::Xdg::new().ok();
    match dirs.and_then(|it| it.runtime_dir()) {
        Some(runtime) => Ok(runtime.join("firedoor")),
        None => Ok(state_dir()?.join("drills")),
    }
}
