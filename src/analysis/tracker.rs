//! Connection tracking of one flow: what each packet finds, and leaves behind, on both interfaces.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html>: a tracked
//! flow passes as long as its entry lives, whatever the rules have become; an untracked one passes by
//! the rules alone. Whether a flow is tracked is decided anew with every packet: while rules are
//! open to all both ways, the next packet passes by them and leaves no entry behind. AWS documents
//! both halves and not that step; people have measured it.

use std::net::IpAddr;

use super::cause::{Cause, Decision};
use super::flow::{Flow, PathElement};
use super::grade::Grade;
use super::groups::{Admission, Remote, Tracking};
use super::network::{Ix, Network};
use super::placed::{Placed, Side};
use super::routes::TargetKind;
use super::timers::{EntryKind, Timer};
use super::walk::{Door, Doubt, Seat, Walk};
use crate::model::{Direction, EniKind};

/// A NAT gateway forgets a connection after so many milliseconds of silence.
const NAT_IDLE: i64 = Timer::NAT.at_most as i64 * 1000;

/// What an interface remembers of a flow. Times are milliseconds on the caller's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    last: i64,
    /// Requests that followed an answer, and the first one: more than one make a UDP stream.
    exchanges: u8,
    answered: bool,
}

/// The state of one flow.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tracker {
    entries: [Option<Entry>; 2],
    /// The flow was untracked on this side: its answers pass by rules and leave no entry.
    free: [bool; 2],
    /// The way out of the first packet of each direction.
    doors: [Option<Door>; 2],
    via: Option<PathElement>,
    /// The address that the server knows the client by, where it is not the client's own.
    shown: Option<IpAddr>,
    /// Entries of network ACLs that drop some of the ports that it may use, and not the one in use: one for
    /// each direction.
    spared: [Option<(Ix, Direction, u16)>; 2],
    /// When the last packet passed the NAT gateway, where there is one.
    translated: Option<i64>,
    /// The weakest answer that it rests on.
    pub(super) grade: Grade,
    /// An entry was dropped because the flow came to be untracked.
    pub(super) converted: bool,
    /// A packet passed by rules in the middle of a TCP flow whose entry had timed out.
    pub(super) picked_up: bool,
}

/// What became of one packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Passage {
    /// What dropped it.
    pub(super) cause: Option<Cause>,
    /// What would have dropped it further on.
    pub(super) also: Option<Cause>,
    /// Rules alone let it pass on every interface.
    pub(super) by_rules: bool,
    /// It was dropped where an entry would have let it pass, had it not timed out.
    pub(super) expired: bool,
    /// Rules that were not read decide.
    pub(super) unknown: bool,
    pub(super) doubt: Option<Doubt>,
}

impl Passage {
    pub(super) const PASSED: Self = Self {
        cause: None,
        also: None,
        by_rules: true,
        expired: false,
        unknown: false,
        doubt: None,
    };

    pub(super) fn dropped(cause: Cause) -> Self {
        Self {
            cause: Some(cause),
            by_rules: false,
            ..Self::PASSED
        }
    }
}

impl Tracker {
    pub(super) fn new() -> Self {
        Self {
            entries: [None; 2],
            free: [false; 2],
            doors: [None; 2],
            via: None,
            spared: [None; 2],
            translated: None,
            shown: None,
            grade: Grade::Documented,
            converted: false,
            picked_up: false,
        }
    }

    /// The state of a flow that was seen to live, whose last packet passed at `at`.
    ///
    /// # Errors
    /// What refuses its packets already: the logs are older than the rules.
    pub(super) fn established(
        network: &Network,
        placed: &Placed,
        at: i64,
    ) -> (Self, Option<Cause>) {
        let mut tracker = Self::new();
        let mut refused = None;
        for reply in [false, true] {
            let mut walk = tracker.walk(network, placed, reply);
            if let Err(Cause::SomePorts(acl, direction, number)) = walk {
                tracker.spared[usize::from(reply)] = Some((acl, direction, number));
                walk = tracker.walk(network, placed, reply);
            }
            match walk {
                Ok(walk) => tracker.learn(&walk, reply),
                Err(cause) => refused = refused.or(Some(cause)),
            }
        }
        tracker.translated = tracker.nat().map(|_| at);
        for side in Side::BOTH {
            let Some(ix) = placed.interface(side) else {
                continue;
            };
            let remote = tracker.remote(placed, side, None);
            let tracking = tracker.tracking(network, placed, side, ix, remote);
            tracker.grade = tracker.grade.max(tracking.grade);
            tracker.free[side as usize] = tracking.tracked == Some(false);
            if tracking.tracked != Some(false) {
                tracker.entries[side as usize] = Some(Entry {
                    last: at,
                    exchanges: 2,
                    answered: true,
                });
            }
        }
        (tracker, refused)
    }

