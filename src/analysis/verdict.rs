//! What becomes of a flow under a plan, with the object that decides.

use std::net::IpAddr;

use super::cause::{Cause, Decision};
use super::flow::Flow;
use super::grade::{Grade, source};
use super::groups::Tracking;
use super::network::{Ix, Network};
use super::placed::{Placed, Side};
use super::timers::{EntryKind, Timer};
use super::tracker::{Passage, Tracker, direction};
use super::walk::Doubt;
use crate::model::{Direction, EniId, GroupRule, RouteTableId};

/// How far a forecast looks ahead, in seconds: what expires later is said to survive.
pub const HORIZON: u32 = 3600;

/// What becomes of a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// It ends at once.
    Cut,
    /// It is tracked, and ends when it has been silent for its timer: so many seconds from now, within
    /// [`HORIZON`].
    Expires(u32),
    /// It is tracked and goes on; a new one would be refused.
    Survives,
    /// It is blocked for a while, then goes on.
    Resumes,
    /// Packets of one direction go on.
    OneWay(Direction),
    /// The rules still let it pass.
    Unaffected,
    /// Neither groups nor network ACLs filter it.
    NotFiltered,
    /// Not known.
    Unknown,
}

impl Verdict {
    /// The word on screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cut => "cut",
            Self::Expires(_) => "expires",
            Self::Survives => "survives",
            Self::Resumes => "resumes",
            Self::OneWay(Direction::Ingress) => "one way in",
            Self::OneWay(Direction::Egress) => "one way out",
            Self::Unaffected => "unaffected",
            Self::NotFiltered => "not filtered",
            Self::Unknown => "unknown",
        }
    }

    /// Whether the flow is ended or maimed by the plan, now or within the horizon.
    pub fn hurts(self) -> bool {
        matches!(
            self,
            Self::Cut | Self::Expires(_) | Self::OneWay(_) | Self::Resumes
        )
    }
}

/// The network from a moment of the plan on.
#[derive(Debug, Clone)]
pub struct Stage {
    /// Seconds since the plan's first change.
    pub at: u32,
    /// What the network is from then on.
    pub network: Network,
}

/// How a flow behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Activity {
    /// Nothing passes while the plan runs.
    pub dormant: bool,
    /// The mean gap between its packets, in seconds, where it is known.
    pub gap: Option<u32>,
    /// Only the client's packets matter.
    pub one_way: bool,
    /// Seconds since its last packet.
    pub idle: u32,
}

/// A verdict and what it rests on. Small; [`Course::judgement`] puts it into words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fate {
    /// What becomes of the flow.
    pub verdict: Verdict,
    /// How well founded that is.
    pub grade: Grade,
    /// Of a flow that is cut: packets of this direction still arrive.
    pub leaks: Option<Direction>,
    pub(super) cause: Option<(Cause, bool)>,
}

impl Fate {
    /// What no change touches.
    pub const UNAFFECTED: Self = Self {
        verdict: Verdict::Unaffected,
        grade: Grade::Documented,
        leaks: None,
        cause: None,
    };

    /// What nothing filters.
    pub const NOT_FILTERED: Self = Self {
        verdict: Verdict::NotFiltered,
        ..Self::UNAFFECTED
    };

    fn is(verdict: Verdict, grade: Grade) -> Self {
        Self {
            verdict,
            grade,
            ..Self::UNAFFECTED
        }
    }
}

/// A verdict in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// What becomes of the flow.
    pub fate: Fate,
    /// The object that decides, where one does.
    pub decision: Option<Decision>,
    /// Why, in one sentence.
    pub why: String,
    /// AWS's page that it rests on.
    pub source: &'static str,
    /// Whether a new connection of the same kind would be let in afterwards; `None`: it is not filtered.
    pub new_connections: Option<Result<(), Decision>>,
    /// How each of our interfaces tracks it before the plan.
    pub tracked: Vec<(EniId, Tracking)>,
}

/// A route that was looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteFound {
    /// The table.
    pub table: RouteTableId,
    /// Its target's id, or `local`.
    pub target: String,
    /// The target is gone.
    pub blackhole: bool,
}

/// A plan's course: the network before it, and after each of its changes.
#[derive(Debug, Clone, Copy)]
pub struct Course<'n> {
    /// Before the first change.
    pub before: &'n Network,
    /// After each change, in order of time. Empty: nothing changes.
    pub stages: &'n [Stage],
}

