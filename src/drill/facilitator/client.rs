//! The facilitator's end of the socket.

use std::io;
use std::path::Path;
use std::time::Duration;

use tokio::net::UnixStream;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

use super::lines::{Incoming, Line, send};
use super::server::is_own;
use crate::sources::About;
use crate::sources::facilitation::{FromDrill, LONGEST_SIGHT, Order, PROTOCOL, ToDrill};

/// How long the drill may take to say what it is.
const PATIENCE: Duration = Duration::from_secs(5);

/// A drill was joined.
#[derive(Debug)]
pub struct Joined {
    /// What is played.
    pub about: About,
    /// What the drill says; it ends when the drill does.
    pub heard: mpsc::Receiver<FromDrill>,
    /// What it is to do, each under its number.
    pub orders: mpsc::Sender<(u64, Order)>,
    _tasks: [AbortOnDropHandle<()>; 2],
}

/// Why a drill can't be joined.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// Nobody listens.
    #[error("{path}: {why}: no drill listens there; start one with firedoor drill")]
    Nobody {
        /// The socket.
        path: String,
        /// Why.
        why: io::Error,
    },
    /// Another user listens.
    #[error("{0} belongs to another user: it is not joined")]
    Foreign(String),
    /// It is no drill, or another version.
    #[error("{path}: {why}")]
    NoDrill {
        /// The socket.
        path: String,
        /// What it said.
        why: String,
    },
}

/// Joins the drill that listens on a socket.
///
/// # Errors
/// Nobody does, or it is no drill of this user and of this version of the protocol.
pub async fn join(path: &Path) -> Result<Joined, JoinError> {
    let name = path.display().to_string();
    let stream = UnixStream::connect(path).await;
    let stream = stream.map_err(|why| JoinError::Nobody {
        path: name.clone(),
        why,
    })?;
    if !is_own(&stream) {
        return Err(JoinError::Foreign(name));
    }
    let no_drill = |why: String| JoinError::NoDrill {
        path: name.clone(),
        why,
    };
    let (from, mut to) = stream.into_split();
    let mut incoming = Incoming::new(from, LONGEST_SIGHT);
    let about = match timeout(PATIENCE, incoming.next()).await {
        Ok(Some(Line::Value(FromDrill::Hello {
            protocol,
            program,
            about,
        }))) => {
            if protocol != PROTOCOL {
                let words = format!("the drill is one of firedoor {program}: use the same version");
                return Err(no_drill(words));
            }
            about
        }
        Ok(_) => return Err(no_drill("what listens there is no drill".to_owned())),
        Err(_) => return Err(no_drill("what listens there says nothing".to_owned())),
    };
    let hello = ToDrill::Hello { protocol: PROTOCOL };
    let greeted = send(&mut to, &hello).await;
    greeted.map_err(|error| no_drill(error.to_string()))?;
    let (heard_by, heard) = mpsc::channel(8);
    let (orders, mut ordered) = mpsc::channel::<(u64, Order)>(8);
    let reads = tokio::spawn(async move {
        while let Some(Line::Value(said)) = incoming.next().await {
            if heard_by.send(said).await.is_err() {
                return;
            }
        }
    });
    let writes = tokio::spawn(async move {
        while let Some((order, what)) = ordered.recv().await {
            if send(&mut to, &ToDrill::Order { order, what })
                .await
                .is_err()
            {
                return;
            }
        }
    });
    Ok(Joined {
        about,
        heard,
        orders,
        _tasks: [reads, writes].map(AbortOnDropHandle::new),
    })
}
