//! Adoptions: which framework a school uses, and how.

use prost_types::FieldMask;
use tokio_stream::StreamExt as _;
use tonic::{Code, Response, Status};
use trellis_contracts::common::ChangeKind;
use trellis_contracts::outcome::outcome_change::Body;
use trellis_contracts::outcome::{
    Adoption, CreateAdoptionRequest, DeleteAdoptionRequest, Framework, GetAdoptionRequest,
    ListAdoptionsRequest, OutcomeChange, ResolveAdoptionsRequest, ResolvedAdoption, UpdateAdoptionRequest,
    UpdateFrameworkRequest, WatchChangesRequest,
};
use trellis_testkit::{on_each_database, refused};

use crate::proficiency_scales::level;
use crate::support::{Clients, DISTRICT, english};

/// The name of an organization of the district.
pub(crate) fn school(number: u8) -> String {
    format!("{DISTRICT}/organizations/01900000-0000-7000-8000-0000000000{number:02x}")
}

/// An adoption of a revision from a day on, by schools or (none) the district.
pub(crate) fn from(start_date: &str, framework: &str, schools: &[u8]) -> Adoption {
    Adoption {
        framework: framework.to_owned(),
        organizations: schools.iter().copied().map(school).collect(),
        start_date: start_date.to_owned(),
        ..Adoption::default()
    }
}

/// The same until a day.
pub(crate) fn until(end_date: &str, adoption: Adoption) -> Adoption {
    Adoption { end_date: end_date.to_owned(), ..adoption }
}

impl Clients {
    /// Asks to adopt.
    pub(crate) async fn adopt(&mut self, adoption: Adoption) -> Result<Response<Adoption>, Status> {
        let request = CreateAdoptionRequest {
            parent: DISTRICT.to_owned(),
            adoption: Some(adoption),
            request_id: String::new(),
        };
        self.adoptions.create_adoption(request).await
    }

    /// Adopts what can be adopted.
    pub(crate) async fn adopted(&mut self, adoption: Adoption) -> Adoption {
        self.adopt(adoption).await.expect("it is adopted").into_inner()
    }

    /// Asks to change fields of an adoption.
    pub(crate) async fn amend(
        &mut self,
        name: &str,
        adoption: Adoption,
        paths: &[&str],
    ) -> Result<Response<Adoption>, Status> {
        let paths = paths.iter().map(|path| (*path).to_owned()).collect();
        let request = UpdateAdoptionRequest {
            adoption: Some(Adoption { name: name.to_owned(), ..adoption }),
            update_mask: Some(FieldMask { paths }),
            request_id: String::new(),
        };
        self.adoptions.update_adoption(request).await
    }

    pub(crate) async fn adoption(&mut self, name: &str) -> Adoption {
        let request = GetAdoptionRequest { name: name.to_owned() };
        self.adoptions.get_adoption(request).await.expect("the adoption is there").into_inner()
    }

    /// What a school or (none) the district uses on a day.
    pub(crate) async fn used(&mut self, by: Option<u8>, date: &str) -> Vec<ResolvedAdoption> {
        let request = ResolveAdoptionsRequest {
            parent: DISTRICT.to_owned(),
            organization: by.map(school).unwrap_or_default(),
            date: date.to_owned(),
        };
        self.adoptions.resolve_adoptions(request).await.expect("an answer").into_inner().adoptions
    }

    /// A portrait, published once; its draft's name, and the revision's.
    pub(crate) async fn published_portrait(&mut self) -> (String, String) {
        let draft = self.portrait().await.name;
        let revision = self.publish(&draft).await.name;
        (draft, revision)
    }

    /// Changes a draft and publishes it again; the revision's name.
    pub(crate) async fn published_again(&mut self, draft: &str) -> String {
        let before = self.framework(draft).await;
        let framework = Framework {
            name: draft.to_owned(),
            version_label: format!("{} and more", before.version_label),
            ..Framework::default()
        };
        let request =
            UpdateFrameworkRequest { framework: Some(framework), ..UpdateFrameworkRequest::default() };
        self.frameworks.update_framework(request).await.expect("the draft changes");
        self.publish(draft).await.name
    }
}

fn names(used: &[ResolvedAdoption]) -> Vec<&str> {
    used.iter().map(|used| used.adoption.as_str()).collect()
}

