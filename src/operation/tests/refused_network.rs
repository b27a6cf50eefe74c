//! What AWS refuses of groups, interfaces, network ACLs and routes, with its error code.

use super::samples::{
    add_entry, authorize, create, create_acl, delete, delete_acl, delete_entry, entry, estate, id,
    instance, move_to, named, replace_entry, reroute, revoke, revoke_all, route, set_main, swap,
    table, timers, unroute, use_table,
};
use super::*;
use crate::model::{AclEntry, PortRange, Protocol};

/// Expects every operation to be refused on the estate with its code.
pub(super) fn refused(estate: &Estate, cases: Vec<(Operation, &str)>) {
    for (operation, code) in cases {
        let prose = operation.prose();
        match precondition(estate, &operation) {
            Err(refusal) => assert_eq!(refusal.code, code, "{prose}: {refusal}"),
            Ok(()) => panic!("accepted: {prose}"),
        }
        let mut after = estate.clone();
        assert!(apply(&mut after, &operation, "made").is_err());
        assert!(after == *estate, "a refusal changes nothing: {prose}");
    }
}

fn accepted(estate: &Estate, operations: Vec<Operation>) {
    for operation in operations {
        let checked = precondition(estate, &operation);
        assert_eq!(checked, Ok(()), "{}", operation.prose());
    }
}

#[test]
fn groups() {
    let six = ["sg-web", "sg-app", "sg-spare", "sg-named", "sg-1", "sg-2"];
    let on_instance = |tail: &str, group: &str| Operation::SetInstanceGroups {
        instance: instance(tail),
        groups: vec![id(group)],
    };
    refused(
        &estate(),
        vec![
            (create("vpc-9", "new"), "InvalidVpcID.NotFound"),
            (create("vpc-1", "WEB"), "InvalidGroup.Duplicate"),
            (create("vpc-1", "sg-new"), "InvalidParameterValue"),
            (create("vpc-1", ""), "InvalidParameterValue"),
            (create("vpc-1", &"x".repeat(256)), "InvalidParameterValue"),
            (authorize("sg-9"), "InvalidGroup.NotFound"),
            (revoke("sg-9"), "InvalidGroup.NotFound"),
            (
                revoke_all("sg-9", Direction::Egress),
                "InvalidGroup.NotFound",
            ),
            (
                swap("eni-9", &["sg-web"]),
                "InvalidNetworkInterfaceID.NotFound",
            ),
            (swap("eni-nat", &["sg-web"]), "OperationNotPermitted"),
            (swap("eni-web1", &[]), "InvalidParameterValue"),
            (
                swap("eni-web1", &six),
                "SecurityGroupsPerInterfaceLimitExceeded",
            ),
            (swap("eni-web1", &["sg-9"]), "InvalidGroup.NotFound"),
            (swap("eni-web1", &["sg-far"]), "InvalidGroup.NotFound"),
            (on_instance("app1", "sg-web"), "InvalidInstanceID"),
            (on_instance("none", "sg-web"), "InvalidInstanceID.NotFound"),
            (on_instance("web1", "sg-far"), "InvalidGroup.NotFound"),
            (delete("sg-9"), "InvalidGroup.NotFound"),
            (delete("sg-app"), "DependencyViolation"),
            (delete("sg-named"), "DependencyViolation"),
            (delete("default"), "CannotDelete"),
        ],
    );
    // Rules of another VPC that name it only become stale.
    accepted(&estate(), vec![delete("sg-spare")]);
}

