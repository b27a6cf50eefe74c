//! Per action: on whom it is tried, what must be there before, and what exactly differs afterwards.
//!
//! Differences are as `check_actions.py` tells them: an absent key and `*` match anything. The tags of cases and
//! runs are looked at apart.

use serde_json::{Value, json};

use super::emulator::Manifest;

/// One action on one suspect.
pub(crate) struct Row {
    /// Its name in the catalogue.
    pub(crate) action: &'static str,
    /// Where the manifest has the suspect's id.
    pub(crate) suspect: &'static str,
    /// What somebody does before, in Python; see `Emulator::python`.
    pub(crate) before: &'static str,
    /// The differences.
    pub(crate) expected: fn(&Manifest) -> Vec<Value>,
}

/// Possible actions that the emulator can't serve, with the call that it lacks.
pub(crate) const NOT_SERVED: &[(&str, &str)] = &[];

/// A suspect in an Auto Scaling group and a target group, with an Elastic IP and a shared role, in a subnet
/// whose network ACL serves three.
const SCALED: &str = "/scaled/id";
/// The remote address that actions against a peer are about, as a block.
const PEER: &str = "203.0.113.66/32";

/// The pair that the staged two-step uses.
const PAIR: &str = r#"
ec2 = client("ec2")
anybody = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}], "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}]
for step in (1, 2):
    made = ec2.create_security_group(GroupName=f"firedoor-step-{step}", Description="staged", VpcId=m["vpc"]["id"])
    rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [made["GroupId"]]}])["SecurityGroupRules"]
    ec2.revoke_security_group_egress(GroupId=made["GroupId"], SecurityGroupRuleIds=[it["SecurityGroupRuleId"] for it in rules])
    if step == 1:
        ec2.authorize_security_group_ingress(GroupId=made["GroupId"], IpPermissions=anybody)
        ec2.authorize_security_group_egress(GroupId=made["GroupId"], IpPermissions=anybody)
"#;

/// One entry fewer in the network ACL whose egress is full: an allow can move.
const ROOM: &str = r#"
acl, ec2 = m["networkAcls"]["nearlyFull"]["id"], client("ec2")
entries = ec2.describe_network_acls(NetworkAclIds=[acl])["NetworkAcls"][0]["Entries"]
numbers = [it["RuleNumber"] for it in entries if it["Egress"] and it["RuleNumber"] < 32767 and it["RuleAction"] == "deny"]
ec2.delete_network_acl_entry(NetworkAclId=acl, Egress=True, RuleNumber=max(numbers))
"#;

const fn row(
    action: &'static str,
    suspect: &'static str,
    expected: fn(&Manifest) -> Vec<Value>,
) -> Row {
    Row {
        action,
        suspect,
        before: "",
        expected,
    }
}

/// The rows, by what they share an emulator with.
pub(crate) const GROUPS: &[(&str, &[Row])] = &[
    (
        "groups",
        &[
            row("sg-swap", SCALED, sg_swap),
            row("sg-two-step", SCALED, sg_two_step),
            Row {
                before: PAIR,
                ..row("sg-two-step-staged", SCALED, sg_two_step_staged)
            },
            row("sg-revoke-rules", SCALED, sg_revoke_rules),
        ],
    ),
    (
        "network ACLs",
        &[
            row("nacl-swap", SCALED, nacl_swap),
            row("nacl-deny-all", SCALED, nacl_deny_all),
            row("nacl-deny-all", CROWDED, nacl_deny_all_full),
            row("nacl-deny-peer", SCALED, nacl_deny_peer),
            Row {
                before: ROOM,
                ..row("nacl-far-side", SCALED, nacl_far_side)
            },
            row("nacl-pulse", SCALED, timers),
        ],
    ),
    (
        "routes and addresses",
        &[
            row("route-swap", SCALED, route_swap),
            row("route-swap", IMPLICIT, route_swap_implicit),
            row("igw-routes-off", SCALED, igw_routes_off),
            row("igw-routes-off-vpc", SCALED, igw_routes_off_vpc),
            row("blackhole-route", SCALED, blackhole_route),
            row("public-ip-off", "/elasticIp/id", elastic_ip_off),
            row("public-ip-off", "/autoPublicIp/id", public_ip_off),
        ],
    ),
    (
        "instances",
        &[
            row("stop", "/stopProtected/id", stop),
            row("hibernate", "/hibernation/id", hibernate),
            row("imds-off", SCALED, imds_off),
            row("protect", SCALED, protect),
            row("host-block", SCALED, host_block),
            row("tag", SCALED, nothing),
        ],
    ),
    (
        "identity, platform, evidence",
        &[
            row("profile-detach", SCALED, profile_detach),
            row("sessions-revoke", SCALED, sessions_revoke),
            row("instance-deny", SCALED, instance_deny),
            row("asg-standby", SCALED, asg_standby),
            row("asg-detach", SCALED, asg_detach),
            row("elb-deregister", SCALED, elb_deregister),
            row("snapshot-all", SCALED, snapshot_all),
            row("image", SCALED, image),
            row("console-output", SCALED, nothing),
        ],
    ),
];

