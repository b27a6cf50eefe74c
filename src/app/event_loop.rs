//! The loop: messages in, one frame out when something changed.
//!
//! Generic over where messages come from and how a frame is drawn, so that tests run the real loop.
//! Nothing is awaited here but the next message and the next frame: no call to AWS ever is.

use std::io;
use std::time::Duration;

use futures::{Stream, StreamExt};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::message::{Effect, Message, Signal};
use super::session::Session;
use super::state::{AppState, Mode};

/// At the most 30 frames a second: a burst of messages is one frame.
const FRAME: Duration = Duration::from_millis(33);
/// The first frame waits this long, so that what is there at once is on it.
const FIRST_FRAME: Duration = Duration::from_millis(60);
/// Ages and the run's clocks move this often.
const TICK: Duration = Duration::from_secs(1);
/// Messages taken in before a frame gets its turn.
const BURST: usize = 64;

/// Why the loop ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// The analyst quit.
    Quit,
    /// A signal, or the terminal is gone.
    Signal(Signal),
}

/// Runs the console until it is left. `input` ends when the terminal is gone.
///
/// # Errors
/// Drawing failed for another reason than a terminal that is gone.
pub async fn run(
    mut state: AppState,
    mut session: Session,
    mut input: impl Stream<Item = Message> + Unpin,
    mut draw: impl FnMut(&AppState) -> io::Result<()>,
) -> io::Result<Exit> {
    let mut dirty = true;
    // Runs that were left in the middle are named first.
    perform(&mut state, &mut session, Effect::ReadArchive);
    hear_exercise(&mut state, &session);
    let mut next_frame = Instant::now() + FIRST_FRAME;
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        let message = tokio::select! {
            biased;
            () = sleep_until(next_frame), if dirty => {
                state.now = session.clock.now();
                draw(&state)?;
                dirty = false;
                next_frame = Instant::now() + FRAME;
                continue;
            }
            message = input.next() => message.unwrap_or(Message::Signal(Signal::HangUp)),
            Some(event) = session.run_events.recv() => Message::Run(Box::new(event)),
            Some(answer) = session.answers.recv() => answer,
            Some(update) = session.updates.recv() => Message::Update(Box::new(update)),
            _ = ticks.tick() => Message::Tick,
        };
        if message == Message::Tick {
            dirty |= hear_exercise(&mut state, &session);
        }
        dirty |= shows_time(&state) || !matches!(message, Message::Tick);
        if let Some(exit) = take_in(&mut state, &mut session, message) {
            return Ok(exit);
        }
        for _ in 0..BURST {
            let Ok(update) = session.updates.try_recv() else {
                break;
            };
            if let Some(exit) = take_in(&mut state, &mut session, Message::Update(Box::new(update)))
            {
                return Ok(exit);
            }
        }
    }
}

/// Takes in what is new in the exercise; whether there is anything.
fn hear_exercise(state: &mut AppState, session: &Session) -> bool {
    let news = session.news(state);
    let is_news = news.is_some();
    if let Some(news) = news {
        state.update(news, session.clock.now());
    }
    is_news
}

/// Whether something on screen moves by itself every second. At rest ages move in steps of five; in a dump
/// time stands still, and does not tell.
fn shows_time(state: &AppState) -> bool {
    let still = state.settings.mode == Mode::Dump;
    let playing = state.playing.as_ref();
    let is_fast = playing.is_some_and(|it| it.played.pace.factor() > 1);
    still || is_fast || state.run_is_open() || state.now.timestamp() % 5 == 0
}

fn take_in(state: &mut AppState, session: &mut Session, message: Message) -> Option<Exit> {
    let signal = match message {
        Message::Signal(signal) => Some(signal),
        _ => None,
    };
    let effects = state.update(message, session.clock.now());
    for effect in effects {
        let quit = effect == Effect::Quit;
        perform(state, session, effect);
        if quit {
            return Some(signal.map_or(Exit::Quit, Exit::Signal));
        }
    }
    None
}

fn perform(state: &mut AppState, session: &mut Session, effect: Effect) {
    let starting = matches!(effect, Effect::Start(_) | Effect::Resume { .. });
    if let Err(why) = session.perform(effect, state) {
        let why = if starting {
            format!("not started: {why}")
        } else {
            why
        };
        state.update(Message::RunLost(why), session.clock.now());
    }
}