impl<'n> Course<'n> {
    /// The network after the last change.
    pub fn end(&self) -> &'n Network {
        self.stages.last().map_or(self.before, |it| &it.network)
    }

    /// What becomes of a flow. `seen_by` is the interface whose log shows it.
    pub fn fate(&self, flow: &Flow, seen_by: Option<&EniId>, activity: Activity) -> Fate {
        let seen_by = seen_by.and_then(|it| self.before.interface_ix(it));
        let placed = self.before.place(flow, seen_by);
        self.fate_of(&placed, activity)
    }

    fn fate_of(&self, placed: &Placed, activity: Activity) -> Fate {
        if placed.service().is_some() {
            return Fate::NOT_FILTERED;
        }
        if self.stages.is_empty() {
            return Fate::UNAFFECTED;
        }
        let idle = -i64::from(activity.idle) * 1000;
        let (tracker, refused) = Tracker::established(self.before, placed, idle);
        self.fate_from(placed, activity, tracker, refused)
    }

    /// The fate of a flow whose state before the course is known.
    pub(super) fn fate_from(
        &self,
        placed: &Placed,
        activity: Activity,
        mut tracker: Tracker,
        refused: Option<Cause>,
    ) -> Fate {
        let blocked = self.run(&mut tracker, placed, activity);
        let last = self.stages.last().map_or(0, |it| i64::from(it.at) * 1000) + 1000;
        // What a packet would find after the last change, whether or not one is expected.
        let mut probe = tracker;
        let forward = probe.step(self.end(), placed, false, last);
        let back = probe.step(self.end(), placed, true, last);
        if refused.is_some() {
            return REFUSED;
        }
        if forward.unknown || back.unknown {
            return Fate::is(Verdict::Unknown, Grade::Ambiguous);
        }
        let mut fate = match (forward.cause, back.cause) {
            (None, None) if blocked => Fate::is(Verdict::Resumes, Grade::Expected),
            (None, None) if forward.by_rules => {
                Fate::is(Verdict::Unaffected, self.grade_of_staying(&tracker, placed))
            }
            (None, None) => self.tracked_on(&tracker, placed, activity),
            _ => {
                let mut fate = stopped(placed, activity, &probe, forward, back);
                if matches!(fate.verdict, Verdict::OneWay(_)) {
                    fate.grade = fate.grade.max(self.grade_of_staying(&tracker, placed));
                }
                fate
            }
        };
        if tracker.is_spared() {
            fate.grade = fate.grade.max(Grade::Expected);
        }
        // Nor does it say whether a timer that the plan lowers holds for entries that exist.
        if fate.verdict == Verdict::Expires(0) && self.changes_timers(placed) {
            fate.grade = Grade::Ambiguous;
        }
        // AWS does not say whether a packet in the middle of a flow makes an entry.
        if probe.picked_up || is_ambiguous(forward) || is_ambiguous(back) {
            fate.grade = Grade::Ambiguous;
        }
        if placed.flow.is_icmp() && probe.grade == Grade::Ambiguous {
            fate.grade = Grade::Ambiguous;
        }
        fate
    }

    /// The fate of a flow whose interfaces do not change: routes and network ACLs alone decide, and
    /// they remember nothing.
    pub(super) fn fate_on_the_way(
        &self,
        placed: &Placed,
        activity: Activity,
        tracker: &Tracker,
        refused: Option<Cause>,
    ) -> Fate {
        let passage = |network: &Network, reply| {
            let walk = tracker.walk(network, placed, reply);
            walk.map_or_else(Passage::dropped, |walk| Passage {
                doubt: walk.doubt,
                ..Passage::PASSED
            })
        };
        let (forward, back) = (passage(self.end(), false), passage(self.end(), true));
        if refused.is_some() {
            return REFUSED;
        }
        if forward.cause.is_some() || back.cause.is_some() {
            return stopped(placed, activity, tracker, forward, back);
        }
        let between = self.stages.split_last().map_or(&[][..], |(_, rest)| rest);
        let blocks = |stage: &Stage| {
            [false, true]
                .into_iter()
                .any(|reply| passage(&stage.network, reply).cause.is_some())
        };
        let lasts = self.stages.last().is_some_and(|it| it.at > 0);
        if !activity.dormant && lasts && between.iter().any(blocks) {
            Fate::is(Verdict::Resumes, Grade::Expected)
        } else if is_ambiguous(forward) || is_ambiguous(back) {
            Fate::is(Verdict::Unaffected, Grade::Ambiguous)
        } else if tracker.is_spared() {
            Fate::is(Verdict::Unaffected, Grade::Expected)
        } else {
            Fate::UNAFFECTED
        }
    }

    /// Lets packets pass between the changes; says whether any was dropped.
    fn run(&self, tracker: &mut Tracker, placed: &Placed, activity: Activity) -> bool {
        let mut blocked = false;
        for pair in self.stages.windows(2) {
            let [stage, next] = pair else { continue };
            let lasts = next.at.saturating_sub(stage.at);
            let speaks = lasts > 0 && activity.gap.is_none_or(|gap| gap <= lasts);
            if activity.dormant || !speaks {
                continue;
            }
            let middle = i64::from(stage.at) * 1000 + i64::from(lasts) * 500;
            for reply in [false, true] {
                let passage = tracker.step(&stage.network, placed, reply, middle);
                blocked |= passage.cause.is_some();
            }
        }
        blocked
    }

    /// Whether the plan gives an interface of the flow other idle timeouts.
    fn changes_timers(&self, placed: &Placed) -> bool {
        let kinds = [1, 2].map(|exchanges| EntryKind::of(placed.flow.protocol, exchanges));
        let timers = |network: &'n Network, side| {
            let eni = network.interface(placed.interface(side)?)?;
            Some(kinds.map(|it| eni.timer(it)))
        };
        let changed = |stage: &'n Stage| {
            let mut sides = Side::BOTH.into_iter();
            sides.any(|it| timers(&stage.network, it) != timers(self.before, it))
        };
        self.stages.iter().any(changed)
    }

    /// AWS says that an untracked flow ends when its rule is modified, and does not say of what becomes of
    /// one that other rules let pass.
    fn grade_of_staying(&self, tracker: &Tracker, placed: &Placed) -> Grade {
        let mut grade = Grade::Documented;
        for side in Side::BOTH {
            let Some(ix) = placed.interface(side) else {
                continue;
            };
            let remote = tracker.remote(placed, side, None);
            let at = |network| tracker.tracking(network, placed, side, ix, remote);
            let (was, is) = (at(self.before), at(self.end()));
            let kept = self.keeps_rule(ix, direction(side, false), placed);
            if was.tracked == Some(false) && (is.tracked != Some(false) || !kept) {
                grade = grade.max(Grade::Ambiguous);
            }
        }
        grade
    }

    /// Whether a rule that lets the flow in is still the same rule of the same group.
    fn keeps_rule(&self, ix: Ix, opened: Direction, placed: &Placed) -> bool {
        let rules = |network: &'n Network| -> Vec<(Ix, &'n GroupRule)> {
            network.open_rules(ix, opened, placed.frame(false))
        };
        let after = rules(self.end());
        let still = |(group, rule): &(Ix, &GroupRule)| {
            after
                .iter()
                .any(|(other, it)| other == group && it.same_as(rule))
        };
        rules(self.before).iter().any(still)
    }

    fn tracked_on(&self, tracker: &Tracker, placed: &Placed, activity: Activity) -> Fate {
        let guessed = self.stages.len() > 1 && !tracker.converted;
        let grade = tracker.grade.max(if guessed {
            Grade::Expected
        } else {
            Grade::Documented
        });
        let Some((timer, last)) = tracker.soonest(self.end(), self.end(), placed) else {
            return Fate::is(Verdict::Survives, grade);
        };
        let is_silent =
            |timer: Timer| activity.dormant || activity.gap.is_some_and(|gap| gap > timer.at_most);
        let silent = is_silent(timer);
        let ends = last / 1000 + i64::from(timer.at_most);
        let ends = u32::try_from(ends.max(0)).unwrap_or(u32::MAX);
        if silent && ends <= HORIZON {
            // Whether a timer that the plan lowers holds for entries that exist is not documented.
            let before = tracker.soonest(self.before, self.end(), placed);
            let lowered = before.is_some_and(|(was, _)| was != timer);
            let open = lowered || placed.flow.is_icmp();
            let grade = if open { Grade::Ambiguous } else { grade };
            Fate::is(Verdict::Expires(ends), grade)
        } else {
            // Nor is it that rules pick up a connection whose entry has run out.
            let picked_up = |side| {
                let own = tracker.timer(self.end(), placed, side);
                own.is_some_and(|(own, _)| is_silent(own) && own.at_most <= HORIZON)
                    && tracker.is_renewed(self.end(), placed, side)
            };
            let open = placed.flow.is_tcp() && Side::BOTH.into_iter().any(picked_up);
            let grade = if open { Grade::Ambiguous } else { grade };
            Fate::is(Verdict::Survives, grade)
        }
    }

    /// A verdict with its reasons in words.
    pub fn judgement(&self, flow: &Flow, seen_by: Option<&EniId>, activity: Activity) -> Judgement {
        let seen_by = seen_by.and_then(|it| self.before.interface_ix(it));
        let placed = self.before.place(flow, seen_by);
        let fate = self.fate_of(&placed, activity);
        let (state, _) = Tracker::established(self.before, &placed, 0);
        let tracked = Side::BOTH.into_iter().filter_map(|side| {
            let ix = placed.interface(side)?;
            let eni = self.before.interface(ix)?;
            let remote = state.remote(&placed, side, None);
            let tracking = state.tracking(self.before, &placed, side, ix, remote);
            (!eni.groups.is_empty()).then(|| (eni.id.clone(), tracking))
        });
        let tracked: Vec<_> = tracked.collect();
        let end = self.end();
        let decision = fate.cause.map(|(cause, reply)| cause.decision(end, reply));
        let new_connections = match placed.service() {
            Some(_) => None,
            None => Some(end.admit(&placed)),
        };
        let timer = state.soonest(end, end, &placed).map(|(timer, _)| timer);
        let (why, source) = reason(&placed, fate, decision.as_ref(), &tracked, timer);
        Judgement {
            fate,
            decision,
            why,
            source,
            new_connections,
            tracked,
        }
    }
}

