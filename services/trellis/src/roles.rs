//! Bundles of scopes by the word for who usually holds them. A role gives no right by itself: how
//! somebody stands to a learner comes from the roster, whatever their token is called.
//! `docs/roles.md` holds the table; a test compares them.

use std::fmt;
use std::fmt::Write as _;

use trellis_kernel::Scopes;

/// Who usually holds a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Role {
    /// The district's own IT: imports, configures, publishes; reads no learner's record.
    Operator,
    /// A learner.
    Learner,
    /// A teacher, advisor or mentor.
    Educator,
    /// A guardian.
    Guardian,
    /// A principal, or an administrator of the district.
    Administrator,
    /// A vendor's product that reads.
    Application,
}

const CHANGES: &str = "outcome.changes profile.changes experience.changes scheduling.changes";

impl Role {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Operator,
        Self::Learner,
        Self::Educator,
        Self::Guardian,
        Self::Administrator,
        Self::Application,
    ];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Learner => "learner",
            Self::Educator => "educator",
            Self::Guardian => "guardian",
            Self::Administrator => "administrator",
            Self::Application => "application",
        }
    }

    /// Whether a token of it names a person.
    pub const fn is_person(self) -> bool {
        !matches!(self, Self::Operator | Self::Application)
    }

    /// What a token of it allows.
    pub fn scopes(self) -> Scopes {
        let own = match self {
            Self::Operator => {
                "outcome.read outcome.write outcome.import profile.roster.read profile.roster.import \
                 profile.growth.read profile.growth.write profile.applications.read \
                 profile.applications.write profile.tokens.read profile.tokens.write \
                 experience.designs.read scheduling.read scheduling.write events.read events.write \
                 audit.read sandbox.read sandbox.write"
            }
            Self::Learner => {
                "outcome.read profile.roster.read profile.entries.read profile.entries.write \
                 profile.goals.read profile.goals.write profile.growth.read experience.designs.read \
                 experience.experiences.read experience.experiences.write experience.evidence.read \
                 experience.evidence.write experience.assessments.read experience.assessments.write \
                 scheduling.read scheduling.requests.read scheduling.requests.write scheduling.feeds.write \
                 audit.read"
            }
            Self::Educator => {
                "outcome.read outcome.write profile.roster.read profile.entries.read profile.entries.write \
                 profile.goals.read profile.goals.write profile.growth.read experience.designs.read \
                 experience.designs.write experience.experiences.read experience.experiences.write \
                 experience.evidence.read experience.evidence.write experience.assessments.read \
                 experience.assessments.write scheduling.read scheduling.write scheduling.requests.read \
                 scheduling.requests.write"
            }
            Self::Guardian => {
                "outcome.read profile.roster.read profile.entries.read profile.entries.write \
                 profile.goals.read profile.goals.write profile.growth.read experience.designs.read \
                 experience.experiences.read experience.evidence.read experience.evidence.write \
                 experience.assessments.read scheduling.read scheduling.requests.read \
                 scheduling.requests.write scheduling.feeds.write \
                 audit.read"
            }
            Self::Administrator => {
                "outcome.read outcome.write outcome.import profile.roster.read profile.roster.import \
                 profile.entries.read profile.goals.read profile.growth.read profile.growth.write \
                 profile.applications.read profile.applications.write profile.tokens.read \
                 profile.tokens.write experience.designs.read \
                 experience.designs.write experience.experiences.read experience.experiences.write \
                 experience.evidence.read experience.assessments.read scheduling.read scheduling.write \
                 scheduling.requests.read scheduling.requests.write events.read events.write audit.read"
            }
            Self::Application => {
                "outcome.read profile.roster.read profile.entries.read profile.goals.read \
                 profile.growth.read experience.designs.read experience.experiences.read \
                 experience.evidence.read experience.assessments.read scheduling.read \
                 scheduling.requests.read"
            }
        };
        Scopes::parse(&format!("{own} {CHANGES}"))
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The table as `docs/roles.md` holds it.
pub fn table() -> String {
    let mut scopes: Vec<String> = Role::ALL
        .iter()
        .flat_map(|role| role.scopes().iter().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    scopes.sort();
    scopes.dedup();
    let words: Vec<&str> = Role::ALL.iter().map(|role| role.word()).collect();
    let mut table = format!("| scope | {} |\n|---|{}\n", words.join(" | "), "---|".repeat(words.len()));
    for scope in scopes {
        let held = Role::ALL.map(|role| if role.scopes().allow(&scope) { "yes" } else { "" });
        let _ = writeln!(table, "| `{scope}` | {} |", held.join(" | "));
    }
    table
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_documented_table_is_this_one() {
        let page = include_str!("../../../docs/roles.md");
        assert!(page.contains(&table()), "docs/roles.md should hold this table:\n{}", table());
    }

    #[test]
    fn the_scopes_are_those_of_the_contracts_and_no_others() {
        let held: BTreeSet<String> = Role::ALL
            .iter()
            .flat_map(|role| role.scopes().iter().map(str::to_owned).collect::<Vec<_>>())
            .collect();
        let named: BTreeSet<String> = trellis_contracts::METHODS
            .iter()
            .map(|method| method.scope)
            .filter(|scope| !scope.is_empty() && !scope.starts_with("internal."))
            .map(str::to_owned)
            .collect();
        assert_eq!(held, named);
    }
}
