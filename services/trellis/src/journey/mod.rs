//! One learner's journey through the four services: ten steps, each by real calls, each checked.
//!
//! The command `trellis journey` prints it, the demonstration is seeded by it, and the tests walk it on
//! every database and in every shape of the suite.

mod cast;
mod evidence;
mod experience;
mod follow;
mod growth;
mod outcomes;
mod places;
mod roster;
mod sight;
mod step;
mod traces;
mod voice;

use jiff::civil::Date;
use jiff::{SignedDuration, ToSpan as _};
use trellis_contracts::common::LocalizedText;
use trellis_kernel::{District, Party, Uuid};

pub use cast::{Cast, Sourced};
pub use sight::ELSEWHERE;
pub use step::{STEPS, Step, Stumble, Trouble};
pub use traces::Traces;

use crate::client::{Caller, Endpoint};
use crate::roles::Role;
use crate::tokens::Minter;

/// How long the journey's tokens live.
const LIFE: SignedDuration = SignedDuration::from_hours(2);

/// What the journey begins with.
#[derive(Clone, Debug)]
pub struct Input {
    /// The district that it takes place in.
    pub district: District,
    /// A CASE package.
    pub case: Vec<u8>,
    /// A OneRoster folder, as a ZIP.
    pub roster: Vec<u8>,
    /// Who takes part, by what the roster calls them.
    pub cast: Sourced,
    /// The day on which it takes place.
    pub today: Date,
}

/// The journey under way.
pub struct Journey {
    endpoint: Endpoint,
    minter: Minter,
    input: Input,
    cast: Cast,
    traces: Traces,
}

/// What a step tells: lines for a person.
type Told = Result<Vec<String>, Trouble>;

impl Journey {
    /// A journey through the suite at `endpoint`, with tokens that its development issuer signs.
    pub fn new(endpoint: Endpoint, minter: Minter, input: Input) -> Self {
        let cast = Cast::of(&input.district, &input.cast);
        Self { endpoint, minter, input, cast, traces: Traces::default() }
    }

    /// Who takes part.
    pub fn cast(&self) -> &Cast {
        &self.cast
    }

    /// Walks all ten steps, and tells each when it is done.
    pub async fn walk(mut self, mut tell: impl FnMut(&Step)) -> Result<Traces, Stumble> {
        for (place, title) in STEPS.into_iter().enumerate() {
            let number = place + 1;
            let told = Box::pin(self.step(number)).await;
            let lines = told.map_err(|trouble| Stumble { number, title, trouble })?;
            tell(&Step { number, title, lines });
        }
        Ok(self.traces)
    }

    async fn step(&mut self, number: usize) -> Told {
        match number {
            1 => self.import_framework().await,
            2 => self.make_portrait().await,
            3 => self.import_roster().await,
            4 => self.speak().await,
            5 => self.open_experiences().await,
            6 => self.give_places().await,
            7 => self.show_learning().await,
            8 => self.grow().await,
            9 => self.see_and_not_see().await,
            _ => self.follow().await,
        }
    }

    fn parent(&self) -> String {
        format!("districts/{}", self.input.district)
    }

    fn learner(&self, id: Uuid) -> String {
        format!("districts/{}/learners/{id}", self.input.district)
    }

    fn someone(&self, id: Uuid) -> String {
        format!("districts/{}/people/{id}", self.input.district)
    }

    fn caller(&self, party: &Party, role: Role) -> Result<Caller, Trouble> {
        Ok(self.endpoint.with(&self.minter.mint(&self.input.district, party, &role.scopes(), LIFE)?))
    }

    fn operator(&self) -> Result<Caller, Trouble> {
        self.caller(&Party::Operator, Role::Operator)
    }

    fn as_person(&self, id: Uuid, role: Role) -> Result<Caller, Trouble> {
        self.caller(&Party::Person(id), role)
    }

    fn as_learner(&self) -> Result<Caller, Trouble> {
        self.as_person(self.cast.learner, Role::Learner)
    }

    fn as_educator(&self) -> Result<Caller, Trouble> {
        self.as_person(self.cast.educator, Role::Educator)
    }

    fn as_administrator(&self) -> Result<Caller, Trouble> {
        self.as_person(self.cast.administrator, Role::Administrator)
    }

    /// A day of the journey, so many days from today.
    fn day(&self, days: i32) -> String {
        self.input.today.saturating_add(days.days()).to_string()
    }
}

/// A text in English.
fn english(text: &str) -> Vec<LocalizedText> {
    vec![LocalizedText { language: "en".to_owned(), text: text.to_owned() }]
}

/// A request's identity, so that a retry does nothing twice.
#[expect(clippy::disallowed_methods, reason = "a client of the suite, which has no Ids of its own")]
fn request_id() -> String {
    Uuid::now_v7().to_string()
}
