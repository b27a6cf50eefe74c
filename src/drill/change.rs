//! What a change brings about beyond the estate's own: ids, tags, what is kept beside the estate, and
//! what happens some time later.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use chrono::TimeDelta;
use ipnet::IpNet;

use super::beside::{COMMAND, Command, Evidence, Policy, console};
use super::due::{CHECKING, Event, HIBERNATING, STARTING, STOPPING};
use super::world::World;
use crate::model::{
    EniId, Estate, Group, GroupId, InstanceId, InstanceState, PublicAddress, RuleId, SubnetId,
};
use crate::operation::{Answer, At, GroupRef, Operation, Refusal, apply};

/// What had to be looked at before the change.
struct Before {
    /// Ids of the rules that the group of the operation has.
    rules: BTreeSet<RuleId>,
    state: Option<InstanceState>,
    /// Automatic public addresses of the instance, by interface and private address.
    automatic: Vec<(EniId, IpAddr)>,
}

impl World {
    /// Makes a change in the present.
    ///
    /// # Errors
    /// AWS's reason to refuse it; nothing is changed then.
    pub(super) fn change(&mut self, operation: &Operation) -> Result<Answer, Refusal> {
        self.beside.check(&self.estate, operation)?;
        let made = self.id_for(operation);
        let before = self.before(operation);
        apply(
            &mut self.estate,
            operation,
            made.as_deref().unwrap_or_default(),
        )?;
        let first = made.as_deref().unwrap_or_default();
        let answer = self.follow(operation, first, before);
        Ok(Answer {
            made: answer.made.or(made),
            ..answer
        })
    }

    /// The id of what an operation makes.
    fn id_for(&mut self, operation: &Operation) -> Option<String> {
        let prefix = match operation {
            Operation::CreateGroup { .. } => "sg",
            Operation::CreateInterface { .. } => "eni",
            Operation::CreateAcl { .. } => "acl",
            Operation::CreateRouteTable { .. } => "rtb",
            Operation::CreateSnapshots { .. } => "snap",
            Operation::CreateImage { .. } => "ami",
            Operation::RunHostBlock { .. } => return Some(self.ids.command()),
            _ => return None,
        };
        Some(self.ids.resource(prefix))
    }

    fn before(&self, operation: &Operation) -> Before {
        let group = match operation {
            Operation::AuthorizeRules { group, .. }
            | Operation::RevokeRules { group, .. }
            | Operation::RevokeAllRules { group, .. } => self.estate.group(&group.id()),
            _ => None,
        };
        let rules = group.into_iter().flat_map(|it| &it.rules);
        let instance = match operation {
            Operation::StopInstance { instance, .. } | Operation::StartInstance { instance } => {
                Some(instance)
            }
            _ => None,
        };
        Before {
            rules: rules.filter_map(|it| it.id.clone()).collect(),
            state: instance.and_then(|id| Some(self.estate.instance(id)?.state)),
            automatic: instance.map_or(Vec::new(), |id| automatic(&self.estate, id)),
        }
    }