on_each_database!(
    async fn a_school_s_own_adoption_wins_over_the_district_s(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let (draft, first) = clients.published_portrait().await;
        let second = clients.published_again(&draft).await;
        let (_, other) = clients.published_portrait().await;
        let scale = clients.scale(DISTRICT, vec![level("Beginning", "1"), level("Proficient", "2")]).await;
        let scale = clients.published_scale(&scale).await.name;
        let rule = format!("{DISTRICT}/growthRules/01900000-0000-7000-8000-00000000aaaa");
        let whole = Adoption {
            proficiency_scale: scale.clone(),
            growth_rule: rule.clone(),
            note: english("Decided by the board."),
            ..from("2026-08-01", &first, &[])
        };
        let whole = clients.adopted(whole).await;
        assert_eq!((whole.etag.as_str(), whole.superseded_by.as_slice()), ("W/1", &[second.clone()][..]));
        let own = until("2027-06-30", from("2026-09-01", &second, &[2, 1]));
        let own = clients.adopted(Adoption { growth_rule: format!("{rule}@2"), ..own }).await;
        assert_eq!(own.organizations, [school(1), school(2)], "in the order of their ids");
        let beside = clients.adopted(from("2026-08-01", &other, &[])).await;

        let used = clients.used(Some(1), "2026-09-01").await;
        assert_eq!(names(&used), [own.name.as_str(), beside.name.as_str()]);
        let ResolvedAdoption { framework, growth_rule, district_wide, end_date, .. } = &used[0];
        assert_eq!((framework, growth_rule), (&second, &format!("{rule}@2")));
        assert_eq!((*district_wide, end_date.as_str()), (false, "2027-06-30"));

        for (by, date) in
            [(Some(1), "2026-08-31"), (Some(1), "2027-07-01"), (Some(3), "2026-10-01"), (None, "2026-10-01")]
        {
            let used = clients.used(by, date).await;
            assert_eq!(names(&used), [whole.name.as_str(), beside.name.as_str()], "{by:?} {date}");
            assert_eq!((&used[0].proficiency_scale, &used[0].growth_rule), (&scale, &rule));
            assert!(used[0].district_wide && !used[0].framework_deprecated);
            assert_eq!(used[0].superseded_by, [second.as_str()]);
        }
        assert_eq!(
            names(&clients.used(Some(2), "2027-06-30").await),
            [own.name.as_str(), beside.name.as_str()]
        );
        assert!(clients.used(Some(1), "2026-07-31").await.is_empty());
        assert_eq!(clients.adoption(&whole.name).await, whole);
    }
);

on_each_database!(
    async fn an_adoption_moves_to_a_newer_revision_and_ends(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let (draft, first) = clients.published_portrait().await;
        let made = clients.adopted(from("2026-08-01", &first, &[1])).await;
        assert!(made.superseded_by.is_empty() && made.framework_deprecation.is_none());
        let second = clients.published_again(&draft).await;
        let read = clients.adoption(&made.name).await;
        assert_eq!(read, Adoption { superseded_by: vec![second.clone()], ..made.clone() });

        let newer = Adoption { framework: second.clone(), etag: made.etag.clone(), ..Adoption::default() };
        let moved = clients.amend(&made.name, newer.clone(), &[]).await.expect("it moves").into_inner();
        assert_eq!((&moved.framework, moved.start_date.as_str()), (&second, "2026-08-01"));
        assert!(moved.superseded_by.is_empty() && moved.etag == "W/2");
        let answer = clients.amend(&made.name, newer, &["framework"]).await;
        refused(answer, Code::Aborted, "ETAG_MISMATCH");

        let end = until("2027-06-30", Adoption::default());
        let ended = clients.amend(&made.name, end, &["end_date"]).await.expect("it ends").into_inner();
        assert_eq!((ended.end_date.as_str(), ended.etag.as_str()), ("2027-06-30", "W/3"));
        let again = clients.amend(&made.name, Adoption::default(), &["end_date"]).await;
        assert_eq!(again.expect("it goes on").into_inner().end_date, "");
        let everyone = clients.amend(&made.name, Adoption::default(), &["organizations"]).await;
        assert!(everyone.expect("for all").into_inner().organizations.is_empty());
        assert_eq!(names(&clients.used(Some(9), "2030-01-01").await), [made.name.as_str()]);

        let (_, other) = clients.published_portrait().await;
        let other = Adoption { framework: other, ..Adoption::default() };
        for (adoption, path) in [
            (other, "framework"),
            (Adoption::default(), "framework"),
            (Adoption::default(), "start_date"),
            (until("2026-07-31", Adoption::default()), "end_date"),
            (Adoption::default(), "name"),
        ] {
            let answer = clients.amend(&made.name, adoption, &[path]).await;
            refused(answer, Code::InvalidArgument, "FIELD_VIOLATION");
        }
    }
);

