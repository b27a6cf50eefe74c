//! An estate as a dump: one file per call, in the shape of the call's answer, so that reading the
//! folder gives the same estate.
//!
//! What AWS's fields can't tell is written beside them under keys of this program's own, which other
//! tools pass over.

mod compute;
mod eni;
mod network;

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use serde_json::{Map, Value, json};

use super::super::port::Identity;
use super::DumpError;
use super::envelope::KEPT_FINDINGS;
use super::files::{io_error, shown};
use super::flow_files::default_format;
use crate::model::{Estate, Finding, FlowLog, GatewayKind, Group, PartKind};

/// Writes an estate into a folder, which is made if need be, as files that only the user can read.
/// A part that was never read is not written.
///
/// # Errors
/// A file that exists is not written over; or the folder or a file fails.
pub fn write(estate: &Estate, dir: &Path) -> Result<(), DumpError> {
    for kind in PartKind::ALL {
        for (call, key, all) in answers(estate, kind) {
            if estate.freshness(kind).is_some() || !all.is_empty() {
                put(dir, call, &answer(key, all))?;
            }
        }
    }
    Ok(())
}

/// Writes findings in the form in which this program keeps them: they lose nothing.
///
/// # Errors
/// As of [`write`].
pub(in crate::sources) fn write_findings(
    findings: &[Finding],
    dir: &Path,
) -> Result<(), DumpError> {
    let all: Result<Vec<Value>, _> = findings.iter().map(serde_json::to_value).collect();
    let all = all.map_err(|error| io_error(dir, error.into()))?;
    put(dir, "firedoor-findings", &answer(KEPT_FINDINGS, all))
}

/// Writes who made the dump, as `sts get-caller-identity` answers it.
///
/// # Errors
/// As of [`write`].
pub(in crate::sources) fn write_identity(it: &Identity, dir: &Path) -> Result<(), DumpError> {
    let answer = json!({"Account": it.account, "Arn": it.arn});
    put(dir, "sts-get-caller-identity", &answer)
}

/// Writes lines of a flow log as a text file that begins with the log's format.
///
/// # Errors
/// As of [`write`].
pub(in crate::sources) fn write_lines<'a>(
    log: &FlowLog,
    lines: impl Iterator<Item = &'a str>,
    dir: &Path,
) -> Result<(), DumpError> {
    let fields = log.format.split_whitespace().map(|field| {
        let inner = field.strip_prefix("${").and_then(|it| it.strip_suffix('}'));
        inner.unwrap_or(field)
    });
    let fields: Vec<&str> = fields.collect();
    let header = if fields.is_empty() {
        default_format()
    } else {
        fields.join(" ")
    };
    let plain = |it: char| {
        if it.is_ascii_alphanumeric() || it == '-' {
            it
        } else {
            '_'
        }
    };
    let name: String = log.id.chars().map(plain).collect();
    let folder = dir.join("flow-logs");
    file(&folder, &format!("{name}.log"), |out| {
        writeln!(out, "{header}")?;
        for line in lines {
            writeln!(out, "{line}")?;
        }
        Ok(())
    })
}

/// An answer: the call, the key, and the entries.
type Answer = (&'static str, &'static str, Vec<Value>);

