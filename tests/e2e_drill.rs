//! The drill in a real terminal, from the first screen to the end of a run: what an analyst sees,
//! what the journal holds afterwards, and what becomes of a run when the console is left.

#[path = "support/console.rs"]
mod console;
#[path = "support/journal.rs"]
mod journal;

use std::thread;
use std::time::{Duration, Instant};

use console::pty::Key;
use console::{Console, SOON};
use firedoor::executor::RunOutcome;
use journal::Told;
use rustix::process::Signal;

/// The end of the suspect's id.
const TAIL: &str = "eef1";
/// What a run shows during its dwell.
const DWELL: &str = " s left";

/// A drill with these arguments besides, once its findings are there.
fn drill(args: &[&str]) -> Console {
    drill_with(args, &[])
}

/// The same with additional environment.
fn drill_with(args: &[&str], env: &[(&str, String)]) -> Console {
    let mut console = Console::start(&[&["drill"], args].concat(), env);
    console.wait_for("Backdoor:EC2/C&CActivity.B", SOON);
    console
}

/// A drill in the dwell of a two-step that would go on for a minute.
fn dwelling() -> Console {
    let mut console = drill(&["--max-dwell", "60"]);
    console.run("sg-two-step", TAIL);
    console.wait_for(DWELL, SOON);
    console
}

/// The one journal of a console.
fn told(console: &Console) -> Told {
    let files = console.journal_files();
    assert_eq!(files.len(), 1, "{files:?}");
    Told::by(&files[0])
}

/// Runs an action to its end and leaves.
fn contained_by(action: &str) -> Told {
    let mut console = drill(&["--max-dwell", "1"]);
    console.run(action, TAIL);
    console.wait_for("Done after ", SOON);
    console.quit();
    let told = told(&console);
    assert_eq!(told.retries(), 0);
    told
}

#[test]
fn the_panes_show_the_finding_the_neighbours_and_the_flows() {
    let mut console = drill(&["--max-dwell", "1"]);
    let screen = console.wait_for(TAIL, SOON);
    assert!(screen.contains(" DRILL "), "{screen}");
    console.show(2, "eni-0bf68f5fb24a43d50");
    console.show(3, "NAT gateway");
    console.show(4, "accept");
    console.filter("203.0.113", "203.0.113.66 << finding");
    console.quit();
    assert!(console.journal_files().is_empty());
}

#[test]
fn enter_at_once_is_dropped_and_later_cancels() {
    let mut console = drill(&[]);
    console.open("sg-two-step", TAIL);
    console.send_key(Key::Enter);
    Console::wait_for_grace();
    assert!(console.screen().contains("Confirm sg-two-step"));
    console.send_key(Key::Enter);
    console.wait_for("cancelled: nothing was sent", SOON);
    console.quit();
    assert!(console.journal_files().is_empty());
}

#[test]
fn the_wrong_id_is_refused() {
    let mut console = drill(&[]);
    console.open("sg-two-step", TAIL);
    console.confirm("eef2");
    console.wait_for("type the last four characters of i-", SOON);
    console.send_key(Key::Esc);
    console.wait_gone("Confirm sg-two-step", SOON);
    console.quit();
    assert!(console.journal_files().is_empty());
}

#[test]
fn the_two_step_ends_done_and_its_journal_tells_so() {
    let told = contained_by("sg-two-step");
    assert_eq!(told.outcome(), Some(RunOutcome::Done));
    assert!(told.was_emptied());
}

#[test]
fn the_swap_of_groups_ends_done_and_its_journal_tells_so() {
    assert_eq!(contained_by("sg-swap").outcome(), Some(RunOutcome::Done));
}

#[test]
fn the_swap_of_network_acls_ends_done_and_its_journal_tells_so() {
    assert_eq!(contained_by("nacl-swap").outcome(), Some(RunOutcome::Done));
}

#[test]
fn without_a_journal_nothing_is_changed() {
    let nowhere = [("XDG_STATE_HOME", "/dev/null/state".to_owned())];
    let mut console = drill_with(&[], &nowhere);
    console.open("nacl-swap", TAIL);
    console.confirm(TAIL);
    console.wait_for_words("not started: lock /dev/null/state/firedoor", SOON);
    console.wait_for_words("without it two runs could change one target", SOON);
    console.quit();
}

