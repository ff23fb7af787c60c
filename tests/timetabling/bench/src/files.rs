//! Problems in files.

use std::path::{Path, PathBuf};

use trellis_timetabling::Problem;

/// The problems among files and folders. What is named must be one; of a folder, what ends like one is taken.
pub(crate) fn instances(paths: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    for path in paths {
        if !path.is_dir() {
            found.push(path.clone());
            continue;
        }
        let entries = std::fs::read_dir(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let mut within: Vec<PathBuf> = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|file| {
                file.extension().is_some_and(|end| ["tim", "ctt", "xml"].iter().any(|e| end == *e))
            })
            .collect();
        within.sort();
        if within.is_empty() {
            return Err(format!("{}: there is no .tim, .ctt or .xml in it", path.display()));
        }
        found.append(&mut within);
    }
    Ok(found)
}

/// Reads a problem.
pub(crate) fn read(file: &Path) -> Result<Problem, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    Problem::read(&text).map_err(|fault| format!("{}: {fault}", file.display()))
}

/// What a problem is called: its file without the ending.
pub(crate) fn name(file: &Path) -> String {
    file.file_stem().unwrap_or(file.as_os_str()).to_string_lossy().into_owned()
}
