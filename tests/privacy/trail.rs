//! Who reached what of a learner, and who is told.

use std::collections::BTreeSet;

use tonic::Code;
use trellis_auth::Claims;
use trellis_contracts::common::audit_service_client::AuditServiceClient;
use trellis_contracts::common::{AccessRecord, DataClass, QueryAccessRequest, Relation};
use trellis_contracts::experience::change_service_client::ChangeServiceClient as ExperienceChanges;
use trellis_contracts::experience::evidence_service_client::EvidenceServiceClient;
use trellis_contracts::experience::{
    self, CreateEvidenceRequest, Evidence, ListEvidenceRequest, SubmitEvidenceRequest,
};
use trellis_contracts::profile::change_service_client::ChangeServiceClient;
use trellis_contracts::profile::goal_service_client::GoalServiceClient;
use trellis_contracts::profile::roster_service_client::RosterServiceClient;
use trellis_contracts::profile::{ListChangesRequest, ListGoalsRequest, ListRelationshipsRequest};
use trellis_kernel::Uuid;
use trellis_testkit::{Backend, Caller, Role, Suite, on_each_database, refused};

use super::Place;
use super::applications::vendor;

async fn query(caller: &Caller, request: QueryAccessRequest) -> Vec<AccessRecord> {
    let mut client = AuditServiceClient::new(caller.clone());
    let (mut all, mut request) = (Vec::new(), request);
    loop {
        let page = client.query_access(request.clone()).await.expect("a page").into_inner();
        let size = request.page_size;
        assert!(size == 0 || page.accesses.len() <= usize::try_from(size).expect("a size"));
        all.extend(page.accesses);
        if page.next_page_token.is_empty() {
            return all;
        }
        request.page_token = page.next_page_token;
    }
}

fn of(parent: String) -> QueryAccessRequest {
    QueryAccessRequest { parent, ..QueryAccessRequest::default() }
}

fn jti(caller: &Caller) -> String {
    Claims::unverified(caller.token()).expect("a token").jti.expect("its name")
}

async fn reads_goals(place: &Place, caller: &Caller) {
    let parent = place.school.learner(place.school.learner);
    let request = ListGoalsRequest { parent, ..ListGoalsRequest::default() };
    GoalServiceClient::new(caller.clone()).list_goals(request).await.expect("goals");
}

async fn reads_evidence(place: &Place, caller: &Caller) {
    let (parent, learner) = (place.school.parent(), place.school.learner(place.school.learner));
    let request = ListEvidenceRequest { parent, learner, ..ListEvidenceRequest::default() };
    EvidenceServiceClient::new(caller.clone()).list_evidence(request).await.expect("evidence");
}

on_each_database!(
    async fn a_learner_is_told_who_reached_what_and_how_they_stood(suite: Suite) {
        let place = Place::of(suite).await;
        let school = &place.school;
        let (learner, educator) = (place.learner(), place.educator());
        let guardian = place.person(school.guardian, Role::Guardian);
        reads_goals(&place, &educator).await;
        reads_evidence(&place, &educator).await;
        reads_goals(&place, &guardian).await;

        let me = school.learner(school.learner);
        let found = query(&learner, of(me.clone())).await;
        let by = |id: trellis_kernel::Uuid, method: &str| -> &AccessRecord {
            let actor = format!("people/{id}");
            let is = |record: &&AccessRecord| record.actor == actor && record.method.ends_with(method);
            found.iter().find(is).unwrap_or_else(|| panic!("{actor} {method} is not in {found:?}"))
        };
        let goals = by(school.educator, "GoalService/ListGoals");
        assert_eq!(goals.method, "trellis.profile.v1alpha1.GoalService/ListGoals");
        assert_eq!((goals.service.as_str(), goals.token_id.as_str()), ("profile", jti(&educator).as_str()));
        assert_eq!(goals.relations().collect::<Vec<_>>(), [Relation::Educator]);
        assert_eq!((goals.data_class(), goals.write), (DataClass::EducationRecord, false));
        assert_eq!(goals.learners, std::slice::from_ref(&me));
        assert_eq!(by(school.educator, "EvidenceService/ListEvidence").service, "experience");
        assert_eq!(
            by(school.guardian, "GoalService/ListGoals").relations().collect::<Vec<_>>(),
            [Relation::Guardian]
        );
        let times: Vec<_> = found
            .iter()
            .map(|record| record.access_time.expect("a time"))
            .map(|t| (t.seconds, t.nanos))
            .collect();
        assert!(times.is_sorted_by(|a, b| a >= b), "the latest first");

        // That somebody asked is on the trail, too.
        let found = query(&guardian, of(me.clone())).await;
        let asked = |record: &AccessRecord| {
            record.method.ends_with("AuditService/QueryAccess")
                && record.actor.ends_with(&school.learner.to_string())
        };
        assert!(found.iter().any(asked), "{found:?}");

        // Others are not told: not of a learner who is not theirs, and the district's IT of none.
        let operator = place.suite.operator(&school.district);
        for caller in [&place.classmate(), &operator] {
            let answer = AuditServiceClient::new(caller.clone()).query_access(of(me.clone())).await;
            refused(answer, Code::PermissionDenied, "ACCESS_DENIED");
        }
        let person = school.person(school.learner);
        let answer = AuditServiceClient::new(learner).query_access(of(person)).await;
        refused(answer, Code::InvalidArgument, "FIELD_VIOLATION");
    }
);

