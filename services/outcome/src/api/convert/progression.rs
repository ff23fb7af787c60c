//! Progressions.

use trellis_contracts::{outcome as proto, values};
use trellis_kernel::{Etag, Failure, Result};

use super::{read_texts, texts};
use crate::domain::framework::FrameworkRef;
use crate::domain::outcome::{outcome_name, parse_draft_outcome};
use crate::domain::progression::{Level, Progression, ProgressionContent};

/// A progression as the contract has it.
pub(in crate::api) fn write(progression: Progression) -> proto::Progression {
    let name = progression.name().to_string();
    let Progression { framework, id, content, create_time, update_time, version } = progression;
    let ProgressionContent { title, outcomes, levels } = content;
    let level = |(Level { title, descriptor }, number)| proto::ProgressionLevel {
        number,
        title: texts(title),
        descriptor: texts(descriptor),
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
    let level = |proto::ProgressionLevel { number: _, title, descriptor }| Level {
        title: read_texts(title),
        descriptor: read_texts(descriptor),
    };
    let levels = levels.into_iter().map(level).collect();
    Ok(ProgressionContent { title: read_texts(title), outcomes: ids, levels })
}
