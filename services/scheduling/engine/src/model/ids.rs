//! Numbers of what a problem holds, in the order in which it was added.

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub(crate) u32);

        impl $name {
            /// Its place in the order in which they were added.
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

ids! {
    /// A space.
    SpaceId,
    /// A facilitator.
    FacilitatorId,
    /// A section.
    SectionId,
    /// An offering.
    OfferingId,
    /// A rule.
    RuleId,
    /// A cohort.
    CohortId,
    /// A learner.
    LearnerId,
    /// A request of a learner, counted over all learners.
    RequestId
}
