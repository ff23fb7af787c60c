//! Imports: the whole district or nothing, and a word on every row.

use tonic::Code;
use trellis_contracts::common::{IssueSeverity, JobState};
use trellis_contracts::profile::roster_service_client::RosterServiceClient;
use trellis_contracts::profile::roster_transfer_service_client::RosterTransferServiceClient;
use trellis_contracts::profile::{
    GetRosterTransferRequest, ImportRosterHeader, ImportRosterRequest, ListOrganizationsRequest, RosterState,
    WatchRosterTransferRequest,
};
use trellis_testkit::{Caller, Role, on_each_database, refused, violations};

use crate::roster_files::{DISTRICT, header, import, import_as, issues, of_file, sample, small};

const FROM: &str = "2020-08-01";
const UNTIL: &str = "2099-06-30";

async fn organizations(caller: &Caller) -> Vec<(String, RosterState)> {
    let request = ListOrganizationsRequest { parent: format!("districts/{DISTRICT}"), ..Default::default() };
    let page =
        RosterServiceClient::new(caller.clone()).list_organizations(request).await.unwrap().into_inner();
    page.organizations.iter().map(|found| (found.title.clone(), found.state())).collect()
}

on_each_database!(
    async fn a_whole_district_comes_in_and_the_same_again_changes_nothing(suite: Suite) {
        let operator = suite.operator(DISTRICT);
        let zip = sample();
        let first = import(&operator, &zip).await;
        assert_eq!(first.state(), JobState::Succeeded);
        assert_eq!((first.error_count, first.warning_count), (0, 0));
        let rows = [
            ("orgs.csv", 4),
            ("academicSessions.csv", 9),
            ("courses.csv", 84),
            ("classes.csv", 520),
            ("users.csv", 2901),
            ("roles.csv", 2901),
            ("enrollments.csv", 545),
            ("demographics.csv", 960),
            ("relationships", 1872),
        ];
        for (file, count) in rows {
            let result = of_file(&first, file);
            let found = (result.rows, result.created, result.updated, result.unchanged, result.retired);
            assert_eq!(found, (count, count, 0, 0, 0), "{file}");
        }
        let again = import(&operator, &zip).await;
        for (file, count) in rows {
            let result = of_file(&again, file);
            let found = (result.rows, result.created, result.updated, result.unchanged, result.retired);
            assert_eq!(found, (count, 0, 0, count, 0), "{file}");
        }
    }
);

on_each_database!(
    async fn what_a_file_no_longer_holds_becomes_inactive_and_may_come_back(suite: Suite) {
        let operator = suite.operator(DISTRICT);
        import(&operator, &small(FROM, UNTIL).zip()).await;
        let without = small(FROM, UNTIL).more("orgs", "m,,,Middle School,school,,d\n");
        let added = import(&operator, &without.zip()).await;
        assert_eq!(of_file(&added, "orgs.csv").created, 1);
        let removed = import(&operator, &small(FROM, UNTIL).zip()).await;
        assert_eq!(of_file(&removed, "orgs.csv").retired, 1);
        assert_eq!(
            organizations(&operator).await,
            [
                ("Grand Bend".to_owned(), RosterState::Active),
                ("High School".to_owned(), RosterState::Active),
                ("Middle School".to_owned(), RosterState::Inactive),
            ]
        );
        let back = import(&operator, &without.zip()).await;
        assert_eq!(of_file(&back, "orgs.csv").updated, 1);
        assert!(organizations(&operator).await.iter().all(|(_, state)| *state == RosterState::Active));
    }
);

on_each_database!(
    async fn a_rehearsal_says_what_would_happen_and_writes_nothing(suite: Suite) {
        let operator = suite.operator(DISTRICT);
        let rehearsal = ImportRosterHeader { dry_run: true, ..header() };
        let zip = small(FROM, UNTIL).zip();
        let transfer = import_as(&operator, rehearsal, &zip).await.unwrap().into_inner();
        assert_eq!((transfer.state(), transfer.dry_run), (JobState::Succeeded, true));
        assert_eq!(of_file(&transfer, "users.csv").created, 4);
        assert!(organizations(&operator).await.is_empty());
        assert_eq!(of_file(&import(&operator, &zip).await, "users.csv").created, 4);
    }
);

on_each_database!(
    async fn one_wrong_row_refuses_the_whole_and_is_named_without_its_values(suite: Suite) {
        let operator = suite.operator(DISTRICT);
        let wrong = small(FROM, UNTIL)
            .more("enrollments", "e3,,,k,s,nobody-we-know,student,,,\ne1,,,k,s,learner,student,,,\n")
            .more("orgs", "x,,,Annexe,shed,,\n");
        let transfer = import(&operator, &wrong.zip()).await;
        assert_eq!((transfer.state(), transfer.error_count), (JobState::Failed, 3));
        assert_eq!(of_file(&transfer, "users.csv").created, 0);
        assert!(organizations(&operator).await.is_empty(), "nothing is half-written");
        let found = issues(&operator, &transfer).await;
        let found: Vec<_> = found
            .iter()
            .map(|issue| {
                assert_eq!(issue.severity(), IssueSeverity::Error);
                assert!(!issue.text.contains("nobody-we-know") && !issue.text.contains("shed"), "{issue:?}");
                (issue.file.as_str(), issue.line, issue.column.as_str(), issue.reason.as_str())
            })
            .collect();
        assert_eq!(
            found,
            [
                ("orgs.csv", 4, "type", "UNKNOWN_VALUE"),
                ("enrollments.csv", 5, "sourcedId", "DUPLICATE_ID"),
                ("enrollments.csv", 4, "userSourcedId", "DANGLING_REFERENCE"),
            ]
        );
    }
);

