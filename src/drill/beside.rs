//! What an account holds and an estate does not: tags of everything but instances, inline policies of
//! roles, snapshots and images, and the commands that guests were given.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};

use crate::model::{Estate, InstanceId, Platform};
use crate::operation::{CommandState, Operation, Refusal, State, TagValue, observe};

/// How long the script of a command runs.
pub(super) const COMMAND: TimeDelta = TimeDelta::milliseconds(3_500);

/// How long a command waits for the guest's agent.
const DELIVERY: TimeDelta = TimeDelta::milliseconds(500);

type Tags = BTreeMap<String, String>;

/// What is kept beside the estate.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Beside {
    /// By the id of what bears them.
    tags: BTreeMap<String, Tags>,
    /// Inline policies by role and name.
    policies: BTreeMap<(String, String), Policy>,
    evidence: Vec<Evidence>,
    commands: Vec<Command>,
}

/// An inline policy that denies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Policy {
    /// Every session that was issued until then.
    Sessions(DateTime<Utc>),
    /// The credentials of one instance.
    Instance,
}

/// Snapshots that were taken together, or an image.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Evidence {
    /// One at least.
    pub(super) ids: Vec<String>,
    pub(super) instance: InstanceId,
    /// An image's.
    pub(super) name: Option<String>,
}

/// A command of Systems Manager that blocks a peer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Command {
    pub(super) id: String,
    pub(super) instance: InstanceId,
    pub(super) peer: IpAddr,
    pub(super) name: String,
    pub(super) sent: DateTime<Utc>,
    /// Whether the guest lived to see its end; absent: it has not ended.
    pub(super) succeeded: Option<bool>,
}

impl Beside {
    /// The state of the object that a bound operation is about, kept here or in the estate; made things
    /// are found by what they are called. `None`: there is no such object.
    pub(super) fn observe(
        &self,
        estate: &Estate,
        operation: &Operation,
        now: DateTime<Utc>,
    ) -> Option<State> {
        match operation {
            Operation::SetTags { resource, .. } if resource.as_str().starts_with("i-") => {
                observe(estate, operation)
            }
            Operation::SetTags { resource, tags } => {
                Some(State::Tags(self.tags_of(resource.as_str(), tags)))
            }
            Operation::CreateInterface { subnet, tags, .. } => {
                let mut enis = estate.enis_of_subnet(subnet);
                let found = enis.find(|it| self.bears(it.id.as_str(), tags));
                Some(found.map_or(State::Absent, |it| State::Interface(it.id.clone())))
            }
            Operation::RevokeSessions { profile, .. }
            | Operation::DenyInstance { profile, .. }
            | Operation::RemoveRolePolicy { profile, .. } => {
                let name = operation.role_policy()?;
                let key = (role(estate, profile)?, name.clone());
                let wants_time = matches!(operation, Operation::RevokeSessions { .. });
                Some(match self.policies.get(&key) {
                    None => State::Absent,
                    Some(Policy::Sessions(until)) if wants_time => State::SessionsDenied(*until),
                    Some(_) => State::RolePolicy(name),
                })
            }
            Operation::RunHostBlock { instance, name, .. } => {
                let mut latest = self.commands.iter().rev();
                let found = latest.find(|it| it.instance == *instance && it.name == *name);
                Some(found.map_or(State::Absent, |it| State::Command(it.state(now))))
            }
            Operation::CreateSnapshots { instance, tags } => {
                let own = |it: &&Evidence| {
                    let mut ids = it.ids.iter();
                    it.instance == *instance
                        && it.name.is_none()
                        && ids.all(|id| self.bears(id, tags))
                };
                Some(evidence(self.evidence.iter().find(own)))
            }
            Operation::CreateImage { name, .. } => Some(evidence(self.image(name))),
            // It leaves nothing that could be seen.
            Operation::GetConsoleOutput { .. } => Some(State::Absent),
            Operation::CreateGroup { .. }
            | Operation::AuthorizeRules { .. }
            | Operation::RevokeRules { .. }
            | Operation::RevokeAllRules { .. }
            | Operation::DeleteGroup { .. }
            | Operation::SetEniGroups { .. }
            | Operation::SetInstanceGroups { .. }
            | Operation::SetTrackingTimeouts { .. }
            | Operation::DeleteInterface { .. }
            | Operation::DetachInterface { .. }
            | Operation::DisassociateAddress { .. }
            | Operation::AssociateAddress { .. }
            | Operation::DropPublicAddress { .. }
            | Operation::CreateAcl { .. }
            | Operation::SetSubnetAcl { .. }
            | Operation::DeleteAcl { .. }
            | Operation::CreateAclEntry { .. }
            | Operation::ReplaceAclEntry { .. }
            | Operation::DeleteAclEntry { .. }
            | Operation::CreateRouteTable { .. }
            | Operation::DeleteRouteTable { .. }
            | Operation::SetSubnetRouteTable { .. }
            | Operation::SetMainRouteTable { .. }
            | Operation::CreateRoute { .. }
            | Operation::ReplaceRoute { .. }
            | Operation::DeleteRoute { .. }
            | Operation::DetachInternetGateway { .. }
            | Operation::StopInstance { .. }
            | Operation::StartInstance { .. }
            | Operation::SetMetadataEndpoint { .. }
            | Operation::SetAttribute { .. }
            | Operation::DisassociateProfile { .. }
            | Operation::AssociateProfile { .. }
            | Operation::SetAsgMinSize { .. }
            | Operation::EnterStandby { .. }
            | Operation::ExitStandby { .. }
            | Operation::DetachFromAsg { .. }
            | Operation::AttachToAsg { .. }
            | Operation::DeregisterTarget { .. }
            | Operation::RegisterTarget { .. } => observe(estate, operation),
        }
    }

