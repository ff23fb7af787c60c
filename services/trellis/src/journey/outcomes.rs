//! Steps 1 and 2: frameworks.

use tokio_stream::StreamExt as _;
use trellis_contracts::common::JobState;
use trellis_contracts::outcome::framework_service_client::FrameworkServiceClient;
use trellis_contracts::outcome::framework_transfer_service_client::FrameworkTransferServiceClient;
use trellis_contracts::outcome::outcome_service_client::OutcomeServiceClient;
use trellis_contracts::outcome::progression_service_client::ProgressionServiceClient;
use trellis_contracts::outcome::{
    CreateFrameworkRequest, CreateOutcomeRequest, CreateProgressionRequest, Framework, FrameworkKind,
    FrameworkTransfer, FrameworkTransferCounts, FrameworkTransferFormat, GetFrameworkRequest,
    ImportFrameworkRequest, ListDescendantsRequest, Outcome, OutcomeKind, Progression, ProgressionLevel,
    PublishFrameworkRequest, SearchOutcomesRequest,
};
use trellis_contracts::profile::growth_service_client::GrowthServiceClient;
use trellis_contracts::profile::{CreateGrowthRuleRequest, GrowthMethod, GrowthRule};

use super::step::check;
use super::{Journey, Told, Trouble, english, request_id};

const CHUNK: usize = 256 * 1024;

impl Journey {
    /// Step 1.
    pub(super) async fn import_framework(&mut self) -> Told {
        let transfer = self.send_case().await?;
        let mut lines = Vec::new();
        for (what, counts) in [("outcomes", &transfer.outcomes), ("associations", &transfer.associations)] {
            let counts = counts.unwrap_or_default();
            check(accounted(&counts), || {
                format!("not every one of the {what} is accounted for: {counts:?}")
            })?;
            lines.push(format!("{} {what} read, every one accounted for", counts.read));
        }
        lines.push(format!("{} associations lead to frameworks elsewhere", transfer.destinations_elsewhere));
        let again = self.send_case().await?;
        check(!again.changed, || format!("the same package changed something: {again:?}"))?;
        lines.push("imported again: nothing changed".to_owned());

        let mut frameworks = FrameworkServiceClient::new(self.operator()?);
        let framework = frameworks
            .get_framework(GetFrameworkRequest { name: transfer.framework.clone() })
            .await?
            .into_inner();
        check(framework.revision > 0, || "the framework is not published".to_owned())?;
        lines.push(format!("published as revision {}", framework.revision));
        self.traces.framework_transfer = transfer.name;
        self.traces.framework = framework.name;
        lines.extend(self.read_tree().await?);
        Ok(lines)
    }

    async fn send_case(&self) -> Result<FrameworkTransfer, Trouble> {
        let first = ImportFrameworkRequest {
            parent: self.parent(),
            format: FrameworkTransferFormat::CaseJson.into(),
            publish: true,
            request_id: request_id(),
            ..ImportFrameworkRequest::default()
        };
        let rest = self.input.case.chunks(CHUNK).map(|chunk| ImportFrameworkRequest {
            chunk: chunk.to_vec().into(),
            ..ImportFrameworkRequest::default()
        });
        let messages: Vec<_> = std::iter::once(first).chain(rest).collect();
        let mut client = FrameworkTransferServiceClient::new(self.operator()?);
        let transfer = client.import_framework(tokio_stream::iter(messages)).await?.into_inner();
        check(transfer.state() == JobState::Succeeded, || format!("the import failed: {transfer:?}"))?;
        Ok(transfer)
    }

    async fn read_tree(&self) -> Told {
        let mut client = OutcomeServiceClient::new(self.operator()?);
        let request = ListDescendantsRequest { parent: self.traces.framework.clone(), max_depth: 0 };
        let mut tree = client.list_descendants(request).await?.into_inner();
        let (mut count, mut deepest, mut words) = (0, 0, String::new());
        while let Some(node) = tree.next().await.transpose()? {
            count += 1;
            deepest = deepest.max(node.depth);
            if let Some(statement) = node.outcome.and_then(|outcome| outcome.statement.into_iter().next()) {
                // Words of any statement of some length: what somebody would search by.
                let start: Vec<&str> = statement.text.split_whitespace().take(4).collect();
                if start.len() == 4 {
                    words = start.join(" ");
                }
            }
        }
        check(count > 0, || "the tree is empty".to_owned())?;
        let request = SearchOutcomesRequest {
            parent: self.traces.framework.clone(),
            query: words.clone(),
            page_size: 5,
            ..SearchOutcomesRequest::default()
        };
        let found = client.search_outcomes(request).await?.into_inner().matches;
        check(!found.is_empty(), || format!("a search for the words of an outcome finds nothing: {words}"))?;
        Ok(vec![
            format!("the tree holds {count} outcomes, {deepest} levels deep"),
            format!("a search by words of one of them finds {}", found.len()),
        ])
    }

