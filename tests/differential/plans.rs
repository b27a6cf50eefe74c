//! Random plans: single operations, pairs of them, and whole plans of the catalogue.

use firedoor::model::{
    Direction, Eni, EniId, EniKind, Estate, GroupRule, InstanceId, TrackingTimeouts,
};
use firedoor::operation::{Hypothesis, Operation, Ref, StepId};
use firedoor::plan::{Action, Dwell, Intent, build, stages};

use crate::dice::Dice;
use crate::estates::{block, entry, group_id, rule, subnet_id};
use crate::parts::Parts;

/// Changes in the order of time.
#[derive(Debug, Clone)]
pub(crate) enum Plan {
    /// Operations, with the second of each.
    Operations(Vec<(u32, Operation)>),
    /// The plan of an action against an instance.
    Action(Action, InstanceId),
}

/// The estate from a second on.
pub(crate) type Stages = Vec<(u32, Estate)>;

impl Plan {
    /// The estates after each change; what AWS would refuse is left out.
    pub(crate) fn stages(&self, before: &Estate) -> Stages {
        match self {
            Self::Operations(operations) => {
                let mut hypothesis = Hypothesis::new(before.clone());
                let mut stages: Stages = Vec::new();
                for (step, (at, operation)) in (1..).zip(operations) {
                    if hypothesis.step(StepId(step), operation).is_ok() {
                        stages.push((*at, hypothesis.estate.clone()));
                    }
                }
                stages
            }
            Self::Action(action, suspect) => {
                let intent = Intent {
                    action: *action,
                    suspect: suspect.clone(),
                    case: "case".into(),
                    stamp: "20260101T000000Z".into(),
                    dwell: Dwell {
                        slowest_gap: None,
                        max: 30,
                    },
                    peers: vec!["203.0.113.66".parse().unwrap()],
                    acl_quota: Intent::ACL_QUOTA,
                    max_hold: Intent::MAX_HOLD,
                };
                let network = firedoor::analysis::Network::new(before);
                let plan = build(before, &intent).and_then(|plan| stages(&plan, &network));
                let stages = plan.unwrap_or_default().into_iter();
                stages
                    .map(|it| (it.at, it.network.estate().clone()))
                    .collect()
            }
        }
    }

    /// The plans that are this one without a change.
    pub(crate) fn smaller(&self) -> Vec<Self> {
        let Self::Operations(all) = self else {
            return Vec::new();
        };
        let without = |at: usize| {
            let mut rest = all.clone();
            rest.remove(at);
            Self::Operations(rest)
        };
        (0..all.len()).map(without).collect()
    }
}

const ACTIONS: [Action; 13] = [
    Action::SgTwoStep,
    Action::SgSwap,
    Action::SgRevokeRules,
    Action::NaclSwap,
    Action::NaclDenyAll,
    Action::NaclDenyPeer,
    Action::NaclPulse,
    Action::NaclFarSide,
    Action::RouteSwap,
    Action::IgwRoutesOff,
    Action::IgwRoutesOffVpc,
    Action::BlackholeRoute,
    Action::PublicIpOff,
];

/// A plan, and the interface that it is about.
pub(crate) fn plan(dice: &mut Dice, parts: &Parts) -> (Plan, EniId) {
    let hosts: Vec<&Eni> = parts
        .enis
        .iter()
        .filter(|it| it.kind == EniKind::Instance && it.source_dest_check)
        .collect();
    let host = *dice.pick(&hosts);
    if dice.in_hundred(25) {
        let suspect = host.instance.clone().unwrap();
        let action = *dice.pick(&ACTIONS);
        return (Plan::Action(action, suspect), host.id.clone());
    }
    let groups = |numbers: &[usize]| Operation::SetEniGroups {
        eni: host.id.clone(),
        groups: numbers.iter().map(|it| Ref::Id(group_id(*it))).collect(),
    };
    let acl = |id: &str| Operation::SetSubnetAcl {
        subnet: host.subnet.clone(),
        acl: Ref::Id(id.into()),
    };
    let own_acl = parts
        .acls
        .iter()
        .find(|it| it.subnets.contains(&host.subnet));
    let own_acl = own_acl.map_or("acl-default", |it| it.id.as_str());
    let later = *dice.pick(&[30, 40, 100, 400]);
    let dwell = *dice.pick(&[0, 20, 20, 40]);
    let operations = match dice.below(12) {
        0 => vec![(0, groups(&[91]))],
        1 => vec![(0, groups(&[90])), (dwell, groups(&[91]))],
        2 => vec![(0, groups(&[0, 90])), (dwell, groups(&[91]))],
        3 => vec![(0, acl("acl-quarantine")), (later, acl(own_acl))],
        4 => vec![
            (0, groups(&[91])),
            (5, acl("acl-quarantine")),
            (later, acl(own_acl)),
        ],
        5 => vec![(0, timers(dice, host)), (10, groups(&[91]))],
        _ => {
            let mut at = 0;
            let several = 1 + dice.below(3);
            let mut all = Vec::new();
            for _ in 0..several {
                all.push((at, operation(dice, parts, host)));
                at += *dice.pick(&[0, 10, 60]);
            }
            all
        }
    };
    (Plan::Operations(operations), host.id.clone())
}

