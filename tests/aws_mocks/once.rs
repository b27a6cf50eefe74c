//! A change is sent exactly once, whatever is answered: nobody but the executor tries again.

use firedoor::operation::{Actuator, At, CallErrorKind, Operation, Ref};

use super::server::{Aws, PROFILE};

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>
#[tokio::test]
async fn a_call_that_aws_fails_is_not_repeated() {
    let until = At::Moment("2025-03-01T10:00:30Z".parse().unwrap());
    let block = Operation::RunHostBlock {
        instance: "i-1".into(),
        platform: firedoor::model::Platform::Unix,
        peer: "203.0.113.66".parse().unwrap(),
        name: "firedoor-1".into(),
    };
    for (operation, call) in [
        (
            Operation::DeleteGroup {
                group: Ref::Id("sg-1".into()),
            },
            "DeleteSecurityGroup",
        ),
        (
            Operation::RevokeSessions {
                profile: "web".into(),
                until,
            },
            "PutRolePolicy",
        ),
        (
            Operation::SetAsgMinSize {
                asg: "web".into(),
                min: 0,
            },
            "UpdateAutoScalingGroup",
        ),
        (
            Operation::DeregisterTarget {
                instance: "i-1".into(),
                target_group: "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/web/1".into(),
                port: None,
            },
            "DeregisterTargets",
        ),
        (block, "SendCommand"),
    ] {
        let aws = Aws::answering(&[("GetInstanceProfile", 200, PROFILE), (call, 500, "")]);
        let actuator = aws.account().await.actuator();
        let error = actuator.execute(&operation).await.unwrap_err();
        assert_eq!(error.kind, CallErrorKind::Unanswered, "{error}");
        assert!(error.api.ends_with(call), "{error}");
        aws.the(call);
    }
}
