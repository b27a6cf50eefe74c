//! The built program, run to its end without a terminal.

use std::process::{Command, Output};

/// `firedoor drill` with these arguments.
pub(crate) fn drill(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_firedoor"))
        .arg("drill")
        .args(args)
        .output()
        .unwrap()
}
