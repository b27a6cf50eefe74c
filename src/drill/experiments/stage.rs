//! Where an experiment happens: an estate, the packets in it, and who sends them.

use std::net::IpAddr;

use chrono::DateTime;
use toml::Table;

use super::names::{Labels, interface};
use super::spec::{ExperimentSpec, FlowSpec, Spoken, StageSpec};
use super::{ExperimentError, unsound};
use crate::drill::net::{
    Arrival, EniIx, Entry, Fate, Micros, Net, Origin, Outcome, Packet, Place, Sight, Switches,
};
use crate::drill::number::Ids;
use crate::drill::scenario::Scenario;
use crate::model::{EniId, Estate, InstanceState};
use crate::operation::{Operation, Refusal, apply};

/// The stages, by name.
const STAGES: [(&str, &str); 2] = [
    (
        "shop",
        include_str!("../../../assets/experiments/shop.toml"),
    ),
    (
        "bench",
        include_str!("../../../assets/experiments/bench.toml"),
    ),
];

/// What became of a packet that was to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Met {
    /// It arrived.
    Delivered {
        /// Rules alone let it through.
        by_rules: bool,
    },
    /// The network dropped it.
    Dropped {
        /// Where, with labels.
        why: String,
        /// An entry had run out there.
        expired: bool,
    },
    /// The guest that should send or receive it does not run: its name.
    Down(String),
    /// The other side never heard of the flow, so it has nobody to send to.
    Unheard,
}

/// One end of a flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    Inside(EniId),
    Outside(IpAddr),
}

/// A flow on the stage.
#[derive(Debug)]
pub(super) struct Wire {
    pub(super) name: String,
    pub(super) from: (String, End),
    pub(super) to: (String, End),
    /// As it leaves the client.
    pub(super) first: Packet,
    /// What the server got last.
    heard: Option<Arrival>,
}

/// An experiment's estate and packets.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) estate: Estate,
    pub(super) labels: Labels,
    pub(super) wires: Vec<Wire>,
    net: Net,
    ids: Ids,
    sights: Vec<Sight>,
}

impl Stage {
    /// The stage of an experiment after its setup.
    ///
    /// # Errors
    /// The experiment names what there is not, or AWS would refuse its setup.
    pub(super) fn new(spec: &ExperimentSpec, switches: &Table) -> Result<Self, ExperimentError> {
        let problem = |text: String| unsound(spec, text);
        let (file, text) = STAGES
            .iter()
            .find(|(name, _)| *name == spec.base)
            .ok_or_else(|| problem(format!("there is no stage {:?}", spec.base)))?;
        let scenario = Scenario::parse(file, text).map_err(|it| problem(it.to_string()))?;
        let outside: StageSpec = toml::from_str(text).map_err(|it| problem(it.to_string()))?;
        let switches: Switches = switches
            .clone()
            .try_into()
            .map_err(|it: toml::de::Error| problem(it.to_string()))?;
        let estate = Estate::from_parts(scenario.parts, DateTime::UNIX_EPOCH);
        let mut stage = Self {
            net: Net::new(&estate, switches),
            estate,
            labels: Labels::default(),
            wires: Vec::new(),
            ids: Ids::default(),
            sights: Vec::new(),
        };
        stage.labels.learn(&stage.estate);
        for written in &spec.setup {
            let operation = stage.labels.operation(written);
            let made = stage.make(&operation.map_err(problem)?);
            made.map_err(|refusal| problem(format!("its setup is refused: {refusal}")))?;
        }
        for flow in &spec.flows {
            let wire = stage.wire(flow, &outside).map_err(problem)?;
            stage.wires.push(wire);
        }
        Ok(stage)
    }

    fn wire(&self, flow: &FlowSpec, outside: &StageSpec) -> Result<Wire, String> {
        let (from, to) = (self.end(&flow.from, outside)?, self.end(&flow.to, outside)?);
        let within = matches!((&from, &to), (End::Inside(_), End::Inside(_)));
        let (src, dst) = (self.source(&from), self.target(&to, within));
        let (Some(src), Some(dst)) = (src, dst) else {
            return Err(format!("{} has no address to talk from or to", flow.name));
        };
        let ported = |protocol| Packet {
            protocol,
            src,
            dst,
            src_port: flow.client,
            dst_port: flow.port,
        };
        Ok(Wire {
            name: flow.name.clone(),
            from: (flow.from.clone(), from),
            to: (flow.to.clone(), to),
            first: match flow.protocol {
                Spoken::Tcp => ported(Packet::TCP),
                Spoken::Udp => ported(Packet::UDP),
                Spoken::Icmp => Packet::ping(src, dst, flow.client),
            },
            heard: None,
        })
    }

    fn end(&self, name: &str, outside: &StageSpec) -> Result<End, String> {
        let mut parties = outside.outside.iter();
        if let Some(party) = parties.find(|it| it.name == name) {
            let address = party.addresses.first().copied();
            return address
                .map(End::Outside)
                .ok_or_else(|| format!("{name} has no address"));
        }
        let mut enis = self.estate.enis();
        let eni = enis.find(|it| interface(&self.estate, it) == name);
        eni.map(|it| End::Inside(it.id.clone()))
            .ok_or_else(|| format!("there is no host {name}"))
    }

