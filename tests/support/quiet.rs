//! The shipped scenario without traffic.

use firedoor::drill::shipped;

/// The shipped scenario, in which nobody talks: an hour of history for each of some hundred worlds would be most
/// of the tests' time. Nobody is replaced either, however long a test takes.
pub(crate) fn without_traffic() -> String {
    let (quiet, _) = shipped()[0].1.split_once("[[findings]]").unwrap();
    quiet.replacen("asg_grace", "# asg_grace", 1)
}

/// The same, in which the suspect has a second interface in another subnet.
pub(crate) fn two_interfaces() -> String {
    let text = without_traffic();
    let (before, after) = text.split_once("name = \"web-03\"\nid").unwrap();
    let (own, rest) = after.split_once("\n[[instances]]").unwrap();
    let second = "[[instances.interfaces]]\nid = \"eni-0bf68f5fb24a43d51\"\nsubnet = \"public-b\"\n\
                  groups = [\"web\"]\naddresses = [\"10.20.1.77\"]\n";
    format!("{before}name = \"web-03\"\nid{own}\n{second}\n[[instances]]{rest}")
}