on_each_database!(
    async fn the_district_is_told_what_a_token_reached_and_the_pages_hold_each_access_once(suite: Suite) {
        let place = Place::of(suite).await;
        let school = &place.school;
        let (one, other) = (place.educator(), place.educator());
        for _ in 0..3 {
            reads_goals(&place, &one).await;
            reads_evidence(&place, &one).await;
        }
        reads_goals(&place, &other).await;
        let operator = place.suite.operator(&school.district);
        let of_token = QueryAccessRequest { token_id: jti(&one), ..of(school.parent()) };
        let whole = query(&operator, of_token.clone()).await;
        assert_eq!(whole.len(), 6, "{whole:?}");
        for page_size in [1, 2, 4, 5] {
            let paged = query(&operator, QueryAccessRequest { page_size, ..of_token.clone() }).await;
            assert_eq!(paged, whole, "by pages of {page_size}");
        }
        let in_profile = QueryAccessRequest { service: "profile".to_owned(), ..of_token.clone() };
        assert_eq!(query(&operator, in_profile).await.len(), 3);
        let last = whole.last().and_then(|record| record.access_time).expect("a time");
        let until = QueryAccessRequest { end_time: Some(last), ..of_token.clone() };
        assert!(query(&operator, until).await.is_empty());
        let since = QueryAccessRequest { begin_time: Some(last), ..of_token.clone() };
        assert_eq!(query(&operator, since).await.len(), 6);
        let by = |actor: &str| QueryAccessRequest { actor: actor.to_owned(), ..of(school.parent()) };
        let educator = format!("people/{}", school.educator);
        let found = query(&operator, by(&educator)).await;
        let tokens: BTreeSet<&str> = found.iter().map(|record| record.token_id.as_str()).collect();
        assert_eq!(tokens, BTreeSet::from([jti(&one).as_str(), jti(&other).as_str()]));
        // A token of this list opens no other one.
        let mut client = AuditServiceClient::new(operator.clone());
        let first = QueryAccessRequest { page_size: 1, ..of_token.clone() };
        let page_token = client.query_access(first).await.expect("a page").into_inner().next_page_token;
        let mixed = QueryAccessRequest { page_token, ..by(&educator) };
        refused(client.query_access(mixed).await, Code::InvalidArgument, "INVALID_PAGE_TOKEN");
    }
);

on_each_database!(
    async fn a_change_that_is_told_to_somebody_was_read_by_them(suite: Suite) {
        let place = Place::of(suite).await;
        let school = &place.school;
        let guardian = place.person(school.guardian, Role::Guardian);
        let request = ListChangesRequest { parent: school.parent(), page_size: 1000, ..Default::default() };
        let mut client = ChangeServiceClient::new(guardian.clone());
        let mut told = client.list_changes(request.clone()).await.expect("changes").into_inner();
        while told.changes.is_empty() {
            let request = ListChangesRequest { resume_token: told.resume_token, ..request.clone() };
            told = client.list_changes(request).await.expect("changes").into_inner();
        }
        let learner = school.learner(school.learner);
        let asked = QueryAccessRequest { token_id: jti(&guardian), ..of(learner.clone()) };
        let found = query(&place.learner(), asked).await;
        let method = "trellis.profile.v1alpha1.ChangeService/ListChanges";
        assert!(
            found.iter().any(|record| record.method == method && record.learners == [learner.clone()]),
            "{found:?}"
        );
    }
);

