//! The journal: append-only JSON lines, hash-chained, one file per run; and one per exercise, of the same
//! make.
//!
//! A line is on disk (`fsync`) before [`Journal::append`] returns, and so before the call that it
//! announces is sent. Each line carries the hash of the one before: a line that was changed, cut or
//! taken out is noticed, and what stands before it stays usable.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::event::RunEvent;
use super::journal_read::{self, Damage, Line, Readback, VERSION, chain};
use crate::sources::ExerciseRecord;

/// The file of a case that holds its exercise. No run has this id: theirs begin with a time.
pub(super) const EXERCISE: &str = "exercise";

/// How long a line may take to get to the disk. A disk that hangs must not keep a door open.
const PATIENCE: Duration = Duration::from_secs(10);

/// Lines that are put on disk together at the most.
const BATCH: usize = 512;

/// The journal of a run.
pub type Journal = Chained<RunEvent>;

/// The journal of an exercise: what the embedded world knows, and what the players were told and said.
pub type ExerciseJournal = Chained<ExerciseRecord>;

/// Writes one journal, on a thread of its own.
#[derive(Debug)]
pub struct Chained<R> {
    path: PathBuf,
    lines: mpsc::Sender<Queued<R>>,
    /// A line has been under way for longer than `patience`.
    hangs: Arc<AtomicBool>,
    patience: Duration,
}

// Derived, it would ask that of the entries too.
impl<R> Clone for Chained<R> {
    fn clone(&self) -> Self {
        Self {
            path: self.path.clone(),
            lines: self.lines.clone(),
            hangs: Arc::clone(&self.hangs),
            patience: self.patience,
        }
    }
}

/// The journal could not be written.
#[derive(Debug, thiserror::Error)]
#[error(
    "journal {path}: {source}: nothing may be changed without one; free space or set XDG_STATE_HOME"
)]
pub struct JournalError {
    path: String,
    source: io::Error,
}

impl JournalError {
    /// Whether there is such a journal already: another name would do.
    pub fn is_taken(&self) -> bool {
        self.source.kind() == io::ErrorKind::AlreadyExists
    }
}

impl ExerciseJournal {
    /// Creates `<root>/<case>/exercise.jsonl`, readable by the user alone. A case holds one exercise: a second
    /// one, whose clock and account begin anew, would make two stories one.
    ///
    /// # Errors
    /// The path and the reason. [`JournalError::is_taken`]: the case has an exercise, which stays as it is.
    pub fn begin(root: &Path, case: &str) -> Result<Self, JournalError> {
        Self::create(root, case, EXERCISE)
    }
}

