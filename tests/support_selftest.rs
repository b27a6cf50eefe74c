//! The support of the tests, tested: a terminal that lies or a check that cannot fail would make
//! every other test worthless.

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::json;

use support::emulator::{Emulator, Manifest};
use support::pty::{Key, Terminal};

/// Long enough for any shell on a loaded machine.
const SOON: Duration = Duration::from_secs(10);

/// Runs a shell script in a terminal of 40 by 6.
fn shell(script: &str) -> Terminal {
    shell_with(script, &[])
}

/// The same with additional environment.
fn shell_with(script: &str, env: &[(&str, String)]) -> Terminal {
    Terminal::spawn(Path::new("/bin/sh"), &["-c", script], env, 40, 6)
}

/// The message of a panic that must happen.
fn complaint(action: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(action)).err();
    let payload = panic.unwrap_or_else(|| Box::new("no panic"));
    let constant = payload.downcast_ref::<&str>().map(ToString::to_string);
    let formatted = payload.downcast_ref::<String>().cloned();
    constant.or(formatted).unwrap_or_default()
}

#[test]
fn the_terminal_shows_what_is_typed_and_tells_how_the_program_ended() {
    let mut terminal = shell("read line; printf 'got <%s>' \"$line\"; exit 3");
    terminal.send("hello");
    terminal.send_key(Key::Enter);
    terminal.wait_for("got <hello>", SOON);
    assert_eq!(terminal.wait_for_exit(SOON).exit_code(), 3);
    assert!(terminal.raw().ends_with(b"got <hello>"));
    assert_eq!(terminal.bytes_written(), terminal.raw().len());
}

#[test]
fn every_key_arrives_as_a_terminal_sends_it() {
    let mut terminal =
        shell("stty raw -echo; printf ready; dd bs=1 count=13 2>/dev/null | od -An -tx1");
    terminal.wait_for("ready", SOON);
    for key in [
        Key::Esc,
        Key::Tab,
        Key::BackTab,
        Key::Up,
        Key::Down,
        Key::Enter,
        Key::CtrlC,
    ] {
        terminal.send_key(key);
    }
    let screen = terminal.wait_for("03", SOON);
    let sent: Vec<&str> = screen.split_whitespace().skip(1).collect();
    assert_eq!(sent.concat(), "1b091b5b5a1b5b411b5b420d03");
}

#[test]
fn the_environment_is_cleared_and_set() {
    let mut terminal = shell_with("env | sort; pwd", &[("EXTRA", "given".to_owned())]);
    terminal.wait_for_exit(SOON);
    let output = String::from_utf8(terminal.raw()).unwrap();
    let names: Vec<&str> = output
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|pair| pair.0)
        .collect();
    let expected = [
        "EXTRA",
        "HOME",
        "LANG",
        "PATH",
        "PWD",
        "SHELL",
        "TERM",
        "XDG_STATE_HOME",
    ];
    assert_eq!(
        names
            .into_iter()
            .filter(|name| *name != "SHLVL" && *name != "_")
            .collect::<Vec<_>>(),
        expected
    );
    assert!(output.contains(&format!("HOME={}\r\n", terminal.home().display())));
}

#[test]
fn the_screen_its_size_and_its_modes_are_followed() {
    let script = "trap 'stty size' WINCH; printf '\\033[?1049h\\033[?25lon'; read a; printf '\\033[?25h\\033[?1049l'; \
                  while :; do sleep 0.05; done";
    let mut terminal = shell(script);
    terminal.wait_for("on", SOON);
    assert!(terminal.alternate_screen() && terminal.hide_cursor());
    terminal.send_key(Key::Enter);
    terminal.wait_gone("on", SOON);
    assert!(!terminal.alternate_screen() && !terminal.hide_cursor());
    terminal.resize(30, 5);
    assert_eq!(terminal.wait_for("5 30", SOON).split('\n').count(), 5);
    terminal.signal(Signal::TERM);
    let exit = terminal.wait_for_exit(SOON);
    assert!(exit.signal().is_some(), "{exit:?}");
}

