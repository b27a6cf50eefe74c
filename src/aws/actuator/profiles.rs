//! Which instance profile an instance has. These calls have no `DryRun`:
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DisassociateIamInstanceProfile.html>

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{
    IamInstanceProfileAssociation, IamInstanceProfileAssociationState,
    IamInstanceProfileSpecification,
};

use super::super::error::Call;
use super::super::estate::filter;
use crate::model::InstanceId;
use crate::model::notation::profile_name;
use crate::operation::{Answer, CallError, CallErrorKind, State};

/// The name of an instance's profile.
pub(super) async fn state(ec2: &Client, instance: &InstanceId) -> Result<State, CallError> {
    let found = association(ec2, instance).await?;
    let arn = found
        .as_ref()
        .and_then(|it| it.iam_instance_profile()?.arn());
    let name = arn.and_then(profile_name);
    Ok(name.map_or(State::Absent, State::Profile))
}

/// One on its way out still gives credentials.
async fn association(
    ec2: &Client,
    instance: &InstanceId,
) -> Result<Option<IamInstanceProfileAssociation>, CallError> {
    let call = Call::new(
        "ec2:DescribeIamInstanceProfileAssociations",
        instance.as_str(),
    );
    let request = ec2
        .describe_iam_instance_profile_associations()
        .filters(filter("instance-id", [instance.as_str()]));
    let found = request.into_paginator().items().send().try_collect().await;
    let found = found.map_err(|error| call.lookup_error(&error))?;
    let gone = Some(&IamInstanceProfileAssociationState::Disassociated);
    Ok(found
        .into_iter()
        .find(|it| it.instance_id() == Some(instance.as_str()) && it.state() != gone))
}

/// Takes the profile off an instance.
pub(super) async fn disassociate(
    read: &Client,
    write: &Client,
    instance: &InstanceId,
) -> Result<Answer, CallError> {
    let call = Call::new("ec2:DisassociateIamInstanceProfile", instance.as_str());
    let found = association(read, instance).await?;
    let Some(id) = found.as_ref().and_then(|it| it.association_id()) else {
        let message = "AWS shows no instance profile on it; read the instance again";
        return Err(call.refuse(CallErrorKind::Refused, "NoAssociation", message));
    };
    let request = write.disassociate_iam_instance_profile();
    call.answered(request.association_id(id).send().await)
}

/// Gives an instance a profile.
pub(super) async fn associate(
    ec2: &Client,
    instance: &InstanceId,
    profile: &str,
) -> Result<Answer, CallError> {
    let call = Call::new("ec2:AssociateIamInstanceProfile", instance.as_str());
    let profile = IamInstanceProfileSpecification::builder().name(profile);
    let request = ec2
        .associate_iam_instance_profile()
        .instance_id(instance.as_str())
        .iam_instance_profile(profile.build());
    call.answered(request.send().await)
}