    /// What AWS checks in what is kept here.
    pub(super) fn check(&self, estate: &Estate, operation: &Operation) -> Result<(), Refusal> {
        match operation {
            Operation::RevokeSessions { profile, .. }
            | Operation::DenyInstance { profile, .. }
            | Operation::RemoveRolePolicy { profile, .. } => {
                let known = role(estate, profile);
                let role = known.ok_or_else(|| Refusal {
                    code: "NoSuchEntity",
                    message: format!("instance profile {profile} has no role"),
                })?;
                let removes = matches!(operation, Operation::RemoveRolePolicy { .. });
                let name = operation.role_policy().unwrap_or_default();
                let missing = removes && !self.policies.contains_key(&(role.clone(), name.clone()));
                refuse(missing, "NoSuchEntity", || {
                    format!("role {role} has no inline policy {name}")
                })
            }
            Operation::CreateImage { name, .. } => refuse(
                self.image(name).is_some(),
                "InvalidAMIName.Duplicate",
                || format!("an image is named {name} already"),
            ),
            Operation::SetTags { resource, .. } => {
                let id = resource.as_str();
                let known = in_estate(estate, id).unwrap_or(true)
                    || self
                        .evidence
                        .iter()
                        .any(|it| it.ids.iter().any(|own| own == id));
                refuse(!known, "InvalidID.NotFound", || {
                    format!("{id} does not exist")
                })
            }
            _ => Ok(()),
        }
    }

    fn image(&self, name: &str) -> Option<&Evidence> {
        let mut all = self.evidence.iter();
        all.find(|it| it.name.as_deref() == Some(name))
    }

    /// Those of the tags that are asked about that there are.
    fn tags_of(&self, resource: &str, asked: &BTreeMap<String, Option<TagValue>>) -> Tags {
        let have = self.tags.get(resource).into_iter().flatten();
        let asked = have.filter(|(key, _)| asked.contains_key(*key));
        asked
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    }

    /// Whether something bears every one of these tags, and there are any.
    fn bears(&self, resource: &str, tags: &[(String, String)]) -> bool {
        let have = self.tags.get(resource);
        let bears = |have: &Tags| tags.iter().all(|(key, value)| have.get(key) == Some(value));
        !tags.is_empty() && have.is_some_and(bears)
    }

