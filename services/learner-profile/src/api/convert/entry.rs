//! Entries, and the words that people write.

use trellis_contracts::{common, profile, values};
use trellis_kernel::{District, Etag, Failure, Name, Result, Uuid};

use crate::app::entry::NewEntry;
use crate::domain::entry::{Audience, Entry, Facet, FacetKind};
use crate::domain::entry_words::{Word, Words};
use crate::events::entry as told;

/// Reads what somebody would write; the rules of the contract hold already.
pub(crate) fn new_entry(entry: profile::Entry) -> Result<NewEntry> {
    let facet = Facet::parse(facet_kind(entry.facet())?, entry.other_facet.clone())?;
    let audience = audience(entry.audience())?;
    Ok(NewEntry { facet, text: words("entry.text", entry.text)?, audience })
}

/// An entry as the wire carries it.
pub(crate) fn entry(district: &District, entry: Entry) -> profile::Entry {
    let Entry { id, learner, facet, text, sight, create_time, update_time, version } = entry;
    profile::Entry {
        name: told::name(district, learner, id).to_string(),
        uid: id.to_string(),
        facet: facet_number(facet.kind()).into(),
        other_facet: facet.other().to_owned(),
        text: localized(text),
        voice: told::voice(sight.voice).into(),
        author: person(district, sight.author),
        audience: told::audience(sight.audience).into(),
        learner_read_time: sight.learner_read_time.map(values::timestamp),
        create_time: Some(values::timestamp(create_time)),
        update_time: Some(values::timestamp(update_time)),
        etag: Etag::new(version).to_string(),
    }
}

/// Reads words in one or more languages; `field` is the field that holds them.
pub(crate) fn words(field: &str, texts: Vec<common::LocalizedText>) -> Result<Words> {
    let word = |text: common::LocalizedText| Word { language: text.language, text: text.text };
    Words::parse(field, texts.into_iter().map(word).collect())
}

/// Words as the wire carries them.
pub(crate) fn localized(words: Words) -> Vec<common::LocalizedText> {
    let text = |word: Word| common::LocalizedText { language: word.language, text: word.text };
    words.into_inner().into_iter().map(text).collect()
}

/// The name of a person.
pub(crate) fn person(district: &District, id: Uuid) -> String {
    Name::district(district.clone()).child("people", id).to_string()
}

fn unstated(field: &str) -> Failure {
    Failure::field(field, "must be stated")
}

fn facet_kind(facet: profile::EntryFacet) -> Result<FacetKind> {
    use profile::EntryFacet;
    Ok(match facet {
        EntryFacet::Unspecified => return Err(unstated("entry.facet")),
        EntryFacet::Strength => FacetKind::Strength,
        EntryFacet::Interest => FacetKind::Interest,
        EntryFacet::Value => FacetKind::Value,
        EntryFacet::WhatHelpsMe => FacetKind::WhatHelpsMe,
        EntryFacet::Support => FacetKind::Support,
        EntryFacet::Preference => FacetKind::Preference,
        EntryFacet::Aspiration => FacetKind::Aspiration,
        EntryFacet::Identity => FacetKind::Identity,
        EntryFacet::Language => FacetKind::Language,
        EntryFacet::Other => FacetKind::Other,
    })
}

const fn facet_number(kind: FacetKind) -> profile::EntryFacet {
    use profile::EntryFacet;
    match kind {
        FacetKind::Strength => EntryFacet::Strength,
        FacetKind::Interest => EntryFacet::Interest,
        FacetKind::Value => EntryFacet::Value,
        FacetKind::WhatHelpsMe => EntryFacet::WhatHelpsMe,
        FacetKind::Support => EntryFacet::Support,
        FacetKind::Preference => EntryFacet::Preference,
        FacetKind::Aspiration => EntryFacet::Aspiration,
        FacetKind::Identity => EntryFacet::Identity,
        FacetKind::Language => EntryFacet::Language,
        FacetKind::Other => EntryFacet::Other,
    }
}

fn audience(audience: profile::EntryAudience) -> Result<Audience> {
    use profile::EntryAudience;
    Ok(match audience {
        EntryAudience::Unspecified => return Err(unstated("entry.audience")),
        EntryAudience::OnlyMe => Audience::OnlyMe,
        EntryAudience::MyEducators => Audience::MyEducators,
        EntryAudience::MyFamily => Audience::MyFamily,
        EntryAudience::FamilyAndEducators => Audience::FamilyAndEducators,
        EntryAudience::AllWhoSupportMe => Audience::AllWhoSupportMe,
    })
}
