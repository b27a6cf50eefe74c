//! The files of a dump: found at any depth, unpacked, and told apart by what they begin with.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use flate2::bufread::MultiGzDecoder;

use super::DumpError;
use super::doubt::{Doubt, DoubtKind};
use crate::model::text::visible;

/// Bytes that are looked at to tell what a file is.
const BUFFER: usize = 1 << 16;

/// A file of a dump.
#[derive(Debug, Clone)]
pub(super) struct DumpFile {
    pub(super) path: PathBuf,
    /// Below the dump's folder, with slashes, made printable.
    pub(super) name: Arc<str>,
    pub(super) modified: Option<DateTime<Utc>>,
}

/// What a file looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    Empty,
    Json,
    Parquet,
    /// A flow log, perhaps.
    Text,
}

impl DumpFile {
    /// Opens the file, unpacked if it is a gzip file.
    pub(super) fn open(&self) -> io::Result<Box<dyn BufRead>> {
        let mut file = BufReader::with_capacity(BUFFER, File::open(&self.path)?);
        if file.fill_buf()?.starts_with(b"\x1f\x8b") {
            let unpacked = MultiGzDecoder::new(file);
            return Ok(Box::new(BufReader::with_capacity(BUFFER, unpacked)));
        }
        Ok(Box::new(file))
    }

    /// What the file looks like.
    pub(super) fn content(&self) -> io::Result<Content> {
        let mut file = self.open()?;
        let bytes = file.fill_buf()?;
        if bytes.starts_with(b"PAR1") {
            return Ok(Content::Parquet);
        }
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let first = bytes.iter().find(|it| !it.is_ascii_whitespace());
        Ok(match first {
            None => Content::Empty,
            Some(b'{' | b'[') => Content::Json,
            Some(_) => Content::Text,
        })
    }

    /// The whole file, and why it ends early if it does.
    pub(super) fn bytes(&self) -> io::Result<(Vec<u8>, Option<io::Error>)> {
        let mut bytes = Vec::new();
        let cut = self.open()?.read_to_end(&mut bytes).err();
        Ok((bytes, cut))
    }

    /// A doubt about the file.
    pub(super) fn doubt(&self, kind: DoubtKind) -> Doubt {
        Doubt::of_file(&self.name, kind)
    }

    /// A doubt about what could not be read of it.
    pub(super) fn unread(&self, error: &io::Error) -> Doubt {
        let why = visible(&error.to_string()).into_owned();
        self.doubt(DoubtKind::Io { why })
    }
}

/// Every file below a folder, by name. Links to folders are not followed: they may lead anywhere.
pub(super) fn walk(dir: &Path, doubts: &mut Vec<Doubt>) -> Result<Vec<DumpFile>, DumpError> {
    if !dir.is_dir() {
        return Err(DumpError::NotAFolder { dir: shown(dir) });
    }
    let mut files = Vec::new();
    let mut folders = vec![dir.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(|source| io_error(&folder, source))? {
            let path = entry.map_err(|source| io_error(&folder, source))?.path();
            let kind = fs::symlink_metadata(&path).map_err(|source| io_error(&path, source))?;
            if kind.is_dir() {
                folders.push(path);
                continue;
            }
            let file = DumpFile::new(path, dir);
            match fs::metadata(&file.path) {
                Ok(it) if it.is_file() => files.push(DumpFile {
                    modified: it.modified().ok().map(DateTime::from),
                    ..file
                }),
                Ok(_) => doubts.push(file.doubt(DoubtKind::Ignored {
                    why: "it is no ordinary file".to_owned(),
                })),
                Err(error) => doubts.push(file.unread(&error)),
            }
        }
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

impl DumpFile {
    fn new(path: PathBuf, root: &Path) -> Self {
        let below = path.strip_prefix(root).unwrap_or(&path);
        let parts = below
            .components()
            .map(|it| it.as_os_str().to_string_lossy());
        let parts: Vec<String> = parts.map(|it| visible(&it).into_owned()).collect();
        Self {
            name: parts.join("/").into(),
            path,
            modified: None,
        }
    }
}

/// A path for a message.
pub(super) fn shown(path: &Path) -> String {
    visible(&path.to_string_lossy()).into_owned()
}

/// What failed on which path.
pub(super) fn io_error(path: &Path, source: io::Error) -> DumpError {
    DumpError::Io {
        path: shown(path),
        source,
    }
}
