//! How a district makes one level out of many ratings.

use std::num::NonZeroU16;

use trellis_kernel::{Failure, Result, Timestamp, Uuid};

use super::entry_keys::keyed;
use super::entry_words::{Word, Words};

keyed! {
    /// The methods by their name alone.
    MethodKind {
        /// The latest rating.
        Latest = "LATEST",
        /// The highest rating.
        Highest = "HIGHEST",
        /// The mean of the last few ratings, or of all.
        Mean = "MEAN",
        /// The recursive decaying average.
        DecayingAverage = "DECAYING_AVERAGE",
    }
}

/// The share of each next rating in a decaying average: more than 0, at most 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct NextWeight(f64);

impl NextWeight {
    /// Reads a share.
    pub(crate) fn parse(weight: f64) -> Result<Self> {
        if weight > 0.0 && weight <= 1.0 {
            return Ok(Self(weight));
        }
        Err(Failure::field(
            "growth_rule.next_weight",
            "must be more than 0 and at most 1 when the method is DECAYING_AVERAGE",
        ))
    }

    /// The share.
    pub(crate) const fn get(self) -> f64 {
        self.0
    }
}

/// A method with what it needs to know.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Method {
    /// The latest rating.
    Latest,
    /// The highest rating; of equal ones, the latest.
    Highest,
    /// The mean of the last so many ratings; none means all.
    Mean(Option<NonZeroU16>),
    /// Begins with the first rating; with each next one becomes (1 − w) of itself plus w of that one.
    DecayingAverage(NextWeight),
}

impl Method {
    /// Reads a method; a parameter that it does not use is refused, for whoever set it meant something.
    pub(crate) fn parse(kind: MethodKind, last_count: i32, next_weight: f64) -> Result<Self> {
        let count = u16::try_from(last_count)
            .map_err(|_| Failure::field("growth_rule.last_count", "must be from 0 to 1000"))?;
        if kind != MethodKind::Mean && count != 0 {
            return Err(Failure::field("growth_rule.last_count", "must be 0 unless the method is MEAN"));
        }
        if kind != MethodKind::DecayingAverage && next_weight != 0.0 {
            return Err(Failure::field(
                "growth_rule.next_weight",
                "must be 0 unless the method is DECAYING_AVERAGE",
            ));
        }
        Ok(match kind {
            MethodKind::Latest => Self::Latest,
            MethodKind::Highest => Self::Highest,
            MethodKind::Mean => Self::Mean(NonZeroU16::new(count)),
            MethodKind::DecayingAverage => Self::DecayingAverage(NextWeight::parse(next_weight)?),
        })
    }

    /// Its name.
    pub(crate) const fn kind(self) -> MethodKind {
        match self {
            Self::Latest => MethodKind::Latest,
            Self::Highest => MethodKind::Highest,
            Self::Mean(_) => MethodKind::Mean,
            Self::DecayingAverage(_) => MethodKind::DecayingAverage,
        }
    }

    /// How many of the latest ratings count; 0 where all do, or the method does not ask.
    pub(crate) fn last_count(self) -> i32 {
        match self {
            Self::Mean(last) => last.map_or(0, |last| i32::from(last.get())),
            Self::Latest | Self::Highest | Self::DecayingAverage(_) => 0,
        }
    }

    /// The share of each next rating; 0 where the method does not ask.
    pub(crate) const fn next_weight(self) -> f64 {
        match self {
            Self::DecayingAverage(weight) => weight.get(),
            Self::Latest | Self::Highest | Self::Mean(_) => 0.0,
        }
    }
}

/// A rule of a district. It never changes once made: its first revision is its only one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct GrowthRule {
    /// Its id.
    pub id: Uuid,
    /// What it is called.
    pub title: Words,
    /// How it makes a level.
    pub method: Method,
    /// When it was made.
    pub create_time: Timestamp,
    /// Its version.
    pub version: i64,
}

impl GrowthRule {
    /// The revision that every rule has.
    pub(crate) const REVISION: u32 = 1;

    /// The id of the rule that a district without one is given: the `UUIDv5` of
    /// `https://trellis.dev/growthRules/latest` in the URL namespace (RFC 9562, section 6.6), and the
    /// same in every district.
    pub(crate) const BUILT_IN: Uuid = Uuid::from_u128(0x26df_97a5_6490_559c_ade3_23d9_ecd4_f9a0);

    /// The rule that a district without one is given: the latest rating counts.
    pub(crate) fn built_in(create_time: Timestamp) -> Result<Self> {
        let title = Word { language: "en".to_owned(), text: "Latest rating".to_owned() };
        Ok(Self {
            id: Self::BUILT_IN,
            title: Words::parse("growth_rule.title", vec![title])?,
            method: Method::Latest,
            create_time,
            version: 1,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_belongs_to_one_method() {
        let field = |kind, count, weight| {
            Method::parse(kind, count, weight).expect_err("refused").violations()[0].field.clone()
        };
        for kind in [MethodKind::Latest, MethodKind::Highest, MethodKind::DecayingAverage] {
            assert_eq!(field(kind, 3, 0.0), "growth_rule.last_count");
        }
        for kind in [MethodKind::Latest, MethodKind::Highest, MethodKind::Mean] {
            assert_eq!(field(kind, 0, 0.65), "growth_rule.next_weight");
        }
        for weight in [0.0, -0.1, 1.1, f64::NAN, f64::INFINITY] {
            assert_eq!(field(MethodKind::DecayingAverage, 0, weight), "growth_rule.next_weight");
        }
    }

    #[test]
    fn a_method_reads_back_from_its_parts() {
        for (kind, count, weight) in [
            (MethodKind::Latest, 0, 0.0),
            (MethodKind::Highest, 0, 0.0),
            (MethodKind::Mean, 0, 0.0),
            (MethodKind::Mean, 5, 0.0),
            (MethodKind::DecayingAverage, 0, 0.65),
        ] {
            let method = Method::parse(kind, count, weight).expect("a method");
            assert_eq!(method.kind(), kind);
            assert_eq!(
                Method::parse(method.kind(), method.last_count(), method.next_weight()).ok(),
                Some(method)
            );
        }
    }

    #[test]
    fn the_built_in_id_is_the_one_documented() {
        let id = Uuid::new_v5(&Uuid::NAMESPACE_URL, b"https://trellis.dev/growthRules/latest");
        assert_eq!(GrowthRule::BUILT_IN, id);
    }
}
