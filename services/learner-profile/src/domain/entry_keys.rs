//! Enumerations that are kept as a word each.

/// Makes an enumeration whose values are written into rows, each as its word.
macro_rules! keyed {
    ($(#[doc = $enum_doc:literal])* $name:ident { $($(#[doc = $doc:literal])* $variant:ident = $key:literal,)* }) => {
        $(#[doc = $enum_doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum $name { $($(#[doc = $doc])* $variant,)* }

        impl $name {
            /// Every value.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word that a row keeps.
            pub(crate) const fn key(self) -> &'static str {
                match self { $(Self::$variant => $key,)* }
            }

            /// The value of this word.
            pub(crate) fn from_key(key: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.key() == key)
            }
        }
    };
}

pub(crate) use keyed;
