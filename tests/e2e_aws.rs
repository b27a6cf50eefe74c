//! The console on an emulated account, from the findings to a containment that is checked over the
//! wire without the product, and what it says when the account refuses, limits or delays calls.

#![cfg(feature = "aws")]

#[path = "support/console.rs"]
mod console;
#[path = "support/emulator.rs"]
#[expect(dead_code, reason = "no test here meddles with the account")]
mod emulator;
#[path = "support/journal.rs"]
mod journal;

use console::pty::Key;
use console::{Console, SOON};
use emulator::{Emulator, Manifest};
use firedoor::executor::RunOutcome;
use journal::Told;
use serde_json::json;

/// As many flow log lines as the incident has by default.
const LINES: usize = 50_000;
/// Enough lines where flows are not looked at: the attack's own come first.
const FEW: usize = 3_000;

/// A console on an emulator.
fn console(emulator: &Emulator, args: &[&str]) -> Console {
    assert!(emulator.endpoint().starts_with("http://127.0.0.1:"));
    let region = ["--region", "eu-west-1", "--max-dwell", "1"];
    Console::start(&[&region, args].concat(), &emulator.env())
}

/// A console that may make changes, with the worst finding selected.
fn responder(emulator: &Emulator) -> Console {
    let mut console = console(emulator, &["--allow-changes"]);
    console.wait_for("CHANGES ALLOWED", SOON);
    console.wait_for("Backdoor:EC2/C&CActivity.B", SOON);
    console
}

/// The end of the compromised instance's id.
fn tail(manifest: &Manifest) -> String {
    let id = manifest.compromised_id();
    id[id.len() - 4..].to_owned()
}

/// The one journal of a console.
fn told(console: &Console) -> Told {
    let files = console.journal_files();
    assert_eq!(files.len(), 1, "{files:?}");
    Told::by(&files[0])
}

/// Every interface of the compromised instance got new groups.
fn both_interfaces_were_changed(emulator: &Emulator, manifest: &Manifest) {
    let changes = emulator.changes();
    for eni in manifest.interface_ids(manifest.compromised_name()) {
        let swapped = changes.iter().any(|call| {
            let params = &call["params"];
            call["action"] == "ModifyNetworkInterfaceAttribute"
                && params["NetworkInterfaceId"] == eni
                && params.get("SecurityGroupId.1").is_some()
        });
        assert!(swapped, "{eni} kept its groups: {changes:#?}");
    }
}

#[test]
fn the_two_step_isolates_every_interface_of_the_compromised_instance() {
    let emulator = Emulator::start();
    let manifest = emulator.seed(LINES);
    let tail = tail(&manifest);
    let mut console = responder(&emulator);
    console.wait_for("123456789012", SOON);
    let screen = console.wait_for(&format!("…{tail} web-03"), SOON);
    assert!(
        screen.contains("UnauthorizedAccess:EC2/SSHBruteForce"),
        "{screen}"
    );
    for eni in manifest.interface_ids(manifest.compromised_name()) {
        console.show(2, eni);
    }
    console.show(3, "NAT gateway");
    console.filter("web-04", ". web-04 ");
    console.show(4, "203.0.113.66 << finding");
    console.run("sg-two-step", &tail);
    console.wait_for("Done after ", SOON);
    console.quit();
    let told = told(&console);
    assert_eq!(told.outcome(), Some(RunOutcome::Done));
    assert!(told.was_emptied());
    both_interfaces_were_changed(&emulator, &manifest);
    emulator.check(&manifest, "group").unwrap();
}

#[test]
fn the_swap_of_network_acls_isolates_the_subnets_of_the_compromised_instance() {
    let emulator = Emulator::start();
    let manifest = emulator.seed(FEW);
    let mut console = responder(&emulator);
    console.run("nacl-swap", &tail(&manifest));
    console.wait_for("Done after ", SOON);
    console.quit();
    assert_eq!(told(&console).outcome(), Some(RunOutcome::Done));
    emulator.check(&manifest, "nacl").unwrap();
}

#[test]
fn the_swap_of_groups_isolates_every_interface_of_the_compromised_instance() {
    let emulator = Emulator::start();
    let manifest = emulator.seed(FEW);
    let mut console = responder(&emulator);
    console.run("sg-swap", &tail(&manifest));
    console.wait_for("Done after ", SOON);
    console.quit();
    assert_eq!(told(&console).outcome(), Some(RunOutcome::Done));
    both_interfaces_were_changed(&emulator, &manifest);
    emulator.check(&manifest, "group").unwrap();
}

