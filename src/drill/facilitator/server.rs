//! The drill's end of the socket. Whatever a client does or does not do, the world goes on.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::geteuid;
use tokio::net::unix::OwnedWriteHalf;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tokio_util::task::AbortOnDropHandle;

use super::super::ports::Drill;
use super::lines::{Incoming, Line, send};
use super::socket::{self, SocketError};
use crate::sources::Exercise;
use crate::sources::facilitation::{FromDrill, LONGEST_ORDER, PROTOCOL, Sight, ToDrill};

/// Facilitators at the most.
const CLIENTS: usize = 8;

/// How often a client is told how things are, at the most.
const GLANCE: Duration = Duration::from_millis(500);

/// The time between two orders of a client: nobody types faster.
const BREATH: Duration = Duration::from_millis(20);

/// How long a client may take to say who it is.
const PATIENCE: Duration = Duration::from_secs(5);

/// Facilitators may join while this is there.
#[derive(Debug)]
pub struct Facilitation {
    path: PathBuf,
    _listens: AbortOnDropHandle<()>,
}

impl Facilitation {
    /// Listens for facilitators of a drill on a socket of this process in `folder`.
    ///
    /// # Errors
    /// The socket can't be made.
    pub fn open(drill: Drill, folder: &Path) -> Result<Self, SocketError> {
        let name = format!("{}.sock", std::process::id());
        Self::at(drill, folder, &folder.join(name))
    }

    /// The same on a socket of this path, which is in `folder`.
    pub(super) fn at(drill: Drill, folder: &Path, path: &Path) -> Result<Self, SocketError> {
        socket::folder(folder)?;
        socket::make_room(path)?;
        let listener = UnixListener::bind(path).map_err(SocketError::of(path))?;
        let private = Permissions::from_mode(0o600);
        fs::set_permissions(path, private).map_err(SocketError::of(path))?;
        Ok(Self {
            path: path.to_owned(),
            _listens: AbortOnDropHandle::new(tokio::spawn(listen(drill, listener))),
        })
    }

    /// The socket.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Facilitation {
    fn drop(&mut self) {
        // Should it stay, the next drill takes it away.
        fs::remove_file(&self.path).ok();
    }
}

/// Takes in clients. With it they all go.
async fn listen(drill: Drill, listener: UnixListener) {
    let room = Arc::new(Semaphore::new(CLIENTS));
    let sights = Arc::new(watch::Sender::new(None));
    let glancing = glance(drill.clone(), Arc::clone(&sights), Arc::clone(&room));
    let _glances = AbortOnDropHandle::new(tokio::spawn(glancing));
    let mut clients = tokio::task::JoinSet::new();
    loop {
        while clients.try_join_next().is_some() {}
        let Ok((stream, _)) = listener.accept().await else {
            // No file descriptors are left, for instance.
            sleep(PATIENCE).await;
            continue;
        };
        if is_own(&stream) {
            let place = Arc::clone(&room).try_acquire_owned().ok();
            clients.spawn(attend(drill.clone(), stream, place, sights.subscribe()));
        }
    }
}

/// Whether the other side is this user.
pub(super) fn is_own(stream: &UnixStream) -> bool {
    let other = stream.peer_cred();
    other.is_ok_and(|it| it.uid() == geteuid().as_raw())
}

/// Looks at the world while somebody wants to know. When nobody does any more, the clock is the players'.
async fn glance(
    drill: Drill,
    sights: Arc<watch::Sender<Option<Arc<Sight>>>>,
    room: Arc<Semaphore>,
) {
    let mut glances = interval(GLANCE);
    glances.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut was_watched = false;
    loop {
        glances.tick().await;
        let is_watched = room.available_permits() < CLIENTS;
        if is_watched {
            let drill = drill.clone();
            let Ok(sight) = tokio::task::spawn_blocking(move || drill.sight()).await else {
                return;
            };
            sights.send_if_modified(|known| {
                let is_new = known.as_deref() != Some(&sight);
                *known = Some(Arc::new(sight));
                is_new
            });
        } else if was_watched {
            drill.desk.take_clock(false);
        }
        was_watched = is_watched;
    }
}

/// Talks to a client until either has enough.
async fn attend(
    drill: Drill,
    stream: UnixStream,
    place: Option<OwnedSemaphorePermit>,
    sights: watch::Receiver<Option<Arc<Sight>>>,
) {
    let (from, mut to) = stream.into_split();
    let about = drill.about();
    let hello = FromDrill::Hello {
        protocol: PROTOCOL,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        about,
    };
    if send(&mut to, &hello).await.is_err() {
        return;
    }
    if place.is_none() {
        let why = format!("{CLIENTS} facilitators are there already");
        return refuse(&mut to, why).await;
    }
    let mut incoming = Incoming::new(from, LONGEST_ORDER);
    match timeout(PATIENCE, incoming.next()).await {
        Ok(Some(Line::Value(ToDrill::Hello { protocol: PROTOCOL }))) => {}
        Ok(None) => return,
        _ => {
            let why = format!(
                "the first line must be {{\"hello\":{{\"protocol\":{PROTOCOL}}}}}: this is firedoor {}",
                env!("CARGO_PKG_VERSION")
            );
            return refuse(&mut to, why).await;
        }
    }
    let (lines, received) = mpsc::channel(1);
    let _reads = AbortOnDropHandle::new(tokio::spawn(async move {
        while let Some(line) = incoming.next::<ToDrill>().await {
            let is_last = line == Line::TooLong;
            if lines.send(line).await.is_err() || is_last {
                return;
            }
            sleep(BREATH).await;
        }
    }));
    talk(&drill, received, &mut to, sights).await;
}

async fn talk(
    drill: &Drill,
    mut received: mpsc::Receiver<Line<ToDrill>>,
    to: &mut OwnedWriteHalf,
    mut sights: watch::Receiver<Option<Arc<Sight>>>,
) {
    sights.mark_changed();
    loop {
        let said = tokio::select! {
            line = received.recv() => match line {
                None => return,
                Some(Line::TooLong) => {
                    let why = format!("a line has at most {LONGEST_ORDER} bytes: good-bye");
                    return refuse(to, why).await;
                }
                Some(Line::Bad(why)) => FromDrill::Refused { order: None, why },
                Some(Line::Value(ToDrill::Hello { .. })) => FromDrill::Refused {
                    order: None,
                    why: "hello was said".to_owned(),
                },
                Some(Line::Value(ToDrill::Order { order, what })) => {
                    let drill = drill.clone();
                    let done = tokio::task::spawn_blocking(move || drill.order(what)).await;
                    match done {
                        Ok(Ok(())) => FromDrill::Done { order },
                        Ok(Err(error)) => FromDrill::Refused {
                            order: Some(order),
                            why: error.to_string(),
                        },
                        Err(_) => return,
                    }
                }
            },
            changed = sights.changed() => {
                if changed.is_err() {
                    return;
                }
                let sight = sights.borrow_and_update().clone();
                match sight {
                    Some(sight) => FromDrill::Sight(Box::new(Sight::clone(&sight))),
                    None => continue,
                }
            }
        };
        if send(to, &said).await.is_err() {
            return;
        }
    }
}

async fn refuse(to: &mut OwnedWriteHalf, why: String) {
    // Whoever is gone need not be told.
    let refused = FromDrill::Refused { order: None, why };
    send(to, &refused).await.ok();
}
