//! `token`, and `token revoke`.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Subcommand};
use jiff::SignedDuration;
use trellis_kernel::{District, Party, Scopes, SystemClock, Uuid};

use super::Stop;
use super::revoke::Revoke;
use crate::roles::Role;
use crate::roster_id;
use crate::tokens::Minter;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct Token {
    #[command(subcommand)]
    other: Option<Other>,
    #[command(flatten)]
    print: Option<Print>,
}

#[derive(Debug, Subcommand)]
enum Other {
    /// Take a token back before it ends.
    Revoke(Revoke),
}

impl Token {
    pub(super) async fn run(self) -> Result<(), Stop> {
        match (self.other, self.print) {
            (Some(Other::Revoke(revoke)), _) => revoke.run().await,
            (None, Some(print)) => print.run(),
            (None, None) => Err(Stop::Usage("Say for whom: --district ID --role ROLE.".to_owned())),
        }
    }
}

#[derive(Debug, Args)]
struct Print {
    /// The district that the token is for.
    #[arg(long, value_name = "ID")]
    district: District,
    /// Whose bundle of scopes it carries; a role gives no right by itself (docs/roles.md).
    #[arg(long, value_enum)]
    role: Role,
    /// The person that it names: the id in `people/{id}`, or their OneRoster sourcedId.
    #[arg(long, value_name = "ID")]
    person: Option<String>,
    /// The application that it names: the id in `applications/{id}`.
    #[arg(long, value_name = "ID", conflicts_with = "person")]
    application: Option<Uuid>,
    /// A scope, in place of the role's bundle; may be given several times.
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// How many hours it is valid.
    #[arg(long, value_name = "HOURS", default_value_t = 12, value_parser = clap::value_parser!(i64).range(1..=8760))]
    hours: i64,
    /// Where the suite keeps its data; its keys are in `keys` there.
    #[arg(long, value_name = "DIR", env = "TRELLIS_DATA_DIR", default_value = "data")]
    data_dir: PathBuf,
    /// Where the suite keeps its keys, if elsewhere.
    #[arg(long, value_name = "DIR", env = "TRELLIS_KEYS_DIR")]
    keys_dir: Option<PathBuf>,
}

impl Print {
    fn run(self) -> Result<(), Stop> {
        let party = self.party()?;
        let scopes = match self.scopes.as_slice() {
            [] => self.role.scopes(),
            scopes => Scopes::parse(&scopes.join(" ")),
        };
        let keys = self.keys_dir.unwrap_or_else(|| self.data_dir.join("keys"));
        let minter = Minter::open(&keys, Arc::new(SystemClock))?;
        println!("{}", minter.mint(&self.district, &party, &scopes, SignedDuration::from_hours(self.hours))?);
        Ok(())
    }

    fn party(&self) -> Result<Party, Stop> {
        match (self.role, &self.person, self.application) {
            (Role::Operator, None, None) => Ok(Party::Operator),
            (Role::Operator, ..) => {
                Err(Stop::Usage("An operator is neither a person nor an application.".to_owned()))
            }
            (Role::Application, _, Some(id)) => Ok(Party::Application(id)),
            (Role::Application, ..) => {
                Err(Stop::Usage("Say which application: --application ID.".to_owned()))
            }
            (_, Some(person), _) => {
                let id = Uuid::parse_str(person);
                Ok(Party::Person(id.unwrap_or_else(|_| roster_id(&self.district, "people", person))))
            }
            (role, None, _) => Err(Stop::Usage(format!("Say which person is the {role}: --person ID."))),
        }
    }
}
