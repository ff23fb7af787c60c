//! Step 5: from a design to experiences, and a learner's own idea.

use trellis_contracts::experience::design_service_client::DesignServiceClient;
use trellis_contracts::experience::experience_service_client::ExperienceServiceClient;
use trellis_contracts::experience::proposal_service_client::ProposalServiceClient;
use trellis_contracts::experience::{
    Authenticity, CreateDesignRequest, CreateProposalRequest, DecideProposalRequest, Design, Experience,
    ExperienceKind, Milestone, OpenExperienceRequest, Proposal, ProposalState, PublishDesignRequest, Verdict,
};
use trellis_kernel::Uuid;

use super::step::{check, refused};
use super::{Journey, Told, Trouble, english, request_id};

impl Journey {
    /// Step 5.
    pub(super) async fn open_experiences(&mut self) -> Told {
        let design = self.publish_design().await?;
        let one = self.open(self.experience_of(&design, 1)).await?;
        let many = self.open(self.experience_of(&design, 24)).await?;
        check(!one.outcomes.is_empty(), || "the experience aims at nothing".to_owned())?;

        let nobody = self.someone(Uuid::from_u128(1));
        let stranger = Experience { facilitators: vec![nobody], ..self.experience_of(&design, 1) };
        let request = OpenExperienceRequest {
            parent: self.parent(),
            experience: Some(stranger),
            request_id: request_id(),
        };
        let answer = ExperienceServiceClient::new(self.as_educator()?).open_experience(request).await;
        refused("an experience led by nobody of the district", answer, "REFERENCE_NOT_FOUND")?;
        self.traces.design = design.name;
        self.traces.experience = one.name;
        self.traces.other_experience = many.name;
        let mut lines = vec![
            "a design aligned to the skill, published".to_owned(),
            "two experiences opened from it: outcomes checked with outcome, people with profile".to_owned(),
            "one led by somebody unknown: refused".to_owned(),
        ];
        lines.extend(self.propose().await?);
        Ok(lines)
    }

    async fn publish_design(&self) -> Result<Design, Trouble> {
        let mut client = DesignServiceClient::new(self.as_educator()?);
        let design = Design {
            kind: ExperienceKind::Project.into(),
            title: english("What is in our river?"),
            driving_question: english("How healthy is the Grand River, and how do we know?"),
            outcomes: vec![self.traces.outcome.clone()],
            milestones: vec![Milestone { title: english("First samples"), due_day: 7 }],
            min_group_size: 2,
            max_group_size: 5,
            authenticity: Some(Authenticity {
                audience: english("The town council"),
                partner: english("The river conservancy"),
                real_world_problem: english("The town must decide on a new outflow."),
            }),
            ..Design::default()
        };
        let request =
            CreateDesignRequest { parent: self.parent(), design: Some(design), request_id: request_id() };
        let design = client.create_design(request).await?.into_inner();
        let request = PublishDesignRequest { name: design.name, etag: design.etag, request_id: request_id() };
        let design = client.publish_design(request).await?.into_inner();
        check(!design.latest_revision.is_empty(), || "the design has no revision".to_owned())?;
        Ok(design)
    }

    fn experience_of(&self, design: &Design, capacity: i32) -> Experience {
        Experience {
            design: design.latest_revision.clone(),
            facilitators: vec![self.someone(self.cast.educator)],
            organization: self.cast.school.clone(),
            start_date: self.day(7),
            end_date: self.day(49),
            capacity,
            ..Experience::default()
        }
    }

    async fn open(&self, experience: Experience) -> Result<Experience, Trouble> {
        let request = OpenExperienceRequest {
            parent: self.parent(),
            experience: Some(experience),
            request_id: request_id(),
        };
        let mut client = ExperienceServiceClient::new(self.as_educator()?);
        Ok(client.open_experience(request).await?.into_inner())
    }

    async fn propose(&mut self) -> Told {
        let proposal = Proposal {
            learner: self.learner(self.cast.learner),
            title: "A map of the river's life".to_owned(),
            driving_question: "What lives where, and why?".to_owned(),
            outcomes: vec![self.traces.outcome.clone()],
            why: "Nobody in town knows what lives in the river.".to_owned(),
            ..Proposal::default()
        };
        let request = CreateProposalRequest {
            parent: self.parent(),
            proposal: Some(proposal),
            request_id: request_id(),
        };
        let mut mine = ProposalServiceClient::new(self.as_learner()?);
        let proposal = mine.create_proposal(request).await?.into_inner();
        let request = DecideProposalRequest {
            name: proposal.name,
            verdict: Verdict::Accepted.into(),
            reasons: "The conservancy will lend the boats.".to_owned(),
            etag: proposal.etag,
            request_id: request_id(),
        };
        let mut educator = ProposalServiceClient::new(self.as_educator()?);
        let proposal = educator.decide_proposal(request).await?.into_inner();
        check(proposal.state() == ProposalState::Accepted, || "the proposal is not accepted".to_owned())?;
        self.traces.proposal = proposal.name;
        Ok(vec!["the learner proposes one of their own; it is accepted, with the reasons".to_owned()])
    }
}
