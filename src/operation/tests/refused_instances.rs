//! What AWS refuses of instances, their profile, tags and platform, with its error code.

use super::refused_network::refused;
use super::samples::{TARGETS, estate, instance, set, tag};
use super::*;
use crate::model::Platform;

#[test]
fn states_and_attributes() {
    let mut estate = estate();
    estate.update_instance(&instance("web3"), |it| it.state = InstanceState::Pending);
    let stop = |tail: &str, hibernate| Operation::StopInstance {
        instance: instance(tail),
        hibernate,
    };
    let start = |tail: &str| Operation::StartInstance {
        instance: instance(tail),
    };
    let block = |tail: &str| Operation::RunHostBlock {
        instance: instance(tail),
        platform: Platform::Unix,
        name: "block".into(),
        peer: "203.0.113.66".parse().unwrap(),
    };
    let endpoint = Operation::SetMetadataEndpoint {
        instance: instance("none"),
        enabled: false,
    };
    let keep = |device: &str| Attribute::DeleteOnTermination {
        device: device.into(),
        delete: false,
    };
    let unknown = "InvalidInstanceID.NotFound";
    refused(
        &estate,
        vec![
            (stop("none", false), unknown),
            (stop("web3", false), "IncorrectInstanceState"),
            (stop("app1", false), "OperationNotPermitted"),
            (stop("web1", true), "UnsupportedHibernationConfiguration"),
            (start("none"), unknown),
            (start("web3"), "IncorrectInstanceState"),
            (block("none"), unknown),
            (block("web3"), "InvalidInstanceId"),
            (endpoint, unknown),
            (set("none", Attribute::StopProtection(true)), unknown),
            (
                set("web3", Attribute::StopProtection(true)),
                "UnsupportedOperation",
            ),
            (
                set("web3", Attribute::TerminationProtection(true)),
                "UnsupportedOperation",
            ),
            (
                set("web1", keep("/dev/sdz")),
                "InvalidInstanceAttributeValue",
            ),
        ],
    );
    for good in [
        stop("web2", true),
        set("web3", Attribute::StopProtection(false)),
        set("web1", keep("/dev/xvda")),
    ] {
        assert_eq!(precondition(&estate, &good), Ok(()), "{}", good.prose());
    }
}

#[test]
fn tags_and_evidence() {
    let mut estate = estate();
    let long = |count| "x".repeat(count);
    let image = |tail: &str, name: &str| Operation::CreateImage {
        instance: instance(tail),
        name: name.into(),
        tags: vec![],
    };
    let invalid = "InvalidParameterValue";
    refused(
        &estate,
        vec![
            (tag("", "x"), invalid),
            (tag("aws:x", "x"), invalid),
            (tag(&long(129), "x"), invalid),
            (tag("x", &long(257)), invalid),
            (image("none", "evidence"), "InvalidInstanceID.NotFound"),
            (image("web1", "ab"), "InvalidAMIName.Malformed"),
            (image("web1", "a:b:c"), "InvalidAMIName.Malformed"),
            (image("web1", &long(129)), "InvalidAMIName.Malformed"),
        ],
    );
    estate.update_instance(&instance("web1"), |it| {
        it.tags = (0..49)
            .map(|n| (format!("key-{n}"), String::new()))
            .collect();
    });
    refused(&estate, vec![(tag("new", "x"), "TagLimitExceeded")]);
    assert_eq!(precondition(&estate, &tag("key-3", "x")), Ok(()));
}

#[test]
fn profile_and_platform() {
    let asg = |name: &str| name.into();
    let enter = |tail: &str, name: &str| Operation::EnterStandby {
        instance: instance(tail),
        asg: asg(name),
        decrement: true,
    };
    let exit = |tail: &str| Operation::ExitStandby {
        instance: instance(tail),
        asg: asg("web-asg"),
    };
    let detach = |tail: &str| Operation::DetachFromAsg {
        instance: instance(tail),
        asg: asg("web-asg"),
        decrement: true,
    };
    let attach = |tail: &str| Operation::AttachToAsg {
        instance: instance(tail),
        asg: asg("web-asg"),
    };
    let off = |tail: &str| Operation::DisassociateProfile {
        instance: instance(tail),
    };
    let give = |tail: &str| Operation::AssociateProfile {
        instance: instance(tail),
        profile: "web-profile".into(),
    };
    let deregister = |tail: &str, port| Operation::DeregisterTarget {
        instance: instance(tail),
        target_group: TARGETS.into(),
        port,
    };
    let register = |tail: &str| Operation::RegisterTarget {
        instance: instance(tail),
        target_group: TARGETS.into(),
        port: None,
    };
    let mut estate = estate();
    estate.update_instance(&instance("app1"), |it| it.state = InstanceState::Stopped);
    let wrong = "ValidationError";
    refused(
        &estate,
        vec![
            (enter("app1", "web-asg"), wrong),
            (enter("web1", "other-asg"), wrong),
            (enter("web2", "web-asg"), wrong),
            (exit("web1"), wrong),
            (detach("app1"), wrong),
            (attach("web1"), wrong),
            (attach("app1"), wrong),
            (attach("none"), "InvalidInstanceID.NotFound"),
            (off("web2"), "NoSuchAssociation"),
            (off("none"), "InvalidInstanceID.NotFound"),
            (give("web1"), "IncorrectState"),
            (deregister("web1", None), "InvalidTarget"),
            (deregister("web2", Some(8080)), "InvalidTarget"),
            (register("app1"), "InvalidTarget"),
        ],
    );
}
