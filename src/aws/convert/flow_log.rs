//! Flow log subscriptions.

use aws_sdk_ec2::types as sdk;

use super::shown;
use crate::model::{FlowLog, FlowLogDestination};

/// What AWS uses where a flow log names no interval:
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateFlowLogs.html>
const DEFAULT_INTERVAL: u32 = 600;

/// A flow log.
pub(in crate::aws) fn flow_log(it: &sdk::FlowLog) -> Option<FlowLog> {
    let interval = it.max_aggregation_interval();
    let failed = it.deliver_logs_status() == Some("FAILED");
    let reason = it.deliver_logs_error_message().unwrap_or("delivery fails");
    Some(FlowLog {
        id: shown(Some(it.flow_log_id()?)),
        resource: shown(Some(it.resource_id()?)),
        destination: FlowLogDestination::of(
            it.log_group_name(),
            it.log_destination().unwrap_or_default(),
        ),
        format: shown(it.log_format()),
        aggregation_seconds: interval
            .and_then(|it| u32::try_from(it).ok())
            .unwrap_or(DEFAULT_INTERVAL),
        traffic: shown(it.traffic_type().map(sdk::TrafficType::as_str)),
        delivery_error: failed.then(|| shown(Some(reason))),
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::TrafficType;

    use super::*;

    fn log() -> aws_sdk_ec2::types::builders::FlowLogBuilder {
        sdk::FlowLog::builder()
            .flow_log_id("fl-1")
            .resource_id("vpc-1")
            .traffic_type(TrafficType::All)
    }

    #[test]
    fn destinations_are_log_groups_or_elsewhere() {
        for (built, expected) in [
            (
                log().log_group_name("/vpc/flow"),
                FlowLogDestination::LogGroup("/vpc/flow".to_owned()),
            ),
            (
                log().log_destination("arn:aws:logs:eu-west-1:1:log-group:/vpc/flow:*"),
                FlowLogDestination::LogGroup("/vpc/flow".to_owned()),
            ),
            (
                log().log_destination("arn:aws:s3:::flows/AWSLogs"),
                FlowLogDestination::Elsewhere("arn:aws:s3:::flows/AWSLogs".to_owned()),
            ),
        ] {
            assert_eq!(flow_log(&built.build()).unwrap().destination, expected);
        }
    }

    #[test]
    fn a_failing_delivery_says_why() {
        let made = flow_log(
            &log()
                .deliver_logs_status("FAILED")
                .deliver_logs_error_message("Access error")
                .max_aggregation_interval(60)
                .build(),
        )
        .unwrap();
        assert_eq!(made.delivery_error.as_deref(), Some("Access error"));
        assert_eq!((made.aggregation_seconds, &*made.traffic), (60, "ALL"));
        let healthy = flow_log(&log().deliver_logs_status("SUCCESS").build()).unwrap();
        assert_eq!(healthy.delivery_error, None);
        assert_eq!(healthy.aggregation_seconds, DEFAULT_INTERVAL);
    }
}