    /// Sends one packet.
    pub(super) fn step(
        &mut self,
        network: &Network,
        placed: &Placed,
        reply: bool,
        at: i64,
    ) -> Passage {
        if placed.service().is_some() {
            return Passage::PASSED;
        }
        let walk = self.walk(network, placed, reply);
        if let Ok(walk) = &walk {
            self.via = self.via.or(walk.via);
        }
        let (sender, receiver) = if reply {
            (Side::Server, Side::Client)
        } else {
            (Side::Client, Side::Server)
        };
        let sent = self.pass(network, placed, sender, reply, at, None);
        if sent.cause.is_some() {
            return Passage {
                also: walk.err(),
                ..sent
            };
        }
        let walk = match walk {
            Ok(walk) => walk,
            Err(cause) => {
                if self.translates_before(network, placed, reply, cause) && !self.has_forgotten(at)
                {
                    self.translated = Some(at);
                }
                return Passage::dropped(cause);
            }
        };
        self.learn(&walk, reply);
        if let Some(nat) = self.nat() {
            if self.has_forgotten(at) {
                return Passage {
                    expired: true,
                    ..Passage::dropped(Cause::Forgot(nat))
                };
            }
            self.translated = Some(at);
        }
        let translated = walk.translated;
        let arrival = self.pass(network, placed, receiver, reply, at, translated);
        Passage {
            by_rules: sent.by_rules && arrival.by_rules,
            unknown: sent.unknown || arrival.unknown,
            doubt: walk.doubt,
            ..arrival
        }
    }

    pub(super) fn walk(
        &self,
        network: &Network,
        placed: &Placed,
        reply: bool,
    ) -> Result<Walk, Cause> {
        let mut packet = placed.packet(reply);
        packet.frame.spared = self.spared[usize::from(reply)];
        let ours = network.subnet_of(packet.from).is_some();
        if !ours {
            // In from outside: an answer comes by the way that its request went out, and what is answered
            // to the internet came from it.
            let other = self.doors[usize::from(!reply)];
            packet.door = other.filter(|it| reply || it.kind == TargetKind::InternetGateway);
        }
        if reply && placed.server.public.is_some() && self.shown.is_some() {
            // The server answers to the address that it sees, by its own routes.
            packet.to.public = self.shown;
            packet.door = self.doors[0];
        }
        let earlier = self.doors[usize::from(reply)];
        packet.target = earlier.map(|it| it.target);
        packet.onward = earlier.and_then(|it| it.onward);
        if let Some(nat) = self.doors[0].and_then(|it| it.nat)
            && (reply && ours && placed.server.public.is_none())
        {
            return network.back_by_nat(&packet, nat);
        }
        let walk = network.walk(&packet, None)?;
        match walk.door {
            // It would bear the address of a NAT gateway that the client knows nothing of.
            Some(door) if reply && ours && door.kind == TargetKind::NatGateway => {
                let (table, number) = door.route;
                Err(Cause::AnotherWay(table, number))
            }
            _ => Ok(walk),
        }
    }

    /// Whether it lives though rules refuse some of the ports that it may use.
    pub(super) fn is_spared(&self) -> bool {
        self.spared.iter().any(Option::is_some)
    }

    fn has_forgotten(&self, at: i64) -> bool {
        self.translated.is_some_and(|last| at - last >= NAT_IDLE)
    }

    /// Whether the NAT gateway has seen a packet that this cause drops: one that leaves by its subnet, or
    /// one that comes from outside and is dropped at the client's.
    fn translates_before(
        &self,
        network: &Network,
        placed: &Placed,
        reply: bool,
        cause: Cause,
    ) -> bool {
        let subnet_of = |ix: Option<Ix>| network.subnet(network.interface(ix?)?.subnet?);
        let of_side = |side| subnet_of(placed.interface(side));
        let Some(home) = subnet_of(self.nat()) else {
            return false;
        };
        let client = of_side(Side::Client);
        let sender = if reply { of_side(Side::Server) } else { client };
        match cause {
            Cause::Acl(acl, Direction::Egress, _) => {
                home.acl == Some(acl) && sender.is_none_or(|it| it.acl != home.acl)
            }
            Cause::Acl(acl, Direction::Ingress, _) => {
                let at_client = client.filter(|it| it.acl == Some(acl));
                reply && at_client.is_some_and(|it| it.acl != home.acl)
            }
            Cause::NoRoute(table)
            | Cause::Blackhole(table, _)
            | Cause::NoWayOfNat(table, _)
            | Cause::TargetChanged(table, _) => {
                home.table == Some(table) && sender.is_none_or(|it| it.table != home.table)
            }
            _ => false,
        }
    }

