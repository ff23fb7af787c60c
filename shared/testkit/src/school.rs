//! A small district: two schools, two classes, nine people who stand in every relation there is.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use jiff::civil::Date;
use jiff::{ToSpan as _, tz::TimeZone};
use trellis_contracts::common::JobState;
use trellis_contracts::profile::roster_transfer_service_client::RosterTransferServiceClient;
use trellis_contracts::profile::{ImportRosterHeader, ImportRosterRequest, RosterFormat, RosterTransfer};
use trellis_kernel::{District, Timestamp, Uuid};
use trellis_suite::journey::{Input, Sourced};

use crate::Suite;

/// The small district, once it is imported.
#[derive(Clone, Debug)]
pub struct School {
    /// Its id.
    pub district: String,
    /// The high school, by name.
    pub school: String,
    /// The middle school, by name.
    pub other_school: String,
    /// The class of `educator`, `learner` and `classmate`, by name.
    pub class: String,
    /// The class of `other_educator` and `other_learner`, by name.
    pub other_class: String,
    /// The session that runs now, by name.
    pub session: String,
    /// Leads the high school.
    pub principal: Uuid,
    /// Administers the district.
    pub administrator: Uuid,
    /// Teaches `learner` and `classmate` at the high school.
    pub educator: Uuid,
    /// Teaches `other_learner` at the middle school, and nobody else.
    pub other_educator: Uuid,
    /// Of the high school.
    pub learner: Uuid,
    /// In the same class as `learner`.
    pub classmate: Uuid,
    /// Of the middle school.
    pub other_learner: Uuid,
    /// Guardian of `learner`, with education rights.
    pub guardian: Uuid,
    /// Guardian of `other_learner`.
    pub other_guardian: Uuid,
}

impl School {
    /// The name of a person, `districts/…/people/…`.
    pub fn person(&self, id: Uuid) -> String {
        format!("districts/{}/people/{id}", self.district)
    }

    /// The name of a learner, `districts/…/learners/…`.
    pub fn learner(&self, id: Uuid) -> String {
        format!("districts/{}/learners/{id}", self.district)
    }

    /// The name of the district.
    pub fn parent(&self) -> String {
        format!("districts/{}", self.district)
    }

    /// What the journey needs to take place in a district with this roster and this framework.
    ///
    /// # Panics
    ///
    /// When the district is no district id.
    pub fn journey(district: &str, case: Vec<u8>, now: Timestamp) -> Input {
        let today = now.to_zoned_datetime(TimeZone::UTC).date();
        let named = |id: &str| id.to_owned();
        let people = Sourced {
            learner: named("learner"),
            classmate: named("classmate"),
            other_learner: named("other-learner"),
            guardian: named("guardian"),
            educator: named("educator"),
            other_educator: named("other-educator"),
            administrator: named("administrator"),
            school: named("high"),
            other_school: named("middle"),
            session: named("year"),
        };
        let district = District::parse(district).expect("a district");
        Input { district, case, roster: zipped(today), cast: people, today }
    }

    /// Imports it into a district.
    ///
    /// # Panics
    ///
    /// When the import is refused or leaves anything out.
    pub async fn import(suite: &Suite, district: &str) -> Self {
        let today = suite.now().to_zoned_datetime(TimeZone::UTC).date();
        let transfer = import(suite, district, zipped(today)).await;
        assert_eq!(transfer.state(), JobState::Succeeded, "{transfer:?}");
        assert_eq!(transfer.error_count, 0, "{transfer:?}");
        Self::named(district)
    }