/// Evidence of the learner and one more, handed in.
async fn of_a_team(place: &Place, with: Uuid) -> String {
    let school = &place.school;
    let mut client = EvidenceServiceClient::new(place.learner());
    let draft = Evidence {
        learner: school.learner(school.learner),
        contributors: vec![school.learner(with)],
        title: "Water samples".to_owned(),
        text: "Nitrate was high below the farm.".to_owned(),
        ..Evidence::default()
    };
    let request = CreateEvidenceRequest {
        parent: school.parent(),
        evidence: Some(draft),
        ..CreateEvidenceRequest::default()
    };
    let Evidence { name, etag, .. } = client.create_evidence(request).await.expect("evidence").into_inner();
    let request = SubmitEvidenceRequest { name: name.clone(), etag, ..SubmitEvidenceRequest::default() };
    client.submit_evidence(request).await.expect("handed in");
    name
}

/// Reads until the feed has told of a resource.
async fn lists_changes(place: &Place, caller: &Caller, of: &str) {
    let mut client = ExperienceChanges::new(caller.clone());
    let mut request = experience::ListChangesRequest { parent: place.school.parent(), ..Default::default() };
    loop {
        let told = client.list_changes(request.clone()).await.expect("changes").into_inner();
        if told.changes.iter().any(|change| change.resource == of) {
            return;
        }
        request.resume_token = told.resume_token;
    }
}

/// Watches until the snapshot has told of a resource.
async fn watches_changes(place: &Place, caller: &Caller, of: &str) {
    let request = experience::WatchChangesRequest {
        parent: place.school.parent(),
        snapshot: true,
        ..Default::default()
    };
    let mut client = ExperienceChanges::new(caller.clone());
    let mut stream = client.watch_changes(request).await.expect("a stream").into_inner();
    while let Some(change) = stream.message().await.expect("a change") {
        if change.resource == of {
            return;
        }
    }
    panic!("the stream ended before it told of {of}");
}

on_each_database!(
    async fn everybody_of_a_team_is_told_who_read_their_work(suite: Suite) {
        let place = Place::of(suite).await;
        let school = &place.school;
        // One whom the vendor's agreement covers, and one whom nobody but a teammate's people reaches.
        let (near, far) = (school.classmate, school.other_learner);
        let within = of_a_team(&place, near).await;
        let across = of_a_team(&place, far).await;
        let vendor = vendor(&place).await.caller;
        let guardian = place.person(school.guardian, Role::Guardian);
        let educator = place.educator();
        for (caller, shown) in
            [(&guardian, vec![near, far]), (&educator, vec![near, far]), (&vendor, vec![near])]
        {
            let last = if shown.contains(&far) { &across } else { &within };
            reads_evidence(&place, caller).await;
            lists_changes(&place, caller, last).await;
            watches_changes(&place, caller, last).await;
            for learner in [school.learner, near, far] {
                let asked = QueryAccessRequest { token_id: jti(caller), ..of(school.learner(learner)) };
                let found = query(&place.person(learner, Role::Learner), asked).await;
                let methods: Vec<&str> =
                    found.iter().filter_map(|record| record.method.rsplit('/').next()).collect();
                let times = usize::from(learner == school.learner || shown.contains(&learner));
                for method in ["ListEvidence", "ListChanges", "WatchChanges"] {
                    let read = methods.iter().filter(|read| **read == method).count();
                    assert_eq!(read, times, "{method} of {learner}: {found:?}");
                }
            }
        }
    }
);

on_each_database!(
    async fn a_learner_is_told_who_read_whose_guardian_somebody_is(suite: Suite) {
        let place = Place::of(suite).await;
        let school = &place.school;
        let guardian = place.person(school.guardian, Role::Guardian);
        let parent = school.person(school.guardian);
        let request = ListRelationshipsRequest { parent, ..ListRelationshipsRequest::default() };
        let mut client = RosterServiceClient::new(guardian.clone());
        let listed = client.list_relationships(request).await.expect("a list").into_inner().relationships;
        assert!(!listed.is_empty(), "their own");
        let asked = QueryAccessRequest { token_id: jti(&guardian), ..of(school.learner(school.learner)) };
        let found = query(&place.learner(), asked).await;
        assert!(found.iter().any(|record| record.method.ends_with("/ListRelationships")), "{found:?}");
    }
);

#[test]
fn a_write_is_on_the_trail_with_the_token_that_made_it() {
    trellis_testkit::run(async {
        let place = Place::of(Suite::start(Backend::Sqlite).await).await;
        let school = &place.school;
        place.evidence(school.learner, "What I counted").await;
        let found = query(&place.learner(), of(school.learner(school.learner))).await;
        let made = found.iter().find(|record| record.method.ends_with("EvidenceService/CreateEvidence"));
        let made = made.unwrap_or_else(|| panic!("{found:?}"));
        assert!(made.write && !made.token_id.is_empty());
        assert_eq!(made.actor, format!("people/{}", school.learner));
    });
}