    /// What follows from a change that was made to the estate; what the call answers besides `made`.
    #[expect(
        clippy::too_many_lines,
        reason = "one arm per operation, so that the compiler names a new one"
    )]
    fn follow(&mut self, operation: &Operation, made: &str, before: Before) -> Answer {
        match operation {
            Operation::CreateGroup { tags, .. } => {
                self.beside.tag_made(made, tags);
                self.name_rules(&made.into(), &before.rules);
            }
            Operation::AuthorizeRules { group, .. }
            | Operation::RevokeRules { group, .. }
            | Operation::RevokeAllRules { group, .. } => {
                self.name_rules(&group.id(), &before.rules);
            }
            Operation::CreateAcl { tags, .. } | Operation::CreateRouteTable { tags, .. } => {
                self.beside.tag_made(made, tags);
            }
            Operation::CreateInterface {
                subnet,
                groups,
                tags,
            } => {
                self.beside.tag_made(made, tags);
                self.furnish(&made.into(), subnet, groups);
            }
            Operation::DeleteGroup { group } => self.beside.forget(group.id().as_str()),
            Operation::DeleteInterface { eni } => self.beside.forget(eni.id().as_str()),
            Operation::DeleteAcl { acl } => self.beside.forget(acl.id().as_str()),
            Operation::DeleteRouteTable { table } => self.beside.forget(table.id().as_str()),
            Operation::SetTags { resource, tags } => {
                if !resource.as_str().starts_with("i-") {
                    self.beside.tag(resource.as_str(), tags);
                }
            }
            Operation::StopInstance {
                instance,
                hibernate,
            } => self.stop(instance, *hibernate, before),
            Operation::StartInstance { instance } => self.start(instance, before.state),
            Operation::RegisterTarget {
                instance,
                target_group,
                port,
            } => {
                let (instance, arn, port) = (instance.clone(), target_group.clone(), *port);
                let healthy = Event::Healthy {
                    instance,
                    arn,
                    port,
                };
                self.due.at(self.now + CHECKING, healthy);
            }
            Operation::RevokeSessions { profile, until } => {
                let until = match until {
                    At::Moment(at) => *at,
                    At::After(seconds) => self.now + TimeDelta::seconds(i64::from(*seconds)),
                };
                self.set_policy(operation, profile, Some(Policy::Sessions(until)));
            }
            Operation::DenyInstance { profile, .. } => {
                self.set_policy(operation, profile, Some(Policy::Instance));
            }
            Operation::RemoveRolePolicy { profile, .. } => {
                self.set_policy(operation, profile, None);
            }
            Operation::RunHostBlock {
                instance,
                peer,
                name,
                platform: _,
            } => {
                self.beside.send(Command {
                    id: made.to_owned(),
                    instance: instance.clone(),
                    peer: *peer,
                    name: name.clone(),
                    sent: self.now,
                    succeeded: None,
                });
                let ends = Event::CommandEnds(made.to_owned());
                self.due.at(self.now + COMMAND, ends);
            }
            Operation::CreateSnapshots { instance, tags } => {
                return self.snapshot(instance, made, tags);
            }
            Operation::CreateImage {
                instance,
                name,
                tags,
            } => {
                self.beside.tag_made(made, tags);
                self.beside.keep(Evidence {
                    ids: vec![made.to_owned()],
                    instance: instance.clone(),
                    name: Some(name.clone()),
                });
            }
            Operation::GetConsoleOutput { instance } => {
                return Answer {
                    made: None,
                    output: console(&self.estate, instance),
                };
            }
            // The estate holds all of these.
            Operation::SetEniGroups { .. }
            | Operation::SetInstanceGroups { .. }
            | Operation::SetTrackingTimeouts { .. }
            | Operation::DetachInterface { .. }
            | Operation::DisassociateAddress { .. }
            | Operation::AssociateAddress { .. }
            | Operation::DropPublicAddress { .. }
            | Operation::SetSubnetAcl { .. }
            | Operation::CreateAclEntry { .. }
            | Operation::ReplaceAclEntry { .. }
            | Operation::DeleteAclEntry { .. }
            | Operation::SetSubnetRouteTable { .. }
            | Operation::SetMainRouteTable { .. }
            | Operation::CreateRoute { .. }
            | Operation::ReplaceRoute { .. }
            | Operation::DeleteRoute { .. }
            | Operation::DetachInternetGateway { .. }
            | Operation::SetMetadataEndpoint { .. }
            | Operation::SetAttribute { .. }
            | Operation::DisassociateProfile { .. }
            | Operation::AssociateProfile { .. }
            | Operation::SetAsgMinSize { .. }
            | Operation::EnterStandby { .. }
            | Operation::ExitStandby { .. }
            | Operation::DetachFromAsg { .. }
            | Operation::AttachToAsg { .. }
            | Operation::DeregisterTarget { .. } => {}
        }
        Answer::default()
    }

    /// Gives every rule that was not there before an id of its own, as AWS does.
    fn name_rules(&mut self, group: &GroupId, before: &BTreeSet<RuleId>) {
        let Some(mut rules) = self.estate.group(group).map(|it| it.rules.clone()) else {
            return;
        };
        for rule in &mut rules {
            if rule.id.as_ref().is_none_or(|id| !before.contains(id)) {
                rule.id = Some(RuleId::new(self.ids.resource("sgr")));
            }
        }
        self.estate.update_group(group, |it| it.rules = rules);
    }

    /// A new interface has an address of each family of its subnet, and the default group of the VPC
    /// where it was given none.
    fn furnish(&mut self, eni: &EniId, subnet: &SubnetId, groups: &[GroupRef]) {
        let Some(it) = self.estate.subnet(subnet) else {
            return;
        };
        let addresses: Vec<IpAddr> = it
            .cidrs
            .iter()
            .filter_map(|cidr| free_address(&self.estate, cidr))
            .collect();
        let vpc = it.vpc.clone();
        let default = |it: &&Group| it.vpc == vpc && it.name == "default";
        let default = self.estate.groups().find(default).map(|it| it.id.clone());
        self.estate.update_eni(eni, |it| {
            it.addresses = addresses;
            if groups.is_empty() {
                it.groups = default.into_iter().collect();
            }
        });
    }

    /// The estate knows nothing of the time that it takes.
    fn stop(&mut self, instance: &InstanceId, hibernate: bool, before: Before) {
        if before.state == Some(InstanceState::Stopped) {
            return;
        }
        self.estate
            .update_instance(instance, |it| it.state = InstanceState::Stopping);
        if before.state == Some(InstanceState::Stopping) {
            return;
        }
        self.released.extend(before.automatic);
        let writing = if hibernate {
            HIBERNATING
        } else {
            TimeDelta::zero()
        };
        let stopped = Event::Stopped(instance.clone());
        self.due.at(self.now + STOPPING + writing, stopped);
    }

    fn start(&mut self, instance: &InstanceId, before: Option<InstanceState>) {
        if before != Some(InstanceState::Stopped) {
            return;
        }
        self.estate
            .update_instance(instance, |it| it.state = InstanceState::Pending);
        let running = Event::Running(instance.clone());
        self.due.at(self.now + STARTING, running);
    }

    fn set_policy(&mut self, operation: &Operation, profile: &str, policy: Option<Policy>) {
        let name = operation.role_policy().unwrap_or_default();
        self.beside.set_policy(&self.estate, profile, name, policy);
    }

    /// One snapshot of each volume; all are named in one answer.
    fn snapshot(
        &mut self,
        instance: &InstanceId,
        first: &str,
        tags: &[(String, String)],
    ) -> Answer {
        let mut ids = vec![first.to_owned()];
        let others = self.estate.volumes_of(instance).count().saturating_sub(1);
        ids.extend((0..others).map(|_| self.ids.resource("snap")));
        ids.sort_unstable();
        for id in &ids {
            self.beside.tag_made(id, tags);
        }
        let evidence = Evidence {
            ids,
            instance: instance.clone(),
            name: None,
        };
        let answer = Answer::made(evidence.named());
        self.beside.keep(evidence);
        answer
    }

    /// Something that was set in motion comes to its end.
    pub(super) fn happen(&mut self, event: Event) {
        match event {
            Event::Spread(estate) => {
                let now = self.micros(self.now);
                return self.traffic.update(&estate, &self.blocks, now);
            }
            Event::Stopped(instance) => {
                self.estate
                    .update_instance(&instance, |it| it.state = InstanceState::Stopped);
                self.suffers(&instance);
            }
            Event::Shows(shown) => {
                self.shown = Some(shown);
                return;
            }
            Event::Injects => return self.injects_wake(),
            Event::GraceIsOver(instance) => self.grace_is_over(&instance),
            Event::Running(instance) => self.runs(&instance),
            Event::CommandEnds(id) => {
                let runs = |it: &InstanceId| {
                    let found = self.estate.instance(it);
                    found.is_some_and(|it| it.state == InstanceState::Running)
                };
                if let Some((instance, peer)) = self.beside.end_command(&id, runs) {
                    self.blocks.add(instance, peer);
                }
            }
            Event::Healthy {
                instance,
                arn,
                port,
            } => {
                if self.fails_checks(&instance) {
                    return;
                }
                self.estate.update_target_memberships(|all| {
                    let own = all
                        .iter_mut()
                        .find(|it| it.instance == instance && it.arn == arn && it.port == port);
                    if let Some(target) = own {
                        "healthy".clone_into(&mut target.health);
                    }
                });
            }
        }
        self.changed();
    }

    /// A start gives other automatic public addresses.
    fn runs(&mut self, instance: &InstanceId) {
        let Some(platform) = self.estate.instance(instance).map(|it| it.platform) else {
            return;
        };
        self.blocks.restarted(instance, platform);
        self.recovers(instance);
        self.estate
            .update_instance(instance, |it| it.state = InstanceState::Running);
        let own: BTreeSet<EniId> = self
            .estate
            .enis_of_instance(instance)
            .map(|it| it.id.clone())
            .collect();
        let released = std::mem::take(&mut self.released);
        let (again, others) = released.into_iter().partition(|(eni, _)| own.contains(eni));
        self.released = others;
        for (eni, private) in again {
            let address = self.public_address();
            self.estate.update_eni(&eni, |it| {
                it.public.push(PublicAddress {
                    private,
                    address,
                    elastic: false,
                });
            });
        }
    }

    /// From a block that no scenario uses: <https://www.rfc-editor.org/rfc/rfc2544>.
    pub(super) fn public_address(&mut self) -> IpAddr {
        let [.., high, low] = self.ids.next().to_be_bytes();
        IpAddr::V4(Ipv4Addr::new(198, 19, high, low))
    }
}

fn automatic(estate: &Estate, instance: &InstanceId) -> Vec<(EniId, IpAddr)> {
    let enis = estate.enis_of_instance(instance);
    let mapped = enis.flat_map(|eni| eni.public.iter().map(|it| (eni.id.clone(), *it)));
    let automatic = mapped.filter(|(_, it)| !it.elastic);
    automatic.map(|(eni, it)| (eni, it.private)).collect()
}

/// The first address that nobody has; AWS keeps the first four and the last one of a subnet for itself.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html>
pub(super) fn free_address(estate: &Estate, cidr: &IpNet) -> Option<IpAddr> {
    let free = |it: &IpAddr| estate.eni_of_address(*it).is_none();
    match cidr {
        IpNet::V4(cidr) => {
            let mut hosts = cidr.hosts().skip(3).map(IpAddr::V4);
            hosts.find(free)
        }
        IpNet::V6(cidr) => {
            let mut hosts = cidr.hosts().skip(4).map(IpAddr::V6);
            hosts.find(free)
        }
    }
}
