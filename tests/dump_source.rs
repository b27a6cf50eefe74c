//! A dump behind the read port, and a snapshot of whatever is behind one.

#![expect(
    clippy::unwrap_used,
    reason = "a failed step of the set-up is a failed test"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use firedoor::drill::{self, Drill};
use firedoor::model::{Part, PartKind};
use firedoor::sources::dump::{self, DumpSource};
use firedoor::sources::snapshot::{SnapshotError, Wish, snapshot};
use firedoor::sources::{
    Clock, FlowQuery, Reading, Request, Scope, Sink, Source, SourceError, SourceErrorKind,
};
use futures::future::BoxFuture;
use tokio::sync::mpsc;

use still::StillClock;

#[path = "support/still.rs"]
mod still;

fn drill() -> Drill {
    Drill::new(drill::load(None).unwrap(), Arc::new(StillClock))
}

fn wish(vpcs: &[&str]) -> Wish {
    let now = StillClock.now();
    Wish {
        vpcs: vpcs.iter().map(|it| (*it).into()).collect(),
        since: now - Duration::from_hours(1),
        now,
        max_pages: 1_000,
    }
}

fn example() -> (DumpSource, PathBuf) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/dump");
    (DumpSource::new(dump::load(&dir).unwrap(), &dir), dir)
}

async fn ask(source: &dyn Source, request: Request) -> (Vec<Reading>, Result<(), SourceError>) {
    let (sink, mut readings) = mpsc::channel(4);
    let collect = async {
        let mut all = Vec::new();
        while let Some(reading) = readings.recv().await {
            all.push(reading);
        }
        all
    };
    let (done, all) = tokio::join!(source.read(request, sink), collect);
    (all, done)
}

async fn part(source: &dyn Source, kind: PartKind, scope: &Scope) -> Result<Part, SourceError> {
    let scope = scope.clone();
    let (mut all, done) = ask(source, Request::Part { kind, scope }).await;
    done?;
    let part = all.pop().and_then(|it| match it {
        Reading::Part(part) => Some(part),
        _ => None,
    });
    Ok(part.unwrap())
}

#[tokio::test]
async fn the_console_finds_in_a_dump_what_it_asks_an_account_for() {
    let (source, _) = example();
    assert_eq!(source.clock().now().timestamp(), 1_793_613_600);
    assert_eq!(source.span(), Duration::from_mins(11));
    let (all, _) = ask(&source, Request::Identity).await;
    let [Reading::Identity(who)] = &all[..] else {
        panic!("{all:?}");
    };
    assert_eq!(
        (who.account.as_str(), who.region.as_str()),
        ("111122223333", "eu-west-1")
    );
    assert_eq!(who.caller(), "dump");
    let (all, _) = ask(&source, Request::Findings).await;
    let [Reading::Findings(findings)] = &all[..] else {
        panic!("{all:?}");
    };
    let suspect = findings[0].containable().unwrap().clone();
    let (all, _) = ask(&source, Request::Locate(vec![suspect, "i-gone".into()])).await;
    assert_eq!(all, [Reading::Located(vec!["vpc-0a".into()])]);
}

#[tokio::test]
async fn parts_are_limited_to_the_scope_and_missing_ones_are_errors() {
    let (source, _) = example();
    let scope = Scope {
        vpcs: source.vpcs(),
        instances: vec!["i-0web".into()],
    };
    let Part::Enis(enis) = part(&source, PartKind::Enis, &scope).await.unwrap() else {
        panic!("interfaces");
    };
    assert_eq!(enis.len(), 3);
    let Part::Volumes(volumes) = part(&source, PartKind::Volumes, &scope).await.unwrap() else {
        panic!("volumes");
    };
    assert_eq!(volumes.len(), 1);
    let other = Scope {
        vpcs: ["vpc-other".into()].into(),
        instances: Vec::new(),
    };
    assert_eq!(
        part(&source, PartKind::Enis, &other).await,
        Ok(Part::Enis(Vec::new()))
    );
    let error = part(&source, PartKind::Peerings, &scope).await.unwrap_err();
    assert_eq!(error.message, "the dump does not hold peering connections");
    assert_eq!(error.kind, SourceErrorKind::Absent);
}

