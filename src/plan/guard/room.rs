//! Quotas: what a plan adds, and whether there is room for it. AWS does not say what an account's quotas
//! are raised to, so a default that is exceeded is a danger, and only the highest possible value refuses.
//!
//! <https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html>

use std::collections::BTreeMap;

use super::{Guard, GuardKind};
use crate::model::{Direction, Estate, VpcId};
use crate::operation::{ACL_ENTRIES, Hypothesis, Operation};
use crate::plan::step::{Plan, What};

/// Groups of an interface: by default, and at the most.
const ENI_GROUPS: usize = 5;
const ENI_GROUPS_RAISED: usize = 16;

/// Security groups of an account and Region.
const GROUPS: usize = 2500;

/// Network ACLs, and route tables, of a VPC.
const ACLS: usize = 200;
const TABLES: usize = 200;

/// Routes of a table, those that are propagated not counted.
const ROUTES: usize = 500;

pub(super) fn guards(estate: &Estate, plan: &Plan) -> Vec<Guard> {
    let mut found: Vec<Guard> = plan.operations().filter_map(eni_groups).collect();
    found.extend(made(estate, plan));
    found.extend(entries(estate, plan));
    found
}

fn eni_groups(operation: &Operation) -> Option<Guard> {
    let Operation::SetEniGroups { eni, groups } = operation else {
        return None;
    };
    let count = groups.len();
    if count > ENI_GROUPS_RAISED {
        let words =
            format!("{eni} would have {count} groups: AWS allows at most {ENI_GROUPS_RAISED}.");
        return Some(Guard::refuse(GuardKind::Quota, words));
    }
    (count > ENI_GROUPS).then(|| {
        let words =
            format!("{eni} would have {count} groups: more than {ENI_GROUPS} take a raised quota.");
        Guard::danger(GuardKind::Quota, words)
    })
}

/// What is made, counted with what is there.
fn made(estate: &Estate, plan: &Plan) -> Vec<Guard> {
    let mut groups = 0;
    let mut acls: BTreeMap<&VpcId, usize> = BTreeMap::new();
    let mut tables: BTreeMap<&VpcId, usize> = BTreeMap::new();
    for operation in plan.operations() {
        match operation {
            Operation::CreateGroup { .. } => groups += 1,
            Operation::CreateAcl { vpc, .. } => *acls.entry(vpc).or_default() += 1,
            Operation::CreateRouteTable { vpc, .. } => *tables.entry(vpc).or_default() += 1,
            _ => {}
        }
    }
    let mut found = Vec::new();
    let mut check = |new: usize, there: usize, quota: usize, what: &str, place: &str| {
        if new > 0 && there + new > quota {
            let words = format!(
                "{place} has {there} {what} and the plan makes {new} more: beyond {quota} take a \
                 raised quota."
            );
            found.push(Guard::danger(GuardKind::Quota, words));
        }
    };
    let here = estate.groups().len();
    check(groups, here, GROUPS, "security groups", "The Region");
    for (vpc, new) in acls {
        let here = estate.acls().filter(|it| it.vpc == *vpc).count();
        check(new, here, ACLS, "network ACLs", vpc.as_str());
    }
    for (vpc, new) in tables {
        let here = estate.route_tables().filter(|it| it.vpc == *vpc).count();
        check(new, here, TABLES, "route tables", vpc.as_str());
    }
    found
}

/// Entries and routes: the most that a table holds on the way.
fn entries(estate: &Estate, plan: &Plan) -> Vec<Guard> {
    let mut hypothesis = Hypothesis::new(estate.clone()).with_raised_quotas();
    let mut most: BTreeMap<(String, &str, usize), usize> = BTreeMap::new();
    for step in &plan.steps {
        let What::Change(operation) = &step.what else {
            continue;
        };
        if hypothesis.step(step.id, operation).is_err() {
            continue;
        }
        let estate = &hypothesis.estate;
        match operation {
            Operation::CreateAclEntry { acl, entry } => {
                let Some(acl) = estate.acl(&acl.id()) else {
                    continue;
                };
                for direction in Direction::BOTH {
                    let what = match direction {
                        Direction::Ingress => "ingress entries",
                        Direction::Egress => "egress entries",
                    };
                    let count = acl.counted(direction, entry.cidr);
                    let key = (acl.id.to_string(), what, ACL_ENTRIES);
                    let top = most.entry(key).or_default();
                    *top = count.max(*top);
                }
            }
            Operation::CreateRoute { table, .. } => {
                let Some(table) = estate.route_table(&table.id()) else {
                    continue;
                };
                let count = table.routes.iter().filter(|it| !it.propagated).count();
                let key = (table.id.to_string(), "routes", ROUTES);
                let top = most.entry(key).or_default();
                *top = count.max(*top);
            }
            _ => {}
        }
    }
    let over = most
        .into_iter()
        .filter(|((.., quota), count)| count > quota);
    over.map(|((id, what, quota), count)| {
        Guard::danger(
            GuardKind::Quota,
            format!("{id} would have {count} {what}: more than {quota} take a raised quota."),
        )
    })
    .collect()
}
