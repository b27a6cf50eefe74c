//! What flow logs prove, disprove and leave open.

mod ended;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::BoxFuture;
use tokio::sync::watch;

use super::*;
use crate::model::{FlowLog, FlowLogDestination, fixture};
use crate::plan::{Action, Dwell, Intent, Plan, build, claim};
use crate::sources::{
    Clock, Coverage, FlowLine, FlowLines, Reading, Request, Sink, Source, SourceError,
    SourceErrorKind,
};

/// The change was in force.
fn change() -> DateTime<Utc> {
    fixture::read_at()
}

fn at(seconds: i64) -> DateTime<Utc> {
    change() + TimeDelta::seconds(seconds)
}

/// A clock that jumps to the end of every sleep.
struct Jumping(Mutex<DateTime<Utc>>);

impl Clock for Jumping {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        *self.0.lock().unwrap() += TimeDelta::from_std(duration).unwrap();
        Box::pin(std::future::ready(()))
    }
}

/// Flow logs whose lines arrive with time.
struct Logs {
    clock: Arc<Jumping>,
    /// When each line arrives, in seconds after the change.
    lines: Vec<(i64, String)>,
    capped: bool,
    failing: bool,
}

impl Source for Logs {
    fn read(&self, request: Request, sink: Sink) -> BoxFuture<'_, Result<(), SourceError>> {
        Box::pin(async move {
            let Request::Flows(query) = request else {
                panic!("{request:?}")
            };
            assert!(query.since < change());
            if self.failing {
                return Err(SourceError {
                    kind: SourceErrorKind::Throttled,
                    message: "logs:FilterLogEvents: throttled".into(),
                });
            }
            let now = self.clock.now();
            let here = self.lines.iter().filter(|(arrives, _)| at(*arrives) <= now);
            let lines = here.zip(1..).map(|((_, text), event)| FlowLine {
                event,
                text: text.clone(),
            });
            let page = FlowLines {
                log: query.log.id,
                lines: lines.collect(),
                coverage: Coverage {
                    pages: 1,
                    capped: self.capped,
                    missing_streams: 0,
                },
            };
            sink.send(Reading::Flows(page)).await.ok();
            Ok(())
        })
    }
}

const DEFAULT: &str = "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} \
                       ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}";

fn log() -> FlowLog {
    FlowLog {
        id: "fl-1".into(),
        resource: "vpc-1".into(),
        destination: FlowLogDestination::LogGroup("flows".into()),
        format: DEFAULT.into(),
        aggregation_seconds: 60,
        traffic: "ALL".into(),
        delivery_error: None,
    }
}

fn record(from: &str, to: &str, start: i64, end: i64, action: &str) -> String {
    let (start, end) = (at(start).timestamp(), at(end).timestamp());
    format!("2 123456789012 eni-web1 {from} {to} 44000 4444 6 9 900 {start} {end} {action} OK")
}

/// The reverse shell of the suspect.
fn shell(start: i64, action: &str) -> String {
    record("10.0.0.11", "203.0.113.66", start, start + 50, action)
}

fn bare(eni: &str, start: i64, end: i64, status: &str) -> String {
    let (start, end) = (at(start).timestamp(), at(end).timestamp());
    format!("2 123456789012 {eni} - - - - - - - {start} {end} - {status}")
}

/// The log is complete.
fn whole() -> String {
    bare("eni-web1", 120, 180, "NODATA")
}

fn plan(action: Action) -> Plan {
    let intent = Intent {
        action,
        suspect: fixture::suspect(),
        case: "case".into(),
        stamp: "stamp".into(),
        dwell: Dwell {
            slowest_gap: Some(1),
            max: 5,
        },
        peers: vec!["203.0.113.66".parse().unwrap()],
        acl_quota: Intent::ACL_QUOTA,
        max_hold: Intent::MAX_HOLD,
    };
    build(&fixture::estate(), &intent).unwrap()
}

fn verifying(action: Action) -> Verifying {
    Verifying {
        claim: claim(&plan(action), &fixture::estate()),
        since: change(),
    }
}

fn verifier(lines: Vec<(i64, String)>) -> (Verifier, Arc<Jumping>) {
    with(|_| {}, lines)
}

fn with(set: impl Fn(&mut Logs), lines: Vec<(i64, String)>) -> (Verifier, Arc<Jumping>) {
    let clock = Arc::new(Jumping(Mutex::new(change())));
    let mut source = Logs {
        clock: Arc::clone(&clock),
        lines,
        capped: false,
        failing: false,
    };
    set(&mut source);
    let verifier = Verifier {
        source: Arc::new(source),
        clock: Arc::clone(&clock) as Arc<dyn Clock>,
        logs: vec![log()],
        limit: Duration::from_mins(15),
    };
    (verifier, clock)
}

