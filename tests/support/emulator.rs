//! An AWS on this machine: moto with findings, faults and a log of every call, seeded with an incident.
//!
//! Every [`Emulator`] is a server of its own on a free loopback port, so tests may run side by side.
//! It ends with the value, and also when the test process dies without cleaning up.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test without its emulator has nothing better to do"
)]

#[path = "http.rs"]
mod http;
#[path = "manifest.rs"]
mod manifest;
#[path = "venv.rs"]
mod venv;

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

pub(crate) use manifest::Manifest;

/// Where everything is seeded.
const REGION: &str = "eu-west-1";
/// How long a start may take; imports are slow on a loaded machine right after the installation.
const START_LIMIT: Duration = Duration::from_secs(90);
/// How many ports are tried before giving up.
const START_ATTEMPTS: u32 = 4;
/// How the names of calls that only read begin, JSON services and REST paths alike.
const READS: [&str; 7] = [
    "Describe", "List", "Get", "Filter", "Search", "Lookup", "GET ",
];
/// What a snippet for [`Emulator::python`] finds already defined.
const PRELUDE: &str = r#"
import boto3, json, os, sys
m = json.load(open(sys.argv[1]))
def client(service):
    return boto3.client(service, endpoint_url=os.environ["AWS_ENDPOINT_URL"])
"#;

/// A running emulator.
pub(crate) struct Emulator {
    server: Child,
    address: SocketAddr,
    python: PathBuf,
    scratch: TempDir,
}

impl Emulator {
    /// Starts one and waits until it answers.
    ///
    /// # Panics
    ///
    /// When Python or its packages cannot be had, or the server does not come up, saying why.
    pub(crate) fn start() -> Self {
        let python = venv::python(&script("requirements.txt"));
        let scratch = tempfile::Builder::new()
            .prefix("emulator-")
            .tempdir_in(env!("CARGO_TARGET_TMPDIR"))
            .expect("the target directory is writable");
        fs::write(scratch.path().join("aws-empty"), "").expect("the scratch folder is writable");
        for _ in 0..START_ATTEMPTS {
            if let Some((server, address)) = launch(&python, scratch.path()) {
                return Self {
                    server,
                    address,
                    python,
                    scratch,
                };
            }
        }
        let log = log_tail(scratch.path());
        panic!(
            "the emulator did not start in {START_ATTEMPTS} attempts; its log ends with:\n{log}"
        );
    }

    /// `http://127.0.0.1:PORT`; never anything that is not on this machine.
    pub(crate) fn endpoint(&self) -> String {
        assert!(
            self.address.ip().is_loopback(),
            "{} is not on this machine",
            self.address
        );
        format!("http://{}", self.address)
    }

    /// The environment that makes a program talk to this emulator and to nothing else.
    ///
    /// The developer's own profile is shut out: both files it could come from are empty ones here.
    pub(crate) fn env(&self) -> Vec<(&'static str, String)> {
        let mut all = isolated(self.scratch.path());
        all.push(("AWS_ENDPOINT_URL", self.endpoint()));
        all.push(("AWS_REGION", REGION.to_owned()));
        all.push(("AWS_DEFAULT_REGION", REGION.to_owned()));
        all.push(("AWS_ACCESS_KEY_ID", "test".to_owned()));
        all.push(("AWS_SECRET_ACCESS_KEY", "test".to_owned()));
        all
    }

