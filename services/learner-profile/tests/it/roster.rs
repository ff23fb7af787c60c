//! Reading the roster: each caller sees whom they stand to, one by one and in lists alike.

use std::collections::BTreeSet;

use tonic::Code;
use trellis_contracts::profile::roster_service_client::RosterServiceClient;
use trellis_contracts::profile::{
    BatchGetPeopleRequest, GetClassRequest, GetEnrollmentRequest, GetOrganizationRequest, GetPersonRequest,
    ListAcademicSessionsRequest, ListClassesRequest, ListCoursesRequest, ListEnrollmentsRequest,
    ListOrganizationsRequest, ListPeopleRequest, ListRelationshipsRequest, Person,
};
use trellis_kernel::Uuid;
use trellis_testkit::{Caller, Role, School, on_each_database, reason, refused, violations};

use crate::roster_files::{DISTRICT, Roster, import};

fn client(caller: &Caller) -> RosterServiceClient<Caller> {
    RosterServiceClient::new(caller.clone())
}

fn list(filter: &str, page_size: i32) -> ListPeopleRequest {
    ListPeopleRequest {
        parent: format!("districts/{DISTRICT}"),
        page_size,
        filter: filter.to_owned(),
        ..ListPeopleRequest::default()
    }
}

/// Every person that a list holds, page by page.
async fn listed(caller: &Caller, filter: &str, page_size: i32) -> Vec<Person> {
    let mut request = list(filter, page_size);
    let mut people = Vec::new();
    loop {
        let page = client(caller).list_people(request.clone()).await.unwrap().into_inner();
        assert!(page.people.len() <= 50.max(usize::try_from(page_size).unwrap()));
        people.extend(page.people);
        if page.next_page_token.is_empty() {
            return people;
        }
        request.page_token = page.next_page_token;
    }
}

async fn names(caller: &Caller, filter: &str) -> BTreeSet<String> {
    listed(caller, filter, 2).await.into_iter().map(|person| person.name).collect()
}

fn everyone(school: &School) -> Vec<String> {
    let people = [
        school.administrator,
        school.principal,
        school.educator,
        school.other_educator,
        school.learner,
        school.classmate,
        school.other_learner,
        school.guardian,
        school.other_guardian,
    ];
    people.iter().map(|id| school.person(*id)).collect()
}

on_each_database!(
    async fn a_list_holds_those_whom_the_caller_could_read_one_by_one(suite: Suite) {
        let school = suite.school().await;
        for (person, role, most) in [
            (school.administrator, Role::Administrator, 9),
            (school.principal, Role::Administrator, 4),
            (school.educator, Role::Educator, 3),
            (school.other_educator, Role::Educator, 2),
        ] {
            let caller = suite.person(DISTRICT, person, role);
            let mut readable = BTreeSet::new();
            for name in everyone(&school) {
                match client(&caller).get_person(GetPersonRequest { name: name.clone() }).await {
                    Ok(found) => assert!(readable.insert(found.into_inner().name)),
                    Err(status) => assert_eq!(reason(&status).as_deref(), Some("ACCESS_DENIED")),
                }
            }
            assert_eq!(names(&caller, "").await, readable, "{role:?}");
            assert_eq!(readable.len(), most, "{role:?}");
        }
        for (person, role) in [(school.learner, Role::Learner), (school.guardian, Role::Guardian)] {
            let caller = suite.person(DISTRICT, person, role);
            refused(client(&caller).list_people(list("", 0)).await, Code::PermissionDenied, "ACCESS_DENIED");
        }
        let operator = client(&suite.operator(DISTRICT)).list_people(list("", 0)).await;
        refused(operator, Code::PermissionDenied, "ACCESS_DENIED");
    }
);

on_each_database!(
    async fn a_person_is_read_by_those_who_stand_to_them(suite: Suite) {
        let school = suite.school().await;
        let request = GetPersonRequest { name: school.person(school.learner) };
        for (person, role, allowed) in [
            (school.learner, Role::Learner, true),
            (school.guardian, Role::Guardian, true),
            (school.educator, Role::Educator, true),
            (school.principal, Role::Administrator, true),
            (school.administrator, Role::Administrator, true),
            (school.classmate, Role::Learner, false),
            (school.other_guardian, Role::Guardian, false),
            (school.other_educator, Role::Educator, false),
            (Uuid::from_u128(7), Role::Administrator, false),
        ] {
            let caller = suite.person(DISTRICT, person, role);
            let answer = client(&caller).get_person(request.clone()).await;
            assert_eq!(answer.is_ok(), allowed, "{role:?}: {answer:?}");
        }
        let admin = suite.person(DISTRICT, school.administrator, Role::Administrator);
        let unknown = GetPersonRequest { name: school.person(Uuid::from_u128(9)) };
        refused(client(&admin).get_person(unknown).await, Code::PermissionDenied, "ACCESS_DENIED");
        let elsewhere = suite.person("lake-side", school.administrator, Role::Administrator);
        refused(client(&elsewhere).get_person(request).await, Code::PermissionDenied, "ACCESS_DENIED");
    }
);