/// The answers that make up a part.
fn answers(estate: &Estate, kind: PartKind) -> Vec<Answer> {
    match kind {
        PartKind::Vpcs => {
            let all = estate.vpcs().map(network::vpc).collect();
            vec![("ec2-describe-vpcs", "Vpcs", all)]
        }
        PartKind::Subnets => {
            let all = estate.subnets().map(network::subnet).collect();
            vec![("ec2-describe-subnets", "Subnets", all)]
        }
        PartKind::Enis => {
            let all = estate.enis().map(eni::eni).collect();
            vec![("ec2-describe-network-interfaces", "NetworkInterfaces", all)]
        }
        PartKind::Instances => {
            let all = estate.instances().map(compute::reservation).collect();
            let attributes = estate.instances().filter_map(compute::attributes).collect();
            vec![
                ("ec2-describe-instances", "Reservations", all),
                (
                    "ec2-describe-instance-attribute",
                    "InstanceAttributes",
                    attributes,
                ),
            ]
        }
        PartKind::Groups => {
            let groups = estate.groups().map(network::group).collect();
            let rules = |of: &Group| -> Vec<Value> {
                of.rules.iter().map(|it| network::rule(of, it)).collect()
            };
            vec![
                ("ec2-describe-security-groups", "SecurityGroups", groups),
                (
                    "ec2-describe-security-group-rules",
                    "SecurityGroupRules",
                    estate.groups().flat_map(rules).collect(),
                ),
            ]
        }
        PartKind::Acls => {
            let all = estate.acls().map(network::acl).collect();
            vec![("ec2-describe-network-acls", "NetworkAcls", all)]
        }
        PartKind::RouteTables => {
            let all = estate.route_tables().map(network::table).collect();
            vec![("ec2-describe-route-tables", "RouteTables", all)]
        }
        PartKind::Gateways => gateways(estate),
        PartKind::Peerings => {
            let all = estate.peerings().map(network::peering).collect();
            let call = "ec2-describe-vpc-peering-connections";
            vec![(call, "VpcPeeringConnections", all)]
        }
        PartKind::PrefixLists => {
            let all = estate.prefix_lists().map(network::prefix_list).collect();
            vec![("ec2-describe-prefix-lists", "PrefixLists", all)]
        }
        PartKind::Volumes => {
            let all = estate.volumes().iter().map(compute::volume).collect();
            vec![("ec2-describe-volumes", "Volumes", all)]
        }
        PartKind::AsgMemberships => {
            let all = estate.asg_memberships().iter();
            let call = "autoscaling-describe-auto-scaling-instances";
            let all = all.map(compute::asg_membership).collect();
            vec![(call, "AutoScalingInstances", all)]
        }
        PartKind::TargetMemberships => {
            let all = compute::target_health(estate.target_memberships());
            let call = "elbv2-describe-target-health";
            vec![(call, "LoadBalancerTargetHealth", all)]
        }
        PartKind::Profiles => {
            let all = estate.profiles().iter().map(compute::profile).collect();
            vec![("iam-list-instance-profiles", "InstanceProfiles", all)]
        }
        PartKind::FlowLogs => {
            let all = estate.flow_logs().iter().map(network::flow_log).collect();
            vec![("ec2-describe-flow-logs", "FlowLogs", all)]
        }
    }
}

/// Each kind of gateway has a call of its own.
fn gateways(estate: &Estate) -> Vec<Answer> {
    let of = |kinds: &[GatewayKind]| {
        let all = estate.gateways().filter(|it| kinds.contains(&it.kind));
        all.map(network::gateway).collect()
    };
    vec![
        (
            "ec2-describe-internet-gateways",
            "InternetGateways",
            of(&[GatewayKind::Internet]),
        ),
        (
            "ec2-describe-egress-only-internet-gateways",
            "EgressOnlyInternetGateways",
            of(&[GatewayKind::EgressOnly]),
        ),
        (
            "ec2-describe-nat-gateways",
            "NatGateways",
            of(&[GatewayKind::Nat]),
        ),
        (
            "ec2-describe-vpc-endpoints",
            "VpcEndpoints",
            of(&[GatewayKind::GatewayEndpoint, GatewayKind::InterfaceEndpoint]),
        ),
    ]
}

fn answer(key: &str, all: Vec<Value>) -> Value {
    let all: Vec<Value> = all.into_iter().map(without_nulls).collect();
    Value::Object(Map::from_iter([(key.to_owned(), Value::Array(all))]))
}

fn put(dir: &Path, name: &str, answer: &Value) -> Result<(), DumpError> {
    file(dir, &format!("{name}.json"), |out| {
        serde_json::to_writer_pretty(&mut *out, answer)?;
        out.write_all(b"\n")
    })
}

/// Makes a file in a folder that is made if need be.
fn file(
    dir: &Path,
    name: &str,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), DumpError> {
    let path = dir.join(name);
    let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.map_err(|source| io_error(dir, source))?;
    let mut options = OpenOptions::new();
    let made = options.write(true).create_new(true).mode(0o600).open(&path);
    let written = made.and_then(|it| {
        let mut out = BufWriter::new(it);
        fill(&mut out)?;
        out.flush()
    });
    written.map_err(|source| io_error(&path, source))
}

/// AWS leaves out what is not there.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(all) => {
            let there = all.into_iter().filter(|(_, it)| !it.is_null());
            there.map(|(key, it)| (key, without_nulls(it))).collect()
        }
        Value::Array(all) => all.into_iter().map(without_nulls).collect(),
        other => other,
    }
}

/// Refuses a folder that holds something. One that is not there is empty.
pub(in crate::sources) fn must_be_empty(dir: &Path) -> Result<(), DumpError> {
    match std::fs::read_dir(dir) {
        Ok(mut entries) => match entries.next() {
            Some(_) => Err(DumpError::NotEmpty { dir: shown(dir) }),
            None => Ok(()),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(io_error(dir, error)),
    }
}
