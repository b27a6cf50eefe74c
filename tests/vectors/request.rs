//! Requests as AWS takes them, translated into operations.

use firedoor::model::{
    Direction, EniId, Estate, GroupRule, InstanceId, RouteTableId, Shutdown, SubnetId,
    TrackingTimeouts,
};
use firedoor::operation::{Attribute, GroupRef, Operation, Ref};
use serde_json::Value;

use crate::ops;

/// What a request asks for.
pub(crate) enum Asked {
    /// A change.
    Operation(Operation),
    /// Nothing is changed.
    Read,
    /// AWS refuses it for a reason that no operation has: it names no association.
    Refused(&'static str),
    /// It can't be said in AWS's terms.
    NotExpressible,
}

/// The id that a call answers.
pub(crate) fn returns(action: &str) -> Option<&'static str> {
    Some(match action {
        "ReplaceNetworkAclAssociation" | "ReplaceRouteTableAssociation" => "NewAssociationId",
        "AssociateRouteTable" | "AssociateAddress" => "AssociationId",
        "CreateNetworkAcl" => "NetworkAclId",
        "CreateRouteTable" => "RouteTableId",
        "CreateSecurityGroup" => "GroupId",
        "CreateNetworkInterface" => "NetworkInterfaceId",
        _ => return None,
    })
}

struct Request<'a> {
    value: &'a Value,
    topology: &'a Value,
    estate: &'a Estate,
}

type Translated = Result<Asked, String>;

/// Translates a request.
pub(crate) fn translated(value: &Value, topology: &Value, estate: &Estate) -> Translated {
    let action = value["action"]
        .as_str()
        .ok_or("request.action is missing")?;
    let request = Request {
        value,
        topology,
        estate,
    };
    if action.starts_with("Describe") || action.starts_with("Get") {
        return Ok(Asked::Read);
    }
    let found = request
        .interfaces(action)
        .or_else(|| request.groups(action))
        .or_else(|| request.acls(action))
        .or_else(|| request.routes(action))
        .or_else(|| request.instances(action));
    found.unwrap_or_else(|| Err(format!("action {action} is not known")))
}

