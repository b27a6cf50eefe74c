//! Registrations in a load balancer's target group.

use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::types::{
    TargetDescription, TargetHealth, TargetHealthDescription, TargetHealthReasonEnum,
    TargetHealthStateEnum,
};

use super::super::convert::shown;
use super::super::error::{Call, has_code};
use crate::model::InstanceId;
use crate::operation::{Answer, CallError, State};

/// An instance's health in a target group, with the port that it is registered with; without a port, with
/// any.
pub(super) async fn health(
    balancers: &Client,
    instance: &InstanceId,
    target_group: &str,
    port: Option<u16>,
) -> Result<State, CallError> {
    let call = Call::new("elasticloadbalancing:DescribeTargetHealth", target_group);
    let request = balancers
        .describe_target_health()
        .target_group_arn(target_group);
    match request.send().await {
        Ok(answer) => Ok(health_in(
            answer.target_health_descriptions(),
            instance,
            port,
        )),
        Err(error) if has_code(&error, "TargetGroupNotFound") => Ok(State::Absent),
        Err(error) => Err(call.lookup_error(&error)),
    }
}

fn health_in(all: &[TargetHealthDescription], instance: &InstanceId, port: Option<u16>) -> State {
    let ours = all.iter().find(|it| {
        let target = it.target();
        let is_ours = target.and_then(TargetDescription::id) == Some(instance.as_str());
        let has_port = target.and_then(TargetDescription::port);
        is_ours && port.is_none_or(|port| has_port == Some(port.into()))
    });
    let health = ours.and_then(TargetHealthDescription::target_health);
    // AWS answers this for targets that were asked about and are not there.
    if health.and_then(TargetHealth::reason) == Some(&TargetHealthReasonEnum::NotRegistered) {
        return State::Absent;
    }
    let state = health.and_then(TargetHealth::state);
    ours.map_or(State::Absent, |_| {
        State::Target(shown(state.map(TargetHealthStateEnum::as_str)))
    })
}

fn target(instance: &InstanceId, port: Option<u16>) -> TargetDescription {
    TargetDescription::builder()
        .id(instance.as_str())
        .set_port(port.map(Into::into))
        .build()
}

/// Takes an instance out of a target group. Its connections drain, 300 s unless it is set otherwise.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html#deregistration-delay>
pub(super) async fn deregister(
    balancers: &Client,
    instance: &InstanceId,
    target_group: &str,
    port: Option<u16>,
) -> Result<Answer, CallError> {
    let call = Call::new("elasticloadbalancing:DeregisterTargets", instance.as_str());
    let request = balancers
        .deregister_targets()
        .target_group_arn(target_group)
        .targets(target(instance, port));
    call.answered(request.send().await)
}

/// Puts an instance into a target group.
pub(super) async fn register(
    balancers: &Client,
    instance: &InstanceId,
    target_group: &str,
    port: Option<u16>,
) -> Result<Answer, CallError> {
    let call = Call::new("elasticloadbalancing:RegisterTargets", instance.as_str());
    let request = balancers
        .register_targets()
        .target_group_arn(target_group)
        .targets(target(instance, port));
    call.answered(request.send().await)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registration_is_one_port_of_one_instance() {
        let of = |id: &str, port, state, reason| {
            let health = TargetHealth::builder().state(state).set_reason(reason);
            TargetHealthDescription::builder()
                .target(TargetDescription::builder().id(id).port(port).build())
                .target_health(health.build())
                .build()
        };
        let all = [
            of("i-1", 80, TargetHealthStateEnum::Healthy, None),
            of("i-1", 81, TargetHealthStateEnum::Draining, None),
            of(
                "i-2",
                80,
                TargetHealthStateEnum::Unused,
                Some(TargetHealthReasonEnum::NotRegistered),
            ),
        ];
        let is = |state: &str| State::Target(state.to_owned());
        for (instance, port, state) in [
            ("i-1", Some(80), is("healthy")),
            ("i-1", Some(81), is("draining")),
            ("i-1", None, is("healthy")),
            ("i-1", Some(82), State::Absent),
            ("i-2", None, State::Absent),
            ("i-3", None, State::Absent),
        ] {
            let found = health_in(&all, &instance.into(), port);
            assert_eq!(found, state, "{instance} {port:?}");
        }
    }
}
