//! A probe asks with `DryRun` and with nothing else.
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/CommonParameters.html>

use std::collections::BTreeSet;

use firedoor::model::{
    AclAction, AclEntry, Direction, GroupRule, Protocol, Shutdown, TrackingTimeouts,
};
use firedoor::operation::{Attribute, Operation, Probe, Probed, Ref, StepId, TagValue};

use super::server::{Aws, error};

/// What the look-ups that some requests need are answered.
const READS: [(&str, u16, &str); 5] = [
    (
        "DescribeSecurityGroupRules",
        200,
        "<DescribeSecurityGroupRulesResponse><securityGroupRuleSet><item>\
         <securityGroupRuleId>sgr-1</securityGroupRuleId><groupId>sg-1</groupId><isEgress>true</isEgress>\
         <ipProtocol>-1</ipProtocol><cidrIpv4>0.0.0.0/0</cidrIpv4></item></securityGroupRuleSet>\
         </DescribeSecurityGroupRulesResponse>",
    ),
    (
        "DescribeNetworkInterfaces",
        200,
        "<DescribeNetworkInterfacesResponse><networkInterfaceSet><item>\
         <networkInterfaceId>eni-1</networkInterfaceId><vpcId>vpc-1</vpcId><subnetId>subnet-1</subnetId>\
         <attachment><attachmentId>eni-attach-1</attachmentId><instanceId>i-1</instanceId></attachment>\
         </item></networkInterfaceSet></DescribeNetworkInterfacesResponse>",
    ),
    (
        "DescribeAddresses",
        200,
        "<DescribeAddressesResponse><addressesSet><item><publicIp>198.51.100.1</publicIp>\
         <allocationId>eipalloc-1</allocationId><associationId>eipassoc-1</associationId></item>\
         </addressesSet></DescribeAddressesResponse>",
    ),
    (
        "DescribeNetworkAcls",
        200,
        "<DescribeNetworkAclsResponse><networkAclSet><item><networkAclId>acl-1</networkAclId>\
         <vpcId>vpc-1</vpcId><associationSet><item><networkAclAssociationId>aclassoc-1</networkAclAssociationId>\
         <networkAclId>acl-1</networkAclId><subnetId>subnet-1</subnetId></item></associationSet></item>\
         </networkAclSet></DescribeNetworkAclsResponse>",
    ),
    (
        "DescribeRouteTables",
        200,
        "<DescribeRouteTablesResponse><routeTableSet><item><routeTableId>rtb-1</routeTableId>\
         <vpcId>vpc-1</vpcId><associationSet><item><routeTableAssociationId>rtbassoc-1</routeTableAssociationId>\
         <routeTableId>rtb-1</routeTableId><main>true</main></item><item>\
         <routeTableAssociationId>rtbassoc-2</routeTableAssociationId><routeTableId>rtb-1</routeTableId>\
         <subnetId>subnet-1</subnetId><main>false</main></item></associationSet></item></routeTableSet>\
         </DescribeRouteTablesResponse>",
    ),
];

fn id<K>(id: &str) -> Ref<K> {
    Ref::Id(id.into())
}

fn named() -> Vec<(String, String)> {
    vec![("Name".to_owned(), "firedoor".to_owned())]
}

fn entry() -> AclEntry {
    AclEntry {
        direction: Direction::Ingress,
        number: 1,
        action: AclAction::Deny,
        protocol: Protocol::All,
        cidr: "203.0.113.66/32".parse().unwrap(),
        ports: None,
    }
}

