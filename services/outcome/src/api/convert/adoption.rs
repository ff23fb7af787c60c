//! Adoptions.

use std::collections::BTreeSet;

use jiff::civil::Date;
use trellis_contracts::{outcome as proto, values};
use trellis_kernel::{District, Failure, Name, Result, Uuid};

use super::framework::write_deprecation;
use super::{read_texts, texts};
use crate::domain::adoption::{
    Adoption, AdoptionContent, Days, GrowthRuleRef, Reach, Terms, organization_name, parse_organization,
};
use crate::domain::framework::FrameworkRef;
use crate::domain::proficiency_scale::ScaleRef;
use crate::domain::succession::Currency;

/// An adoption as the contract has it, and whether its framework is current.
pub(in crate::api) fn write(adoption: Adoption, currency: Currency) -> proto::Adoption {
    let (name, etag) = (adoption.name().to_string(), adoption.etag().to_string());
    let Adoption { district, id, content, create_time, update_time, version: _ } = adoption;
    let AdoptionContent { framework, scale, growth_rule, reach, days, note } = content;
    let Days { first, last } = days;
    let Currency { deprecation, superseded_by, visibility: _ } = currency;
    proto::Adoption {
        name,
        uid: id.to_string(),
        framework: framework.name().to_string(),
        proficiency_scale: scale_name(scale.as_ref()),
        growth_rule: rule_name(growth_rule, &district),
        organizations: organizations(reach, &district),
        start_date: first.to_string(),
        end_date: last.map(|last| last.to_string()).unwrap_or_default(),
        note: texts(note),
        superseded_by: superseded_by.iter().map(Name::to_string).collect(),
        framework_deprecation: deprecation.map(write_deprecation),
        create_time: Some(values::timestamp(create_time)),
        update_time: Some(values::timestamp(update_time)),
        etag,
    }
}

/// What is used, as the contract has it.
pub(in crate::api) fn write_resolved(adoption: Adoption, currency: Currency) -> proto::ResolvedAdoption {
    let name = adoption.name().to_string();
    let Adoption { district, id: _, content, create_time: _, update_time: _, version: _ } = adoption;
    let AdoptionContent { framework, scale, growth_rule, reach, days, note: _ } = content;
    let Days { first, last } = days;
    let Currency { deprecation, superseded_by, visibility: _ } = currency;
    proto::ResolvedAdoption {
        adoption: name,
        framework: framework.name().to_string(),
        proficiency_scale: scale_name(scale.as_ref()),
        growth_rule: rule_name(growth_rule, &district),
        district_wide: reach == Reach::District,
        start_date: first.to_string(),
        end_date: last.map(|last| last.to_string()).unwrap_or_default(),
        superseded_by: superseded_by.iter().map(Name::to_string).collect(),
        framework_deprecated: deprecation.is_some(),
    }
}

fn scale_name(scale: Option<&ScaleRef>) -> String {
    scale.map(|scale| scale.name().to_string()).unwrap_or_default()
}

fn rule_name(rule: Option<GrowthRuleRef>, district: &District) -> String {
    rule.map(|rule| rule.name(district).to_string()).unwrap_or_default()
}

fn organizations(reach: Reach, district: &District) -> Vec<String> {
    match reach {
        Reach::District => Vec::new(),
        Reach::Organizations(ids) => {
            ids.into_iter().map(|id| organization_name(district, id).to_string()).collect()
        }
    }
}

/// What a request says of an adoption of a district; what only the server says is ignored.
pub(in crate::api) fn read(district: &District, adoption: proto::Adoption) -> Result<Terms> {
    let proto::Adoption {
        name: _,
        uid: _,
        framework,
        proficiency_scale,
        growth_rule,
        organizations,
        start_date,
        end_date,
        note,
        superseded_by: _,
        framework_deprecation: _,
        create_time: _,
        update_time: _,
        etag: _,
    } = adoption;
    let organizations = organizations
        .iter()
        .enumerate()
        .map(|(index, text)| parse_organization(&format!("adoption.organizations[{index}]"), text, district));
    Ok(Terms {
        framework: stated(&framework)
            .map(|text| FrameworkRef::parse_revision("adoption.framework", text, district))
            .transpose()?,
        scale: stated(&proficiency_scale)
            .map(|text| ScaleRef::parse_revision("adoption.proficiency_scale", text, district))
            .transpose()?,
        growth_rule: stated(&growth_rule)
            .map(|text| GrowthRuleRef::parse("adoption.growth_rule", text, district))
            .transpose()?,
        organizations: organizations.collect::<Result<BTreeSet<Uuid>>>()?,
        first: read_day("adoption.start_date", &start_date)?,
        last: read_day("adoption.end_date", &end_date)?,
        note: read_texts(note),
    })
}

fn stated(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// A day; none when the field is empty.
pub(in crate::api) fn read_day(field: &str, text: &str) -> Result<Option<Date>> {
    let refusal = |_| Failure::field(field, "must be a day of the calendar, YYYY-MM-DD");
    stated(text).map(|text| text.parse().map_err(refusal)).transpose()
}

/// An organization of a district; none when the field is empty.
pub(in crate::api) fn read_organization(
    field: &str,
    text: &str,
    district: &District,
) -> Result<Option<Uuid>> {
    stated(text).map(|text| parse_organization(field, text, district)).transpose()
}

/// The fields of an adoption that can be changed, each with whether it is populated.
pub(in crate::api) fn fields(terms: &Terms) -> [(&'static str, bool); 7] {
    [
        ("framework", terms.framework.is_some()),
        ("proficiency_scale", terms.scale.is_some()),
        ("growth_rule", terms.growth_rule.is_some()),
        ("organizations", !terms.organizations.is_empty()),
        ("start_date", terms.first.is_some()),
        ("end_date", terms.last.is_some()),
        ("note", !terms.note.is_empty()),
    ]
}

/// Takes the fields that are named from one, and all others from the other.
pub(in crate::api) fn merge(own: Terms, new: Terms, paths: &[&str]) -> Terms {
    let takes = |path: &str| paths.contains(&path);
    Terms {
        framework: if takes("framework") { new.framework } else { own.framework },
        scale: if takes("proficiency_scale") { new.scale } else { own.scale },
        growth_rule: if takes("growth_rule") { new.growth_rule } else { own.growth_rule },
        organizations: if takes("organizations") { new.organizations } else { own.organizations },
        first: if takes("start_date") { new.first } else { own.first },
        last: if takes("end_date") { new.last } else { own.last },
        note: if takes("note") { new.note } else { own.note },
    }
}
