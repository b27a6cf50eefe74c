//! The estate of a scenario, part by part.

use std::collections::BTreeMap;

use ipnet::IpNet;
use toml::Spanned;

use super::super::record::FORMAT;
use super::names::{File, Names, Resolved};
use super::span::Span;
use super::spec::{
    AclSpec, GroupSpec, InstanceSpec, InterfaceSpec, Name, RouteSpec, RuleSpec, Spec, TableSpec,
    TimeoutsSpec,
};
use crate::flows::Field;
use crate::model::{
    Acl, AclEntry, AsgMembership, AsgName, AsgSize, Direction, Eni, EniKind, FlowLog,
    FlowLogDestination, Gateway, Group, GroupId, GroupRule, Instance, InstanceAttributes,
    InstanceId, InstanceProfile, InstanceState, Part, Platform, PortRange, PrefixList,
    PublicAddress, Route, RouteTable, RuleId, RulePeer, Shutdown, Subnet, TargetMembership,
    TrackingTimeouts, Volume, Vpc, VpcId,
};

/// What volumes are called in the guest, the root one first.
pub(super) const DEVICES: [&str; 4] = ["/dev/xvda", "/dev/sdf", "/dev/sdg", "/dev/sdh"];

/// Every part of the estate.
pub(super) fn parts(
    file: File<'_>,
    spec: &Spec,
    names: &Names<'_>,
    instances: &[InstanceSpec],
) -> Resolved<Vec<Part>> {
    let layout = Layout {
        file,
        spec,
        names,
        instances,
    };
    let mut tables = Vec::new();
    for table in &spec.tables {
        tables.push(layout.table(table)?);
    }
    let groups = spec.groups.iter().map(|it| layout.group(it));
    let described = instances.iter().map(|it| layout.instance(it));
    Ok(vec![
        Part::Vpcs(vec![Vpc {
            id: layout.vpc(),
            name: spec.vpc.name.clone(),
            cidrs: values(&spec.vpc.cidrs),
        }]),
        Part::Subnets(layout.subnets()?),
        Part::Enis(layout.enis()?),
        Part::Instances(described.collect::<Resolved<_>>()?),
        Part::Groups(groups.collect::<Resolved<_>>()?),
        Part::Acls(spec.acls.iter().map(|it| layout.acl(it)).collect()),
        Part::RouteTables(tables),
        Part::Gateways(layout.gateways()?),
        Part::PrefixLists(layout.lists()),
        Part::Volumes(instances.iter().flat_map(volumes).collect()),
        Part::AsgMemberships(asg_memberships(instances)),
        Part::TargetMemberships(instances.iter().filter_map(target).collect()),
        Part::Profiles(profiles(instances)),
        Part::FlowLogs(vec![layout.flow_log()]),
    ])
}

struct Layout<'a> {
    file: File<'a>,
    spec: &'a Spec,
    names: &'a Names<'a>,
    instances: &'a [InstanceSpec],
}

