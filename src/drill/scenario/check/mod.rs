//! What can be wrong with the estate of a scenario although every name in it means something: AWS would
//! not have let anybody make it.

mod addresses;
mod network;

use std::collections::BTreeSet;

use super::names::File;
use super::spec::{InstanceSpec, Name, Spec};
use crate::flows::{Field, Format};

/// Keeps in the file whatever is wrong.
pub(super) fn estate(file: File<'_>, spec: &Spec, instances: &[InstanceSpec]) {
    head(file, spec);
    ids(file, spec, instances);
    addresses::check(file, spec, instances);
    network::check(file, spec);
    flow_log(file, spec);
    for it in instances {
        let many = it.volumes.len() > super::layout::DEVICES.len();
        let problem = "an instance has four volumes at the most";
        file.refuse(many, "volumes", &it.name, problem);
        let protocols = it.target.as_ref().is_some_and(|it| it.port == 0);
        file.refuse(protocols, "target", &it.name, "a target has a port");
    }
}

fn head(file: File<'_>, spec: &Spec) {
    let account = spec.account.get_ref();
    let digits = account.len() == 12 && account.bytes().all(|it| it.is_ascii_digit());
    let problem = "an account id has 12 digits";
    file.refuse(!digits, "account", &spec.account, problem);
    let region = spec.region.get_ref();
    let letters = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-';
    let named = region.split('-').count() >= 3 && region.bytes().all(letters);
    let problem = "a Region is written as eu-west-1 is";
    file.refuse(!named, "region", &spec.region, problem);
    if let Some(level) = &spec.level {
        let sane = (1..=5).contains(level.get_ref());
        let problem = "a level lies between 1, for beginners, and 5";
        file.refuse(!sane, "level", level, problem);
    }
    if let Some(minutes) = &spec.minutes {
        let sane = (1..=480).contains(minutes.get_ref());
        let problem = "an exercise takes between 1 and 480 minutes";
        file.refuse(!sane, "minutes", minutes, problem);
    }
}

/// Ids are AWS's: a prefix and 17 hexadecimal digits, no two alike.
fn ids(file: File<'_>, spec: &Spec, instances: &[InstanceSpec]) {
    let mut ids: Vec<(&str, &Name)> = vec![("vpc-", &spec.vpc.id), ("fl-", &spec.flow_log.id)];
    ids.extend(spec.subnets.iter().map(|it| ("subnet-", &it.id)));
    ids.extend(spec.groups.iter().map(|it| ("sg-", &it.id)));
    ids.extend(spec.acls.iter().map(|it| ("acl-", &it.id)));
    ids.extend(spec.tables.iter().map(|it| ("rtb-", &it.id)));
    let gateways = spec.gateways.iter();
    ids.extend(gateways.map(|it| (it.kind.prefix(), &it.id)));
    ids.extend(spec.lists.iter().map(|it| ("pl-", &it.id)));
    ids.extend(spec.interfaces.iter().map(|it| ("eni-", &it.id)));
    for it in instances {
        ids.push(("i-", &it.id));
        ids.extend(it.interfaces.iter().map(|it| ("eni-", &it.id)));
        ids.extend(it.volumes.iter().map(|it| ("vol-", it)));
    }
    let mut seen = BTreeSet::new();
    for (prefix, id) in ids {
        let digits = id.get_ref().strip_prefix(prefix);
        let hex = |it: &str| it.len() == 17 && it.bytes().all(|it| it.is_ascii_hexdigit());
        let problem = format!("an id is {prefix} and 17 hexadecimal digits");
        file.refuse(!digits.is_some_and(hex), "id", id, &problem);
        if !seen.insert(id.get_ref()) {
            file.note(file.duplicate("id", id));
        }
    }
}

fn flow_log(file: File<'_>, spec: &Spec) {
    let log = &spec.flow_log;
    if let Some(window) = &log.aggregation {
        let minutes = window.get_ref().0.num_seconds();
        let problem = "a flow log aggregates over 1m or 10m";
        file.refuse(
            ![60, 600].contains(&minutes),
            "aggregation",
            window,
            problem,
        );
    }
    let Some(format) = &log.format else {
        return;
    };
    let text = format.get_ref().as_str();
    let version = text.strip_prefix('v').map(str::parse::<u8>);
    if let Some(Ok(version)) = version {
        let known = (2..=11).contains(&version) && version != 6;
        let problem = "versions are v2 to v5 and v7 to v11; version 6 is the transit gateways' own";
        file.refuse(!known, "format", format, problem);
        return;
    }
    let Ok(fields) = Format::parse(text) else {
        file.note(file.invalid("format", format, "it names no field"));
        return;
    };
    let unknown: Vec<&str> = fields.unknown().collect();
    let problem = format!("AWS has no such fields: {}", unknown.join(", "));
    file.refuse(!unknown.is_empty(), "format", format, &problem);
    // Without them a line can be given to nobody, or to no time.
    let needed = [Field::InterfaceId, Field::Start, Field::End];
    let missing = needed.into_iter().filter(|it| !fields.has(*it));
    let missing: Vec<&str> = missing.map(Field::name).collect();
    let problem = format!("the console needs these fields too: {}", missing.join(", "));
    file.refuse(!missing.is_empty(), "format", format, &problem);
}
