//! What may be adopted, by whom, and beside what else.

use futures::StreamExt as _;
use tonic::Code;
use tonic_types::StatusExt as _;
use trellis_contracts::outcome::{
    Adoption, CreateAdoptionRequest, CreateFrameworkRequest, DeprecateFrameworkRequest, Framework,
    FrameworkKind, GetAdoptionRequest, ListAdoptionsRequest, PublishFrameworkRequest,
    ResolveAdoptionsRequest, UndeprecateFrameworkRequest,
};
use trellis_testkit::{Role, Suite, on_each_database, refused, violations};

use crate::adoptions::{from, school, until};
use crate::proficiency_scales::level;
use crate::support::{Clients, DISTRICT, english, metadata};

/// A framework of another district, or the commons, published once; the revision's name.
async fn published_in(suite: &Suite, district: &str) -> String {
    let mut clients = Clients::of(&suite.operator(district));
    let framework = Framework {
        kind: FrameworkKind::Standards.into(),
        title: english("State standards"),
        ..Framework::default()
    };
    let request = CreateFrameworkRequest {
        parent: format!("districts/{district}"),
        framework: Some(framework),
        request_id: String::new(),
    };
    let draft = clients.frameworks.create_framework(request).await.expect("a framework").into_inner();
    let request =
        PublishFrameworkRequest { name: draft.name, etag: draft.etag, ..PublishFrameworkRequest::default() };
    clients.frameworks.publish_framework(request).await.expect("it is published").into_inner().name
}

on_each_database!(
    async fn one_framework_is_adopted_once_in_a_place_at_a_time(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let (draft, first) = clients.published_portrait().await;
        let second = clients.published_again(&draft).await;
        let year = |schools: &[u8]| until("2027-06-30", from("2026-08-01", &first, schools));
        let schools = clients.adopted(year(&[1, 2])).await;
        let whole = clients.adopted(year(&[])).await;
        for (adoption, other) in [
            (year(&[2, 3]), &schools),
            (from("2027-06-30", &second, &[1]), &schools),
            (until("2026-08-01", from("2026-01-01", &second, &[2])), &schools),
            (from("2027-01-01", &second, &[]), &whole),
        ] {
            let status = refused(clients.adopt(adoption).await, Code::AlreadyExists, "RESOURCE_EXISTS");
            assert_eq!(metadata(&status)["adoption"], other.name);
            let resource = status.get_details_resource_info().expect("the other");
            assert_eq!(
                (resource.resource_type.as_str(), &resource.resource_name),
                ("trellis.dev/Adoption", &other.name)
            );
        }
        let third = clients.adopted(year(&[3])).await;
        let next = clients.adopted(from("2027-07-01", &second, &[1])).await;
        clients.adopted(until("2026-07-31", from("2026-01-01", &second, &[]))).await;

        // An adoption is not in its own way, and not let into another's.
        let same = clients.amend(&schools.name, year(&[1, 2]), &["*"]).await.expect("the same").into_inner();
        assert_eq!(same.etag, schools.etag, "nothing has changed");
        let joined = Adoption { organizations: vec![school(1), school(3)], ..Adoption::default() };
        let status = clients.amend(&third.name, joined, &["organizations"]).await;
        let status = refused(status, Code::AlreadyExists, "RESOURCE_EXISTS");
        assert_eq!(metadata(&status)["adoption"], schools.name);
        let earlier = from("2027-06-30", "", &[]);
        let status = clients.amend(&next.name, earlier, &["start_date"]).await;
        refused(status, Code::AlreadyExists, "RESOURCE_EXISTS");
        let fewer = Adoption { organizations: vec![school(2)], ..Adoption::default() };
        clients.amend(&schools.name, fewer, &["organizations"]).await.expect("one school fewer");
        clients.adopted(year(&[1])).await;
    }
);

