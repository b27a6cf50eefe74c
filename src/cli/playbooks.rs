//! The playbooks that there are: those that are shipped, and those of the user.

use std::path::PathBuf;

use color_eyre::eyre::{self, WrapErr};
use etcetera::BaseStrategy;

use super::BadInput;
use crate::executor::user_playbooks;
use crate::plan::{Playbook, PlaybookError};

/// All of them; a file that is wrong is an error in its place.
pub(super) fn all() -> eyre::Result<Vec<Result<Playbook, PlaybookError>>> {
    let shipped = Playbook::shipped()?;
    let mut all: Vec<_> = shipped.into_iter().map(Ok).collect();
    all.extend(user_playbooks(&folder()?));
    Ok(all)
}

/// The one of this name.
pub(super) fn named(name: &str) -> eyre::Result<Playbook> {
    let mut good = Vec::new();
    let mut bad = Vec::new();
    for playbook in all()? {
        match playbook {
            Ok(playbook) => good.push(playbook),
            Err(error) => bad.push(error.to_string()),
        }
    }
    let found = Playbook::named(&good, name).cloned();
    found.map_err(|error| {
        bad.insert(0, error.to_string());
        BadInput(bad.join("; ")).into()
    })
}

/// `firedoor/playbooks` in the XDG configuration directory.
fn folder() -> eyre::Result<PathBuf> {
    let dirs = etcetera::base_strategy::Xdg::new().wrap_err("no home directory")?;
    Ok(dirs.config_dir().join("firedoor").join("playbooks"))
}
