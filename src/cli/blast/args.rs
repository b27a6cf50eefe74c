//! The arguments of `firedoor blast`, and the proposal that they make.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueEnum};
use ipnet::IpNet;

use super::gate::Gate;
use crate::cli::{BadInput, Output};
use crate::model::text::visible;
use crate::model::{AclAction, Direction, InstanceId, notation};
use crate::plan::{Action, Dwell, Intent, Proposal, RuleName};

/// Of one proposed change.
#[derive(Debug, Args)]
pub(in crate::cli) struct BlastArgs {
    /// Reads a dump: a folder of answers of `aws ... describe-...`, and flow logs. Without it, the account
    /// is read.
    #[arg(long, value_name = "DIR")]
    pub(super) from: Option<PathBuf>,
    #[command(flatten)]
    pub(super) change: ChangeArgs,
    /// How the ledger is written.
    #[arg(long, value_enum, default_value_t = Output::Table)]
    pub(super) output: Output,
    /// Ends with 1 if the change does this: neighbours (a flow of theirs is cut), bytes=N (more than N of
    /// their bytes per minute are cut), unknown (it is not known of a flow, or not all flows are known).
    /// May be repeated.
    #[arg(long, value_name = "GATE")]
    pub(super) fail_on: Vec<Gate>,
}

/// The change. Which flags belong together is said here, so that clap refuses every other mixture.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("target").required(true)
    .args(["nacl", "subnet", "sg", "route_table", "action", "plan"]))]
#[command(group = ArgGroup::new("edit").args(["deny", "allow", "delete"]))]
pub(super) struct ChangeArgs {
    /// A network ACL, with --deny, --allow or --delete.
    #[arg(long, value_name = "ACL", requires = "edit")]
    nacl: Option<String>,
    /// Adds a deny for this remote block.
    #[arg(long, value_name = "CIDR", value_parser = cidr, requires = "nacl")]
    deny: Option<IpNet>,
    /// Adds an allow for this remote block.
    #[arg(long, value_name = "CIDR", value_parser = cidr, requires = "nacl")]
    allow: Option<IpNet>,
    /// The number of the new entry; without it, a free one below every entry that would decide otherwise.
    /// With --port, UDP has the next one.
    #[arg(long, value_name = "N", requires = "nacl", conflicts_with = "delete")]
    number: Option<u16>,
    /// The destination port of the new entries, TCP and UDP; without it, they match everything.
    #[arg(
        long,
        value_name = "PORT",
        requires = "nacl",
        conflicts_with = "delete"
    )]
    port: Option<u16>,
    /// The direction of the new entries; without it, both.
    #[arg(long, value_enum, requires = "nacl", conflicts_with = "delete")]
    direction: Option<Way>,
    /// Deletes an entry of the network ACL (in:100, out:100) or a route of the table (0.0.0.0/0, pl-…).
    #[arg(long, value_name = "WHAT", conflicts_with_all = ["subnet", "sg", "action", "plan"])]
    delete: Option<String>,
    /// A subnet, with --use-nacl.
    #[arg(long, value_name = "SUBNET", requires = "use_nacl")]
    subnet: Option<String>,
    /// The network ACL that the subnet gets.
    #[arg(long, value_name = "ACL", requires = "subnet")]
    use_nacl: Option<String>,
    /// A security group, with --revoke.
    #[arg(long, value_name = "SG", requires = "revoke")]
    sg: Option<String>,
    /// The rule that is revoked: its id (sgr-…), or what it says (in:tcp:22:0.0.0.0/0).
    #[arg(long, value_name = "RULE", requires = "sg")]
    revoke: Option<RuleName>,
    /// A route table, with --delete.
    #[arg(long, value_name = "TABLE", requires = "delete")]
    route_table: Option<String>,
    /// The instance that the change is made for: its flows are the suspect's, all others are neighbours'.
    #[arg(long, value_name = "INSTANCE")]
    instance: Option<String>,
    /// An action of the catalogue, with --instance.
    #[arg(long, value_name = "NAME", value_parser = crate::cli::action, requires = "instance")]
    action: Option<Action>,
    /// A plan that `firedoor plan --output json` wrote.
    #[arg(long, value_name = "FILE", conflicts_with = "instance")]
    pub(super) plan: Option<PathBuf>,
}

/// Directions of new entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Way {
    /// Ingress: the block is the source.
    In,
    /// Egress: the block is the destination.
    Out,
    /// Both.
    Both,
}

impl Way {
    fn directions(self) -> Vec<Direction> {
        match self {
            Self::In => vec![Direction::Ingress],
            Self::Out => vec![Direction::Egress],
            Self::Both => Direction::BOTH.to_vec(),
        }
    }
}

impl ChangeArgs {
    /// The suspect.
    pub(super) fn instance(&self) -> Option<InstanceId> {
        self.instance.as_deref().map(InstanceId::from)
    }