#[test]
fn interfaces() {
    let address = |text: &str| text.parse().unwrap();
    let make = |subnet: &str, group: &str| Operation::CreateInterface {
        subnet: subnet.into(),
        groups: vec![id(group)],
        tags: named("sink"),
    };
    let remove = |eni: &str| Operation::DeleteInterface {
        eni: Ref::Id(eni.into()),
    };
    let detach = |eni: &str| Operation::DetachInterface { eni: eni.into() };
    let release = |eni: &str, private: &str| Operation::DisassociateAddress {
        eni: eni.into(),
        private: address(private),
    };
    let map = |eni: &str, private: &str| Operation::AssociateAddress {
        eni: eni.into(),
        private: address(private),
        address: address("198.51.100.11"),
    };
    let drop = |eni: &str| Operation::DropPublicAddress { eni: eni.into() };
    let unknown = "InvalidNetworkInterfaceID.NotFound";
    refused(
        &estate(),
        vec![
            (timers("eni-9", 60, 30, 60), unknown),
            (timers("eni-nat", 60, 30, 60), "OperationNotPermitted"),
            (timers("eni-web1", 59, 30, 60), "InvalidParameterValue"),
            (timers("eni-web1", 432_001, 30, 60), "InvalidParameterValue"),
            (timers("eni-web1", 60, 29, 60), "InvalidParameterValue"),
            (timers("eni-web1", 60, 61, 60), "InvalidParameterValue"),
            (timers("eni-web1", 60, 30, 59), "InvalidParameterValue"),
            (timers("eni-web1", 60, 30, 181), "InvalidParameterValue"),
            (make("subnet-9", "sg-web"), "InvalidSubnetID.NotFound"),
            (make("subnet-a", "sg-far"), "InvalidGroup.NotFound"),
            (remove("eni-9"), unknown),
            (remove("eni-nat"), "OperationNotPermitted"),
            (remove("eni-app2"), "InvalidNetworkInterface.InUse"),
            (detach("eni-9"), unknown),
            (detach("eni-web1"), "OperationNotPermitted"),
            (detach("eni-nat"), "OperationNotPermitted"),
            (detach("eni-sink"), "InvalidAttachmentID.NotFound"),
            (release("eni-9", "10.0.0.11"), unknown),
            (
                release("eni-web1", "10.0.0.11"),
                "InvalidAssociationID.NotFound",
            ),
            // An automatic address can't be taken off this way.
            (
                release("eni-web3", "10.0.1.13"),
                "InvalidAssociationID.NotFound",
            ),
            (release("eni-nat", "10.0.0.5"), "OperationNotPermitted"),
            (map("eni-9", "10.0.0.11"), unknown),
            (map("eni-web1", "10.0.0.99"), "InvalidParameterValue"),
            (map("eni-web2", "10.0.0.12"), "Resource.AlreadyAssociated"),
            (drop("eni-9"), unknown),
            (drop("eni-app2"), "InvalidParameterValue"),
        ],
    );
}

#[test]
fn acls() {
    let wrong = |from, to| {
        let entry = AclEntry {
            protocol: Protocol::TCP,
            ports: Some(PortRange { from, to }),
            ..entry(Direction::Ingress, 5)
        };
        let acl = Ref::Id("acl-shared".into());
        (
            Operation::CreateAclEntry { acl, entry },
            "InvalidParameterValue",
        )
    };
    let (ingress, egress) = (Direction::Ingress, Direction::Egress);
    refused(
        &estate(),
        vec![
            (create_acl("vpc-9"), "InvalidVpcID.NotFound"),
            (
                move_to("subnet-9", "acl-default"),
                "InvalidSubnetID.NotFound",
            ),
            (move_to("subnet-a", "acl-9"), "InvalidNetworkAclID.NotFound"),
            (move_to("subnet-a", "acl-far"), "InvalidParameterValue"),
            (delete_acl("acl-9"), "InvalidNetworkAclID.NotFound"),
            (delete_acl("acl-shared"), "DependencyViolation"),
            (delete_acl("acl-default"), "DependencyViolation"),
            (delete_acl("acl-lone"), "CannotDelete"),
            (
                add_entry("acl-9", ingress, 5),
                "InvalidNetworkAclID.NotFound",
            ),
            (
                add_entry("acl-shared", ingress, 100),
                "NetworkAclEntryAlreadyExists",
            ),
            (add_entry("acl-shared", ingress, 0), "InvalidParameterValue"),
            (
                add_entry("acl-shared", egress, 32767),
                "InvalidParameterValue",
            ),
            wrong(443, 80),
            wrong(0, 65_536),
            wrong(-1, 80),
            (
                replace_entry("acl-shared", 5),
                "InvalidNetworkAclEntry.NotFound",
            ),
            (replace_entry("acl-shared", 32767), "InvalidParameterValue"),
            (
                delete_entry("acl-shared", 5),
                "InvalidNetworkAclEntry.NotFound",
            ),
            (delete_entry("acl-shared", 32767), "InvalidParameterValue"),
            (delete_entry("acl-9", 100), "InvalidNetworkAclID.NotFound"),
        ],
    );
}

