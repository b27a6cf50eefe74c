//! One flow under one plan: what the forecast says, and what the world's packets do.

use firedoor::analysis::{Course, Flow, Grade, HORIZON, Network, PortSpan, Stage, Verdict};
use firedoor::drill::net::{Lost, Micros, Net, Outcome, Packet, Switches};
use firedoor::model::{Direction, Eni, EniKind, Estate};

use crate::flows::Case;
use crate::plans::Stages;
use crate::wire::Wire;

/// The plan's first second, long after the world began.
const START: Micros = 1_000_000;
const SECOND: Micros = 1_000_000;

/// What the world's packets did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct Seen {
    /// A packet of the client's, and one that answers it, after the last change.
    pub(crate) forward: bool,
    pub(crate) back: bool,
    /// A packet was dropped between the changes.
    pub(crate) blocked: bool,
    /// Rules alone let the client's packet pass.
    pub(crate) by_rules: bool,
    /// It was dropped, the answer was dropped, where an entry had run out.
    pub(crate) expired: [bool; 2],
}

/// Before the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opening {
    /// It goes to a service that nothing filters.
    Service,
    Opened,
    Refused,
}

/// What both say.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    pub(crate) forecast: String,
    pub(crate) world: String,
    /// What became of the last packets, in words.
    pub(crate) why: String,
    /// The forecast says that it may be otherwise.
    pub(crate) open: bool,
}

/// Whether the flow ends when one direction does.
fn both_needed(packet: Packet) -> bool {
    packet.protocol == Packet::TCP || packet.is_icmp()
}

pub(crate) fn flow_of(packet: Packet) -> Flow {
    let icmp = packet.is_icmp();
    Flow {
        client: packet.src,
        server: packet.dst,
        protocol: packet.protocol,
        client_ports: PortSpan::one(if icmp { 0 } else { packet.src_port }),
        server_port: if icmp { 0 } else { packet.dst_port },
        icmp: None,
        via: None,
    }
}

/// A case ready for both sides.
pub(crate) struct Bench<'a> {
    pub(crate) before: &'a Estate,
    pub(crate) network: &'a Network,
    pub(crate) forecast: &'a [Stage],
    pub(crate) stages: &'a Stages,
}

pub(crate) fn stages_of(network: &Network, stages: &Stages) -> Vec<Stage> {
    let mut current = network.clone();
    let mut all = Vec::new();
    for (at, estate) in stages {
        current = current.after(estate);
        all.push(Stage {
            at: *at,
            network: current.clone(),
        });
    }
    all
}

/// A connection through a network without memory.
pub(crate) fn opening(estate: &Estate, packet: Packet, switches: Switches) -> Opening {
    let mut net = Net::new(estate, switches);
    let mut wire = Wire::new(packet, estate);
    let asked = wire.send(&mut net, false, 0).1;
    let answered = wire.send(&mut net, true, 1).1;
    if wire.ends_at_service() {
        Opening::Service
    } else if asked && answered {
        Opening::Opened
    } else {
        Opening::Refused
    }
}

/// Whether packets of a flow pass interfaces that pass them on, other than NAT gateways: the forecast says
/// that it does not look beyond a middlebox.
pub(crate) fn passes_middlebox(estate: &Estate, packet: Packet) -> bool {
    let mut net = Net::new(estate, Switches::default());
    let mut wire = Wire::new(packet, estate);
    let mut passed = false;
    for reply in [false, true] {
        let (sights, fate) = wire.sights(&mut net, reply);
        passed |= matches!(fate.outcome, Outcome::Dropped(Lost::Loop(_)));
        passed |= sights.iter().any(|it| {
            let eni = net.id(it.eni).and_then(|it| estate.eni(it));
            let transit = |it: &Eni| it.kind != EniKind::NatGateway;
            let passing = |eni: &Eni| {
                let ends = [it.original.src, it.original.dst];
                !ends.iter().any(|end| eni.addresses.contains(end))
            };
            eni.is_some_and(|it| transit(it) && passing(it))
        });
    }
    passed
}

/// What became of the first packet and its answer, in words.
fn way(estate: &Estate, packet: Packet) -> String {
    let mut net = Net::new(estate, Switches::default());
    let mut wire = Wire::new(packet, estate);
    let mut word = |reply| match wire.send(&mut net, reply, 0).0.outcome {
        Outcome::Delivered(it) => format!("{:?} {}", it.at, it.packet),
        Outcome::Dropped(lost) => lost.to_string(),
    };
    format!("({}; {})", word(false), word(true))
}

