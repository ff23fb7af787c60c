//! A school with a calendar and a timetable.

use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use prost_types::Duration;
use tonic::{Code, Response, Status};
use trellis_contracts::common::LocalizedText;
use trellis_contracts::experience::design_service_client::DesignServiceClient;
use trellis_contracts::experience::experience_service_client::ExperienceServiceClient;
use trellis_contracts::experience::{
    CreateDesignRequest, Design, Experience, ExperienceKind, OpenExperienceRequest, PublishDesignRequest,
};
use trellis_contracts::scheduling::calendar_service_client::CalendarServiceClient;
use trellis_contracts::scheduling::offering_service_client::OfferingServiceClient;
use trellis_contracts::scheduling::plan_service_client::PlanServiceClient;
use trellis_contracts::scheduling::request_service_client::RequestServiceClient;
use trellis_contracts::scheduling::timetable_service_client::TimetableServiceClient;
use trellis_contracts::scheduling::{
    Block, Calendar, CalendarException, CreateCalendarRequest, CreateOfferingRequest, CreateTimetableRequest,
    GetPlanRequest, ListPlacementsRequest, Offering, Placement, Plan, PublishPlanRequest,
    RequireOfferingRequest, SolvePlanRequest, SubmitRequestsRequest, SubmitRequestsResponse, Timetable,
    WatchSolveRequest, Weekday,
};
use trellis_kernel::Uuid;
use trellis_testkit::{Caller, Role, School, Suite};

pub(crate) struct Place<'a> {
    pub(crate) suite: &'a Suite,
    pub(crate) school: School,
    pub(crate) calendar: Calendar,
    pub(crate) timetable: Timetable,
}

impl<'a> Place<'a> {
    /// A calendar around today with blocks `monday-1`, `monday-2` and `monday` (both of them in one),
    /// and a timetable on it.
    pub(crate) async fn of(suite: &'a Suite) -> Self {
        let school = suite.school().await;
        let calendar = calendar(suite, &school);
        let administrator = suite.person(&school.district, school.administrator, Role::Administrator);
        let calendar = CalendarServiceClient::new(administrator.clone())
            .create_calendar(CreateCalendarRequest {
                parent: school.parent(),
                calendar: Some(calendar),
                request_id: String::new(),
            })
            .await
            .expect("a calendar")
            .into_inner();
        let place = Self { suite, school, calendar, timetable: Timetable::default() };
        let timetable = place.timetable(Timetable::default()).await.expect("a timetable").into_inner();
        Self { timetable, ..place }
    }

    pub(crate) fn person(&self, id: Uuid, role: Role) -> Caller {
        self.suite.person(&self.school.district, id, role)
    }

    pub(crate) fn administrator(&self) -> Caller {
        self.person(self.school.administrator, Role::Administrator)
    }

    pub(crate) fn educator(&self) -> Caller {
        self.person(self.school.educator, Role::Educator)
    }

    pub(crate) fn learner(&self) -> Caller {
        self.person(self.school.learner, Role::Learner)
    }

    /// The first and the last day of the calendar.
    pub(crate) fn days(&self) -> (Date, Date) {
        days(self.suite)
    }

    /// A timetable on the calendar, with what else `like` says.
    pub(crate) async fn timetable(&self, like: Timetable) -> Result<Response<Timetable>, Status> {
        let timetable = Timetable {
            calendar: self.calendar.name.clone(),
            academic_session: self.school.session.clone(),
            title: "Flex, autumn".to_owned(),
            ..like
        };
        TimetableServiceClient::new(self.administrator())
            .create_timetable(CreateTimetableRequest {
                parent: self.school.parent(),
                timetable: Some(timetable),
                request_id: String::new(),
            })
            .await
    }

    /// An experience that takes place on the days of the calendar.
    pub(crate) async fn experience(&self, title: &str) -> Experience {
        let mut designs = DesignServiceClient::new(self.educator());
        let text = |text: &str| LocalizedText { language: "en".to_owned(), text: text.to_owned() };
        let design = Design {
            kind: ExperienceKind::Project.into(),
            title: vec![text(title)],
            driving_question: vec![text("What holds?")],
            ..Design::default()
        };
        let create = CreateDesignRequest {
            parent: self.school.parent(),
            design: Some(design),
            request_id: String::new(),
        };
        let design = designs.create_design(create).await.expect("a design").into_inner();
        let publish =
            PublishDesignRequest { name: design.name, etag: design.etag, request_id: String::new() };
        let design = designs.publish_design(publish).await.expect("a published design").into_inner();
        let (first, last) = self.days();
        let experience = Experience {
            design: design.latest_revision,
            facilitators: vec![self.school.person(self.school.educator)],
            organization: self.school.school.clone(),
            start_date: first.to_string(),
            end_date: last.to_string(),
            capacity: 20,
            ..Experience::default()
        };
        let open = OpenExperienceRequest {
            parent: self.school.parent(),
            experience: Some(experience),
            request_id: String::new(),
        };
        let opened = ExperienceServiceClient::new(self.educator()).open_experience(open).await;
        opened.expect("an experience").into_inner()
    }

