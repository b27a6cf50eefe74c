//! What a plan does to everyone, in one sentence.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use super::compare::Outlook;
use crate::analysis::{Counts, Role};
use crate::model::{EniId, Estate};

/// What a plan does to the suspect's flows, and whom else it hits: `Cuts 3 of 5 flows of web-03, 1 expires,
/// 1 survives; hits 4 neighbours (2 instances, NAT gateway, VPC endpoint) in 2 subnets: 12 flows, 3.1 MB/min.`
///
/// Flows of which no log tells are unknown, and said to be; interfaces are counted in any case.
pub fn ledger(estate: &Estate, suspect: &str, outlook: &Outlook) -> String {
    let own = own_flows(suspect, &outlook.tally.suspect);
    format!("{own}; {}.", others(estate, outlook))
}

fn own_flows(name: &str, counts: &Counts) -> String {
    let total = counts.total();
    if total == 0 {
        return format!("The flows of {name} are unknown");
    }
    let cut = match counts.cut {
        0 => "none".to_owned(),
        some => some.to_string(),
    };
    let fates = [
        (counts.expiring, "expires", "expire"),
        (counts.surviving, "survives", "survive"),
        (counts.one_way, "goes on one way", "go on one way"),
        (
            counts.resuming,
            "is blocked for a while",
            "are blocked for a while",
        ),
        (counts.unaffected, "goes on as before", "go on as before"),
        (counts.not_filtered, "is not filtered", "are not filtered"),
        (counts.unknown, "is unknown", "are unknown"),
    ];
    let mut parts = vec![format!("Cuts {cut} of {} of {name}", many(total, "flow"))];
    for (count, one, many) in fates.into_iter().filter(|(count, ..)| *count > 0) {
        parts.push(format!("{count} {}", if count == 1 { one } else { many }));
    }
    parts.join(", ")
}

fn others(estate: &Estate, outlook: &Outlook) -> String {
    let (tally, blast) = (&outlook.tally, &outlook.blast);
    let users = outlook.role_users.len();
    let hit: BTreeSet<&EniId> = tally.hit().collect();
    let spared: BTreeSet<&EniId> = blast.scope.iter().filter(|it| !hit.contains(it)).collect();
    let counts = &tally.neighbours;
    let mut parts = vec![match (hit.is_empty(), spared.is_empty()) {
        (true, true) if users > 0 => "no interface of others is reached".to_owned(),
        (true, true) if blast.doubts.is_empty() => "nobody else is hit".to_owned(),
        (true, true) => "who else is hit is unknown".to_owned(),
        (true, false) if counts.total() == 0 => {
            format!("reaches {}, whose flows are unknown", whom(estate, &spared))
        }
        (true, false) => {
            let whom = whom(estate, &spared);
            format!("reaches {whom}, and hurts no known flow of theirs")
        }
        (false, _) => format!(
            "hits {}: {}, {}",
            whom(estate, &hit),
            many(counts.hit(), "flow"),
            rate(counts.bytes_per_minute_hit)
        ),
    }];
    if !hit.is_empty() && !spared.is_empty() {
        let more = spared.len();
        parts.push(format!(
            "reaches {more} more, and hurts no known flow of theirs"
        ));
    }
    if users > 0 {
        let users = many(users, "other instance");
        parts.push(format!("{users} lose credentials of the same role"));
    }
    if counts.unknown > 0 {
        let unknown = many(counts.unknown, "flow");
        parts.push(format!("what becomes of {unknown} of others is unknown"));
    }
    parts.join("; ")
}

/// `4 neighbours (2 instances, NAT gateway, VPC endpoint) in 2 subnets`
fn whom(estate: &Estate, enis: &BTreeSet<&EniId>) -> String {
    let known: Vec<_> = enis.iter().filter_map(|id| estate.eni(id)).collect();
    let mut roles: BTreeMap<Role, usize> = BTreeMap::new();
    let mut instances = BTreeSet::new();
    for eni in &known {
        // An instance with two interfaces is one instance.
        let again = eni
            .instance
            .as_ref()
            .is_some_and(|it| !instances.insert(it));
        if !again {
            *roles.entry(Role::of(eni.kind)).or_default() += 1;
        }
    }
    let roles = roles.into_iter().rev();
    let roles: Vec<String> = roles.map(|(role, count)| role.counted(count)).collect();
    let subnets: BTreeSet<_> = known.iter().map(|it| &it.subnet).collect();
    format!(
        "{} ({}) in {}",
        many(enis.len(), "neighbour"),
        roles.join(", "),
        many(subnets.len(), "subnet")
    )
}

fn many<N: Copy + Display + PartialEq + From<u8>>(count: N, noun: &str) -> String {
    let s = if count == N::from(1) { "" } else { "s" };
    format!("{count} {noun}{s}")
}