    /// The proposal that the arguments make. `dwell`, `case` and the findings' `peers` are for
    /// actions.
    pub(super) fn proposal(
        &self,
        dwell: Dwell,
        case: &str,
        peers: Vec<IpAddr>,
    ) -> Result<Proposal, BadInput> {
        let delete = self.delete.as_deref();
        if let Some(acl) = self.nacl.as_deref() {
            let entry = self.entry();
            return match (entry, delete) {
                (Some((action, cidr)), _) => Ok(Proposal::AddEntries {
                    acl: acl.into(),
                    action,
                    cidr,
                    number: self.number,
                    port: self.port,
                    directions: self.direction.unwrap_or(Way::Both).directions(),
                }),
                (None, Some(text)) => {
                    let (direction, number) = entry_name(text)?;
                    Ok(Proposal::DeleteEntry {
                        acl: acl.into(),
                        direction,
                        number,
                    })
                }
                (None, None) => Err(incomplete()),
            };
        }
        if let (Some(subnet), Some(acl)) = (self.subnet.as_deref(), self.use_nacl.as_deref()) {
            return Ok(Proposal::UseAcl {
                subnet: subnet.into(),
                acl: acl.into(),
            });
        }
        if let (Some(group), Some(rule)) = (self.sg.as_deref(), self.revoke.clone()) {
            return Ok(Proposal::Revoke {
                group: group.into(),
                rule,
            });
        }
        if let (Some(table), Some(text)) = (self.route_table.as_deref(), delete) {
            let destination = destination(text)?;
            return Ok(Proposal::DeleteRoute {
                table: table.into(),
                destination,
            });
        }
        if let (Some(action), Some(suspect)) = (self.action, self.instance()) {
            return Ok(Proposal::Act(Intent {
                action,
                suspect,
                case: case.to_owned(),
                // Names of what would be made; nothing is, so every review may use the same.
                stamp: "review".to_owned(),
                dwell,
                peers,
                acl_quota: Intent::ACL_QUOTA,
                max_hold: Intent::MAX_HOLD,
            }));
        }
        Err(incomplete())
    }

    fn entry(&self) -> Option<(AclAction, IpNet)> {
        let deny = self.deny.map(|it| (AclAction::Deny, it));
        deny.or(self.allow.map(|it| (AclAction::Allow, it)))
    }

    /// The change as it was asked for, made printable.
    pub(super) fn asked(&self) -> String {
        let way = self.direction.and_then(|it| it.to_possible_value());
        let flags = [
            ("--nacl", self.nacl.clone()),
            ("--deny", self.deny.map(|it| it.to_string())),
            ("--allow", self.allow.map(|it| it.to_string())),
            ("--number", self.number.map(|it| it.to_string())),
            ("--port", self.port.map(|it| it.to_string())),
            ("--direction", way.map(|it| it.get_name().to_owned())),
            ("--subnet", self.subnet.clone()),
            ("--use-nacl", self.use_nacl.clone()),
            ("--sg", self.sg.clone()),
            ("--revoke", self.revoke.as_ref().map(ToString::to_string)),
            ("--route-table", self.route_table.clone()),
            ("--delete", self.delete.clone()),
            ("--instance", self.instance.clone()),
            ("--action", self.action.map(|it| it.to_string())),
            (
                "--plan",
                self.plan.as_ref().map(|it| it.display().to_string()),
            ),
        ];
        let given = flags
            .into_iter()
            .filter_map(|(flag, value)| Some((flag, value?)));
        let words: Vec<String> = given
            .map(|(flag, value)| format!("{flag} {}", visible(&value)))
            .collect();
        words.join(" ")
    }
}

/// clap refuses these before; it is an error all the same.
fn incomplete() -> BadInput {
    BadInput(
        "not a whole change: firedoor blast --help lists the flags that belong together".into(),
    )
}

fn cidr(text: &str) -> Result<IpNet, String> {
    let alone = || text.parse::<IpAddr>().ok().map(IpNet::from);
    let read = notation::cidr(text).or_else(alone);
    read.ok_or_else(|| "a CIDR block, such as 203.0.113.0/24, or an address".to_owned())
}

/// `in:100`
fn entry_name(text: &str) -> Result<(Direction, u16), BadInput> {
    let parts = text.split_once(':').and_then(|(way, number)| {
        let direction = match way {
            "in" => Direction::Ingress,
            "out" => Direction::Egress,
            _ => return None,
        };
        Some((direction, number.parse().ok()?))
    });
    parts.ok_or_else(|| {
        let shown = visible(text);
        BadInput(format!(
            "--delete {shown}: an entry of a network ACL is in:100 or out:100"
        ))
    })
}

/// A destination as route tables have it: a CIDR block without host bits, or a prefix list.
fn destination(text: &str) -> Result<String, BadInput> {
    if text.starts_with("pl-") {
        return Ok(text.to_owned());
    }
    let block = notation::cidr(text).map(|it| it.to_string());
    block.ok_or_else(|| {
        let shown = visible(text);
        BadInput(format!(
            "--delete {shown}: a route is named by its destination: 0.0.0.0/0, ::/0, pl-…"
        ))
    })
}