on_each_database!(
    async fn people_go_by_the_name_they_use_and_the_legal_one_stays_inside(suite: Suite) {
        let operator = suite.operator(DISTRICT);
        let roster = Roster::default()
            .file("orgs", "d,,,Grand Bend,district,,\ns,,,High School,school,17,d\n")
            .file("roles", "r1,,,l,primary,student,,,s,\nr2,,,l,secondary,aide,,2090-01-01,d,\n")
            .file("users", "l,,,true,l,,Deadname,Oldfamily,Mid,99,a@b.example,,1,,\"11,12\",hunter2,,,Robin,,Lark,s,they/them\n");
        import(&operator, &roster.zip()).await;
        let district = trellis_kernel::District::parse(DISTRICT).unwrap();
        let learner = trellis_learner_profile::roster_id(&district, "people", "l");
        let caller = suite.person(DISTRICT, learner, Role::Learner);
        let name = format!("districts/{DISTRICT}/people/{learner}");
        let found = client(&caller).get_person(GetPersonRequest { name }).await.unwrap().into_inner();
        let used = found.name_used.clone().unwrap();
        assert_eq!((used.given.as_str(), used.family.as_str()), ("Robin", "Lark"));
        assert_eq!((found.pronouns.as_str(), found.grades.len(), found.roles.len()), ("they/them", 2, 2));
        let told = format!("{found:?}");
        for restricted in ["Deadname", "Oldfamily", "Mid", "hunter2", "a@b.example"] {
            assert!(!told.contains(restricted), "{restricted}");
        }
        let systems: Vec<_> =
            found.external_ids.iter().map(|id| (id.system.as_str(), id.id.as_str())).collect();
        assert_eq!(systems, [("oneroster", "l"), ("identifier", "99")]);
    }
);

on_each_database!(
    async fn a_batch_comes_in_its_order_or_not_at_all(suite: Suite) {
        let school = suite.school().await;
        let batch = |names: Vec<String>| BatchGetPeopleRequest { parent: school.parent(), names };
        let educator = suite.person(DISTRICT, school.educator, Role::Educator);
        let names = vec![school.person(school.learner), school.person(school.classmate)];
        let found = client(&educator).batch_get_people(batch(names.clone())).await.unwrap().into_inner();
        assert_eq!(found.people.iter().map(|person| person.name.clone()).collect::<Vec<_>>(), names);
        let with_another = [names, vec![school.person(school.other_learner)]].concat();
        let answer = client(&educator).batch_get_people(batch(with_another)).await;
        refused(answer, Code::PermissionDenied, "ACCESS_DENIED");
    }
);

on_each_database!(
    async fn pages_and_filters_choose_people_in_the_order_of_their_names(suite: Suite) {
        let school = suite.school().await;
        let admin = suite.person(DISTRICT, school.administrator, Role::Administrator);
        let all = listed(&admin, "", 0).await;
        for size in [1, 2, 4, 9, 1000] {
            assert_eq!(listed(&admin, "", size).await, all, "pages of {size}");
        }
        let given: Vec<_> = all.iter().map(|person| person.name_used.clone().unwrap().given).collect();
        assert!(given.is_sorted(), "one family, so by given name: {given:?}");
        let learners = names(&admin, "role:\"student\"").await;
        assert_eq!(learners.len(), 3);
        let at_school =
            names(&admin, &format!("organization:\"{}\" AND role:\"student\"", school.school)).await;
        assert_eq!(at_school.len(), 2);
        assert_eq!(names(&admin, &format!("class:\"{}\"", school.other_class)).await.len(), 2);
        assert_eq!(names(&admin, "external_id = \"learner\"").await.len(), 1);
        assert_eq!(names(&admin, "state = INACTIVE").await.len(), 0);

        let answer = client(&admin).list_people(list("family_name = \"Tester\"", 0)).await;
        let status = refused(answer, Code::InvalidArgument, "FIELD_VIOLATION");
        assert_eq!(violations(&status)[0].0, "filter");
        let first = client(&admin).list_people(list("", 2)).await.unwrap().into_inner();
        let with_another_filter =
            ListPeopleRequest { page_token: first.next_page_token, ..list("role:\"student\"", 2) };
        let answer = client(&admin).list_people(with_another_filter).await;
        refused(answer, Code::InvalidArgument, "INVALID_PAGE_TOKEN");
    }
);

