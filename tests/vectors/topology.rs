//! Topologies of the file, as estates.

use std::collections::BTreeMap;

use firedoor::model::*;
use serde_json::Value;

use crate::ops;

/// One topology.
pub(crate) struct Topology {
    pub(crate) estate: Estate,
    pub(crate) value: Value,
    /// What it says in two ways at once.
    pub(crate) contradiction: Option<String>,
}

impl Topology {
    pub(crate) fn of(v: &Value) -> Self {
        let list = |k: &str| v[k].as_array().cloned().unwrap_or_default();
        let s = |it: &Value| it.as_str().unwrap_or_default().to_owned();
        let cidr = |it: &Value| notation::cidr(it.as_str()?);
        let mut parts = Vec::new();
        parts.push(Part::Vpcs(
            list("Vpcs")
                .iter()
                .map(|it| Vpc {
                    id: s(&it["VpcId"]).as_str().into(),
                    name: String::new(),
                    cidrs: it["CidrBlockAssociationSet"]
                        .as_array()
                        .into_iter()
                        .flatten()
                        .filter_map(|x| cidr(&x["CidrBlock"]))
                        .chain(
                            it["Ipv6CidrBlockAssociationSet"]
                                .as_array()
                                .into_iter()
                                .flatten()
                                .filter_map(|x| cidr(&x["Ipv6CidrBlock"])),
                        )
                        .collect(),
                })
                .collect(),
        ));
        parts.push(Part::Subnets(
            list("Subnets")
                .iter()
                .map(|it| Subnet {
                    id: s(&it["SubnetId"]).as_str().into(),
                    vpc: s(&it["VpcId"]).as_str().into(),
                    name: String::new(),
                    zone: String::new(),
                    cidrs: cidr(&it["CidrBlock"])
                        .into_iter()
                        .chain(
                            it["Ipv6CidrBlockAssociationSet"]
                                .as_array()
                                .into_iter()
                                .flatten()
                                .filter_map(|x| cidr(&x["Ipv6CidrBlock"])),
                        )
                        .collect(),
                })
                .collect(),
        ));
        parts.push(Part::Enis(
            list("NetworkInterfaces")
                .iter()
                .map(|it| {
                    let mut addresses: Vec<std::net::IpAddr> = it["PrivateIpAddresses"]
                        .as_array()
                        .into_iter()
                        .flatten()
                        .filter_map(|x| s(&x["PrivateIpAddress"]).parse().ok())
                        .collect();
                    addresses.extend(
                        it["Ipv6Addresses"]
                            .as_array()
                            .into_iter()
                            .flatten()
                            .filter_map(|x| s(&x["Ipv6Address"]).parse::<std::net::IpAddr>().ok()),
                    );
                    let instance = it["Attachment"]["InstanceId"].as_str();
                    let traits = notation::EniTraits {
                        interface_type: it["InterfaceType"].as_str().unwrap_or(""),
                        description: it["Description"].as_str().unwrap_or(""),
                        requester_managed: it["RequesterManaged"] == true,
                        attached: it["Attachment"].is_object(),
                        of_instance: instance.is_some(),
                    };
                    let public = it["Association"]["PublicIp"]
                        .as_str()
                        .and_then(|x| x.parse().ok());
                    let t = &it["ConnectionTrackingConfiguration"];
                    let n = |k: &str| t[k].as_u64().and_then(|x| u32::try_from(x).ok());
                    Eni {
                        id: s(&it["NetworkInterfaceId"]).as_str().into(),
                        vpc: s(&it["VpcId"]).as_str().into(),
                        subnet: s(&it["SubnetId"]).as_str().into(),
                        kind: traits.kind(),
                        description: String::new(),
                        public: public
                            .map(|address| PublicAddress {
                                private: addresses[0],
                                address,
                                elastic: it["Association"]["IpOwnerId"] != "amazon",
                            })
                            .into_iter()
                            .collect(),
                        addresses,
                        groups: it["Groups"]
                            .as_array()
                            .into_iter()
                            .flatten()
                            .map(|x| s(&x["GroupId"]).as_str().into())
                            .collect(),
                        instance: instance.map(Into::into),
                        device_index: it["Attachment"]["DeviceIndex"]
                            .as_u64()
                            .and_then(|x| u16::try_from(x).ok()),
                        requester_managed: it["RequesterManaged"] == true,
                        source_dest_check: it["SourceDestCheck"].as_bool().unwrap_or(true),
                        timeouts: TrackingTimeouts {
                            tcp_established: n("TcpEstablishedTimeout"),
                            udp: n("UdpTimeout"),
                            udp_stream: n("UdpStreamTimeout"),
                        },
                    }
                })
                .collect(),
        ));
        parts.push(Part::Instances(
            list("Reservations")
                .iter()
                .flat_map(|r| r["Instances"].as_array().cloned().unwrap_or_default())
                .map(|it| Instance {
                    id: s(&it["InstanceId"]).as_str().into(),
                    name: String::new(),
                    instance_type: s(&it["InstanceType"]),
                    state: InstanceState::Running,
                    vpc: None,
                    subnet: None,
                    profile: None,
                    launched: None,
                    platform: Platform::Unix,
                    spot: false,
                    image: String::new(),
                    tags: vec![],
                    attributes: InstanceAttributes::default(),
                })
                .collect(),
        ));
        parts.push(Part::Groups(
            list("SecurityGroups")
                .iter()
                .map(|it| {
                    let mut rules =
                        ops::rules(it["IpPermissions"].as_array().unwrap(), Direction::Ingress)
                            .unwrap();
                    rules.extend(
                        ops::rules(
                            it["IpPermissionsEgress"].as_array().unwrap(),
                            Direction::Egress,
                        )
                        .unwrap(),
                    );
                    Group {
                        id: s(&it["GroupId"]).as_str().into(),
                        vpc: s(&it["VpcId"]).as_str().into(),
                        name: s(&it["GroupName"]),
                        description: String::new(),
                        rules,
                    }
                })
                .collect(),
        ));
        let mut seen: BTreeMap<String, String> = BTreeMap::new();
        let mut contradiction = None;
        parts.push(Part::Acls(
            list("NetworkAcls")
                .iter()
                .map(|it| {
                    let subnets: Vec<String> = it["Associations"]
                        .as_array()
                        .into_iter()
                        .flatten()
                        .map(|x| s(&x["SubnetId"]))
                        .collect();
                    for x in &subnets {
                        if let Some(other) = seen.insert(x.clone(), s(&it["NetworkAclId"])) {
                            contradiction = Some(format!("{x} in {other}"));
                        }
                    }
                    Acl {
                        id: s(&it["NetworkAclId"]).as_str().into(),
                        vpc: s(&it["VpcId"]).as_str().into(),
                        name: String::new(),
                        default: it["IsDefault"] == true,
                        entries: it["Entries"]
                            .as_array()
                            .into_iter()
                            .flatten()
                            .map(|e| ops::acl_entry(e).unwrap())
                            .collect(),
                        subnets: subnets.iter().map(|x| x.as_str().into()).collect(),
                    }
                })
                .collect(),
        ));
        parts.push(Part::RouteTables(
            list("RouteTables")
                .iter()
                .map(|it| RouteTable {
                    id: s(&it["RouteTableId"]).as_str().into(),
                    vpc: s(&it["VpcId"]).as_str().into(),
                    name: String::new(),
                    main: it["Associations"]
                        .as_array()
                        .into_iter()
                        .flatten()
                        .any(|a| a["Main"] == true),
                    subnets: it["Associations"]
                        .as_array()
                        .into_iter()
                        .flatten()
                        .filter_map(|a| a["SubnetId"].as_str())
                        .map(Into::into)
                        .collect(),
                    routes: it["Routes"]
                        .as_array()
                        .into_iter()
                        .flatten()
                        .map(|r| ops::route(r).unwrap())
                        .collect(),
                })
                .collect(),
        ));
        let mut gateways: Vec<Gateway> = list("InternetGateways")
            .iter()
            .map(|it| Gateway {
                id: s(&it["InternetGatewayId"]).as_str().into(),
                kind: GatewayKind::Internet,
                vpc: s(&it["Attachments"][0]["VpcId"]).as_str().into(),
                subnet: None,
                enis: vec![],
                name: String::new(),
            })
            .collect();
        gateways.extend(list("NatGateways").iter().map(|it| {
            Gateway {
                id: s(&it["NatGatewayId"]).as_str().into(),
                kind: GatewayKind::Nat,
                vpc: s(&it["VpcId"]).as_str().into(),
                subnet: it["SubnetId"].as_str().map(Into::into),
                enis: it["NatGatewayAddresses"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .map(|x| s(&x["NetworkInterfaceId"]).as_str().into())
                    .collect(),
                name: String::new(),
            }
        }));
        parts.push(Part::Gateways(gateways));
        parts.push(Part::PrefixLists(
            list("ManagedPrefixLists")
                .iter()
                .map(|it| PrefixList {
                    id: s(&it["PrefixListId"]),
                    name: s(&it["PrefixListName"]),
                    cidrs: it["Entries"]
                        .as_array()
                        .into_iter()
                        .flatten()
                        .filter_map(|x| cidr(&x["Cidr"]))
                        .collect(),
                })
                .collect(),
        ));
        parts.push(Part::Peerings(
            list("VpcPeeringConnections")
                .iter()
                .map(|it| {
                    let side = |x: &Value| PeeringSide {
                        vpc: s(&x["VpcId"]).as_str().into(),
                        account: String::new(),
                        region: s(&x["Region"]),
                        cidrs: cidr(&x["CidrBlock"]).into_iter().collect(),
                    };
                    Peering {
                        id: s(&it["VpcPeeringConnectionId"]).as_str().into(),
                        sides: [side(&it["RequesterVpcInfo"]), side(&it["AccepterVpcInfo"])],
                        active: it["Status"]["Code"] == "active",
                    }
                })
                .collect(),
        ));
        Self {
            estate: Estate::from_parts(parts, chrono::DateTime::UNIX_EPOCH),
            value: v.clone(),
            contradiction,
        }
    }

    /// Moves every instance to a family of Nitro v6.
    pub(crate) fn on_nitro_v6(&self, estate: &mut Estate) {
        for instance in self.estate.instances() {
            estate.update_instance(&instance.id, |it| it.instance_type = "m8i.large".into());
            for eni in self.estate.enis_of_instance(&instance.id) {
                estate.update_eni(&eni.id, |_| {});
            }
        }
    }
}