#[test]
fn a_terminal_that_is_hung_up_is_gone_for_the_program() {
    let script = "trap '' HUP; while printf x; do sleep 0.05; done; read line; echo $? > ended";
    let mut terminal = shell(script);
    terminal.wait_for("xx", SOON);
    terminal.hang_up(SOON);
    assert!(terminal.wait_for_exit(SOON).success());
    let ended = std::fs::read_to_string(terminal.home().join("ended"));
    assert_eq!(ended.unwrap().trim(), "1");
}

#[test]
fn a_terminal_that_stalls_holds_the_program_back() {
    let script = "printf ready; read line; head -c 300000 /dev/zero | tr '\\0' x; touch written; \
                  printf end; read line";
    let mut terminal = shell(script);
    terminal.wait_for("ready", SOON);
    terminal.stall(true);
    terminal.send("\n");
    std::thread::sleep(Duration::from_millis(500));
    assert!(!terminal.home().join("written").exists());
    terminal.stall(false);
    terminal.wait_for("end", SOON);
    assert!(terminal.home().join("written").exists());
}

#[test]
fn a_text_that_never_shows_fails_with_the_screen_and_the_exit_status() {
    let mut terminal = shell("printf 'something else'; exit 7");
    let said = complaint(|| drop(terminal.wait_for("expected", SOON)));
    assert!(said.contains("\"expected\" never showed"), "{said}");
    assert!(
        said.contains("something else") && said.contains("code: 7"),
        "{said}"
    );
    let mut terminal = shell("printf waiting; read line");
    let said = complaint(|| drop(terminal.wait_for("expected", Duration::from_millis(100))));
    assert!(said.contains("still running"), "{said}");
}

#[test]
fn words_are_found_over_the_lines_of_a_box() {
    let mut terminal = shell("printf '│not  │\\r\\n│allowed│'; read line");
    terminal.wait_for_words("not allowed", SOON);
}

#[test]
fn asking_for_the_cursor_fails_the_test() {
    let mut terminal = shell("printf '\\033[6n'");
    let said = complaint(|| drop(terminal.wait_for_exit(SOON)));
    assert_eq!(said, "the program asked the terminal for the cursor");
    let dropped = catch_unwind(AssertUnwindSafe(|| drop(terminal)));
    assert!(dropped.is_err());
}

#[test]
fn a_seeded_emulator_is_untouched_until_somebody_changes_it() {
    let emulator = Emulator::start();
    let manifest = emulator.seed(2_000);
    assert!(manifest.compromised_id().starts_with("i-"));
    assert_eq!(manifest.interface_ids(manifest.compromised_name()).len(), 2);
    assert_eq!(manifest.value()["flowLog"]["lines"], 2_000);
    let neighbours = manifest.neighbour_names();
    assert_eq!((neighbours.len(), manifest.region()), (9, "eu-west-1"));
    assert!(emulator.requests().is_empty());
    faults_and_dry_runs_change_nothing(&emulator, &manifest);
    emulator.check(&manifest, "untouched").unwrap();

    let change = "client('ec2').modify_network_interface_attribute(Groups=[m['securityGroups']['db']], \
                  NetworkInterfaceId=m['instances'][m['attack']['scannedNeighbours'][0]]['enis'][0]['id'])";
    emulator.python(&manifest, change).unwrap();
    let calls = emulator.changes();
    assert_eq!(calls.len(), 1, "{calls:?}");
    assert_eq!(calls[0]["action"], "ModifyNetworkInterfaceAttribute");
    let said = emulator.check(&manifest, "untouched").unwrap_err();
    let expected = format!("{} eni-", neighbours[0]);
    assert!(
        said.contains(&expected) && said.contains("the manifest says"),
        "{said}"
    );
}

