//! An estate that is written as a dump and read again is the same estate.

#![expect(
    clippy::unwrap_used,
    reason = "a failed step of the set-up is a failed test"
)]

mod estates;

use std::path::Path;

use chrono::DateTime;
use firedoor::model::{Estate, Part, PartKind};
use firedoor::sources::dump::{self, DoubtKind};
use proptest::prelude::*;

proptest! {
    #[test]
    fn what_is_written_is_read(estate in estates::estate()) {
        let dir = tempfile::tempdir().unwrap();
        dump::write(&estate, dir.path()).unwrap();
        let read = dump::load(dir.path()).unwrap();
        prop_assert_eq!(parts(&read.estate), parts(&estate));
        for doubt in &read.doubts {
            // An arbitrary estate is full of holes; but everything in it can be read.
            let of_estate = matches!(
                doubt.kind,
                DoubtKind::Missing { .. }
                    | DoubtKind::Dangling { .. }
                    | DoubtKind::SubnetInTwoAcls { .. }
                    | DoubtKind::SubnetInTwoTables { .. }
                    | DoubtKind::TwoDefaults { .. }
                    | DoubtKind::Unserved { .. }
            );
            prop_assert!(of_estate, "{}", doubt);
        }
    }
}

#[test]
fn a_part_that_was_not_read_is_not_written() {
    let some = Estate::from_parts([Part::Volumes(Vec::new())], DateTime::UNIX_EPOCH);
    let dir = tempfile::tempdir().unwrap();
    dump::write(&some, dir.path()).unwrap();
    assert_eq!(names(dir.path()), ["ec2-describe-volumes.json"]);
    let read = dump::load(dir.path()).unwrap().estate;
    let parts = PartKind::ALL.into_iter();
    let parts: Vec<_> = parts.filter(|it| read.freshness(*it).is_some()).collect();
    assert_eq!(parts, [PartKind::Volumes]);
}

#[test]
fn nothing_is_written_over() {
    let some = Estate::from_parts([Part::Vpcs(Vec::new())], DateTime::UNIX_EPOCH);
    let dir = tempfile::tempdir().unwrap();
    let below = dir.path().join("new/folder");
    dump::write(&some, &below).unwrap();
    let error = dump::write(&some, &below).unwrap_err();
    assert!(
        error.to_string().contains("ec2-describe-vpcs.json"),
        "{error}"
    );
    assert!(!error.is_input());
    let error = dump::load(&below.join("ec2-describe-vpcs.json")).unwrap_err();
    assert!(
        error.is_input() && error.to_string().contains("is not a folder"),
        "{error}"
    );
}

fn names(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).unwrap();
    let names = entries.map(|it| it.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

/// Everything that an estate holds, and which parts were read; not when.
fn parts(it: &Estate) -> Vec<(PartKind, bool, String)> {
    let text = |kind| match kind {
        PartKind::Vpcs => format!("{:#?}", it.vpcs().collect::<Vec<_>>()),
        PartKind::Subnets => format!("{:#?}", it.subnets().collect::<Vec<_>>()),
        PartKind::Enis => format!("{:#?}", it.enis().collect::<Vec<_>>()),
        PartKind::Instances => format!("{:#?}", it.instances().collect::<Vec<_>>()),
        PartKind::Groups => format!("{:#?}", it.groups().collect::<Vec<_>>()),
        PartKind::Acls => format!("{:#?}", it.acls().collect::<Vec<_>>()),
        PartKind::RouteTables => format!("{:#?}", it.route_tables().collect::<Vec<_>>()),
        PartKind::Gateways => format!("{:#?}", it.gateways().collect::<Vec<_>>()),
        PartKind::Peerings => format!("{:#?}", it.peerings().collect::<Vec<_>>()),
        PartKind::PrefixLists => format!("{:#?}", it.prefix_lists().collect::<Vec<_>>()),
        PartKind::Volumes => format!("{:#?}", it.volumes()),
        PartKind::AsgMemberships => format!("{:#?}", it.asg_memberships()),
        PartKind::TargetMemberships => format!("{:#?}", it.target_memberships()),
        PartKind::Profiles => format!("{:#?}", it.profiles()),
        PartKind::FlowLogs => format!("{:#?}", it.flow_logs()),
    };
    let of = |kind| (kind, it.freshness(kind).is_some(), text(kind));
    PartKind::ALL.into_iter().map(of).collect()
}
