//! Requests as AWS's reference wants them, and answers as it gives them.

use firedoor::model::{Direction, InstanceState, Platform, Shutdown};
use firedoor::operation::{
    Actuator, At, Attribute, CallErrorKind, CommandState, Operation, Ref, State,
};

use super::server::{Aws, PROFILE, error};

fn instance(more: &str) -> String {
    format!(
        "<DescribeInstancesResponse><reservationSet><item><instancesSet><item><instanceId>i-1</instanceId>\
         {more}</item></instancesSet></item></reservationSet></DescribeInstancesResponse>"
    )
}

/// In a default VPC a revocation that matches nothing "succeeds":
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RevokeSecurityGroupEgress.html>
#[tokio::test]
async fn a_revocation_that_revoked_nothing_is_no_success() {
    let rules = "<DescribeSecurityGroupRulesResponse><securityGroupRuleSet><item>\
        <securityGroupRuleId>sgr-1</securityGroupRuleId><groupId>sg-1</groupId><isEgress>true</isEgress>\
        <ipProtocol>-1</ipProtocol><fromPort>-1</fromPort><toPort>-1</toPort><cidrIpv4>0.0.0.0/0</cidrIpv4>\
        </item></securityGroupRuleSet></DescribeSecurityGroupRulesResponse>";
    let answer = |unknown: &str| {
        format!(
            "<RevokeSecurityGroupEgressResponse><return>true</return>\
             <unknownIpPermissionSet>{unknown}</unknownIpPermissionSet></RevokeSecurityGroupEgressResponse>"
        )
    };
    let left = "<item><ipProtocol>-1</ipProtocol><ipRanges><item><cidrIp>0.0.0.0/0</cidrIp></item></ipRanges></item>";
    for (unknown, kind) in [("", None), (left, Some(CallErrorKind::Refused))] {
        let aws = Aws::answering(&[
            ("DescribeSecurityGroupRules", 200, rules),
            ("RevokeSecurityGroupEgress", 200, &answer(unknown)),
        ]);
        let done = aws.account().await.actuator();
        let done = done
            .execute(&Operation::RevokeAllRules {
                group: Ref::Id("sg-1".into()),
                direction: Direction::Egress,
            })
            .await;
        assert_eq!(done.err().map(|it| it.kind), kind);
        let asked = aws.the("RevokeSecurityGroupEgress");
        let sent = [("GroupId", "sg-1"), ("SecurityGroupRuleId.1", "sgr-1")];
        assert_eq!(asked.parameters(), sent);
    }
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyInstanceMetadataOptions.html>
#[tokio::test]
async fn a_metadata_endpoint_still_answers_while_its_change_is_pending() {
    let turn_off = Operation::SetMetadataEndpoint {
        instance: "i-1".into(),
        enabled: false,
    };
    for (state, endpoint, answers) in [
        ("pending", "disabled", true),
        ("applied", "disabled", false),
        ("applied", "enabled", true),
        ("pending", "enabled", false),
    ] {
        let options = format!(
            "<metadataOptions><state>{state}</state><httpEndpoint>{endpoint}</httpEndpoint></metadataOptions>"
        );
        let aws = Aws::answering(&[
            ("DescribeInstances", 200, &instance(&options)),
            (
                "ModifyInstanceMetadataOptions",
                200,
                "<ModifyInstanceMetadataOptionsResponse/>",
            ),
        ]);
        let actuator = aws.account().await.actuator();
        let found = actuator.observe(&turn_off).await.unwrap();
        assert_eq!(
            found,
            State::MetadataEndpoint(answers),
            "{state} {endpoint}"
        );
        actuator.execute(&turn_off).await.unwrap();
        let asked = aws.the("ModifyInstanceMetadataOptions");
        let sent = [("HttpEndpoint", "disabled"), ("InstanceId", "i-1")];
        assert_eq!(asked.parameters(), sent);
    }
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceState.html>
#[tokio::test]
async fn an_instance_on_its_way_is_not_there_yet() {
    for (name, state) in [
        ("stopping", InstanceState::Stopping),
        ("stopped", InstanceState::Stopped),
    ] {
        let answer = format!("<instanceState><code>64</code><name>{name}</name></instanceState>");
        let aws = Aws::answering(&[
            ("DescribeInstances", 200, &instance(&answer)),
            ("StopInstances", 200, "<StopInstancesResponse/>"),
        ]);
        let stop = Operation::StopInstance {
            instance: "i-1".into(),
            hibernate: true,
        };
        let actuator = aws.account().await.actuator();
        let found = actuator.observe(&stop).await.unwrap();
        assert_eq!(found, State::Instance(state));
        assert_eq!(stop.satisfied_by(&found), name == "stopped");
        actuator.execute(&stop).await.unwrap();
        let asked = aws.the("StopInstances");
        assert_eq!(
            asked.parameters(),
            [("Hibernate", "true"), ("InstanceId.1", "i-1")]
        );
    }
}

/// One attribute per call:
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyInstanceAttribute.html>
#[tokio::test]
async fn attributes_are_sent_one_by_one() {
    for (attribute, sent) in [
        (
            Attribute::TerminationProtection(true),
            &[
                ("DisableApiTermination.Value", "true"),
                ("InstanceId", "i-1"),
            ][..],
        ),
        (
            Attribute::StopProtection(false),
            &[("DisableApiStop.Value", "false"), ("InstanceId", "i-1")],
        ),
        (
            Attribute::Shutdown(Shutdown::Stop),
            &[
                ("InstanceId", "i-1"),
                ("InstanceInitiatedShutdownBehavior.Value", "stop"),
            ],
        ),
        (
            Attribute::DeleteOnTermination {
                device: "/dev/sdf".into(),
                delete: false,
            },
            &[
                ("BlockDeviceMapping.1.DeviceName", "/dev/sdf"),
                ("BlockDeviceMapping.1.Ebs.DeleteOnTermination", "false"),
                ("InstanceId", "i-1"),
            ],
        ),
    ] {
        let answer = "<ModifyInstanceAttributeResponse><return>true</return></ModifyInstanceAttributeResponse>";
        let aws = Aws::answering(&[("ModifyInstanceAttribute", 200, answer)]);
        let set = Operation::SetAttribute {
            instance: "i-1".into(),
            attribute,
        };
        aws.account().await.actuator().execute(&set).await.unwrap();
        assert_eq!(aws.the("ModifyInstanceAttribute").parameters(), sent);
    }
}

const NETWORK: &str = "arn:aws:networkmanager::111122223333:core-network/core-network-1";

/// Two parameters, in the order of their names.
type Sent = [(&'static str, &'static str); 2];

/// A destination, a target, and what is sent of them.
const ROUTES: [(&str, &str, Sent); 11] = [
    (
        "0.0.0.0/0",
        "igw-1",
        [
            ("DestinationCidrBlock", "0.0.0.0/0"),
            ("GatewayId", "igw-1"),
        ],
    ),
    (
        "::/0",
        "eigw-1",
        [
            ("DestinationIpv6CidrBlock", "::/0"),
            ("EgressOnlyInternetGatewayId", "eigw-1"),
        ],
    ),
    (
        "pl-1",
        "tgw-1",
        [
            ("DestinationPrefixListId", "pl-1"),
            ("TransitGatewayId", "tgw-1"),
        ],
    ),
    (
        "10.9.0.0/16",
        "vpce-1",
        [
            ("DestinationCidrBlock", "10.9.0.0/16"),
            ("VpcEndpointId", "vpce-1"),
        ],
    ),
    (
        "10.9.0.0/16",
        "pcx-1",
        [
            ("DestinationCidrBlock", "10.9.0.0/16"),
            ("VpcPeeringConnectionId", "pcx-1"),
        ],
    ),
    (
        "10.9.0.0/16",
        "nat-1",
        [
            ("DestinationCidrBlock", "10.9.0.0/16"),
            ("NatGatewayId", "nat-1"),
        ],
    ),
    (
        "10.9.0.0/16",
        "eni-1",
        [
            ("DestinationCidrBlock", "10.9.0.0/16"),
            ("NetworkInterfaceId", "eni-1"),
        ],
    ),
    (
        "10.9.0.0/16",
        "lgw-1",
        [
            ("DestinationCidrBlock", "10.9.0.0/16"),
            ("LocalGatewayId", "lgw-1"),
        ],
    ),
    (
        "10.9.0.0/16",
        "cagw-1",
        [
            ("CarrierGatewayId", "cagw-1"),
            ("DestinationCidrBlock", "10.9.0.0/16"),
        ],
    ),
    (
        "10.9.0.0/16",
        NETWORK,
        [
            ("CoreNetworkArn", NETWORK),
            ("DestinationCidrBlock", "10.9.0.0/16"),
        ],
    ),
    (
        "10.0.0.0/16",
        "local",
        [
            ("DestinationCidrBlock", "10.0.0.0/16"),
            ("LocalTarget", "true"),
        ],
    ),
];

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateRoute.html>
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ReplaceRoute.html>
#[tokio::test]
async fn routes_name_their_destination_and_target_by_kind() {
    for (destination, target, sent) in ROUTES {
        let created = "<CreateRouteResponse><return>true</return></CreateRouteResponse>";
        let replaced = "<ReplaceRouteResponse><return>true</return></ReplaceRouteResponse>";
        let aws = Aws::answering(&[
            ("CreateRoute", 200, created),
            ("ReplaceRoute", 200, replaced),
        ]);
        let actuator = aws.account().await.actuator();
        let (table, destination, to) = (
            Ref::Id("rtb-1".into()),
            destination.to_owned(),
            Ref::Id(target.into()),
        );
        let replace = Operation::ReplaceRoute {
            table: table.clone(),
            destination: destination.clone(),
            target: to.clone(),
        };
        actuator.execute(&replace).await.unwrap();
        let asked = aws.the("ReplaceRoute");
        let own: Vec<_> = asked
            .parameters()
            .into_iter()
            .filter(|(key, _)| *key != "RouteTableId")
            .collect();
        assert_eq!(own, sent);
        assert_eq!(asked.query["RouteTableId"], "rtb-1");
        if target != "local" {
            let create = Operation::CreateRoute {
                table,
                destination,
                target: to,
            };
            actuator.execute(&create).await.unwrap();
            assert_eq!(aws.the("CreateRoute").parameters(), asked.parameters());
        }
    }
}

/// All volumes in one call:
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSnapshots.html>
#[tokio::test]
async fn snapshots_are_of_every_volume_and_found_again_by_their_tags() {
    let made = "<CreateSnapshotsResponse><snapshotSet><item><snapshotId>snap-2</snapshotId></item>\
        <item><snapshotId>snap-1</snapshotId></item></snapshotSet></CreateSnapshotsResponse>";
    let item = |id: &str, value: &str, state: &str| {
        format!(
            "<item><snapshotId>{id}</snapshotId><status>{state}</status><tagSet><item><key>run</key>\
             <value>{value}</value></item></tagSet></item>"
        )
    };
    let found = format!(
        "<DescribeSnapshotsResponse><snapshotSet>{}{}{}</snapshotSet></DescribeSnapshotsResponse>",
        item("snap-1", "7", "pending"),
        item("snap-2", "7", "error"),
        item("snap-3", "77", "completed"),
    );
    let aws = Aws::answering(&[
        ("CreateSnapshots", 200, made),
        ("DescribeSnapshots", 200, &found),
    ]);
    let actuator = aws.account().await.actuator();
    let operation = Operation::CreateSnapshots {
        instance: "i-1".into(),
        tags: vec![("run".into(), "7".into())],
    };
    let answer = actuator.execute(&operation).await.unwrap();
    assert_eq!(answer.made.as_deref(), Some("snap-1,snap-2"));
    assert_eq!(
        aws.the("CreateSnapshots").parameters(),
        [
            ("InstanceSpecification.ExcludeBootVolume", "false"),
            ("InstanceSpecification.InstanceId", "i-1"),
            ("TagSpecification.1.ResourceType", "snapshot"),
            ("TagSpecification.1.Tag.1.Key", "run"),
            ("TagSpecification.1.Tag.1.Value", "7"),
        ]
    );
    let state = actuator.observe(&operation).await.unwrap();
    assert_eq!(state, State::Made("snap-1".into()));
}

/// Without `NoReboot` AWS reboots the instance:
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateImage.html>
#[tokio::test]
async fn an_image_never_reboots() {
    let made = "<CreateImageResponse><imageId>ami-1</imageId></CreateImageResponse>";
    let aws = Aws::answering(&[("CreateImage", 200, made)]);
    let operation = Operation::CreateImage {
        instance: "i-1".into(),
        name: "evidence".into(),
        tags: vec![("run".into(), "7".into())],
    };
    let actuator = aws.account().await.actuator();
    let answer = actuator.execute(&operation).await.unwrap();
    assert_eq!(answer.made.as_deref(), Some("ami-1"));
    let asked = aws.the("CreateImage");
    assert_eq!(asked.query["NoReboot"], "true");
    assert_eq!(asked.query["TagSpecification.1.ResourceType"], "image");
    assert_eq!(asked.query["TagSpecification.2.ResourceType"], "snapshot");
}

/// The output is base64:
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetConsoleOutput.html>
#[tokio::test]
async fn console_output_is_evidence_line_by_line() {
    let answer = "<GetConsoleOutputResponse><instanceId>i-1</instanceId>\
        <timestamp>2025-03-01T10:00:00.000Z</timestamp><output>TGludXgKG1szMW1yb290QHgK</output>\
        </GetConsoleOutputResponse>";
    let aws = Aws::answering(&[("GetConsoleOutput", 200, answer)]);
    let actuator = aws.account().await.actuator();
    let operation = Operation::GetConsoleOutput {
        instance: "i-1".into(),
    };
    let answer = actuator.execute(&operation).await.unwrap();
    assert_eq!(answer.made.as_deref(), Some("2025-03-01T10:00:00Z"));
    assert_eq!(answer.output, ["Linux", "\\u{1b}[31mroot@x"]);
}

/// Inline policies are URL-encoded JSON:
/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRolePolicy.html>
#[tokio::test]
async fn sessions_are_denied_until_the_moment_that_the_policy_says() {
    let until = "2025-03-01T10:00:30Z".parse().unwrap();
    let document = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Deny%22%2C\
        %22Action%22%3A%5B%22%2A%22%5D%2C%22Resource%22%3A%5B%22%2A%22%5D%2C%22Condition%22%3A%7B\
        %22DateLessThan%22%3A%7B%22aws%3ATokenIssueTime%22%3A%222025-03-01T10%3A00%3A30.000Z%22%7D%7D%7D%5D%7D";
    let found = format!(
        "<GetRolePolicyResponse><GetRolePolicyResult><RoleName>web-role</RoleName>\
         <PolicyName>AWSRevokeOlderSessions</PolicyName><PolicyDocument>{document}</PolicyDocument>\
         </GetRolePolicyResult></GetRolePolicyResponse>"
    );
    let none = "<ErrorResponse><Error><Type>Sender</Type><Code>NoSuchEntity</Code><Message>no</Message>\
        </Error></ErrorResponse>";
    let aws = Aws::answering(&[
        ("GetInstanceProfile", 200, PROFILE),
        ("GetRolePolicy", 404, none),
        ("GetRolePolicy", 200, &found),
        ("PutRolePolicy", 200, "<PutRolePolicyResponse/>"),
    ]);
    let operation = Operation::RevokeSessions {
        profile: "web".into(),
        until: At::Moment(until),
    };
    let actuator = aws.account().await.actuator();
    assert_eq!(actuator.observe(&operation).await.unwrap(), State::Absent);
    actuator.execute(&operation).await.unwrap();
    let asked = aws.the("PutRolePolicy");
    assert_eq!(asked.query["RoleName"], "web-role");
    assert_eq!(asked.query["PolicyName"], "AWSRevokeOlderSessions");
    let sent: serde_json::Value = serde_json::from_str(&asked.query["PolicyDocument"]).unwrap();
    let moment = &sent["Statement"][0]["Condition"]["DateLessThan"]["aws:TokenIssueTime"];
    assert_eq!(moment, "2025-03-01T10:00:30Z");
    let state = actuator.observe(&operation).await.unwrap();
    assert_eq!(state, State::SessionsDenied(until));
}

/// <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_SendCommand.html>
/// <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetCommandInvocation.html>
#[tokio::test]
async fn a_command_is_found_again_by_its_comment_and_tells_what_it_printed() {
    let sent = r#"{"Command": {"CommandId": "c-2", "Status": "Pending"}}"#;
    let listed = r#"{"Commands": [
        {"CommandId": "c-1", "Comment": "firedoor-7", "RequestedDateTime": 1740000000.5, "Status": "Failed"},
        {"CommandId": "c-2", "Comment": "firedoor-7", "RequestedDateTime": 1740000001.5, "Status": "Pending"},
        {"CommandId": "c-3", "Comment": "other", "RequestedDateTime": 1740000002.5, "Status": "Success"}]}"#;
    let unknown = r#"{"__type": "InvocationDoesNotExist", "message": "no"}"#;
    let done = r#"{"CommandId": "c-2", "Status": "Success", "ResponseCode": 0,
        "StandardOutputContent": "firedoor: one\nfiredoor: \u001b[2Jtwo\n", "StandardErrorContent": "hm"}"#;
    let aws = Aws::answering(&[
        ("SendCommand", 200, sent),
        ("ListCommands", 200, listed),
        ("GetCommandInvocation", 400, unknown),
        ("GetCommandInvocation", 200, done),
    ]);
    let operation = Operation::RunHostBlock {
        instance: "i-1".into(),
        platform: Platform::Windows,
        peer: "2001:db8::7".parse().unwrap(),
        name: "firedoor-7".into(),
    };
    let actuator = aws.account().await.actuator();
    let answer = actuator.execute(&operation).await.unwrap();
    assert_eq!(answer.made.as_deref(), Some("c-2"));
    let asked: serde_json::Value = serde_json::from_str(&aws.the("SendCommand").body).unwrap();
    assert_eq!(asked["DocumentName"], "AWS-RunPowerShellScript");
    assert_eq!(asked["InstanceIds"], serde_json::json!(["i-1"]));
    assert_eq!(asked["Comment"], "firedoor-7");
    let commands = asked["Parameters"]["commands"].as_array().unwrap();
    assert!(commands.iter().any(|it| it == "$Peer = '2001:db8::7'"));
    let command = |status: &str, output: &[&str]| {
        State::Command(CommandState {
            id: "c-2".into(),
            status: status.into(),
            output: output.iter().map(|it| (*it).to_owned()).collect(),
        })
    };
    let first = actuator.observe(&operation).await.unwrap();
    assert_eq!(first, command("Pending", &[]));
    let then = actuator.observe(&operation).await.unwrap();
    let lines = ["firedoor: one", "firedoor: \\u{1b}[2Jtwo", "stderr: hm"];
    assert_eq!(then, command("Success", &lines));
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>
#[tokio::test]
async fn what_aws_does_not_know_is_absent_and_what_it_refuses_is_named() {
    let gone = error(
        "InvalidInstanceID.NotFound",
        "The instance ID 'i-1' does not exist",
    );
    let protected = error(
        "OperationNotPermitted",
        "The instance 'i-1' may not be stopped.",
    );
    let aws = Aws::answering(&[
        ("DescribeInstanceAttribute", 400, &gone),
        ("StopInstances", 400, &protected),
    ]);
    let actuator = aws.account().await.actuator();
    let protect = Operation::SetAttribute {
        instance: "i-1".into(),
        attribute: Attribute::StopProtection(true),
    };
    assert_eq!(actuator.observe(&protect).await.unwrap(), State::Absent);
    let stop = Operation::StopInstance {
        instance: "i-1".into(),
        hibernate: false,
    };
    let refused = actuator.execute(&stop).await.unwrap_err();
    assert_eq!(refused.kind, CallErrorKind::Refused);
    assert_eq!(refused.code, "OperationNotPermitted");
    assert_eq!(refused.api, "ec2:StopInstances");
}
