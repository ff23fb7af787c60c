//! Calendars and timetables.

use tonic::Code;
use trellis_contracts::scheduling::calendar_service_client::CalendarServiceClient;
use trellis_contracts::scheduling::timetable_service_client::TimetableServiceClient;
use trellis_contracts::scheduling::{
    Calendar, CreateCalendarRequest, GetCalendarRequest, GetTimetableRequest, ListCalendarsRequest,
    ListTimetablesRequest, Timetable,
};
use trellis_kernel::Uuid;
use trellis_testkit::{Role, on_each_database, refused, violations};

use crate::place::{Place, calendar, code};

/// What is wrong with a calendar: the reason and the path of the refusal, and what spoils it.
type Case = (&'static str, &'static str, fn(&mut Calendar));

const NOWHERE: &str = "01900000-0000-7000-8000-00000000dead";

on_each_database!(
    async fn a_calendar_is_read_back_as_it_was_made(suite: Suite) {
        let place = Place::of(&suite).await;
        let made = place.calendar.clone();
        assert_eq!(made.name, format!("{}/calendars/{}", place.school.parent(), made.uid));
        assert_eq!((made.etag.as_str(), made.blocks.len(), made.exceptions.len()), ("W/1", 3, 1));
        let sent = calendar(&suite, &place.school);
        assert_eq!((&made.blocks, &made.exceptions), (&sent.blocks, &sent.exceptions));
        // Any member of the district reads it; nobody of another does.
        let read = GetCalendarRequest { name: made.name.clone() };
        let mut learner = CalendarServiceClient::new(place.learner());
        assert_eq!(learner.get_calendar(read.clone()).await.expect("a calendar").into_inner(), made);
        let stranger = suite.person("elsewhere", place.school.learner, Role::Learner);
        let answer = CalendarServiceClient::new(stranger).get_calendar(read).await;
        refused(answer, Code::PermissionDenied, "ACCESS_DENIED");
        let gone = GetCalendarRequest { name: format!("{}/calendars/{NOWHERE}", place.school.parent()) };
        refused(learner.get_calendar(gone).await, Code::NotFound, "RESOURCE_NOT_FOUND");
    }
);

on_each_database!(
    async fn a_calendar_that_is_wrong_is_refused_with_the_path(suite: Suite) {
        let place = Place::of(&suite).await;
        let mut client = CalendarServiceClient::new(place.administrator());
        let good = calendar(&suite, &place.school);
        let cases: [Case; 8] = [
            ("FIELD_VIOLATION", "calendar.blocks[1].id", |c| c.blocks[1].id = c.blocks[0].id.clone()),
            ("FIELD_VIOLATION", "calendar.blocks[0].end_time", |c| {
                c.blocks[0].end_time = c.blocks[0].start_time.clone();
            }),
            ("FIELD_VIOLATION", "calendar.time_zone", |c| c.time_zone.insert(0, 'x')),
            ("FIELD_VIOLATION", "calendar.first_date", |c| c.first_date.replace_range(5.., "02-30")),
            ("FIELD_VIOLATION", "calendar.last_date", |c| c.last_date.replace_range(..4, "2020")),
            ("FIELD_VIOLATION", "calendar.exceptions[1].date", |c| {
                c.exceptions.push(c.exceptions[0].clone());
            }),
            ("REFERENCE_NOT_FOUND", "calendar.organization", |c| {
                let (start, _) = c.organization.rsplit_once('/').expect("a name");
                c.organization = format!("{start}/{NOWHERE}");
            }),
            ("INVALID_NAME", "calendar.organization", |c| {
                c.organization = c.organization.replace("grand-bend", "elsewhere");
            }),
        ];
        for (reason, path, spoil) in cases {
            let mut calendar = good.clone();
            spoil(&mut calendar);
            let answer = client
                .create_calendar(CreateCalendarRequest {
                    parent: place.school.parent(),
                    calendar: Some(calendar),
                    request_id: String::new(),
                })
                .await;
            let status = refused(answer, code(reason), reason);
            assert_eq!(violations(&status)[0].0, path);
        }
        let all = ListCalendarsRequest { parent: place.school.parent(), ..ListCalendarsRequest::default() };
        let kept = client.list_calendars(all).await.expect("calendars").into_inner().calendars;
        assert_eq!(kept, std::slice::from_ref(&place.calendar));
    }
);