/// Alone in a subnet whose network ACL has no room.
const CROWDED: &str = "/actions/instances/crowded-01/id";
/// In a subnet without a route table of its own.
const IMPLICIT: &str = "/actions/instances/implicit-01/id";

#[expect(
    clippy::needless_pass_by_value,
    reason = "the values are written where they are passed"
)]
fn change(section: &str, id: &str, field: &str, before: Value, after: Value) -> Value {
    json!({"section": section, "id": id, "field": field, "before": before, "after": after})
}

/// The first new object of a kind.
fn made(section: &str) -> Value {
    json!({"section": section, "id": format!("new:{section}:1"), "field": "[*]", "before": null})
}

/// The name that it bears.
fn name_of(section: &str) -> Value {
    json!({"section": "tag", "id": format!("new:{section}:1"), "field": "Name", "before": null})
}

fn gone(section: &str, id: &str) -> Value {
    json!({"section": section, "id": id, "field": "[*]", "after": null})
}

fn nothing(_: &Manifest) -> Vec<Value> {
    Vec::new()
}

fn eni(m: &Manifest) -> &str {
    m.text("/scaled/eni")
}

fn wears(m: &Manifest, group: &str) -> Value {
    let worn = json!([m.text("/actions/securityGroups/act-web")]);
    change("network interface", eni(m), "Groups", worn, json!([group]))
}

fn timers(m: &Manifest) -> Vec<Value> {
    let timers = [
        ("TcpEstablishedTimeout", 60),
        ("UdpStreamTimeout", 60),
        ("UdpTimeout", 30),
    ];
    let set = timers.into_iter().map(|(timer, to)| {
        let field = format!("ConnectionTrackingConfiguration.{timer}");
        change("network interface", eni(m), &field, Value::Null, json!(to))
    });
    set.collect()
}

/// A new group without a rule, on the suspect.
fn sg_swap(m: &Manifest) -> Vec<Value> {
    let group = "security group";
    let mut empty = made(group);
    empty["after"] = json!({
        "Description": "*", "GroupName": "firedoor-*", "VpcId": m.text("/vpc/id")
    });
    vec![wears(m, "new:security group:1"), empty, name_of(group)]
}

fn sg_two_step(m: &Manifest) -> Vec<Value> {
    [sg_swap(m), timers(m)].concat()
}

fn sg_two_step_staged(m: &Manifest) -> Vec<Value> {
    [vec![wears(m, "sg-*")], timers(m)].concat()
}

fn sg_revoke_rules(m: &Manifest) -> Vec<Value> {
    let group = m.text("/actions/securityGroups/act-web");
    let rule = |field: &str| json!({"section": "security group", "id": group, "field": field, "after": null});
    vec![rule("ingress tcp 443-443 0.0.0.0/0"), rule("egress -1 *")]
}

