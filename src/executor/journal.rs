//! The journal: append-only JSON lines, hash-chained, one file per run.
//!
//! A line is on disk (`fsync`) before [`Journal::append`] returns, and so before the call that it
//! announces is sent. Each line carries the hash of the one before: a line that was changed, cut or
//! taken out is noticed, and what stands before it stays usable.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::mpsc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::sync::oneshot;

use super::event::RunEvent;

/// The version of the format of a line.
const VERSION: u32 = 1;

/// Writes one run's journal, on a thread of its own.
#[derive(Debug, Clone)]
pub struct Journal {
    path: PathBuf,
    lines: mpsc::Sender<Queued>,
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

#[derive(Serialize, Deserialize)]
struct Line {
    v: u32,
    prev: String,
    hash: String,
    event: RunEvent,
}

impl Journal {
    /// Creates `<root>/<case>/<run>.jsonl`, readable by the user alone.
    ///
    /// # Errors
    /// The path and the reason; a journal that exists is never opened again.
    pub fn create(root: &Path, case: &str, run: &str) -> Result<Self, JournalError> {
        let folder = root.join(case);
        let path = folder.join(format!("{run}.jsonl"));
        let failed = |source| JournalError {
            path: path.display().to_string(),
            source,
        };
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
        File::open(&folder)
            .and_then(|it| it.sync_all())
            .map_err(failed)?;
        let lines = start(file).map_err(failed)?;
        Ok(Self { path, lines })
    }

    /// Writes to something other than a file.
    #[cfg(test)]
    pub(super) fn over(disk: impl Disk + 'static) -> Self {
        Self {
            path: "test.jsonl".into(),
            lines: start(disk).unwrap(),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends an event; returns when it is on disk.
    ///
    /// # Errors
    /// The path and the reason.
    pub async fn append(&self, event: &RunEvent) -> Result<(), JournalError> {
        let (done, written) = oneshot::channel();
        let sent = self.lines.send((event.clone(), done)).is_ok();
        let result = match written.await {
            Ok(result) if sent => result,
            _ => Err(io::Error::other("the writer has ended")),
        };
        result.map_err(|source| JournalError {
            path: self.path.display().to_string(),
            source,
        })
    }

    /// Reads a journal back: the events up to the first line that can't be trusted, and what is wrong
    /// with that line.
    ///
    /// # Errors
    /// The file can't be read at all.
    pub fn read(path: &Path) -> io::Result<(Vec<RunEvent>, Option<Damage>)> {
        let mut events = Vec::new();
        let mut prev = String::new();
        let mut reader = BufReader::new(File::open(path)?);
        for number in 1.. {
            let mut text = Vec::new();
            if reader.read_until(b'\n', &mut text)? == 0 {
                break;
            }
            let damage = |what| Some(Damage { line: number, what });
            if text.last() != Some(&b'\n') {
                return Ok((events, damage("cut off")));
            }
            let Ok(line) = serde_json::from_slice::<Line>(&text) else {
                return Ok((events, damage("not a journal line of this version")));
            };
            if line.v != VERSION {
                return Ok((events, damage("written by another version")));
            }
            if line.prev != prev || chain(&prev, &line.event).ok().as_ref() != Some(&line.hash) {
                return Ok((events, damage("changed, or lines before it are missing")));
            }
            prev = line.hash;
            events.push(line.event);
        }
        Ok((events, None))
    }
}

/// The first line of a journal that can't be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Damage {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: &'static str,
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

type Queued = (RunEvent, oneshot::Sender<io::Result<()>>);

fn start(disk: impl Disk + 'static) -> io::Result<mpsc::Sender<Queued>> {
    let (lines, queue) = mpsc::channel();
    let thread = std::thread::Builder::new().name("journal".into());
    thread.spawn(move || write_all(disk, &queue))?;
    Ok(lines)
}

fn write_all(mut disk: impl Disk, queue: &mpsc::Receiver<Queued>) {
    let mut prev = String::new();
    while let Ok((event, done)) = queue.recv() {
        let written = write_line(&mut disk, &mut prev, event);
        drop(done.send(written));
    }
}

fn write_line(disk: &mut impl Disk, prev: &mut String, event: RunEvent) -> io::Result<()> {
    let hash = chain(prev, &event)?;
    let line = Line {
        v: VERSION,
        prev: prev.clone(),
        hash: hash.clone(),
        event,
    };
    let mut text = serde_json::to_vec(&line)?;
    text.push(b'\n');
    let size = disk.size()?;
    if let Err(error) = disk.write_all(&text).and_then(|()| disk.sync()) {
        // Half a line would make those that are written later, when there is room again, unreadable.
        disk.cut(size).ok();
        return Err(error);
    }
    *prev = hash;
    Ok(())
}

fn chain(prev: &str, event: &RunEvent) -> io::Result<String> {
    let mut hasher = Sha256::new();
    hasher.update(prev.as_bytes());
    hasher.update(serde_json::to_vec(event)?);
    let hex = |mut text: String, byte: &u8| {
        text.extend(
            [byte >> 4, byte & 15].map(|it| char::from(b"0123456789abcdef"[usize::from(it)])),
        );
        text
    };
    Ok(hasher.finalize().iter().fold(String::new(), hex))
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
