//! From a proposal to operations, tried on a copy of the estate.

use ipnet::IpNet;

use super::near::nearest;
use super::rule_name::{RuleName, direction_word};
use crate::analysis::{Network, Stage};
use crate::model::id::Id;
use crate::model::{
    Acl, AclAction, AclEntry, AclId, Direction, Estate, GroupId, InstanceId, PartKind, PortRange,
    Protocol, RouteTableId, SubnetId,
};
use crate::operation::{Hypothesis, Operation, Ref, Refusal, StepId};
use crate::plan::slots::free_number;
use crate::plan::{Intent, Plan, PlanError, What, build, stages};

/// One change that somebody proposes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proposal {
    /// New entries of a network ACL, for one remote block.
    AddEntries {
        /// The network ACL.
        acl: AclId,
        /// Allow or deny.
        action: AclAction,
        /// The remote block: the source of ingress, the destination of egress.
        cidr: IpNet,
        /// The number of the first entry of each direction; the next one has the next number. `None`: free
        /// ones below every entry that would decide otherwise.
        number: Option<u16>,
        /// The destination port, TCP and UDP; `None`: everything.
        port: Option<u16>,
        /// The directions.
        directions: Vec<Direction>,
    },
    /// An entry of a network ACL goes.
    DeleteEntry {
        /// The network ACL.
        acl: AclId,
        /// Ingress or egress: they are numbered apart.
        direction: Direction,
        /// The entry's number.
        number: u16,
    },
    /// A subnet gets another network ACL.
    UseAcl {
        /// The subnet.
        subnet: SubnetId,
        /// The network ACL that serves it afterwards.
        acl: AclId,
    },
    /// A rule of a security group goes.
    Revoke {
        /// The group.
        group: GroupId,
        /// The rule.
        rule: RuleName,
    },
    /// A route goes.
    DeleteRoute {
        /// The route table.
        table: RouteTableId,
        /// The route's exact destination: a CIDR block or a prefix list's id.
        destination: String,
    },
    /// An action of the catalogue.
    Act(Intent),
    /// A plan that was made before.
    CarryOut(Box<Plan>),
}

/// A proposal, tried out.
#[derive(Debug, Clone)]
pub struct Change {
    /// What would be done, in order.
    pub steps: Vec<ChangeStep>,
    /// What else must be known of an action.
    pub remarks: Vec<String>,
    /// What the network is from which second on.
    pub stages: Vec<Stage>,
}

/// One step of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeStep {
    /// In plain English.
    pub words: String,
    /// The equivalent line of the AWS CLI; a wait has none.
    pub cli: Option<String>,
}

/// Why there is no change to review.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProposalError {
    /// Nothing that was read has this id.
    #[error("{id} is not among the {} that were read{}", part.name(), offer(near))]
    Unknown {
        /// The id.
        id: String,
        /// What it should be one of.
        part: PartKind,
        /// What may have been meant.
        near: Vec<String>,
    },
    /// What the proposal names was not read.
    #[error("the {} were not read, so {id} is unknown", part.name())]
    NotRead {
        /// The id.
        id: String,
        /// The part of the estate.
        part: PartKind,
    },
    /// The group has no such rule.
    #[error("{group} has no rule {rule}{}", offer(near))]
    NoRule {
        /// The group.
        group: GroupId,
        /// The rule's name.
        rule: RuleName,
        /// What may have been meant.
        near: Vec<String>,
    },
    /// The network ACL has no free number that is low enough.
    #[error(
        "{acl} has no free {} number below the entries that would decide otherwise: delete one, or \
         say which number with --number", direction.name()
    )]
    NoSlot {
        /// The network ACL.
        acl: AclId,
        /// The direction.
        direction: Direction,
    },
    /// AWS would refuse it.
    #[error("AWS would refuse it: {refusal}{}", offer(near))]
    Refused {
        /// With this code.
        refusal: Refusal,
        /// What may have been meant.
        near: Vec<String>,
    },
    /// The action can't be planned.
    #[error(transparent)]
    Plan(#[from] PlanError),
}

fn offer(near: &[String]) -> String {
    if near.is_empty() {
        return String::new();
    }
    format!("; near: {}", near.join(", "))
}