#[test]
fn a_hidden_run_goes_on() {
    let mut console = drill(&["--max-dwell", "5"]);
    console.run("sg-two-step", TAIL);
    console.wait_for(DWELL, SOON);
    console.send_key(Key::Esc);
    console.wait_for("you decide", SOON);
    console.wait_for("run ended: Done", SOON);
    console.show(6, "Done after ");
    console.quit();
    assert_eq!(told(&console).outcome(), Some(RunOutcome::Done));
}

#[test]
fn after_a_run_was_stopped_another_one_can_be_made() {
    let mut console = dwelling();
    console.send("s");
    console.wait_for("Stopped after ", SOON);
    console.run("nacl-swap", TAIL);
    console.wait_for("Done after ", SOON);
    console.quit();
    let runs = console.journal_files();
    let outcomes: Vec<_> = runs.iter().map(|it| Told::by(it).outcome()).collect();
    assert_eq!(
        outcomes,
        [Some(RunOutcome::Stopped), Some(RunOutcome::Done)]
    );
    assert!(Told::by(&runs[0]).was_emptied());
}

#[test]
fn quitting_during_a_run_asks_and_stops_it_safely() {
    let mut console = dwelling();
    console.send("q");
    console.wait_for("Quit?", SOON);
    console.send_key(Key::Esc);
    console.wait_gone("Quit?", SOON);
    console.wait_for(DWELL, SOON);
    console.send("q");
    console.wait_for("Quit?", SOON);
    console.send("y");
    let exit = console.wait_for_exit(SOON);
    assert!(exit.success(), "{exit:?}");
    console.assert_sane();
    let screen = console.screen();
    assert!(screen.contains("stopping the run safely"), "{screen}");
    let told = told(&console);
    assert_eq!(told.outcome(), Some(RunOutcome::Stopped));
    assert!(told.was_emptied());
}

#[test]
fn signals_stop_a_run_safely() {
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        let mut console = dwelling();
        console.signal(signal);
        let exit = console.wait_for_exit(SOON);
        assert!(exit.signal().is_none(), "{signal:?}: {exit:?}");
        console.assert_sane();
        let told = told(&console);
        assert_eq!(told.outcome(), Some(RunOutcome::Stopped), "{signal:?}");
        assert!(told.was_emptied(), "{signal:?}");
    }
}

#[test]
fn a_terminal_that_is_gone_stops_a_run_safely() {
    let mut console = dwelling();
    console.hang_up(SOON);
    console.wait_for_exit(SOON);
    let told = told(&console);
    assert_eq!(told.outcome(), Some(RunOutcome::Stopped));
    assert!(told.was_emptied());
}

/// A drill in the dwell of a two-step, whose connection has stalled: its next frame is never written.
fn stalled(max_dwell: &str) -> Console {
    let mut console = drill(&["--max-dwell", max_dwell]);
    console.run("sg-two-step", TAIL);
    console.wait_for(DWELL, SOON);
    console.stall(true);
    // More than a terminal buffers: every other pane is a whole screen.
    for pane in "3456".chars().cycle().take(80) {
        console.send(&pane.to_string());
        thread::sleep(Duration::from_millis(40));
    }
    console
}

/// Waits for the end of the run of a console that has stalled.
fn outcome_of_stalled(console: &Console) -> Option<RunOutcome> {
    let deadline = Instant::now() + SOON;
    while told(console).outcome().is_none() && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(100));
    }
    let screen = console.screen();
    assert!(screen.contains(DWELL), "it did not stall: {screen}");
    told(console).outcome()
}

#[test]
fn a_connection_that_stalls_holds_no_run_back() {
    let mut console = stalled("10");
    assert_eq!(outcome_of_stalled(&console), Some(RunOutcome::Done));
    console.stall(false);
    console.show(6, "Done after ");
    console.quit();
}

#[test]
fn a_signal_stops_a_run_safely_while_the_connection_stalls() {
    let mut console = stalled("600");
    console.signal(Signal::TERM);
    assert_eq!(outcome_of_stalled(&console), Some(RunOutcome::Stopped));
    assert!(told(&console).was_emptied());
    console.stall(false);
    console.wait_for_exit(SOON);
    console.assert_sane();
}

#[test]
fn everything_is_heard_of_what_comes_at_once() {
    let mut console = drill(&[]);
    // More than is read in one go, of a key that does nothing; then another pane.
    console.send(&"z".repeat(3_000));
    console.show(5, "you decide");
    console.quit();
}

