//! A terminal to run the program in: a pseudo-terminal with a VT100 screen behind it.
//!
//! The program gets a cleared environment. It must never ask the terminal where the cursor is: that
//! question blocks a real terminal session, is left unanswered here, and fails the test.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test without its terminal has nothing better to do"
)]

use std::ffi::OsString;
use std::fmt::Debug;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// How often a waiting test looks again.
const LOOK: Duration = Duration::from_millis(10);
/// How long an Esc must stand alone so that it is not read as the start of a sequence.
const ESC_PAUSE: Duration = Duration::from_millis(60);
/// The question a program must not ask: where is the cursor?
const CURSOR_QUERIES: [&[u8]; 2] = [b"\x1b[6n", b"\x1b[?6n"];

/// Keys that have no character.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Key {
    /// Return.
    Enter,
    /// Escape, followed by a short pause.
    Esc,
    /// Tabulator.
    Tab,
    /// Shift and tabulator.
    BackTab,
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// Control and C.
    CtrlC,
}

impl Key {
    /// What a terminal sends for it.
    fn sequence(self) -> &'static str {
        match self {
            Self::Enter => "\r",
            Self::Esc => "\x1b",
            Self::Tab => "\t",
            Self::BackTab => "\x1b[Z",
            Self::Up => "\x1b[A",
            Self::Down => "\x1b[B",
            Self::CtrlC => "\x03",
        }
    }
}

/// What the program has written, raw and as a screen.
struct Output {
    parser: vt100::Parser,
    raw: Vec<u8>,
    /// Nobody reads for the moment.
    stalled: bool,
    /// Nobody reads any further.
    hung_up: bool,
}

/// Our side of the pseudo-terminal: where a person would sit.
struct Side {
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
}

/// A program running in a terminal of its own.
pub(crate) struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    exit: Option<ExitStatus>,
    /// `None` once it was hung up.
    side: Option<Side>,
    output: Arc<Mutex<Output>>,
    reader: JoinHandle<()>,
    home: TempDir,
}

impl Terminal {
    /// Starts a program in a terminal of that size.
    ///
    /// Its environment is `PATH`, `TERM`, `LANG`, a `HOME` and `XDG_STATE_HOME` in a fresh folder
    /// that is also the working directory, and then `env`, which may replace any of these.
    pub(crate) fn spawn(
        program: &Path,
        args: &[&str],
        env: &[(&str, String)],
        cols: u16,
        rows: u16,
    ) -> Self {
        let home = TempDir::new().expect("a temporary folder can be made");
        let pty = native_pty_system();
        let pair = pty.openpty(size(cols, rows));
        let pair = pair.expect("a pseudo-terminal can be opened");
        let command = command(program, args, env, home.path());
        let child = pair.slave.spawn_command(command);
        let child = child.expect("the program starts");
        // Only the program holds its side now, so the reader sees the end when the program ends.
        drop(pair.slave);
        let master = pair.master;
        let source = master.try_clone_reader().expect("the output is readable");
        let writer = master.take_writer().expect("the input is writable");
        let output = Arc::new(Mutex::new(Output {
            parser: vt100::Parser::new(cells(rows), cells(cols), 0),
            raw: Vec::new(),
            stalled: false,
            hung_up: false,
        }));
        let sink = Arc::clone(&output);
        let reader = thread::spawn(move || collect(source, &sink));
        Self {
            child,
            exit: None,
            side: Some(Side { master, writer }),
            output,
            reader,
            home,
        }
    }

    /// The program's `HOME`, unless `env` named another.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Types text.
    pub(crate) fn send(&mut self, text: &str) {
        let writer = &mut self.side().writer;
        let typed = writer.write_all(text.as_bytes());
        let typed = typed.and_then(|()| writer.flush());
        if let Err(error) = typed {
            self.fail(&format!("cannot type {text:?}: {error}"));
        }
    }

    /// Presses a key.
    pub(crate) fn send_key(&mut self, key: Key) {
        self.send(key.sequence());
        if matches!(key, Key::Esc) {
            thread::sleep(ESC_PAUSE);
        }
    }

    /// The screen as it is now: one line per row, without blanks at the end of rows.
    pub(crate) fn screen(&self) -> String {
        self.refuse_cursor_queries();
        text(&self.output())
    }

