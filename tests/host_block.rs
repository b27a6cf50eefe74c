//! What `assets/host-block/linux.sh` does in a guest, in ways that need no privilege: its tools are
//! stand-ins (`tests/fixtures/host-block/tool.sh`) that keep their state in files. It must never
//! reach a real tool, so its search path is replaced, and there is exactly one line to replace.

#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

const LINUX: &str = include_str!("../assets/host-block/linux.sh");
const WINDOWS: &str = include_str!("../assets/host-block/windows.ps1");
const PATH_LINE: &str = "PATH=/usr/sbin:/usr/bin:/sbin:/bin\n";

const V4: &str = "198.51.100.7";
const V6: &str = "2001:db8::7";
/// All tools but `id`, which every guest has.
const ALL: Tools = &["nft", "iptables", "ip6tables", "ss", "conntrack"];
const SESSIONS: &str = "\
tcp ESTAB 0 0 10.0.0.5:41234 198.51.100.7:4444 users:((\"kdevtmpfsi\",pid=812,fd=3))
tcp ESTAB 0 0 10.0.0.5:22 198.51.100.7:50211 users:((\"sshd\",pid=700,fd=4))
";

/// Names of tools that a guest has.
type Tools<'a> = &'a [&'a str];
/// Files, as name and text, that tell the stand-ins what to do.
type Files<'a> = &'a [(&'a str, &'a str)];

/// A guest: a folder that is its search path and holds what its tools remember.
struct Guest(PathBuf);

/// What a run left: its exit code and its lines.
struct Ran {
    code: Option<i32>,
    said: String,
}

impl Ran {
    fn says(&self, line: &str) -> bool {
        self.said
            .lines()
            .any(|said| said == format!("firedoor: {line}"))
    }

    /// The number of the first line that has `part`.
    fn line_with(&self, part: &str) -> Option<usize> {
        self.said.lines().position(|line| line.contains(part))
    }
}

#[expect(clippy::expect_used, reason = "without a guest there is no test")]
impl Guest {
    fn new(tools: Tools) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!(
            "firedoor-host-block-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let guest = Self(std::env::temp_dir().join(name));
        fs::create_dir(&guest.0).expect("a temporary folder can be made");
        for tool in ["cat", "grep", "rm", "sed", "tr"] {
            let real = ["/usr/bin", "/bin"]
                .map(|folder| Path::new(folder).join(tool))
                .into_iter()
                .find(|path| path.exists())
                .expect("every Linux has this tool");
            symlink(real, guest.0.join(tool)).expect("a link can be made");
        }
        let root = Path::new(option_env!("CARGO_MANIFEST_DIR").unwrap_or("."));
        let stand_in = root
            .join("tests/fixtures/host-block/tool.sh")
            .canonicalize()
            .expect("the stand-in is in the repository");
        for tool in tools.iter().chain(&["id"]) {
            symlink(&stand_in, guest.0.join(tool)).expect("a link can be made");
        }
        guest
    }

    /// Makes files: what the stand-ins are to do, or what they have.
    fn with(self, files: Files) -> Self {
        for (name, text) in files {
            fs::write(self.0.join(name), text).expect("a file can be written");
        }
        self
    }

    fn run(&self, peer: &str, tag: &str) -> Ran {
        self.run_text(&LINUX.replace("@PEER@", peer).replace("@TAG@", tag))
    }

    fn run_text(&self, script: &str) -> Ran {
        assert_eq!(script.matches(PATH_LINE).count(), 1);
        let path = format!("PATH={}\n", self.0.display());
        let file = self.0.join("script");
        fs::write(&file, script.replace(PATH_LINE, &path)).expect("the script can be written");
        let output = Command::new("/bin/sh")
            .arg(&file)
            .env_clear()
            .stdin(Stdio::null())
            .output()
            .expect("there is a shell");
        let said = String::from_utf8(output.stdout).expect("it prints text");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{said}");
        assert!(
            said.lines().all(|line| line.starts_with("firedoor: ")),
            "{said}"
        );
        assert!(said.len() < 24_000, "GetCommandInvocation would cut it");
        Ran {
            code: output.status.code(),
            said,
        }
    }

    fn calls(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.0.join("calls")).unwrap_or_default();
        calls.lines().map(str::to_owned).collect()
    }

    fn called(&self, start: &str) -> bool {
        self.calls().iter().any(|call| call.starts_with(start))
    }

    /// Every rule that the stand-ins keep, as `FILE: RULE`, sorted.
    fn rules(&self) -> Vec<String> {
        let mut rules = Vec::new();
        for entry in fs::read_dir(&self.0).expect("the folder is there") {
            let entry = entry.expect("the folder can be listed");
            let name = entry.file_name().to_string_lossy().into_owned();
            let kept = ["nft.", "iptables.", "ip6tables."]
                .iter()
                .any(|tool| name.starts_with(tool));
            if kept && name != "nft.new" {
                let text = fs::read_to_string(entry.path()).expect("rules are text");
                rules.extend(text.lines().map(|rule| format!("{name}: {rule}")));
            }
        }
        rules.sort();
        rules
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

/// The calls that change rules, of all tools.
fn changes(calls: &[String]) -> Vec<&String> {
    let changing = |call: &&String| {
        call.starts_with("nft add") || call.contains(" -N ") || call.contains(" -I ")
    };
    calls.iter().filter(changing).collect()
}

#[test]
fn each_tool_blocks_the_peer_both_ways_and_a_second_run_changes_nothing() {
    let nft = |family: &str, peer: &str| {
        let rule = |chain: &str, field: &str| {
            format!("nft.{chain}: {family} {field} {peer} drop comment \"firedoor-case-7\"")
        };
        vec![
            rule("forward", "daddr"),
            rule("forward", "saddr"),
            rule("input", "saddr"),
            rule("output", "daddr"),
        ]
    };
    let tables = |tool: &str, host: &str| {
        let blocks = |flag: &str| {
            format!("{tool}.FIREDOOR: {flag} {host} -m comment --comment firedoor-case-7 -j DROP")
        };
        let jump = |chain: &str| format!("{tool}.{chain}: -j FIREDOOR");
        vec![
            blocks("-d"),
            blocks("-s"),
            jump("FORWARD"),
            jump("INPUT"),
            jump("OUTPUT"),
        ]
    };
    let without_nft = &ALL[1..];
    let cases: [(Tools, Files, &str, &str, Vec<String>); 6] = [
        (ALL, &[], V4, "nftables", nft("ip", V4)),
        (ALL, &[], V6, "nftables", nft("ip6", V6)),
        (
            without_nft,
            &[],
            V4,
            "iptables",
            tables("iptables", "198.51.100.7/32"),
        ),
        (
            without_nft,
            &[],
            V6,
            "ip6tables",
            tables("ip6tables", "2001:db8::7/128"),
        ),
        (
            ALL,
            &[("nft.broken", "")],
            V4,
            "iptables",
            tables("iptables", "198.51.100.7/32"),
        ),
        (
            ALL,
            &[("nft.forgetful", "")],
            V6,
            "ip6tables",
            tables("ip6tables", "2001:db8::7/128"),
        ),
    ];
    for (tools, files, peer, used, rules) in cases {
        let guest = Guest::new(tools).with(files);
        let first = guest.run(peer, "case-7");
        let verdict = format!(
            "in force: {used} drops everything from and to {peer}, forwarded packets too; read back"
        );
        assert_eq!(first.code, Some(0), "{}", first.said);
        assert!(first.says(&verdict), "{}", first.said);
        assert_eq!(
            first.line_with(&verdict),
            Some(first.said.lines().count() - 1),
            "it is last"
        );
        assert_eq!(guest.rules(), rules, "{used} {peer}");

        let before = guest.calls().len();
        let second = guest.run(peer, "case-8");
        assert_eq!(second.code, Some(0), "{}", second.said);
        let there = format!("{used}: the rules are there already, nothing changed");
        assert!(second.says(&there), "{}", second.said);
        assert_eq!(guest.rules(), rules, "{used} {peer}");
        let mut again = guest.calls().split_off(before);
        if files
            .first()
            .is_some_and(|(name, _)| name.starts_with("nft."))
        {
            // nft is tried again, because nothing of it is in force.
            again.retain(|call| !call.starts_with("nft "));
        }
        assert_eq!(changes(&again), Vec::<&String>::new(), "{used} {peer}");
    }
}

#[test]
fn nft_alone_is_used_where_it_works() {
    for peer in [V4, V6] {
        let guest = Guest::new(ALL);
        guest.run(peer, "t");
        assert!(
            !guest.called("iptables") && !guest.called("ip6tables"),
            "{:?}",
            guest.calls()
        );
        let transactions = guest
            .calls()
            .iter()
            .filter(|call| call.starts_with("nft add"))
            .count();
        assert_eq!(transactions, 1);
    }
}

#[test]
fn what_is_not_in_force_is_exit_1_and_ends_no_session() {
    let neither = "nftables: not in force when read back";
    let cases: [(Tools, Files, &str); 8] = [
        (&[], &[], "nftables: there is no nft here"),
        (&[], &[], "iptables: there is no iptables here"),
        (
            &["ss", "conntrack"],
            &[],
            "iptables: there is no iptables here",
        ),
        (&["nft", "ss"], &[("nft.forgetful", "")], neither),
        (&["nft", "ss"], &[("nft.dormant", "")], neither),
        (
            &["nft", "ss"],
            &[("nft.broken", "")],
            "nftables: failed: nft: is broken",
        ),
        (
            &["iptables", "ss"],
            &[("iptables.forgetful", "")],
            "iptables: not in force when read back",
        ),
        (
            &["iptables", "ss"],
            &[("iptables.broken", "")],
            "iptables: failed: iptables: is broken",
        ),
    ];
    for (tools, files, why) in cases {
        let guest = Guest::new(tools)
            .with(files)
            .with(&[("sessions", SESSIONS)]);
        let ran = guest.run(V4, "t");
        assert_eq!(ran.code, Some(1), "{tools:?} {files:?}: {}", ran.said);
        assert!(ran.says(why), "{tools:?} {files:?}: {}", ran.said);
        assert!(
            ran.says("NOT in force: 198.51.100.7 is not blocked"),
            "{}",
            ran.said
        );
        assert!(ran.says("sessions: left alone, nothing would keep them from coming back"));
        assert!(
            !guest.called("ss -K") && !guest.called("conntrack"),
            "{:?}",
            guest.calls()
        );
    }
}

#[test]
fn bad_arguments_and_other_users_are_exit_2_and_call_nothing() {
    let peer = "the peer is not an IPv4 or IPv6 address in canonical form";
    let own = "or a service of the instance itself such as IMDS";
    let tag = "the tag is not made of letters, digits and dashes";
    let long = "x".repeat(65);
    let cases = [
        ("@PEER@", "t", peer),
        ("", "t", peer),
        ("7", "t", peer),
        ("10.0.0.0/8", "t", peer),
        ("2001:DB8::7", "t", peer),
        ("::ffff:198.51.100.7", "t", peer),
        ("198.51.100.7 ; reboot", "t", peer),
        ("198.51.100.7\n", "t", peer),
        ("example.com", "t", peer),
        ("127.0.0.1", "t", own),
        ("0.0.0.0", "t", own),
        ("169.254.169.254", "t", own),
        ("::1", "t", own),
        ("fe80::1", "t", own),
        ("fd00:ec2::254", "t", own),
        (V4, "@TAG@", tag),
        (V4, "", tag),
        (V4, "a b", tag),
        (V4, "a\"", tag),
        (V4, long.as_str(), "the tag is longer than 64 characters"),
    ];
    for (peer, tag, why) in cases {
        let guest = Guest::new(ALL);
        let ran = guest.run(peer, tag);
        assert_eq!(ran.code, Some(2), "{peer:?} {tag:?}: {}", ran.said);
        assert_eq!(ran.said.lines().count(), 1, "{}", ran.said);
        assert!(ran.said.starts_with("firedoor: refused: "), "{}", ran.said);
        assert!(
            ran.said.ends_with(&format!("{why}; nothing was changed\n")),
            "{}",
            ran.said
        );
        assert_eq!(guest.calls(), Vec::<String>::new());
    }

    let guest = Guest::new(ALL).with(&[("user", "1000\n")]);
    let ran = guest.run(V4, "t");
    assert_eq!(
        (
            ran.code,
            ran.says("refused: this is not root; nothing was changed")
        ),
        (Some(2), true)
    );
    assert_eq!(guest.calls(), ["id -u"]);
}

#[test]
fn evidence_comes_first_then_the_block_then_the_end_of_sessions() {
    for (tools, block) in [
        (ALL, "nft add"),
        (&ALL[1..], "iptables -w 10 -I OUTPUT 1 -j FIREDOOR"),
    ] {
        let guest = Guest::new(tools).with(&[("sessions", SESSIONS)]);
        let ran = guest.run(V4, "t");
        let calls = guest.calls();
        let at = |start: &str| {
            calls
                .iter()
                .position(|call| call.starts_with(start))
                .unwrap()
        };
        let order = [
            at("ss -tun -p dst 198.51.100.7"),
            at(block),
            at("ss -K -tun dst 198.51.100.7"),
            at("ss -tun dst 198.51.100.7"),
            at("conntrack -f ipv4 -D -s 198.51.100.7"),
        ];
        assert!(order.is_sorted(), "{calls:?}");

        let lines = [
            "before: 2 sessions with 198.51.100.7",
            "before: tcp ESTAB 0 0 10.0.0.5:41234 198.51.100.7:4444 users:((\"kdevtmpfsi\",pid=812,fd=3))",
            "before: tcp ESTAB 0 0 10.0.0.5:22 198.51.100.7:50211 users:((\"sshd\",pid=700,fd=4))",
            "rules added",
            "sessions: none is left",
            "conntrack: 1 entries deleted, at most 20 are listed",
            "conntrack: was tcp 6 431999 ESTABLISHED src=198.51.100.7 dst=10.0.0.5 sport=50211 dport=22",
            "in force: ",
        ]
        .map(|line| ran.line_with(line).unwrap());
        assert!(lines.is_sorted(), "{}", ran.said);
        for flag in ["-s", "-d", "-r", "-q"] {
            assert!(guest.called(&format!("conntrack -f ipv4 -D {flag} 198.51.100.7")));
        }
    }

    let guest = Guest::new(ALL);
    guest.run(V6, "t");
    assert!(
        guest.called("ss -K -tun dst [2001:db8::7]"),
        "{:?}",
        guest.calls()
    );
    assert!(
        guest.called("conntrack -f ipv6 -D -q 2001:db8::7"),
        "{:?}",
        guest.calls()
    );
}

#[test]
fn what_could_not_be_done_is_said_and_the_block_stands() {
    let cases: [(Tools, Files, &str); 7] = [
        (&["nft"], &[], "before: unknown, there is no ss here"),
        (
            &["nft"],
            &[],
            "sessions: none ended, there is no ss here; the block drops their packets",
        ),
        (
            &["nft"],
            &[],
            "conntrack: no entry deleted, there is no conntrack here; the block drops their packets",
        ),
        (ALL, &[("ss.broken", "")], "before: unknown, ss failed"),
        (
            ALL,
            &[("ss.broken", "")],
            "sessions: ss -K failed: ss: is broken",
        ),
        (
            ALL,
            &[("ss.weak", "")],
            "sessions: 2 could not be ended (a kernel without CONFIG_INET_DIAG_DESTROY?); the block drops their packets",
        ),
        (
            ALL,
            &[("conntrack.broken", "")],
            "conntrack: failed: conntrack: is broken",
        ),
    ];
    for (tools, files, words) in cases {
        let ran = Guest::new(tools)
            .with(files)
            .with(&[("sessions", SESSIONS)])
            .run(V4, "t");
        assert_eq!(ran.code, Some(0), "{tools:?} {files:?}: {}", ran.said);
        assert!(ran.says(words), "{tools:?} {files:?}: {}", ran.said);
    }
}

#[test]
fn a_rule_for_another_peer_or_behind_another_rule_does_not_count() {
    // 198.51.100.7 is a prefix of 198.51.100.70.
    for tools in [ALL, &ALL[1..]] {
        let guest = Guest::new(tools);
        assert_eq!(guest.run("198.51.100.70", "t").code, Some(0));
        let once = guest.rules().len();
        let ran = guest.run(V4, "t");
        assert!(ran.line_with("rules added").is_some(), "{}", ran.said);
        assert!(guest.rules().len() > once);
    }

    // An ACCEPT before the jump would let the peer in.
    let guest = Guest::new(&["iptables"]);
    assert_eq!(guest.run(V4, "t").code, Some(0));
    fs::write(
        guest.0.join("iptables.INPUT"),
        "-s 198.51.100.7/32 -j ACCEPT\n-j FIREDOOR\n",
    )
    .unwrap();
    assert_eq!(guest.run(V4, "t").code, Some(0));
    let input = fs::read_to_string(guest.0.join("iptables.INPUT")).unwrap();
    assert!(
        input.starts_with("-j FIREDOOR\n-s 198.51.100.7/32 -j ACCEPT\n"),
        "{input}"
    );

    // A drop of one port is not a drop of the peer.
    let narrow = "-s 198.51.100.7/32 -p tcp -m tcp --dport 80 -j DROP\n";
    let guest = Guest::new(&["iptables"]).with(&[("iptables.FIREDOOR", narrow)]);
    let whole = "iptables.FIREDOOR: -s 198.51.100.7/32 -m comment --comment firedoor-t -j DROP";
    assert_eq!(guest.run(V4, "t").code, Some(0));
    assert!(guest.rules().contains(&whole.to_owned()));

    // A kernel without the module for comments.
    let guest = Guest::new(&["iptables"]).with(&[("iptables.plain", "")]);
    assert_eq!(guest.run(V4, "t").code, Some(0));
    assert!(
        guest
            .rules()
            .contains(&"iptables.FIREDOOR: -s 198.51.100.7/32 -j DROP".to_owned())
    );
    assert!(
        guest
            .run(V4, "t")
            .says("iptables: the rules are there already, nothing changed")
    );
}

#[test]
fn evidence_is_short_and_printable_whatever_a_process_calls_itself() {
    let hostile = format!(
        "tcp ESTAB 0 0 a b users:((\"\x1b[2J\u{202e}{}\",pid=1,fd=1))\n",
        "x".repeat(500)
    );
    let guest = Guest::new(ALL).with(&[("sessions", &hostile.repeat(80))]);
    let ran = guest.run(V4, "t");
    assert_eq!(ran.code, Some(0), "{}", ran.said);
    assert!(
        ran.says("before: 80 sessions with 198.51.100.7"),
        "{}",
        ran.said
    );
    assert!(ran.says("before: the first 50 are listed"), "{}", ran.said);
    assert_eq!(ran.said.matches("before: tcp").count(), 50);
    assert!(
        ran.said
            .chars()
            .all(|c| c == '\n' || c == ' ' || c.is_ascii_graphic())
    );
    assert!(ran.said.lines().all(|line| line.len() < 270));

    let agent = "tcp ESTAB 0 0 a b users:((\"ssm-agent-worke\",pid=1,fd=1))\n";
    let ran = Guest::new(ALL).with(&[("sessions", agent)]).run(V4, "t");
    assert!(
        ran.line_with("warning: a process named like the SSM Agent")
            .is_some(),
        "{}",
        ran.said
    );
    assert_eq!(ran.code, Some(0));
}

#[test]
fn the_templates_have_each_token_once_and_nothing_that_run_command_would_interpret() {
    for (script, peer, tag) in [
        (LINUX, "\nPEER='@PEER@'\n", "\nTAG='@TAG@'\n"),
        (WINDOWS, "\n$Peer = '@PEER@'\n", "\n$Tag = '@TAG@'\n"),
    ] {
        assert!(script.contains(peer) && script.contains(tag));
        assert_eq!(script.matches("@PEER@").count(), 1);
        assert_eq!(script.matches("@TAG@").count(), 1);
        // Systems Manager puts parameters in for double braces.
        assert!(!script.contains("{{") && script.is_ascii() && !script.contains('\r'));
    }
    // Bash's own syntax would pass unseen where /bin/sh is bash.
    for bashism in [
        "[[ ",
        " local ",
        "function ",
        "<<<",
        "declare ",
        "=~",
        " == ",
    ] {
        assert!(!LINUX.contains(bashism), "{bashism}");
    }
}
