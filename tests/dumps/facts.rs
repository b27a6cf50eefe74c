//! Facts about packets in dumps.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use firedoor::analysis::{Flow, Network, PortSpan};
use firedoor::sources::dump;
use serde_json::{Value, json};

/// Dumps that were loaded, by their path below a folder.
pub(crate) struct Dumps {
    dir: PathBuf,
    loaded: BTreeMap<String, Result<Network, String>>,
}

impl Dumps {
    pub(crate) fn below(dir: &Path) -> Self {
        Self {
            dir: dir.to_path_buf(),
            loaded: BTreeMap::new(),
        }
    }

    fn network(&mut self, name: &str) -> Result<&Network, String> {
        let path = self.dir.join(name);
        let loaded = self.loaded.entry(name.to_owned()).or_insert_with(|| {
            let dump = dump::load(&path).map_err(|error| error.to_string())?;
            Ok(Network::new(&dump.estate))
        });
        loaded.as_ref().map_err(Clone::clone)
    }
}

/// Whether everything that a fact expects holds.
pub(crate) fn check(dumps: &mut Dumps, fact: &Value) -> Result<(), String> {
    const KNOWN: [&str; 7] = ["id", "dump", "src_ip", "dst_ip", "proto", "dport", "expect"];
    let object = fact.as_object().ok_or("a fact must be an object")?;
    if let Some(key) = object.keys().find(|it| !KNOWN.contains(&it.as_str())) {
        return Err(format!("{key} is not known"));
    }
    let expect = fact["expect"].as_object();
    let expect = expect.filter(|it| !it.is_empty());
    let expect = expect.ok_or("it expects nothing")?;
    let network = dumps.network(fact["dump"].as_str().ok_or("dump must be a path")?)?;
    let flow = flow(fact)?;
    let mut wrong = Vec::new();
    for (key, expected) in expect {
        let answer =
            answer(network, &flow, key).ok_or_else(|| format!("expect.{key} is not known"))?;
        if answer != *expected {
            wrong.push(format!("{key} is {answer}, expected {expected}"));
        }
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.join("; "))
    }
}

/// What the network says about a flow's first packet; `None`: the question is not known.
fn answer(network: &Network, flow: &Flow, question: &str) -> Option<Value> {
    let packet = network.first_packet(flow);
    Some(match question {
        "sg_in" => json!(packet.groups_in),
        "sg_out" => json!(packet.groups_out),
        "nacl_in" => json!(packet.acl_in),
        "nacl_out" => json!(packet.acl_out),
        "same_subnet" => json!(packet.same_subnet),
        "route" => json!(packet.route.map(|it| it.target)),
        "public_ip" => json!(packet.public),
        _ => return None,
    })
}

fn flow(fact: &Value) -> Result<Flow, String> {
    let address = |key: &str| -> Result<IpAddr, String> {
        let text = fact[key].as_str().unwrap_or_default();
        text.parse()
            .map_err(|_| format!("{key} is no address: {text}"))
    };
    let port = match &fact["dport"] {
        Value::Null => Some(0),
        it => it.as_u64().and_then(|it| u16::try_from(it).ok()),
    };
    Ok(Flow {
        client: address("src_ip")?,
        server: address("dst_ip")?,
        protocol: protocol(&fact["proto"])?,
        client_ports: PortSpan::one(50_000),
        server_port: port.ok_or_else(|| format!("dport is no port: {}", fact["dport"]))?,
        icmp: None,
        via: None,
    })
}

fn protocol(value: &Value) -> Result<u8, String> {
    let number = match value {
        Value::String(name) => match name.to_ascii_lowercase().as_str() {
            "tcp" => Some(6),
            "udp" => Some(17),
            "icmp" => Some(1),
            "icmpv6" => Some(58),
            other => other.parse().ok(),
        },
        other => other.as_u64().and_then(|it| u8::try_from(it).ok()),
    };
    number.ok_or_else(|| format!("proto is not known: {value}"))
}