on_each_database!(
    async fn a_file_may_refer_to_what_came_before(suite: Suite) {
        let operator = suite.operator(DISTRICT);
        import(&operator, &small(FROM, UNTIL).zip()).await;
        let only =
            crate::roster_files::Roster::default().file("enrollments", "e1,,,k,s,teacher,teacher,true,,\n");
        let transfer = import(&operator, &only.zip()).await;
        assert_eq!(transfer.state(), JobState::Succeeded, "{:?}", issues(&operator, &transfer).await);
        let result = of_file(&transfer, "enrollments.csv");
        assert_eq!((result.unchanged, result.retired), (1, 1));
        assert_eq!(transfer.files.len(), 1, "what did not come is left alone");
    }
);

on_each_database!(
    async fn a_repeated_request_is_answered_with_the_first_transfer(suite: Suite) {
        let operator = suite.operator(DISTRICT);
        let request_id = "01900000-0000-7000-8000-000000000001".to_owned();
        let header = ImportRosterHeader { request_id, ..header() };
        let zip = small(FROM, UNTIL).zip();
        let first = import_as(&operator, header.clone(), &zip).await.unwrap().into_inner();
        let again = import_as(&operator, header.clone(), &zip).await.unwrap().into_inner();
        assert_eq!(first, again);
        let other = small(FROM, UNTIL).more("orgs", "x,,,Annexe,school,,\n").zip();
        let answer = import_as(&operator, header, &other).await;
        refused(answer, Code::InvalidArgument, "REQUEST_ID_REUSED");
    }
);

on_each_database!(
    async fn a_transfer_is_read_and_watched_by_those_who_import(suite: Suite) {
        let school = suite.school().await;
        let operator = suite.operator(DISTRICT);
        let transfer = import(&operator, b"no archive").await;
        assert_eq!(transfer.state(), JobState::Failed);
        assert_eq!(issues(&operator, &transfer).await[0].reason, "NOT_AN_ARCHIVE");

        let mut client = RosterTransferServiceClient::new(operator.clone());
        let get = GetRosterTransferRequest { name: transfer.name.clone() };
        assert_eq!(client.get_roster_transfer(get.clone()).await.unwrap().into_inner(), transfer);
        let watch = WatchRosterTransferRequest { name: transfer.name.clone() };
        let mut stream = client.watch_roster_transfer(watch).await.unwrap().into_inner();
        assert_eq!(stream.message().await.unwrap(), Some(transfer));
        assert_eq!(stream.message().await.unwrap(), None, "it ends when the transfer has ended");

        let admin = suite.person(DISTRICT, school.administrator, Role::Administrator);
        assert!(RosterTransferServiceClient::new(admin).get_roster_transfer(get.clone()).await.is_ok());
        let principal = suite.person(DISTRICT, school.principal, Role::Administrator);
        let answer = RosterTransferServiceClient::new(principal.clone()).get_roster_transfer(get).await;
        refused(answer, Code::PermissionDenied, "ACCESS_DENIED");
        let answer = import_as(&principal, header(), b"").await;
        refused(answer, Code::PermissionDenied, "ACCESS_DENIED");
        let educator = suite.person(DISTRICT, school.educator, Role::Educator);
        refused(import_as(&educator, header(), b"").await, Code::PermissionDenied, "SCOPE_MISSING");
    }
);

on_each_database!(
    async fn a_stream_must_begin_with_one_good_header(suite: Suite) {
        let operator = suite.operator(DISTRICT);
        let mut client = RosterTransferServiceClient::new(operator.clone());
        let nowhere = ImportRosterHeader { time_zone: "Mars/Olympus".to_owned(), ..header() };
        let answer = import_as(&operator, nowhere, b"").await;
        let status = refused(answer, Code::InvalidArgument, "FIELD_VIOLATION");
        assert_eq!(violations(&status)[0].0, "header.time_zone");
        let nothing = tokio_stream::iter([ImportRosterRequest::default()]);
        refused(client.import_roster(nothing).await, Code::InvalidArgument, "FIELD_VIOLATION");
        let first = ImportRosterRequest { header: Some(header()), ..ImportRosterRequest::default() };
        let twice = tokio_stream::iter([first.clone(), first]);
        refused(client.import_roster(twice).await, Code::InvalidArgument, "FIELD_VIOLATION");
    }
);

on_each_database!(
    async fn two_imports_at_once_come_one_after_the_other(suite: Suite) {
        let operator = suite.operator(DISTRICT);
        let zip = small(FROM, UNTIL).zip();
        let (first, second) = tokio::join!(import(&operator, &zip), import(&operator, &zip));
        let mut created = [&first, &second].map(|transfer| of_file(transfer, "users.csv").created);
        created.sort_unstable();
        assert_eq!(created, [0, 4], "the later one finds everything there already");
    }
);
