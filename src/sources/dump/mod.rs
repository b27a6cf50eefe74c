//! A dump: a folder of answers of `aws ... describe-...`, findings and flow logs, read as one estate.
//!
//! Everything below the folder, at any depth, is one dump: Regions, accounts and pages are merged.
//! What can't be read, is missing, or contradicts itself becomes a [`Doubt`]; a dump never panics, and
//! never loses anything in silence. [`write`] makes such a folder of an estate.

mod doubt;
mod envelope;
mod files;
mod finding;
mod flow_files;
mod json;
mod list;
mod notes;
mod ocsf;
mod place;
mod read;
mod sequence;
mod source;
mod write;

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use chrono::{DateTime, Utc};
use serde_json::Value;

pub use doubt::{Doubt, DoubtKind};
use envelope::Found;
use files::{Content, DumpFile};
use flow_files::FlowFile;
use notes::Notes;
pub use source::{DumpClock, DumpSource};
pub use write::write;
pub(super) use write::{must_be_empty, write_findings, write_identity, write_lines};

use crate::flows::FlowTable;
use crate::model::text::visible;
use crate::model::{EniId, Estate, Finding, PartKind};

/// What is read of a folder.
#[derive(Debug)]
pub struct Dump {
    /// What the describe calls answered. A part that has no file is not in it, and has no age.
    pub estate: Estate,
    /// Findings that are not archived, newest first.
    pub findings: Vec<Finding>,
    /// Who talks to whom, over all flow logs.
    pub flows: FlowTable,
    /// Everything that was not read, or can't be relied on.
    pub doubts: Vec<Doubt>,
    /// The end of the newest flow record.
    pub newest_flow: Option<DateTime<Utc>>,
    /// When the newest file was changed.
    pub newest_file: Option<DateTime<Utc>>,
    /// The accounts that it is about: 12 digits each.
    pub accounts: BTreeSet<String>,
    /// The Regions that it is about.
    pub regions: BTreeSet<String>,
    flow_files: Vec<FlowFile>,
}

impl Dump {
    /// Whether nothing at all was read.
    pub fn is_empty(&self) -> bool {
        let parts = PartKind::ALL.into_iter();
        let mut read = parts.filter(|it| self.estate.freshness(*it).is_some());
        read.next().is_none() && self.findings.is_empty() && self.flow_files.is_empty()
    }
}

/// Why a dump can't be read or written at all.
#[derive(Debug, thiserror::Error)]
pub enum DumpError {
    /// There is no such folder.
    #[error("{dir} is not a folder: name one that holds a dump")]
    NotAFolder {
        /// The path.
        dir: String,
    },
    /// A folder that is to be written to holds something.
    #[error("{dir} is not empty: name a new folder, so that two snapshots don't mix")]
    NotEmpty {
        /// The path.
        dir: String,
    },
    /// A folder or a file fails.
    #[error("{path}: {source}")]
    Io {
        /// Its path.
        path: String,
        /// How it fails.
        source: io::Error,
    },
}

impl DumpError {
    /// Whether another argument would avoid it.
    pub fn is_input(&self) -> bool {
        match self {
            Self::NotAFolder { .. } | Self::NotEmpty { .. } => true,
            Self::Io { .. } => false,
        }
    }
}