    /// The tags of something that was just made.
    pub(super) fn tag_made(&mut self, resource: &str, tags: &[(String, String)]) {
        self.tags
            .insert(resource.to_owned(), tags.iter().cloned().collect());
    }

    /// Sets tags, or takes them off.
    pub(super) fn tag(&mut self, resource: &str, tags: &BTreeMap<String, Option<TagValue>>) {
        let have = self.tags.entry(resource.to_owned()).or_default();
        for (key, value) in tags {
            match value {
                Some(value) => have.insert(key.clone(), value.to_string()),
                None => have.remove(key),
            };
        }
    }

    /// Tags go with what bore them.
    pub(super) fn forget(&mut self, resource: &str) {
        self.tags.remove(resource);
    }

    /// Whether a session of a role that was issued to an instance at a moment is denied by now.
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html>
    pub(super) fn denies(&self, role: &str, instance: &InstanceId, issued: DateTime<Utc>) -> bool {
        let own = self.policies.iter().filter(|((it, _), _)| it == role);
        own.into_iter().any(|((_, name), policy)| match policy {
            Policy::Sessions(until) => issued < *until,
            Policy::Instance => name.ends_with(instance.as_str()),
        })
    }

    /// Puts an inline policy on the role of a profile, in the place of one of its name; `None`: takes it
    /// off.
    pub(super) fn set_policy(
        &mut self,
        estate: &Estate,
        profile: &str,
        name: String,
        policy: Option<Policy>,
    ) {
        let Some(role) = role(estate, profile) else {
            return;
        };
        match policy {
            Some(policy) => self.policies.insert((role, name), policy),
            None => self.policies.remove(&(role, name)),
        };
    }

    pub(super) fn keep(&mut self, evidence: Evidence) {
        self.evidence.push(evidence);
    }

    pub(super) fn send(&mut self, command: Command) {
        self.commands.push(command);
    }

    /// A command's time is up: it did what it should if the guest still runs.
    pub(super) fn end_command(
        &mut self,
        id: &str,
        guest_runs: impl Fn(&InstanceId) -> bool,
    ) -> Option<(InstanceId, IpAddr)> {
        let command = self.commands.iter_mut().find(|it| it.id == id)?;
        let runs = guest_runs(&command.instance);
        command.succeeded = Some(runs);
        runs.then(|| (command.instance.clone(), command.peer))
    }

    /// Inline policies: of which role, and their names.
    pub(super) fn policies(&self) -> impl Iterator<Item = (&str, &str)> {
        let named = self.policies.keys();
        named.map(|(role, name)| (role.as_str(), name.as_str()))
    }

    /// Everything that is kept, line by line: what tests compare.
    pub(super) fn listing(&self) -> Vec<String> {
        let tags = self.tags.iter().flat_map(|(id, tags)| {
            let tag = move |(key, value): (&String, &String)| format!("tag {id} {key}={value}");
            tags.iter().map(tag)
        });
        let policies = self
            .policies
            .iter()
            .map(|((role, name), policy)| match policy {
                Policy::Sessions(until) => format!("policy {role} {name} until {until}"),
                Policy::Instance => format!("policy {role} {name}"),
            });
        let evidence = self
            .evidence
            .iter()
            .map(|it| format!("evidence {} {}", it.instance, it.named()));
        let commands = self.commands.iter();
        let commands = commands.map(|it| format!("command {} {} {}", it.instance, it.peer, it.id));
        tags.chain(policies)
            .chain(evidence)
            .chain(commands)
            .collect()
    }
}

impl Evidence {
    /// All its ids in one text.
    pub(super) fn named(&self) -> String {
        self.ids.join(",")
    }
}

