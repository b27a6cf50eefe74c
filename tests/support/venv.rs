//! The Python environment the emulator runs in: made once per target directory, kept between runs.
//!
//! It is made by whoever comes first while everybody else waits on a lock file, and it counts as
//! made only when its marker file is there, so an interrupted installation is done again.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the tests need of the machine, said once for every way it can be missing.
const NEEDS: &str = "the AWS emulator of these tests needs `python3` (3.10 or newer, with its `venv` module; \
                     Debian and Ubuntu: apt-get install python3-venv) and, the first time, access to PyPI \
                     (pip's own settings such as PIP_INDEX_URL and HTTPS_PROXY are honoured)";

/// The interpreter of a complete environment; makes the environment if there is none.
///
/// # Panics
///
/// When it cannot be made, with one message that says what is missing. There is no silent skip.
pub(crate) fn python(requirements: &Path) -> PathBuf {
    let home = home(requirements);
    let lock = File::create(home.with_extension("lock")).expect("the target directory is writable");
    lock.lock().expect("the lock file can be locked");
    let complete = home.join("complete");
    if !complete.exists() {
        make(&home, requirements);
        fs::write(&complete, "").expect("the environment is writable");
    }
    home.join("bin/python")
}

/// A folder per set of packages and interpreter.
fn home(requirements: &Path) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    let packages = fs::read(requirements).expect("the list of packages is in the repository");
    packages.hash(&mut hasher);
    run(Command::new("python3").args(["-I", "-VV"])).hash(&mut hasher);
    let name = format!("emulator-venv-{:016x}", hasher.finish());
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// Makes the environment from nothing, over whatever is there.
fn make(home: &Path, requirements: &Path) {
    let venv = ["-I", "-m", "venv", "--clear"];
    run(Command::new("python3").args(venv).arg(home));
    let pip = "-I -m pip install -q --no-input --disable-pip-version-check --retries 2 -r";
    run(Command::new(home.join("bin/python"))
        .args(pip.split(' '))
        .arg(requirements));
}

/// Runs one command to its end and returns what it printed.
fn run(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{NEEDS}; {command:?} did not start: {error}"));
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaint = String::from_utf8_lossy(&output.stderr);
    let said = format!("{printed}{complaint}");
    assert!(
        output.status.success(),
        "{NEEDS}; {command:?} ended with {}:\n{said}",
        output.status
    );
    printed
}
