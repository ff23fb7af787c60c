//! How a party stands to learners and to a district: the rules, over facts that the store gathers.
//!
//! Roles come from the roster and agreements from the district; nothing here reads a token.

use jiff::civil::Date;
use trellis_kernel::{Relation, Relations, Timestamp, Uuid};

/// The age at which the rights of parents pass to the learner (20 USC 1232g(d)).
const AGE_OF_RIGHTS: i16 = 18;

/// The kinds of organisation that are no school: leading one is not leading the schools in it.
const ABOVE_SCHOOLS: &[&str] = &["district", "local", "state", "national"];

/// The roles that make an educator of the district.
const EDUCATORS: &[&str] = &["teacher", "aide", "counselor", "principal"];

/// Whether the learner holds their own education rights: from the day they turn 18.
///
/// Who is born on 29 February turns 18 on 1 March. Without a birth date nobody is taken for an adult.
pub(crate) fn holds_own_rights(birth_date: Option<Date>, today: Date) -> bool {
    let Some(birth) = birth_date else { return false };
    let years = today.year() - birth.year();
    let had_birthday = (today.month(), today.day()) >= (birth.month(), birth.day());
    years > AGE_OF_RIGHTS || (years == AGE_OF_RIGHTS && had_birthday)
}

/// A role that a person holds today.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    /// `OneRoster`'s word.
    pub role: String,
    /// The organisation.
    pub organization: Uuid,
    /// `OneRoster`'s word for what the organisation is.
    pub organization_kind: String,
}

/// A person who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    pub id: Uuid,
    /// Whether the roster holds the person.
    pub active: bool,
    /// Whether the person may act here.
    pub enabled: bool,
    /// What the person is today, and where.
    pub roles: Vec<Held>,
}

impl Caller {
    /// What the person is today; nothing when the roster no longer holds them.
    fn held(&self) -> &[Held] {
        if self.active && self.enabled { &self.roles } else { &[] }
    }

    /// Whether the person administers the district.
    pub(crate) fn administers_district(&self) -> bool {
        self.held().iter().any(|held| {
            held.role == "districtAdministrator"
                || (held.role == "systemAdministrator" && held.organization_kind == "district")
        })
    }

    /// The schools (or departments) that the person leads.
    pub(crate) fn led(&self) -> Vec<Uuid> {
        self.held()
            .iter()
            .filter(|held| matches!(held.role.as_str(), "principal" | "siteAdministrator"))
            .filter(|held| !ABOVE_SCHOOLS.contains(&held.organization_kind.as_str()))
            .map(|held| held.organization)
            .collect()
    }

    fn educates(&self) -> bool {
        self.held().iter().any(|held| EDUCATORS.contains(&held.role.as_str()))
    }

    /// How the person stands to the district.
    pub(crate) fn towards_district(&self) -> Relations {
        collect([
            (Relation::Member, !self.held().is_empty()),
            (Relation::Educator, self.educates()),
            (Relation::School, !self.led().is_empty()),
            (Relation::District, self.administers_district()),
        ])
    }

    /// How the person stands to a learner.
    pub(crate) fn towards(&self, learner: &Learner, today: Date) -> Relations {
        if !self.enabled {
            return Relations::NONE;
        }
        let led = self.led();
        let adult = holds_own_rights(learner.birth_date, today);
        collect([
            (Relation::Own, self.id == learner.id),
            (Relation::Guardian, self.active && learner.in_their_care && !adult),
            (Relation::Educator, self.active && learner.taught_by_them),
            (Relation::School, learner.lineage.iter().any(|organization| led.contains(organization))),
            (Relation::District, self.administers_district()),
        ])
    }
}

/// A learner, as one caller stands to them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Learner {
    pub id: Uuid,
    pub birth_date: Option<Date>,
    /// The learner's organisations today, and all that those are a part of.
    pub lineage: Vec<Uuid>,
    /// Whether the roster gives the caller education rights for the learner.
    pub in_their_care: bool,
    /// Whether the caller teaches a class now that the learner takes now.
    pub taught_by_them: bool,
}

/// The classes of data that an agreement can cover.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) enum Class {
    /// About no person; any agreement covers it.
    Operational,
    Directory,
    EducationRecord,
    Sensitive,
}

/// What an application may reach by one agreement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Terms {
    pub id: Uuid,
    pub classes: Vec<Class>,
    pub organizations: Vec<Uuid>,
    pub start: Timestamp,
    pub expire: Timestamp,
    pub revoked: bool,
}

impl Terms {
    /// Whether the agreement is in force.
    pub(crate) fn in_force(&self, now: Timestamp) -> bool {
        !self.revoked && self.start <= now && now < self.expire
    }

    /// Whether the agreement, in force, covers a class of data.
    pub(crate) fn cover(&self, class: Class) -> bool {
        class == Class::Operational || self.classes.contains(&class)
    }
}

/// The organisations that an application may reach for a class of data, by all its agreements together;
/// nothing when no agreement in force covers the class at all.
pub(crate) fn reach(agreements: &[Terms], class: Class, now: Timestamp) -> Option<Vec<Uuid>> {
    let mut covering = agreements.iter().filter(|terms| terms.in_force(now) && terms.cover(class)).peekable();
    covering.peek()?;
    Some(covering.flat_map(|terms| terms.organizations.iter().copied()).collect())
}

