//! The lines of play, and what each must come to.

use firedoor::plan::Action;

use crate::stage::{Line, Move};

/// Both lines of a scenario.
pub(crate) struct Play {
    pub(crate) scenario: &'static str,
    pub(crate) best: Line,
    pub(crate) best_expected: Expected,
    pub(crate) naive: Line,
    pub(crate) naive_expected: Expected,
}

/// What a line must come to.
pub(crate) struct Expected {
    /// What it loses points for. The rest of a hundred is its score.
    pub(crate) costs: &'static [(&'static str, u8)],
    /// Seconds until the attack was silent for good.
    pub(crate) contain: Option<u64>,
    /// Injects that must take effect.
    pub(crate) injects: &'static [&'static str],
    /// Injects that must not.
    pub(crate) spared: &'static [&'static str],
}

use Move::{Act, Answer, Book, Undo};

pub(crate) const PLAYS: &[Play] = &[
    // Standby, deregistration and two steps cut what is tracked, and nobody else.
    Play {
        scenario: "reverse-shell",
        best: Line {
            moves: &[
                (30, Book("contain")),
                (
                    130,
                    Answer("Head of shop", "Only web-03; it is out of service."),
                ),
            ],
            ends: 600,
        },
        best_expected: Expected {
            costs: &[("attack after the change", 1), ("proof", 4)],
            contain: Some(40),
            injects: &["the shop asks"],
            spared: &["the attacker opens another port"],
        },
        // The shell is tracked: it outlives an empty group, and the group fails its health checks.
        naive: Line {
            moves: &[(30, Act(Action::SgSwap))],
            ends: 600,
        },
        naive_expected: Expected {
            costs: &[
                ("containment", 30),
                ("attack after the change", 10),
                ("residual channels", 10),
                ("evidence", 4),
                ("proof", 4),
            ],
            contain: None,
            injects: &["the attacker opens another port"],
            spared: &[],
        },
    },
    // New connections are refused; the one that is tracked is denied at the edge of the subnet.
    Play {
        scenario: "c2-through-nat",
        best: Line {
            moves: &[
                (30, Act(Action::SgSwap)),
                (40, Act(Action::SnapshotAll)),
                (50, Act(Action::NaclDenyPeer)),
                (
                    95,
                    Answer("Head of billing", "jobs-02 alone; the other three go on."),
                ),
            ],
            ends: 600,
        },
        best_expected: Expected {
            costs: &[("attack after the change", 1)],
            contain: Some(50),
            injects: &["the implant tries its second address"],
            spared: &["GuardDuty sees the second address"],
        },
        // Through the NAT gateway everything is tracked, whatever the rules are.
        naive: Line {
            moves: &[(30, Act(Action::SgTwoStep))],
            ends: 600,
        },
        naive_expected: Expected {
            costs: &[
                ("containment", 30),
                ("attack after the change", 10),
                ("residual channels", 5),
                ("evidence", 4),
                ("proof", 4),
            ],
            contain: None,
            injects: &["GuardDuty sees the second address"],
            spared: &[],
        },
    },
    // Out of service first, then cut off.
    Play {
        scenario: "miner-in-asg",
        best: Line {
            moves: &[
                (30, Act(Action::AsgStandby)),
                (40, Act(Action::SnapshotAll)),
                (50, Act(Action::SgTwoStep)),
                (
                    125,
                    Answer(
                        "Head of e-commerce",
                        "One of six servers is out; checkout is not affected.",
                    ),
                ),
                (
                    180,
                    Answer(
                        "Forensics",
                        "In standby, running, isolated; snapshots are taken.",
                    ),
                ),
            ],
            ends: 600,
        },
        best_expected: Expected {
            costs: &[("attack after the change", 1), ("neighbours", 1)],
            contain: Some(60),
            injects: &["forensics asks"],
            spared: &[],
        },
        // The miner is cut off, and the Auto Scaling group terminates the evidence.
        naive: Line {
            moves: &[(30, Act(Action::SgTwoStep)), (60, Act(Action::SnapshotAll))],
            ends: 600,
        },
        naive_expected: Expected {
            costs: &[("neighbours", 1), ("evidence", 8), ("proof", 4)],
            contain: Some(39),
            injects: &["forensics asks"],
            spared: &[],
        },
    },
    // Groups are asked for every packet, inside a subnet too. In the end everything is taken back.
    Play {
        scenario: "lateral-movement",
        best: Line {
            moves: &[
                (30, Act(Action::SnapshotAll)),
                (40, Act(Action::SgTwoStep)),
                (
                    185,
                    Answer(
                        "Release manager",
                        "build-02 is out; it reaches the others no more.",
                    ),
                ),
                (360, Undo),
            ],
            ends: 600,
        },
        best_expected: Expected {
            costs: &[("attack after the change", 1)],
            contain: Some(50),
            injects: &["release manager asks", "forensics gives build-02 back"],
            spared: &["the attacker moves to build-04"],
        },
        // No network ACL sees a packet inside its subnet, and everybody else's cross its edge.
        naive: Line {
            moves: &[(30, Act(Action::NaclSwap))],
            ends: 600,
        },
        naive_expected: Expected {
            costs: &[
                ("containment", 30),
                ("attack after the change", 10),
                ("residual channels", 10),
                ("requests lost", 10),
                ("neighbours", 5),
                ("evidence", 4),
                ("undo", 4),
            ],
            contain: None,
            injects: &["the attacker moves to build-04"],
            spared: &[],
        },
    },
    // The credentials of this instance are denied, the old ones and those to come; then its shell is cut.
    Play {
        scenario: "stolen-credentials",
        best: Line {
            moves: &[
                (30, Act(Action::InstanceDeny)),
                (60, Act(Action::SnapshotAll)),
                (70, Act(Action::SgTwoStep)),
                (
                    155,
                    Answer(
                        "Legal",
                        "Objects were read until the denial; the list follows.",
                    ),
                ),
            ],
            ends: 600,
        },
        best_expected: Expected {
            costs: &[("attack after the change", 1)],
            contain: Some(80),
            injects: &["IAM is slow", "legal asks"],
            spared: &[],
        },
        // Sessions are denied, and the shell fetches the next ones.
        naive: Line {
            moves: &[(30, Act(Action::SessionsRevoke))],
            ends: 600,
        },
        naive_expected: Expected {
            costs: &[
                ("containment", 30),
                ("attack after the change", 10),
                ("residual channels", 10),
                ("data lost", 2),
                ("evidence", 4),
                ("proof", 4),
            ],
            contain: None,
            injects: &["legal asks"],
            spared: &[],
        },
    },
    // Only a silent instance is silent on every channel; hibernation keeps its memory.
    Play {
        scenario: "ipv6-and-dns",
        best: Line {
            moves: &[
                (30, Act(Action::SnapshotAll)),
                (40, Act(Action::Hibernate)),
                (125, Answer("Professor", "It runs on; lab-02 is out of it.")),
                (
                    200,
                    Answer(
                        "CISO",
                        "No: the instance is stopped, and nothing passes its interfaces.",
                    ),
                ),
            ],
            ends: 600,
        },
        best_expected: Expected {
            costs: &[("attack after the change", 3)],
            contain: Some(85),
            injects: &["is it over"],
            spared: &[],
        },
        // The tunnel goes through the resolver, which nothing filters.
        naive: Line {
            moves: &[(30, Act(Action::SgTwoStep)), (60, Act(Action::SnapshotAll))],
            ends: 600,
        },
        naive_expected: Expected {
            costs: &[
                ("containment", 30),
                ("attack after the change", 10),
                ("residual channels", 5),
                ("proof", 4),
            ],
            contain: None,
            injects: &[],
            spared: &["is it over"],
        },
    },
    // Out of service, one route per peer, two steps against the rest, and again after the robot.
    Play {
        scenario: "full-acl",
        best: Line {
            moves: &[
                (20, Act(Action::AsgStandby)),
                (30, Act(Action::BlackholeRoute)),
                (50, Act(Action::SgTwoStep)),
                (80, Act(Action::SnapshotAll)),
                (170, Act(Action::SgTwoStep)),
                (
                    200,
                    Answer(
                        "Chief executive",
                        "Orders were read; it was stopped within minutes.",
                    ),
                ),
                (
                    320,
                    Answer(
                        "Forensics",
                        "order-03, its root volume, and it runs in standby.",
                    ),
                ),
            ],
            ends: 720,
        },
        best_expected: Expected {
            costs: &[
                ("attack after the change", 2),
                ("neighbours", 1),
                ("proof", 4),
            ],
            contain: Some(180),
            injects: &["the robot puts the groups back", "routes are slow"],
            spared: &["the attacker has a second place for the data"],
        },
        // All three subnets are cut off, and the evidence is terminated.
        naive: Line {
            moves: &[(30, Act(Action::NaclDenyAll))],
            ends: 720,
        },
        naive_expected: Expected {
            costs: &[("requests lost", 10), ("neighbours", 5), ("evidence", 10)],
            contain: Some(30),
            injects: &["the chief executive asks"],
            spared: &[],
        },
    },
];
