//! The outcome that a criterion looks at.

use serde::{Deserialize, Serialize};
use trellis_kernel::{Failure, Name, Result, Uuid};

use crate::domain::case::{guid, guid_at_end};
use crate::domain::outcome::OUTCOMES;
use crate::domain::text::check_line;

/// An outcome that is held here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Held {
    /// One of the rubric's own framework.
    Own(Uuid),
    /// One elsewhere in the district or in the commons.
    Other {
        /// Its name.
        name: String,
        /// Its identity.
        id: Uuid,
    },
}

impl Held {
    /// An outcome of another framework, by its name.
    pub(crate) fn other(name: &Name) -> Option<Self> {
        Some(Self::Other { id: name.id_in(OUTCOMES)?, name: name.to_string() })
    }

    /// Its identity.
    pub(crate) const fn id(&self) -> Uuid {
        match self {
            Self::Own(id) | Self::Other { id, .. } => *id,
        }
    }
}

/// What a criterion looks at: an outcome that is held here, or what its own authors call it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Alignment {
    /// What it is, when it is held here.
    pub held: Option<Held>,
    /// The URI by which its authors know it.
    pub uri: String,
    /// Its identifier there.
    pub identifier: String,
    /// What it was called when the rubric was made.
    pub title: String,
}

impl Alignment {
    /// An alignment in which what others call the outcome is about the one that is held, by its GUID: all else
    /// is dropped.
    pub(crate) fn settled(self) -> Self {
        let named = named(&self.identifier, &self.uri);
        if self.held.as_ref().is_none_or(|held| named == Some(held.id())) {
            return self;
        }
        Self { held: self.held, ..Self::default() }
    }

    /// The identity of the outcome, whichever framework holds it; none when nobody says it.
    pub(crate) fn outcome(&self) -> Option<Uuid> {
        self.held.as_ref().map(Held::id).or_else(|| named(&self.identifier, &self.uri))
    }

    /// The outcome of the rubric's own framework.
    pub(crate) const fn own(&self) -> Option<Uuid> {
        match &self.held {
            Some(Held::Own(id)) => Some(*id),
            Some(Held::Other { .. }) | None => None,
        }
    }

    pub(super) fn check(&self, field: &str) -> Result<()> {
        if self.held.is_none() && self.uri.is_empty() && self.identifier.is_empty() {
            return Err(Failure::field(field, "must have a resource, or the uri of what is held elsewhere"));
        }
        for line in [&self.uri, &self.identifier, &self.title] {
            check_line(field, line)?;
        }
        Ok(())
    }

    pub(super) fn size(&self) -> usize {
        self.uri.len() + self.identifier.len() + self.title.len()
    }

    pub(super) fn realign(&mut self, holds: impl Fn(Uuid) -> bool) -> bool {
        match self.held {
            Some(Held::Own(id)) if !holds(id) => {
                self.held = None;
                if self.uri.is_empty() && self.identifier.is_empty() {
                    self.identifier = id.to_string();
                }
                true
            }
            None => {
                self.held = named(&self.identifier, &self.uri).filter(|id| holds(*id)).map(Held::Own);
                self.held.is_some()
            }
            Some(_) => false,
        }
    }

    pub(super) fn loosened(mut self, gone: &[Uuid]) -> Option<Self> {
        if self.own().is_some_and(|id| gone.contains(&id)) {
            self.held = None;
        }
        (self.held.is_some() || !self.uri.is_empty()).then_some(self)
    }
}

/// The GUID that its authors give it.
fn named(identifier: &str, uri: &str) -> Option<Uuid> {
    if identifier.is_empty() { guid_at_end(uri) } else { guid(identifier) }
}
