//! What a plan claims of the suspect's traffic once it is carried out, in terms that flow logs can
//! prove or disprove.
//!
//! A claim is narrower than what an action does: flow logs hold no traffic with the Amazon DNS resolver,
//! instance metadata, time sync, DHCP and the default router, so a proof is one "in the flow logs".
//! <https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-limitations.html>
//!
//! `ACCEPT` is what groups and network ACLs say at the suspect's own interface. What routes, other subnets'
//! network ACLs or the guest drop later was accepted there before, so such a term carries a doubt: an `ACCEPT`
//! does not disprove it.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde::{Deserialize, Serialize};

use super::catalogue::Action;
use super::step::{Plan, Procedure};
use crate::flows::is_private;
use crate::model::{AclAction, EniId, Estate, GroupRule, InstanceId, RulePeer, SubnetId, VpcId};
use crate::operation::Operation;

/// What a plan claims.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Claim {
    /// Nothing that flow logs could show.
    Nothing {
        /// Why.
        why: String,
    },
    /// Certain traffic is let through no more.
    Silence {
        /// The interfaces whose flow logs tell.
        enis: Vec<Watched>,
        /// What is claimed of each of them: all of it holds.
        terms: Vec<Term>,
    },
}

/// An interface of the suspect, and what says which flow logs cover it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watched {
    /// The interface.
    pub id: EniId,
    /// Its subnet.
    pub subnet: SubnetId,
    /// Its VPC.
    pub vpc: VpcId,
    /// Its private addresses.
    pub addresses: Vec<IpAddr>,
}

/// One thing that is claimed: no packet is let through between the suspect and these peers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Term {
    /// The action that claims it.
    pub action: Action,
    /// The peers.
    pub peers: Vec<IpNet>,
    /// Those among them of which nothing is claimed.
    pub except: Vec<IpNet>,
    /// Private addresses are none of the peers: the action is about the internet.
    #[serde(default)]
    pub internet: bool,
    /// Only packets towards the suspect count: those that it sends are dropped after its own interface let
    /// them out.
    #[serde(default)]
    pub inbound_only: bool,
    /// Why a record of a packet that was let through does not disprove it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<String>,
}

impl Claim {
    /// The interfaces that it is about.
    pub fn enis(&self) -> &[Watched] {
        match self {
            Self::Nothing { .. } => &[],
            Self::Silence { enis, .. } => enis,
        }
    }

    /// What is claimed; nothing: there is no proof to wait for.
    pub fn terms(&self) -> &[Term] {
        match self {
            Self::Nothing { .. } => &[],
            Self::Silence { terms, .. } => terms,
        }
    }

    /// What is claimed, in a line.
    pub fn words(&self) -> String {
        match self {
            Self::Nothing { why } => format!("nothing is claimed of its traffic: {why}"),
            Self::Silence { terms, .. } => {
                let each: Vec<String> = terms.iter().map(Term::words).collect();
                format!("nothing is let through {}", each.join(", nor "))
            }
        }
    }
}

impl Term {
    /// Whether it is about packets of this peer. `outbound`: the suspect sent them.
    pub fn covers(&self, peer: IpAddr, outbound: bool) -> bool {
        let among = |nets: &[IpNet]| nets.iter().any(|net| net.contains(&peer));
        let excepted = among(&self.except) || (self.internet && is_private(peer));
        let other_way = self.inbound_only && outbound;
        among(&self.peers) && !excepted && !other_way
    }

    fn words(&self) -> String {
        let list = |nets: &[IpNet]| {
            let mut text: Vec<String> = nets.iter().take(LISTED).map(named).collect();
            if nets.len() > LISTED {
                text.push(format!("{} more", nets.len() - LISTED));
            }
            text.join(", ")
        };
        let way = if self.inbound_only {
            "to it from"
        } else {
            "between it and"
        };
        let whom = match () {
            () if self.internet => "the internet".to_string(),
            () if self.peers == everyone() => "anyone".to_string(),
            () => list(&self.peers),
        };
        if self.except.is_empty() || self.internet {
            return format!("{way} {whom}");
        }
        format!("{way} {whom} outside {}", list(&self.except))
    }
}

/// Ranges that a line names at the most.
const LISTED: usize = 4;

/// A single address without its prefix length.
fn named(net: &IpNet) -> String {
    if net.prefix_len() == net.max_prefix_len() {
        net.addr().to_string()
    } else {
        net.to_string()
    }
}

