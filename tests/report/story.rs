//! A made-up case: a shell that survives a swap of groups, a subnet that is cut off with everybody in it, and
//! given back.

use std::collections::BTreeSet;
use std::path::Path;

use firedoor::executor::{Leak, Proof, RunEventKind, RunOutcome, StepOutcome, Verifying};
use firedoor::model::{Direction, InstanceId};
use firedoor::operation::{CallError, CallErrorKind, Operation, State, StepId};
use firedoor::plan::{Action, Claim, Class, Procedure, Step, Term, What};
use firedoor::sources::{
    CallOutcome, Evidence, ExerciseRecord, Happening, Message, Reason, Score, Undone,
};

use crate::builder::{
    SUSPECT, Script, at, change, done, flow, plan, record, stream, tag_with, write_exercise,
};

fn tag(number: u16) -> Step {
    tag_with(number, "case")
}

fn groups(number: u16, eni: &str, group: &str) -> Step {
    change(
        number,
        Operation::SetEniGroups {
            eni: eni.into(),
            groups: vec![firedoor::operation::Ref::Id(group.into())],
        },
    )
}

/// Groups are swapped, which the tracked shell survives, as the flow logs show.
fn swap() -> Script {
    let steps = vec![
        tag(1),
        groups(2, "eni-0a1b2c3d4e5f60718", "sg-0be3f90b209674eec"),
        Step {
            id: StepId(3),
            what: What::Verify(Vec::new()),
            class: Class::Should,
            after: BTreeSet::from([StepId(2)]),
            part: None,
            known: None,
        },
    ];
    let remarks =
        ["established tracked connections (such as a reverse shell) go on until they idle out"];
    let mut run = Script::new(
        110,
        "20260921T141510000Z-sg-swap-eef1",
        plan(Procedure::Action(Action::SgSwap), steps, &remarks),
    );
    run.foretold(
        "Cuts 1 of 3 flows of web-03, 2 survive; nobody else is hit.",
        vec![
            flow(
                "tcp 10.20.0.23 -> 198.51.100.7:4444",
                "198.51.100.7",
                4444,
                "survives",
            ),
            flow(
                "tcp 10.20.0.23 -> 203.0.113.66:443",
                "203.0.113.66",
                443,
                "cut",
            ),
        ],
    );
    run.step((111, 112), 1, None, done("read back"));
    throttled(&mut run);
    run.step(
        (115, 116),
        3,
        None,
        StepOutcome::Warned {
            message: "sent, not yet visible".into(),
        },
    );
    run.event(
        116,
        RunEventKind::Finished {
            outcome: RunOutcome::DoneWithWarnings,
        },
    );
    run.event(116, verifying(115));
    let leak = Leak {
        eni: "eni-0a1b2c3d4e5f60718".into(),
        peer: "198.51.100.7".parse().unwrap(),
        port: 4444,
        protocol: 6,
        direction: Direction::Egress,
        bytes: 48_213,
        last: at(170),
        early: false,
    };
    run.event(
        190,
        RunEventKind::Proof {
            proof: Proof::Leaking {
                edges: vec![leak],
                more: 0,
            },
        },
    );
    run
}

/// The second step is throttled once, and sent again.
fn throttled(run: &mut Script) {
    let step = StepId(2);
    let error = CallError {
        kind: CallErrorKind::Throttled,
        api: "ec2:ModifyNetworkInterfaceAttribute".into(),
        code: "RequestLimitExceeded".into(),
        message: "Request limit exceeded.".into(),
    };
    let before = State::EniGroups(vec!["sg-03b8f93df588468a0".into()]);
    let operation = run.plan.step(step).unwrap().operation().unwrap().clone();
    let intend = |attempt| RunEventKind::Intend {
        step,
        attempt,
        operation: operation.clone(),
    };
    let (first, second) = (intend(1), intend(2));
    let again = RunEventKind::Retrying {
        step,
        attempt: 1,
        error,
        wait_ms: 800,
    };
    let outcome = done("read back");
    run.event(112, RunEventKind::Begun { step });
    run.event(112, RunEventKind::Captured { step, before });
    run.event(112, first);
    run.event(113, again);
    run.event(114, second);
    run.event(114, RunEventKind::Answered { step, made: None });
    run.event(115, RunEventKind::Ended { step, outcome });
}

fn verifying(since: i64) -> RunEventKind {
    let everyone = ["0.0.0.0/0".parse().unwrap(), "::/0".parse().unwrap()].to_vec();
    let term = Term {
        action: Action::SgSwap,
        peers: everyone,
        except: Vec::new(),
        internet: false,
        inbound_only: false,
        doubt: None,
    };
    RunEventKind::Verifying(Verifying {
        claim: Claim::Silence {
            enis: Vec::new(),
            terms: vec![term],
        },
        since: at(since),
    })
}