impl Command {
    /// Its lines come while it runs.
    fn state(&self, now: DateTime<Utc>) -> CommandState {
        let lines = self.output();
        let running = now - self.sent - DELIVERY;
        let (status, shown) = match self.succeeded {
            Some(true) => ("Success", lines.len()),
            Some(false) => ("Failed", 1),
            None if running < TimeDelta::zero() => ("Pending", 0),
            None => {
                let each = (COMMAND - DELIVERY) / i32::try_from(lines.len()).unwrap_or(1);
                let shown = running.num_milliseconds() / each.num_milliseconds().max(1);
                let shown = usize::try_from(shown).unwrap_or(0);
                ("InProgress", shown.min(lines.len().saturating_sub(1)))
            }
        };
        CommandState {
            id: self.id.clone(),
            status: status.to_owned(),
            output: lines.into_iter().take(shown).collect(),
        }
    }

    /// What the script says.
    fn output(&self) -> Vec<String> {
        let peer = self.peer;
        vec![
            format!("firedoor: before: sessions with {peer}"),
            "firedoor: nftables: rules added to the table inet firedoor".to_owned(),
            "firedoor: sessions: none is left".to_owned(),
            format!(
                "firedoor: in force: nftables drops everything from and to {peer}, forwarded packets \
                 too; read back"
            ),
        ]
    }
}

/// The peers that guests block by themselves.
#[derive(Debug, Default)]
pub(super) struct Blocks(BTreeSet<(InstanceId, IpAddr)>);

impl Blocks {
    pub(super) fn add(&mut self, instance: InstanceId, peer: IpAddr) {
        self.0.insert((instance, peer));
    }

    /// Every guest with every peer that it blocks.
    pub(super) fn all(&self) -> impl Iterator<Item = (&InstanceId, IpAddr)> {
        self.0.iter().map(|(instance, peer)| (instance, *peer))
    }

    /// The peers that a guest blocks.
    pub(super) fn of(&self, instance: &InstanceId) -> impl Iterator<Item = IpAddr> {
        let own = self
            .0
            .iter()
            .filter(move |(blocking, _)| blocking == instance);
        own.map(|(_, peer)| *peer)
    }

    /// A start of the guest: Linux forgets the rules, Windows does not.
    pub(super) fn restarted(&mut self, instance: &InstanceId, platform: Platform) {
        if platform == Platform::Unix {
            self.0.retain(|(blocking, _)| blocking != instance);
        }
    }
}

/// What the serial console of an instance has shown.
pub(super) fn console(estate: &Estate, instance: &InstanceId) -> Vec<String> {
    let Some(it) = estate.instance(instance) else {
        return Vec::new();
    };
    vec![
        "[    0.000000] Linux version 6.1.0 (booted from the root volume)".to_owned(),
        format!(
            "[    0.000000] DMI: Amazon EC2 {}/, BIOS 1.0",
            it.instance_type
        ),
        format!("[    4.211836] cloud-init: {} is up", it.image),
        format!("{} login:", it.label()),
    ]
}

fn evidence(found: Option<&Evidence>) -> State {
    found.map_or(State::Absent, |it| State::Made(it.named()))
}

/// The role that a profile gives.
fn role(estate: &Estate, profile: &str) -> Option<String> {
    estate.profile(profile)?.roles.first().cloned()
}

/// Whether the estate has the object; `None`: it does not hold that kind.
fn in_estate(estate: &Estate, id: &str) -> Option<bool> {
    let (kind, _) = id.split_once('-')?;
    Some(match kind {
        "i" => estate.instance(&id.into()).is_some(),
        "eni" => estate.eni(&id.into()).is_some(),
        "sg" => estate.group(&id.into()).is_some(),
        "acl" => estate.acl(&id.into()).is_some(),
        "rtb" => estate.route_table(&id.into()).is_some(),
        "subnet" => estate.subnet(&id.into()).is_some(),
        "vpc" => estate.vpc(&id.into()).is_some(),
        "vol" => estate.volumes().iter().any(|it| it.id.as_str() == id),
        "snap" | "ami" => false,
        _ => return None,
    })
}

fn refuse(
    holds: bool,
    code: &'static str,
    message: impl FnOnce() -> String,
) -> Result<(), Refusal> {
    if holds {
        let message = message();
        return Err(Refusal { code, message });
    }
    Ok(())
}
