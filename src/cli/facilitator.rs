//! `firedoor drill --facilitator`: the facilitator's screen, on a drill that runs in another terminal.

use std::path::{Path, PathBuf};

use color_eyre::eyre::{self, WrapErr};
use futures::StreamExt;

use super::console::styles;
use super::exercise::socket_folder;
use super::{BadInput, ConsoleArgs};
use crate::app::{Facilitator, Message, Wish};
use crate::drill::{self, Joined};
use crate::terminal::{self, Screen};
use crate::view;

/// Joins a drill and shows it until it is left. `scenario` is what it should play, where that was said.
pub(super) async fn run(
    socket: Option<&Path>,
    scenario: Option<&str>,
    args: &ConsoleArgs,
) -> eyre::Result<()> {
    let socket = match socket {
        Some(path) => path.to_owned(),
        None => the_only_one(&socket_folder()?)?,
    };
    let joined = drill::join(&socket).await?;
    let played = &joined.about.scenario;
    if let Some(wanted) = scenario.filter(|it| it != played) {
        let words = format!(
            "{} plays {played:?}, and not {wanted:?}: leave out the scenario, or name its socket",
            socket.display()
        );
        return Err(BadInput(words).into());
    }
    show(joined, args).await
}

/// The socket of the drill that runs, if there is one only.
fn the_only_one(folder: &Path) -> eyre::Result<PathBuf> {
    let mut live = drill::running(folder);
    match (live.pop(), live.is_empty()) {
        (Some(only), true) => Ok(only),
        (None, _) => {
            let words = format!(
                "no drill runs: start firedoor drill in another terminal (looked in {})",
                folder.display()
            );
            Err(BadInput(words).into())
        }
        (Some(last), false) => {
            live.push(last);
            let all: Vec<String> = live.iter().map(|it| it.display().to_string()).collect();
            let words = format!(
                "{} drills run: name one with --facilitator=SOCKET: {}",
                all.len(),
                all.join(", ")
            );
            Err(BadInput(words).into())
        }
    }
}

async fn show(mut joined: Joined, args: &ConsoleArgs) -> eyre::Result<()> {
    let mut screen = Screen::enter().wrap_err("could not start the facilitator's screen")?;
    let mut input = terminal::messages().wrap_err("could not listen for signals")?;
    let styles = styles(args);
    let mut state = Facilitator::new(joined.about.clone(), screen.size());
    loop {
        screen.draw(|frame| view::draw_facilitator(frame, &state, &styles))?;
        let wish = tokio::select! {
            message = input.next() => match message {
                Some(Message::Input(input)) => state.take_in(input),
                Some(Message::Signal(_)) | None => Some(Wish::Leave),
                Some(_) => None,
            },
            said = joined.heard.recv(), if !state.is_over => {
                match said {
                    Some(said) => state.hear(said),
                    None => state.lose(),
                }
                None
            }
        };
        match wish {
            Some(Wish::Leave) => return Ok(()),
            Some(Wish::Order(number, order)) => {
                // Whoever is gone says so by its silence.
                joined.orders.try_send((number, order)).ok();
            }
            None => {}
        }
    }
}