/// The subnet is cut off, neighbours and all.
fn quarantine() -> Script {
    let acl = change(
        1,
        Operation::CreateAcl {
            vpc: "vpc-038faba71b3a6cfc9".into(),
            tags: vec![("Name".into(), "firedoor case".into())],
        },
    );
    let subnet = change(
        2,
        Operation::SetSubnetAcl {
            subnet: "subnet-08e47cba87974293e".into(),
            acl: firedoor::operation::Ref::Made(StepId(1)),
        },
    );
    let remarks = [
        "traffic inside the subnet is not filtered",
        "the Amazon DNS resolver stays reachable",
    ];
    let mut run = Script::new(
        200,
        "20260921T141640000Z-nacl-swap-eef1",
        plan(
            Procedure::Action(Action::NaclSwap),
            vec![acl, subnet],
            &remarks,
        ),
    );
    run.foretold(
        "Cuts 2 of 3 flows of web-03, 1 is not filtered; hits 5 neighbours in 1 subnet: 12 flows, 3.1 MB/min.",
        vec![
            flow("tcp 10.20.0.23 -> 198.51.100.7:4444", "198.51.100.7", 4444, "cut"),
            flow("udp 10.20.0.23 -> 10.20.0.2:53", "10.20.0.2", 53, "not filtered"),
        ],
    );
    run.step(
        (201, 203),
        1,
        Some("acl-0d5f1e9a7c3b24680"),
        done("acl-0d5f1e9a7c3b24680"),
    );
    run.step((203, 205), 2, None, done("read back"));
    run.event(
        205,
        RunEventKind::Finished {
            outcome: RunOutcome::Done,
        },
    );
    run.event(205, verifying(205));
    run.event(
        430,
        RunEventKind::Proof {
            proof: Proof::Proven { until: at(390) },
        },
    );
    run
}

/// Evidence: snapshots, and a console that can't be read.
fn evidence() -> Script {
    let instance = InstanceId::from(SUSPECT);
    let steps = vec![
        change(
            1,
            Operation::CreateSnapshots {
                instance: instance.clone(),
                tags: Vec::new(),
            },
        ),
        change(2, Operation::GetConsoleOutput { instance }),
    ];
    let mut run = Script::new(
        230,
        "20260921T141710000Z-snapshot-all-eef1",
        plan(Procedure::Action(Action::SnapshotAll), steps, &[]),
    );
    run.step(
        (231, 234),
        1,
        Some("snap-0aa11bb22cc33dd44"),
        done("snap-0aa11bb22cc33dd44, 2 volumes"),
    );
    run.step(
        (234, 236),
        2,
        None,
        StepOutcome::Failed {
            error: "ec2:GetConsoleOutput: UnauthorizedOperation".into(),
        },
    );
    run.event(
        236,
        RunEventKind::Finished {
            outcome: RunOutcome::Failed,
        },
    );
    run
}

/// The subnet is given back.
fn undo() -> Script {
    let undone = "20260921T141640000Z-nacl-swap-eef1";
    let steps = vec![
        change(
            1,
            Operation::SetSubnetAcl {
                subnet: "subnet-08e47cba87974293e".into(),
                acl: firedoor::operation::Ref::Id("acl-0123456789abcdef0".into()),
            },
        ),
        change(
            2,
            Operation::DeleteAcl {
                acl: firedoor::operation::Ref::Id("acl-0d5f1e9a7c3b24680".into()),
            },
        ),
    ];
    let mut run = Script::new(
        440,
        "20260921T142040000Z-undo-eef1",
        plan(Procedure::Undo(undone.into()), steps, &[]),
    );
    run.step((441, 443), 1, None, done("read back"));
    run.step((443, 444), 2, None, done("read back"));
    run.event(
        444,
        RunEventKind::Finished {
            outcome: RunOutcome::Done,
        },
    );
    run
}

/// The runs of the case.
pub(crate) fn runs() -> Vec<Script> {
    vec![swap(), quarantine(), evidence(), undo()]
}