on_each_database!(
    async fn of_rivals_at_once_exactly_one_is_adopted(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let (draft, first) = clients.published_portrait().await;
        let second = clients.published_again(&draft).await;
        for (round, schools) in [[&[][..], &[]], [&[1, 2][..], &[2, 3]]].into_iter().enumerate() {
            let rivals = (0..8).map(|index| {
                let mut clients = clients.clone();
                let revision = if index % 2 == 0 { &first } else { &second };
                let adoption = from("2026-08-01", revision, schools[index % 2]);
                async move { clients.adopt(adoption).await }
            });
            let answers = futures::future::join_all(rivals).await;
            let (adopted, others): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
            assert_eq!((adopted.len(), others.len()), (1, 7), "round {round}");
            let name = adopted.into_iter().next().expect("one").expect("adopted").into_inner().name;
            for answer in others {
                let status = refused(answer, Code::AlreadyExists, "RESOURCE_EXISTS");
                assert_eq!(metadata(&status)["adoption"], name);
            }
        }

        // Two that are far apart grow towards each other.
        let (_, other) = clients.published_portrait().await;
        let early = clients.adopted(until("2026-08-31", from("2026-08-01", &other, &[1]))).await;
        let late = clients.adopted(until("2027-08-31", from("2027-08-01", &other, &[1]))).await;
        let (mut one, mut another) = (clients.clone(), clients.clone());
        let longer = until("2027-01-31", Adoption::default());
        let (one, another) = tokio::join!(
            one.amend(&early.name, longer, &["end_date"]),
            another.amend(&late.name, from("2027-01-01", "", &[]), &["start_date"]),
        );
        assert_eq!([one.is_ok(), another.is_ok()].iter().filter(|ok| **ok).count(), 1);
        assert_eq!(
            clients.used(Some(1), "2027-01-15").await.iter().filter(|used| used.framework == other).count(),
            1
        );
    }
);

on_each_database!(
    async fn what_cannot_be_adopted_is_refused_with_its_field(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let (draft, revision) = clients.published_portrait().await;
        let foreign = published_in(&suite, "other-district").await;
        let scale = clients.scale(DISTRICT, vec![level("Beginning", ""), level("Proficient", "")]).await.name;
        let good = || from("2026-08-01", &revision, &[1]);
        let elsewhere = |name: String| name.replace(DISTRICT, "districts/other-district");
        let rule = format!("{DISTRICT}/growthRules/01900000-0000-7000-8000-00000000aaaa");
        for (adoption, field) in [
            (Adoption { framework: draft.clone(), ..good() }, "adoption.framework"),
            (Adoption { framework: foreign, ..good() }, "adoption.framework"),
            (Adoption { framework: String::new(), ..good() }, "adoption.framework"),
            (Adoption { start_date: String::new(), ..good() }, "adoption.start_date"),
            (Adoption { start_date: "2026-02-30".to_owned(), ..good() }, "adoption.start_date"),
            (until("2026-07-31", good()), "adoption.end_date"),
            (Adoption { proficiency_scale: scale.clone(), ..good() }, "adoption.proficiency_scale"),
            (Adoption { growth_rule: elsewhere(rule), ..good() }, "adoption.growth_rule"),
            (Adoption { organizations: vec![elsewhere(school(1))], ..good() }, "adoption.organizations[0]"),
            (Adoption { organizations: vec![school(1), school(1)], ..good() }, "adoption.organizations"),
        ] {
            let status = refused(clients.adopt(adoption).await, Code::InvalidArgument, "FIELD_VIOLATION");
            assert_eq!(violations(&status)[0].0, field);
        }
        for (adoption, field) in [
            (Adoption { framework: format!("{draft}@2"), ..good() }, "adoption.framework"),
            (Adoption { proficiency_scale: format!("{scale}@1"), ..good() }, "adoption.proficiency_scale"),
        ] {
            let status =
                refused(clients.adopt(adoption).await, Code::FailedPrecondition, "REFERENCE_NOT_FOUND");
            assert_eq!(violations(&status)[0].0, field);
        }
    }
);

on_each_database!(
    async fn a_deprecated_framework_is_not_adopted_and_stays_where_it_was(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let (draft, revision) = clients.published_portrait().await;
        let (replacing, _) = clients.published_portrait().await;
        let made = clients.adopted(from("2026-08-01", &revision, &[1])).await;
        let request = DeprecateFrameworkRequest {
            name: draft.clone(),
            replacing_framework: replacing.clone(),
            reason: english("A newer portrait is agreed on."),
            ..DeprecateFrameworkRequest::default()
        };
        clients.frameworks.deprecate_framework(request).await.expect("it is deprecated");

        let answer = clients.adopt(from("2026-08-01", &revision, &[2])).await;
        let status = refused(answer, Code::FailedPrecondition, "STATE_CONFLICT");
        let said = metadata(&status);
        assert_eq!((&said["framework"], &said["replacing_framework"]), (&draft, &replacing));

        let read = clients.adoption(&made.name).await;
        let deprecation = read.framework_deprecation.expect("it says so");
        assert_eq!(deprecation.replacing_framework, replacing);
        assert_eq!(read.superseded_by, [replacing.as_str()]);
        let used = clients.used(Some(1), "2026-08-01").await;
        assert!(used[0].framework_deprecated && used[0].superseded_by == [replacing.as_str()]);
        let end = until("2027-06-30", Adoption::default());
        clients.amend(&made.name, end, &["end_date"]).await.expect("and it may still be changed");

        let request = UndeprecateFrameworkRequest { name: draft, ..UndeprecateFrameworkRequest::default() };
        clients.frameworks.undeprecate_framework(request).await.expect("taken back");
        clients.adopted(from("2026-08-01", &revision, &[2])).await;
    }
);

