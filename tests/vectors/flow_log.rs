//! Flow log records: which flows they show, and what stands apart from them.

use std::fmt::Debug;
use std::net::IpAddr;

use chrono::{DateTime, Utc};
use firedoor::analysis::{
    BlindSpot, Flow, Live, LiveFlow, NatLeg, Network, Opener, PathElement, TrackingReason, live,
};
use firedoor::flows::{FlowTable, Format};
use firedoor::model::{Direction, Eni, Estate, Protocol, TrafficPath};
use serde_json::Value;

use crate::{flow, only_keys};

/// When lines were logged whose format has no time.
const LOGGED: i64 = 1_767_225_660;

/// What a case may expect.
const KEYS: [&str; 12] = [
    "flows",
    "rejected",
    "closed",
    "half_open",
    "nat_legs",
    "transit",
    "confirmed_cut",
    "coverage_gap",
    "known_blind_spots",
    "paths",
    "classes",
    "needs",
];

pub(crate) fn check(case: &Value, estate: &Estate) -> Result<(), String> {
    let table = table(case, estate)?;
    let now = table.coverage().newest_end.unwrap_or_default();
    let seen = Seen {
        live: &live(estate, &table, now),
        estate,
    };
    let expected = &case["expected"];
    only_keys(expected, &KEYS)?;
    let expected = expected.as_object().ok_or("expected must be an object")?;
    for (key, want) in expected {
        seen.check(key, want)
            .map_err(|why| format!("{key}: {why}"))?;
    }
    // A gap is never passed over in silence.
    let gap = expected.get("coverage_gap").unwrap_or(&Value::Bool(false));
    seen.check("coverage_gap", gap)
}

fn table(case: &Value, estate: &Estate) -> Result<FlowTable, String> {
    let lines = case["records"].as_array().ok_or("records are missing")?;
    let lines: Vec<&str> = lines.iter().filter_map(Value::as_str).collect();
    let (format, lines) = match (case["format"].as_str(), lines.split_first()) {
        (Some("header line"), Some((header, lines))) => {
            let format = Format::from_header(header.as_bytes());
            (format.ok_or("the first record is no header")?, lines)
        }
        (Some(format), _) => {
            let format = Format::parse(format).map_err(|it| it.to_string())?;
            (format, &lines[..])
        }
        (None, _) => return Err("format is missing".into()),
    };
    let mut table = FlowTable::default();
    for (event, line) in (0..).zip(lines) {
        let logged = DateTime::from_timestamp(LOGGED, 0);
        let record = format.record_at(line.as_bytes(), logged);
        let record = record.map_err(|why| format!("{line}: {why}"))?;
        table.add(event, &record, |eni, address| {
            let eni = estate.eni(eni);
            eni.is_some_and(|it| it.addresses.contains(&address))
        });
    }
    Ok(table)
}

/// What the engine sees.
struct Seen<'a> {
    live: &'a Live,
    estate: &'a Estate,
}