fn nacl_swap(m: &Manifest) -> Vec<Value> {
    let acl = "network acl";
    let mut closed = made(acl);
    let mut after = json!({"VpcId": m.text("/vpc/id")});
    for way in ["ingress", "egress"] {
        after[format!("{way} 32767")] = json!("deny -1 0.0.0.0/0");
        after[format!("{way} 32768")] = json!("deny -1 ::/0");
    }
    closed["after"] = after;
    let was = json!(m.text("/tripleAcl/acl"));
    let subnet = m.text("/actions/subnets/act-public/id");
    let now = json!("new:network acl:1");
    vec![
        closed,
        name_of(acl),
        change("subnet", subnet, "acl", was, now),
    ]
}

/// A deny of each block in both directions.
fn denies(acl: &str, blocks: &[&str]) -> Vec<Value> {
    let ways = ["ingress *", "egress *"];
    let both = blocks.iter().flat_map(|block| ways.map(|way| (block, way)));
    both.map(|(block, way)| {
        change(
            "network acl",
            acl,
            way,
            Value::Null,
            json!(format!("deny -1 {block}")),
        )
    })
    .collect()
}

fn nacl_deny_all(m: &Manifest) -> Vec<Value> {
    denies(m.text("/tripleAcl/acl"), &["0.0.0.0/0", "::/0"])
}

/// There is no room for IPv4: an entry of each direction makes way. IPv6 has a quota of its own.
fn nacl_deny_all_full(m: &Manifest) -> Vec<Value> {
    let acl = m.text("/fullAcl/acl");
    let mut all = Vec::new();
    for way in ["ingress", "egress"] {
        for (was, now) in [
            (json!("allow -1 10.20.0.0/16"), "deny -1 0.0.0.0/0"),
            (Value::Null, "deny -1 ::/0"),
        ] {
            let field = format!("{way} *");
            all.push(change("network acl", acl, &field, was, json!(now)));
        }
    }
    all
}

fn nacl_deny_peer(m: &Manifest) -> Vec<Value> {
    denies(m.text("/tripleAcl/acl"), &[PEER])
}

/// Denied in every other network ACL of the VPC; where there is no number below the allows, one makes way.
fn nacl_far_side(m: &Manifest) -> Vec<Value> {
    let own = format!("{}/32", m.text("/actions/instances/scaled-01/enis/0/ip"));
    let near = m.text("/networkAcls/nearlyFull/id");
    let full = m.text("/fullAcl/acl");
    let acls = [
        "/tripleAcl/acl",
        "/networkAcls/shared/id",
        "/networkAcls/default/id",
    ];
    let mut all: Vec<Value> = acls
        .iter()
        .flat_map(|acl| denies(m.text(acl), &[&own]))
        .collect();
    let allowed = || json!("allow -1 10.20.0.0/16");
    for way in ["ingress", "egress"] {
        for acl in [near, full] {
            let now = json!(format!("deny -1 {own}"));
            all.push(change(
                "network acl",
                acl,
                &format!("{way} 1"),
                allowed(),
                now,
            ));
        }
        let second = format!("{way} 2");
        all.push(change("network acl", near, &second, Value::Null, allowed()));
    }
    all
}

fn local_only(m: &Manifest) -> Value {
    let mut table = made("route table");
    table["after"] = json!({
        "VpcId": m.text("/vpc/id"),
        "main": false,
        format!("route {}", m.text("/vpc/cidr")): "local active",
        format!("route {}", m.text("/vpc/cidr6")): "local active",
    });
    table
}

fn route_swap(m: &Manifest) -> Vec<Value> {
    let subnet = m.text("/actions/subnets/act-public/id");
    let was = json!(m.text("/actions/routeTables/rt-actions-public"));
    let now = json!("new:route table:1");
    vec![
        local_only(m),
        name_of("route table"),
        change("subnet", subnet, "table", was, now),
    ]
}

