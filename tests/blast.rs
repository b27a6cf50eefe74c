//! `firedoor blast` on a small dump: every form of a change, every output, every gate and exit code.

use std::process::{Command, Output};

use serde_json::Value;

const DUMP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/dump");

#[expect(clippy::expect_used, reason = "the program is there")]
fn blast(arguments: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_firedoor"))
        .args(["blast", "--from", DUMP])
        .args(arguments.split_whitespace())
        .output()
        .expect("the program starts")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[expect(clippy::expect_used, reason = "the failure of the test that asked")]
fn json(change: &str) -> Value {
    let output = blast(&format!("{change} --output json"));
    assert_eq!(output.status.code(), Some(0), "{change}: {}", said(&output));
    serde_json::from_slice(&output.stdout).expect("JSON alone is on standard output")
}

fn servers(list: &Value) -> Vec<String> {
    let flows = list.as_array().into_iter().flatten();
    flows
        .map(|it| {
            format!(
                "{}:{}",
                it["server"].as_str().unwrap_or("?"),
                it["ports"]["server"]
            )
        })
        .collect()
}

/// web (10.7.1.10 in subnet-0a) talks to 203.0.113.66:4444 with 400 bytes a minute, and to db
/// (10.7.2.20 in subnet-0b) on 5432 with 5,000.
#[test]
fn every_form_of_a_change_cuts_what_it_must() {
    let (shell, database) = ("203.0.113.66:4444", "10.7.2.20:5432");
    for (change, cut) in [
        ("--nacl acl-0a --deny 203.0.113.66/32", vec![shell]),
        (
            "--nacl acl-0a --deny 203.0.113.66/32 --direction in",
            vec![shell],
        ),
        (
            "--nacl acl-0a --deny 203.0.113.66/32 --direction out --port 4444",
            vec![shell],
        ),
        (
            "--nacl acl-0a --deny 203.0.113.66/32 --direction out --port 80",
            vec![],
        ),
        ("--nacl acl-0a --deny 0.0.0.0/0 --number 32000", vec![]),
        ("--nacl acl-0a --deny 0.0.0.0/0", vec![database, shell]),
        ("--nacl acl-0a --allow 203.0.113.0/24", vec![]),
        ("--nacl acl-0a --deny 198.51.100.0/24", vec![]),
    ] {
        let ledger = json(change);
        assert_eq!(servers(&ledger["cut"]), cut, "{change}");
        assert_eq!(
            ledger["scope"]["subnets"],
            serde_json::json!(["subnet-0a"]),
            "{change}"
        );
    }
}

#[test]
fn a_flow_in_the_ledger_names_the_object_that_decides() {
    let ledger = json("--nacl acl-0a --deny 203.0.113.66/32 --number 7");
    let flow = &ledger["cut"][0];
    assert_eq!(flow["decided_by"], "nacl:acl-0a:egress:7");
    assert_eq!(
        (&flow["verdict"], &flow["grade"], &flow["whose"]),
        (&"cut".into(), &"documented".into(), &"neighbour".into())
    );
    assert_eq!(flow["bytes_per_minute"], 400);
    assert!(
        flow["source"]
            .as_str()
            .is_some_and(|it| it.starts_with("https://docs.aws.amazon.com/"))
    );
    for key in [
        "change", "scope", "cut", "survives", "unknown", "totals", "doubts",
    ] {
        assert!(!ledger[key].is_null(), "{key}");
    }
}

#[test]
fn every_gate_passes_or_fails_with_one() {
    let harmless = "--nacl acl-0a --deny 198.51.100.0/24";
    let harmful = "--nacl acl-0a --deny 203.0.113.66/32";
    for (change, gate, code) in [
        (harmless, "neighbours", 0),
        (harmful, "neighbours", 1),
        (harmful, "bytes=400", 0),
        (harmful, "bytes=399", 1),
        (harmless, "bytes=0", 0),
        (harmless, "unknown", 1),
    ] {
        let output = blast(&format!("{change} --fail-on {gate}"));
        let words = said(&output);
        assert_eq!(output.status.code(), Some(code), "{change} {gate}: {words}");
        assert_eq!(
            words.contains(&format!("--fail-on {gate}")),
            code == 1,
            "{words}"
        );
        assert!(
            !output.stdout.is_empty(),
            "the ledger is written all the same"
        );
    }
}

#[test]
fn bad_input_ends_with_two_and_names_what_is_wrong() {
    for (change, named) in [
        ("", "--nacl"),
        ("--nacl acl-nope --deny 10.0.0.0/8", "acl-0a"),
        ("--nacl acl-0a --deny 10.0.0.0/99", "--deny"),
        (
            "--nacl acl-0a --deny 10.0.0.0/8 --number 100",
            "NetworkAclEntryAlreadyExists",
        ),
        ("--nacl acl-0a --delete sideways:1", "--delete"),
        ("--nacl acl-0a --delete in:4711", "4711"),
        ("--subnet subnet-0a", "--use-nacl"),
        ("--subnet subnet-nope --use-nacl acl-0a", "subnet-nope"),
        ("--sg sg-nope --revoke in:tcp:22:0.0.0.0/0", "sg-nope"),
        ("--route-table rtb-nope --delete 0.0.0.0/0", "rtb-nope"),
        ("--instance i-nope --action sg-swap", "i-nope"),
        (
            "--nacl acl-0a --deny 10.0.0.0/8 --fail-on everything",
            "--fail-on",
        ),
    ] {
        let output = blast(change);
        let words = said(&output);
        assert_eq!(output.status.code(), Some(2), "{change}: {words}");
        assert!(words.contains(named), "{change}: {words}");
        assert!(output.stdout.is_empty(), "{change}");
    }
}

#[test]
fn without_flow_data_everyone_in_scope_is_named_and_flows_are_unknown() {
    let dir = tempfile::tempdir().unwrap();
    let files = [
        "NetworkAcls.json",
        "RouteTables.json",
        "ec2-describe-vpcs.json",
        "ec2-describe-subnets.json",
        "ec2-describe-network-interfaces-1.json",
        "ec2-describe-network-interfaces-2.json",
    ];
    for file in files {
        std::fs::copy(format!("{DUMP}/eu-west-1/{file}"), dir.path().join(file)).unwrap();
    }
    let run = |gate: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_firedoor"));
        let command = command.args(["blast", "--nacl", "acl-0a", "--deny", "0.0.0.0/0", "--from"]);
        command
            .arg(dir.path())
            .args(gate.split_whitespace())
            .output()
            .unwrap()
    };
    let output = run("");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(text.contains("eni-0a") && text.contains("eni-0n"), "{text}");
    assert!(text.to_lowercase().contains("flows are unknown"), "{text}");
    assert_eq!(run("--fail-on unknown").status.code(), Some(1));
}

#[test]
fn markdown_is_for_a_pull_request() {
    let output = blast("--nacl acl-0a --deny 203.0.113.66/32 --output markdown");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.starts_with('#'), "{text}");
    for part in ["| ", "203.0.113.66", "nacl:acl-0a:egress", "<details>"] {
        assert!(text.contains(part), "{part}: {text}");
    }
}
