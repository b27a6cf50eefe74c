//! An exercise in two real terminals: players, a facilitator, the records that are left, and the whole
//! played again.

#![expect(clippy::panic, reason = "a failed step of the set-up is a failed test")]

#[path = "support/console.rs"]
mod console;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use console::pty::Key;
use console::{Console, SOON};
use tempfile::TempDir;

/// The end of the suspect's id.
const TAIL: &str = "eef1";

/// A drill of the first scenario, and where its sockets are.
fn drill(args: &[&str], runtime: &TempDir) -> Console {
    let mut console = Console::start(&[&["drill"], args].concat(), &env(runtime));
    console.wait_for("Backdoor:EC2/C&CActivity.B", SOON);
    console
}

fn env(runtime: &TempDir) -> [(&'static str, String); 1] {
    let path = runtime.path().display().to_string();
    [("XDG_RUNTIME_DIR", path)]
}

fn folder() -> TempDir {
    // Paths of sockets are short.
    tempfile::tempdir_in("/tmp").unwrap_or_else(|error| panic!("{error}"))
}

fn mode(path: &Path) -> u32 {
    let known = fs::metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    known.permissions().mode() & 0o777
}

#[test]
fn players_and_facilitator_play_and_the_recording_plays_again() {
    let runtime = folder();
    let file = runtime.path().join("play.jsonl");
    let path = file.display().to_string();
    let args = ["--team", "Blue", "--record", &path, "--max-dwell", "1"];
    let mut players = drill(&args, &runtime);
    assert!(
        players.screen().contains(" DRILL  Blue"),
        "{}",
        players.screen()
    );
    let mut facilitator = Console::start(&["drill", "--facilitator"], &env(&runtime));
    facilitator.wait_for("began: A reverse shell", SOON);

    facilitator.send("mCISO: are we safe?");
    facilitator.send_key(Key::Enter);
    players.wait_for(" 1 to answer ", SOON);
    players.send("m");
    players.wait_for("Answer: _", SOON);
    players.send("not yet");
    players.send_key(Key::Enter);
    players.wait_for("not yet", SOON);
    facilitator.wait_for("answer to 2: not yet", SOON);
    players.send_key(Key::Esc);
    players.wait_gone("Messages", SOON);

    facilitator.send(" ");
    players.wait_for(" DRILL PAUSED ", SOON);
    facilitator.wait_for("your clock", SOON);
    players.send(" ");
    players.wait_for("a facilitator has the clock", SOON);
    facilitator.send("b");
    facilitator.wait_for("players' clock", SOON);
    // The console hears of it within a second.
    std::thread::sleep(std::time::Duration::from_secs(2));
    players.send(" ");
    players.wait_gone("PAUSED", SOON);

    players.run("sg-swap", TAIL);
    players.wait_for("Done after ", SOON);
    facilitator.wait_for("set the groups", SOON);
    players.quit();
    let last = players.screen();
    assert!(last.contains("the exercise is over: "), "{last}");
    assert!(last.contains("firedoor report IR-7"), "{last}");
    facilitator.wait_for("the drill is over: q leaves", SOON);
    facilitator.quit();
    let journal = players.journals().join("IR-7/exercise.jsonl");
    assert_eq!(mode(&journal), 0o600);
    assert_eq!(mode(&file), 0o600);
    let recorded = fs::read_to_string(&journal).unwrap_or_default();
    for word in [
        "\"began\"",
        "\"answered\"",
        "\"called\"",
        "\"score\"",
        "\"ended\"",
    ] {
        assert!(recorded.contains(word), "{word} is not in {recorded}");
    }

    let mut again = Console::start(
        &["drill", "--replay", &path, "--pace", "60"],
        &env(&runtime),
    );
    again.wait_for(" REPLAY ", SOON);
    // It stands still at the end.
    again.wait_for(" REPLAY PAUSED ", SOON);
    again.send("m");
    again.wait_for("not yet", SOON);
    again.send_key(Key::Esc);
    again.open("sg-swap", TAIL);
    again.wait_for("this is a replay", SOON);
    again.send_key(Key::Esc);
    again.quit();
}

#[test]
fn a_pause_does_not_keep_a_run_from_its_safe_end() {
    let runtime = folder();
    let mut players = drill(&["--max-dwell", "60"], &runtime);
    players.run("sg-two-step", TAIL);
    players.wait_for(" s left", SOON);
    players.send(" ");
    players.wait_for(" DRILL PAUSED ", SOON);
    players.send("q");
    players.wait_for("Quit?", SOON);
    players.send("y");
    let exit = players.wait_for_exit(SOON);
    assert!(exit.success(), "{exit:?}");
    let files = players.journal_files();
    let journal = fs::read_to_string(&files[0]).unwrap_or_default();
    assert!(journal.contains("\"outcome\":\"stopped\""), "{journal}");
}

#[test]
fn the_dwell_of_a_run_passes_in_the_worlds_time() {
    let runtime = folder();
    let mut players = drill(&["--max-dwell", "200", "--pace", "20"], &runtime);
    players.run("sg-two-step", TAIL);
    // At the pace of the wall clock this would take longer than the test waits.
    players.wait_for("Done after ", SOON);
    players.quit();
}

#[test]
fn a_case_has_one_exercise() {
    let runtime = folder();
    let state = runtime.path().join("state").display().to_string();
    let env = [("XDG_STATE_HOME", state)];
    let mut first = Console::start(&["drill"], &env);
    first.wait_for("Backdoor:EC2/C&CActivity.B", SOON);
    let mut second = Console::start(&["drill"], &env);
    second.wait_for_words("it has an exercise already; name another case", SOON);
    first.quit();
}

#[test]
fn a_recording_never_takes_the_place_of_a_file() {
    let runtime = folder();
    let file = runtime.path().join("play.jsonl");
    fs::write(&file, "mine").unwrap_or_else(|error| panic!("{error}"));
    let path = file.display().to_string();
    let mut console = Console::start(&["drill", "--record", &path], &env(&runtime));
    console.wait_for_words("play.jsonl: File exists", SOON);
    assert_eq!(fs::read_to_string(&file).unwrap_or_default(), "mine");
}