async fn verdict(verifier: &Verifier, action: Action) -> Proof {
    let (_stay, left) = watch::channel(None);
    verifier.verify(&verifying(action), left).await
}

fn proven(until: i64) -> Proof {
    Proof::Proven { until: at(until) }
}

#[track_caller]
fn unknown(proof: &Proof, words: &str) {
    match proof {
        Proof::Unknown { why } if why.contains(words) => {}
        other => panic!("{other:?}, not: {words}"),
    }
}

#[tokio::test]
async fn a_complete_silent_log_is_a_proof_and_nothing_less_is() {
    let cases = [
        (vec![whole()], Ok(180)),
        // A window that was open at the change, and what was dropped.
        (
            vec![shell(-10, "ACCEPT"), shell(0, "ACCEPT"), whole()],
            Ok(180),
        ),
        (vec![shell(70, "REJECT"), whole()], Ok(180)),
        (vec![bare("eni-web1", 150, 240, "NODATA")], Ok(240)),
        // Skipped before, and after.
        (vec![bare("eni-web1", -60, 0, "SKIPDATA"), whole()], Ok(180)),
        (
            vec![bare("eni-web1", -30, 30, "SKIPDATA"), whole()],
            Err("AWS skipped records of eni-web1"),
        ),
        (
            vec![bare("eni-web1", 120, 179, "NODATA")],
            Err("records of eni-web1 go to"),
        ),
        (
            vec![bare("eni-web2", 120, 180, "NODATA")],
            Err("no records of eni-web1 have come"),
        ),
        (vec![], Err("15 min after the change")),
        (
            vec![whole(), "not a record".into()],
            Err("1 lines of the flow log could not be read"),
        ),
        (
            vec![whole(), record("-", "-", 70, 90, "ACCEPT")],
            Err("1 records name no peer or no action"),
        ),
    ];
    for (lines, expected) in cases {
        let shown = lines.join("\n");
        let (verifier, clock) = verifier(lines.into_iter().map(|it| (400, it)).collect());
        let proof = verdict(&verifier, Action::SgSwap).await;
        match expected {
            Ok(until) => {
                assert_eq!(proof, proven(until), "{shown}");
                assert!(clock.now() < at(440), "as soon as they had come");
            }
            Err(words) => {
                unknown(&proof, words);
                assert!(clock.now() >= at(900), "late records are waited for");
            }
        }
    }
}

#[tokio::test]
async fn an_accepted_packet_is_a_leak_at_once() {
    for (start, early) in [(1, true), (60, true), (61, false)] {
        let (verifier, clock) = verifier(vec![(330, shell(start, "ACCEPT"))]);
        let proof = verdict(&verifier, Action::SgSwap).await;
        let leak = Leak {
            eni: "eni-web1".into(),
            peer: "203.0.113.66".parse().unwrap(),
            port: 4444,
            protocol: 6,
            direction: Direction::Egress,
            bytes: 900,
            last: at(start),
            early,
        };
        let (edges, more) = (vec![leak], 0);
        assert_eq!(proof, Proof::Leaking { edges, more });
        assert!(clock.now() < at(370), "without waiting for the rest");
        assert!(
            proof
                .words()
                .starts_with("LEAKING: 1 edge: tcp eni-web1 to 203.0.113.66 port 4444, 900 bytes")
        );
        assert_eq!(proof.words().contains("may be of before"), early);
    }
}

#[tokio::test]
async fn twenty_edges_are_named_and_the_rest_is_counted() {
    let peers =
        (1..=25).map(|last| record("10.0.0.11", &format!("198.51.100.{last}"), 70, 99, "ACCEPT"));
    let (verifier, _) = verifier(peers.map(|it| (0, it)).collect());
    let Proof::Leaking { edges, more } = verdict(&verifier, Action::SgSwap).await else {
        panic!("no leak")
    };
    assert_eq!((edges.len(), more), (20, 5));
}

#[tokio::test]
async fn a_reading_that_is_not_whole_proves_nothing_but_shows_leaks() {
    let lines = |more: Option<String>| {
        [whole()]
            .into_iter()
            .chain(more)
            .map(|it| (0, it))
            .collect()
    };
    let (capped, _) = with(|it| it.capped = true, lines(None));
    unknown(
        &verdict(&capped, Action::SgSwap).await,
        "fl-1 holds more than 50 pages",
    );
    let (capped, _) = with(|it| it.capped = true, lines(Some(shell(90, "ACCEPT"))));
    assert!(matches!(
        verdict(&capped, Action::SgSwap).await,
        Proof::Leaking { .. }
    ));
    let (failing, _) = with(|it| it.failing = true, lines(None));
    unknown(&verdict(&failing, Action::SgSwap).await, "throttled");
}