fn route_swap_implicit(m: &Manifest) -> Vec<Value> {
    let subnet = m.text("/implicitMain/id");
    let now = json!("new:route table:1");
    vec![
        local_only(m),
        name_of("route table"),
        change("subnet", subnet, "table", Value::Null, now),
    ]
}

fn igw_routes_off(m: &Manifest) -> Vec<Value> {
    let table = m.text("/actions/routeTables/rt-actions-public");
    let was = || json!(format!("{} active", m.text("/igw")));
    ["0.0.0.0/0", "::/0"]
        .map(|to| {
            change(
                "route table",
                table,
                &format!("route {to}"),
                was(),
                Value::Null,
            )
        })
        .to_vec()
}

fn igw_routes_off_vpc(m: &Manifest) -> Vec<Value> {
    let other = ["0.0.0.0/0", "::/0"].map(|to| {
        let field = format!("route {to}");
        let table = m.text("/routeTables/public");
        json!({"section": "route table", "id": table, "field": field, "after": null})
    });
    [igw_routes_off(m), other.to_vec()].concat()
}

fn blackhole_route(m: &Manifest) -> Vec<Value> {
    let table = m.text("/actions/routeTables/rt-actions-public");
    let sink = json!("new:network interface:1 blackhole");
    let route = format!("route {PEER}");
    vec![
        made("network interface"),
        name_of("network interface"),
        change("route table", table, &route, Value::Null, sink),
    ]
}

fn elastic_ip_off(m: &Manifest) -> Vec<Value> {
    let text = |key: &str| json!(m.text(&format!("/elasticIp/{key}")));
    let allocation = m.text("/elasticIp/allocation");
    vec![
        change(
            "address",
            allocation,
            "NetworkInterfaceId",
            text("eni"),
            Value::Null,
        ),
        change(
            "address",
            allocation,
            "PrivateIpAddress",
            text("privateIp"),
            Value::Null,
        ),
        change(
            "network interface",
            eni(m),
            "PublicIp",
            text("publicIp"),
            Value::Null,
        ),
        change(
            "network interface",
            eni(m),
            "AllocationId",
            text("allocation"),
            Value::Null,
        ),
    ]
}

fn public_ip_off(m: &Manifest) -> Vec<Value> {
    let was = json!(m.text("/autoPublicIp/publicIp"));
    let eni = m.text("/autoPublicIp/eni");
    vec![change(
        "network interface",
        eni,
        "PublicIp",
        was,
        Value::Null,
    )]
}

fn stopped(id: &str, code: &str) -> Vec<Value> {
    vec![
        change("instance", id, "State.Code", json!(16), json!(80)),
        change(
            "instance",
            id,
            "State.Name",
            json!("running"),
            json!("stopped"),
        ),
        change("instance", id, "StateReason.Code", Value::Null, json!(code)),
    ]
}

fn stop(m: &Manifest) -> Vec<Value> {
    let id = m.text("/stopProtected/id");
    let mut all = stopped(id, "Client.UserInitiatedShutdown");
    all.push(change(
        "instance",
        id,
        "disableApiStop",
        json!(true),
        json!(false),
    ));
    // The automatic public address goes with it.
    all.push(json!({
        "section": "network interface", "id": m.text("/stopProtected/eni"), "field": "PublicIp", "after": null
    }));
    all
}

fn hibernate(m: &Manifest) -> Vec<Value> {
    stopped(m.text("/hibernation/id"), "Client.UserInitiatedHibernate")
}

fn imds_off(m: &Manifest) -> Vec<Value> {
    let field = "MetadataOptions.HttpEndpoint";
    let (on, off) = (json!("enabled"), json!("disabled"));
    vec![change("instance", m.text(SCALED), field, on, off)]
}