impl Bench<'_> {
    /// Whether a new connection opens, before and after the plan: both sides must agree.
    pub(crate) fn connections(&self, case: &Case) -> Option<Said> {
        let flow = flow_of(case.packet);
        let end = self.forecast.last().map_or(self.network, |it| &it.network);
        let after = self.stages.last().map_or(self.before, |(_, it)| it);
        for (when, network, estate) in
            [("before", self.network, self.before), ("after", end, after)]
        {
            let forecast = match network.connects(&flow, None) {
                None => Opening::Service,
                Some(Ok(())) => Opening::Opened,
                Some(Err(_)) => Opening::Refused,
            };
            let world = opening(estate, case.packet, Switches::default());
            let why = network.connects(&flow, None);
            // The port that a NAT gateway chooses is not known to the forecast.
            let may_differ = match &why {
                Some(Err(it)) => it.words.contains("some of the ports"),
                _ => false,
            };
            if forecast != world && !may_differ {
                return Some(Said {
                    forecast: format!("new {when}: {forecast:?} {why:?}"),
                    world: format!("new {when}: {world:?} {}", way(estate, case.packet)),
                    open: false,
                    why: String::new(),
                });
            }
        }
        None
    }

    /// Lets the flow live through the plan, and looks at it at `probe` seconds after its start.
    pub(crate) fn play(&self, case: &Case, switches: Switches, probe: u32) -> Seen {
        let mut net = Net::new(self.before, switches);
        let mut wire = Wire::new(case.packet, self.before);
        let at = |seconds: u32| (START + Micros::from(seconds)) * SECOND;
        let began = at(0) - Micros::from(case.activity.idle) * SECOND;
        for reply in [false, true, false, true] {
            wire.send(&mut net, reply, began);
        }
        let mut blocked = false;
        let mut expired = [false; 2];
        for (number, (second, estate)) in self.stages.iter().enumerate() {
            net.update(estate);
            let following = self.stages.get(number + 1).map(|(it, _)| *it);
            let lasts = following.unwrap_or(*second).saturating_sub(*second);
            if case.activity.dormant || lasts == 0 {
                continue;
            }
            let middle = at(*second) + Micros::from(lasts) * SECOND / 2;
            for (reply, expired) in [false, true].into_iter().zip(&mut expired) {
                let (fate, delivered) = wire.send(&mut net, reply, middle);
                blocked |= !delivered;
                *expired |= fate.expired;
            }
        }
        let (fate, forward) = wire.send(&mut net, false, at(probe));
        let (answer, back) = wire.send(&mut net, true, at(probe));
        Seen {
            forward,
            back,
            blocked,
            by_rules: fate.by_rules,
            expired: [expired[0] | fate.expired, expired[1] | answer.expired],
        }
    }

    pub(crate) fn words(&self, case: &Case, switches: Switches) -> String {
        let course = Course {
            before: self.network,
            stages: self.forecast,
        };
        let judged = course.judgement(&flow_of(case.packet), None, case.activity);
        let seen = self.play(case, switches, self.soon());
        format!("{} ({:?}) | {seen:?}", judged.why, judged.fate.grade)
    }

    /// Whether a ping that is started anew after the plan fares otherwise with these switches.
    pub(crate) fn restarted(&self, case: &Case, switches: Switches) -> bool {
        let fares = |switches: Switches| {
            let mut net = Net::new(self.before, switches);
            let mut wire = Wire::new(case.packet, self.before);
            let at = |seconds: u32| (START + Micros::from(seconds)) * SECOND;
            for reply in [false, true] {
                wire.send(&mut net, reply, at(0));
            }
            for (_, estate) in self.stages {
                net.update(estate);
            }
            let mut packet = case.packet;
            packet.src_port += 1;
            let mut anew = Wire::new(packet, self.before);
            anew.send(&mut net, false, at(1)).1
        };
        case.packet.is_icmp() && fares(switches) != fares(Switches::default())
    }

    fn soon(&self) -> u32 {
        self.stages.last().map_or(0, |(at, _)| *at) + 1
    }

    /// What becomes of an open flow: the verdict of the forecast, and that of the world's packets.
    pub(crate) fn fate(&self, case: &Case, switches: Switches) -> Said {
        let course = Course {
            before: self.network,
            stages: self.forecast,
        };
        let fate = course.fate(&flow_of(case.packet), None, case.activity);
        let world = self.world(case, switches, fate.verdict);
        Said {
            forecast: format!("{:?}", fate.verdict),
            world: format!("{world:?}"),
            why: String::new(),
            open: fate.grade > Grade::Documented || fate.verdict == Verdict::Unknown,
        }
    }

    /// The world's verdict. Of a flow that goes on by its entry alone, the forecast's end is tried.
    pub(crate) fn world(&self, case: &Case, switches: Switches, forecast: Verdict) -> Verdict {
        if self.stages.is_empty() {
            return Verdict::Unaffected;
        }
        let seen = self.play(case, switches, self.soon());
        let packet = case.packet;
        let ours = self.before.enis_of_address(packet.src).next().is_some();
        let (out, back) = if ours {
            (Direction::Egress, Direction::Ingress)
        } else {
            (Direction::Ingress, Direction::Egress)
        };
        let both_needed = both_needed(packet);
        match (seen.forward, seen.back) {
            (true, true) if seen.blocked => Verdict::Resumes,
            (true, true) if seen.by_rules => Verdict::Unaffected,
            (true, true) => self.lasts(case, switches, forecast),
            (true, false) if !both_needed => Verdict::OneWay(out),
            (false, true) if !both_needed => Verdict::OneWay(back),
            (true, false) if seen.expired[1] => Verdict::Expires(0),
            (false, _) if seen.expired[0] => Verdict::Expires(0),
            _ => Verdict::Cut,
        }
    }

    fn lasts(&self, case: &Case, switches: Switches, forecast: Verdict) -> Verdict {
        let goes_on = |at: u32| {
            let seen = self.play(case, switches, at);
            // What one direction does by rules alone is another flow.
            seen.forward && seen.back
        };
        match forecast {
            Verdict::Expires(at) if at > 1 + self.soon() => {
                if goes_on(at - 1) && !goes_on(at + 1) {
                    Verdict::Expires(at)
                } else {
                    Verdict::Survives
                }
            }
            Verdict::Survives if case.activity.dormant && !goes_on(HORIZON - 1) => {
                Verdict::Expires(HORIZON)
            }
            _ => Verdict::Survives,
        }
    }
}