    /// An offering of a new experience.
    pub(crate) async fn offering(&self, title: &str, capacity: i32, blocks: &[&str]) -> Offering {
        let experience = self.experience(title).await.name;
        let offering = Offering {
            experience,
            capacity,
            blocks: blocks.iter().map(|id| (*id).to_owned()).collect(),
            ..Offering::default()
        };
        self.offer(offering).await.expect("an offering").into_inner()
    }

    pub(crate) async fn offer(&self, offering: Offering) -> Result<Response<Offering>, Status> {
        OfferingServiceClient::new(self.educator())
            .create_offering(CreateOfferingRequest {
                parent: self.timetable.name.clone(),
                offering: Some(offering),
                request_id: String::new(),
            })
            .await
    }

    /// The learner's own submission of these offerings, best first.
    pub(crate) async fn submit(
        &self,
        learner: Uuid,
        offerings: &[&Offering],
        etag: &str,
    ) -> Result<Response<SubmitRequestsResponse>, Status> {
        RequestServiceClient::new(self.person(learner, Role::Learner))
            .submit_requests(self.submission(learner, offerings, etag))
            .await
    }

    pub(crate) fn submission(
        &self,
        learner: Uuid,
        offerings: &[&Offering],
        etag: &str,
    ) -> SubmitRequestsRequest {
        SubmitRequestsRequest {
            parent: self.timetable.name.clone(),
            learner: self.school.learner(learner),
            offerings: offerings.iter().map(|offering| offering.name.clone()).collect(),
            etag: etag.to_owned(),
            request_id: String::new(),
        }
    }

    pub(crate) async fn require(&self, learner: Uuid, offering: &Offering) {
        RequestServiceClient::new(self.administrator())
            .require_offering(RequireOfferingRequest {
                offering: offering.name.clone(),
                learner: self.school.learner(learner),
                request_id: String::new(),
            })
            .await
            .expect("a requirement");
    }

    /// A plan of the requests as they are now.
    pub(crate) async fn plan(&self, seed: i64) -> Plan {
        let request = SolvePlanRequest {
            parent: self.timetable.name.clone(),
            seed,
            time_limit: Some(Duration { seconds: 0, nanos: 200_000_000 }),
            ..SolvePlanRequest::default()
        };
        let mut client = PlanServiceClient::new(self.administrator());
        let solve = client.solve_plan(request).await.expect("a solve").into_inner();
        let watch = WatchSolveRequest { name: solve.name };
        let mut stream = client.watch_solve(watch).await.expect("a stream").into_inner();
        let mut last = None;
        while let Some(now) = stream.message().await.expect("a message") {
            last = now.solve;
        }
        let name = last.expect("an end").plan;
        client.get_plan(GetPlanRequest { name }).await.expect("a plan").into_inner()
    }

    /// The places that a plan gives to a learner.
    pub(crate) async fn placements(&self, plan: &str, learner: Uuid) -> Vec<Placement> {
        self.placements_for(self.administrator(), plan, learner).await
    }

    /// The same, as a caller sees them.
    pub(crate) async fn placements_for(&self, caller: Caller, plan: &str, learner: Uuid) -> Vec<Placement> {
        let list = ListPlacementsRequest {
            parent: plan.to_owned(),
            learner: self.school.learner(learner),
            ..ListPlacementsRequest::default()
        };
        let answer = PlanServiceClient::new(caller).list_placements(list).await;
        answer.expect("placements").into_inner().placements
    }

    pub(crate) async fn publish(&self, plan: &Plan) -> Result<Response<Plan>, Status> {
        let Plan { name, etag, .. } = plan.clone();
        PlanServiceClient::new(self.administrator())
            .publish_plan(PublishPlanRequest { name, etag, request_id: String::new() })
            .await
    }
}

/// The status of a refusal for this reason.
pub(crate) fn code(reason: &str) -> Code {
    match reason {
        "REFERENCE_NOT_FOUND" => Code::FailedPrecondition,
        _ => Code::InvalidArgument,
    }
}

fn days(suite: &Suite) -> (Date, Date) {
    let today = TimeZone::UTC.to_datetime(suite.now()).date();
    (today - 7.days(), today + 49.days())
}

/// A calendar of the school, as a client would send it.
pub(crate) fn calendar(suite: &Suite, school: &School) -> Calendar {
    let block = |id: &str, start: &str, end: &str| Block {
        id: id.to_owned(),
        title: id.to_owned(),
        weekdays: vec![Weekday::Monday.into()],
        start_time: start.to_owned(),
        end_time: end.to_owned(),
    };
    let (first, last) = days(suite);
    Calendar {
        organization: school.school.clone(),
        title: "This year".to_owned(),
        time_zone: "America/Chicago".to_owned(),
        first_date: first.to_string(),
        last_date: last.to_string(),
        blocks: vec![
            block("monday-1", "09:00", "10:00"),
            block("monday-2", "10:00", "11:00"),
            block("monday", "09:00", "11:00"),
        ],
        exceptions: vec![CalendarException { date: last.to_string(), title: "Holiday".to_owned() }],
        ..Calendar::default()
    }
}
