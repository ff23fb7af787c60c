//! Records of the roster as rows, and back.

use sea_orm::{ActiveModelTrait as _, EntityTrait, IntoActiveModel as _};
use trellis_kernel::{Failure, Result};
use trellis_store::{Document, Scoped, Tx, instant};

use super::columns::{day, maybe_day, of_day};
use super::entities::{
    academic_session, class, course, demographics, enrollment, organization, person, person_role,
    relationship,
};
use crate::domain::meta::Meta;
use crate::domain::roster::{
    AcademicSession, Class, Course, Demographics, Enrollment, Kinship, LegalName, Organization, Person,
    Record, Relationship, Role, Span,
};

/// A record as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct Stored<T> {
    pub record: T,
    pub meta: Meta,
}

/// A record that is kept in a table of its own.
pub(crate) trait Kept: Record + Send + Sync + 'static {
    /// The table.
    type Entity: Scoped<Model = Self::Row>;
    /// Its row.
    type Row: Send + Sync;

    /// Reads a row.
    fn read(row: Self::Row) -> Result<Stored<Self>>;

    /// The row of a record; the district is set when it is written.
    fn row(&self, meta: Meta) -> Result<Self::Row>;

    /// Writes rows, whether they are there or not.
    fn put(tx: &Tx, rows: Vec<Self::Row>) -> impl Future<Output = Result<()>> + Send;

    /// The column of the id.
    fn id_column() -> <Self::Entity as EntityTrait>::Column;
}

fn meta(create_time: i64, update_time: i64, version: i64) -> Result<Meta> {
    Ok(Meta { create_time: instant(create_time)?, update_time: instant(update_time)?, version })
}

macro_rules! kept {
    ($record:ident, $entity:ident, $row:ident => $read:expr, $this:ident => { $($write:tt)* }) => {
        impl Kept for $record {
            type Entity = $entity::Entity;
            type Row = $entity::Model;

            fn read($row: Self::Row) -> Result<Stored<Self>> {
                let meta = meta($row.create_time, $row.update_time, $row.version)?;
                Ok(Stored { record: $read, meta })
            }

            fn row(&self, meta: Meta) -> Result<Self::Row> {
                let $this = self.clone();
                Ok($entity::Model {
                    district: String::new(),
                    id: $this.id,
                    active: $this.active,
                    $($write)*
                    create_time: meta.create_time.as_microsecond(),
                    update_time: meta.update_time.as_microsecond(),
                    version: meta.version,
                })
            }

            async fn put(tx: &Tx, rows: Vec<Self::Row>) -> Result<()> {
                tx.put_many(rows.into_iter().map(|row| row.into_active_model().reset_all()).collect()).await
            }

            fn id_column() -> <Self::Entity as EntityTrait>::Column {
                $entity::Column::Id
            }
        }
    };
}

kept!(Organization, organization,
    row => Organization {
        id: row.id,
        sourced_id: row.sourced_id,
        active: row.active,
        title: row.title,
        kind: row.kind,
        identifier: row.identifier,
        parent: row.parent_id,
        time_zone: row.time_zone,
    },
    this => {
        sourced_id: this.sourced_id,
        title: this.title,
        kind: this.kind,
        identifier: this.identifier,
        parent_id: this.parent,
        time_zone: this.time_zone,
    }
);

kept!(AcademicSession, academic_session,
    row => AcademicSession {
        id: row.id,
        sourced_id: row.sourced_id,
        active: row.active,
        title: row.title,
        kind: row.kind,
        start: of_day(&row.start_date)?,
        end: of_day(&row.end_date)?,
        parent: row.parent_id,
        school_year: row.school_year,
    },
    this => {
        sourced_id: this.sourced_id,
        title: this.title,
        kind: this.kind,
        start_date: this.start.to_string(),
        end_date: this.end.to_string(),
        parent_id: this.parent,
        school_year: this.school_year,
    }
);

kept!(Course, course,
    row => Course {
        id: row.id,
        sourced_id: row.sourced_id,
        active: row.active,
        title: row.title,
        code: row.code,
        organization: row.organization_id,
        school_year: row.school_year_id,
        grades: row.grades.0,
        subjects: row.subjects.0,
        subject_codes: row.subject_codes.0,
    },
    this => {
        sourced_id: this.sourced_id,
        title: this.title,
        code: this.code,
        organization_id: this.organization,
        school_year_id: this.school_year,
        grades: Document(this.grades),
        subjects: Document(this.subjects),
        subject_codes: Document(this.subject_codes),
    }
);