/// Whether the way of a packet is one that AWS's pages leave open.
fn is_ambiguous(passage: Passage) -> bool {
    matches!(passage.doubt, Some(Doubt::OwnSubnet | Doubt::Attachment))
}

/// The fate of a flow which the logs show though the rules as read refuse it: they are younger than it is.
const REFUSED: Fate = Fate {
    verdict: Verdict::Unknown,
    grade: Grade::Ambiguous,
    ..Fate::UNAFFECTED
};

/// At least one direction is dropped.
fn stopped(
    placed: &Placed,
    activity: Activity,
    tracker: &Tracker,
    forward: Passage,
    back: Passage,
) -> Fate {
    let (cause, reply) = match (forward.cause, back.cause) {
        (Some(cause), _) => (cause, false),
        (None, Some(cause)) => (cause, true),
        (None, None) => return Fate::UNAFFECTED,
    };
    if matches!(cause, Cause::SomePorts(..)) {
        return Fate {
            cause: Some((cause, reply)),
            ..Fate::is(Verdict::Unknown, Grade::Expected)
        };
    }
    let mut grade = cause.grade();
    if matches!(cause, Cause::Group(_)) {
        grade = grade.max(tracker.grade);
        if tracker.converted {
            grade = grade.max(Grade::Expected);
        }
    }
    let forward_direction = placed.direction();
    let going_on = match (forward.cause, back.cause) {
        (None, _) => Some(forward_direction),
        (_, None) if !activity.one_way => Some(opposite(forward_direction)),
        _ => None,
    };
    // Nor does AWS say that packets from the internet still arrive where no route leads back.
    let unrouted = matches!(
        cause,
        Cause::NoRoute(_) | Cause::Blackhole(..) | Cause::TargetChanged(..) | Cause::NoWayOfNat(..)
    );
    if unrouted && going_on == Some(Direction::Ingress) {
        grade = Grade::Ambiguous;
    }
    let flow = &placed.flow;
    let both_needed = !activity.one_way && (flow.is_tcp() || flow.is_icmp());
    // Only with both directions gone is such a flow cut: the weaker of the two causes decides.
    if let (false, false, Some(other)) = (activity.one_way, both_needed, back.cause) {
        grade = grade.max(other.grade());
    }
    let verdict = match going_on {
        Some(direction) if !both_needed => Verdict::OneWay(direction),
        _ if forward.expired || (forward.cause.is_none() && back.expired) => Verdict::Expires(0),
        _ => Verdict::Cut,
    };
    Fate {
        verdict,
        grade,
        leaks: going_on,
        cause: Some((cause, reply)),
    }
}