on_each_database!(
    async fn a_repeated_request_makes_one_calendar(suite: Suite) {
        let place = Place::of(&suite).await;
        let mut client = CalendarServiceClient::new(place.administrator());
        let mut create = CreateCalendarRequest {
            parent: place.school.parent(),
            calendar: Some(calendar(&suite, &place.school)),
            request_id: NOWHERE.to_owned(),
        };
        let first = client.create_calendar(create.clone()).await.expect("a calendar").into_inner();
        let again = client.create_calendar(create.clone()).await.expect("the same").into_inner();
        assert_eq!(first, again);
        create.calendar.as_mut().expect("a calendar").title.push_str(", changed");
        refused(client.create_calendar(create).await, Code::InvalidArgument, "REQUEST_ID_REUSED");
        let mut page = ListCalendarsRequest {
            parent: place.school.parent(),
            page_size: 1,
            ..ListCalendarsRequest::default()
        };
        let mut found = Vec::new();
        loop {
            let list = client.list_calendars(page.clone()).await.expect("calendars").into_inner();
            assert!(list.calendars.len() <= 1);
            found.extend(list.calendars.into_iter().map(|calendar| calendar.name));
            if list.next_page_token.is_empty() {
                break;
            }
            page.page_token = list.next_page_token;
        }
        assert_eq!(found, [place.calendar.name.clone(), first.name]);
        page.page_token.push('x');
        refused(client.list_calendars(page).await, Code::InvalidArgument, "INVALID_PAGE_TOKEN");
    }
);

on_each_database!(
    async fn only_who_runs_the_school_makes_calendars_and_timetables(suite: Suite) {
        let place = Place::of(&suite).await;
        let school = &place.school;
        let create = CreateCalendarRequest {
            parent: school.parent(),
            calendar: Some(calendar(&suite, school)),
            request_id: String::new(),
        };
        for caller in [place.person(school.principal, Role::Administrator), suite.operator(&school.district)]
        {
            CalendarServiceClient::new(caller).create_calendar(create.clone()).await.expect("a calendar");
        }
        for (id, role) in [(school.educator, Role::Administrator), (school.learner, Role::Administrator)] {
            let answer =
                CalendarServiceClient::new(place.person(id, role)).create_calendar(create.clone()).await;
            refused(answer, Code::PermissionDenied, "ACCESS_DENIED");
        }
        let answer = CalendarServiceClient::new(suite.nobody()).create_calendar(create).await;
        refused(answer, Code::Unauthenticated, "UNAUTHENTICATED");
    }
);

on_each_database!(
    async fn a_timetable_is_on_a_calendar_and_for_a_session_that_exist(suite: Suite) {
        let place = Place::of(&suite).await;
        let mut client = TimetableServiceClient::new(place.learner());
        let read = GetTimetableRequest { name: place.timetable.name.clone() };
        let made = client.get_timetable(read).await.expect("a timetable").into_inner();
        assert_eq!(made, place.timetable);
        assert_eq!(made.academic_session, place.school.session);
        let list =
            ListTimetablesRequest { parent: place.school.parent(), ..ListTimetablesRequest::default() };
        let all = client.list_timetables(list).await.expect("timetables").into_inner().timetables;
        assert_eq!(all, [made]);
        let backwards = Timetable {
            request_open_time: Some(prost_types::Timestamp { seconds: 100, nanos: 0 }),
            request_close_time: Some(prost_types::Timestamp { seconds: 100, nanos: 0 }),
            ..Timetable::default()
        };
        let status = refused(place.timetable(backwards).await, Code::InvalidArgument, "FIELD_VIOLATION");
        assert_eq!(violations(&status)[0].0, "timetable.request_close_time");
        let mut lost = Place { school: place.school.clone(), calendar: place.calendar.clone(), ..place };
        let uid = Uuid::from_u128(1);
        lost.calendar.name = format!("{}/calendars/{uid}", lost.school.parent());
        let status = refused(
            lost.timetable(Timetable::default()).await,
            Code::FailedPrecondition,
            "REFERENCE_NOT_FOUND",
        );
        assert_eq!(violations(&status)[0].0, "timetable.calendar");
    }
);
