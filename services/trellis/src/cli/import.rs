//! `import case` and `import oneroster`.

use std::fmt::Write as _;
use std::fs;
use std::io::{Cursor, Read as _, Write as _};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use prost_reflect::ReflectMessage;
use tokio_stream::{Stream, StreamExt as _};
use tonic::{Response, Status};
use trellis_contracts::common::JobState;
use trellis_contracts::outcome::framework_transfer_service_client::FrameworkTransferServiceClient;
use trellis_contracts::outcome::{
    FrameworkTransfer, FrameworkTransferCounts, FrameworkTransferFormat, ImportFrameworkRequest,
    ListFrameworkTransferIssuesRequest,
};
use trellis_contracts::profile::roster_transfer_service_client::RosterTransferServiceClient;
use trellis_contracts::profile::{
    ImportRosterHeader, ImportRosterRequest, ListRosterIssuesRequest, RosterFormat, RosterTransfer,
};
use trellis_kernel::District;

use super::output::json;
use super::{Format, Stop};
use crate::client::{Caller, Endpoint};

/// How much of a document travels in one message.
const CHUNK: usize = 256 * 1024;
/// How many issues are printed; the rest can be listed by `ListFrameworkTransferIssues` or `ListRosterIssues`.
const SHOWN_ISSUES: i32 = 20;

#[derive(Debug, Subcommand)]
pub(super) enum Import {
    /// A CASE package (JSON) as a framework.
    Case {
        /// The package.
        file: PathBuf,
        /// Publish the framework when it is in.
        #[arg(long)]
        publish: bool,
        #[command(flatten)]
        to: To,
    },
    /// A roster as OneRoster 1.2 CSV: a folder, or a ZIP of one.
    Oneroster {
        /// The folder, or the ZIP.
        path: PathBuf,
        /// The time zone of the schools, where their own is not known.
        #[arg(long, value_name = "ZONE", default_value = "UTC")]
        time_zone: String,
        #[command(flatten)]
        to: To,
    },
}

#[derive(Debug, Args)]
pub(super) struct To {
    /// The district to import into.
    #[arg(long, value_name = "ID")]
    district: District,
    /// Say what would change, and change nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    client: Client,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    output: Format,
}

/// Where the suite is, and with which token to call it.
#[derive(Debug, Args)]
pub(super) struct Client {
    /// Where the suite is.
    #[arg(long, value_name = "URL", env = "TRELLIS_ENDPOINT", default_value = "http://127.0.0.1:50051")]
    pub(super) endpoint: String,
    /// The token to call it with: see `trellis token`.
    #[arg(long, value_name = "TOKEN", env = "TRELLIS_TOKEN", hide_env_values = true)]
    token: String,
}

impl Client {
    pub(super) fn caller(&self) -> Result<Caller, Stop> {
        let endpoint = Endpoint::at(&self.endpoint)
            .map_err(|_| Stop::Usage(format!("{} is no URL of a suite.", self.endpoint)))?;
        Ok(endpoint.with(&self.token))
    }
}

impl Import {
    pub(super) async fn run(self) -> Result<(), Stop> {
        match self {
            Self::Case { file, publish, to } => {
                let transfer = case(&read(&file)?, publish, &to).await?;
                finish(&transfer, transfer.state(), to.output, || describe_case(&transfer))?;
                issues_of_case(&transfer, &to).await
            }
            Self::Oneroster { path, time_zone, to } => {
                let document = if path.is_dir() { zipped(&path)? } else { read(&path)? };
                let transfer = oneroster(&document, time_zone, &to).await?;
                finish(&transfer, transfer.state(), to.output, || describe_roster(&transfer))?;
                issues_of_roster(&transfer, &to).await
            }
        }
    }
}

async fn case(document: &[u8], publish: bool, to: &To) -> Result<FrameworkTransfer, Stop> {
    let first = ImportFrameworkRequest {
        parent: format!("districts/{}", to.district),
        format: FrameworkTransferFormat::CaseJson.into(),
        publish,
        dry_run: to.dry_run,
        total_size: i64::try_from(document.len()).unwrap_or(i64::MAX),
        ..ImportFrameworkRequest::default()
    };
    let progress = progress(document.len());
    let chunks = chunks(document, &progress)
        .map(|chunk| ImportFrameworkRequest { chunk: chunk.into(), ..ImportFrameworkRequest::default() });
    let mut client = FrameworkTransferServiceClient::new(to.client.caller()?);
    let answer = client.import_framework(tokio_stream::once(first).chain(chunks)).await;
    answered(answer, to, &progress)
}

