//! A setting as a scenario of the drill: what a person can check, play and change.

mod network;
mod notation;

use std::net::IpAddr;

use firedoor::drill::Scenario;
use firedoor::drill::net::{Net, Outcome, Packet, Switches};
use firedoor::model::{Eni, Estate, Protocol};
use firedoor::operation::{Hypothesis, Operation, StepId};
use serde_json::{Value, json};

use crate::flows::Case;
use crate::parts::Parts;
use crate::plans::Plan;
use crate::wire::Wire;
pub(crate) use notation::lengthened;
use notation::{inline, long, protocol_name};

/// From the start of the drill to a flow that is silent for a while, which begins then.
const SPOKEN: u32 = 1;
const REGION: &str = "eu-west-1";
const FLOW: &str = "the flow";

/// What is to be written.
#[derive(Clone, Copy)]
pub(crate) struct Setting<'a> {
    pub(crate) parts: &'a Parts,
    pub(crate) plan: &'a Plan,
    pub(crate) case: &'a Case,
    pub(crate) switches: Switches,
}

/// The file, without what is said at its top; or everything that no scenario can say.
pub(crate) fn text(setting: Setting<'_>) -> Result<String, Vec<String>> {
    let estate = setting.parts.estate();
    let mut file = File {
        setting,
        estate: &estate,
        text: String::new(),
        unsaid: Vec::new(),
    };
    file.head();
    file.network();
    file.guarded();
    file.hosts();
    file.talk();
    file.changes();
    if file.unsaid.is_empty() {
        Ok(file.text)
    } else {
        Err(file.unsaid)
    }
}

/// What is wrong with a setting as a scenario: what none can say, and else what its checks refuse.
pub(crate) fn problems(setting: Setting<'_>) -> (Vec<String>, Vec<String>) {
    match text(setting) {
        Err(unsaid) => (unsaid, Vec::new()),
        Ok(text) => {
            let refused = Scenario::check("scenario.toml", &text).err();
            let refused = refused.unwrap_or_default();
            (
                Vec::new(),
                refused.iter().map(ToString::to_string).collect(),
            )
        }
    }
}

struct File<'a> {
    setting: Setting<'a>,
    estate: &'a Estate,
    text: String,
    unsaid: Vec<String>,
}

