//! One run at a time changes a target. The lock is the kernel's and dies with its process; the file says
//! who holds it.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::model::text::visible;
use crate::plan::Target;

/// The folder of the locks, below the root of the journals.
pub(super) const FOLDER: &str = "locks";

/// Who changes a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The run.
    pub run: String,
    /// The identity that makes the changes.
    pub caller: String,
    /// The machine.
    pub host: String,
    /// The process.
    pub pid: u32,
    /// Since when.
    pub since: DateTime<Utc>,
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let since = self.since.format("%Y-%m-%d %H:%M:%S UTC");
        write!(
            f,
            "{} on {} (process {}), run {}, since {since}",
            visible(&self.caller),
            visible(&self.host),
            self.pid,
            visible(&self.run)
        )
    }
}

/// The right to change a target, until it is dropped.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

/// A lock was not given.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another run changes this target.
    #[error("{target} is being changed by {}: wait for that run, or stop it there", held_by(.holder.as_deref()))]
    Held {
        /// The target.
        target: String,
        /// Who; `None`: it has not said so yet.
        holder: Option<Box<Holder>>,
    },
    /// The file can't be locked.
    #[error(
        "lock {path}: {source}: without it two runs could change one target; set XDG_STATE_HOME to a folder that can be written"
    )]
    Failed {
        /// The file.
        path: String,
        /// Why.
        source: io::Error,
    },
}

fn held_by(holder: Option<&Holder>) -> String {
    holder.map_or_else(|| "another run".to_owned(), ToString::to_string)
}

impl Lock {
    /// Takes the lock of a target, below the root of the journals.
    ///
    /// # Errors
    /// Who holds it, or why the file can't be locked.
    pub fn acquire(root: &Path, target: &Target, holder: &Holder) -> Result<Self, LockError> {
        /// Who only looks holds a lock for a moment.
        const TRIES: u32 = 5;
        let path = path_of(root, target);
        let failed = |source| LockError::Failed {
            path: path.display().to_string(),
            source,
        };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(root.join(FOLDER))
            .map_err(failed)?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(failed)?;
        for _ in 0..TRIES {
            match file.try_lock() {
                Ok(()) => {
                    say(&mut file, holder).map_err(failed)?;
                    return Ok(Self { file });
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(10)),
                Err(TryLockError::Error(source)) => return Err(failed(source)),
            }
        }
        Err(LockError::Held {
            target: target.to_string(),
            holder: said(&mut file).map(Box::new),
        })
    }

    /// Who holds the lock of a target; `None`: nobody.
    pub fn holder(root: &Path, target: &Target) -> Option<Holder> {
        let mut file = File::open(path_of(root, target)).ok()?;
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => said(&mut file),
            _ => None,
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // It is free from here on, whoever the file names: this only keeps it from naming somebody.
        self.file.set_len(0).ok();
        self.file.unlock().ok();
    }
}

fn say(file: &mut File, holder: &Holder) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(&serde_json::to_vec(holder)?)?;
    file.sync_data()
}

fn said(file: &mut File) -> Option<Holder> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.take(64 << 10).read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

fn path_of(root: &Path, target: &Target) -> PathBuf {
    // An id is letters, digits and hyphens; nothing else may choose a path.
    let plain = |it: char| it.is_ascii_alphanumeric() || it == '-';
    let name: String = target
        .id()
        .chars()
        .map(|it| if plain(it) { it } else { '_' })
        .collect();
    root.join(FOLDER).join(format!("{name}.lock"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn holder(run: &str) -> Holder {
        Holder {
            run: run.into(),
            caller: "arn:aws:sts::1:assumed-role/x/y".into(),
            host: "bastion".into(),
            pid: 7,
            since: DateTime::UNIX_EPOCH,
        }
    }

    fn target(id: &str) -> Target {
        Target::Instance(id.into())
    }

    #[test]
    fn the_second_is_refused_and_told_by_whom_until_the_first_is_gone() {
        let root = tempfile::tempdir().unwrap();
        let (one, two) = (target("i-1"), target("i-2"));
        assert_eq!(Lock::holder(root.path(), &one), None);
        let first = Lock::acquire(root.path(), &one, &holder("first")).unwrap();
        assert_eq!(Lock::holder(root.path(), &one), Some(holder("first")));
        let refused = Lock::acquire(root.path(), &one, &holder("second")).unwrap_err();
        let words = refused.to_string();
        for word in ["i-1", "first", "bastion", "7", "assumed-role", "1970-01-01"] {
            assert!(words.contains(word), "{words}");
        }
        Lock::acquire(root.path(), &two, &holder("second")).unwrap();
        drop(first);
        assert_eq!(Lock::holder(root.path(), &one), None);
        Lock::acquire(root.path(), &one, &holder("second")).unwrap();
    }

    #[test]
    fn the_file_is_private_and_stays_in_its_folder() {
        let root = tempfile::tempdir().unwrap();
        let odd = target("../../i-\u{1b}[2J");
        let lock = Lock::acquire(root.path(), &odd, &holder("run")).unwrap();
        let files: Vec<_> = std::fs::read_dir(root.path().join(FOLDER))
            .unwrap()
            .collect();
        assert_eq!(files.len(), 1);
        let mode = files[0].as_ref().unwrap().metadata().unwrap().permissions();
        assert_eq!(mode.mode() & 0o777, 0o600);
        drop(lock);
    }

    #[test]
    fn what_is_left_in_the_file_holds_nothing() {
        let root = tempfile::tempdir().unwrap();
        let one = target("i-1");
        for text in ["", "not json", "{\"run\":\"dead\"}"] {
            std::fs::create_dir_all(root.path().join(FOLDER)).unwrap();
            std::fs::write(path_of(root.path(), &one), text).unwrap();
            assert_eq!(Lock::holder(root.path(), &one), None);
            Lock::acquire(root.path(), &one, &holder("run")).unwrap();
        }
    }

    #[test]
    fn a_folder_that_can_not_be_made_is_named() {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join(FOLDER), "a file").unwrap();
        let error = Lock::acquire(root.path(), &target("i-1"), &holder("run")).unwrap_err();
        assert!(error.to_string().contains("i-1.lock"), "{error}");
    }
}
