//! Attack sequences: what one names is scattered over its resources and endpoints.
//!
//! <https://docs.aws.amazon.com/guardduty/latest/APIReference/API_Sequence.html>

use aws_sdk_guardduty::types as sdk;
use aws_sdk_guardduty::types::{NetworkEndpoint, ResourceData, ResourceV2, Sequence};

use super::address;
use super::finding::{Named, add, place, port};
use crate::model::Remote;
use crate::model::notation::id_at_end;

/// Adds what the resources of a sequence name.
pub(super) fn name(it: &Sequence, named: &mut Named) {
    for resource in it.resources() {
        name_resource(resource, named);
    }
    // Groups of instances after the instances themselves: their members are suspects at most.
    for data in it.resources().iter().filter_map(ResourceV2::data) {
        for uid in grouped_instances(data) {
            add(&mut named.instances, id_at_end(uid, "i-").map(Into::into));
        }
    }
}

fn name_resource(it: &ResourceV2, named: &mut Named) {
    let uid = it.uid().unwrap_or_default();
    add(&mut named.instances, id_at_end(uid, "i-").map(Into::into));
    add(&mut named.enis, id_at_end(uid, "eni-").map(Into::into));
    add(&mut named.vpcs, id_at_end(uid, "vpc-").map(Into::into));
    let Some(data) = it.data() else {
        return;
    };
    if let Some(instance) = data.ec2_instance() {
        for uid in instance.ec2_network_interface_uids() {
            add(&mut named.enis, id_at_end(uid, "eni-").map(Into::into));
        }
    }
    if let Some(eni) = data.ec2_network_interface() {
        add(&mut named.subnets, eni.sub_net_id().map(Into::into));
        add(&mut named.vpcs, eni.vpc_id().map(Into::into));
    }
    if let Some(cluster) = data.eks_cluster() {
        add(&mut named.vpcs, cluster.vpc_id().map(Into::into));
    }
}

/// Instances that share something: <https://docs.aws.amazon.com/guardduty/latest/ug/guardduty-attack-sequence-finding-types.html>
fn grouped_instances(data: &ResourceData) -> Vec<&String> {
    let lists = [
        data.autoscaling_auto_scaling_group()
            .map(sdk::AutoscalingAutoScalingGroup::ec2_instance_uids),
        data.cloudformation_stack()
            .map(sdk::CloudformationStack::ec2_instance_uids),
        data.ec2_image().map(sdk::Ec2Image::ec2_instance_uids),
        data.ec2_launch_template()
            .map(sdk::Ec2LaunchTemplate::ec2_instance_uids),
        data.ec2_vpc().map(sdk::Ec2Vpc::ec2_instance_uids),
        data.ecs_cluster().map(sdk::EcsCluster::ec2_instance_uids),
        data.eks_cluster().map(sdk::EksCluster::ec2_instance_uids),
        data.iam_instance_profile()
            .map(sdk::IamInstanceProfileV2::ec2_instance_uids),
    ];
    lists.into_iter().flatten().flatten().collect()
}

/// Adds the remote addresses of a sequence.
pub(super) fn remotes(it: &Sequence, all: &mut Vec<Remote>) {
    for endpoint in it.endpoints() {
        add(all, remote(endpoint));
    }
}

fn remote(it: &NetworkEndpoint) -> Option<Remote> {
    let country = it.location().and_then(|it| it.country());
    let organization = it.autonomous_system().and_then(|it| it.name());
    Some(Remote {
        address: address(it.ip())?,
        port: port(it.port()),
        place: place(country, organization),
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_guardduty::types::{
        AutonomousSystem, AutoscalingAutoScalingGroup, Ec2Instance, Ec2NetworkInterface,
    };

    use super::*;

    fn resource(uid: &str, data: ResourceData) -> ResourceV2 {
        ResourceV2::builder().uid(uid).data(data).build()
    }

    #[test]
    fn ids_are_found_wherever_a_sequence_hides_them() {
        let instance = Ec2Instance::builder()
            .ec2_network_interface_uids("arn:aws:ec2:eu-west-1:1:network-interface/eni-2")
            .build();
        let eni = Ec2NetworkInterface::builder()
            .sub_net_id("subnet-1")
            .vpc_id("vpc-1")
            .build();
        let group = AutoscalingAutoScalingGroup::builder()
            .ec2_instance_uids("arn:aws:ec2:eu-west-1:1:instance/i-3")
            .ec2_instance_uids("i-1")
            .build();
        let sequence = Sequence::builder()
            .resources(resource(
                "arn:aws:autoscaling:eu-west-1:1:autoScalingGroup:0:autoScalingGroupName/web",
                ResourceData::builder()
                    .autoscaling_auto_scaling_group(group)
                    .build(),
            ))
            .resources(resource(
                "arn:aws:ec2:eu-west-1:1:instance/i-1",
                ResourceData::builder().ec2_instance(instance).build(),
            ))
            .resources(resource("i-2", ResourceData::builder().build()))
            .resources(resource(
                "eni-1",
                ResourceData::builder().ec2_network_interface(eni).build(),
            ))
            .build();
        let mut named = Named::default();
        name(&sequence, &mut named);
        assert_eq!(named.instances, ["i-1".into(), "i-2".into(), "i-3".into()]);
        assert_eq!(named.enis, ["eni-2".into(), "eni-1".into()]);
        assert_eq!(named.subnets, ["subnet-1".into()]);
        assert_eq!(named.vpcs, ["vpc-1".into()]);
    }

    #[test]
    fn endpoints_with_an_address_are_remotes() {
        let system = AutonomousSystem::builder().name("Evil").build();
        let endpoint = NetworkEndpoint::builder()
            .ip("203.0.113.66")
            .port(443)
            .autonomous_system(system)
            .build();
        let domain = NetworkEndpoint::builder().domain("c2.example").build();
        let sequence = Sequence::builder()
            .endpoints(endpoint.clone())
            .endpoints(endpoint)
            .endpoints(domain)
            .build();
        let mut all = Vec::new();
        remotes(&sequence, &mut all);
        let [only] = &all[..] else {
            panic!("one remote: {all:?}");
        };
        assert_eq!((only.port, only.place.as_str()), (Some(443), "Evil"));
    }
}
