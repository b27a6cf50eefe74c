//! Lines of JSON over a socket, none longer than it may be.

use std::io;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::timeout;

/// How long the other side may take to read a line.
const PATIENCE: Duration = Duration::from_secs(5);

/// A line that came.
#[derive(Debug, PartialEq)]
pub(super) enum Line<T> {
    /// A value.
    Value(T),
    /// Something else: why.
    Bad(String),
    /// It was longer than it may be. What follows can't be read any more.
    TooLong,
}

/// Lines that come.
#[derive(Debug)]
pub(super) struct Incoming {
    from: BufReader<OwnedReadHalf>,
    longest: u64,
}

impl Incoming {
    pub(super) fn new(from: OwnedReadHalf, longest: u64) -> Self {
        let from = BufReader::new(from);
        Self { from, longest }
    }

    /// The next line; `None`: the other side is gone. Not to be broken off: what was read is lost.
    pub(super) async fn next<T: DeserializeOwned>(&mut self) -> Option<Line<T>> {
        let mut line = Vec::new();
        let mut limited = (&mut self.from).take(self.longest);
        let count = limited.read_until(b'\n', &mut line).await.ok()?;
        if count == 0 {
            return None;
        }
        if line.last() != Some(&b'\n') {
            let is_long = u64::try_from(count).is_ok_and(|it| it >= self.longest);
            return is_long.then_some(Line::TooLong);
        }
        let parsed = serde_json::from_slice(&line);
        Some(parsed.map_or_else(|error| Line::Bad(error.to_string()), Line::Value))
    }
}

/// Writes a line; one that nobody reads is given up.
pub(super) async fn send(to: &mut OwnedWriteHalf, it: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(it).map_err(io::Error::from)?;
    line.push(b'\n');
    timeout(PATIENCE, to.write_all(&line))
        .await
        .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
}
