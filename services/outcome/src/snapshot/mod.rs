//! A framework as it was at one moment, held in memory: what every reader of a revision shares.

mod cache;
mod load;

pub(crate) use cache::Snapshots;

use std::ops::Range;

use prost::Message as _;
use prost::bytes::Bytes;
use trellis_contracts::outcome as proto;
use trellis_kernel::{Failure, Result, Uuid};

use crate::domain::association::AssociationType;
use crate::domain::framework::FrameworkRef;
use crate::domain::tree::Tree;

/// Makes the contract's message of an outcome.
pub(crate) type WriteOutcome = fn(crate::domain::outcome::Outcome) -> proto::Outcome;

/// What a framework held. It never changes: of a revision there is one, of a draft one for each reading.
///
/// The outcomes are kept as messages in one piece of memory, so that one of 100,000 costs what it
/// would cost to receive it, and all of them no more than their bytes.
#[derive(Debug)]
pub(crate) struct Snapshot {
    framework: FrameworkRef,
    tree: Tree,
    messages: Bytes,
    /// Where the message of each place of the tree is.
    ranges: Box<[Range<u32>]>,
    links: Box<[Link]>,
    /// What each place stands directly below by an association, and where its part of `parents` begins.
    parents: Box<[u32]>,
    parents_from: Box<[u32]>,
}

/// An association, as far as graphs need it.
#[derive(Debug)]
pub(crate) struct Link {
    /// Its identity.
    pub(crate) id: Uuid,
    /// Its type.
    pub(crate) kind: AssociationType,
    /// Where it starts.
    pub(crate) origin: End,
    /// Where it leads.
    pub(crate) destination: End,
}

/// An end of an association.
#[derive(Debug)]
pub(crate) enum End {
    /// An outcome of the framework, by its identity.
    Own(Uuid),
    /// The framework itself.
    Framework,
    /// Something of another framework of the district or the commons, or held elsewhere.
    Other(Box<Other>),
}

/// An end that is not in the framework.
#[derive(Debug)]
pub(crate) struct Other {
    /// Its name, where it is held here.
    pub(crate) name: String,
    /// Its URI.
    pub(crate) uri: String,
    /// Its identifier there.
    pub(crate) identifier: String,
    /// What it was called.
    pub(crate) title: String,
}

impl Snapshot {
    /// The framework, pinned unless this is of a draft.
    pub(crate) const fn framework(&self) -> &FrameworkRef {
        &self.framework
    }

    /// Its outcomes in reading order.
    pub(crate) const fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Its associations, in the order of their identities.
    pub(crate) const fn links(&self) -> &[Link] {
        &self.links
    }

    /// What a place stands directly below by associations, in reading order.
    pub(crate) fn parents(&self, place: u32) -> &[u32] {
        let (from, to) = (self.parents_from[place as usize], self.parents_from[place as usize + 1]);
        &self.parents[from as usize..to as usize]
    }

    /// The identity of the outcome at a place.
    pub(crate) fn id(&self, place: u32) -> Uuid {
        self.tree.branches()[place as usize].id
    }

    /// The message of the outcome at a place.
    pub(crate) fn message(&self, place: u32) -> Result<proto::Outcome> {
        proto::Outcome::decode(self.bytes(place)).map_err(Failure::internal)
    }

    /// The message of an outcome, if it is held.
    pub(crate) fn outcome(&self, id: Uuid) -> Result<Option<proto::Outcome>> {
        self.tree.place(id).map(|place| self.message(place)).transpose()
    }

    /// The message of the outcome at a place, as it is sent.
    pub(crate) fn bytes(&self, place: u32) -> Bytes {
        let Range { start, end } = self.ranges[place as usize];
        self.messages.slice(start as usize..end as usize)
    }

    /// How many bytes it takes.
    pub(crate) fn weight(&self) -> usize {
        let texts = |end: &End| match end {
            End::Own(_) | End::Framework => 0,
            End::Other(other) => {
                let Other { name, uri, identifier, title } = &**other;
                size_of::<Other>()
                    + [name, uri, identifier, title].iter().map(|text| text.capacity()).sum::<usize>()
            }
        };
        let links: usize = self.links.iter().map(|link| texts(&link.origin) + texts(&link.destination)).sum();
        size_of::<Self>()
            + self.tree.weight()
            + self.messages.len()
            + size_of_val(&*self.ranges)
            + size_of_val(&*self.links)
            + links
            + size_of_val(&*self.parents)
            + size_of_val(&*self.parents_from)
    }
}
