//! The world as its players meet it: through the ports, on a clock that tests move.

mod any_sequence;
mod changes;
mod flow_logs;
mod late;
mod operations;
mod pinned;
mod reads;
mod traffic;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::BoxFuture;
use ipnet::IpNet;

use super::*;
use crate::model::{
    AclAction, AclEntry, AclId, Direction, EniId, EniKind, Estate, Finding, GroupId, GroupRule,
    Part, PartKind, Protocol, SubnetId, TrackingTimeouts,
};
use crate::operation::{
    Actuator, Answer, CallError, CallErrorKind, Operation, Ref, Refusal, State, StepId, invert,
};
use crate::sources::{Clock, FlowQuery, Reading, Request, Scope, Source};

const SUSPECT: &str = "i-0f00d0000000beef1";

/// Time that passes as tokio's, which tests pause.
struct FakeClock {
    base: DateTime<Utc>,
    began: tokio::time::Instant,
}

impl Clock for FakeClock {
    fn now(&self) -> DateTime<Utc> {
        self.base + TimeDelta::from_std(self.began.elapsed()).unwrap()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

fn t0() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

fn drill() -> Drill {
    let clock = FakeClock {
        base: t0(),
        began: tokio::time::Instant::now(),
    };
    let mut scenario = load(None).unwrap();
    // Who is replaced when is told elsewhere; here everybody stays who they are.
    scenario.settings.asg_grace = None;
    Drill::new(scenario, Arc::new(clock))
}

/// A record, taken apart.
#[derive(Debug, Clone)]
struct Line {
    src: String,
    dst: String,
    port: u16,
    dst_port: u16,
    start: i64,
    end: i64,
    accepted: bool,
    egress: bool,
}

fn parse(text: &str) -> Option<Line> {
    let fields: Vec<&str> = text.split(' ').collect();
    assert_eq!(fields.len(), FORMAT.split(' ').count(), "{text}");
    (fields[13] == "OK").then(|| Line {
        src: fields[3].to_owned(),
        dst: fields[4].to_owned(),
        port: fields[5].parse().unwrap(),
        dst_port: fields[6].parse().unwrap(),
        start: fields[10].parse().unwrap(),
        end: fields[11].parse().unwrap(),
        accepted: fields[12] == "ACCEPT",
        egress: fields[21] == "egress",
    })
}

impl Line {
    fn between(&self, a: &str, b: &str, port: u16) -> bool {
        let ends = [self.src.as_str(), self.dst.as_str()];
        (ends == [a, b] && self.dst_port == port) || (ends == [b, a] && self.port == port)
    }
}

async fn read(drill: &Drill, request: Request) -> Vec<Reading> {
    let (sink, mut readings) = tokio::sync::mpsc::channel(64);
    drill.read(request, sink).await.unwrap();
    let mut all = Vec::new();
    while let Some(reading) = readings.recv().await {
        all.push(reading);
    }
    all
}

async fn findings(drill: &Drill) -> Vec<Finding> {
    match read(drill, Request::Findings).await.remove(0) {
        Reading::Findings(findings) => findings,
        other => panic!("{other:?}"),
    }
}

fn query(estate: &Estate, enis: Vec<EniId>, since: DateTime<Utc>) -> FlowQuery {
    FlowQuery {
        log: estate.flow_logs()[0].clone(),
        enis,
        since,
        max_pages: 60,
    }
}

fn eni_of(estate: &Estate, instance: &str) -> EniId {
    let instance = estate.instances().find(|it| it.name == instance).unwrap();
    let eni = estate.enis_of_instance(&instance.id).next().unwrap();
    eni.id.clone()
}

/// Records of an instance's interface whose first packet passed in the `last` seconds.
async fn lines(drill: &Drill, instance: &str, last: i64) -> Vec<Line> {
    let estate = drill.estate();
    let now = drill.clock().now();
    let enis = vec![eni_of(&estate, instance)];
    let since = now - TimeDelta::seconds(last);
    let readings = read(drill, Request::Flows(query(&estate, enis, since))).await;
    let mut lines = Vec::new();
    for reading in readings {
        let Reading::Flows(page) = reading else {
            panic!("{reading:?}")
        };
        lines.extend(page.lines.iter().filter_map(|it| parse(&it.text)));
    }
    lines.retain(|it| it.start >= since.timestamp());
    lines
}

/// Whether records of the last `last` seconds between two addresses were accepted, each way it went.
async fn seen(
    drill: &Drill,
    (instance, a, b, port): (&str, &str, &str, u16),
    last: i64,
) -> BTreeSet<bool> {
    let lines = lines(drill, instance, last).await;
    let of = lines.iter().filter(|it| it.between(a, b, port));
    of.map(|it| it.accepted).collect()
}

const SHELL: (&str, &str, &str, u16) = ("web-03", "10.20.0.23", "203.0.113.66", 4444);
const BEACON: (&str, &str, &str, u16) =
    ("web-03", "2001:db8:14:1400::23", "2001:db8:bad::66", 8443);
/// A neighbour in the suspect's subnet and a server in another one.
const NEIGHBOUR: (&str, &str, &str, u16) = ("web-01", "10.20.0.21", "10.20.16.21", 8080);
/// The suspect and a neighbour, in one subnet.
const LATERAL: (&str, &str, &str, u16) = ("web-01", "10.20.0.23", "10.20.0.21", 443);

fn only(accepted: bool) -> BTreeSet<bool> {
    BTreeSet::from([accepted])
}

async fn pass(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

async fn call(drill: &Drill, operation: Operation) -> Option<String> {
    drill.execute(&operation).await.unwrap().made
}

/// Denies every protocol from and to a block by the first entry of a network ACL, or takes that back; what AWS
/// answers, per direction.
fn entry_of_all(
    world: &mut World,
    acl: &AclId,
    cidr: &str,
    now: DateTime<Utc>,
    denied: bool,
) -> [Result<Answer, Refusal>; 2] {
    let number = 1;
    Direction::BOTH.map(|direction| {
        let acl = Ref::Id(acl.clone());
        let entry = AclEntry {
            direction,
            number,
            action: AclAction::Deny,
            protocol: Protocol::All,
            cidr: cidr.parse().unwrap(),
            ports: None,
        };
        let operation = if denied {
            Operation::CreateAclEntry { acl, entry }
        } else {
            Operation::DeleteAclEntry {
                acl,
                direction,
                number,
            }
        };
        world.execute(&operation, now)
    })
}

/// A new group without rules.
async fn empty_group(drill: &Drill, name: &str) -> GroupId {
    let vpc = drill.estate().vpcs().next().unwrap().id.clone();
    let create = Operation::CreateGroup {
        vpc,
        name: name.to_owned(),
        description: "a test".to_owned(),
        tags: Vec::new(),
    };
    let id = GroupId::new(call(drill, create).await.unwrap());
    close(drill, &id, Direction::Egress).await;
    id
}

async fn close(drill: &Drill, group: &GroupId, direction: Direction) {
    let group = Ref::Id(group.clone());
    call(drill, Operation::RevokeAllRules { group, direction }).await;
}

async fn open(drill: &Drill, group: &GroupId, cidrs: &[&str]) {
    for direction in Direction::BOTH {
        let rule = |cidr: &&str| GroupRule::all(direction, cidr.parse::<IpNet>().unwrap());
        let authorize = Operation::AuthorizeRules {
            group: Ref::Id(group.clone()),
            direction,
            rules: cidrs.iter().map(rule).collect(),
        };
        call(drill, authorize).await;
    }
}

async fn attach(drill: &Drill, group: &GroupId) {
    let attach = Operation::SetEniGroups {
        eni: eni_of(&drill.estate(), "web-03"),
        groups: vec![Ref::Id(group.clone())],
    };
    call(drill, attach).await;
}

/// Open for `cidrs`, a dwell, then empty.
async fn two_step(drill: &Drill, cidrs: &[&str], dwell: u64) {
    let group = empty_group(drill, "case-1").await;
    open(drill, &group, cidrs).await;
    attach(drill, &group).await;
    pass(dwell).await;
    for direction in Direction::BOTH {
        close(drill, &group, direction).await;
    }
}

fn subnet(estate: &Estate, name: &str) -> SubnetId {
    let found = estate.subnets().find(|it| it.name == name);
    found.unwrap().id.clone()
}

/// The quarantine NACL on the suspect's subnet; the way back.
async fn nacl_swap(drill: &Drill) -> Operation {
    let estate = drill.estate();
    let create = Operation::CreateAcl {
        vpc: estate.vpcs().next().unwrap().id.clone(),
        tags: vec![("Name".to_owned(), "quarantine".to_owned())],
    };
    assert_eq!(drill.observe(&create).await.unwrap(), State::Absent);
    let acl = call(drill, create.clone()).await.unwrap();
    assert_eq!(
        drill.observe(&create).await.unwrap().made(),
        Some(acl.as_str())
    );
    let swap = Operation::SetSubnetAcl {
        subnet: subnet(&estate, "public-a"),
        acl: Ref::Id(acl.as_str().into()),
    };
    let before = drill.observe(&swap).await.unwrap();
    call(drill, swap.clone()).await;
    assert!(swap.satisfied_by(&drill.observe(&swap).await.unwrap()));
    invert(&swap, &before, None).unwrap()
}