fn opposite(direction: Direction) -> Direction {
    match direction {
        Direction::Ingress => Direction::Egress,
        Direction::Egress => Direction::Ingress,
    }
}

fn reason(
    placed: &Placed,
    fate: Fate,
    decision: Option<&Decision>,
    tracked: &[(EniId, Tracking)],
    timer: Option<Timer>,
) -> (String, &'static str) {
    if let Some(decision) = decision {
        return (decision.words.clone(), decision.source);
    }
    let tracking = || {
        let kept = tracked.iter().find(|(_, it)| it.tracked != Some(false));
        let timer = timer.map_or("its timer".to_owned(), Timer::text);
        kept.map_or_else(String::new, |(eni, it)| {
            let why = it.why.words();
            format!("tracked on {eni} until it is silent for {timer}: {why}")
        })
    };
    match fate.verdict {
        Verdict::NotFiltered => {
            let name = placed.service().unwrap_or("this destination");
            let words = format!("neither groups nor network ACLs filter {name}");
            (words, source::GROUPS)
        }
        Verdict::Survives | Verdict::Expires(_) => (tracking(), source::TRACKING),
        Verdict::Resumes => (
            "it is blocked only while the plan runs, and its state outlives that".to_owned(),
            source::TRACKING,
        ),
        Verdict::Unknown => (
            "the rules as read already refuse it, or were not all read".to_owned(),
            source::TRACKING,
        ),
        _ => ("the rules still let it pass".to_owned(), source::GROUPS),
    }
}