impl Layout<'_> {
    fn vpc(&self) -> VpcId {
        self.spec.vpc.id.get_ref().as_str().into()
    }

    fn subnets(&self) -> Resolved<Vec<Subnet>> {
        let mut subnets = Vec::new();
        for it in &self.spec.subnets {
            self.names.acls.find(self.file, "acl", &it.acl)?;
            if let Some(table) = &it.table {
                self.names.tables.find(self.file, "table", table)?;
            }
            subnets.push(Subnet {
                id: it.id.get_ref().as_str().into(),
                vpc: self.vpc(),
                name: it.name.get_ref().clone(),
                zone: it.zone.clone(),
                cidrs: values(&it.cidrs),
            });
        }
        Ok(subnets)
    }

    fn enis(&self) -> Resolved<Vec<Eni>> {
        let mut enis = Vec::new();
        for instance in self.instances {
            for (interface, index) in instance.interfaces.iter().zip(0_u16..) {
                enis.push(Eni {
                    instance: Some(InstanceId::new(instance.id.get_ref())),
                    device_index: Some(index),
                    ..self.eni(interface)?
                });
            }
        }
        for interface in &self.spec.interfaces {
            enis.push(self.eni(interface)?);
        }
        Ok(enis)
    }

    fn eni(&self, it: &InterfaceSpec) -> Resolved<Eni> {
        let subnet = self.names.subnets.find(self.file, "subnet", &it.subnet)?;
        let groups = it.groups.iter().map(|name| self.group_id("groups", name));
        let kind = it.kind.unwrap_or(EniKind::Instance);
        Ok(Eni {
            id: it.id.get_ref().as_str().into(),
            vpc: self.vpc(),
            subnet: subnet.id.get_ref().as_str().into(),
            kind,
            description: it.description.clone(),
            addresses: values(&it.addresses),
            public: public(it),
            groups: groups.collect::<Resolved<_>>()?,
            instance: None,
            device_index: None,
            requester_managed: !matches!(kind, EniKind::Instance | EniKind::Unattached),
            source_dest_check: it.source_dest_check.unwrap_or(kind != EniKind::NatGateway),
            timeouts: timeouts(&it.timeouts),
        })
    }

    fn instance(&self, it: &InstanceSpec) -> Resolved<Instance> {
        let primary = it.interfaces.first();
        let primary = primary.ok_or_else(|| {
            self.file
                .invalid("interfaces", &it.name, "it needs an interface")
        })?;
        let subnet = self
            .names
            .subnets
            .find(self.file, "subnet", &primary.subnet)?;
        Ok(Instance {
            id: InstanceId::new(it.id.get_ref()),
            name: it.name.get_ref().clone(),
            instance_type: it.instance_type.clone(),
            state: InstanceState::Running,
            vpc: Some(self.vpc()),
            subnet: Some(subnet.id.get_ref().as_str().into()),
            profile: it.profile.clone(),
            launched: None,
            platform: Platform::Unix,
            spot: false,
            image: it.image.clone(),
            tags: Vec::new(),
            attributes: InstanceAttributes {
                hibernation: Some(it.hibernation),
                metadata: Some(true),
                termination_protection: Some(it.protected),
                stop_protection: Some(it.protected),
                shutdown: Some(Shutdown::Stop),
            },
        })
    }

    fn group_id(&self, key: &'static str, name: &Name) -> Resolved<GroupId> {
        let group = self.names.groups.find(self.file, key, name)?;
        Ok(GroupId::new(group.id.get_ref()))
    }

    fn group(&self, it: &GroupSpec) -> Resolved<Group> {
        let ingress = it.ingress.iter().map(|rule| (Direction::Ingress, rule));
        let egress = it.egress.iter().map(|rule| (Direction::Egress, rule));
        let mut rules = Vec::new();
        for ((direction, rule), number) in ingress.chain(egress).zip(1_u8..) {
            rules.push(self.rule(it, direction, rule, number)?);
        }
        Ok(Group {
            id: GroupId::new(it.id.get_ref()),
            vpc: self.vpc(),
            name: it.name.get_ref().clone(),
            description: it.description.clone(),
            rules,
        })
    }

    fn rule(
        &self,
        group: &GroupSpec,
        direction: Direction,
        it: &RuleSpec,
        number: u8,
    ) -> Resolved<GroupRule> {
        let peer = match it.peer.get_ref().parse::<IpNet>() {
            Ok(cidr) => RulePeer::Cidr(cidr),
            Err(_) => match self.names.lists.get(&it.peer) {
                Some(list) => RulePeer::PrefixList(list.id.get_ref().clone()),
                None => RulePeer::Group(self.group_id("peer", &it.peer)?),
            },
        };
        // A rule's id is made of its group's: 15 digits of it, and the rule's number.
        let digits = group.id.get_ref().strip_prefix("sg-").unwrap_or_default();
        let digits = digits.get(..15).unwrap_or_default();
        Ok(GroupRule {
            id: Some(RuleId::new(format!("sgr-{digits}{number:02x}"))),
            direction,
            protocol: it.protocol.protocol(),
            ports: ports(it.port.as_ref(), it.to),
            peer,
        })
    }

    fn acl(&self, it: &AclSpec) -> Acl {
        let listed = it.entries.iter().map(|entry| AclEntry {
            direction: entry.direction,
            number: *entry.number.get_ref(),
            action: entry.action,
            protocol: entry.protocol.protocol(),
            cidr: *entry.cidr.get_ref(),
            ports: ports(entry.port.as_ref(), entry.to),
        });
        let served = self.spec.subnets.iter();
        let served = served.filter(|subnet| subnet.acl.get_ref() == it.name.get_ref());
        Acl {
            id: it.id.get_ref().as_str().into(),
            vpc: self.vpc(),
            name: it.name.get_ref().clone(),
            default: it.default,
            entries: listed.chain(AclEntry::final_denies()).collect(),
            subnets: served.map(|it| it.id.get_ref().as_str().into()).collect(),
        }
    }

    fn table(&self, it: &TableSpec) -> Resolved<RouteTable> {
        let mut routes = Vec::new();
        for route in &it.routes {
            routes.push(self.route(route)?);
        }
        let named = |name: &Option<Name>| {
            let name = name.as_ref();
            name.is_some_and(|name| name.get_ref() == it.name.get_ref())
        };
        let subnets = self.spec.subnets.iter().filter(|it| named(&it.table));
        Ok(RouteTable {
            id: it.id.get_ref().as_str().into(),
            vpc: self.vpc(),
            name: it.name.get_ref().clone(),
            main: it.main,
            subnets: subnets.map(|it| it.id.get_ref().as_str().into()).collect(),
            routes,
        })
    }

    fn route(&self, it: &RouteSpec) -> Resolved<Route> {
        let to = &it.destination;
        let destination = if let Ok(cidr) = to.get_ref().parse::<IpNet>() {
            cidr.to_string()
        } else {
            let list = self.names.lists.find(self.file, "destination", to)?;
            list.id.get_ref().clone()
        };
        let (target, blackhole) = self.target(&it.target)?;
        Ok(Route {
            destination,
            target: target.to_owned(),
            blackhole,
            propagated: false,
        })
    }

    /// The id that a route names, and whether its packets are lost there: nothing is behind an interface that is
    /// attached to nothing.
    fn target(&self, name: &Name) -> Resolved<(&str, bool)> {
        if name.get_ref() == "local" {
            return Ok(("local", false));
        }
        let instance = || self.names.instances.get(name)?.interfaces.first();
        if self.names.gateways.get(name).is_none()
            && let Some(eni) = self.names.interfaces.get(name).or_else(instance)
        {
            let lost = eni.kind == Some(EniKind::Unattached);
            return Ok((eni.id.get_ref(), lost));
        }
        let gateway = self.names.gateways.find(self.file, "target", name)?;
        Ok((gateway.id.get_ref(), false))
    }

    fn lists(&self) -> Vec<PrefixList> {
        let lists = self.spec.lists.iter().map(|it| PrefixList {
            id: it.id.get_ref().clone(),
            name: it.name.get_ref().clone(),
            cidrs: values(&it.cidrs),
        });
        lists.collect()
    }

    fn gateways(&self) -> Resolved<Vec<Gateway>> {
        let mut gateways = Vec::new();
        for it in &self.spec.gateways {
            let Some(kind) = it.kind.kind() else {
                continue;
            };
            let mut enis = Vec::new();
            for name in &it.interfaces {
                let eni = self.names.interfaces.find(self.file, "interfaces", name)?;
                enis.push(eni.id.get_ref().as_str().into());
            }
            let subnet = it.subnet.as_ref();
            let subnet = subnet.map(|it| self.names.subnets.find(self.file, "subnet", it));
            gateways.push(Gateway {
                id: it.id.get_ref().as_str().into(),
                kind,
                vpc: self.vpc(),
                subnet: subnet
                    .transpose()?
                    .map(|it| it.id.get_ref().as_str().into()),
                enis,
                name: it.name.get_ref().clone(),
            });
        }
        Ok(gateways)
    }

    fn flow_log(&self) -> FlowLog {
        FlowLog {
            id: self.spec.flow_log.id.get_ref().clone(),
            resource: self.spec.vpc.id.get_ref().clone(),
            destination: FlowLogDestination::LogGroup(self.spec.flow_log.log_group.clone()),
            format: format(self.spec.flow_log.format.as_ref()),
            aggregation_seconds: seconds(self.spec.flow_log.aggregation.as_ref()),
            traffic: "ALL".to_owned(),
            delivery_error: None,
        }
    }
}