    /// The interface of the NAT gateway that the flow passes.
    pub(super) fn nat(&self) -> Option<Ix> {
        self.doors.iter().flatten().find_map(|it| it.nat)
    }

    fn learn(&mut self, walk: &Walk, reply: bool) {
        let door = &mut self.doors[usize::from(reply)];
        *door = door.or(walk.door);
        if !reply {
            self.shown = self.shown.or(walk.translated);
        }
        self.via = self.via.or(walk.via);
    }

    /// Whether the groups of one side's interface let a packet pass; the entry is brought up to date.
    fn pass(
        &mut self,
        network: &Network,
        placed: &Placed,
        side: Side,
        reply: bool,
        at: i64,
        translated: Option<IpAddr>,
    ) -> Passage {
        let Some(ix) = placed.interface(side) else {
            return Passage::PASSED;
        };
        let remote = self.remote(placed, side, translated);
        let tracking = self.tracking(network, placed, side, ix, remote);
        let direction = direction(side, reply);
        let rules = network.rules_admit(ix, direction, remote, placed.frame(reply));
        let entry = &mut self.entries[side as usize];
        if tracking.tracked == Some(false) {
            self.converted |= entry.take().is_some();
            self.grade = self.grade.max(tracking.grade);
            self.free[side as usize] = true;
            return Passage::PASSED;
        }
        let free = &mut self.free[side as usize];
        if *free && reply && rules == Admission::Yes {
            return Passage::PASSED;
        }
        *free &= rules != Admission::Yes;
        let alive = entry.filter(|it| !it.is_over(network, placed, ix, at));
        let expired = entry.is_some() && alive.is_none();
        if expired && forgets(network, placed, ix) {
            return Passage {
                expired,
                ..Passage::dropped(Cause::Forgot(ix))
            };
        }
        match (alive, rules) {
            (Some(_), _) | (None, Admission::Yes) => {
                self.picked_up |= expired && placed.flow.is_tcp();
                if alive.is_some_and(|it| it.may_be_over(network, placed, ix, at)) {
                    self.grade = self.grade.max(Grade::Ambiguous);
                }
                *entry = Some(Entry::after(alive, reply, at));
                self.grade = self.grade.max(tracking.grade);
                Passage {
                    by_rules: rules == Admission::Yes,
                    ..Passage::PASSED
                }
            }
            (None, Admission::Unknown) => Passage {
                unknown: true,
                ..Passage::PASSED
            },
            (None, Admission::No) => Passage {
                expired,
                ..Passage::dropped(Cause::Group(ix))
            },
        }
    }

    /// Whether the flow is tracked on one side's interface.
    pub(super) fn tracking(
        &self,
        network: &Network,
        placed: &Placed,
        side: Side,
        ix: Ix,
        remote: Remote,
    ) -> Tracking {
        let opened = direction(side, false);
        let frames = (placed.frame(false), placed.frame(true));
        let via = placed.via.or(self.via);
        // AWS does not say whether that holds for whom the NAT gateway reaches over the internet.
        let far = side == Side::Server
            && placed.server.public.is_some()
            && via == Some(PathElement::NatGateway);
        let via = via.filter(|_| !far);
        let mut tracking = network.tracking(ix, opened, remote, frames, via);
        if far && tracking.tracked == Some(false) {
            tracking.grade = tracking.grade.max(Grade::Ambiguous);
        }
        tracking
    }

    /// The other end, as the interface of `side` sees it.
    pub(super) fn remote(&self, placed: &Placed, side: Side, translated: Option<IpAddr>) -> Remote {
        let other = match side {
            Side::Client => placed.server,
            Side::Server => placed.client,
        };
        // The server knows the client by the address that the gateway between them shows.
        let shown = self.shown.filter(|_| matches!(side, Side::Server));
        let address = translated.or(shown).or(other.public);
        let middlebox = placed.via.or(self.via) == Some(PathElement::Appliance);
        Remote {
            address: address.unwrap_or(other.address),
            seat: if address.is_some() || middlebox {
                Seat::Outside
            } else {
                other.seat
            },
        }
    }

