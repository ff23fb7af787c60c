//! Vendors' applications and what a district has agreed with their makers.

use trellis_kernel::{Failure, Reason, Result, Timestamp, Uuid};

use super::access::{Class, Terms};
use super::meta::Meta;

/// A vendor's product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Application {
    pub id: Uuid,
    pub display_name: String,
    pub vendor: String,
    pub suspended: bool,
    pub meta: Meta,
}

/// The basis of law of an agreement (34 CFR part 99).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Basis {
    SchoolOfficial,
    Directory,
    Consent,
    Study,
    Audit,
}

impl Basis {
    const ALL: [Self; 5] = [Self::SchoolOfficial, Self::Directory, Self::Consent, Self::Study, Self::Audit];

    /// As it is kept.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::SchoolOfficial => "school_official",
            Self::Directory => "directory",
            Self::Consent => "consent",
            Self::Study => "study",
            Self::Audit => "audit",
        }
    }

    /// From how it is kept.
    pub(crate) fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|basis| basis.word() == word)
    }
}

/// An agreement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Agreement {
    pub application: Uuid,
    pub basis: Basis,
    pub purpose: String,
    pub terms: Terms,
    pub revoke_time: Option<Timestamp>,
    pub meta: Meta,
}

/// Refuses terms that no agreement can have.
pub(crate) fn check(basis: Basis, terms: &Terms, now: Timestamp) -> Result<()> {
    if terms.expire <= terms.start || terms.expire <= now {
        return Err(Failure::field("agreement.expire_time", "must be after start_time, and in the future"));
    }
    let beyond_directory =
        terms.classes.iter().any(|class| !matches!(class, Class::Directory | Class::Operational));
    if basis == Basis::Directory && beyond_directory {
        return Err(Failure::invalid(
            Reason::FieldViolation,
            "On the basis of directory information an application may see directory information alone.",
        )
        .violation("agreement.data_classes", "must hold no class beyond DATA_CLASS_DIRECTORY"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_must_end_after_they_begin_and_keep_within_their_basis() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let terms = Terms {
            id: Uuid::nil(),
            classes: vec![Class::EducationRecord],
            organizations: Vec::new(),
            start: at(10),
            expire: at(20),
            revoked: false,
        };
        assert!(check(Basis::SchoolOfficial, &terms, at(5)).is_ok());
        assert!(check(Basis::SchoolOfficial, &terms, at(20)).is_err(), "over before it was made");
        assert!(check(Basis::SchoolOfficial, &Terms { start: at(20), ..terms.clone() }, at(5)).is_err());
        assert!(check(Basis::Directory, &terms, at(5)).is_err());
        assert!(check(Basis::Directory, &Terms { classes: vec![Class::Directory], ..terms }, at(5)).is_ok());
    }
}
