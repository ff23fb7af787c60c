//! What is told of entries. No word of theirs is ever in it.

use prost::Message;
use trellis_contracts::profile;
use trellis_kernel::{District, Name, Uuid};
use trellis_store::{Payload, Told};

use crate::domain::entry::{Audience, Entry, Voice};

/// The type of an entry.
pub(crate) const TYPE: &str = "trellis.dev/Entry";

/// The name of an entry.
pub(crate) fn name(district: &District, learner: Uuid, id: Uuid) -> Name {
    Name::district(district.clone()).child("learners", learner).child("entries", id)
}

/// Somebody wrote it.
pub(crate) fn created(district: &District, entry: &Entry) -> Told {
    told("entry.created", district, entry.learner, entry.id)
}

/// Its learner read what somebody else wrote.
pub(crate) fn read(district: &District, learner: Uuid, id: Uuid) -> Told {
    told("entry.read", district, learner, id)
}

/// Its author deleted it.
pub(crate) fn deleted(district: &District, entry: &Entry) -> Told {
    let sight = &entry.sight;
    let message = profile::EntryDeleted {
        author: Name::district(district.clone()).child("people", sight.author).to_string(),
        voice: voice(sight.voice).into(),
        audience: audience(sight.audience).into(),
        learner_read: sight.learner_read_time.is_some(),
    };
    Told {
        deleted: true,
        payload: Some(payload("EntryDeleted", &message)),
        ..told("entry.deleted", district, entry.learner, entry.id)
    }
}

/// A message of this package, under its type.
pub(crate) fn payload(message_name: &str, message: &impl Message) -> Payload {
    Payload {
        type_url: format!("type.googleapis.com/trellis.profile.v1alpha1.{message_name}"),
        value: message.encode_to_vec(),
    }
}

/// A voice as the contract writes it.
pub(crate) const fn voice(voice: Voice) -> profile::Voice {
    match voice {
        Voice::Learner => profile::Voice::Learner,
        Voice::Family => profile::Voice::Family,
        Voice::Educator => profile::Voice::Educator,
    }
}

/// An audience as the contract writes it.
pub(crate) const fn audience(audience: Audience) -> profile::EntryAudience {
    match audience {
        Audience::OnlyMe => profile::EntryAudience::OnlyMe,
        Audience::MyEducators => profile::EntryAudience::MyEducators,
        Audience::MyFamily => profile::EntryAudience::MyFamily,
        Audience::FamilyAndEducators => profile::EntryAudience::FamilyAndEducators,
        Audience::AllWhoSupportMe => profile::EntryAudience::AllWhoSupportMe,
    }
}

fn told(kind: &'static str, district: &District, learner: Uuid, id: Uuid) -> Told {
    Told {
        kind,
        resource: name(district, learner, id).to_string(),
        resource_type: TYPE,
        subjects: vec![learner],
        deleted: false,
        payload: None,
    }
}
