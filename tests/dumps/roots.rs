//! Where dumps begin in a folder of several.

use std::fs;
use std::path::{Path, PathBuf};

/// The dumps below a folder: the highest folders that hold files of a dump, or a folder that
/// collectors make (`aws_configs`, `accounts`, one named after an account or a Region).
pub(crate) fn below(dir: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> = fs::read_dir(dir)
        .into_iter()
        .flatten()
        .filter_map(|it| Some(it.ok()?.path()))
        .collect();
    entries.sort();
    let (folders, files): (Vec<_>, Vec<_>) = entries.into_iter().partition(|it| it.is_dir());
    if files.iter().any(|it| is_of_a_dump(it)) || folders.iter().any(|it| is_of_a_collector(it)) {
        return vec![dir.to_path_buf()];
    }
    folders.iter().flat_map(|it| below(it)).collect()
}

fn is_of_a_dump(file: &Path) -> bool {
    const ENDS: [&str; 5] = ["json", "jsonl", "ndjson", "gz", "log"];
    let end = file.extension().and_then(|it| it.to_str());
    end.is_some_and(|it| ENDS.contains(&it))
}

fn is_of_a_collector(folder: &Path) -> bool {
    let Some(name) = folder.file_name().and_then(|it| it.to_str()) else {
        return false;
    };
    let is_account = name.len() == 12 && name.bytes().all(|it| it.is_ascii_digit());
    let is_region = name.split('-').count() >= 3
        && name.ends_with(|it: char| it.is_ascii_digit())
        && name.find('-') == Some(2);
    ["aws_configs", "accounts"].contains(&name) || is_account || is_region
}
