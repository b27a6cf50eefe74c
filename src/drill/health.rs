//! What load balancers and Auto Scaling do by themselves.

use chrono::{DateTime, Utc};

use super::due::{CHECKING, Event, STARTING};
use super::world::World;
use crate::model::{
    AsgMembership, AsgName, Eni, EniId, Estate, GroupId, Instance, InstanceId, InstanceState, Part,
    PublicAddress, TargetMembership,
};
use crate::sources::Happening;

/// What Auto Scaling knows.
#[derive(Debug, Default)]
pub(super) struct AutoScaling {
    /// The groups that new instances get: those that the members had when the world began.
    launched_with: Vec<(AsgName, Vec<GroupId>)>,
    /// Since when instances are unhealthy.
    unhealthy: Vec<(InstanceId, DateTime<Utc>)>,
}

impl AutoScaling {
    pub(super) fn of(estate: &Estate) -> Self {
        let mut launched_with: Vec<(AsgName, Vec<GroupId>)> = Vec::new();
        for member in estate.asg_memberships() {
            if launched_with.iter().any(|(name, _)| *name == member.group) {
                continue;
            }
            let eni = estate.enis_of_instance(&member.instance).next();
            let groups = eni.map_or(Vec::new(), |it| it.groups.clone());
            launched_with.push((member.group.clone(), groups));
        }
        Self {
            launched_with,
            unhealthy: Vec::new(),
        }
    }
}

impl World {
    /// A load balancer has found out how a target fares.
    pub(super) fn checked(&mut self, eni: &EniId, port: u16, healthy: bool) {
        let Some(instance) = self.estate.eni(eni).and_then(|it| it.instance.clone()) else {
            return;
        };
        let health = if healthy { "healthy" } else { "unhealthy" };
        let mut is_news = false;
        self.estate.update_target_memberships(|all| {
            let own = all.iter_mut().filter(|it| {
                it.instance == instance
                    && it.port.is_none_or(|it| it == port)
                    && it.health != "draining"
                    && it.health != health
            });
            for target in own {
                health.clone_into(&mut target.health);
                is_news = true;
            }
        });
        if !is_news {
            return; // another node of the load balancer has found it out before
        }
        let at = self.now;
        let what = Happening::Health {
            instance: instance.clone(),
            healthy,
        };
        self.news.tell(at, what);
        if healthy {
            self.asg.unhealthy.retain(|(it, _)| *it != instance);
        } else {
            self.suffers(&instance);
        }
        self.changed();
    }

    /// An instance is unhealthy: Auto Scaling looks at it again when its grace is over.
    pub(super) fn suffers(&mut self, instance: &InstanceId) {
        let Some(grace) = self.settings.asg_grace else {
            return;
        };
        if !self.asg.unhealthy.iter().any(|(it, _)| it == instance) {
            self.asg.unhealthy.push((instance.clone(), self.now));
            let over = Event::GraceIsOver(instance.clone());
            self.due.at(self.now + grace, over);
        }
    }

    /// An instance runs again: that it did not is forgiven, that it fails its checks is not.
    pub(super) fn recovers(&mut self, instance: &InstanceId) {
        if !self.fails_checks(instance) {
            self.asg.unhealthy.retain(|(it, _)| it != instance);
        }
    }

    /// Whether a load balancer finds an instance unhealthy.
    pub(super) fn fails_checks(&self, instance: &InstanceId) -> bool {
        let mut enis = self.estate.enis_of_instance(instance);
        enis.any(|it| self.traffic.is_failing(&it.id))
    }

