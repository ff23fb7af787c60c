//! `events dead-letters`.

use std::fmt::Write as _;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use tonic::{Response, Status};
use trellis_contracts::common::dead_letter_service_client::DeadLetterServiceClient;
use trellis_contracts::common::{
    DeadLetter, DeadLetterState, DiscardDeadLetterRequest, GetDeadLetterRequest, ListDeadLettersRequest,
    ListDeadLettersResponse, ReplayDeadLetterRequest, ReplayDeadLetterResponse,
};
use trellis_contracts::values;
use trellis_kernel::{District, Ids as _, RandomIds};

use super::import::Client;
use super::output::json;
use super::{Format, Stop};
use crate::client::Caller;

/// How many letters are asked for at a time.
const PAGE: i32 = 500;

#[derive(Debug, Subcommand)]
pub(super) enum Events {
    /// Look after events whose effect failed for good and was put aside.
    #[command(subcommand)]
    DeadLetters(DeadLetters),
}

#[derive(Debug, Subcommand)]
pub(super) enum DeadLetters {
    /// Those of a district, in the order in which they were put aside.
    List {
        /// The district.
        #[arg(long, value_name = "ID")]
        district: District,
        /// Those too that were replayed or discarded; they are kept for 30 days.
        #[arg(long)]
        settled: bool,
        #[command(flatten)]
        at: At,
    },
    /// One of them.
    Show {
        /// Its name, `districts/{district}/deadLetters/{dead_letter}`.
        name: String,
        #[command(flatten)]
        at: At,
    },
    /// Try one again, and then those that wait behind it, up to the first that fails again.
    Replay {
        /// Its name; or --all.
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        name: Option<String>,
        /// Every one of a district that failed.
        #[arg(long, requires = "district")]
        all: bool,
        /// The district, with --all.
        #[arg(long, value_name = "ID", requires = "all")]
        district: Option<District>,
        #[command(flatten)]
        at: At,
    },
    /// Give one up: its effect never comes. Those behind it wait for a replay.
    Discard {
        /// Its name.
        name: String,
        #[command(flatten)]
        at: At,
    },
}

#[derive(Debug, Args)]
pub(super) struct At {
    #[command(flatten)]
    client: Client,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    output: Format,
}

impl Events {
    pub(super) async fn run(self) -> Result<(), Stop> {
        let Self::DeadLetters(letters) = self;
        letters.run().await
    }
}

impl DeadLetters {
    async fn run(self) -> Result<(), Stop> {
        match self {
            Self::List { district, settled, at } => {
                let dead_letters = at.all(&district, settled).await?;
                at.print(dead_letters)
            }
            Self::Show { name, at } => {
                let answer = at.letters()?.get_dead_letter(GetDeadLetterRequest { name }).await;
                at.print_one(&at.answered(answer)?)
            }
            Self::Replay { name, all: _, district, at } => {
                let names = match (name, district) {
                    (Some(name), _) => vec![name],
                    (None, Some(district)) => at.failed(&district).await?,
                    (None, None) => return Err(Stop::Usage("Name a dead letter, or say --all.".to_owned())),
                };
                at.replay(names).await
            }
            Self::Discard { name, at } => {
                let request = DiscardDeadLetterRequest { name, request_id: RandomIds.next().to_string() };
                let answer = at.letters()?.discard_dead_letter(request).await;
                at.print_one(&at.answered(answer)?)
            }
        }
    }
}

impl At {
    fn letters(&self) -> Result<DeadLetterServiceClient<Caller>, Stop> {
        Ok(DeadLetterServiceClient::new(self.client.caller()?))
    }

    fn answered<T>(&self, answer: Result<Response<T>, Status>) -> Result<T, Stop> {
        answer.map(Response::into_inner).map_err(|status| Stop::refused(&self.client.endpoint, &status))
    }

    async fn all(&self, district: &District, show_settled: bool) -> Result<Vec<DeadLetter>, Stop> {
        let mut client = self.letters()?;
        let (mut letters, mut page_token) = (Vec::new(), String::new());
        loop {
            let parent = format!("districts/{district}");
            let request = ListDeadLettersRequest { parent, show_settled, page_size: PAGE, page_token };
            let page = self.answered(client.list_dead_letters(request).await)?;
            letters.extend(page.dead_letters);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return Ok(letters);
            }
        }
    }

    async fn failed(&self, district: &District) -> Result<Vec<String>, Stop> {
        let letters = self.all(district, false).await?;
        let failed = letters.into_iter().filter(|letter| letter.state() == DeadLetterState::Failed);
        Ok(failed.map(|letter| letter.name).collect())
    }

    /// Replays each, and tells what became of all; the command fails when one failed again.
    async fn replay(&self, names: Vec<String>) -> Result<(), Stop> {
        let mut client = self.letters()?;
        let mut dead_letters = Vec::new();
        for name in names {
            let request = ReplayDeadLetterRequest { name, request_id: RandomIds.next().to_string() };
            let ReplayDeadLetterResponse { dead_letters: became } =
                self.answered(client.replay_dead_letter(request).await)?;
            dead_letters.extend(became);
        }
        let failed = dead_letters.iter().filter(|letter| letter.state() == DeadLetterState::Failed).count();
        self.print(dead_letters)?;
        if failed > 0 {
            return Err(Stop::Failed(format!("{failed} failed again.")));
        }
        Ok(())
    }

    fn print(&self, dead_letters: Vec<DeadLetter>) -> Result<(), Stop> {
        match self.output {
            Format::Json => {
                let whole = ListDeadLettersResponse { dead_letters, next_page_token: String::new() };
                println!("{}", json(&whole)?);
            }
            Format::Text if dead_letters.is_empty() => println!("There are none."),
            Format::Text => print!("{}", dead_letters.iter().map(words).collect::<String>()),
        }
        Ok(())
    }

    fn print_one(&self, letter: &DeadLetter) -> Result<(), Stop> {
        match self.output {
            Format::Json => println!("{}", json(letter)?),
            Format::Text => print!("{}", words(letter)),
        }
        Ok(())
    }
}

fn words(letter: &DeadLetter) -> String {
    let state = match letter.state() {
        DeadLetterState::Failed => format!("failed {} times: {}", letter.attempts, letter.reason),
        DeadLetterState::Waiting => "waits behind another of the same resource".to_owned(),
        DeadLetterState::Replayed => "replayed".to_owned(),
        DeadLetterState::Discarded => "discarded".to_owned(),
        DeadLetterState::Unspecified => "in a state that this program does not know".to_owned(),
    };
    let time = |at: Option<&prost_types::Timestamp>| {
        at.and_then(values::instant).map_or_else(|| "-".to_owned(), |at: Timestamp| at.to_string())
    };
    let mut words = format!("{}\n", letter.name);
    for (what, value) in [
        ("state", state),
        ("event", format!("{} of {} at position {}", letter.kind, letter.producer, letter.position)),
        ("resource", letter.resource.clone()),
        ("effect", format!("{} in {}", letter.consumer, letter.service)),
        ("happened", time(letter.event_time.as_ref())),
        ("put aside", time(letter.create_time.as_ref())),
        ("changed", time(letter.update_time.as_ref())),
    ] {
        let _ = writeln!(words, "  {what:<10} {value}");
    }
    words
}
