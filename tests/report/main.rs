//! The after-action report: what it says of whole, damaged, hostile and empty cases, in all its forms.
//!
//! `UPDATE_GOLDENS=1` writes the reports that are compared anew.

#![expect(
    clippy::unwrap_used,
    reason = "a failed step of the set-up is a failed test"
)]

mod builder;
mod cases;
mod hostile;
mod story;

use std::path::{Path, PathBuf};

use firedoor::executor::Archive;
use firedoor::report::{Form, Report};

fn report_of(root: &Path, case: &str) -> Report {
    Report::of(&Archive::new(root).case(case).unwrap().unwrap())
}

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/report/golden")
        .join(name)
}

#[tokio::test]
async fn the_three_forms_are_as_they_were() {
    let root = tempfile::tempdir().unwrap();
    story::write(root.path(), "tuesday").await;
    let report = report_of(root.path(), "tuesday");
    for (form, name) in [
        (Form::Markdown, "report.md"),
        (Form::Json, "report.json"),
        (Form::Html, "report.html"),
    ] {
        let version = concat!("firedoor ", env!("CARGO_PKG_VERSION"));
        let text = report.write(form).replace(version, "firedoor VERSION");
        if std::env::var_os("UPDATE_GOLDENS").is_some() {
            std::fs::write(golden(name), &text).unwrap();
        }
        let was = std::fs::read_to_string(golden(name)).unwrap_or_default();
        assert!(
            was == text,
            "{name} differs: UPDATE_GOLDENS=1 writes it anew"
        );
    }
}