/// What is said in the ten seconds that end then: the shell and the beacon until the subnet is cut off, the shop
/// but for that while.
fn traffic(second: i64) -> ExerciseRecord {
    let cut = (205..443).contains(&(second - 5));
    let wave = u64::try_from((second * 7) % 23).unwrap();
    let shell = if cut {
        [0, 0, 1]
    } else {
        [40 + wave * 3, 6, 0]
    };
    let orders = if cut {
        [0, 0, 12 + wave]
    } else {
        [300 + wave, 30, 0]
    };
    let mut streams = vec![
        stream(
            "shell",
            ("attack", "web-03", "198.51.100.7"),
            if second > 443 { [0, 0, 0] } else { shell },
            second,
        ),
        stream("orders", ("business", "alb", "web-04"), orders, second),
        stream(
            "probes",
            ("health", "alb", "web-03"),
            if second < 120 { [8, 2, 0] } else { [0, 0, 2] },
            second,
        ),
    ];
    if (70..205).contains(&second) && second % 30 == 0 {
        streams.push(stream(
            "beacon",
            ("attack", "web-03", "203.0.113.66"),
            [12, 1, 0],
            second,
        ));
    }
    record(second, Happening::Traffic(streams))
}

/// The records of the exercise.
pub(crate) fn exercise() -> Vec<ExerciseRecord> {
    let mut all = vec![
        record(0, Happening::Began {
            scenario: "reverse-shell".into(),
            title: "A reverse shell on web-03, in a subnet that five web servers and the NAT gateway share".into(),
            level: 2,
            seed: 7,
            team: Some("Blue & Co".into()),
            suspect: InstanceId::from(SUSPECT),
            history_from: at(-3600),
            facts: serde_json::json!({"icmp-idle": 30}),
        }),
        record(25, Happening::Detected { finding: "0cb2f1".into(), kind: "Backdoor:EC2/C&CActivity.B".into() }),
        record(65, Happening::Injected { name: "second channel".into() }),
        record(66, Happening::Detected { finding: "1d9a77".into(), kind: "Trojan:EC2/DNSDataExfiltration".into() }),
        record(90, message()),
        record(150, Happening::Answered { id: 1, text: "Orders go on; one server is out of service. Next word at 14:30.".into() }),
        record(160, Happening::Called {
            api: "ec2:RevokeSecurityGroupEgress".into(),
            operation: serde_json::Value::Null,
            prose: "revoke the egress rules of sg-03b8f93df588468a0".into(),
            outcome: CallOutcome::Refused { code: "UnauthorizedOperation".into() },
        }),
        record(112, Happening::Called {
            api: "ec2:CreateTags".into(),
            operation: serde_json::Value::Null,
            prose: "tag it".into(),
            outcome: CallOutcome::Made,
        }),
        record(215, Happening::Health { instance: "i-0aaaabbbbccccdddd".into(), healthy: false }),
        record(300, Happening::Note { who: "facilitator".into(), text: "They cut the whole subnet; nobody asked who lives there.".into() }),
        record(320, Happening::Changed { text: "auto-remediation put the rule of sg-03b8f93df588468a0 back".into() }),
        record(480, Happening::Score(score())),
        record(480, Happening::Ended { by: "the team".into() }),
    ];
    all.extend((10..=480).step_by(10).map(traffic));
    all.sort_by_key(|it| it.at);
    all
}

fn message() -> Happening {
    Happening::Message(Message {
        id: 1,
        at: at(90),
        from: "Dana (CISO)".into(),
        text: "Are customers affected? I see the board in *ten* minutes.".into(),
        asks: true,
        answer: None,
    })
}

fn score() -> Score {
    let reason = |what: &str, points, of, why: &str| Reason {
        what: what.into(),
        points,
        of,
        why: why.into(),
    };
    let evidence = |name: &str, kept| Evidence {
        name: name.into(),
        kept,
    };
    Score {
        detect: Some(85),
        decide: Some(87),
        contain: Some(182),
        prove: Some(405),
        attack_packets_after: 934,
        attack_bytes_after: 392_280,
        data_lost_bytes: 0,
        neighbour_seconds: 240,
        requests_lost: 561,
        evidence: vec![evidence("the instance", true), evidence("its memory", true)],
        residual: Vec::new(),
        undo: Undone::Clean,
        points: 69,
        grade: "fair".into(),
        won: false,
        reasons: vec![
            reason(
                "containment",
                7,
                30,
                "silent after 182 s, 62 s later than asked for",
            ),
            reason(
                "attack after the change",
                10,
                10,
                "934 packets, 392280 bytes arrived after the first change",
            ),
            reason(
                "requests lost",
                10,
                10,
                "561 requests of others failed, 50 allowed",
            ),
            reason(
                "neighbours",
                4,
                5,
                "conversations of others failed for 240 s in all",
            ),
            reason("evidence", 0, 10, "all that was asked for was kept"),
        ],
    }
}

/// The whole case, written.
pub(crate) async fn write(root: &Path, case: &str) {
    write_exercise(root, case, &exercise()).await;
    for run in runs() {
        run.write(root, case).await;
    }
}
