//! What may have been meant by a name that nothing has.

/// How many are offered.
const OFFERED: usize = 3;

/// The names that differ least from `wanted`, the nearest first.
pub(super) fn nearest(wanted: &str, names: impl IntoIterator<Item = String>) -> Vec<String> {
    let measured = names.into_iter().map(|it| (distance(wanted, &it), it));
    let mut measured: Vec<(usize, String)> = measured.collect();
    measured.sort();
    let names = measured.into_iter().map(|(_, name)| name);
    names.take(OFFERED).collect()
}

/// How many letters have to be put in, taken out or replaced to make one text of the other
/// (Levenshtein's distance).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    // The distances between what was read of `one` so far and each beginning of `other`.
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], at + 1);
        for (before, it) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *it);
            diagonal = row[before + 1];
            row[before + 1] = replaced.min(diagonal + 1).min(row[before] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_counted_in_letters() {
        for (one, other, expected) in [
            ("", "", 0),
            ("", "acl", 3),
            ("acl-1", "acl-1", 0),
            ("acl-1", "acl-2", 1),
            ("acl-0a1b", "acl-0ab", 1),
            ("kitten", "sitting", 3),
            ("größe", "grösse", 2),
        ] {
            assert_eq!(distance(one, other), expected, "{one} {other}");
            assert_eq!(distance(other, one), expected, "{other} {one}");
        }
    }

    #[test]
    fn the_nearest_names_come_first_and_equals_by_name() {
        let names = ["acl-9999", "acl-12", "acl-13", "acl-2", "acl-11"];
        let near = nearest("acl-1", names.map(str::to_owned));
        assert_eq!(near, ["acl-11", "acl-12", "acl-13"]);
        assert!(nearest("acl-1", []).is_empty());
    }
}
