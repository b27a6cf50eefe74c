//! A recorded exercise: a file of JSON lines, first what was played, then every deed.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::deed::{Act, Deed};

/// The version of the file's format.
const VERSION: u32 = 1;

/// The longest line that is read, in bytes: a deed is an operation or a text of a thousand characters.
const LINE: u64 = 1 << 20;

/// Deeds that are read at the most: nobody does more in an exercise.
const DEEDS: usize = 100_000;

/// What was played.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Header {
    /// The version of the file's format.
    recording: u32,
    /// The version of the program that wrote it.
    pub program: String,
    /// The scenario: the name of one that is shipped, or a file.
    pub scenario: String,
    /// SHA-256 of the scenario's text, in hex.
    pub sha256: String,
    /// The seed, where it was not the scenario's own.
    pub seed: Option<u64>,
    /// Who played.
    pub team: Option<String>,
    /// When the world began.
    pub began: DateTime<Utc>,
}

impl Header {
    /// What is played from `began` on: `scenario`, of which `text` is the text.
    pub fn new(scenario: &str, text: &str, began: DateTime<Utc>) -> Self {
        Self {
            recording: VERSION,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            scenario: scenario.to_owned(),
            sha256: digest(text),
            seed: None,
            team: None,
            began,
        }
    }
}

/// SHA-256 of a text, in hex.
pub fn digest(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    let hex = |byte: &u8| [byte >> 4, byte & 15].map(|it| char::from_digit(it.into(), 16));
    digest.iter().flat_map(hex).flatten().collect()
}

/// Why a recording can't be written or played.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// The file can't be written or read.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// A line is damaged.
    #[error("{path}:{line}: {problem}")]
    Line {
        /// The file.
        path: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// It is a recording of another scenario.
    #[error(
        "{path}:1: sha256: {scenario} is not what was recorded: its text has changed since; play it with \
         firedoor {program}, or give back its old text"
    )]
    Changed {
        /// The file.
        path: String,
        /// The scenario.
        scenario: String,
        /// The version of the program that wrote the recording.
        program: String,
    },
}

/// Writes a recording.
#[derive(Debug)]
pub struct Recorder {
    path: String,
    file: File,
}

impl Recorder {
    /// Begins a new file, readable by the user alone.
    ///
    /// # Errors
    /// It can't be written, or exists.
    pub fn create(path: &Path, header: &Header) -> Result<Self, RecordingError> {
        let mut options = OpenOptions::new();
        let options = options.write(true).create_new(true).mode(0o600);
        let path_text = path.display().to_string();
        let file = options.open(path).map_err(|source| RecordingError::File {
            path: path_text.clone(),
            source,
        })?;
        let mut recorder = Self {
            path: path_text,
            file,
        };
        recorder.line(header)?;
        Ok(recorder)
    }

    /// Adds a deed.
    ///
    /// # Errors
    /// It can't be written.
    pub fn write(&mut self, deed: &Deed) -> Result<(), RecordingError> {
        self.line(deed)
    }

    fn line(&mut self, it: &impl Serialize) -> Result<(), RecordingError> {
        let written = serde_json::to_vec(it).map_err(io::Error::from);
        let written = written.and_then(|mut line| {
            line.push(b'\n');
            self.file.write_all(&line)
        });
        written.map_err(|source| RecordingError::File {
            path: self.path.clone(),
            source,
        })
    }
}

/// A recording, read.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// What was played.
    pub header: Header,
    /// What was done, in order.
    pub deeds: Vec<Deed>,
    path: String,
}

impl Recording {
    /// Reads a recording.
    ///
    /// # Errors
    /// The first line that is damaged, and the key.
    pub fn read(path: &Path) -> Result<Self, RecordingError> {
        let path_text = path.display().to_string();
        let file = File::open(path).map_err(|source| RecordingError::File {
            path: path_text.clone(),
            source,
        })?;
        let mut lines = Lines {
            path: path_text,
            number: 0,
            from: BufReader::new(file),
        };
        let Some(header) = lines.next::<Header>()? else {
            return Err(lines.bad("it is empty: a recording begins with what was played"));
        };
        if header.recording != VERSION {
            let words = format!(
                "recording: version {} is unknown; this program plays version {VERSION}",
                header.recording
            );
            return Err(lines.bad(&words));
        }
        let deeds = deeds(&mut lines, header.began)?;
        Ok(Self {
            header,
            deeds,
            path: lines.path,
        })
    }

    /// Whether it is one of a scenario with this text.
    ///
    /// # Errors
    /// It is not.
    pub fn suits(&self, text: &str) -> Result<(), RecordingError> {
        if digest(text) == self.header.sha256 {
            return Ok(());
        }
        Err(RecordingError::Changed {
            path: self.path.clone(),
            scenario: self.header.scenario.clone(),
            program: self.header.program.clone(),
        })
    }
}

fn deeds<R: Read>(lines: &mut Lines<R>, began: DateTime<Utc>) -> Result<Vec<Deed>, RecordingError> {
    let mut deeds: Vec<Deed> = Vec::new();
    while let Some(deed) = lines.next::<Deed>()? {
        let last = deeds.last();
        if last.is_some_and(|it| matches!(it.what, Act::End { .. })) {
            return Err(lines.bad("what: the exercise had ended on the line before"));
        }
        let earliest = last.map_or(began, |it| it.at);
        if deed.at < earliest {
            return Err(lines.bad(&format!(
                "at: it is before {earliest}, where the line before is"
            )));
        }
        if deeds.len() == DEEDS {
            return Err(lines.bad(&format!("there are more than {DEEDS} deeds")));
        }
        deeds.push(deed);
    }
    Ok(deeds)
}

/// The lines of a file, counted.
struct Lines<R> {
    path: String,
    number: usize,
    from: BufReader<R>,
}

impl<R: Read> Lines<R> {
    /// The next line; `None`: there is none.
    fn next<T: DeserializeOwned>(&mut self) -> Result<Option<T>, RecordingError> {
        let mut line = Vec::new();
        let mut limited = (&mut self.from).take(LINE);
        let read = limited.read_until(b'\n', &mut line);
        read.map_err(|source| RecordingError::File {
            path: self.path.clone(),
            source,
        })?;
        self.number += 1;
        if line.is_empty() {
            return Ok(None);
        }
        if line.pop() != Some(b'\n') {
            let is_long = line.len() + 1 >= usize::try_from(LINE).unwrap_or(usize::MAX);
            return Err(self.bad(if is_long {
                "the line is too long: this is not a recording"
            } else {
                "the line is cut off: the file is not whole; take the line out to play what is before it"
            }));
        }
        let parsed = serde_json::from_slice(&line);
        parsed.map(Some).map_err(|error| {
            // The error counts lines by itself.
            let words = error.to_string();
            let place = format!(" at line {} column", error.line());
            self.bad(&words.replace(&place, " at column"))
        })
    }

    fn bad(&self, problem: &str) -> RecordingError {
        RecordingError::Line {
            path: self.path.clone(),
            line: self.number,
            problem: problem.to_owned(),
        }
    }
}