fn ports(from: Option<&Spanned<u16>>, to: Option<u16>) -> Option<PortRange> {
    from.map(|from| PortRange {
        from: i32::from(*from.get_ref()),
        to: i32::from(to.unwrap_or(*from.get_ref())),
    })
}

/// The fields of a flow log: those of every version up to `vN`, or those that are named; without a choice those
/// that the console needs most.
fn format(chosen: Option<&Name>) -> String {
    let Some(chosen) = chosen.map(|it| it.get_ref().as_str()) else {
        return FORMAT.to_owned();
    };
    let version = chosen
        .strip_prefix('v')
        .and_then(|it| it.parse::<u8>().ok());
    // Version 6 is the transit gateways' own.
    let known = |it: &Field, last: u8| it.version() <= last && it.version() != 6;
    match version {
        None => chosen.to_owned(),
        Some(last) => {
            let fields = Field::ALL.into_iter().filter(|it| known(it, last));
            let fields: Vec<String> = fields.map(|it| format!("${{{}}}", it.name())).collect();
            fields.join(" ")
        }
    }
}

fn seconds(window: Option<&Spanned<Span>>) -> u32 {
    let seconds = window.map_or(60, |it| it.get_ref().0.num_seconds());
    u32::try_from(seconds).unwrap_or(60)
}

