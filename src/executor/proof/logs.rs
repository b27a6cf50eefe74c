//! Which flow log tells about which interface, or why none does.

use crate::flows::{Field, Format};
use crate::model::{FlowLog, FlowLogDestination};
use crate::plan::Watched;

/// What a log must record for a verdict.
const NEEDED: [Field; 7] = [
    Field::InterfaceId,
    Field::SrcAddr,
    Field::DstAddr,
    Field::Start,
    Field::End,
    Field::Action,
    Field::LogStatus,
];

/// The best flow log for an interface: of those that can tell, the one with the shortest windows.
///
/// # Errors
/// Why none can tell.
pub(super) fn best<'a>(
    logs: &'a [FlowLog],
    eni: &Watched,
) -> Result<(&'a FlowLog, Format), String> {
    let covers = |log: &&FlowLog| {
        let resource = log.resource.as_str();
        [eni.id.as_str(), eni.subnet.as_str(), eni.vpc.as_str()].contains(&resource)
    };
    let mut usable: Vec<(&FlowLog, Format)> = Vec::new();
    let mut reasons: Vec<String> = Vec::new();
    for log in logs.iter().filter(covers) {
        match format(log) {
            Ok(format) => usable.push((log, format)),
            Err(why) => reasons.push(format!("{}: {why}", log.id)),
        }
    }
    usable.sort_by_key(|(log, _)| log.aggregation_seconds);
    let best = usable.into_iter().next();
    best.ok_or_else(|| {
        if reasons.is_empty() {
            format!("no flow log covers {}", eni.id)
        } else {
            format!("no flow log tells about {}: {}", eni.id, reasons.join("; "))
        }
    })
}

/// The format of a log that can tell.
fn format(log: &FlowLog) -> Result<Format, String> {
    if let FlowLogDestination::Elsewhere(arn) = &log.destination {
        return Err(format!("it writes to {arn}, which is not read here"));
    }
    if let Some(error) = &log.delivery_error {
        return Err(format!("its delivery fails ({error})"));
    }
    if log.traffic.eq_ignore_ascii_case("REJECT") {
        return Err("it records rejected traffic only".to_string());
    }
    let format = Format::parse(&log.format).map_err(|error| error.to_string())?;
    match NEEDED.into_iter().find(|field| !format.has(*field)) {
        Some(field) => Err(format!("its format has no {} field", field.name())),
        None => Ok(format),
    }
}
