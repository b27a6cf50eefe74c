//! Support for tests that drive the built program: a terminal to run it in and an AWS to point it at.
//!
//! A test crate takes all of it with `mod support;`, or one file with
//! `#[path = "support/pty.rs"] mod pty;`. A crate that leaves a part unused says so at that line with
//! `#[expect(dead_code, reason = "…")]`; the compiler tells when that no longer holds.
//!
//! `console.rs` is the terminal with the console in it, driven as an analyst does; it brings `pty`
//! along. `program.rs` runs the program without one. `journal.rs` reads journals.
//!
//! For tests that call the product's own code: `setting.rs` is a drill's world with a clock that brings
//! `simulated` along, `quiet.rs` the shipped scenario without traffic, `still.rs` a clock that stands still.
//!
//! What drives the built program calls none of the product's code, but for `journal.rs`; so what a test
//! asserts is independent of it.

pub(crate) mod emulator;
pub(crate) mod pty;