#[tokio::test]
async fn files_are_flow_logs_of_their_format() {
    let (source, _) = example();
    let scope = Scope {
        vpcs: source.vpcs(),
        instances: Vec::new(),
    };
    let Part::FlowLogs(logs) = part(&source, PartKind::FlowLogs, &scope).await.unwrap() else {
        panic!("flow logs");
    };
    assert_eq!(logs.len(), 4, "one of AWS's, and one per format: {logs:#?}");
    let mut lines = Vec::new();
    for log in &logs {
        let query = |enis: &[&str], since: i64| FlowQuery {
            log: log.clone(),
            enis: enis.iter().map(|it| (*it).into()).collect(),
            since: DateTime::from_timestamp(since, 0).unwrap(),
            max_pages: 10,
        };
        for (enis, since) in [
            (&["eni-0a"][..], 0),
            (&["eni-0a"], 1_793_613_600),
            (&["eni-0b"], 0),
            (&["eni-0x"], 0),
        ] {
            let (all, done) = ask(&source, Request::Flows(query(enis, since))).await;
            assert_eq!(done, Ok(()));
            let pages = all.iter().filter_map(|it| match it {
                Reading::Flows(page) => Some(page),
                _ => None,
            });
            let count: usize = pages.map(|it| it.lines.len()).sum();
            lines.push((log.id.as_str(), enis[0], since, count));
        }
    }
    // A line that can't be read may be about anybody.
    let expected = [
        ("eni-0a", 0, 11),
        ("eni-0a", 1_793_613_600, 2),
        ("eni-0b", 0, 3),
        ("eni-0x", 0, 1),
    ];
    for (eni, since, count) in expected {
        let all = lines.iter().filter(|it| (it.1, it.2) == (eni, since));
        assert_eq!(
            all.map(|it| it.3).sum::<usize>(),
            count,
            "{eni} {since}: {lines:#?}"
        );
    }
}

#[tokio::test]
async fn a_snapshot_is_a_dump_of_what_was_read() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().join("new");
    let world = drill();
    let report = snapshot(&world, &wish(&[]), &dir).await.unwrap();
    assert_eq!(
        (report.parts, report.missing.len(), report.vpcs),
        (15, 0, 1)
    );
    assert!(report.findings > 0 && report.lines > 0, "{report:?}");
    let read = dump::load(&dir).unwrap();
    assert_eq!(read.findings.len(), report.findings);
    let records = read.flows.coverage().records;
    assert_eq!(usize::try_from(records), Ok(report.lines));
    let scope = Scope {
        vpcs: read.estate.vpcs().map(|it| it.id.clone()).collect(),
        instances: read.estate.instances().map(|it| it.id.clone()).collect(),
    };
    for kind in PartKind::ALL {
        let live = in_order(part(&world, kind, &scope).await.unwrap());
        let written = firedoor::sources::part_of(&read.estate, kind, &scope);
        assert_eq!(written, live);
    }
    assert_eq!(read.accounts.len(), 1);
    let told: Vec<String> = read.doubts.iter().map(ToString::to_string).collect();
    assert!(told.is_empty(), "{told:#?}");
    // Two snapshots don't mix.
    let error = snapshot(&world, &wish(&[]), &dir).await.unwrap_err();
    assert!(
        error.is_input() && error.to_string().contains("is not empty"),
        "{error}"
    );
}

/// The drill has the entries of a network ACL in an order of its own.
fn in_order(mut part: Part) -> Part {
    if let Part::Acls(acls) = &mut part {
        for acl in acls {
            acl.entries.sort_by_key(|it| (it.direction, it.number));
        }
    }
    part
}

/// Answers nothing but who asks, and fails at the rest.
struct Denied;

impl Source for Denied {
    fn read(&self, request: Request, sink: Sink) -> BoxFuture<'_, Result<(), SourceError>> {
        Box::pin(async move {
            if request == Request::Identity {
                let (all, _) = ask(&drill(), Request::Identity).await;
                for reading in all {
                    sink.send(reading).await.ok();
                }
                return Ok(());
            }
            let action = "ec2:DescribeVpcs".to_owned();
            Err(SourceError {
                message: format!("{action} is denied"),
                kind: SourceErrorKind::Denied(action),
            })
        })
    }
}

#[tokio::test]
async fn what_could_not_be_read_is_reported_and_not_written() {
    let dir = tempfile::tempdir().unwrap();
    let error = snapshot(&Denied, &wish(&[]), dir.path()).await.unwrap_err();
    assert!(matches!(error, SnapshotError::NoVpc) && error.is_input());
    let report = snapshot(&Denied, &wish(&["vpc-1"]), dir.path())
        .await
        .unwrap();
    assert_eq!((report.parts, report.missing.len()), (0, 16));
    let lines = report.lines();
    assert!(lines.contains(&"not read: findings: ec2:DescribeVpcs is denied".to_owned()));
    let read = dump::load(dir.path()).unwrap();
    let unread: BTreeSet<PartKind> = PartKind::ALL
        .into_iter()
        .filter(|it| read.estate.freshness(*it).is_none())
        .collect();
    assert_eq!(unread.len(), 15);
}