    /// Has learners come to the high school, so many in each of these grades. Those of an earlier time leave.
    ///
    /// # Panics
    ///
    /// When the import is refused or leaves anyone out.
    pub async fn join<const N: usize>(&self, suite: &Suite, grades: [(&str, usize); N]) -> [Vec<Uuid>; N] {
        let id = District::parse(&self.district).expect("a district");
        let (mut users, mut roles) = (String::new(), String::new());
        let joined = grades.map(|(grade, count)| {
            let come = |number| {
                let sourced = format!("grade-{grade}-{number}");
                users.push_str(&user(&sourced, "Sam", "", grade, "high"));
                roles.push_str(&role(&sourced, "student", "high"));
                trellis_suite::roster_id(&id, "people", &sourced)
            };
            (0..count).map(come).collect()
        });
        let mut files = files(suite.now().to_zoned_datetime(TimeZone::UTC).date());
        for (name, text) in &mut files {
            match *name {
                "users.csv" => text.push_str(&users),
                "roles.csv" => text.push_str(&roles),
                _ => {}
            }
        }
        let transfer = import(suite, &self.district, packed(&files)).await;
        assert_eq!((transfer.state(), transfer.error_count), (JobState::Succeeded, 0), "{transfer:?}");
        joined
    }

    fn named(district: &str) -> Self {
        let id = District::parse(district).expect("a district");
        let person = |sourced: &str| trellis_suite::roster_id(&id, "people", sourced);
        let name = |collection: &str, sourced: &str| {
            format!("districts/{id}/{collection}/{}", trellis_suite::roster_id(&id, collection, sourced))
        };
        Self {
            district: district.to_owned(),
            school: name("organizations", "high"),
            other_school: name("organizations", "middle"),
            class: name("classes", "algebra"),
            other_class: name("classes", "geometry"),
            session: name("academicSessions", "year"),
            principal: person("principal"),
            administrator: person("administrator"),
            educator: person("educator"),
            other_educator: person("other-educator"),
            learner: person("learner"),
            classmate: person("classmate"),
            other_learner: person("other-learner"),
            guardian: person("guardian"),
            other_guardian: person("other-guardian"),
        }
    }
}

/// Sends a ZIP to the import as the operator.
pub(crate) async fn import(suite: &Suite, district: &str, zip: Vec<u8>) -> RosterTransfer {
    let header = ImportRosterHeader {
        parent: format!("districts/{district}"),
        format: RosterFormat::OnerosterCsv.into(),
        time_zone: "America/Chicago".to_owned(),
        ..ImportRosterHeader::default()
    };
    let messages = vec![
        ImportRosterRequest { header: Some(header), ..ImportRosterRequest::default() },
        ImportRosterRequest { chunk: zip.into(), ..ImportRosterRequest::default() },
    ];
    let mut client = RosterTransferServiceClient::new(suite.operator(district));
    let answer = client.import_roster(tokio_stream::iter(messages)).await;
    answer.expect("the roster is imported").into_inner()
}

/// The files of the roster, as of a day.
fn zipped(today: Date) -> Vec<u8> {
    packed(&files(today))
}

fn packed(files: &[(&str, String)]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for (name, text) in files {
        archive.start_file(*name, options).expect("writing to memory");
        archive.write_all(text.as_bytes()).expect("writing to memory");
    }
    archive.finish().expect("writing to memory").into_inner()
}

