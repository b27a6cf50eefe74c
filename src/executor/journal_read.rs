//! Reads a journal back: as far as it can be trusted, and what is wrong with the rest. It writes nothing.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::event::RunEvent;

/// The version of the format of a line.
pub(super) const VERSION: u32 = 1;

/// No line is longer: what is, is no journal's. In bytes.
const LONGEST: u64 = 16 << 20;

/// A line as it is written.
#[derive(Serialize, Deserialize)]
pub(super) struct Line<R> {
    pub(super) v: u32,
    pub(super) prev: String,
    pub(super) hash: String,
    pub(super) event: R,
}

/// The first line of a journal that can't be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Damage {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: &'static str,
}

impl std::fmt::Display for Damage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

/// What a journal says, as far as it can be trusted.
pub(super) struct Readback<R> {
    /// The entries up to the first line that can't be trusted.
    pub(super) entries: Vec<R>,
    /// What is wrong with that line.
    pub(super) damage: Option<Damage>,
    /// Of every entry: where its line ends in the file, in bytes, and its hash.
    pub(super) ends: Vec<(u64, String)>,
}

impl<R> Readback<R> {
    /// The hash of the line of the last of the first `count` entries, which stands for all of them; empty:
    /// there is none.
    pub(super) fn seal(&self, count: usize) -> String {
        let last = count.checked_sub(1).and_then(|it| self.ends.get(it));
        last.map(|(_, hash)| hash.clone()).unwrap_or_default()
    }
}

/// Reads a journal.
///
/// # Errors
/// The file can't be read, or is none.
pub(super) fn read<R: Serialize + DeserializeOwned>(path: &Path) -> io::Result<Readback<R>> {
    let file = regular(path)?;
    let mut back = Readback {
        entries: Vec::new(),
        damage: None,
        ends: Vec::new(),
    };
    let mut prev = String::new();
    let mut end = 0;
    let mut reader = BufReader::new(file);
    for number in 1.. {
        let mut text = Vec::new();
        let length = (&mut reader).take(LONGEST).read_until(b'\n', &mut text)?;
        if length == 0 {
            break;
        }
        match line(&text, &prev) {
            Ok(line) => {
                end += u64::try_from(length).unwrap_or(u64::MAX);
                prev.clone_from(&line.hash);
                back.entries.push(line.event);
                back.ends.push((end, line.hash));
            }
            Err(what) => {
                back.damage = Some(Damage { line: number, what });
                break;
            }
        }
    }
    Ok(back)
}

/// The last whole line's event, without a look at those before it; `None`: there is none that can be
/// understood.
///
/// # Errors
/// The file can't be read, or is none.
pub(super) fn last(path: &Path) -> io::Result<Option<RunEvent>> {
    /// The last events of a run are short.
    const TAIL: u64 = 4096;
    let mut file = regular(path)?;
    let size = file.metadata()?.len();
    file.seek(SeekFrom::Start(size.saturating_sub(TAIL)))?;
    let mut text = Vec::new();
    file.take(TAIL).read_to_end(&mut text)?;
    let Some((b'\n', whole)) = text.split_last() else {
        return Ok(None);
    };
    let line = whole.rsplit(|it| *it == b'\n').next().unwrap_or_default();
    let line = serde_json::from_slice::<Line<RunEvent>>(line).ok();
    Ok(line.filter(|it| it.v == VERSION).map(|it| it.event))
}

/// Opens a file, and nothing else: a pipe of that name would be waited for.
fn regular(path: &Path) -> io::Result<File> {
    if path.metadata()?.is_file() {
        File::open(path)
    } else {
        Err(io::Error::other("not a file"))
    }
}

fn line<R: Serialize + DeserializeOwned>(text: &[u8], prev: &str) -> Result<Line<R>, &'static str> {
    if text.last() != Some(&b'\n') {
        return Err("cut off");
    }
    let line: Line<R> =
        serde_json::from_slice(text).map_err(|_| "not a journal line of this version")?;
    if line.v != VERSION {
        return Err("written by another version");
    }
    if line.prev != prev || chain(prev, &line.event).ok().as_ref() != Some(&line.hash) {
        return Err("changed, or lines before it are missing");
    }
    Ok(line)
}

/// The hash of an entry that follows a line with the hash `prev`, in hexadecimal digits.
pub(super) fn chain(prev: &str, event: &impl Serialize) -> io::Result<String> {
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
