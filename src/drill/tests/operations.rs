//! Operations that change more than the estate, and calls that go wrong.

use std::collections::BTreeMap;

use super::*;
use crate::model::{AsgName, InstanceId, InstanceState, Platform};
use crate::operation::{At, Attribute, Probe, Probed, TagValue};

const ROLE: &str = "web-profile";

fn suspect() -> InstanceId {
    InstanceId::new(SUSPECT)
}

fn tags(name: &str) -> Vec<(String, String)> {
    vec![("Name".to_owned(), name.to_owned())]
}

fn tagged(resource: &str, value: Option<&str>) -> Operation {
    let value = value.map(|it| TagValue::Text(it.to_owned()));
    Operation::SetTags {
        resource: resource.into(),
        tags: BTreeMap::from([("firedoor:case".to_owned(), value)]),
    }
}

fn block() -> Operation {
    Operation::RunHostBlock {
        instance: suspect(),
        platform: Platform::Unix,
        peer: "203.0.113.66".parse().unwrap(),
        name: "block-1".to_owned(),
    }
}

fn stop() -> Operation {
    Operation::StopInstance {
        instance: suspect(),
        hibernate: false,
    }
}

/// Every operation that makes more of itself than a change of the estate, and some that do not.
pub(super) fn all(estate: &Estate) -> Vec<Operation> {
    let first = sequence(estate).into_iter();
    first.chain(sequel(estate)).collect()
}

/// One after the other: each can be made after those before it.
fn sequence(estate: &Estate) -> Vec<Operation> {
    let vpc = estate.vpcs().next().unwrap().id.clone();
    let instance = suspect();
    let eni = eni_of(estate, "web-03");
    let private = "10.20.0.23".parse().unwrap();
    vec![
        Operation::CreateRouteTable {
            vpc,
            tags: tags("table"),
        },
        Operation::CreateInterface {
            subnet: subnet(estate, "public-a"),
            groups: Vec::new(),
            tags: tags("sink"),
        },
        Operation::DisassociateAddress {
            eni: eni.clone(),
            private,
        },
        Operation::AssociateAddress {
            eni: eni.clone(),
            private,
            address: "192.0.2.23".parse().unwrap(),
        },
        tagged(SUSPECT, Some("1")),
        tagged(SUSPECT, None),
        tagged(eni.as_str(), Some("1")),
        tagged(eni.as_str(), None),
        Operation::SetMetadataEndpoint {
            instance: instance.clone(),
            enabled: false,
        },
        Operation::SetAttribute {
            instance: instance.clone(),
            attribute: Attribute::TerminationProtection(true),
        },
        block(),
        Operation::GetConsoleOutput {
            instance: instance.clone(),
        },
        Operation::CreateSnapshots {
            instance: instance.clone(),
            tags: tags("evidence"),
        },
        Operation::CreateImage {
            instance: instance.clone(),
            name: "image-1".to_owned(),
            tags: tags("image-1"),
        },
    ]
}

/// And then: identity and the platform.
fn sequel(estate: &Estate) -> Vec<Operation> {
    let asg: AsgName = "web-asg".into();
    let instance = suspect();
    let target = estate.targets_of(&instance).next().unwrap().clone();
    let profile = || ROLE.to_owned();
    let until = At::Moment(t0() + TimeDelta::seconds(30));
    vec![
        Operation::DisassociateProfile {
            instance: instance.clone(),
        },
        Operation::AssociateProfile {
            instance: instance.clone(),
            profile: profile(),
        },
        Operation::RevokeSessions {
            profile: profile(),
            until,
        },
        Operation::DenyInstance {
            profile: profile(),
            instance: instance.clone(),
        },
        Operation::RemoveRolePolicy {
            profile: profile(),
            policy: "AWSRevokeOlderSessions".to_owned(),
        },
        Operation::SetAsgMinSize {
            asg: asg.clone(),
            min: 3,
        },
        Operation::EnterStandby {
            instance: instance.clone(),
            asg: asg.clone(),
            decrement: true,
        },
        Operation::ExitStandby {
            instance: instance.clone(),
            asg: asg.clone(),
        },
        Operation::DetachFromAsg {
            instance: instance.clone(),
            asg: asg.clone(),
            decrement: true,
        },
        Operation::AttachToAsg {
            instance: instance.clone(),
            asg,
        },
        Operation::DeregisterTarget {
            instance: instance.clone(),
            target_group: target.arn.clone(),
            port: target.port,
        },
        Operation::RegisterTarget {
            instance: instance.clone(),
            target_group: target.arn,
            port: target.port,
        },
        stop(),
        Operation::StartInstance { instance },
    ]
}

