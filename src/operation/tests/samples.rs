//! Operations to test with, and the estate that they are tried on.

use super::super::*;
use crate::model::{
    Acl, AclAction, AclEntry, AsgMembership, AsgSize, Direction, Eni, EniKind, Estate, Gateway,
    GatewayKind, Group, GroupRule, InstanceAttributes, InstanceId, Part, Peering, PeeringSide,
    PrefixList, Protocol, PublicAddress, Route, RouteTable, RulePeer, Shutdown, TargetMembership,
    TrackingTimeouts, Volume, Vpc, fixture,
};

pub(super) const TARGETS: &str =
    "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/web/0123456789abcdef";

pub(super) fn id(group: &str) -> GroupRef {
    Ref::Id(group.into())
}

pub(super) fn instance(tail: &str) -> InstanceId {
    InstanceId::new(format!("i-{tail:0>18}"))
}

pub(super) fn create(vpc: &str, name: &str) -> Operation {
    Operation::CreateGroup {
        vpc: vpc.into(),
        name: name.into(),
        description: String::new(),
        tags: named(name),
    }
}

pub(super) fn named(name: &str) -> Vec<(String, String)> {
    vec![("Name".into(), name.into())]
}

pub(super) fn swap(eni: &str, groups: &[&str]) -> Operation {
    Operation::SetEniGroups {
        eni: eni.into(),
        groups: groups.iter().map(|it| id(it)).collect(),
    }
}

pub(super) fn timers(eni: &str, tcp: u32, udp: u32, stream: u32) -> Operation {
    Operation::SetTrackingTimeouts {
        eni: eni.into(),
        timeouts: TrackingTimeouts {
            tcp_established: Some(tcp),
            udp: Some(udp),
            udp_stream: Some(stream),
        },
    }
}

pub(super) fn move_to(subnet: &str, acl: &str) -> Operation {
    Operation::SetSubnetAcl {
        subnet: subnet.into(),
        acl: Ref::Id(acl.into()),
    }
}

pub(super) fn revoke_all(group: &str, direction: Direction) -> Operation {
    Operation::RevokeAllRules {
        group: id(group),
        direction,
    }
}

pub(super) fn authorize(group: &str) -> Operation {
    let direction = Direction::Ingress;
    let any = ["0.0.0.0/0", "::/0"].map(|it| it.parse().unwrap());
    Operation::AuthorizeRules {
        group: id(group),
        direction,
        rules: any.map(|it| GroupRule::all(direction, it)).to_vec(),
    }
}

/// Revokes the rule that every group of the fixture has.
pub(super) fn revoke(group: &str) -> Operation {
    let direction = Direction::Egress;
    Operation::RevokeRules {
        group: id(group),
        direction,
        rules: vec![GroupRule::all(direction, "0.0.0.0/0".parse().unwrap())],
    }
}

pub(super) fn delete(group: &str) -> Operation {
    Operation::DeleteGroup { group: id(group) }
}

pub(super) fn create_acl(vpc: &str) -> Operation {
    Operation::CreateAcl {
        vpc: vpc.into(),
        tags: named("quarantine"),
    }
}

pub(super) fn delete_acl(acl: &str) -> Operation {
    Operation::DeleteAcl {
        acl: Ref::Id(acl.into()),
    }
}

pub(super) fn entry(direction: Direction, number: u16) -> AclEntry {
    AclEntry {
        direction,
        number,
        action: AclAction::Deny,
        protocol: Protocol::All,
        cidr: "203.0.113.66/32".parse().unwrap(),
        ports: None,
    }
}

pub(super) fn add_entry(acl: &str, direction: Direction, number: u16) -> Operation {
    Operation::CreateAclEntry {
        acl: Ref::Id(acl.into()),
        entry: entry(direction, number),
    }
}

pub(super) fn replace_entry(acl: &str, number: u16) -> Operation {
    Operation::ReplaceAclEntry {
        acl: Ref::Id(acl.into()),
        entry: entry(Direction::Egress, number),
    }
}

pub(super) fn delete_entry(acl: &str, number: u16) -> Operation {
    Operation::DeleteAclEntry {
        acl: Ref::Id(acl.into()),
        direction: Direction::Ingress,
        number,
    }
}

pub(super) fn table(id: &str) -> RouteTableRef {
    Ref::Id(id.into())
}