fn protect(m: &Manifest) -> Vec<Value> {
    let id = m.text(SCALED);
    let on = |field: &str| change("instance", id, field, json!(false), json!(true));
    let shutdown = "instanceInitiatedShutdownBehavior";
    let volumes = m.value()["scaled"]["volumes"].as_object().unwrap().iter();
    let kept = volumes.map(|(device, volume)| {
        let text = |word: &str| {
            json!(format!(
                "{} {word} on termination",
                volume.as_str().unwrap()
            ))
        };
        change(
            "instance",
            id,
            &format!("device {device}"),
            text("deleted"),
            text("kept"),
        )
    });
    let mut all: Vec<Value> = kept.collect();
    all.push(on("disableApiTermination"));
    all.push(on("disableApiStop"));
    all.push(change(
        "instance",
        id,
        shutdown,
        json!("terminate"),
        json!("stop"),
    ));
    all
}

fn host_block(m: &Manifest) -> Vec<Value> {
    let mut command = made("ssm command");
    command["after"] = json!({
        "DocumentName": "AWS-RunShellScript", "InstanceIds": [m.text(SCALED)], "Status": "Success",
        "Comment": "firedoor-*", "Parameters.commands": "*", "Parameters.executionTimeout": ["120"]
    });
    vec![command]
}

fn profile_detach(m: &Manifest) -> Vec<Value> {
    vec![gone("profile association", m.text(SCALED))]
}

fn inline(m: &Manifest, policy: &str, condition: &Value) -> Vec<Value> {
    let document = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Deny", "Action": "[*]", "Resource": "[*]", "Condition": condition}
    ]});
    let field = format!("inline {policy}");
    vec![change(
        "role",
        m.text("/scaled/role"),
        &field,
        Value::Null,
        document,
    )]
}

fn sessions_revoke(m: &Manifest) -> Vec<Value> {
    let condition = json!({"DateLessThan": {"aws:TokenIssueTime": "20??-??-??T??:??:??Z"}});
    inline(m, "AWSRevokeOlderSessions", &condition)
}

fn instance_deny(m: &Manifest) -> Vec<Value> {
    let id = m.text(SCALED);
    let arn = format!("arn:[*]:ec2:[*]:[*]:instance/{id}");
    let condition = json!({"ArnLike": {"ec2:SourceInstanceARN": arn}});
    inline(m, &format!("FiredoorDeny-{id}"), &condition)
}

/// What leaves the group with the suspect: the group is at its minimum, which must be lowered.
fn smaller(m: &Manifest) -> Vec<Value> {
    let group = m.text("/scaled/asg/name");
    vec![
        change("scaling group", group, "MinSize", json!(2), json!(1)),
        change(
            "scaling group",
            group,
            "DesiredCapacity",
            json!(2),
            json!(1),
        ),
        gone("target", &target(m)),
    ]
}

fn target(m: &Manifest) -> String {
    format!("scaled-tg/{}", m.text(SCALED))
}

fn member(m: &Manifest) -> String {
    format!("{}/{}", m.text("/scaled/asg/name"), m.text(SCALED))
}

fn asg_standby(m: &Manifest) -> Vec<Value> {
    let mut all = smaller(m);
    let (from, to) = (json!("InService"), json!("Standby"));
    all.push(change(
        "scaling member",
        &member(m),
        "LifecycleState",
        from,
        to,
    ));
    all
}

fn asg_detach(m: &Manifest) -> Vec<Value> {
    let mut all = smaller(m);
    all.push(gone("scaling member", &member(m)));
    let tag = "aws:autoscaling:groupName";
    all.push(json!({"section": "tag", "id": m.text(SCALED), "field": tag, "after": null}));
    all
}

fn elb_deregister(m: &Manifest) -> Vec<Value> {
    vec![gone("target", &target(m))]
}

fn snapshot_all(_: &Manifest) -> Vec<Value> {
    let snapshot = |n: u8| {
        let id = format!("new:snapshot:{n}");
        [
            json!({"section": "snapshot", "id": id, "field": "[*]", "before": null}),
            json!({"section": "tag", "id": id, "field": "Name", "before": null}),
        ]
    };
    [snapshot(1), snapshot(2)].concat()
}

fn image(m: &Manifest) -> Vec<Value> {
    [snapshot_all(m), vec![made("image"), name_of("image")]].concat()
}