#[tokio::test(start_paused = true)]
async fn every_change_is_not_there_before_and_is_found_again_after() {
    let drill = drill();
    for operation in all(&drill.estate()) {
        let before = drill.observe(&operation).await.unwrap();
        assert!(!operation.satisfied_by(&before), "{operation:?} {before:?}");
        let made = drill.execute(&operation).await.unwrap().made;
        pass(30).await;
        let after = drill.observe(&operation).await.unwrap();
        if matches!(operation, Operation::GetConsoleOutput { .. }) {
            continue; // it leaves nothing to be seen
        }
        assert!(operation.satisfied_by(&after), "{operation:?} {after:?}");
        assert_eq!(
            after.made(),
            made.as_deref().or(after.made()),
            "{operation:?}"
        );
        if let Some(made) = made {
            assert_ne!(made, "", "{operation:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_new_interface_needs_it_has() {
    let drill = drill();
    let subnet = subnet(&drill.estate(), "public-a");
    let create = Operation::CreateInterface {
        subnet: subnet.clone(),
        groups: Vec::new(),
        tags: tags("sink"),
    };
    let made = call(&drill, create.clone()).await.unwrap();
    let estate = drill.estate();
    let eni = estate.eni(&made.as_str().into()).unwrap();
    let cidrs = &estate.subnet(&subnet).unwrap().cidrs;
    assert_eq!(eni.addresses.len(), 2, "one of each family");
    for address in &eni.addresses {
        assert!(cidrs.iter().any(|it| it.contains(address)));
        assert_eq!(estate.enis_of_address(*address).count(), 1, "its own");
    }
    let delete = Operation::DeleteInterface {
        eni: Ref::Id(made.as_str().into()),
    };
    call(&drill, delete).await;
    assert_eq!(drill.observe(&create).await.unwrap(), State::Absent);
}

#[tokio::test(start_paused = true)]
async fn a_guest_that_blocks_a_peer_sends_it_nothing() {
    let drill = drill();
    assert_eq!(seen(&drill, SHELL, 300).await, only(true));
    call(&drill, block()).await;
    let mut statuses = Vec::new();
    let mut printed = 0;
    while statuses.last().is_none_or(|it| it != "Success") {
        let State::Command(command) = drill.observe(&block()).await.unwrap() else {
            panic!()
        };
        assert!(command.output.len() >= printed, "no line is taken back");
        printed = command.output.len();
        statuses.push(command.status);
        pass(1).await;
    }
    assert_eq!(statuses[0], "Pending");
    assert!(statuses.contains(&"InProgress".to_owned()));
    assert!(printed > 1);
    pass(600).await;
    let (_, own, peer, port) = SHELL;
    let after = lines(&drill, "web-03", 600).await;
    let shell: Vec<&Line> = after
        .iter()
        .filter(|it| it.between(own, peer, port))
        .collect();
    // What the peer sends again passes the interface: the guest drops it behind that.
    assert!(
        shell.iter().all(|it| !it.egress && it.accepted),
        "{shell:?}"
    );
    assert_eq!(seen(&drill, SHELL, 235).await, BTreeSet::new(), "given up");
    assert_eq!(seen(&drill, BEACON, 235).await, only(true), "another peer");
    assert_eq!(seen(&drill, LATERAL, 235).await, only(true));
}

#[tokio::test(start_paused = true)]
async fn a_stopped_instance_sends_nothing_until_it_is_started() {
    let drill = drill();
    call(&drill, block()).await;
    pass(10).await;
    call(&drill, stop()).await;
    let state = drill.observe(&stop()).await.unwrap();
    assert_eq!(state, State::Instance(InstanceState::Stopping));
    let again = drill.execute(&stop()).await;
    assert!(again.is_ok(), "stopping it twice is no error: {again:?}");
    pass(30).await;
    let start = Operation::StartInstance {
        instance: suspect(),
    };
    let state = drill.observe(&start).await.unwrap();
    assert_eq!(state, State::Instance(InstanceState::Stopped));
    pass(240).await;
    let sent = lines(&drill, "web-03", 235).await;
    assert_eq!(sent.iter().filter(|it| it.egress).count(), 0);
    call(&drill, start.clone()).await;
    let state = drill.observe(&start).await.unwrap();
    assert_eq!(state, State::Instance(InstanceState::Pending));
    pass(400).await;
    // Its rules went with the reboot, and so did the connections.
    assert_eq!(seen(&drill, SHELL, 235).await, only(true));
}

#[tokio::test(start_paused = true)]
async fn an_automatic_public_address_is_another_one_after_a_start() {
    let (_, text) = shipped()[0];
    let text = text.replace(
        "public = \"192.0.2.23\"",
        "public = \"192.0.2.23\"\nautomatic = true",
    );
    let clock = FakeClock {
        base: t0(),
        began: tokio::time::Instant::now(),
    };
    let drill = Drill::new(Scenario::parse("t", &text).unwrap(), Arc::new(clock));
    let public = || {
        let estate = drill.estate();
        let eni = estate.eni(&eni_of(&estate, "web-03")).unwrap().clone();
        eni.public
            .iter()
            .map(|it| it.address.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(public(), ["192.0.2.23"]);
    call(&drill, stop()).await;
    assert_eq!(public(), Vec::<String>::new());
    pass(30).await;
    call(
        &drill,
        Operation::StartInstance {
            instance: suspect(),
        },
    )
    .await;
    pass(30).await;
    assert_eq!(public().len(), 1);
    assert_ne!(public(), ["192.0.2.23"]);
}

#[tokio::test(start_paused = true)]
async fn a_late_change_shows_after_so_many_looks() {
    let drill = drill();
    let estate = drill.estate();
    let create = Operation::CreateRouteTable {
        vpc: estate.vpcs().next().unwrap().id.clone(),
        tags: tags("late"),
    };
    let api = create.facts().api.to_owned();
    drill.delay(Delay { api, looks: 3 });
    let made = call(&drill, create.clone()).await.unwrap();
    let route = Operation::SetSubnetRouteTable {
        subnet: subnet(&estate, "public-a"),
        table: Some(Ref::Id(made.as_str().into())),
    };
    assert_eq!(drill.observe(&create).await.unwrap(), State::Absent);
    let unknown = drill.observe(&route).await.unwrap_err();
    assert_eq!(unknown.kind, CallErrorKind::NotFound);
    let unknown = drill.execute(&route).await.unwrap_err();
    assert_eq!(unknown.kind, CallErrorKind::NotFound);
    assert_eq!(
        drill.observe(&create).await.unwrap().made(),
        Some(made.as_str())
    );
    assert!(drill.execute(&route).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_probe_asks_and_changes_nothing() {
    let drill = drill();
    let before = (drill.estate(), drill.beside());
    let managed = before.0.enis().find(|it| it.requester_managed).unwrap();
    let swap = |eni: &EniId, group: Ref<_>| Operation::SetEniGroups {
        eni: eni.clone(),
        groups: vec![group],
    };
    let own = eni_of(&before.0, "web-03");
    let web = || Ref::Id("sg-03b8f93df588468a0".into());
    assert_eq!(drill.probe(&swap(&own, web())).await, Probed::Allowed);
    let refused = drill.probe(&swap(&managed.id, web())).await;
    assert!(matches!(refused, Probed::Refused { .. }), "{refused:?}");
    for unknown in [swap(&own, Ref::Made(StepId(1))), block()] {
        let asked = drill.probe(&unknown).await;
        assert!(matches!(asked, Probed::NotCheckable { .. }), "{asked:?}");
    }
    drill.inject(Fault {
        api: swap(&own, web()).facts().api.to_owned(),
        calls: 1,
        kind: CallErrorKind::Denied,
        made: false,
    });
    let denied = drill.probe(&swap(&own, web())).await;
    assert!(matches!(denied, Probed::Denied { .. }), "{denied:?}");
    assert!((drill.estate(), drill.beside()) == before);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_there_is_not_found() {
    let drill = drill();
    let policy = "FiredoorDeny-i-1".to_owned();
    for operation in [
        tagged("sg-00000000000000000", Some("1")),
        tagged("snap-00000000000000000", Some("1")),
        Operation::RemoveRolePolicy {
            profile: ROLE.to_owned(),
            policy: policy.clone(),
        },
        Operation::RemoveRolePolicy {
            profile: "nobody".to_owned(),
            policy,
        },
    ] {
        let error = drill.execute(&operation).await.unwrap_err();
        assert_eq!(error.kind, CallErrorKind::NotFound, "{error}");
    }
    let image = Operation::CreateImage {
        instance: suspect(),
        name: "image-1".to_owned(),
        tags: Vec::new(),
    };
    call(&drill, image.clone()).await;
    let error = drill.execute(&image).await.unwrap_err();
    assert_eq!(error.kind, CallErrorKind::Refused, "{error}");
}
