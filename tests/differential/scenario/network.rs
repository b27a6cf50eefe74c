//! The estate, as a scenario writes it.

use firedoor::model::{
    Direction, Eni, EniKind, Gateway, GroupRule, InstanceId, PortRange, Protocol, Route, RulePeer,
};
use serde_json::{Value, json};

use super::notation::{long, protocol_name};
use super::{File, REGION, host_name};

impl File<'_> {
    pub(super) fn network(&mut self) {
        let parts = self.setting.parts;
        if let Some(vpc) = parts.vpcs.first() {
            let id = long(vpc.id.as_str());
            let keys = [
                ("name", json!(vpc.id)),
                ("id", json!(id)),
                ("cidrs", json!(vpc.cidrs)),
            ];
            self.table("[vpc]", &keys);
        }
        for it in &parts.subnets {
            let acl = parts.acls.iter().find(|acl| acl.subnets.contains(&it.id));
            let acl = acl.or_else(|| parts.acls.iter().find(|it| it.default));
            let table = parts
                .tables
                .iter()
                .find(|table| table.subnets.contains(&it.id));
            self.table(
                "[[subnets]]",
                &[
                    ("name", json!(it.id)),
                    ("id", json!(long(it.id.as_str()))),
                    ("zone", json!(format!("{REGION}{}", it.zone))),
                    ("cidrs", json!(it.cidrs)),
                    ("acl", json!(acl.map(|it| &it.id))),
                    ("table", json!(table.map(|it| &it.id))),
                ],
            );
        }
        for it in &parts.tables {
            let routes: Vec<Value> = it.routes.iter().map(|route| self.route(route)).collect();
            self.table(
                "[[tables]]",
                &[
                    ("name", json!(it.id)),
                    ("id", json!(long(it.id.as_str()))),
                    ("main", json!(it.main)),
                    ("routes", json!(routes)),
                ],
            );
        }
        self.gateways();
    }

    fn route(&mut self, it: &Route) -> Value {
        let parts = self.setting.parts;
        let target = it.target.as_str();
        let id = |own: &str| own == target;
        let gateway = parts.gateways.iter().find(|it| id(it.id.as_str()));
        let eni = parts.enis.iter().find(|it| id(it.id.as_str()));
        let beyond = beyond(target).is_some();
        let name = match (gateway, eni) {
            (Some(gateway), _) => gateway_name(gateway),
            (_, Some(eni)) => host_name(eni),
            _ => target.to_owned(),
        };
        if gateway.is_none() && eni.is_none() && !beyond && target != "local" {
            self.unsaid(format!("a route leads to {target}, which it does not have"));
        }
        let lost = eni.is_some_and(|it| it.kind == EniKind::Unattached);
        if lost != it.blackhole {
            self.unsaid(format!(
                "the route to {target} is a blackhole, or should be one"
            ));
        }
        let primary = eni.is_none_or(|it| it.device_index.is_none_or(|it| it == 0));
        if !primary {
            self.unsaid(format!(
                "a route leads to {target}, which is not the primary interface"
            ));
        }
        let to = it
            .cidr()
            .map_or(it.destination.clone(), |it| it.to_string());
        json!({ "destination": to, "target": name })
    }

    fn gateways(&mut self) {
        let parts = self.setting.parts;
        for it in &parts.gateways {
            let enis: Vec<&Eni> = parts
                .enis
                .iter()
                .filter(|eni| it.enis.contains(&eni.id))
                .collect();
            let subnet = it
                .subnet
                .clone()
                .or(enis.first().map(|it| it.subnet.clone()));
            let placed = !enis.is_empty();
            self.table(
                "[[gateways]]",
                &[
                    ("name", json!(gateway_name(it))),
                    ("id", json!(long(it.id.as_str()))),
                    ("kind", json!(it.kind)),
                    ("subnet", if placed { json!(subnet) } else { Value::Null }),
                    (
                        "interfaces",
                        json!(placed.then(|| enis.iter().map(|it| &it.id).collect::<Vec<_>>())),
                    ),
                ],
            );
        }
        let routes = parts.tables.iter().flat_map(|it| &it.routes);
        let mut far: Vec<&str> = routes.map(|it| it.target.as_str()).collect();
        far.sort_unstable();
        far.dedup();
        for id in far {
            if let Some(kind) = beyond(id) {
                let keys = [
                    ("name", json!(id)),
                    ("id", json!(long(id))),
                    ("kind", json!(kind)),
                ];
                self.table("[[gateways]]", &keys);
            }
        }
        for it in &parts.lists {
            let keys = [
                ("name", json!(it.id)),
                ("id", json!(long(&it.id))),
                ("cidrs", json!(it.cidrs)),
            ];
            self.table("[[lists]]", &keys);
        }
    }

    /// Groups and network ACLs.
    pub(super) fn guarded(&mut self) {
        let parts = self.setting.parts;
        for it in &parts.groups {
            let mut rules = |direction| -> Vec<Value> {
                let own = it.rules_in(direction);
                own.map(|rule| self.rule(rule)).collect()
            };
            let ingress = rules(Direction::Ingress);
            let egress = rules(Direction::Egress);
            self.table(
                "[[groups]]",
                &[
                    ("name", json!(it.name)),
                    ("id", json!(long(it.id.as_str()))),
                    ("description", json!(it.description)),
                    ("ingress", json!(ingress)),
                    ("egress", json!(egress)),
                ],
            );
        }
        for it in &parts.acls {
            let entries = it.entries.iter().filter(|it| it.number <= 32_766);
            let entries = entries.map(|entry| {
                let mut line = self.matched(entry.protocol, entry.ports);
                line["direction"] = json!(entry.direction);
                line["number"] = json!(entry.number);
                line["action"] = json!(entry.action);
                line["cidr"] = json!(entry.cidr);
                line
            });
            let entries: Vec<Value> = entries.collect();
            self.table(
                "[[acls]]",
                &[
                    ("name", json!(it.id)),
                    ("id", json!(long(it.id.as_str()))),
                    ("default", json!(it.default)),
                    ("entries", json!(entries)),
                ],
            );
        }
    }

    fn rule(&mut self, it: &GroupRule) -> Value {
        let parts = self.setting.parts;
        let mut line = self.matched(it.protocol, it.ports);
        line["peer"] = match &it.peer {
            RulePeer::Cidr(cidr) => json!(cidr),
            RulePeer::PrefixList(id) => json!(id),
            RulePeer::Group(id) => {
                let group = parts.groups.iter().find(|it| it.id == *id);
                if group.is_none() {
                    self.unsaid(format!("a rule names {id}, which it does not have"));
                }
                json!(group.map(|it| &it.name))
            }
        };
        line
    }

    fn matched(&mut self, protocol: Protocol, ports: Option<PortRange>) -> Value {
        let Some(name) = protocol_name(protocol) else {
            self.unsaid(format!("something is about {protocol}"));
            return json!({});
        };
        let mut line = json!({ "protocol": (protocol != Protocol::All).then_some(name) });
        let ported = matches!(protocol, Protocol::TCP | Protocol::UDP);
        if let Some(it) = ports {
            if !ported {
                self.unsaid(format!("something names a kind of {protocol}"));
            }
            line["port"] = json!(it.from);
            line["to"] = json!((it.to != it.from).then_some(it.to));
        }
        line
    }

    pub(super) fn hosts(&mut self) {
        let parts = self.setting.parts;
        for it in &parts.instances {
            let mut own: Vec<&Eni> = parts.enis.iter().collect();
            own.retain(|eni| eni.instance.as_ref() == Some(&it.id));
            own.sort_by_key(|it| it.device_index);
            let own: Vec<Value> = own.iter().map(|eni| self.interface(eni)).collect();
            self.table(
                "[[instances]]",
                &[
                    ("name", json!(it.id)),
                    ("id", json!(long(it.id.as_str()))),
                    ("type", json!(it.instance_type)),
                    ("image", json!(long(&it.image))),
                    ("interfaces", json!(own)),
                ],
            );
        }
        for it in parts.enis.iter().filter(|it| it.instance.is_none()) {
            let mut keys = vec![("name", json!(it.id)), ("kind", json!(it.kind))];
            let interface = self.interface(it);
            let own = interface.as_object().into_iter().flatten();
            keys.extend(own.map(|(key, value)| (key.as_str(), value.clone())));
            self.table("[[interfaces]]", &keys);
        }
    }

    fn interface(&mut self, it: &Eni) -> Value {
        let parts = self.setting.parts;
        let groups = it.groups.iter().map(|id| {
            let group = parts.groups.iter().find(|group| group.id == *id);
            group.map(|it| &it.name)
        });
        let groups: Option<Vec<&String>> = groups.collect();
        if groups.is_none() {
            self.unsaid(format!("{} has a group that is not there", it.id));
        }
        let primary = it.addresses.first();
        let mapped = it.public.iter().all(|it| Some(&it.private) == primary);
        if !mapped || it.public.len() > 1 {
            self.unsaid(format!(
                "{} has a public address that is not its primary's",
                it.id
            ));
        }
        let known = |id: &InstanceId| parts.instances.iter().any(|it| it.id == *id);
        if !it.instance.as_ref().is_none_or(known) {
            self.unsaid(format!("the instance of {} is not there", it.id));
        }
        let times = it.timeouts;
        let seconds = |it: Option<u32>| it.map(|it| format!("{it}s"));
        let set = [times.tcp_established, times.udp, times.udp_stream];
        let timeouts = json!({
            "tcp_established": seconds(set[0]),
            "udp": seconds(set[1]),
            "udp_stream": seconds(set[2]),
        });
        let set = set.iter().any(Option::is_some);
        let checked = it.kind != EniKind::NatGateway;
        json!({
            "id": long(it.id.as_str()),
            "subnet": it.subnet,
            "groups": groups,
            "addresses": it.addresses,
            "public": it.public.first().map(|it| it.address),
            "automatic": it.public.first().filter(|it| !it.elastic).map(|_| true),
            "source_dest_check": (it.source_dest_check != checked).then_some(it.source_dest_check),
            "timeouts": set.then_some(timeouts),
        })
    }
}

/// Where a target leads that is no part of the VPC.
fn beyond(id: &str) -> Option<&'static str> {
    match id.split_once('-')?.0 {
        "tgw" => Some("transit"),
        "vgw" => Some("vpn"),
        _ => None,
    }
}

/// An endpoint's name is its service's, which packets depend on.
fn gateway_name(it: &Gateway) -> String {
    let named = !it.name.is_empty();
    if named {
        it.name.clone()
    } else {
        it.id.to_string()
    }
}
