//! Adoptions: which revision of a framework organizations use, from one day to another, and how.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use trellis_kernel::{District, Etag, Failure, Name, Result, Timestamp, Uuid};

use super::framework::FrameworkRef;
use super::proficiency_scale::ScaleRef;
use super::text::{Text, check_texts};

/// The collection of adoptions in a name.
pub(crate) const ADOPTIONS: &str = "adoptions";
/// The type of an adoption in errors and changes.
pub(crate) const ADOPTION: &str = "trellis.dev/Adoption";
/// The collection of organizations in a name; the profile service keeps them.
const ORGANIZATIONS: &str = "organizations";
/// The collection of growth rules in a name; the profile service keeps them.
const GROWTH_RULES: &str = "growthRules";

/// How many adoptions an organization, and the district as a whole, may have: what resolves for one is a
/// single answer, which must fit a message.
pub(crate) const MOST: u64 = 500;

/// The days on which an adoption is used, the first and the last of them included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Days {
    /// The first.
    pub first: Date,
    /// The last; none while no end is set.
    pub last: Option<Date>,
}

impl Days {
    /// Whether a day is one of them.
    pub(crate) fn hold(self, day: Date) -> bool {
        self.first <= day && self.last.is_none_or(|last| day <= last)
    }

    /// Whether a day is among both.
    pub(crate) fn meet(self, other: Self) -> bool {
        self.last.is_none_or(|last| other.first <= last) && other.last.is_none_or(|last| self.first <= last)
    }
}

/// Whom an adoption is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Reach {
    /// Every organization of the district that has no adoption of the framework of its own.
    District,
    /// These, at least one.
    Organizations(BTreeSet<Uuid>),
}

impl Reach {
    /// Whether one place is named by both: the district as a whole, or an organization.
    fn meets(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::District, Self::District) => true,
            (Self::Organizations(own), Self::Organizations(others)) => !own.is_disjoint(others),
            _ => false,
        }
    }

    /// Whether it is for an organization, or (none) for where no organization has its own.
    fn covers(&self, organization: Option<Uuid>) -> bool {
        match self {
            Self::District => true,
            Self::Organizations(own) => organization.is_some_and(|organization| own.contains(&organization)),
        }
    }
}

/// A growth rule of the same district, pinned or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GrowthRuleRef {
    /// Its identity.
    pub id: Uuid,
    /// The revision, when one is named.
    pub pin: Option<u32>,
}

impl GrowthRuleRef {
    /// Reads the name of a rule of a district. Whether there is such a rule only the profile service knows.
    pub(crate) fn parse(field: &str, text: &str, district: &District) -> Result<Self> {
        let name = Name::of(field, text, &[GROWTH_RULES])?;
        if name.district != *district {
            return Err(Failure::field(field, "must be a growth rule of the same district"));
        }
        let pin = name.segments.first().and_then(|segment| segment.revision);
        let id = name.id().ok_or_else(|| Failure::internal("the name of a growth rule without an id"))?;
        Ok(Self { id, pin })
    }

    /// The name.
    pub(crate) fn name(self, district: &District) -> Name {
        let name = Name::district(district.clone()).child(GROWTH_RULES, self.id);
        match self.pin {
            Some(revision) => name.at_revision(revision),
            None => name,
        }
    }
}

/// What people write about an adoption.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AdoptionContent {
    /// The revision that is used.
    pub framework: FrameworkRef,
    /// The revision of the scale whose levels are spoken of.
    pub scale: Option<ScaleRef>,
    /// The rule that makes levels of ratings.
    pub growth_rule: Option<GrowthRuleRef>,
    /// Whom it is for.
    pub reach: Reach,
    /// When it is used.
    pub days: Days,
    /// What there is to know about it.
    pub note: Vec<Text>,
}

impl AdoptionContent {
    /// Whether the two leave open which one is used: of one framework, in one place, on one day.
    pub(crate) fn rivals(&self, other: &Self) -> bool {
        self.framework.same_framework(&other.framework)
            && self.reach.meets(&other.reach)
            && self.days.meet(other.days)
    }
}

/// What a request says of an adoption; it may leave out what no adoption can lack.
#[derive(Clone, Debug, Default)]
pub(crate) struct Terms {
    /// The revision that is used.
    pub framework: Option<FrameworkRef>,
    /// The revision of the scale.
    pub scale: Option<ScaleRef>,
    /// The growth rule.
    pub growth_rule: Option<GrowthRuleRef>,
    /// The organizations; none for the whole district.
    pub organizations: BTreeSet<Uuid>,
    /// The first day.
    pub first: Option<Date>,
    /// The last day.
    pub last: Option<Date>,
    /// What there is to know about it.
    pub note: Vec<Text>,
}

