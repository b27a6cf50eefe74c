//! Attributes of instances. AWS takes one per call:
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyInstanceAttribute.html>

use aws_sdk_ec2::Client;
use aws_sdk_ec2::operation::describe_instance_attribute::DescribeInstanceAttributeOutput;
use aws_sdk_ec2::types::{
    AttributeBooleanValue, AttributeValue, EbsInstanceBlockDeviceSpecification,
    InstanceAttributeName, InstanceBlockDeviceMappingSpecification,
};

use super::super::error::{Call, is_not_found};
use super::instances::describe;
use crate::model::{InstanceId, Shutdown};
use crate::operation::{Answer, Attribute, CallError, State};

/// An attribute, with its value.
pub(super) async fn state(
    ec2: &Client,
    instance: &InstanceId,
    attribute: &Attribute,
) -> Result<State, CallError> {
    let read = match attribute {
        Attribute::TerminationProtection(_) => {
            let name = InstanceAttributeName::DisableApiTermination;
            let answer = ask(ec2, instance, name).await?;
            let value = answer.as_ref().and_then(|it| it.disable_api_termination());
            value.map(|it| Attribute::TerminationProtection(it.value() == Some(true)))
        }
        Attribute::StopProtection(_) => {
            let name = InstanceAttributeName::DisableApiStop;
            let answer = ask(ec2, instance, name).await?;
            let value = answer.as_ref().and_then(|it| it.disable_api_stop());
            value.map(|it| Attribute::StopProtection(it.value() == Some(true)))
        }
        Attribute::Shutdown(_) => {
            let name = InstanceAttributeName::InstanceInitiatedShutdownBehavior;
            let answer = ask(ec2, instance, name).await?;
            let value = answer
                .as_ref()
                .and_then(|it| it.instance_initiated_shutdown_behavior());
            value.and_then(|it| shutdown(it.value()?))
        }
        Attribute::DeleteOnTermination { device, .. } => volume(ec2, instance, device).await?,
    };
    Ok(read.map_or(State::Absent, State::Attribute))
}

fn shutdown(name: &str) -> Option<Attribute> {
    let both = [Shutdown::Stop, Shutdown::Terminate];
    let found = both.into_iter().find(|it| it.name() == name);
    found.map(Attribute::Shutdown)
}

async fn ask(
    ec2: &Client,
    instance: &InstanceId,
    name: InstanceAttributeName,
) -> Result<Option<DescribeInstanceAttributeOutput>, CallError> {
    let call = Call::new("ec2:DescribeInstanceAttribute", instance.as_str());
    let request = ec2
        .describe_instance_attribute()
        .instance_id(instance.as_str())
        .attribute(name);
    match request.send().await {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if is_not_found(&error) => Ok(None),
        Err(error) => Err(call.lookup_error(&error)),
    }
}

async fn volume(
    ec2: &Client,
    instance: &InstanceId,
    device: &str,
) -> Result<Option<Attribute>, CallError> {
    let found = describe(ec2, instance).await?;
    let mappings = found.and_then(|it| it.block_device_mappings);
    let mappings = mappings.unwrap_or_default();
    let mapping = mappings.iter().find(|it| it.device_name() == Some(device));
    let delete = mapping.and_then(|it| it.ebs()?.delete_on_termination());
    Ok(delete.map(|delete| Attribute::DeleteOnTermination {
        device: device.to_owned(),
        delete,
    }))
}

/// Sets an attribute.
pub(super) async fn set(
    ec2: &Client,
    instance: &InstanceId,
    attribute: &Attribute,
) -> Result<Answer, CallError> {
    let call = Call::new("ec2:ModifyInstanceAttribute", instance.as_str());
    let request = ec2
        .modify_instance_attribute()
        .instance_id(instance.as_str());
    let flag = |value: bool| AttributeBooleanValue::builder().value(value).build();
    let request = match attribute {
        Attribute::TerminationProtection(on) => request.disable_api_termination(flag(*on)),
        Attribute::StopProtection(on) => request.disable_api_stop(flag(*on)),
        Attribute::Shutdown(to) => request.instance_initiated_shutdown_behavior(
            AttributeValue::builder().value(to.name()).build(),
        ),
        Attribute::DeleteOnTermination { device, delete } => {
            let ebs = EbsInstanceBlockDeviceSpecification::builder()
                .delete_on_termination(*delete)
                .build();
            let mapping = InstanceBlockDeviceMappingSpecification::builder()
                .device_name(device)
                .ebs(ebs);
            request.block_device_mappings(mapping.build())
        }
    };
    call.answered(request.send().await)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_behaviour_that_is_new_is_none() {
        for (name, read) in [
            ("stop", Some(Shutdown::Stop)),
            ("terminate", Some(Shutdown::Terminate)),
            ("hibernate", None),
        ] {
            assert_eq!(shutdown(name), read.map(Attribute::Shutdown), "{name}");
        }
    }
}
