//! The console in a terminal, used as an analyst uses it: by keys, and by what is on the screen.

#[path = "pty.rs"]
#[expect(dead_code, reason = "a console needs fewer keys than a terminal has")]
pub(crate) mod pty;

use std::fs;
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use pty::{Key, Terminal};

/// Long enough for anything on a loaded machine.
pub(crate) const SOON: Duration = Duration::from_mins(1);
/// The built program.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_firedoor");
/// Keys that come within half a second of a confirm dialog's opening are dropped on purpose.
const GRACE: Duration = Duration::from_millis(700);
/// The case of every console that is started here.
const CASE: &str = "IR-7";

/// A console in a terminal of its own.
pub(crate) struct Console(Terminal);

impl Console {
    /// Starts the program in a terminal of 80 by 24.
    pub(crate) fn start(args: &[&str], env: &[(&str, String)]) -> Self {
        let args = [args, &["--case", CASE]].concat();
        Self(Terminal::spawn(Path::new(PROGRAM), &args, env, 80, 24))
    }

    /// Shows a pane by its digit, and waits for a text in it.
    pub(crate) fn show(&mut self, pane: u8, text: &str) -> String {
        self.send(&pane.to_string());
        self.wait_for(text, SOON)
    }

    /// Filters the pane that is shown, and waits for a text in what is left.
    pub(crate) fn filter(&mut self, by: &str, text: &str) -> String {
        self.send(&format!("/{by}"));
        self.send_key(Key::Enter);
        self.wait_for(text, SOON)
    }

    /// Opens the confirm dialog of an action on the instance whose id ends with `tail`.
    pub(crate) fn open(&mut self, action: &str, tail: &str) -> String {
        self.show(5, "you decide");
        // The ranking depends on what has been read: the action is found by its name.
        self.send("/");
        self.send_key(Key::Esc);
        self.filter(action, &format!("/{action} "));
        self.wait_gone("no plan", SOON);
        self.send("g");
        self.send_key(Key::Enter);
        let screen = self.wait_for(&format!("Confirm {action} on i-"), SOON);
        assert!(screen.contains(&format!("{tail} ")), "{screen}");
        screen
    }

    /// Waits until the dialog that was just opened takes keys.
    pub(crate) fn wait_for_grace() {
        thread::sleep(GRACE);
    }

    /// Confirms the open dialog: types the end of the id, goes to the other button and presses it, twice if it
    /// asks.
    pub(crate) fn confirm(&mut self, tail: &str) {
        /// What is read while the dialog is open may change the plan, or what stands against it.
        const TRIES: usize = 10;
        let changed = "the account has changed";
        let mut screen = String::new();
        for _ in 0..TRIES {
            Self::wait_for_grace();
            self.send(tail);
            self.wait_for(&format!("instance id: {tail}"), SOON);
            self.send_key(Key::Tab);
            self.send_key(Key::Enter);
            let answered = |screen: &str| {
                let refused = [
                    "type the last four characters of i-",
                    // The answer: that the session is read-only stands there from the start.
                    "read-only session: start firedoor",
                    changed,
                ];
                !screen.contains("[ Contain ]") || refused.iter().any(|it| screen.contains(it))
            };
            screen = self.wait_until(SOON, "no answer to the button", answered);
            if !screen.contains(changed) {
                break;
            }
        }
        if screen.contains("[ Contain anyway ]") {
            // The questions about its order were read.
            self.send_key(Key::Tab);
            self.send_key(Key::Enter);
        }
    }

    /// Opens the dialog of an action, confirms it and waits for the run pane.
    pub(crate) fn run(&mut self, action: &str, tail: &str) {
        self.open(action, tail);
        self.confirm(tail);
        self.wait_for(&format!("Run {action} "), SOON);
    }

    /// Leaves at rest, and checks that the terminal is as it was found.
    pub(crate) fn quit(&mut self) {
        self.send("q");
        let exit = self.wait_for_exit(SOON);
        assert!(exit.success(), "{exit:?}");
        self.assert_sane();
    }

    /// Checks that the terminal was given back.
    pub(crate) fn assert_sane(&self) {
        assert!(!self.alternate_screen(), "still on the alternate screen");
        assert!(!self.hide_cursor(), "the cursor is still hidden");
        let raw = self.raw();
        let last = |mode: &[u8]| raw.windows(mode.len()).rposition(|it| it == mode);
        assert!(
            last(b"\x1b[?2004l") > last(b"\x1b[?2004h"),
            "pastes are still bracketed"
        );
    }

    /// Where this program keeps journals.
    pub(crate) fn journals(&self) -> PathBuf {
        self.home().join(".local/state/firedoor")
    }

    /// The journals of the case, oldest first; none when nothing was run.
    pub(crate) fn journal_files(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.journals().join(CASE));
        let entries = entries.into_iter().flatten().flatten();
        let files = entries.map(|entry| entry.path());
        // The exercise of a drill has a journal of its own.
        let mut files: Vec<PathBuf> = files.filter(|it| !it.ends_with("exercise.jsonl")).collect();
        files.sort();
        files
    }
}

impl Deref for Console {
    type Target = Terminal;

    fn deref(&self) -> &Terminal {
        &self.0
    }
}

impl DerefMut for Console {
    fn deref_mut(&mut self) -> &mut Terminal {
        &mut self.0
    }
}