pub(super) fn use_table(subnet: &str, of: Option<&str>) -> Operation {
    Operation::SetSubnetRouteTable {
        subnet: subnet.into(),
        table: of.map(table),
    }
}

pub(super) fn set_main(vpc: &str, of: &str) -> Operation {
    Operation::SetMainRouteTable {
        vpc: vpc.into(),
        table: table(of),
    }
}

pub(super) fn route(of: &str, destination: &str, target: &str) -> Operation {
    Operation::CreateRoute {
        table: table(of),
        destination: destination.into(),
        target: Ref::Id(target.into()),
    }
}

pub(super) fn reroute(of: &str, destination: &str, target: &str) -> Operation {
    Operation::ReplaceRoute {
        table: table(of),
        destination: destination.into(),
        target: Ref::Id(target.into()),
    }
}

pub(super) fn unroute(of: &str, destination: &str) -> Operation {
    Operation::DeleteRoute {
        table: table(of),
        destination: destination.into(),
    }
}

pub(super) fn set(tail: &str, attribute: Attribute) -> Operation {
    Operation::SetAttribute {
        instance: instance(tail),
        attribute,
    }
}

pub(super) fn tag(key: &str, value: &str) -> Operation {
    set_tag(key, Some(TagValue::Text(value.into())))
}

pub(super) fn untag(key: &str) -> Operation {
    set_tag(key, None)
}

fn set_tag(key: &str, value: Option<TagValue>) -> Operation {
    Operation::SetTags {
        resource: instance("web1").as_str().into(),
        tags: [(key.to_string(), value)].into(),
    }
}

pub(super) fn one_of_each() -> Vec<Operation> {
    let mut all = of_groups_and_interfaces();
    all.extend(of_acls_and_routes());
    all.extend(of_instances());
    all
}

fn of_groups_and_interfaces() -> Vec<Operation> {
    vec![
        create("vpc-1", "new"),
        authorize("sg-web"),
        revoke("sg-web"),
        revoke_all("sg-web", Direction::Egress),
        delete("sg-spare"),
        swap("eni-web1", &["sg-app"]),
        Operation::SetInstanceGroups {
            instance: instance("web1"),
            groups: vec![id("sg-app")],
        },
        timers("eni-web1", 60, 30, 60),
        Operation::CreateInterface {
            subnet: "subnet-a".into(),
            groups: vec![id("sg-spare")],
            tags: named("sink"),
        },
        Operation::DeleteInterface {
            eni: Ref::Id("eni-sink".into()),
        },
        Operation::DetachInterface {
            eni: "eni-app2".into(),
        },
        Operation::DisassociateAddress {
            eni: "eni-web2".into(),
            private: "10.0.0.12".parse().unwrap(),
        },
        Operation::AssociateAddress {
            eni: "eni-web1".into(),
            private: "10.0.0.11".parse().unwrap(),
            address: "198.51.100.11".parse().unwrap(),
        },
        Operation::DropPublicAddress {
            eni: "eni-web3".into(),
        },
    ]
}

fn of_acls_and_routes() -> Vec<Operation> {
    vec![
        create_acl("vpc-1"),
        move_to("subnet-a", "acl-default"),
        delete_acl("acl-spare"),
        add_entry("acl-shared", Direction::Ingress, 5),
        replace_entry("acl-shared", 100),
        delete_entry("acl-shared", 100),
        Operation::CreateRouteTable {
            vpc: "vpc-1".into(),
            tags: named("local-only"),
        },
        Operation::DeleteRouteTable {
            table: table("rtb-spare"),
        },
        use_table("subnet-c", Some("rtb-spare")),
        set_main("vpc-1", "rtb-spare"),
        route("rtb-spare", "203.0.113.66/32", "eni-sink"),
        reroute("rtb-public", "0.0.0.0/0", "nat-1"),
        unroute("rtb-public", "0.0.0.0/0"),
        Operation::DetachInternetGateway {
            gateway: "igw-2".into(),
            vpc: "vpc-2".into(),
        },
    ]
}