impl Network {
    /// Whether a new connection gets through, both ways.
    fn admit(&self, placed: &Placed) -> Result<(), Decision> {
        let mut tracker = Tracker::new();
        for reply in [false, true] {
            let passage = tracker.step(self, placed, reply, 0);
            if let Some(cause) = passage.cause {
                let mut decision = cause.decision(self, reply);
                // Opening the one door would not be enough: say so.
                if let Some(also) = passage.also {
                    decision.and(&also.decision(self, reply));
                }
                return Err(decision);
            }
        }
        Ok(())
    }

    /// Whether a new connection gets through; `None`: nothing filters where it goes.
    ///
    /// `leaves` is the interface that its packets leave by, where that is not the one with its address:
    /// an interface drops what is neither from nor to it, unless that check is off.
    ///
    /// # Errors
    /// What drops its first packet, or the answer.
    pub fn connects(&self, flow: &Flow, leaves: Option<&EniId>) -> Option<Result<(), Decision>> {
        let leaves = leaves.and_then(|it| self.interface_ix(it));
        let placed = self.place(flow, leaves);
        if placed.service().is_some() {
            return None;
        }
        let foreign = leaves.filter(|ix| {
            let checks = self.interface(*ix).is_some_and(|it| it.checks_source);
            checks && placed.interface(Side::Client) != Some(*ix)
        });
        Some(match foreign {
            Some(ix) => Err(Cause::SourceCheck(ix).decision(self, false)),
            None => self.admit(&placed),
        })
    }

    /// The route that the subnet of an address has for a destination.
    pub fn route(&self, from: IpAddr, to: IpAddr) -> Option<RouteFound> {
        let vpc = self.interface_at(None, from);
        let vpc = vpc.and_then(|ix| self.interface(ix)?.vpc);
        let seat = self.seat(vpc, from);
        let subnet = self.subnet_of(super::walk::End {
            address: from,
            seat,
            public: None,
        })?;
        self.route_of(subnet, to)
    }

    pub(super) fn route_of(&self, subnet: Ix, to: IpAddr) -> Option<RouteFound> {
        let table = self.subnet(subnet)?.table?;
        let (_, entry) = self.table(table).1.lookup(to)?;
        Some(RouteFound {
            table: self.table(table).0.clone(),
            target: entry.target.to_string(),
            blackhole: entry.blackhole,
        })
    }

    /// How an interface tracks a flow, for each of ours that it passes.
    pub fn tracking_of(&self, flow: &Flow) -> Vec<(EniId, Tracking)> {
        Course {
            before: self,
            stages: &[],
        }
        .judgement(flow, None, Activity::default())
        .tracked
    }
}
