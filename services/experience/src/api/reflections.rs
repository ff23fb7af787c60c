//! `ReflectionService`.

use async_trait::async_trait;
use trellis_contracts::experience::{
    CreateReflectionRequest, GetReflectionRequest, ListReflectionsRequest, ListReflectionsResponse,
    Reflection, ReflectionServiceApi,
};
use trellis_contracts::guard::Call;
use trellis_kernel::{District, Failure, Name, PageRequest, Result, Uuid};

use super::convert::{evidence as convert, id_or_none};
use super::{Api, Changing, required};
use crate::domain::reference::{at_home, local};
use crate::domain::text::said;
use crate::store::ReflectionFilter;

#[async_trait]
impl ReflectionServiceApi for Api {
    async fn create_reflection(&self, call: Call<CreateReflectionRequest>) -> Result<Reflection> {
        let call = Changing::of(call, |message| &message.request_id)?;
        let learner = local("parent", &call.message.parent, &["learners"], &call.home)?;
        let reflection = required(call.message.reflection.clone(), "reflection")?;
        let on = local("reflection.evidence", &reflection.evidence, &["evidence"], &call.home)?;
        let text = said("reflection.text", reflection.text)?;
        let reflection = self.app.create_reflection(call.caller(), learner, on, text).await?;
        Ok(convert::reflection(&call.home, &reflection))
    }

    async fn get_reflection(&self, call: Call<GetReflectionRequest>) -> Result<Reflection> {
        let home = call.district()?;
        let (learner, id) = learner_and_id(&call.message.name, home)?;
        Ok(convert::reflection(home, &self.app.reflection(home, learner, id).await?))
    }

    async fn list_reflections(&self, call: Call<ListReflectionsRequest>) -> Result<ListReflectionsResponse> {
        let home = call.district()?;
        let learner = local("parent", &call.message.parent, &["learners"], home)?;
        let evidence = id_or_none("evidence", &call.message.evidence, "evidence", home)?;
        let request = PageRequest::parse(call.message.page_size, call.message.page_token.clone())?;
        let page = self.app.reflections(home, ReflectionFilter { learner, evidence }, &request).await?;
        Ok(ListReflectionsResponse {
            reflections: page.items.iter().map(|item| convert::reflection(home, item)).collect(),
            next_page_token: page.next,
        })
    }
}

fn learner_and_id(text: &str, home: &District) -> Result<(Uuid, Uuid)> {
    let name = Name::of("name", text, &["learners", "reflections"])?;
    at_home("name", &name, home)?;
    match (name.learner(), name.id()) {
        (Some(learner), Some(id)) if !name.is_pinned() => Ok((learner, id)),
        _ => Err(Failure::field("name", "must not be pinned to a revision")),
    }
}