    /// Waits until the screen shows a text and returns that screen.
    ///
    /// # Panics
    ///
    /// When it never does, with the last screen and the exit status.
    pub(crate) fn wait_for(&mut self, text: &str, limit: Duration) -> String {
        self.wait_until(limit, &format!("{text:?} never showed"), |screen| {
            screen.contains(text)
        })
    }

    /// Waits until the screen shows words that may be broken over the lines of a box, and returns that
    /// screen.
    ///
    /// # Panics
    ///
    /// When it never does, with the last screen and the exit status.
    pub(crate) fn wait_for_words(&mut self, words: &str, limit: Duration) -> String {
        self.wait_until(limit, &format!("{words:?} never showed"), |screen| {
            let edge = |c: char| c.is_whitespace() || c == '│';
            let shown: Vec<&str> = screen.split(edge).filter(|it| !it.is_empty()).collect();
            shown.join(" ").contains(words)
        })
    }

    /// Waits until the screen no longer shows a text and returns that screen.
    ///
    /// # Panics
    ///
    /// When it stays, with the last screen and the exit status.
    pub(crate) fn wait_gone(&mut self, text: &str, limit: Duration) -> String {
        self.wait_until(limit, &format!("{text:?} never went away"), |screen| {
            !screen.contains(text)
        })
    }

    /// Waits until the program has ended and everything it wrote is on the screen.
    ///
    /// # Panics
    ///
    /// When it does not end, with the last screen.
    pub(crate) fn wait_for_exit(&mut self, limit: Duration) -> ExitStatus {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(exit) = self.poll_exit() {
                self.drain();
                self.refuse_cursor_queries();
                return exit;
            }
            if Instant::now() >= deadline {
                self.fail("the program did not end");
            }
            thread::sleep(LOOK);
        }
    }

    /// Changes the size of the terminal; the program gets its signal.
    pub(crate) fn resize(&mut self, cols: u16, rows: u16) {
        let mut output = self.output();
        output.parser.set_size(cells(rows), cells(cols));
        drop(output);
        let resized = self.side().master.resize(size(cols, rows));
        resized.expect("a pseudo-terminal can be resized");
    }

    /// Reads no further for now, as a connection that stalls: once the kernel's buffer is full, what the
    /// program writes does not return.
    pub(crate) fn stall(&self, stalled: bool) {
        self.output().stalled = stalled;
    }

    /// Closes the terminal as when its window is closed or the connection to it is lost: from then on
    /// the program can neither read nor write there. It must be one that still draws something.
    ///
    /// # Panics
    ///
    /// When it draws nothing any more.
    pub(crate) fn hang_up(&mut self, limit: Duration) {
        self.output().hung_up = true;
        let deadline = Instant::now() + limit;
        while !self.reader.is_finished() {
            if Instant::now() >= deadline {
                self.fail("the program draws nothing, so its terminal cannot be closed");
            }
            thread::sleep(LOOK);
        }
        self.side = None;
    }

    /// Sends the program a signal, by its process id.
    ///
    /// The program leads a session of its own, where `TSTP` has no effect by default: use `STOP`.
    pub(crate) fn signal(&mut self, signal: Signal) {
        if self.poll_exit().is_some() {
            self.fail(&format!("no program left to send {signal:?} to"));
        }
        let sent = kill_process(self.pid(), signal);
        sent.expect("a running child can be signalled");
    }

    /// How many bytes the program has written so far.
    pub(crate) fn bytes_written(&self) -> usize {
        self.output().raw.len()
    }

    /// Everything the program has written so far.
    pub(crate) fn raw(&self) -> Vec<u8> {
        self.output().raw.clone()
    }

    /// Whether the program is on the alternate screen.
    pub(crate) fn alternate_screen(&self) -> bool {
        self.output().parser.screen().alternate_screen()
    }

    /// Whether the program has hidden the cursor.
    pub(crate) fn hide_cursor(&self) -> bool {
        self.output().parser.screen().hide_cursor()
    }

    /// Looks until the screen satisfies a condition, time is up or the program has ended.
    pub(crate) fn wait_until(
        &mut self,
        limit: Duration,
        complaint: &str,
        satisfied: impl Fn(&str) -> bool,
    ) -> String {
        let deadline = Instant::now() + limit;
        loop {
            // Asked before the look: what an ended program wrote is complete by then.
            let last = self.poll_exit().is_some() && self.reader.is_finished();
            let screen = self.screen();
            if satisfied(&screen) {
                return screen;
            }
            if last || Instant::now() >= deadline {
                self.fail(complaint);
            }
            thread::sleep(LOOK);
        }
    }

    /// The exit status, once there is one.
    fn poll_exit(&mut self) -> Option<ExitStatus> {
        if self.exit.is_none() {
            self.exit = self.child.try_wait().ok().flatten();
        }
        self.exit.clone()
    }

    /// Waits a moment for the rest of the output; a grandchild may hold the terminal open for ever.
    fn drain(&self) {
        let deadline = Instant::now() + Duration::from_secs(1);
        while !self.reader.is_finished() && Instant::now() < deadline {
            thread::sleep(LOOK);
        }
    }

    /// Our side of the terminal.
    fn side(&mut self) -> &mut Side {
        self.side.as_mut().expect("the terminal was not hung up")
    }

    /// The program's process id; only valid until its exit status was collected.
    fn pid(&self) -> Pid {
        let id = self
            .child
            .process_id()
            .and_then(|id| i32::try_from(id).ok());
        id.and_then(Pid::from_raw)
            .expect("a child has a process id")
    }

    /// What has been written; a panic elsewhere does not make it unreadable.
    fn output(&self) -> MutexGuard<'_, Output> {
        self.output.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Fails the test when the program asked for the cursor.
    fn refuse_cursor_queries(&self) {
        let asked = asks_for_cursor(&self.output().raw);
        assert!(!asked, "the program asked the terminal for the cursor");
    }

    /// Ends the test with the last screen and the exit status.
    fn fail(&mut self, what: &str) -> ! {
        let exit: Box<dyn Debug> = match self.poll_exit() {
            Some(exit) => Box::new(exit),
            None => Box::new("still running"),
        };
        let screen = text(&self.output());
        panic!("{what}; the program: {exit:?}; the screen:\n{screen}");
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if self.poll_exit().is_none() {
            // Fails only when it ended in between; then there is still a status to collect.
            let _ended = kill_process(self.pid(), Signal::KILL);
            drop(self.child.wait());
        }
        if !thread::panicking() {
            self.refuse_cursor_queries();
        }
    }
}

