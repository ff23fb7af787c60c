//! Step 9: who sees the level, and who does not.

use jiff::SignedDuration;
use trellis_contracts::common::DataClass;
use trellis_contracts::profile::application_service_client::ApplicationServiceClient;
use trellis_contracts::profile::growth_service_client::GrowthServiceClient;
use trellis_contracts::profile::{
    Agreement, AgreementBasis, Application, CreateAgreementRequest, CreateApplicationRequest,
    ExplainLevelRequest, GetLevelRequest,
};
use trellis_kernel::{District, Party, Uuid};

use super::step::refused;
use super::{Journey, LIFE, Told, Trouble, request_id};
use crate::client::Caller;
use crate::roles::Role;

/// The district of the journey's stranger.
pub const ELSEWHERE: &str = "river-bend";

impl Journey {
    /// Step 9.
    pub(super) async fn see_and_not_see(&mut self) -> Told {
        self.agree().await?;
        let inside = self.as_application(&self.traces.application)?;
        for (who, caller) in [
            ("the learner", self.as_learner()?),
            ("a guardian", self.as_person(self.cast.guardian, Role::Guardian)?),
            ("the educator", self.as_educator()?),
            ("an application inside its agreement", inside),
        ] {
            let mut growth = GrowthServiceClient::new(caller);
            let level = GetLevelRequest { name: self.traces.level.clone() };
            growth.get_level(level).await.map_err(|status| unseen(who, &status))?;
            let explained = ExplainLevelRequest { name: self.traces.level.clone() };
            growth.explain_level(explained).await.map_err(|status| unseen(who, &status))?;
        }
        let outside = self.as_application(&self.traces.other_application)?;
        for (who, caller) in [
            ("an educator who teaches others", self.as_person(self.cast.other_educator, Role::Educator)?),
            ("another learner", self.as_person(self.cast.classmate, Role::Learner)?),
            ("an educator of another district", self.as_stranger()?),
            ("an application outside its agreement", outside),
            ("the district's IT", self.operator()?),
        ] {
            let mut growth = GrowthServiceClient::new(caller);
            let level = GetLevelRequest { name: self.traces.level.clone() };
            refused(who, growth.get_level(level).await, "ACCESS_DENIED")?;
        }
        let nobody = GrowthServiceClient::new(self.endpoint.anonymous())
            .get_level(GetLevelRequest { name: self.traces.level.clone() })
            .await;
        refused("somebody without a token", nobody, "UNAUTHENTICATED")?;
        Ok(vec![
            "the learner, a guardian, the educator and an application inside its agreement see the level"
                .to_owned(),
            "another educator, another learner, another district, an application outside its agreement, the \
             district's IT and nobody in particular do not"
                .to_owned(),
        ])
    }

    fn as_stranger(&self) -> Result<Caller, Trouble> {
        let elsewhere = District::parse(ELSEWHERE)?;
        let party = Party::Person(self.cast.other_educator);
        Ok(self.endpoint.with(&self.minter.mint(&elsewhere, &party, &Role::Educator.scopes(), LIFE)?))
    }

    pub(super) fn as_application(&self, name: &str) -> Result<Caller, Trouble> {
        let id = name.rsplit('/').next().and_then(|id| Uuid::parse_str(id).ok());
        let id = id.ok_or_else(|| Trouble::Wrong("an application has no id".to_owned()))?;
        self.caller(&Party::Application(id), Role::Application)
    }

    /// Two applications: one that works for the learner's school, and one that works for another, with the
    /// directory only.
    async fn agree(&mut self) -> Result<(), Trouble> {
        self.traces.application = self.application("Growth Board").await?;
        self.traces.other_application = self.application("Lunch Menu").await?;
        let inside = [DataClass::Directory, DataClass::EducationRecord];
        self.traces.agreement = self.agreement(&self.traces.application, &self.cast.school, &inside).await?;
        self.agreement(&self.traces.other_application, &self.cast.other_school, &[DataClass::Directory])
            .await?;
        Ok(())
    }

    async fn application(&self, title: &str) -> Result<String, Trouble> {
        let application = Application {
            display_name: title.to_owned(),
            vendor: "Example Learning".to_owned(),
            ..Application::default()
        };
        let request = CreateApplicationRequest {
            parent: self.parent(),
            application: Some(application),
            request_id: request_id(),
        };
        let mut operator = ApplicationServiceClient::new(self.operator()?);
        Ok(operator.create_application(request).await?.into_inner().name)
    }

    async fn agreement(
        &self,
        application: &str,
        organization: &str,
        classes: &[DataClass],
    ) -> Result<String, Trouble> {
        let in_a_year = SignedDuration::from_hours(24 * 365);
        let until =
            self.input.today.at(0, 0, 0, 0).in_tz("UTC").map_err(|e| Trouble::Wrong(e.to_string()))?;
        let until = until.timestamp().saturating_add(in_a_year).unwrap_or(trellis_kernel::Timestamp::MAX);
        let agreement = Agreement {
            application: application.to_owned(),
            basis: AgreementBasis::SchoolOfficial.into(),
            data_classes: classes.iter().map(|class| i32::from(*class)).collect(),
            organizations: vec![organization.to_owned()],
            purpose: "Shows learners and educators how learning grows.".to_owned(),
            expire_time: Some(trellis_contracts::values::timestamp(until)),
            ..Agreement::default()
        };
        let request = CreateAgreementRequest {
            parent: self.parent(),
            agreement: Some(agreement),
            request_id: request_id(),
        };
        let mut operator = ApplicationServiceClient::new(self.operator()?);
        Ok(operator.create_agreement(request).await?.into_inner().name)
    }
}

fn unseen(who: &str, status: &tonic::Status) -> Trouble {
    Trouble::Wrong(format!("{who} should see the level: {:?} {}", status.code(), status.message()))
}