fn of_instances() -> Vec<Operation> {
    let web = || instance("web1");
    let asg = || "web-asg".into();
    vec![
        Operation::StopInstance {
            instance: web(),
            hibernate: false,
        },
        Operation::StartInstance { instance: web() },
        Operation::SetMetadataEndpoint {
            instance: web(),
            enabled: false,
        },
        set("web1", Attribute::TerminationProtection(true)),
        tag("firedoor:case", "7"),
        untag("owner"),
        Operation::RunHostBlock {
            instance: web(),
            platform: crate::model::Platform::Unix,
            peer: "203.0.113.66".parse().unwrap(),
            name: "firedoor-block".into(),
        },
        Operation::DisassociateProfile { instance: web() },
        Operation::AssociateProfile {
            instance: instance("web2"),
            profile: "web-profile".into(),
        },
        Operation::RevokeSessions {
            profile: "web-profile".into(),
            until: At::Moment(fixture::read_at()),
        },
        Operation::DenyInstance {
            profile: "web-profile".into(),
            instance: web(),
        },
        Operation::RemoveRolePolicy {
            profile: "web-profile".into(),
            policy: "AWSRevokeOlderSessions".into(),
        },
        Operation::SetAsgMinSize { asg: asg(), min: 0 },
        Operation::EnterStandby {
            instance: web(),
            asg: asg(),
            decrement: true,
        },
        Operation::ExitStandby {
            instance: instance("web2"),
            asg: asg(),
        },
        Operation::DetachFromAsg {
            instance: web(),
            asg: asg(),
            decrement: true,
        },
        Operation::AttachToAsg {
            instance: instance("app1"),
            asg: asg(),
        },
        Operation::DeregisterTarget {
            instance: web(),
            target_group: TARGETS.into(),
            port: Some(8080),
        },
        Operation::RegisterTarget {
            instance: instance("app1"),
            target_group: TARGETS.into(),
            port: None,
        },
        Operation::CreateSnapshots {
            instance: web(),
            tags: named("evidence"),
        },
        Operation::CreateImage {
            instance: web(),
            name: "evidence".into(),
            tags: vec![],
        },
        Operation::GetConsoleOutput { instance: web() },
    ]
}

/// The fixture's estate with much more in it: spare objects, a second VPC, addresses, a platform.
pub(super) fn estate() -> Estate {
    let mut estate = fixture::estate();
    groups_and_acls(&mut estate);
    interfaces(&mut estate);
    routes(&mut estate);
    platform(&mut estate);
    estate
}

fn groups_and_acls(estate: &mut Estate) {
    let group = estate.groups().next().unwrap().clone();
    for (id, vpc) in [
        ("sg-spare", "vpc-1"),
        ("sg-far", "vpc-2"),
        ("sg-named", "vpc-1"),
        ("default", "vpc-1"),
    ] {
        estate.put_group(Group {
            id: id.into(),
            vpc: vpc.into(),
            name: id.into(),
            ..group.clone()
        });
    }
    let names = |peer: &str| {
        let mut rule = GroupRule::all(Direction::Ingress, "0.0.0.0/0".parse().unwrap());
        rule.peer = RulePeer::Group(peer.into());
        rule
    };
    estate.update_group(&"sg-web".into(), |it| it.rules.push(names("sg-named")));
    estate.update_group(&"sg-far".into(), |it| it.rules.push(names("sg-spare")));
    let acl = estate.acls().next().unwrap().clone();
    for (id, vpc) in [
        ("acl-spare", "vpc-1"),
        ("acl-far", "vpc-2"),
        ("acl-lone", "vpc-1"),
    ] {
        estate.put_acl(Acl {
            id: id.into(),
            vpc: vpc.into(),
            default: id == "acl-lone",
            subnets: vec![],
            ..acl.clone()
        });
    }
}

fn interfaces(estate: &mut Estate) {
    let public = |private: &str, last: u8, elastic| PublicAddress {
        private: private.parse().unwrap(),
        address: [198, 51, 100, last].into(),
        elastic,
    };
    estate.update_eni(&"eni-web2".into(), |it| {
        it.public = vec![public("10.0.0.12", 12, true)];
    });
    estate.update_eni(&"eni-web3".into(), |it| {
        it.public = vec![public("10.0.1.13", 13, false)];
    });
    let model = estate.eni(&"eni-app1".into()).unwrap().clone();
    estate.put_eni(Eni {
        id: "eni-app2".into(),
        device_index: Some(1),
        addresses: vec!["10.0.2.15".parse().unwrap()],
        ..model.clone()
    });
    estate.put_eni(Eni {
        id: "eni-sink".into(),
        kind: EniKind::Unattached,
        instance: None,
        device_index: None,
        addresses: vec!["10.0.2.98".parse().unwrap()],
        ..model
    });
}

