//! The console on a dump, in a real terminal: what it shows, and that nothing can be changed.

#[path = "support/console.rs"]
#[expect(dead_code, reason = "nothing is run on a dump")]
mod console;

use console::pty::Key;
use console::{Console, SOON};

const DUMP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/dump");

#[test]
fn a_dump_is_shown_as_an_account_is() {
    let mut console = Console::start(&["open", DUMP], &[]);
    let screen = console.wait_for("Backdoor:EC2/C&CActivity.B", SOON);
    assert!(screen.contains(" DUMP "), "{screen}");
    console.wait_for("estate partial", SOON);
    console.wait_for("111122223333", SOON);
    console.show(2, "i-0web");
    console.show(3, "NAT gateway");
    // The clock stands at the end of the newest record.
    let screen = console.show(4, "203.0.113.66");
    assert!(screen.contains("last 11 min"), "{screen}");
    assert!(screen.contains("newest record 0s"), "{screen}");
    assert!(screen.contains("lines could not be read"), "{screen}");
    console.quit();
    let said = String::from_utf8_lossy(&console.raw()).into_owned();
    assert!(said.contains("vol-0z: Attachments names i-0gone"), "{said}");
}

#[test]
fn a_plan_on_a_dump_is_read_and_not_run() {
    let mut console = Console::start(&["open", DUMP], &[]);
    console.wait_for("Backdoor:EC2/C&CActivity.B", SOON);
    console.open("sg-two-step", "0web");
    console.wait_for("this is a dump", SOON);
    Console::wait_for_grace();
    console.send("0web");
    console.send_key(Key::Tab);
    console.send_key(Key::Enter);
    console.wait_for("there is nothing to change", SOON);
    assert_eq!(console.journal_files(), Vec::<std::path::PathBuf>::new());
    console.send_key(Key::Esc);
    console.quit();
}
