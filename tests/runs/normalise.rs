//! What an account looks like, with what differs from run to run taken out: ids of what is made and of
//! rules, times, and the tags of the case. Order never counts.

use std::collections::BTreeSet;
use std::fmt::Debug;

use firedoor::drill::Drill;
use firedoor::model::{Estate, Instance};

/// The prefixes of ids that changes make.
const MADE: [&str; 7] = ["acl", "ami", "eni", "rtb", "sg", "sgr", "snap"];

/// The account of a drill, line by line; `original` is the estate before anything was done.
pub(crate) fn normalise(drill: &Drill, original: &Estate) -> Vec<String> {
    let estate = drill.estate();
    let known = Known::of(original, &estate);
    let mut lines: Vec<String> = estate.enis().map(line).collect();
    for group in estate.groups() {
        let mut group = group.clone();
        group.rules.iter_mut().for_each(|it| it.id = None);
        group.rules.sort_by_key(line);
        lines.push(line(&group));
    }
    for acl in estate.acls() {
        let mut acl = acl.clone();
        acl.entries.sort_by_key(line);
        acl.subnets.sort_unstable();
        lines.push(line(&acl));
    }
    for table in estate.route_tables() {
        let mut table = table.clone();
        table.routes.sort_by_key(line);
        table.subnets.sort_unstable();
        lines.push(line(&table));
    }
    lines.extend(estate.instances().map(|it| line(&untagged(it))));
    lines.extend(estate.gateways().map(line));
    lines.extend(estate.volumes().iter().map(line));
    lines.extend(estate.asg_memberships().iter().map(line));
    lines.extend(estate.target_memberships().iter().map(line));
    let beside = drill.beside().into_iter();
    lines.extend(beside.filter(|it| !it.contains(" firedoor:")).map(timeless));
    let mut lines: Vec<String> = lines.iter().map(|it| known.named(it)).collect();
    lines.sort_unstable();
    lines
}

/// Without what nothing takes back: evidence, what commands did in a guest, idle timers, which AWS can't
/// unset, and automatic public addresses.
pub(crate) fn reversible(lines: Vec<String>) -> Vec<String> {
    let kept = ["evidence ", "command ", "tag snap-", "tag ami-"];
    let stays = |it: &String| !kept.iter().any(|prefix| it.starts_with(prefix));
    let lines = lines.into_iter().filter(stays);
    lines.map(|it| unaddressed(&it, "timeouts: ")).collect()
}

/// An interface without its automatic addresses, and without its timers, which come last.
fn unaddressed(line: &str, last: &str) -> String {
    let line = line.split(last).next().unwrap_or_default();
    let mut out = String::new();
    for part in line.split("PublicAddress {") {
        let automatic = part.split_once('}');
        match automatic.filter(|(inside, _)| inside.contains("elastic: false")) {
            Some((_, rest)) => out.push_str(rest),
            None => out.push_str(part),
        }
    }
    out
}

/// The first few lines that only one of two pictures has.
pub(crate) fn difference(want: &[String], have: &[String]) -> Result<(), String> {
    if want == have {
        return Ok(());
    }
    let only = |these: &[String], those: &[String], word: &str| {
        let mut rest = those.to_vec();
        let mut only = Vec::new();
        for it in these {
            match rest.iter().position(|other| other == it) {
                Some(at) => drop(rest.swap_remove(at)),
                None => only.push(format!("{word}: {it}")),
            }
        }
        only
    };
    let missing = only(want, have, "missing").into_iter();
    let extra = only(have, want, "extra");
    let some: Vec<String> = missing.chain(extra).take(4).collect();
    let counts = format!("{} lines expected, {} there", want.len(), have.len());
    Err(format!("{counts}; {}", some.join("; ")))
}

fn line(it: &impl Debug) -> String {
    format!("{it:?}")
}

fn untagged(instance: &Instance) -> Instance {
    let mut instance = instance.clone();
    instance
        .tags
        .retain(|(key, _)| !key.starts_with("firedoor:"));
    instance.tags.sort_unstable();
    instance
}

/// When sessions are denied until is another time in every run.
fn timeless(line: String) -> String {
    match line.split_once(" until ") {
        Some((policy, _)) => policy.to_owned(),
        None => line,
    }
}

/// Ids that were there before, and names of what was made.
struct Known {
    before: BTreeSet<String>,
    named: Vec<(String, String)>,
}

impl Known {
    fn of(original: &Estate, estate: &Estate) -> Self {
        let text = format!("{original:?}");
        let before = words(&text).filter(|it| is_made(it)).map(str::to_owned);
        let groups = estate
            .groups()
            .map(|it| (it.id.to_string(), it.name.clone()));
        let acls = estate.acls().map(|it| (it.id.to_string(), it.name.clone()));
        let tables = estate.route_tables();
        let tables = tables.map(|it| (it.id.to_string(), it.name.clone()));
        Self {
            before: before.collect(),
            named: groups.chain(acls).chain(tables).collect(),
        }
    }

    /// A line with new ids replaced by what they are called.
    fn named(&self, line: &str) -> String {
        let mut out = line.to_owned();
        for word in words(line) {
            if is_command(word) {
                out = out.replace(word, "command-new");
            } else if is_made(word) && !self.before.contains(word) {
                let (kind, _) = word.split_once('-').unwrap_or_default();
                let mut names = self.named.iter();
                let name = names
                    .find(|(id, _)| id == word)
                    .map(|(_, name)| name.as_str());
                out = out.replace(word, &format!("{kind}-new:{}", name.unwrap_or_default()));
            }
        }
        out
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-')
}

fn is_made(word: &str) -> bool {
    word.split_once('-')
        .is_some_and(|(kind, digits)| MADE.contains(&kind) && digits.len() == 17 && is_hex(digits))
}

/// A UUID.
fn is_command(word: &str) -> bool {
    let parts: Vec<usize> = word.split('-').map(str::len).collect();
    parts == [8, 4, 4, 4, 12] && word.split('-').all(is_hex)
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|it| it.is_ascii_hexdigit())
}
