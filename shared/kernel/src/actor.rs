//! Who asks, and how they stand to what they ask about.

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;
use uuid::Uuid;

use crate::{District, Failure, Reason};

/// What an actor is. Roles are not here: they come from the roster, never from a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Party {
    /// A person of the roster: a learner, an educator, a guardian, an administrator.
    Person(Uuid),
    /// A vendor's product, acting under its agreement with the district.
    Application(Uuid),
    /// The district's own IT: installs, imports, configures; reads no learner's record.
    Operator,
    /// One of the suite's own services, on behalf of the actor whose request it is serving, if any.
    Service {
        /// Its name: `outcome`, `profile`, `experience`, `scheduling`.
        name: String,
        /// The actor whose request made it call.
        on_behalf_of: Option<Box<Actor>>,
    },
}

/// The one who asks, as the token proves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The issuer's own name for the subject.
    pub subject: String,
    /// What it is.
    pub party: Party,
    /// The district that the token is for; none for a service, which serves them all.
    pub district: Option<District>,
    /// What the token allows.
    pub scopes: Scopes,
    /// When the token ends.
    pub expire_time: Timestamp,
    /// What the token is called, its `jti`, if it has a name.
    pub token_id: Option<String>,
}

impl Actor {
    /// The person on whose behalf all this happens, if it is a person.
    pub fn person(&self) -> Option<Uuid> {
        match &self.principal().party {
            Party::Person(id) => Some(*id),
            _ => None,
        }
    }

    /// The actor behind a service that acts on behalf of another; else the actor itself.
    pub fn principal(&self) -> &Self {
        match &self.party {
            Party::Service { on_behalf_of: Some(actor), .. } => actor.principal(),
            _ => self,
        }
    }

    /// How the actor is written into a record: `people/…`, `applications/…`, `operator`, `services/…`.
    pub fn label(&self) -> String {
        match &self.principal().party {
            Party::Person(id) => format!("people/{id}"),
            Party::Application(id) => format!("applications/{id}"),
            Party::Operator => "operator".to_owned(),
            Party::Service { name, .. } => format!("services/{name}"),
        }
    }
}

/// The scopes of a token: `outcome.frameworks.read`, `profile.goals.write`, …
///
/// A scope that ends in `*` stands for every scope that begins with what is before it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes(BTreeSet<String>);

impl Scopes {
    /// Reads a space-separated list (RFC 6749, section 3.3).
    pub fn parse(list: &str) -> Self {
        Self(list.split_ascii_whitespace().map(str::to_owned).collect())
    }

    /// Whether they allow `scope`.
    pub fn allow(&self, scope: &str) -> bool {
        self.0.contains(scope)
            || self.0.iter().any(|held| held.strip_suffix('*').is_some_and(|start| scope.starts_with(start)))
    }

    /// Refuses unless they allow `scope`.
    pub fn require(&self, scope: &str) -> Result<(), Failure> {
        if self.allow(scope) {
            return Ok(());
        }
        Err(Failure::denied(
            Reason::ScopeMissing,
            "The token does not carry the scope that this method requires.",
        )
        .with("scope", scope))
    }

    /// The scopes, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first = true;
        for scope in self.iter() {
            if !first {
                f.write_str(" ")?;
            }
            f.write_str(scope)?;
            first = false;
        }
        Ok(())
    }
}

/// How an actor stands to a learner, or to the district as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Relation {
    /// The learner themself.
    Own,
    /// A guardian who holds education rights for the learner.
    Guardian,
    /// Teaches, advises or mentors the learner now; towards a district: is an educator there now.
    Educator,
    /// Leads the learner's school now (principal, site administrator).
    School,
    /// Administers the district now.
    District,
    /// Any person with an active role in the district.
    Member,
    /// An application whose agreement covers the data class and the learner's organisation.
    Application,
    /// The district's own IT.
    Operator,
    /// A service of the suite, for itself.
    Service,
}

impl Relation {
    const ALL: [Self; 9] = [
        Self::Own,
        Self::Guardian,
        Self::Educator,
        Self::School,
        Self::District,
        Self::Member,
        Self::Application,
        Self::Operator,
        Self::Service,
    ];
}

/// A set of relations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Relations(u16);

impl Relations {
    /// No relation at all.
    pub const NONE: Self = Self(0);

    /// The set with `relation` in it too.
    #[must_use]
    pub const fn with(self, relation: Relation) -> Self {
        Self(self.0 | (1 << relation as u8))
    }

    /// Whether `relation` is in it.
    pub const fn contains(self, relation: Relation) -> bool {
        self.0 & (1 << relation as u8) != 0
    }

    /// Whether the two have a relation in common.
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether it is empty.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The relations in it.
    pub fn iter(self) -> impl Iterator<Item = Relation> {
        Relation::ALL.into_iter().filter(move |relation| self.contains(*relation))
    }
}

impl FromIterator<Relation> for Relations {
    fn from_iter<I: IntoIterator<Item = Relation>>(relations: I) -> Self {
        relations.into_iter().fold(Self::NONE, Self::with)
    }
}