fn timeouts(it: &TimeoutsSpec) -> TrackingTimeouts {
    let seconds = |span: &Option<Spanned<Span>>| {
        let seconds = span.as_ref()?.get_ref().0.num_seconds();
        u32::try_from(seconds).ok()
    };
    TrackingTimeouts {
        tcp_established: seconds(&it.tcp_established),
        udp: seconds(&it.udp),
        udp_stream: seconds(&it.udp_stream),
    }
}

fn values<T: Copy>(placed: &[Spanned<T>]) -> Vec<T> {
    placed.iter().map(|it| *it.get_ref()).collect()
}

/// The first volume is the root one, and goes with the instance.
fn volumes(it: &InstanceSpec) -> impl Iterator<Item = Volume> {
    it.volumes.iter().zip(DEVICES).map(|(volume, device)| {
        let root = device == "/dev/xvda";
        Volume {
            id: volume.get_ref().as_str().into(),
            instance: InstanceId::new(it.id.get_ref()),
            device: device.to_owned(),
            size_gib: if root { 30 } else { 200 },
            encrypted: true,
            delete_on_termination: root,
        }
    })
}

/// Every group is as large as it is here, at its minimum size: nobody leaves it without lowering that.
fn asg_memberships(all: &[InstanceSpec]) -> Vec<AsgMembership> {
    let members = all.iter().filter_map(|it| Some((it, it.asg.as_ref()?)));
    let membership = |(it, group): (&InstanceSpec, &String)| {
        let count = all.iter().filter(|it| it.asg.as_ref() == Some(group));
        let count = u32::try_from(count.count()).unwrap_or(u32::MAX);
        AsgMembership {
            instance: InstanceId::new(it.id.get_ref()),
            group: AsgName::new(group),
            lifecycle: "InService".to_owned(),
            size: Some(AsgSize {
                min: count,
                desired: count,
                max: count.saturating_add(2),
            }),
        }
    };
    members.map(membership).collect()
}

/// Each profile has one role of its own name, as the console makes them.
fn profiles(all: &[InstanceSpec]) -> Vec<InstanceProfile> {
    let mut users: BTreeMap<&str, Vec<InstanceId>> = BTreeMap::new();
    for it in all {
        if let Some(profile) = &it.profile {
            let users = users.entry(profile).or_default();
            users.push(InstanceId::new(it.id.get_ref()));
        }
    }
    let profile = |(name, users): (&str, _)| InstanceProfile {
        name: name.to_owned(),
        roles: vec![name.to_owned()],
        users,
    };
    users.into_iter().map(profile).collect()
}

fn target(it: &InstanceSpec) -> Option<TargetMembership> {
    let target = it.target.as_ref()?;
    Some(TargetMembership {
        instance: InstanceId::new(it.id.get_ref()),
        target_group: target.group.clone(),
        arn: target.arn.clone(),
        port: Some(target.port),
        health: "healthy".to_owned(),
    })
}

/// The one public address of an interface is its primary address's.
fn public(it: &InterfaceSpec) -> Vec<PublicAddress> {
    let mapped = it.addresses.first().zip(it.public.as_ref());
    let mapped = mapped.map(|(private, address)| PublicAddress {
        private: *private.get_ref(),
        address: *address.get_ref(),
        elastic: !it.automatic,
    });
    mapped.into_iter().collect()
}
