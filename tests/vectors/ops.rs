//! Changes as the file writes them.

use firedoor::model::notation;
use firedoor::model::{
    AclAction, AclEntry, AclId, Direction, EniId, Estate, GroupId, GroupRule, PortRange, Route,
    RouteTableId, RulePeer,
};
use serde_json::Value;

pub(crate) fn apply(estate: &mut Estate, op: &Value) -> Result<(), String> {
    let text = |key: &str| {
        let it = op[key].as_str();
        it.ok_or_else(|| format!("op.{key} is missing: {op}"))
    };
    match text("op")? {
        "wait" => {}
        "set_eni_groups" => {
            let groups = op["groups"].as_array().ok_or("op.groups is missing")?;
            let groups: Vec<GroupId> = groups
                .iter()
                .filter_map(|it| it.as_str())
                .map(Into::into)
                .collect();
            estate.update_eni(&EniId::new(text("eni")?), |it| it.groups = groups);
        }
        "set_sg_rules" => {
            for (key, direction) in [
                ("ingress", Direction::Ingress),
                ("egress", Direction::Egress),
            ] {
                if let Some(permissions) = op[key].as_array() {
                    let rules = rules(permissions, direction)?;
                    estate.update_group(&GroupId::new(text("sg")?), |it| {
                        it.rules.retain(|rule| rule.direction != direction);
                        it.rules.extend(rules);
                    });
                }
            }
        }
        "create_nacl_entry" => {
            let entry = acl_entry(&op["entry"])?;
            estate.update_acl(&AclId::new(text("nacl")?), |it| it.push(entry));
        }
        "delete_nacl_entry" => {
            let entry = if op["entry"].is_null() {
                op
            } else {
                &op["entry"]
            };
            let (direction, number) = numbered(entry)?;
            estate.update_acl(&AclId::new(text("nacl")?), |it| {
                it.retain(|it| (it.direction, it.number) != (direction, number));
            });
        }
        "replace_nacl_association" => {
            estate.associate_acl(&text("subnet")?.into(), &AclId::new(text("nacl")?));
        }
        "replace_route_table_association" => {
            let table = RouteTableId::new(text("rtb")?);
            estate.associate_route_table(&text("subnet")?.into(), Some(&table));
        }
        "delete_route" => {
            let gone = text("destination")?.to_owned();
            // A propagated route can't be deleted.
            estate.update_routes(&RouteTableId::new(text("rtb")?), |it| {
                it.retain(|it| it.destination != gone || it.propagated);
            });
        }
        "create_route" => {
            let route = route(&op["route"])?;
            estate.update_routes(&RouteTableId::new(text("rtb")?), |it| it.push(route));
        }
        "set_route_state" => {
            let (at, state) = (text("destination")?.to_owned(), text("state")?.to_owned());
            estate.update_routes(&RouteTableId::new(text("rtb")?), |it| {
                for route in it.iter_mut().filter(|it| it.destination == at) {
                    route.blackhole = state == "blackhole";
                }
            });
        }
        "disassociate_address" => {
            estate.update_eni(&EniId::new(text("eni")?), |it| it.public.clear());
        }
        "set_eni_conntrack" => {
            let seconds = |key: &str| {
                op["config"][key]
                    .as_u64()
                    .and_then(|it| u32::try_from(it).ok())
            };
            estate.update_eni(&EniId::new(text("eni")?), |it| {
                let old = it.timeouts;
                it.timeouts.tcp_established =
                    seconds("TcpEstablishedTimeout").or(old.tcp_established);
                it.timeouts.udp = seconds("UdpTimeout").or(old.udp);
                it.timeouts.udp_stream = seconds("UdpStreamTimeout").or(old.udp_stream);
            });
        }
        other => return Err(format!("op {other} is not known")),
    }
    Ok(())
}