impl<R: Serialize + DeserializeOwned + Clone + Send + 'static> Chained<R> {
    /// Creates `<root>/<case>/<run>.jsonl`, readable by the user alone.
    ///
    /// # Errors
    /// The path and the reason; a journal that exists is never opened again.
    pub fn create(root: &Path, case: &str, run: &str) -> Result<Self, JournalError> {
        let (folder, path) = (root.join(case), Self::path_of(root, case, run));
        let failed = |source| unwritten(&path, source);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)
            .map_err(failed)?;
        let file = OpenOptions::new()
            .append(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(failed)?;
        // The new name must survive a crash as well as the contents.
        sync_folder(&folder).map_err(failed)?;
        Self::start(path.clone(), file, String::new(), PATIENCE).map_err(failed)
    }

    /// Opens a journal again, to go on after its first `good` events. What stands behind them is cut off;
    /// the whole is kept beside it, as `<run>.jsonl.damaged`.
    ///
    /// # Errors
    /// The path and the reason.
    pub(super) fn reopen(path: &Path, good: usize) -> Result<Self, JournalError> {
        let failed = |source| unwritten(path, source);
        let back: Readback<R> = journal_read::read(path).map_err(failed)?;
        let last = good.checked_sub(1).and_then(|it| back.ends.get(it));
        let (end, hash) = last.cloned().unwrap_or_default();
        let file = OpenOptions::new().append(true).open(path).map_err(failed)?;
        if file.metadata().map_err(failed)?.len() > end {
            keep_copy(path).map_err(failed)?;
            file.set_len(end).map_err(failed)?;
            file.sync_all().map_err(failed)?;
        }
        Self::start(path.to_owned(), file, hash, PATIENCE).map_err(failed)
    }

    /// Writes to something other than a file.
    #[cfg(test)]
    pub(super) fn over(disk: impl Disk + 'static, patience: Duration) -> Self {
        Self::start("test.jsonl".into(), disk, String::new(), patience).unwrap()
    }

    fn start(
        path: PathBuf,
        disk: impl Disk + 'static,
        prev: String,
        patience: Duration,
    ) -> io::Result<Self> {
        let (lines, queue) = mpsc::channel();
        let hangs = Arc::new(AtomicBool::new(false));
        let still = Arc::clone(&hangs);
        let thread = std::thread::Builder::new().name("journal".into());
        thread.spawn(move || Writer { disk, prev }.run(&queue, &still))?;
        Ok(Self {
            path,
            lines,
            hangs,
            patience,
        })
    }

    /// Where a run's journal is, below the root of all.
    pub fn path_of(root: &Path, case: &str, run: &str) -> PathBuf {
        root.join(case).join(format!("{run}.jsonl"))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends an entry; returns when it is on disk.
    ///
    /// # Errors
    /// The path and the reason. A disk that does not answer in time is one: the line may still get there.
    pub async fn append(&self, entry: &R) -> Result<(), JournalError> {
        self.append_all(std::slice::from_ref(entry)).await
    }

    /// Appends entries, in one go; returns when they are on disk.
    ///
    /// # Errors
    /// As [`Self::append`].
    pub async fn append_all(&self, entries: &[R]) -> Result<(), JournalError> {
        written(entries.iter().map(|it| self.queue(it)).collect()).await
    }

    /// Puts an entry into the queue: lines are written in the order in which they were queued.
    pub(super) fn queue(&self, entry: &R) -> Pending<R> {
        let (done, answer) = mpsc::channel();
        // Without a writer the answer never comes, and says so.
        drop(self.lines.send((entry.clone(), done)));
        Pending {
            answer,
            journal: self.clone(),
        }
    }

    /// Reads a journal back: the entries up to the first line that can't be trusted, and what is wrong
    /// with that line.
    ///
    /// # Errors
    /// The file can't be read at all.
    pub fn read(path: &Path) -> io::Result<(Vec<R>, Option<Damage>)> {
        let back = journal_read::read(path)?;
        Ok((back.entries, back.damage))
    }
}

/// A line on its way to the disk.
pub(super) struct Pending<R> {
    answer: mpsc::Receiver<io::Result<()>>,
    journal: Chained<R>,
}

impl<R> Pending<R> {
    /// Waits on this thread until the line is on disk.
    pub(super) fn wait(self) -> Result<(), JournalError> {
        let Chained {
            path,
            hangs,
            patience,
            ..
        } = self.journal;
        // Who found it hanging has waited for everybody.
        let patience = if hangs.load(Ordering::Acquire) {
            Duration::ZERO
        } else {
            patience
        };
        let source = match self.answer.recv_timeout(patience) {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(source)) => source,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                hangs.store(true, Ordering::Release);
                io::Error::new(io::ErrorKind::TimedOut, "the disk does not answer")
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => io::Error::other("the writer has ended"),
        };
        Err(unwritten(&path, source))
    }
}

/// Waits until all of these lines are on disk.
pub(super) async fn written<R: Send + 'static>(
    pending: Vec<Pending<R>>,
) -> Result<(), JournalError> {
    // On a thread that may wait: a disk answers in the machine's time, whatever the run's clock says.
    let all = move || pending.into_iter().try_for_each(Pending::wait);
    let broken = |it| unwritten(Path::new("journal"), io::Error::other(it));
    tokio::task::spawn_blocking(all)
        .await
        .unwrap_or_else(|it| Err(broken(it)))
}

