//! The demonstration district: a suite on which one learner's journey has happened.

mod roster;
mod tokens;

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use jiff::tz::TimeZone;
use trellis_contracts::common::JobState;
use trellis_contracts::profile::application_service_client::ApplicationServiceClient;
use trellis_contracts::profile::growth_service_client::GrowthServiceClient;
use trellis_contracts::profile::roster_transfer_service_client::RosterTransferServiceClient;
use trellis_contracts::profile::{
    Agreement, ImportRosterHeader, ImportRosterRequest, ListAgreementsRequest, ListLevelsRequest,
    RosterFormat,
};
use trellis_kernel::{Clock as _, District, Party, SystemClock, Timestamp};

use crate::cli::Stop;
use crate::client::{Caller, Endpoint};
use crate::config::Config;
use crate::journey::{Cast, ELSEWHERE, Input, Journey, Step};
use crate::roles::Role;
use crate::suite::Running;
use crate::tokens::Minter;

pub use tokens::Tokens;

/// The Math Content Specification as a CASE package.
const MATH: &[u8] = include_bytes!("../../demo/mockMATH.json");
/// The demonstration district.
pub const DISTRICT: &str = "grand-bend";
/// The sandbox beside it.
pub const SANDBOX: &str = "sandbox";

/// What the journey begins with, here and in `trellis journey`.
pub fn input(district: District, now: Timestamp) -> Result<Input, Box<dyn Error + Send + Sync>> {
    let today = now.to_zoned_datetime(TimeZone::UTC).date();
    let (roster, cast) = roster::grand_bend(today)?;
    Ok(Input { district, case: MATH.to_vec(), roster, cast, today })
}

/// Fills the district if it is empty, and answers with what to print: where to look, and as whom.
pub async fn prepare(config: &Config, running: &Running) -> Result<String, Stop> {
    let address = reachable(running.address);
    let url = format!("http://{address}");
    let endpoint = Endpoint::at(&url).map_err(Stop::failed)?;
    let minter = Minter::open(&config.keys_dir, Arc::new(SystemClock))?;
    let demonstration = Demonstration::of(endpoint, minter, url, SystemClock.now())?;
    if demonstration.agreements().await?.is_empty() {
        println!("Preparing the demonstration district; the first time this takes a minute or two.");
        demonstration.fill(|step| println!("  {:>2}. {}", step.number, step.title)).await?;
    }
    let tokens = demonstration.tokens().await?;
    let files = tokens.write(&config.data_dir.join("tokens"))?;
    let level = demonstration.level().await?;
    Ok(tokens.shown(&address.to_string(), &files, &demonstration.cast, &level))
}

/// The demonstration district of a suite, wherever that is.
pub struct Demonstration {
    endpoint: Endpoint,
    minter: Minter,
    /// How the suite is called in what is told.
    url: String,
    input: Input,
    cast: Cast,
}

impl Demonstration {
    /// The one of the suite that is reached so.
    ///
    /// # Errors
    ///
    /// When the data that come with the program cannot be used.
    pub fn of(endpoint: Endpoint, minter: Minter, url: String, now: Timestamp) -> Result<Self, Stop> {
        let input = input(District::parse(DISTRICT)?, now).map_err(Stop::failed)?;
        let cast = Cast::of(&input.district, &input.cast);
        Ok(Self { endpoint, minter, url, input, cast })
    }

    /// A token for each part that there is to play, once the district is filled.
    ///
    /// # Errors
    ///
    /// When the suite refuses, or the district is not filled.
    pub async fn tokens(&self) -> Result<Tokens, Stop> {
        let agreements = self.agreements().await?;
        Ok(Tokens::new(&self.minter, &self.input.district, &self.cast, &agreements)?)
    }

    fn caller(&self, district: &District, party: &Party, role: Role) -> Result<Caller, Stop> {
        Ok(self.endpoint.with(&self.minter.mint(district, party, &role.scopes(), tokens::LIFE)?))
    }

    /// The agreements of the district: the journey's ninth step makes them, so that a district that has
    /// them has the rest.
    async fn agreements(&self) -> Result<Vec<Agreement>, Stop> {
        let operator = self.caller(&self.input.district, &Party::Operator, Role::Operator)?;
        let request = ListAgreementsRequest {
            parent: format!("districts/{}", self.input.district),
            page_size: 1000,
            ..ListAgreementsRequest::default()
        };
        let page = ApplicationServiceClient::new(operator).list_agreements(request).await;
        Ok(page.map_err(|status| Stop::refused(&self.url, &status))?.into_inner().agreements)
    }

    /// Lets the journey happen in it, and tells each step; the neighbouring district gets its roster.
    ///
    /// # Errors
    ///
    /// When the suite refuses a step.
    pub async fn fill(&self, told: impl FnMut(&Step)) -> Result<(), Stop> {
        self.fill_neighbour().await?;
        let journey = Journey::new(self.endpoint.clone(), self.minter.clone(), self.input.clone());
        journey.walk(told).await.map(drop).map_err(Stop::failed)
    }

    async fn fill_neighbour(&self) -> Result<(), Stop> {
        let district = District::parse(ELSEWHERE)?;
        let header = ImportRosterHeader {
            parent: format!("districts/{district}"),
            format: RosterFormat::OnerosterCsv.into(),
            time_zone: "America/Chicago".to_owned(),
            ..ImportRosterHeader::default()
        };
        let messages = [
            ImportRosterRequest { header: Some(header), ..ImportRosterRequest::default() },
            ImportRosterRequest {
                chunk: roster::river_bend().map_err(Stop::failed)?.into(),
                ..ImportRosterRequest::default()
            },
        ];
        let operator = self.caller(&district, &Party::Operator, Role::Operator)?;
        let mut client = RosterTransferServiceClient::new(operator);
        let transfer = client.import_roster(tokio_stream::iter(messages)).await;
        let transfer = transfer.map_err(|status| Stop::refused(&self.url, &status))?.into_inner();
        if transfer.state() == JobState::Succeeded {
            return Ok(());
        }
        Err(Stop::Failed("The roster of the neighbouring district was refused.".to_owned()))
    }

    /// The learner's level that the printed lines look at.
    async fn level(&self) -> Result<String, Stop> {
        let (district, learner) = (&self.input.district, self.cast.learner);
        let request = ListLevelsRequest {
            parent: format!("districts/{district}/learners/{learner}"),
            ..ListLevelsRequest::default()
        };
        let learner = self.caller(district, &Party::Person(learner), Role::Learner)?;
        let page = GrowthServiceClient::new(learner).list_levels(request).await;
        let levels = page.map_err(|status| Stop::refused(&self.url, &status))?.into_inner().levels;
        let first = levels.into_iter().next();
        first.map(|level| level.name).ok_or_else(|| Stop::Failed("The learner has no level.".to_owned()))
    }
}

/// An address that this machine can call, where the suite listens on all of them.
fn reachable(address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        return SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), address.port());
    }
    address
}
