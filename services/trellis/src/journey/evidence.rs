//! Step 7: what the learner shows, and what is said of it.

use trellis_contracts::experience::assessment_service_client::AssessmentServiceClient;
use trellis_contracts::experience::evidence_service_client::EvidenceServiceClient;
use trellis_contracts::experience::reflection_service_client::ReflectionServiceClient;
use trellis_contracts::experience::{
    Artifact, Assessment, AssessmentState, CreateAssessmentRequest, CreateEvidenceRequest,
    CreateReflectionRequest, Criterion, Evidence, EvidenceState, Feedback, FinalizeAssessmentRequest,
    GiveFeedbackRequest, Reflection, RespondToAssessmentRequest, SubmitEvidenceRequest, Voice,
};

use super::step::{check, refused};
use super::{Journey, Told, Trouble, request_id};
use crate::client::Caller;

/// The levels that the educator sees, of four: first in an early piece, then in the one that the journey
/// follows.
pub(super) const LEVELS: [i32; 2] = [4, 3];

impl Journey {
    /// Step 7.
    pub(super) async fn show_learning(&mut self) -> Told {
        self.show_early_piece().await?;
        self.traces.evidence = self.hand_in("Nitrate along the river").await?.name;
        self.traces.feedback = self.feedback().await?;
        self.traces.reflection = self.reflect().await?;
        let evidence = self.traces.evidence.clone();
        let own = self.assess(&evidence, self.as_learner()?, 2, "I could not explain the outlier.").await?;
        check(own.voice() == Voice::Self_ && own.state() == AssessmentState::Standing, || {
            format!("a self-assessment is {:?} and {:?}", own.voice(), own.state())
        })?;
        self.traces.self_assessment = own.name;
        let words = "You drew the conclusion and gave reasons.";
        let theirs = self.assess(&evidence, self.as_educator()?, LEVELS[1], words).await?;
        check(theirs.state() == AssessmentState::Open, || format!("it is {:?}", theirs.state()))?;
        self.traces.assessment = self.respond_and_finalize(theirs).await?.name;
        Ok(vec![
            "evidence handed in, with feedback and a reflection".to_owned(),
            "the learner's own assessment stands beside the educator's".to_owned(),
            "the learner responds; finalising by the etag from before the response is refused".to_owned(),
            format!(
                "the educator's is final: level {} of 4, after {} in an early piece",
                LEVELS[1], LEVELS[0]
            ),
        ])
    }

    /// A piece before the one that the journey follows, so that the rules have something to differ on.
    async fn show_early_piece(&self) -> Result<(), Trouble> {
        let evidence = self.hand_in("A bar chart of our lunches").await?.name;
        let educator = self.as_educator()?;
        let early = self.assess(&evidence, educator.clone(), LEVELS[0], "Every bar has its reason.").await?;
        let request =
            FinalizeAssessmentRequest { name: early.name, etag: early.etag, request_id: request_id() };
        AssessmentServiceClient::new(educator).finalize_assessment(request).await?;
        Ok(())
    }

    async fn hand_in(&self, title: &str) -> Result<Evidence, Trouble> {
        let mut mine = EvidenceServiceClient::new(self.as_learner()?);
        let evidence = Evidence {
            learner: self.learner(self.cast.learner),
            experience: self.traces.experience.clone(),
            outcomes: vec![self.traces.outcome.clone()],
            title: title.to_owned(),
            text: "Twelve samples, one of them far higher than the others.".to_owned(),
            artifacts: vec![Artifact {
                title: "The data".to_owned(),
                uri: "https://example.org/river.csv".to_owned(),
            }],
            ..Evidence::default()
        };
        let request = CreateEvidenceRequest {
            parent: self.parent(),
            evidence: Some(evidence),
            request_id: request_id(),
        };
        let draft = mine.create_evidence(request).await?.into_inner();
        let request = SubmitEvidenceRequest { name: draft.name, etag: draft.etag, request_id: request_id() };
        let evidence = mine.submit_evidence(request).await?.into_inner();
        check(evidence.state() == EvidenceState::Submitted, || "it is not handed in".to_owned())?;
        Ok(evidence)
    }

    async fn feedback(&self) -> Result<String, Trouble> {
        let text = "What would you say to somebody who calls the outlier a mistake?".to_owned();
        let request = GiveFeedbackRequest {
            parent: self.traces.evidence.clone(),
            feedback: Some(Feedback { text, ..Feedback::default() }),
            request_id: request_id(),
        };
        let mut educator = EvidenceServiceClient::new(self.as_educator()?);
        Ok(educator.give_feedback(request).await?.into_inner().name)
    }

    async fn reflect(&self) -> Result<String, Trouble> {
        let reflection = Reflection {
            evidence: self.traces.evidence.clone(),
            text: "Next time I will measure twice at every place.".to_owned(),
            ..Reflection::default()
        };
        let request = CreateReflectionRequest {
            parent: self.learner(self.cast.learner),
            reflection: Some(reflection),
            request_id: request_id(),
        };
        let mut mine = ReflectionServiceClient::new(self.as_learner()?);
        Ok(mine.create_reflection(request).await?.into_inner().name)
    }

    async fn assess(
        &self,
        evidence: &str,
        caller: Caller,
        level: i32,
        comment: &str,
    ) -> Result<Assessment, Trouble> {
        let assessment = Assessment {
            learner: self.learner(self.cast.learner),
            evidence: vec![evidence.to_owned()],
            criteria: vec![Criterion {
                outcome: self.traces.outcome.clone(),
                progression: self.traces.progression.clone(),
                level,
                ..Criterion::default()
            }],
            comment: comment.to_owned(),
            ..Assessment::default()
        };
        let request = CreateAssessmentRequest {
            parent: self.parent(),
            assessment: Some(assessment),
            request_id: request_id(),
        };
        Ok(AssessmentServiceClient::new(caller).create_assessment(request).await?.into_inner())
    }

    async fn respond_and_finalize(&self, assessment: Assessment) -> Result<Assessment, Trouble> {
        let request = RespondToAssessmentRequest {
            name: assessment.name.clone(),
            response: "I agree, and the outlier was a real spill.".to_owned(),
            etag: assessment.etag.clone(),
            request_id: request_id(),
        };
        let mut mine = AssessmentServiceClient::new(self.as_learner()?);
        let answered = mine.respond_to_assessment(request).await?.into_inner();
        let mut educator = AssessmentServiceClient::new(self.as_educator()?);
        let finalize = |etag: String| FinalizeAssessmentRequest {
            name: assessment.name.clone(),
            etag,
            request_id: request_id(),
        };
        let answer = educator.finalize_assessment(finalize(assessment.etag.clone())).await;
        refused("finalising what the learner has answered since", answer, "ETAG_MISMATCH")?;
        let done = educator.finalize_assessment(finalize(answered.etag)).await?.into_inner();
        check(done.state() == AssessmentState::Final, || format!("it is {:?}", done.state()))?;
        Ok(done)
    }
}
