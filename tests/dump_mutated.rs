//! A dump of which something was changed at random still loads: what is wrong becomes a doubt.

#![expect(
    clippy::unwrap_used,
    reason = "a failed step of the set-up is a failed test"
)]

use std::fs;
use std::path::{Path, PathBuf};

use firedoor::sources::dump;
use proptest::prelude::*;
use serde_json::{Value, json};

/// The JSON files of the project's own dump, below its folder.
const FILES: [&str; 14] = [
    "eu-west-1/ec2-describe-vpcs.json",
    "eu-west-1/ec2-describe-subnets.json",
    "eu-west-1/ec2-describe-network-interfaces-1.json",
    "eu-west-1/ec2-describe-network-interfaces-2.json",
    "eu-west-1/ec2-describe-instances.json",
    "eu-west-1/ec2-describe-addresses.json",
    "eu-west-1/ec2-describe-volumes.json",
    "eu-west-1/ec2-describe-flow-logs.json",
    "eu-west-1/recordings/ec2.DescribeSecurityGroups_1.json",
    "eu-west-1/NetworkAcls.json",
    "eu-west-1/RouteTables.json",
    "eu-west-1/gateways.json",
    "findings/event.json",
    "flow-logs/filter-log-events.json",
];

fn own() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/dump")
}

/// A copy of the dump in which one file is this text.
fn with(file: &str, text: &[u8]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for name in FILES {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::copy(own().join(name), path).unwrap();
    }
    fs::write(dir.path().join(file), text).unwrap();
    dir
}

/// Replaces the value to which the steps lead, as far as they lead anywhere.
fn replace(value: &mut Value, steps: &[usize], new: Value) {
    let Some((step, rest)) = steps.split_first() else {
        *value = new;
        return;
    };
    let inner = match value {
        Value::Array(all) if !all.is_empty() => {
            let at = step % all.len();
            all.get_mut(at)
        }
        Value::Object(all) if !all.is_empty() => {
            let at = step % all.len();
            all.values_mut().nth(at)
        }
        _ => None,
    };
    match inner {
        Some(inner) => replace(inner, rest, new),
        None => *value = new,
    }
}

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,6}|-1|local|10\\.0\\.0\\.0/33|::1|i-0web|\u{1b}\\[2J".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            (inner.clone(), inner).prop_map(|(a, b)| json!({"Key": a, "PrivateIpAddress": b})),
        ]
    })
}

proptest! {
    #[test]
    fn a_changed_value_never_keeps_a_dump_from_loading(
        file in proptest::sample::select(FILES.to_vec()),
        steps in proptest::collection::vec(any::<usize>(), 0..7),
        new in anything(),
    ) {
        let mut value: Value = serde_json::from_slice(&fs::read(own().join(file)).unwrap()).unwrap();
        replace(&mut value, &steps, new);
        let dir = with(file, value.to_string().as_bytes());
        let dump = dump::load(dir.path()).unwrap();
        for doubt in &dump.doubts {
            prop_assert!(!doubt.to_string().contains(char::is_control), "{:?}", doubt);
        }
    }

    #[test]
    fn a_file_that_was_cut_or_damaged_is_doubted(
        file in proptest::sample::select(FILES.to_vec()),
        at in any::<proptest::sample::Index>(),
        byte in any::<u8>(),
        cut in any::<bool>(),
    ) {
        let mut text = fs::read(own().join(file)).unwrap();
        let at = at.index(text.len());
        text[at] = byte;
        if cut {
            text.truncate(at);
        }
        let dir = with(file, &text);
        let dump = dump::load(dir.path()).unwrap();
        prop_assert!(!dump.is_empty());
    }
}
