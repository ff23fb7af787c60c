//! Proficiency scales.

use trellis_contracts::{outcome as proto, values};
use trellis_kernel::{Failure, Result};

use super::{read_texts, texts};
use crate::domain::decimal::Decimal;
use crate::domain::proficiency_scale::{Color, Scale, ScaleContent, ScaleLevel};

/// A scale as the contract has it.
pub(in crate::api) fn write(scale: Scale) -> proto::ProficiencyScale {
    let etag = scale.etag().to_string();
    let Scale { place, content, revision, revision_time, unpublished, create_time, update_time, version: _ } =
        scale;
    let ScaleContent { title, description, levels, highest_value, mastery_level } = content;
    proto::ProficiencyScale {
        name: place.name().to_string(),
        uid: place.id.to_string(),
        title: texts(title),
        description: texts(description),
        levels: levels.into_iter().zip(1..).map(write_level).collect(),
        highest_value: spelt(highest_value),
        mastery_level: mastery_level.map(i32::from).unwrap_or_default(),
        revision: i32::try_from(revision).unwrap_or(i32::MAX),
        revision_create_time: revision_time.map(values::timestamp),
        unpublished_changes: place.pin.is_none() && unpublished,
        create_time: Some(values::timestamp(create_time)),
        update_time: Some(values::timestamp(update_time)),
        etag,
    }
}

fn write_level((level, number): (ScaleLevel, i32)) -> proto::ProficiencyLevel {
    let ScaleLevel { label, description, color, cut_score } = level;
    proto::ProficiencyLevel {
        number,
        label: texts(label),
        description: texts(description),
        color: color.map(|color| color.to_string()).unwrap_or_default(),
        cut_score: spelt(cut_score),
    }
}

fn spelt(number: Option<Decimal>) -> String {
    number.map(|number| number.to_string()).unwrap_or_default()
}

/// What a request says of a scale; what only the server says is ignored.
pub(in crate::api) fn read(scale: proto::ProficiencyScale) -> Result<ScaleContent> {
    let proto::ProficiencyScale {
        name: _,
        uid: _,
        title,
        description,
        levels,
        highest_value,
        mastery_level,
        revision: _,
        revision_create_time: _,
        unpublished_changes: _,
        create_time: _,
        update_time: _,
        etag: _,
    } = scale;
    let levels = levels.into_iter().enumerate().map(|(index, level)| read_level(index, level));
    Ok(ScaleContent {
        title: read_texts(title),
        description: read_texts(description),
        levels: levels.collect::<Result<_>>()?,
        highest_value: read_decimal("proficiency_scale.highest_value", &highest_value)?,
        mastery_level: u8::try_from(mastery_level).ok().filter(|number| *number > 0),
    })
}

fn read_level(index: usize, level: proto::ProficiencyLevel) -> Result<ScaleLevel> {
    let proto::ProficiencyLevel { number: _, label, description, color, cut_score } = level;
    let field = |name: &str| format!("proficiency_scale.levels[{index}].{name}");
    let color = match color.as_str() {
        "" => None,
        text => {
            let color = Color::parse(text);
            Some(color.ok_or_else(|| Failure::field(field("color"), "must be a colour, #RRGGBB"))?)
        }
    };
    Ok(ScaleLevel {
        label: read_texts(label),
        description: read_texts(description),
        color,
        cut_score: read_decimal(&field("cut_score"), &cut_score)?,
    })
}

/// A decimal number; none when the field is empty.
pub(super) fn read_decimal(field: &str, text: &str) -> Result<Option<Decimal>> {
    if text.is_empty() {
        return Ok(None);
    }
    let number = Decimal::parse(text);
    let refusal = || Failure::field(field, "must be a decimal number with at most six decimals, such as 2.5");
    number.map(Some).ok_or_else(refusal)
}

/// The fields of a scale that can be changed, each with whether it is populated.
pub(in crate::api) fn fields(content: &ScaleContent) -> [(&'static str, bool); 5] {
    [
        ("title", !content.title.is_empty()),
        ("description", !content.description.is_empty()),
        ("levels", !content.levels.is_empty()),
        ("highest_value", content.highest_value.is_some()),
        ("mastery_level", content.mastery_level.is_some()),
    ]
}

/// Takes the fields that are named from one, and all others from the other.
pub(in crate::api) fn merge(own: ScaleContent, new: ScaleContent, paths: &[&str]) -> ScaleContent {
    let takes = |path: &str| paths.contains(&path);
    ScaleContent {
        title: if takes("title") { new.title } else { own.title },
        description: if takes("description") { new.description } else { own.description },
        levels: if takes("levels") { new.levels } else { own.levels },
        highest_value: if takes("highest_value") { new.highest_value } else { own.highest_value },
        mastery_level: if takes("mastery_level") { new.mastery_level } else { own.mastery_level },
    }
}
