//! Whose dump it is: accounts and Regions, as far as folders and contents say.

use std::collections::BTreeSet;

use super::envelope::{Found, is_account};
use super::json::Object;
use super::list::List;
use crate::model::{Estate, Finding};

/// The account of the caller who made the dump, else those of folders, findings and VPCs.
pub(super) fn accounts(found: &Found, paths: &[&str], findings: &[Finding]) -> BTreeSet<String> {
    let set = |it: &mut dyn Iterator<Item = &str>| -> BTreeSet<String> {
        it.filter(|it| is_account(it)).map(str::to_owned).collect()
    };
    let owners = || {
        let vpcs = found.list(List::Vpcs).iter();
        vpcs.filter_map(|it| Object::of(&it.value)?.text("OwnerId"))
    };
    let told = [
        found.accounts.clone(),
        set(&mut folders(paths)),
        set(&mut findings.iter().map(|it| it.account.as_str())),
        set(&mut owners()),
    ];
    told.into_iter()
        .find(|it| !it.is_empty())
        .unwrap_or_default()
}

/// The Regions of folders, else of findings, else of the subnets' zones.
pub(super) fn regions(estate: &Estate, paths: &[&str], findings: &[Finding]) -> BTreeSet<String> {
    let set = |it: &mut dyn Iterator<Item = &str>| -> BTreeSet<String> {
        it.filter(|it| is_region(it)).map(str::to_owned).collect()
    };
    let of_zone = |zone: &'_ str| {
        zone.trim_end_matches(|it: char| it.is_ascii_lowercase())
            .to_owned()
    };
    let zones: Vec<String> = estate.subnets().map(|it| of_zone(&it.zone)).collect();
    let told = [
        set(&mut folders(paths)),
        set(&mut findings.iter().map(|it| it.region.as_str())),
        set(&mut zones.iter().map(String::as_str)),
    ];
    told.into_iter()
        .find(|it| !it.is_empty())
        .unwrap_or_default()
}

fn folders<'a>(paths: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
    let folders = paths.iter().filter_map(|it| it.rsplit_once('/'));
    folders.flat_map(|(folder, _)| folder.split('/'))
}

/// The words between a Region's first and last part.
const DIRECTIONS: [&str; 14] = [
    "central",
    "east",
    "gov",
    "iso",
    "isob",
    "isoe",
    "isof",
    "north",
    "northeast",
    "northwest",
    "south",
    "southeast",
    "southwest",
    "west",
];

/// `eu-west-1`, `us-gov-east-1`.
fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [first, middle @ .., last] = &parts[..] else {
        return false;
    };
    first.len() == 2
        && first.bytes().all(|it| it.is_ascii_lowercase())
        && (1..=2).contains(&middle.len())
        && middle.iter().all(|it| DIRECTIONS.contains(it))
        && last.len() == 1
        && last.bytes().all(|it| it.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_told_from_other_words() {
        for (text, region) in [
            ("eu-west-1", true),
            ("us-gov-east-1", true),
            ("ap-southeast-2", true),
            ("us-west-2-lax-1", false),
            ("eu-west-1a", false),
            ("aws_configs", false),
            ("my-dump-1", false),
            ("a-b-1", false),
            ("", false),
        ] {
            assert_eq!(is_region(text), region, "{text}");
        }
    }

    #[test]
    fn folders_say_whose_dump_it_is() {
        let paths = [
            "accounts/111122223333/eu-west-1/Vpcs.json",
            "111122223333.json",
            "x.json",
        ];
        let found = Found::default();
        assert_eq!(
            accounts(&found, &paths, &[]),
            ["111122223333".to_owned()].into()
        );
        let regions = regions(&Estate::default(), &paths, &[]);
        assert_eq!(regions, ["eu-west-1".to_owned()].into());
    }
}