on_each_database!(
    async fn adoptions_are_listed_by_framework_school_and_day(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let (draft, first) = clients.published_portrait().await;
        let second = clients.published_again(&draft).await;
        let (_, other) = clients.published_portrait().await;
        let mut made = Vec::new();
        for adoption in [
            until("2027-06-30", from("2026-08-01", &first, &[1, 2])),
            from("2027-07-01", &second, &[1]),
            from("2026-08-01", &other, &[1]),
            from("2026-08-01", &first, &[]),
        ] {
            made.push(clients.adopted(adoption).await.name);
        }
        let school = school(1);
        for (framework, organization, active_on, expected) in [
            ("", "", "", &[0, 1, 2, 3][..]),
            (draft.as_str(), "", "", &[0, 1, 3]),
            (second.as_str(), "", "", &[1]),
            ("", school.as_str(), "", &[0, 1, 2]),
            ("", "", "2027-06-30", &[0, 2, 3]),
            (draft.as_str(), school.as_str(), "2027-07-01", &[1]),
            ("", "", "2026-07-31", &[]),
        ] {
            let mut request = ListAdoptionsRequest {
                parent: DISTRICT.to_owned(),
                page_size: 1,
                framework: framework.to_owned(),
                organization: organization.to_owned(),
                active_on: active_on.to_owned(),
                ..ListAdoptionsRequest::default()
            };
            let mut found = Vec::new();
            loop {
                let page =
                    clients.adoptions.list_adoptions(request.clone()).await.expect("a page").into_inner();
                assert!(page.adoptions.len() <= 1);
                found.extend(page.adoptions.into_iter().map(|adoption| adoption.name));
                request.page_token = page.next_page_token;
                if request.page_token.is_empty() {
                    break;
                }
            }
            let expected: Vec<&String> = expected.iter().map(|index| &made[*index]).collect();
            assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{framework} {organization} {active_on}");
        }
    }
);

on_each_database!(
    async fn a_deletion_is_as_if_it_had_never_been(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let (_, revision) = clients.published_portrait().await;
        let made = clients.adopted(from("2026-08-01", &revision, &[1])).await;
        let delete = |etag: &str| DeleteAdoptionRequest {
            name: made.name.clone(),
            etag: etag.to_owned(),
            request_id: String::new(),
        };
        refused(clients.adoptions.delete_adoption(delete("W/2")).await, Code::Aborted, "ETAG_MISMATCH");
        clients.adoptions.delete_adoption(delete("W/1")).await.expect("it goes");
        let get = GetAdoptionRequest { name: made.name.clone() };
        refused(clients.adoptions.get_adoption(get).await, Code::NotFound, "RESOURCE_NOT_FOUND");
        let answer = clients.adoptions.delete_adoption(delete("")).await;
        refused(answer, Code::NotFound, "RESOURCE_NOT_FOUND");
        let answer = clients.amend(&made.name, Adoption::default(), &["end_date"]).await;
        refused(answer, Code::NotFound, "RESOURCE_NOT_FOUND");
        assert!(clients.used(Some(1), "2026-08-01").await.is_empty());
        clients.adopted(from("2026-08-01", &revision, &[1])).await;
    }
);

on_each_database!(
    async fn the_feed_tells_of_adoptions(suite: Suite) {
        let mut clients = Clients::operator(&suite);
        let (_, revision) = clients.published_portrait().await;
        let made = clients.adopted(from("2026-08-01", &revision, &[1])).await;
        let watch =
            WatchChangesRequest { parent: DISTRICT.to_owned(), snapshot: true, resume_token: String::new() };
        let mut feed = clients.changes.watch_changes(watch).await.expect("a feed").into_inner();
        let of_snapshot = next(&mut feed, &made.name, |_| true).await;
        assert_eq!(of_snapshot.resource_type, "trellis.dev/Adoption");
        assert_eq!(of_snapshot.body, Some(Body::Adoption(made.clone())));
        let end = until("2027-06-30", Adoption::default());
        let ended = clients.amend(&made.name, end, &["end_date"]).await.expect("it ends").into_inner();
        // That it was made may be told again: it may have had no position when the snapshot was taken.
        let ended = Some(Body::Adoption(ended));
        let told = next(&mut feed, &made.name, |told| told.body == ended).await;
        assert_eq!(told.kind(), ChangeKind::Upserted);
        let delete = DeleteAdoptionRequest { name: made.name.clone(), ..DeleteAdoptionRequest::default() };
        clients.adoptions.delete_adoption(delete).await.expect("it goes");
        let gone = next(&mut feed, &made.name, |told| told.kind() == ChangeKind::Deleted).await;
        assert!(gone.body.is_none());
    }
);

/// Reads the feed until it tells of a resource what is awaited.
async fn next(
    feed: &mut tonic::Streaming<OutcomeChange>,
    resource: &str,
    awaited: impl Fn(&OutcomeChange) -> bool,
) -> OutcomeChange {
    loop {
        let change = feed.next().await.expect("more").expect("a change");
        if change.resource == resource && awaited(&change) {
            return change;
        }
    }
}