fn files(today: Date) -> [(&'static str, String); 9] {
    let (start, end) = (today - 120.days(), today + 200.days());
    let (year, born) = (end.year(), today - 15.years());
    [
        (
            "manifest.csv",
            "propertyName,value\nmanifest.version,1.0\noneroster.version,1.2\nfile.academicSessions,bulk\n\
             file.classes,bulk\nfile.courses,bulk\nfile.demographics,bulk\nfile.enrollments,bulk\n\
             file.orgs,bulk\nfile.roles,bulk\nfile.users,bulk\nsource.systemName,Test\n\
             source.systemCode,test\n"
                .to_owned(),
        ),
        (
            "academicSessions.csv",
            format!(
                "sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear\n\
                 year,,,This year,schoolYear,{start},{end},,{year}\n"
            ),
        ),
        (
            "orgs.csv",
            "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\n\
             district,,,Grand Bend,district,d,\nhigh,,,High School,school,h,district\n\
             middle,,,Middle School,school,m,district\n"
                .to_owned(),
        ),
        (
            "courses.csv",
            "sourcedId,status,dateLastModified,schoolYearSourcedId,title,courseCode,grades,orgSourcedId,\
             subjects,subjectCodes\nalg,,,,Algebra,ALG,,high,,\ngeo,,,,Geometry,GEO,,middle,,\n"
                .to_owned(),
        ),
        (
            "classes.csv",
            "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,\
             schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods\n\
             algebra,,,Algebra,,alg,ALG,scheduled,1,high,year,,,1\n\
             geometry,,,Geometry,,geo,GEO,scheduled,2,middle,year,,,1\n"
                .to_owned(),
        ),
        ("users.csv", users()),
        ("roles.csv", roles()),
        (
            "demographics.csv",
            format!(
                "sourcedId,status,dateLastModified,birthDate,sex,americanIndianOrAlaskaNative,asian,\
                 blackOrAfricanAmerican,nativeHawaiianOrOtherPacificIslander,white,\
                 demographicRaceTwoOrMoreRaces,hispanicOrLatinoEthnicity,countryOfBirthCode,\
                 stateOfBirthAbbreviation,cityOfBirth,publicSchoolResidenceStatus\n\
                 learner,,,{born},,,,,,,,,,,,\nclassmate,,,{born},,,,,,,,,,,,\n\
                 other-learner,,,{born},,,,,,,,,,,,\n"
            ),
        ),
        ("enrollments.csv", enrollments()),
    ]
}

/// Who there is: sourcedId, given name, role, organisation, agents.
const PEOPLE: [(&str, &str, &str, &str, &str); 9] = [
    ("administrator", "Ada", "districtAdministrator", "district", ""),
    ("principal", "Paula", "principal", "high", ""),
    ("educator", "Edgar", "teacher", "high", ""),
    ("other-educator", "Olga", "teacher", "middle", ""),
    ("learner", "Lena", "student", "high", "guardian"),
    ("classmate", "Carl", "student", "high", ""),
    ("other-learner", "Omar", "student", "middle", "other-guardian"),
    ("guardian", "Gina", "guardian", "district", ""),
    ("other-guardian", "Gus", "guardian", "district", ""),
];

fn users() -> String {
    let mut text = "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,\
         middleName,identifier,email,sms,phone,agentSourcedIds,grades,password,userMasterIdentifier,\
         resourceSourcedIds,preferredGivenName,preferredMiddleName,preferredFamilyName,primaryOrgSourcedId,\
         pronouns\n"
        .to_owned();
    for (id, given, _, organization, agents) in PEOPLE {
        text.push_str(&user(id, given, agents, "", organization));
    }
    text
}

fn user(id: &str, given: &str, agents: &str, grade: &str, organization: &str) -> String {
    format!("{id},,,true,{id},,{given},Tester,,{id},,,,{agents},{grade},,,,,,,{organization},\n")
}

fn roles() -> String {
    let mut text = "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,\
         orgSourcedId,userProfileSourcedId\n"
        .to_owned();
    for (id, _, role, organization, _) in PEOPLE {
        text.push_str(&self::role(id, role, organization));
    }
    text
}

fn role(id: &str, role: &str, organization: &str) -> String {
    format!("r-{id},,,{id},primary,{role},,,{organization},\n")
}

fn enrollments() -> String {
    let mut text = "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,\
         primary,beginDate,endDate\n"
        .to_owned();
    for (id, class, school, role) in [
        ("educator", "algebra", "high", "teacher"),
        ("other-educator", "geometry", "middle", "teacher"),
        ("learner", "algebra", "high", "student"),
        ("classmate", "algebra", "high", "student"),
        ("other-learner", "geometry", "middle", "student"),
    ] {
        let primary = if role == "teacher" { "true" } else { "" };
        let _ = writeln!(text, "e-{id},,,{class},{school},{id},{role},{primary},,");
    }
    text
}