/// Refused and dry calls are in the log, but not among the changes.
fn faults_and_dry_runs_change_nothing(emulator: &Emulator, manifest: &Manifest) {
    let fault = json!({"service": "ec2", "action": "CreateNetworkAcl", "code": "UnauthorizedOperation", "status": 403});
    emulator.fault(&fault);
    let create = |arguments: &str| {
        let call = "client('ec2').create_network_acl(VpcId=m['vpc']['id']";
        let made = emulator.python(manifest, &format!("{call}, {arguments})"));
        made.err().unwrap_or_default()
    };
    assert!(create("").contains("UnauthorizedOperation"));
    emulator.fault(&fault);
    emulator.clear_faults();
    assert!(create("DryRun=True").contains("DryRunOperation"));
    assert_eq!(emulator.requests().len(), 2);
    assert!(emulator.changes().is_empty());
}

#[test]
fn the_check_tells_isolation_from_half_of_it() {
    let emulator = Emulator::start();
    let manifest = emulator.seed(2_000);
    let run = |snippet: &str| emulator.python(&manifest, &format!("{MEDDLING}{snippet}"));
    let verdict = |kind: &str| emulator.check(&manifest, kind).err().unwrap_or_default();

    run("wear(mine[:1], empty_group())").unwrap();
    assert!(verdict("group").contains(" has the ingress rule "));
    let group = run("wear(mine, empty_group()); print(empty_group())").unwrap();
    let answer = emulator.check(&manifest, "group").unwrap();
    assert_eq!(answer["groups"], json!([group.trim()]));

    run("restore(); move(mine[:1], denying_acl())").unwrap();
    let said = verdict("nacl");
    assert!(
        said.contains("are on 2 ACLs") && said.contains(" has the egress entry 1: allow"),
        "{said}"
    );
    let acl = run("move(mine[1:], denying_acl()); print(denying_acl())").unwrap();
    let answer = emulator.check(&manifest, "nacl").unwrap();
    assert_eq!(answer["acls"], json!([acl.trim()]));
}

/// What the snippets of the test above have in common.
const MEDDLING: &str = "
e = client('ec2')
mine = m['instances'][m['compromised']]['enis']
named = lambda name: [{'Name': 'tag:Name', 'Values': [name]}]

def empty_group():
    found = e.describe_security_groups(Filters=[{'Name': 'group-name', 'Values': ['empty']}])['SecurityGroups']
    if found: return found[0]['GroupId']
    group = e.create_security_group(GroupName='empty', Description='empty', VpcId=m['vpc']['id'])['GroupId']
    rules = e.describe_security_groups(GroupIds=[group])['SecurityGroups'][0]['IpPermissionsEgress']
    e.revoke_security_group_egress(GroupId=group, IpPermissions=rules)
    return group

def wear(enis, group):
    for eni in enis: e.modify_network_interface_attribute(NetworkInterfaceId=eni['id'], Groups=[group])

def restore():
    for eni in mine: e.modify_network_interface_attribute(NetworkInterfaceId=eni['id'], Groups=[m['securityGroups'][g] for g in eni['groups']])
    e.delete_security_group(GroupId=empty_group())

def denying_acl():
    found = e.describe_network_acls(Filters=named('denying'))['NetworkAcls']
    if found: return found[0]['NetworkAclId']
    tags = [{'ResourceType': 'network-acl', 'Tags': [{'Key': 'Name', 'Value': 'denying'}]}]
    return e.create_network_acl(VpcId=m['vpc']['id'], TagSpecifications=tags)['NetworkAcl']['NetworkAclId']

def move(enis, acl):
    subnets = {m['subnets'][eni['subnet']]['id'] for eni in enis}
    held = [x for a in e.describe_network_acls()['NetworkAcls'] for x in a['Associations'] if x['SubnetId'] in subnets]
    for x in held: e.replace_network_acl_association(AssociationId=x['NetworkAclAssociationId'], NetworkAclId=acl)

";
