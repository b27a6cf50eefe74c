//! What is known of the project's own dump.

use std::fmt::Debug;
use std::path::Path;

use firedoor::model::{
    Direction, EniKind, FindingAction, InstanceId, PartKind, Protocol, RulePeer,
};
use firedoor::sources::dump::{self, Dump};

type Check = fn(&Path) -> Result<(), String>;

pub(crate) const CHECKS: [(&str, Check); 6] = [
    ("everything is merged", merged),
    ("rules come from permissions", rules),
    ("findings", findings),
    ("flows", flows),
    ("doubts", doubts),
    ("whose dump it is", place),
];

fn load(fixtures: &Path) -> Result<Dump, String> {
    dump::load(&fixtures.join("dump")).map_err(|error| error.to_string())
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "what is compared is made for it"
)]
fn same<T: PartialEq + Debug>(what: &str, is: T, expected: T) -> Result<(), String> {
    if is == expected {
        Ok(())
    } else {
        Err(format!("{what}: {is:?}, expected {expected:?}"))
    }
}

fn merged(fixtures: &Path) -> Result<(), String> {
    let estate = load(fixtures)?.estate;
    let vpc = estate.vpc(&"vpc-0a".into()).ok_or("no VPC")?;
    let cidrs: Vec<String> = vpc.cidrs.iter().map(ToString::to_string).collect();
    same(
        "the VPC's blocks that are left",
        cidrs,
        vec!["10.7.0.0/16".to_owned()],
    )?;
    let enis: Vec<&str> = estate.enis().map(|it| it.id.as_str()).collect();
    same(
        "interfaces of both pages",
        enis,
        vec!["eni-0a", "eni-0b", "eni-0n"],
    )?;
    let nat = estate.eni(&"eni-0n".into()).ok_or("no NAT interface")?;
    same("kind", nat.kind, EniKind::NatGateway)?;
    let public = nat.public.first().map(|it| it.address.to_string());
    same("its Elastic IP", public.as_deref(), Some("198.51.100.5"))?;
    let web = estate.instance(&"i-0web".into()).ok_or("no instance")?;
    same("profile", web.profile.as_deref(), Some("web"))?;
    same("name", web.name.as_str(), "web")?;
    let main = estate.table_of_subnet(&"subnet-0b".into());
    same("main table", main.map(|it| it.id.as_str()), Some("rtb-0m"))?;
    let unread = PartKind::ALL
        .into_iter()
        .filter(|it| estate.freshness(*it).is_none());
    let expected = [
        PartKind::Peerings,
        PartKind::PrefixLists,
        PartKind::AsgMemberships,
        PartKind::TargetMemberships,
        PartKind::Profiles,
    ];
    same(
        "parts that are not there",
        unread.collect(),
        expected.to_vec(),
    )
}

fn rules(fixtures: &Path) -> Result<(), String> {
    let estate = load(fixtures)?.estate;
    let db = estate.group(&"sg-0db".into()).ok_or("no group")?;
    let [rule] = &db.rules[..] else {
        return Err(format!("one rule: {:?}", db.rules));
    };
    same("direction", rule.direction, Direction::Ingress)?;
    same("protocol", rule.protocol, Protocol::TCP)?;
    same("peer", &rule.peer, &RulePeer::Group("sg-0web".into()))?;
    let web = estate.group(&"sg-0web".into()).ok_or("no group")?;
    same("rules of web", web.rules.len(), 4)
}

fn findings(fixtures: &Path) -> Result<(), String> {
    let findings = load(fixtures)?.findings;
    let kinds: Vec<&str> = findings.iter().map(|it| it.kind.as_str()).collect();
    let expected = vec!["Backdoor:EC2/C&CActivity.B", "Recon:EC2/Portscan"];
    same("newest first", kinds, expected)?;
    let first = findings.first().ok_or("no finding")?;
    same(
        "instance",
        first.containable().map(InstanceId::as_str),
        Ok("i-0web"),
    )?;
    let remote = first
        .remotes
        .first()
        .map(|it| (it.address.to_string(), it.port));
    same(
        "remote",
        remote,
        Some(("203.0.113.66".to_owned(), Some(4444))),
    )?;
    let connects = matches!(
        &first.action,
        FindingAction::NetworkConnection {
            direction: Some(Direction::Egress),
            ..
        }
    );
    same("action", connects, true)
}

fn flows(fixtures: &Path) -> Result<(), String> {
    let dump = load(fixtures)?;
    let coverage = dump.flows.coverage();
    same("records", coverage.records, 12)?;
    same("bad lines", coverage.bad_lines, 1)?;
    let end = dump.newest_flow.map(|it| it.timestamp());
    same("newest record", end, Some(1_793_613_600))?;
    let edges: Vec<String> = dump
        .flows
        .edges()
        .map(|it| {
            let key = &it.key;
            format!(
                "{} {} {} {} {}",
                key.eni,
                key.peer,
                key.port,
                key.direction.name(),
                it.records
            )
        })
        .collect();
    let expected = [
        "eni-0a 203.0.113.66 4444 egress 10",
        "eni-0b 10.7.1.10 5432 ingress 1",
        "eni-0b 198.51.100.99 443 egress 1",
    ];
    same("edges", edges, expected.map(str::to_owned).to_vec())
}

fn doubts(fixtures: &Path) -> Result<(), String> {
    let doubts = load(fixtures)?.doubts;
    let words: Vec<String> = doubts.iter().map(ToString::to_string).collect();
    let expected = [
        "eu-west-1/ec2-describe-network-interfaces-1.json: NetworkInterfaces: entry 2 has no NetworkInterfaceId and is left out",
        "no EgressOnlyInternetGateways, so what is known of gateways is incomplete: add the answer of `aws ec2 describe-egress-only-internet-gateways`",
        "no VpcEndpoints, so what is known of gateways is incomplete: add the answer of `aws ec2 describe-vpc-endpoints`",
        "no VpcPeeringConnections, so what is known of peering connections is incomplete: add the answer of `aws ec2 describe-vpc-peering-connections`",
        "no PrefixLists, so what is known of prefix lists is incomplete: add the answer of `aws ec2 describe-prefix-lists`",
        "no AutoScalingInstances, so what is known of Auto Scaling is incomplete: add the answer of `aws autoscaling describe-auto-scaling-instances`",
        "no LoadBalancerTargetHealth, so what is known of target groups is incomplete: add the answer of `aws elbv2 describe-target-health`",
        "no InstanceProfiles, so what is known of instance profiles is incomplete: add the answer of `aws iam list-instance-profiles`",
        "eu-west-1/ec2-describe-volumes.json: vol-0z: Attachments names i-0gone, which is not in the dump",
        "notes.txt: ignored: neither JSON nor a flow log with a header or in a known format",
        "archived findings are left out: 1",
        "flow-logs/part-1.log:12: lines of the flow log that can't be read: 1; of the first, the line ends before dstport: 5 values for 14 fields",
    ];
    for expected in expected {
        if !words.iter().any(|it| it == expected) {
            return Err(format!("no doubt {expected:?} among {words:#?}"));
        }
    }
    same("doubts", words.len(), expected.len())
}

fn place(fixtures: &Path) -> Result<(), String> {
    let dump = load(fixtures)?;
    let accounts: Vec<String> = dump.accounts.into_iter().collect();
    same("accounts", accounts, vec!["111122223333".to_owned()])?;
    let regions: Vec<String> = dump.regions.into_iter().collect();
    same("Regions", regions, vec!["eu-west-1".to_owned()])
}