    /// A command with that environment, `PATH`, a scratch `HOME` and nothing else.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = clean_command(program, self.scratch.path());
        command.envs(self.env());
        command
    }

    /// Empties the emulator, builds the incident with that many flow log lines and records the
    /// estate for [`Emulator::check`]. The log of requests starts empty afterwards.
    pub(crate) fn seed(&self, lines: usize) -> Manifest {
        let path = self.scratch.path().join("manifest.json");
        let mut seeding = self.command(&self.python);
        seeding.arg(script("seed_vpc.py"));
        seeding.args(["--endpoint", &self.endpoint(), "--region", REGION]);
        seeding.args(["--lines", &lines.to_string(), "--out"]);
        if let Err(complaint) = finish(seeding.arg(&path)) {
            self.fail(&format!("seeding failed: {complaint}"));
        }
        let manifest = Manifest::load(path);
        if let Err(complaint) = self.check(&manifest, "baseline") {
            self.fail(&format!("recording the seeded estate failed: {complaint}"));
        }
        self.control("DELETE", "requests", "");
        manifest
    }

    /// Asks the emulator, without the product, whether the compromised instance is isolated:
    /// `"group"`, `"nacl"` or `"untouched"`. The answer names the groups or ACLs that do it.
    ///
    /// # Errors
    ///
    /// What deviates. The check's own reads are in [`Emulator::requests`] afterwards.
    pub(crate) fn check(&self, manifest: &Manifest, kind: &str) -> Result<Value, String> {
        let mut check = self.command(&self.python);
        check.arg(script("check_isolation.py"));
        check.args([&self.endpoint(), manifest.region()]);
        let line = finish(check.arg(manifest.path()).arg(kind))?;
        serde_json::from_str(&line).map_err(|error| format!("{error}: {line}"))
    }

    /// Runs a boto3 snippet as somebody else who has access to the account.
    ///
    /// It finds the manifest as `m` and `client("ec2")`; returns what it printed.
    ///
    /// # Errors
    ///
    /// What Python complained about.
    pub(crate) fn python(&self, manifest: &Manifest, snippet: &str) -> Result<String, String> {
        let mut command = self.command(&self.python);
        command.arg("-c").arg(format!("{PRELUDE}{snippet}"));
        finish(command.arg(manifest.path()))
    }

    /// Every AWS call since the seeding: `service`, `action`, `params`, `status`, `fault`.
    pub(crate) fn requests(&self) -> Vec<Value> {
        let log = self.control("GET", "requests", "");
        serde_json::from_str(&log).expect("the log of requests is a JSON list")
    }

    /// The calls since the seeding that changed something: not a read, not a dry run, not refused.
    pub(crate) fn changes(&self) -> Vec<Value> {
        let mut log = self.requests();
        log.retain(changes_something);
        log
    }

    /// Makes coming calls fail or wait, for example
    /// `{"service": "ec2", "action": "DescribeInstances", "code": "RequestLimitExceeded", "times": 2}`.
    /// It strikes once unless `times` says otherwise; -1 is for ever.
    pub(crate) fn fault(&self, fault: &Value) {
        let mut fault = fault.clone();
        if fault.get("times").is_none() {
            fault["times"] = 1.into();
        }
        self.control("POST", "faults", &fault.to_string());
    }

    /// Takes all faults back.
    pub(crate) fn clear_faults(&self) {
        self.control("DELETE", "faults", "");
    }

    /// One call of the emulator's own control endpoints.
    fn control(&self, method: &str, what: &str, body: &str) -> String {
        let path = format!("/moto-api/incident/{what}");
        match http::request(self.address, method, &path, body) {
            Ok((200..=299, answer)) => answer,
            other => self.fail(&format!("{method} {path} got {other:?}")),
        }
    }

    /// Ends the test with the emulator's own words.
    fn fail(&self, what: &str) -> ! {
        let log = log_tail(self.scratch.path());
        panic!("{what}\nthe emulator's log ends with:\n{log}");
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        stop(&mut self.server);
        // What a failed test leaves behind helps to explain it.
        self.scratch.disable_cleanup(thread::panicking());
    }
}

/// A file of the emulator in the repository.
fn script(name: &str) -> PathBuf {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulator");
    Path::new(folder).join(name)
}

/// Starts a server on a free port; `None` when somebody else got the port or it did not come up.
fn launch(python: &Path, scratch: &Path) -> Option<(Child, SocketAddr)> {
    static STARTED: AtomicU32 = AtomicU32::new(0);
    let number = STARTED.fetch_add(1, Ordering::Relaxed);
    let token = format!("{}-{number}", std::process::id());
    let address = free_address();
    let log = File::create(scratch.join("server.log")).expect("the scratch folder is writable");
    let errors = log.try_clone().expect("a file handle can be copied");
    let mut server = clean_command(python, scratch)
        .arg(script("serve.py"))
        .args(["--fixes", "all", "-p", &address.port().to_string()])
        .env("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
        .env("EMULATOR_TOKEN", &token)
        .stdin(Stdio::piped())
        .stdout(log)
        .stderr(errors)
        .spawn()
        .expect("the Python of the environment starts");
    if answers(&mut server, address, &token) {
        return Some((server, address));
    }
    stop(&mut server);
    None
}

/// A loopback port nobody listens on right now.
fn free_address() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
    listener.local_addr().expect("a listener has an address")
}

/// Waits until this very server answers; `false` when it ended, or another one answers in its place.
fn answers(server: &mut Child, address: SocketAddr, token: &str) -> bool {
    let deadline = Instant::now() + START_LIMIT;
    while Instant::now() < deadline {
        if !matches!(server.try_wait(), Ok(None)) {
            return false;
        }
        if let Ok((_, name)) = http::request(address, "GET", "/moto-api/incident/identity", "") {
            return name == token;
        }
        thread::sleep(Duration::from_millis(50));
    }
    false
}

/// Ends a server by its own id and collects it.
fn stop(server: &mut Child) {
    // Both fail only when it has ended already.
    drop(server.kill());
    drop(server.wait());
}

/// A command that inherits nothing but `PATH`.
fn clean_command(program: &Path, scratch: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().envs(isolated(scratch));
    command.env("HOME", scratch);
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    // The scripts are in the repository: no bytecode beside them.
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// Settings that shut out the developer's AWS profile and the instance metadata service.
fn isolated(scratch: &Path) -> Vec<(&'static str, String)> {
    let empty = scratch.join("aws-empty").display().to_string();
    vec![
        ("AWS_CONFIG_FILE", empty.clone()),
        ("AWS_SHARED_CREDENTIALS_FILE", empty),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
    ]
}

/// Runs a command to its end: what it printed, or everything it said when it failed.
fn finish(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| error.to_string())?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(printed);
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    Err(format!("{printed}{complaint}"))
}

/// Whether a logged call took effect on the estate.
fn changes_something(call: &Value) -> bool {
    let action = call["action"].as_str().unwrap_or_default();
    let read = READS.iter().any(|prefix| action.starts_with(prefix));
    let dry = call["params"]["DryRun"] == "true";
    let accepted = call["status"].as_u64().is_none_or(|status| status < 400);
    !read && !dry && accepted
}

/// The end of the server's log.
fn log_tail(scratch: &Path) -> String {
    let log = fs::read_to_string(scratch.join("server.log")).unwrap_or_default();
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(40)..].join("\n")
}