impl Proposal {
    /// Makes a change of the proposal, on a network.
    ///
    /// # Errors
    /// What it names is not there, or AWS would refuse it.
    pub fn change(&self, network: &Network) -> Result<Change, ProposalError> {
        let estate = network.estate();
        if let Self::Act(intent) = self {
            known_instance(estate, &intent.suspect)?;
            return acted(network, &build(estate, intent)?);
        }
        if let Self::CarryOut(plan) = self {
            return acted(network, plan);
        }
        let mut trial = Trial::new(estate);
        self.tried(&mut trial)
            .map_err(|error| self.with_choices(error, estate))?;
        Ok(trial.change(network))
    }

    fn tried(&self, trial: &mut Trial<'_>) -> Result<(), ProposalError> {
        let estate = trial.before;
        match self {
            Self::AddEntries { acl, .. } | Self::DeleteEntry { acl, .. } => {
                known_acl(estate, acl)?;
            }
            Self::UseAcl { subnet, acl } => {
                known(
                    estate.subnets().map(|it| &it.id),
                    subnet,
                    estate,
                    PartKind::Subnets,
                )?;
                known_acl(estate, acl)?;
            }
            Self::Revoke { group, .. } => {
                known(
                    estate.groups().map(|it| &it.id),
                    group,
                    estate,
                    PartKind::Groups,
                )?;
            }
            Self::DeleteRoute { table, .. } => {
                let tables = estate.route_tables().map(|it| &it.id);
                known(tables, table, estate, PartKind::RouteTables)?;
            }
            Self::Act(_) | Self::CarryOut(_) => {}
        }
        match self {
            Self::AddEntries {
                acl,
                number,
                directions,
                ..
            } => {
                for direction in directions {
                    self.add_entries(trial, acl, *direction, *number)?;
                }
                Ok(())
            }
            Self::DeleteEntry {
                acl,
                direction,
                number,
            } => trial.step(&Operation::DeleteAclEntry {
                acl: Ref::Id(acl.clone()),
                direction: *direction,
                number: *number,
            }),
            Self::UseAcl { subnet, acl } => trial.step(&Operation::SetSubnetAcl {
                subnet: subnet.clone(),
                acl: Ref::Id(acl.clone()),
            }),
            Self::Revoke { group, rule } => {
                let found = estate.group(group).and_then(|it| rule.of(it));
                let found = found.ok_or_else(|| no_rule(estate, group, rule))?;
                trial.step(&Operation::RevokeRules {
                    group: Ref::Id(group.clone()),
                    direction: found.direction,
                    rules: vec![found.clone()],
                })
            }
            Self::DeleteRoute { table, destination } => trial.step(&Operation::DeleteRoute {
                table: Ref::Id(table.clone()),
                destination: destination.clone(),
            }),
            Self::Act(_) | Self::CarryOut(_) => Ok(()),
        }
    }

    /// The entries of one direction: one for everything, or one each for TCP and UDP.
    fn add_entries(
        &self,
        trial: &mut Trial<'_>,
        acl: &AclId,
        direction: Direction,
        number: Option<u16>,
    ) -> Result<(), ProposalError> {
        for (next, mut entry) in (0..).zip(self.entries(direction)) {
            entry.number = match number {
                Some(number) => number.saturating_add(next),
                None => trial
                    .acl(acl)
                    .and_then(|it| free_number(it, &entry))
                    .ok_or_else(|| ProposalError::NoSlot {
                        acl: acl.clone(),
                        direction,
                    })?,
            };
            trial.step(&Operation::CreateAclEntry {
                acl: Ref::Id(acl.clone()),
                entry,
            })?;
        }
        Ok(())
    }

    /// The entries of one direction, still without numbers.
    fn entries(&self, direction: Direction) -> Vec<AclEntry> {
        let Self::AddEntries {
            action, cidr, port, ..
        } = self
        else {
            return Vec::new();
        };
        let entry = |protocol, ports| AclEntry {
            direction,
            number: 0,
            action: *action,
            protocol,
            cidr: *cidr,
            ports,
        };
        match port {
            None => vec![entry(Protocol::All, None)],
            Some(port) => {
                let only = PortRange {
                    from: i32::from(*port),
                    to: i32::from(*port),
                };
                [Protocol::TCP, Protocol::UDP]
                    .map(|it| entry(it, Some(only)))
                    .to_vec()
            }
        }
    }

