//! The screen: entered once, left in every case, and written to once per frame.

use std::io::{self, BufWriter, IsTerminal, Stdout, Write};
use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode,
};
use crossterm::{cursor, execute, queue, style};
use ratatui::backend::CrosstermBackend;
use ratatui::{Frame, Terminal};

/// Larger than any full repaint: a frame is one write, and so one packet or few.
const FRAME_BYTES: usize = 64 * 1024;

/// Whether the terminal is ours. A panic hook has nothing else to ask.
static ENTERED: AtomicBool = AtomicBool::new(false);

/// The terminal in full-screen mode; dropping it gives the terminal back.
pub struct Screen {
    /// Never dropped: that would print to standard error if the cursor can't be shown, and printing to
    /// a terminal that is gone panics. [`restore`] does all that is needed.
    terminal: ManuallyDrop<Terminal<CrosstermBackend<BufWriter<Stdout>>>>,
}

impl Screen {
    /// Whether there is a terminal to be taken over.
    ///
    /// # Errors
    /// Standard input or output is none.
    pub fn is_possible() -> io::Result<()> {
        if io::stdin().is_terminal() && io::stdout().is_terminal() {
            return Ok(());
        }
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "the console needs a terminal, and standard input or output is none: run it in an \
             interactive shell (over SSH with ssh -t)",
        ))
    }

    /// Takes the terminal over.
    ///
    /// # Errors
    /// Standard input or output is no terminal, or it refuses a mode.
    pub fn enter() -> io::Result<Self> {
        Self::is_possible()?;
        // Colours are resolved by the styles. Left alone, crossterm would answer NO_COLOR with resets
        // that take bold and reverse away too.
        style::force_color_output(true);
        let out = BufWriter::with_capacity(FRAME_BYTES, io::stdout());
        let terminal = Terminal::new(CrosstermBackend::new(out))?;
        take_over().inspect_err(|_| restore())?;
        Ok(Self {
            terminal: ManuallyDrop::new(terminal),
        })
    }

    /// Columns and rows.
    pub fn size(&self) -> (u16, u16) {
        self.terminal
            .size()
            .map_or((80, 24), |it| (it.width, it.height))
    }

    /// Draws one frame inside a synchronized update: the terminal shows all of it or nothing.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn draw(&mut self, render: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        if !ENTERED.load(Ordering::SeqCst) {
            // Another task panicked, and the hook gave the terminal back; the console goes on.
            take_over()?;
            let size = self.terminal.size()?;
            self.terminal.resize(size.into())?;
        }
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        let drawn = self.terminal.draw(render).map(|_| ());
        queue!(self.terminal.backend_mut(), EndSynchronizedUpdate)?;
        self.terminal.backend_mut().flush()?;
        drawn
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

fn take_over() -> io::Result<()> {
    ENTERED.store(true, Ordering::SeqCst);
    enable_raw_mode()?;
    execute!(
        io::stdout(),
        EnterAlternateScreen,
        EnableBracketedPaste,
        cursor::Hide
    )
}

/// Gives the terminal back, once; harmless if it was never taken, or is gone. Also for the panic hook.
pub fn restore() {
    if !ENTERED.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut out = io::stdout();
    drop(execute!(
        out,
        EndSynchronizedUpdate,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        cursor::Show
    ));
    drop(disable_raw_mode());
}
