//! The tenant that every resource belongs to.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Failure, Reason};

/// A district: any organisation that is a tenant (a school district, a charter, a co-op, a
/// microschool, a state, a vendor's sandbox).
///
/// Its id is 2 to 63 lower-case letters, digits and hyphens, beginning with a letter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct District(String);

impl District {
    /// The id of the district whose frameworks every other district may read.
    pub const COMMONS: &'static str = "commons";

    /// Reads a district id.
    pub fn parse(id: &str) -> Result<Self, Failure> {
        let mut bytes = id.bytes();
        let legal = (2..=63).contains(&id.len())
            && bytes.next().is_some_and(|b| b.is_ascii_lowercase())
            && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if legal {
            Ok(Self(id.to_owned()))
        } else {
            Err(Failure::invalid(
                Reason::InvalidName,
                "A district id is 2 to 63 lower-case letters, digits and hyphens, beginning with a letter.",
            ))
        }
    }

    /// The id alone.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the district that all may read.
    pub fn is_commons(&self) -> bool {
        self.0 == Self::COMMONS
    }
}

impl fmt::Display for District {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for District {
    type Err = Failure;

    fn from_str(id: &str) -> Result<Self, Failure> {
        Self::parse(id)
    }
}

impl TryFrom<String> for District {
    type Error = Failure;

    fn try_from(id: String) -> Result<Self, Failure> {
        Self::parse(&id)
    }
}

impl From<District> for String {
    fn from(district: District) -> Self {
        district.0
    }
}
