//! What a district takes of the database: its roster, what is written, what is read, what is assessed.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::ToSpan as _;
use jiff::tz::TimeZone;
use tokio::task::JoinSet;
use trellis_contracts::common::ResetSandboxRequest;
use trellis_contracts::common::sandbox_service_client::SandboxServiceClient;
use trellis_kernel::{Clock as _, SystemClock};
use trellis_testkit::{Backend, Role};

use crate::events::{Behind, assessed};
use crate::house::{self, House, learner_name, packed};
use crate::meter::{Call, Pace, count};
use crate::process::Process;
use crate::rows::Rows;

const DISTRICT: &str = "capacity";
/// In how many classes a learner is, and how many learners are in one.
const CLASSES_EACH: usize = 6;
const CLASS: usize = 25;
/// How many classes an educator teaches.
const TEACHES: usize = 5;
/// How many of each thing are made, to know what one of them takes.
const EACH: usize = 5_000;
/// How many callers there are.
const CALLERS: usize = 16;
/// How long until the rest is written: places in the feed, the trail of what was read.
const REST: Duration = Duration::from_secs(2);

/// Fills a district step by step, and says what each step took.
pub(crate) async fn run(pace: Pace) {
    let learners = if pace.rounds == 1 { 1_000 } else { 10_000 };
    println!("\nCapacity: a district of {learners} learners on PostgreSQL");
    let house = House::new(&house::program(), Backend::Postgres);
    let process = house.serve();
    let profile = Rows::of(&house, "profile").await;
    let mut size = Size { rows: &profile, last: 0 };
    size.grown().await;

    let took = house::import_roster(&house.operator(&process, DISTRICT), DISTRICT, roster(learners)).await;
    let enrolled = learners * CLASSES_EACH;
    println!(
        "  a roster with {enrolled} enrolments is imported in {:.1} s; the program held {} at most",
        took.as_secs_f64(),
        process.peak()
    );
    size.tell("a learner in the roster", learners).await;

    let learner = house.person(&process, DISTRICT, "s0", Role::Learner);
    calls(&learner.write_entry(learner_name(DISTRICT, "s0"))).await;
    size.tell("an entry", EACH).await;

    let educator = house.person(&process, DISTRICT, "t0", Role::Educator);
    calls(&educator.entries(learner_name(DISTRICT, "s0"))).await;
    size.tell("a read of a learner's record by another, on the trail", EACH).await;

    assessments(&house, process, &profile).await;
    size.tell("an assessment as an event, with the growth that comes of it", EACH).await;
    reset(&house).await;
}

/// Empties the district, as a sandbox is.
async fn reset(house: &House) {
    let process = house.serve_with(&["--sandbox", DISTRICT]);
    let operator = house.operator(&process, DISTRICT);
    let message = ResetSandboxRequest { name: format!("districts/{DISTRICT}"), ..Default::default() };
    let began = Instant::now();
    let done = SandboxServiceClient::new(operator.any()).reset_sandbox(operator.request(message)).await;
    done.expect("a reset");
    println!("  a reset empties all of that in {:.1} s", began.elapsed().as_secs_f64());
}

/// The size of the database.
struct Size<'a> {
    rows: &'a Rows,
    last: i64,
}

impl Size<'_> {
    async fn grown(&mut self) -> i64 {
        tokio::time::sleep(REST).await;
        let now = self.rows.number("SELECT pg_database_size(current_database())").await;
        now - std::mem::replace(&mut self.last, now)
    }

    async fn tell(&mut self, what: &str, number: usize) {
        let grown = usize::try_from(self.grown().await).unwrap_or_default();
        println!("  {what}: {:.0} bytes with its indexes", count(grown) / count(number));
    }
}

/// Makes a call [`EACH`] times.
async fn calls(call: &Call) {
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        let call = Arc::clone(call);
        callers.spawn(async move {
            for _ in (caller..EACH).step_by(CALLERS) {
                call(caller).await.expect("answered");
            }
        });
    }
    callers.join_all().await;
}

/// Lets assessments happen, and waits until they have taken effect.
async fn assessments(house: &House, process: Process, profile: &Rows) {
    let experience = Rows::of(house, "experience").await;
    process.end();
    let events = (0..EACH).map(|_| ("assessment.finalized", Some(assessed()))).collect();
    experience.tell(events).await;
    let process = house.serve();
    let head = i64::try_from(EACH).expect("a small number");
    Behind { profile, head }.worked_off(&process).await;
}

/// A district of one school, as files of `OneRoster`.
fn roster(learners: usize) -> Vec<u8> {
    let today = SystemClock.now().to_zoned_datetime(TimeZone::UTC).date();
    let (start, end) = (today - 120.days(), today + 200.days());
    let classes = learners * CLASSES_EACH / CLASS;
    let mut files = [
        (
            "manifest.csv",
            "propertyName,value\nmanifest.version,1.0\noneroster.version,1.2\nfile.academicSessions,bulk\n\
             file.classes,bulk\nfile.courses,bulk\nfile.enrollments,bulk\nfile.orgs,bulk\nfile.roles,bulk\n\
             file.users,bulk\n"
                .to_owned(),
        ),
        (
            "academicSessions.csv",
            format!(
                "sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear\n\
                 year,,,This year,schoolYear,{start},{end},,{}\n",
                end.year()
            ),
        ),
        (
            "orgs.csv",
            "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\n\
             district,,,The district,district,d,\nschool,,,The school,school,s,district\n"
                .to_owned(),
        ),
        (
            "courses.csv",
            "sourcedId,status,dateLastModified,schoolYearSourcedId,title,courseCode,grades,orgSourcedId,\
             subjects,subjectCodes\ncourse,,,,A course,C,,school,,\n"
                .to_owned(),
        ),
        (
            "classes.csv",
            "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,\
             schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods\n"
                .to_owned(),
        ),
        (
            "users.csv",
            "sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,\
             identifier,email,sms,phone,agentSourcedIds,grades,password,userMasterIdentifier,\
             resourceSourcedIds,preferredGivenName,preferredMiddleName,preferredFamilyName,\
             primaryOrgSourcedId,pronouns\n"
                .to_owned(),
        ),
        (
            "roles.csv",
            "sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,\
             userProfileSourcedId\n"
                .to_owned(),
        ),
        (
            "enrollments.csv",
            "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,\
             beginDate,endDate\n"
                .to_owned(),
        ),
    ];
    let [.., (_, of_classes), (_, users), (_, roles), (_, enrolments)] = &mut files;
    // Writing to a text cannot fail.
    let mut person = |id: &str, role: &str| {
        let _ = writeln!(users, "{id},,,true,{id},,Given,Family,,{id},,,,,,,,,,,,school,");
        let _ = writeln!(roles, "r-{id},,,{id},primary,{role},,,school,");
    };
    for number in 0..learners {
        person(&format!("s{number}"), "student");
    }
    for number in 0..classes.div_ceil(TEACHES) {
        person(&format!("t{number}"), "teacher");
    }
    for class in 0..classes {
        let _ = writeln!(of_classes, "c{class},,,A class,,course,C{class},scheduled,1,school,year,,,1");
        let teacher = class / TEACHES;
        let _ = writeln!(enrolments, "e-t{class},,,c{class},school,t{teacher},teacher,true,,");
    }
    for place in 0..learners * CLASSES_EACH {
        let (learner, class) = (place / CLASSES_EACH, place % classes);
        let _ = writeln!(enrolments, "e-{place},,,c{class},school,s{learner},student,,,");
    }
    packed(files.iter().map(|(name, text)| ((*name).to_owned(), text.clone().into_bytes())))
}