#[expect(clippy::too_many_lines, reason = "one entry per call")]
fn of_groups_and_interfaces() -> Vec<(&'static str, Operation)> {
    let direction = Direction::Egress;
    let rules = || vec![GroupRule::all(direction, "0.0.0.0/0".parse().unwrap())];
    let private = "10.0.0.1".parse().unwrap();
    vec![
        (
            "CreateSecurityGroup",
            Operation::CreateGroup {
                vpc: "vpc-1".into(),
                name: "g".into(),
                description: "g".into(),
                tags: named(),
            },
        ),
        (
            "AuthorizeSecurityGroupEgress",
            Operation::AuthorizeRules {
                group: id("sg-1"),
                direction,
                rules: rules(),
            },
        ),
        (
            "RevokeSecurityGroupEgress",
            Operation::RevokeRules {
                group: id("sg-1"),
                direction,
                rules: rules(),
            },
        ),
        (
            "RevokeSecurityGroupEgress",
            Operation::RevokeAllRules {
                group: id("sg-1"),
                direction,
            },
        ),
        (
            "DeleteSecurityGroup",
            Operation::DeleteGroup { group: id("sg-1") },
        ),
        (
            "ModifyNetworkInterfaceAttribute",
            Operation::SetEniGroups {
                eni: "eni-1".into(),
                groups: vec![id("sg-1")],
            },
        ),
        (
            "ModifyInstanceAttribute",
            Operation::SetInstanceGroups {
                instance: "i-1".into(),
                groups: vec![id("sg-1")],
            },
        ),
        (
            "ModifyNetworkInterfaceAttribute",
            Operation::SetTrackingTimeouts {
                eni: "eni-1".into(),
                timeouts: TrackingTimeouts {
                    udp: Some(30),
                    ..TrackingTimeouts::default()
                },
            },
        ),
        (
            "CreateNetworkInterface",
            Operation::CreateInterface {
                subnet: "subnet-1".into(),
                groups: vec![],
                tags: named(),
            },
        ),
        (
            "DeleteNetworkInterface",
            Operation::DeleteInterface { eni: id("eni-1") },
        ),
        (
            "DetachNetworkInterface",
            Operation::DetachInterface {
                eni: "eni-1".into(),
            },
        ),
        (
            "DisassociateAddress",
            Operation::DisassociateAddress {
                eni: "eni-1".into(),
                private,
            },
        ),
        (
            "AssociateAddress",
            Operation::AssociateAddress {
                eni: "eni-1".into(),
                private,
                address: "198.51.100.1".parse().unwrap(),
            },
        ),
        (
            "ModifyNetworkInterfaceAttribute",
            Operation::DropPublicAddress {
                eni: "eni-1".into(),
            },
        ),
    ]
}

#[expect(clippy::too_many_lines, reason = "one entry per call")]
fn of_acls_and_routes() -> Vec<(&'static str, Operation)> {
    let to = |destination: &str| destination.to_owned();
    vec![
        (
            "CreateNetworkAcl",
            Operation::CreateAcl {
                vpc: "vpc-1".into(),
                tags: named(),
            },
        ),
        (
            "ReplaceNetworkAclAssociation",
            Operation::SetSubnetAcl {
                subnet: "subnet-1".into(),
                acl: id("acl-2"),
            },
        ),
        (
            "DeleteNetworkAcl",
            Operation::DeleteAcl { acl: id("acl-1") },
        ),
        (
            "CreateNetworkAclEntry",
            Operation::CreateAclEntry {
                acl: id("acl-1"),
                entry: entry(),
            },
        ),
        (
            "ReplaceNetworkAclEntry",
            Operation::ReplaceAclEntry {
                acl: id("acl-1"),
                entry: entry(),
            },
        ),
        (
            "DeleteNetworkAclEntry",
            Operation::DeleteAclEntry {
                acl: id("acl-1"),
                direction: Direction::Egress,
                number: 1,
            },
        ),
        (
            "CreateRouteTable",
            Operation::CreateRouteTable {
                vpc: "vpc-1".into(),
                tags: named(),
            },
        ),
        (
            "DeleteRouteTable",
            Operation::DeleteRouteTable { table: id("rtb-1") },
        ),
        (
            "ReplaceRouteTableAssociation",
            Operation::SetSubnetRouteTable {
                subnet: "subnet-1".into(),
                table: Some(id("rtb-2")),
            },
        ),
        (
            "AssociateRouteTable",
            Operation::SetSubnetRouteTable {
                subnet: "subnet-2".into(),
                table: Some(id("rtb-2")),
            },
        ),
        (
            "DisassociateRouteTable",
            Operation::SetSubnetRouteTable {
                subnet: "subnet-1".into(),
                table: None,
            },
        ),
        (
            "ReplaceRouteTableAssociation",
            Operation::SetMainRouteTable {
                vpc: "vpc-1".into(),
                table: id("rtb-2"),
            },
        ),
        (
            "CreateRoute",
            Operation::CreateRoute {
                table: id("rtb-1"),
                destination: to("0.0.0.0/0"),
                target: id("igw-1"),
            },
        ),
        (
            "ReplaceRoute",
            Operation::ReplaceRoute {
                table: id("rtb-1"),
                destination: to("::/0"),
                target: id("eigw-1"),
            },
        ),
        (
            "DeleteRoute",
            Operation::DeleteRoute {
                table: id("rtb-1"),
                destination: to("pl-1"),
            },
        ),
        (
            "DetachInternetGateway",
            Operation::DetachInternetGateway {
                gateway: "igw-1".into(),
                vpc: "vpc-1".into(),
            },
        ),
    ]
}

