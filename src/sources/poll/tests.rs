//! The schedule against a scripted source, in time that tests own.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::BoxFuture;
use tokio::time::{Instant, sleep};

use super::*;
use crate::model::{FindingAction, Severity};
use crate::sources::{FlowLine, Sink, SourceErrorKind};

/// Time that passes as tokio's; counts how often somebody waits.
struct FakeClock {
    began: Instant,
    waits: AtomicUsize,
}

impl Clock for FakeClock {
    fn now(&self) -> DateTime<Utc> {
        t0() + TimeDelta::from_std(self.began.elapsed()).unwrap()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.waits.fetch_add(1, Ordering::Relaxed);
        Box::pin(sleep(duration))
    }
}

fn t0() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

/// How a request is answered.
enum Reply {
    With(Vec<Reading>),
    After(u64, Vec<Reading>),
    Failing(SourceErrorKind),
    Never,
}

/// Answers as its script says, and remembers what it was asked and when, in seconds.
struct Script {
    clock: Arc<FakeClock>,
    asked: Mutex<Vec<(i64, Request)>>,
    reply: Box<dyn Fn(&Request) -> Reply + Send + Sync>,
}

impl Source for Script {
    fn read(&self, request: Request, sink: Sink) -> BoxFuture<'_, Result<(), SourceError>> {
        let at = (self.clock.now() - t0()).num_seconds();
        let reply = (self.reply)(&request);
        self.asked.lock().unwrap().push((at, request));
        Box::pin(async move {
            let readings = match reply {
                Reply::With(readings) => readings,
                Reply::After(seconds, readings) => {
                    sleep(Duration::from_secs(seconds)).await;
                    readings
                }
                Reply::Failing(kind) => {
                    let message = "as the script says".to_owned();
                    return Err(SourceError { kind, message });
                }
                Reply::Never => std::future::pending().await,
            };
            for reading in readings {
                sink.send(reading).await.ok();
            }
            Ok(())
        })
    }
}

/// A poller at work.
struct Play {
    poller: Poller,
    script: Arc<Script>,
    news: Arc<Mutex<Vec<Update>>>,
}

impl Play {
    fn new(reply: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        Self::with(settings(), reply)
    }

    fn with(
        settings: PollSettings,
        reply: impl Fn(&Request) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let clock = Arc::new(FakeClock {
            began: Instant::now(),
            waits: AtomicUsize::new(0),
        });
        let script = Arc::new(Script {
            clock: Arc::clone(&clock),
            asked: Mutex::default(),
            reply: Box::new(reply),
        });
        let (poller, mut updates) = Poller::spawn(Arc::clone(&script) as _, clock, settings);
        let news = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&news);
        tokio::spawn(async move {
            while let Some(update) = updates.recv().await {
                heard.lock().unwrap().push(update);
            }
        });
        Self {
            poller,
            script,
            news,
        }
    }

    /// Everything that was asked and that `wanted` picks, with the second in which it was.
    fn asked<T>(&self, wanted: impl Fn(&Request) -> Option<T>) -> Vec<(i64, T)> {
        let asked = self.script.asked.lock().unwrap();
        let picked = asked.iter().filter_map(|(at, it)| Some((*at, wanted(it)?)));
        picked.collect()
    }

    fn times(&self, wanted: impl Fn(&Request) -> bool) -> Vec<i64> {
        let asked = self.asked(|it| wanted(it).then_some(()));
        asked.into_iter().map(|(at, ())| at).collect()
    }

    /// The scopes with which a part was asked for.
    fn scopes(&self, part: PartKind) -> Vec<(i64, Vec<String>)> {
        self.asked(|it| match it {
            Request::Part { kind, scope } if *kind == part => {
                Some(scope.vpcs.iter().map(ToString::to_string).collect())
            }
            _ => None,
        })
    }

    fn flow_queries(&self) -> Vec<(i64, FlowQuery)> {
        self.asked(|it| match it {
            Request::Flows(query) => Some(query.clone()),
            _ => None,
        })
    }

    fn outcomes(&self, feed: Feed) -> Vec<Outcome> {
        let news = self.news.lock().unwrap();
        let own = news.iter().filter(|it| it.feed == feed);
        own.filter_map(|it| match &it.kind {
            UpdateKind::Finished(outcome) => Some(outcome.clone()),
            _ => None,
        })
        .collect()
    }
}

fn settings() -> PollSettings {
    PollSettings {
        vpcs: BTreeSet::new(),
        since: Duration::from_hours(1),
        max_pages: 10,
        findings_every: Duration::from_mins(1),
        estate_every: Duration::from_mins(2),
        flows_every: Duration::from_mins(1),
    }
}