impl Seen<'_> {
    fn check(&self, key: &str, want: &Value) -> Result<(), String> {
        let live = self.live;
        match key {
            "flows" => all(want, &live.flows, |want, it| self.flow(want, it)),
            "rejected" => all(want, &live.rejected, |want, it| self.flow(want, it)),
            "closed" => all(want, &live.closed, |want, it| self.flow(want, it)),
            "half_open" => all(want, &live.half_open, |want, it| self.flow(want, it)),
            "nat_legs" => all(want, &live.nat_legs, |want, it| self.nat_leg(want, it)),
            "transit" => all(want, &live.transit, |want, it| {
                fields(want, |key, want| match key {
                    "appliance" => text(want, it.appliance.as_str()),
                    "client" => address(want, Some(it.client)),
                    "server" => address(want, Some(it.server)),
                    "proto" => protocol(want, it.protocol),
                    "server_port" => number(want, it.server_port),
                    _ => Err(UNKNOWN.into()),
                })
            }),
            "confirmed_cut" => all(want, &live.confirmed_cuts, |want, it| {
                fields(want, |key, want| match key {
                    "remote" => address(want, Some(it.remote)),
                    "first_reject_window" => time(want, it.first_reject_window),
                    _ => self.field(key, want, &it.was),
                })
            }),
            "coverage_gap" => equal(&want.as_bool(), &Some(live.coverage_gap)),
            "known_blind_spots" => blind_spots(want, live.blind_spots),
            "paths" | "classes" => self.classes(want),
            // In words, what the topology has for it.
            "needs" => Ok(()),
            _ => Err(UNKNOWN.into()),
        }
    }

    fn flow(&self, want: &Value, it: &LiveFlow) -> Result<(), String> {
        fields(want, |key, want| self.field(key, want, it))
    }

    fn field(&self, key: &str, want: &Value, it: &LiveFlow) -> Result<(), String> {
        let flow = &it.flow;
        let primary = || self.estate.eni(&it.eni)?.primary();
        match key {
            "client" => address(want, Some(flow.client)),
            "server" => address(want, Some(flow.server)),
            "proto" => protocol(want, flow.protocol),
            "client_port" => {
                equal(&flow.client_ports.from, &flow.client_ports.to)?;
                number(want, flow.client_ports.from)
            }
            "server_port" => number(want, flow.server_port),
            "compromised_side" => text(
                want,
                match it.direction {
                    Direction::Ingress => "server",
                    Direction::Egress => "client",
                },
            ),
            "eni" => text(want, it.eni.as_str()),
            "eni_primary" => address(want, primary()),
            "initiator_confidence" => confidence(want, it),
            "path" => equal(&element(want)?, &flow.via.or_else(|| self.by_routes(flow))),
            "path_unknown" => {
                let names = want.as_array().ok_or("not a list")?;
                let mut wanted = names.iter().map(element).collect::<Result<Vec<_>, _>>()?;
                let mut possible: Vec<_> = it.paths.iter().map(Some).collect();
                wanted.sort();
                possible.sort();
                equal(&wanted, &possible)?;
                equal(&flow.via, &None)
            }
            "traffic_path" => equal(&want.as_str(), &it.traffic_path.map(class)),
            "first" | "first_seen" => time(want, it.first),
            "last" | "last_seen" => time(want, it.last),
            "active" => equal(&want.as_bool(), &Some(it.active)),
            "packets" => equal(&want.as_u64(), &Some(it.packets)),
            "bytes" => equal(&want.as_u64(), &Some(it.bytes)),
            "state_at" => self.state_at(want, it),
            _ => Err(UNKNOWN.into()),
        }
    }

    /// What always tracks a flow whose record leaves its path open.
    fn by_routes(&self, flow: &Flow) -> Option<PathElement> {
        let tracking = Network::new(self.estate).tracking_of(flow);
        let mut reasons = tracking.into_iter().map(|(_, it)| it.why);
        reasons.find_map(|why| match why {
            TrackingReason::Path(element) => Some(element),
            _ => None,
        })
    }

    /// The outer leg does not show who is inside: there the gateway itself is that end.
    fn nat_leg(&self, want: &Value, it: &NatLeg) -> Result<(), String> {
        let gateway = self.estate.eni(&it.nat_eni).and_then(Eni::primary);
        fields(want, |key, want| match key {
            "nat_eni" => text(want, it.nat_eni.as_str()),
            "inside" if it.inside.is_none() => {
                address(want, None).or_else(|why| address(want, gateway).map_err(|_| why))
            }
            "inside" => address(want, it.inside),
            "remote" => address(want, it.remote),
            _ => Err(UNKNOWN.into()),
        })
    }

    fn classes(&self, want: &Value) -> Result<(), String> {
        let flows = self.live.flows.iter();
        let mut classes: Vec<&str> = flows.filter_map(|it| it.traffic_path.map(class)).collect();
        classes.sort_unstable();
        if want.is_array() {
            let mut wanted: Vec<&str> = want
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            wanted.sort_unstable();
            return equal(&wanted, &classes);
        }
        all(want, &classes, |_, _| Ok(()))
    }

    /// Whether the flow's tracking entry still exists at a moment, by its idle timer:
    /// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html#connection-tracking-timeouts>
    fn state_at(&self, want: &Value, it: &LiveFlow) -> Result<(), String> {
        only_keys(want, &["t", "tracked_entry"])?;
        let at = want["t"].as_i64().ok_or("t is no time")?;
        let words = want["tracked_entry"]
            .as_str()
            .ok_or("tracked_entry is no text")?;
        let word = words.split([' ', ',', ';', ':', '(']).next();
        let gone = match word.unwrap_or_default() {
            "gone" | "expired" | "ended" | "none" => true,
            "alive" | "live" | "present" | "exists" | "kept" | "tracked" | "still" | "possible"
            | "possibly" | "likely" | "may" | "maybe" => false,
            other => return Err(format!("tracked_entry {other} is not known")),
        };
        let timeouts = self.estate.eni(&it.eni).map(|eni| eni.timeouts);
        let timeouts = timeouts.unwrap_or_default();
        let timer = match Protocol::Number(it.flow.protocol) {
            Protocol::TCP => timeouts.tcp_established.unwrap_or(432_000),
            Protocol::UDP if it.packets > 2 => timeouts.udp_stream.unwrap_or(180),
            Protocol::UDP => timeouts.udp.unwrap_or(30),
            Protocol::ICMP | Protocol::ICMPV6 => 60,
            _ => 600,
        };
        equal(&gone, &(at - it.last.timestamp() > i64::from(timer)))
    }
}

