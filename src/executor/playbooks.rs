//! Playbooks that people wrote: the TOML files of a folder.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::plan::{Playbook, PlaybookError};

/// Reads every `*.toml` of a folder, in the order of the names. A folder that is not there has none; a
/// file that is wrong does not hide the others. A name that a shipped playbook or an earlier file has is
/// an error.
pub fn user_playbooks(folder: &Path) -> Vec<Result<Playbook, PlaybookError>> {
    let mut files: Vec<PathBuf> = match fs::read_dir(folder) {
        Ok(entries) => entries.flatten().map(|it| it.path()).collect(),
        Err(error) if error.kind() == ErrorKind::NotFound => return Vec::new(),
        Err(error) => return vec![Err(unreadable(folder, &error))],
    };
    files.retain(|it| it.extension().is_some_and(|it| it == "toml"));
    files.sort();
    let mut taken: Vec<String> = match Playbook::shipped() {
        Ok(shipped) => shipped.into_iter().map(|it| it.name).collect(),
        Err(error) => return vec![Err(error)],
    };
    files
        .iter()
        .map(|file| {
            let playbook = read(file)?;
            if taken.contains(&playbook.name) {
                let file = file.display();
                let message = format!("another playbook is named {:?}: rename it", playbook.name);
                return Err(PlaybookError::Unreadable {
                    file: file.to_string(),
                    message,
                });
            }
            taken.push(playbook.name.clone());
            Ok(playbook)
        })
        .collect()
}

fn read(file: &Path) -> Result<Playbook, PlaybookError> {
    let text = fs::read_to_string(file).map_err(|error| unreadable(file, &error))?;
    Playbook::parse(&file.display().to_string(), &text)
}

fn unreadable(file: &Path, error: &std::io::Error) -> PlaybookError {
    PlaybookError::Unreadable {
        file: file.display().to_string(),
        message: error.to_string(),
    }
}