    /// The timer of the entry that ends first and is missed then, and when its last packet passed. An entry
    /// whose place the next packet takes by the rules of `end` is not missed.
    pub(super) fn soonest(
        &self,
        network: &Network,
        end: &Network,
        placed: &Placed,
    ) -> Option<(Timer, i64)> {
        let missed = Side::BOTH
            .into_iter()
            .filter(|side| !self.is_renewed(end, placed, *side));
        let timers = missed.filter_map(|side| self.timer(network, placed, side));
        let nat = self.translated.map(|last| (Timer::NAT, last));
        let timers = timers.chain(nat);
        timers.min_by_key(|(timer, last)| last + i64::from(timer.at_most) * 1000)
    }

    /// The timer of one side's entry, and when its last packet passed.
    pub(super) fn timer(
        &self,
        network: &Network,
        placed: &Placed,
        side: Side,
    ) -> Option<(Timer, i64)> {
        let entry = self.entries[side as usize]?;
        let eni = network.interface(placed.interface(side)?)?;
        let kind = EntryKind::of(placed.flow.protocol, entry.exchanges);
        Some((eni.timer(kind), entry.last))
    }

    /// Whether the client's next packet passes by rules where an entry has run out.
    pub(super) fn is_renewed(&self, network: &Network, placed: &Placed, side: Side) -> bool {
        let Some(ix) = placed.interface(side) else {
            return false;
        };
        let remote = self.remote(placed, side, None);
        let rules = network.rules_admit(ix, direction(side, false), remote, placed.frame(false));
        rules == Admission::Yes && !forgets(network, placed, ix)
    }
}

/// A Network Load Balancer resets a TCP connection that was silent for too long, whatever rules say.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/network/network-load-balancers.html>
fn forgets(network: &Network, placed: &Placed, ix: Ix) -> bool {
    let kind = network.interface(ix).map(|it| it.kind);
    placed.flow.is_tcp() && kind == Some(EniKind::NetworkLoadBalancer)
}

impl Entry {
    fn after(before: Option<Self>, reply: bool, at: i64) -> Self {
        let before = before.unwrap_or(Self {
            last: at,
            exchanges: 0,
            answered: false,
        });
        let opens_another = !reply && (before.answered || before.exchanges == 0);
        Self {
            last: at,
            exchanges: before.exchanges.saturating_add(u8::from(opens_another)),
            answered: reply,
        }
    }

    /// Whether the silence was longer than the shortest timer that ICMP may have: AWS gives no number.
    fn may_be_over(&self, network: &Network, placed: &Placed, ix: Ix, at: i64) -> bool {
        let timer = network.interface(ix).map(|it| it.timer(EntryKind::Icmp));
        placed.flow.is_icmp()
            && timer.is_some_and(|it| at - self.last >= i64::from(it.at_least) * 1000)
    }

    fn is_over(&self, network: &Network, placed: &Placed, ix: Ix, at: i64) -> bool {
        let kind = EntryKind::of(placed.flow.protocol, self.exchanges);
        let timer = network.interface(ix).map(|it| it.timer(kind));
        timer.is_some_and(|it| at - self.last >= i64::from(it.at_most) * 1000)
    }
}

/// The direction of a packet at the interface of a side.
pub(super) fn direction(side: Side, reply: bool) -> Direction {
    match (side, reply) {
        (Side::Client, false) | (Side::Server, true) => Direction::Egress,
        (Side::Client, true) | (Side::Server, false) => Direction::Ingress,
    }
}

/// One flow whose packets are sent by hand: for replaying what happened, step by step.
#[derive(Debug, Clone)]
pub struct FlowTracker {
    placed: Placed,
    tracker: Tracker,
}

/// What became of a packet of a [`FlowTracker`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// It arrived.
    pub delivered: bool,
    /// Rules alone let it pass on every interface.
    pub by_rules: bool,
    /// It was dropped because an entry had timed out.
    pub expired: bool,
    /// What dropped it.
    pub decision: Option<Decision>,
}

impl FlowTracker {
    /// A flow of which no packet was sent yet.
    pub fn new(network: &Network, flow: &Flow) -> Self {
        Self {
            placed: network.place(flow, None),
            tracker: Tracker::new(),
        }
    }

    /// Sends a packet of the client's or, answering, of the server's, at a moment in milliseconds.
    pub fn step(&mut self, network: &Network, reply: bool, at: i64) -> Step {
        let passage = self.tracker.step(network, &self.placed, reply, at);
        Step {
            delivered: passage.cause.is_none(),
            by_rules: passage.by_rules,
            expired: passage.expired,
            decision: passage.cause.map(|it| it.decision(network, reply)),
        }
    }

    /// The unfiltered service that the flow goes to.
    pub fn service(&self) -> Option<&'static str> {
        self.placed.service()
    }
}
