//! Flow records as Security Lake keeps them: OCSF's class "network activity".
//!
//! <https://docs.aws.amazon.com/security-lake/latest/userguide/vpc-flow-logs.html>. An endpoint that
//! has an interface is our side; the record says no more about packets behind a NAT gateway.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::json::Object;

/// The format into which records are brought.
pub(super) const FORMAT: &str = "interface-id vpc-id subnet-id instance-id srcaddr dstaddr srcport \
                                 dstport protocol packets bytes start end action log-status \
                                 tcp-flags flow-direction";

/// A record as a line of [`FORMAT`].
pub(super) fn line(value: &Value) -> Option<String> {
    let it = Object::of(value)?;
    let (src, dst) = (it.object("src_endpoint"), it.object("dst_endpoint"));
    let is_ours = |end: &Object<'_>| end.text("interface_uid").is_some_and(|it| it != "-");
    let ours = dst.filter(is_ours).or(src.filter(is_ours));
    let (info, traffic) = (it.object("connection_info"), it.object("traffic"));
    let time = |keys: [&str; 3]| {
        let at = keys.iter().find_map(|key| moment(it, key));
        at.map(|at| at.timestamp().to_string())
    };
    let values = [
        word(ours, "interface_uid"),
        word(ours, "vpc_uid"),
        word(ours, "subnet_uid"),
        word(ours, "instance_uid"),
        word(src, "ip"),
        word(dst, "ip"),
        number(src, "port"),
        number(dst, "port"),
        number(info, "protocol_num"),
        number(traffic, "packets"),
        number(traffic, "bytes"),
        time(["start_time_dt", "start_time", "time"]),
        time(["end_time_dt", "end_time", "time"]),
        action(it),
        Some(it.text("status_code").unwrap_or("OK").to_owned()),
        number(info, "tcp_flags"),
        info.and_then(direction).map(str::to_owned),
    ];
    let values = values.map(|it| it.unwrap_or_else(|| "-".to_owned()));
    Some(values.join(" "))
}

fn word(it: Option<Object<'_>>, key: &str) -> Option<String> {
    let word = it?.text(key).filter(|it| !it.is_empty())?;
    // A blank would shift the columns.
    Some(word.replace(char::is_whitespace, "_"))
}

fn number(it: Option<Object<'_>>, key: &str) -> Option<String> {
    it?.number(key).map(|it| it.to_string())
}

/// Moments are texts, seconds or milliseconds: versions and exporters differ.
fn moment(it: Object<'_>, key: &str) -> Option<DateTime<Utc>> {
    const FIRST_MILLISECONDS: i64 = 100_000_000_000;
    match it.number(key) {
        Some(number) if number >= FIRST_MILLISECONDS => DateTime::from_timestamp_millis(number),
        _ => it.time(key),
    }
}

fn action(it: Object<'_>) -> Option<String> {
    let allowed = it
        .number("action_id")
        .or_else(|| it.number("disposition_id"));
    let word = match (allowed, it.text("disposition")) {
        (Some(1), _) | (None, Some("Allowed")) => "ACCEPT",
        (Some(2), _) | (None, Some("Blocked")) => "REJECT",
        _ => return None,
    };
    Some(word.to_owned())
}

fn direction(it: Object<'_>) -> Option<&'static str> {
    match it.number("direction_id") {
        Some(1) => Some("ingress"),
        Some(2) => Some("egress"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn record() -> Value {
        json!({
            "class_uid": 4001, "action_id": 2, "status_code": "OK",
            "start_time_dt": "2022-04-11T20:02:12.000-04:00", "end_time": 1_649_721_788_000_i64,
            "src_endpoint": {"ip": "1.2.3.4", "port": 56858, "svc_name": "-"},
            "dst_endpoint": {"ip": "172.31.2.52", "port": 39938, "interface_uid": "eni-1",
                "vpc_uid": "vpc-1", "subnet_uid": "subnet-1", "instance_uid": "i-1"},
            "connection_info": {"protocol_num": 6, "tcp_flags": 2, "direction_id": 1},
            "traffic": {"packets": 1, "bytes": 40}
        })
    }

    #[test]
    fn a_record_becomes_a_line() {
        let expected = "eni-1 vpc-1 subnet-1 i-1 1.2.3.4 172.31.2.52 56858 39938 6 1 40 1649721732 \
                        1649721788 REJECT OK 2 ingress";
        assert_eq!(line(&record()).as_deref(), Some(expected));
    }

    #[test]
    fn our_side_is_the_one_with_an_interface() {
        let mut outbound = record();
        outbound["src_endpoint"]["interface_uid"] = json!("eni-2");
        outbound["dst_endpoint"]["interface_uid"] = json!("-");
        outbound["connection_info"] = json!({"direction_id": 2});
        outbound["action_id"] = json!(null);
        outbound["disposition"] = json!("Allowed");
        let read = line(&outbound).unwrap();
        assert!(read.starts_with("eni-2 - - - 1.2.3.4"), "{read}");
        assert!(read.ends_with("ACCEPT OK - egress"), "{read}");
    }
}
