//! Who one is, and how time, roles and agreements change it.

use std::sync::Arc;

use jiff::SignedDuration;
use tonic::Code;
use trellis_contracts::common::identity_service_client::IdentityServiceClient;
use trellis_contracts::common::{CallerKind, DataClass, Relation, WhoAmIRequest, WhoAmIResponse};
use trellis_contracts::profile::access_service_client::AccessServiceClient;
use trellis_contracts::profile::roster_service_client::RosterServiceClient;
use trellis_contracts::profile::{DecideAccessRequest, GetPersonRequest};
use trellis_kernel::{District, FixedClock, Timestamp, Uuid};
use trellis_testkit::{Backend, Caller, Role, Setup, Shape, Suite, on_each_database, refused};

use crate::roster_files::{DISTRICT, Roster, import, small};

async fn who(caller: &Caller) -> WhoAmIResponse {
    IdentityServiceClient::new(caller.clone()).who_am_i(WhoAmIRequest {}).await.unwrap().into_inner()
}

fn person_id(sourced: &str) -> Uuid {
    trellis_learner_profile::roster_id(&District::parse(DISTRICT).unwrap(), "people", sourced)
}

fn person(suite: &Suite, sourced: &str, role: Role) -> Caller {
    suite.person(DISTRICT, person_id(sourced), role)
}

async fn may_read(caller: &Caller, sourced: &str) -> bool {
    let name = format!("districts/{DISTRICT}/people/{}", person_id(sourced));
    RosterServiceClient::new(caller.clone()).get_person(GetPersonRequest { name }).await.is_ok()
}

async fn at(start: &str, backend: Backend) -> (Suite, Arc<FixedClock>) {
    let clock = Arc::new(FixedClock::at(start.parse::<Timestamp>().unwrap()));
    let setup = Setup { backend, shape: Shape::OneProcess, clock: Some(clock.clone()) };
    (Suite::with(setup).await, clock)
}

on_each_database!(
    async fn everyone_is_told_who_they_are(suite: Suite) {
        use Relation::{District, Educator, Member, Operator, School};
        let school = suite.school().await;
        for (id, role, relations) in [
            (school.administrator, Role::Administrator, vec![District, Member]),
            (school.principal, Role::Administrator, vec![Educator, School, Member]),
            (school.educator, Role::Educator, vec![Educator, Member]),
            (school.learner, Role::Learner, vec![Member]),
            (school.guardian, Role::Guardian, vec![Member]),
            (Uuid::from_u128(7), Role::Learner, vec![]),
        ] {
            let found = who(&suite.person(DISTRICT, id, role)).await;
            assert_eq!(found.relations().collect::<Vec<_>>(), relations, "{role:?}");
            assert_eq!((found.kind(), found.person), (CallerKind::Person, school.person(id)));
            assert_eq!(found.districts, [school.parent()]);
            assert!(found.expire_time.is_some() && !found.scopes.is_empty());
        }
        let operator = who(&suite.operator(DISTRICT)).await;
        assert_eq!(operator.kind(), CallerKind::Operator);
        assert_eq!(operator.relations().collect::<Vec<_>>(), [Operator]);
        let answer = IdentityServiceClient::new(suite.nobody()).who_am_i(WhoAmIRequest {}).await;
        refused(answer, Code::Unauthenticated, "UNAUTHENTICATED");
    }
);

on_each_database!(
    async fn only_services_ask_how_others_stand(suite: Suite) {
        let school = suite.school().await;
        let request = DecideAccessRequest {
            district: school.parent(),
            party: format!("people/{}", school.educator),
            data_class: DataClass::Directory.into(),
            learners: vec![school.learner.to_string()],
        };
        for caller in
            [suite.operator(DISTRICT), suite.person(DISTRICT, school.administrator, Role::Administrator)]
        {
            let answer = AccessServiceClient::new(caller).decide_access(request.clone()).await;
            refused(answer, Code::PermissionDenied, "SCOPE_MISSING");
        }
    }
);

on_each_database!(
    async fn a_person_whom_the_roster_lets_go_loses_what_they_could_reach(suite: Suite) {
        let operator = suite.operator(DISTRICT);
        import(&operator, &small("2020-08-01", "2099-06-30").zip()).await;
        let (teacher, admin) =
            (person(&suite, "teacher", Role::Educator), person(&suite, "admin", Role::Administrator));
        assert!(may_read(&teacher, "learner").await && may_read(&admin, "learner").await);

        let ended = small("2020-08-01", "2099-06-30").file(
            "enrollments",
            "e1,,,k,s,teacher,teacher,true,2020-08-01,2021-01-01\ne2,,,k,s,learner,student,,,\n",
        );
        import(&operator, &ended.zip()).await;
        assert!(!may_read(&teacher, "learner").await, "the enrolment has ended");

        let disabled = Roster::default().file(
            "users",
            "admin,,,false,admin,,Ada,A,,,,,,,,,,,,,,d,\nteacher,,,true,t,,T,T,,,,,,,,,,,,,,s,\n\
             learner,,,true,l,,L,L,,,,,,guardian,,,,,,,,s,\nguardian,,,true,g,,G,G,,,,,,,,,,,,,,d,\n",
        );
        import(&operator, &disabled.zip()).await;
        assert!(!may_read(&admin, "learner").await, "the account is disabled");
        assert!(who(&admin).await.relations.is_empty());
        assert!(
            may_read(&person(&suite, "guardian", Role::Guardian), "learner").await,
            "others are as they were"
        );
    }
);

/// The learner of the small roster was born on 15 March 2009, and its class meets until 30 June 2027.
async fn rights_pass_and_classes_end(backend: Backend) {
    let (suite, clock) = at("2027-03-14T12:00:00Z", backend).await;
    let operator = suite.operator(DISTRICT);
    import(&operator, &small("2026-08-01", "2027-03-15").zip()).await;
    let guardian = || person(&suite, "guardian", Role::Guardian);
    let teacher = || person(&suite, "teacher", Role::Educator);
    let learner = || person(&suite, "learner", Role::Learner);
    assert!(may_read(&guardian(), "learner").await && may_read(&teacher(), "learner").await);
    clock.advance(SignedDuration::from_hours(24));
    assert!(!may_read(&guardian(), "learner").await, "from 18 the learner holds the rights");
    assert!(may_read(&teacher(), "learner").await, "the last day of the session is in it");
    clock.advance(SignedDuration::from_hours(24));
    assert!(!may_read(&teacher(), "learner").await, "the session is over");
    assert!(may_read(&learner(), "learner").await);
}

#[test]
fn rights_pass_and_classes_end_sqlite() {
    trellis_testkit::run(rights_pass_and_classes_end(Backend::Sqlite));
}

#[test]
fn rights_pass_and_classes_end_postgres() {
    trellis_testkit::run(rights_pass_and_classes_end(Backend::Postgres));
}
