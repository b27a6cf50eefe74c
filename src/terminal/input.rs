//! Keys, sizes and signals as one stream of messages. The last one is a signal, or that the terminal is gone.

use std::time::Duration;
use std::{io, thread};

use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use crossterm::terminal::window_size;
use futures::{Stream, stream};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{self, Sender};

use crate::app::{Input, Key, Message, Signal};

/// How long crossterm looks for input that is there: who does not wait at all gets none from it.
const LOOK: Duration = Duration::from_millis(1);
/// What a terminal says that is no more.
const GONE: PollFlags = PollFlags::HUP.union(PollFlags::ERR).union(PollFlags::NVAL);

/// Starts to listen. Must be called after the terminal was entered.
///
/// # Errors
/// A signal handler can't be installed, or no thread started.
pub fn messages() -> io::Result<impl Stream<Item = Message> + Unpin> {
    let (sender, mut messages) = mpsc::channel(64);
    let mut hang_up = signal(SignalKind::hangup())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut resized = signal(SignalKind::window_change())?;
    let keys = sender.clone();
    // A thread of its own, no task: crossterm's reader waits for the rest of a sequence. A task that did would
    // hold back others of its worker, a run too.
    thread::Builder::new()
        .name("keys".into())
        .spawn(move || read_keys(&keys))?;
    tokio::spawn(async move {
        loop {
            let message = tokio::select! {
                biased;
                () = sender.closed() => return,
                _ = hang_up.recv() => Some(Message::Signal(Signal::HangUp)),
                _ = terminate.recv() => Some(Message::Signal(Signal::Terminate)),
                _ = interrupt.recv() => Some(Message::Signal(Signal::Terminate)),
                _ = resized.recv() => window_size().ok().map(|it| {
                    Message::Input(Input::Resize { columns: it.columns, rows: it.rows })
                }),
            };
            let Some(message) = message else { continue };
            let last = matches!(message, Message::Signal(_));
            if sender.send(message).await.is_err() || last {
                return;
            }
        }
    });
    Ok(stream::poll_fn(move |context| messages.poll_recv(context)))
}

/// Reads events until the terminal is gone or nobody listens any more. Of a terminal that is gone no signal
/// need come (nohup, a killed tmux).
fn read_keys(sender: &Sender<Message>) {
    loop {
        match wait_for_input() {
            Err(Errno::INTR) => continue,
            Ok(it) if !it.intersects(GONE) => {}
            Ok(_) | Err(_) => {
                // If nobody listens the console is left already.
                let _left = sender.blocking_send(Message::Signal(Signal::HangUp));
                return;
            }
        }
        // What is typed after the console was left belongs to the shell.
        if sender.is_closed() {
            return;
        }
        while event::poll(LOOK).unwrap_or(false) {
            for input in event::read().map(inputs).unwrap_or_default() {
                if sender.blocking_send(Message::Input(input)).is_err() {
                    return;
                }
            }
        }
    }
}

/// Waits for a signal that asks the program to end.
///
/// # Errors
/// A signal handler can't be installed.
pub fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    let mut hang_up = signal(SignalKind::hangup())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = hang_up.recv() => {}
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// What the terminal has: input, or [`GONE`]. Takes no key away.
fn wait_for_input() -> Result<PollFlags, Errno> {
    let mut fds = [PollFd::from_borrowed_fd(
        rustix::stdio::stdin(),
        PollFlags::IN,
    )];
    poll(&mut fds, None)?;
    Ok(fds.iter().map(PollFd::revents).collect())
}

/// What an event means here, in order.
fn inputs(event: Event) -> Vec<Input> {
    let input = match event {
        Event::Key(event) if event.kind != KeyEventKind::Release => {
            // Alt is an Esc before the key, and nothing here asks for Alt: it is an Esc that came in one packet
            // with the next key.
            let escape = event.modifiers.contains(KeyModifiers::ALT);
            let keys = [escape.then_some(Key::Esc), key(event)];
            return keys.into_iter().flatten().map(Input::Key).collect();
        }
        Event::Paste(text) => Input::Paste(text),
        Event::Resize(columns, rows) => Input::Resize { columns, rows },
        Event::Key(_) | Event::Mouse(_) | Event::FocusGained | Event::FocusLost => {
            return Vec::new();
        }
    };
    vec![input]
}

fn key(event: KeyEvent) -> Option<Key> {
    let control = event.modifiers.contains(KeyModifiers::CONTROL);
    Some(match event.code {
        KeyCode::Char(c) if control => Key::Ctrl(c.to_ascii_lowercase()),
        KeyCode::Char(c) => Key::Char(c),
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Esc,
        KeyCode::Tab => Key::Tab,
        KeyCode::BackTab => Key::BackTab,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escape_in_one_packet_with_the_next_key_is_both() {
        let pressed = |code, modifiers| inputs(Event::Key(KeyEvent::new(code, modifiers)));
        let keys = |keys: &[Key]| keys.iter().copied().map(Input::Key).collect::<Vec<_>>();
        let (none, alt) = (KeyModifiers::NONE, KeyModifiers::ALT);
        let slash = KeyCode::Char('/');
        assert_eq!(pressed(slash, none), keys(&[Key::Char('/')]));
        assert_eq!(pressed(slash, alt), keys(&[Key::Esc, Key::Char('/')]));
        assert_eq!(pressed(KeyCode::Enter, alt), keys(&[Key::Esc, Key::Enter]));
        assert_eq!(pressed(KeyCode::F(1), none), keys(&[]));
        let release = KeyEvent::new_with_kind(slash, none, KeyEventKind::Release);
        assert_eq!(inputs(Event::Key(release)), keys(&[]));
    }
}
