//! Proficiency scales.

use std::fmt;

use serde::{Deserialize, Serialize};
use trellis_kernel::{District, Etag, Failure, Name, Result, Timestamp, Uuid};

use super::decimal::Decimal;
use super::framework::unpinned;
use super::text::{Text, check_texts};

/// The collection of scales in a name.
pub(crate) const SCALES: &str = "proficiencyScales";
/// The type of a scale in errors and changes.
pub(crate) const SCALE: &str = "trellis.dev/ProficiencyScale";

/// A colour (sRGB).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Color([u8; 3]);

impl Color {
    /// Reads `#RRGGBB`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.is_ascii())?;
        let part = |at: usize| {
            let part = digits.get(at..at + 2).filter(|part| part.bytes().all(|b| b.is_ascii_hexdigit()))?;
            u8::from_str_radix(part, 16).ok()
        };
        Some(Self([part(0)?, part(2)?, part(4)?]))
    }
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02X}{green:02X}{blue:02X}")
    }
}

/// One level of a scale; its number is its place, from 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ScaleLevel {
    /// Its name.
    pub label: Vec<Text>,
    /// What it means.
    pub description: Vec<Text>,
    /// The colour by which it is shown.
    pub color: Option<Color>,
    /// The lowest value that is read as this level; none only until [`ScaleContent::complete`].
    pub cut_score: Option<Decimal>,
}

/// What people write about a scale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ScaleContent {
    /// What it is called.
    pub title: Vec<Text>,
    /// What it is for.
    pub description: Vec<Text>,
    /// The levels, from the first to the last.
    pub levels: Vec<ScaleLevel>,
    /// The highest value on the scale; none only until [`ScaleContent::complete`].
    pub highest_value: Option<Decimal>,
    /// The number of the level that means mastery.
    pub mastery_level: Option<u8>,
}

impl ScaleContent {
    /// Says what was left unsaid as growth rules count (each level begins at its number), and refuses what
    /// no scale may be.
    pub(crate) fn complete(mut self) -> Result<Self> {
        check_texts("proficiency_scale.title", &self.title, true)?;
        check_texts("proficiency_scale.description", &self.description, false)?;
        let count = u8::try_from(self.levels.len()).unwrap_or(u8::MAX);
        if count < 2 {
            return Err(Failure::field("proficiency_scale.levels", "must hold at least two levels"));
        }
        self.check_labels()?;
        if self.levels.iter().all(|level| level.cut_score.is_none()) {
            for (level, number) in self.levels.iter_mut().zip(1..) {
                level.cut_score = Some(Decimal::whole(number));
            }
        }
        let highest = *self.highest_value.get_or_insert(Decimal::whole(count));
        self.check_cuts(highest)?;
        if self.mastery_level.is_some_and(|number| number > count) {
            return Err(Failure::field("proficiency_scale.mastery_level", "must be the number of a level"));
        }
        Ok(self)
    }

    fn check_labels(&self) -> Result<()> {
        for (index, level) in self.levels.iter().enumerate() {
            let field = format!("proficiency_scale.levels[{index}]");
            check_texts(&format!("{field}.label"), &level.label, true)?;
            check_texts(&format!("{field}.description"), &level.description, false)?;
            if self.levels[..index].iter().any(|other| other.label == level.label) {
                return Err(Failure::field(
                    format!("{field}.label"),
                    "must be different from those of the levels before it",
                ));
            }
        }
        Ok(())
    }

    fn check_cuts(&self, highest: Decimal) -> Result<()> {
        let mut before: Option<Decimal> = None;
        for (index, level) in self.levels.iter().enumerate() {
            let field = || format!("proficiency_scale.levels[{index}].cut_score");
            let Some(cut) = level.cut_score else {
                return Err(Failure::field(field(), "must be set, because another level has one"));
            };
            if before.is_some_and(|before| cut <= before) {
                return Err(Failure::field(field(), "must be more than that of the level before it"));
            }
            if cut > highest {
                return Err(Failure::field(field(), "must not be more than highest_value"));
            }
            before = Some(cut);
        }
        Ok(())
    }
}

/// A scale: its draft, or a revision of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Scale {
    /// Where it is.
    pub place: ScaleRef,
    /// What is written about it.
    pub content: ScaleContent,
    /// Of a revision its number; of the draft the last number published, or 0.
    pub revision: u32,
    /// When that was.
    pub revision_time: Option<Timestamp>,
    /// Whether the draft was changed since.
    pub unpublished: bool,
    /// When it was created.
    pub create_time: Timestamp,
    /// When it was last changed.
    pub update_time: Timestamp,
    /// Counts its changes.
    pub version: i64,
}

impl Scale {
    /// Its etag.
    pub(crate) const fn etag(&self) -> Etag {
        Etag::new(self.version)
    }
}

/// A scale, pinned to a revision or not.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct ScaleRef {
    /// The district that holds it.
    pub district: District,
    /// Its identity.
    pub id: Uuid,
    /// The revision; none for the draft.
    pub pin: Option<u32>,
}

