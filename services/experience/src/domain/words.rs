//! Closed lists of words.

/// Writes an enum whose values each have one word, under which they are kept and told.
macro_rules! words {
    ($(#[doc = $about:literal])* $name:ident { $($(#[doc = $doc:literal])* $variant:ident = $word:literal,)* }) => {
        $(#[doc = $about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        pub(crate) enum $name { $($(#[doc = $doc])* #[serde(rename = $word)] $variant,)* }

        impl $name {
            /// Its word.
            pub(crate) const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// The value of a word that was kept.
            pub(crate) fn of_word(word: &str) -> trellis_kernel::Result<Self> {
                match word {
                    $($word => Ok(Self::$variant),)*
                    _ => Err(trellis_kernel::Failure::internal(concat!("an unknown ", stringify!($name), " is kept"))),
                }
            }
        }
    };
}

pub(crate) use words;