fn in_vpc(vpc: &str) -> PollSettings {
    PollSettings {
        vpcs: [vpc.into()].into(),
        ..settings()
    }
}

async fn seconds(count: u64) {
    sleep(Duration::from_secs(count)).await;
}

fn finding(instance: &str, vpc: Option<&str>) -> Finding {
    Finding {
        id: instance.into(),
        kind: "Backdoor:EC2/C&CActivity.B".into(),
        severity: Severity(8.0),
        title: String::new(),
        description: String::new(),
        account: String::new(),
        region: String::new(),
        created: t0(),
        updated: t0(),
        count: 1,
        sample: false,
        resource_type: "Instance".into(),
        instances: vec![instance.into()],
        enis: Vec::new(),
        subnets: Vec::new(),
        vpcs: vpc.into_iter().map(Into::into).collect(),
        action: FindingAction::Other(String::new()),
        remotes: Vec::new(),
    }
}

fn nothing(request: &Request) -> Reply {
    Reply::With(match request {
        Request::Part { kind, .. } => vec![Reading::Part(empty(*kind))],
        _ => Vec::new(),
    })
}

/// A part of an account without anything in it: which part is all that the schedule looks at.
fn empty(kind: PartKind) -> Part {
    match kind {
        PartKind::Instances => Part::Instances(Vec::new()),
        _ => Part::Vpcs(Vec::new()),
    }
}

fn log(id: &str, format: &str) -> FlowLog {
    FlowLog {
        id: id.into(),
        resource: "vpc-1".into(),
        destination: FlowLogDestination::LogGroup("logs".into()),
        format: format.into(),
        aggregation_seconds: 60,
        traffic: "ALL".into(),
        delivery_error: None,
    }
}

fn targets(suspect: &str) -> FlowTargets {
    FlowTargets {
        suspect: vec![suspect.into()],
        neighbours: Vec::new(),
        logs: vec![log("fl-1", "${start} ${end} ${srcport}")],
    }
}

fn page(log: &str, pages: usize, lines: &[&str]) -> Reading {
    let line = |text: &&str| FlowLine {
        event: 1,
        text: (*text).to_owned(),
    };
    Reading::Flows(FlowLines {
        log: log.into(),
        lines: lines.iter().map(line).collect(),
        coverage: Coverage {
            pages,
            ..Coverage::default()
        },
    })
}