#[test]
fn directions_of_an_acl_are_numbered_and_counted_apart() {
    let (ingress, egress) = (Direction::Ingress, Direction::Egress);
    let mut estate = estate();
    let acl = "acl-shared".into();
    // It has 100 in both directions, and a final deny of each family, of which one counts.
    estate.update_acl(&acl, |entries| {
        entries.extend((1..19).map(|number| entry(ingress, number)));
        entries.push(entry(ingress, 32767));
        entries.push(entry(ingress, 32768));
    });
    let limit = "NetworkAclEntryLimitExceeded";
    refused(
        &estate,
        vec![(add_entry("acl-shared", ingress, 200), limit)],
    );
    accepted(&estate, vec![add_entry("acl-shared", egress, 200)]);
    estate.update_acl(&acl, |entries| entries.retain(|it| it.number != 18));
    accepted(&estate, vec![add_entry("acl-shared", ingress, 200)]);
    // More than the quota: it was raised, to at most 40.
    estate.update_acl(&acl, |entries| {
        entries.extend((20..24).map(|number| entry(ingress, number)));
    });
    accepted(&estate, vec![add_entry("acl-shared", ingress, 200)]);
    estate.update_acl(&acl, |entries| {
        entries.extend((24..43).map(|number| entry(ingress, number)));
    });
    refused(
        &estate,
        vec![(add_entry("acl-shared", ingress, 200), limit)],
    );
}

#[test]
fn tables_and_gateways() {
    let remove = |of: &str| Operation::DeleteRouteTable { table: table(of) };
    let detach = |gateway: &str, vpc: &str| Operation::DetachInternetGateway {
        gateway: gateway.into(),
        vpc: vpc.into(),
    };
    let no_vpc = Operation::CreateRouteTable {
        vpc: "vpc-9".into(),
        tags: vec![],
    };
    let unknown = "InvalidRouteTableID.NotFound";
    refused(
        &estate(),
        vec![
            (no_vpc, "InvalidVpcID.NotFound"),
            (remove("rtb-9"), unknown),
            (remove("rtb-main"), "DependencyViolation"),
            (remove("rtb-public"), "DependencyViolation"),
            (
                use_table("subnet-9", Some("rtb-spare")),
                "InvalidSubnetID.NotFound",
            ),
            (use_table("subnet-a", Some("rtb-9")), unknown),
            (
                use_table("subnet-a", Some("rtb-far")),
                "InvalidParameterValue",
            ),
            (use_table("subnet-9", None), "InvalidSubnetID.NotFound"),
            (set_main("vpc-1", "rtb-9"), unknown),
            (set_main("vpc-1", "rtb-far"), "InvalidParameterValue"),
            (
                detach("igw-9", "vpc-1"),
                "InvalidInternetGatewayID.NotFound",
            ),
            (detach("igw-1", "vpc-2"), "Gateway.NotAttached"),
            (detach("igw-1", "vpc-1"), "DependencyViolation"),
        ],
    );
    accepted(&estate(), vec![use_table("subnet-a", None)]);
}

