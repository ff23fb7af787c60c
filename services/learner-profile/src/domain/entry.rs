//! What a learner says of themself, what others add, and who may read it.

use trellis_kernel::{Failure, Relation, Relations, Result, Timestamp, Uuid};

use super::entry_keys::keyed;
use super::entry_words::Words;

keyed! {
    /// The facets that the field has a word for.
    FacetKind {
        /// What the learner is good at.
        Strength = "STRENGTH",
        /// What draws their curiosity.
        Interest = "INTEREST",
        /// What matters to them.
        Value = "VALUE",
        /// What helps them to learn.
        WhatHelpsMe = "WHAT_HELPS_ME",
        /// What others do to support them.
        Support = "SUPPORT",
        /// How they like to work.
        Preference = "PREFERENCE",
        /// What they hope to become or to do.
        Aspiration = "ASPIRATION",
        /// Who they are.
        Identity = "IDENTITY",
        /// The languages they live in.
        Language = "LANGUAGE",
        /// Something else, which the author names.
        Other = "OTHER",
    }
}

/// What an entry is about; the author's own word goes with `OTHER`, and with nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Facet {
    kind: FacetKind,
    other: String,
}

impl Facet {
    /// Reads a facet.
    pub(crate) fn parse(kind: FacetKind, other: String) -> Result<Self> {
        let named = !other.trim().is_empty();
        if kind == FacetKind::Other && !named {
            return Err(Failure::field("entry.other_facet", "must name the facet when it is OTHER"));
        }
        if kind != FacetKind::Other && !other.is_empty() {
            return Err(Failure::field("entry.other_facet", "must be empty unless the facet is OTHER"));
        }
        Ok(Self { kind, other })
    }

    /// The field's word for it.
    pub(crate) const fn kind(&self) -> FacetKind {
        self.kind
    }

    /// The author's word for it; empty unless the field's is `OTHER`.
    pub(crate) fn other(&self) -> &str {
        &self.other
    }
}

keyed! {
    /// Whose voice words are.
    Voice {
        /// The learner's own.
        Learner = "LEARNER",
        /// A guardian's.
        Family = "FAMILY",
        /// That of one who teaches the learner.
        Educator = "EDUCATOR",
    }
}

impl Voice {
    /// The voice of one who stands so to the learner: their first standing counts. None when they may not speak.
    pub(crate) const fn of(relations: Relations) -> Option<Self> {
        if relations.contains(Relation::Own) {
            Some(Self::Learner)
        } else if relations.contains(Relation::Guardian) {
            Some(Self::Family)
        } else if relations.contains(Relation::Educator) {
            Some(Self::Educator)
        } else {
            None
        }
    }
}

keyed! {
    /// Who may read an entry, besides its author and its learner.
    Audience {
        /// Nobody else, administrators included.
        OnlyMe = "ONLY_ME",
        /// Those who teach the learner now, and the applications that the school works with.
        MyEducators = "MY_EDUCATORS",
        /// Guardians who hold education rights.
        MyFamily = "MY_FAMILY",
        /// Both of these.
        FamilyAndEducators = "FAMILY_AND_EDUCATORS",
        /// All of these, and those who lead the school and the district.
        AllWhoSupportMe = "ALL_WHO_SUPPORT_ME",
    }
}

impl Audience {
    /// Those it lets read, by how they stand to the learner.
    const fn relations(self) -> Relations {
        let educators = Relations::NONE.with(Relation::Educator).with(Relation::Application);
        match self {
            Self::OnlyMe => Relations::NONE,
            Self::MyEducators => educators,
            Self::MyFamily => Relations::NONE.with(Relation::Guardian),
            Self::FamilyAndEducators => educators.with(Relation::Guardian),
            Self::AllWhoSupportMe => {
                educators.with(Relation::Guardian).with(Relation::School).with(Relation::District)
            }
        }
    }

    /// Whether it includes one who stands so to the learner.
    pub(crate) const fn includes(self, relations: Relations) -> bool {
        self.relations().meets(relations)
    }
}

/// One who would read about a learner.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Viewer {
    /// Who they are, when they are a person.
    pub person: Option<Uuid>,
    /// How they stand to the learner.
    pub relations: Relations,
}

impl Viewer {
    /// Whether this is the learner.
    pub(crate) const fn is_learner(&self) -> bool {
        self.relations.contains(Relation::Own)
    }
}

/// What decides who sees an entry. It outlives the entry, so that its end is told to the same people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sight {
    /// Who wrote it.
    pub author: Uuid,
    /// Whose voice it is.
    pub voice: Voice,
    /// Whom the author lets read it.
    pub audience: Audience,
    /// When the learner first read it; it stays empty on the learner's own words.
    pub learner_read_time: Option<Timestamp>,
}

impl Sight {
    /// Reads who may see what one who stands so to the learner writes.
    pub(crate) fn parse(author: Uuid, relations: Relations, audience: Audience) -> Result<Self> {
        let voice = Voice::of(relations).ok_or_else(Failure::access_denied)?;
        if voice != Voice::Learner && audience == Audience::OnlyMe {
            return Err(Failure::field(
                "entry.audience",
                "must not be ONLY_ME in what is written about somebody else: it is theirs to read",
            ));
        }
        Ok(Self { author, voice, audience, learner_read_time: None })
    }

