//! The hypothetical network: what would the estate be after an operation?

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::{Bindings, Operation, Refusal, State, StepId, precondition};
use crate::model::{
    Acl, AclAction, AclEntry, AclId, Direction, Estate, Group, GroupId, GroupRule, Protocol, Vpc,
};

/// An estate that operations are tried on.
#[derive(Debug, Clone)]
pub struct Hypothesis {
    /// What it has become so far.
    pub estate: Estate,
    bindings: Bindings,
}

impl Hypothesis {
    /// Starts from what was read.
    pub fn new(estate: Estate) -> Self {
        Self {
            estate,
            bindings: Bindings::default(),
        }
    }

    /// Applies the operation of one step. What it makes is called `new:STEP`.
    ///
    /// # Errors
    /// AWS's reason to refuse it.
    pub fn step(&mut self, step: StepId, operation: &Operation) -> Result<(), Refusal> {
        let bound = operation.bind(&self.bindings).map_err(|unbound| Refusal {
            code: "MissingParameter",
            message: unbound.to_string(),
        })?;
        let made = format!("new:{step}");
        apply(&mut self.estate, &bound, &made)?;
        self.bindings.insert(step, made);
        Ok(())
    }
}

/// Applies a bound operation to `estate`; what it makes, if anything, gets the id `made`.
///
/// # Errors
/// AWS's reason to refuse it; the estate is unchanged then.
pub fn apply(estate: &mut Estate, operation: &Operation, made: &str) -> Result<State, Refusal> {
    precondition(estate, operation)?;
    let state = match operation {
        Operation::CreateGroup {
            vpc,
            name,
            description,
            ..
        } => {
            let rules = estate.vpc(vpc).map(default_egress).unwrap_or_default();
            let id = GroupId::new(made);
            estate.put_group(Group {
                id: id.clone(),
                vpc: vpc.clone(),
                name: name.clone(),
                description: description.clone(),
                rules: rules.clone(),
            });
            State::Group { id, rules }
        }
        Operation::AuthorizeRules { group, rules, .. } => {
            estate.update_group(&group.id(), |group| {
                for rule in rules {
                    if !group.rules.iter().any(|have| have.same_as(rule)) {
                        group.rules.push(rule.clone());
                    }
                }
            });
            group_state(estate, &group.id())
        }
        Operation::RevokeAllRules { group, direction } => {
            estate.update_group(&group.id(), |group| {
                group.rules.retain(|rule| rule.direction != *direction);
            });
            group_state(estate, &group.id())
        }
        Operation::SetEniGroups { eni, groups } => {
            let groups: Vec<GroupId> = groups.iter().map(super::Ref::id).collect();
            estate.update_eni(eni, |eni| eni.groups.clone_from(&groups));
            State::EniGroups(groups)
        }
        Operation::SetTrackingTimeouts { eni, timeouts } => {
            let mut after = *timeouts;
            estate.update_eni(eni, |eni| {
                let was = eni.timeouts;
                after.tcp_established = timeouts.tcp_established.or(was.tcp_established);
                after.udp = timeouts.udp.or(was.udp);
                after.udp_stream = timeouts.udp_stream.or(was.udp_stream);
                eni.timeouts = after;
            });
            State::Timeouts(after)
        }
        Operation::CreateAcl { vpc, tags } => {
            let id = AclId::new(made);
            let name = tags.iter().find(|(key, _)| key == "Name");
            estate.put_acl(Acl {
                id: id.clone(),
                vpc: vpc.clone(),
                name: name.map(|(_, value)| value.clone()).unwrap_or_default(),
                default: false,
                entries: final_denies(),
                subnets: Vec::new(),
            });
            State::Acl(id)
        }
        Operation::SetSubnetAcl { subnet, acl } => {
            estate.associate_acl(subnet, &acl.id());
            State::SubnetAcl(acl.id())
        }
        Operation::DeleteGroup { group } => {
            estate.remove_group(&group.id());
            State::Absent
        }
        Operation::DeleteAcl { acl } => {
            estate.remove_acl(&acl.id());
            State::Absent
        }
    };
    Ok(state)
}

fn group_state(estate: &Estate, id: &GroupId) -> State {
    estate
        .group(id)
        .map_or(State::Absent, |group| State::Group {
            id: group.id.clone(),
            rules: group.rules.clone(),
        })
}

/// The egress rules that AWS gives a new group:
/// <https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html>
fn default_egress(vpc: &Vpc) -> Vec<GroupRule> {
    let mut rules = vec![GroupRule::all(Direction::Egress, any_v4())];
    if vpc.has_ipv6() {
        rules.push(GroupRule::all(Direction::Egress, any_v6()));
    }
    rules
}

/// The final deny of each direction and family:
/// <https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html>
fn final_denies() -> Vec<AclEntry> {
    let deny = |direction, number, cidr| AclEntry {
        direction,
        number,
        action: AclAction::Deny,
        protocol: Protocol::All,
        cidr,
        ports: None,
    };
    let both = |direction| {
        [
            deny(direction, 32767, any_v4()),
            deny(direction, 32768, any_v6()),
        ]
    };
    Direction::BOTH.into_iter().flat_map(both).collect()
}

fn any_v4() -> IpNet {
    IpNet::V4(Ipv4Net::default())
}

fn any_v6() -> IpNet {
    IpNet::V6(Ipv6Net::default())
}