/// Reads everything below a folder.
///
/// # Errors
/// There is no such folder, or one in it can't be listed. Whatever is wrong with a file is a
/// [`Doubt`] of the dump.
pub fn load(dir: &Path) -> Result<Dump, DumpError> {
    let mut doubts = Vec::new();
    let files = files::walk(dir, &mut doubts)?;
    let mut found = Found::default();
    let mut texts = Vec::new();
    for file in &files {
        match read_file(file, &mut found) {
            Ok(Content::Text) => texts.push(file),
            Ok(_) => {}
            Err(error) => found.doubts.push(file.unread(&error)),
        }
    }
    let newest_file = files.iter().filter_map(|it| it.modified).max();
    let (estate, of_estate) = read::estate(&found, newest_file.unwrap_or_default());
    let mut notes = Notes::default();
    let findings = finding::findings(&found, &mut notes);
    let paths: Vec<&str> = files.iter().map(|it| &*it.name).collect();
    let accounts = place::accounts(&found, &paths, &findings);
    let regions = place::regions(&estate, &paths, &findings);
    let mut flows = FlowTable::default();
    let flow_files = flow_files(&mut found, &texts, &estate);
    doubts.append(&mut found.doubts);
    doubts.extend(of_estate);
    doubts.append(&mut notes.doubts);
    for it in &flow_files {
        doubts.extend(it.count(&mut flows, &estate));
    }
    doubts.extend(unknown_interfaces(&flows, &estate));
    Ok(Dump {
        newest_flow: flows.coverage().newest_end,
        estate,
        findings,
        flows,
        doubts,
        newest_file,
        accounts,
        regions,
        flow_files,
    })
}

/// The estate that one JSON value describes: an object with the keys of several answers.
pub fn estate_of_json(value: &Value) -> (Estate, Vec<Doubt>) {
    let mut found = Found::default();
    found.sort(value.clone(), None, 1);
    let (estate, of_estate) = read::estate(&found, DateTime::UNIX_EPOCH);
    let mut doubts = std::mem::take(&mut found.doubts);
    doubts.extend(of_estate);
    (estate, doubts)
}

/// Sorts a file's JSON; any other content is left to the caller.
fn read_file(file: &DumpFile, found: &mut Found) -> io::Result<Content> {
    let ignored = |why: &str| {
        let why = why.to_owned();
        file.doubt(DoubtKind::Ignored { why })
    };
    let content = file.content()?;
    match content {
        Content::Text => {}
        Content::Empty => found.doubts.push(ignored("it is empty")),
        Content::Parquet => found.doubts.push(file.doubt(DoubtKind::Parquet)),
        Content::Json => {
            let (bytes, cut) = file.bytes()?;
            for (line, document) in json::documents(&bytes) {
                match document {
                    Ok(value) => found.sort(value, Some(&file.name), line),
                    Err(error) => found.doubts.push(not_json(file, line, &error)),
                }
            }
            found.doubts.extend(cut.map(|error| file.unread(&error)));
        }
    }
    Ok(content)
}

/// The error counts its own lines from where the document begins.
fn not_json(file: &DumpFile, begins: usize, error: &serde_json::Error) -> Doubt {
    let why = visible(&error.to_string()).into_owned();
    file.doubt(DoubtKind::NotJson { why }).at_line(begins)
}

/// The flow logs among text files and events; what is none is doubted.
fn flow_files(found: &mut Found, texts: &[&DumpFile], estate: &Estate) -> Vec<FlowFile> {
    let mut all = Vec::new();
    for file in texts {
        match FlowFile::of_text(file, all.len() + 1, estate) {
            Ok(Some(it)) => all.push(it),
            Ok(None) => found.doubts.push(file.doubt(DoubtKind::Ignored {
                why: "neither JSON nor a flow log with a header or in a known format".to_owned(),
            })),
            Err(error) => found.doubts.push(file.unread(&error)),
        }
    }
    for events in std::mem::take(&mut found.events) {
        if events.all.is_empty() {
            continue;
        }
        let file = events.file.clone();
        match FlowFile::of_events(events, all.len() + 1, estate) {
            Some(it) => all.push(it),
            None => found.doubts.push(Doubt {
                file,
                line: None,
                kind: DoubtKind::Ignored {
                    why: "log events that are no flow records in a known format".to_owned(),
                },
            }),
        }
    }
    all
}

fn unknown_interfaces(flows: &FlowTable, estate: &Estate) -> Option<Doubt> {
    estate.freshness(PartKind::Enis)?;
    let mut unknown = flows
        .coverage()
        .enis
        .keys()
        .filter(|it| estate.eni(it).is_none());
    let first: EniId = unknown.next()?.clone();
    let count = 1 + unknown.count();
    Some(Doubt::of_all(DoubtKind::UnknownInterfaces { count, first }))
}