on_each_database!(
    async fn everyone_of_the_district_reads_and_its_administration_adopts(suite: Suite) {
        let school = suite.school().await;
        let district = format!("districts/{}", school.district);
        let revision = published_in(&suite, "commons").await;
        let person = |id, role| Clients::of(&suite.person(&school.district, id, role));
        let own = school.school.clone();
        let request = CreateAdoptionRequest {
            parent: district.clone(),
            adoption: Some(Adoption {
                organizations: vec![own.clone()],
                ..from("2026-08-01", &revision, &[])
            }),
            request_id: "01900000-0000-7000-8000-00000000bbbb".to_owned(),
        };
        let mut administrator = person(school.administrator, Role::Administrator);
        let made =
            administrator.adoptions.create_adoption(request.clone()).await.expect("an administrator adopts");
        let made = made.into_inner();
        assert_eq!(made.framework, revision, "of the commons");
        let again = administrator.adoptions.create_adoption(request.clone()).await;
        assert_eq!(again.expect("the same reply").into_inner(), made);

        let mut educator = person(school.educator, Role::Educator);
        let answer = educator.adoptions.create_adoption(request.clone()).await;
        refused(answer, Code::PermissionDenied, "ACCESS_DENIED");
        let mut learner = person(school.learner, Role::Learner);
        let answer = learner.adoptions.create_adoption(request).await;
        refused(answer, Code::PermissionDenied, "SCOPE_MISSING");

        let get = GetAdoptionRequest { name: made.name.clone() };
        let resolve = ResolveAdoptionsRequest {
            parent: district.clone(),
            organization: own,
            date: "2026-09-01".to_owned(),
        };
        let list = ListAdoptionsRequest { parent: district, ..ListAdoptionsRequest::default() };
        assert_eq!(learner.adoptions.get_adoption(get.clone()).await.expect("read").into_inner(), made);
        let used =
            learner.adoptions.resolve_adoptions(resolve.clone()).await.expect("an answer").into_inner();
        assert_eq!(used.adoptions[0].adoption, made.name);
        let mut stranger = Clients::of(&suite.operator("other-district"));
        refused(stranger.adoptions.get_adoption(get).await, Code::PermissionDenied, "ACCESS_DENIED");
        refused(stranger.adoptions.list_adoptions(list).await, Code::PermissionDenied, "ACCESS_DENIED");
        refused(stranger.adoptions.resolve_adoptions(resolve).await, Code::PermissionDenied, "ACCESS_DENIED");
        // The same id, asked for where the stranger is at home, is nobody's.
        let get = GetAdoptionRequest { name: made.name.replace(&school.district, "other-district") };
        refused(stranger.adoptions.get_adoption(get).await, Code::NotFound, "RESOURCE_NOT_FOUND");
    }
);

on_each_database!(
    async fn a_place_has_a_bounded_number_of_adoptions(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let (_, revision) = clients.published_portrait().await;
        let on = |number: i32, schools: &[u8]| {
            let day = format!("{:04}-01-01", 1000 + number);
            until(&day, from(&day, &revision, schools))
        };
        futures::stream::iter(0..500)
            .for_each_concurrent(8, |number| {
                let mut clients = clients.clone();
                let adoption = on(number, &[1]);
                async move { drop(clients.adopted(adoption).await) }
            })
            .await;
        let status =
            refused(clients.adopt(on(500, &[2, 1])).await, Code::ResourceExhausted, "LIMIT_EXCEEDED");
        assert_eq!((metadata(&status)["limit"].as_str(), &metadata(&status)["place"]), ("500", &school(1)));
        let other = clients.adopted(on(500, &[2])).await;
        let both = Adoption { organizations: vec![school(1), school(2)], ..Adoption::default() };
        let answer = clients.amend(&other.name, both, &["organizations"]).await;
        refused(answer, Code::ResourceExhausted, "LIMIT_EXCEEDED");
        clients.adopted(on(500, &[])).await;
    }
);