/// What a plan for a suspect claims, as the estate was when it was built. That of a playbook is everything
/// that its actions claim.
pub fn claim(plan: &Plan, estate: &Estate) -> Claim {
    let nothing = |why: &str| Claim::Nothing { why: why.into() };
    let Some(suspect) = plan.suspect() else {
        return nothing("no instance is contained");
    };
    if let Procedure::Undo(run) = &plan.procedure {
        return nothing(&format!("it takes back what run {run} did"));
    }
    let case = Case {
        estate,
        suspect,
        plan,
    };
    let mut terms = Vec::new();
    let mut reasons: Vec<String> = Vec::new();
    for action in plan.actions() {
        match case.term(action) {
            Ok(term) => terms.push(term),
            Err(why) => reasons.push(format!("{action}: {why}")),
        }
    }
    let enis = case.watched();
    if terms.is_empty() {
        reasons.dedup();
        return nothing(&reasons.join("; "));
    }
    if enis.is_empty() {
        return nothing(&format!("no interface of {suspect} was read"));
    }
    Claim::Silence { enis, terms }
}

/// Every address.
fn everyone() -> Vec<IpNet> {
    vec![IpNet::V4(Ipv4Net::default()), IpNet::V6(Ipv6Net::default())]
}

const NO_TRAFFIC: &str = "it changes nothing that flow logs show";
const ROUTES: &str =
    "routes drop packets after the interface let them out, and not those that arrive";
const GATEWAY: &str = "the internet gateway drops packets after the interface let them out, and what arrives \
                       may come through a load balancer or NAT gateway";
const GUEST: &str =
    "the guest drops packets after the interface let them in, and may answer with resets";

struct Case<'a> {
    estate: &'a Estate,
    suspect: &'a InstanceId,
    plan: &'a Plan,
}

