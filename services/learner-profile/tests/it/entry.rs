//! Entries: who writes, who reads, who is told, and what is gone.

use tonic::Code;
use trellis_contracts::common::{ChangeKind, DataClass, LocalizedText};
use trellis_contracts::profile::learner_service_client::LearnerServiceClient;
use trellis_contracts::profile::{
    CreateEntryRequest, DeleteEntryRequest, Entry, EntryAudience, EntryFacet, GetEntryRequest,
    ListEntriesRequest, ProfileChange, Voice,
};
use trellis_kernel::Uuid;
use trellis_testkit::{Caller, Role, School, Suite, on_each_database, refused, violations};

use crate::learning::{application, changes, place, told, words};

const AUDIENCES: [EntryAudience; 5] = [
    EntryAudience::OnlyMe,
    EntryAudience::MyEducators,
    EntryAudience::MyFamily,
    EntryAudience::FamilyAndEducators,
    EntryAudience::AllWhoSupportMe,
];

/// Makes an entry wrong.
type Mistake = fn(&mut Entry);

fn client(caller: &Caller) -> LearnerServiceClient<Caller> {
    LearnerServiceClient::new(caller.clone())
}

fn person(suite: &Suite, school: &School, id: Uuid, role: Role) -> Caller {
    suite.person(&school.district, id, role)
}

fn request(school: &School, audience: EntryAudience) -> CreateEntryRequest {
    let entry = Entry {
        facet: EntryFacet::Strength.into(),
        text: words("Explains patiently"),
        audience: audience.into(),
        ..Entry::default()
    };
    CreateEntryRequest {
        parent: school.learner(school.learner),
        entry: Some(entry),
        ..CreateEntryRequest::default()
    }
}

async fn write(caller: &Caller, school: &School, audience: EntryAudience) -> Entry {
    client(caller).create_entry(request(school, audience)).await.unwrap().into_inner()
}

async fn list(caller: &Caller, school: &School) -> Vec<Entry> {
    let request =
        ListEntriesRequest { parent: school.learner(school.learner), ..ListEntriesRequest::default() };
    client(caller).list_entries(request).await.unwrap().into_inner().entries
}

fn get(entry: &Entry) -> GetEntryRequest {
    GetEntryRequest { name: entry.name.clone() }
}

fn delete(entry: &Entry) -> DeleteEntryRequest {
    DeleteEntryRequest { name: entry.name.clone(), ..DeleteEntryRequest::default() }
}

on_each_database!(
    async fn each_audience_reads_and_nobody_else(suite: Suite) {
        use EntryAudience::{AllWhoSupportMe, FamilyAndEducators, MyEducators, MyFamily};
        let school = suite.school().await;
        let learner = person(&suite, &school, school.learner, Role::Learner);
        let mut entries = Vec::new();
        for audience in AUDIENCES {
            let entry = write(&learner, &school, audience).await;
            assert_eq!(
                (entry.voice(), entry.author.as_str()),
                (Voice::Learner, &*school.person(school.learner))
            );
            entries.push(entry);
        }
        let covered = application(&suite, &school, &[DataClass::EducationRecord]).await;
        let readers = [
            (learner.clone(), AUDIENCES.to_vec()),
            (
                person(&suite, &school, school.guardian, Role::Guardian),
                vec![MyFamily, FamilyAndEducators, AllWhoSupportMe],
            ),
            (
                person(&suite, &school, school.educator, Role::Educator),
                vec![MyEducators, FamilyAndEducators, AllWhoSupportMe],
            ),
            (person(&suite, &school, school.principal, Role::Administrator), vec![AllWhoSupportMe]),
            (person(&suite, &school, school.administrator, Role::Administrator), vec![AllWhoSupportMe]),
            (covered, vec![MyEducators, FamilyAndEducators, AllWhoSupportMe]),
        ];
        for (reader, audiences) in &readers {
            let seen = list(reader, &school).await;
            let seen: Vec<EntryAudience> = seen.iter().map(Entry::audience).collect();
            assert_eq!(&seen, audiences);
            for entry in &entries {
                let answer = client(reader).get_entry(get(entry)).await;
                if audiences.contains(&entry.audience()) {
                    assert_eq!(answer.unwrap().into_inner(), *entry);
                } else {
                    refused(answer, Code::NotFound, "RESOURCE_NOT_FOUND");
                }
            }
        }
        let outside = application(&suite, &school, &[DataClass::Directory]).await;
        let strangers = [
            person(&suite, &school, school.classmate, Role::Learner),
            person(&suite, &school, school.other_educator, Role::Educator),
            person(&suite, &school, school.other_guardian, Role::Guardian),
            outside,
        ];
        for stranger in &strangers {
            let answer = client(stranger).get_entry(get(&entries[4])).await;
            refused(answer, Code::PermissionDenied, "ACCESS_DENIED");
        }
    }
);