async fn oneroster(document: &[u8], time_zone: String, to: &To) -> Result<RosterTransfer, Stop> {
    let header = ImportRosterHeader {
        parent: format!("districts/{}", to.district),
        format: RosterFormat::OnerosterCsv.into(),
        time_zone,
        dry_run: to.dry_run,
        ..ImportRosterHeader::default()
    };
    let first = ImportRosterRequest { header: Some(header), ..ImportRosterRequest::default() };
    let progress = progress(document.len());
    let chunks = chunks(document, &progress)
        .map(|chunk| ImportRosterRequest { chunk: chunk.into(), ..ImportRosterRequest::default() });
    let mut client = RosterTransferServiceClient::new(to.client.caller()?);
    let answer = client.import_roster(tokio_stream::once(first).chain(chunks)).await;
    answered(answer, to, &progress)
}

fn answered<T>(answer: Result<Response<T>, Status>, to: &To, progress: &ProgressBar) -> Result<T, Stop> {
    progress.finish_and_clear();
    answer.map(Response::into_inner).map_err(|status| Stop::refused(&to.client.endpoint, &status))
}

/// The document in pieces; the bar moves as they are sent.
fn chunks(document: &[u8], progress: &ProgressBar) -> impl Stream<Item = Vec<u8>> + Send + use<> {
    let progress = progress.clone();
    let pieces: Vec<Vec<u8>> = document.chunks(CHUNK).map(<[u8]>::to_vec).collect();
    tokio_stream::iter(pieces).map(move |piece| {
        progress.inc(piece.len() as u64);
        if progress.length().is_some_and(|length| progress.position() >= length) {
            progress.set_message("sent; the suite is reading");
        }
        piece
    })
}

/// A bar on a terminal, and nothing anywhere else.
fn progress(length: usize) -> ProgressBar {
    let bar = ProgressBar::new(length as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {bytes}/{total_bytes} {msg}") {
        bar.set_style(style);
    }
    bar
}

fn read(path: &Path) -> Result<Vec<u8>, Stop> {
    fs::read(path).map_err(|error| Stop::Usage(format!("{} cannot be read: {error}.", path.display())))
}

/// The CSV files of a folder as a ZIP in memory.
fn zipped(folder: &Path) -> Result<Vec<u8>, Stop> {
    let unreadable =
        |error: &dyn std::fmt::Display| Stop::Usage(format!("{} cannot be read: {error}.", folder.display()));
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect())
        .map_err(|error| unreadable(&error))?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "csv"));
    files.sort();
    if files.is_empty() {
        return Err(Stop::Usage(format!("{} holds no CSV file.", folder.display())));
    }
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for path in files {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let options = zip::write::SimpleFileOptions::default();
        archive.start_file(name, options).map_err(|error| unreadable(&error))?;
        let mut text = Vec::new();
        fs::File::open(&path)
            .and_then(|mut file| file.read_to_end(&mut text))
            .and_then(|_| archive.write_all(&text))
            .map_err(|error| unreadable(&error))?;
    }
    Ok(archive.finish().map_err(|error| unreadable(&error))?.into_inner())
}

/// Prints what a transfer did; one that failed ends the command.
fn finish(
    transfer: &impl ReflectMessage,
    state: JobState,
    output: Format,
    words: impl FnOnce() -> String,
) -> Result<(), Stop> {
    match output {
        Format::Json => println!("{}", json(transfer)?),
        Format::Text => print!("{}", words()),
    }
    match state {
        JobState::Failed => Err(Stop::Failed("The import was refused, and nothing was written.".to_owned())),
        JobState::Cancelled => {
            Err(Stop::Failed("The import was cancelled, and nothing was written.".to_owned()))
        }
        _ => Ok(()),
    }
}

