//! Between the contract's messages and the domain's values.

pub(super) mod assessment;
pub(super) mod design;
pub(super) mod evidence;
pub(super) mod experience;
pub(super) mod proposal;

use prost_types::Timestamp as ProtoTimestamp;
use trellis_contracts::common::LocalizedText;
use trellis_contracts::experience as proto;
use trellis_contracts::values::timestamp;
use trellis_kernel::{District, Failure, Result, Timestamp, Uuid};

use crate::domain::reference::{FrameworkChild, local, within};
use crate::domain::text::{Text, Wording};
use crate::domain::voice::Voice;

fn text_in(field: &str, wordings: Vec<LocalizedText>) -> Result<Text> {
    let wordings = wordings.into_iter().map(|LocalizedText { language, text }| Wording { language, text });
    Text::parse(field, wordings.collect())
}

fn text_out(text: &Text) -> Vec<LocalizedText> {
    let wordings = text.wordings().iter().cloned();
    wordings.map(|Wording { language, text }| LocalizedText { language, text }).collect()
}

/// Reads the `outcomes` of the message that is in `owner`.
fn outcomes_in(owner: &str, outcomes: &[String], home: &District) -> Result<Vec<FrameworkChild>> {
    let read = |(place, name): (usize, &String)| {
        FrameworkChild::outcome(&format!("{owner}.outcomes[{place}]"), name, home)
    };
    outcomes.iter().enumerate().map(read).collect()
}

fn outcomes_out(outcomes: &[FrameworkChild]) -> Vec<String> {
    outcomes.iter().map(ToString::to_string).collect()
}

/// Reads a list of names of one collection directly under the district.
pub(super) fn ids_in(field: &str, names: &[String], collection: &str, home: &District) -> Result<Vec<Uuid>> {
    let read =
        |(place, name): (usize, &String)| local(&format!("{field}[{place}]"), name, &[collection], home);
    names.iter().enumerate().map(read).collect()
}

/// Reads a name that may be left out.
pub(super) fn id_or_none(field: &str, name: &str, collection: &str, home: &District) -> Result<Option<Uuid>> {
    if name.is_empty() { Ok(None) } else { local(field, name, &[collection], home).map(Some) }
}

fn name(home: &District, collection: &str, id: Uuid) -> String {
    within(home, collection, id).to_string()
}

fn name_or_empty(home: &District, collection: &str, id: Option<Uuid>) -> String {
    id.map(|id| name(home, collection, id)).unwrap_or_default()
}

#[expect(clippy::unnecessary_wraps, reason = "the contract's message fields are optional")]
fn time(at: Timestamp) -> Option<ProtoTimestamp> {
    Some(timestamp(at))
}

/// Reads a count that the contract keeps from being negative.
fn count_in(field: &str, count: i32) -> Result<u32> {
    u32::try_from(count).map_err(|_| Failure::field(field, "value must not be negative"))
}

fn count_out(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

fn voice_out(voice: Voice) -> i32 {
    match voice {
        Voice::Own => proto::Voice::Self_,
        Voice::Educator => proto::Voice::Educator,
        Voice::Guardian => proto::Voice::Guardian,
    }
    .into()
}