pub(crate) fn rules(permissions: &[Value], direction: Direction) -> Result<Vec<GroupRule>, String> {
    let mut rules = Vec::new();
    for it in permissions {
        let protocol = it["IpProtocol"].as_str().and_then(notation::protocol);
        let protocol = protocol.ok_or_else(|| format!("a permission without protocol: {it}"))?;
        let port = |key: &str| it[key].as_i64().and_then(|it| i32::try_from(it).ok());
        let ports = notation::ports(protocol, port("FromPort"), port("ToPort"));
        let each = |list: &str, key: &str| -> Vec<String> {
            let list = it[list].as_array().into_iter().flatten();
            list.filter_map(|one| one[key].as_str())
                .map(str::to_owned)
                .collect()
        };
        let cidrs = each("IpRanges", "CidrIp")
            .into_iter()
            .chain(each("Ipv6Ranges", "CidrIpv6"));
        let mut peers: Vec<RulePeer> = Vec::new();
        for cidr in cidrs {
            let cidr = notation::cidr(&cidr).ok_or_else(|| format!("no CIDR block: {cidr}"))?;
            peers.push(RulePeer::Cidr(cidr));
        }
        peers.extend(
            each("UserIdGroupPairs", "GroupId")
                .iter()
                .map(|it| RulePeer::Group(GroupId::new(it))),
        );
        peers.extend(
            each("PrefixListIds", "PrefixListId")
                .into_iter()
                .map(RulePeer::PrefixList),
        );
        rules.extend(peers.into_iter().map(|peer| GroupRule {
            id: None,
            direction,
            protocol,
            ports,
            peer,
        }));
    }
    Ok(rules)
}

fn numbered(entry: &Value) -> Result<(Direction, u16), String> {
    let number = entry["RuleNumber"]
        .as_u64()
        .and_then(|it| u16::try_from(it).ok());
    let direction = match entry["Egress"].as_bool() {
        Some(true) => Direction::Egress,
        Some(false) => Direction::Ingress,
        None => return Err(format!("an entry without direction: {entry}")),
    };
    Ok((
        direction,
        number.ok_or_else(|| format!("an entry without number: {entry}"))?,
    ))
}

pub(crate) fn acl_entry(entry: &Value) -> Result<AclEntry, String> {
    let (direction, number) = numbered(entry)?;
    let protocol = entry["Protocol"].as_str().and_then(notation::protocol);
    let protocol = protocol.ok_or_else(|| format!("an entry without protocol: {entry}"))?;
    let cidr = entry["CidrBlock"]
        .as_str()
        .or(entry["Ipv6CidrBlock"].as_str());
    let number_of = |it: &Value| it.as_i64().and_then(|it| i32::try_from(it).ok());
    let ports = if entry["IcmpTypeCode"].is_object() {
        let it = &entry["IcmpTypeCode"];
        PortRange {
            from: number_of(&it["Type"]).unwrap_or(-1),
            to: number_of(&it["Code"]).unwrap_or(-1),
        }
    } else {
        PortRange {
            from: number_of(&entry["PortRange"]["From"]).unwrap_or(-1),
            to: number_of(&entry["PortRange"]["To"]).unwrap_or(-1),
        }
    };
    Ok(AclEntry {
        direction,
        number,
        action: match entry["RuleAction"].as_str() {
            Some("allow") => AclAction::Allow,
            Some("deny") => AclAction::Deny,
            _ => return Err(format!("an entry without action: {entry}")),
        },
        protocol,
        cidr: cidr
            .and_then(notation::cidr)
            .ok_or_else(|| format!("an entry without CIDR block: {entry}"))?,
        ports: notation::ports(protocol, Some(ports.from), Some(ports.to)),
    })
}

pub(crate) fn route(it: &Value) -> Result<Route, String> {
    let text = |keys: &[&str]| {
        keys.iter()
            .find_map(|key| it[*key].as_str())
            .map(str::to_owned)
    };
    let destination = text(&[
        "DestinationCidrBlock",
        "DestinationIpv6CidrBlock",
        "DestinationPrefixListId",
    ]);
    let target = text(&[
        "GatewayId",
        "NatGatewayId",
        "EgressOnlyInternetGatewayId",
        "TransitGatewayId",
        "VpcPeeringConnectionId",
        "NetworkInterfaceId",
        "InstanceId",
        "VpcEndpointId",
    ]);
    Ok(Route {
        destination: destination.ok_or_else(|| format!("a route without destination: {it}"))?,
        target: target.ok_or_else(|| format!("a route without target: {it}"))?,
        blackhole: it["State"] == "blackhole",
        propagated: it["Origin"] == "EnableVgwRoutePropagation",
    })
}