fn describe_case(transfer: &FrameworkTransfer) -> String {
    let mut words = match (transfer.dry_run, transfer.changed) {
        (true, _) => "Dry run: nothing was written. It would be:\n".to_owned(),
        (false, false) => "Nothing changed: all of it was there already.\n".to_owned(),
        (false, true) => format!("Imported as {}.\n", transfer.framework),
    };
    for (what, counts) in [
        ("outcomes", &transfer.outcomes),
        ("associations", &transfer.associations),
        ("definitions", &transfer.definitions),
        ("rubrics", &transfer.rubrics),
    ] {
        if let Some(counts) = counts.as_ref().filter(|counts| counts.read > 0) {
            let _ = writeln!(words, "  {what:<13} {}", counted(counts));
        }
    }
    let _ = writeln!(words, "  {:<13} {}", "to elsewhere", transfer.destinations_elsewhere);
    if transfer.publish && transfer.revision > 0 {
        let _ = writeln!(words, "Published as revision {}.", transfer.revision);
    }
    if transfer.issue_count > 0 {
        let _ = writeln!(words, "{} issues:", transfer.issue_count);
    }
    words
}

fn counted(counts: &FrameworkTransferCounts) -> String {
    let FrameworkTransferCounts { read, created, updated, unchanged, duplicates, refused, removed } = counts;
    let mut words = format!("{read} read");
    for (number, what) in [
        (created, "created"),
        (updated, "updated"),
        (unchanged, "unchanged"),
        (duplicates, "duplicates"),
        (refused, "refused"),
        (removed, "removed"),
    ] {
        if *number > 0 {
            let _ = write!(words, ", {number} {what}");
        }
    }
    words
}

fn describe_roster(transfer: &RosterTransfer) -> String {
    let unchanged = transfer.files.iter().all(|file| file.created + file.updated + file.retired == 0);
    let mut words = match (transfer.dry_run, unchanged) {
        (true, _) => "Dry run: nothing was written. It would be:\n".to_owned(),
        (false, true) => "Nothing changed: all of it was there already.\n".to_owned(),
        (false, false) => "Imported.\n".to_owned(),
    };
    for file in &transfer.files {
        let _ = writeln!(
            words,
            "  {:<22} {} rows, {} created, {} updated, {} unchanged, {} retired",
            file.file, file.rows, file.created, file.updated, file.unchanged, file.retired
        );
    }
    if transfer.error_count + transfer.warning_count > 0 {
        let _ = writeln!(words, "{} errors, {} warnings:", transfer.error_count, transfer.warning_count);
    }
    words
}

async fn issues_of_case(transfer: &FrameworkTransfer, to: &To) -> Result<(), Stop> {
    if transfer.issue_count == 0 || to.output == Format::Json {
        return Ok(());
    }
    let mut client = FrameworkTransferServiceClient::new(to.client.caller()?);
    let request = ListFrameworkTransferIssuesRequest {
        parent: transfer.name.clone(),
        page_size: SHOWN_ISSUES,
        ..ListFrameworkTransferIssuesRequest::default()
    };
    let page = client.list_framework_transfer_issues(request).await;
    let page = page.map_err(|status| Stop::refused(&to.client.endpoint, &status))?.into_inner();
    for issue in &page.issues {
        println!("  {} {}: {} {}", issue.code, issue.pointer, issue.text, issue.repair);
    }
    more(&page.next_page_token, "ListFrameworkTransferIssues", &transfer.name);
    Ok(())
}

async fn issues_of_roster(transfer: &RosterTransfer, to: &To) -> Result<(), Stop> {
    if transfer.error_count + transfer.warning_count == 0 || to.output == Format::Json {
        return Ok(());
    }
    let mut client = RosterTransferServiceClient::new(to.client.caller()?);
    let request = ListRosterIssuesRequest {
        parent: transfer.name.clone(),
        page_size: SHOWN_ISSUES,
        ..ListRosterIssuesRequest::default()
    };
    let page = client.list_roster_issues(request).await;
    let page = page.map_err(|status| Stop::refused(&to.client.endpoint, &status))?.into_inner();
    for issue in &page.issues {
        println!("  {}:{} {}: {}", issue.file, issue.line, issue.column, issue.text);
    }
    more(&page.next_page_token, "ListRosterIssues", &transfer.name);
    Ok(())
}

fn more(next: &str, method: &str, transfer: &str) {
    if !next.is_empty() {
        println!("  … and more: {method} of {transfer} lists them all.");
    }
}
