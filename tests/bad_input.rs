//! What is wrong with the input, the terminal or the account is told in one line that says what to
//! do, on standard error with an exit code, or on the screen of a console that goes on.

#[path = "support/console.rs"]
#[expect(dead_code, reason = "no test here runs a plan")]
mod console;
#[cfg(feature = "aws")]
#[path = "support/emulator.rs"]
#[expect(dead_code, reason = "no test here changes or checks anything")]
mod emulator;

use std::path::Path;
use std::process::{Command, Stdio};

use console::pty::Terminal;
use console::{PROGRAM, SOON};

/// Input is at fault.
const INPUT: i32 = 2;
/// AWS, the terminal or a file is.
const OUTSIDE: i32 = 3;

/// The one line of a program that ends at once, run without a terminal.
#[expect(clippy::expect_used, reason = "the program is there, and writes text")]
fn complaint(args: &[&str], env: &[(&str, &str)], code: i32) -> String {
    let home = tempfile::tempdir().expect("a temporary folder can be made");
    let output = Command::new(PROGRAM)
        .args(args)
        .env_clear()
        .env("HOME", home.path())
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .envs(env.iter().copied())
        .stdin(Stdio::null())
        .output()
        .expect("the program starts");
    let said = String::from_utf8(output.stderr).expect("it writes text");
    assert_eq!(output.status.code(), Some(code), "{args:?}: {said}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "", "{args:?}");
    assert_eq!(said.lines().count(), 1, "{args:?}: {said}");
    assert!(said.starts_with("firedoor: "), "{args:?}: {said}");
    said
}

#[test]
fn a_console_needs_a_terminal() {
    let said = complaint(&["drill"], &[], OUTSIDE);
    assert!(said.contains("needs a terminal"), "{said}");
    assert!(said.contains("ssh -t"), "{said}");
}

#[test]
fn bad_arguments_are_named_with_what_is_expected() {
    for (args, wanted) in [
        (
            &["drill", "no-such-scenario"][..],
            &["no-such-scenario", "reverse-shell"][..],
        ),
        (&["drill", "--max-dwell", "0"], &["--max-dwell", "1..=600"]),
        (&["drill", "--max-dwell", "soon"], &["--max-dwell", "soon"]),
        (
            &["drill", "--case", "../x"],
            &["--case", "../x", "letters, digits"],
        ),
        (&["drill", "--pace", "61"], &["--pace", "1 to 60"]),
        (&["drill", "--pace", "0"], &["--pace", "it can be paused"]),
        (&["drill", "--team", ""], &["--team", "1 to 40 characters"]),
        (&["drill", "--seed", "x"], &["--seed", "x"]),
        (&["drill", "--list", "--pace", "2"], &["--list", "--pace"]),
        (
            &["drill", "--list", "reverse-shell"],
            &["--list", "reverse-shell"],
        ),
        (&["drill", "--output", "json"], &["--output", "--list"]),
        (
            &["drill", "--check", "x.toml", "--output", "json"],
            &["--output", "--list"],
        ),
        (
            &["drill", "--list", "--check", "x.toml"],
            &["--list", "--check"],
        ),
        (
            &["drill", "no-such.toml"],
            &["no-such.toml", "No such file"],
        ),
        (&["drill", "--replay", "no-such"], &["--replay", "no-such"]),
        (
            &["drill", "--replay", "Cargo.toml"],
            &["--replay", "Cargo.toml:1"],
        ),
        (
            &["drill", "--replay", "x", "--team", "y"],
            &["--replay", "--team"],
        ),
        (
            &["drill", "--facilitator"],
            &["no drill runs", "firedoor drill"],
        ),
        (&["--since", "32d"], &["--since", "1 minute to 31 days"]),
        (&["--since", "lately"], &["--since", "a number of minutes"]),
        (&["--alow-changes"], &["--alow-changes", "--allow-changes"]),
        (&["dril"], &["dril", "drill"]),
    ] {
        let said = complaint(args, &[], INPUT);
        for word in wanted {
            assert!(said.contains(word), "{args:?} has no {word}: {said}");
        }
    }
}

#[test]
fn a_dump_that_is_none_is_told_with_what_is_expected() {
    let empty = tempfile::tempdir().unwrap();
    std::fs::write(empty.path().join("notes.txt"), "nothing").unwrap();
    let empty = empty.path().to_str().unwrap();
    for (args, wanted) in [
        (
            &["open", empty][..],
            &[
                "can be read",
                "describe-network-interfaces",
                "firedoor snapshot",
            ][..],
        ),
        (
            &["open", "/nowhere/at/all"],
            &["/nowhere/at/all", "is not a folder"],
        ),
        (&["open"], &["<DIR>"]),
        (&["open", empty, "--allow-changes"], &["--allow-changes"]),
    ] {
        let said = complaint(args, &[], INPUT);
        for word in wanted {
            assert!(said.contains(word), "{args:?} has no {word}: {said}");
        }
    }
}

#[test]
fn asking_for_help_or_the_version_is_no_fault() {
    for args in [["--help"], ["--version"]] {
        let output = Command::new(PROGRAM).args(args).output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty());
        assert!(String::from_utf8_lossy(&output.stdout).contains("firedoor"));
    }
}