fn unwritten(path: &Path, source: io::Error) -> JournalError {
    JournalError {
        path: path.display().to_string(),
        source,
    }
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Copies a journal to the first free name beside it.
fn keep_copy(path: &Path) -> io::Result<()> {
    let names = std::iter::once("jsonl.damaged".to_owned())
        .chain((2..100).map(|it| format!("jsonl.damaged-{it}")));
    for name in names {
        let copy = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path.with_extension(name));
        match copy {
            Ok(mut copy) => {
                io::copy(&mut File::open(path)?, &mut copy)?;
                return copy.sync_all();
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other(
        "a hundred damaged copies stand beside it: move them away",
    ))
}

/// What the lines are written to.
pub(super) trait Disk: Write + Send {
    fn size(&self) -> io::Result<u64>;
    /// Returns when everything is on disk.
    fn sync(&mut self) -> io::Result<()>;
    fn cut(&mut self, size: u64) -> io::Result<()>;
}

impl Disk for File {
    fn size(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }

    fn cut(&mut self, size: u64) -> io::Result<()> {
        self.set_len(size)
    }
}

type Queued<R> = (R, mpsc::Sender<io::Result<()>>);

/// The thread that writes.
struct Writer<D> {
    disk: D,
    /// The hash of the last line.
    prev: String,
}

impl<D: Disk> Writer<D> {
    fn run<R: Serialize>(mut self, queue: &mpsc::Receiver<Queued<R>>, hangs: &AtomicBool) {
        while let Ok(first) = queue.recv() {
            // Whatever waits already goes to the disk in one go: steps run together.
            let waiting = std::iter::once(first).chain(queue.try_iter().take(BATCH));
            let (entries, answers): (Vec<_>, Vec<_>) = waiting.unzip();
            let written = self.write(entries);
            hangs.store(false, Ordering::Release);
            for answer in answers {
                let written = written.as_ref().copied();
                // Nobody may be waiting any more.
                drop(answer.send(written.map_err(|it| io::Error::new(it.kind(), it.to_string()))));
            }
        }
    }

    fn write<R: Serialize>(&mut self, entries: Vec<R>) -> io::Result<()> {
        let mut prev = self.prev.clone();
        let mut text = Vec::new();
        for event in entries {
            let hash = chain(&prev, &event)?;
            let line = Line {
                v: VERSION,
                prev: std::mem::replace(&mut prev, hash.clone()),
                hash,
                event,
            };
            serde_json::to_writer(&mut text, &line)?;
            text.push(b'\n');
        }
        let size = self.disk.size()?;
        let written = self.disk.write_all(&text);
        if let Err(error) = written.and_then(|()| self.disk.sync()) {
            // Half a line would make those that are written later, when there is room again, unreadable.
            self.disk.cut(size).ok();
            return Err(error);
        }
        self.prev = prev;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use chrono::DateTime;

    use super::*;
    use crate::executor::RunEventKind;

    fn event(n: u32) -> RunEvent {
        RunEvent {
            n,
            at: DateTime::UNIX_EPOCH,
            kind: RunEventKind::StopRequested,
        }
    }

    async fn written(root: &Path) -> PathBuf {
        let journal = Journal::create(root, "case", "run").unwrap();
        for n in 0..3 {
            journal.append(&event(n)).await.unwrap();
        }
        journal.path().to_owned()
    }

    #[tokio::test]
    async fn what_was_appended_is_read_back_and_private() {
        let root = tempfile::tempdir().unwrap();
        let path = written(root.path()).await;
        let (events, damage) = Journal::read(&path).unwrap();
        assert_eq!(events, [event(0), event(1), event(2)]);
        assert_eq!(damage, None);
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[tokio::test]
    async fn a_run_never_writes_into_the_journal_of_another() {
        let root = tempfile::tempdir().unwrap();
        written(root.path()).await;
        let again = Journal::create(root.path(), "case", "run").unwrap_err();
        assert!(again.to_string().contains("run.jsonl"), "{again}");
    }

    #[tokio::test]
    async fn damage_is_noticed_and_the_rest_is_used() {
        let root = tempfile::tempdir().unwrap();
        let path = written(root.path()).await;
        let whole = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = whole.lines().collect();
        let cases = [
            ("cut off", whole[..whole.len() - 9].to_string(), 2, 3),
            (
                "changed, or lines before it are missing",
                whole.replacen("\"n\":1", "\"n\":7", 1),
                1,
                2,
            ),
            (
                "changed, or lines before it are missing",
                format!("{}\n{}\n", lines[0], lines[2]),
                1,
                2,
            ),
            (
                "not a journal line of this version",
                format!("{}\nhello\n", lines[0]),
                1,
                2,
            ),
        ];
        for (what, text, good, line) in cases {
            std::fs::write(&path, text).unwrap();
            let (events, damage) = Journal::read(&path).unwrap();
            assert_eq!(events.len(), good);
            assert_eq!(damage, Some(Damage { line, what }));
        }
    }
}
