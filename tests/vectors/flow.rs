//! Flows as the file writes them.

use firedoor::analysis::{Activity, Flow, IcmpKind, PathElement, PortSpan};
use serde_json::Value;

use crate::fields::{address, port, protocol};

/// What the file says of a flow.
pub(crate) struct Case {
    pub(crate) flow: Flow,
    pub(crate) activity: Activity,
    /// The interface that its packets leave from, where its source address is nobody's.
    pub(crate) leaves: Option<String>,
}

pub(crate) fn read(value: &Value) -> Result<Case, String> {
    const KNOWN: [&str; 15] = [
        "src",
        "dst",
        "proto",
        "sport",
        "dport",
        "icmp_type",
        "icmp_code",
        "via",
        "arrives_as",
        "note",
        "leaves_eni",
        "automatically_tracked_by",
        "one_way",
        "dormant",
        "source_group_not_preserved",
    ];
    let object = value.as_object().ok_or("a flow must be an object")?;
    if let Some(unknown) = object.keys().find(|it| !KNOWN.contains(&it.as_str())) {
        return Err(format!("flow.{unknown} is not known"));
    }
    let is = |key: &str| value[key].as_bool() == Some(true);
    let byte = |key: &str| value[key].as_u64().and_then(|it| u8::try_from(it).ok());
    let icmp = byte("icmp_type").map(|kind| IcmpKind {
        kind,
        code: byte("icmp_code").unwrap_or(0),
    });
    let via = if is("source_group_not_preserved") {
        Some(PathElement::Appliance)
    } else {
        element(value["automatically_tracked_by"].as_str())?
    };
    Ok(Case {
        flow: Flow {
            client: address(value, "src")?,
            server: address(value, "dst")?,
            protocol: protocol(&value["proto"])?,
            client_ports: PortSpan::one(port(value, "sport")?),
            server_port: port(value, "dport")?,
            icmp,
            via,
        },
        activity: Activity {
            dormant: is("dormant"),
            one_way: is("one_way"),
            ..Activity::default()
        },
        leaves: value["leaves_eni"].as_str().map(str::to_owned),
    })
}

/// The element is told by a word of its name: files write them more or less fully.
pub(crate) fn element(name: Option<&str>) -> Result<Option<PathElement>, String> {
    const WORDS: [(&str, PathElement); 13] = [
        ("egress-only", PathElement::EgressOnlyGateway),
        ("nat", PathElement::NatGateway),
        ("network-load-balancer", PathElement::NetworkLoadBalancer),
        ("nlb", PathElement::NetworkLoadBalancer),
        ("gateway-load-balancer", PathElement::GatewayLoadBalancer),
        ("gwlb", PathElement::GatewayLoadBalancer),
        ("firewall", PathElement::NetworkFirewall),
        ("accelerator", PathElement::GlobalAccelerator),
        ("lambda", PathElement::Lambda),
        ("transit-gateway", PathElement::TransitGateway),
        ("dynamodb", PathElement::DynamoDbEndpoint),
        ("s3", PathElement::S3Endpoint),
        ("endpoint", PathElement::PrivateLink),
    ];
    let Some(name) = name else { return Ok(None) };
    let found = WORDS.iter().find(|(word, _)| name.contains(word));
    found.map_or_else(
        || {
            Err(format!(
                "flow.automatically_tracked_by is not known: {name}"
            ))
        },
        |(_, element)| Ok(Some(*element)),
    )
}