impl Request<'_> {
    fn text(&self, key: &str) -> Result<&str, String> {
        self.any(&[key])
    }

    /// The first of these keys that is there.
    fn any(&self, keys: &[&str]) -> Result<&str, String> {
        let found = keys.iter().find_map(|key| {
            let value = &self.value[*key];
            // A list of one, and an attribute that wraps its value, are taken for what they hold.
            let value = if value.is_array() { &value[0] } else { value };
            value.as_str().or_else(|| value["Value"].as_str())
        });
        found.ok_or_else(|| format!("request.{} is missing", keys.join(" or ")))
    }

    fn has(&self, key: &str) -> bool {
        !self.value[key].is_null()
    }

    fn flag(&self, key: &str) -> bool {
        let value = &self.value[key];
        *value == true || value["Value"] == true || *value == "true" || value["Value"] == "true"
    }

    /// Ids, bare or as `{GroupId}`.
    fn groups_of(&self, keys: &[&str]) -> Vec<GroupRef> {
        let lists = keys.iter().filter_map(|key| self.value[*key].as_array());
        let ids = lists
            .flatten()
            .filter_map(|it| it.as_str().or(it["GroupId"].as_str()));
        ids.map(|it| Ref::Id(it.into())).collect()
    }

    /// The object of a list that has these values.
    fn listed(&self, list: &str, test: impl Fn(&Value) -> bool) -> Option<&Value> {
        self.topology[list].as_array()?.iter().find(|it| test(it))
    }

    fn interfaces(&self, action: &str) -> Option<Translated> {
        Some(match action {
            "ModifyNetworkInterfaceAttribute" => self.modify_eni(),
            "DetachNetworkInterface" => self
                .eni()
                .map(|eni| Asked::Operation(Operation::DetachInterface { eni })),
            "DeleteNetworkInterface" => self
                .eni()
                .map(|eni| Asked::Operation(Operation::DeleteInterface { eni: Ref::Id(eni) })),
            "CreateNetworkInterface" => self.text("SubnetId").map(|subnet| {
                Asked::Operation(Operation::CreateInterface {
                    subnet: subnet.into(),
                    groups: self.groups_of(&["Groups", "SecurityGroupIds"]),
                    tags: Vec::new(),
                })
            }),
            "DisassociateAddress" => self.address().map(|(eni, private, _)| {
                Asked::Operation(Operation::DisassociateAddress { eni, private })
            }),
            _ => return None,
        })
    }

    fn modify_eni(&self) -> Translated {
        let eni = self.eni()?;
        if self.has("ConnectionTrackingSpecification") {
            let it = &self.value["ConnectionTrackingSpecification"];
            let seconds = |key: &str| it[key].as_u64().and_then(|it| u32::try_from(it).ok());
            let timeouts = TrackingTimeouts {
                tcp_established: seconds("TcpEstablishedTimeout"),
                udp: seconds("UdpTimeout"),
                udp_stream: seconds("UdpStreamTimeout"),
            };
            return Ok(Asked::Operation(Operation::SetTrackingTimeouts {
                eni,
                timeouts,
            }));
        }
        if self.value["AssociatePublicIpAddress"] == false {
            return Ok(Asked::Operation(Operation::DropPublicAddress { eni }));
        }
        let keys = ["Groups", "SecurityGroupIds", "GroupIds", "SecurityGroups"];
        if keys.iter().any(|key| self.has(key)) {
            let groups = self.groups_of(&keys);
            return Ok(Asked::Operation(Operation::SetEniGroups { eni, groups }));
        }
        Err("the request sets no attribute that is known".to_owned())
    }

    /// An interface by its id or that of its attachment.
    fn eni(&self) -> Result<EniId, String> {
        if let Ok(id) = self.text("NetworkInterfaceId") {
            return Ok(id.into());
        }
        let attachment = self.any(&["AttachmentId", "NetworkInterfaceId"])?;
        let own = |it: &Value| it["Attachment"]["AttachmentId"] == attachment;
        let eni = self.listed("NetworkInterfaces", own);
        let id = eni.and_then(|it| it["NetworkInterfaceId"].as_str());
        id.map(Into::into)
            .ok_or_else(|| format!("no interface has attachment {attachment}"))
    }

    /// A mapped address by the id of its association, or by itself.
    fn address(&self) -> Result<(EniId, std::net::IpAddr, std::net::IpAddr), String> {
        let wanted = self.any(&["AssociationId", "PublicIp"])?;
        let own = |it: &Value| {
            it["Association"]["AssociationId"] == wanted || it["Association"]["PublicIp"] == wanted
        };
        let eni = self.listed("NetworkInterfaces", own);
        let eni = eni.ok_or_else(|| format!("nothing has address {wanted}"))?;
        let of = |value: &Value| value.as_str().and_then(|it| it.parse().ok());
        let id = eni["NetworkInterfaceId"].as_str().map(EniId::new);
        let found = id
            .zip(of(&eni["PrivateIpAddress"]))
            .zip(of(&eni["Association"]["PublicIp"]));
        let ((id, private), public) = found.ok_or("an interface without addresses")?;
        Ok((id, private, public))
    }

    fn groups(&self, action: &str) -> Option<Translated> {
        let direction = if action.ends_with("Egress") {
            Direction::Egress
        } else {
            Direction::Ingress
        };
        Some(match action {
            "CreateSecurityGroup" => self.create_group(),
            "DeleteSecurityGroup" => self
                .group()
                .map(|group| Asked::Operation(Operation::DeleteGroup { group })),
            "AuthorizeSecurityGroupIngress" | "AuthorizeSecurityGroupEgress" => {
                self.rules(direction).map(|(group, rules)| {
                    Asked::Operation(Operation::AuthorizeRules {
                        group,
                        direction,
                        rules,
                    })
                })
            }
            "RevokeSecurityGroupIngress" | "RevokeSecurityGroupEgress" => {
                self.rules(direction).map(|(group, rules)| {
                    Asked::Operation(Operation::RevokeRules {
                        group,
                        direction,
                        rules,
                    })
                })
            }
            _ => return None,
        })
    }

    fn create_group(&self) -> Translated {
        Ok(Asked::Operation(Operation::CreateGroup {
            vpc: self.text("VpcId")?.into(),
            name: self.text("GroupName")?.to_owned(),
            description: String::new(),
            tags: Vec::new(),
        }))
    }

    fn group(&self) -> Result<GroupRef, String> {
        Ok(Ref::Id(self.any(&["GroupId", "SecurityGroupId"])?.into()))
    }

    /// Rules, as a list of permissions or as one written into the request itself.
    fn rules(&self, direction: Direction) -> Result<(GroupRef, Vec<GroupRule>), String> {
        let group = self.group()?;
        if let Some(permissions) = self.value["IpPermissions"].as_array() {
            return Ok((group, ops::rules(permissions, direction)?));
        }
        let mut one = self.value.clone();
        one["IpRanges"] = serde_json::json!([{"CidrIp": self.value["CidrIp"]}]);
        let rules = ops::rules(&[one], direction)?;
        Ok((group, rules))
    }

    fn acls(&self, action: &str) -> Option<Translated> {
        Some(match action {
            "CreateNetworkAcl" => self.text("VpcId").map(|vpc| {
                Asked::Operation(Operation::CreateAcl {
                    vpc: vpc.into(),
                    tags: Vec::new(),
                })
            }),
            "DeleteNetworkAcl" => self.text("NetworkAclId").map(|acl| {
                Asked::Operation(Operation::DeleteAcl {
                    acl: Ref::Id(acl.into()),
                })
            }),
            "CreateNetworkAclEntry" | "ReplaceNetworkAclEntry" => self.entry(action),
            "DeleteNetworkAclEntry" => self.delete_entry(),
            "ReplaceNetworkAclAssociation" => self.associate_acl(),
            _ => return None,
        })
    }

    fn entry(&self, action: &str) -> Translated {
        let keys = self.value.as_object().into_iter().flat_map(|it| it.keys());
        // Entries have addresses, and nothing else that could name a peer.
        if keys
            .into_iter()
            .any(|key| key.contains("PrefixList") || key.contains("GroupId"))
        {
            return Ok(Asked::NotExpressible);
        }
        if ["CidrBlock", "Ipv6CidrBlock"].iter().any(|key| {
            self.value[*key]
                .as_str()
                .is_some_and(|it| it.starts_with("pl-") || it.starts_with("sg-"))
        }) {
            return Ok(Asked::NotExpressible);
        }
        let mut entry = self.value.clone();
        // Number 0, which AWS refuses, stands for one that the request leaves open.
        if !entry["RuleNumber"].is_u64() {
            entry["RuleNumber"] = 0.into();
        }
        let entry = ops::acl_entry(&entry)?;
        let acl = Ref::Id(self.text("NetworkAclId")?.into());
        Ok(Asked::Operation(if action.starts_with("Create") {
            Operation::CreateAclEntry { acl, entry }
        } else {
            Operation::ReplaceAclEntry { acl, entry }
        }))
    }

    fn delete_entry(&self) -> Translated {
        let number = self.value["RuleNumber"].as_u64();
        let number = number.and_then(|it| u16::try_from(it).ok());
        Ok(Asked::Operation(Operation::DeleteAclEntry {
            acl: Ref::Id(self.text("NetworkAclId")?.into()),
            direction: if self.flag("Egress") {
                Direction::Egress
            } else {
                Direction::Ingress
            },
            number: number.ok_or("request.RuleNumber is missing")?,
        }))
    }

    fn associate_acl(&self) -> Translated {
        let acl = Ref::Id(self.text("NetworkAclId")?.into());
        let subnet = match self.text("AssociationId") {
            Ok(id) => {
                let found = self.association("NetworkAcls", "NetworkAclAssociationId", id);
                found.and_then(|it| it["SubnetId"].as_str())
            }
            Err(_) => Some(self.text("SubnetId")?),
        };
        let Some(subnet) = subnet else {
            return Ok(Asked::Refused("InvalidAssociationID.NotFound"));
        };
        Ok(Asked::Operation(Operation::SetSubnetAcl {
            subnet: subnet.into(),
            acl,
        }))
    }

    fn association(&self, list: &str, key: &str, id: &str) -> Option<&Value> {
        let lists = self.topology[list].as_array()?.iter();
        let mut all = lists
            .filter_map(|it| it["Associations"].as_array())
            .flatten();
        all.find(|it| it[key] == id || it["AssociationId"] == id)
    }

    fn routes(&self, action: &str) -> Option<Translated> {
        Some(match action {
            "CreateRouteTable" => self.text("VpcId").map(|vpc| {
                Asked::Operation(Operation::CreateRouteTable {
                    vpc: vpc.into(),
                    tags: Vec::new(),
                })
            }),
            "DeleteRouteTable" => self.text("RouteTableId").map(|table| {
                Asked::Operation(Operation::DeleteRouteTable {
                    table: Ref::Id(table.into()),
                })
            }),
            "AssociateRouteTable" => self.associate_table(),
            "ReplaceRouteTableAssociation" => self.replace_table(),
            "DisassociateRouteTable" => self.disassociate_table(),
            "CreateRoute" | "ReplaceRoute" | "DeleteRoute" => self.route(action),
            "DetachInternetGateway" => self.detach_gateway(),
            _ => return None,
        })
    }

    /// Only a subnet without an association of its own can get one.
    fn associate_table(&self) -> Translated {
        let subnet = SubnetId::new(self.text("SubnetId")?);
        let table = self.estate.table_of_subnet(&subnet);
        if table.is_some_and(|it| it.subnets.contains(&subnet)) {
            return Ok(Asked::Refused("Resource.AlreadyAssociated"));
        }
        let table = Some(Ref::Id(self.text("RouteTableId")?.into()));
        Ok(Asked::Operation(Operation::SetSubnetRouteTable {
            subnet,
            table,
        }))
    }

    fn table_association(&self) -> Result<Option<&Value>, String> {
        let id = self.text("AssociationId")?;
        Ok(self.association("RouteTables", "RouteTableAssociationId", id))
    }

    fn replace_table(&self) -> Translated {
        let Some(association) = self.table_association()? else {
            return Ok(Asked::Refused("InvalidAssociationID.NotFound"));
        };
        let table = RouteTableId::new(self.text("RouteTableId")?);
        if let Some(subnet) = association["SubnetId"].as_str() {
            return Ok(Asked::Operation(Operation::SetSubnetRouteTable {
                subnet: subnet.into(),
                table: Some(Ref::Id(table)),
            }));
        }
        let id = association["RouteTableId"].as_str().unwrap_or_default();
        let was = self.estate.route_table(&id.into());
        let was = was.or_else(|| self.estate.route_tables().find(|it| it.main));
        Ok(Asked::Operation(Operation::SetMainRouteTable {
            vpc: was.ok_or("no main route table")?.vpc.clone(),
            table: Ref::Id(table),
        }))
    }

    fn disassociate_table(&self) -> Translated {
        let association = self.table_association()?;
        let subnet = association.and_then(|it| it["SubnetId"].as_str());
        match (association, subnet) {
            (None, _) => Ok(Asked::Refused("InvalidAssociationID.NotFound")),
            // The main association is replaced, never removed.
            (Some(_), None) => Ok(Asked::Refused("InvalidParameterValue")),
            (Some(_), Some(subnet)) => Ok(Asked::Operation(Operation::SetSubnetRouteTable {
                subnet: subnet.into(),
                table: None,
            })),
        }
    }

    fn route(&self, action: &str) -> Translated {
        let mut value = self.value.clone();
        if action == "DeleteRoute" {
            value["GatewayId"] = "none".into();
        } else if self.flag("LocalTarget") {
            value["GatewayId"] = "local".into();
        }
        let route = ops::route(&value)?;
        let table = Ref::Id(self.text("RouteTableId")?.into());
        let destination = route.destination;
        let target = Ref::Id(route.target.as_str().into());
        Ok(Asked::Operation(match action {
            "CreateRoute" => Operation::CreateRoute {
                table,
                destination,
                target,
            },
            "ReplaceRoute" => Operation::ReplaceRoute {
                table,
                destination,
                target,
            },
            _ => Operation::DeleteRoute { table, destination },
        }))
    }

    fn detach_gateway(&self) -> Translated {
        Ok(Asked::Operation(Operation::DetachInternetGateway {
            gateway: self.text("InternetGatewayId")?.into(),
            vpc: self.text("VpcId")?.into(),
        }))
    }

    fn instances(&self, action: &str) -> Option<Translated> {
        let known = [
            "ModifyInstanceAttribute",
            "StopInstances",
            "StartInstances",
            "ModifyInstanceMetadataOptions",
        ];
        known.contains(&action).then(|| self.instance(action))
    }

    fn instance(&self, action: &str) -> Translated {
        let instance = InstanceId::new(self.any(&["InstanceId", "InstanceIds"])?);
        Ok(Asked::Operation(match action {
            "StopInstances" => Operation::StopInstance {
                instance,
                hibernate: self.flag("Hibernate"),
            },
            "StartInstances" => Operation::StartInstance { instance },
            "ModifyInstanceMetadataOptions" => Operation::SetMetadataEndpoint {
                instance,
                enabled: self.text("HttpEndpoint")? == "enabled",
            },
            _ => return self.modify_instance(&instance),
        }))
    }

    fn modify_instance(&self, instance: &InstanceId) -> Translated {
        let set = |attribute| Operation::SetAttribute {
            instance: instance.clone(),
            attribute,
        };
        let keys = ["Groups", "SecurityGroups", "GroupIds"];
        Ok(Asked::Operation(if keys.iter().any(|key| self.has(key)) {
            Operation::SetInstanceGroups {
                instance: instance.clone(),
                groups: self.groups_of(&keys),
            }
        } else if self.has("DisableApiTermination") {
            set(Attribute::TerminationProtection(
                self.flag("DisableApiTermination"),
            ))
        } else if self.has("DisableApiStop") {
            set(Attribute::StopProtection(self.flag("DisableApiStop")))
        } else if let Ok(behavior) = self.text("InstanceInitiatedShutdownBehavior") {
            set(Attribute::Shutdown(if behavior == "stop" {
                Shutdown::Stop
            } else {
                Shutdown::Terminate
            }))
        } else {
            return Err("the request sets no attribute that is known".to_owned());
        }))
    }
}
