//! How a scenario file writes ids, protocols and values.

use firedoor::model::Protocol;
use serde_json::Value;

/// Ids of the test begin like AWS's.
const PREFIXES: [&str; 16] = [
    "acl-", "ami-", "eigw-", "eni-", "i-", "igw-", "nat-", "pcx-", "pl-", "rtb-", "sg-", "subnet-",
    "tgw-", "vgw-", "vpc-", "vpce-",
];

/// An id of the test as AWS writes one: the letters' codes are the last of its 17 digits.
pub(crate) fn long(id: &str) -> String {
    let Some(prefix) = PREFIXES.iter().find(|it| id.starts_with(**it)) else {
        return id.to_owned();
    };
    let own = id[prefix.len()..].bytes();
    let digits: Vec<String> = own.map(|it| format!("{it:02x}")).collect();
    let digits = digits.concat();
    let digits = &digits[digits.len().saturating_sub(17)..];
    format!("{prefix}{digits:0>17}")
}

/// Every id of a value as AWS writes one.
pub(crate) fn lengthened(value: &Value) -> Value {
    match value {
        Value::String(it) => Value::String(long(it)),
        Value::Array(all) => all.iter().map(lengthened).collect(),
        Value::Object(all) => {
            // Kinds look like ids: nat-gateway.
            let longer = |key: &str, it| match key {
                "kind" => Value::clone(it),
                _ => lengthened(it),
            };
            let all = all.iter().map(|(key, it)| (key.clone(), longer(key, it)));
            Value::Object(all.collect())
        }
        other => other.clone(),
    }
}

/// A protocol's name; `None`: scenarios have none for it.
pub(super) fn protocol_name(it: Protocol) -> Option<&'static str> {
    match it {
        Protocol::All => Some("all"),
        Protocol::TCP => Some("tcp"),
        Protocol::UDP => Some("udp"),
        Protocol::ICMP => Some("icmp"),
        Protocol::ICMPV6 => Some("icmpv6"),
        Protocol::Number(50) => Some("esp"),
        Protocol::Number(_) => None,
    }
}

/// A value on one line; tables that are listed stand on a line each. What is null is left out.
pub(super) fn inline(value: &Value) -> String {
    match value {
        Value::Array(all) if all.iter().any(Value::is_object) => {
            let lines = all.iter().map(|it| format!("    {},\n", inline(it)));
            format!("[\n{}]", lines.collect::<String>())
        }
        Value::Array(all) => {
            let all: Vec<String> = all.iter().map(inline).collect();
            format!("[{}]", all.join(", "))
        }
        Value::Object(all) => {
            let set = all.iter().filter(|(_, it)| !it.is_null());
            let set: Vec<String> = set
                .map(|(key, it)| format!("{key} = {}", flat(it)))
                .collect();
            format!("{{ {} }}", set.join(", "))
        }
        other => other.to_string(),
    }
}

/// The same without a line break.
fn flat(value: &Value) -> String {
    match value {
        Value::Array(all) => {
            let all: Vec<String> = all.iter().map(flat).collect();
            format!("[{}]", all.join(", "))
        }
        other => inline(other),
    }
}