kept!(Class, class,
    row => Class {
        id: row.id,
        sourced_id: row.sourced_id,
        active: row.active,
        title: row.title,
        code: row.code,
        kind: row.kind,
        course: row.course_id,
        organization: row.organization_id,
        sessions: row.sessions.0,
        span: match (maybe_day(row.first_date.as_deref())?, maybe_day(row.last_date.as_deref())?) {
            (Some(first), Some(last)) => Some(Span { first, last }),
            _ => None,
        },
        location: row.location,
        periods: row.periods.0,
        grades: row.grades.0,
        subjects: row.subjects.0,
        subject_codes: row.subject_codes.0,
    },
    this => {
        sourced_id: this.sourced_id,
        title: this.title,
        code: this.code,
        kind: this.kind,
        course_id: this.course,
        organization_id: this.organization,
        sessions: Document(this.sessions),
        first_date: day(this.span.map(|span| span.first)),
        last_date: day(this.span.map(|span| span.last)),
        location: this.location,
        periods: Document(this.periods),
        grades: Document(this.grades),
        subjects: Document(this.subjects),
        subject_codes: Document(this.subject_codes),
    }
);

kept!(Person, person,
    row => Person {
        id: row.id,
        sourced_id: row.sourced_id,
        active: row.active,
        enabled: row.enabled,
        given_name: row.given_name,
        family_name: row.family_name,
        legal_name: LegalName {
            given: row.legal_given_name,
            middle: row.legal_middle_name,
            family: row.legal_family_name,
        },
        pronouns: row.pronouns,
        grades: row.grades.0,
        identifier: row.identifier,
    },
    this => {
        sourced_id: this.sourced_id,
        enabled: this.enabled,
        given_name: this.given_name,
        family_name: this.family_name,
        legal_given_name: this.legal_name.given,
        legal_middle_name: this.legal_name.middle,
        legal_family_name: this.legal_name.family,
        pronouns: this.pronouns,
        grades: Document(this.grades),
        identifier: this.identifier,
    }
);

kept!(Role, person_role,
    row => Role {
        id: row.id,
        sourced_id: row.sourced_id,
        active: row.active,
        person: row.person_id,
        organization: row.organization_id,
        word: row.role,
        primary: row.is_primary,
        begin: maybe_day(row.begin_date.as_deref())?,
        end: maybe_day(row.end_date.as_deref())?,
    },
    this => {
        sourced_id: this.sourced_id,
        person_id: this.person,
        organization_id: this.organization,
        role: this.word,
        is_primary: this.primary,
        begin_date: day(this.begin),
        end_date: day(this.end),
    }
);

kept!(Enrollment, enrollment,
    row => Enrollment {
        id: row.id,
        sourced_id: row.sourced_id,
        active: row.active,
        class: row.class_id,
        organization: row.organization_id,
        person: row.person_id,
        role: row.role,
        primary: row.is_primary,
        begin: maybe_day(row.begin_date.as_deref())?,
        end: maybe_day(row.end_date.as_deref())?,
    },
    this => {
        sourced_id: this.sourced_id,
        class_id: this.class,
        organization_id: this.organization,
        person_id: this.person,
        role: this.role,
        is_primary: this.primary,
        begin_date: day(this.begin),
        end_date: day(this.end),
    }
);

kept!(Relationship, relationship,
    row => Relationship {
        id: row.id,
        active: row.active,
        learner: row.learner_id,
        other: row.other_id,
        kind: Kinship::of_role(&row.kind).ok_or_else(|| Failure::internal("a kinship is kept that is none"))?,
        education_rights: row.education_rights,
    },
    this => {
        learner_id: this.learner,
        other_id: this.other,
        kind: this.kind.word().to_owned(),
        education_rights: this.education_rights,
    }
);

kept!(Demographics, demographics,
    row => Demographics {
        id: row.id,
        active: row.active,
        birth_date: maybe_day(row.birth_date.as_deref())?,
        facts: row.facts.0,
    },
    this => {
        birth_date: day(this.birth_date),
        facts: Document(this.facts),
    }
);
