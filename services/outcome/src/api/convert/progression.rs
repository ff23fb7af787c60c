//! Progressions.

use trellis_contracts::{outcome as proto, values};
use trellis_kernel::{Etag, Failure, Result};

use super::{read_texts, texts};
use crate::domain::framework::FrameworkRef;
use crate::domain::outcome::{outcome_name, parse_draft_outcome};
use crate::domain::proficiency_scale::ScaleRef;
use crate::domain::progression::{Level, Progression, ProgressionContent};

/// A progression as the contract has it.
pub(in crate::api) fn write(progression: Progression) -> proto::Progression {
    let name = progression.name().to_string();
    let Progression { framework, id, content, create_time, update_time, version } = progression;
    let ProgressionContent { title, outcomes, levels, scale } = content;
    let indicator = |description| proto::ProgressionIndicator { description: texts(description) };
    let level = |(Level { title, descriptor, indicators }, number)| proto::ProgressionLevel {
        number,
        title: texts(title),
        description: texts(descriptor),
        indicators: indicators.into_iter().map(indicator).collect(),
    };
    proto::Progression {
        name,
        uid: id.to_string(),
        title: texts(title),
        outcomes: outcomes.into_iter().map(|id| outcome_name(&framework, id).to_string()).collect(),
        levels: levels.into_iter().zip(1..).map(level).collect(),
        create_time: Some(values::timestamp(create_time)),
        update_time: Some(values::timestamp(update_time)),
        etag: Etag::new(version).to_string(),
        proficiency_scale: scale.map(|scale| scale.name().to_string()).unwrap_or_default(),
    }
}

/// What a request says of a progression of a framework; what only the server says is ignored.
pub(in crate::api) fn read(of: &FrameworkRef, progression: proto::Progression) -> Result<ProgressionContent> {
    let proto::Progression {
        name: _,
        uid: _,
        title,
        outcomes,
        levels,
        create_time: _,
        update_time: _,
        etag: _,
        proficiency_scale,
    } = progression;
    let mut ids = Vec::with_capacity(outcomes.len());
    for (index, outcome) in outcomes.iter().enumerate() {
        let field = format!("progression.outcomes[{index}]");
        let (framework, id) = parse_draft_outcome(&field, outcome)?;
        if framework != *of {
            return Err(Failure::field(field, "must be an outcome of the progression's own framework"));
        }
        ids.push(id);
    }
    let level = |proto::ProgressionLevel { number: _, title, description, indicators }| Level {
        title: read_texts(title),
        descriptor: read_texts(description),
        indicators: indicators.into_iter().map(|indicator| read_texts(indicator.description)).collect(),
    };
    let levels = levels.into_iter().map(level).collect();
    let scale = match proficiency_scale.as_str() {
        "" => None,
        name => Some(ScaleRef::parse_revision("progression.proficiency_scale", name, &of.district)?),
    };
    Ok(ProgressionContent { title: read_texts(title), outcomes: ids, levels, scale })
}

/// The fields of a progression that can be changed, each with whether it is populated.
pub(in crate::api) fn fields(content: &ProgressionContent) -> [(&'static str, bool); 4] {
    [
        ("title", !content.title.is_empty()),
        ("outcomes", !content.outcomes.is_empty()),
        ("levels", !content.levels.is_empty()),
        ("proficiency_scale", content.scale.is_some()),
    ]
}

/// Takes the fields that are named from one, and all others from the other.
pub(in crate::api) fn merge(
    own: ProgressionContent,
    new: ProgressionContent,
    paths: &[&str],
) -> ProgressionContent {
    let takes = |path: &str| paths.contains(&path);
    ProgressionContent {
        title: if takes("title") { new.title } else { own.title },
        outcomes: if takes("outcomes") { new.outcomes } else { own.outcomes },
        levels: if takes("levels") { new.levels } else { own.levels },
        scale: if takes("proficiency_scale") { new.scale } else { own.scale },
    }
}