    /// Whether the learner has still to read it, before others may.
    pub(crate) fn awaits_learner(&self) -> bool {
        self.voice != Voice::Learner && self.learner_read_time.is_none()
    }

    /// Whether this viewer may see it.
    pub(crate) fn allows(&self, viewer: &Viewer) -> bool {
        viewer.is_learner()
            || viewer.person == Some(self.author)
            || (!self.awaits_learner() && self.audience.includes(viewer.relations))
    }
}

/// One thing worth knowing about a learner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Its id.
    pub id: Uuid,
    /// Whom it is about.
    pub learner: Uuid,
    /// What it is about.
    pub facet: Facet,
    /// The words.
    pub text: Words,
    /// Who may see it.
    pub sight: Sight,
    /// When it was written.
    pub create_time: Timestamp,
    /// When it last changed.
    pub update_time: Timestamp,
    /// Its version.
    pub version: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    const AUTHOR: Uuid = Uuid::from_u128(1);
    const OTHER: Uuid = Uuid::from_u128(2);

    fn viewer(person: Uuid, relation: Relation) -> Viewer {
        Viewer { person: Some(person), relations: Relations::NONE.with(relation) }
    }

    fn own(audience: Audience) -> Sight {
        Sight::parse(AUTHOR, Relations::NONE.with(Relation::Own), audience).expect("a learner's own")
    }

    #[test]
    fn the_audience_decides_row_by_row() {
        use Relation::{Application, District, Educator, Guardian, School};
        let table = [
            (Audience::OnlyMe, vec![]),
            (Audience::MyEducators, vec![Educator, Application]),
            (Audience::MyFamily, vec![Guardian]),
            (Audience::FamilyAndEducators, vec![Educator, Application, Guardian]),
            (Audience::AllWhoSupportMe, vec![Educator, Application, Guardian, School, District]),
        ];
        assert_eq!(table.len(), Audience::ALL.len());
        for (audience, readers) in table {
            assert!(own(audience).allows(&viewer(AUTHOR, Relation::Own)), "{audience:?}");
            for relation in [Guardian, Educator, School, District, Application] {
                let allowed = own(audience).allows(&viewer(OTHER, relation));
                assert_eq!(allowed, readers.contains(&relation), "{audience:?} {relation:?}");
            }
            for stranger in [Relation::Member, Relation::Operator, Relation::Service] {
                assert!(!own(audience).allows(&viewer(OTHER, stranger)), "{audience:?} {stranger:?}");
            }
        }
    }

    #[test]
    fn what_others_write_the_learner_reads_first() {
        let educator = Relations::NONE.with(Relation::Educator);
        let mut sight =
            Sight::parse(AUTHOR, educator, Audience::AllWhoSupportMe).expect("an educator may write");
        assert!(sight.allows(&viewer(AUTHOR, Relation::Educator)), "its author");
        assert!(sight.allows(&viewer(OTHER, Relation::Own)), "the learner");
        assert!(!sight.allows(&viewer(OTHER, Relation::Educator)), "not yet another educator");
        assert!(!sight.allows(&viewer(OTHER, Relation::District)), "not yet an administrator");

        sight.learner_read_time = Some(Timestamp::UNIX_EPOCH);
        assert!(sight.allows(&viewer(OTHER, Relation::Educator)));
        assert!(sight.allows(&viewer(OTHER, Relation::District)));
    }

    #[test]
    fn nobody_but_the_learner_says_only_me() {
        for relation in [Relation::Guardian, Relation::Educator] {
            let refused = Sight::parse(AUTHOR, Relations::NONE.with(relation), Audience::OnlyMe);
            assert_eq!(refused.expect_err("an adult's").violations()[0].field, "entry.audience");
        }
        assert!(Sight::parse(AUTHOR, Relations::NONE.with(Relation::School), Audience::MyFamily).is_err());
    }

    #[test]
    fn the_first_standing_is_the_voice() {
        let both = Relations::NONE.with(Relation::Educator).with(Relation::Guardian);
        assert_eq!(Voice::of(both), Some(Voice::Family));
        assert_eq!(Voice::of(both.with(Relation::Own)), Some(Voice::Learner));
        assert_eq!(Voice::of(Relations::NONE.with(Relation::District)), None);
    }

    #[test]
    fn only_another_facet_has_a_name_of_its_own() {
        assert!(Facet::parse(FacetKind::Other, "Music I make".to_owned()).is_ok());
        assert!(Facet::parse(FacetKind::Other, " ".to_owned()).is_err());
        assert!(Facet::parse(FacetKind::Strength, "Music".to_owned()).is_err());
        assert!(Facet::parse(FacetKind::Strength, String::new()).is_ok());
    }

    #[test]
    fn every_word_of_a_row_reads_back() {
        assert!(FacetKind::ALL.iter().all(|kind| FacetKind::from_key(kind.key()) == Some(*kind)));
        assert!(Voice::ALL.iter().all(|voice| Voice::from_key(voice.key()) == Some(*voice)));
        assert!(Audience::ALL.iter().all(|one| Audience::from_key(one.key()) == Some(*one)));
        assert_eq!(Audience::from_key("EVERYONE"), None);
    }
}
