//! Keys, sizes and signals as one stream of messages. It ends when the terminal is gone.

use std::io;
use std::time::Duration;

use crossterm::event::{Event, EventStream, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use futures::{Stream, StreamExt, stream};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

use crate::app::{Input, Key, Message, Signal};

/// How often the terminal is asked whether it is still there. A hang-up signal can be lost (nohup, a
/// killed tmux), and a reader of a dead terminal never returns.
const WATCH: Duration = Duration::from_secs(2);

/// Starts to listen. Must be called after the terminal was entered.
///
/// # Errors
/// A signal handler can't be installed.
pub fn messages() -> io::Result<impl Stream<Item = Message> + Unpin> {
    let (sender, mut messages) = mpsc::channel(64);
    let mut hang_up = signal(SignalKind::hangup())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut watch = interval(WATCH);
    watch.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tokio::spawn(async move {
        let mut events = EventStream::new();
        loop {
            let message = tokio::select! {
                biased;
                _ = hang_up.recv() => Some(Message::Signal(Signal::HangUp)),
                _ = terminate.recv() => Some(Message::Signal(Signal::Terminate)),
                _ = interrupt.recv() => Some(Message::Signal(Signal::Terminate)),
                event = events.next() => match event {
                    Some(Ok(event)) => message(event),
                    Some(Err(_)) | None => Some(Message::Signal(Signal::HangUp)),
                },
                _ = watch.tick() => terminal_is_gone().then_some(Message::Signal(Signal::HangUp)),
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

/// Asks without reading: a read could take a key away, or never return.
fn terminal_is_gone() -> bool {
    let stdin = rustix::stdio::stdin();
    let mut fds = [PollFd::from_borrowed_fd(stdin, PollFlags::empty())];
    let now = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    let gone = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
    poll(&mut fds, Some(&now)).is_ok_and(|ready| ready > 0)
        && fds.iter().any(|fd| fd.revents().intersects(gone))
}

fn message(event: Event) -> Option<Message> {
    let input = match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => Input::Key(self::key(key)?),
        Event::Paste(text) => Input::Paste(text),
        Event::Resize(columns, rows) => Input::Resize { columns, rows },
        Event::Key(_) | Event::Mouse(_) | Event::FocusGained | Event::FocusLost => return None,
    };
    Some(Message::Input(input))
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