#[test]
fn a_terminal_that_is_too_small_at_the_start_gets_one_sentence() {
    let mut console = Terminal::spawn(Path::new(PROGRAM), &["drill"], &[], 60, 15);
    let screen = console.wait_for("needs 80x24", SOON);
    assert_eq!(screen.trim_end().lines().count(), 1, "{screen}");
    console.send("q");
    assert!(console.wait_for_exit(SOON).success());
}

#[cfg(not(feature = "aws"))]
#[test]
fn without_aws_there_are_the_drill_and_dumps() {
    for args in [&[][..], &["snapshot", "/nowhere"]] {
        let said = complaint(args, &[], INPUT);
        assert!(said.contains("firedoor drill"), "{said}");
        assert!(said.contains("firedoor open"), "{said}");
    }
}

#[cfg(feature = "aws")]
mod with_aws {
    use std::net::{Ipv4Addr, TcpListener};

    use super::{INPUT, OUTSIDE, complaint};
    use crate::console::{Console, SOON};
    use crate::emulator::Emulator;

    const KEYS: [(&str, &str); 2] = [
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
    ];

    #[test]
    fn what_a_connection_lacks_is_named() {
        let region = &["--region", "eu-west-1"][..];
        let profile = &["--region", "eu-west-1", "--profile", "no-such"];
        let url = &["--region", "eu-west-1", "--endpoint-url", "localhost:1"];
        for (args, env, wanted, code) in [
            (
                region,
                &[][..],
                &["no AWS credentials", "aws sso login"][..],
                OUTSIDE,
            ),
            (profile, &KEYS, &["no-such", "--profile"], INPUT),
            (&[], &KEYS, &["no Region", "--region"], INPUT),
            (url, &KEYS, &["localhost:1", "--endpoint-url"], INPUT),
        ] {
            let said = complaint(args, env, code);
            for word in wanted {
                assert!(said.contains(word), "{args:?} has no {word}: {said}");
            }
        }
    }

    #[test]
    fn an_endpoint_that_is_down_is_told_in_the_console() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let down = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        let env = KEYS.map(|(name, value)| (name, value.to_owned()));
        for (url, why) in [
            (down.as_str(), "connection refused; "),
            ("http://ec2.eu-wset-1.invalid", ""),
        ] {
            let args = ["--region", "eu-west-1", "--endpoint-url", url];
            let mut console = Console::start(&args, &env);
            console.wait_for("findings failed", SOON);
            let wanted = format!("{why}check the network, the Region and the endpoint");
            console.wait_for_words(&wanted, SOON);
            console.wait_for("caller unknown: ?", SOON);
            console.quit();
        }
    }

    #[test]
    fn a_region_without_a_detector_is_told_in_the_console() {
        let emulator = Emulator::start();
        for (region, wanted) in [
            (
                "eu-north-1",
                "GuardDuty is not enabled in eu-north-1: enable it there, or choose another Region",
            ),
            ("eu-wset-1", "not an answer of AWS; check the endpoint"),
        ] {
            let mut console = Console::start(&["--region", region], &emulator.env());
            console.wait_for("findings failed", SOON);
            console.wait_for_words(wanted, SOON);
            console.quit();
        }
    }
}