impl Case<'_> {
    /// What an action claims, or why it claims nothing.
    fn term(&self, action: Action) -> Result<Term, String> {
        let silent = Term {
            action,
            peers: everyone(),
            except: Vec::new(),
            internet: false,
            inbound_only: false,
            doubt: None,
        };
        let internet = |doubt: &str| Term {
            internet: true,
            except: self.vpc_blocks(),
            doubt: Some(doubt.into()),
            ..silent.clone()
        };
        match action {
            Action::SgTwoStep
            | Action::SgTwoStepStaged
            | Action::SgSwap
            | Action::Stop
            | Action::Hibernate => Ok(silent),
            // Where only one family is allowed, the other one is denied already.
            Action::NaclSwap | Action::NaclDenyAll => Ok(Term {
                except: self.subnet_blocks()?,
                ..silent
            }),
            Action::NaclDenyPeer => Ok(Term {
                peers: self.denied(action)?,
                except: self.subnet_blocks()?,
                ..silent
            }),
            Action::NaclFarSide => Ok(Term {
                peers: self.vpc_blocks(),
                except: self.subnet_blocks()?,
                inbound_only: true,
                ..silent
            }),
            Action::SgRevokeRules => {
                let (peers, except) = self.revoked(action)?;
                Ok(Term {
                    peers,
                    except,
                    ..silent
                })
            }
            Action::RouteSwap => Ok(Term {
                except: self.vpc_blocks(),
                doubt: Some(ROUTES.into()),
                ..silent
            }),
            Action::IgwRoutesOff | Action::IgwRoutesOffVpc | Action::DetachIgw => {
                Ok(internet(ROUTES))
            }
            // It has no IPv6 counterpart: those addresses are public by themselves.
            Action::PublicIpOff => Ok(Term {
                peers: vec![IpNet::V4(Ipv4Net::default())],
                ..internet(GATEWAY)
            }),
            Action::BlackholeRoute => Ok(Term {
                peers: self.black_holed(action),
                doubt: Some(ROUTES.into()),
                ..silent
            }),
            Action::HostBlock => Ok(Term {
                peers: self.blocked_in_guest(action),
                doubt: Some(GUEST.into()),
                ..silent
            }),
            Action::NaclPulse => Err("what it denied is let through again at its end".into()),
            Action::ImdsOff
            | Action::ProfileDetach
            | Action::SessionsRevoke
            | Action::InstanceDeny
            | Action::AsgStandby
            | Action::AsgDetach
            | Action::ElbDeregister
            | Action::Protect
            | Action::Tag
            | Action::SnapshotAll
            | Action::Image
            | Action::ConsoleOutput
            | Action::DeleteAttachedGroup
            | Action::AddGroup
            | Action::MovePrimaryEni
            | Action::NaclOwnAddress
            | Action::DeleteLocalRoute
            | Action::HostRouteInVpc
            | Action::NaclOnVpc
            | Action::FirewallInsideSubnet => Err(NO_TRAFFIC.into()),
        }
    }

    fn watched(&self) -> Vec<Watched> {
        let enis = self.estate.enis_of_instance(self.suspect);
        enis.map(|eni| Watched {
            id: eni.id.clone(),
            subnet: eni.subnet.clone(),
            vpc: eni.vpc.clone(),
            addresses: eni.addresses.clone(),
        })
        .collect()
    }

    /// The changes that belong to an action.
    fn changes(&self, action: Action) -> impl Iterator<Item = &Operation> {
        let whole = self.plan.procedure == Procedure::Action(action);
        let steps = self.plan.steps.iter();
        steps
            .filter(move |step| whole || step.part == Some(action))
            .filter_map(|step| step.operation())
    }

    /// The blocks of the suspect's subnets: traffic inside a subnet meets no network ACL.
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html>
    fn subnet_blocks(&self) -> Result<Vec<IpNet>, String> {
        let mut blocks = Vec::new();
        for eni in self.estate.enis_of_instance(self.suspect) {
            let subnet = self.estate.subnet(&eni.subnet);
            let subnet = subnet.ok_or_else(|| format!("{} was not read", eni.subnet))?;
            blocks.extend(&subnet.cidrs);
        }
        Ok(once(blocks))
    }

    fn vpc_blocks(&self) -> Vec<IpNet> {
        let enis = self.estate.enis_of_instance(self.suspect);
        let vpcs = enis.filter_map(|it| self.estate.vpc(&it.vpc));
        once(vpcs.flat_map(|it| it.cidrs.iter().copied()).collect())
    }

    /// What the plan denies in the network ACLs of the suspect's subnets.
    fn denied(&self, action: Action) -> Result<Vec<IpNet>, String> {
        let denied = self.changes(action).filter_map(|it| match it {
            Operation::CreateAclEntry { entry, .. } | Operation::ReplaceAclEntry { entry, .. } => {
                (entry.action == AclAction::Deny).then_some(entry.cidr)
            }
            _ => None,
        });
        let denied = once(denied.collect());
        if denied.is_empty() {
            return Err("it denies nothing".into());
        }
        Ok(denied)
    }

    /// The peers of the rules that go, and those whom rules that stay name.
    fn revoked(&self, action: Action) -> Result<(Vec<IpNet>, Vec<IpNet>), String> {
        let gone: Vec<(&str, &GroupRule)> = self
            .changes(action)
            .filter_map(|it| match it {
                Operation::RevokeRules {
                    group: crate::operation::Ref::Id(group),
                    rules,
                    ..
                } => Some(rules.iter().map(|rule| (group.as_str(), rule))),
                _ => None,
            })
            .flatten()
            .collect();
        let mut peers = Vec::new();
        for (_, rule) in &gone {
            peers.extend(self.peers_of(rule)?);
        }
        let mut except = Vec::new();
        let enis = self.estate.enis_of_instance(self.suspect);
        let groups = enis.flat_map(|it| &it.groups);
        for group in groups.filter_map(|id| self.estate.group(id)) {
            let goes = |rule: &GroupRule| {
                let mut gone = gone.iter();
                gone.any(|(of, it)| *of == group.id.as_str() && it.same_as(rule))
            };
            for rule in group.rules.iter().filter(|it| !goes(it)) {
                except.extend(self.peers_of(rule)?);
            }
        }
        Ok((once(peers), once(except)))
    }

    fn peers_of(&self, rule: &GroupRule) -> Result<Vec<IpNet>, String> {
        match &rule.peer {
            RulePeer::Cidr(cidr) => Ok(vec![*cidr]),
            RulePeer::PrefixList(list) => {
                let list = self
                    .estate
                    .prefix_list(list)
                    .ok_or_else(|| format!("the prefix list {list} was not read"))?;
                Ok(list.cidrs.clone())
            }
            RulePeer::Group(group) => {
                let members = self.estate.enis_of_group(group);
                Ok(members
                    .flat_map(|it| it.addresses.iter().copied().map(IpNet::from))
                    .collect())
            }
        }
    }

    fn black_holed(&self, action: Action) -> Vec<IpNet> {
        let routes = self.changes(action).filter_map(|it| match it {
            Operation::CreateRoute { destination, .. }
            | Operation::ReplaceRoute { destination, .. } => destination.parse().ok(),
            _ => None,
        });
        once(routes.collect())
    }

    fn blocked_in_guest(&self, action: Action) -> Vec<IpNet> {
        let peers = self.changes(action).filter_map(|it| match it {
            Operation::RunHostBlock { peer, .. } => Some(IpNet::from(*peer)),
            _ => None,
        });
        once(peers.collect())
    }
}

/// Each once, in order.
fn once(mut nets: Vec<IpNet>) -> Vec<IpNet> {
    nets.sort_unstable();
    nets.dedup();
    nets
}

/// Whether a change bears on the suspect's packets by itself: without one of them there is nothing to
/// prove.
pub fn changes_traffic(operation: &Operation) -> bool {
    matches!(
        operation,
        Operation::RevokeRules { .. }
            | Operation::SetEniGroups { .. }
            | Operation::SetInstanceGroups { .. }
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
            | Operation::StopInstance { .. }
            | Operation::StartInstance { .. }
            | Operation::RunHostBlock { .. }
    )
}
