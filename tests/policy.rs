//! The IAM policies as they are printed, held to files; and the table of reads, held to the adapter's source.
//!
//! `UPDATE_GOLDEN=1` writes the files anew: read the diff.

#![expect(
    clippy::unwrap_used,
    reason = "a failed step of the set-up is a failed test"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use firedoor::plan::policy::{self, Policy, READS};
use firedoor::plan::{Action, catalogue};

/// What IAM takes for a managed policy, white space not counted:
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
const LARGEST: usize = 6144;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

fn holds(name: &str, policy: &Policy) {
    let text = format!("{}\n", policy.json());
    let size = text.chars().filter(|it| !it.is_whitespace()).count();
    assert!(size <= LARGEST, "{name}: {size} characters");
    let path = root().join("tests/golden").join(format!("{name}.json"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &text).unwrap();
        return;
    }
    assert_eq!(text, fs::read_to_string(path).unwrap(), "{name}");
}

fn possible() -> Vec<Action> {
    let entries = catalogue().iter().filter(|it| it.possible);
    entries.map(|it| it.action).collect()
}

#[test]
fn the_policies_are_what_they_were() {
    holds("policy-read-only", &policy::read_only());
    holds("policy-contain", &policy::contain(&possible()));
    for action in [
        Action::SgTwoStep,
        Action::SgTwoStepStaged,
        Action::NaclSwap,
        Action::ProfileDetach,
        Action::HostBlock,
    ] {
        holds(&format!("policy-{action}"), &policy::contain(&[action]));
    }
}

#[test]
fn the_order_of_the_actions_does_not_matter() {
    let mut actions = possible();
    let policy = policy::contain(&actions);
    actions.reverse();
    assert_eq!(policy, policy::contain(&actions));
}

/// Every call that the sources' half of the adapter names: `"ec2:DescribeVpcs"`.
fn read_by_the_adapter() -> BTreeSet<String> {
    let aws = root().join("src/aws");
    let mut files: Vec<PathBuf> = ["guardduty.rs", "logs.rs", "source.rs"]
        .map(|it| aws.join(it))
        .to_vec();
    let parts = fs::read_dir(aws.join("estate")).unwrap();
    files.extend(parts.map(|it| it.unwrap().path()));
    let mut calls = BTreeSet::new();
    for file in files {
        let text = fs::read_to_string(file).unwrap();
        for literal in text.split('"').skip(1).step_by(2) {
            let call = literal.split_once(':');
            let is_call = call.is_some_and(|(service, call)| {
                let word = |it: &str| it.chars().all(|it| it.is_ascii_alphanumeric());
                word(service) && word(call) && call.starts_with(|it: char| it.is_ascii_uppercase())
            });
            if is_call {
                calls.insert(literal.to_owned());
            }
        }
    }
    calls
}

#[test]
fn whatever_the_adapter_reads_is_in_the_table() {
    let calls = read_by_the_adapter();
    assert!(calls.contains("ec2:DescribeVpcs"), "{calls:?}");
    let table: BTreeSet<&str> = READS.iter().flat_map(|it| it.calls).copied().collect();
    let missing: Vec<&String> = calls
        .iter()
        .filter(|it| !table.contains(it.as_str()) && *it != "sts:GetCallerIdentity")
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