fn timers(dice: &mut Dice, host: &Eni) -> Operation {
    Operation::SetTrackingTimeouts {
        eni: host.id.clone(),
        timeouts: TrackingTimeouts {
            tcp_established: Some(*dice.pick(&[60, 300, 432_000])),
            udp: Some(30),
            udp_stream: Some(60),
        },
    }
}

fn operation(dice: &mut Dice, parts: &Parts, host: &Eni) -> Operation {
    match dice.below(14) {
        0..3 => rules(dice, parts, host),
        3 => Operation::SetEniGroups {
            eni: host.id.clone(),
            groups: vec![Ref::Id(group_id(dice.below(crate::estates::GROUPS)))],
        },
        4 => timers(dice, host),
        5 => match host.public.first() {
            Some(mapped) => Operation::DisassociateAddress {
                eni: host.id.clone(),
                private: mapped.private,
            },
            None => timers(dice, host),
        },
        6 | 7 => entries(dice, parts),
        8 => Operation::SetSubnetAcl {
            subnet: host.subnet.clone(),
            acl: Ref::Id(dice.pick(&parts.acls).id.clone()),
        },
        _ => routes(dice, parts, host),
    }
}

fn rules(dice: &mut Dice, parts: &Parts, host: &Eni) -> Operation {
    let id = host.groups.first().cloned().unwrap_or_else(|| group_id(0));
    let own = parts.groups.iter().find(|it| it.id == id);
    let existing: Vec<GroupRule> = own.map(|it| it.rules.clone()).unwrap_or_default();
    let group = Ref::Id(id);
    match dice.below(3) {
        0 if !existing.is_empty() => {
            let gone = dice.pick(&existing).clone();
            Operation::RevokeRules {
                group,
                direction: gone.direction,
                rules: vec![gone],
            }
        }
        1 => Operation::RevokeAllRules {
            group,
            direction: *dice.pick(&Direction::BOTH),
        },
        _ => {
            let new = rule(dice);
            Operation::AuthorizeRules {
                group,
                direction: new.direction,
                rules: vec![new],
            }
        }
    }
}

fn entries(dice: &mut Dice, parts: &Parts) -> Operation {
    let acl = dice.pick(&parts.acls);
    let id = Ref::Id(acl.id.clone());
    if dice.in_hundred(30)
        && let Some(gone) = acl.entries.first()
    {
        return Operation::DeleteAclEntry {
            acl: id,
            direction: gone.direction,
            number: gone.number,
        };
    }
    let number = u16::try_from(1 + dice.below(9)).unwrap();
    Operation::CreateAclEntry {
        acl: id,
        entry: entry(dice, number, 15),
    }
}

fn routes(dice: &mut Dice, parts: &Parts, host: &Eni) -> Operation {
    let own = parts
        .tables
        .iter()
        .find(|it| it.subnets.contains(&host.subnet));
    let table = own.unwrap_or(&parts.tables[0]);
    let id = Ref::Id(table.id.clone());
    let route = dice.pick(&table.routes);
    let target = *dice.pick(&["igw-1", "nat-1", "eni-sink", "pcx-1", "tgw-1", "eni-fw"]);
    match dice.below(5) {
        0 | 1 => Operation::DeleteRoute {
            table: id,
            destination: route.destination.clone(),
        },
        2 => Operation::ReplaceRoute {
            table: id,
            destination: route.destination.clone(),
            target: Ref::Id(target.into()),
        },
        3 => Operation::CreateRoute {
            table: id,
            destination: block(dice).to_string(),
            target: Ref::Id(target.into()),
        },
        _ => Operation::SetSubnetRouteTable {
            subnet: subnet_id(1 + dice.below(2)),
            table: Some(Ref::Id(dice.pick(&parts.tables).id.clone())),
        },
    }
}