impl File<'_> {
    /// A table of the file: what is null is left out.
    fn table(&mut self, head: &str, keys: &[(&str, Value)]) {
        self.text.extend(["\n", head, "\n"]);
        self.keys(keys);
    }

    fn keys(&mut self, keys: &[(&str, Value)]) {
        for (key, value) in keys.iter().filter(|(_, it)| !it.is_null()) {
            self.text.extend([key, " = ", &inline(value), "\n"]);
        }
    }

    fn unsaid(&mut self, what: impl Into<String>) {
        self.unsaid.push(what.into());
    }

    fn head(&mut self) {
        let parts = self.setting.parts;
        if parts.vpcs.len() > 1 {
            self.unsaid("it has two VPCs");
        }
        for peering in &parts.peerings {
            self.unsaid(format!("it has the peering connection {}", peering.id));
        }
        let suspect = match self.setting.plan {
            Plan::Action(_, suspect) => Some(suspect),
            Plan::Operations(_) => {
                let [src, dst] = self.ends();
                [src, dst]
                    .iter()
                    .find_map(|it| self.of(*it)?.instance.as_ref())
            }
        };
        let suspect = suspect
            .or(parts.instances.first().map(|it| &it.id))
            .cloned();
        if suspect.is_none() {
            self.unsaid("it has no instance");
        }
        let own = json!(self.setting.switches);
        let default = json!(Switches::default());
        let differ = own.as_object().into_iter().flatten();
        let differ = differ.filter(|(key, value)| default[key.as_str()] != **value);
        let switches: Value = differ.map(|(key, it)| (key.clone(), it.clone())).collect();
        let own_answers = switches.as_object().is_some_and(|it| !it.is_empty());
        self.keys(&[
            ("version", json!(1)),
            ("title", json!("A flow and a change")),
            ("account", json!("123456789012")),
            ("region", json!(REGION)),
            ("suspect", json!(suspect)),
            ("switches", if own_answers { switches } else { Value::Null }),
            ("world", json!({ "history": "10m" })),
            (
                "flow_log",
                json!({ "id": "fl-00000000000000001", "log_group": "/vpc/flow" }),
            ),
        ]);
    }

    fn ends(&self) -> [IpAddr; 2] {
        [self.setting.case.packet.src, self.setting.case.packet.dst]
    }

    /// Whose private address it is.
    fn of(&self, address: IpAddr) -> Option<&Eni> {
        let mut all = self.setting.parts.enis.iter();
        all.find(|it| it.addresses.contains(&address))
    }

    /// The flow, as a conversation.
    fn talk(&mut self) {
        let case = self.setting.case;
        let packet = case.packet;
        let ends = self.ends().map(|it| self.host(it));
        let Some(protocol) = protocol_name(Protocol::Number(packet.protocol)) else {
            return self.unsaid(format!("the flow is of protocol {}", packet.protocol));
        };
        let silent = is_silent(case);
        let after = begins(case) + last(self.setting.plan) + 1;
        let every = if silent { after - SPOKEN } else { 1 };
        let ported = matches!(packet.protocol, Packet::TCP | Packet::UDP);
        let first = first(self.estate, packet, self.setting.switches);
        let refused = matches!(first, Outcome::Dropped(_));
        self.table(
            "[[conversations]]",
            &[
                ("name", json!(FLOW)),
                ("from", json!([ends[0]])),
                ("to", json!([ends[1]])),
                ("protocol", json!(protocol)),
                ("port", json!(ported.then_some(packet.dst_port))),
                ("ipv6", json!(packet.src.is_ipv6().then_some(true))),
                ("every", json!(format!("{every}s"))),
                ("held", json!(silent.then_some(true))),
                ("refused", json!(refused.then_some(true))),
            ],
        );
        if silent {
            self.table(
                "[[injects]]",
                &[
                    ("name", json!("the flow begins")),
                    ("when", json!({ "at": format!("{SPOKEN}s") })),
                    ("begin", json!([FLOW])),
                ],
            );
        }
    }

    /// What a conversation calls the owner of an address. One outside is written where it is first named.
    fn host(&mut self, address: IpAddr) -> String {
        let v6 = address.is_ipv6();
        if let Some(eni) = self.of(address) {
            let name = host_name(eni);
            let own = self.setting.parts.enis.iter();
            let own = own
                .filter(|it| host_name(it) == name)
                .flat_map(|it| &it.addresses);
            let several = own.filter(|it| it.is_ipv6() == v6).count() > 1;
            return if several { address.to_string() } else { name };
        }
        if address == IpAddr::from([169, 254, 169, 254]) {
            return "amazon-imds".to_owned();
        }
        let mut mapped = self.setting.parts.enis.iter().flat_map(|it| &it.public);
        if mapped.any(|it| it.address == address) {
            self.unsaid("the flow goes to a public address of the VPC's own, from inside");
        }
        let mut vpcs = self.setting.parts.vpcs.iter().flat_map(|it| &it.cidrs);
        if vpcs.any(|it| it.contains(&address)) {
            self.unsaid(format!(
                "the flow's end {address} is in the VPC, and nobody's"
            ));
        }
        let name = "outside";
        let keys = [("name", json!(name)), ("addresses", json!([address]))];
        self.table("[[outside]]", &keys);
        name.to_owned()
    }

    /// The plan, as injects. What AWS would refuse is no part of it.
    fn changes(&mut self) {
        let operations = match self.setting.plan {
            Plan::Operations(all) => all,
            Plan::Action(action, suspect) => {
                let name = json!(action);
                let name = name.as_str().unwrap_or_default().to_owned();
                let suspect = long(suspect.as_str());
                let comment = format!("\n# The change is the action {name} against {suspect}.\n");
                return self.text.push_str(&comment);
            }
        };
        let mut hypothesis = Hypothesis::new(self.estate.clone());
        let mut stages: Vec<(u32, Vec<Value>)> = Vec::new();
        for (step, (at, operation)) in (1..).zip(operations) {
            if hypothesis.step(StepId(step), operation).is_err() {
                continue;
            }
            let change = written(operation);
            match stages.last_mut() {
                Some((last, all)) if last == at => all.push(change),
                _ => stages.push((*at, vec![change])),
            }
        }
        for (at, change) in stages {
            self.table(
                "[[injects]]",
                &[
                    ("name", json!(format!("after {at} s"))),
                    (
                        "when",
                        json!({ "at": format!("{}s", begins(self.setting.case) + at) }),
                    ),
                    ("change", json!(change)),
                ],
            );
        }
    }
}

/// The plan's first second, counted from the start of the drill.
pub(crate) fn begins(case: &Case) -> u32 {
    if is_silent(case) {
        SPOKEN + case.activity.idle + 1
    } else {
        10
    }
}

/// Whether no packet is seen just before the plan, or while it is carried out.
fn is_silent(case: &Case) -> bool {
    case.activity.dormant || case.activity.idle > 0
}

/// The last second of a plan.
fn last(plan: &Plan) -> u32 {
    match plan {
        Plan::Operations(all) => all.iter().map(|it| it.0).max().unwrap_or(0),
        Plan::Action(..) => 60,
    }
}

/// What becomes of the first packet.
fn first(estate: &Estate, packet: Packet, switches: Switches) -> Outcome {
    let mut net = Net::new(estate, switches);
    let mut wire = Wire::new(packet, estate);
    wire.send(&mut net, false, 0).0.outcome
}

fn written(operation: &Operation) -> Value {
    lengthened(&json!(operation))
}

fn host_name(it: &Eni) -> String {
    let instance = it.instance.as_ref().map(ToString::to_string);
    instance.unwrap_or_else(|| it.id.to_string())
}
