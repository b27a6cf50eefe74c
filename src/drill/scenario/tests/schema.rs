//! The document that explains the keys explains all of them, and no others.

use super::*;

const DOCUMENT: &str = include_str!("../../../../assets/scenarios/SCHEMA.md");

/// Sections of the document, and a place in the good scenario where such a table begins.
const TABLES: &[(&str, &str, &str)] = &[
    ("## Top level", "version = 1\n", "zzz = 1\nversion = 1\n"),
    ("## world", "world = { ", "world = { zzz = 1, "),
    ("## switches", "switches = { ", "switches = { zzz = 1, "),
    ("## flow_log", "flow_log = { ", "flow_log = { zzz = 1, "),
    ("## vpc", "[vpc]\n", "[vpc]\nzzz = 1\n"),
    ("## subnets", "[[subnets]]\n", "[[subnets]]\nzzz = 1\n"),
    ("## groups", "[[groups]]\n", "[[groups]]\nzzz = 1\n"),
    ("### Rules", "ingress = [{ ", "ingress = [{ zzz = 1, "),
    ("## acls", "[[acls]]\n", "[[acls]]\nzzz = 1\n"),
    ("### Entries", "    { direction", "    { zzz = 1, direction"),
    ("## tables", "[[tables]]\n", "[[tables]]\nzzz = 1\n"),
    (
        "### Routes",
        "    { destination",
        "    { zzz = 1, destination",
    ),
    ("## lists", "[[lists]]\n", "[[lists]]\nzzz = 1\n"),
    ("## gateways", "[[gateways]]\n", "[[gateways]]\nzzz = 1\n"),
    (
        "## instances",
        "[[instances]]\n",
        "[[instances]]\nzzz = 1\n",
    ),
    ("### Targets", "target = { ", "target = { zzz = 1, "),
    (
        "## interfaces",
        "[[interfaces]]\n",
        "[[interfaces]]\nzzz = 1\n",
    ),
    ("### Timeouts", "timeouts = { ", "timeouts = { zzz = 1, "),
    ("## outside", "[[outside]]\n", "[[outside]]\nzzz = 1\n"),
    ("## findings", "[[findings]]\n", "[[findings]]\nzzz = 1\n"),
    (
        "## conversations",
        "[[conversations]]\n",
        "[[conversations]]\nzzz = 1\n",
    ),
    ("## injects", "[[injects]]\n", "[[injects]]\nzzz = 1\n"),
    ("### When", "when = { ", "when = { zzz = 1, "),
    ("### Messages", "message = { ", "message = { zzz = 1, "),
    ("### Throttling", "throttle = { ", "throttle = { zzz = 1, "),
    ("### Faults", "fault = { ", "fault = { zzz = 1, "),
    ("## objectives", "[objectives]\n", "[objectives]\nzzz = 1\n"),
];

/// The keys that the reader of a table knows, as it says when it meets another.
fn known(from: &str, to: &str) -> Vec<String> {
    assert!(GOOD.contains(from), "{from}");
    let error = Scenario::check("b.toml", &GOOD.replacen(from, to, 1)).unwrap_err();
    let text = error[0].to_string();
    let (_, list) = text.split_once("expected ").unwrap();
    let mut keys: Vec<String> = list
        .split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect();
    keys.sort();
    keys
}

/// The keys that a section explains.
fn explained(section: &str) -> Vec<String> {
    let start = format!("\n{section}\n");
    let (_, rest) = DOCUMENT.split_once(&start).unwrap();
    let own = rest.split("\n#").next().unwrap();
    let rows = own.lines().filter_map(|line| line.strip_prefix("| `"));
    let mut keys: Vec<String> = rows
        .filter_map(|row| row.split('`').next())
        .map(str::to_owned)
        .collect();
    keys.sort();
    keys
}

#[test]
fn every_key_is_explained() {
    for (section, from, to) in TABLES {
        assert_eq!(explained(section), known(from, to), "{section}");
    }
    let sections = DOCUMENT.lines().filter(|it| it.starts_with("##")).count();
    assert_eq!(sections, TABLES.len(), "a section that no test knows");
}
