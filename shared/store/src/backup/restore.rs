//! Putting a backup back.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use sea_orm::sqlx::sqlite::SqliteConnectOptions;
use sea_orm::sqlx::{Connection as _, Executor as _, Row as _, SqliteConnection, query};
use trellis_kernel::{Failure, Ids, Result, Uuid};

use super::lock::{DataLock, conflict};
use super::mark::Mark;
use super::{Kept, Manifest, files};

/// What is put back, and where.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// The backup.
    pub backup: &'a Path,
    /// The directory of data; made if it is not there.
    pub data: &'a Path,
    /// The services, each with the migrations that this program knows.
    pub services: &'a [(&'static str, BTreeSet<String>)],
    /// Where to put the keys of the backup, if they are to be taken.
    pub keys: Option<&'a Path>,
    /// Whether data that is there already may be replaced.
    pub force: bool,
    /// Where the new incarnations of the feeds come from.
    pub ids: &'a dyn Ids,
}

/// Puts a backup back: all of it, or nothing. Everything is copied into the directory and looked at
/// before the first file that was there is touched.
pub async fn restore(asked: Asked<'_>) -> Result<Manifest> {
    let manifest = Manifest::read(asked.backup)?;
    manifest.agrees()?;
    let kept = chosen(&manifest, asked.services)?;
    if asked.keys.is_some() && manifest.keys.is_empty() {
        return Err(conflict("The backup holds no keys: leave out --with-keys, and keep those you have."));
    }
    files::directory(asked.data)?;
    let _alone = DataLock::alone(asked.data)?;
    let all = manifest.services.iter().map(|kept| kept.service.as_str());
    let mut mark = Mark::read(asked.data, all)?;
    // What an interrupted restore left behind is no one's data.
    if !asked.force && !mark.is_set() && kept.iter().any(|kept| holds(asked.data, &kept.file)) {
        return Err(conflict(
            "The data directory holds databases already: --force replaces them by the backup.",
        ));
    }
    let staged = asked.data.join("restore.staged");
    files::remove(&staged)?;
    files::directory(&staged)?;
    mark.renew(&kept, asked.ids);
    let looked_at = stage(&asked, &manifest, &kept, &staged, &mark).await;
    let placed = looked_at.and_then(|()| place(&asked, &manifest, &kept, &staged, &mut mark));
    files::remove(&staged)?;
    placed?;
    files::sync(asked.data)?;
    Ok(manifest)
}

/// The files that are put back; refused when the backup lacks one, or knows more than this program.
fn chosen<'a>(
    manifest: &'a Manifest,
    services: &[(&'static str, BTreeSet<String>)],
) -> Result<Vec<&'a Kept>> {
    let mut chosen = Vec::with_capacity(services.len());
    for (service, known) in services {
        let kept = manifest.service(service).ok_or_else(|| {
            conflict(format!(
                "The backup does not hold the service {service}; name those it holds with --service."
            ))
        })?;
        if kept.migrations.iter().any(|migration| !known.contains(migration)) {
            return Err(conflict(format!(
                "The backup was made by a newer program (trellis {}): restore it with that one.",
                manifest.program
            )));
        }
        let plain = Path::new(&kept.file).components().count() == 1;
        if !plain || kept.file != format!("{service}.db") {
            return Err(conflict("The backup's manifest.json names files that no backup holds."));
        }
        chosen.push(kept);
    }
    Ok(chosen)
}

fn holds(data: &Path, file: &str) -> bool {
    // An empty file is one that was made for a database that never was.
    fs::metadata(data.join(file)).is_ok_and(|found| found.len() > 0)
}