    fn source(&self, end: &End) -> Option<IpAddr> {
        match end {
            End::Outside(address) => Some(*address),
            End::Inside(eni) => self.estate.eni(eni)?.addresses.first().copied(),
        }
    }

    /// From outside an interface is known by its public address.
    fn target(&self, end: &End, within: bool) -> Option<IpAddr> {
        let own = self.source(end)?;
        match end {
            End::Inside(eni) if !within => self.estate.eni(eni)?.public_of(own),
            _ => Some(own),
        }
    }

    /// The flow with a name.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.wires.iter().position(|it| it.name == name)
    }

    /// Makes a change.
    ///
    /// # Errors
    /// AWS's reason to refuse it.
    pub(super) fn make(&mut self, operation: &Operation) -> Result<(), Refusal> {
        let made = match operation {
            Operation::CreateGroup { .. } => self.ids.resource("sg"),
            Operation::CreateInterface { .. } => self.ids.resource("eni"),
            Operation::CreateAcl { .. } => self.ids.resource("acl"),
            Operation::CreateRouteTable { .. } => self.ids.resource("rtb"),
            _ => String::new(),
        };
        apply(&mut self.estate, operation, &made)?;
        self.labels.learn(&self.estate);
        self.net.update(&self.estate);
        Ok(())
    }

    /// Sends a packet of whoever began the flow.
    pub(super) fn send(&mut self, wire: usize, at: Micros) -> Met {
        let Some((packet, from)) = self.wires.get(wire).map(|it| (it.first, it.from.1.clone()))
        else {
            return Met::Unheard;
        };
        let origin = match &from {
            End::Outside(_) => Origin::Outside,
            End::Inside(eni) => match self.net.eni(eni) {
                Some(eni) => Origin::Eni(eni),
                None => return Met::Unheard,
            },
        };
        let (met, arrival) = self.carry(origin, packet, at);
        if let (Some(arrival), Some(wire)) = (arrival, self.wires.get_mut(wire)) {
            wire.heard = Some(arrival);
        }
        met
    }

    /// Sends a packet of the other side, to where it heard from last.
    pub(super) fn answer(&mut self, wire: usize, at: Micros) -> Met {
        let Some(heard) = self.wires.get(wire).and_then(|it| it.heard) else {
            return Met::Unheard;
        };
        let origin = match heard.at {
            Place::Eni(eni) => Origin::Eni(eni),
            Place::Outside => Origin::Outside,
            Place::Service => return Met::Unheard,
        };
        self.carry(origin, heard.packet.reversed(), at).0
    }

    fn carry(&mut self, from: Origin, packet: Packet, at: Micros) -> (Met, Option<Arrival>) {
        if let Origin::Eni(eni) = from
            && let Some(name) = self.down(eni)
        {
            return (Met::Down(name), None);
        }
        self.sights.clear();
        let fate: Fate = self.net.send(from, packet, at, &mut self.sights);
        match fate.outcome {
            Outcome::Delivered(arrival) => {
                let down = match arrival.at {
                    Place::Eni(eni) => self.down(eni),
                    Place::Outside | Place::Service => None,
                };
                let by_rules = fate.by_rules;
                let met = down.map_or(Met::Delivered { by_rules }, Met::Down);
                (met, Some(arrival))
            }
            Outcome::Dropped(lost) => {
                let why = self.labels.told(&lost.to_string());
                let expired = fate.expired;
                (Met::Dropped { why, expired }, None)
            }
        }
    }

    /// The name of the instance of an interface, unless it runs.
    fn down(&self, eni: EniIx) -> Option<String> {
        let eni = self.estate.eni(self.net.id(eni)?)?;
        let instance = self.estate.instance(eni.instance.as_ref()?)?;
        let runs = instance.state == InstanceState::Running;
        (!runs).then(|| instance.name.clone())
    }

    /// What the interfaces of a flow remember of it: each one's name, how it sees the flow, and the entry.
    pub(super) fn entries(&self, wire: &Wire) -> Vec<(String, Packet, Entry)> {
        let mut entries = Vec::new();
        for (end, begins) in [(&wire.from.1, true), (&wire.to.1, false)] {
            let End::Inside(eni) = end else { continue };
            let Some(eni) = self.estate.eni(eni) else {
                continue;
            };
            // The client knows the interface by its public address, it itself by its private one.
            let mapped = eni.public.iter().find(|it| it.address == wire.first.dst);
            let seen = Packet {
                dst: mapped.map_or(wire.first.dst, |it| it.private),
                ..wire.first
            };
            let leaving = if begins { seen } else { seen.reversed() };
            let number = self.net.eni(&eni.id);
            if let Some(entry) = number.and_then(|it| self.net.entry(it, leaving)) {
                entries.push((interface(&self.estate, eni), seen, entry));
            }
        }
        entries
    }
}