const UNKNOWN: &str = "is not known";

/// How sure the file may call a SYN or SYN-ACK. Ports that say the same by themselves, as a service's
/// well-known one against another, are as good a reason.
fn confidence(want: &Value, it: &LiveFlow) -> Result<(), String> {
    const BY_SYN: [&str; 9] = [
        "tcp_flags",
        "tcp-flags",
        "syn",
        "flags",
        "certain",
        "observed",
        "known",
        "high",
        "documented",
    ];
    let (client, server) = (it.flow.client_ports.from, it.flow.server_port);
    let ports_agree = client >= 1024 && (1..1024).contains(&server);
    let want = want.as_str().unwrap_or_default();
    let fits = match it.opener {
        Opener::Syn => BY_SYN.contains(&want) || want == "port_heuristic" && ports_agree,
        Opener::Ports => want == "port_heuristic",
        Opener::Unknown => want == "unknown",
    };
    fits.then_some(())
        .ok_or_else(|| format!("expected {want}, is {:?}", it.opener))
}

/// The names of paths are those of what tracks automatically, and a few more.
fn element(name: &Value) -> Result<Option<PathElement>, String> {
    match name.as_str() {
        Some("igw" | "internet-gateway" | "internet_gateway") => {
            Ok(Some(PathElement::InternetGateway))
        }
        Some("local" | "same_vpc" | "same-vpc") => Ok(Some(PathElement::Local)),
        Some(name) if name.contains("peering") => Ok(Some(PathElement::Peering)),
        other => flow::element(other),
    }
}

fn class(path: TrafficPath) -> &'static str {
    match path {
        TrafficPath::SameVpc => "same_vpc",
        TrafficPath::InternetGatewayOrEndpoint => "internet_gateway_or_gateway_endpoint",
        TrafficPath::VirtualPrivateGateway => "virtual_private_gateway",
        TrafficPath::PeeringSameRegion => "peering_same_region",
        TrafficPath::PeeringOtherRegion => "peering_other_region",
        TrafficPath::LocalGateway => "local_gateway",
        TrafficPath::GatewayEndpoint => "gateway_endpoint",
        TrafficPath::InternetGateway => "internet_gateway",
    }
}