impl ScaleRef {
    /// Reads the name of a scale.
    pub(crate) fn parse(field: &str, text: &str) -> Result<Self> {
        let name = Name::of(field, text, &[SCALES])?;
        let pin = name.segments.first().and_then(|segment| segment.revision);
        let id = name.id().ok_or_else(|| Failure::internal("the name of a scale without an id"))?;
        Ok(Self { district: name.district, id, pin })
    }

    /// Reads the name of a draft; a pinned one is refused, because a revision never changes.
    pub(crate) fn parse_draft(field: &str, text: &str) -> Result<Self> {
        unpinned(&Name::of(field, text, &[SCALES])?)?;
        Self::parse(field, text)
    }

    /// Reads the name of a revision that something of a district may build on: of the district or the commons.
    pub(crate) fn parse_revision(field: &str, text: &str, district: &District) -> Result<Self> {
        let own = Self::parse(field, text)?;
        if own.pin.is_none() {
            return Err(Failure::field(field, "must be pinned to a revision of the scale, with @"));
        }
        if own.district != *district && !own.district.is_commons() {
            return Err(Failure::field(field, "must be a scale of the same district or of the commons"));
        }
        Ok(own)
    }

    /// The name.
    pub(crate) fn name(&self) -> Name {
        let name = Name::district(self.district.clone()).child(SCALES, self.id);
        match self.pin {
            Some(revision) => name.at_revision(revision),
            None => name,
        }
    }

    /// The number under which its row is kept, 0 for the draft; none for one that no row can have.
    pub(crate) fn row_revision(&self) -> Option<i32> {
        i32::try_from(self.pin.unwrap_or_default()).ok()
    }

    /// The same scale at a revision.
    pub(crate) fn at(&self, revision: u32) -> Self {
        Self { pin: Some(revision), ..self.clone() }
    }

    /// That it does not exist.
    pub(crate) fn missing(&self) -> Failure {
        Failure::not_found(SCALE, self.name().to_string())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn scale(cuts: &[Option<&str>], highest: Option<&str>) -> ScaleContent {
        let number = |text: &str| Decimal::parse(text).expect("a number");
        let levels = cuts.iter().enumerate().map(|(index, cut)| ScaleLevel {
            label: vec![Text::new("en", format!("Level {index}"))],
            description: Vec::new(),
            color: None,
            cut_score: cut.map(number),
        });
        ScaleContent {
            title: vec![Text::new("en", "Scale")],
            description: Vec::new(),
            levels: levels.collect(),
            highest_value: highest.map(number),
            mastery_level: None,
        }
    }

    fn broken(content: ScaleContent) -> String {
        content.complete().expect_err("no scale").violations()[0].field.clone()
    }

    #[test]
    fn unsaid_each_level_begins_at_its_number() {
        let scale = scale(&[None, None, None], None).complete().expect("a scale");
        let cuts: Vec<String> =
            scale.levels.iter().filter_map(|l| l.cut_score).map(|c| c.to_string()).collect();
        assert_eq!(cuts, ["1", "2", "3"]);
        assert_eq!(scale.highest_value, Some(Decimal::whole(3)));
    }

    #[test]
    fn cut_scores_rise_within_their_bounds_and_are_all_there() {
        assert!(scale(&[Some("0"), Some("59.5"), Some("100")], Some("100")).complete().is_ok());
        assert_eq!(broken(scale(&[Some("1"), None], None)), "proficiency_scale.levels[1].cut_score");
        assert_eq!(broken(scale(&[Some("1"), Some("1.0")], None)), "proficiency_scale.levels[1].cut_score");
        assert_eq!(
            broken(scale(&[Some("1"), Some("2.000001")], None)),
            "proficiency_scale.levels[1].cut_score"
        );
        assert_eq!(broken(scale(&[None], None)), "proficiency_scale.levels");
        let mastered = ScaleContent { mastery_level: Some(3), ..scale(&[None, None], None) };
        assert_eq!(broken(mastered), "proficiency_scale.mastery_level");
    }

    #[test]
    fn a_colour_is_six_digits() {
        assert_eq!(Color::parse("#0a7Fff").expect("a colour").to_string(), "#0A7FFF");
        for text in ["", "#", "0A7FFF", "#0A7FF", "#0A7FFFF", "#+A7FFF", "#é7FF", "red"] {
            assert_eq!(Color::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn only_strictly_rising_cuts_are_taken(cuts in proptest::collection::vec(0_u8..20, 2..6)) {
            let texts: Vec<String> = cuts.iter().map(u8::to_string).collect();
            let given: Vec<Option<&str>> = texts.iter().map(|text| Some(text.as_str())).collect();
            let rises = cuts.windows(2).all(|pair| pair[0] < pair[1]);
            prop_assert_eq!(scale(&given, Some("20")).complete().is_ok(), rises);
        }
    }
}