fn of_instances() -> Vec<(&'static str, Operation)> {
    let instance = || "i-1".into();
    let tags = |value: Option<TagValue>| [("firedoor:case".to_owned(), value)].into();
    let text = Some(TagValue::Text("IR-7".into()));
    vec![
        (
            "StopInstances",
            Operation::StopInstance {
                instance: instance(),
                hibernate: true,
            },
        ),
        (
            "StartInstances",
            Operation::StartInstance {
                instance: instance(),
            },
        ),
        (
            "ModifyInstanceMetadataOptions",
            Operation::SetMetadataEndpoint {
                instance: instance(),
                enabled: false,
            },
        ),
        (
            "ModifyInstanceAttribute",
            Operation::SetAttribute {
                instance: instance(),
                attribute: Attribute::Shutdown(Shutdown::Stop),
            },
        ),
        (
            "CreateTags",
            Operation::SetTags {
                resource: "i-1".into(),
                tags: tags(text),
            },
        ),
        (
            "DeleteTags",
            Operation::SetTags {
                resource: "i-1".into(),
                tags: tags(None),
            },
        ),
        (
            "CreateSnapshots",
            Operation::CreateSnapshots {
                instance: instance(),
                tags: named(),
            },
        ),
        (
            "CreateImage",
            Operation::CreateImage {
                instance: instance(),
                name: "evidence".into(),
                tags: named(),
            },
        ),
        (
            "GetConsoleOutput",
            Operation::GetConsoleOutput {
                instance: instance(),
            },
        ),
    ]
}

#[tokio::test]
async fn every_call_says_dry_run_and_its_answer_is_understood() {
    let mut all = of_groups_and_interfaces();
    all.extend(of_acls_and_routes());
    all.extend(of_instances());
    let good = error(
        "DryRunOperation",
        "Request would have succeeded, but DryRun flag is set.",
    );
    let bad = error(
        "UnauthorizedOperation",
        "You are not authorized to perform this operation.",
    );
    for (call, operation) in all {
        assert!(operation.facts().dry_run, "{call}");
        for (status, answer, expected) in [
            (412, &good, Probed::Allowed),
            (
                403,
                &bad,
                Probed::Denied {
                    message: String::new(),
                },
            ),
        ] {
            let mut answers = READS.to_vec();
            answers.push((call, status, answer));
            let aws = Aws::answering(&answers);
            let probe = aws.account().await.probe();
            let found = probe.probe(&operation).await;
            match (&found, &expected) {
                (Probed::Denied { message }, Probed::Denied { .. }) => {
                    assert!(message.contains("the caller needs ec2:"), "{message}");
                }
                _ => assert_eq!(found, expected, "{operation:?}"),
            }
            assert_eq!(aws.the(call).query["DryRun"], "true", "{operation:?}");
            let reads: BTreeSet<&str> = READS.iter().map(|(name, ..)| *name).collect();
            for asked in aws.asked() {
                assert!(
                    asked.action == call || reads.contains(&*asked.action),
                    "{asked:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn what_can_not_be_asked_is_not_sent() {
    let made = Ref::Made(StepId(1));
    let aws = Aws::answering(&[]);
    let probe = aws.account().await.probe();
    for operation in [
        Operation::DisassociateProfile {
            instance: "i-1".into(),
        },
        Operation::AssociateProfile {
            instance: "i-1".into(),
            profile: "web".into(),
        },
        Operation::RemoveRolePolicy {
            profile: "web".into(),
            policy: "p".into(),
        },
        Operation::SetAsgMinSize {
            asg: "web".into(),
            min: 0,
        },
        Operation::SetEniGroups {
            eni: "eni-1".into(),
            groups: vec![made],
        },
        Operation::SetTags {
            resource: "i-1".into(),
            tags: [("firedoor:time".to_owned(), Some(TagValue::Now))].into(),
        },
    ] {
        let found = probe.probe(&operation).await;
        assert!(matches!(found, Probed::NotCheckable { .. }), "{found:?}");
    }
    assert!(aws.asked().is_empty(), "{:?}", aws.asked());
}