    /// Terminates and replaces an instance that has been unhealthy for too long, unless it is in standby or
    /// has left its group. Termination protection does not help.
    /// <https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-health-checks.html>
    pub(super) fn grace_is_over(&mut self, instance: &InstanceId) {
        let grace = self.settings.asg_grace.unwrap_or_default();
        let since = self.asg.unhealthy.iter().find(|(it, _)| it == instance);
        if since.is_none_or(|(_, since)| *since + grace > self.now) {
            return; // it was healthy in between
        }
        self.asg.unhealthy.retain(|(it, _)| it != instance);
        let member = self.estate.asg_of(instance).cloned();
        let Some(member) = member.filter(|it| it.lifecycle == "InService") else {
            return;
        };
        let Some(old) = self.estate.instance(instance).cloned() else {
            return;
        };
        let by = self.launch(&old, &member);
        self.terminate(&old);
        let at = self.now;
        let what = Happening::Replaced {
            instance: instance.clone(),
            by,
        };
        self.news.tell(at, what);
    }

    /// An instance is gone for good, and with it its interfaces and the volumes that go with it.
    fn terminate(&mut self, old: &Instance) {
        let id = &old.id;
        self.estate
            .update_instance(id, |it| it.state = InstanceState::Terminated);
        let enis: Vec<EniId> = self
            .estate
            .enis_of_instance(id)
            .map(|it| it.id.clone())
            .collect();
        for eni in &enis {
            self.estate.remove_eni(eni);
        }
        self.estate
            .update_volumes(|all| all.retain(|it| it.instance != *id || !it.delete_on_termination));
        self.estate
            .update_asg_memberships(|all| all.retain(|it| it.instance != *id));
        self.estate
            .update_target_memberships(|all| all.retain(|it| it.instance != *id));
    }

    /// Launches another instance of the same kind.
    fn launch(&mut self, old: &Instance, member: &AsgMembership) -> InstanceId {
        let id = InstanceId::new(self.ids.resource("i"));
        let instance = Instance {
            id: id.clone(),
            state: InstanceState::Pending,
            launched: Some(self.now),
            ..old.clone()
        };
        let all = self.estate.instances().cloned().chain([instance]).collect();
        self.estate.replace(Part::Instances(all));
        let first = self.estate.enis_of_instance(&old.id).next().cloned();
        if let Some(first) = first {
            self.attach_like(&first, &id, &member.group);
        }
        self.estate.update_asg_memberships(|all| {
            all.push(AsgMembership {
                instance: id.clone(),
                ..member.clone()
            });
        });
        let targets: Vec<TargetMembership> = self.estate.targets_of(&old.id).cloned().collect();
        for target in targets {
            let healthy = Event::Healthy {
                instance: id.clone(),
                arn: target.arn.clone(),
                port: target.port,
            };
            self.due.at(self.now + STARTING + CHECKING, healthy);
            self.estate.update_target_memberships(|all| {
                all.push(TargetMembership {
                    instance: id.clone(),
                    health: "initial".to_owned(),
                    ..target
                });
            });
        }
        let running = Event::Running(id.clone());
        self.due.at(self.now + STARTING, running);
        id
    }

    /// An interface as another one is, with addresses of its own and the groups of the launch template.
    fn attach_like(&mut self, old: &Eni, instance: &InstanceId, group: &AsgName) {
        let subnet = self.estate.subnet(&old.subnet);
        let cidrs = subnet.map_or(Vec::new(), |it| it.cidrs.clone());
        let addresses = old.addresses.iter().filter_map(|own| {
            let cidr = cidrs.iter().find(|it| it.contains(own))?;
            super::change::free_address(&self.estate, cidr)
        });
        let addresses: Vec<_> = addresses.collect();
        let templates = &self.asg.launched_with;
        let groups = templates.iter().find(|(name, _)| name == group);
        let mut eni = Eni {
            id: EniId::new(self.ids.resource("eni")),
            public: Vec::new(),
            groups: groups.map_or(old.groups.clone(), |(_, groups)| groups.clone()),
            instance: Some(instance.clone()),
            addresses,
            ..old.clone()
        };
        if !old.public.is_empty()
            && let Some(private) = eni.primary()
        {
            eni.public.push(PublicAddress {
                private,
                address: self.public_address(),
                elastic: false,
            });
        }
        self.estate.put_eni(eni.clone());
        // Packets know the interface before its conversations move to it.
        let now = self.micros(self.now);
        self.traffic.update(&self.estate, &self.blocks, now);
        self.traffic.replace(old, &eni);
    }
}