    /// Step 2.
    pub(super) async fn make_portrait(&mut self) -> Told {
        let mut frameworks = FrameworkServiceClient::new(self.operator()?);
        let portrait = Framework {
            kind: FrameworkKind::PortraitOfAGraduate.into(),
            title: english("Portrait of a Grand Bend graduate"),
            language: "en".to_owned(),
            creator: "Grand Bend".to_owned(),
            ..Framework::default()
        };
        let request = CreateFrameworkRequest {
            parent: self.parent(),
            framework: Some(portrait),
            request_id: request_id(),
        };
        let portrait = frameworks.create_framework(request).await?.into_inner();
        for (kind, statement) in [
            (OutcomeKind::Knowledge, "Knows how numbers describe the world"),
            (OutcomeKind::Mindset, "Keeps going when the answer does not come at once"),
        ] {
            self.outcome(&portrait, kind, statement).await?;
        }
        let skill = self
            .outcome(&portrait, OutcomeKind::Skill, "Reasons from data and defends the conclusion")
            .await?;
        let progression = self.progression(&portrait, &skill).await?;
        let draft =
            frameworks.get_framework(GetFrameworkRequest { name: portrait.name.clone() }).await?.into_inner();
        let request = PublishFrameworkRequest {
            name: draft.name,
            etag: draft.etag,
            request_id: request_id(),
            ..PublishFrameworkRequest::default()
        };
        let published = frameworks.publish_framework(request).await?.into_inner();
        check(published.revision == 1, || format!("the portrait is at revision {}", published.revision))?;
        self.traces.portrait = portrait.name;
        self.traces.outcome = skill.name;
        self.traces.progression = progression.name;
        self.adopt_rules().await?;
        Ok(vec![
            "a portrait with knowledge, a skill and a mindset, published".to_owned(),
            "the skill grows in four levels, each an \"I can …\"".to_owned(),
            "the district's rules make levels: latest, highest, mean, decaying average".to_owned(),
        ])
    }

    async fn outcome(
        &self,
        portrait: &Framework,
        kind: OutcomeKind,
        statement: &str,
    ) -> Result<Outcome, Trouble> {
        let outcome = Outcome {
            kind: kind.into(),
            statement: english(statement),
            language: "en".to_owned(),
            ..Outcome::default()
        };
        let request = CreateOutcomeRequest {
            parent: portrait.name.clone(),
            outcome: Some(outcome),
            request_id: request_id(),
        };
        Ok(OutcomeServiceClient::new(self.operator()?).create_outcome(request).await?.into_inner())
    }

    async fn progression(&self, portrait: &Framework, skill: &Outcome) -> Result<Progression, Trouble> {
        let level = |title: &str, description: &str| ProgressionLevel {
            title: english(title),
            description: english(description),
            ..ProgressionLevel::default()
        };
        let progression = Progression {
            title: english("Reasoning from data"),
            outcomes: vec![skill.name.clone()],
            levels: vec![
                level("Beginning", "I can say what the data show."),
                level("Developing", "I can say what the data show and what they do not."),
                level("Proficient", "I can draw a conclusion from data and give my reasons."),
                level("Extending", "I can defend a conclusion against a good objection."),
            ],
            ..Progression::default()
        };
        let request = CreateProgressionRequest {
            parent: portrait.name.clone(),
            progression: Some(progression),
            request_id: request_id(),
        };
        Ok(ProgressionServiceClient::new(self.operator()?).create_progression(request).await?.into_inner())
    }

    async fn adopt_rules(&mut self) -> Result<(), Trouble> {
        let mut client = GrowthServiceClient::new(self.operator()?);
        for (method, title) in [
            (GrowthMethod::Latest, "The latest counts"),
            (GrowthMethod::Highest, "The highest counts"),
            (GrowthMethod::Mean, "The mean of all"),
            (GrowthMethod::DecayingAverage, "The later, the more"),
        ] {
            let next_weight = if method == GrowthMethod::DecayingAverage { 0.65 } else { 0.0 };
            let rule = GrowthRule {
                title: english(title),
                method: method.into(),
                next_weight,
                ..GrowthRule::default()
            };
            let request = CreateGrowthRuleRequest {
                parent: self.parent(),
                growth_rule: Some(rule),
                request_id: request_id(),
            };
            self.traces.growth_rules.push(client.create_growth_rule(request).await?.into_inner().name);
        }
        Ok(())
    }
}

/// Whether everything that was read became something.
fn accounted(counts: &FrameworkTransferCounts) -> bool {
    let FrameworkTransferCounts { read, created, updated, unchanged, duplicates, refused, removed: _ } =
        counts;
    *read > 0 && *read == created + updated + unchanged + duplicates + refused
}