/// Copies the files beside those that are there, looks at the copies, and renews their incarnations.
async fn stage(
    asked: &Asked<'_>,
    manifest: &Manifest,
    kept: &[&Kept],
    staged: &Path,
    mark: &Mark,
) -> Result<()> {
    let of = |kept: &Kept| Some(Renewal { before: kept.incarnation?, now: mark.incarnation(kept)? });
    let renewals: Vec<Renewal> = manifest.services.iter().filter_map(of).collect();
    for kept in kept {
        let (from, to) = (asked.backup.join(&kept.file), staged.join(&kept.file));
        let copied = {
            let to = to.clone();
            tokio::task::spawn_blocking(move || files::copy(&from, &to)).await.map_err(Failure::internal)
        };
        if copied?? != kept.sha256 {
            return Err(changed(&kept.file));
        }
        whole(&to).await.map_err(|error| changed(&kept.file).because(error))?;
        // A file of before there were incarnations gets one at the next start.
        if let Some(own) = of(kept) {
            own.made(&to, &renewals).await.map_err(Failure::internal)?;
        }
    }
    if asked.keys.is_some() {
        let into = staged.join("keys");
        files::directory(&into)?;
        for key in &manifest.keys {
            if Path::new(&key.file).components().count() != 1 {
                return Err(conflict("The backup's manifest.json names files that no backup holds."));
            }
            if files::copy(&asked.backup.join("keys").join(&key.file), &into.join(&key.file))? != key.sha256 {
                return Err(changed(&key.file));
            }
        }
        files::sync(&into)?;
    }
    files::sync(staged)
}

fn changed(file: &str) -> Failure {
    conflict(format!(
        "{file} of the backup is not what was backed up: take another backup. Nothing was changed."
    ))
}

async fn whole(file: &Path) -> std::result::Result<(), sea_orm::sqlx::Error> {
    let settings = SqliteConnectOptions::new().filename(file).read_only(true);
    let mut connection = SqliteConnection::connect_with(&settings).await?;
    let told: String = connection.fetch_one("PRAGMA integrity_check").await?.try_get(0)?;
    connection.close().await?;
    if told == "ok" { Ok(()) } else { Err(sea_orm::sqlx::Error::RowNotFound) }
}

/// A feed that is put back, and so has another incarnation than it had.
struct Renewal {
    before: Uuid,
    now: Uuid,
}

impl Renewal {
    /// Writes it down in the feed's own file, and there too what else was renewed with it: the consumers
    /// in it were put back together with the feeds that they follow, and go on.
    async fn made(&self, file: &Path, all: &[Self]) -> std::result::Result<(), sea_orm::sqlx::Error> {
        let settings = SqliteConnectOptions::new().filename(file);
        let mut connection = SqliteConnection::connect_with(&settings).await?;
        let mut tx = connection.begin().await?;
        query("UPDATE relay SET incarnation = $1").bind(self.now).execute(&mut *tx).await?;
        for Self { before, now } in all {
            let sql = "UPDATE event_checkpoints SET incarnation = $1 WHERE incarnation = $2";
            query(sql).bind(now).bind(before).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        connection.close().await
    }
}

/// Puts the copies where they belong, under the mark: a restore of some of the services leaves it
/// where an interrupted one had begun with others. The keys come before the files, for which the mark
/// is kept.
fn place(
    asked: &Asked<'_>,
    manifest: &Manifest,
    kept: &[&Kept],
    staged: &Path,
    mark: &mut Mark,
) -> Result<()> {
    mark.begin(kept.iter().map(|kept| kept.service.as_str()))?;
    if let Some(keys) = asked.keys {
        files::directory(keys)?;
        for key in &manifest.keys {
            let to = keys.join(&key.file);
            files::remove(&to)?;
            // Not renamed: keys may be kept on another file system.
            files::copy(&staged.join("keys").join(&key.file), &to)?;
        }
        files::sync(keys)?;
    }
    for kept in kept {
        let file = asked.data.join(&kept.file);
        // The journals first: with another file they would be taken for its own.
        for journal in ["-wal", "-shm", "-journal"] {
            files::remove(&beside(&file, journal))?;
        }
        fs::rename(staged.join(&kept.file), &file).map_err(Failure::internal)?;
        mark.placed(&kept.service)?;
    }
    Ok(())
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(ending);
    file.with_file_name(name)
}