#[tokio::test]
async fn traffic_that_is_not_claimed_does_not_count() {
    let near = record("10.0.0.11", "10.0.0.12", 90, 120, "ACCEPT");
    for (action, leaks) in [(Action::NaclSwap, false), (Action::SgSwap, true)] {
        let (verifier, _) = verifier(vec![(0, near.clone()), (0, whole())]);
        let proof = verdict(&verifier, action).await;
        assert_eq!(
            matches!(proof, Proof::Leaking { .. }),
            leaks,
            "{action}: {proof:?}"
        );
        assert_eq!(proof == proven(180), !leaks, "{action}: {proof:?}");
    }
}

#[tokio::test]
async fn what_is_dropped_after_the_interface_is_no_leak_and_no_proof() {
    let (verifier, _) = verifier(vec![(0, shell(90, "ACCEPT")), (0, whole())]);
    for (action, words) in [
        (Action::RouteSwap, "routes drop packets"),
        (Action::BlackholeRoute, "routes drop packets"),
        (Action::HostBlock, "the guest drops packets"),
    ] {
        unknown(&verdict(&verifier, action).await, words);
    }
    let (silent, _) = self::verifier(vec![(0, whole())]);
    assert_eq!(verdict(&silent, Action::RouteSwap).await, proven(180));
}

#[tokio::test]
async fn a_log_that_can_not_tell_is_named() {
    let elsewhere = FlowLogDestination::Elsewhere("arn:aws:s3:::bucket".into());
    let cases: [(FlowLog, &str); 6] = [
        (
            FlowLog {
                resource: "subnet-c".into(),
                ..log()
            },
            "no flow log covers eni-web1",
        ),
        (
            FlowLog {
                destination: elsewhere,
                ..log()
            },
            "arn:aws:s3:::bucket",
        ),
        (
            FlowLog {
                delivery_error: Some("Access error".into()),
                ..log()
            },
            "its delivery fails (Access error)",
        ),
        (
            FlowLog {
                traffic: "REJECT".into(),
                ..log()
            },
            "rejected traffic only",
        ),
        (
            FlowLog {
                format: DEFAULT.replace("${action}", ""),
                ..log()
            },
            "no action field",
        ),
        (
            FlowLog {
                format: String::new(),
                ..log()
            },
            "format is empty",
        ),
    ];
    for (log, words) in cases {
        let (mut verifier, clock) = verifier(vec![(0, whole())]);
        verifier.logs = vec![log];
        unknown(&verdict(&verifier, Action::SgSwap).await, words);
        assert_eq!(clock.now(), change(), "nothing to wait for");
    }
    // One that can tell is enough, whatever the others.
    let (mut verifier, _) = verifier(vec![(0, whole())]);
    let broken = FlowLog {
        delivery_error: Some("Access error".into()),
        ..log()
    };
    verifier.logs = vec![broken, log()];
    assert_eq!(verdict(&verifier, Action::SgSwap).await, proven(180));
}

#[test]
fn the_log_with_the_shortest_windows_is_read() {
    let of = |id: &str, resource: &str, aggregation_seconds| FlowLog {
        id: id.into(),
        resource: resource.into(),
        aggregation_seconds,
        ..log()
    };
    let logs = [
        of("fl-vpc", "vpc-1", 600),
        of("fl-eni", "eni-web1", 60),
        of("fl-b", "subnet-b", 60),
    ];
    let verifying = verifying(Action::SgSwap);
    let eni = &verifying.claim.enis()[0];
    assert_eq!(logs::best(&logs, eni).unwrap().0.id, "fl-eni");
    assert_eq!(logs::best(&logs[..1], eni).unwrap().0.id, "fl-vpc");
}

#[tokio::test]
async fn nobody_is_kept_waiting_who_does_not_want_to() {
    let (mut verifier, clock) = verifier(vec![]);
    let (sender, left) = watch::channel(None);
    sender.send(Some("another run began")).unwrap();
    let proof = verifier
        .verify(&verifying(Action::SgSwap), left.clone())
        .await;
    unknown(&proof, "another run began");
    drop(sender);
    verifier.limit = Duration::ZERO;
    let proof = verifier.verify(&verifying(Action::SgSwap), left).await;
    unknown(&proof, "not waited for");
    assert_eq!(clock.now(), change());
}