#[tokio::test(start_paused = true)]
async fn the_scope_comes_from_the_findings() {
    let play = Play::new(|request| match request {
        Request::Findings => Reply::After(
            5,
            vec![Reading::Findings(vec![
                finding("i-1", Some("vpc-1")),
                finding("i-2", Some("vpc-2")),
            ])],
        ),
        other => nothing(other),
    });
    seconds(4).await;
    assert_eq!(play.scopes(PartKind::Enis), [], "nothing names a VPC yet");
    seconds(4).await;
    let both = vec!["vpc-1".to_owned(), "vpc-2".to_owned()];
    for part in independent_parts() {
        assert_eq!(play.scopes(part), [(5, both.clone())], "{part:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_sample_finding_widens_nothing() {
    let play = Play::new(|request| match request {
        Request::Findings => {
            let mut sample = finding("i-99999999", Some("vpc-sample"));
            sample.sample = true;
            Reply::With(vec![Reading::Findings(vec![sample])])
        }
        other => nothing(other),
    });
    seconds(90).await;
    assert_eq!(play.scopes(PartKind::Enis), []);
    assert!(play.times(|it| matches!(it, Request::Locate(_))).is_empty());
}

#[tokio::test(start_paused = true)]
async fn instances_without_a_vpc_are_located_once() {
    let play = Play::new(|request| match request {
        Request::Findings => Reply::With(vec![Reading::Findings(vec![finding("i-1", None)])]),
        Request::Locate(_) => Reply::With(vec![Reading::Located(vec!["vpc-9".into()])]),
        other => nothing(other),
    });
    seconds(300).await;
    let located = play.asked(|it| match it {
        Request::Locate(instances) => Some(instances.clone()),
        _ => None,
    });
    assert_eq!(located, [(0, vec!["i-1".into()])]);
    assert_eq!(
        play.scopes(PartKind::Subnets)[0],
        (0, vec!["vpc-9".to_owned()])
    );
}

#[tokio::test(start_paused = true)]
async fn locating_that_fails_is_tried_again() {
    let play = Play::new(|request| match request {
        Request::Findings => Reply::With(vec![Reading::Findings(vec![finding("i-1", None)])]),
        Request::Locate(_) => Reply::Failing(SourceErrorKind::Throttled),
        other => nothing(other),
    });
    seconds(130).await;
    assert_eq!(
        play.times(|it| matches!(it, Request::Locate(_))),
        [0, 60, 120]
    );
}

#[tokio::test(start_paused = true)]
async fn a_feed_that_fails_is_asked_half_as_often() {
    let play = Play::new(|request| match request {
        Request::Findings => Reply::Failing(SourceErrorKind::Throttled),
        other => nothing(other),
    });
    seconds(250).await;
    assert_eq!(
        play.times(|it| *it == Request::Findings),
        [0, 120, 240],
        "every minute if it were well"
    );
    assert_eq!(play.times(|it| *it == Request::Identity), [0]);
}

#[tokio::test(start_paused = true)]
async fn refreshing_asks_at_once_and_the_pace_goes_on_from_there() {
    let play = Play::with(in_vpc("vpc-1"), nothing);
    seconds(10).await;
    play.poller.send(Command::Refresh);
    seconds(65).await;
    assert_eq!(play.times(|it| *it == Request::Findings), [0, 10, 70]);
    let enis: Vec<i64> = play
        .scopes(PartKind::Enis)
        .iter()
        .map(|(at, _)| *at)
        .collect();
    assert_eq!(enis, [0, 10]);
    assert_eq!(play.flow_queries().len(), 0, "nothing is watched");
}

#[tokio::test(start_paused = true)]
async fn a_feed_that_hangs_is_not_asked_twice_and_holds_up_nobody() {
    let play = Play::with(in_vpc("vpc-1"), |request| match request {
        Request::Findings => Reply::Never,
        other => nothing(other),
    });
    seconds(1).await;
    play.poller.send(Command::Refresh);
    seconds(130).await;
    assert_eq!(play.times(|it| *it == Request::Findings), [0]);
    assert_eq!(play.scopes(PartKind::Enis).len(), 3);
    let waits = play.script.clock.waits.load(Ordering::Relaxed);
    assert!(waits < 200, "{waits} wake-ups in two minutes");
}

#[tokio::test(start_paused = true)]
async fn flows_are_read_whole_first_and_then_with_an_overlap() {
    let play = Play::new(nothing);
    play.poller.send(Command::Watch(targets("eni-1")));
    seconds(70).await;
    play.poller.send(Command::Watch(targets("eni-2")));
    seconds(10).await;
    let minutes = |(at, query): &(i64, FlowQuery)| {
        let now = t0() + TimeDelta::seconds(*at);
        ((now - query.since).num_minutes(), query.enis[0].to_string())
    };
    let read: Vec<_> = play.flow_queries().iter().map(minutes).collect();
    assert_eq!(
        read,
        [
            (60, "eni-1".to_owned()),
            (21, "eni-1".to_owned()),
            (60, "eni-2".to_owned())
        ],
        "the second reading goes back 20 minutes from the end of the first"
    );
}

#[tokio::test(start_paused = true)]
async fn watching_the_same_again_reads_nothing_again() {
    let play = Play::new(nothing);
    play.poller.send(Command::Watch(targets("eni-1")));
    seconds(5).await;
    play.poller.send(Command::Watch(targets("eni-1")));
    seconds(5).await;
    assert_eq!(play.flow_queries().len(), 1);
    play.poller.send(Command::Watch(FlowTargets::default()));
    seconds(200).await;
    assert_eq!(play.flow_queries().len(), 1, "nothing is watched any more");
}

#[tokio::test(start_paused = true)]
async fn a_suspect_chosen_while_another_is_read_gets_the_whole_window() {
    let play = Play::new(|request| match request {
        Request::Flows(query) if query.enis == ["eni-1".into()] => {
            Reply::After(10, vec![page("fl-1", 1, &["1790000000 1790000060 443"])])
        }
        other => nothing(other),
    });
    play.poller.send(Command::Watch(targets("eni-1")));
    seconds(5).await;
    let other = FlowTargets {
        logs: vec![log("fl-2", "${dstport} ${start} ${end}")],
        ..targets("eni-2")
    };
    play.poller.send(Command::Watch(other));
    seconds(20).await;
    let (at, query) = play.flow_queries().pop().unwrap();
    let now = t0() + TimeDelta::seconds(at);
    assert_eq!(query.enis, ["eni-2".into()]);
    assert_eq!((now - query.since).num_minutes(), 60);
    let news = play.news.lock().unwrap();
    let late = news.iter().find_map(|it| match &it.kind {
        UpdateKind::Flows { records, bad, .. } => Some((records.len(), bad.len())),
        _ => None,
    });
    assert_eq!(late, Some((1, 0)), "a late page keeps its own log's format");
}

#[tokio::test(start_paused = true)]
async fn suspect_and_neighbours_share_the_pages() {
    let play = Play::new(|request| match request {
        Request::Flows(query) if query.enis == ["eni-1".into()] => {
            Reply::With((1..=6).map(|count| page("fl-1", count, &[])).collect())
        }
        Request::Flows(_) => Reply::With((1..=3).map(|count| page("fl-1", count, &[])).collect()),
        other => nothing(other),
    });
    play.poller.send(Command::Watch(FlowTargets {
        neighbours: vec!["eni-2".into(), "eni-3".into()],
        ..targets("eni-1")
    }));
    seconds(5).await;
    let asked: Vec<_> = play
        .flow_queries()
        .into_iter()
        .map(|(_, it)| (it.enis.len(), it.max_pages))
        .collect();
    assert_eq!(asked, [(1, 10), (2, 4)], "the suspect first");
    let news = play.news.lock().unwrap();
    let mut coverage = news.iter().filter_map(|it| match &it.kind {
        UpdateKind::Flows { coverage, .. } => Some(*coverage),
        _ => None,
    });
    let pages: Vec<usize> = coverage.clone().map(|it| it.pages).collect();
    assert!(pages.is_sorted(), "{pages:?}");
    assert_eq!(
        coverage.next_back(),
        Some(Coverage {
            pages: 9,
            ..Coverage::default()
        })
    );
}

#[tokio::test(start_paused = true)]
async fn neighbours_for_whom_no_page_is_left_are_missing() {
    let play = Play::new(|request| match request {
        Request::Flows(_) => Reply::With(vec![page("fl-1", 10, &[])]),
        other => nothing(other),
    });
    play.poller.send(Command::Watch(FlowTargets {
        neighbours: vec!["eni-2".into()],
        ..targets("eni-1")
    }));
    seconds(5).await;
    assert_eq!(play.flow_queries().len(), 1);
    let news = play.news.lock().unwrap();
    let capped = news
        .iter()
        .any(|it| matches!(&it.kind, UpdateKind::Flows { coverage, .. } if coverage.capped));
    assert!(capped, "the analyst must know that there is more");
}

#[tokio::test(start_paused = true)]
async fn one_part_that_fails_stops_no_other() {
    let play = Play::with(in_vpc("vpc-1"), |request| match request {
        Request::Part {
            kind: PartKind::Acls,
            ..
        } => Reply::Failing(SourceErrorKind::Denied("ec2:DescribeNetworkAcls".into())),
        other => nothing(other),
    });
    seconds(5).await;
    for part in PartKind::ALL {
        let outcomes = play.outcomes(Feed::Part(part));
        let failed = matches!(outcomes.as_slice(), [Outcome::Failed(_)]);
        let complete = outcomes == [Outcome::Complete];
        assert!(
            if part == PartKind::Acls {
                failed
            } else {
                complete
            },
            "{part:?}: {outcomes:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_hangs_on_instances_waits_for_them() {
    let play = Play::with(in_vpc("vpc-1"), |request| match request {
        Request::Part {
            kind: PartKind::Instances,
            ..
        } => Reply::Failing(SourceErrorKind::Other),
        other => nothing(other),
    });
    seconds(5).await;
    assert_eq!(play.scopes(PartKind::Volumes), []);
    assert_eq!(play.scopes(PartKind::Enis).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn lines_that_cannot_be_read_are_counted_and_not_lost() {
    let play = Play::new(|request| match request {
        Request::Flows(_) => Reply::With(vec![page(
            "fl-1",
            1,
            &["1790000000 1790000060 443", "x", "1790000000 1790000060 80"],
        )]),
        other => nothing(other),
    });
    play.poller.send(Command::Watch(targets("eni-1")));
    seconds(5).await;
    let news = play.news.lock().unwrap();
    let first = news.iter().find_map(|it| match &it.kind {
        UpdateKind::Flows { records, bad, .. } => Some((records.len(), bad.len())),
        _ => None,
    });
    assert_eq!(first, Some((2, 1)));
}

#[tokio::test(start_paused = true)]
async fn polling_ends_with_the_console() {
    let Play { poller, news, .. } = Play::new(nothing);
    seconds(5).await;
    drop(poller);
    seconds(1).await;
    let heard = news.lock().unwrap().len();
    seconds(600).await;
    assert_eq!(news.lock().unwrap().len(), heard);
}