on_each_database!(
    async fn what_others_write_the_learner_reads_first(suite: Suite) {
        let school = suite.school().await;
        let learner = person(&suite, &school, school.learner, Role::Learner);
        let educator = person(&suite, &school, school.educator, Role::Educator);
        let guardian = person(&suite, &school, school.guardian, Role::Guardian);
        let principal = person(&suite, &school, school.principal, Role::Administrator);

        let by_educator = write(&educator, &school, EntryAudience::AllWhoSupportMe).await;
        let by_guardian = write(&guardian, &school, EntryAudience::MyEducators).await;
        assert_eq!((by_educator.voice(), by_guardian.voice()), (Voice::Educator, Voice::Family));
        assert_eq!(by_guardian.author, school.person(school.guardian));

        // Each sees their own, and nobody the other's, until the learner has read it.
        assert_eq!(list(&educator, &school).await, std::slice::from_ref(&by_educator));
        assert_eq!(list(&guardian, &school).await, std::slice::from_ref(&by_guardian));
        assert_eq!(list(&principal, &school).await, []);
        refused(client(&guardian).get_entry(get(&by_educator)).await, Code::NotFound, "RESOURCE_NOT_FOUND");

        let read = client(&learner).get_entry(get(&by_educator)).await.unwrap().into_inner();
        assert!(read.learner_read_time.is_some());
        assert_ne!(read.etag, by_educator.etag);
        assert_eq!(client(&principal).get_entry(get(&by_educator)).await.unwrap().into_inner(), read);
        refused(client(&educator).get_entry(get(&by_guardian)).await, Code::NotFound, "RESOURCE_NOT_FOUND");

        let both = list(&learner, &school).await;
        assert!(both.iter().all(|entry| entry.learner_read_time.is_some()));
        assert_eq!(list(&educator, &school).await, both);
        // A second reading is no change.
        assert_eq!(list(&learner, &school).await, both);
        // The learner read it, but it is not theirs to delete; nor does anyone else delete for its author.
        for caller in [&learner, &guardian] {
            let answer = client(caller).delete_entry(delete(&by_educator)).await;
            refused(answer, Code::PermissionDenied, "ACCESS_DENIED");
        }
    }
);

on_each_database!(
    async fn deleted_words_are_gone(suite: Suite) {
        let school = suite.school().await;
        let learner = person(&suite, &school, school.learner, Role::Learner);
        let educator = person(&suite, &school, school.educator, Role::Educator);
        let request_id = "01900000-0000-4000-8000-000000000001".to_owned();
        let create = CreateEntryRequest { request_id, ..request(&school, EntryAudience::MyEducators) };
        let entry = client(&learner).create_entry(create.clone()).await.unwrap().into_inner();
        let again = client(&learner).create_entry(create.clone()).await.unwrap().into_inner();
        assert_eq!(again, entry);
        assert_eq!(list(&learner, &school).await.len(), 1);
        let mut other = create.clone();
        other.entry.as_mut().unwrap().text = words("Another");
        refused(client(&learner).create_entry(other).await, Code::InvalidArgument, "REQUEST_ID_REUSED");

        let answer = client(&educator).delete_entry(delete(&entry)).await;
        refused(answer, Code::PermissionDenied, "ACCESS_DENIED");
        let stale = DeleteEntryRequest { etag: "W/9".to_owned(), ..delete(&entry) };
        refused(client(&learner).delete_entry(stale).await, Code::Aborted, "ETAG_MISMATCH");
        let current = DeleteEntryRequest { etag: entry.etag.clone(), ..delete(&entry) };
        client(&learner).delete_entry(current).await.unwrap();

        for caller in [&learner, &educator] {
            refused(client(caller).get_entry(get(&entry)).await, Code::NotFound, "RESOURCE_NOT_FOUND");
        }
        refused(client(&learner).delete_entry(delete(&entry)).await, Code::NotFound, "RESOURCE_NOT_FOUND");
        // A repetition of the request that wrote them does not bring them back either.
        refused(client(&learner).create_entry(create).await, Code::NotFound, "RESOURCE_NOT_FOUND");
    }
);

