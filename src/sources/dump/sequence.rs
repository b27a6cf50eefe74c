//! Attack sequences: what one names is scattered over its resources and endpoints.
//!
//! <https://docs.aws.amazon.com/guardduty/latest/APIReference/API_Sequence.html>

use super::finding::{Named, add, place};
use super::json::Object;
use crate::model::Remote;
use crate::model::notation::id_at_end;

/// Resources that stand for several instances:
/// <https://docs.aws.amazon.com/guardduty/latest/ug/guardduty-attack-sequence-finding-types.html>
const GROUPED: [&str; 8] = [
    "AutoscalingAutoScalingGroup",
    "CloudformationStack",
    "Ec2Image",
    "Ec2LaunchTemplate",
    "Ec2Vpc",
    "EcsCluster",
    "EksCluster",
    "IamInstanceProfile",
];

/// Adds what the resources of a sequence name.
pub(super) fn name(it: Object<'_>, named: &mut Named) {
    for resource in it.objects("Resources") {
        name_resource(resource, named);
    }
    // Groups of instances after the instances themselves: their members are suspects at most.
    for data in it.objects("Resources").filter_map(|it| it.object("Data")) {
        let groups = GROUPED.iter().filter_map(|key| data.object(key));
        for uid in groups.flat_map(|it| it.texts("Ec2InstanceUids")) {
            add(&mut named.instances, id_at_end(uid, "i-").map(Into::into));
        }
    }
}

fn name_resource(it: Object<'_>, named: &mut Named) {
    let uid = it.text("Uid").unwrap_or_default();
    add(&mut named.instances, id_at_end(uid, "i-").map(Into::into));
    add(&mut named.enis, id_at_end(uid, "eni-").map(Into::into));
    add(&mut named.vpcs, id_at_end(uid, "vpc-").map(Into::into));
    let Some(data) = it.object("Data") else {
        return;
    };
    if let Some(instance) = data.object("Ec2Instance") {
        for uid in instance.texts("Ec2NetworkInterfaceUids") {
            add(&mut named.enis, id_at_end(uid, "eni-").map(Into::into));
        }
    }
    if let Some(eni) = data.object("Ec2NetworkInterface") {
        // Spelt so by AWS.
        add(&mut named.subnets, eni.text("SubNetId").map(Into::into));
        add(&mut named.vpcs, eni.text("VpcId").map(Into::into));
    }
    if let Some(cluster) = data.object("EksCluster") {
        add(&mut named.vpcs, cluster.text("VpcId").map(Into::into));
    }
}

/// Adds the remote addresses of a sequence.
pub(super) fn remotes(it: Object<'_>, all: &mut Vec<Remote>) {
    for endpoint in it.objects("Endpoints") {
        add(all, remote(endpoint));
    }
}

fn remote(it: Object<'_>) -> Option<Remote> {
    let country = it.object("Location").and_then(|it| it.text("Country"));
    let organization = it.object("AutonomousSystem").and_then(|it| it.text("Name"));
    Some(Remote {
        address: it.address("Ip")?,
        port: it.small("Port"),
        place: place(country, organization),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ids_are_found_wherever_a_sequence_hides_them() {
        let value = json!({"resources": [
            {"uid": "arn:aws:autoscaling:r:1:autoScalingGroup:0:autoScalingGroupName/web", "data": {
                "autoscalingAutoScalingGroup": {
                    "ec2InstanceUids": ["arn:aws:ec2:r:1:instance/i-3", "i-1"]}}},
            {"uid": "arn:aws:ec2:r:1:instance/i-1", "data": {
                "ec2Instance": {"ec2NetworkInterfaceUids": ["arn:aws:ec2:r:1:network-interface/eni-2"]}}},
            {"uid": "i-2", "data": {}},
            {"uid": "eni-1", "data": {"ec2NetworkInterface": {"subNetId": "subnet-1", "vpcId": "vpc-1"}}},
        ], "endpoints": [
            {"ip": "203.0.113.66", "port": 443, "autonomousSystem": {"name": "Evil"}},
            {"ip": "203.0.113.66", "port": 443, "autonomousSystem": {"name": "Evil"}},
            {"domain": "c2.example"},
        ]});
        let it = Object::of(&value).unwrap();
        let mut named = Named::default();
        name(it, &mut named);
        assert_eq!(named.instances, ["i-1".into(), "i-2".into(), "i-3".into()]);
        assert_eq!(named.enis, ["eni-2".into(), "eni-1".into()]);
        assert_eq!(named.subnets, ["subnet-1".into()]);
        assert_eq!(named.vpcs, ["vpc-1".into()]);
        let mut all = Vec::new();
        remotes(it, &mut all);
        let [only] = &all[..] else {
            panic!("one remote: {all:?}");
        };
        assert_eq!((only.port, only.place.as_str()), (Some(443), "Evil"));
    }
}