#[test]
fn routes() {
    let invalid = "InvalidParameterValue";
    let new = "198.51.100.0/24";
    let from_spare = |destination: &str, target: &str| route("rtb-spare", destination, target);
    refused(
        &estate(),
        vec![
            (route("rtb-9", new, "igw-1"), "InvalidRouteTableID.NotFound"),
            (from_spare("everything", "igw-1"), invalid),
            (from_spare("pl-9", "igw-1"), "InvalidPrefixListID.NotFound"),
            // Whether or not the target exists.
            (from_spare("0.0.0.0/0", "eni-9"), "RouteAlreadyExists"),
            (from_spare("10.0.0.0/16", "igw-1"), "RouteAlreadyExists"),
            (from_spare("10.0.3.7/16", "igw-1"), "RouteAlreadyExists"),
            (from_spare(new, "local"), invalid),
            (from_spare("169.254.169.254/32", "nat-1"), invalid),
            (from_spare("fd00:ec2::254/128", "nat-1"), invalid),
            // Inside the VPC: whole subnets only, and targets inside the VPC only.
            (from_spare("10.0.2.10/32", "eni-sink"), invalid),
            (from_spare("10.0.2.0/25", "eni-sink"), invalid),
            (from_spare("10.0.77.0/24", "eni-sink"), invalid),
            (from_spare("10.0.2.0/24", "igw-1"), invalid),
            (from_spare("10.0.2.0/24", "pcx-1"), invalid),
            (from_spare("10.0.2.0/24", "vpce-1"), invalid),
            (
                from_spare(new, "eni-9"),
                "InvalidNetworkInterfaceID.NotFound",
            ),
            (
                from_spare(new, "igw-9"),
                "InvalidInternetGatewayID.NotFound",
            ),
            (from_spare(new, "eigw-9"), "InvalidGatewayID.NotFound"),
            (from_spare(new, "nat-9"), "InvalidNatGatewayID.NotFound"),
            (
                from_spare(new, "pcx-9"),
                "InvalidVpcPeeringConnectionID.NotFound",
            ),
            (from_spare(new, "pcx-2"), invalid),
            (from_spare(new, "igw-2"), invalid),
            (from_spare(new, "eigw-1"), invalid),
            (from_spare(new, "vpce-s3"), invalid),
            (
                reroute("rtb-9", "0.0.0.0/0", "nat-1"),
                "InvalidRouteTableID.NotFound",
            ),
            (reroute("rtb-spare", new, "nat-1"), invalid),
            (reroute("rtb-spare", "0.0.0.0/0", "local"), invalid),
            (reroute("rtb-spare", "10.0.0.0/16", "igw-1"), invalid),
            (reroute("rtb-other", "172.16.0.0/12", "igw-1"), invalid),
            (
                reroute("rtb-spare", "0.0.0.0/0", "igw-9"),
                "InvalidInternetGatewayID.NotFound",
            ),
            (
                unroute("rtb-9", "0.0.0.0/0"),
                "InvalidRouteTableID.NotFound",
            ),
            (unroute("rtb-spare", new), "InvalidRoute.NotFound"),
            // Not the exact destination.
            (unroute("rtb-spare", "0.0.0.0/1"), "InvalidRoute.NotFound"),
            (unroute("rtb-spare", "10.0.0.0/16"), invalid),
            (unroute("rtb-other", "172.16.0.0/12"), invalid),
            (unroute("rtb-other", "pl-1"), invalid),
        ],
    );
    accepted(
        &estate(),
        vec![
            from_spare("10.0.2.0/24", "eni-sink"),
            from_spare("10.0.2.0/24", "nat-1"),
            from_spare("10.0.2.0/24", "vpce-appliance"),
            from_spare("10.0.0.0/8", "igw-1"),
            from_spare("::/0", "eigw-1"),
            from_spare(new, "pcx-1"),
            from_spare("pl-1", "tgw-1"),
            from_spare("203.0.113.66/32", "eni-sink"),
            reroute("rtb-spare", "10.0.0.0/16", "eni-app1"),
            reroute("rtb-spare", "10.0.0.0/16", "local"),
        ],
    );
}

#[test]
fn a_local_route_with_another_target_can_not_be_deleted_either() {
    let mut estate = estate();
    let away = reroute("rtb-spare", "10.0.0.0/16", "eni-app1");
    apply(&mut estate, &away, "").unwrap();
    let operation = unroute("rtb-spare", "10.0.0.0/16");
    refused(&estate, vec![(operation, "InvalidParameterValue")]);
}

#[test]
fn targets_of_parts_that_were_not_read_are_not_refused() {
    let model = estate();
    let parts = [
        Part::Vpcs(model.vpcs().cloned().collect()),
        Part::Subnets(model.subnets().cloned().collect()),
        Part::RouteTables(model.route_tables().cloned().collect()),
    ];
    let estate = Estate::from_parts(parts, fixture::read_at());
    let targets = ["eni-9", "igw-9", "nat-9", "pcx-9", "tgw-9"];
    let routes = targets.map(|it| route("rtb-spare", "198.51.100.0/24", it));
    accepted(&estate, routes.to_vec());
}
