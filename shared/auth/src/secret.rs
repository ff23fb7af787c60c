//! Secrets that the suite makes for itself, in files that only its own user reads.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use tempfile::NamedTempFile;
use trellis_kernel::{Failure, Result};

/// What the file holds; where there is none, what is `made` is put there first. The directory must be
/// there.
///
/// The file appears whole and on the disk, or not at all: other processes of the suite may start in the
/// same moment, and then all of them have what the quickest has made.
pub fn kept(path: &Path, made: impl FnOnce() -> Result<String>) -> Result<String> {
    match fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        read => return read.map_err(Failure::internal),
    }
    let made = made()?;
    let directory = path.parent().ok_or_else(|| Failure::internal("a secret needs a file of its own"))?;
    // Its owner alone may read it: that is how temporary files are made.
    let mut file = NamedTempFile::new_in(directory).map_err(Failure::internal)?;
    file.write_all(made.as_bytes()).and_then(|()| file.as_file().sync_all()).map_err(Failure::internal)?;
    match file.persist_noclobber(path) {
        Ok(_file) => {
            File::open(directory).and_then(|directory| directory.sync_all()).map_err(Failure::internal)?;
            Ok(made)
        }
        Err(other) if other.error.kind() == ErrorKind::AlreadyExists => {
            fs::read_to_string(path).map_err(Failure::internal)
        }
        Err(other) => Err(Failure::internal(other.error)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::os::unix::fs::PermissionsExt as _;
    use std::sync::Barrier;
    use std::thread;

    use super::*;

    #[test]
    fn of_those_who_make_it_in_the_same_moment_all_have_the_same_and_the_whole() {
        let directory = tempfile::tempdir().expect("a directory");
        for round in 0..50 {
            let path = directory.path().join(round.to_string());
            let start = Barrier::new(8);
            let all: BTreeSet<String> = thread::scope(|scope| {
                let makers: Vec<_> = (0..8)
                    .map(|maker| {
                        let (path, start) = (&path, &start);
                        scope.spawn(move || {
                            start.wait();
                            kept(path, || Ok(format!("secret {maker}").repeat(1000))).expect("a secret")
                        })
                    })
                    .collect();
                makers.into_iter().map(|maker| maker.join().expect("no panic")).collect()
            });
            assert_eq!(all.len(), 1, "round {round}");
            assert_eq!(all.first().map(String::len), Some(8000));
            let mode = fs::metadata(&path).expect("a file").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        assert_eq!(fs::read_dir(directory.path()).expect("a directory").count(), 50, "nothing else is left");
    }
}