on_each_database!(
    async fn places_are_open_to_every_member_and_to_nobody_else(suite: Suite) {
        let school = suite.school().await;
        let learner = suite.person(DISTRICT, school.learner, Role::Learner);
        let mut client = client(&learner);
        let class =
            client.get_class(GetClassRequest { name: school.class.clone() }).await.unwrap().into_inner();
        assert_eq!(
            (class.organization, class.academic_sessions),
            (school.school.clone(), vec![school.session.clone()])
        );
        let parent = school.parent();
        let organizations = client
            .list_organizations(ListOrganizationsRequest {
                parent: parent.clone(),
                filter: "type = \"school\"".to_owned(),
                ..Default::default()
            })
            .await
            .unwrap()
            .into_inner()
            .organizations;
        let zones: Vec<_> = organizations.iter().map(|o| (o.title.as_str(), o.time_zone.as_str())).collect();
        assert_eq!(zones, [("High School", "America/Chicago"), ("Middle School", "America/Chicago")]);
        let sessions = ListAcademicSessionsRequest { parent: parent.clone(), ..Default::default() };
        assert_eq!(
            client.list_academic_sessions(sessions).await.unwrap().into_inner().academic_sessions.len(),
            1
        );
        let courses = ListCoursesRequest {
            parent: parent.clone(),
            filter: format!("organization = \"{}\"", school.school),
            ..Default::default()
        };
        assert_eq!(client.list_courses(courses).await.unwrap().into_inner().courses[0].course_code, "ALG");
        let classes = ListClassesRequest { parent, page_size: 1, ..Default::default() };
        let page = client.list_classes(classes).await.unwrap().into_inner();
        assert_eq!((page.classes.len(), page.next_page_token.is_empty()), (1, false));

        let request = GetOrganizationRequest { name: school.school.clone() };
        let stranger = suite.person(DISTRICT, Uuid::from_u128(7), Role::Learner);
        let answer = RosterServiceClient::new(stranger).get_organization(request).await;
        refused(answer, Code::PermissionDenied, "ACCESS_DENIED");
        let unknown =
            GetOrganizationRequest { name: format!("districts/{DISTRICT}/organizations/{}", Uuid::nil()) };
        refused(client.get_organization(unknown).await, Code::NotFound, "RESOURCE_NOT_FOUND");
    }
);

on_each_database!(
    async fn enrolments_follow_the_people_they_are_of(suite: Suite) {
        let school = suite.school().await;
        let request = |filter: String| ListEnrollmentsRequest {
            parent: school.parent(),
            filter,
            ..ListEnrollmentsRequest::default()
        };
        let educator = suite.person(DISTRICT, school.educator, Role::Educator);
        let of_class = format!("class = \"{}\" AND role = \"student\"", school.class);
        let found =
            client(&educator).list_enrollments(request(of_class)).await.unwrap().into_inner().enrollments;
        let people: BTreeSet<_> = found.iter().map(|enrollment| enrollment.person.clone()).collect();
        assert_eq!(people, [school.learner, school.classmate].map(|id| school.person(id)).into());
        let of_another = format!("class = \"{}\"", school.other_class);
        let none = client(&educator).list_enrollments(request(of_another)).await.unwrap().into_inner();
        assert!(none.enrollments.is_empty());

        let theirs =
            found.iter().find(|enrollment| enrollment.person == school.person(school.learner)).unwrap();
        let get = GetEnrollmentRequest { name: theirs.name.clone() };
        let guardian = suite.person(DISTRICT, school.guardian, Role::Guardian);
        assert_eq!(&client(&guardian).get_enrollment(get.clone()).await.unwrap().into_inner(), theirs);
        let other = suite.person(DISTRICT, school.other_guardian, Role::Guardian);
        refused(client(&other).get_enrollment(get).await, Code::PermissionDenied, "ACCESS_DENIED");
    }
);

on_each_database!(
    async fn a_guardian_is_shown_no_other_household(suite: Suite) {
        let operator = suite.operator(DISTRICT);
        let roster =
            crate::roster_files::small("2020-08-01", "2099-06-30").person("second", "parent", "d", "learner");
        import(&operator, &roster.zip()).await;
        let district = trellis_kernel::District::parse(DISTRICT).unwrap();
        let id = |sourced: &str| trellis_learner_profile::roster_id(&district, "people", sourced);
        let parent = format!("districts/{DISTRICT}/people/{}", id("learner"));
        let request = ListRelationshipsRequest { parent, ..ListRelationshipsRequest::default() };
        let mut found = Vec::new();
        for (person, role) in
            [("learner", Role::Learner), ("guardian", Role::Guardian), ("admin", Role::Administrator)]
        {
            let caller = suite.person(DISTRICT, id(person), role);
            let page = client(&caller).list_relationships(request.clone()).await.unwrap().into_inner();
            assert!(page.relationships.iter().all(|tie| tie.education_rights));
            found.push(page.relationships.len());
        }
        assert_eq!(found, [2, 1, 2]);
        let teacher = suite.person(DISTRICT, id("teacher"), Role::Educator);
        refused(client(&teacher).list_relationships(request).await, Code::PermissionDenied, "ACCESS_DENIED");
    }
);
