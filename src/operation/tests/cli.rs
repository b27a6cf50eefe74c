//! Every operation has a line for the AWS CLI, and a shell reads it as it was meant.

use std::process::Command;

use super::samples::{create, entry, instance, one_of_each, reroute, route, table, use_table};
use super::*;
use crate::model::{AclEntry, Platform, Protocol};

/// What the last `aws` of a line is called with. Lookups before it answer `found`.
fn arguments(line: &str) -> Vec<String> {
    let script = format!(
        r#"aws() {{
            case "$2" in describe-*|get-instance-profile) echo found ;; *) printf '%s\0' "$@" ;; esac
        }}
        {line}"#
    );
    let output = Command::new("sh").args(["-ec", &script]).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.success() && errors.is_empty(),
        "{line}: {errors}"
    );
    let text = String::from_utf8(output.stdout).unwrap();
    text.trim_end_matches('\0')
        .split('\0')
        .map(str::to_string)
        .collect()
}

/// `CreateNetworkAcl` of `create-network-acl`.
fn call(command: &str) -> String {
    let capital = |word: &str| {
        let (first, rest) = word.split_at(1);
        first.to_uppercase() + rest
    };
    command.split('-').map(capital).collect()
}

#[test]
fn every_operation_calls_what_its_permissions_name() {
    let mut all = one_of_each();
    all.push(use_table("subnet-c", None));
    for operation in all {
        // `get-console-output` reads and is no lookup.
        let arguments = arguments(&operation.cli());
        let service = match arguments[0].as_str() {
            "elbv2" => "elasticloadbalancing",
            service => service,
        };
        let action = format!("{service}:{}", call(&arguments[1]));
        let facts = operation.facts();
        assert!(facts.iam.contains(&action.as_str()), "{}", operation.cli());
        assert!(operation.cli().lines().count() == 1, "{}", operation.cli());
    }
}

#[test]
fn no_text_gets_out_of_its_quotes() {
    let hostile = r#"it's "$(touch /x)" `id`; \ & | $HOME * #"#;
    let mut operation = create("vpc-1", hostile);
    let line = operation.cli();
    assert!(arguments(&line).contains(&hostile.to_string()), "{line}");
    if let Operation::CreateGroup { description, .. } = &mut operation {
        *description = String::new();
    }
    let tags = arguments(&operation.cli()).pop().unwrap();
    let tags: serde_json::Value = serde_json::from_str(&tags).unwrap();
    assert_eq!(tags[0]["Tags"][0]["Value"], hostile);
}

#[test]
fn lookups_are_made_by_the_line_itself() {
    let operation = use_table("subnet-c", None);
    let expected = [
        "ec2",
        "disassociate-route-table",
        "--association-id",
        "found",
    ];
    assert_eq!(arguments(&operation.cli()), expected);
    let operation = Operation::RevokeAllRules {
        group: samples::id("sg-1"),
        direction: Direction::Egress,
    };
    let line = operation.cli();
    assert!(line.contains("SecurityGroupRules[?IsEgress]"), "{line}");
    assert_eq!(arguments(&line).last().unwrap(), "found");
}

#[test]
fn a_route_names_its_target_by_its_kind() {
    let cases = [
        (route("rtb-1", "0.0.0.0/0", "igw-1"), "--gateway-id igw-1"),
        (
            route("rtb-1", "0.0.0.0/0", "nat-1"),
            "--nat-gateway-id nat-1",
        ),
        (
            route("rtb-1", "::/0", "eigw-1"),
            "--destination-ipv6-cidr-block ::/0 --egress-only-internet-gateway-id eigw-1",
        ),
        (
            route("rtb-1", "pl-1", "tgw-1"),
            "--destination-prefix-list-id pl-1 --transit-gateway-id tgw-1",
        ),
        (
            route("rtb-1", "192.0.2.0/24", "eni-1"),
            "--destination-cidr-block 192.0.2.0/24 --network-interface-id eni-1",
        ),
        (reroute("rtb-1", "10.0.0.0/16", "local"), "--local-target"),
    ];
    for (operation, end) in cases {
        let line = operation.cli();
        assert!(line.ends_with(end), "{line}");
    }
    let made = Operation::CreateRoute {
        table: table("rtb-1"),
        destination: "192.0.2.1/32".into(),
        target: Ref::Made(StepId(1)),
    };
    let line = made.cli();
    assert!(line.ends_with("--network-interface-id new:1"), "{line}");
}

#[test]
fn an_entry_has_what_its_protocol_needs() {
    let line = |protocol, cidr: &str| {
        let entry = AclEntry {
            protocol,
            cidr: cidr.parse().unwrap(),
            ..entry(Direction::Egress, 5)
        };
        let acl = Ref::Id("acl-1".into());
        Operation::CreateAclEntry { acl, entry }.cli()
    };
    let all = line(Protocol::All, "192.0.2.1/32");
    assert!(
        all.ends_with(
            "--egress --rule-number 5 --protocol -1 --rule-action deny --cidr-block 192.0.2.1/32"
        ),
        "{all}"
    );
    assert!(line(Protocol::TCP, "192.0.2.1/32").ends_with("--port-range From=0,To=65535"));
    let v6 = line(Protocol::ICMPV6, "2001:db8::1/128");
    assert!(
        v6.ends_with("--ipv6-cidr-block 2001:db8::1/128 --icmp-type-code Type=-1,Code=-1"),
        "{v6}"
    );
}

#[test]
fn the_moment_until_which_sessions_are_denied_is_the_shells() {
    let operation = Operation::RevokeSessions {
        profile: "web".into(),
        until: At::After(30),
    };
    let document = arguments(&operation.cli()).pop().unwrap();
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    let moment = &document["Statement"][0]["Condition"]["DateLessThan"]["aws:TokenIssueTime"];
    let moment = chrono::DateTime::parse_from_rfc3339(moment.as_str().unwrap());
    assert!(moment.is_ok(), "{document}");
    let deny = Operation::DenyInstance {
        profile: "web".into(),
        instance: instance("web1"),
    };
    let line = deny.cli();
    assert!(line.contains("instance/i-00000000000000web1"), "{line}");
}

#[test]
fn the_line_of_a_command_in_a_guest_is_the_very_command() {
    for platform in [Platform::Unix, Platform::Windows] {
        let peer = "203.0.113.66".parse().unwrap();
        let name = "firedoor-block";
        let operation = Operation::RunHostBlock {
            instance: instance("web"),
            platform,
            peer,
            name: name.into(),
        };
        let script = guest::host_block(platform, peer, name).unwrap();
        let mut arguments = arguments(&operation.cli());
        let parameters = arguments.pop().unwrap();
        let parameters: serde_json::Value = serde_json::from_str(&parameters).unwrap();
        let expected = serde_json::json!({"commands": script.lines, "executionTimeout": ["120"]});
        assert_eq!(parameters, expected);
        assert!(arguments.contains(&script.document.into()));
        assert!(arguments.contains(&name.into()));
    }
}
