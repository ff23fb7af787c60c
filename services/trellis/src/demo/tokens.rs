//! A token for each part that there is to play, and lines to paste.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use jiff::SignedDuration;
use trellis_contracts::common::DataClass;
use trellis_contracts::profile::Agreement;
use trellis_kernel::{District, Failure, Party, Result, Uuid};

use super::roster::STRANGER;
use crate::journey::{Cast, ELSEWHERE};
use crate::roles::Role;
use crate::roster_id;
use crate::tokens::Minter;

/// How long the demonstration's tokens live.
pub(super) const LIFE: SignedDuration = SignedDuration::from_hours(24);

/// A token for each part.
pub struct Tokens(Vec<Part>);

struct Part {
    name: &'static str,
    who: &'static str,
    token: String,
}

impl Tokens {
    /// The parts, as `administrator`, each with its token.
    pub fn each(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|part| (part.name, part.token.as_str()))
    }

    pub(super) fn new(
        minter: &Minter,
        district: &District,
        cast: &Cast,
        agreements: &[Agreement],
    ) -> Result<Self> {
        let elsewhere = District::parse(ELSEWHERE)?;
        let sandbox = District::parse(super::SANDBOX)?;
        let stranger = roster_id(&elsewhere, "people", STRANGER);
        let record = i32::from(DataClass::EducationRecord);
        let application = |inside: bool| {
            let of = agreements.iter().find(|one| one.data_classes.contains(&record) == inside);
            let id =
                of.and_then(|one| one.application.rsplit('/').next()).and_then(|id| Uuid::parse_str(id).ok());
            id.map(Party::Application)
                .ok_or_else(|| Failure::internal("the demonstration lacks an agreement"))
        };
        let person = Party::Person;
        let parts = [
            ("operator", "the district's IT", district, Party::Operator, Role::Operator),
            (
                "administrator",
                "leads the district",
                district,
                person(cast.administrator),
                Role::Administrator,
            ),
            ("educator", "teaches the learner", district, person(cast.educator), Role::Educator),
            ("other_educator", "teaches others", district, person(cast.other_educator), Role::Educator),
            ("learner", "whose journey it is", district, person(cast.learner), Role::Learner),
            ("classmate", "in the learner's class", district, person(cast.classmate), Role::Learner),
            ("guardian", "of the learner", district, person(cast.guardian), Role::Guardian),
            ("application", "inside its agreement", district, application(true)?, Role::Application),
            ("other_application", "outside its agreement", district, application(false)?, Role::Application),
            ("stranger", "teaches in another district", &elsewhere, person(stranger), Role::Educator),
            ("stranger_operator", "that district's IT", &elsewhere, Party::Operator, Role::Operator),
            (
                "sandbox_operator",
                "who tries things in the sandbox",
                &sandbox,
                Party::Operator,
                Role::Operator,
            ),
        ];
        let tokens = parts.into_iter().map(|(name, who, district, party, role)| {
            Ok(Part { name, who, token: minter.mint(district, &party, &role.scopes(), LIFE)? })
        });
        Ok(Self(tokens.collect::<Result<_>>()?))
    }

    /// Writes each into a file of its own that only this user reads; answers with their directory.
    pub(super) fn write(&self, directory: &Path) -> Result<PathBuf> {
        let write = || -> std::io::Result<PathBuf> {
            fs::create_dir_all(directory)?;
            fs::set_permissions(directory, Permissions::from_mode(0o700))?;
            for part in &self.0 {
                let mut options = OpenOptions::new();
                options.write(true).create(true).truncate(true).mode(0o600);
                options.open(directory.join(part.name))?.write_all(part.token.as_bytes())?;
            }
            directory.canonicalize()
        };
        write().map_err(Failure::internal)
    }

    /// What is printed when all is ready.
    pub(super) fn shown(&self, address: &str, files: &Path, cast: &Cast, level: &str) -> String {
        let mut text = String::from("\nTokens, valid for 24 hours:\n\n");
        for part in &self.0 {
            let _ = writeln!(text, "{} ({})\n{}\n", part.name, part.who, part.token);
        }
        let files = files.display();
        let _ = writeln!(text, "They are in {files} too, and the lines below read them from there.\n");
        let learner = format!("districts/{}/learners/{}", super::DISTRICT, cast.learner);
        let call = |role: &str, request: &str, method: &str| {
            format!(
                "grpcurl -plaintext -H \"authorization: Bearer $(cat '{files}/{role}')\" -d '{request}' \
                 {address} {method}\n"
            )
        };
        let profile = "trellis.profile.v1alpha1";
        text.push_str("What is served, and who you are:\n");
        let _ = writeln!(text, "grpcurl -plaintext {address} list");
        text.push_str(&call("learner", "{}", "trellis.common.v1.IdentityService/WhoAmI"));
        text.push_str("\nThe learner's levels, and how one came about:\n");
        let parent = format!(r#"{{"parent": "{learner}"}}"#);
        let name = format!(r#"{{"name": "{level}"}}"#);
        text.push_str(&call("learner", &parent, &format!("{profile}.GrowthService/ListLevels")));
        text.push_str(&call("guardian", &name, &format!("{profile}.GrowthService/ExplainLevel")));
        text.push_str("\nAn educator who teaches others is refused:\n");
        text.push_str(&call("other_educator", &name, &format!("{profile}.GrowthService/GetLevel")));
        text.push_str("\nA vendor follows what happens (Ctrl-C ends it):\n");
        let watch = format!(r#"{{"parent": "districts/{}", "snapshot": true}}"#, super::DISTRICT);
        text.push_str(&call("application", &watch, &format!("{profile}.ChangeService/WatchChanges")));
        let _ = writeln!(text, "\nThe demonstration is ready at {address}. Ctrl-C ends it.");
        text
    }
}
