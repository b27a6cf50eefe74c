//! What is run in a guest to block a peer, through Systems Manager.
//!
//! The scripts are in `assets/host-block/`, with what they do and how to take it back.

use std::net::IpAddr;

use crate::model::Platform;

const LINUX: &str = include_str!("../../assets/host-block/linux.sh");
const WINDOWS: &str = include_str!("../../assets/host-block/windows.ps1");

/// The longest name: it is in the rules of the guest.
const LONGEST: usize = 64;

/// How long the script may run, in seconds; it needs a few.
pub(crate) const RUNS: &str = "120";
/// Within how many seconds the agent must have begun: one that is silent longer than that will not.
pub(crate) const BEGINS: i32 = 120;

/// A script, and the document of Systems Manager that runs it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct GuestScript {
    /// The document's name.
    /// <https://docs.aws.amazon.com/systems-manager/latest/userguide/run-command.html>
    pub(crate) document: &'static str,
    /// The script, line by line.
    pub(crate) lines: Vec<String>,
}

/// The script that blocks a peer with the guest's own firewall, and ends its sessions. None, if the name can't be
/// part of it: it runs as root, so a name is 1 to 64 letters, digits and dashes.
pub(crate) fn host_block(platform: Platform, peer: IpAddr, name: &str) -> Option<GuestScript> {
    let is_plain = |it: char| it.is_ascii_alphanumeric() || it == '-';
    if name.is_empty() || name.len() > LONGEST || !name.chars().all(is_plain) {
        return None;
    }
    let (document, script) = match platform {
        Platform::Unix => ("AWS-RunShellScript", LINUX),
        Platform::Windows => ("AWS-RunPowerShellScript", WINDOWS),
    };
    // An IPv4 address within IPv6 is one of IPv4 on the wire.
    let peer = peer.to_canonical().to_string();
    let script = script.replace("@PEER@", &peer).replace("@TAG@", name);
    Some(GuestScript {
        document,
        lines: script.lines().map(str::to_owned).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_has_its_peer_and_its_name_and_nothing_left_to_fill_in() {
        for (platform, line) in [(Platform::Unix, "PEER="), (Platform::Windows, "$Peer = ")] {
            for (peer, written) in [
                ("198.51.100.7", "198.51.100.7"),
                ("2001:db8:0:0::7", "2001:db8::7"),
                ("::ffff:198.51.100.7", "198.51.100.7"),
            ] {
                let made = host_block(platform, peer.parse().unwrap(), "firedoor-case-7");
                let lines = made.unwrap().lines;
                let filled = format!("{line}'{written}'");
                assert!(lines.contains(&filled), "{filled}");
                assert!(lines.iter().any(|it| it.ends_with("'firedoor-case-7'")));
                let has = |part: &str| lines.iter().any(|it| it.contains(part));
                assert!(!has("@PEER@") && !has("@TAG@"));
                assert!(!has("{{"), "Systems Manager fills those in");
            }
        }
    }

    #[test]
    fn a_name_that_could_be_more_than_a_name_makes_no_script() {
        let long = "a".repeat(65);
        for name in ["", "a b", "a'; reboot; '", "a\nb", "@PEER@", "é", &long] {
            let peer = "198.51.100.7".parse().unwrap();
            assert_eq!(host_block(Platform::Unix, peer, name), None, "{name:?}");
        }
    }
}