/// The relations whose condition holds.
fn collect<const N: usize>(conditions: [(Relation, bool); N]) -> Relations {
    conditions.into_iter().filter_map(|(relation, holds)| holds.then_some(relation)).collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const SCHOOL: Uuid = Uuid::from_u128(1);
    const DISTRICT: Uuid = Uuid::from_u128(2);
    const OTHER: Uuid = Uuid::from_u128(3);
    const TODAY: Date = date(2026, 9, 1);

    fn caller(role: &str, organization: Uuid) -> Caller {
        let kind = if organization == DISTRICT { "district" } else { "school" };
        let held = Held { role: role.into(), organization, organization_kind: kind.into() };
        Caller { id: Uuid::from_u128(10), active: true, enabled: true, roles: vec![held] }
    }

    fn learner() -> Learner {
        Learner { id: Uuid::from_u128(20), lineage: vec![SCHOOL, DISTRICT], ..Learner::default() }
    }

    fn names(relations: Relations) -> Vec<Relation> {
        relations.iter().collect()
    }

    #[test]
    fn rights_pass_to_the_learner_on_the_day_they_turn_18() {
        let born = Some(date(2008, 9, 1));
        assert!(!holds_own_rights(born, date(2026, 8, 31)));
        assert!(holds_own_rights(born, date(2026, 9, 1)));
        let leap = Some(date(2008, 2, 29));
        assert!(!holds_own_rights(leap, date(2026, 2, 28)));
        assert!(holds_own_rights(leap, date(2026, 3, 1)));
        assert!(!holds_own_rights(None, TODAY));
    }

    #[test]
    fn a_guardian_stands_to_a_child_and_no_longer_to_an_adult() {
        let guardian = caller("guardian", SCHOOL);
        let child = Learner { in_their_care: true, birth_date: Some(date(2010, 1, 1)), ..learner() };
        assert_eq!(names(guardian.towards(&child, TODAY)), [Relation::Guardian]);
        let adult = Learner { birth_date: Some(date(2008, 9, 1)), ..child };
        assert!(guardian.towards(&adult, TODAY).is_empty());
    }

    #[test]
    fn a_role_reaches_as_far_as_its_organisation() {
        assert_eq!(names(caller("principal", SCHOOL).towards(&learner(), TODAY)), [Relation::School]);
        assert_eq!(names(caller("siteAdministrator", SCHOOL).towards(&learner(), TODAY)), [Relation::School]);
        assert!(caller("principal", OTHER).towards(&learner(), TODAY).is_empty());
        assert!(caller("principal", DISTRICT).towards(&learner(), TODAY).is_empty());
        assert!(caller("teacher", SCHOOL).towards(&learner(), TODAY).is_empty());
        assert!(caller("systemAdministrator", SCHOOL).towards(&learner(), TODAY).is_empty());
        assert_eq!(
            names(caller("systemAdministrator", DISTRICT).towards(&learner(), TODAY)),
            [Relation::District]
        );
        assert_eq!(
            names(caller("districtAdministrator", SCHOOL).towards(&learner(), TODAY)),
            [Relation::District]
        );
        assert!(caller("ext:principal", SCHOOL).towards(&learner(), TODAY).is_empty());
    }

    #[test]
    fn teaching_is_a_relation_only_while_it_lasts() {
        let taught = Learner { taught_by_them: true, ..learner() };
        assert_eq!(names(caller("teacher", SCHOOL).towards(&taught, TODAY)), [Relation::Educator]);
        let gone = Caller { active: false, ..caller("teacher", SCHOOL) };
        assert!(gone.towards(&taught, TODAY).is_empty());
    }

    #[test]
    fn who_may_not_act_here_stands_nowhere() {
        let mut learner_self = caller("student", SCHOOL);
        let own = Learner { id: learner_self.id, ..learner() };
        assert_eq!(names(learner_self.towards(&own, TODAY)), [Relation::Own]);
        assert_eq!(names(learner_self.towards_district()), [Relation::Member]);
        learner_self.active = false;
        assert_eq!(names(learner_self.towards(&own, TODAY)), [Relation::Own], "what is theirs stays theirs");
        assert!(learner_self.towards_district().is_empty());
        learner_self.enabled = false;
        assert!(learner_self.towards(&own, TODAY).is_empty());
    }

    #[test]
    fn the_district_knows_its_educators_leaders_and_members() {
        use Relation::{District, Educator, Member, School};
        assert_eq!(names(caller("teacher", SCHOOL).towards_district()), [Educator, Member]);
        assert_eq!(names(caller("principal", SCHOOL).towards_district()), [Educator, School, Member]);
        assert_eq!(names(caller("districtAdministrator", DISTRICT).towards_district()), [District, Member]);
        assert_eq!(names(caller("guardian", SCHOOL).towards_district()), [Member]);
        assert!(Caller { roles: Vec::new(), ..caller("", SCHOOL) }.towards_district().is_empty());
    }

    #[test]
    fn an_application_reaches_what_its_agreements_in_force_cover() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let terms = Terms {
            id: OTHER,
            classes: vec![Class::Directory],
            organizations: vec![SCHOOL],
            start: at(10),
            expire: at(20),
            revoked: false,
        };
        let agreements = [terms.clone()];
        assert_eq!(reach(&agreements, Class::Directory, at(9)), None);
        assert_eq!(reach(&agreements, Class::Directory, at(10)), Some(vec![SCHOOL]));
        assert_eq!(reach(&agreements, Class::Directory, at(20)), None);
        assert_eq!(reach(&agreements, Class::EducationRecord, at(10)), None);
        assert_eq!(reach(&agreements, Class::Operational, at(10)), Some(vec![SCHOOL]));
        assert_eq!(reach(&[Terms { revoked: true, ..terms }], Class::Directory, at(10)), None);
    }
}
