//! Where the sockets of drills are: `PID.sock` in a folder that nobody else may enter.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use rustix::process::geteuid;

/// Why there is no socket.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// The folder or the socket can't be made.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The folder is somebody else's.
    #[error("{0} belongs to another user, or is no folder: take it away")]
    Foreign(PathBuf),
    /// A drill that runs has it.
    #[error("{0} belongs to a drill that runs")]
    InUse(PathBuf),
}

impl SocketError {
    pub(super) fn of(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        |source| Self::File { path, source }
    }
}

/// Makes the folder, or takes everybody else's access to it away.
pub(super) fn folder(path: &Path) -> Result<(), SocketError> {
    let mut builder = DirBuilder::new();
    let made = builder.recursive(true).mode(0o700).create(path);
    made.map_err(SocketError::of(path))?;
    let known = fs::symlink_metadata(path).map_err(SocketError::of(path))?;
    if !known.is_dir() || known.uid() != geteuid().as_raw() {
        return Err(SocketError::Foreign(path.to_owned()));
    }
    if known.mode() & 0o077 != 0 {
        let private = Permissions::from_mode(0o700);
        fs::set_permissions(path, private).map_err(SocketError::of(path))?;
    }
    Ok(())
}

/// Makes room for a socket: takes away what a process that is dead has left.
pub(super) fn make_room(path: &Path) -> Result<(), SocketError> {
    match UnixStream::connect(path) {
        Ok(_) => Err(SocketError::InUse(path.to_owned())),
        Err(error) => match error.kind() {
            io::ErrorKind::NotFound => Ok(()),
            io::ErrorKind::ConnectionRefused => {
                fs::remove_file(path).map_err(SocketError::of(path))
            }
            _ => Err(SocketError::of(path)(error)),
        },
    }
}

/// The sockets of drills that run. Those of dead processes are taken away.
pub fn running(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let paths = entries.filter_map(|it| Some(it.ok()?.path()));
    let sockets = paths.filter(|it| it.extension().is_some_and(|it| it == "sock"));
    let mut live: Vec<PathBuf> = sockets
        .filter(|it| matches!(make_room(it), Err(SocketError::InUse(_))))
        .collect();
    live.sort();
    live
}