/// The command with its whole environment.
fn command(program: &Path, args: &[&str], env: &[(&str, String)], home: &Path) -> CommandBuilder {
    let mut command = CommandBuilder::new(program);
    command.args(args);
    command.cwd(home);
    command.env_clear();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let defaults: [(&str, OsString); 6] = [
        ("PATH", path),
        ("SHELL", "/bin/sh".into()),
        ("HOME", home.into()),
        ("XDG_STATE_HOME", home.join(".local/state").into()),
        ("TERM", "xterm-256color".into()),
        ("LANG", "C.UTF-8".into()),
    ];
    for (name, value) in defaults {
        command.env(name, value);
    }
    for (name, value) in env {
        command.env(name, value);
    }
    command
}

/// Reads until the program's side is closed.
fn collect(mut source: Box<dyn Read + Send>, sink: &Mutex<Output>) {
    let mut buffer = [0; 16 * 1024];
    let lock = || sink.lock().unwrap_or_else(PoisonError::into_inner);
    while let Ok(read @ 1..) = source.read(&mut buffer) {
        let bytes = buffer.get(..read).unwrap_or_default();
        while lock().stalled {
            thread::sleep(LOOK);
        }
        let mut output = lock();
        output.raw.extend_from_slice(bytes);
        output.parser.process(bytes);
        if output.hung_up {
            return;
        }
    }
}

/// The rows of the screen, without blanks at their ends.
fn text(output: &Output) -> String {
    let screen = output.parser.screen();
    let (_, cols) = screen.size();
    let rows = screen.rows(0, cols.get());
    let rows: Vec<String> = rows.map(|row| row.trim_end().to_owned()).collect();
    rows.join("\n")
}

/// Whether the cursor was asked for anywhere in the output.
fn asks_for_cursor(raw: &[u8]) -> bool {
    CURSOR_QUERIES
        .iter()
        .any(|query| raw.windows(query.len()).any(|window| window == *query))
}

/// A size as the kernel wants it.
fn size(cols: u16, rows: u16) -> PtySize {
    PtySize {
        rows,
        cols,
        pixel_width: 0,
        pixel_height: 0,
    }
}

/// A count of cells; a terminal without any is a mistake in the test.
fn cells(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).expect("a terminal has at least one cell")
}