impl From<AdoptionContent> for Terms {
    fn from(content: AdoptionContent) -> Self {
        let AdoptionContent { framework, scale, growth_rule, reach, days, note } = content;
        let organizations = match reach {
            Reach::District => BTreeSet::new(),
            Reach::Organizations(organizations) => organizations,
        };
        Self {
            framework: Some(framework),
            scale,
            growth_rule,
            organizations,
            first: Some(days.first),
            last: days.last,
            note,
        }
    }
}

impl Terms {
    /// Refuses what no adoption may be.
    pub(crate) fn complete(self) -> Result<AdoptionContent> {
        let Self { framework, scale, growth_rule, organizations, first, last, note } = self;
        let missing = |field: &str| Failure::field(field, "value is required");
        let framework = framework.ok_or_else(|| missing("adoption.framework"))?;
        let first = first.ok_or_else(|| missing("adoption.start_date"))?;
        if last.is_some_and(|last| last < first) {
            return Err(Failure::field("adoption.end_date", "must not be before start_date"));
        }
        check_texts("adoption.note", &note, false)?;
        let reach =
            if organizations.is_empty() { Reach::District } else { Reach::Organizations(organizations) };
        Ok(AdoptionContent { framework, scale, growth_rule, reach, days: Days { first, last }, note })
    }
}

/// An adoption.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Adoption {
    /// The district that adopts.
    pub district: District,
    /// Its identity.
    pub id: Uuid,
    /// What is written about it.
    pub content: AdoptionContent,
    /// When it was created.
    pub create_time: Timestamp,
    /// When it was last changed.
    pub update_time: Timestamp,
    /// Counts its changes.
    pub version: i64,
}

impl Adoption {
    /// Its name.
    pub(crate) fn name(&self) -> Name {
        adoption_name(&self.district, self.id)
    }

    /// Its etag.
    pub(crate) const fn etag(&self) -> Etag {
        Etag::new(self.version)
    }
}

/// Which adoptions are asked for; what is none does not narrow.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// Those of a framework: of every revision, or of the one that is pinned.
    pub framework: Option<FrameworkRef>,
    /// Those that name an organization.
    pub organization: Option<Uuid>,
    /// Those that are used on a day.
    pub day: Option<Date>,
}

/// The name of an adoption.
pub(crate) fn adoption_name(district: &District, id: Uuid) -> Name {
    Name::district(district.clone()).child(ADOPTIONS, id)
}

/// The name of an organization.
pub(crate) fn organization_name(district: &District, id: Uuid) -> Name {
    Name::district(district.clone()).child(ORGANIZATIONS, id)
}

/// Reads the name of an adoption.
pub(crate) fn parse_adoption(field: &str, text: &str) -> Result<(District, Uuid)> {
    let name = Name::of(field, text, &[ADOPTIONS])?;
    let id = plain_id(field, &name)?;
    Ok((name.district, id))
}

/// Reads the name of an organization of a district. Whether there is one only the profile service knows.
pub(crate) fn parse_organization(field: &str, text: &str, district: &District) -> Result<Uuid> {
    let name = Name::of(field, text, &[ORGANIZATIONS])?;
    if name.district != *district {
        return Err(Failure::field(field, "must be an organization of the same district"));
    }
    plain_id(field, &name)
}

/// The id of a resource that has no revisions.
fn plain_id(field: &str, name: &Name) -> Result<Uuid> {
    match name.segments.last() {
        Some(last) if last.revision.is_none() => Ok(last.id),
        _ => Err(Failure::field(field, "must not be pinned: it has no revisions")),
    }
}

/// What an organization uses on a day, or (none) what holds where no organization has its own: of each
/// framework the adoption that names the organization, else that of the whole district. In the order of
/// the frameworks' names.
pub(crate) fn in_use(all: Vec<Adoption>, organization: Option<Uuid>, day: Date) -> Vec<Adoption> {
    let mut chosen: BTreeMap<(District, Uuid), Adoption> = BTreeMap::new();
    for adoption in all {
        let AdoptionContent { framework, reach, days, .. } = &adoption.content;
        if !days.hold(day) || !reach.covers(organization) {
            continue;
        }
        let key = (framework.district.clone(), framework.id);
        if *reach != Reach::District || !chosen.contains_key(&key) {
            chosen.insert(key, adoption);
        }
    }
    chosen.into_values().collect()
}

#[cfg(test)]
mod tests;