/// Bytes per minute in words: `812 B/min`, `9.4 kB/min`, `210 MB/min`.
pub fn rate(bytes_per_minute: u64) -> String {
    const UNITS: [&str; 6] = ["B", "kB", "MB", "GB", "TB", "PB"];
    let mut unit = 0;
    let (mut whole, mut tenth) = (bytes_per_minute, 0);
    while whole >= 1000 && unit + 1 < UNITS.len() {
        tenth = whole % 1000 / 100;
        whole /= 1000;
        unit += 1;
    }
    let name = UNITS.get(unit).copied().unwrap_or_default();
    if unit > 0 && whole < 10 {
        format!("{whole}.{tenth} {name}/min")
    } else {
        format!("{whole} {name}/min")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::{Blast, Tally};
    use crate::model::fixture;
    use crate::plan::{Action, Plan, Procedure, Target};

    fn counts(cut: u32, expiring: u32, surviving: u32) -> Counts {
        Counts {
            cut,
            expiring,
            surviving,
            bytes_per_minute_hit: 3_140_000,
            ..Counts::default()
        }
    }

    fn outlook(suspect: Counts, neighbours: Counts, hit: &[&str], scope: &[&str]) -> Outlook {
        let hit = hit.iter().map(|it| ((*it).into(), counts(1, 0, 0)));
        Outlook {
            plan: Plan {
                procedure: Procedure::Action(Action::NaclSwap),
                target: Target::Instance(fixture::suspect()),
                steps: Vec::new(),
                remarks: Vec::new(),
            },
            stages: Vec::new(),
            tally: Tally {
                suspect,
                neighbours,
                hits: hit.collect(),
                ..Tally::default()
            },
            blast: Blast {
                scope: scope.iter().map(|it| (*it).into()).collect(),
                ..Blast::default()
            },
            role_users: BTreeSet::new(),
        }
    }

    #[track_caller]
    fn assert_said(outlook: &Outlook, words: &str) {
        assert_eq!(ledger(&fixture::estate(), "web-1", outlook), words);
    }

    #[test]
    fn one_sentence_says_what_is_cut_and_who_is_hit() {
        let none = Counts::default();
        let scope = ["eni-nat", "eni-ssm", "eni-web2"];
        let all = ["eni-nat", "eni-web2", "eni-web3", "eni-ssm"];
        assert_said(
            &outlook(counts(3, 1, 1), counts(12, 0, 0), &all, &scope),
            "Cuts 3 of 5 flows of web-1, 1 expires, 1 survives; hits 4 neighbours (2 instances, VPC endpoint, NAT \
             gateway) in 2 subnets: 12 flows, 3.1 MB/min.",
        );
        assert_said(
            &outlook(counts(0, 0, 2), counts(1, 0, 0), &["eni-web2"], &scope),
            "Cuts none of 2 flows of web-1, 2 survive; hits 1 neighbour (instance) in 1 subnet: 1 flow, 3.1 MB/min; \
             reaches 2 more, and hurts no known flow of theirs.",
        );
        assert_said(
            &outlook(none, none, &[], &scope),
            "The flows of web-1 are unknown; reaches 3 neighbours (instance, VPC endpoint, NAT gateway) in 1 \
             subnet, whose flows are unknown.",
        );
        assert_said(
            &outlook(counts(1, 0, 0), counts(0, 0, 1), &[], &scope),
            "Cuts 1 of 1 flow of web-1; reaches 3 neighbours (instance, VPC endpoint, NAT gateway) in 1 subnet, \
             and hurts no known flow of theirs.",
        );
    }

    #[test]
    fn nobody_is_not_the_same_as_nobody_known() {
        let mut outlook = outlook(counts(1, 0, 0), Counts::default(), &[], &[]);
        assert_said(&outlook, "Cuts 1 of 1 flow of web-1; nobody else is hit.");
        outlook
            .blast
            .doubts
            .push("the interfaces were not read".into());
        let words = "Cuts 1 of 1 flow of web-1; who else is hit is unknown.";
        assert_said(&outlook, words);
        outlook.role_users.insert("i-2".into());
        outlook.role_users.insert("i-3".into());
        assert_said(
            &outlook,
            "Cuts 1 of 1 flow of web-1; no interface of others is reached; 2 other instances lose credentials of \
             the same role.",
        );
    }

    #[test]
    fn every_verdict_has_its_words() {
        let suspect = Counts {
            resuming: 1,
            one_way: 2,
            unaffected: 3,
            not_filtered: 1,
            unknown: 1,
            ..Counts::default()
        };
        let neighbours = Counts {
            unknown: 2,
            ..Counts::default()
        };
        assert_said(
            &outlook(suspect, neighbours, &[], &[]),
            "Cuts none of 8 flows of web-1, 2 go on one way, 1 is blocked for a while, 3 go on as before, 1 is not \
             filtered, 1 is unknown; nobody else is hit; what becomes of 2 flows of others is unknown.",
        );
    }

    #[test]
    fn rates_are_short() {
        for (bytes, words) in [
            (0, "0 B/min"),
            (999, "999 B/min"),
            (9_449, "9.4 kB/min"),
            (10_900, "10 kB/min"),
            (3_140_000, "3.1 MB/min"),
            (u64::MAX, "18446 PB/min"),
        ] {
            assert_eq!(rate(bytes), words);
        }
    }
}
