//! What flows of the file have, one by one.

use std::net::IpAddr;

use serde_json::Value;

/// The address below a key.
pub(crate) fn address(value: &Value, key: &str) -> Result<IpAddr, String> {
    let text = value[key].as_str().unwrap_or_default();
    text.parse()
        .map_err(|_| format!("flow.{key} is no address: {text}"))
}

/// The port below a key; none is 0.
pub(crate) fn port(value: &Value, key: &str) -> Result<u16, String> {
    match &value[key] {
        Value::Null => Ok(0),
        it => it
            .as_u64()
            .and_then(|it| u16::try_from(it).ok())
            .ok_or_else(|| format!("flow.{key} is no port: {it}")),
    }
}

/// A protocol's number, or one of their names.
pub(crate) fn protocol(value: &Value) -> Result<u8, String> {
    let number = |name| match name {
        "tcp" => Some(6),
        "udp" => Some(17),
        "icmp" => Some(1),
        "icmpv6" => Some(58),
        "esp" => Some(50),
        "ah" => Some(51),
        "gre" => Some(47),
        "sctp" => Some(132),
        other => other.parse().ok(),
    };
    match value {
        Value::String(name) => number(name.as_str()),
        Value::Number(it) => it.as_u64().and_then(|it| u8::try_from(it).ok()),
        _ => None,
    }
    .ok_or_else(|| format!("flow.proto is not known: {value}"))
}