    /// Adds what could have been named instead to AWS's refusal.
    fn with_choices(&self, error: ProposalError, estate: &Estate) -> ProposalError {
        let ProposalError::Refused { refusal, .. } = error else {
            return error;
        };
        let near = match self {
            Self::DeleteEntry {
                acl,
                direction,
                number,
            } => {
                let entries = estate.acl(acl).into_iter().flat_map(|it| &it.entries);
                let own = entries.filter(|it| it.direction == *direction && it.number < 32767);
                nearest(
                    &entry_name(*direction, *number),
                    own.map(|it| entry_name(it.direction, it.number)),
                )
            }
            Self::DeleteRoute { table, destination } => {
                let routes = estate
                    .route_table(table)
                    .into_iter()
                    .flat_map(|it| &it.routes);
                nearest(destination, routes.map(|it| it.destination.clone()))
            }
            _ => Vec::new(),
        };
        ProposalError::Refused { refusal, near }
    }
}

fn entry_name(direction: Direction, number: u16) -> String {
    format!("{}:{number}", direction_word(direction))
}

fn no_rule(estate: &Estate, group: &GroupId, rule: &RuleName) -> ProposalError {
    let rules = estate.group(group).into_iter().flat_map(|it| &it.rules);
    let by_id = matches!(rule, RuleName::Id(_));
    let names = rules.flat_map(RuleName::all_of);
    let alike = names.filter(|it| it.starts_with("sgr-") == by_id);
    ProposalError::NoRule {
        group: group.clone(),
        rule: rule.clone(),
        near: nearest(&rule.to_string(), alike),
    }
}

/// Whether an instance was read.
///
/// # Errors
/// It was not.
pub fn known_instance(estate: &Estate, id: &InstanceId) -> Result<(), ProposalError> {
    let instances = estate.instances().map(|it| &it.id);
    known(instances, id, estate, PartKind::Instances)
}

fn known_acl(estate: &Estate, acl: &AclId) -> Result<(), ProposalError> {
    known(estate.acls().map(|it| &it.id), acl, estate, PartKind::Acls)
}

/// Whether an id is one of those that were read.
fn known<'e, K: 'e>(
    ids: impl Iterator<Item = &'e Id<K>>,
    wanted: &Id<K>,
    estate: &Estate,
    part: PartKind,
) -> Result<(), ProposalError> {
    let all: Vec<&Id<K>> = ids.collect();
    if all.contains(&wanted) {
        return Ok(());
    }
    let id = wanted.to_string();
    if estate.freshness(part).is_none() {
        return Err(ProposalError::NotRead { id, part });
    }
    let near = nearest(&id, all.iter().map(ToString::to_string));
    Err(ProposalError::Unknown { id, part, near })
}

/// A copy of the estate, and what was done to it so far.
struct Trial<'e> {
    before: &'e Estate,
    hypothesis: Hypothesis,
    steps: Vec<ChangeStep>,
}

impl<'e> Trial<'e> {
    fn new(before: &'e Estate) -> Self {
        Self {
            before,
            hypothesis: Hypothesis::new(before.clone()),
            steps: Vec::new(),
        }
    }

    fn acl(&self, id: &AclId) -> Option<&Acl> {
        self.hypothesis.estate.acl(id)
    }

    fn step(&mut self, operation: &Operation) -> Result<(), ProposalError> {
        let number = u16::try_from(self.steps.len() + 1).unwrap_or(u16::MAX);
        let tried = self.hypothesis.step(StepId(number), operation);
        tried.map_err(|refusal| ProposalError::Refused {
            refusal,
            near: Vec::new(),
        })?;
        self.steps.push(told(operation));
        Ok(())
    }

    /// Everything at once: what is reviewed is the network afterwards, not the seconds between calls.
    fn change(self, network: &Network) -> Change {
        Change {
            steps: self.steps,
            remarks: Vec::new(),
            stages: vec![Stage {
                at: 0,
                network: network.after(&self.hypothesis.estate),
            }],
        }
    }
}

fn told(operation: &Operation) -> ChangeStep {
    ChangeStep {
        words: operation.prose(),
        cli: Some(operation.cli()),
    }
}

/// An action's plan, step by step at its own times.
fn acted(network: &Network, plan: &Plan) -> Result<Change, ProposalError> {
    let stages = stages(plan, network)?;
    let step = |what: &What| match what {
        What::Change(operation) => Some(told(operation)),
        What::Wait { seconds, why } => Some(ChangeStep {
            words: format!("wait {seconds} s {why}"),
            cli: None,
        }),
        What::Verify(_) => None,
    };
    Ok(Change {
        steps: plan.steps.iter().filter_map(|it| step(&it.what)).collect(),
        remarks: plan.remarks.clone(),
        stages,
    })
}
