//! Step 6: from ranked requests to places, and to a calendar.

use prost_types::Duration;
use trellis_contracts::common::JobState;
use trellis_contracts::scheduling::calendar_service_client::CalendarServiceClient;
use trellis_contracts::scheduling::feed_service_client::FeedServiceClient;
use trellis_contracts::scheduling::offering_service_client::OfferingServiceClient;
use trellis_contracts::scheduling::plan_service_client::PlanServiceClient;
use trellis_contracts::scheduling::request_service_client::RequestServiceClient;
use trellis_contracts::scheduling::timetable_service_client::TimetableServiceClient;
use trellis_contracts::scheduling::{
    Block, Calendar, CreateCalendarRequest, CreateFeedRequest, CreateOfferingRequest, CreateTimetableRequest,
    ExplainPlacementsRequest, Feed, GetPlanRequest, ListPlacementsRequest, Offering, Placement,
    PlacementVerdict, Plan, PlanState, PublishPlanRequest, SolvePlanRequest, SubmitRequestsRequest,
    Timetable, WatchSolveRequest, Weekday,
};
use trellis_kernel::Uuid;

use super::step::check;
use super::{Journey, Told, Trouble, request_id};
use crate::client::Caller;
use crate::roles::Role;

impl Journey {
    /// Step 6.
    pub(super) async fn give_places(&mut self) -> Told {
        self.open_timetable().await?;
        for learner in [self.cast.learner, self.cast.classmate] {
            let request = SubmitRequestsRequest {
                parent: self.traces.timetable.clone(),
                learner: self.learner(learner),
                offerings: vec![self.traces.offering.clone(), self.traces.other_offering.clone()],
                request_id: request_id(),
                ..SubmitRequestsRequest::default()
            };
            let mut mine = RequestServiceClient::new(self.as_person(learner, Role::Learner)?);
            mine.submit_requests(request).await?;
        }
        let plan = self.publish_plan().await?;
        self.traces.plan = plan.name;
        let (mine, theirs) =
            (self.placements(self.cast.learner).await?, self.placements(self.cast.classmate).await?);
        let first = |places: &[Placement]| places.iter().any(|p| p.offering == self.traces.offering);
        check(mine.len() == 1 && theirs.len() == 1, || {
            format!("one place each was to be had: {} and {}", mine.len(), theirs.len())
        })?;
        check(first(&mine) != first(&theirs), || "the one place was not given to one of two".to_owned())?;
        let mut lines = vec![
            "two learners want the same one place first, and the same other one second".to_owned(),
            "the plan gives it to one by lot; the other has the second choice".to_owned(),
        ];
        lines.push(self.explain().await?);
        lines.push(self.subscribe().await?);
        Ok(lines)
    }

    async fn open_timetable(&mut self) -> Result<(), Trouble> {
        let administrator = self.as_administrator()?;
        let block = |id: &str, title: &str, day: Weekday| Block {
            id: id.to_owned(),
            title: title.to_owned(),
            weekdays: vec![day.into()],
            start_time: "13:00".to_owned(),
            end_time: "15:00".to_owned(),
        };
        let calendar = Calendar {
            organization: self.cast.school.clone(),
            title: "Flex afternoons".to_owned(),
            time_zone: "America/Chicago".to_owned(),
            first_date: self.day(0),
            last_date: self.day(120),
            blocks: vec![
                block("flex-a", "Tuesday afternoon", Weekday::Tuesday),
                block("flex-b", "Thursday afternoon", Weekday::Thursday),
            ],
            ..Calendar::default()
        };
        let request = CreateCalendarRequest {
            parent: self.parent(),
            calendar: Some(calendar),
            request_id: request_id(),
        };
        let calendar =
            CalendarServiceClient::new(administrator.clone()).create_calendar(request).await?.into_inner();
        let timetable = Timetable {
            calendar: calendar.name.clone(),
            academic_session: self.cast.session.clone(),
            title: "Flex, this term".to_owned(),
            ..Timetable::default()
        };
        let request = CreateTimetableRequest {
            parent: self.parent(),
            timetable: Some(timetable),
            request_id: request_id(),
        };
        let timetable =
            TimetableServiceClient::new(administrator).create_timetable(request).await?.into_inner();
        self.traces.calendar = calendar.name;
        self.traces.timetable = timetable.name;
        self.traces.offering = self.offer(&self.traces.experience, 1).await?;
        self.traces.other_offering = self.offer(&self.traces.other_experience, 24).await?;
        Ok(())
    }