fn routes(estate: &mut Estate) {
    let vpc = estate.vpcs().next().unwrap().clone();
    estate.replace(Part::Vpcs(vec![
        vpc,
        Vpc {
            id: "vpc-2".into(),
            name: String::new(),
            cidrs: vec!["10.9.0.0/16".parse().unwrap()],
        },
    ]));
    let mut gateways: Vec<_> = estate.gateways().cloned().collect();
    let internet = estate.gateway(&"igw-1".into()).unwrap().clone();
    for (id, kind, vpc) in [
        ("igw-2", GatewayKind::Internet, "vpc-2"),
        ("eigw-1", GatewayKind::EgressOnly, "vpc-1"),
        ("vpce-s3", GatewayKind::GatewayEndpoint, "vpc-1"),
    ] {
        gateways.push(Gateway {
            id: id.into(),
            kind,
            vpc: vpc.into(),
            ..internet.clone()
        });
    }
    estate.replace(Part::Gateways(gateways));
    let side = |vpc: &str| PeeringSide {
        vpc: vpc.into(),
        account: String::new(),
        region: String::new(),
        cidrs: vec![],
    };
    let peering = |id: &str, a, b| Peering {
        id: id.into(),
        sides: [side(a), side(b)],
        active: true,
    };
    *estate = estate.with(
        Part::Peerings(vec![
            peering("pcx-1", "vpc-1", "vpc-2"),
            peering("pcx-2", "vpc-2", "vpc-3"),
        ]),
        fixture::read_at(),
    );
    let list = PrefixList {
        id: "pl-1".into(),
        name: String::new(),
        cidrs: vec![],
    };
    *estate = estate.with(Part::PrefixLists(vec![list]), fixture::read_at());
    let spare = RouteTable {
        main: false,
        subnets: vec![],
        id: "rtb-spare".into(),
        ..estate.route_table(&"rtb-public".into()).unwrap().clone()
    };
    estate.put_route_table(RouteTable {
        id: "rtb-far".into(),
        vpc: "vpc-2".into(),
        ..spare.clone()
    });
    estate.put_route_table(spare);
    let other = |destination: &str, target: &str, propagated| Route {
        destination: destination.into(),
        target: target.into(),
        blackhole: false,
        propagated,
    };
    estate.update_routes(&"rtb-other".into(), |routes| {
        routes.push(other("172.16.0.0/12", "vgw-1", true));
        routes.push(other("pl-1", "vpce-s3", false));
    });
}

fn platform(estate: &mut Estate) {
    for tail in ["web1", "web2", "web3", "app1"] {
        estate.update_instance(&instance(tail), |it| {
            it.tags = vec![("owner".into(), "shop".into())];
            it.attributes = InstanceAttributes {
                hibernation: Some(tail == "web2"),
                metadata: Some(true),
                termination_protection: Some(false),
                stop_protection: Some(tail == "app1"),
                shutdown: Some(Shutdown::Terminate),
            };
            it.spot = tail == "web3";
        });
    }
    estate.set_profile(&instance("web2"), None);
    let member = |tail: &str, lifecycle: &str| AsgMembership {
        instance: instance(tail),
        group: "web-asg".into(),
        lifecycle: lifecycle.into(),
        size: Some(AsgSize {
            min: 1,
            desired: 3,
            max: 4,
        }),
    };
    let members = vec![member("web1", "InService"), member("web2", "Standby")];
    let target = TargetMembership {
        instance: instance("web1"),
        target_group: "web".into(),
        arn: TARGETS.into(),
        port: Some(8080),
        health: "healthy".into(),
    };
    let volume = Volume {
        id: "vol-1".into(),
        instance: instance("web1"),
        device: "/dev/xvda".into(),
        size_gib: 8,
        encrypted: true,
        delete_on_termination: true,
    };
    for part in [
        Part::AsgMemberships(members),
        Part::TargetMemberships(vec![target]),
        Part::Volumes(vec![volume]),
    ] {
        *estate = estate.with(part, fixture::read_at());
    }
}
