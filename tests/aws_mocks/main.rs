//! What is sent to AWS and how its answers are read, where the emulator is kinder than AWS or has no such
//! answer. The answers are written from AWS's reference; each test names the page.

#![cfg(feature = "aws")]
#![expect(
    clippy::unwrap_used,
    reason = "a test without its server has nothing better to do"
)]

mod dry_run;
mod once;
mod server;
mod shapes;
