//! Support for tests that drive the built program: a terminal to run it in and an AWS to point it at.
//!
//! A test crate takes all of it with `mod support;`, or one file with
//! `#[path = "support/pty.rs"] mod pty;`. A crate that leaves a part unused says so at that line with
//! `#[expect(dead_code, reason = "…")]`; the compiler tells when that no longer holds.
//!
//! `console.rs` is the terminal with the console in it, driven as an analyst does; it brings `pty`
//! along. `journal.rs` reads journals.
//!
//! Nothing here but `journal.rs` calls the product's own code, so what a test asserts is independent
//! of it.

pub(crate) mod emulator;
pub(crate) mod pty;