#[test]
fn a_read_only_session_changes_nothing() {
    let emulator = Emulator::start();
    let manifest = emulator.seed(FEW);
    let tail = tail(&manifest);
    let mut console = console(&emulator, &[]);
    console.wait_for("READ-ONLY", SOON);
    console.wait_for(&format!("…{tail} web-03"), SOON);
    for action in ["sg-two-step", "sg-swap", "nacl-swap"] {
        console.open(action, &tail);
        console.confirm(&tail);
        console.wait_for(
            "read-only session: start firedoor with --allow-changes",
            SOON,
        );
        console.send_key(Key::Esc);
        console.wait_gone("Confirm", SOON);
    }
    console.quit();
    assert!(!console.journals().exists());
    let changes = emulator.changes();
    assert!(changes.is_empty(), "{changes:#?}");
    emulator.check(&manifest, "untouched").unwrap();
}

#[test]
fn a_refused_call_is_named_and_the_rest_works() {
    let emulator = Emulator::start();
    let manifest = emulator.seed(FEW);
    emulator.fault(&json!({"service": "guardduty", "action": "ListFindings", "code": "AccessDeniedException", "status": 403, "times": -1}));
    let mut without_findings = console(&emulator, &["--vpc", manifest.text("/vpc/id")]);
    without_findings.wait_for_words("the caller needs guardduty:ListFindings", SOON);
    without_findings.wait_for("123456789012", SOON);
    without_findings.wait_for("findings denied", SOON);
    emulator.clear_faults();
    without_findings.send("r");
    without_findings.wait_for("Backdoor:EC2/C&CActivity.B", SOON);
    without_findings.wait_gone("the caller needs", SOON);
    without_findings.quit();

    emulator.fault(&json!({"service": "ec2", "action": "DescribeNetworkAcls", "code": "UnauthorizedOperation", "status": 403, "times": -1}));
    let mut without_acls = console(&emulator, &[]);
    without_acls.wait_for("estate denied", SOON);
    without_acls.wait_for("web-03", SOON);
    without_acls.show(3, "NAT gateway");
    without_acls.show(4, "203.0.113.66 << finding");
    without_acls.show(5, "you decide");
    without_acls.filter("nacl-swap", "/nacl-swap ");
    without_acls.wait_for_words("the network ACLs have not been read yet", SOON);
    without_acls.send("?");
    without_acls.wait_for(" Help ", SOON);
    for _ in 0..6 {
        without_acls.send(" ");
    }
    without_acls.wait_for_words("the caller needs ec2:DescribeNetworkAcls", SOON);
    without_acls.send_key(Key::Esc);
    without_acls.quit();
    emulator.clear_faults();
    emulator.check(&manifest, "untouched").unwrap();
}

#[test]
fn a_run_goes_on_after_calls_that_were_throttled() {
    let emulator = Emulator::start();
    let manifest = emulator.seed(FEW);
    let action = "ModifyNetworkInterfaceAttribute";
    let throttled = json!({"service": "ec2", "action": action, "code": "RequestLimitExceeded", "status": 503, "times": 3});
    // The calls after these are slow, so that the attempt stays on the screen.
    let slow = json!({"service": "ec2", "action": action, "delay_ms": 1500, "times": -1});
    let mut console = responder(&emulator);
    console.open("sg-two-step", &tail(&manifest));
    emulator.fault(&throttled);
    emulator.fault(&slow);
    console.confirm(&tail(&manifest));
    console.wait_for("sent, attempt 2", SOON);
    console.wait_for("Done after ", SOON);
    console.quit();
    let told = told(&console);
    // Questions about permissions, which are dry runs, meet no fault.
    let refused = |call: &&serde_json::Value| {
        let real = call["params"]["DryRun"] != "true";
        real && call["action"] == action && call["status"] == 503
    };
    let refused = emulator.requests().iter().filter(refused).count();
    assert!(refused > 0);
    assert_eq!(
        (told.outcome(), told.retries()),
        (Some(RunOutcome::Done), refused)
    );
    emulator.check(&manifest, "group").unwrap();
}

#[test]
fn a_slow_source_holds_up_neither_keys_nor_leaving() {
    let emulator = Emulator::start();
    let manifest = emulator.seed(FEW);
    emulator.fault(
        &json!({"service": "logs", "action": "FilterLogEvents", "delay_ms": 15_000, "times": -1}),
    );
    let mut console = responder(&emulator);
    console.wait_for("flows …", SOON);
    console.show(4, "reading flow logs");
    console.show(3, "NAT gateway");
    console.open("nacl-swap", &tail(&manifest));
    console.send_key(Key::Esc);
    let screen = console.wait_gone("Confirm", SOON);
    assert!(screen.contains("flows …"), "{screen}");
    console.quit();
}