on_each_database!(
    async fn the_feed_tells_each_only_what_they_may_read(suite: Suite) {
        let school = suite.school().await;
        let learner = person(&suite, &school, school.learner, Role::Learner);
        let educator = person(&suite, &school, school.educator, Role::Educator);
        let before = place(&learner, &school).await;
        let secret = write(&learner, &school, EntryAudience::OnlyMe).await;
        let shared = write(&learner, &school, EntryAudience::MyEducators).await;
        let last = write(&learner, &school, EntryAudience::MyEducators).await;
        for entry in [&secret, &shared] {
            client(&learner).delete_entry(delete(entry)).await.unwrap();
        }
        let upserted = |entry: &Entry| (ChangeKind::Upserted, entry.name.clone());
        let deleted = |entry: &Entry| (ChangeKind::Deleted, entry.name.clone());
        // Positions are given after commit: wait for the last of the changes.
        let last_told = |change: &ProfileChange| {
            (change.resource == shared.name && change.kind() == ChangeKind::Deleted).then_some(())
        };
        told(&learner, &school, &before, last_told).await;

        let of_learner = changes(&learner, &school, "trellis.dev/Entry").await;
        assert_eq!(of_learner, [upserted(&last), deleted(&secret), deleted(&shared)]);
        let of_educator = changes(&educator, &school, "trellis.dev/Entry").await;
        assert_eq!(of_educator, [upserted(&last), deleted(&shared)]);
        for id in [school.other_educator, school.administrator, school.classmate] {
            let caller = person(&suite, &school, id, Role::Educator);
            assert_eq!(changes(&caller, &school, "trellis.dev/Entry").await, []);
        }
    }
);

on_each_database!(
    async fn a_mistake_is_refused_where_it_is(suite: Suite) {
        let school = suite.school().await;
        let learner = person(&suite, &school, school.learner, Role::Learner);
        let educator = person(&suite, &school, school.educator, Role::Educator);
        let text = |language: &str| LocalizedText { language: language.to_owned(), text: "Draws".to_owned() };
        let mistakes: [(&str, Mistake); 5] = [
            ("entry.facet", |entry| entry.facet = 0),
            ("entry.audience", |entry| entry.audience = 99),
            ("entry.text", |entry| entry.text.clear()),
            ("entry.other_facet", |entry| entry.facet = EntryFacet::Other.into()),
            ("entry.text[0].text", |entry| entry.text = words(" ")),
        ];
        for (field, mistake) in mistakes {
            let mut wrong = request(&school, EntryAudience::OnlyMe);
            mistake(wrong.entry.as_mut().unwrap());
            let status =
                refused(client(&learner).create_entry(wrong).await, Code::InvalidArgument, "FIELD_VIOLATION");
            assert_eq!(violations(&status)[0].0, field);
        }
        let mut twice = request(&school, EntryAudience::OnlyMe);
        twice.entry.as_mut().unwrap().text = vec![text("en"), text("EN")];
        let status =
            refused(client(&learner).create_entry(twice).await, Code::InvalidArgument, "FIELD_VIOLATION");
        assert_eq!(violations(&status)[0].0, "entry.text[1].language");
        // What is written about somebody is theirs to read.
        let kept_from = client(&educator).create_entry(request(&school, EntryAudience::OnlyMe)).await;
        let status = refused(kept_from, Code::InvalidArgument, "FIELD_VIOLATION");
        assert_eq!(violations(&status)[0].0, "entry.audience");
        // Nothing was written by any of them.
        assert_eq!(list(&learner, &school).await, []);
    }
);

on_each_database!(
    async fn a_list_comes_in_pages_of_ones_own(suite: Suite) {
        let school = suite.school().await;
        let learner = person(&suite, &school, school.learner, Role::Learner);
        let guardian = person(&suite, &school, school.guardian, Role::Guardian);
        let mut written = Vec::new();
        for audience in AUDIENCES {
            written.push(write(&learner, &school, audience).await.name);
        }
        let mut page = ListEntriesRequest {
            parent: school.learner(school.learner),
            page_size: 2,
            ..ListEntriesRequest::default()
        };
        let mut found = Vec::new();
        loop {
            let answer = client(&learner).list_entries(page.clone()).await.unwrap().into_inner();
            found.extend(answer.entries.into_iter().map(|entry| entry.name));
            if answer.next_page_token.is_empty() {
                break;
            }
            page.page_token = answer.next_page_token;
        }
        assert_eq!(found, written);
        // Another reader has another list.
        refused(client(&guardian).list_entries(page).await, Code::InvalidArgument, "INVALID_PAGE_TOKEN");
    }
);