    /// Both offerings are in one block, so that nobody can have both.
    async fn offer(&self, experience: &str, capacity: i32) -> Result<String, Trouble> {
        let offering = Offering {
            experience: experience.to_owned(),
            capacity,
            blocks: vec!["flex-a".to_owned()],
            ..Offering::default()
        };
        let request = CreateOfferingRequest {
            parent: self.traces.timetable.clone(),
            offering: Some(offering),
            request_id: request_id(),
        };
        let mut educator = OfferingServiceClient::new(self.as_educator()?);
        Ok(educator.create_offering(request).await?.into_inner().name)
    }

    async fn publish_plan(&self) -> Result<Plan, Trouble> {
        let mut client = PlanServiceClient::new(self.as_administrator()?);
        let plan = GetPlanRequest { name: self.solve(&mut client).await? };
        let plan = client.get_plan(plan).await?.into_inner();
        let request = PublishPlanRequest { name: plan.name, etag: plan.etag, request_id: request_id() };
        let plan = client.publish_plan(request).await?.into_inner();
        check(plan.state() == PlanState::Published, || format!("the plan is {:?}", plan.state()))?;
        Ok(plan)
    }

    /// Has a plan made, and watches until it is there.
    async fn solve(&self, client: &mut PlanServiceClient<Caller>) -> Result<String, Trouble> {
        let request = SolvePlanRequest {
            parent: self.traces.timetable.clone(),
            seed: 20_260,
            time_limit: Some(Duration { seconds: 0, nanos: 500_000_000 }),
            request_id: request_id(),
            ..SolvePlanRequest::default()
        };
        let solve = client.solve_plan(request).await?.into_inner();
        let watch = WatchSolveRequest { name: solve.name.clone() };
        let mut seen = client.watch_solve(watch).await?.into_inner();
        let mut last = solve;
        while let Some(now) = seen.message().await? {
            last = now.solve.unwrap_or(last);
        }
        check(last.state() == JobState::Succeeded, || format!("the solve is {:?}", last.state()))?;
        Ok(last.plan)
    }

    async fn placements(&self, learner: Uuid) -> Result<Vec<Placement>, Trouble> {
        let request = ListPlacementsRequest {
            parent: self.traces.plan.clone(),
            learner: self.learner(learner),
            ..ListPlacementsRequest::default()
        };
        let mut mine = PlanServiceClient::new(self.as_person(learner, Role::Learner)?);
        Ok(mine.list_placements(request).await?.into_inner().placements)
    }

    async fn explain(&self) -> Result<String, Trouble> {
        let request = ExplainPlacementsRequest {
            plan: self.traces.plan.clone(),
            learner: self.learner(self.cast.learner),
        };
        let mut mine = PlanServiceClient::new(self.as_learner()?);
        let told = mine.explain_placements(request).await?.into_inner().explanations;
        check(told.len() == 2, || format!("two requests have {} explanations", told.len()))?;
        let placed = told.iter().filter(|one| one.verdict() == PlacementVerdict::Placed).count();
        check(placed == 1, || format!("the explanation speaks of {placed} places"))?;
        check(told.iter().all(|one| !one.text.is_empty()), || "an explanation has no words".to_owned())?;
        Ok("each request is told what came of it, and why".to_owned())
    }

    async fn subscribe(&mut self) -> Result<String, Trouble> {
        let request = CreateFeedRequest {
            parent: self.learner(self.cast.learner),
            feed: Some(Feed::default()),
            request_id: request_id(),
        };
        let feed = FeedServiceClient::new(self.as_learner()?).create_feed(request).await?.into_inner();
        let wrong = |error: reqwest::Error| Trouble::Wrong(format!("the calendar cannot be read: {error}"));
        let answer = reqwest::get(&feed.url).await.map_err(wrong)?.error_for_status().map_err(wrong)?;
        let text = answer.text().await.map_err(wrong)?;
        check(text.starts_with("BEGIN:VCALENDAR"), || "the calendar is no iCalendar".to_owned())?;
        let meetings = text.matches("BEGIN:VEVENT").count();
        check(meetings > 0, || "the calendar is empty".to_owned())?;
        self.traces.feed = feed.name;
        Ok(format!("the learner's calendar is served over HTTP as iCalendar, with {meetings} events"))
    }
}