#[test]
fn a_terminal_that_is_too_small_gets_one_sentence() {
    let mut console = drill(&[]);
    console.resize(60, 15);
    let screen = console.wait_for("needs 80x24", SOON);
    assert_eq!(screen.trim_end().lines().count(), 1, "{screen}");
    console.resize(80, 24);
    console.wait_for("Backdoor:EC2/C&CActivity.B", SOON);
    console.quit();
}

#[test]
fn without_colour_there_is_bold_and_reverse() {
    let codes_of = |env: &[(&str, String)]| {
        let mut console = drill_with(&[], env);
        for pane in "123456?".chars() {
            console.send(&pane.to_string());
        }
        console.wait_for(" Help ", SOON);
        console.send_key(Key::Esc);
        console.open("nacl-swap", TAIL);
        console.send_key(Key::Esc);
        console.wait_gone("Confirm", SOON);
        console.quit();
        graphic_codes(&console.raw())
    };
    let colour = |code: &u16| matches!(code, 30..=38 | 40..=48 | 90..=107);
    let plain = codes_of(&[("NO_COLOR", "1".to_owned())]);
    assert!(!plain.iter().any(colour), "{plain:?}");
    assert!(plain.contains(&1) && plain.contains(&7), "{plain:?}");
    assert!(codes_of(&[]).iter().any(colour));
}

/// The parameters of every "select graphic rendition" in what a program wrote.
fn graphic_codes(raw: &[u8]) -> Vec<u16> {
    let text = String::from_utf8_lossy(raw);
    let sequences = text.split("\x1b[").skip(1);
    let selections = sequences.filter_map(|it| {
        let end = it.find(|c: char| !c.is_ascii_digit() && c != ';' && c != ':')?;
        it[end..].starts_with('m').then_some(&it[..end])
    });
    let codes = selections.flat_map(|it| it.split([';', ':']));
    codes.filter_map(|it| it.parse().ok()).collect()
}

#[test]
fn ascii_is_kept_to_where_it_is_asked_for() {
    for (args, locale) in [
        (&["--ascii"][..], "C.UTF-8"),
        (&[], "C"),
        (&[], "en_GB.ISO-8859-1"),
    ] {
        let mut console = drill_with(args, &[("LANG", locale.to_owned())]);
        console.show(2, "groups ");
        console.show(3, "NAT gateway");
        console.show(4, "accept");
        console.run("sg-swap", TAIL);
        console.wait_for("Done after ", SOON);
        console.send("?");
        console.wait_for(" Help ", SOON);
        console.send_key(Key::Esc);
        console.quit();
        let raw = console.raw();
        let strange = raw.iter().position(|byte| !byte.is_ascii());
        let around = strange.map(|at| {
            String::from_utf8_lossy(&raw[at.saturating_sub(20)..raw.len().min(at + 20)])
                .into_owned()
        });
        assert_eq!(around, None, "{args:?} {locale}");
    }
}

#[test]
fn an_exercise_is_reported_when_the_console_was_left() {
    let mut console = drill(&["--max-dwell", "1", "--team", "Blue", "--pace", "10"]);
    console.run("nacl-swap", TAIL);
    console.wait_for("Done after ", SOON);
    console.wait_for("Proven in the flow logs", SOON);
    console.quit();
    let report = |form: &str| {
        let output = std::process::Command::new(console::PROGRAM)
            .env("HOME", console.home())
            .env_remove("XDG_STATE_HOME")
            .args(["report", "IR-7", "--output", form])
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let told: serde_json::Value = serde_json::from_str(&report("json")).unwrap();
    assert_eq!(told["exercise"]["team"], "Blue");
    assert_eq!(told["runs"][0]["procedure"], "nacl-swap");
    assert!(told["runs"][0]["forecast"].is_string(), "{told}");
    assert_eq!(told["runs"][0]["proof"], "proven");
    // The neighbours of the subnet were cut off with it.
    assert!(told["score"]["requests-lost"].as_u64() > Some(0), "{told}");
    assert!(told["score"]["prove"].is_number(), "{told}");
    let attack = told["plot"]["attack_packets"].as_array().unwrap();
    assert!(attack.iter().any(|it| it.as_u64() > Some(0)));
    let whole = told["journals"].as_array().unwrap();
    assert!(whole.iter().all(|it| it["damage"].is_null()), "{whole:?}");
    let html = report("html");
    if let Some(file) = std::env::var_os("FIREDOOR_KEEP_REPORT") {
        std::fs::write(file, &html).unwrap();
    }
    assert!(html.contains("Attack packets"));
}