/// Each that the file names must be known, by its text or by the values of its fields.
fn blind_spots(want: &Value, known: &[BlindSpot]) -> Result<(), String> {
    let Some(list) = want.as_array() else {
        return all(want, known, |_, _| Ok(()));
    };
    for want in list {
        let texts: Vec<&str> = match want {
            Value::Object(fields) => fields.values().filter_map(Value::as_str).collect(),
            other => other.as_str().into_iter().collect(),
        };
        let is_meant = |it: &BlindSpot| texts.iter().any(|text| is_blind_spot(text, it));
        if !known.iter().any(is_meant) {
            return Err(format!("{want} is not known"));
        }
    }
    Ok(())
}

/// Whether a blind spot is meant, by a word of its name or by an address of it.
fn is_blind_spot(want: &str, it: &BlindSpot) -> bool {
    const WORDS: [(&str, &[&str]); 6] = [
        ("Amazon DNS", &["dns", "resolver"]),
        ("instance metadata (IMDS)", &["imds", "metadata"]),
        ("Amazon Time Sync", &["time", "ntp"]),
        ("DHCP", &["dhcp"]),
        ("Windows license activation", &["windows", "activation"]),
        ("default router", &["router"]),
    ];
    let words = WORDS.iter().find(|(name, _)| *name == it.name);
    let words = words.map_or(&[][..], |(_, words)| words);
    let named = want.to_lowercase();
    let mut addresses = it.address.split(", ");
    words.iter().any(|word| named.contains(word)) || addresses.any(|own| want.contains(own))
}

/// Compares with what was found: whether there is any, how many there are, or each with one of its own.
fn all<T: Debug>(
    want: &Value,
    found: &[T],
    check: impl Fn(&Value, &T) -> Result<(), String>,
) -> Result<(), String> {
    let list = match want {
        Value::Bool(any) => return equal(any, &!found.is_empty()),
        Value::Number(count) => return equal(&count.as_u64(), &u64::try_from(found.len()).ok()),
        Value::Array(list) => list,
        other => return Err(format!("{other} is neither a list nor a count")),
    };
    equal(&list.len(), &found.len()).map_err(|why| format!("{why}: {found:?}"))?;
    let mut left: Vec<&T> = found.iter().collect();
    for want in list {
        let tried: Vec<_> = left.iter().map(|it| check(want, it)).collect();
        let Some(place) = tried.iter().position(Result::is_ok) else {
            let whys: Vec<String> = tried.into_iter().filter_map(Result::err).collect();
            return Err(format!("nothing is {want}: {}", whys.join("; ")));
        };
        left.remove(place);
    }
    Ok(())
}

/// Checks every field of an object.
fn fields(want: &Value, check: impl Fn(&str, &Value) -> Result<(), String>) -> Result<(), String> {
    let object = want
        .as_object()
        .ok_or_else(|| format!("{want} is no object"))?;
    for (key, want) in object {
        check(key, want).map_err(|why| format!("{key} {why}"))?;
    }
    Ok(())
}

fn equal<T: PartialEq + Debug>(want: &T, have: &T) -> Result<(), String> {
    if want == have {
        Ok(())
    } else {
        Err(format!("expected {want:?}, is {have:?}"))
    }
}

fn text(want: &Value, have: &str) -> Result<(), String> {
    equal(&want.as_str(), &Some(have))
}

fn address(want: &Value, have: Option<IpAddr>) -> Result<(), String> {
    let want = match want {
        Value::Null => None,
        Value::String(text) => Some(text.parse().map_err(|_| format!("{text} is no address"))?),
        other => return Err(format!("{other} is no address")),
    };
    equal(&want, &have)
}

fn protocol(want: &Value, have: u8) -> Result<(), String> {
    equal(&crate::fields::protocol(want)?, &have)
}

fn number(want: &Value, have: u16) -> Result<(), String> {
    equal(&want.as_u64(), &Some(u64::from(have)))
}

fn time(want: &Value, have: DateTime<Utc>) -> Result<(), String> {
    equal(&want.as_i64(), &Some(have.timestamp()))
}
